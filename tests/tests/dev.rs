//! `forebay dev`: the main job on one machine with nothing else installed, as someone new would try it.

use std::process::Command;
use std::time::Duration;

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use forebay_tests::gateway::forebay;
use forebay_tests::http::{Client, Request};
use forebay_tests::kafka;
use forebay_tests::process::{Lines, Process, eventually, free_ports, root, run};
use rustix::process::Signal;
use serde_json::Value;

const START: Duration = Duration::from_mins(1);

struct Dev {
    process: Process,
    stdout: Lines,
    stderr: Lines,
    listen: String,
    admin: String,
}

impl Dev {
    fn start() -> Self {
        let ports = free_ports(2);
        let (listen, admin) = (format!("127.0.0.1:{}", ports[0]), format!("127.0.0.1:{}", ports[1]));
        let mut command = forebay(&["dev", "--listen", &listen, "--admin", &admin, "--registry", "127.0.0.1:0"]);
        command.current_dir(root());
        let mut process = Process::start(command, Duration::from_secs(15));
        let (stdout, stderr) = (process.stdout_lines(), process.stderr_lines());
        let mut dev = Self { process, stdout, stderr, listen, admin };
        let ready = eventually(START, || {
            if let Some(status) = dev.process.exited() {
                panic!("forebay dev ended, {status}:\n{}", dev.said());
            }
            let answer = Client::new(&dev.admin).try_send(&Request::get("/readyz"));
            (answer.is_ok_and(|answer| answer.status == 200) && !dev.curl_lines().is_empty()).then_some(())
        });
        ready.unwrap_or_else(|| panic!("forebay dev is not ready:\n{}", dev.said()));
        dev
    }

    /// Where Kafka is, as `/config` says.
    fn bootstrap(&self) -> String {
        let config = Client::new(&self.admin).get("/config").json();
        match &config["kafka"]["bootstrap"] {
            Value::Array(brokers) => brokers.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(","),
            one => one.as_str().unwrap_or_default().to_owned(),
        }
    }

    /// Where the schema registry is, as it was printed.
    fn registry(&self) -> String {
        let lines = self.stdout.all();
        let line = lines.iter().find(|line| line.contains("schema registry")).expect("it is printed");
        line.rsplit_once("http://").expect("an address").1.trim().to_owned()
    }

    fn said(&self) -> String {
        format!("{}{}", self.stdout.text(), self.stderr.text())
    }

    /// The printed curl commands, each as one text with its continuation lines.
    fn curl_lines(&self) -> Vec<String> {
        let mut commands: Vec<String> = Vec::new();
        let mut open = false;
        for line in self.stdout.all() {
            if open || (line.starts_with(' ') && line.contains("curl ")) {
                let continued = line.trim_end().ends_with('\\');
                if open {
                    let command = commands.last_mut().expect("an open command");
                    command.push('\n');
                    command.push_str(&line);
                } else {
                    commands.push(line.trim_start().to_owned());
                }
                open = continued;
            }
        }
        commands
    }

    fn end(mut self, signal: Signal) -> (Option<i32>, String) {
        self.process.signal(signal);
        let status = self.process.wait(START).expect("it ends by a signal");
        (status.code(), self.stdout.to_end() + &self.stderr.to_end())
    }
}

/// The topic in the address of a curl command.
fn topic(command: &str) -> Option<&str> {
    command.split_once("/v1/topics/")?.1.split_once("/events").map(|(topic, _)| topic)
}

