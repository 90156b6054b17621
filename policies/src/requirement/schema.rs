//! What a rule may require of a schema, whatever its language. Knows fields by their outline only.

use forebay_schemas::contract::Pointer;
use forebay_schemas::document::{Node, Reader};
use forebay_schemas::outline::{Field, FieldKind, Outline, Place};
use forebay_schemas::problem::Problem;

use super::{Fault, read_true, refuse_none};
use crate::fields::name;
use crate::words::Words;

/// The names of the fields without documentation that one finding lists.
const LISTED: usize = 5;

/// One requirement.
#[derive(Debug, Clone)]
pub(crate) enum Requirement {
    /// Every field says what it means.
    Documented,
    /// No field is of one of these types, spelled as the schema has them or by kind. A union is of none of the kinds: `any` is
    /// only what may be anything.
    ForbiddenTypes(Vec<String>),
    /// These fields are there.
    Fields(Vec<Pointer>),
    /// Every field is named so.
    Names(Words),
    /// Every field that is named so is personal.
    Personal(Words),
}

/// Reads a rule's `require`.
pub(crate) fn read(node: &Node, problems: &mut Vec<Problem>) -> Vec<Requirement> {
    let before = problems.len();
    let mut reader = Reader::new(node, problems);
    let requirements: Vec<_> = [
        reader.optional("documented_fields", read_true).map(|()| Requirement::Documented),
        reader.optional("forbid_types", |node, problems| Some(Requirement::ForbiddenTypes(texts(node, problems)?))),
        reader.optional("fields", read_fields),
        reader.optional("field_names", Words::read).map(Requirement::Names),
        reader.optional("personal_fields", read_personal),
    ]
    .into_iter()
    .flatten()
    .collect();
    reader.finish();
    let empty = requirements.is_empty() && problems.len() == before;
    refuse_none(empty, node, "{ documented_fields: true, fields: [event_id] }", problems);
    requirements
}

fn texts(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
    let texts = node.list(problems, Node::text)?;
    if texts.is_empty() {
        problems.push(node.problem("at least one", "an empty list"));
    }
    Some(texts)
}

/// Names of outermost fields, or pointers to deeper ones.
fn read_fields(node: &Node, problems: &mut Vec<Problem>) -> Option<Requirement> {
    let read = |text: String| {
        let whole =
            if text.starts_with('/') { text } else { format!("/{}", text.replace('~', "~0").replace('/', "~1")) };
        Pointer::parse(&whole).map_err(|expected| (expected, whole))
    };
    let pointers = texts(node, problems)?.into_iter().map(read).collect::<Result<_, _>>();
    pointers.map(Requirement::Fields).map_err(|(expected, found)| problems.push(node.problem(expected, found))).ok()
}

fn read_personal(node: &Node, problems: &mut Vec<Problem>) -> Option<Requirement> {
    let mut reader = Reader::expecting("a mapping, as in { named: 'email|phone' }", node, problems);
    let named = reader.required("named", "which names personal fields have, as in 'email|phone'", Words::read);
    reader.finish();
    named.map(Requirement::Personal)
}

impl Requirement {
    /// What a schema lacks of it.
    pub(crate) fn faults(&self, outline: &Outline) -> Vec<Fault> {
        let fault =
            |field: &Field, expected: String, found: String| Fault { pointer: field.pointer.clone(), expected, found };
        let named = || outline.fields.iter().filter_map(|field| Some((field, name(field)?)));
        match self {
            Self::Documented => undocumented(outline).into_iter().collect(),
            Self::ForbiddenTypes(types) => {
                let kind = |field: &Field| (field.kind != FieldKind::Any).then(|| kind_name(field.kind));
                let forbidden =
                    |field: &&Field| types.iter().any(|one| *one == field.spelled || Some(one.as_str()) == kind(field));
                let expected = || format!("a type other than {}", types.join(", "));
                outline.fields.iter().filter(forbidden).map(|it| fault(it, expected(), it.spelled.clone())).collect()
            }
            Self::Fields(pointers) => {
                let missing = pointers.iter().filter(|pointer| !matches!(outline.find(pointer), Place::Field(_)));
                let fault = |pointer: &Pointer| Fault {
                    pointer: pointer.text.clone(),
                    expected: "a field".to_owned(),
                    found: "none".to_owned(),
                };
                missing.map(fault).collect()
            }
            Self::Names(words) => named()
                .filter(|(_, name)| !words.accept(name))
                .map(|(field, name)| {
                    fault(field, format!("a field's name to be {}", words.expected(name)), name.to_owned())
                })
                .collect(),
            Self::Personal(words) => named()
                .filter(|(field, name)| !field.personal && words.accept(name))
                .map(|(field, _)| {
                    let expected = "a field of this name to stand under pii in the contract".to_owned();
                    fault(field, expected, "one that does not".to_owned())
                })
                .collect(),
        }
    }
}

/// One finding for all fields that say nothing, so that a schema without a word in it does not bury what else is found.
fn undocumented(outline: &Outline) -> Option<Fault> {
    let silent: Vec<_> = outline.fields.iter().filter(|field| !field.documented && name(field).is_some()).collect();
    let first = silent.first()?;
    let mut found: Vec<_> = silent.iter().take(LISTED).map(|field| field.pointer.clone()).collect();
    if let Some(more) = silent.len().checked_sub(LISTED + 1) {
        found.push(format!("{} more", more + 1));
    }
    let found = format!("none for {}", found.join(", "));
    Some(Fault { pointer: first.pointer.clone(), expected: "a description of each field".to_owned(), found })
}

/// A kind by the name that rules and cases have for it.
pub(crate) fn kind_name(kind: FieldKind) -> &'static str {
    KINDS.iter().find(|(_, known)| *known == kind).map_or("any", |(name, _)| name)
}

/// All kinds, by the names that rules and cases have for them.
pub(crate) const KINDS: [(&str, FieldKind); 9] = [
    ("bool", FieldKind::Bool),
    ("int", FieldKind::Int),
    ("double", FieldKind::Double),
    ("text", FieldKind::Text),
    ("bytes", FieldKind::Bytes),
    ("time", FieldKind::Time),
    ("list", FieldKind::List),
    ("object", FieldKind::Object),
    ("any", FieldKind::Any),
];
