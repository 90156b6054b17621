//! The pages held against the code: codes, metrics, configuration keys with their defaults, and the files and tests
//! that the map names. A page that has drifted fails here.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use forebay::config::Config;
use forebay::door::status::status;
use forebay::event::Code;
use forebay::limit::Limit;
use forebay::metrics::tls::Listener;
use forebay::metrics::{Metrics, Moment};
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn page(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// The rows of a section's tables that begin with code, cell by cell, without the marks of code.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let section = page.split("\n## ").find(|section| section.starts_with(heading)).unwrap();
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
        .collect()
}

/// Dotted names of all values below one, lists and empty mappings counted as values.
fn leaves(value: &Value, name: &str, found: &mut BTreeSet<String>) {
    match value.as_object().filter(|members| !members.is_empty()) {
        Some(members) => {
            let below = |member: &str| if name.is_empty() { member.to_owned() } else { format!("{name}.{member}") };
            members.iter().for_each(|(member, value)| leaves(value, &below(member), found));
        }
        None => drop(found.insert(name.to_owned())),
    }
}

/// A listener's TLS by default, with files that are made for it.
fn certificate(folder: &Path) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let file = |label: &str, der: &[u8]| {
        let path = folder.join(label);
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        std::fs::write(&path, format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")).unwrap();
        path.display().to_string()
    };
    let (certificate, key) = (file("CERTIFICATE", certificate.der()), file("PRIVATE KEY", &key.serialize_der()));
    format!("{{ certificate: '{certificate}', key: '{key}' }}")
}

#[test]
fn the_table_of_codes_is_the_codes() {
    let documented: Vec<_> = rows(&page("docs/answers.md"), "Codes").into_iter().map(|row| row[..3].to_vec()).collect();
    let retryable = |code: Code| if code.is_retryable() { "yes" } else { "no" };
    let row = |code: Code| [code.as_str(), status(code).as_str(), retryable(code)].map(str::to_owned).to_vec();
    assert_eq!(documented, Code::ALL.map(row));
}

#[test]
fn every_metric_is_documented_and_no_other() {
    let metrics = Metrics::new();
    metrics.request("native", 200, Duration::ZERO);
    metrics.reload(true);
    metrics
        .conventions()
        .counter(&"a.topic".into(), "a-convention", forebay::metrics::conventions::Effect::Warned)
        .inc();
    metrics.topic("a.topic").copied(forebay::metrics::refused::Copied::Kept);
    metrics.topic("a.topic").rate_limited(Limit::TopicEvents);
    metrics.tls().shows(Listener::Data, 0);
    let text = metrics.render(Moment::default());
    let described = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let sampled = described.map(|(name, kind)| match kind {
        "counter" => format!("{name}_total"),
        "info" => format!("{name}_info"),
        _ => name.to_owned(),
    });
    let documented = rows(&page("docs/operations.md"), "Metrics").into_iter().map(|row| row[0].clone());
    assert_eq!(documented.collect::<BTreeSet<_>>(), sampled.collect());
}

#[test]
fn every_key_is_documented_with_its_default() {
    let rows = rows(&page("docs/operations.md"), "Configuration");
    let documented: BTreeSet<_> = rows.iter().map(|row| row[0].clone()).collect();
    let mut keys = BTreeSet::new();
    let folder = tempfile::tempdir().unwrap();
    let required = format!(
        "kafka: {{ bootstrap: [a:1] }}\nlisten: {{ trusted_proxies: '::1', tls: {} }}\nregistry: {{ url: http://c }}\n\
         authn: {{ anonymous: true, anonymous_principal: b, proxy: {{}} }}\n",
        certificate(folder.path())
    );
    let shown = |config: Config| serde_json::to_value(config).unwrap();
    let defaults = shown(Config::read("forebay.yaml", &required, []).unwrap());
    leaves(&defaults, "", &mut keys);
    assert_eq!(keys.difference(&documented).collect::<Vec<_>>(), [""; 0], "without a row");

    let stated = rows.iter().filter(|row| !matches!(&*row[1], "required" | "none"));
    let variables = stated.map(|row| (format!("FOREBAY_{}", row[0].to_uppercase().replace('.', "__")), row[1].clone()));
    assert_eq!(shown(Config::read("docs/operations.md", &required, variables).unwrap()), defaults);
}

#[test]
fn files_and_tests_that_the_map_names_are_there() {
    let map = page("ARCHITECTURE.md");
    let named: Vec<_> = map.split('`').skip(1).step_by(2).filter(|name| name.contains(".rs")).collect();
    assert!(named.len() > 50, "{named:?}");
    for name in named {
        let (file, test) = name.split_once("::").unwrap_or((name, ""));
        let mut found = ["", "gateway/src"].map(|room| root().join(room).join(file)).into_iter();
        let source = found.find_map(|path| std::fs::read_to_string(path).ok());
        assert!(source.is_some_and(|source| source.contains(test)), "{name}: no such file, or no such name in it");
    }
}
