//! Who may know whom: the plan of the house, held against the sources.

use std::path::Path;

use crate::source::{Source, files, pattern, read, relative};

/// The steps of the recipe, in their order.
const STEPS: [&str; 7] = ["authn", "admit", "allow", "encode", "judge", "trial", "deliver"];

/// Where a library may be named: its name, and the places.
const LIBRARIES: [(&str, &[&str]); 2] = [
    ("rdkafka|rdkafka_sys", &["gateway/src/kafka.rs", "gateway/src/kafka/"]),
    (
        "axum",
        &[
            "gateway/src/server.rs",
            "gateway/src/router.rs",
            "gateway/src/layers.rs",
            "gateway/src/admin.rs",
            "gateway/src/ingest.rs",
            "gateway/src/door.rs",
            "gateway/src/server/",
            "gateway/src/door/",
            "gateway/src/admin/",
            // The registry of `forebay dev` is no part of the gateway: it has a router and an edge of its own.
            "gateway/src/cli/dev/registry.rs",
            "gateway/src/cli/dev/registry/",
        ],
    ),
];

/// Where an HTTP status may be chosen.
const STATUS: [&str; 8] = [
    "gateway/src/door.rs",
    "gateway/src/door/",
    "gateway/src/layers.rs",
    "gateway/src/admin.rs",
    "gateway/src/admin/",
    "gateway/src/server.rs",
    "gateway/src/server/",
    "gateway/src/cli/dev/registry/",
];

/// A room of the gateway and the rooms that it must not know.
const ROOMS: [(&str, &[&str]); 14] = [
    ("config", &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "kafka", "catalog"]),
    ("event", &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "kafka", "config"]),
    ("metrics", &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "kafka"]),
    ("telemetry", &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "kafka"]),
    ("kafka", &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "event", "catalog"]),
    ("catalog", &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "kafka"]),
    (
        "registry",
        &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "kafka", "catalog", "event"],
    ),
    ("ledger", &["app", "ingest", "door", "server", "router", "layers", "admin", "cli", "reload", "kafka"]),
    ("door", &["app", "server", "router", "layers", "admin", "cli", "reload", "kafka", "catalog"]),
    ("app", &["server", "router", "layers", "admin", "cli"]),
    ("ingest", &["server", "router", "layers", "admin", "cli", "reload"]),
    ("admin", &["ingest", "door", "server", "router", "layers", "cli"]),
    ("layers", &["app", "ingest", "server", "router", "admin", "cli", "reload"]),
    ("router", &["server", "cli", "reload"]),
];

/// Libraries of async, HTTP, Kafka, clocks and the like, which the pure crates do without. chrono is none of them: without
/// its feature `clock` it only counts. Another library may switch that on, so `impure_sources` looks for its clock too.
const IMPURE: &str = r"^(tokio.*|async-.*|smol|mio|futures.*|hyper.*|http|http-.*|axum.*|tower.*|reqwest|ureq|curl|tonic|h2|rustls.*|openssl.*|rdkafka.*|notify|opentelemetry.*|time|jiff|dirs|dotenvy)$";

/// A library is named only in its rooms.
pub(crate) fn libraries(source: &Source) -> Vec<String> {
    if !source.path.starts_with("gateway/src/") {
        return Vec::new();
    }
    let elsewhere = LIBRARIES.iter().filter(|(_, places)| !source.is_in(places));
    elsewhere.flat_map(|(name, _)| source.find(&source.code, &format!(r"\b(?:{name})\b"))).collect()
}

/// An HTTP status is chosen only at the edge.
pub(crate) fn statuses(source: &Source) -> Vec<String> {
    if source.path.starts_with("gateway/src/") && !source.is_in(&STATUS) {
        source.find(&source.code, r"\bStatusCode\b")
    } else {
        Vec::new()
    }
}

