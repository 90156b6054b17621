//! What writes and judges one topic's events by one version of its schema, and what the organisation's rules say of the
//! contract and that schema. Knows how the two are made to fit: rules name fields, the encoder picks them.

use std::collections::BTreeSet;
use std::sync::Arc;

use forebay_policies::{Conventions, Date, Decision, EventRules, Facts};
use forebay_schemas::contract::Contract;
use forebay_schemas::encoder::{Encoder, Material};
use forebay_schemas::outline::Outline;
use forebay_schemas::problem::Problem;

/// What writes and judges a topic's events. Immutable; shared by all requests.
#[derive(Debug)]
pub struct Program {
    /// Checks and writes events.
    pub encoder: Encoder,
    /// The rules over them, whose values the encoder picks.
    pub rules: EventRules,
    /// What the encoder was made of: schemas with their ids.
    pub material: Material,
}

impl Program {
    /// The id of the value's schema, if it has one.
    pub fn schema_id(&self) -> Option<u32> {
        self.material.value.as_ref().and_then(|sourced| sourced.id)
    }
}

/// The organisation's rules with what they need beside a contract.
#[derive(Debug)]
pub struct Rulebook {
    /// The rules.
    pub conventions: Conventions,
    /// The names of all topics.
    pub topics: BTreeSet<String>,
    /// The day on which contracts were last judged.
    pub today: Date,
}

impl Default for Rulebook {
    /// No rules and no topics.
    fn default() -> Self {
        Self { conventions: Conventions::default(), topics: BTreeSet::new(), today: Date::LAST }
    }
}

/// Why nothing can be made of a contract, its schema and the rules over its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Misfit {
    /// The contract and the schema don't go together.
    Schema(Vec<Problem>),
    /// Rules speak of fields as the schema does not have them.
    Rules(Vec<Problem>),
}

impl Misfit {
    /// Every mistake, with its place.
    pub fn into_problems(self) -> Vec<Problem> {
        let (Self::Schema(problems) | Self::Rules(problems)) = self;
        problems
    }
}

impl Rulebook {
    /// What the rules over topics, contracts and schemas say. Without a schema those over schemas say nothing.
    pub fn decide(&self, contract: &Contract, material: &Material) -> Decision {
        let outline = outline(contract, material);
        self.conventions.decide(&Facts::new(contract, outline.as_ref(), &self.topics), self.today)
    }

    /// Holds the rules over events against the value's schema, if it is known: what can be said of them before there is all
    /// that a program is made of.
    pub fn fits(&self, contract: &Contract, material: &Material) -> Result<(), Misfit> {
        if is_known(contract, material) { self.event_rules(contract, material).map(drop) } else { Ok(()) }
    }

    /// The rules over a contract's events, whether or not it is one whose events are written.
    pub fn event_rules(&self, contract: &Contract, material: &Material) -> Result<EventRules, Misfit> {
        let outline = outline(contract, material);
        self.conventions.for_topic(&Facts::new(contract, outline.as_ref(), &self.topics)).map_err(Misfit::Rules)
    }

    /// Compiles a contract whose material suffices, together with the rules over its events. `encoder` is one that was
    /// made of the same, if there is one; it serves where no rule names a field.
    pub fn compile(
        &self,
        contract: &Contract,
        material: Material,
        encoder: Option<Encoder>,
    ) -> Result<Program, Misfit> {
        let rules = self.event_rules(contract, &material)?;
        let material = Material { named: Arc::from(rules.named()), ..material };
        let encoder = match encoder {
            Some(encoder) if rules.named().is_empty() => encoder,
            _ => Encoder::compile(contract, &material).map_err(Misfit::Schema)?,
        };
        Ok(Program { encoder, rules, material })
    }
}

fn outline(contract: &Contract, material: &Material) -> Option<Outline> {
    is_known(contract, material).then(|| Outline::of(contract, material))
}

/// Whether it is known what fields there are, or that nobody knows.
fn is_known(contract: &Contract, material: &Material) -> bool {
    material.value.is_some() || !contract.value.format.has_schema()
}
