//! Where a body's events begin and end, and what is said of bodies that have no such places.

use forebay_schemas::json::{Document, SplitError, SyntaxError, split};

fn many(body: &str) -> Vec<&str> {
    match split(body.as_bytes(), 1000) {
        Ok(Document::Many(ranges)) => ranges.into_iter().map(|range| &body[range]).collect(),
        other => vec![if other.is_ok() { "one" } else { "error" }],
    }
}

#[test]
fn elements_are_found_without_the_space_around_them() {
    assert_eq!(many("[]"), Vec::<&str>::new());
    assert_eq!(many(" [ ] \n"), Vec::<&str>::new());
    assert_eq!(many("[1]"), ["1"]);
    assert_eq!(
        many(" [ 1 , \"a,]\\\"\\\\\" ,\n{\"b\":[1,{}]} , [ [ ] ] , null , -1.5e+3 ] "),
        ["1", "\"a,]\\\"\\\\\"", "{\"b\":[1,{}]}", "[ [ ] ]", "null", "-1.5e+3"]
    );
    assert_eq!(many("[{\"}\":\"]\"},\"é\"]"), ["{\"}\":\"]\"}", "\"é\""]);
}

#[test]
fn one_value_is_no_array() {
    for (body, range) in [
        ("{}", 0..2),
        (" {\"a\":[1,2]} ", 1..12),
        ("\"a]\"", 0..4),
        ("\t12\r\n", 1..3),
        ("true", 0..4),
        ("{} \u{c}", 0..4),
        ("]", 0..1),
    ] {
        assert_eq!(split(body.as_bytes(), 1), Ok(Document::One(range)), "{body}");
    }
}

#[test]
fn faults_say_where_and_what() {
    for (body, offset, expected) in [
        ("", 0, "a JSON value"),
        ("  ", 2, "a JSON value"),
        ("\u{feff}[]", 0, "JSON text without a byte order mark"),
        ("[", 1, "a JSON value"),
        ("[1", 2, "`,` or `]`"),
        ("[1,", 3, "a JSON value"),
        ("[1,]", 3, "a JSON value"),
        ("[,1]", 1, "a JSON value"),
        ("[1 2]", 3, "`,` or `]`"),
        ("[1}]", 2, "`,` or `]`"),
        ("[{}{}]", 3, "`,` or `]`"),
        ("[{]", 2, "a member's name or `}`"),
        ("[{\"a\":[}]", 7, "a JSON value"),
        ("[\"a", 3, "`\"`"),
        ("[\"a\\", 4, "one of `\"\\/bfnrtu` after `\\`"),
        ("[{\"a\":\"x\",]", 10, "a member's name"),
        ("[] []", 3, "the end of the text"),
    ] {
        assert_eq!(split(body.as_bytes(), 9), Err(SplitError::Syntax(SyntaxError { offset, expected })), "{body}");
    }
    let (offset, expected) = (8, "`}`");
    let found = split(b"[\"\xff\",1,{]", 9);
    assert_eq!(found, Err(SplitError::Syntax(SyntaxError { offset, expected })), "also where it is no text");
}

#[test]
fn the_caller_sets_the_number_of_elements() {
    assert!(matches!(split(b"[1,2]", 2), Ok(Document::Many(ranges)) if ranges.len() == 2));
    assert_eq!(split(b"[1,2,3]", 2), Err(SplitError::TooMany { most: 2 }));
    assert_eq!(split(b"[1]", 0), Err(SplitError::TooMany { most: 0 }));
    assert!(matches!(split(b"[]", 0), Ok(Document::Many(ranges)) if ranges.is_empty()));
}

#[test]
fn nesting_is_no_recursion() {
    let deep = format!("[{}{}]", "[".repeat(1_000_000), "]".repeat(1_000_000));
    assert_eq!(many(&deep), [&deep[1..deep.len() - 1]]);
    assert_eq!(many(&deep[..deep.len() - 2]), ["error"]);
}
