//! Each way in which a schema can name another one.

use super::*;

fn files(files: &[(&str, &str)]) -> Vec<Reference> {
    let file = |(name, text): &(&str, &str)| Reference { name: (*name).to_owned(), content: text.as_bytes().into() };
    files.iter().map(file).collect()
}

/// Name and file of each link.
fn found(format: Format, text: &str, among: &[(&str, &str)]) -> Vec<String> {
    let among = files(among);
    links(format, text.as_bytes(), &among)
        .into_iter()
        .map(|link| format!("{} in {}", link.name, link.reference.name))
        .collect()
}

const MONEY: &str = r#"{"type": "record", "name": "shop.Money", "fields": [{"name": "currency",
    "type": {"type": "enum", "name": "Currency", "symbols": ["EUR"]}}]}"#;

#[test]
fn avro_names_types_by_full_names() {
    let among = [("money.avsc", MONEY), ("other.avsc", r#"{"type": "fixed", "name": "shop.Digest", "size": 4}"#)];
    let order = |kind: &str| {
        format!(
            r#"{{"type": "record", "name": "Order", "namespace": "shop",
                "fields": [{{"name": "total", "type": {kind}}}]}}"#
        )
    };
    for kind in [
        r#""Money""#,
        r#""shop.Currency""#,
        r#"["null", "Money"]"#,
        r#"{"type": "array", "items": "Money"}"#,
        r#"{"type": "map", "values": {"type": "Money"}}"#,
        r#"{"type": "record", "name": "Line", "fields": [{"name": "price", "type": "Currency"}]}"#,
    ] {
        assert_eq!(found(Format::Avro, &order(kind), &among), ["shop.Money in money.avsc"], "{kind}");
    }
    for kind in [r#""string""#, r#""other.Money""#, r#"{"type": "fixed", "name": "Money", "size": 8}"#] {
        assert_eq!(found(Format::Avro, &order(kind), &among), [""; 0], "{kind}");
    }
    assert_eq!(found(Format::Avro, &order(r#""Digest""#), &among), ["shop.Digest in other.avsc"]);
    assert_eq!(found(Format::Avro, r#"{"type": "record"}"#, &among), [""; 0]);
    assert_eq!(found(Format::Avro, "no schema", &among), [""; 0]);
}

#[test]
fn json_schema_refers_by_address() {
    let among = [
        ("money.json", "{}"),
        ("party.json", r#"{"$id": "https://corp.example/schemas/party/1"}"#),
        ("unused.json", "{}"),
    ];
    for (schema, expected) in [
        (r#"{"$ref": "money.json"}"#, &["money.json in money.json"][..]),
        (
            r##"{"items": [{"$ref": "money.json#/$defs/a"}, {"$ref": "money.json#b"}, {"$ref": "#/$defs/c"}]}"##,
            &["money.json in money.json"],
        ),
        (
            r#"{"$id": "https://corp.example/schemas/order", "properties": {"total": {"$ref": "./money.json"}}}"#,
            &["https://corp.example/schemas/money.json in money.json"],
        ),
        (
            r#"{"$ref": "https://corp.example/schemas/party/1"}"#,
            &["https://corp.example/schemas/party/1 in party.json"],
        ),
        (r#"{"$ref": "https://elsewhere.example/a"}"#, &[]),
        (r##"{"$ref": "#"}"##, &[]),
        ("[", &[]),
    ] {
        assert_eq!(found(Format::JsonSchema, schema, &among), expected, "{schema}");
    }
}

#[test]
fn protobuf_imports_by_path_or_by_file_name() {
    let among = [("money.proto", ""), ("shop/party.proto", ""), ("timestamp.proto", ""), ("unused.proto", "")];
    let text = "syntax = \"proto3\";\nimport \"shop/money.proto\";\nimport public 'shop/party.proto';\n
        import \"google/protobuf/timestamp.proto\";\nimport \"elsewhere.proto\";\n// import \"unused.proto\";\n";
    let expected = ["shop/money.proto in money.proto", "shop/party.proto in shop/party.proto"];
    assert_eq!(found(Format::Protobuf, text, &among), expected);
    assert_eq!(found(Format::Protobuf, "import", &among), [""; 0]);
    let deep = format!("import \"money.proto\";{}", "message A {".repeat(10_000));
    assert_eq!(found(Format::Protobuf, &deep, &among), [""; 0]);
}

#[test]
fn formats_without_a_schema_refer_to_nothing() {
    assert_eq!(found(Format::Json, r#"{"$ref": "money.json"}"#, &[("money.json", "{}")]), [""; 0]);
}
