//! Formats without a schema: JSON text as it was sent, one string's characters, one string's bytes.

use crate::contract::BytesText;
use crate::fault::{Fault, Mismatch};
use crate::json::Kind;
use crate::json::bytes::decode_bytes;
use crate::json::reader::Reader;
use crate::json::skip::check_text;
use crate::pass::{Leaf, Memory, Tapped};
use crate::pick::{Halt, Tree, pick};

/// Stores the text, white space around it aside, with what becomes of personal values.
pub(super) fn json(tree: &Tree, reader: Reader<'_>, arena: &mut Vec<u8>, memory: &mut Memory) -> Result<(), Fault> {
    match pick(tree, reader, memory) {
        Ok((start, end)) => {
            memory.edits.apply(reader.bytes(), start, end, arena);
            Ok(())
        }
        Err(halt) => {
            check(reader, memory)?;
            Err(unpicked(halt))
        }
    }
}

/// Stores the characters of the one string that the event is, or the bytes that they stand for; gives its place.
pub(super) fn string(
    mut reader: Reader<'_>,
    arena: &mut Vec<u8>,
    memory: &mut Memory,
    spelling: Option<BytesText>,
) -> Result<Tapped, Fault> {
    check(reader, memory)?;
    reader.space();
    let start = reader.at();
    let kind = reader.kind().ok();
    let string = kind.filter(|kind| *kind == Kind::String).and_then(|_| reader.string().ok());
    let Some(string) = string else {
        return Err(violation("a string", kind.map_or("nothing", Kind::name)));
    };
    let characters = string.text(reader.bytes(), &mut memory.decoded);
    match spelling {
        None => arena.extend_from_slice(characters),
        Some(spelling) => {
            if !decode_bytes(spelling, characters, arena) {
                let expected = match spelling {
                    BytesText::Base64 => "a string of base64",
                    BytesText::CodePoints => "a string of code points up to U+00FF",
                };
                return Err(violation(expected, "string"));
            }
        }
    }
    Ok(Tapped { start, end: reader.at(), leaf: Leaf::Any })
}

/// Whether the whole text is JSON with one meaning.
pub(super) fn check(mut reader: Reader<'_>, memory: &mut Memory) -> Result<(), Fault> {
    memory.names.reset();
    Ok(check_text(&mut reader, &mut memory.names, &mut memory.levels)?)
}

fn violation(expected: &str, actual: &'static str) -> Fault {
    Fault::Violation(vec![Mismatch { pointer: String::new(), expected: expected.to_owned(), actual }])
}

/// Why a walk over sound text stopped. It refuses only what `check` refuses and what can't be hashed; were it not so,
/// the event is refused all the same.
#[cold]
fn unpicked(halt: Halt) -> Fault {
    match halt {
        Halt::Unhashable { pointer, actual } => {
            let expected = "a string or a number, which is stored as its hash".to_owned();
            Fault::Violation(vec![Mismatch { pointer, expected, actual }])
        }
        Halt::Flawed => Fault::Syntax { offset: 0, expected: "a JSON value" },
    }
}
