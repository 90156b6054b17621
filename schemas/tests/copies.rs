//! Copies of refused events: nothing personal is left in them, nor what stood where the schema did not accept it, and
//! the rest is as it came.

mod transcode_kit;

use forebay_schemas::contract::{Contract, Format, Personal, Unions, UnknownFields};
use forebay_schemas::copy::copy;
use forebay_schemas::encoder::{Fault, Mismatch, Scratch};
use forebay_schemas::pii::{Action, HashKey, MIN_KEY_LENGTH};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, any, proptest};
use serde_json::Value as Tree;
use transcode_kit::generate::Source;
use transcode_kit::{contract, pointer};

fn personal(all: &[(&str, Action)]) -> Vec<Personal> {
    all.iter().map(|(text, action)| Personal { pointer: pointer(text), action: *action }).collect()
}

fn mismatch(at: &str) -> Mismatch {
    Mismatch { pointer: at.to_owned(), expected: "an int".to_owned(), actual: "string" }
}

fn copied(contract: &Contract, text: &str, faults: &[&str]) -> Option<String> {
    let faults: Vec<Mismatch> = faults.iter().map(|at| mismatch(at)).collect();
    copy(contract, None, text.as_bytes(), &faults).map(|copy| String::from_utf8(copy).expect("it is text"))
}

#[test]
fn a_contract_without_personal_values_keeps_any_text() {
    let plain = contract(Format::Avro);
    for text in [&b"{\"a\" : 1}\n"[..], b"{", b"\xff", b"", b"{\"a\":1,\"a\":2}"] {
        assert_eq!(copy(&plain, None, text, &vec![mismatch("/a"); 20]).as_deref(), Some(text));
    }
}

