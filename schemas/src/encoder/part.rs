//! The parts of a contract that have a format: an event's value, and its key where that has a schema. Knows how each
//! format's program is made, and which file and line a mistake belongs to.

use super::Body;
use super::facts::{Aim, Role};
use super::material::{Material, Sourced};
use super::personal::{refuse_all, treat_all};
use super::picks::Picks;
use crate::avro;
use crate::avro::program::Rule;
use crate::avro::tap::Lost;
use crate::contract::{Contract, Format, Framing, UnknownFields, ValueRule};
use crate::json_schema;
use crate::outline::{Field, FieldKind, Outline, Place};
use crate::pass::Leaf;
use crate::pick::Tree;
use crate::problem::Problem;
use crate::protobuf;
use crate::schema::{Mistake, Schema};
use crate::wire;

/// What a part's program is made of.
pub(super) struct Part<'c> {
    pub(super) contract: &'c Contract,
    pub(super) rule: &'c ValueRule,
    pub(super) sourced: Option<&'c Sourced>,
    /// Where the contract has it: `/value` or `/key`.
    pub(super) path: &'static str,
    /// What is picked out of it.
    pub(super) aims: Vec<Aim<'c>>,
    /// For a part whose personal fields are treated.
    pub(super) personal: Option<&'c Material>,
}

/// Why an aim is missed.
enum Missed {
    Nowhere,
    /// What is there.
    Unfit(String),
}

impl Missed {
    fn of(lost: Lost, there: impl Fn(usize) -> String) -> Self {
        match lost {
            Lost::Nowhere => Self::Nowhere,
            Lost::Unfit(node) => Self::Unfit(there(node)),
        }
    }
}

