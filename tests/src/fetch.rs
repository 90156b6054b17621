//! What the outside tests need from elsewhere is fetched once into `target/`, however many test processes ask for it
//! at once. Where from is each machine's own configuration.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::target_dir;

/// The folder `name` in `target/`, which `fill` makes if it is not there yet. One process makes it and the others wait.
pub(crate) fn once(name: &str, fill: impl FnOnce(&Path)) -> PathBuf {
    let made = target_dir().join(name);
    let lock = File::create(target_dir().join(format!("{name}.lock"))).expect("a lock file in target");
    lock.lock().expect("a lock on a file in target"); // a killed holder lets go of it
    if !made.is_dir() {
        let aside = target_dir().join(format!("{name}.part"));
        if aside.exists() {
            std::fs::remove_dir_all(&aside).expect("what a killed process left is removed");
        }
        std::fs::create_dir_all(&aside).expect("a folder in target");
        fill(&aside);
        std::fs::rename(&aside, &made).expect("a whole folder takes its name");
    }
    made
}

/// Runs Maven in `folder`, with a repository of its own there.
pub(crate) fn maven(folder: &Path, what: &str, arguments: &[&str]) {
    let mut command = Command::new("mvn");
    command.current_dir(folder).args(["-q", "-B"]).args(arguments);
    command.arg(format!("-Dmaven.repo.local={}", folder.join("repository").display()));
    must(command, &format!("Maven fetches {what}"));
}

/// Runs a command of the set-up to its end; `purpose` is what it does, for the message when it can't.
pub(crate) fn must(mut command: Command, purpose: &str) {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().unwrap_or_else(|error| panic!("{purpose}, but {program} does not start: {error}"));
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{purpose}, but {program} failed:\n{said}");
}
