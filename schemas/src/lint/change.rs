//! What changed between two versions of a contract, and who is hurt by it. What weighs how much: whatever makes records
//! unreadable, or takes them out of order, is an error, unless the contract promises nothing (`compatibility: none`); what
//! only deserves a look is a warning.

mod breaks;

use super::{Finding, Severity};
use crate::compatibility::Direction;
use crate::contract::{
    Compatibility, Compiled, Contract, Framing, KeyFormat, KeyRule, KeySource, SchemaRule, ValueRule,
};
use crate::encoder::Sourced;
use crate::schema::Schema;

pub use breaks::{Now, breaks};
use breaks::{are_same, is_kept};

/// The findings of a contract against an earlier version of it. `since` is what people call that version.
pub fn between(new: &Compiled, old: &Compiled, since: &str) -> Vec<Finding> {
    let mut changes = Changes { new: &new.contract, old: &old.contract, since, findings: Vec::new() };
    changes.partitions();
    changes.key();
    let values = Pair {
        path: "/value",
        new: (&new.contract.value, new.material.value.as_ref()),
        old: (&old.contract.value, old.material.value.as_ref()),
    };
    changes.values(&values);
    let key = |contract: &'_ Contract| contract.key.as_ref().and_then(|key| key.value.as_deref()).cloned();
    if let (Some(new_key), Some(old_key)) = (key(&new.contract), key(&old.contract)) {
        let new = (&new_key, new.material.key.as_ref());
        changes.values(&Pair { path: "/key", new, old: (&old_key, old.material.key.as_ref()) });
    }
    changes.findings
}

/// A contract that is there no more; `file` is where it was.
pub fn gone(old: &Contract, file: &str, since: &str) -> Finding {
    let says = format!(
        "{since} has a contract for the topic {}, and now there is none. Its producers will be refused with unknown_topic.",
        old.topic
    );
    // Nobody can write a promise into a contract without a schema, nor take it back.
    let promised = old.value.schema.is_some() && promises(&old.value);
    let severity = if promised { Severity::Error } else { Severity::Warning };
    Finding { severity, ..Finding::new("change/topic-gone", file, says) }
}

/// A contract whose earlier version is none that can be used.
pub fn unreadable(new: &Contract, since: &str, why: &str) -> Finding {
    let says = format!("Nothing was compared, since the contract at {since} can't be used: {why}.");
    Finding::of_member("change/unreadable", new, "", says)
}

/// A subject whose latest version is of another format; `theirs` is what the registry calls it.
pub fn other_format(now: &Now<'_>, theirs: &str, since: &str) -> Finding {
    let ours = now.rule.format.name();
    let says = format!("At {since} the schema is {theirs}, here it is {ours}. No consumer of the one reads the other.");
    Finding::of_member("change/format", now.contract, &format!("{}/format", now.path), says)
}

/// A schema whose id the contract names, against what a registry has under that id.
pub fn registered(now: &Now<'_>, id: u32, theirs: Option<&Schema>, since: &str) -> Option<Finding> {
    let says = match theirs {
        Some(theirs) if are_same(now.rule.format, &now.sourced.schema, theirs) => return None,
        Some(_) => format!(
            "At {since} schema {id} is another one than the file. Consumers look it up by this id and misread the records."
        ),
        None => format!("At {since} there is no schema of id {id}. Consumers can't read the records."),
    };
    Some(Finding::of_member("change/schema-id", now.contract, &format!("{}/schema_id", now.path), says))
}

/// Whether a contract promises anything to the readers of its records.
fn promises(value: &ValueRule) -> bool {
    value.schema.as_ref().is_none_or(|schema| schema.compatibility != Compatibility::None)
}

/// The same part of both versions: the value, or a key that has a schema.
struct Pair<'a> {
    path: &'static str,
    new: (&'a ValueRule, Option<&'a Sourced>),
    old: (&'a ValueRule, Option<&'a Sourced>),
}

struct Changes<'a> {
    new: &'a Contract,
    old: &'a Contract,
    since: &'a str,
    findings: Vec<Finding>,
}