impl Part<'_> {
    /// What stands before each payload.
    pub(super) fn prefix(&self, body: &Body) -> Vec<u8> {
        let mut prefix = wire::prefix(self.rule.framing, self.sourced.and_then(|sourced| sourced.id).unwrap_or(0));
        if let (Framing::Confluent, Body::Protobuf(program)) = (self.rule.framing, body) {
            wire::push_message_indexes(&mut prefix, &program.message_indexes);
        }
        prefix
    }

    /// How payloads are made. None where there are problems.
    pub(super) fn body(&self, picks: &mut Picks, problems: &mut Vec<Problem>) -> Option<Body> {
        if matches!(self.rule.format, Format::String | Format::Bytes) && self.personal.is_some() {
            refuse_all(self.contract, problems);
        }
        match self.rule.format {
            Format::Avro => self.avro(picks, problems),
            Format::Protobuf => self.protobuf(picks, problems),
            Format::JsonSchema => self.json_schema(picks, problems),
            Format::Json => Some(Body::Json(self.json(picks, problems))),
            Format::String => self.whole(picks, problems).then_some(Body::String),
            Format::Bytes => self.whole(picks, problems).then_some(Body::Bytes(self.rule.bytes)),
        }
    }

    /// Has all pointers followed; `tap` is the program's, and gives how many tokens lead on from there. What conventions
    /// name need not be there.
    fn take_aim(
        &self,
        picks: &mut Picks,
        problems: &mut Vec<Problem>,
        mut tap: impl FnMut(&Aim<'_>) -> Result<usize, Missed>,
    ) {
        for aim in &self.aims {
            match tap(aim) {
                Ok(left) => picks.found(aim.slot, &aim.pointer.tokens[aim.pointer.tokens.len() - left..]),
                Err(_) if aim.role == Role::Named => {}
                Err(missed) => problems.push(self.missed(aim, missed)),
            }
        }
    }

    fn schema(&self, problems: &mut Vec<Problem>) -> Option<&Schema> {
        let schema = self.sourced.map(|sourced| &sourced.schema);
        if schema.is_none() {
            problems.push(self.contract.problem(&format!("{}/schema", self.path), "a schema's text", "none"));
        }
        schema
    }

    fn avro(&self, picks: &mut Picks, problems: &mut Vec<Problem>) -> Option<Body> {
        let schema = self.schema(problems)?;
        match avro::compile(schema, Rule::of(self.rule)) {
            Ok(mut program) => {
                self.take_aim(picks, problems, |aim| {
                    let tapped = program.tap(&aim.pointer.tokens, aim.slot, |leaf| aim.role.fits(leaf));
                    tapped.map_err(|lost| Missed::of(lost, |node| program.expected(node)))?;
                    Ok(0)
                });
                program.compact();
                if let Some(material) = self.personal {
                    treat_all(self.contract, material, problems, |tokens, treatment| {
                        program.treat(tokens, treatment)?;
                        program.compact();
                        Ok(())
                    });
                    problems.extend(self.narrow_limit(program.shortest_text()));
                }
                Some(Body::Avro(program))
            }
            Err(mistakes) => {
                problems.extend(mistakes.into_iter().map(|mistake| self.in_schema(schema, mistake)));
                None
            }
        }
    }

    fn protobuf(&self, picks: &mut Picks, problems: &mut Vec<Problem>) -> Option<Body> {
        let schema = self.schema(problems)?;
        let mut program = match self.message(schema) {
            Ok(program) => program,
            Err(wrong) => {
                problems.extend(wrong);
                return None;
            }
        };
        self.take_aim(picks, problems, |aim| {
            let tokens = &aim.pointer.tokens;
            let tapped = match aim.role {
                Role::Named => program.tap_any(tokens, aim.slot),
                role => program.tap(tokens, aim.slot, |leaf| role.fits(leaf)).map(|()| 0),
            };
            tapped.map_err(|lost| Missed::of(lost, |node| program.expected(node)))
        });
        if let Some(material) = self.personal {
            treat_all(self.contract, material, problems, |tokens, treatment| program.treat(tokens, treatment));
            problems.extend(self.narrow_limit(program.shortest_text()));
        }
        Some(Body::Protobuf(program))
    }

    fn message(&self, schema: &Schema) -> Result<protobuf::program::Program, Vec<Problem>> {
        let wrong =
            |mistakes: Vec<Mistake>| mistakes.into_iter().map(|mistake| self.in_schema(schema, mistake)).collect();
        let pool = protobuf::pool::pool(schema).map_err(wrong)?;
        let message = protobuf::root::find(&pool, &self.rule.message).map_err(|none| {
            vec![self.contract.problem(&format!("{}/message", self.path), none.expected, none.found)]
        })?;
        protobuf::compile(&message, self.rule.unknown_fields == UnknownFields::Drop).map_err(wrong)
    }

    /// A mistake in a schema or in one of its references, as a problem of its file.
    fn in_schema(&self, schema: &Schema, mistake: Mistake) -> Problem {
        let Mistake { reference, path, line, expected, found } = mistake;
        let name = reference.as_ref().unwrap_or(&schema.name);
        let text = match &reference {
            None => schema.text(),
            Some(name) => schema.references.iter().find(|one| one.name == *name).and_then(|one| one.text()),
        };
        let line = line.or_else(|| text.map(|text| avro::line_of(text, &path)));
        // What comes from a registry has no file: it is called as the registry calls it.
        let of_file = self.rule.schema.as_ref().is_some_and(|schema| schema.file.is_some());
        let file = if of_file { beside(&self.contract.file, name) } else { name.clone() };
        Problem { file, line: line.unwrap_or(0), path, expected, found }
    }

    /// A limit that would refuse every event. `least`: no event's text is shorter.
    fn narrow_limit(&self, least: usize) -> Option<Problem> {
        let limit = self.contract.bytes_per_event?;
        let narrow = usize::try_from(limit).is_ok_and(|limit| limit < least);
        let expected = || format!("a limit that can hold one event: at least {least} bytes");
        narrow.then(|| self.contract.problem("/limits/bytes_per_event", expected(), limit.to_string()))
    }

    fn missed(&self, aim: &Aim<'_>, missed: Missed) -> Problem {
        let text = &aim.pointer.text;
        let (expected, found) = match missed {
            Missed::Nowhere => ("a pointer to a field of the schema", format!("`{text}`, which leads to none")),
            Missed::Unfit(there) => (aim.role.fields(), format!("`{text}`, which leads to {there}")),
        };
        self.contract.problem(&aim.path(), expected, found)
    }

    fn json_schema(&self, picks: &mut Picks, problems: &mut Vec<Problem>) -> Option<Body> {
        let schema = self.schema(problems)?;
        match json_schema::compile(schema) {
            Ok(mut program) => {
                let outline = match (program.slow_because(), self.personal) {
                    (Some(_), Some(material)) => Outline::of(self.contract, material),
                    _ => Outline::default(),
                };
                self.take_aim(picks, problems, |aim| {
                    let judged = if aim.role == Role::Named { leaf(outline.find(aim.pointer)) } else { Leaf::Any };
                    let tapped = program.tap(&aim.pointer.tokens, aim.slot, |leaf| aim.role.fits(leaf), judged);
                    tapped.map(|()| 0).map_err(|lost| match lost {
                        json_schema::Lost::Nowhere => Missed::Nowhere,
                        json_schema::Lost::Unfit(there) => Missed::Unfit(there),
                    })
                });
                if let Some(material) = self.personal {
                    treat_all(self.contract, material, problems, |tokens, treatment| program.treat(tokens, treatment));
                    problems.extend(self.narrow_limit(program.shortest_text()));
                }
                Some(Body::JsonSchema(Box::new(program)))
            }
            Err(mistakes) => {
                problems.extend(mistakes.into_iter().map(|mistake| self.in_schema(schema, mistake)));
                None
            }
        }
    }

    fn json(&self, picks: &mut Picks, problems: &mut Vec<Problem>) -> Tree {
        let mut tree = Tree::default();
        self.take_aim(picks, problems, |aim| {
            tree.tap(&aim.pointer.tokens, aim.slot, Leaf::Any);
            Ok(0)
        });
        if let Some(material) = self.personal {
            treat_all(self.contract, material, problems, |tokens, treatment| tree.treat(tokens, treatment));
        }
        tree
    }

    /// An event that is one string has no members for a pointer to lead to.
    fn whole(&self, picks: &mut Picks, problems: &mut Vec<Problem>) -> bool {
        for aim in &self.aims {
            if !aim.pointer.tokens.is_empty() {
                if aim.role != Role::Named {
                    let expected = "the empty pointer, since the event is one string";
                    problems.push(self.contract.problem(&aim.path(), expected, format!("`{}`", aim.pointer.text)));
                }
            } else if !aim.role.fits(Leaf::Text) || (aim.role == Role::Bind && self.rule.format == Format::Bytes) {
                problems.push(self.contract.problem(&aim.path(), aim.role.fields(), "an event that is one string"));
            } else {
                picks.found(aim.slot, &[]);
            }
        }
        problems.is_empty()
    }
}

/// What a field of a JSON Schema is to those who pick it, where the schema has no program that tells.
const fn leaf(place: Place<'_>) -> Leaf {
    match place {
        Place::Field(Field { kind: FieldKind::Time, .. }) => Leaf::Stamp,
        Place::Field(Field { kind: FieldKind::Int, .. }) => Leaf::Whole,
        Place::Field(Field { kind: FieldKind::Double, .. }) => Leaf::Double,
        _ => Leaf::Any,
    }
}

/// The name of a file in the same folder as another.
fn beside(file: &str, name: &str) -> String {
    match file.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{name}"),
        None => name.to_owned(),
    }
}
