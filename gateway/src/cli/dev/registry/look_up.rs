//! Which of a subject's versions a text is. Knows what a client sends; adds nothing to the shelf.

use std::collections::BTreeSet;
use std::sync::Arc;

use forebay_schemas::contract::Format;
use forebay_schemas::identity::identity;
use forebay_schemas::schema::{Reference, Schema};
use serde::Deserialize;

use super::answer::Wrong;
use super::shelf::{Item, Pointer, Stock};

/// How deep references lead that are followed.
const DEPTH: usize = 32;

/// A schema that a client sends.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Submission {
    schema: String,
    schema_type: Option<String>,
    references: Option<Vec<Pointer>>,
}

/// The newest version of a subject that is the same schema, whatever its spelling. A text that is sent without
/// references is taken to mean those that the version has.
pub(super) fn look_up<'s>(
    stock: &'s Stock,
    subject: &str,
    submission: &Submission,
) -> Result<(u32, &'s Arc<Item>), Wrong> {
    let format = match submission.schema_type.as_deref() {
        None | Some("AVRO") => Format::Avro,
        Some("JSON") => Format::JsonSchema,
        Some("PROTOBUF") => Format::Protobuf,
        Some(_) => return Err(Wrong::NotASchema),
    };
    let sent = submission.references.as_deref().unwrap_or_default();
    let identity = |pointers: &[Pointer]| {
        let mut references = Vec::new();
        gather(stock, pointers, (&mut references, &mut BTreeSet::new()), 0)?;
        let content = submission.schema.clone().into_bytes();
        identity(format, &Schema { name: String::new(), content, references })
    };
    let versions = stock.subject(subject)?.newest_first();
    let mut same = versions.filter(|(_, item)| {
        let like = item.format == format && (sent.is_empty() || is_permuted(sent, &item.references));
        like && (item.text == submission.schema
            || (item.identity.is_some() && identity(&item.references) == item.identity))
    });
    match same.next() {
        Some(found) => Ok(found),
        None if identity(sent).is_some() => Err(Wrong::NoSchema),
        None => Err(Wrong::NotASchema),
    }
}

fn is_permuted(one: &[Pointer], other: &[Pointer]) -> bool {
    one.iter().collect::<BTreeSet<_>>() == other.iter().collect()
}

/// The schemas that pointers lead to, each before whoever refers to it; none if one is not here.
fn gather(
    stock: &Stock,
    pointers: &[Pointer],
    (found, names): (&mut Vec<Reference>, &mut BTreeSet<String>),
    depth: usize,
) -> Option<()> {
    for pointer in pointers {
        if depth < DEPTH && names.insert(pointer.name.clone()) {
            let (_, item) = stock.subject(&pointer.subject).ok()?.version(&pointer.version.to_string()).ok()?;
            gather(stock, &item.references, (found, names), depth + 1)?;
            found.push(Reference { name: pointer.name.clone(), content: item.text.clone().into_bytes() });
        }
    }
    Some(())
}