/// The pure crates' sources reach for no file, socket, environment, process or clock.
pub(crate) fn impure_sources(source: &Source) -> Vec<String> {
    if source.is_test || !source.is_in(&["policies/src/", "schemas/src/"]) {
        return Vec::new();
    }
    let forbidden = |path: &str| {
        let room = ["fs", "net", "env", "process"]
            .iter()
            .any(|room| path == format!("std::{room}") || path.starts_with(&format!("std::{room}::")));
        let clock = path == "chrono::Local" || path.ends_with("Utc::now") || path.ends_with("Local::now");
        room || clock || path.split("::").any(|part| matches!(part, "SystemTime" | "Instant"))
    };
    named(source, forbidden)
}

/// The pure crates' manifests depend on nothing that does I/O. (Their development dependencies may.)
pub(crate) fn impure_manifests(path: &str, manifest: &str) -> Vec<String> {
    let impure = pattern(IMPURE);
    let mut section = "";
    let mut found = Vec::new();
    for (number, line) in manifest.lines().enumerate() {
        let line = line.trim();
        if line.starts_with('[') {
            section = line;
        }
        let table = section.strip_prefix("[dependencies.").map(|name| name.trim_end_matches(']'));
        let name = match table {
            Some(name) if line == section => name,
            _ if section == "[dependencies]" => line.split(['.', '=', ' ']).next().unwrap_or_default(),
            _ => continue,
        };
        let clock = name == "chrono" && line.contains("clock");
        if impure.is_match(name) || clock {
            found.push(format!("{path}:{}: {name}", number + 1));
        }
    }
    found
}

/// A step knows only earlier steps' output: never app, the recipe or a later step.
pub(crate) fn steps(source: &Source) -> Vec<String> {
    let Some(inside) = source.path.strip_prefix("gateway/src/ingest/") else { return Vec::new() };
    let step = inside.trim_end_matches(".rs").split('/').next().unwrap_or_default();
    let Some(own) = STEPS.iter().position(|candidate| *candidate == step) else { return Vec::new() };
    let depth = inside.matches('/').count() + 1;
    let up = "super::".repeat(depth);
    named(source, |path| {
        let below = path.strip_prefix("crate::ingest::").or_else(|| path.strip_prefix(&up));
        let to = below.and_then(|path| path.split("::").next()).unwrap_or_default();
        is_room(path, "app") || path == "crate::ingest" || STEPS[own + 1..].contains(&to)
    })
}

/// A room does not know those above it.
pub(crate) fn rooms(source: &Source) -> Vec<String> {
    let Some(inside) = source.path.strip_prefix("gateway/src/") else { return Vec::new() };
    let room = inside.trim_end_matches(".rs").split('/').next().unwrap_or_default();
    let Some((_, above)) = ROOMS.iter().find(|(name, _)| *name == room) else { return Vec::new() };
    named(source, |path| above.iter().any(|above| is_room(path, above)))
}

/// The environment is read only under config.
pub(crate) fn environment(source: &Source) -> Vec<String> {
    let may = ["gateway/src/config.rs", "gateway/src/config/"];
    if source.is_test || !source.path.starts_with("gateway/src/") || source.is_in(&may) {
        return Vec::new();
    }
    named(source, |path| path == "std::env" || path.starts_with("std::env::") || path.starts_with("env::var"))
}

/// Metric names are spelled only where metrics are defined.
pub(crate) fn metric_names(source: &Source) -> Vec<String> {
    let may = ["gateway/src/metrics.rs", "gateway/src/metrics/"];
    if source.is_test || !source.path.starts_with("gateway/src/") || source.is_in(&may) {
        return Vec::new();
    }
    let in_strings =
        source.quoted.match_indices("forebay_").filter(|(at, name)| source.code[*at..at + name.len()] != **name);
    in_strings.map(|(at, _)| source.place(at)).collect()
}

/// The manifests of the pure crates.
pub(crate) fn pure_manifests(root: &Path) -> Vec<(String, String)> {
    let manifests = files(root).into_iter().map(|path| (relative(root, &path), path));
    let pure = manifests.filter(|(name, _)| matches!(name.as_str(), "policies/Cargo.toml" | "schemas/Cargo.toml"));
    pure.map(|(name, path)| (name, read(&path))).collect()
}

fn is_room(path: &str, room: &str) -> bool {
    path.strip_prefix("crate::").is_some_and(|path| path.split("::").next() == Some(room))
}

