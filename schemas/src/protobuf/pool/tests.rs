//! What schemas a pool is made of, and what is refused; that nothing is looked for elsewhere.

use super::*;
use crate::schema::Reference;

fn schema(text: &str, references: &[(&str, &str)]) -> Schema {
    let reference =
        |(name, text): &(&str, &str)| Reference { name: (*name).to_owned(), content: text.as_bytes().into() };
    Schema {
        name: "event.proto".to_owned(),
        content: text.into(),
        references: references.iter().map(reference).collect(),
    }
}

fn mistake(schema: &Schema) -> Mistake {
    let mut mistakes = pool(schema).expect_err("the schema is wrong");
    assert_eq!(mistakes.len(), 1);
    mistakes.remove(0)
}

const MONEY: &str = "syntax = \"proto3\";\npackage shop;\nmessage Money { int64 cents = 1; }\n";

#[test]
fn imports_come_from_references_by_path_and_by_file_name() {
    let text =
        "syntax = \"proto3\"; package shop; import \"shop/money.proto\"; import \"google/protobuf/timestamp.proto\";
        message Order { Money total = 1; google.protobuf.Timestamp at = 2; }";
    for name in ["shop/money.proto", "money.proto"] {
        let pool = pool(&schema(text, &[(name, MONEY)])).expect("it is sound");
        let own = own_file(&pool).expect("it has a file");
        assert_eq!(own.messages().map(|message| message.full_name().to_owned()).collect::<Vec<_>>(), ["shop.Order"]);
        assert!(pool.get_message_by_name("shop.Money").is_some());
    }
}

#[test]
fn a_path_goes_before_a_file_name() {
    let other = "syntax = \"proto3\"; package other; message Money { int64 cents = 1; }";
    let text = "syntax = \"proto3\"; import \"a/money.proto\"; message Order { shop.Money total = 1; }";
    pool(&schema(text, &[("money.proto", other), ("a/money.proto", MONEY)])).expect("it is sound");
}

#[test]
fn nothing_is_fetched() {
    // A file that there is, and that the parser would understand: were it opened, the import would succeed.
    let present = concat!(env!("CARGO_MANIFEST_DIR"), "/src/protobuf/pool/tests.rs");
    let there = std::fs::metadata(present).is_ok();
    assert!(there);
    for import in [
        present,
        "src/lib.rs",
        "Cargo.toml",
        "/etc/hostname",
        "file:///etc/hostname",
        "http://127.0.0.1:1/a.proto",
        "http://169.254.169.254/latest/meta-data",
    ] {
        let mistake = mistake(&schema(&format!("syntax = \"proto3\";\nimport \"{import}\";\n"), &[]));
        assert!(mistake.found.contains("not found") || mistake.found.contains("import"), "{mistake:?}");
        assert_eq!(mistake.line, Some(2), "{mistake:?}");
    }
}

#[test]
fn mistakes_say_where() {
    let cases: [(&str, &str, Option<usize>, &str); 5] = [
        ("syntax = \"proto3\";\n\nmessage A { strin a = 1; }", "a sound .proto file", Some(3), "strin"),
        ("syntax = \"proto3\";\nmessage A { string a = ; }", "a sound .proto file", Some(2), "expected"),
        ("syntax = \"proto3\";\nimport \"b.proto\";", "imports among", Some(2), "b.proto"),
        ("edition = \"2023\";\nmessage A {}", "proto2 or proto3", Some(1), "edition"),
        ("syntax = \"proto3\";\nmessage A { string a = 1;\n string b = 1; }", "a sound .proto file", Some(3), "1"),
    ];
    for (text, expected, line, found) in cases {
        let mistake = mistake(&schema(text, &[]));
        assert!(mistake.expected.contains(expected), "{mistake:?}");
        assert!(mistake.found.contains(found), "{mistake:?}");
        assert_eq!((mistake.line, mistake.reference), (line, None), "{text}");
    }
}

