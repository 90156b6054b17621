//! From a schema's tree to states. Each set of schemas that may meet one value becomes one state, once.

use std::collections::{HashMap, VecDeque};

use jsonschema::Draft;
use serde_json::{Map, Value};

use super::allowed::Allowed;
use super::flatten::{Located, Part, Slow, flatten};
use super::number::{EXACT, Limit, Numbers, Side};
use super::object;
use super::pattern::Pattern;
use super::states::{ALL_KINDS, ANY, Array, NONE, State, StateId, States, Whole};
use super::string::{Format, Texts};
use crate::json::Kind;

/// States of one program. More come only of schemas that combine many others in many ways.
const MAX_STATES: usize = 50_000;
/// Steps of putting schemas together, all in all: a schema of usual size takes some thousands.
const MAX_STEPS: usize = 5_000_000;
/// Elements of an array that have a schema of their own.
const MAX_PREFIX: usize = 1_024;

/// A schema's program; or why the judge has to do the work. `orders` has the order of members in the schema's text.
pub(super) fn compile(root: &Value, draft: Draft, orders: &object::Orders) -> Result<States, Slow> {
    let any = State::default();
    let mut compiler = Compiler {
        root,
        draft,
        orders,
        states: vec![any, State::none()],
        known: HashMap::new(),
        open: VecDeque::new(),
        steps: 0,
        patterns: HashMap::new(),
    };
    let id = compiler.state(vec![Located { schema: root, path: String::new() }])?;
    while let Some((id, schemas)) = compiler.open.pop_front() {
        compiler.states[id] = compiler.put_together(&schemas)?;
    }
    Ok(States { all: compiler.states, root: id })
}

pub(super) struct Compiler<'s> {
    root: &'s Value,
    pub(super) draft: Draft,
    pub(super) orders: &'s object::Orders,
    states: Vec<State>,
    /// By the places of its schemas in memory.
    known: HashMap<Vec<*const Value>, StateId>,
    open: VecDeque<(StateId, Vec<Located<'s>>)>,
    steps: usize,
    /// Compiled once, however often they occur.
    patterns: HashMap<String, Option<Pattern>>,
}

impl<'s> Compiler<'s> {
    /// The state of values that meet all of these schemas.
    pub(super) fn state(&mut self, mut schemas: Vec<Located<'s>>) -> Result<StateId, Slow> {
        schemas.retain(|located| *located.schema != Value::Bool(true));
        if schemas.is_empty() {
            return Ok(ANY);
        }
        if schemas.iter().any(|located| *located.schema == Value::Bool(false)) {
            return Ok(NONE);
        }
        let mut key: Vec<*const Value> = schemas.iter().map(|located| std::ptr::from_ref(located.schema)).collect();
        key.sort_unstable();
        key.dedup();
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        if self.states.len() >= MAX_STATES {
            return Err(Slow(format!("schemas that combine in more than {MAX_STATES} ways")));
        }
        let id = self.states.len();
        self.states.push(State::default());
        self.known.insert(key, id);
        self.open.push_back((id, schemas));
        Ok(id)
    }

    fn put_together(&mut self, schemas: &[Located<'s>]) -> Result<State, Slow> {
        let Some(parts) = flatten(self.root, self.draft, schemas)? else {
            return Ok(State::none());
        };
        self.spend(parts.len())?;
        let mut state = State::default();
        let mut allowed = Vec::new();
        let (mut numbers, mut texts) = (Numbers::default(), Texts::default());
        for part in &parts {
            types(part, self.draft, &mut state)?;
            allowed.extend(listed(part)?);
            bounds(part, &mut numbers)?;
            self.texts(part, &mut texts)?;
        }
        state.kinds &= allowed.iter().fold(ALL_KINDS, |kinds, allowed: &Allowed| kinds & allowed.kinds());
        state.allowed = allowed.into();
        state.numbers = (!numbers.bounds.is_empty() || !numbers.divisors.is_empty()).then(|| Box::new(numbers));
        let silent =
            texts.patterns.is_empty() && texts.formats.is_empty() && texts.least == 0 && texts.most == u64::MAX;
        state.texts = (!silent).then(|| Box::new(texts));
        state.object =
            state.accepts(Kind::Object).then(|| object::put_together(self, &parts).map(Box::new)).transpose()?;
        state.array = state.accepts(Kind::Array).then(|| self.array(&parts).map(Box::new)).transpose()?;
        Ok(state)
    }

    /// Counts steps against the limit.
    pub(super) fn spend(&mut self, steps: usize) -> Result<(), Slow> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > MAX_STEPS {
            return Err(Slow("schemas that combine in too many ways".to_owned()));
        }
        Ok(())
    }

    fn texts(&mut self, part: &Part<'s>, texts: &mut Texts) -> Result<(), Slow> {
        texts.least = texts.least.max(size(part, "minLength")?.unwrap_or(0));
        texts.most = texts.most.min(size(part, "maxLength")?.unwrap_or(u64::MAX));
        if let Some(pattern) = part.members.get("pattern") {
            let slow = || Slow::keyword("pattern", &part.path);
            let pattern = pattern.as_str().ok_or_else(slow)?;
            let known = self.patterns.entry(pattern.to_owned()).or_insert_with(|| Pattern::new(pattern));
            texts.patterns.push(known.clone().ok_or_else(slow)?);
        }
        if let Some(format) = part.members.get("format").and_then(Value::as_str) {
            texts.formats.extend(Format::new(format, self.draft));
        }
        Ok(())
    }

