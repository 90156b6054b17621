//! Kafka's own jars: fetched once by Maven into `target/`, or found where `FOREBAY_KAFKA_LIBS` says.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::fetch;

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
    fetch::once(&format!("kafka-{KAFKA}"), |folder| {
        let aside = tempfile::tempdir_in(folder).expect("a folder in target");
        std::fs::write(aside.path().join("pom.xml"), pom()).expect("the pom can be written");
        let libs = format!("-DoutputDirectory={}", folder.display());
        let arguments = [DEPENDENCY_PLUGIN, &libs, "-DincludeScope=runtime"];
        fetch::maven(aside.path(), &format!("Kafka {KAFKA}"), &arguments);
    })
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
