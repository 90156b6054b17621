//! A parsed expression to steps: variables, the event's fields, macros and functions are told apart by name, and what only
//! depends on literals is worked out. Knows which names there are where; knows no field's type.

use cel::IdedExpr;
use cel::common::ast::{CallExpr, EntryExpr, Expr, LiteralValue};
use forebay_schemas::contract::{Pointer, check_open_header_name};
use forebay_schemas::document::nearest;

use super::eval::{MAX_MACROS, fold};
use super::node::{Each, Function, Node, Op, Var};
use super::value::V;
use super::{Flaw, Program};
use crate::rule::Place;
use crate::words::{Of, compile};

/// Elements of a list or a map that is written down, at most.
const MAX_ITEMS: usize = 100;

/// Compiles a tree for a rule of this place.
pub(crate) fn lower(text: &str, tree: &IdedExpr, place: Place) -> Result<Program, Flaw> {
    let program = Program {
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        root: Node::Const(V::Null),
        named: Vec::new(),
        headers: Vec::new(),
        wants_id: false,
        wants_time: false,
        wants_principal: false,
    };
    let mut lowering = Lowering { program, place, locals: Vec::new() };
    let root = lowering.node(tree)?;
    Ok(Program { root, ..lowering.program })
}

struct Lowering<'t> {
    program: Program,
    place: Place,
    /// Names of the macros' variables, the outermost first.
    locals: Vec<&'t str>,
}

