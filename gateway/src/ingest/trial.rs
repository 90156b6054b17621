//! Try out: what would become of events and why, without sending one. In a dry run it stands where deliver stands; what
//! comes before it is the same. Knows contracts and conventions; nothing of Kafka.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forebay_policies::Account;
use forebay_schemas::decoder::Decoder;

use super::judge::{self, Bench};
use super::turn::Turn;
use crate::catalog::Topic;
use crate::event::{Encoded, Judged, Record, Slot, Trial, Verdict};

/// What would become of a batch.
pub struct Tried {
    /// One verdict an event, in request order.
    pub verdicts: Vec<Verdict>,
    /// Conventions that are broken and only warn, by name.
    pub warnings: BTreeSet<Arc<str>>,
}

/// Judges events as they would be judged, and tells what each would have become. `object` is whatever else would keep a
/// record from being written.
pub async fn try_out(encoded: Encoded, bench: &Bench<'_>, object: impl Fn(&Topic, &Record) -> Slot<()>) -> Tried {
    let mut accounts = judge::accounts(&encoded, bench).await.into_iter();
    let Judged { encoded, warnings } = judge::judge(encoded, bench).await;
    let decoders: Vec<_> = (0..encoded.topics.len()).map(|topic| decoder(&encoded, topic)).collect();
    let mut verdicts = Vec::with_capacity(encoded.records.len());
    let mut turn = Turn::default();
    for (index, slot) in encoded.records.iter().enumerate() {
        turn.after(encoded.source.events[index].as_ref().map_or(0, |event| event.text.len())).await;
        let conventions = accounts.next().unwrap_or_default();
        let mut trial = about(&encoded, index, conventions);
        let passed = slot.as_ref().map_err(Clone::clone);
        match passed.and_then(|record| object(&encoded.topics[record.topic], record).map(|()| record)) {
            Ok(record) => {
                let value = &encoded.arena[record.value.clone()];
                trial.key = record.key.as_ref().map(|key| readable(&encoded.arena[key.clone()]));
                trial.value = decoders[record.topic].as_ref().and_then(|decoder| decoder.decode(value).ok());
            }
            Err(refusal) => trial.refusal = Some(refusal),
        }
        verdicts.push(Verdict::Tried(Box::new(trial)));
    }
    Tried { verdicts, warnings }
}

/// What is known of an event whatever becomes of it.
fn about(encoded: &Encoded, index: usize, conventions: Vec<Account>) -> Trial {
    let Ok(event) = &encoded.source.events[index] else { return Trial::default() };
    let topic = &encoded.topics[event.topic];
    let program = encoded.programs[event.topic].as_ref();
    let blocking = program.err().into_iter().flat_map(|refusal| &refusal.broken);
    Trial {
        topic: Some(topic.contract.topic.clone()),
        standing: blocking.chain(&*topic.standing).cloned().collect(),
        aside: program.map(|program| program.rules.does_not_apply().to_vec()).unwrap_or_default(),
        conventions,
        ..Trial::default()
    }
}

fn decoder(encoded: &Encoded, topic: usize) -> Option<Decoder> {
    let program = encoded.programs[topic].as_ref().ok()?;
    Some(Decoder::new(&encoded.topics[topic].contract, &program.material))
}

/// Text as it is, other bytes in base64.
fn readable(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| STANDARD.encode(bytes), str::to_owned)
}