fn named(source: &Source, forbidden: impl Fn(&str) -> bool) -> Vec<String> {
    let found = source.paths().into_iter().filter(|(_, path)| forbidden(path));
    let mut found: Vec<_> = found.map(|(at, path)| format!("{}: {path}", source.place(at))).collect();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_elsewhere_is_seen() {
        let text = "//! rdkafka\nuse rdkafka::ClientConfig;\n";
        assert_eq!(libraries(&Source::new("gateway/src/ingest/deliver.rs", text)), ["gateway/src/ingest/deliver.rs:2"]);
        assert!(libraries(&Source::new("gateway/src/kafka/reader.rs", text)).is_empty());
        assert_eq!(libraries(&Source::new("gateway/src/app.rs", "fn a(r: axum::Router) {}")).len(), 1);
    }

    #[test]
    fn a_status_elsewhere_is_seen() {
        let text = "fn a() -> StatusCode { todo() }";
        assert_eq!(statuses(&Source::new("gateway/src/ingest.rs", text)).len(), 1);
        assert!(statuses(&Source::new("gateway/src/door/native.rs", text)).is_empty());
    }

    #[test]
    fn impurity_is_seen() {
        for text in [
            "use std::{fmt, fs};",
            "fn a() { std::env::var(B) }",
            "use std::time::Instant;",
            "fn a(b: SystemTime) { c::SystemTime::now() }",
            "fn a() { chrono::Utc::now() }",
            "use chrono::{Local, Utc};",
        ] {
            assert!(!impure_sources(&Source::new("schemas/src/a.rs", text)).is_empty(), "{text}");
        }
        assert!(impure_sources(&Source::new("schemas/src/a.rs", "use std::{fmt, time::Duration};")).is_empty());
        let manifest = "[dependencies]\nserde = \"1\"\ntokio.workspace = true\n[dependencies.hyper-util]\nversion = \"1\"\n[dev-dependencies]\ntokio = \"1\"";
        assert_eq!(impure_manifests("a", manifest), ["a:3: tokio", "a:4: hyper-util"]);
        assert!(impure_manifests("a", "[dependencies]\nchrono.workspace = true").is_empty());
        let clock = "[dependencies]\nchrono = { workspace = true, features = [\"clock\"] }";
        assert_eq!(impure_manifests("a", clock), ["a:2: chrono"]);
    }

    #[test]
    fn a_step_that_looks_ahead_is_seen() {
        let at = |text| steps(&Source::new("gateway/src/ingest/allow.rs", text)).len();
        assert_eq!(at("use crate::app::App;"), 1);
        assert_eq!(at("use super::{authn::Principal, encode::Encoded};"), 1);
        assert_eq!(at("use crate::ingest::judge;"), 1);
        assert_eq!(at("use super::admit::Permit;\nuse crate::catalog::Catalog;"), 0);
        let deeper = Source::new("gateway/src/ingest/allow/rights.rs", "use super::super::deliver::Delivered;");
        assert_eq!(steps(&deeper).len(), 1);
    }

    #[test]
    fn a_room_that_looks_up_is_seen() {
        assert_eq!(rooms(&Source::new("gateway/src/kafka/queue.rs", "use crate::{app::App, config::Kafka};")).len(), 1);
        assert_eq!(rooms(&Source::new("gateway/src/door.rs", "fn a() { crate::server::run() }")).len(), 1);
        assert!(rooms(&Source::new("gateway/src/cli/dev.rs", "use crate::app::App;")).is_empty());
    }

    #[test]
    fn the_environment_elsewhere_is_seen() {
        assert_eq!(environment(&Source::new("gateway/src/app.rs", "use std::env;\nfn a() {}")).len(), 1);
        assert!(environment(&Source::new("gateway/src/config/listen.rs", "use std::env;")).is_empty());
    }

    #[test]
    fn a_metric_name_elsewhere_is_seen() {
        let text = "use forebay_schemas::a;\nconst A: &str = \"forebay_events_total\";";
        assert_eq!(metric_names(&Source::new("gateway/src/app.rs", text)), ["gateway/src/app.rs:2"]);
        assert!(metric_names(&Source::new("gateway/src/metrics.rs", text)).is_empty());
    }
}
