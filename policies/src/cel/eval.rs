//! Judges an expression, step by step, within a bound on its steps. Knows neither rules nor how an expression was read.

use std::sync::Arc;

use forebay_schemas::picked::Value;

use super::functions::call;
use super::json;
use super::node::{Each, Node, Op, Var};
use super::numbers::{calculate, negate};
use super::value::{V, pay};
use super::wrong::Wrong;
use crate::words::Expression;

/// Steps that one expression may take on one event: mostly about a millisecond, a few where an expression that is made for
/// it is matched.
pub(crate) const FUEL: usize = 50_000;
/// Macros inside one another, at most.
pub(crate) const MAX_MACROS: usize = 2;

/// What an expression may ask for, by its own indexes.
pub(crate) trait Scope<'a> {
    /// The value of a field.
    fn field(&self, index: usize) -> Value<'a>;
    /// The value of a header field, if it is there and text.
    fn header(&self, index: usize) -> Option<&'a str>;
    /// Something else that has a name.
    fn var(&self, var: Var) -> V<'a>;
}

/// The result of an expression: whether it is true. The steps that it took are added to `steps`.
pub(crate) fn holds<'a>(root: &'a Node, scope: &dyn Scope<'a>, steps: &mut usize) -> Result<bool, Wrong> {
    let mut run = Run { scope, fuel: FUEL, locals: [const { V::Null }; MAX_MACROS] };
    let truth = run.truth(root, "when");
    *steps += if truth == Err(Wrong::Work) { FUEL } else { FUEL - run.fuel };
    truth
}

/// The value of an expression of literals.
pub(crate) fn fold(node: &Node) -> Result<V<'static>, Wrong> {
    struct Nothing;
    impl<'a> Scope<'a> for Nothing {
        fn field(&self, _: usize) -> Value<'a> {
            Value::Absent
        }
        fn header(&self, _: usize) -> Option<&'a str> {
            None
        }
        fn var(&self, _: Var) -> V<'a> {
            V::Null
        }
    }
    let mut run = Run { scope: &Nothing, fuel: FUEL, locals: [const { V::Null }; MAX_MACROS] };
    run.eval(node).map(own)
}

