//! JSON Schema by way of contracts: what is stored byte for byte, what becomes of personal values, what is refused and in
//! which words, and that no schema reaches for anything outside.
#![expect(clippy::panic, reason = "how a test fails")]

mod transcode_kit;

use std::net::TcpListener;

use forebay_schemas::contract::{Contract, Format, KeyFormat, Personal};
use forebay_schemas::encoder::{Encoder, Fault, Material, Scratch, Sourced};
use forebay_schemas::pii::{Action, HashKey};
use forebay_schemas::schema::{Reference, Schema};
use transcode_kit::{bytes, contract, key, pointer};

const TRIP: &str = r#"{
    "type": "object",
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "rider": {"type": "object", "properties": {
            "name": {"type": "string"}, "email": {"type": ["string", "null"], "maxLength": 64}, "vip": {"type": "boolean"}
        }, "required": ["email"]},
        "mode": {"enum": ["bus", "tram"]},
        "stops": {"type": "array", "items": {"type": "object", "properties": {"at": {"type": "string"}, "who": {"type": "string"}}}},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
        "price": {"type": "number", "minimum": 0}
    },
    "required": ["id"], "additionalProperties": false}"#;

const ID: &str = r#""id":"67e55044-10b1-426f-9247-bb680e5fe0c8""#;

fn material(schema: &str, references: &[(&str, &str)]) -> Material {
    let reference = |(name, content): &(&str, &str)| Reference { name: (*name).to_owned(), content: (*content).into() };
    let references = references.iter().map(reference).collect();
    let schema = Schema { name: "t.json".to_owned(), content: schema.into(), references };
    let hash_key = HashKey::new(&[9; 32]);
    Material { value: Some(Sourced { schema, id: Some(1) }), hash_key, ..Material::default() }
}

fn treating(format: Format, pii: &[(&str, Action)]) -> Contract {
    let personal = |(path, action): &(&str, Action)| Personal { pointer: pointer(path), action: *action };
    Contract { pii: pii.iter().map(personal).collect(), ..contract(format) }
}

