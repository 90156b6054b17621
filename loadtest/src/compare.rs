//! The comparison: for each shape of load, librdkafka alone and then the gateway, in turn, run after run, with every
//! acknowledged event counted in Kafka. Knows the order of things; measures, starts and prints nothing itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cpu::Cores;
use crate::direct;
use crate::error::Error;
use crate::event::{Pool, TOPIC};
use crate::generator;
use crate::kafka::Topic;
use crate::measure::{Bounds, Case, Expected, Report};
use crate::null_server::NullServer;
use crate::request::Target;
use crate::stage::{Brokers, Stage};
use crate::transcoder;

/// The shapes of load, in the order of the table's columns.
pub const CASES: [Case; 3] = [
    Case { connections: 32, events_per_request: 1 },
    Case { connections: 256, events_per_request: 1 },
    Case { connections: 32, events_per_request: 100 },
];

/// How long real brokers are warmed.
const WARMING: Duration = Duration::from_secs(10);

/// What to compare, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which Kafka.
    pub brokers: Brokers,
    /// How often everything is measured.
    pub runs: usize,
    /// Of each single measurement.
    pub bounds: Bounds,
    /// Cores for what is measured: the gateway, and librdkafka alone.
    pub pin_server: Option<Cores>,
    /// Cores for the generator.
    pub pin_self: Option<Cores>,
    /// Whether to ask for answers that list refused events only.
    pub minimal: bool,
    /// Whether to take the other floors too: a null HTTP server and the transcoder.
    pub floors: bool,
}

/// One case in one run.
#[derive(Debug, Clone)]
pub struct Pair {
    /// Which run, from 1.
    pub run: usize,
    /// Which shape of load.
    pub case: Case,
    /// librdkafka alone.
    pub direct: Report,
    /// The other floors, where they were asked for.
    pub floors: Option<Floors>,
    /// The gateway.
    pub gateway: Report,
    /// Records that came to lie in Kafka by both, as counted there.
    pub counted: u64,
}

/// What a gateway needs beside librdkafka.
#[derive(Debug, Clone)]
pub struct Floors {
    /// A server that reads each body and drops it.
    pub http: Report,
    /// From an event's text to its record's bytes.
    pub transcoder: Report,
}

impl Pair {
    /// All floors together, in microseconds of CPU time an event; not a number where they were not taken.
    pub fn sum_of_floors(&self) -> f64 {
        self.floors.as_ref().map_or(f64::NAN, |Floors { http, transcoder }| {
            http.micros_per_event() + transcoder.micros_per_event() + self.direct.micros_per_event()
        })
    }

    /// How many times the CPU time of librdkafka alone the gateway takes for an event.
    pub fn ratio(&self) -> f64 {
        self.gateway.micros_per_event() / self.direct.micros_per_event()
    }
}

/// Runs everything; `progress` is told of each pair as it is done.
pub fn run(plan: &Plan, mut progress: impl FnMut(&Pair)) -> Result<Vec<Pair>, Error> {
    let stage = Stage::set_up(plan.brokers);
    if let Some(brokers) = stage.brokers() {
        warm(brokers)?;
    }
    let mut pairs = Vec::new();
    for run in 1..=plan.runs {
        for case in CASES {
            let pair = pair(plan, &stage, run, case)?;
            progress(&pair);
            pairs.push(pair);
        }
    }
    Ok(pairs)
}

/// Real brokers compile their hottest code only once it is hot: a load that nobody measures, lest the first run pay.
pub(crate) fn warm(bootstrap: String) -> Result<(), Error> {
    let bounds = Bounds { warmup: Duration::ZERO, window: WARMING, events: u64::MAX };
    let load = direct::Load { bootstrap, topic: TOPIC.into(), in_flight: CASES[2].in_flight(), bounds };
    direct::run(&load, &fresh_pool()).map(drop)
}

/// A pool whose ids have not been used before.
pub(crate) fn fresh_pool() -> Pool {
    let millis = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let run = u32::try_from(millis % (1 << 32)).expect("below 2^32");
    Pool::new(run, i64::try_from(millis).unwrap_or_default())
}

/// Each gateway is a new one, so that no measurement inherits another's memory. With real brokers it starts after
/// librdkafka alone has ended; the embedded broker is one with its gateway, which idles meanwhile.
fn pair(plan: &Plan, stage: &Stage, run: usize, case: Case) -> Result<Pair, Error> {
    let pool = fresh_pool();
    let cores = plan.pin_server.as_ref();
    let floor = |bootstrap: String| {
        let load = direct::Load { bootstrap, topic: TOPIC.into(), in_flight: case.in_flight(), bounds: plan.bounds };
        counted(&load.bootstrap, &pool, || Cores::run(cores, || direct::run(&load, &pool)))
    };
    let (mut gateway, (direct, by_direct)) = if let Some(brokers) = stage.brokers() {
        let floor = floor(brokers)?;
        (stage.gateway(cores)?, floor)
    } else {
        let gateway = stage.gateway(cores)?;
        let floor = floor(gateway.bootstrap()?)?;
        (gateway, floor)
    };
    let floors = plan.floors.then(|| floors(plan, case)).transpose()?;
    let pool = fresh_pool();
    let load = load(plan, (gateway.target()?, gateway.pid()), case);
    let send = || Cores::run(plan.pin_self.as_ref(), || generator::run(&load, &pool));
    let (gateway, by_gateway) = counted(&gateway.bootstrap()?, &pool, send)?;
    direct.fair()?;
    gateway.fair()?;
    Ok(Pair { run, case, direct, floors, gateway, counted: by_direct + by_gateway })
}

fn load(plan: &Plan, (target, pid): (Target, u32), case: Case) -> generator::Load {
    let (bounds, minimal, expected) = (plan.bounds, plan.minimal, Expected::Written);
    generator::Load { target, pid, case, bounds, rate: None, minimal, credential: None, expected }
}

fn floors(plan: &Plan, case: Case) -> Result<Floors, Error> {
    let pool = fresh_pool();
    let cores = plan.pin_server.as_ref();
    let transcoder = Cores::run(cores, || transcoder::run(&pool, plan.bounds.window))?;
    let program = std::env::current_exe().map_err(Error::system("the path of this program"))?;
    let server = NullServer::start(&program, case.events_per_request, plan.minimal, cores)?;
    let load = load(plan, (server.target()?, server.pid()), case);
    let http = Cores::run(plan.pin_self.as_ref(), || generator::run(&load, &pool))?;
    Ok(Floors { http, transcoder })
}

/// Like [`accounted`], and holds the last records against the pool's events.
pub(crate) fn counted(
    bootstrap: &str,
    pool: &Pool,
    measure: impl FnOnce() -> Result<Report, Error>,
) -> Result<(Report, u64), Error> {
    let (report, counted) = accounted(bootstrap, measure)?;
    if report.whole.written > 0 {
        Topic::open(bootstrap, TOPIC)?.last_records_are(pool)?;
    }
    Ok((report, counted))
}

/// Counts what a measurement says was written against what has come to lie in Kafka. No client of Kafka but the
/// measured one lives while `measure` does.
pub(crate) fn accounted(
    bootstrap: &str,
    measure: impl FnOnce() -> Result<Report, Error>,
) -> Result<(Report, u64), Error> {
    let before = Topic::open(bootstrap, TOPIC)?.records()?;
    let report = measure()?;
    let counted = Topic::open(bootstrap, TOPIC)?.account(before, &report.whole)?;
    Ok((report, counted))
}
