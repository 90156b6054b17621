//! A compiled expression as a tree of steps with every name resolved. Knows neither text nor values of events.

use super::value::V;
use crate::words::Expression;

/// One step.
#[derive(Debug, Clone)]
pub(crate) enum Node {
    /// A literal, or what only depends on literals.
    Const(V<'static>),
    /// The event's field of this index among those that the expression names.
    Field(usize),
    /// A header field, by its index among those that the expression names.
    Header(usize),
    /// Something else that has a name.
    Var(Var),
    /// A macro's variable, by how many macros are around it.
    Local(usize),
    /// A member of an object; null if it has none of that name.
    Member(Box<Node>, String),
    /// Whether something is there and not null.
    Has(Box<Node>),
    /// An element of an array, or a member of an object.
    Index(Box<[Node; 2]>),
    Not(Box<Node>),
    Negate(Box<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    If(Box<[Node; 3]>),
    Binary(Op, Box<[Node; 2]>),
    Call(Function, Vec<Node>),
    Matches(Box<(Node, Expression)>),
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
    /// A macro: how many macros are around it, what it goes over, and what is done with each element.
    Each(Each, usize, Box<[Node; 2]>),
}

/// What has a name, beside an event's fields and a request's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Var {
    Topic,
    Contract,
    Schema,
    Principal,
    Now,
    Size,
    Id,
    Time,
}

/// An operator of two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Equal,
    Unequal,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    In,
}

impl Op {
    /// By the names that the parser has for them.
    pub(crate) const NAMES: [(&'static str, Self); 12] = [
        ("_==_", Self::Equal),
        ("_!=_", Self::Unequal),
        ("_<_", Self::Less),
        ("_<=_", Self::LessEqual),
        ("_>_", Self::Greater),
        ("_>=_", Self::GreaterEqual),
        ("_+_", Self::Add),
        ("_-_", Self::Subtract),
        ("_*_", Self::Multiply),
        ("_/_", Self::Divide),
        ("_%_", Self::Modulo),
        ("@in", Self::In),
    ];

    /// As it is written.
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::Unequal => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Add => "+",
            Self::Subtract => "-",
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Modulo => "%",
            Self::In => "in",
        }
    }
}

/// What a macro makes of the elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Each {
    All,
    Exists,
    ExistsOne,
    Map,
    Filter,
}

impl Each {
    /// By their names.
    pub(crate) const NAMES: [(&'static str, Self); 6] = [
        ("all", Self::All),
        ("exists", Self::Exists),
        ("exists_one", Self::ExistsOne),
        ("existsOne", Self::ExistsOne),
        ("map", Self::Map),
        ("filter", Self::Filter),
    ];
}

/// A function; a method has what it is called on as its first argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Size,
    StartsWith,
    EndsWith,
    Contains,
    Int,
    Uint,
    Double,
    Text,
    Bool,
    Timestamp,
    Duration,
    Dyn,
    Part(Part),
}

/// A part of a timestamp in UTC; of a duration the last four, as the whole of it in that unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    FullYear,
    Month,
    DayOfYear,
    DayOfMonth,
    Date,
    DayOfWeek,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

impl Function {
    /// By name: how many arguments each has, and whether it may be called as a function, as a method.
    pub(crate) const NAMES: [(&'static str, Self, usize, bool, bool); 22] = [
        ("size", Self::Size, 1, true, true),
        ("startsWith", Self::StartsWith, 2, false, true),
        ("endsWith", Self::EndsWith, 2, false, true),
        ("contains", Self::Contains, 2, false, true),
        ("int", Self::Int, 1, true, false),
        ("uint", Self::Uint, 1, true, false),
        ("double", Self::Double, 1, true, false),
        ("string", Self::Text, 1, true, false),
        ("bool", Self::Bool, 1, true, false),
        ("timestamp", Self::Timestamp, 1, true, false),
        ("duration", Self::Duration, 1, true, false),
        ("dyn", Self::Dyn, 1, true, false),
        ("getFullYear", Self::Part(Part::FullYear), 1, false, true),
        ("getMonth", Self::Part(Part::Month), 1, false, true),
        ("getDayOfYear", Self::Part(Part::DayOfYear), 1, false, true),
        ("getDayOfMonth", Self::Part(Part::DayOfMonth), 1, false, true),
        ("getDate", Self::Part(Part::Date), 1, false, true),
        ("getDayOfWeek", Self::Part(Part::DayOfWeek), 1, false, true),
        ("getHours", Self::Part(Part::Hours), 1, false, true),
        ("getMinutes", Self::Part(Part::Minutes), 1, false, true),
        ("getSeconds", Self::Part(Part::Seconds), 1, false, true),
        ("getMilliseconds", Self::Part(Part::Milliseconds), 1, false, true),
    ];

    /// As it is written.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, function, ..)| *function == self).map_or("", |(name, ..)| name)
    }
}
