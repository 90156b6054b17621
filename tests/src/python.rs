//! The Python of the outside tests: an environment in `target/` with what `tests/python/requirements.txt` names, or an
//! interpreter that has it already, where `FOREBAY_PYTHON` says.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::fetch;
use crate::process::root;

/// The interpreter that knows the libraries.
pub(crate) fn interpreter() -> &'static Path {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    INTERPRETER.get_or_init(|| match std::env::var_os("FOREBAY_PYTHON") {
        Some(given) => PathBuf::from(given),
        None => made().join("bin/python"),
    })
}

/// A command that runs one of the scripts of `tests/python`.
pub(crate) fn script(name: &str) -> Command {
    let mut command = Command::new(interpreter());
    // Compiled modules would lie beside the sources.
    command.arg("-B").arg(root().join("tests/python").join(name));
    command
}

/// Other requirements are another environment.
fn made() -> PathBuf {
    let requirements = root().join("tests/python/requirements.txt");
    let mut hasher = DefaultHasher::new();
    std::fs::read(&requirements).expect("the requirements lie in tests/python").hash(&mut hasher);
    fetch::once(&format!("python-{:016x}", hasher.finish()), |folder| {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder);
        fetch::must(venv, "Python makes an environment for the decoders");
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "-q", "--disable-pip-version-check", "--only-binary", ":all:", "-r"]);
        pip.arg(&requirements);
        fetch::must(pip, "pip installs the decoders");
    })
}
