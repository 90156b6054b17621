//! Fits the rules over events to one topic: which of them are for it, where the values that they name come from, and
//! whether their expressions go with its schema.

use std::sync::Arc;

use forebay_schemas::contract::Pointer;
use forebay_schemas::encoder::MAX_PICKS;
use forebay_schemas::outline::Place as Lies;
use forebay_schemas::problem::Problem;

use crate::cel::infer::{Type, Types};
use crate::event::{Check, EventRules, Fitted, Judged};
use crate::facts::Facts;
use crate::requirement::event::Requirement;
use crate::rule::{self, Place, Rule, When};
use crate::scope::TopicScope;
use crate::words::Words;

/// The rules that hold for a topic's events; the error is what in them does not go with its schema.
pub(crate) fn bind(rules: &[Rule], facts: &Facts<'_>) -> Result<EventRules, Vec<Problem>> {
    let mut binding = Binding { facts, bound: EventRules::default(), problems: Vec::new() };
    let ours = |rule: &&Rule| rule.info.place == Place::Event && rule.info.topics.include(facts.topic);
    for rule in rules.iter().filter(ours) {
        let before = binding.bound.named.len();
        binding.add(rule);
        binding.few(before, rule);
    }
    if !binding.bound.is_empty() {
        binding.bound.scope = TopicScope::new(&Facts { outline: None, ..facts.clone() });
    }
    binding.problems.sort();
    if binding.problems.is_empty() { Ok(binding.bound) } else { Err(binding.problems) }
}

struct Binding<'f> {
    facts: &'f Facts<'f>,
    bound: EventRules,
    problems: Vec<Problem>,
}

impl Binding<'_> {
    fn add(&mut self, rule: &Rule) {
        let check = match &rule.check {
            rule::Check::When(when) => self.when(when, rule),
            rule::Check::Event(all) => self.require(all, rule),
            _ => return,
        };
        match check {
            Ok(check) => {
                let exception = rule.info.exception(self.facts.topic).cloned();
                self.bound.infos.push(Arc::clone(&rule.info));
                self.bound.fitted.push(Fitted { exception, check });
            }
            Err(why) => self.bound.aside.push((Arc::clone(&rule.info), why)),
        }
    }

    /// The requirements with their fields' places; the error is why none of them applies to the topic. A field that its
    /// events never have breaks `fields` in each of them, and is none of those that `values` speaks of.
    fn require(&mut self, all: &[Requirement], rule: &Rule) -> Result<Check, String> {
        let (mut kept, mut aside) = (Vec::new(), Vec::new());
        for one in all {
            let slot = match (one, one.pointer()) {
                (_, None) => None,
                (Requirement::Value(..), Some(pointer)) if self.is_nowhere(pointer) => {
                    aside.push(pointer);
                    continue;
                }
                (_, Some(pointer)) if self.is_nowhere(pointer) => None,
                (_, Some(pointer)) => Some(self.slot(pointer)),
            };
            if let Requirement::Value(pointer, words) = one {
                self.can_be(pointer, words, rule);
            }
            kept.push((one.clone(), slot));
        }
        if kept.is_empty() {
            return Err(aside.first().map(|pointer| no_field(pointer)).unwrap_or_default());
        }
        let left_out =
            |pointer: &Pointer| format!("the values of {} alone, since its events have no such field", pointer.text);
        self.bound.aside.extend(aside.into_iter().map(|pointer| (Arc::clone(&rule.info), left_out(pointer))));
        Ok(Check::Require(kept))
    }

    /// Complains about words that a field's values can't be, whatever an event holds.
    fn can_be(&mut self, pointer: &Pointer, words: &Words, rule: &Rule) {
        let kind = self.kind(pointer);
        let expected = match kind {
            Type::Any | Type::Text => return,
            Type::Bool if words.accept("true") || words.accept("false") => return,
            Type::Bool => "true or false",
            Type::Int if words.has_numbers(true) => return,
            Type::Double if words.has_numbers(false) => return,
            Type::Int | Type::Double => "a list of numbers",
            _ => "a field of strings, numbers or booleans, and words of them,",
        };
        let expected = format!("{expected} as {}'s values of {} of {}", rule.info.name, pointer.text, self.facts.topic);
        let found = format!("words that {} never is", kind.article());
        let (file, line) = (rule.info.file.clone(), rule.info.line);
        self.problems.push(Problem { file, line, path: String::new(), expected, found });
    }

    /// The expression with its fields' places; the error is why it does not apply to the topic.
    fn when(&mut self, when: &When, rule: &Rule) -> Result<Check, String> {
        let program = &when.program;
        if let Some(missing) = program.named.iter().find(|pointer| self.is_nowhere(pointer)) {
            return Err(no_field(missing));
        }
        let contracted = |wanted: bool, pointer: Option<&Pointer>, what: &str| match pointer {
            Some(pointer) if wanted => Ok(Some(pointer.clone())),
            None if wanted => Err(format!("its contract does not say where an event's {what} is")),
            _ => Ok(None),
        };
        let id = contracted(program.wants_id, self.facts.id, "id")?;
        let time = contracted(program.wants_time, self.facts.time, "time")?;
        let fields = program.named.iter().map(|pointer| self.kind(pointer)).collect();
        let types = Types { fields, id: id.as_ref().map_or(Type::Any, |pointer| self.kind(pointer)) };
        if let Err((expected, found)) = program.check(&types) {
            let expected = format!("{expected}, for {}", self.facts.topic);
            let (file, path) = (rule.info.file.clone(), when.path.clone());
            self.problems.push(Problem { file, line: when.line, path, expected, found });
        }
        let mut slots = |pointer: Option<Pointer>| pointer.map(|pointer| self.slot(&pointer));
        let (id, time) = (slots(id), slots(time));
        let fields: Vec<_> = program.named.iter().map(|pointer| self.slot(pointer)).collect();
        Ok(Check::When(Judged { program: Arc::clone(program), fields, id, time }))
    }

    /// Whether the topic's events never have this field.
    fn is_nowhere(&self, pointer: &Pointer) -> bool {
        !pointer.tokens.is_empty() && self.facts.outline.is_some_and(|outline| outline.find(pointer) == Lies::Nowhere)
    }

    /// Complains about the rule that names one field too many.
    fn few(&mut self, before: usize, rule: &Rule) {
        let named = self.bound.named.len();
        if before <= MAX_PICKS && named > MAX_PICKS {
            let expected =
                format!("{MAX_PICKS} fields at most that rules name over the events of {}", self.facts.topic);
            let found = format!("{named} with those of {}", rule.info.name);
            let (file, line) = (rule.info.file.clone(), rule.info.line);
            self.problems.push(Problem { file, line, path: String::new(), expected, found });
        }
    }

    fn kind(&self, pointer: &Pointer) -> Type {
        if pointer.tokens.is_empty() {
            return Type::Any;
        }
        match self.facts.outline.map(|outline| outline.find(pointer)) {
            Some(Lies::Field(field)) => field.kind.into(),
            _ => Type::Any,
        }
    }

    /// Where a field's value stands among those that the rules name.
    fn slot(&mut self, pointer: &Pointer) -> usize {
        let named = &mut self.bound.named;
        named.iter().position(|known| known.tokens == pointer.tokens).unwrap_or_else(|| {
            named.push(pointer.clone());
            named.len() - 1
        })
    }
}

fn no_field(pointer: &Pointer) -> String {
    format!("its events have no field {}", pointer.text)
}