#[test]
fn personal_values_and_mismatches_are_treated_and_the_rest_is_kept() {
    let pii = personal(&[
        ("/email", Action::Mask),
        ("/name", Action::Drop),
        ("/phone", Action::Hash),
        ("/items/*/owner", Action::Mask),
    ]);
    let json = Contract { pii, ..contract(Format::JsonSchema) };
    for (text, faults, wanted) in [
        (r#" {"email" : "x", "n":1.0e2} "#, &[][..], r#" {"email" : "****", "n":1.0e2} "#),
        (r#"{"name":"x","email":"y"}"#, &[], r#"{"email":"****"}"#),
        (r#"{"a":1,"name":"x"}"#, &[], r#"{"a":1}"#),
        (r#"{"name":{"first":"x"}}"#, &[], "{}"),
        (r#"{"\u0065mail":["x"],"phone":true}"#, &[], r#"{"\u0065mail":"****","phone":"****"}"#),
        (r#"{"email":null,"phone":"1"}"#, &[], r#"{"email":null,"phone":"****"}"#),
        (r#"{"items":[{"owner":"x","k":1},{"k":2}]}"#, &[], r#"{"items":[{"owner":"****","k":1},{"k":2}]}"#),
        (r#"{"items":{"0":{"owner":"x"}}}"#, &[], r#"{"items":{"0":{"owner":"****"}}}"#),
        (r#"{"a":{"b":"x","c":2}}"#, &["/a/b", "/gone"], r#"{"a":{"b":"****","c":2}}"#),
        (r#"{"a":{"b":"x"}}"#, &["/a/b", "/a"], r#"{"a":"****"}"#),
        (r#"{"items":[{"owner":"x"},7]}"#, &["/items/1", "/items/0/owner"], r#"{"items":[{"owner":"****"},"****"]}"#),
        (r#"{"email":"x"}"#, &[""], r#""****""#),
        (r#"{"name":"x"}"#, &["/name"], "{}"),
    ] {
        assert_eq!(copied(&json, text, faults).as_deref(), Some(wanted), "{text}");
    }
    let key = HashKey::new(&std::array::from_fn::<u8, MIN_KEY_LENGTH, _>(|at| u8::try_from(at).expect("it is short")));
    let hashed = copy(&json, key.as_ref(), br#"{"phone":"1","email":2}"#, &[]).expect("it is sound");
    let hashed: Tree = serde_json::from_slice(&hashed).expect("it is JSON");
    assert_eq!((hashed["phone"].as_str().map(str::len), hashed["email"].as_str()), (Some(64), Some("****")));
}

#[test]
fn a_long_name_is_masked_with_what_holds_it() {
    let schema = r#"{"type":"record","name":"R","fields":[{"name":"in","type":{"type":"map","values":"int"}},
        {"name":"email","type":"string"}]}"#;
    let pii = personal(&[("/email", Action::Mask)]);
    let avro = Contract { pii, ..contract(Format::Avro) };
    let encoder = transcode_kit::encoder(&avro, schema);
    let text = format!(r#"{{"in":{{"{}":"secret"}},"email":"private"}}"#, "n".repeat(200));
    let fault = encoder.encode(text.as_bytes(), &mut Vec::new(), &mut Scratch::default()).expect_err("it is no int");
    let Fault::Violation(faults) = fault else { unreachable!("a mismatch") };
    let kept = copy(&avro, None, text.as_bytes(), &faults).expect("it is sound");
    assert_eq!(String::from_utf8_lossy(&kept), r#"{"in":"****","email":"****"}"#);
}

#[test]
fn tags_of_unions_hide_nothing() {
    let pii = personal(&[("/customer/email", Action::Mask), ("/map/*/email", Action::Mask)]);
    let either = Contract { pii, ..contract(Format::Avro) };
    for text in [
        r#"{"customer":{"email":"secret"}}"#,
        r#"{"customer":{"com.acme.Customer":{"email":"secret"}}}"#,
        r#"{"customer":{"com.acme.Customer":{"n":1,"email":{"string":"secret"}}}}"#,
        r#"{"R":{"customer":{"com.acme.Customer":{"email":"secret"}}}}"#,
        r#"{"map":{"map":{"a":{"email":"secret"},"b":{"email":"secret"}}}}"#,
        r#"{"map":{"a":{"X":{"email":"secret"}},"b":{"X":{"email":"secret"}}}}"#,
        r#"{"email":{"customer":{"email":"secret"}}}"#,
    ] {
        let kept = copied(&either, text, &[]).expect("it is sound");
        assert!(!kept.contains("secret"), "{kept}");
    }
    let mut plain = either.clone();
    plain.value.unions = Unions::Plain;
    let text = r#"{"customer":{"X":{"email":"an X's"}}}"#;
    assert_eq!(copied(&plain, text, &[]).as_deref(), Some(text));
    // Deep texts take no time that doubles with each level.
    let deep = format!("{}1{}", r#"{"customer":"#.repeat(60), "}".repeat(60));
    assert!(copied(&either, &deep, &[]).is_some());
}

#[test]
fn what_can_not_be_made_safe_is_not_copied() {
    let pii = personal(&[("/a", Action::Mask)]);
    let with = |format| Contract { pii: pii.clone(), ..contract(format) };
    for text in ["{", "", r#"{"a":"x","a":"y"}"#, r#"{"a":"\ud800"}"#, "\"a\" 1"] {
        assert_eq!(copied(&with(Format::Json), text, &[]), None, "{text}");
    }
    assert_eq!(copy(&with(Format::Json), None, b"{\"a\":\"\xff\"}", &[]), None);
    assert_eq!(copied(&with(Format::Avro), "{}", &["/b"; 20]), None);
    assert!(copied(&with(Format::Avro), "{}", &["/b"; 19]).is_some());
    assert_eq!(copied(&with(Format::Protobuf), "{}", &[]), None);
    let mut dropping = with(Format::Avro);
    dropping.value.unknown_fields = UnknownFields::Drop;
    assert_eq!(copied(&dropping, "{}", &[]), None);
}

/// JSON in which each string is a token of its own.
fn json(source: &mut Source<'_>, depth: usize, tokens: &mut usize) -> Tree {
    match source.below(if depth == 0 { 4 } else { 8 }) {
        0 => Tree::Null,
        1 => Tree::from(source.below(1000)),
        2 | 3 => {
            *tokens += 1;
            Tree::from(format!("tok\"en{tokens}."))
        }
        4 | 5 => Tree::Array((0..source.below(4)).map(|_| json(source, depth - 1, tokens)).collect()),
        _ => {
            let names = ["a", "0", "b/~c", "é"];
            let members = (0..source.below(5)).map(|at| (names[at].to_owned(), json(source, depth - 1, tokens)));
            Tree::Object(members.collect())
        }
    }
}

fn pointers(value: &Tree, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Tree)> = match value {
        Tree::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        Tree::Object(members) => {
            members.iter().map(|(name, item)| (name.replace('~', "~0").replace('/', "~1"), item)).collect()
        }
        _ => Vec::new(),
    };
    for (token, item) in inner {
        let at = format!("{at}/{token}");
        pointers(item, &at, found);
        found.push(at);
    }
}

/// The model: masks what is there.
fn mask(event: &mut Tree, at: &str) {
    if let Some(value) = event.pointer_mut(at)
        && !value.is_null()
    {
        *value = Tree::from("****");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_token_survives_where_it_is_personal_or_wrong(entropy in vec(any::<u8>(), 0..300)) {
        let mut source = Source::new(&entropy);
        let event = json(&mut source, 4, &mut 0);
        let mut all = Vec::new();
        pointers(&event, "", &mut all);
        if all.is_empty() {
            return Ok(());
        }
        let mut some = || (0..source.below(4)).map(|_| all[source.below(all.len())].clone()).collect::<Vec<_>>();
        let (pii, faults) = (some(), some());
        if pii.is_empty() {
            return Ok(());
        }
        let masked: Vec<(&str, Action)> = pii.iter().map(|at| (at.as_str(), Action::Mask)).collect();
        let text = serde_json::to_string_pretty(&event).expect("it is JSON");
        let faults: Vec<&str> = faults.iter().map(String::as_str).collect();
        let masking = Contract { pii: personal(&masked), ..contract(Format::Json) };
        let kept = copied(&masking, &text, &faults).expect("it is sound");
        let mut model = event.clone();
        // Inner ones first: what is around them is masked as a whole.
        let mut places: Vec<&str> = pii.iter().map(String::as_str).chain(faults.iter().copied()).collect();
        places.sort_by_key(|at| std::cmp::Reverse(at.len()));
        for at in &places {
            mask(&mut model, at);
        }
        assert_eq!(kept, serde_json::to_string_pretty(&model).expect("it is JSON"), "{pii:?} {faults:?}");

        let dropped: Vec<(&str, Action)> = pii.iter().map(|at| (at.as_str(), Action::Drop)).collect();
        let dropping = Contract { pii: personal(&dropped), ..contract(Format::Avro) };
        let kept = copied(&dropping, &text, &faults).expect("it is sound");
        assert!(serde_json::from_str::<Tree>(&kept).is_ok(), "{kept}");
        for place in places {
            let gone = event.pointer(place).and_then(Tree::as_str);
            let spelled = gone.map(|token| serde_json::to_string(token).expect("it is JSON"));
            assert!(spelled.is_none_or(|token| !kept.contains(&token)), "{place}: {kept}");
        }
    }
}
