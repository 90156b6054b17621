//! Texts of any kind end in a document, a contract or problems with their place; never in a panic, and soon.

use std::time::{Duration, Instant};

use forebay_fuzz::fuzz;
use forebay_schemas::contract;
use forebay_schemas::document;
use forebay_schemas::problem::Problem;

/// Pieces of YAML and of contracts: random bytes alone seldom get past the first line.
const PIECES: [&str; 56] = [
    "topic: ",
    "owner: ",
    "description: ",
    "value:",
    "format: ",
    "avro",
    "json",
    "schema: ",
    "a.avsc",
    "schema_id: ",
    "framing: ",
    "none",
    "key: ",
    "from: ",
    "/a",
    "header: ",
    "kafka:",
    "retention: ",
    "7d",
    "limits: ",
    "64KiB",
    "labels: ",
    "billing.invoice.issued.v1",
    "pii: ",
    "bind: ",
    "principal",
    "{principal}",
    "dead_letter: ",
    "producers: ",
    "group:",
    "events_per_second: ",
    "bytes_per_second: ",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "? ",
    ": ",
    ", ",
    "{ ",
    " }",
    "[ ",
    " ]",
    "&a ",
    "*a",
    "!!str ",
    "\"",
    "'",
    "| ",
    ">-\n",
    "---\n",
    "...\n",
    "# ",
    "~",
    "%YAML 1.2\n",
    "\u{feff}",
];

fn pieced(indices: &[u8]) -> String {
    indices.iter().map(|index| PIECES[usize::from(*index) % PIECES.len()]).collect()
}

fn hold(text: &str) {
    let begun = Instant::now();
    let document = document::read("f.yaml", text);
    let contract = contract::read("f.yaml", text);
    assert!(begun.elapsed() < Duration::from_secs(5), "{} bytes took {:?}", text.len(), begun.elapsed());
    match document {
        Ok(node) => {
            assert_eq!(node.lines().get(""), Some(&node.place.line));
            node.to_json();
        }
        Err(problems) => check_problems(&problems, text),
    }
    if let Err(problems) = contract {
        check_problems(&problems, text);
    }
}

fn check_problems(problems: &[Problem], text: &str) {
    let lines = text.split(['\n', '\r']).count();
    assert!(!problems.is_empty());
    for problem in problems {
        assert!(problem.line <= lines, "{problem}");
        assert!(!problem.expected.is_empty() && !problem.found.is_empty(), "{problem}");
        assert!(!problem.to_string().contains('\n'), "{problem}");
    }
}

#[test]
fn any_text() {
    fuzz!(3_000).for_each(|bytes| hold(&String::from_utf8_lossy(bytes)));
}

#[test]
fn pieces_of_contracts() {
    fuzz!(6_000).for_each(|bytes| hold(&pieced(bytes)));
}

#[test]
fn an_overlay_of_any_text() {
    fuzz!(3_000).for_each(|bytes| {
        let text = String::from_utf8_lossy(bytes);
        let mut node = document::read("f.yaml", "kafka: { linger: 1ms, properties: [] }").expect("it is YAML");
        let Some((choice, value)) = text.char_indices().nth(1).map(|(at, _)| text.split_at(at)) else { return };
        let path: &[&str] = match choice.len() {
            1 => &["kafka", "linger"],
            2 => &["a", "b", "c"],
            _ => &["kafka", "properties", "x"],
        };
        if node.overlay(path, value, "FOREBAY_X".to_owned()).is_ok() {
            let laid = path.iter().try_fold(&node, |node, name| node.get(name));
            assert_eq!(laid.map(|node| node.place.line), Some(0));
        }
    });
}

/// Repetitions that have made other readers slow, deep or large.
#[test]
fn repetitions_end_soon() {
    let opens =
        ["[", "{", "- ", "? ", "{a: ", "[[", "a: [", "&a [*a,", "- - ", "? - ", "\"\\", "%", "!", "\n- ", "'", "|\n"];
    let lines = [
        "a: b\n",
        "- a\n",
        "? a\n",
        "a\n",
        "# a\n",
        "\n",
        " ",
        "\t",
        "&a a: *a\n",
        "'a': |\n  x\n",
        "a: {\n",
        "[a]: b\n",
    ];
    for piece in opens.into_iter().chain(lines).chain(PIECES) {
        for length in [100, 100_000] {
            hold(&piece.repeat(length / piece.len()));
        }
    }
}