impl Changes<'_> {
    /// Notes a change. An error weighs less where the contract promises nothing.
    fn note(&mut self, rule: &'static str, path: &str, says: String) {
        let mut finding = Finding::of_member(rule, self.new, path, says);
        if !promises(&self.new.value) {
            finding.severity = finding.severity.max(Severity::Warning);
        }
        self.findings.push(finding);
    }

    fn partitions(&mut self) {
        let (Some(new), Some(old)) = (self.new.kafka.partitions, self.old.kafka.partitions) else { return };
        let since = self.since;
        if new < old {
            let says =
                format!("At {since} the topic has {old} partitions, now {new}. Kafka never takes partitions away.");
            self.findings.push(Finding::of_member("change/partitions", self.new, "/kafka/partitions", says));
        } else if new > old && self.old.key.is_some() {
            let says = format!(
                "At {since} the topic has {old} partitions, now {new}. Keys move to other partitions: a reader may see a \
                 key's newer records before its older ones, and joins with topics of {old} partitions fail."
            );
            self.note("change/partitions", "/kafka/partitions", says);
        }
    }

    fn key(&mut self) {
        let (new, old) = (self.new.key.as_ref(), self.old.key.as_ref());
        let source = |key: Option<&KeyRule>| key.map(|key| key.source.clone());
        let since = self.since;
        if source(new) != source(old) {
            let says = format!(
                "At {since} the key comes from {}, now from {}. Records that belong together no longer meet in one \
                 partition, in order.",
                place(old),
                place(new)
            );
            self.note("change/key", "/key", says);
        }
        if let (Some(new), Some(old)) = (new, old)
            && new.format != old.format
        {
            let says = format!(
                "At {since} the key's format is {}, now {}. Consumers can't read the new keys, and equal keys have \
                 other bytes.",
                key_format(old),
                key_format(new)
            );
            self.note("change/key", "/key/format", says);
        }
    }

    fn values(&mut self, pair: &Pair<'_>) {
        let Pair { path, new: (new, new_schema), old: (old, old_schema) } = pair;
        let since = self.since;
        if new.format != old.format {
            let (new, old) = (new.format.name(), old.format.name());
            let says = format!("At {since} the format is {old}, now {new}. No consumer of the one reads the other.");
            return self.note("change/format", &format!("{path}/format"), says);
        }
        if new.framing != old.framing {
            let (new, old) = (framing(new.framing), framing(old.framing));
            let says = format!(
                "At {since} records have {old} before their payload, now {new}. Consumers look for the payload in the \
                 wrong place."
            );
            self.note("change/framing", &format!("{path}/framing"), says);
        }
        let (Some(new_rule), Some(old_rule)) = (&new.schema, &old.schema) else { return };
        self.subject(path, new_rule, old_rule);
        self.promise(path, new_rule, old_rule);
        let (Some(sourced), Some(old_schema)) = (*new_schema, *old_schema) else { return };
        if are_same(new.format, &sourced.schema, &old_schema.schema) {
            return;
        }
        self.schema_id((path, new.framing), sourced, old_schema);
        let now = Now { contract: self.new, path, rule: new, sourced };
        self.findings.extend(breaks(&now, &old_schema.schema, &old.message, since));
    }

    fn subject(&mut self, path: &str, new: &SchemaRule, old: &SchemaRule) {
        let (Some(new), Some(old)) = (&new.subject, &old.subject) else { return };
        if new != old {
            let says = format!(
                "At {} the schema is in the subject {old}, now in {new}. The registry does not hold the versions of the \
                 one against those of the other.",
                self.since
            );
            self.note("change/subject", &format!("{path}/subject"), says);
        }
    }

    fn promise(&mut self, path: &str, new: &SchemaRule, old: &SchemaRule) {
        let (new, old) = (new.compatibility, old.compatibility);
        let directions = [Direction::Backward, Direction::Forward];
        if directions.into_iter().any(|direction| is_kept(old, direction) && !is_kept(new, direction)) {
            let says = format!(
                "At {} the contract promises compatibility: {}, now {}. Breaks that the promise kept out are no longer \
                 errors.",
                self.since,
                old.name(),
                new.name()
            );
            self.note("change/loosened", &format!("{path}/compatibility"), says);
        }
    }

    /// Readers look a schema up by its id: another text under the same id misleads them.
    fn schema_id(&mut self, (path, framing): (&str, Framing), new: &Sourced, old: &Sourced) {
        let (Some(id), Some(same)) = (new.id, old.id) else { return };
        if framing == Framing::Confluent && id == same {
            let says = format!(
                "The schema is another one than at {}, and schema_id is still {id}. Consumers look the schema up by \
                 this id and read the new records by the old schema.",
                self.since
            );
            self.findings.push(Finding::of_member("change/schema-id", self.new, &format!("{path}/schema_id"), says));
        }
    }
}

fn place(key: Option<&KeyRule>) -> String {
    match key.map(|key| &key.source) {
        Some(KeySource::Event(pointer)) => format!("`{}`", pointer.text),
        Some(KeySource::Header(name)) => format!("the header {name}"),
        None => "nowhere".to_owned(),
    }
}

fn key_format(key: &KeyRule) -> &'static str {
    match (key.format, &key.value) {
        (KeyFormat::String, _) => "string",
        (KeyFormat::Int, _) => "int",
        (KeyFormat::Long, _) => "long",
        (KeyFormat::Bytes, _) => "bytes",
        (KeyFormat::Schema, Some(value)) => value.format.name(),
        (KeyFormat::Schema, None) => "a schema's",
    }
}

fn framing(framing: Framing) -> &'static str {
    match framing {
        Framing::Confluent => "the schema's id",
        Framing::None => "nothing",
    }
}
