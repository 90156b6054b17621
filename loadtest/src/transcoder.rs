//! The floor under any gateway that checks: the transcoder alone, from an event's text to its record's bytes, in a loop
//! in this process. Knows the transcoder by the two calls that the gateway makes.

use std::time::{Duration, Instant};

use forebay_schemas::contract::{self, Folder, Loaded};
use forebay_schemas::encoder::{Encoder, Scratch};

use crate::error::Error;
use crate::event::{Pool, SLOTS};
use crate::histogram::Histogram;
use crate::measure::{Meter, Report};

const CONTRACT: &str = include_str!("../catalog/bench.event.v1/contract.yaml");
const SCHEMA: &str = include_str!("../catalog/bench.event.v1/event.avsc");

/// Encodes for about this long. The bytes must be those that the pool knows.
pub fn run(pool: &Pool, window: Duration) -> Result<Report, Error> {
    let transcoder = compile()?;
    let mut scratch = Scratch::default();
    let mut arena = Vec::new();
    for slot in 0..SLOTS {
        arena.clear();
        let event = pool.event(slot);
        let encoded = transcoder.encode(&event.json, &mut arena, &mut scratch);
        let encoded =
            encoded.map_err(|fault| Error::Count(format!("the transcoder refuses slot {slot}: {fault:?}")))?;
        if arena[encoded.value] != event.avro {
            return Err(Error::Count(format!("the transcoder writes other bytes for slot {slot}")));
        }
    }
    let meter = Meter::open(std::process::id(), 0)?;
    let (end, mut written) = (Instant::now() + window, 0);
    while Instant::now() < end {
        arena.clear();
        for slot in 0..SLOTS {
            written += u64::from(transcoder.encode(&pool.event(slot).json, &mut arena, &mut scratch).is_ok());
        }
    }
    let mut report = meter.close(written, Histogram::default())?;
    report.whole.written = written;
    Ok(report)
}

fn compile() -> Result<Encoder, Error> {
    let files = [(contract::FILE, CONTRACT), ("event.avsc", SCHEMA)].map(|(name, text)| (name.to_owned(), text.into()));
    let folder = Folder { name: "bench.event.v1".to_owned(), files: files.into() };
    let Loaded { topics, problems } = contract::load(&[folder], None);
    let encoder = topics.into_iter().find_map(|topic| topic.encoder);
    encoder.ok_or_else(|| Error::Usage(format!("the bench's contract: {problems:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_transcoder_writes_the_bytes_that_the_pool_knows() {
        let report = run(&Pool::new(7, 1_795_262_580_250), Duration::from_millis(100)).unwrap();
        assert!(report.acknowledged >= SLOTS as u64 && report.whole.written == report.acknowledged, "{report:?}");
    }
}
