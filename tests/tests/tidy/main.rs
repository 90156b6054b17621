//! The rules of the house, held against the source tree as text. Each rule is a test that names the places where it
//! is broken and says why there is such a rule; each checker is itself tested with a text that breaks it.

mod source;
mod rooms;
mod shape;
mod words;
mod pages;

use std::path::Path;
use std::sync::OnceLock;

use forebay_tests::process::root;
use source::Source;

fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| source::all(&root()))
}

/// Fails with every place where a rule over sources is broken.
fn hold(rule: &str, check: fn(&Source) -> Vec<String>) {
    assert!(sources().len() > 20, "the sources are not where they are looked for");
    report(rule, &sources().iter().flat_map(check).collect::<Vec<_>>());
}

fn report(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}\nBroken here:\n  {}", broken.join("\n  "));
}

/// The texts that people write: all files but binary ones, the lock file and the licence.
fn texts() -> Vec<(String, String)> {
    let root = root();
    let written = |path: &Path| {
        let ending = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
        matches!(ending, "" | "rs" | "toml" | "md" | "sh" | "yaml" | "yml" | "json" | "avsc" | "proto")
    };
    let files = source::files(&root).into_iter().filter(|path| written(path));
    files.map(|path| (source::relative(&root, &path), source::read(&path))).collect()
}

#[test]
fn libraries_stay_in_their_rooms() {
    hold(
        "rdkafka is named only under kafka, axum only at the edge: one room to change when they do.",
        rooms::libraries,
    );
}

#[test]
fn an_http_status_is_chosen_at_the_edge() {
    hold("Causes know nothing of HTTP; only doors, layers, admin and server do.", rooms::statuses);
}

#[test]
fn policies_and_schemas_are_pure() {
    hold("policies/ and schemas/ are fuzzed and property-tested: no I/O, clock or environment.", rooms::impure_sources);
    let manifests = rooms::pure_manifests(&root());
    assert_eq!(manifests.len(), 2);
    let broken = manifests.iter().flat_map(|(path, text)| rooms::impure_manifests(path, text));
    report("policies/ and schemas/ depend on no runtime, HTTP, Kafka or clock.", &broken.collect::<Vec<_>>());
}

#[test]
fn steps_know_only_earlier_steps() {
    hold("A step knows the output types of earlier steps, never app, the recipe or a later step.", rooms::steps);
}

#[test]
fn rooms_know_only_those_below() {
    hold("Downwards only, no circles: see ARCHITECTURE.md.", rooms::rooms);
}

#[test]
fn the_environment_is_read_under_config_alone() {
    hold("The environment is configuration: it is read, checked and shown in one place.", rooms::environment);
}

#[test]
fn metric_names_stand_in_metrics_alone() {
    hold("Metric names are an interface: they are spelled once, with their help.", rooms::metric_names);
}

#[test]
fn every_module_says_what_it_knows() {
    hold("A module opens with //! and says what it knows, and what it doesn't.", shape::opening);
}

#[test]
fn files_are_short() {
    hold("A file has at most 400 lines of code, its tests module aside.", shape::file_length);
}

#[test]
fn functions_are_short() {
    hold("A function has at most 70 lines of code.", shape::function_length);
}

#[test]
fn functions_take_few_parameters() {
    hold("A function has at most 5 parameters: pass the section's struct.", shape::parameters);
}

#[test]
fn error_enums_are_small() {
    hold("An error enum has at most 10 variants: causes are small and local.", shape::error_enums);
}

#[test]
fn queues_have_bounds() {
    hold("Every queue has a named limit: no unbounded channels.", words::unbounded);
}

#[test]
fn nothing_is_left_over() {
    hold("No skipped tests, no debug macros, no notes to self.", words::left_overs);
}

#[test]
fn nothing_is_unwrapped_outside_tests() {
    hold("No unwrap outside tests; expect says why it can't fail.", words::unwraps);
}

#[test]
fn unsafety_is_explained_and_in_one_place() {
    hold("unsafe stands in gateway/src/kafka/ffi.rs alone, each with a SAFETY: line above it.", words::unsafety);
}

#[test]
fn names_say_something() {
    let paths = source::files(&root()).into_iter().map(|path| source::relative(&root(), &path));
    let broken: Vec<_> = paths.filter(|path| words::vague_names(path)).collect();
    report("A file's name says what is in it: no utils, helpers, common, types.", &broken);
}

#[test]
fn no_file_names_a_package_host() {
    let broken = texts().into_iter().filter(|(path, text)| path != "deny.toml" && words::package_hosts(text));
    let broken: Vec<_> = broken.map(|(path, _)| path).collect();
    report("Where packages come from is each machine's configuration, not this repository's.", &broken);
}

#[test]
fn links_lead_somewhere() {
    let pages = source::files(&root()).into_iter().filter(|path| path.extension().is_some_and(|ending| ending == "md"));
    let broken: Vec<_> = pages.flat_map(|page| pages::broken_links(&root(), &page, &source::read(&page))).collect();
    report("A link to a file of the repository leads to it.", &broken);
}

#[test]
fn every_snapshot_has_its_test() {
    report("A snapshot without its test, or an unreviewed one, is thrown away.", &pages::orphaned_snapshots(&root()));
}