/// The same without anything borrowed, for what is kept.
pub(crate) fn own(value: V<'_>) -> V<'static> {
    match value {
        V::Null | V::Bytes(_) => V::Null,
        V::Bool(value) => V::Bool(value),
        V::Int(value) => V::Int(value),
        V::Uint(value) => V::Uint(value),
        V::Double(value) => V::Double(value),
        V::Text(text) => V::Text(text.into_owned().into()),
        V::Time(at) => V::Time(at),
        V::Span(span) => V::Span(span),
        V::List(items) => V::List(Arc::new(items.iter().cloned().map(own).collect())),
        V::Map(members) => {
            let member = |(name, value): &(std::borrow::Cow<'_, str>, V<'_>)| {
                (name.clone().into_owned().into(), own(value.clone()))
            };
            V::Map(Arc::new(members.iter().map(member).collect()))
        }
    }
}

struct Run<'a, 's> {
    scope: &'s dyn Scope<'a>,
    fuel: usize,
    locals: [V<'a>; MAX_MACROS],
}

impl<'a> Run<'a, '_> {
    fn pay(&mut self, steps: usize) -> Result<(), Wrong> {
        pay(&mut self.fuel, steps)
    }

    /// A value once more. A text that was made for the expression is copied.
    fn copy(&mut self, value: &V<'a>) -> Result<V<'a>, Wrong> {
        self.pay(value.bytes() / 64)?;
        Ok(value.clone())
    }

    fn eval(&mut self, node: &'a Node) -> Result<V<'a>, Wrong> {
        self.pay(1)?;
        match node {
            Node::Const(value) => Ok(value.lend()),
            Node::Field(index) => self.field(*index),
            Node::Header(index) => Ok(self.scope.header(*index).map_or(V::Null, |text| V::Text(text.into()))),
            Node::Var(var) => Ok(self.scope.var(*var)),
            Node::Local(slot) => self.local(*slot),
            Node::Member(of, name) => {
                let of = self.eval(of)?;
                self.member(&of, name)
            }
            Node::Has(of) => Ok(V::Bool(!matches!(self.eval(of)?, V::Null))),
            Node::Index(both) => {
                let (of, index) = (self.eval(&both[0])?, self.eval(&both[1])?);
                self.index(&of, &index)
            }
            Node::Not(of) => self.truth(of, "!").map(|truth| V::Bool(!truth)),
            Node::Negate(of) => negate(&self.eval(of)?),
            Node::And(both) => self.both(&both[0], &both[1], false),
            Node::Or(both) => self.both(&both[0], &both[1], true),
            Node::If(three) => {
                let chosen = if self.truth(&three[0], "? :")? { &three[1] } else { &three[2] };
                self.eval(chosen)
            }
            Node::Binary(op, both) => {
                let (left, right) = (self.eval(&both[0])?, self.eval(&both[1])?);
                self.binary(*op, &left, &right)
            }
            Node::Call(function, arguments) => self.call(*function, arguments),
            Node::Matches(both) => self.matches(&both.0, &both.1),
            Node::List(items) => self.list(items),
            Node::Map(members) => self.object(members),
            Node::Each(each, slot, both) => self.each(*each, *slot, &both[0], &both[1]),
        }
    }

    fn field(&mut self, index: usize) -> Result<V<'a>, Wrong> {
        let value = self.scope.field(index);
        match (&value, V::of(&value)) {
            (_, Some(value)) => Ok(value),
            (Value::Json(text), None) => json::read(text, &mut self.fuel),
            _ => Ok(V::Null),
        }
    }

    fn local(&mut self, slot: usize) -> Result<V<'a>, Wrong> {
        self.pay(self.locals[slot].bytes() / 64)?;
        Ok(self.locals[slot].clone())
    }

    fn matches(&mut self, of: &'a Node, regex: &Expression) -> Result<V<'a>, Wrong> {
        match self.eval(of)? {
            V::Text(text) => {
                self.pay(regex.steps(text.len()))?;
                Ok(V::Bool(regex.is_match(&text)))
            }
            other => Err(Wrong::Of("matches", other.kind())),
        }
    }

    fn list(&mut self, items: &'a [Node]) -> Result<V<'a>, Wrong> {
        let items: Result<_, _> = items.iter().map(|item| self.eval(item)).collect();
        Ok(V::List(Arc::new(items?)))
    }

    fn truth(&mut self, node: &'a Node, operator: &'static str) -> Result<bool, Wrong> {
        match self.eval(node)? {
            V::Bool(truth) => Ok(truth),
            other => Err(Wrong::Of(operator, other.kind())),
        }
    }

    /// `&&` and `||`: whichever side decides makes the other one's failure nothing, as CEL has it.
    fn both(&mut self, left: &'a Node, right: &'a Node, decides: bool) -> Result<V<'a>, Wrong> {
        let operator = if decides { "||" } else { "&&" };
        let left = self.truth(left, operator);
        if left == Ok(decides) || left == Err(Wrong::Work) {
            return left.map(V::Bool);
        }
        match (left, self.truth(right, operator)) {
            (_, Ok(right)) if right == decides => Ok(V::Bool(right)),
            (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
            (Ok(_), Ok(right)) => Ok(V::Bool(right)),
        }
    }

    fn binary(&mut self, op: Op, left: &V<'a>, right: &V<'a>) -> Result<V<'a>, Wrong> {
        let order = || left.order(right).ok_or(Wrong::Between(op.sign(), left.kind(), right.kind()));
        left.weigh(&mut self.fuel)?;
        right.weigh(&mut self.fuel)?;
        Ok(V::Bool(match op {
            Op::Equal => left.same(right),
            Op::Unequal => !left.same(right),
            Op::Less => order()?.is_lt(),
            Op::LessEqual => order()?.is_le(),
            Op::Greater => order()?.is_gt(),
            Op::GreaterEqual => order()?.is_ge(),
            Op::In => match (left, right) {
                (_, V::List(items)) => items.iter().any(|item| item.same(left)),
                (V::Text(name), V::Map(_)) => right.member(name).is_some(),
                _ => return Err(Wrong::Between("in", left.kind(), right.kind())),
            },
            _ => return calculate(op, left, right),
        }))
    }

    fn member(&mut self, of: &V<'a>, name: &str) -> Result<V<'a>, Wrong> {
        match of {
            V::Null => Ok(V::Null),
            V::Map(members) => {
                self.pay(members.len() / 8)?;
                of.member(name).map_or(Ok(V::Null), |member| self.copy(member))
            }
            other => Err(Wrong::Of(".", other.kind())),
        }
    }

    fn index(&mut self, of: &V<'a>, index: &V<'a>) -> Result<V<'a>, Wrong> {
        match (of, index) {
            (V::List(items), index) if index.as_whole().is_some() => {
                let index = index.as_whole().and_then(|index| usize::try_from(index).ok());
                let item = index.and_then(|index| items.get(index)).ok_or(Wrong::Index)?;
                self.copy(item)
            }
            (V::Map(_), V::Text(name)) => self.member(of, name),
            (V::Null, _) => Ok(V::Null),
            _ => Err(Wrong::Between("[ ]", of.kind(), index.kind())),
        }
    }

    /// One or two arguments, without a list of them being made.
    fn call(&mut self, function: super::node::Function, arguments: &'a [Node]) -> Result<V<'a>, Wrong> {
        match arguments {
            [one] => {
                let one = self.eval(one)?;
                self.pay(one.bytes() / 64)?;
                call(function, &[one])
            }
            [one, two] => {
                let both = [self.eval(one)?, self.eval(two)?];
                self.pay((both[0].bytes() + both[1].bytes()) / 64)?;
                call(function, &both)
            }
            _ => Err(Wrong::Of(function.name(), "nothing")),
        }
    }

    fn object(&mut self, members: &'a [(Node, Node)]) -> Result<V<'a>, Wrong> {
        let mut made = Vec::with_capacity(members.len());
        for (name, value) in members {
            match self.eval(name)? {
                V::Text(name) => made.push((name, self.eval(value)?)),
                other => return Err(Wrong::Of("{ }", other.kind())),
            }
        }
        Ok(V::Map(Arc::new(made)))
    }

    /// A macro over an array's elements or an object's names.
    fn each(&mut self, each: Each, slot: usize, over: &'a Node, step: &'a Node) -> Result<V<'a>, Wrong> {
        let items = match self.eval(over)? {
            V::List(items) => items,
            V::Map(members) => {
                self.pay(members.len())?;
                Arc::new(members.iter().map(|(name, _)| V::Text(name.clone())).collect())
            }
            other => return Err(Wrong::Of("a macro", other.kind())),
        };
        let (mut made, mut count, mut wrong) = (Vec::new(), 0_usize, None);
        for item in items.iter() {
            self.pay(1)?;
            self.locals[slot] = self.copy(item)?;
            match each {
                Each::Map => made.push(self.eval(step)?),
                Each::Filter if self.truth(step, "filter")? => made.push(self.copy(item)?),
                Each::Filter => {}
                Each::ExistsOne => count += usize::from(self.truth(step, "exists_one")?),
                Each::All | Each::Exists => match self.truth(step, "a macro") {
                    Ok(truth) if truth == (each == Each::Exists) => return Ok(V::Bool(truth)),
                    Ok(_) => {}
                    Err(Wrong::Work) => return Err(Wrong::Work),
                    Err(found) => wrong = Some(found),
                },
            }
        }
        match (each, wrong) {
            (_, Some(wrong)) => Err(wrong),
            (Each::Map | Each::Filter, None) => Ok(V::List(Arc::new(made))),
            (Each::ExistsOne, None) => Ok(V::Bool(count == 1)),
            (Each::All | Each::Exists, None) => Ok(V::Bool(each == Each::All)),
        }
    }
}
