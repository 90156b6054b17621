//! Which kind of value each step of an expression has, as far as that is known without an event, and whether operators
//! and functions fit. What is not known fits everywhere. Knows no value.

use forebay_schemas::contract::Pointer;
use forebay_schemas::document::nearest;
use forebay_schemas::outline::FieldKind;

use super::Flaw;
use super::node::{Each, Function, Node, Op, Part, Var};
use super::value::V;
use super::wrong::article;

/// A kind of value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Type {
    Any,
    Null,
    Bool,
    Int,
    Uint,
    Double,
    Text,
    Bytes,
    Time,
    Span,
    List(&'static Type),
    Map,
    /// An object whose members are known.
    Known(&'static [(&'static str, Type)]),
}

/// The types of what an expression names.
#[derive(Debug, Clone)]
pub(crate) struct Types {
    /// By the index of the field.
    pub(crate) fields: Vec<Type>,
    /// The event's id.
    pub(crate) id: Type,
}

/// What rules know of a contract.
const CONTRACT: &[(&str, Type)] = &[
    ("owner", Type::Text),
    ("description", Type::Text),
    ("classification", Type::Text),
    ("labels", Type::Map),
    ("format", Type::Text),
    ("compatibility", Type::Text),
    ("compacted", Type::Bool),
    ("has_producers", Type::Bool),
    ("has_key", Type::Bool),
    ("has_id", Type::Bool),
    ("has_time", Type::Bool),
    ("has_pii", Type::Bool),
    ("has_bind", Type::Bool),
    ("has_dead_letter", Type::Bool),
    ("has_bytes_per_event", Type::Bool),
    ("has_events_per_second", Type::Bool),
    ("has_bytes_per_second", Type::Bool),
];
const FIELD: Type = Type::Known(&[
    ("pointer", Type::Text),
    ("name", Type::Text),
    ("kind", Type::Text),
    ("type", Type::Text),
    ("optional", Type::Bool),
    ("documented", Type::Bool),
    ("personal", Type::Bool),
]);
const SCHEMA: &[(&str, Type)] = &[("fields", Type::List(&FIELD)), ("open", Type::Bool)];

impl Types {
    /// Nothing is known of any of this many fields.
    pub(crate) fn unknown(fields: usize) -> Self {
        Self { fields: vec![Type::Any; fields], id: Type::Any }
    }
}

impl From<FieldKind> for Type {
    fn from(kind: FieldKind) -> Self {
        match kind {
            FieldKind::Bool => Self::Bool,
            FieldKind::Int => Self::Int,
            FieldKind::Double => Self::Double,
            FieldKind::Text => Self::Text,
            FieldKind::Bytes => Self::Bytes,
            FieldKind::Time => Self::Time,
            FieldKind::List => Self::List(&Self::Any),
            FieldKind::Object => Self::Map,
            FieldKind::Any => Self::Any,
        }
    }
}

impl Type {
    fn name(self) -> &'static str {
        match self {
            Self::Any => "value",
            Self::Null => "nothing",
            Self::Bool => "boolean",
            Self::Int | Self::Uint => "whole number",
            Self::Double => "number",
            Self::Text => "string",
            Self::Bytes => "bytes",
            Self::Time => "timestamp",
            Self::Span => "duration",
            Self::List(_) => "array",
            Self::Map | Self::Known(_) => "object",
        }
    }

    /// With its article, for people.
    pub(crate) fn article(self) -> String {
        article(self.name())
    }

    /// Whether a value of this type can be one of the other.
    pub(crate) fn may_be(self, other: Self) -> bool {
        match (self, other) {
            (Self::List(a), Self::List(b)) => a.may_be(*b),
            (Self::Any, _) | (_, Self::Any) | (Self::Map | Self::Known(_), Self::Map | Self::Known(_)) => true,
            (a, b) => a == b || a.is_number() && b.is_number(),
        }
    }

    fn is_number(self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double)
    }

    fn has_order(self) -> bool {
        self.is_number() || matches!(self, Self::Any | Self::Bool | Self::Text | Self::Bytes | Self::Time | Self::Span)
    }

    fn of(value: &V<'_>) -> Self {
        match value {
            V::Null => Self::Null,
            V::Bool(_) => Self::Bool,
            V::Int(_) => Self::Int,
            V::Uint(_) => Self::Uint,
            V::Double(_) => Self::Double,
            V::Text(_) => Self::Text,
            V::Bytes(_) => Self::Bytes,
            V::Time(_) => Self::Time,
            V::Span(_) => Self::Span,
            V::List(items) => {
                let mut kinds = items.iter().map(Self::of);
                let first = kinds.next().unwrap_or(Self::Any);
                if kinds.all(|kind| kind == first) { first.list() } else { Self::List(&Self::Any) }
            }
            V::Map(_) => Self::Map,
        }
    }

    /// A list of these.
    fn list(self) -> Self {
        Self::List(match self {
            Self::Bool => &Self::Bool,
            Self::Int => &Self::Int,
            Self::Uint => &Self::Uint,
            Self::Double => &Self::Double,
            Self::Text => &Self::Text,
            Self::Time => &Self::Time,
            Self::Span => &Self::Span,
            _ => &Self::Any,
        })
    }
}

