//! What a rule may require of each event without an expression. Knows which fields it looks at, not where their values
//! come from.

use forebay_schemas::contract::{Pointer, check_header_name};
use forebay_schemas::document::{Node, Reader};
use forebay_schemas::picked::Value;
use forebay_schemas::problem::Problem;

use super::refuse_none;
use crate::cel::eval::FUEL;
use crate::words::Words;

/// One requirement.
#[derive(Debug, Clone)]
pub(crate) enum Requirement {
    /// The request has this header field, not empty; its name in lower case.
    Header(String),
    /// This field is there, not null and no empty text.
    Field(Pointer),
    /// The event's text has this many bytes at most.
    Bytes(u64),
    /// This field, where it is there, is one of these words.
    Value(Pointer, Words),
}

/// Reads a rule's `require`.
pub(crate) fn read(node: &Node, problems: &mut Vec<Problem>) -> Vec<Requirement> {
    let before = problems.len();
    let mut reader = Reader::new(node, problems);
    let headers = reader.optional("headers", |node, problems| node.list(problems, read_header));
    let fields = reader.optional("fields", |node, problems| node.list(problems, read_pointer));
    let bytes = reader.optional("bytes", |node, problems| {
        let size = node.size(problems)?;
        if size == 0 {
            problems.push(node.mismatch("a size of 1 byte or more"));
        }
        Some(size)
    });
    let values = reader.optional("values", |node, problems| {
        node.map(problems, |name, node, problems| {
            let pointer = pointer(name).map_err(|expected| problems.push(node.problem(expected, name))).ok();
            let words = Words::read_of_events(node, problems);
            Some((pointer?, words?))
        })
    });
    reader.finish();
    let values = values.into_iter().flatten().map(|(_, (pointer, words))| Requirement::Value(pointer, words));
    let headers = headers.into_iter().flatten().map(Requirement::Header);
    let fields = fields.into_iter().flatten().map(Requirement::Field);
    let all: Vec<_> = headers.chain(fields).chain(bytes.map(Requirement::Bytes)).chain(values).collect();
    let empty = all.is_empty() && problems.len() == before;
    refuse_none(empty, node, "{ headers: [traceparent], fields: [/customer_id] }", problems);
    all
}

fn read_header(node: &Node, problems: &mut Vec<Problem>) -> Option<String> {
    let name = node.text(problems)?;
    check_header_name(&name).map_err(|expected| problems.push(node.mismatch(expected))).ok()?;
    Some(name.to_ascii_lowercase())
}

fn read_pointer(node: &Node, problems: &mut Vec<Problem>) -> Option<Pointer> {
    let text = node.text(problems)?;
    pointer(&text).map_err(|expected| problems.push(node.mismatch(expected))).ok()
}

fn pointer(text: &str) -> Result<Pointer, &'static str> {
    let pointer = Pointer::parse(text)?;
    if pointer.tokens.is_empty() || pointer.tokens.iter().any(|token| token == "*") {
        return Err("a JSON Pointer to one field, as in /customer/id");
    }
    Ok(pointer)
}

impl Requirement {
    /// The field that it looks at.
    pub(crate) fn pointer(&self) -> Option<&Pointer> {
        match self {
            Self::Field(pointer) | Self::Value(pointer, _) => Some(pointer),
            Self::Header(_) | Self::Bytes(_) => None,
        }
    }

    /// What an event has instead, as a kind; none if it keeps the requirement. `value` is that of its field, or of its
    /// header field.
    pub(crate) fn broken(&self, value: &Value<'_>, bytes: u64) -> Option<&'static str> {
        match (self, value) {
            (Self::Bytes(most), _) => (bytes > *most).then_some("a longer one"),
            (Self::Field(_) | Self::Header(_), Value::Absent) => Some("nothing"),
            (Self::Field(_) | Self::Header(_), Value::Text("") | Value::Bytes([])) => Some("an empty one"),
            (Self::Field(_) | Self::Header(_), _) | (Self::Value(..), Value::Absent) => None,
            (Self::Value(_, words), Value::Text(text)) if words.steps(text.len()) > FUEL => {
                Some("a string that is too long")
            }
            (Self::Value(_, words), Value::Text(text)) => (!words.accept(text)).then_some("another string"),
            (Self::Value(_, words), Value::Int(number)) => (!words.accept_whole(*number)).then_some("another number"),
            (Self::Value(_, words), Value::Uint(number)) => (!words.accept_whole(*number)).then_some("another number"),
            // What a schema calls a number is one with a fraction, also where that is 0.
            (Self::Value(_, words), Value::Double(number)) => {
                (!words.accept_number(*number)).then_some("another number")
            }
            (Self::Value(_, words), Value::Bool(truth)) => {
                (!words.accept(if *truth { "true" } else { "false" })).then_some("another boolean")
            }
            (Self::Value(..), other) => Some(other.kind()),
        }
    }

    /// Steps that judging it takes, [`FUEL`] at most.
    pub(crate) fn steps(&self, value: &Value<'_>) -> usize {
        match (self, value) {
            (Self::Value(_, words), Value::Text(text)) => words.steps(text.len()).min(FUEL),
            _ => 1,
        }
    }

    /// What it is that it expects, for people.
    pub(crate) fn expected(&self) -> String {
        match self {
            Self::Header(name) => format!("a header field {name}"),
            Self::Field(_) => "a value that is not empty".to_owned(),
            Self::Bytes(most) => format!("an event of {most} bytes at most"),
            Self::Value(_, words) => words.expected(""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::List;

    #[test]
    fn a_number_is_one_of_the_words_whatever_holds_it() {
        let words = ["1", "2.5", "18446744073709551615"].map(str::to_owned).to_vec();
        let listed = Requirement::Value(Pointer::parse("/n").expect("a pointer"), Words::Listed(List::new(words)));
        for value in [Value::Int(1), Value::Uint(u64::MAX), Value::Double(1.0), Value::Double(2.5)] {
            assert_eq!(listed.broken(&value, 0), None, "{value:?}");
        }
        for value in [Value::Int(2), Value::Uint(u64::MAX - 1), Value::Double(1.5), Value::Double(f64::NAN)] {
            assert_eq!(listed.broken(&value, 0), Some("another number"), "{value:?}");
        }
        let zero = Requirement::Value(
            Pointer::parse("/n").expect("a pointer"),
            Words::Listed(List::new(vec!["0".to_owned()])),
        );
        assert_eq!(zero.broken(&Value::Double(-0.0), 0), None);
    }
}