#[test]
fn the_printed_lines_work_as_they_stand_and_tail_reads_them_back() {
    let dev = Dev::start();
    let mut written: Vec<(String, u64)> = Vec::new();
    for line in dev.curl_lines() {
        let mut command = Command::new("sh");
        command.args(["-c", &line]).current_dir(root());
        let done = run(command, START);
        assert_eq!(done.code, Some(0), "{line}\n{}{}", done.stdout, done.stderr);
        assert!(!done.stdout.is_empty(), "{line} answers nothing");
        let count = serde_json::from_str::<Value>(&done.stdout).ok().and_then(|answer| answer["written"].as_u64());
        if let (Some(topic), Some(count @ 1..)) = (topic(&line), count) {
            written.push((topic.to_owned(), count));
        }
    }
    assert!(!written.is_empty(), "no printed line writes an event: {:?}", dev.curl_lines());

    let bootstrap = dev.bootstrap();
    assert!(bootstrap.starts_with("127.0.0.1:"), "/config names the broker: {bootstrap}");
    assert!(dev.said().contains(&bootstrap), "the broker's address is printed: {}", dev.said());
    for (topic, _) in &written {
        let count: u64 = written.iter().filter(|(other, _)| other == topic).map(|(_, count)| count).sum();
        let catalog = root().join("schemas/catalog");
        let mut tail = forebay(&["tail", topic, "--kafka", &bootstrap, "--from", "beginning"]);
        tail.args(["--count", &count.to_string(), "--catalog"]).arg(catalog);
        let done = run(tail, START);
        assert_eq!(done.code, Some(0), "{}", done.stderr);
        assert_eq!(done.stdout.lines().count() as u64, count, "{}", done.stdout);
        for line in done.stdout.lines() {
            let record: Value = serde_json::from_str(line).expect("a line of JSON");
            assert_eq!(record["topic"], topic.as_str());
            for member in ["partition", "offset", "key", "headers", "value"] {
                assert!(record.get(member).is_some(), "{member} in {record}");
            }
        }
    }
}

#[test]
fn a_reader_decodes_a_record_by_the_registry_alone() {
    let dev = Dev::start();
    let topic = "energy.meter.read.v1";
    let sample = root().join(format!("schemas/catalog/{topic}/samples/valid/three-phases.json"));
    let event = std::fs::read(sample).expect("a sample");
    let answer = Client::new(&dev.listen).send(&Request::json(format!("/v1/topics/{topic}/events"), event));
    assert_eq!(answer.status, 200, "{}", answer.text());

    let records = kafka::read(&dev.bootstrap(), topic);
    let value = records[0].value.as_deref().expect("a value");
    assert_eq!(value[0], 0, "a frame of Confluent's");
    let id = u32::from_be_bytes(value[1..5].try_into().expect("four bytes"));
    let schema = Client::new(&dev.registry()).get(&format!("/schemas/ids/{id}"));
    assert_eq!(schema.status, 200, "{}", schema.text());
    let schema = Schema::parse_str(schema.json()["schema"].as_str().expect("a text")).expect("an Avro schema");
    let reader = GenericDatumReader::builder(&schema).build().expect("a reader");
    let decoded = reader.read_value(&mut &value[5..]).expect("a record of that schema");
    let Avro::Record(fields) = decoded else { panic!("{decoded:?}") };
    assert!(fields.contains(&("sequence".to_owned(), Avro::Long(9_007_199_254_740_993))), "{fields:?}");
}

#[test]
fn it_ends_by_either_signal_and_says_that_everything_is_forgotten() {
    for signal in [Signal::TERM, Signal::INT] {
        let (code, said) = Dev::start().end(signal);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("forget") || said.contains("forgotten"), "{said}");
    }
}

#[test]
fn a_port_that_is_taken_is_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    for (index, option) in ["--listen", "--admin", "--registry"].into_iter().enumerate() {
        let mut addresses = ["127.0.0.1:0"; 3];
        addresses[index] = &address;
        let [listen, admin, registry] = addresses;
        let mut command = forebay(&["dev", "--listen", listen, "--admin", admin, "--registry", registry]);
        command.current_dir(root());
        let done = run(command, START);
        assert!(done.code.is_some_and(|code| code != 0), "{option}: {}", done.stdout);
        assert!(done.stderr.contains(&address), "{option}: {}{}", done.stdout, done.stderr);
    }
}