/// The type of an expression's result; the error is what in it does not fit.
pub(crate) fn infer(node: &Node, types: &Types, named: &[Pointer]) -> Result<Type, Flaw> {
    Inference { types, named, locals: Vec::new() }.of(node)
}

struct Inference<'a> {
    types: &'a Types,
    named: &'a [Pointer],
    locals: Vec<Type>,
}

impl Inference<'_> {
    fn of(&mut self, node: &Node) -> Result<Type, Flaw> {
        match node {
            Node::Const(value) => Ok(Type::of(value)),
            Node::Field(index) => Ok(self.types.fields.get(*index).copied().unwrap_or(Type::Any)),
            Node::Header(_) => Ok(Type::Text),
            Node::Var(var) => Ok(match var {
                Var::Topic | Var::Principal => Type::Text,
                Var::Contract => Type::Known(CONTRACT),
                Var::Schema => Type::Known(SCHEMA),
                Var::Now => Type::Time,
                Var::Size => Type::Int,
                Var::Id => self.types.id,
                Var::Time => Type::Any,
            }),
            Node::Local(slot) => Ok(self.locals.get(*slot).copied().unwrap_or(Type::Any)),
            Node::Member(of, name) => self.member(of, name),
            Node::Has(of) => self.of(of).map(|_| Type::Bool),
            Node::Index(both) => self.index(&both[0], &both[1]),
            Node::Not(of) => self.truth(of, "!").map(|()| Type::Bool),
            Node::Negate(of) => {
                let kind = self.of(of)?;
                let fits = kind == Type::Any || kind.is_number();
                self.expect(fits, "a number after -", of, kind).map(|()| kind)
            }
            Node::And(both) => self.truths(both, "&&"),
            Node::Or(both) => self.truths(both, "||"),
            Node::If(three) => {
                self.truth(&three[0], "? :")?;
                let (then, otherwise) = (self.of(&three[1])?, self.of(&three[2])?);
                Ok(if then == otherwise { then } else { Type::Any })
            }
            Node::Binary(op, both) => self.binary(*op, &both[0], &both[1]),
            Node::Call(function, arguments) => self.call(*function, arguments),
            Node::Matches(both) => {
                let of = &both.0;
                let kind = self.of(of)?;
                self.expect(kind.may_be(Type::Text), "a string before matches", of, kind).map(|()| Type::Bool)
            }
            Node::List(items) => {
                items.iter().try_for_each(|item| self.of(item).map(drop))?;
                Ok(Type::List(&Type::Any))
            }
            Node::Map(members) => {
                for (name, value) in members {
                    let kind = self.of(name)?;
                    self.expect(kind.may_be(Type::Text), "a string as a map's key", name, kind)?;
                    self.of(value)?;
                }
                Ok(Type::Map)
            }
            Node::Each(each, _, both) => self.each(*each, &both[0], &both[1]),
        }
    }

    fn expect(&self, fits: bool, expected: &str, node: &Node, kind: Type) -> Result<(), Flaw> {
        if fits { Ok(()) } else { Err((expected.to_owned(), self.describe(node, kind))) }
    }

    /// A kind with the field that has it.
    fn describe(&self, node: &Node, kind: Type) -> String {
        match node {
            Node::Field(index) if let Some(pointer) = self.named.get(*index) => {
                let whole = if pointer.text.is_empty() { "the event" } else { &pointer.text };
                format!("{} ({whole})", kind.article())
            }
            _ => kind.article(),
        }
    }

    fn truth(&mut self, node: &Node, operator: &str) -> Result<(), Flaw> {
        let kind = self.of(node)?;
        let place = if operator == "? :" { "before ?".to_owned() } else { format!("beside {operator}") };
        self.expect(kind.may_be(Type::Bool), &format!("true or false {place}"), node, kind)
    }

    fn truths(&mut self, both: &[Node; 2], operator: &str) -> Result<Type, Flaw> {
        both.iter().try_for_each(|one| self.truth(one, operator))?;
        Ok(Type::Bool)
    }

    fn member(&mut self, of: &Node, name: &str) -> Result<Type, Flaw> {
        match self.of(of)? {
            Type::Known(members) => {
                let found = members.iter().find(|(known, _)| *known == name);
                found.map(|(_, kind)| *kind).ok_or_else(|| stranger(name, members))
            }
            Type::Any | Type::Map | Type::Null => Ok(Type::Any),
            kind => Err((format!("an object before .{name}"), self.describe(of, kind))),
        }
    }

    fn index(&mut self, of: &Node, index: &Node) -> Result<Type, Flaw> {
        let (kind, by) = (self.of(of)?, self.of(index)?);
        match kind {
            Type::List(item) => {
                let fits = matches!(by, Type::Any | Type::Int | Type::Uint);
                self.expect(fits, "a whole number as an array's index", index, by).map(|()| *item)
            }
            Type::Map | Type::Known(_) => {
                self.expect(by.may_be(Type::Text), "a string as an object's index", index, by).map(|()| Type::Any)
            }
            Type::Any | Type::Null => Ok(Type::Any),
            _ => Err(("an array or an object before [ ]".to_owned(), self.describe(of, kind))),
        }
    }

    fn binary(&mut self, op: Op, left: &Node, right: &Node) -> Result<Type, Flaw> {
        let (a, b) = (self.of(left)?, self.of(right)?);
        let both = |this: &Self| format!("{} and {}", this.describe(left, a), this.describe(right, b));
        match op {
            Op::Equal | Op::Unequal => {
                let fits = a == Type::Null || b == Type::Null || a.may_be(b);
                if fits { Ok(Type::Bool) } else { Err((format!("two of one kind around {}", op.sign()), both(self))) }
            }
            Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual => {
                let fits = a.has_order() && b.has_order() && a.may_be(b);
                let expected = || format!("two numbers, strings, timestamps or durations around {}", op.sign());
                if fits { Ok(Type::Bool) } else { Err((expected(), both(self))) }
            }
            Op::In => match b {
                Type::List(item) if a.may_be(*item) => Ok(Type::Bool),
                Type::Map | Type::Known(_) if a.may_be(Type::Text) => Ok(Type::Bool),
                Type::Any => Ok(Type::Bool),
                Type::List(item) if *item != Type::Any => {
                    Err((format!("{} in an array of them", a.article()), format!("an array of {}s", item.name())))
                }
                _ => Err(("an array after in".to_owned(), both(self))),
            },
            _ => arithmetic(op, a, b).ok_or_else(|| {
                let expected = match op {
                    Op::Add => "two numbers, strings, arrays or durations, or a timestamp and a duration",
                    Op::Subtract => "two numbers, timestamps or durations, or a timestamp and a duration",
                    Op::Modulo => "two whole numbers",
                    _ => "two numbers",
                };
                (format!("{expected} around {}", op.sign()), both(self))
            }),
        }
    }

    fn call(&mut self, function: Function, arguments: &[Node]) -> Result<Type, Flaw> {
        let kinds: Result<Vec<_>, _> = arguments.iter().map(|argument| self.of(argument)).collect();
        let kinds = kinds?;
        let first = kinds.first().copied().unwrap_or(Type::Any);
        let (result, takes): (Type, &[Type]) = match function {
            Function::Size => (Type::Int, &[Type::Text, Type::Bytes, Type::List(&Type::Any), Type::Map]),
            Function::StartsWith | Function::EndsWith | Function::Contains => (Type::Bool, &[Type::Text]),
            Function::Int => (Type::Int, &[Type::Int, Type::Text, Type::Time]),
            Function::Uint => (Type::Uint, &[Type::Int, Type::Text]),
            Function::Double => (Type::Double, &[Type::Int, Type::Text]),
            Function::Text => (Type::Text, &[Type::Bool, Type::Int, Type::Text, Type::Bytes, Type::Time, Type::Span]),
            Function::Bool => (Type::Bool, &[Type::Bool, Type::Text]),
            Function::Timestamp => (Type::Time, &[Type::Time, Type::Text, Type::Int]),
            Function::Duration => (Type::Span, &[Type::Span, Type::Text]),
            Function::Dyn => return Ok(Type::Any),
            Function::Part(Part::Hours | Part::Minutes | Part::Seconds | Part::Milliseconds) => {
                (Type::Int, &[Type::Time, Type::Span])
            }
            Function::Part(_) => (Type::Int, &[Type::Time]),
        };
        let names: Vec<_> = takes.iter().map(|kind| kind.article()).collect();
        let expected = format!("{} for {}", names.join(" or "), function.name());
        for (argument, kind) in arguments.iter().zip(&kinds) {
            self.expect(takes.iter().any(|taken| kind.may_be(*taken)), &expected, argument, *kind)?;
        }
        let known = first != Type::Any || function != Function::Dyn;
        Ok(if known { result } else { Type::Any })
    }

    fn each(&mut self, each: Each, over: &Node, step: &Node) -> Result<Type, Flaw> {
        let kind = self.of(over)?;
        let item = match kind {
            Type::List(item) => *item,
            Type::Map | Type::Known(_) => Type::Text,
            Type::Any => Type::Any,
            _ => return Err(("an array before a macro".to_owned(), self.describe(over, kind))),
        };
        self.locals.push(item);
        let result = match each {
            Each::Map => self.of(step).map(Type::list),
            Each::Filter => self.truth(step, "filter").map(|()| kind),
            Each::All | Each::Exists | Each::ExistsOne => self.truth(step, "a macro").map(|()| Type::Bool),
        };
        self.locals.pop();
        result
    }
}

