//! JSON Schema's rules: their names, and what to do instead.

use crate::compatibility::finding::{Effect, Rule};

const WIDEN: &str = "Keep what was accepted, or add a property of another name.";
const READERS_FIRST: &str = "Let readers accept it first, or add a property of another name.";

const fn narrowed(id: &'static str) -> Rule {
    Rule { id, effect: Effect::Fails, backward: WIDEN, forward: READERS_FIRST }
}

pub(super) const TYPE: Rule = narrowed("json-schema/type-changed");
pub(super) const ENUM: Rule = narrowed("json-schema/value-not-accepted");
pub(super) const BOUND: Rule = narrowed("json-schema/bound-tightened");
pub(super) const MULTIPLE: Rule = narrowed("json-schema/multiple-of-changed");
pub(super) const FORMAT: Rule = narrowed("json-schema/format-changed");
pub(super) const UNIQUE: Rule = narrowed("json-schema/unique-items-added");
pub(super) const BRANCH: Rule = narrowed("json-schema/branch-not-accepted");
pub(super) const NOTHING: Rule = narrowed("json-schema/nothing-accepted");
pub(super) const UNCONSTRAINED: Rule = narrowed("json-schema/constraint-added");
pub(super) const REQUIRED: Rule = Rule {
    id: "json-schema/required-added",
    effect: Effect::Fails,
    backward: "Leave the property optional: validators don't fill defaults in.",
    forward: "Go on writing the property, and keep it required.",
};
pub(super) const OPEN: Rule = Rule {
    id: "json-schema/property-added-to-open-object",
    effect: Effect::Fails,
    backward: "Close the object with `additionalProperties: false` before events are written, or reserve names with a schema for `additionalProperties`.",
    forward: "Keep the property with its schema: without it anything may be written under its name.",
};
pub(super) const REMOVED: Rule = Rule {
    id: "json-schema/property-removed-from-closed-object",
    effect: Effect::Fails,
    backward: "Keep the property, optional and marked `deprecated`, or open the object.",
    forward: "Let readers know the property first, or leave objects open for what comes later.",
};
pub(super) const CLOSED: Rule = Rule {
    id: "json-schema/object-closed",
    effect: Effect::Fails,
    backward: "Leave the object open.",
    forward: "Leave the object closed.",
};
pub(super) const PATTERN: Rule = Rule {
    id: "json-schema/pattern-changed",
    effect: Effect::Unproven,
    backward: "Keep the pattern, or add a property of another name.",
    forward: "Keep the pattern, or add a property of another name.",
};
pub(super) const UNDECIDED: Rule = Rule {
    id: "json-schema/undecided",
    effect: Effect::Unproven,
    backward: "Keep the keyword as it was, or have someone decide who knows the events.",
    forward: "Keep the keyword as it was, or have someone decide who knows the events.",
};
