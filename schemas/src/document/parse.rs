//! From text to a tree: the one place that knows the YAML parser. It works on the parser's events, without
//! recursion, so that depth, size, anchors and tags are met here and never by whoever reads the tree.

use std::collections::HashSet;
use std::sync::Arc;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span};

use super::scalar::abridge;
use super::{Kind, MAX_BYTES, MAX_DEPTH, MAX_NAME_BYTES, MAX_NODES, Node, Place, Scalar, child_path};
use crate::problem::Problem;

/// Reads one document; an empty text is one with nothing in it. Every problem that can be found is.
pub fn read(file: &str, text: &str) -> Result<Node, Vec<Problem>> {
    let mut tree = Tree::new(Arc::from(file), last_line(text));
    if text.len() > MAX_BYTES {
        tree.complain(0, format!("a file of {MAX_BYTES} bytes at most"), format!("{} bytes", text.len()));
        return Err(tree.problems);
    }
    let mut parser = Parser::new_from_str(text);
    while let Some(next) = parser.next_event() {
        let step = match next {
            Ok((event, span)) => tree.take(event, span),
            Err(error) => Err(tree.not_yaml(&error)),
        };
        if let Err(problem) = step {
            tree.problems.push(problem);
            break;
        }
    }
    tree.finish()
}

/// The number of the last line: the parser calls a text's end the line after it.
fn last_line(text: &str) -> usize {
    let breaks = text.strip_suffix("\r\n").or(text.strip_suffix(['\r', '\n'])).unwrap_or(text);
    1 + breaks.replace("\r\n", "\n").matches(['\r', '\n']).count()
}

/// A mapping or list whose end has not come yet.
struct Open {
    place: Place,
    path: String,
    children: Children,
}

enum Children {
    Items(Vec<Node>),
    Members { done: Vec<(String, Node)>, names: HashSet<String>, pending: Option<Name> },
}

/// A member's name that waits for its value. A bad one has been complained about; its value is read and dropped.
struct Name {
    text: String,
    line: usize,
    good: bool,
}

struct Tree {
    file: Arc<str>,
    last_line: usize,
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    problems: Vec<Problem>,
}

impl Tree {
    fn new(file: Arc<str>, last_line: usize) -> Self {
        Self { file, last_line, open: Vec::new(), root: None, nodes: 0, problems: Vec::new() }
    }

