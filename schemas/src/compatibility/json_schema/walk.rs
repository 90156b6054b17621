//! The walk: a view, that is what the writer's version says about one place, against one part of what the reader's
//! says there. Quiet, to try a branch, or with findings. Steps and depth are bounded.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_json::Value;

use super::document::{Document, Id};
use super::parts::Part;
use super::same::{Pair, Same};
use super::{rules, view};
use crate::compatibility::finding::{Findings, MAX_DEPTH, Rule, Stop};

/// A view's number.
pub(super) type View = usize;

/// A view and a reader's part that meet at a place of the new version.
#[derive(Clone)]
pub(super) struct Meeting {
    pub(super) view: View,
    pub(super) part: Part,
    pub(super) place: Rc<str>,
    /// Whether breaks are noted.
    pub(super) loud: bool,
}

pub(super) struct Walk<'a, 'f> {
    pub(super) writer: Document<'a>,
    pub(super) reader: Document<'a>,
    pub(super) findings: &'f mut Findings,
    views: Vec<Rc<[Part]>>,
    numbers: HashMap<Rc<[Part]>, View>,
    kinds: HashMap<View, u8>,
    values: HashMap<View, Option<Rc<[&'a Value]>>>,
    /// The values that parts name by number.
    pub(super) named: Vec<&'a Value>,
    said: HashSet<(View, Part)>,
    tried: HashMap<(View, Part), bool>,
    /// What was taken for true since: taken back when a trial fails, as it may rest on what failed.
    trail: Vec<(View, Part)>,
    known: HashMap<Pair, bool>,
    depth: usize,
}

impl<'a, 'f> Walk<'a, 'f> {
    pub(super) fn new(writer: Document<'a>, reader: Document<'a>, findings: &'f mut Findings) -> Self {
        Self {
            writer,
            reader,
            findings,
            views: Vec::new(),
            numbers: HashMap::new(),
            kinds: HashMap::new(),
            values: HashMap::new(),
            named: Vec::new(),
            said: HashSet::new(),
            tried: HashMap::new(),
            trail: Vec::new(),
            known: HashMap::new(),
            depth: 0,
        }
    }

    /// Holds the documents' roots against each other.
    pub(super) fn run(mut self) -> Result<(), Stop> {
        let parts = self.writer.parts(self.writer.root)?;
        let view = self.view(&parts);
        let reader = self.reader.root;
        self.schema(view, reader, &Rc::from(""), true)?;
        Ok(())
    }

    /// The number of a view: each part once, in order.
    pub(super) fn view(&mut self, parts: &[Part]) -> View {
        let mut seen = HashSet::new();
        let parts: Rc<[Part]> = parts.iter().copied().filter(|part| seen.insert(*part)).collect();
        let next = self.views.len();
        let number = *self.numbers.entry(Rc::clone(&parts)).or_insert(next);
        if number == next {
            self.views.push(parts);
        }
        number
    }

    pub(super) fn parts_of(&self, view: View) -> Rc<[Part]> {
        Rc::clone(&self.views[view])
    }

    /// A view with one part more, or with a part replaced.
    pub(super) fn with(&mut self, view: View, gone: Option<Part>, more: &[Part]) -> View {
        let parts = self.parts_of(view);
        let kept = parts.iter().filter(|part| Some(**part) != gone);
        let parts: Vec<Part> = kept.chain(more).copied().collect();
        self.view(&parts)
    }

    /// The kinds of value that can be written there.
    pub(super) fn kinds(&mut self, view: View) -> Result<u8, Stop> {
        if let Some(kinds) = self.kinds.get(&view) {
            return Ok(*kinds);
        }
        let parts = self.parts_of(view);
        self.findings.steps(parts.len())?;
        let kinds = self.writer.kinds(&parts, &self.named)?;
        self.kinds.insert(view, kinds);
        Ok(kinds)
    }

    /// The values that can be written there, where they are listed.
    pub(super) fn values(&mut self, view: View) -> Option<Rc<[&'a Value]>> {
        let (writer, parts, named) = (&self.writer, &self.views[view], &self.named);
        self.values.entry(view).or_insert_with(|| writer.values(parts, named).map(Rc::from)).clone()
    }

    /// Whether nothing can be written there.
    pub(super) fn empty(&mut self, view: View) -> Result<bool, Stop> {
        Ok(self.kinds(view)? == 0 || self.values(view).is_some_and(|values| values.is_empty()))
    }

    /// Holds a view against a whole schema of the reader's.
    pub(super) fn schema(&mut self, view: View, reader: Id, place: &Rc<str>, loud: bool) -> Result<bool, Stop> {
        let mut fits = true;
        for part in self.reader.parts(reader)?.iter() {
            let place = self.place(view, *part, place);
            fits &= self.check(&Meeting { view, part: *part, place, loud })?;
            if !fits && !loud {
                return Ok(false);
            }
        }
        Ok(fits)
    }

    /// Where a view and a part meet in the new version; what the writer says nothing about is placed by its parent.
    fn place(&self, view: View, part: Part, parent: &Rc<str>) -> Rc<str> {
        let node = |part: &Part| match *part {
            Part::Plain(id) | Part::AnyOf(id) | Part::OneOf(id) => Some(id),
            _ => None,
        };
        let found = if self.findings.backward() {
            node(&part).map(|id| self.reader.place(id))
        } else {
            self.views[view].iter().find_map(node).map(|id| self.writer.place(id))
        };
        found.map_or_else(|| Rc::clone(parent), Rc::from)
    }