/// A member that an object whose members are known does not have.
fn stranger(name: &str, members: &[(&str, Type)]) -> Flaw {
    let names: Vec<_> = members.iter().map(|(known, _)| *known).collect();
    let expected = match nearest(name, names.iter().copied()) {
        Some(meant) => format!("a member that is known (did you mean {meant}?)"),
        None => format!("one of {}", names.join(", ")),
    };
    (expected, name.to_owned())
}

/// The type of a result; none if the operator does not take these.
fn arithmetic(op: Op, a: Type, b: Type) -> Option<Type> {
    match (op, a, b) {
        (_, Type::Any, _) | (_, _, Type::Any) => Some(Type::Any),
        (Op::Add, Type::Text, Type::Text) => Some(Type::Text),
        (Op::Add, Type::List(_), Type::List(_)) => Some(Type::List(&Type::Any)),
        (Op::Add | Op::Subtract, Type::Time, Type::Span) | (Op::Add, Type::Span, Type::Time) => Some(Type::Time),
        (Op::Add | Op::Subtract, Type::Span, Type::Span) | (Op::Subtract, Type::Time, Type::Time) => Some(Type::Span),
        // A field of numbers may hold whole ones in one event and others in the next.
        (Op::Modulo, Type::Double, _) | (Op::Modulo, _, Type::Double) => None,
        (_, Type::Uint, Type::Uint) => Some(Type::Uint),
        (_, a, b) if a.is_number() && b.is_number() => {
            Some(if a == Type::Double || b == Type::Double { Type::Double } else { Type::Int })
        }
        _ => None,
    }
}
