//! A version's JSON text, bounded before anything is made of it. Knows JSON only.

use serde_json::Value;

use super::finding::mistake;
use super::{Side, Unreadable};
use crate::json::names::Names;
use crate::json::reader::Reader;
use crate::json::skip::{Levels, check_text};
use crate::json::{Flaw, SyntaxError};
use crate::schema::Schema;

/// The longest schema or reference, in bytes.
pub(super) const MAX_TEXT: usize = 1 << 20;
/// References of one version, at most.
pub(super) const MAX_REFERENCES: usize = 1_000;

/// Reads JSON whose nesting is at most [`crate::json::MAX_DEPTH`].
pub(super) fn read(content: &[u8], side: Side) -> Result<Value, Unreadable> {
    let text = bounded(content, side)?;
    check_text(&mut Reader::new(text), &mut Names::default(), &mut Levels::default()).map_err(|flaw| match flaw {
        Flaw::Syntax(SyntaxError { offset, expected }) => Unreadable {
            line: text[..offset].matches('\n').count() + 1,
            ..mistake(side, "", format!("JSON: {expected}"), "something else")
        },
        Flaw::Ambiguous { pointer, detail } => mistake(side, &pointer, "JSON with one meaning", detail),
    })?;
    serde_json::from_str(text).map_err(|error| mistake(side, "", "JSON", error.to_string()))
}

/// A schema and its references by their names, in their order.
type Texts<'s> = (Value, Vec<(&'s str, Value)>);

/// Reads a schema and its references.
pub(super) fn read_all(schema: &Schema, side: Side) -> Result<Texts<'_>, Unreadable> {
    if schema.references.len() > MAX_REFERENCES {
        let found = schema.references.len().to_string();
        return Err(mistake(side, "", format!("at most {MAX_REFERENCES} references"), found));
    }
    let references = schema.references.iter().map(|reference| {
        let value = read(&reference.content, side).map_err(|mistake| within(&reference.name, mistake))?;
        Ok((reference.name.as_str(), value))
    });
    Ok((read(&schema.content, side)?, references.collect::<Result<_, _>>()?))
}

/// The content as a text that is not too long.
pub(super) fn bounded(content: &[u8], side: Side) -> Result<&str, Unreadable> {
    if content.len() > MAX_TEXT {
        let found = format!("{} bytes", content.len());
        return Err(mistake(side, "", format!("a schema of at most {MAX_TEXT} bytes"), found));
    }
    std::str::from_utf8(content).map_err(|error| mistake(side, "", "text in UTF-8", error.to_string()))
}

/// Says in which reference a mistake is.
pub(super) fn within(name: &str, mistake: Unreadable) -> Unreadable {
    Unreadable { reference: Some(name.to_owned()), ..mistake }
}
