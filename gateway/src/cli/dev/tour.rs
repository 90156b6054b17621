//! The curl lines that `dev` prints: made from the catalogue's own samples, so that they work as they stand.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use forebay_schemas::contract::KeySource;

use crate::app::App;
use crate::catalog::Topic;

/// One event that is written, one that is refused, and a batch of both.
pub(super) fn lines(app: &App, data: SocketAddr) -> Vec<String> {
    let contracts = app.catalog.current();
    let topics = contracts.sorted();
    let Some((topic, valid, invalid)) = topics.into_iter().find_map(|topic| {
        let folder = Path::new(&topic.contract.file).parent()?.join("samples");
        let needs_header = topic.contract.key.as_ref().is_some_and(|key| matches!(key.source, KeySource::Header(_)));
        let (valid, invalid) = (first(&folder.join("valid"), "")?, first(&folder.join("invalid"), "schema_violation")?);
        (!needs_header).then_some((topic, valid, invalid))
    }) else {
        return Vec::new();
    };
    let (valid, invalid) = (valid.display(), invalid.display());
    let url = url(topic, data);
    let post = format!("curl -sS {url} -H 'Content-Type: application/json'");
    vec![
        format!("{post} --data-binary @{valid}"),
        format!("{post} --data-binary @{invalid}"),
        format!("{post} --data-binary \"[$(cat {valid}),$(cat {invalid})]\""),
    ]
}

fn url(topic: &Topic, data: SocketAddr) -> String {
    format!("http://{data}/v1/topics/{}/events", topic.contract.topic)
}

/// The first JSON file of a folder whose name begins like this, by name.
fn first(folder: &Path, prefix: &str) -> Option<PathBuf> {
    let files = std::fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path());
    let fits = |path: &PathBuf| {
        let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(prefix));
        named && path.extension().is_some_and(|ending| ending == "json")
    };
    files.filter(fits).min()
}
