//! Numbers for people and for machines: one measurement as lines or JSON, a comparison as a Markdown table. Measures
//! nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::compare::{CASES, Floors, Pair};
use crate::judged::{self, REFUSALS, Round};
use crate::measure::{Case, Report};

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
    let rows = ROWS.map(|(name, of, digits)| {
        let cell = |case| cell(pairs.iter().filter(|pair| pair.case == case).map(of), digits);
        (name.to_owned(), CASES.map(cell).to_vec())
    });
    grid(&CASES, &rows)
}

/// A Markdown table with a column a case. A row without numbers is left out.
fn grid(cases: &[Case], rows: &[(String, Vec<String>)]) -> String {
    let mut text = String::from("| median (range) |");
    for case in cases {
        write!(text, " {case} |").expect("a String takes all text");
    }
    text.push_str("\n| --- |");
    text.push_str(&" --- |".repeat(cases.len()));
    for (name, cells) in rows.iter().filter(|(_, cells)| cells.iter().any(|cell| cell != NOTHING)) {
        write!(text, "\n| {name} | {} |", cells.join(" | ")).expect("a String takes all text");
    }
    text.push('\n');
    text
}

/// One round, as soon as it is measured.
pub fn round_progress(round: &Round) -> String {
    let refused = (0..REFUSALS.len()).map(|at| format!("{:.2}", round.refused_ratio(at)));
    format!(
        "run {}, {}: open {:.2} µs, judged {:.2} µs CPU an event, ratio {:.2}; refused ÷ good {}",
        round.run,
        round.case,
        round.open.micros_per_event(),
        round.judged.micros_per_event(),
        round.ratio(),
        refused.collect::<Vec<_>>().join(", ")
    )
}

/// A round for machines.
pub fn round_json(round: &Round) -> Value {
    let refused = REFUSALS.iter().zip(&round.refused).map(|(refusal, report)| (refusal.name.to_owned(), json(report)));
    json!({
        "run": round.run,
        "connections": round.case.connections,
        "events_per_request": round.case.events_per_request,
        "open": json(&round.open),
        "judged": json(&round.judged),
        "ratio": round.ratio(),
        "refused": Value::Object(refused.collect()),
    })
}

/// What judging and refusing cost: a column a case, in each cell the median and the range over the runs.
pub fn judged_table(rounds: &[Round]) -> String {
    let row = |name: &str, of: &dyn Fn(&Round) -> f64| {
        let cell = |case| cell(rounds.iter().filter(|round| round.case == case).map(of), 2);
        (name.to_owned(), judged::CASES.map(cell).to_vec())
    };
    let mut rows = vec![
        row("CPU µs an event: open", &|round| round.open.micros_per_event()),
        row("CPU µs an event: judged", &|round| round.judged.micros_per_event()),
        row("judged ÷ open, same run", &Round::ratio),
        row("CPU µs a good request, judged", &|round| micros_per_request(round, &round.judged)),
    ];
    for (at, refusal) in REFUSALS.iter().enumerate() {
        let name = format!("CPU µs a refused request: {}", refusal.name);
        rows.push(row(&name, &|round| micros_per_request(round, &round.refused[at])));
    }
    for (at, refusal) in REFUSALS.iter().enumerate() {
        rows.push(row(&format!("refused ÷ good of the same body: {}", refusal.name), &|round| {
            round.refused_ratio(at)
        }));
    }
    grid(&judged::CASES, &rows)
}

#[expect(clippy::cast_precision_loss, reason = "a request has few events")]
fn micros_per_request(round: &Round, report: &Report) -> f64 {
    report.micros_per_event() * round.case.events_per_request as f64
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

fn cell(values: impl Iterator<Item = f64>, digits: usize) -> String {
    let mut values: Vec<_> = values.filter(|value| !value.is_nan()).collect();
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
    use crate::measure::{Expected, Tally};

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
            expected: Expected::Written,
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
    fn refused_requests_stand_beside_good_ones_of_the_same_body() {
        let round = |run, case, judged, refused| {
            let refused = vec![report(refused); REFUSALS.len()];
            Round { run, case, open: report(1000), judged: report(judged), refused }
        };
        let [single, batch] = judged::CASES;
        let table =
            judged_table(&[round(1, single, 1200, 600), round(2, single, 1300, 260), round(1, batch, 1100, 11)]);
        let rows: Vec<_> = table.lines().collect();
        assert_eq!(rows[0], "| median (range) | 1 a request, 32 connections | 100 a request, 32 connections |");
        assert_eq!(rows[4], "| judged ÷ open, same run | 1.25 (1.20–1.30) | 1.10 |");
        assert_eq!(rows[5], "| CPU µs a good request, judged | 12.50 (12.00–13.00) | 1100.00 |");
        assert_eq!(rows[6], "| CPU µs a refused request: 401, no credential | 4.30 (2.60–6.00) | 11.00 |");
        assert_eq!(
            rows[15],
            "| refused ÷ good of the same body: 429, a rate that is used up | 0.35 (0.20–0.50) | 0.01 |"
        );
        assert_eq!(rows.len(), 16);
        let round = round(3, single, 1200, 600);
        assert!(round_progress(&round).ends_with("ratio 1.20; refused ÷ good 0.50, 0.50, 0.50, 0.50, 0.50"));
        assert_eq!(round_json(&round)["refused"]["403, another's topic"]["cpu_micros_per_event"], 6.0);
    }

    #[test]
    fn an_even_number_of_runs_has_its_median_between_two() {
        assert_eq!(cell([4.0, 1.0, 2.0, 3.0].into_iter(), 1), "2.5 (1.0–4.0)");
        assert_eq!(cell([4.0].into_iter(), 1), "4.0");
    }
}