    fn array(&mut self, parts: &[Part<'s>]) -> Result<Array, Slow> {
        let mut array = Array::open();
        let mut prefixes: Vec<Vec<Located<'s>>> = Vec::new();
        let mut rests: Vec<(usize, Located<'s>)> = Vec::new();
        for part in parts {
            array.least = array.least.max(size(part, "minItems")?.unwrap_or(0));
            array.most = array.most.min(size(part, "maxItems")?.unwrap_or(u64::MAX));
            array.unique |= part.members.get("uniqueItems") == Some(&Value::Bool(true));
            let prefix = part.members.get("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
            if prefix.len() > MAX_PREFIX {
                return Err(Slow::keyword("prefixItems", &part.path));
            }
            prefixes.resize_with(prefixes.len().max(prefix.len()), Vec::new);
            for (index, schema) in prefix.iter().enumerate() {
                prefixes[index].push(Located::below(part, "prefixItems", schema).element(index, schema));
            }
            match part.members.get("items") {
                Some(Value::Array(_)) => return Err(Slow::keyword("items", &part.path)),
                Some(items) => rests.push((prefix.len(), Located::below(part, "items", items))),
                None => {}
            }
        }
        for (index, mut schemas) in prefixes.into_iter().enumerate() {
            schemas.extend(rests.iter().filter(|(from, _)| *from <= index).map(|(_, rest)| rest.clone()));
            array.prefix.push(self.state(schemas)?);
        }
        array.rest = self.state(rests.into_iter().map(|(_, rest)| rest).collect())?;
        Ok(array)
    }
}

/// Narrows a state's kinds to those that `type` names.
fn types(part: &Part<'_>, draft: Draft, state: &mut State) -> Result<(), Slow> {
    let Some(wanted) = part.members.get("type") else { return Ok(()) };
    let slow = || Slow::keyword("type", &part.path);
    let wanted = match wanted {
        Value::Array(several) => several.as_slice(),
        one => std::slice::from_ref(one),
    };
    let (mut kinds, mut whole) = (0, false);
    for name in wanted {
        kinds |= match name.as_str().ok_or_else(slow)? {
            "null" => Kind::Null.bit(),
            "boolean" => Kind::Boolean.bit(),
            "number" | "integer" => Kind::Number.bit(),
            "string" => Kind::String.bit(),
            "array" => Kind::Array.bit(),
            "object" => Kind::Object.bit(),
            _ => return Err(slow()),
        };
        whole |= name == "integer";
    }
    whole &= !wanted.iter().any(|name| name == "number");
    state.kinds &= kinds;
    if whole {
        state.whole = if draft == Draft::Draft4 { Whole::BySpelling } else { Whole::ByValue };
    }
    Ok(())
}

/// The values that `enum` and `const` list.
fn listed(part: &Part<'_>) -> Result<Vec<Allowed>, Slow> {
    let mut allowed = Vec::new();
    if let Some(values) = part.members.get("enum") {
        let listed = values.as_array().and_then(|values| Allowed::new(values));
        allowed.push(listed.ok_or_else(|| Slow::keyword("enum", &part.path))?);
    }
    if let Some(value) = part.members.get("const") {
        let only = Allowed::new(std::slice::from_ref(value));
        allowed.push(only.ok_or_else(|| Slow::keyword("const", &part.path))?);
    }
    Ok(allowed)
}

fn bounds(part: &Part<'_>, numbers: &mut Numbers) -> Result<(), Slow> {
    let keywords = [
        ("minimum", Side::AtLeast),
        ("exclusiveMinimum", Side::Above),
        ("maximum", Side::AtMost),
        ("exclusiveMaximum", Side::Below),
    ];
    for (keyword, side) in keywords {
        if let Some(limit) = part.members.get(keyword) {
            let limit = limit.as_number().and_then(Limit::new).ok_or_else(|| Slow::keyword(keyword, &part.path))?;
            numbers.bounds.push((side, limit));
        }
    }
    if let Some(divisor) = part.members.get("multipleOf") {
        let slow = || Slow::keyword("multipleOf", &part.path);
        let divisor = match divisor.as_number().and_then(Limit::new).ok_or_else(slow)? {
            Limit::Whole(divisor) => i64::try_from(divisor).map_err(|_| slow())?,
            Limit::Double(_) => return Err(slow()),
        };
        if !(1..=EXACT).contains(&divisor) {
            return Err(slow());
        }
        numbers.divisors.push(divisor);
    }
    Ok(())
}

/// A keyword that counts. Drafts from 6 on spell it 3.0 too.
pub(super) fn size(part: &Part<'_>, keyword: &str) -> Result<Option<u64>, Slow> {
    let members: &Map<String, Value> = part.members;
    let Some(value) = members.get(keyword) else { return Ok(None) };
    value.as_u64().map(Some).ok_or_else(|| Slow::keyword(keyword, &part.path))
}
