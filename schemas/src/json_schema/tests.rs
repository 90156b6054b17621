//! The fast pass beside the judge: whatever schema and event, they never contradict each other.

use jsonschema::PatternOptions;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::check::Checker;
use super::run::{Program, compile};
use crate::json::reader::Reader;
use crate::pass::{Memory, Stop};
use crate::schema::Schema;

fn program(schema: &Value) -> Result<Program, String> {
    let schema = Schema { content: schema.to_string().into_bytes(), ..Schema::default() };
    compile(&schema).map_err(|mistakes| format!("{mistakes:?}"))
}

/// What the fast pass says of a text: yes, no, or that the judge has to say.
fn fast(program: &Program, text: &str) -> Option<bool> {
    let states = program.fast.as_ref().ok()?;
    match Checker::new(states, Reader::new(text), &mut Memory::default()).run() {
        Ok(_) => Some(true),
        Err(Stop::Mismatch) => Some(false),
        Err(Stop::Fatal) => None,
    }
}

/// What another judge says, built without this module.
fn judged(schema: &Value, event: &Value) -> bool {
    let options = jsonschema::options().should_validate_formats(true).with_pattern_options(PatternOptions::regex());
    options.build(schema).expect("the schema is sound").is_valid(event)
}

const DRAFTS: [&str; 5] = [
    "http://json-schema.org/draft-04/schema#",
    "http://json-schema.org/draft-06/schema#",
    "http://json-schema.org/draft-07/schema#",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
];

/// The first draft that has the keyword, the schema, events as text that it accepts, and ones that it refuses.
type Row = (usize, Value, &'static [&'static str], &'static [&'static str]);

/// Types, lists of values, numbers.
fn of_numbers() -> Vec<Row> {
    vec![
        (0, json!({"type": "integer"}), &["1", "-0", "123456789012345678"], &["1.5", "\"1\"", "null", "true"]),
        (0, json!({"type": ["integer", "null"]}), &["0", "null"], &["0.5", "[]"]),
        (0, json!({"type": ["integer", "number"]}), &["0.5", "1"], &["null"]),
        (1, json!({"type": "integer"}), &["1.0", "-2.00"], &["1.01"]),
        (
            0,
            json!({"enum": ["a", 1, null, false, 0.5]}),
            &["\"a\"", "\"\\u0061\"", "1", "1.0", "null", "false", "0.5", "0.50"],
            &["\"b\"", "2", "true", "0.25", "[]", "{}"],
        ),
        (1, json!({"const": 7}), &["7", "7.0"], &["8", "\"7\"", "7.5"]),
        (0, json!({"minimum": -1, "maximum": 2.5}), &["-1", "2.5", "0.1", "\"x\""], &["-1.1", "3", "2.51"]),
        (1, json!({"exclusiveMinimum": 0, "exclusiveMaximum": 1e3}), &["0.1", "999.9"], &["0", "0.0", "1000", "-0"]),
        (0, json!({"multipleOf": 3}), &["9", "-3", "0", "6.0"], &["10", "4.5"]),
    ]
}

/// Strings.
fn of_strings() -> Vec<Row> {
    vec![
        (
            0,
            json!({"minLength": 2, "maxLength": 3}),
            &["\"ab\"", "\"äöü\"", "\"\\ud83d\\ude00x\""],
            &["\"a\"", "\"abcd\"", "\"😀\""],
        ),
        (0, json!({"pattern": "^[A-Z]{2}[0-9]*$"}), &["\"AB\"", "\"AB12\"", "7"], &["\"ab\"", "\"A1\"", "\"AB\\n\""]),
        (0, json!({"pattern": "b+c|d"}), &["\"abbc\"", "\"d\""], &["\"b\""]),
        (
            0,
            json!({"format": "date-time"}),
            &["\"2025-01-02T03:04:05Z\"", "\"2025-01-02t03:04:05.5+01:00\"", "1"],
            &["\"2025-01-02\"", "\"2025-02-30T03:04:05Z\""],
        ),
        (0, json!({"format": "date"}), &["\"2024-02-29\""], &["\"2025-02-29\"", "\"\""]),
        (
            3,
            json!({"format": "uuid"}),
            &["\"67e55044-10b1-426f-9247-bb680e5fe0c8\""],
            &["\"67e5504410b1426f9247bb680e5fe0c8\""],
        ),
        (0, json!({"format": "ipv4"}), &["\"192.0.2.1\""], &["\"192.0.2.256\""]),
        (0, json!({"format": "no such format"}), &["\"anything\""], &[]),
    ]
}

