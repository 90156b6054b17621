//! Fits the rules over events to one topic: which of them are for it, where the values that they name come from, and
//! whether their expressions go with its schema.

use std::sync::Arc;

use forebay_schemas::contract::Pointer;
use forebay_schemas::outline::Place as Lies;
use forebay_schemas::problem::Problem;

use crate::cel::infer::{Type, Types};
use crate::event::{Check, EventRules, Fitted, Judged};
use crate::facts::Facts;
use crate::rule::{self, Place, Rule, When};
use crate::scope::TopicScope;

/// The rules that hold for a topic's events; the error is what in them does not go with its schema.
pub(crate) fn bind(rules: &[Rule], facts: &Facts<'_>) -> Result<EventRules, Vec<Problem>> {
    let mut binding = Binding { facts, bound: EventRules::default(), problems: Vec::new() };
    let ours = |rule: &&Rule| rule.info.place == Place::Event && rule.info.topics.include(facts.topic);
    for rule in rules.iter().filter(ours) {
        binding.add(rule);
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
            rule::Check::Event(all) => {
                let pointers = all.iter().filter_map(|one| one.pointer());
                let slot = |this: &mut Self, pointer: Option<&Pointer>| pointer.map(|pointer| this.slot(pointer));
                self.missing(pointers).map_or_else(
                    || Ok(Check::Require(all.iter().map(|one| (one.clone(), slot(self, one.pointer()))).collect())),
                    Err,
                )
            }
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

    /// The expression with its fields' places; the error is why it does not apply to the topic.
    fn when(&mut self, when: &When, rule: &Rule) -> Result<Check, String> {
        let program = &when.program;
        if let Some(why) = self.missing(program.named.iter()) {
            return Err(why);
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

    /// Why a rule that names these fields does not apply: the schema has no such field.
    fn missing<'p>(&self, mut pointers: impl Iterator<Item = &'p Pointer>) -> Option<String> {
        let outline = self.facts.outline?;
        let nowhere = |pointer: &&Pointer| !pointer.tokens.is_empty() && outline.find(pointer) == Lies::Nowhere;
        pointers.find(nowhere).map(|pointer| format!("its events have no field {}", pointer.text))
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
