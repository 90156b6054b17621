//! What a reader says about members of every kind.

use super::*;
use crate::document::read;

fn said(text: &str, read_all: impl FnOnce(&mut Reader<'_, '_>)) -> Vec<String> {
    let node = read("t.yaml", text).unwrap();
    let mut problems = Vec::new();
    let mut reader = Reader::new(&node, &mut problems);
    read_all(&mut reader);
    reader.finish();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn text_keeps_its_source() {
    let node = read("t.yaml", "a: 123\nb: on\nc: 1.50\nd: 0x10\ne: 'true'\nf: true\n").unwrap();
    let mut problems = Vec::new();
    let mut reader = Reader::new(&node, &mut problems);
    let texts = ["a", "b", "c", "d", "e", "f"].map(|name| reader.string(name).unwrap());
    assert_eq!(texts, ["123", "on", "1.50", "0x10", "true", "true"]);
    assert_eq!(problems, []);
}

#[test]
fn every_kind_says_what_it_expects() {
    let text = "s: [1]\nb: yes\ni: '7'\nj: 70\nz: 64 kilos\nd: 7\no: interal\nl: {}\nm: 1\nn:\n";
    let lines = said(text, |reader| {
        reader.string("s");
        reader.boolean("b");
        reader.integer("i", 1..=9);
        reader.integer("j", 1..=u64::MAX);
        reader.integer("j", 1..=9);
        reader.size("z");
        reader.duration("d");
        reader.one_of("o", &[("public", 1), ("internal", 2)]);
        reader.strings("l");
        reader.section("m");
        reader.string("n");
        reader.required("r", "a pointer", Node::string);
    });
    assert_eq!(
        lines,
        [
            "t.yaml:1: /s: expected text, found a list",
            "t.yaml:2: /b: expected true or false, found yes",
            "t.yaml:3: /i: expected a whole number from 1 to 9, found \"7\"",
            "t.yaml:4: /j: expected a whole number from 1 to 9, found 70",
            "t.yaml:5: /z: expected a size such as 64KiB, found 64 kilos",
            "t.yaml:6: /d: expected a time such as 250ms, 30s or 7d, found 7",
            "t.yaml:7: /o: expected one of public, internal (did you mean internal?), found interal",
            "t.yaml:8: /l: expected text, or a list of texts, found a mapping",
            "t.yaml:9: /m: expected a mapping, found 1",
            "t.yaml:10: /n: expected text, found nothing",
            "t.yaml:1: /r: expected a pointer, found nothing",
        ]
    );
}

#[test]
fn unknown_members_are_all_named() {
    let lines = said("owner: a\nlables: 1\nsubsection: {x: 1}\nwhatever: 2\n? \"\"\n", |reader| {
        reader.string("owner");
        reader.string("labels");
        if let Some(mut section) = reader.section("subsection") {
            section.string("y");
            section.finish();
        }
    });
    assert_eq!(
        lines,
        [
            "t.yaml:3: /subsection/x: expected y, found x",
            "t.yaml:2: /lables: expected one of owner, labels, subsection (did you mean labels?), found lables",
            "t.yaml:4: /whatever: expected one of owner, labels, subsection, found whatever",
            "t.yaml:5: /: expected one of owner, labels, subsection, found \"\"",
        ]
    );
}

#[test]
fn what_is_no_mapping_is_one_problem() {
    let lines = said("[1, 2]", |reader| {
        reader.required_string("owner");
    });
    assert_eq!(lines, ["t.yaml:1: expected a mapping, found a list"]);
    let lines = said("", |reader| {
        reader.required_string("owner");
    });
    assert_eq!(lines, ["t.yaml:1: /owner: expected text, found nothing"]);
}

#[test]
fn lists_and_maps_read_all_before_they_give_up() {
    let node = read("t.yaml", "l: [1, x, 3, y]\nm: {a: 1, b: z}\n").unwrap();
    let mut problems = Vec::new();
    let numbers = |node: &Node, problems: &mut Vec<Problem>| node.integer(&(0..=9), problems);
    assert_eq!(node.get("l").unwrap().list(&mut problems, numbers), None);
    assert_eq!(node.get("m").unwrap().map(&mut problems, |_, node, problems| numbers(node, problems)), None);
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["/l/1", "/l/3", "/m/b"]);
}
