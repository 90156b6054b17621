//! Kafka's own jars: fetched once by Maven into `target/`, or found where `FOREBAY_KAFKA_LIBS` says.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::process::target_dir;

/// The version that the outside tests run against.
pub const KAFKA: &str = "4.3.1";

const DEPENDENCY_PLUGIN: &str = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";
/// Without a binding of slf4j Kafka writes no log, and the log tells when a broker is ready.
const LOG_BINDING: &str = "2.25.4";

/// The folder with Kafka's jars and all that they need.
pub fn kafka() -> &'static Path {
    static LIBS: OnceLock<PathBuf> = OnceLock::new();
    LIBS.get_or_init(|| match std::env::var_os("FOREBAY_KAFKA_LIBS") {
        Some(given) => {
            let given = PathBuf::from(given);
            assert!(given.is_dir(), "FOREBAY_KAFKA_LIBS names no folder: {}", given.display());
            given
        }
        None => fetched(),
    })
}

/// A Java command with Kafka's jars on its class path.
pub fn java(options: &[&str], class: &str) -> Command {
    let java = match std::env::var_os("JAVA_HOME") {
        Some(home) => Path::new(&home).join("bin/java"),
        None => PathBuf::from("java"),
    };
    let mut command = Command::new(java);
    command.args(["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"]).args(options);
    command.arg("-cp").arg(kafka().join("*")).arg(class);
    command
}

fn fetched() -> PathBuf {
    let home = target_dir().join(format!("kafka-{KAFKA}"));
    if !home.is_dir() {
        let aside =
            tempfile::Builder::new().prefix("kafka-fetch-").tempdir_in(target_dir()).expect("a folder in target");
        fetch(aside.path());
        let renamed = std::fs::rename(aside.path().join("libs"), &home);
        // Another test process may have been faster; then its folder is as good.
        assert!(renamed.is_ok() || home.is_dir(), "the jars can't be moved to {}: {renamed:?}", home.display());
    }
    home
}

fn fetch(folder: &Path) {
    std::fs::write(folder.join("pom.xml"), pom()).expect("the pom can be written");
    let output = Command::new("mvn")
        .current_dir(folder)
        .args(["-q", "-B", DEPENDENCY_PLUGIN, "-DoutputDirectory=libs", "-DincludeScope=runtime"])
        .arg(format!("-Dmaven.repo.local={}", folder.join("repository").display()))
        .output()
        .unwrap_or_else(|error| panic!("Maven fetches Kafka {KAFKA}, but mvn does not start: {error}"));
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "Maven could not fetch Kafka {KAFKA}:\n{said}");
}

fn pom() -> String {
    let dependency = |group: &str, artifact: &str, version: &str| {
        let (group, artifact) = (format!("<groupId>{group}</groupId>"), format!("<artifactId>{artifact}</artifactId>"));
        format!("<dependency>{group}{artifact}<version>{version}</version></dependency>")
    };
    let dependencies = [
        dependency("org.apache.kafka", "kafka_2.13", KAFKA),
        dependency("org.apache.kafka", "kafka-tools", KAFKA),
        dependency("org.apache.logging.log4j", "log4j-slf4j-impl", LOG_BINDING),
    ];
    format!(
        "<project><modelVersion>4.0.0</modelVersion><groupId>forebay</groupId><artifactId>kafka-for-tests</artifactId>\
         <version>1</version><packaging>pom</packaging><dependencies>{}</dependencies></project>",
        dependencies.concat()
    )
}
