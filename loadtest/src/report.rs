//! Numbers for people and for machines: one measurement as lines or JSON, a comparison as a Markdown table. Measures
//! nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::compare::{CASES, Floors, Pair};
use crate::measure::Report;

/// One measurement as a few lines.
pub fn lines(report: &Report) -> String {
    let Report { whole, acknowledged, window, .. } = report;
    let mut text = String::new();
    let mut line = |name: &str, value: String| writeln!(text, "{name:<20} {value}").expect("a String takes all text");
    line("events/s", format!("{:.0} ({acknowledged} in {:.2} s)", report.events_per_second(), window.as_secs_f64()));
    if *acknowledged > 0 {
        line("CPU µs an event", format!("{:.2}", report.micros_per_event()));
    }
    for (name, &time) in &report.cpu.threads {
        let micros = report.micros(time);
        if micros.is_finite() && micros >= 0.005 {
            line("", format!("{micros:>6.2}  {name}"));
        }
    }
    line("latency p50, p99", format!("{:.2} ms, {:.2} ms", report.millis(500), report.millis(990)));
    line("memory", format!("{:.1} MiB", mebibytes(report.resident)));
    line("all events", format!("{} written, {} not, {} unknown", whole.written, whole.not_written, whole.unknown));
    for (remark, times) in &report.remarks {
        line("", format!("{times} × {remark}"));
    }
    text
}

/// One measurement for machines.
pub fn json(report: &Report) -> Value {
    let threads = report.cpu.threads.iter().map(|(name, &time)| (name.clone(), json!(report.micros(time))));
    json!({
        "events_per_second": report.events_per_second(),
        "acknowledged": report.acknowledged,
        "seconds": report.window.as_secs_f64(),
        "cpu_micros_per_event": report.micros_per_event(),
        "cpu_micros_per_event_by_thread": Value::Object(threads.collect()),
        "p50_millis": report.millis(500),
        "p99_millis": report.millis(990),
        "resident_bytes": report.resident,
        "written": report.whole.written,
        "not_written": report.whole.not_written,
        "unknown": report.whole.unknown,
        "remarks": report.remarks,
    })
}

/// One pair, as soon as it is measured.
pub fn progress(pair: &Pair) -> String {
    format!(
        "run {}, {}: librdkafka alone {:.2} µs, gateway {:.2} µs CPU an event, ratio {:.2}, {:.0} events/s; {} records counted",
        pair.run,
        pair.case,
        pair.direct.micros_per_event(),
        pair.gateway.micros_per_event(),
        pair.ratio(),
        pair.gateway.events_per_second(),
        pair.counted
    )
}

/// A pair for machines.
pub fn pair_json(pair: &Pair) -> Value {
    json!({
        "run": pair.run,
        "connections": pair.case.connections,
        "events_per_request": pair.case.events_per_request,
        "librdkafka": json(&pair.direct),
        "gateway": json(&pair.gateway),
        "ratio": pair.ratio(),
        "floors": pair.floors.as_ref().map(|Floors { http, transcoder }| json!({
            "null_http_server": json(http),
            "transcoder": json(transcoder),
        })),
        "records_counted": pair.counted,
    })
}