fn compiled(contract: &Contract, schema: &str) -> Encoder {
    Encoder::compile(contract, &material(schema, &[])).unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problems(contract: &Contract, material: &Material) -> String {
    let problems = Encoder::compile(contract, material).err().unwrap_or_default();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn refused(schema: &str, references: &[(&str, &str)]) -> String {
    problems(&contract(Format::JsonSchema), &material(schema, references))
}

fn stored(encoder: &Encoder, text: &str) -> Result<String, Fault> {
    bytes(encoder, text).map(|bytes| String::from_utf8(bytes).expect("JSON is text"))
}

#[test]
fn what_is_stored_is_what_was_sent() {
    for schema in [TRIP, r#"{"anyOf": [{"type": "object"}]}"#, "true", "{}"] {
        let encoder = compiled(&contract(Format::JsonSchema), schema);
        let text = format!(r#"{{ "price": 1.50 ,{ID}, "tags" : ["\u0061", "b"]  }}"#);
        assert_eq!(stored(&encoder, &format!("\n {text}\t")), Ok(text), "{schema}");
    }
    // Beyond what the fast pass reads, the judge decides, and the text is stored all the same.
    let encoder = compiled(&contract(Format::JsonSchema), TRIP);
    let text = format!(r#"{{{ID},"price":12345678901234567890123456789}}"#);
    assert_eq!(stored(&encoder, &text).as_ref(), Ok(&text));
    assert!(stored(&encoder, &format!(r#"{{{ID},"price":-12345678901234567890123456789}}"#)).is_err());
}

/// Personal values, and the pieces of the text that change.
type Case<'c> = (&'c [(&'c str, Action)], &'c [(&'c str, &'c str)]);

#[test]
fn each_action_changes_its_value_alone() {
    let event = format!(
        r#"{{ {ID}, "rider": {{"name": "Ann\u0021", "email" : "a@b", "vip":true}}, "stops":[{{"who":"x","at":"1"}}, {{"at":"2"}}, {{"who": "y"}}], "tags":["t"] }}"#
    );
    let cases: &[Case] = &[
        (&[("/rider/name", Action::Drop)], &[(r#""name": "Ann\u0021", "#, "")]),
        (&[("/rider/name", Action::Mask)], &[(r#""Ann\u0021""#, r#""****""#)]),
        (&[("/rider/email", Action::Mask)], &[(r#""a@b""#, r#""****""#)]),
        (&[("/rider", Action::Drop)], &[(r#", "rider": {"name": "Ann\u0021", "email" : "a@b", "vip":true}"#, "")]),
        (&[("/rider/vip", Action::Drop)], &[(r#", "vip":true"#, "")]),
        (
            &[("/stops/*/who", Action::Drop), ("/rider/name", Action::Drop), ("/rider/vip", Action::Drop)],
            &[(r#""who":"x","#, ""), (r#""who": "y""#, ""), (r#""name": "Ann\u0021", "#, ""), (r#", "vip":true"#, "")],
        ),
        (&[("/stops/*/who", Action::Mask)], &[(r#""x""#, r#""****""#), (r#""y""#, r#""****""#)]),
        (&[("/tags", Action::Drop)], &[(r#", "tags":["t"]"#, "")]),
        (&[("/price", Action::Drop)], &[]),
        (&[("/rider/name", Action::Hash)], &[]),
    ];
    for (pii, changes) in cases {
        for (format, schema) in [(Format::JsonSchema, TRIP), (Format::Json, "")] {
            let contract = treating(format, pii);
            let encoder = match format {
                Format::Json => Encoder::compile(&contract, &Material { value: None, ..material("{}", &[]) }),
                _ => Encoder::compile(&contract, &material(schema, &[])),
            };
            let encoder = encoder.unwrap_or_else(|problems| panic!("{problems:?}"));
            let stored = stored(&encoder, &event).unwrap_or_else(|fault| panic!("{pii:?}: {fault:?}"));
            if let [(_, Action::Hash)] = pii {
                let hash = stored.split('"').find(|piece| piece.len() == 64).expect("a hash");
                assert!(hash.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)));
                assert_eq!(stored, event.replace(r#""Ann\u0021""#, &format!("\"{hash}\"")));
                continue;
            }
            let wanted = changes.iter().fold(event.clone(), |text, (from, to)| text.replace(from, to));
            assert_eq!(stored, wanted, "{pii:?}");
        }
    }
    let nulls = compiled(&treating(Format::JsonSchema, &[("/rider/email", Action::Hash)]), TRIP);
    let text = format!(r#"{{{ID},"rider":{{"email":null}}}}"#);
    assert_eq!(stored(&nulls, &text), Ok(text));
    // Checked first, treated then.
    let long = format!(r#"{{{ID},"rider":{{"email":"{}"}}}}"#, "x".repeat(65));
    assert!(matches!(stored(&nulls, &long), Err(Fault::Violation(_))));
}

#[test]
fn without_a_schema_any_value_may_be_personal() {
    let hashing = treating(Format::Json, &[("/a", Action::Hash), ("/b", Action::Mask), ("/c/*/d", Action::Drop)]);
    let encoder = Encoder::compile(&hashing, &Material { value: None, ..material("{}", &[]) }).expect("sound");
    let stored = stored(&encoder, r#"{"c":[{"d":1},{"e":2,"d":1},7],"b":{"x":[1]},"a":1.50}"#).expect("an event");
    assert!(stored.starts_with(r#"{"c":[{},{"e":2},7],"b":"****","a":""#), "{stored}");
    insta::assert_debug_snapshot!(bytes(&encoder, r#"{"a":{"secret":1}}"#));
    assert!(matches!(bytes(&encoder, r#"{"a":1,"a":2}"#), Err(Fault::Ambiguous { .. })));
}

#[test]
fn contracts_that_the_schema_can_not_follow() {
    let mut report = String::new();
    let mut say = |contract: &Contract, schema: &str| {
        report.push_str(&problems(contract, &material(schema, &[])));
        report.push('\n');
    };
    for (path, action) in [
        ("/id", Action::Drop),
        ("/id", Action::Mask),
        ("/mode", Action::Mask),
        ("/price", Action::Hash),
        ("/rider/email", Action::Drop),
        ("/tags/*", Action::Mask),
        ("/stops/*", Action::Drop),
        ("/nothing", Action::Mask),
        ("/rider/unnamed", Action::Mask),
    ] {
        say(&treating(Format::JsonSchema, &[(path, action)]), TRIP);
    }
    say(
        &treating(Format::JsonSchema, &[("/a", Action::Mask)]),
        r#"{"properties": {"a": {"oneOf": [{"type": "string"}]}}}"#,
    );
    for (from, format) in [("/price", KeyFormat::String), ("/nothing", KeyFormat::String), ("/stops", KeyFormat::Long)]
    {
        say(&Contract { key: key(from, format), ..contract(Format::JsonSchema) }, TRIP);
    }
    say(&Contract { bytes_per_event: Some(3), ..contract(Format::JsonSchema) }, TRIP);
    insta::assert_snapshot!(report);
}

#[test]
fn reports_say_the_keywords_demand_and_no_value() {
    let fast = compiled(&contract(Format::JsonSchema), TRIP);
    let secret = r#"{"id":"secret","rider":{"email":7,"vip":"secret"},"mode":"secret","tags":["secret","secret"],"price":-1,"secret_name":1}"#;
    let slow = compiled(
        &contract(Format::JsonSchema),
        r#"{"anyOf": [{"required": ["a"]}, {"type": "integer"}], "properties": {"b": {"not": {"const": 1}}, "c": {"pattern": "^x"}}}"#,
    );
    assert!(slow.slow_because().is_some_and(|because| because.contains("anyOf")));
    let faults = [
        bytes(&fast, secret),
        bytes(&fast, "[]"),
        bytes(&fast, r#"{"id":1e400}"#),
        bytes(&slow, r#"{"b":1,"c":"secret"}"#),
    ];
    let report = format!("{faults:#?}");
    assert!(!report.replace("secret_name", "").contains("secret"), "{report}");
    insta::assert_snapshot!(report);
}

#[test]
fn schemas_that_are_refused_say_why() {
    let deep = format!("{}{}{}", "{\"not\":".repeat(70), "{}", "}".repeat(70));
    let doubling: Vec<String> = (0..40)
        .map(|n| format!(r##""d{n}": {{"allOf": [{{"$ref": "#/$defs/d{0}"}}, {{"$ref": "#/$defs/d{0}"}}]}},"##, n + 1))
        .collect();
    let doubling = format!(r##"{{"$defs": {{{} "d40": {{}}}}, "$ref": "#/$defs/d0"}}"##, doubling.concat());
    let wide = format!(r#"{{"anyOf": [{}]}}"#, vec!["{}"; 10_000].join(","));
    let cases = [
        "",
        "[]",
        r#"{"type": "object",}"#,
        r#"{"type": "object", "type": "array"}"#,
        r#"{"$schema": "https://example.org/mine"}"#,
        r#"{"type": "text"}"#,
        r#"{"required": "a"}"#,
        r#"{"properties": {"a": {"pattern": "(?=a)b"}}}"#,
        r#"{"pattern": "(a)\\1"}"#,
        r#"{"pattern": "((a{1000}){1000}){1000}"}"#,
        r##"{"$ref": "#"}"##,
        r##"{"$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"anyOf": [{"$ref": "#/$defs/a"}]}}, "items": {"$ref": "#/$defs/a"}}"##,
        r##"{"$ref": "#/$defs/none"}"##,
        &deep,
        &doubling,
        &wide,
    ];
    let report: Vec<String> = cases.iter().map(|schema| refused(schema, &[])).collect();
    assert!(report.iter().all(|problem| !problem.is_empty()), "{report:#?}");
    insta::assert_snapshot!(report.join("\n"));
}

#[test]
fn references_are_what_the_contract_gives() {
    let money = r#"{"type": "object", "properties": {"cents": {"$ref": "cents.json"}}, "required": ["cents"]}"#;
    let given = [
        ("cents.json", r#"{"type": "integer"}"#),
        ("common/money.json", money),
        ("https://example.org/kg", r#"{"minimum": 0}"#),
    ];
    for schema in [
        r#"{"properties": {"price": {"$ref": "common/money.json"}, "weight": {"$ref": "https://example.org/kg"}}}"#,
        r#"{"$id": "https://example.org/trips/trip", "properties": {"price": {"$ref": "common/money.json"}, "weight": {"$ref": "../kg"}}}"#,
    ] {
        let encoder = Encoder::compile(&contract(Format::JsonSchema), &material(schema, &given));
        let encoder = encoder.unwrap_or_else(|problems| panic!("{problems:?}"));
        assert!(bytes(&encoder, r#"{"price": {"cents": 1}, "weight": 2}"#).is_ok());
        assert!(bytes(&encoder, r#"{"price": {"cents": 1.5}}"#).is_err());
        assert!(bytes(&encoder, r#"{"weight": -1}"#).is_err());
    }
}

#[test]
fn nothing_is_ever_fetched() {
    let door = TcpListener::bind("127.0.0.1:0").expect("a port");
    door.set_nonblocking(true).expect("a socket");
    let port = door.local_addr().expect("bound").port();
    let file = std::env::current_exe().expect("this test");
    let addresses = [
        format!("http://127.0.0.1:{port}/schema"),
        format!("https://127.0.0.1:{port}/schema"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        format!("file://{}", file.display()),
        "Cargo.toml".to_owned(),
        "../../../../etc/passwd".to_owned(),
    ];
    for address in &addresses {
        for schema in [
            format!(r#"{{"$ref": "{address}"}}"#),
            format!(r#"{{"$schema": "{address}"}}"#),
            format!(r#"{{"$id": "{address}", "properties": {{"a": {{"$ref": "other"}}}}}}"#),
            format!(r#"{{"$dynamicRef": "{address}"}}"#),
            format!(r#"{{"items": {{"$schema": "{address}", "$ref": "{address}#/a"}}}}"#),
        ] {
            assert_ne!(refused(&schema, &[]), "", "{schema}");
        }
    }
    assert!(door.accept().is_err(), "somebody came");
}

#[test]
fn schemas_that_refer_to_themselves_cost_no_more_than_their_events() {
    // Each level may be either of two branches, which both go on: reports don't try them all.
    let schema = r##"{"oneOf": [
        {"properties": {"op": {"const": "neg"}, "left": {"$ref": "#"}}, "required": ["op"], "maxProperties": 2},
        {"properties": {"op": {"const": "abs"}, "left": {"$ref": "#"}}, "required": ["op"], "maxProperties": 2}]}"##;
    let encoder = compiled(&contract(Format::JsonSchema), schema);
    let nested = |last: &str| (0..50).fold(last.to_owned(), |inner, _| format!(r#"{{"op":"neg","left":{inner}}}"#));
    assert!(bytes(&encoder, &nested(r#"{"op":"abs"}"#)).is_ok());
    assert!(bytes(&encoder, &nested(r#"{"op":"sqrt"}"#)).is_err());
    // The longest way in that is allowed fits on a small stack.
    let chain: Vec<String> = (0..14).map(|n| format!(r##""d{n}": {{"$ref": "#/$defs/d{}"}},"##, n + 1)).collect();
    let chain = format!(
        r##"{{"$defs": {{{} "d14": {{"not": {{"not": {{"items": {{"$ref": "#/$defs/d3"}}}}}}}}}}, "$ref": "#/$defs/d0"}}"##,
        chain.concat()
    );
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(move || {
        let encoder = compiled(&contract(Format::JsonSchema), &chain);
        let mut scratch = Scratch::default();
        let text = format!("{}{}", "[".repeat(64), "]".repeat(64));
        encoder.encode(text.as_bytes(), &mut Vec::new(), &mut scratch).is_ok()
    });
    assert!(thread.expect("a thread").join().expect("no panic"));
}

#[test]
fn ten_thousand_values_and_members_are_no_burden() {
    let values: Vec<String> = (0..10_000).map(|n| format!("\"value {n}\"")).collect();
    let members: Vec<String> = (0..10_000).map(|n| format!(r#""m{n}": {{"type": "integer"}}"#)).collect();
    let schema = format!(r#"{{"properties": {{{}, "e": {{"enum": [{}]}}}}}}"#, members.join(","), values.join(","));
    let encoder = compiled(&contract(Format::JsonSchema), &schema);
    assert_eq!(encoder.slow_because(), None);
    let text: Vec<String> = (0..10_000).rev().map(|n| format!(r#""m{n}":{n}"#)).collect();
    assert!(bytes(&encoder, &format!(r#"{{{},"e":"value 9999"}}"#, text.join(","))).is_ok());
    assert!(bytes(&encoder, r#"{"e":"value 10000"}"#).is_err());
    assert!(matches!(bytes(&encoder, r#"{"m7":1,"m9":1,"m7":1}"#), Err(Fault::Ambiguous { .. })));
}
