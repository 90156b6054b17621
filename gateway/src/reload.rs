//! Takes changed contracts and conventions into force: read aside, checked whole, swapped at once. A set with a mistake
//! leaves the old one running.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::app::App;
use crate::catalog::{self, ContractSet, Load, Sources};
use crate::clock;

/// How often the files are looked at.
const INTERVAL: Duration = Duration::from_millis(500);
/// How deep a catalogue's folders go: the topic's, and its samples'.
const DEPTH: usize = 4;

/// Looks at the files until it is dropped. `before` sees a sound set before it is in force, `refused` what is wrong
/// with one that is not.
pub async fn watch(app: Arc<App>, before: impl Fn(&ContractSet), refused: impl Fn(&Load)) {
    let folders = [app.config.catalog.dir.clone(), app.config.conventions.dir.clone()];
    let mut seen = fingerprint(&folders);
    loop {
        tokio::time::sleep(INTERVAL).await;
        let now = fingerprint(&folders);
        if now == seen {
            continue;
        }
        seen = now;
        let mut load = catalog::load(&Sources::of(&app.config), clock::today(), &app.metrics);
        app.metrics.reload(load.set.is_some());
        if let Some(set) = load.set.take() {
            before(&set);
            let set = app.binder.bind(set).await;
            tracing::info!(contracts = set.len(), "contracts and conventions were reloaded");
            app.catalog.replace(set);
            app.topics.refresh();
        } else {
            tracing::error!("changed contracts or conventions are wrong; the old ones stay in force");
            refused(&load);
        }
    }
}

/// When each file was last changed. What can't be read is left out, and missed when it appears again.
fn fingerprint(folders: &[PathBuf]) -> BTreeMap<PathBuf, Option<SystemTime>> {
    let mut files = BTreeMap::new();
    for folder in folders {
        visit(folder, DEPTH, &mut files);
    }
    files
}

fn visit(path: &Path, depth: usize, files: &mut BTreeMap<PathBuf, Option<SystemTime>>) {
    let Ok(entries) = std::fs::read_dir(path) else { return };
    for entry in entries.flatten() {
        let Ok(meta) = entry.metadata() else { continue };
        if meta.is_dir() && depth > 0 {
            visit(&entry.path(), depth - 1, files);
        } else if meta.is_file() {
            files.insert(entry.path(), meta.modified().ok());
        }
    }
}