impl<'t> Lowering<'t> {
    fn node(&mut self, tree: &'t IdedExpr) -> Result<Node, Flaw> {
        if let Some(named) = self.named(&tree.expr)? {
            return Ok(named);
        }
        match &tree.expr {
            Expr::Literal(literal) => constant(literal),
            Expr::Ident(name) => self.ident(name),
            Expr::Select(select) => Ok(Node::Member(Box::new(self.node(&select.operand)?), select.field.clone())),
            Expr::Call(call) => self.call(call),
            Expr::List(list) => {
                few(list.elements.len())?;
                let items: Result<Vec<_>, _> = list.elements.iter().map(|item| self.node(item)).collect();
                let items = items?;
                let fixed = items.iter().all(|item| matches!(item, Node::Const(_)));
                if fixed { folded(&Node::List(items)) } else { Ok(Node::List(items)) }
            }
            Expr::Map(map) => {
                few(map.entries.len())?;
                let mut members = Vec::new();
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { return Err(unfit("a message")) };
                    members.push((self.node(&entry.key)?, self.node(&entry.value)?));
                }
                Ok(Node::Map(members))
            }
            Expr::Struct(_) => Err(unfit("a message")),
            Expr::Comprehension(_) | Expr::Unspecified => Err(unfit("something else")),
        }
    }

    /// `event.a["b"].c` and `headers.name`, unless a macro's variable has that name.
    fn named(&mut self, tree: &'t Expr) -> Result<Option<Node>, Flaw> {
        let Some((root, tokens)) = chain(tree) else { return Ok(None) };
        if self.place != Place::Event || self.locals.contains(&root) {
            return Ok(None);
        }
        match (root, tokens.as_slice()) {
            ("event", _) => Ok(Some(Node::Field(self.field(&tokens)))),
            ("headers", [name]) => self.header(name).map(Some),
            ("headers", _) => {
                let expected = "a header field by its name, as in headers[\"content-type\"]";
                Err((expected.to_owned(), "headers as a whole".to_owned()))
            }
            _ => Ok(None),
        }
    }

    fn field(&mut self, tokens: &[&str]) -> usize {
        let escaped = tokens.iter().map(|token| format!("/{}", token.replace('~', "~0").replace('/', "~1")));
        let tokens = tokens.iter().map(|token| (*token).to_owned()).collect();
        place_of(&mut self.program.named, Pointer { text: escaped.collect(), tokens })
    }

    fn header(&mut self, name: &str) -> Result<Node, Flaw> {
        check_open_header_name(name).map_err(|expected| (expected.to_owned(), format!("\"{name}\"")))?;
        Ok(Node::Header(place_of(&mut self.program.headers, name.to_ascii_lowercase())))
    }

    fn ident(&mut self, name: &'t str) -> Result<Node, Flaw> {
        if let Some(slot) = self.locals.iter().rposition(|local| *local == name) {
            return Ok(Node::Local(slot));
        }
        let known: &[(&str, Var)] = match self.place {
            Place::Topic | Place::Contract => &[("topic", Var::Topic), ("contract", Var::Contract)],
            Place::Schema => &[("topic", Var::Topic), ("contract", Var::Contract), ("schema", Var::Schema)],
            Place::Event => &[
                ("topic", Var::Topic),
                ("contract", Var::Contract),
                ("principal", Var::Principal),
                ("now", Var::Now),
                ("size", Var::Size),
                ("id", Var::Id),
                ("time", Var::Time),
            ],
        };
        if let Some((_, var)) = known.iter().find(|(known, _)| *known == name) {
            self.program.wants_id |= *var == Var::Id;
            self.program.wants_time |= *var == Var::Time;
            self.program.wants_principal |= *var == Var::Principal;
            let node = Node::Var(*var);
            return Ok(if *var == Var::Time { Node::Call(Function::Timestamp, vec![node]) } else { node });
        }
        let more: &[&str] = if self.place == Place::Event { &["event", "headers"] } else { &[] };
        let names: Vec<_> = more.iter().copied().chain(known.iter().map(|(known, _)| *known)).collect();
        let list = names.join(", ");
        let expected = match nearest(name, names.iter().copied()) {
            Some(meant) => format!("one of {list} (did you mean {meant}?)"),
            None => format!("one of {list}"),
        };
        Err((expected, format!("the name {name}")))
    }

    fn call(&mut self, call: &'t CallExpr) -> Result<Node, Flaw> {
        match (call.func_name.as_str(), call.target.as_deref(), call.args.as_slice()) {
            ("_?_:_", None, [a, b, c]) => Ok(Node::If(Box::new([self.node(a)?, self.node(b)?, self.node(c)?]))),
            ("_&&_", None, [a, b]) => Ok(Node::And(Box::new([self.node(a)?, self.node(b)?]))),
            ("_||_", None, [a, b]) => Ok(Node::Or(Box::new([self.node(a)?, self.node(b)?]))),
            ("_[_]", None, [a, b]) => Ok(Node::Index(Box::new([self.node(a)?, self.node(b)?]))),
            ("!_", None, [a]) => Ok(Node::Not(Box::new(self.node(a)?))),
            ("-_", None, [a]) => match self.node(a)? {
                fixed @ Node::Const(_) => folded(&Node::Negate(Box::new(fixed))),
                node => Ok(Node::Negate(Box::new(node))),
            },
            ("has", None, [of]) => self.has(of),
            ("matches", Some(of), [pattern]) | ("matches", None, [of, pattern]) => self.matches(of, pattern),
            (name, None, [a, b]) if let Some((_, op)) = Op::NAMES.iter().find(|(known, _)| *known == name) => {
                Ok(Node::Binary(*op, Box::new([self.node(a)?, self.node(b)?])))
            }
            (name, Some(over), arguments) if let Some((_, each)) = Each::NAMES.iter().find(|(it, _)| *it == name) => {
                self.each(*each, name, over, arguments)
            }
            (name, target, arguments) => self.function(name, target, arguments),
        }
    }

    fn has(&mut self, of: &'t IdedExpr) -> Result<Node, Flaw> {
        match self.node(of)? {
            // `time` is made a timestamp where it is used; here only its being there counts.
            Node::Call(Function::Timestamp, arguments) if matches!(arguments[..], [Node::Var(Var::Time)]) => {
                Ok(Node::Has(Box::new(Node::Var(Var::Time))))
            }
            node @ (Node::Field(_) | Node::Header(_) | Node::Member(..) | Node::Index(_) | Node::Var(Var::Id)) => {
                Ok(Node::Has(Box::new(node)))
            }
            _ => Err(("a field, as in has(event.total)".to_owned(), "has of something else".to_owned())),
        }
    }

    fn matches(&mut self, of: &'t IdedExpr, pattern: &'t IdedExpr) -> Result<Node, Flaw> {
        let Expr::Literal(LiteralValue::String(pattern)) = &pattern.expr else {
            let expected = "a literal as the pattern of matches, which is read once";
            return Err((expected.to_owned(), "one that is made for each event".to_owned()));
        };
        let sees = if self.place == Place::Event { Of::Events } else { Of::Facts };
        let regex = compile(pattern.inner(), sees)?;
        Ok(Node::Matches(Box::new((self.node(of)?, regex))))
    }

    fn each(&mut self, each: Each, name: &str, over: &'t IdedExpr, arguments: &'t [IdedExpr]) -> Result<Node, Flaw> {
        let expected = || format!("{name} with a name and what to do with it, as in event.items.{name}(item, item.ok)");
        let [variable, step] = arguments else { return Err((expected(), format!("arguments: {}", arguments.len()))) };
        let Expr::Ident(variable) = &variable.expr else { return Err((expected(), "something else first".to_owned())) };
        let over = self.node(over)?;
        let slot = self.locals.len();
        if slot == MAX_MACROS {
            let expected = format!("macros {MAX_MACROS} deep at most (all, exists, exists_one, map, filter)");
            return Err((expected, "a deeper one".to_owned()));
        }
        self.locals.push(variable);
        let step = self.node(step);
        self.locals.pop();
        Ok(Node::Each(each, slot, Box::new([over, step?])))
    }

    fn function(&mut self, name: &str, target: Option<&'t IdedExpr>, arguments: &'t [IdedExpr]) -> Result<Node, Flaw> {
        let method = target.is_some();
        let known = Function::NAMES.iter().find(|(known, ..)| *known == name);
        let Some((_, function, count, as_function, as_method)) = known else {
            return Err((functions(name), name.to_owned()));
        };
        if !(if method { *as_method } else { *as_function }) {
            let form = if method { format!("{name}(…)") } else { format!("….{name}(…)") };
            let found = if method { format!("….{name}(…)") } else { format!("{name}(…)") };
            return Err((form, found));
        }
        let all: Result<Vec<_>, _> = target.into_iter().chain(arguments).map(|argument| self.node(argument)).collect();
        let all = all?;
        if all.len() != *count {
            let own = count - usize::from(method);
            let zone = matches!(function, Function::Part(_)).then_some(" (times are in UTC)").unwrap_or_default();
            let plural = if own == 1 { "" } else { "s" };
            return Err((format!("{name} with {own} argument{plural}{zone}"), format!("{}", arguments.len())));
        }
        let fixed = all.iter().all(|argument| matches!(argument, Node::Const(_)));
        let node = Node::Call(*function, all);
        if fixed { folded(&node) } else { Ok(node) }
    }
}

