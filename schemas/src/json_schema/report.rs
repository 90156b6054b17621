//! What the judge found wrong with an event, said without a value of it: the keyword's demand in words.

use std::borrow::Cow;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::fault::{MAX_MISMATCHES, Mismatch};
use crate::json::pointer::push_member;

/// Allowed values that one sentence names.
const MAX_LISTED: usize = 16;
/// Characters of one allowed value that a sentence repeats.
const MAX_SHOWN: usize = 64;

/// Everything that is wrong with an event, 20 mismatches at most.
pub(super) fn report(validator: &Validator, event: &Value) -> Vec<Mismatch> {
    let mut mismatches: Vec<Mismatch> = Vec::new();
    for error in validator.iter_errors(event) {
        for mismatch in mismatches_of(&error) {
            if !mismatches.contains(&mismatch) {
                mismatches.push(mismatch);
            }
            if mismatches.len() == MAX_MISMATCHES {
                return mismatches;
            }
        }
    }
    if mismatches.is_empty() {
        mismatches.push(whole(event));
    }
    mismatches
}

/// Says only that the event as a whole is not accepted.
pub(super) fn whole(event: &Value) -> Mismatch {
    Mismatch { pointer: String::new(), expected: "a value that the schema accepts".to_owned(), actual: kind_of(event) }
}

/// Says that the event has a number that can't be judged.
pub(super) fn out_of_range() -> Mismatch {
    let expected = "numbers that a double can hold".to_owned();
    Mismatch { pointer: String::new(), expected, actual: "number out of range" }
}

fn mismatches_of(error: &ValidationError<'_>) -> Vec<Mismatch> {
    let pointer = error.instance_path().as_str();
    let member = |name: &str, expected: &str, actual| {
        let mut pointer = pointer.to_owned();
        push_member(&mut pointer, name);
        Mismatch { pointer, expected: expected.to_owned(), actual }
    };
    match error.kind() {
        ValidationErrorKind::Required { property } => {
            vec![member(property.as_str().unwrap_or_default(), "a member, which is required", "missing")]
        }
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .take(MAX_MISMATCHES)
            .map(|name| member(name, "no member that the schema does not name", "unknown member"))
            .collect(),
        ValidationErrorKind::FalseSchema => {
            vec![Mismatch {
                pointer: pointer.to_owned(),
                expected: "nothing here".to_owned(),
                actual: kind_of(error.instance()),
            }]
        }
        kind => {
            let actual = match kind {
                ValidationErrorKind::Type { .. } => kind_beside(error.instance(), kind),
                _ => kind_of(error.instance()),
            };
            vec![Mismatch { pointer: pointer.to_owned(), expected: demand(kind, "the schema"), actual }]
        }
    }
}

/// What a keyword demands. `whose` says who does.
pub(super) fn demand(kind: &ValidationErrorKind, whose: &str) -> String {
    use ValidationErrorKind as Kind;
    match kind {
        Kind::Type { kind: TypeKind::Single(only) } => article(&only.to_string()),
        Kind::Type { kind: TypeKind::Multiple(several) } => {
            several.iter().map(|one| article(&one.to_string())).collect::<Vec<_>>().join(", or ")
        }
        Kind::Enum { options } => match options.as_array() {
            Some(options) => format!("one of: {}", listed(options)),
            None => "one of the values that the schema lists".to_owned(),
        },
        Kind::Constant { expected_value } => format!("exactly {}", shown(expected_value)),
        Kind::Minimum { limit } => format!("a number of at least {limit}"),
        Kind::Maximum { limit } => format!("a number of at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("a number above {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("a number below {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinLength { limit } => format!("a string of at least {}", counted(*limit, "character")),
        Kind::MaxLength { limit } => format!("a string of at most {}", counted(*limit, "character")),
        Kind::Pattern { pattern } => format!("a string that matches the pattern {}", cut(pattern)),
        Kind::Format { format } => format!("a string of the format {format}"),
        Kind::MinItems { limit } => format!("an array of at least {}", counted(*limit, "element")),
        Kind::MaxItems { limit } => format!("an array of at most {}", counted(*limit, "element")),
        Kind::AdditionalItems { limit } => {
            format!("an array of at most {}", counted(u64::try_from(*limit).unwrap_or(u64::MAX), "element"))
        }
        Kind::UniqueItems => "an array whose elements all differ".to_owned(),
        Kind::Contains => "an array with elements that the schema's `contains` accepts".to_owned(),
        Kind::UnevaluatedItems { .. } => "an array without further elements".to_owned(),
        Kind::MinProperties { limit } => format!("an object of at least {}", counted(*limit, "member")),
        Kind::MaxProperties { limit } => format!("an object of at most {}", counted(*limit, "member")),
        Kind::PropertyNames { .. } => "an object whose members' names `propertyNames` accepts".to_owned(),
        Kind::Required { property } => format!("a member `{}`", property.as_str().unwrap_or_default()),
        Kind::AdditionalProperties { .. } | Kind::UnevaluatedProperties { .. } => {
            format!("no member that {whose} does not name")
        }
        Kind::AnyOf { .. } => format!("a value that {whose} accepts in at least one of its ways (anyOf)"),
        Kind::OneOfNotValid { .. } | Kind::OneOfMultipleValid { .. } => {
            format!("a value that {whose} accepts in exactly one of its ways (oneOf)")
        }
        Kind::Not { .. } => format!("a value other than {whose} forbids (not)"),
        Kind::ContentEncoding { content_encoding } => format!("a string encoded as {content_encoding}"),
        Kind::ContentMediaType { content_media_type } => format!("a string that holds {content_media_type}"),
        _ => format!("a value that {whose} accepts"),
    }
}

/// A value's kind.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

/// A value's kind where another type was wanted.
fn kind_beside(value: &Value, wanted: &ValidationErrorKind) -> &'static str {
    let integer = |kind: &jsonschema::JsonType| *kind == jsonschema::JsonType::Integer;
    let whole = match wanted {
        ValidationErrorKind::Type { kind: TypeKind::Single(only) } => integer(only),
        ValidationErrorKind::Type { kind: TypeKind::Multiple(several) } => several.iter().any(|one| integer(&one)),
        _ => false,
    };
    match value {
        Value::Number(_) if whole => "number with a fraction",
        other => kind_of(other),
    }
}

fn article(kind: &str) -> String {
    match kind {
        "null" => "null".to_owned(),
        "boolean" => "true or false".to_owned(),
        "integer" => "a whole number".to_owned(),
        "array" | "object" => format!("an {kind}"),
        other => format!("a {other}"),
    }
}

fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn listed(options: &[Value]) -> String {
    let list = options.iter().take(MAX_LISTED).map(shown).collect::<Vec<_>>().join(", ");
    match options.len().saturating_sub(MAX_LISTED) {
        0 => list,
        more => format!("{list} and {more} more"),
    }
}

/// A value of the schema; strings stand bare.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text).into_owned(),
        other => cut(&other.to_string()).into_owned(),
    }
}

fn cut(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(MAX_SHOWN) {
        Some((at, _)) => Cow::Owned(format!("{}…", &text[..at])),
        None => Cow::Borrowed(text),
    }
}
