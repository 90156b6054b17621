//! Fields of a schema's outline by pointer and by name. Knows no rule.

use forebay_schemas::contract::Pointer;
use forebay_schemas::outline::{Field, FieldKind, Outline, Place};

/// What lies at a pointer; an array's index and a map's key are found under `*`.
pub(crate) fn find<'o>(outline: &'o Outline, pointer: &Pointer) -> Place<'o> {
    let lies = |field: &&Field| Pointer::parse(&field.pointer).is_ok_and(|known| pointer.lies_within(&known));
    let around = outline.fields.iter().filter(lies).max_by_key(|field| field.pointer.matches('/').count());
    match around {
        Some(field) if field.pointer.matches('/').count() == pointer.tokens.len() => Place::Field(field),
        Some(field) if field.kind == FieldKind::Any => Place::Open,
        _ if outline.open => Place::Open,
        _ => Place::Nowhere,
    }
}

/// A field's own name; the elements of an array and the values of a map have none.
pub(crate) fn name(field: &Field) -> Option<&str> {
    field.pointer.rsplit('/').next().filter(|name| !name.is_empty() && *name != "*")
}
