//! Which keywords hold schemas, and for which kind of value; which ones the program knows in which draft.

use jsonschema::Draft;

/// How a keyword's schemas meet the values of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meets {
    /// The value itself.
    Same,
    /// Values inside it, each of them one of its schemas at most.
    Inside,
    /// Values inside it, each of them perhaps all of its schemas.
    Inner,
}

/// What a keyword's value looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    Schema,
    List,
    Map,
    /// A schema or a list of them.
    Either,
    /// Schemas, and lists of names.
    Dependencies,
}

/// Keywords that hold schemas, of all drafts.
pub(super) const APPLICATORS: [(&str, Meets, Holds); 20] = [
    ("allOf", Meets::Same, Holds::List),
    ("anyOf", Meets::Same, Holds::List),
    ("oneOf", Meets::Same, Holds::List),
    ("not", Meets::Same, Holds::Schema),
    ("if", Meets::Same, Holds::Schema),
    ("then", Meets::Same, Holds::Schema),
    ("else", Meets::Same, Holds::Schema),
    ("dependentSchemas", Meets::Same, Holds::Map),
    ("dependencies", Meets::Same, Holds::Dependencies),
    ("properties", Meets::Inside, Holds::Map),
    ("patternProperties", Meets::Inner, Holds::Map),
    ("additionalProperties", Meets::Inside, Holds::Schema),
    ("unevaluatedProperties", Meets::Inside, Holds::Schema),
    ("propertyNames", Meets::Inside, Holds::Schema),
    ("items", Meets::Inside, Holds::Either),
    ("prefixItems", Meets::Inside, Holds::List),
    ("additionalItems", Meets::Inside, Holds::Schema),
    ("unevaluatedItems", Meets::Inside, Holds::Schema),
    ("contains", Meets::Inside, Holds::Schema),
    ("contentSchema", Meets::Inside, Holds::Schema),
];

/// Keywords that refer to schemas.
pub(super) const REFERENCES: [&str; 3] = ["$ref", "$dynamicRef", "$recursiveRef"];

/// What the program makes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It is read.
    Read,
    /// It says nothing about events.
    Silent,
    /// The judge alone knows it.
    No,
}

/// Keywords that the judge may act upon in some draft, and the program doesn't know.
const UNKNOWN: [&str; 26] = [
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "dependencies",
    "patternProperties",
    "unevaluatedProperties",
    "unevaluatedItems",
    "propertyNames",
    "contains",
    "minContains",
    "maxContains",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "$dynamicRef",
    "$recursiveRef",
    "$dynamicAnchor",
    "$recursiveAnchor",
    "$vocabulary",
    "discriminator",
    "additionalItems",
];

/// Keywords that the program reads, and the first draft that has them.
const READ: [(&str, Draft); 23] = [
    ("$ref", Draft::Draft4),
    ("type", Draft::Draft4),
    ("enum", Draft::Draft4),
    ("const", Draft::Draft6),
    ("required", Draft::Draft4),
    ("properties", Draft::Draft4),
    ("additionalProperties", Draft::Draft4),
    ("items", Draft::Draft4),
    ("prefixItems", Draft::Draft202012),
    ("minimum", Draft::Draft4),
    ("maximum", Draft::Draft4),
    ("exclusiveMinimum", Draft::Draft6),
    ("exclusiveMaximum", Draft::Draft6),
    ("multipleOf", Draft::Draft4),
    ("minLength", Draft::Draft4),
    ("maxLength", Draft::Draft4),
    ("minItems", Draft::Draft4),
    ("maxItems", Draft::Draft4),
    ("minProperties", Draft::Draft4),
    ("maxProperties", Draft::Draft4),
    ("uniqueItems", Draft::Draft4),
    ("pattern", Draft::Draft4),
    ("format", Draft::Draft4),
];

/// What the program makes of a keyword in a draft.
pub(super) fn known(keyword: &str, draft: Draft) -> Known {
    if keyword == "allOf" {
        return Known::Read;
    }
    match READ.iter().find(|(read, _)| *read == keyword) {
        Some((_, since)) if draft >= *since => Known::Read,
        Some(_) => Known::No,
        None if UNKNOWN.contains(&keyword) => Known::No,
        None => Known::Silent,
    }
}
