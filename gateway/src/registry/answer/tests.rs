//! Answers of every kind, and bytes that are none.

use serde_json::json;

use super::*;

fn text(value: &serde_json::Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

#[test]
fn a_schema_without_a_type_is_avro() {
    let kinds = [(json!({}), SchemaKind::Avro), (json!({ "schemaType": null }), SchemaKind::Avro)];
    let named = ["AVRO", "JSON", "PROTOBUF"].map(|name| (json!({ "schemaType": name }), SchemaKind::named(Some(name))));
    for (mut answer, kind) in kinds.map(|(answer, kind)| (answer, Some(kind))).into_iter().chain(named) {
        answer["schema"] = "{}".into();
        assert_eq!(schema(&text(&answer), 7).ok().map(|found| found.kind), kind, "{answer}");
        assert!(kind.is_some());
    }
    let other = schema(br#"{"schema":"{}","schemaType":"XML"}"#, 7);
    assert!(matches!(other, Err(Failure::Unfit(_))), "{other:?}");
}

#[test]
fn an_answer_about_something_else_is_of_no_use() {
    let good = json!({ "subject": "a", "version": 3, "id": 7, "schema": "\"int\"" });
    let wanted = Some(Version::Number(3));
    assert!(version(&text(&good), "a", wanted).is_ok());
    assert!(version(&text(&good), "a", Some(Version::Latest)).is_ok());
    assert!(version(&text(&good), "a", None).is_ok());
    for (member, value) in [
        ("subject", json!("b")),
        ("subject", json!(null)),
        ("version", json!(4)),
        ("version", json!(-1)),
        ("id", json!(null)),
        ("id", json!(5_000_000_000_u64)),
        ("schema", json!({ "type": "int" })),
    ] {
        let mut answer = good.clone();
        answer[member] = value;
        let found = version(&text(&answer), "a", wanted);
        assert!(matches!(found, Err(Failure::Unusable(_))), "{answer}: {found:?}");
    }
    assert!(schema(br#"{"schema":"{}","id":7}"#, 7).is_ok());
    assert!(matches!(schema(br#"{"schema":"{}","id":8}"#, 7), Err(Failure::Unusable(_))));
}

#[test]
fn error_codes_tell_what_is_not_there() {
    let is = |code: u32| refusal(404, &text(&json!({ "error_code": code, "message": "gone" })));
    for code in [40_401, 40_404] {
        assert_eq!(is(code), Failure::NotFound(Missing::Subject));
    }
    for code in [40_402, 40_406, 42_202] {
        assert_eq!(is(code), Failure::NotFound(Missing::Version));
    }
    assert_eq!(is(40_403), Failure::NotFound(Missing::Schema));
    assert_eq!(is(42_201), Failure::Refused);
    assert!(is(404).is_outage(), "an address that does not exist says nothing of a schema");
    assert!(refusal(404, b"<html>").is_outage());
}

#[test]
fn too_many_references_are_refused() {
    let pointer = json!({ "name": "a", "subject": "b", "version": 1 });
    let with = |count| schema(&text(&json!({ "schema": "{}", "references": vec![&pointer; count] })), 1);
    assert!(with(REFERENCES).is_ok());
    assert!(matches!(with(REFERENCES + 1), Err(Failure::Unfit(_))));
}

#[test]
fn arbitrary_bytes_never_panic() {
    forebay_fuzz::fuzz!(20_000).for_each(|bytes: &[u8]| {
        let _ = schema(bytes, 1);
        let _ = version(bytes, "a", Some(Version::Number(1)));
        let _ = (numbers(bytes), names(bytes), places(bytes));
        assert!(matches!(refusal(404, bytes), Failure::Unusable(_) | Failure::NotFound(_) | Failure::Refused));
    });
}

#[test]
fn deep_json_is_refused_and_not_followed() {
    let deep = format!(r#"{{"schema":"{{}}","x":{}"#, "[".repeat(1_000_000));
    assert!(matches!(schema(deep.as_bytes(), 1), Err(Failure::Unusable(_))));
}
