//! Snapshots there and back, and everything that is not quite one.

use proptest::prelude::*;

use super::*;

fn content() -> Content {
    let reference = Reference { name: "shop.Money".into(), text: "\"long\"".into() };
    let schema = |id, text: &str| {
        let references = vec![reference.clone()];
        Arc::new(Registered { id, kind: SchemaKind::Avro, text: text.into(), references })
    };
    let (one, two) = (schema(1, "{\"type\": \"record\"}"), schema(2, "\u{1}\"\\\n\u{10FFFF}"));
    let under = |which, schema: &Arc<Registered>| {
        let name = Under { subject: "order-value".into(), which };
        (name, Versioned { subject: "order-value".into(), version: 4, schema: Arc::clone(schema) })
    };
    Content {
        addresses: vec!["http://registry:8081".to_owned()],
        schemas: vec![(SchemaId(1), Arc::clone(&one)), (SchemaId(2), Arc::clone(&two))],
        versions: vec![under(Which::Latest, &one), under(Which::Number(4), &one), under(Which::Text([7; 32]), &two)],
        places: vec![(PlacesOf(1), [Place { subject: "order-value".into(), version: 4 }].into())],
    }
}

#[test]
fn there_and_back() {
    assert_eq!(decode(&encode(&content())), Ok(content()));
    assert_eq!(decode(&encode(&Content::default())), Ok(Content::default()));
}

#[test]
fn a_version_of_which_there_is_another_schema_is_left_out() {
    let mut content = content();
    content.versions[0].1.schema = Arc::clone(&content.schemas[1].1);
    Arc::make_mut(&mut content.versions[0].1.schema).text = "\"other\"".into();
    assert_eq!(decode(&encode(&content)).unwrap().versions.len(), 2);
}

#[test]
fn torn_at_any_length_it_is_refused() {
    let bytes = encode(&content());
    for length in 0..bytes.len() {
        assert!(decode(&bytes[..length]).is_err(), "{length}");
    }
    let longer = [&bytes[..], b" "].concat();
    assert_eq!(decode(&longer), Err(Torn::Checksum));
}

#[test]
fn another_format_is_refused() {
    let bytes = String::from_utf8(encode(&content())).unwrap();
    assert_eq!(decode(bytes.replacen("snapshot 1", "snapshot 2", 1).as_bytes()), Err(Torn::Header));
}

#[test]
fn content_that_makes_no_sense_is_refused_whatever_its_checksum_says() {
    let rows = |schemas: &str, versions: &str| {
        let body = format!(r#"{{"addresses":[],"schemas":[{schemas}],"versions":[{versions}],"places":[]}}"#);
        decode(format!("{HEADER}{}\n{body}", digest(body.as_bytes())).as_bytes())
    };
    assert!(rows("", "").is_ok());
    assert_eq!(rows("", r#"{"subject":"a","which":"latest","version":1,"id":1}"#), Err(Torn::Content));
    assert_eq!(rows(r#"{"id":1,"kind":"XML","text":"","references":[]}"#, ""), Err(Torn::Content));
}

proptest! {
    #[test]
    fn altered_anywhere_it_is_refused(at: prop::sample::Index, bit in 0..8_u8) {
        let mut bytes = encode(&content());
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(decode(&bytes).is_err());
    }
}

#[test]
fn arbitrary_bytes_never_panic() {
    forebay_fuzz::fuzz!(10_000).for_each(|body: &[u8]| {
        let _ = decode(body);
        let mut bytes = format!("{HEADER}{}\n", digest(body)).into_bytes();
        bytes.extend_from_slice(body);
        let _ = decode(&bytes);
    });
}
