//! What the tests of picks share: events through an encoder, and what was picked as a person would write it down.
#![expect(clippy::panic, reason = "how a test fails")]
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::sync::Arc;

use forebay_schemas::contract::Contract;
use forebay_schemas::encoder::{Encoder, Fault, Material, Payload, Scratch};
use forebay_schemas::picked::Value;

use crate::transcode_kit::pointer;

/// As a person would write it down.
pub(crate) fn shown(value: Value<'_>) -> String {
    match value {
        Value::Absent => "absent".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Int(value) => format!("int {value}"),
        Value::Uint(value) => format!("uint {value}"),
        Value::Double(value) => format!("double {value}"),
        Value::Text(text) => format!("text {text}"),
        Value::Bytes(bytes) => format!("bytes {bytes:?}"),
        Value::Time(moment) => format!("time {}+{}", moment.seconds, moment.nanos),
        Value::Json(text) => format!("json {text}"),
    }
}

pub(crate) fn naming(material: Material, named: &[&str]) -> Material {
    let named: Vec<_> = named.iter().map(|text| pointer(text)).collect();
    Material { named: Arc::from(named), ..material }
}

pub(crate) fn compiled(contract: &Contract, material: &Material) -> Encoder {
    Encoder::compile(contract, material).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// An event's value and what was picked out of it.
pub(crate) fn picked(encoder: &Encoder, text: &str) -> Result<(Vec<u8>, Vec<String>), Fault> {
    let (mut arena, mut scratch) = (b"before".to_vec(), Scratch::default());
    let record = encoder.encode(text.as_bytes(), &mut arena, &mut scratch)?;
    let picks = scratch.take_picks();
    assert_eq!(record.picks, 0..picks.len());
    Ok((arena[record.value].to_vec(), picks.values(record.picks).map(shown).collect()))
}

pub(crate) fn picked_from_bytes(encoder: &Encoder, payload: (Payload, &[u8])) -> Vec<String> {
    let (mut arena, mut scratch) = (b"before".to_vec(), Scratch::default());
    let record = encoder.check(payload.0, payload.1, &mut arena, &mut scratch);
    record.unwrap_or_else(|fault| panic!("{fault:?}"));
    let picks = scratch.take_picks();
    picks.values(0..picks.len()).map(shown).collect()
}
