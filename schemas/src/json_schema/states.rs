//! What a schema compiles to where the program knows all its keywords: states that name one another by index. A state
//! is everything that the schema says of one value, `allOf` and `$ref` already put together.

use super::allowed::Allowed;
use super::number::Numbers;
use super::string::Texts;
use crate::avro::lookup::Lookup;
use crate::json::Kind;
use crate::pass::Leaf;
use crate::pii::Treatment;

/// Index of a state in its program.
pub(super) type StateId = usize;

/// The state that accepts every value.
pub(super) const ANY: StateId = 0;
/// The state that accepts none.
pub(super) const NONE: StateId = 1;

/// All kinds of JSON value.
pub(super) const ALL_KINDS: u8 = (1 << Kind::COUNT) - 1;

/// A schema's states.
#[derive(Debug)]
pub(super) struct States {
    pub(super) all: Vec<State>,
    pub(super) root: StateId,
}

/// Everything that a schema says of one value. A picked one is a copy that only its pointer leads to.
#[derive(Debug, Clone)]
pub(super) struct State {
    /// The kinds that are accepted, as bits of `Kind`.
    pub(super) kinds: u8,
    /// Of numbers, only whole ones.
    pub(super) whole: Whole,
    pub(super) numbers: Option<Box<Numbers>>,
    pub(super) texts: Option<Box<Texts>>,
    /// Lists of allowed values; the value is in each of them.
    pub(super) allowed: Box<[Allowed]>,
    /// There if objects are accepted.
    pub(super) object: Option<Box<Object>>,
    /// There if arrays are accepted.
    pub(super) array: Option<Box<Array>>,
    pub(super) picks: Option<Box<Picks>>,
}

/// Which numbers count as whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// All numbers are accepted.
    Unasked,
    /// Those without a fraction, however they are spelt.
    ByValue,
    /// Those that are spelt without a point and an exponent: draft 4.
    BySpelling,
}

/// What is said of an object's members.
#[derive(Debug, Clone)]
pub(super) struct Object {
    /// Members that are named, in the order of the schema's text.
    pub(super) fields: Vec<Field>,
    pub(super) names: Lookup,
    /// A bit for each field that must be there.
    pub(super) required: Vec<u64>,
    /// What other members are.
    pub(super) rest: StateId,
    pub(super) least: u64,
    pub(super) most: u64,
    /// Whether any field is left out for the contract's sake.
    pub(super) drops: bool,
}

/// A named member.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The name as most events spell it: between quotes.
    pub(super) quoted: Box<[u8]>,
    pub(super) state: StateId,
}

/// What is said of an array's elements.
#[derive(Debug, Clone)]
pub(super) struct Array {
    /// The first elements.
    pub(super) prefix: Vec<StateId>,
    /// All others.
    pub(super) rest: StateId,
    pub(super) least: u64,
    pub(super) most: u64,
    pub(super) unique: bool,
}

/// What the contract wants of a value.
#[derive(Debug, Clone, Default)]
pub(super) struct Picks {
    pub(super) slots: Vec<(usize, Leaf)>,
    pub(super) treatment: Option<Treatment>,
}

impl Default for State {
    /// The state of which nothing is said.
    fn default() -> Self {
        Self {
            kinds: ALL_KINDS,
            whole: Whole::Unasked,
            numbers: None,
            texts: None,
            allowed: Box::default(),
            object: Some(Box::new(Object::open())),
            array: Some(Box::new(Array::open())),
            picks: None,
        }
    }
}

impl State {
    /// The state of values that there are none of.
    pub(super) fn none() -> Self {
        Self { kinds: 0, object: None, array: None, ..Self::default() }
    }

    /// Whether it accepts values of a kind.
    #[inline]
    pub(super) const fn accepts(&self, kind: Kind) -> bool {
        self.kinds & kind.bit() != 0
    }

    /// Whether the contract leaves such values out.
    pub(super) fn dropped(&self) -> bool {
        matches!(self.picks.as_deref(), Some(Picks { treatment: Some(Treatment::Drop), .. }))
    }
}

impl Field {
    pub(super) fn new(name: &str, state: StateId) -> Self {
        // A name with characters that JSON escapes never matches so, and is found by its characters.
        Self { quoted: format!("\"{name}\"").into_bytes().into(), state }
    }

    /// The member's name.
    pub(super) fn name(&self) -> &str {
        std::str::from_utf8(&self.quoted[1..self.quoted.len() - 1]).expect("it was made of a str")
    }
}

impl Object {
    /// An object of which nothing is said.
    pub(super) fn open() -> Self {
        Self {
            fields: Vec::new(),
            names: Lookup::default(),
            required: Vec::new(),
            rest: ANY,
            least: 0,
            most: u64::MAX,
            drops: false,
        }
    }

    /// Whether a field must be there.
    pub(super) fn requires(&self, field: usize) -> bool {
        self.required.get(field / 64).is_some_and(|bits| bits >> (field % 64) & 1 == 1)
    }

    /// The field of this name; one that is not named yet becomes a field that may be anything that others may.
    pub(super) fn field(&mut self, name: &str) -> usize {
        if let Some(found) = self.names.find(name.as_bytes()) {
            return found;
        }
        self.fields.push(Field::new(name, self.rest));
        self.names = Lookup::new(self.fields.iter().map(Field::name)).expect("the name is new");
        self.required.resize(self.fields.len().div_ceil(64), 0);
        self.fields.len() - 1
    }
}

impl Array {
    /// An array of which nothing is said.
    pub(super) const fn open() -> Self {
        Self { prefix: Vec::new(), rest: ANY, least: 0, most: u64::MAX, unique: false }
    }
}

impl States {
    /// No event's text is shorter than this many bytes. Only the outermost object's own members are counted, one byte
    /// for each of their values.
    pub(super) fn shortest_text(&self) -> usize {
        let root = &self.all[self.root];
        let Some(object) = root.object.as_deref().filter(|_| root.kinds == Kind::Object.bit()) else { return 1 };
        let needed = (0..object.fields.len()).filter(|field| object.requires(*field));
        let members: Vec<usize> = needed.map(|field| object.fields[field].quoted.len() + ":1".len()).collect();
        "{}".len() + members.iter().sum::<usize>() + members.len().saturating_sub(1)
    }
}