/// Objects, arrays, and schemas of schemas.
fn of_containers() -> Vec<Row> {
    vec![
        (
            0,
            json!({"properties": {"a": {"type": "string"}}, "required": ["b"]}),
            &[r#"{"b":1}"#, r#"{"a":"x","b":1}"#, "[]"],
            &["{}", r#"{"a":1,"b":1}"#],
        ),
        (
            0,
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            &["{}", r#"{"a":1}"#, r#"{"\u0061":1}"#],
            &[r#"{"b":1}"#],
        ),
        (
            0,
            json!({"properties": {"a": {}}, "additionalProperties": {"type": "null"}}),
            &[r#"{"a":1,"b":null}"#],
            &[r#"{"b":1}"#],
        ),
        (
            0,
            json!({"minProperties": 1, "maxProperties": 2}),
            &[r#"{"a":1}"#, r#"{"a":1,"b":2}"#],
            &["{}", r#"{"a":1,"b":2,"c":3}"#],
        ),
        (
            0,
            json!({"items": {"type": "integer"}, "minItems": 1, "maxItems": 2}),
            &["[1]", "[1,2]", "{}"],
            &["[]", "[1,2,3]", "[null]"],
        ),
        (
            4,
            json!({"prefixItems": [{"type": "string"}, {"type": "null"}], "items": false}),
            &["[]", "[\"a\"]", "[\"a\",null]"],
            &["[1]", "[\"a\",null,1]"],
        ),
        (
            0,
            json!({"uniqueItems": true, "items": {"type": "string"}}),
            &["[]", "[\"a\",\"b\"]"],
            &["[\"a\",\"b\",\"\\u0061\"]"],
        ),
        (
            0,
            json!({"allOf": [{"required": ["a"]}, {"properties": {"a": {"maximum": 3}}}, {"properties": {"a": {"minimum": 1}}}]}),
            &[r#"{"a":2}"#],
            &["{}", r#"{"a":0}"#, r#"{"a":4}"#],
        ),
        (
            0,
            json!({"definitions": {"n": {"type": "object", "properties": {"next": {"$ref": "#/definitions/n"}}, "additionalProperties": false}}, "$ref": "#/definitions/n"}),
            &["{}", r#"{"next":{"next":{}}}"#],
            &[r#"{"next":{"nxt":{}}}"#, "1"],
        ),
        (
            3,
            json!({"$defs": {"s": {"type": "string"}}, "$ref": "#/$defs/s", "maxLength": 1}),
            &["\"a\""],
            &["\"ab\"", "1"],
        ),
        (1, json!({"properties": {"never": false, "ever": true}}), &[r#"{"ever":1}"#], &[r#"{"never":1}"#]),
    ]
}

#[test]
fn each_keyword_says_what_the_judge_says() {
    for (since, schema, accepted, refused) in [of_numbers(), of_strings(), of_containers()].concat() {
        for draft in &DRAFTS[since..] {
            let mut schema = schema.clone();
            // Beside a `$ref`, old drafts see nothing else.
            schema["$schema"] = json!(draft);
            let program = program(&schema).expect("the schema is sound");
            assert_eq!(program.slow_because(), None, "{schema}");
            for (texts, wanted) in [(accepted, true), (refused, false)] {
                for text in texts {
                    let wanted =
                        wanted && !(draft.contains("draft-04") && *text == "-0" && schema.get("type").is_some());
                    let event = serde_json::from_str(text).expect("the text is JSON");
                    assert_eq!(judged(&schema, &event), wanted, "{schema} judges {text}");
                    assert!(fast(&program, text).is_none_or(|fast| fast == wanted), "{schema} over {text}");
                    assert_eq!(
                        program.write(Reader::new(text), &mut Vec::new(), &mut Memory::default()).is_ok(),
                        wanted
                    );
                }
            }
        }
    }
}

#[test]
fn what_the_program_does_not_know_is_named() {
    for (schema, because) in [
        (json!({"anyOf": [{}]}), "`anyOf` at the top"),
        (json!({"properties": {"a": {"not": {}}}}), "`not` at /properties/a"),
        (json!({"properties": {"a": {"enum": [[]]}}}), "`enum` at /properties/a"),
        (json!({"multipleOf": 0.01}), "`multipleOf` at the top"),
        (json!({"pattern": "\\s"}), "`pattern` at the top"),
        (json!({"$schema": DRAFTS[0], "minimum": 1, "exclusiveMinimum": true}), "`exclusiveMinimum` at the top"),
        (json!({"$schema": DRAFTS[2], "items": [{}]}), "`items` at the top"),
        (json!({"items": {"$id": "other"}}), "`$id` at /items"),
        (json!({"$ref": "#anchor", "$defs": {"a": {"$anchor": "anchor"}}}), "`$ref` at the top"),
    ] {
        let program = program(&schema).expect("the schema is sound");
        assert_eq!(program.slow_because(), Some(because), "{schema}");
    }
}

fn leaf_schema() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"]);
    prop_oneof![
        kind.clone().prop_map(|kind| json!({ "type": kind })),
        prop::collection::btree_set(kind, 1..4).prop_map(|kinds| json!({ "type": kinds })),
        prop::sample::subsequence(
            vec![json!("a"), json!("é"), json!(1), json!(2.5), json!(null), json!(true), json!(0)],
            1..5
        )
        .prop_map(|values| json!({ "enum": values })),
        prop::sample::select(vec![
            json!("a"),
            json!(1),
            json!(1.0),
            json!(0.5),
            json!(null),
            json!(9_007_199_254_740_993_i64)
        ])
        .prop_map(|value| json!({ "const": value })),
        (-2_i32..3, 0_i32..4).prop_map(|(low, high)| json!({ "minimum": low, "maximum": f64::from(high) + 0.5 })),
        (-2_i32..3, 0_i32..4).prop_map(|(low, high)| json!({ "exclusiveMinimum": low, "exclusiveMaximum": high })),
        (1_i32..4).prop_map(|divisor| json!({ "multipleOf": divisor })),
        (0_u8..3, 1_u8..4).prop_map(|(low, high)| json!({ "minLength": low, "maxLength": high })),
        prop::sample::select(&["^[a-c]+$", "a|é", "^\\d{1,2}$", "^[^a]", "^a?b*$"][..])
            .prop_map(|pattern| json!({ "pattern": pattern })),
        prop::sample::select(vec!["date", "date-time", "uuid", "ipv4", "time", "email", "unknown"])
            .prop_map(|format| json!({ "format": format })),
        Just(json!({ "$ref": "#/$defs/d" })),
        Just(json!({ "$ref": "#" })).prop_map(|reference| json!({ "properties": { "a": reference } })),
        any::<bool>().prop_map(Value::from),
    ]
}

fn names() -> impl Strategy<Value = String> {
    prop::sample::select(vec!["a", "b", "é", "a\"b", "long-name-of-a-member"]).prop_map(str::to_owned)
}

fn schema() -> impl Strategy<Value = Value> {
    leaf_schema().prop_recursive(3, 24, 4, |inner| {
        let properties = prop::collection::btree_map(names(), inner.clone(), 0..4)
            .prop_map(|properties| properties.into_iter().collect::<Map<_, _>>());
        let part = prop_oneof![
            (properties, prop::collection::btree_set(names(), 0..2))
                .prop_map(|(properties, required)| json!({ "properties": properties, "required": required })),
            inner.clone().prop_map(|inner| json!({ "additionalProperties": inner })),
            inner.clone().prop_map(|inner| json!({ "items": inner })),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|inner| json!({ "prefixItems": inner })),
            (0_u8..2, 0_u8..4).prop_map(|(low, high)| json!({ "minItems": low, "maxItems": high })),
            (0_u8..2, 0_u8..4).prop_map(|(low, high)| json!({ "minProperties": low, "maxProperties": high })),
            Just(json!({ "uniqueItems": true })),
            prop::collection::vec(inner.clone(), 1..3).prop_map(|inner| json!({ "allOf": inner })),
            inner,
        ];
        prop::collection::vec(part, 1..4).prop_map(|parts| {
            let mut merged = Map::new();
            for part in parts {
                match part {
                    Value::Object(members) => merged.extend(members),
                    other => return other,
                }
            }
            Value::Object(merged)
        })
    })
}

fn event() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "false",
        "0",
        "-0",
        "1",
        "1.0",
        "2",
        "2.5",
        "0.5",
        "-1",
        "3",
        "1e0",
        "0.10",
        "12345678901234567890",
        "9007199254740993",
        "1e400",
        "123456789012345678",
        "\"\"",
        "\"a\"",
        "\"\\u0061\"",
        "\"b\"",
        "\"abc\"",
        "\"é\"",
        "\"\\ud83d\"",
        "\"12\"",
        "\"2025-01-02\"",
        "\"2025-01-02T03:04:05Z\"",
        "\"2016-12-31T23:59:60Z\"",
        "\"192.0.2.1\"",
        "\"67e55044-10b1-426f-9247-bb680e5fe0c8\"",
        "[]",
        "{}",
    ]);
    leaf.prop_map(str::to_owned).prop_recursive(3, 24, 4, |inner| {
        let name = prop::sample::select(vec![
            "\"a\"",
            "\"b\"",
            "\"\\u0062\"",
            "\"é\"",
            "\"a\\\"b\"",
            "\"long-name-of-a-member\"",
            "\"other\"",
        ]);
        let space = prop::sample::select(vec!["", " ", "\n\t"]);
        prop_oneof![
            (prop::collection::vec(inner.clone(), 0..4), space.clone())
                .prop_map(|(items, space)| format!("[{space}{}{space}]", items.join(&format!("{space},")))),
            (prop::collection::vec((name, inner), 0..4), space).prop_map(|(members, space)| {
                let members: Vec<_> =
                    members.iter().map(|(name, value)| format!("{name}{space}:{space}{value}")).collect();
                format!("{{{}{space}}}", members.join(&format!("{space},{space}")))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_schema_and_event_the_fast_pass_never_contradicts_the_judge(
        schema in schema(),
        defined in leaf_schema(),
        events in prop::collection::vec(event(), 1..24),
    ) {
        let mut schema = match schema {
            Value::Object(members) => Value::Object(members),
            other => json!({ "allOf": [other] }),
        };
        schema["$defs"] = json!({ "d": if defined.to_string().contains("$ref") { json!(true) } else { defined } });
        let Ok(program) = program(&schema) else { return Ok(()) };
        prop_assert_eq!(program.slow_because(), None, "{}", &schema);
        for text in events {
            let fast = fast(&program, &text);
            let mut arena = Vec::new();
            let stored = program.write(Reader::new(&text), &mut arena, &mut Memory::default()).is_ok();
            prop_assert!(program.agrees(Reader::new(&text)), "{} over {}", &schema, &text);
            prop_assert!(fast.is_none_or(|fast| fast == stored), "{} over {}", &schema, &text);
            if stored {
                prop_assert_eq!(&arena[..], text.trim().as_bytes());
                let event = serde_json::from_str(&text).expect("what is stored is JSON");
                prop_assert!(judged(&schema, &event), "{} over {}", &schema, &text);
            }
        }
    }
}
