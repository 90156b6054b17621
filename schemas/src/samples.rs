//! Sample events beside a contract, and what their names promise: `valid/<base>.json` becomes a record,
//! `valid/<base>--<how>.json` the very same one, `invalid/<code>--<what>.json` is refused with that code. Knows the names
//! and holds samples to them; the folders are read by whoever calls.

use std::collections::BTreeMap;

use crate::encoder::{Encoder, Fault, Scratch};

/// The folder of samples, beside the contract.
pub const FOLDER: &str = "samples";
/// The folder of events that are written, below [`FOLDER`].
pub const VALID: &str = "valid";
/// The folder of events that are refused, below [`FOLDER`].
pub const INVALID: &str = "invalid";
/// The code of an event that is longer than its contract allows.
pub const TOO_LARGE: &str = "too_large";
/// The code of an event that a convention refuses. Whether one does is not known here.
pub const CONVENTION_VIOLATION: &str = "convention_violation";
/// The codes that an invalid sample's name may promise.
pub const CODES: [&str; 5] = ["malformed", "schema_violation", "missing_key", TOO_LARGE, CONVENTION_VIOLATION];

/// What parts a sample's name.
const PART: &str = "--";
/// How a sample's name ends.
const ENDING: &str = ".json";

/// The samples of one contract: their texts by file name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    /// Events that are written.
    pub valid: BTreeMap<String, Vec<u8>>,
    /// Events that are refused.
    pub invalid: BTreeMap<String, Vec<u8>>,
}

impl Samples {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.valid.len() + self.invalid.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.valid.is_empty() && self.invalid.is_empty()
    }
}

/// A sample that does not keep what its name promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// [`VALID`] or [`INVALID`].
    pub folder: &'static str,
    /// The file's name.
    pub file: String,
    /// What happened instead.
    pub instead: Instead,
}

/// What happened to a sample instead of what its name promises.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// It was refused, though it is filed as valid.
    Refused(Refusal),
    /// It was written, though it is filed as invalid.
    Written,
    /// It was refused for another reason than the one in its name.
    Otherwise(Refusal),
    /// It became another record than this file.
    OtherRecord(String),
    /// Nothing could be held against it: its name promises nothing. What a name should look like.
    Unnamed(String),
}

/// Why a sample was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Its text has more bytes than this, the contract's limit.
    TooLarge(u64),
    /// Its contract's program does not take it.
    Fault(Fault),
}

impl Refusal {
    /// The code that a client would see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge(_) => TOO_LARGE,
            Self::Fault(fault) => code(fault),
        }
    }
}

/// The code that a client sees for a fault.
pub fn code(fault: &Fault) -> &'static str {
    match fault {
        Fault::Syntax { .. } | Fault::Undecodable { .. } | Fault::Ambiguous { .. } => CODES[0],
        Fault::Violation(_) => CODES[1],
        Fault::MissingKey { .. } => CODES[2],
    }
}

/// The file whose record a valid sample must become too; none for one that stands for itself.
pub fn twin(file: &str) -> Option<String> {
    file.split_once(PART).map(|(base, _)| format!("{base}{ENDING}"))
}

/// The code that an invalid sample's name promises.
pub fn promised_code(file: &str) -> Option<&str> {
    file.split_once(PART).map(|(code, _)| code).filter(|code| CODES.contains(code))
}

/// Holds every sample to its name, as far as conventions have no say in it: one that promises a broken convention need only
/// be one that the schema takes. `limit` is the contract's, in bytes of an event's text.
pub fn hold(encoder: &Encoder, limit: Option<u64>, samples: &Samples) -> Vec<Broken> {
    let mut trial = Trial { encoder, limit, scratch: Scratch::default() };
    let mut broken = Vec::new();
    let mut records = BTreeMap::new();
    for (file, text) in &samples.valid {
        let instead = match trial.run(text) {
            _ if !file.ends_with(ENDING) => Instead::Unnamed(format!("<name>{ENDING}, or <name>{PART}<how>{ENDING}")),
            Ok(record) => {
                records.insert(file.as_str(), record);
                continue;
            }
            Err(refusal) => Instead::Refused(refusal),
        };
        broken.push(Broken { folder: VALID, file: file.clone(), instead });
    }
    for (file, twin) in samples.valid.keys().filter_map(|file| Some((file, twin(file)?))) {
        let instead = match (records.get(file.as_str()), records.get(twin.as_str())) {
            (Some(record), Some(other)) if record != other => Instead::OtherRecord(twin),
            _ if !samples.valid.contains_key(&twin) => Instead::Unnamed(format!("that of another spelling of {twin}")),
            _ => continue,
        };
        broken.push(Broken { folder: VALID, file: file.clone(), instead });
    }
    broken.extend(samples.invalid.iter().filter_map(|(file, text)| {
        let instead = held_invalid(&mut trial, file, text)?;
        Some(Broken { folder: INVALID, file: file.clone(), instead })
    }));
    broken
}

fn held_invalid(trial: &mut Trial<'_>, file: &str, text: &[u8]) -> Option<Instead> {
    let Some(promised) = promised_code(file).filter(|_| file.ends_with(ENDING)) else {
        return Some(Instead::Unnamed(format!(
            "<code>{PART}<what>{ENDING}, where code is one of {}",
            CODES.join(", ")
        )));
    };
    match trial.run(text) {
        Ok(_) if promised == CONVENTION_VIOLATION => None,
        Ok(_) => Some(Instead::Written),
        Err(refusal) if refusal.code() == promised => None,
        Err(refusal) => Some(Instead::Otherwise(refusal)),
    }
}

struct Trial<'a> {
    encoder: &'a Encoder,
    limit: Option<u64>,
    scratch: Scratch,
}

impl Trial<'_> {
    /// A sample's record: everything that goes to Kafka because of it.
    fn run(&mut self, text: &[u8]) -> Result<Record, Refusal> {
        if let Some(limit) = self.limit.filter(|limit| text.len() as u64 > *limit) {
            return Err(Refusal::TooLarge(limit));
        }
        let mut arena = Vec::new();
        let encoded = self.encoder.encode(text, &mut arena, &mut self.scratch).map_err(Refusal::Fault)?;
        let piece = |range: std::ops::Range<usize>| arena[range].to_vec();
        Ok(Record {
            value: piece(encoded.value),
            key: encoded.key.map(piece),
            id: encoded.id.map(piece),
            time_millis: encoded.time_millis,
        })
    }
}

#[derive(PartialEq, Eq)]
struct Record {
    value: Vec<u8>,
    key: Option<Vec<u8>>,
    id: Option<Vec<u8>>,
    time_millis: Option<i64>,
}
