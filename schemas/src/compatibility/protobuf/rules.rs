//! Protobuf's rules: their names, and what to do instead. Beside each, Buf's name for it.

use crate::compatibility::finding::{Effect, Rule};

const KEEP: &str = "Keep it as it was, or add a field of another name and number and reserve these.";

const fn both(id: &'static str, effect: Effect, remedy: &'static str) -> Rule {
    Rule { id, effect, backward: remedy, forward: remedy }
}

/// `FILE_SAME_PACKAGE`
pub(super) const PACKAGE: Rule =
    both("protobuf/package-changed", Effect::Fails, "Keep the package: readers find types by their full names.");
pub(super) const ROOT: Rule = both(
    "protobuf/event-message-changed",
    Effect::Misreads,
    "Keep the message; what is another kind of event belongs to a topic of its own.",
);
/// `MESSAGE_NO_DELETE`, beyond `WIRE_JSON`: records name messages by their place in the file.
pub(super) const MESSAGE: Rule =
    both("protobuf/message-removed", Effect::Fails, "Keep the message, marked `deprecated`.");
/// `FIELD_NO_DELETE_UNLESS_NUMBER_RESERVED`, `FIELD_NO_DELETE_UNLESS_NAME_RESERVED`
pub(super) const REMOVED: Rule =
    both("protobuf/field-removed-unreserved", Effect::Invites, "Reserve the number and the name.");
pub(super) const RENUMBERED: Rule =
    both("protobuf/field-renumbered", Effect::Misreads, "Give the field its old number back.");
/// `FIELD_SAME_NAME`, beyond `WIRE_JSON`: JSON may spell fields either way.
pub(super) const NAME: Rule =
    both("protobuf/field-name-changed", Effect::JsonDiffers, "Give the field its old name back.");
/// `FIELD_SAME_JSON_NAME`
pub(super) const JSON_NAME: Rule =
    both("protobuf/json-name-changed", Effect::JsonDiffers, "Keep the name, or set `json_name` to the old one.");
/// `FIELD_WIRE_JSON_COMPATIBLE_TYPE`, where bytes of the one are no bytes of the other.
pub(super) const TYPE: Rule = both("protobuf/field-type-changed", Effect::Fails, KEEP);
/// `FIELD_WIRE_JSON_COMPATIBLE_TYPE`, where readers take them all the same.
pub(super) const TYPE_MISREAD: Rule = both("protobuf/field-type-changed", Effect::Misreads, KEEP);
/// `FIELD_WIRE_JSON_COMPATIBLE_CARDINALITY`
pub(super) const CARDINALITY: Rule = both("protobuf/cardinality-changed", Effect::Misreads, KEEP);
/// `FIELD_SAME_ONEOF`
pub(super) const ONEOF: Rule =
    both("protobuf/oneof-changed", Effect::Misreads, "Leave the field where it was, and add one of another name.");
/// `MESSAGE_SAME_REQUIRED_FIELDS`
pub(super) const REQUIRED: Rule = Rule {
    id: "protobuf/required-changed",
    effect: Effect::Fails,
    backward: "Make the field `optional`.",
    forward: "Keep the field, and keep it `required`.",
};
/// `FIELD_SAME_DEFAULT`
pub(super) const DEFAULT: Rule =
    both("protobuf/default-changed", Effect::Misreads, "Keep the default: what is absent on the wire is read as it.");
/// `ENUM_VALUE_NO_DELETE_UNLESS_NUMBER_RESERVED`, `ENUM_VALUE_NO_DELETE_UNLESS_NAME_RESERVED`
pub(super) const VALUE_REMOVED: Rule =
    both("protobuf/enum-value-removed-unreserved", Effect::Invites, "Reserve the number and the name.");
/// `ENUM_VALUE_SAME_NAME`
pub(super) const VALUE_NAME: Rule = both(
    "protobuf/enum-value-name-changed",
    Effect::JsonDiffers,
    "Keep the name; with `allow_alias` there can be a second.",
);
/// `RESERVED_MESSAGE_NO_DELETE`, `RESERVED_ENUM_NO_DELETE`
pub(super) const RESERVED: Rule = both(
    "protobuf/reserved-removed",
    Effect::Invites,
    "Keep the reservation: old events still hold what it stands for.",
);
