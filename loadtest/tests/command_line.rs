//! The built program: each measurement that needs no gateway, from its arguments to what it prints.

#![expect(clippy::unwrap_used, reason = "that is how a test fails")]

use std::path::Path;
use std::process::{Command, Output};

use forebay_loadtest::event::TOPIC;
use forebay_loadtest::null_server::NullServer;
use rdkafka::mocking::MockCluster;
use serde_json::Value;

const PROGRAM: &str = env!("CARGO_BIN_EXE_forebay-loadtest");

fn run(arguments: &str) -> Output {
    Command::new(PROGRAM).args(arguments.split(' ')).output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn a_server_is_loaded_and_its_process_is_measured() {
    for (events, minimal, flag) in [(1, false, ""), (100, true, " --minimal")] {
        let cores = "0".parse().unwrap();
        let server = NullServer::start(Path::new(PROGRAM), events, minimal, Some(&cores)).unwrap();
        let (address, pid) = (server.target().unwrap().address, server.pid());
        let report = json(&run(&format!(
            "gateway --url http://{address}/v1/topics/{TOPIC}/events --pid {pid} --connections 16 --seconds 1 \
             --warmup 0 --events-per-request {events}{flag} --format json --pin-server 0 --pin-self 0"
        )));
        assert!(report["acknowledged"].as_u64().unwrap() > 0, "{report}");
        assert!(report["cpu_micros_per_event"].as_f64().unwrap() > 0.0, "{report}");
        assert_eq!((&report["not_written"], &report["unknown"]), (&0.into(), &0.into()));
    }
}

#[test]
fn kafka_is_loaded_through_librdkafka_alone_and_what_it_took_is_counted() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 12, 1).unwrap();
    let bootstrap = cluster.bootstrap_servers();
    let output = run(&format!("librdkafka --bootstrap {bootstrap} --in-flight 3200 --seconds 1 --warmup 1"));
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.starts_with("events/s") && text.contains("0 unknown"), "{text}");
}

#[test]
fn a_process_that_is_not_there_and_a_wrong_word_have_their_own_exit_codes() {
    let cluster = MockCluster::new(1).unwrap();
    let missing = run(&format!("librdkafka --bootstrap {} --seconds 1", cluster.bootstrap_servers()));
    assert_eq!(missing.status.code(), Some(2), "{}", String::from_utf8_lossy(&missing.stderr));
    assert!(String::from_utf8_lossy(&missing.stderr).contains(TOPIC));
    let nobody = run("gateway --url http://127.0.0.1:1/v1 --pid 1 --seconds 1");
    assert_eq!(nobody.status.code(), Some(3), "{}", String::from_utf8_lossy(&nobody.stderr));
    assert_eq!(run("gateway --url nowhere --pid 1").status.code(), Some(2));
}
