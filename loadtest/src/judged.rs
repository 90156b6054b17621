//! What it costs to know callers, hold them to rights and rates and judge their events, and what a refused request costs:
//! two gateways in front of one Kafka, loaded in turn, run after run. Knows the order of things; starts nothing itself.

mod house;

use crate::compare::{self, accounted, counted, fresh_pool};
use crate::cpu::Cores;
use crate::error::Error;
use crate::event::TOPIC;
use crate::generator::{self, Load};
use crate::measure::{Bounds, Case, Expected, Report};
use crate::request::Target;
use crate::stage::{Brokers, Running};
use house::{FOREIGN, House};

/// The shapes of load, in the order of the table's columns. A refused request has the body of a good one.
pub const CASES: [Case; 2] =
    [Case { connections: 32, events_per_request: 1 }, Case { connections: 32, events_per_request: 100 }];

/// The refusals that are measured, in the order of the table's rows.
pub const REFUSALS: [Refusal; 5] = [
    Refusal { name: "401, no credential", status: 401, caller: Caller::Nobody, topic: TOPIC },
    Refusal { name: "401, a key that is not known", status: 401, caller: Caller::Unknown, topic: TOPIC },
    Refusal { name: "403, another's topic", status: 403, caller: Caller::Bench, topic: FOREIGN },
    Refusal { name: "404, no such topic", status: 404, caller: Caller::Bench, topic: "bench.nothing.v1" },
    Refusal { name: "429, a rate that is used up", status: 429, caller: Caller::Slow, topic: TOPIC },
];

/// One way to be refused.
#[derive(Debug, Clone, Copy)]
pub struct Refusal {
    /// Status and reason, for the table.
    pub name: &'static str,
    status: u16,
    caller: Caller,
    topic: &'static str,
}

/// Who calls.
#[derive(Debug, Clone, Copy)]
enum Caller {
    /// Someone without a credential.
    Nobody,
    /// Someone with a key that is in no file.
    Unknown,
    /// Someone who may write the bench's topic, as fast as can be.
    Bench,
    /// Someone who may write it, one event a second.
    Slow,
}

/// What to measure, and how.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Which Kafka.
    pub brokers: Brokers,
    /// How often everything is measured.
    pub runs: usize,
    /// Of each single measurement.
    pub bounds: Bounds,
    /// Cores for the gateways.
    pub pin_server: Option<Cores>,
    /// Cores for the generator, and for the embedded broker.
    pub pin_self: Option<Cores>,
}

/// One case in one run.
#[derive(Debug, Clone)]
pub struct Round {
    /// Which run, from 1.
    pub run: usize,
    /// Which shape of load.
    pub case: Case,
    /// Good requests of anyone, without rates and conventions.
    pub open: Report,
    /// Good requests of someone with a key, with all of it.
    pub judged: Report,
    /// One for each of [`REFUSALS`]; events here are those that were refused.
    pub refused: Vec<Report>,
}

impl Round {
    /// How many times the CPU time of an open gateway's event a judged one's is.
    pub fn ratio(&self) -> f64 {
        self.judged.micros_per_event() / self.open.micros_per_event()
    }

    /// How many times the CPU time of a good request a refused one of the same body takes; by its place in [`REFUSALS`].
    pub fn refused_ratio(&self, refusal: usize) -> f64 {
        self.refused[refusal].micros_per_event() / self.judged.micros_per_event()
    }
}

/// Runs everything; `progress` is told of each round as it is done.
pub fn run(plan: &Plan, mut progress: impl FnMut(&Round)) -> Result<Vec<Round>, Error> {
    let house = House::set_up(plan.brokers, plan.pin_self.as_ref())?;
    if plan.brokers == Brokers::Real {
        compare::warm(house.bootstrap().to_owned())?;
    }
    let mut rounds = Vec::new();
    for run in 1..=plan.runs {
        for case in CASES {
            let round = round(plan, &house, run, case)?;
            progress(&round);
            rounds.push(round);
        }
    }
    Ok(rounds)
}

/// Two new gateways, of which one idles while the other is loaded. Which of them is first changes from run to run.
fn round(plan: &Plan, house: &House, run: usize, case: Case) -> Result<Round, Error> {
    let cores = plan.pin_server.as_ref();
    let (mut open, mut judged) = (house.open(cores)?, house.judged(cores)?);
    let good = |gateway: &mut Running, caller| {
        let load = load(plan, house, gateway, (case, caller, TOPIC, Expected::Written))?;
        let pool = fresh_pool();
        let send = || Cores::run(plan.pin_self.as_ref(), || generator::run(&load, &pool));
        let (report, _) = counted(house.bootstrap(), &pool, send)?;
        report.fair()?;
        Ok::<_, Error>(report)
    };
    let (by_open, by_judged) = if run.is_multiple_of(2) {
        let by_judged = good(&mut judged, Caller::Bench)?;
        (good(&mut open, Caller::Nobody)?, by_judged)
    } else {
        (good(&mut open, Caller::Nobody)?, good(&mut judged, Caller::Bench)?)
    };
    let refused: Result<_, Error> =
        REFUSALS.iter().map(|refusal| refuse(plan, house, &mut judged, (case, refusal))).collect();
    Ok(Round { run, case, open: by_open, judged: by_judged, refused: refused? })
}

fn refuse(
    plan: &Plan,
    house: &House,
    gateway: &mut Running,
    (case, refusal): (Case, &Refusal),
) -> Result<Report, Error> {
    let Refusal { status, caller, topic, .. } = *refusal;
    let load = load(plan, house, gateway, (case, caller, topic, Expected::Refused(status)))?;
    let pool = fresh_pool();
    let send = || Cores::run(plan.pin_self.as_ref(), || generator::run(&load, &pool));
    let (report, _) = accounted(house.bootstrap(), send)?;
    report.fair()?;
    Ok(report)
}

fn load(
    plan: &Plan,
    house: &House,
    gateway: &mut Running,
    (case, caller, topic, expected): (Case, Caller, &str, Expected),
) -> Result<Load, Error> {
    let target = Target { path: format!("/v1/topics/{topic}/events"), ..gateway.target()? };
    let (pid, credential) = (gateway.pid(), house.credential(caller));
    Ok(Load { target, pid, case, bounds: plan.bounds, rate: None, minimal: false, credential, expected })
}