    /// Takes one event; an error is a problem after which the rest can't be trusted.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Problem> {
        let line = span.start.line().min(self.last_line);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_properties(line, anchor, tag.is_some());
                self.count(line)?;
                self.scalar(text.into_owned(), style == ScalarStyle::Plain, line);
            }
            Event::SequenceStart(anchor, tag) => {
                self.refuse_properties(line, anchor, tag.is_some());
                self.open(line, Children::Items(Vec::new()))?;
            }
            Event::MappingStart(anchor, tag) => {
                self.refuse_properties(line, anchor, tag.is_some());
                let members = Children::Members { done: Vec::new(), names: HashSet::new(), pending: None };
                self.open(line, members)?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(_) => {
                self.count(line)?;
                self.complain_here(line, "the value itself (aliases are not read)", "an alias");
                self.scalar(String::new(), true, line);
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                return Err(self.problem(line, "one document in a file", "a second one"));
            }
            Event::DocumentStart(_) | Event::DocumentEnd | Event::StreamStart | Event::StreamEnd | Event::Nothing => {}
        }
        Ok(())
    }

    fn count(&mut self, line: usize) -> Result<(), Problem> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(self.problem(line, format!("{MAX_NODES} values at most"), "more"));
        }
        Ok(())
    }

    fn refuse_properties(&mut self, line: usize, anchor: usize, tagged: bool) {
        if anchor > 0 {
            self.complain_here(line, "the value itself (anchors are not read)", "an anchor");
        }
        if tagged {
            self.complain_here(line, "the value itself (tags are not read; quotes make text)", "a tag");
        }
    }

    fn open(&mut self, line: usize, children: Children) -> Result<(), Problem> {
        self.count(line)?;
        if self.open.len() == MAX_DEPTH {
            return Err(self.problem(line, format!("sections and lists {MAX_DEPTH} deep at most"), "a deeper one"));
        }
        let (place, path) = self.next_place(line);
        self.open.push(Open { place, path, children });
        Ok(())
    }

    fn close(&mut self) {
        let Some(Open { place, path, children }) = self.open.pop() else { return };
        let line = place.line;
        if self.awaits_name() {
            self.name(Err("a list or mapping"), line);
            return;
        }
        let kind = match children {
            Children::Items(items) => Kind::List(items),
            Children::Members { done, .. } => Kind::Map(done),
        };
        self.place(Node { place, path, kind });
    }

    fn scalar(&mut self, text: String, plain: bool, line: usize) {
        let scalar = Scalar { text, plain };
        if self.awaits_name() {
            let name = if scalar.is_null() { Err("nothing") } else { Ok(scalar.text) };
            self.name(name, line);
            return;
        }
        let (place, path) = self.next_place(line);
        let kind = if scalar.is_null() { Kind::Null } else { Kind::Scalar(scalar) };
        self.place(Node { place, path, kind });
    }

    /// Whether what comes next is a member's name.
    fn awaits_name(&self) -> bool {
        matches!(self.open.last(), Some(Open { children: Children::Members { pending: None, .. }, .. }))
    }

    /// Takes a member's name, or the kind of thing that stands in its place.
    fn name(&mut self, name: Result<String, &'static str>, line: usize) {
        let problem = match &name {
            Err(found) => Some(("a member's name as plain text".to_owned(), (*found).to_owned())),
            Ok(text) if text.len() > MAX_NAME_BYTES => {
                Some((format!("a name of {MAX_NAME_BYTES} bytes at most"), format!("one of {} bytes", text.len())))
            }
            Ok(_) => None,
        };
        let good = problem.is_none();
        if let Some((expected, found)) = problem {
            self.complain_here(line, expected, found);
        }
        let Some(Open { path, children: Children::Members { names, pending, .. }, .. }) = self.open.last_mut() else {
            return;
        };
        let text = if good { name.unwrap_or_default() } else { String::new() };
        let fresh = !good || names.insert(text.clone());
        let path = child_path(path, &text);
        *pending = Some(Name { text: text.clone(), line, good: good && fresh });
        if !fresh {
            let mut problem = self.problem(line, "each name once in a mapping", format!("{} again", abridge(&text)));
            problem.path = path;
            self.problems.push(problem);
        }
    }

    /// Where the value that starts now stands.
    fn next_place(&self, line: usize) -> (Place, String) {
        let (line, path) = match self.open.last() {
            None => (line, String::new()),
            Some(Open { path, children: Children::Items(items), .. }) => {
                (line, child_path(path, &items.len().to_string()))
            }
            Some(Open { path, children: Children::Members { pending: Some(name), .. }, .. }) => {
                (name.line, child_path(path, &name.text))
            }
            Some(Open { path, .. }) => (line, path.clone()),
        };
        (Place { file: Arc::clone(&self.file), line }, path)
    }

    /// Puts a whole value where it belongs.
    fn place(&mut self, node: Node) {
        match self.open.last_mut().map(|open| &mut open.children) {
            None => self.root = Some(node),
            Some(Children::Items(items)) => items.push(node),
            Some(Children::Members { done, pending, .. }) => {
                if let Some(Name { text, good: true, .. }) = pending.take() {
                    done.push((text, node));
                }
            }
        }
    }

    fn problem(&self, line: usize, expected: impl Into<String>, found: impl Into<String>) -> Problem {
        let file = self.file.to_string();
        Problem { file, line, path: String::new(), expected: expected.into(), found: found.into() }
    }

    fn complain(&mut self, line: usize, expected: impl Into<String>, found: impl Into<String>) {
        self.problems.push(self.problem(line, expected, found));
    }

    /// Complains about the value or name that starts now.
    fn complain_here(&mut self, line: usize, expected: impl Into<String>, found: impl Into<String>) {
        let mut problem = self.problem(line, expected, found);
        problem.path = self.next_place(line).1;
        self.problems.push(problem);
    }

    fn not_yaml(&self, error: &ScanError) -> Problem {
        let column = Marker::col(error.marker()) + 1;
        let line = error.marker().line().min(self.last_line);
        self.problem(line, "YAML", format!("{} at column {column}", abridge(error.info())))
    }

    fn finish(self) -> Result<Node, Vec<Problem>> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let nothing =
            || Node { place: Place { file: Arc::clone(&self.file), line: 1 }, path: String::new(), kind: Kind::Null };
        Ok(self.root.unwrap_or_else(nothing))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests;
