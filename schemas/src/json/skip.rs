//! Stepping over a value without looking at what it says: grammar, duplicate names, lone surrogates and nesting are
//! still checked, at every level. Keeps its own stack, so that nesting costs a byte a level and no call.

use super::names::{Names, Open};
use super::pointer::{push_index, push_member};
use super::reader::{Expected, Reader};
use super::string::Quoted;
use super::{Flaw, Kind, MAX_DEPTH};

/// Working memory of the walk. Lent from event to event.
#[derive(Debug, Default)]
pub(crate) struct Levels {
    levels: Vec<Level>,
    too_deep: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Level {
    Object { open: Open, member: Quoted },
    Array { index: usize },
}

impl Levels {
    /// Gives back what an unusually deep event has taken.
    pub(crate) fn trim(&mut self) {
        self.too_deep.clear();
        self.too_deep.shrink_to(MAX_DEPTH);
    }
}

/// The first place with more than one meaning; the walk goes on, since a later syntax error weighs more.
type Ambiguity = Option<(String, &'static str)>;

const DUPLICATE: &str = "this member's name occurs more than once in its object";
const LONE_SURROGATE: &str = "an escape is half of a surrogate pair, so the string is no Unicode text";
const TOO_DEEP: &str = "arrays and objects are nested more than 64 deep";
const _: () = assert!(MAX_DEPTH == 64, "the sentence above names the number");

/// Steps over the value at the reader's position. Pointers of a flaw start at that value.
pub(crate) fn skip_value(reader: &mut Reader<'_>, names: &mut Names, levels: &mut Levels) -> Result<(), Flaw> {
    let mut ambiguity = None;
    levels.levels.clear();
    levels.too_deep.clear();
    let mut walk = Walk { reader, names, levels, ambiguity: &mut ambiguity };
    match walk.run() {
        Err(expected) => Err(Flaw::Syntax(reader.fault(expected))),
        Ok(()) => match ambiguity {
            Some((pointer, detail)) => Err(Flaw::Ambiguous { pointer, detail }),
            None => Ok(()),
        },
    }
}

/// Reads a whole text, white space around its value included.
pub(crate) fn check_text(reader: &mut Reader<'_>, names: &mut Names, levels: &mut Levels) -> Result<(), Flaw> {
    reader.space();
    let value = skip_value(reader, names, levels);
    if let Err(Flaw::Syntax(_)) = value {
        return value;
    }
    match reader.end() {
        Ok(()) => value,
        Err(expected) => Err(Flaw::Syntax(reader.fault(expected))),
    }
}

struct Walk<'r, 'a> {
    reader: &'r mut Reader<'a>,
    names: &'r mut Names,
    levels: &'r mut Levels,
    ambiguity: &'r mut Ambiguity,
}

impl Walk<'_, '_> {
    /// Reads values until the one that it started with is behind.
    fn run(&mut self) -> Result<(), Expected> {
        loop {
            let opened = match self.reader.kind()? {
                Kind::Null => self.reader.null().map(|()| false),
                Kind::Boolean => self.reader.boolean().map(|_| false),
                Kind::Number => self.reader.number().map(|_| false),
                Kind::String if self.reader.plain_string().is_some() => Ok(false),
                Kind::String => self.string().map(|_| false),
                Kind::Array => self.enter_array(),
                Kind::Object => self.enter_object(),
            }?;
            if !opened && !self.next_value()? {
                return Ok(());
            }
        }
    }

    fn string(&mut self) -> Result<Quoted, Expected> {
        let string = self.reader.string()?;
        if string.lone {
            self.note(LONE_SURROGATE);
        }
        Ok(string)
    }

    /// True if there is a first element to read; the empty array is behind.
    fn enter_array(&mut self) -> Result<bool, Expected> {
        if self.reader.open().is_err() {
            self.note(TOO_DEEP);
            self.skip_too_deep()?;
            return Ok(false);
        }
        let any = self.reader.first_item();
        if any {
            self.levels.levels.push(Level::Array { index: 0 });
        }
        Ok(any)
    }

    /// True if there is a first member, whose value is then to be read; the empty object is behind.
    fn enter_object(&mut self) -> Result<bool, Expected> {
        if self.reader.open().is_err() {
            self.note(TOO_DEEP);
            self.skip_too_deep()?;
            return Ok(false);
        }
        if !self.reader.first_member()? {
            return Ok(false);
        }
        let open = self.names.open();
        self.member(open, None)?;
        Ok(true)
    }

    /// Reads a member's name and the colon; `parent` is the object's level if it has one already.
    fn member(&mut self, open: Open, parent: Option<usize>) -> Result<(), Expected> {
        let member = self.reader.string()?;
        let level = Level::Object { open, member };
        match parent {
            Some(at) => self.levels.levels[at] = level,
            None => self.levels.levels.push(level),
        }
        if member.lone {
            self.note(LONE_SURROGATE);
        } else if self.ambiguity.is_none() && !self.names.add(open, self.reader.bytes(), member) {
            self.note(DUPLICATE);
        }
        self.reader.colon()
    }

    /// After a value: moves to the next one of the innermost level that has one. False if there is none left.
    fn next_value(&mut self) -> Result<bool, Expected> {
        while let Some(innermost) = self.levels.levels.len().checked_sub(1) {
            match &mut self.levels.levels[innermost] {
                Level::Array { index } => {
                    *index += 1;
                    if self.reader.next_item()? {
                        return Ok(true);
                    }
                }
                Level::Object { open, .. } => {
                    let open = *open;
                    if self.reader.next_member()? {
                        self.member(open, Some(innermost))?;
                        return Ok(true);
                    }
                    self.names.close(open);
                }
            }
            self.levels.levels.pop();
        }
        Ok(false)
    }

    /// Grammar alone, below the cap: the value is refused in any case, but a syntax error in it still weighs more.
    fn skip_too_deep(&mut self) -> Result<(), Expected> {
        let reader = &mut *self.reader;
        let closers = &mut self.levels.too_deep;
        closers.clear();
        loop {
            let opening = reader.byte();
            let mut opened = false;
            match reader.kind()? {
                Kind::Null => reader.null()?,
                Kind::Boolean => drop(reader.boolean()?),
                Kind::Number => drop(reader.number()?),
                Kind::String => drop(reader.string()?),
                Kind::Array | Kind::Object => {
                    let closer = opening + 2;
                    reader.jump(reader.at() + 1);
                    reader.space();
                    if reader.byte() == closer {
                        reader.jump(reader.at() + 1);
                    } else {
                        closers.push(closer);
                        opened = true;
                    }
                }
            }
            if !opened && !leave(reader, closers)? {
                return Ok(());
            }
            if closers.last() == Some(&b'}') {
                if reader.byte() != b'"' {
                    return Err(Expected("a member's name"));
                }
                reader.string()?;
                reader.colon()?;
            }
        }
    }

    /// Keeps the first ambiguity, with the pointer to where the walk stands.
    #[cold]
    fn note(&mut self, detail: &'static str) {
        if self.ambiguity.is_some() {
            return;
        }
        let mut pointer = String::new();
        for level in &self.levels.levels {
            match level {
                Level::Array { index } => push_index(&mut pointer, *index),
                Level::Object { member, .. } => {
                    let mut buffer = Vec::new();
                    let name = member.text(self.reader.bytes(), &mut buffer);
                    push_member(&mut pointer, &String::from_utf8_lossy(name));
                }
            }
        }
        *self.ambiguity = Some((pointer, detail));
    }
}

/// After a value below the cap: closes what ends here. False if nothing is open any more.
fn leave(reader: &mut Reader<'_>, closers: &mut Vec<u8>) -> Result<bool, Expected> {
    while let Some(&closer) = closers.last() {
        reader.space();
        match reader.byte() {
            b',' => {
                reader.jump(reader.at() + 1);
                reader.space();
                return Ok(true);
            }
            byte if byte == closer => {
                reader.jump(reader.at() + 1);
                closers.pop();
            }
            _ => return Err(Expected(if closer == b'}' { "`,` or `}`" } else { "`,` or `]`" })),
        }
    }
    Ok(false)
}
