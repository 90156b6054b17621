//! What YAML is refused, and where the lines are said to be.

use super::*;

fn problems(text: &str) -> Vec<String> {
    read("t.yaml", text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn values_know_their_line_and_path() {
    let node =
        read("t.yaml", "a: 1\nb:\n  c:\n    - x\n    - y: |\n        long\n        text\n\"/~\": {z: 1}\n").unwrap();
    let lines = node.lines();
    let expected = [
        ("", 1),
        ("/a", 1),
        ("/b", 2),
        ("/b/c", 3),
        ("/b/c/0", 4),
        ("/b/c/1", 5),
        ("/b/c/1/y", 5),
        ("/~1~0", 8),
        ("/~1~0/z", 8),
    ];
    assert_eq!(lines, expected.map(|(path, line)| (path.to_owned(), line)).into());
}

#[test]
fn nothing_is_a_document_too() {
    for text in ["", "\n\n", "# only a comment\n", "---\n", "~"] {
        assert_eq!(read("t.yaml", text).unwrap().kind, Kind::Null, "{text:?}");
    }
}

#[test]
fn one_meaning_or_none() {
    let text = "a: 1\nb: &x [1]\nc: *x\nd: !!str 2\na: 3\n? [k]\n: 4\n~: 5\n";
    assert_eq!(
        problems(text),
        [
            "t.yaml:2: /b: expected the value itself (anchors are not read), found an anchor",
            "t.yaml:3: /c: expected the value itself (aliases are not read), found an alias",
            "t.yaml:4: /d: expected the value itself (tags are not read; quotes make text), found a tag",
            "t.yaml:5: /a: expected each name once in a mapping, found a again",
            "t.yaml:6: expected a member's name as plain text, found a list or mapping",
            "t.yaml:8: expected a member's name as plain text, found nothing",
        ]
    );
    assert_eq!(problems("a: 1\n---\nb: 2\n"), ["t.yaml:2: expected one document in a file, found a second one"]);
}

#[test]
fn broken_text_says_where() {
    let said = problems("a: 1\nb: [1, 2\nc: 3\n");
    assert_eq!(said.len(), 1);
    assert!(said[0].starts_with("t.yaml:3: expected YAML, found "), "{}", said[0]);
}

#[test]
fn bombs_fizzle() {
    let deep = "[".repeat(50);
    assert_eq!(problems(&deep), ["t.yaml:1: expected sections and lists 16 deep at most, found a deeper one"]);
    assert_eq!(
        problems(&"[".repeat(500_000)),
        ["t.yaml:1: expected YAML, found recursion limit exceeded at column 256"]
    );
    let dashes = "- ".repeat(100_000);
    assert!(problems(&dashes)[0].contains("16 deep at most"));
    let wide = format!("[{}]", "1,".repeat(60_000));
    assert_eq!(problems(&wide), ["t.yaml:1: expected 50000 values at most, found more"]);
    let huge = "x".repeat(MAX_BYTES + 1);
    assert_eq!(problems(&huge), ["t.yaml: expected a file of 1048576 bytes at most, found 1048577 bytes"]);
    let name = format!("{}: 1", "n".repeat(300));
    assert_eq!(problems(&name), ["t.yaml:1: expected a name of 256 bytes at most, found one of 300 bytes"]);
}

#[test]
fn a_bad_name_hides_no_other_mistake() {
    let said = problems("~: {a: 1, a: 2}\nb: 1\nb: 2\n");
    assert_eq!(said.len(), 3, "{said:?}");
}

#[test]
fn no_line_is_beyond_the_end() {
    for (text, line) in [("[", 1), ("[\n", 1), ("a:\r\n  [\r\n", 2), ("a:\r  [\r", 2), ("\n\n{", 3)] {
        assert_eq!(read("t.yaml", text).unwrap_err()[0].line, line, "{text:?}");
    }
}
