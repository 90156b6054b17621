//! Keywords on values that hold no others, and those that can only be compared word for word.

use serde_json::Value;

use super::bounds::{self, Bound, order};
use super::document::Id;
use super::rules;
use super::view::{ALL, ARRAY, NUMBER, OBJECT, STRING, kind_of, kinds_named, name_kinds, plain};
use super::walk::{Meeting, Walk};
use crate::compatibility::finding::Stop;

/// A pair of keywords that bound something: the keyword, its exclusive form, whether it is a lower bound, of which
/// kinds of value.
type Limit = (&'static str, &'static str, bool, u8);

const LIMITS: [Limit; 8] = [
    ("minimum", "exclusiveMinimum", true, NUMBER),
    ("maximum", "exclusiveMaximum", false, NUMBER),
    ("minLength", "", true, STRING),
    ("maxLength", "", false, STRING),
    ("minItems", "", true, ARRAY),
    ("maxItems", "", false, ARRAY),
    ("minProperties", "", true, OBJECT),
    ("maxProperties", "", false, OBJECT),
];

/// Keywords that are compared as a group, word for word, and the kinds of value that they speak of.
const WHOLE: [(&[&str], u8); 9] = [
    (&["not"], ALL),
    (&["if", "then", "else"], ALL),
    (&["$dynamicRef"], ALL),
    (&["$recursiveRef"], ALL),
    (&["contains", "minContains", "maxContains"], ARRAY),
    (&["propertyNames"], OBJECT),
    (&["dependentRequired"], OBJECT),
    (&["dependentSchemas"], OBJECT),
    (&["dependencies"], OBJECT),
];

/// All values of the kinds that have few.
const FEW: [Value; 3] = [Value::Null, Value::Bool(false), Value::Bool(true)];

impl Walk<'_, '_> {
    pub(super) fn scalar_keywords(&mut self, at: &Meeting, reader: Id, kinds: u8) -> Result<bool, Stop> {
        if !self.kinds_fit(at, reader, kinds)? {
            return Ok(false);
        }
        let mut fits = self.values_fit(at, reader, kinds)?;
        for limit in LIMITS {
            if limit.3 & kinds != 0 {
                fits &= self.limit_fits(at, reader, limit)?;
            }
        }
        if kinds & NUMBER != 0 {
            fits &= self.multiple_fits(at, reader, kinds)?;
        }
        if kinds & STRING != 0 {
            fits &= self.text_fits(at, reader, "pattern")? & self.text_fits(at, reader, "format")?;
        }
        Ok(fits)
    }

    fn kinds_fit(&mut self, at: &Meeting, reader: Id, written: u8) -> Result<bool, Stop> {
        let read = self.reader.keyword(reader, "type").map_or(ALL, kinds_named);
        if written & !read == 0 {
            return Ok(true);
        }
        let (old, new) = self.findings.in_time(written, read);
        self.no(at, &rules::TYPE, "type", || format!("the type was {} and is {}", name_kinds(old), name_kinds(new)))
    }

    fn values_fit(&mut self, at: &Meeting, reader: Id, kinds: u8) -> Result<bool, Stop> {
        let mut fits = true;
        if let Some(value) = self.reader.keyword(reader, "const") {
            fits &= self.listed_fit(at, kinds, "const", std::slice::from_ref(value))?;
        }
        if let Some(Value::Array(values)) = self.reader.keyword(reader, "enum") {
            fits &= self.listed_fit(at, kinds, "enum", values)?;
        }
        Ok(fits)
    }

    fn listed_fit(&mut self, at: &Meeting, kinds: u8, keyword: &str, read: &[Value]) -> Result<bool, Stop> {
        let few: Vec<&Value> = FEW.iter().filter(|value| kind_of(value) & kinds != 0).collect();
        let simple = kinds & !(kind_of(&FEW[0]) | kind_of(&FEW[1])) == 0;
        let Some(written) = self.values(at.view).or_else(|| simple.then_some(few.into())) else {
            let backward = self.findings.backward();
            return self.no(at, &rules::ENUM, keyword, || {
                if backward {
                    format!("only {} listed value(s) are accepted now, where others were before", read.len())
                } else {
                    format!("more is accepted now than the {} listed value(s) of the old version", read.len())
                }
            });
        };
        self.findings.steps(written.len().saturating_mul(read.len()))?;
        let Some(unknown) = written.iter().find(|value| !read.iter().any(|known| same_value(value, known))) else {
            return Ok(true);
        };
        let (unknown, backward) = (brief(unknown), self.findings.backward());
        self.no(at, &rules::ENUM, keyword, || {
            if backward {
                format!("the value {unknown} is not accepted any more")
            } else {
                format!("the value {unknown} is new")
            }
        })
    }

    fn limit_fits(&mut self, at: &Meeting, reader: Id, limit: Limit) -> Result<bool, Stop> {
        let (keyword, exclusive, lower, _) = limit;
        let Some(read) = bounds::of(self.reader.value(reader), keyword, exclusive, lower) else { return Ok(true) };
        let written = self.guaranteed(at, limit);
        let trivial = lower && keyword.len() > "minimum".len() && read.at.as_u64() == Some(0);
        if trivial || written.as_ref().is_some_and(|written| written.within(&read, lower)) {
            return Ok(true);
        }
        let word = |bound: &Option<Bound>| match bound {
            None => "no bound".to_owned(),
            Some(Bound { at, open: true }) => format!("{at} (exclusive)"),
            Some(Bound { at, .. }) => at.to_string(),
        };
        let (old, new) = self.findings.in_time(word(&written), word(&Some(read)));
        self.no(at, &rules::BOUND, keyword, || format!("`{keyword}` was {old} and is {new}"))
    }