#[test]
fn mistakes_in_a_reference_name_it() {
    let text = "syntax = \"proto3\"; import \"shop/money.proto\"; message A {}";
    for wrong in ["syntax = \"proto3\";\nmessage Money { oops }", "\n/* open", "message A { optional B b = 1; }"] {
        let mistake = mistake(&schema(text, &[("money.proto", wrong)]));
        assert_eq!(mistake.reference.as_deref(), Some("money.proto"), "{mistake:?}");
        assert!(mistake.line.is_some(), "{mistake:?}");
    }
}

#[test]
fn circles_end() {
    let (a, b) = ("import \"b.proto\";", "import \"a.proto\";");
    let mistake = mistake(&schema("import \"a.proto\";", &[("a.proto", a), ("b.proto", b)]));
    assert!(mistake.found.contains("cycle"), "{mistake:?}");
    assert!(pool(&schema(&format!("import \"{OWN}\";"), &[])).is_err());
}

#[test]
fn a_descriptor_set_is_told_by_its_name_or_by_its_bytes() {
    let pool = pool(&schema(MONEY, &[])).expect("it is sound");
    let set = pool.encode_to_vec();
    for name in ["event.desc", "event.pb", "event.binpb", "event.protoset"] {
        let schema = Schema { name: name.to_owned(), content: set.clone(), references: Vec::new() };
        let pool = super::pool(&schema).expect("it is a set");
        assert!(pool.get_message_by_name("shop.Money").is_some());
    }
    let mut other = set.clone();
    // A field that no one knows, of one byte that no text has.
    other.extend_from_slice(&[0xFA, 0x3F, 1, 0xFF]);
    let schema = Schema { name: "money".to_owned(), content: other, references: Vec::new() };
    assert!(super::pool(&schema).is_ok());
    for content in [b"\xFF\xFF".to_vec(), Vec::new()] {
        let schema = Schema { name: "event.desc".to_owned(), content, references: Vec::new() };
        assert!(mistake(&schema).expected.contains("--include_imports"));
    }
}

#[test]
fn what_is_too_big_is_refused_before_it_is_parsed() {
    let long = format!("syntax = \"proto3\"; // {}", "x".repeat(MAX_LENGTH));
    assert!(mistake(&schema(&long, &[])).expected.contains("1 MiB"));
    let nested = "message A {".repeat(50_000);
    assert!(mistake(&schema(&nested, &[])).expected.contains("brackets"));
    let references: Vec<(String, String)> =
        (0..MAX_FILES).map(|number| (format!("{number}.proto"), String::new())).collect();
    let references: Vec<(&str, &str)> = references.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let imports = references.iter().map(|(name, _)| format!("import \"{name}\";")).collect::<Vec<_>>().concat();
    assert!(mistake(&schema(&imports, &references)).expected.contains("256 files"));
    let half = format!("// {}", "x".repeat(MAX_LENGTH / 2));
    let imports = "import \"a.proto\"; import \"b.proto\";";
    assert!(mistake(&schema(imports, &[("a.proto", &half), ("b.proto", &half)])).expected.contains("1 MiB"));
}

#[test]
fn what_nothing_imports_is_not_looked_at() {
    let many = "[".repeat(100);
    pool(&schema(MONEY, &[("README.md", "It's no Protobuf."), ("deep.avsc", &many)])).expect("it is sound");
}

#[test]
fn a_chain_of_imports_is_followed() {
    let texts: Vec<(String, String)> = (0..MAX_FILES - 1)
        .map(|number| {
            (
                format!("{number}.proto"),
                if number == 0 { String::new() } else { format!("import \"{}.proto\";", number - 1) },
            )
        })
        .collect();
    let references: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let text = format!("import \"{}.proto\";", MAX_FILES - 2);
    pool(&schema(&text, &references)).expect("it is sound");
}

/// Without its assertions protox says so itself; with them it panics.
#[test]
fn a_number_that_the_parser_takes_for_impossible_is_refused() {
    let mistake = mistake(&schema("syntax = \"proto3\";\nmessage M { int32 a = 08; }\n", &[]));
    assert_eq!(mistake.expected, SOUND);
}
