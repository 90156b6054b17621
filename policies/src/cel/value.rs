//! What an expression works on: values that borrow from an event where they can. Knows kinds, equality and order, no
//! operator's name.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::sync::Arc;

use forebay_schemas::picked::{Moment, Value};

use super::wrong::Wrong;

/// A value.
#[derive(Debug, Clone)]
pub(crate) enum V<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Cow<'a, str>),
    Bytes(&'a [u8]),
    Time(Moment),
    /// A duration in nanoseconds.
    Span(i64),
    List(Arc<Vec<V<'a>>>),
    /// Members in the order in which they came, no name twice.
    Map(Arc<Vec<(Cow<'a, str>, V<'a>)>>),
}

impl<'a> V<'a> {
    /// What it is, for people.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Bool(_) => "boolean",
            Self::Int(_) | Self::Uint(_) => "whole number",
            Self::Double(_) => "number with a fraction",
            Self::Text(_) => "string",
            Self::Bytes(_) => "bytes",
            Self::Time(_) => "timestamp",
            Self::Span(_) => "duration",
            Self::List(_) => "array",
            Self::Map(_) => "object",
        }
    }

    /// The same, borrowing what it can.
    pub(crate) fn lend(&'a self) -> V<'a> {
        match self {
            Self::Text(text) => V::Text(Cow::Borrowed(text)),
            other => other.clone(),
        }
    }

    /// The value of a picked one; `None` for JSON text, which is yet to be read.
    pub(crate) fn of(value: &Value<'a>) -> Option<Self> {
        Some(match value {
            Value::Absent => Self::Null,
            Value::Bool(value) => Self::Bool(*value),
            Value::Int(value) => Self::Int(*value),
            Value::Uint(value) => Self::Uint(*value),
            Value::Double(value) => Self::Double(*value),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::Time(moment) => Self::Time(*moment),
            Value::Json(_) => return None,
        })
    }

    /// The member of an object.
    pub(crate) fn member(&self, name: &str) -> Option<&V<'a>> {
        let Self::Map(members) = self else { return None };
        members.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    /// Whether both are the same; numbers by their value, whatever their kind. Other kinds are never the same.
    pub(crate) fn same(&self, other: &V<'_>) -> bool {
        match (self, other) {
            (Self::Null, V::Null) => true,
            (Self::Bool(a), V::Bool(b)) => a == b,
            (Self::Text(a), V::Text(b)) => a == b,
            (Self::Bytes(a), V::Bytes(b)) => a == b,
            (Self::Time(a), V::Time(b)) => a == b,
            (Self::Span(a), V::Span(b)) => a == b,
            (Self::List(a), V::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.same(b)),
            (Self::Map(a), V::Map(b)) => {
                // The lengths first: one object may be looked for among many small ones.
                a.len() == b.len() && by_name(a).iter().zip(by_name(b)).all(|((a, x), (b, y))| a == b && x.same(y))
            }
            (a, b) => a.number_order(b) == Some(Ordering::Equal),
        }
    }

    /// Which comes first, for kinds that have an order.
    pub(crate) fn order(&self, other: &V<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), V::Bool(b)) => Some(a.cmp(b)),
            (Self::Text(a), V::Text(b)) => Some(a.as_ref().cmp(b.as_ref())),
            (Self::Bytes(a), V::Bytes(b)) => Some((*a).cmp(b)),
            (Self::Time(a), V::Time(b)) => Some(a.cmp(b)),
            (Self::Span(a), V::Span(b)) => Some(a.cmp(b)),
            (a, b) => a.number_order(b),
        }
    }

    fn number_order(&self, other: &V<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Double(a), b) => a.partial_cmp(&b.as_double()?),
            (a, V::Double(b)) => a.as_double()?.partial_cmp(b),
            (a, b) => Some(a.as_whole()?.cmp(&b.as_whole()?)),
        }
    }

    /// A number's value, rounded.
    #[expect(clippy::cast_precision_loss, reason = "that is what a double is")]
    pub(crate) fn as_double(&self) -> Option<f64> {
        match self {
            Self::Int(value) => Some(*value as f64),
            Self::Uint(value) => Some(*value as f64),
            Self::Double(value) => Some(*value),
            _ => None,
        }
    }

    /// A whole number's value.
    pub(crate) fn as_whole(&self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(i128::from(*value)),
            Self::Uint(value) => Some(i128::from(*value)),
            _ => None,
        }
    }

    /// How many elements or members it has.
    pub(crate) fn length(&self) -> Option<usize> {
        match self {
            Self::List(items) => Some(items.len()),
            Self::Map(members) => Some(members.len()),
            _ => None,
        }
    }

    /// Takes from `fuel` what looking at all of it takes, and stops when there is none left: a list may hold another one
    /// many times over, so that there is more to look at than there ever was in memory.
    pub(crate) fn weigh(&self, fuel: &mut usize) -> Result<(), Wrong> {
        match self {
            Self::List(items) => items.iter().try_for_each(|item| {
                pay(fuel, 1)?;
                item.weigh(fuel)
            }),
            Self::Map(members) => members.iter().try_for_each(|(_, value)| {
                pay(fuel, 1)?;
                value.weigh(fuel)
            }),
            other => pay(fuel, other.bytes() / 64),
        }
    }

    /// Bytes of a text or of bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => 0,
        }
    }
}

/// Takes steps from `fuel`, if there are as many.
pub(crate) fn pay(fuel: &mut usize, steps: usize) -> Result<(), Wrong> {
    *fuel = fuel.checked_sub(steps).ok_or(Wrong::Work)?;
    Ok(())
}

/// An object's members in the order of their names, so that comparing two takes no look-up for each.
fn by_name<'m, 'a>(members: &'m [(Cow<'a, str>, V<'a>)]) -> Vec<&'m (Cow<'a, str>, V<'a>)> {
    let mut sorted: Vec<_> = members.iter().collect();
    sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
    sorted
}
