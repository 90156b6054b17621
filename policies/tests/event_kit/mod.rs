//! What the tests of rules over events share: rules out of a text, and a topic's fields in one line.

use forebay_policies::Conventions;
use forebay_schemas::outline::{Field, FieldKind, Outline};

pub(crate) fn load(text: &str) -> Conventions {
    Conventions::load(&[("events.yaml".to_owned(), text.to_owned())]).unwrap()
}

/// An outline of fields by pointer and kind.
pub(crate) fn outline(fields: &[(&str, FieldKind)]) -> Outline {
    let field = |(pointer, kind): &(&str, FieldKind)| Field {
        pointer: (*pointer).to_owned(),
        kind: *kind,
        spelled: "whatever".to_owned(),
        optional: false,
        documented: true,
        personal: false,
        line: None,
    };
    Outline { fields: fields.iter().map(field).collect(), open: false }
}