    pub(super) fn check(&mut self, at: &Meeting) -> Result<bool, Stop> {
        self.findings.step()?;
        let key = (at.view, at.part);
        if let Some(known) = self.tried.get(&key)
            && (*known || !at.loud)
        {
            return Ok(*known);
        }
        if at.loud {
            return if self.said.insert(key) { self.deeper(at) } else { Ok(true) };
        }
        let trail = self.trail.len();
        self.tried.insert(key, true);
        self.trail.push(key);
        let fits = self.deeper(at)?;
        if !fits {
            for taken in self.trail.drain(trail..) {
                self.tried.remove(&taken);
            }
            self.tried.insert(key, false);
        }
        Ok(fits)
    }

    fn deeper(&mut self, at: &Meeting) -> Result<bool, Stop> {
        if self.depth == MAX_DEPTH {
            return Err(Stop::Depth);
        }
        self.depth += 1;
        let fits = self.meet(at);
        self.depth -= 1;
        fits
    }

    fn meet(&mut self, at: &Meeting) -> Result<bool, Stop> {
        if self.empty(at.view)? || self.stands_in_view(at)? {
            return Ok(true);
        }
        match at.part {
            Part::Plain(reader) => self.plain(at, reader),
            Part::AnyOf(_) | Part::OneOf(_) => self.choice(at),
            _ => self.no(at, &rules::NOTHING, "", || "nothing is accepted there".to_owned()),
        }
    }

    /// Whether the writer's version says the same in the same words.
    fn stands_in_view(&mut self, at: &Meeting) -> Result<bool, Stop> {
        for part in self.parts_of(at.view).iter() {
            let same = match (*part, at.part) {
                (Part::Plain(writer), Part::Plain(reader)) => self.same().schemas(writer, reader)?,
                (Part::AnyOf(writer), Part::AnyOf(reader)) => self.same().keywords(writer, reader, &["anyOf"])?,
                (Part::OneOf(writer), Part::OneOf(reader)) => self.same().keywords(writer, reader, &["oneOf"])?,
                _ => false,
            };
            if same {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn same(&mut self) -> Same<'_, 'a> {
        Same { writer: &mut self.writer, reader: &mut self.reader, findings: self.findings, known: &mut self.known }
    }

    /// The keywords of a schema. If they don't follow as it stands, then maybe from each branch of a choice.
    fn plain(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let choice =
            self.parts_of(at.view).iter().copied().find(|part| matches!(part, Part::AnyOf(_) | Part::OneOf(_)));
        let Some(choice) = choice else { return self.keywords(at, reader) };
        let quiet = Meeting { loud: false, ..at.clone() };
        if self.keywords(&quiet, reader)? {
            return Ok(true);
        }
        self.each_branch(at, choice)
    }

    /// Holds each branch of a writer's choice against the part.
    pub(super) fn each_branch(&mut self, at: &Meeting, choice: Part) -> Result<bool, Stop> {
        let mut fits = true;
        for branch in self.writer.branches(choice).iter() {
            let parts = self.writer.parts(*branch)?;
            self.findings.steps(parts.len() + self.views[at.view].len())?;
            let view = self.with(at.view, Some(choice), &parts);
            let place = if self.findings.backward() { Rc::clone(&at.place) } else { self.writer.place(*branch).into() };
            fits &= self.check(&Meeting { view, place, ..at.clone() })?;
            if !fits && !at.loud {
                break;
            }
        }
        Ok(fits)
    }

    fn keywords(&mut self, at: &Meeting, reader: Id) -> Result<bool, Stop> {
        let kinds = self.kinds(at.view)?;
        let mut fits = self.scalar_keywords(at, reader, kinds)?;
        if kinds & view::OBJECT != 0 && (fits || at.loud) {
            fits &= self.object_keywords(at, reader)?;
        }
        if kinds & view::ARRAY != 0 && (fits || at.loud) {
            fits &= self.array_keywords(at, reader)?;
        }
        if fits || at.loud {
            fits &= self.undecided_keywords(at, reader, kinds)?;
        }
        Ok(fits)
    }

    /// Notes a break at a keyword, or at the place itself if the new version has no such keyword there.
    #[expect(clippy::unnecessary_wraps, reason = "so that callers can end with it")]
    pub(super) fn no(
        &mut self,
        at: &Meeting,
        rule: &Rule,
        keyword: &str,
        what: impl FnOnce() -> String,
    ) -> Result<bool, Stop> {
        if at.loud {
            let twin = if keyword == "const" { "enum" } else { keyword };
            let under = |document: &Document<'_>, part: &Part| match *part {
                Part::Plain(id) => [keyword, twin].into_iter().find_map(|keyword| {
                    document.keyword(id, keyword).map(|_| format!("{}/{keyword}", document.place(id)))
                }),
                Part::AnyOf(id) | Part::OneOf(id) if !keyword.is_empty() => {
                    Some(format!("{}/{keyword}", document.place(id)))
                }
                _ => None,
            };
            let place = if self.findings.backward() {
                under(&self.reader, &at.part)
            } else {
                self.views[at.view].iter().find_map(|part| under(&self.writer, part))
            };
            let place = place.unwrap_or_else(|| at.place.to_string());
            self.findings.add(rule, &place, 0, what);
        }
        Ok(false)
    }
}