/// The functions that there are, or the one that was meant.
fn functions(name: &str) -> String {
    let macros = Each::NAMES.iter().map(|(each, _)| *each);
    let names: Vec<_> =
        Function::NAMES.iter().map(|(known, ..)| *known).chain(macros).chain(["has", "matches"]).collect();
    match nearest(name, names.iter().copied()) {
        Some(meant) => format!("a function that there is (did you mean {meant}?)"),
        None => format!("one of the functions {}", names.join(", ")),
    }
}

/// The name that a chain of members begins with, and the members. A computed one, or `*`, ends no chain: it is none.
fn chain(tree: &Expr) -> Option<(&str, Vec<&str>)> {
    let mut tokens = Vec::new();
    let mut tree = tree;
    loop {
        let token = match tree {
            Expr::Ident(name) => {
                tokens.reverse();
                return Some((name, tokens));
            }
            Expr::Select(select) => {
                tree = &select.operand.expr;
                select.field.as_str()
            }
            Expr::Call(CallExpr { func_name, target: None, args }) if func_name == "_[_]" => {
                let [of, index] = args.as_slice() else { return None };
                let Expr::Literal(LiteralValue::String(name)) = &index.expr else { return None };
                tree = &of.expr;
                name.inner()
            }
            _ => return None,
        };
        if token == "*" {
            return None;
        }
        tokens.push(token);
    }
}

fn constant(literal: &LiteralValue) -> Result<Node, Flaw> {
    Ok(Node::Const(match literal {
        LiteralValue::Boolean(value) => V::Bool(*value.inner()),
        LiteralValue::Double(value) => V::Double(*value.inner()),
        LiteralValue::Int(value) => V::Int(*value.inner()),
        LiteralValue::UInt(value) => V::Uint(*value.inner()),
        LiteralValue::Null => V::Null,
        LiteralValue::String(text) => V::Text(text.inner().to_owned().into()),
        LiteralValue::Bytes(_) => return Err(unfit("bytes")),
    }))
}

/// The result of what depends on nothing.
fn folded(node: &Node) -> Result<Node, Flaw> {
    let expected = match node {
        Node::Call(Function::Duration, _) => "a duration, as in duration(\"1h30m\")",
        Node::Call(Function::Timestamp, _) => "a timestamp, as in timestamp(\"2026-11-21T14:03:00Z\")",
        _ => "something that can be worked out",
    };
    fold(node).map(Node::Const).map_err(|wrong| (expected.to_owned(), wrong.to_string()))
}

fn few(items: usize) -> Result<(), Flaw> {
    if items <= MAX_ITEMS {
        return Ok(());
    }
    Err((format!("lists of {MAX_ITEMS} elements at most"), format!("one of {items}")))
}

fn unfit(found: &str) -> Flaw {
    ("numbers, texts, lists, maps, true, false or null as literals".to_owned(), found.to_owned())
}

/// Where a value stands in a list that has it once.
fn place_of<T: PartialEq>(list: &mut Vec<T>, value: T) -> usize {
    list.iter().position(|known| *known == value).unwrap_or_else(|| {
        list.push(value);
        list.len() - 1
    })
}