    /// The bound that the writer's parts guarantee, by a bound of their own or by listed values.
    fn guaranteed(&mut self, at: &Meeting, limit: Limit) -> Option<Bound> {
        let (keyword, exclusive, lower, kinds) = limit;
        if let Some(values) = self.values(at.view) {
            let sizes = values.iter().filter(|value| kind_of(value) & kinds != 0).map(|value| match value {
                Value::Number(number) => number.clone(),
                Value::String(text) => text.chars().count().into(),
                Value::Array(items) => items.len().into(),
                Value::Object(members) => members.len().into(),
                _ => 0.into(),
            });
            let outer = sizes.reduce(|best, next| if (order(&next, &best).is_lt()) == lower { next } else { best });
            return outer.map(|at| Bound { at, open: false });
        }
        let parts = self.parts_of(at.view);
        let own = self.writer.bound(&parts, keyword, exclusive, lower);
        if keyword != "minProperties" {
            return own;
        }
        let mut required: Vec<&str> = self.writer.required(&parts).collect();
        required.sort_unstable();
        required.dedup();
        let required = Bound { at: required.len().into(), open: false };
        Some(own.filter(|own| own.within(&required, true)).unwrap_or(required))
    }

    fn multiple_fits(&mut self, at: &Meeting, reader: Id, kinds: u8) -> Result<bool, Stop> {
        let Some(Value::Number(read)) = self.reader.keyword(reader, "multipleOf") else { return Ok(true) };
        let parts = self.parts_of(at.view);
        let own = plain(&parts).filter_map(|id| self.writer.keyword(id, "multipleOf"));
        let mut written: Vec<Value> = own.cloned().collect();
        if kinds & NUMBER == super::view::INTEGER {
            written.push(1.into());
        }
        let divides = |written: &Value| match (written.as_i64(), read.as_i64()) {
            (Some(written), Some(read)) => read != 0 && written.checked_rem(read) == Some(0),
            _ => written.as_number() == Some(read),
        };
        if written.iter().any(divides) {
            return Ok(true);
        }
        let word = |value: Option<&Value>| value.map_or("any number".to_owned(), ToString::to_string);
        let (old, new) = self.findings.in_time(word(written.first()), read.to_string());
        self.no(at, &rules::MULTIPLE, "multipleOf", || format!("`multipleOf` was {old} and is {new}"))
    }

    /// Patterns and formats: no two are compared but for their spelling.
    fn text_fits(&mut self, at: &Meeting, reader: Id, keyword: &str) -> Result<bool, Stop> {
        let Some(read) = self.reader.keyword(reader, keyword).and_then(Value::as_str) else { return Ok(true) };
        let parts = self.parts_of(at.view);
        let written: Vec<&str> =
            plain(&parts).filter_map(|id| self.writer.keyword(id, keyword)).filter_map(Value::as_str).collect();
        if written.contains(&read) {
            return Ok(true);
        }
        let word = |text: Option<&&str>| text.map_or("absent".to_owned(), |text| format!("`{text}`"));
        let (old, new) = self.findings.in_time(word(written.first()), word(Some(&read)));
        let rule = if keyword == "pattern" { &rules::PATTERN } else { &rules::FORMAT };
        self.no(at, rule, keyword, || format!("`{keyword}` was {old} and is {new}"))
    }

    /// Keywords of which only the same words show that they follow.
    pub(super) fn undecided_keywords(&mut self, at: &Meeting, reader: Id, kinds: u8) -> Result<bool, Stop> {
        let mut fits = true;
        for (group, of) in WHOLE {
            if of & kinds == 0 || self.reader.keyword(reader, group[0]).is_none() {
                continue;
            }
            let mut found = false;
            for writer in plain(&self.parts_of(at.view)) {
                found = found || self.same().keywords(writer, reader, group)?;
            }
            if !found {
                fits =
                    self.no(at, &rules::UNDECIDED, group[0], || format!("`{}` is not the same in both", group[0]))?;
            }
        }
        // What they speak of depends on all that stands beside them; where all of it is the same, this is not asked.
        for (keyword, of) in [("unevaluatedProperties", OBJECT), ("unevaluatedItems", ARRAY)] {
            let trivial = matches!(self.reader.keyword(reader, keyword), None | Some(Value::Bool(true)));
            if of & kinds != 0 && !trivial {
                let what = || format!("the schema around `{keyword}` is not the same in both");
                fits = self.no(at, &rules::UNDECIDED, keyword, what)?;
            }
        }
        Ok(fits)
    }
}

/// JSON Schema's equality: numbers by their value.
fn same_value(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => order(left, right).is_eq(),
        _ => left == right,
    }
}

/// A schema's own value in a sentence.
fn brief(value: &Value) -> String {
    let text = value.to_string();
    let short: String = text.chars().take(80).collect();
    if short.len() < text.len() { format!("`{short}…`") } else { format!("`{short}`") }
}
