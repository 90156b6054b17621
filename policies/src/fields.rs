//! Names of a schema's fields. Knows no rule.

use forebay_schemas::outline::Field;

/// A field's own name; the elements of an array and the values of a map have none.
pub(crate) fn name(field: &Field) -> Option<&str> {
    field.pointer.rsplit('/').next().filter(|name| !name.is_empty() && *name != "*")
}