/// What a row of the table shows of a pair, and with how many digits behind the point. What is not a number was not
/// measured; a row without numbers is left out.
type Row = (&'static str, fn(&Pair) -> f64, usize);

const ROWS: [Row; 13] = [
    ("CPU µs an event: librdkafka alone", |pair| pair.direct.micros_per_event(), 2),
    ("CPU µs an event: the gateway", |pair| pair.gateway.micros_per_event(), 2),
    ("gateway ÷ librdkafka alone, same run", Pair::ratio, 2),
    ("CPU µs an event: null HTTP server", |pair| floor(pair, |floors| &floors.http), 2),
    ("CPU µs an event: transcoder", |pair| floor(pair, |floors| &floors.transcoder), 2),
    ("CPU µs an event: sum of the floors", Pair::sum_of_floors, 2),
    ("gateway ÷ sum of the floors, same run", |pair| pair.gateway.micros_per_event() / pair.sum_of_floors(), 2),
    ("in-process broker, not in the above, µs an event", in_process_broker, 2),
    ("events/s: librdkafka alone", |pair| pair.direct.events_per_second(), 0),
    ("events/s: the gateway", |pair| pair.gateway.events_per_second(), 0),
    ("gateway p50, ms", |pair| pair.gateway.millis(500), 2),
    ("gateway p99, ms", |pair| pair.gateway.millis(990), 2),
    ("gateway RSS, MiB", |pair| mebibytes(pair.gateway.resident), 1),
];

/// The comparison: a column a case, in each cell the median and the range over the runs.
pub fn table(pairs: &[Pair]) -> String {
    let mut text = String::from("| median (range) |");
    for case in CASES {
        write!(text, " {case} |").expect("a String takes all text");
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(CASES.len()));
    for (name, of, digits) in ROWS {
        let cells = CASES.map(|case| {
            let values = pairs.iter().filter(|pair| pair.case == case).map(of);
            cell(values.filter(|value| !value.is_nan()).collect(), digits)
        });
        if cells.iter().all(|cell| cell == NOTHING) {
            continue;
        }
        write!(text, "\n| {name} | {} |", cells.join(" | ")).expect("a String takes all text");
    }
    text.push('\n');
    text
}

fn in_process_broker(pair: &Pair) -> f64 {
    let time = pair.gateway.cpu.broker();
    if time.is_zero() { f64::NAN } else { pair.gateway.micros(time) }
}

fn floor(pair: &Pair, which: fn(&Floors) -> &Report) -> f64 {
    pair.floors.as_ref().map_or(f64::NAN, |floors| which(floors).micros_per_event())
}

/// A cell without a measurement.
const NOTHING: &str = "–";

fn cell(mut values: Vec<f64>, digits: usize) -> String {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.as_slice() {
        [] => NOTHING.into(),
        [only] => format!("{only:.digits$}"),
        [least, .., most] => {
            let median = if values.len().is_multiple_of(2) {
                f64::midpoint(values[middle - 1], values[middle])
            } else {
                values[middle]
            };
            format!("{median:.digits$} ({least:.digits$}–{most:.digits$})")
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "memory stays below 2^53 bytes")]
fn mebibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use super::*;
    use crate::cpu::CpuTime;
    use crate::histogram::Histogram;
    use crate::measure::Tally;

    fn report(cpu_millis: u64) -> Report {
        let mut latencies = Histogram::default();
        latencies.record(Duration::from_millis(2));
        Report {
            acknowledged: 100_000,
            window: Duration::from_secs(2),
            cpu: CpuTime {
                process: Duration::from_millis(cpu_millis + 100),
                threads: BTreeMap::from([("rdk:mock".into(), Duration::from_millis(100))]),
            },
            resident: 28 << 20,
            latencies,
            whole: Tally { written: 120_000, not_written: 0, unknown: 0 },
            remarks: BTreeMap::from([("503 busy".into(), 2)]),
        }
    }

    fn pair(run: usize, cpu_millis: u64) -> Pair {
        Pair { run, case: CASES[0], direct: report(500), floors: None, gateway: report(cpu_millis), counted: 240_000 }
    }

    #[test]
    fn a_measurement_says_what_it_counts() {
        let text = lines(&report(1300));
        for part in
            ["50000 (100000 in 2.00 s)", "13.00", "1.00  rdk:mock", "28.0 MiB", "120000 written", "2 × 503 busy"]
        {
            assert!(text.contains(part), "{part} in\n{text}");
        }
        assert_eq!(json(&report(1300))["cpu_micros_per_event"], 13.0);
    }

    #[test]
    fn the_table_has_medians_and_ranges_and_its_ratios_are_of_the_same_run() {
        let pairs = [pair(1, 1000), pair(2, 3000), pair(3, 1500)];
        let table = table(&pairs);
        let rows: Vec<_> = table.lines().collect();
        assert_eq!(
            rows[0],
            "| median (range) | 1 a request, 32 connections | 1 a request, 256 connections | 100 a request, 32 connections |"
        );
        assert_eq!(rows[2], "| CPU µs an event: librdkafka alone | 5.00 (5.00–5.00) | – | – |");
        assert_eq!(rows[3], "| CPU µs an event: the gateway | 15.00 (10.00–30.00) | – | – |");
        assert_eq!(rows[4], "| gateway ÷ librdkafka alone, same run | 3.00 (2.00–6.00) | – | – |");
        assert_eq!(rows[5], "| in-process broker, not in the above, µs an event | 1.00 (1.00–1.00) | – | – |");
        assert_eq!(rows.len(), 11);
        let floors = Some(Floors { http: report(700), transcoder: report(200) });
        let with_floors = self::table(&[Pair { floors, ..pairs[2].clone() }]);
        assert!(with_floors.contains("\n| CPU µs an event: sum of the floors | 14.00 | – | – |\n"), "{with_floors}");
        assert!(with_floors.contains("\n| gateway ÷ sum of the floors, same run | 1.07 | – | – |\n"), "{with_floors}");
        assert!(progress(&pairs[0]).contains("ratio 2.00"));
    }

    #[test]
    fn an_even_number_of_runs_has_its_median_between_two() {
        assert_eq!(cell(vec![4.0, 1.0, 2.0, 3.0], 1), "2.5 (1.0–4.0)");
        assert_eq!(cell(vec![4.0], 1), "4.0");
    }
}
