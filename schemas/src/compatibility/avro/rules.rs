//! Avro's rules: their names, and what to do instead.

use crate::compatibility::finding::{Effect, Rule};

pub(super) const FIELD: Rule = Rule {
    id: "avro/field-without-default",
    effect: Effect::Fails,
    backward: "Give the new field a default.",
    forward: "Keep the field, or give it a default in a version of its own first and drop it afterwards.",
};
pub(super) const TYPE: Rule = Rule {
    id: "avro/type-changed",
    effect: Effect::Fails,
    backward: "Keep the type, or add a field of another name with the new type and a default.",
    forward: "Keep the type, or add a field of another name with the new type; old readers pass over it.",
};
pub(super) const NAME: Rule = Rule {
    id: "avro/name-changed",
    effect: Effect::Fails,
    backward: "Keep the name, or list the old one among the new one's `aliases`.",
    forward: "Keep the name: readers with the old schema don't know the new one.",
};
pub(super) const FIXED: Rule = Rule {
    id: "avro/fixed-size-changed",
    effect: Effect::Fails,
    backward: "Keep the size, or add a field with a fixed of another name and a default.",
    forward: "Keep the size, or add a field with a fixed of another name.",
};
pub(super) const SYMBOL: Rule = Rule {
    id: "avro/enum-symbol-unknown",
    effect: Effect::Fails,
    backward: "Keep the symbol, or give the enum a `default`.",
    forward: "Give the enum a `default` in a version of its own first, and add the symbol once readers have it.",
};
pub(super) const BRANCH: Rule = Rule {
    id: "avro/union-branch-unknown",
    effect: Effect::Fails,
    backward: "Keep the branch.",
    forward: "Let readers take the branch up first, or add a field of another name.",
};
pub(super) const DECIMAL: Rule = Rule {
    id: "avro/decimal-changed",
    effect: Effect::Misreads,
    backward: "Keep precision and scale, or add a field of another name with a default.",
    forward: "Keep precision and scale, or add a field of another name.",
};
pub(super) const LOGICAL: Rule = Rule {
    id: "avro/logical-type-changed",
    effect: Effect::Misreads,
    backward: "Keep the logical type, or add a field of another name with a default.",
    forward: "Keep the logical type, or add a field of another name.",
};
pub(super) const UUID: Rule = Rule {
    id: "avro/uuid-from-string",
    effect: Effect::Fails,
    backward: "Leave the field a plain string, unless all that was ever written is a UUID.",
    forward: "Keep the logical type `uuid`.",
};
