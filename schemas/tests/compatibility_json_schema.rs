//! JSON Schema's rules one by one, each in both directions, and a report as people see it.

mod compatibility_kit;

use compatibility_kit::{breaks, expect, held, report, schema, short, version};
use forebay_schemas::compatibility::{Kind, Mode, compare};

fn same(old: &str, new: &str) {
    expect(Kind::JsonSchema, old, new, &[]);
}

fn differ(old: &str, new: &str, expected: &[&str]) {
    expect(Kind::JsonSchema, old, new, expected);
}

#[test]
fn types_narrow_and_widen() {
    differ(r#"{"type":"integer"}"#, r#"{"type":"number"}"#, &["→ json-schema/type-changed /type"]);
    differ(r#"{"type":["string","null"]}"#, r#"{"type":"string"}"#, &["← json-schema/type-changed /type"]);
    differ(
        r#"{"type":"string"}"#,
        r#"{"type":"boolean"}"#,
        &["← json-schema/type-changed /type", "→ json-schema/type-changed /type"],
    );
    differ(r#"{"type":"string"}"#, "{}", &["→ json-schema/type-changed "]);
    differ(r#"{"type":"string"}"#, "false", &["← json-schema/nothing-accepted "]);
    same(r#"{"type":["string","null"]}"#, r#"{"anyOf":[{"type":"string"},{"type":"null"}]}"#);
    same(r#"{"type":"string","title":"a"}"#, r#"{"type":"string","title":"b","examples":[1]}"#);
}

#[test]
fn values_come_and_go() {
    differ(r#"{"enum":["a","b"]}"#, r#"{"enum":["a","b","c"]}"#, &["→ json-schema/value-not-accepted /enum"]);
    differ(r#"{"const":1}"#, r#"{"enum":[1.0,2]}"#, &["→ json-schema/value-not-accepted /enum"]);
    differ(r#"{"type":"string"}"#, r#"{"enum":["a"]}"#, &["← json-schema/value-not-accepted /enum"]);
    same(r#"{"type":"boolean"}"#, r#"{"enum":[true,false]}"#);
    same(r#"{"enum":["a","b"]}"#, r#"{"oneOf":[{"const":"a"},{"const":"b"}]}"#);
}

#[test]
fn bounds_tighten_one_way() {
    for keyword in ["minimum", "minLength", "minItems", "minProperties"] {
        let of = |bound: u8| format!(r#"{{"{keyword}":{bound}}}"#);
        differ(&of(3), &of(5), &[&format!("← json-schema/bound-tightened /{keyword}")]);
    }
    for keyword in ["maximum", "maxLength", "maxItems", "maxProperties"] {
        let of = |bound: u8| format!(r#"{{"{keyword}":{bound}}}"#);
        differ(&of(5), &of(3), &[&format!("← json-schema/bound-tightened /{keyword}")]);
        differ("{}", &of(3), &[&format!("← json-schema/bound-tightened /{keyword}")]);
    }
    same(
        r#"{"minimum":3,"exclusiveMinimum":true,"$schema":"http://json-schema.org/draft-04/schema#"}"#,
        r#"{"exclusiveMinimum":3}"#,
    );
    same(r#"{"minLength":0}"#, "{}");
    differ(
        r#"{"type":"number","multipleOf":4}"#,
        r#"{"type":"number","multipleOf":2}"#,
        &["→ json-schema/multiple-of-changed /multipleOf"],
    );
    differ(
        r#"{"enum":[3,7]}"#,
        r#"{"type":"integer","minimum":4}"#,
        &["← json-schema/bound-tightened /minimum", "→ json-schema/value-not-accepted "],
    );
}

#[test]
fn patterns_and_formats_are_compared_by_their_spelling() {
    let of = |keyword: &str, text: &str| format!(r#"{{"type":"string","{keyword}":"{text}"}}"#);
    differ(
        &of("pattern", "^a"),
        &of("pattern", "^b"),
        &["← json-schema/pattern-changed /pattern", "→ json-schema/pattern-changed /pattern"],
    );
    differ(&of("pattern", "^a"), r#"{"type":"string"}"#, &["→ json-schema/pattern-changed "]);
    differ(r#"{"type":"string"}"#, &of("format", "date"), &["← json-schema/format-changed /format"]);
}

#[test]
fn open_objects_take_no_new_properties() {
    let open = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let more = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"integer"}}}"#;
    let empty = r#"{"type":"object","properties":{"a":{"type":"string"},"b":{}}}"#;
    differ(open, more, &["← json-schema/property-added-to-open-object /properties/b"]);
    same(open, empty);
}

#[test]
fn closed_objects_lose_no_properties() {
    let of =
        |properties: &str| format!(r#"{{"type":"object","additionalProperties":false,"properties":{{{properties}}}}}"#);
    let (a, both) = (of(r#""a":{"type":"string"}"#), of(r#""a":{"type":"string"},"b":{"type":"integer"}"#));
    differ(&a, &both, &["→ json-schema/property-removed-from-closed-object /properties/b"]);
    same(&a, &of(r#""a":{"type":"string"},"b":false"#));
    let open = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    differ(open, &a, &["← json-schema/object-closed /additionalProperties"]);
}

#[test]
fn partly_open_objects_take_what_their_schema_takes() {
    let of = |properties: &str, additional: &str| {
        format!(r#"{{"type":"object","properties":{{{properties}}},"additionalProperties":{additional}}}"#)
    };
    let strings = of("", r#"{"type":"string"}"#);
    differ(
        &strings,
        &of(r#""a":{"type":"string","minLength":1}"#, r#"{"type":"string"}"#),
        &["← json-schema/bound-tightened /properties/a/minLength"],
    );
    differ(
        &strings,
        &of(r#""a":{"type":"integer"}"#, r#"{"type":"string"}"#),
        &["← json-schema/type-changed /properties/a/type", "→ json-schema/type-changed /properties/a/type"],
    );
    differ(&strings, &of("", "true"), &["→ json-schema/constraint-added /additionalProperties"]);
}

#[test]
fn patterns_of_names_are_matched_where_names_are_known() {
    let of = |pattern: &str, kind: &str| {
        format!(
            r#"{{"type":"object","patternProperties":{{"{pattern}":{{"type":"{kind}"}}}},"additionalProperties":false}}"#
        )
    };
    differ(&of("^x", "integer"), &of("^x", "number"), &["→ json-schema/undecided /patternProperties"]);
    differ(
        &of("^x", "string"),
        &of("^y", "string"),
        &["← json-schema/undecided /additionalProperties", "→ json-schema/undecided /additionalProperties"],
    );
    let named = r#"{"type":"object","properties":{"xa":{"type":"string"}},"additionalProperties":false}"#;
    differ(named, &of("^x", "string"), &["→ json-schema/undecided /additionalProperties"]);
    differ(
        named,
        &of("^x", "integer"),
        &[
            "← json-schema/type-changed /patternProperties/^x/type",
            "→ json-schema/type-changed /patternProperties/^x/type",
            "→ json-schema/undecided /additionalProperties",
        ],
    );
}

#[test]
fn required_members_are_required_of_writers_too() {
    let of = |required: &str| format!(r#"{{"type":"object","properties":{{"a":{{}}}},"required":[{required}]}}"#);
    differ(&of(""), &of(r#""a""#), &["← json-schema/required-added /required"]);
    let default = r#"{"type":"object","properties":{"a":{"default":1}},"required":["a"]}"#;
    differ(&of(""), default, &["← json-schema/required-added /required"]);
    same(r#"{"required":["a","b"]}"#, r#"{"required":["b","a"],"minProperties":2}"#);
}

#[test]
fn arrays_are_looked_into() {
    let of = |items: &str| format!(r#"{{"type":"array","items":{items}}}"#);
    differ(&of(r#"{"type":"integer"}"#), &of(r#"{"type":"number"}"#), &["→ json-schema/type-changed /items/type"]);
    differ(&of("{}"), &of(r#"{"type":"number"}"#), &["← json-schema/type-changed /items/type"]);
    differ(r#"{"type":"array"}"#, &of(r#"{"type":"number"}"#), &["← json-schema/constraint-added /items"]);
    differ(
        r#"{"type":"array"}"#,
        r#"{"type":"array","uniqueItems":true}"#,
        &["← json-schema/unique-items-added /uniqueItems"],
    );
    same(
        r#"{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}"#,
        r#"{"prefixItems":[{"type":"string"}],"items":false}"#,
    );
    differ(
        r#"{"type":"array","prefixItems":[{"type":"string"}],"items":false}"#,
        r#"{"type":"array","prefixItems":[{"type":"string"},{"type":"string"}],"items":false}"#,
        &["→ json-schema/nothing-accepted /prefixItems/1"],
    );
}

#[test]
fn branches_come_and_go() {
    let of = |keyword: &str, branches: &str| format!(r#"{{"{keyword}":[{branches}]}}"#);
    let (string, object) = (r#"{"type":"string"}"#, r#"{"type":"object"}"#);
    for keyword in ["anyOf", "oneOf"] {
        differ(
            &of(keyword, string),
            &of(keyword, &format!("{string},{object}")),
            &["→ json-schema/type-changed /".to_owned() + keyword + "/1/type"].each_ref().map(String::as_str),
        );
    }
    let tagged = |tag: &str, more: &str| {
        format!(r#"{{"type":"object","properties":{{"kind":{{"const":"{tag}"}}{more}}},"required":["kind"]}}"#)
    };
    let (a, b) = (tagged("a", ""), tagged("b", ""));
    differ(
        &of("oneOf", &a),
        &of("oneOf", &format!("{a},{b}")),
        &["→ json-schema/value-not-accepted /oneOf/1/properties/kind/const"],
    );
    let three = format!("{a},{b},{}", tagged("c", ""));
    differ(&of("oneOf", &format!("{a},{b}")), &of("oneOf", &three), &["→ json-schema/branch-not-accepted /oneOf/2"]);
    // Whether a number is accepted depends on whether it fits the new branch as well.
    let (low, high) = (r#"{"type":"number","maximum":5}"#, r#"{"type":"number","minimum":3}"#);
    let found = breaks(Kind::JsonSchema, &of("oneOf", low), &of("oneOf", &format!("{low},{high}")), Mode::Backward);
    assert_eq!(short(&found), ["← json-schema/undecided /oneOf"]);
    // A number has no members: `required` lets it pass, so that both branches take it.
    let one = r#"{"const":1,"properties":{"a":false}"#;
    let new = format!(r#"{one},"oneOf":[{{"required":["a"]}},{{"minimum":0}}]}}"#);
    differ(&format!("{one}}}"), &new, &["← json-schema/undecided /oneOf"]);
}

#[test]
fn what_can_not_be_decided_is_said() {
    for keyword in ["not", "if", "contains", "propertyNames"] {
        let of = |kind: &str| format!(r#"{{"{keyword}":{{"type":"{kind}"}}}}"#);
        same(&of("string"), &of("string"));
        let place = format!("json-schema/undecided /{keyword}");
        differ(&of("string"), &of("array"), &[&format!("← {place}"), &format!("→ {place}")]);
    }
    differ(
        r#"{"type":"object"}"#,
        r#"{"type":"object","unevaluatedProperties":false}"#,
        &["← json-schema/undecided /unevaluatedProperties"],
    );
    differ(
        r#"{"type":"object"}"#,
        r#"{"type":"object","dependentRequired":{"a":["b"]}}"#,
        &["← json-schema/undecided /dependentRequired"],
    );
    same(r#"{"type":"object"}"#, r#"{"type":"object","contains":{"type":"string"}}"#);
}

#[test]
fn references_and_all_of_are_opened() {
    same(
        r##"{"$ref":"#/$defs/a","$defs":{"a":{"type":"string","minLength":2}}}"##,
        r#"{"allOf":[{"type":"string"},{"minLength":2}]}"#,
    );
    differ(
        r##"{"properties":{"a":{"$ref":"#/definitions/a"}},"definitions":{"a":{"type":"integer"}}}"##,
        r##"{"properties":{"a":{"$ref":"#/$defs/b"}},"$defs":{"b":{"$anchor":"b","type":"number"}}}"##,
        &["→ json-schema/type-changed /$defs/b/type"],
    );
    // Until draft 7, what stands beside `$ref` is passed over.
    same(
        r##"{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/a","minLength":9,"definitions":{"a":{"type":"string"}}}"##,
        r#"{"type":"string"}"#,
    );
    let tree =
        |kind: &str| format!(r##"{{"type":"object","properties":{{"v":{{"type":"{kind}"}},"next":{{"$ref":"#"}}}}}}"##);
    same(&tree("string"), &tree("string"));
    differ(&tree("integer"), &tree("number"), &["→ json-schema/type-changed /properties/v/type"]);
    same(r##"{"$ref":"#"}"##, r##"{"$ref":"#"}"##);
}

/// What a branch was tried with is not taken for granted after the branch has failed.
#[test]
fn recursive_branches_are_forgotten_with_their_trial() {
    let old = r##"{"$ref":"#/$defs/w","$defs":{
        "w":{"type":"object","properties":{"r":{"type":"string"}},"additionalProperties":{"$ref":"#/$defs/w"}}}}"##;
    let new = r##"{"properties":{"p":{"anyOf":[{"$ref":"#/$defs/one"},{"$ref":"#/$defs/two"}]}},"$defs":{
        "one":{"type":"object","properties":{"q":{"$ref":"#/$defs/q"},"r":{"type":"integer"}}},
        "two":{"type":"object","properties":{"q":{"$ref":"#/$defs/q"}}},
        "q":{"type":"object","properties":{"back":{"$ref":"#/$defs/one"}}}}}"##;
    let found = breaks(Kind::JsonSchema, old, new, Mode::Backward);
    assert_eq!(short(&found), ["← json-schema/branch-not-accepted /properties/p/anyOf"]);
}

#[test]
fn references_come_with_the_schema_or_not_at_all() {
    let text = r#"{"$id":"https://example.org/a/b.json","$ref":"c.json#/$defs/d"}"#;
    let of = |kind: &str| format!(r#"{{"$defs":{{"d":{{"type":"{kind}"}}}}}}"#);
    for name in ["c.json", "https://example.org/a/c.json"] {
        let (old, new) = (schema(text, &[(name, &of("integer"))]), schema(text, &[(name, &of("number"))]));
        let found = compare(Kind::JsonSchema, &version(&old), &version(&new), Mode::Full).expect("both can be read");
        assert_eq!(short(&found), [format!("→ json-schema/type-changed {name}#/$defs/d/type")]);
    }
    for gone in ["file:///etc/passwd", "http://127.0.0.1/a.json", "#/$defs/gone", "#gone", "other.json"] {
        let text = format!(r#"{{"properties":{{"a":{{"$ref":"{gone}"}}}}}}"#);
        let error = held(Kind::JsonSchema, "{\"properties\":{\"a\":{\"type\":\"string\"}}}", &text, Mode::Full)
            .expect_err("not there");
        let expected = "expected a reference into this schema or to one that is handed in with it";
        assert_eq!(error.to_string(), format!("the new version, /properties/a: {expected}, found `{gone}`"));
    }
}

#[test]
fn hostile_schemas_end_soon() {
    let numbered = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<Vec<_>>().join(",");
    let doubling = |keyword: &str, end: &str| {
        let defs = numbered(60, &|index| {
            let next = index + 1;
            format!(
                r##""d{index}":{{"{keyword}":[{{"$ref":"#/$defs/d{next}"}},{{"$ref":"#/$defs/d{next}","minLength":{index}}}]}}"##
            )
        });
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{defs},"d60":{end}}}}}"##)
    };
    for keyword in ["allOf", "anyOf", "oneOf"] {
        let (old, new) = (doubling(keyword, r#"{"type":"string"}"#), doubling(keyword, r#"{"type":"integer"}"#));
        drop(held(Kind::JsonSchema, &old, &new, Mode::Backward));
    }
    let union = |first: usize| {
        let branches = numbered(10_000, &|index| format!(r#"{{"required":["k{}"]}}"#, index + first));
        format!(r#"{{"anyOf":[{branches}]}}"#)
    };
    let error = held(Kind::JsonSchema, &union(0), &union(5_000), Mode::Full).expect_err("too much");
    insta::assert_snapshot!("too_many_branches", error);
    let chain = |end: &str| {
        let defs = numbered(9_999, &|index| {
            format!(r##""d{index}":{{"properties":{{"p":{{"$ref":"#/$defs/d{}"}}}}}}"##, index + 1)
        });
        format!(r##"{{"$ref":"#/$defs/d0","$defs":{{{defs},"d9999":{{"type":"{end}"}}}}}}"##)
    };
    same(&chain("string"), &chain("string"));
    let error = held(Kind::JsonSchema, &chain("string"), &chain("integer"), Mode::Full).expect_err("too deep");
    insta::assert_snapshot!("too_deep", error);
}

#[test]
fn a_report_reads_well() {
    let old = r#"{
  "type": "object",
  "additionalProperties": false,
  "required": ["event_id", "amount"],
  "properties": {
    "event_id": { "type": "string" },
    "amount": { "type": "number", "minimum": 0 },
    "currency": { "enum": ["EUR", "USD"] },
    "note": { "type": ["string", "null"] },
    "legacy": { "type": "string" }
  }
}"#;
    let new = r#"{
  "type": "object",
  "additionalProperties": false,
  "required": ["event_id", "customer_id"],
  "properties": {
    "event_id": { "type": "string", "format": "uuid" },
    "amount": { "type": "integer", "minimum": 1 },
    "currency": { "enum": ["EUR", "CHF"] },
    "note": { "type": "string", "pattern": "^[A-Z]" },
    "customer_id": { "type": "string" }
  }
}"#;
    insta::assert_snapshot!(report(&breaks(Kind::JsonSchema, old, new, Mode::Full)));
}
