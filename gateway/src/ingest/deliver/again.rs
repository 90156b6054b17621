//! Kafka takes or refuses whole batches: one record of a wrong size or time sinks those that happened to travel with
//! it. What was refused so, and surely not written, is sent again in halves until the guilty stand alone.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::{Cargo, End, refusals};
use crate::event::Record;
use crate::kafka::{Failure, FailureKind, Receipts, Report};

/// How often a record is sent alone before its refusal counts: others' records may have travelled with it.
const ATTEMPTS_ALONE: usize = 6;
/// The longest pause before another attempt, so that those who were refused together don't meet again.
const LONGEST_PAUSE: u64 = 25;

/// Sends the records again that Kafka refused with their batches, in request order, until the deadline.
pub(super) async fn send_refused_again(cargo: &Cargo, ends: &mut [End]) {
    if !ends.iter().any(is_refused_batch) {
        return;
    }
    let refused = in_order(cargo, 0..ends.len(), ends);
    let mut pieces = vec![(refused, 0)];
    while let Some((piece, attempts)) = pieces.pop() {
        if Instant::now() >= cargo.deadline {
            for index in piece {
                ends[index] = End::Refused(refusals::batch_refused());
            }
            continue;
        }
        if attempts > 0 {
            let pause = Duration::from_millis(RandomState::new().hash_one(attempts) % LONGEST_PAUSE);
            tokio::time::sleep(pause).await;
        }
        send(cargo, &piece, ends).await;
        let refused = in_order(cargo, piece.into_iter(), ends);
        match refused.len() {
            0 => {}
            1 if attempts + 1 >= ATTEMPTS_ALONE => {}
            1 => pieces.push((refused, attempts + 1)),
            several => {
                let (first, second) = refused.split_at(several / 2);
                pieces.push((second.to_vec(), 0));
                pieces.push((first.to_vec(), 0));
            }
        }
    }
}

/// Of the records that were sent together, those that Kafka refused with their batches and that may be sent again:
/// nothing later of their key was written meanwhile. The others would overtake it; they are left to their sender.
fn in_order(cargo: &Cargo, sent: impl DoubleEndedIterator<Item = usize>, ends: &mut [End]) -> Vec<usize> {
    let mut written: HashSet<(usize, &[u8])> = HashSet::new();
    let mut again = Vec::new();
    for index in sent.rev() {
        let Ok(record) = &cargo.records[index] else { continue };
        match &ends[index] {
            End::Reported(Report::Written { .. }) | End::Unheard => written.extend(key(cargo, record)),
            end if !is_refused_batch(end) => {}
            _ if key(cargo, record).is_some_and(|key| written.contains(&key)) => {
                ends[index] = End::Refused(refusals::batch_refused());
            }
            _ => again.push(index),
        }
    }
    again.reverse();
    again
}

fn key<'a>(cargo: &'a Cargo, record: &Record) -> Option<(usize, &'a [u8])> {
    record.key.as_ref().map(|key| (record.topic, &cargo.arena[key.clone()]))
}

fn is_refused_batch(end: &End) -> bool {
    let kinds = [FailureKind::TooLarge, FailureKind::Invalid];
    match end {
        End::Reported(Report::Failed(Failure { kind, may_be_persisted: false })) => kinds.contains(kind),
        _ => false,
    }
}

/// Sends these records, waits for their reports, at most until the deadline, and notes how they ended.
async fn send(cargo: &Cargo, piece: &[usize], ends: &mut [End]) {
    let receipts = Arc::new(Receipts::new(piece.len()));
    let mut sent = Vec::with_capacity(piece.len());
    for (place, index) in piece.iter().enumerate() {
        let Ok(record) = &cargo.records[*index] else { continue };
        match cargo.send(record, &receipts, place) {
            Ok(()) => sent.push((place, *index)),
            Err(refusal) => ends[*index] = End::Refused(refusal),
        }
    }
    receipts.sealed();
    // Whether in time or not, what was reported counts.
    let _ = timeout_at(cargo.deadline, receipts.all()).await;
    for (place, index) in sent {
        ends[index] = End::of(receipts.get(place));
    }
}
