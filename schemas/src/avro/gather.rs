//! A schema and those that it refers to, in the order in which they define one another's names. Which of the
//! references at hand are needed is told by the names; the others may be anything.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use super::source::{MAX_TEXT, read};
use crate::references::avro::{Names, resolve};
use crate::schema::{Mistake, Reference, Schema};

/// Schemas that one refers to, directly or not: each is parsed, and they may refer to one another in a chain.
const MAX_REFERENCES: usize = 256;

/// One text of those that a schema is made of.
#[derive(Debug)]
pub(crate) struct Document {
    /// What the reference is called; none for the schema itself.
    pub(crate) reference: Option<String>,
    pub(crate) value: Value,
}

/// The schema comes last, each other one before whatever needs it.
pub(crate) fn gather(schema: &Schema) -> Result<Vec<Document>, Vec<Mistake>> {
    let text = schema.text().ok_or_else(|| vec![Mistake::new("", "a UTF-8 text", "other bytes")])?;
    let value = read(text).map_err(|mistake| vec![mistake])?;
    let names = resolve(&mut value.clone());
    let wanted = wanted(&names);
    let mut gatherer = Gatherer::default();
    if !wanted.is_empty() {
        gatherer.look_through(&schema.references);
        gatherer.include_all(&wanted, (None, text));
    }
    if !gatherer.mistakes.is_empty() {
        return Err(gatherer.mistakes);
    }
    let mut documents = gatherer.documents;
    documents.push(Document { reference: None, value });
    Ok(documents)
}

/// Names that a text uses and does not define.
fn wanted(names: &Names) -> BTreeSet<String> {
    let mut wanted = names.used.clone();
    for own in &names.defined {
        wanted.remove(own);
    }
    wanted
}

#[derive(Default)]
struct Gatherer<'s> {
    candidates: Vec<Candidate<'s>>,
    /// Candidates by the names that they define.
    by_name: HashMap<String, Vec<usize>>,
    /// What is wrong with references that look like schemas and can't be read.
    broken: Vec<Mistake>,
    /// Bytes of the documents so far.
    length: usize,
    documents: Vec<Document>,
    mistakes: Vec<Mistake>,
}

struct Candidate<'s> {
    reference: &'s Reference,
    text: &'s str,
    /// Taken when it is included.
    value: Option<Value>,
    names: Names,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Unused,
    /// What it refers to is being included.
    Open,
    Included,
}

impl<'s> Gatherer<'s> {
    fn look_through(&mut self, references: &'s [Reference]) {
        for reference in references {
            let Some(text) = reference.text() else { continue };
            match read(text) {
                Ok(value) => {
                    let names = resolve(&mut value.clone());
                    for name in names.defined.iter().collect::<BTreeSet<_>>() {
                        self.by_name.entry(name.clone()).or_default().push(self.candidates.len());
                    }
                    let value = Some(value);
                    self.candidates.push(Candidate { reference, text, value, names, state: State::Unused });
                }
                Err(mistake) if reference.name.rsplit_once('.').is_some_and(|(_, ending)| ending == "avsc") => {
                    self.broken.push(Mistake { reference: Some(reference.name.clone()), ..mistake });
                }
                Err(_) => {}
            }
        }
    }

    /// Includes what defines these names, which a text uses.
    fn include_all(&mut self, wanted: &BTreeSet<String>, user: (Option<&str>, &str)) {
        for name in wanted {
            match self.definer(name) {
                Ok(definer) => self.include(definer, name, user),
                Err(found) => {
                    let expected = "a name that is defined here, or in a schema that this one refers to";
                    self.mistakes.push(at_name(expected, found, name, user));
                    self.mistakes.append(&mut self.broken);
                }
            }
        }
    }

    /// The reference that defines a name. Of several, the one that is called like it, or is about it.
    fn definer(&self, name: &str) -> Result<usize, String> {
        let all = self.by_name.get(name).map_or(&[][..], Vec::as_slice);
        let about = |index: &usize| {
            let candidate = &self.candidates[*index];
            candidate.reference.name == name || candidate.names.defined.first().is_some_and(|first| first == name)
        };
        match (all, &all.iter().copied().filter(about).collect::<Vec<_>>()[..]) {
            ([], _) => Err(format!("`{name}`, which is not defined")),
            ([one], _) | (_, [one]) => Ok(*one),
            ([one, other, ..], _) => {
                let [one, other] = [one, other].map(|index| &self.candidates[*index].reference.name);
                Err(format!("`{name}`, which {one} and {other} define"))
            }
        }
    }

    fn include(&mut self, index: usize, name: &str, user: (Option<&str>, &str)) {
        let candidate = &mut self.candidates[index];
        match candidate.state {
            State::Included => return,
            State::Open => {
                let found = format!("`{name}`, whose schema refers back to this one");
                self.mistakes.push(at_name("schemas that don't refer to each other in a circle", found, name, user));
                return;
            }
            State::Unused => candidate.state = State::Open,
        }
        let (reference, text, wanted) = (candidate.reference, candidate.text, wanted(&candidate.names));
        let Some(value) = candidate.value.take() else { return };
        self.length += text.len();
        let opened = self.candidates.iter().filter(|candidate| candidate.state != State::Unused).count();
        if self.length > MAX_TEXT || opened > MAX_REFERENCES {
            let expected = format!("at most {MAX_REFERENCES} schemas that are referred to, of 1 MiB together");
            self.mistakes.push(at_name(&expected, "more".to_owned(), name, user));
            return;
        }
        self.include_all(&wanted, (Some(&reference.name), text));
        self.documents.push(Document { reference: Some(reference.name.clone()), value });
        self.candidates[index].state = State::Included;
    }
}

/// A mistake at the first place in its user's text that has a name.
fn at_name(expected: &str, found: String, name: &str, (reference, text): (Option<&str>, &str)) -> Mistake {
    let short = name.rsplit('.').next().unwrap_or(name);
    let place = [name, short].into_iter().find_map(|name| text.find(&format!("\"{name}\"")));
    let line = place.map(|place| text[..place].matches('\n').count() + 1);
    Mistake { reference: reference.map(str::to_owned), line, ..Mistake::new("", expected, found) }
}
