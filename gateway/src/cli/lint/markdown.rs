//! A report as one comment on a pull request, in GitHub's and GitLab's Markdown. What files say stands in code spans
//! (`CommonMark`, section 6.1) or is plain words: in neither is there a link, a mention, a reference or HTML.

use std::fmt::Write as _;

use forebay_schemas::lint::{Finding, Severity};

use super::human::{looked, several};
use super::report::Report;

/// How a pipeline finds the comment that it made before.
const MARKER: &str = "<!-- forebay-lint -->";
/// The most bytes of a document. GitHub takes comments of 65,536 characters, and a pipeline may add to one.
const MOST: usize = 60_000;
/// Bytes of it that are kept for what stands after the findings.
const END: usize = 500;
/// The most characters of one text of a finding.
const MOST_OF_A_TEXT: usize = 1_000;

/// The whole report, errors first; findings beyond the bound are counted.
pub(super) fn document(report: &Report) -> String {
    let mut page = Page { text: format!("{MARKER}\n{}\n", verdict(report)), left_out: 0 };
    page.findings(report, &[Severity::Error]);
    let folded = [Severity::Warning, Severity::Note];
    let (warnings, notes) = (report.count(folded[0]), report.count(folded[1]));
    if warnings + notes > 0 {
        let counts = [(warnings, "warning"), (notes, "note")].into_iter().filter(|(count, _)| *count > 0);
        let summary = counts.map(|(count, what)| several(count, what)).collect::<Vec<_>>().join(" and ");
        page.push(&format!("\n<details><summary>{summary}</summary>\n"));
        page.findings(report, &folded);
        page.push("\n</details>\n");
    }
    if page.left_out > 0 {
        let left_out = several(page.left_out, "more finding");
        page.push(&format!("\n**{left_out} did not fit into this comment.** `forebay lint` shows all of them.\n"));
    }
    page.text.truncate(page.text.trim_end().len());
    page.text
}

/// What came out, in one line.
fn verdict(report: &Report) -> String {
    let (errors, warnings) = (report.count(Severity::Error), report.count(Severity::Warning));
    let looked = looked(report);
    let against = report.against.as_ref().map(|place| format!(", held against {}", code(place))).unwrap_or_default();
    let (found, next) = match (errors, warnings) {
        (0, 0) => ("all is well".to_owned(), ""),
        (0, _) => (several(warnings, "warning"), " Nothing stands in the way."),
        _ => {
            let found = format!("{}, {}", several(errors, "error"), several(warnings, "warning"));
            (found, " This would be refused: do what each error says.")
        }
    };
    format!("**Forebay lint: {found}.** {looked}{against}.{next}")
}

struct Page {
    text: String,
    /// Findings that there was no room for.
    left_out: usize,
}

impl Page {
    fn push(&mut self, piece: &str) {
        self.text.push_str(piece);
    }

    /// The findings of these weights, below their topics.
    fn findings(&mut self, report: &Report, weights: &[Severity]) {
        for (group, findings) in &report.groups {
            let mut heading = format!("\n#### {}\n\n", code(group));
            for finding in findings.iter().filter(|finding| weights.contains(&finding.severity)) {
                let entry = entry(finding);
                if self.text.len() + heading.len() + entry.len() > MOST - END {
                    self.left_out += 1;
                    continue;
                }
                self.push(&std::mem::take(&mut heading));
                self.push(&entry);
            }
        }
    }
}

/// One finding as an item of a list, on one line: so that nothing of it begins a line.
fn entry(finding: &Finding) -> String {
    let Finding { severity, file, line, pointer, rule, says, remedy } = finding;
    let place = if *line > 0 { format!("{file}:{line}") } else { file.clone() };
    let mut entry = format!("- **{}** {} in {}", severity.name(), code(rule), code(&place));
    let mut push = |before: &str, piece: &str| {
        if !piece.is_empty() {
            write!(entry, "{before}{piece}").expect("a String takes everything that is written to it");
        }
    };
    push(" at ", &if pointer.is_empty() { String::new() } else { code(pointer) });
    push("<br>", &prose(says));
    push("<br>**What to do:** ", &prose(remedy));
    entry.push('\n');
    entry
}

/// A sentence: what it quotes in backticks, and each word that is more than letters or a number, becomes code.
fn prose(text: &str) -> String {
    let text = cut(text);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, (quoted, after))) =
        rest.split_once('`').and_then(|(before, after)| Some((before, after.split_once('`')?)))
    {
        words(before, &mut out);
        join(&mut out, &code(quoted));
        rest = after;
    }
    words(rest, &mut out);
    out
}

fn words(text: &str, out: &mut String) {
    for (place, word) in text.split(char::is_whitespace).enumerate() {
        if place > 0 {
            out.push(' ');
        }
        let core = word.trim_start_matches('(').trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '…']);
        let start = word.len() - word.trim_start_matches('(').len();
        let (before, after) = (&word[..start], &word[start + core.len()..]);
        out.push_str(before);
        if is_plain(core) {
            out.push_str(core);
        } else {
            join(out, &code(core));
        }
        out.push_str(after);
    }
}

/// Whether a word has no meaning but its own: letters, which hyphens and apostrophes may join, or a number.
fn is_plain(word: &str) -> bool {
    let letters = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    word.chars().all(|character| character.is_ascii_digit()) || word.split(['-', '\'', '’']).all(letters)
}

/// Puts a code span after a text, whose last backtick must not touch the span's first.
fn join(out: &mut String, span: &str) {
    if out.ends_with('`') {
        out.push(' ');
    }
    out.push_str(span);
}

/// A code span that holds a text, whatever it is: between more backticks than it has in a row.
fn code(text: &str) -> String {
    let mut shown = String::new();
    for character in cut(text).chars() {
        if is_invisible(character) { shown.extend(character.escape_default()) } else { shown.push(character) }
    }
    let longest = shown.split(|character| character != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let is_bare = !shown.is_empty() && !shown.starts_with([' ', '`']) && !shown.ends_with([' ', '`']);
    let pad = if is_bare { "" } else { " " };
    format!("{fence}{pad}{shown}{pad}{fence}")
}

/// What ends lines, or changes how others are shown (Unicode's controls, separators and directional marks).
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(MOST_OF_A_TEXT) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn finding(severity: Severity, text: &str) -> Finding {
        Finding {
            severity,
            file: text.to_owned(),
            line: 3,
            pointer: text.to_owned(),
            rule: text.to_owned().into(),
            says: text.to_owned(),
            remedy: text.to_owned(),
        }
    }

    fn report(topic: &str, text: &str) -> Report {
        let mut report = Report { against: Some(text.to_owned()), contracts: 1, ..Report::default() };
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            report.add(topic, finding(severity, text));
        }
        report
    }

    /// Stands for a code span in what is outside of them; no plain word has it.
    const SPAN: char = '~';

    /// What a reader of Markdown takes for text, the code spans taken out (`CommonMark`, section 6.1).
    fn outside_of_code(line: &str) -> String {
        let mut outside = String::new();
        let mut rest = line;
        while let Some(start) = rest.find('`') {
            outside.push_str(&rest[..start]);
            let opened = &rest[start..];
            let fence = opened.len() - opened.trim_start_matches('`').len();
            let inside = &opened[fence..];
            let mut at = 0;
            let end = loop {
                let run = at + inside[at..].find('`').expect("a span is closed");
                let length = inside[run..].len() - inside[run..].trim_start_matches('`').len();
                if length == fence {
                    break run;
                }
                at = run + length;
            };
            outside.push(SPAN);
            rest = &inside[end + fence..];
        }
        outside + rest
    }

    /// Everything in the document is this file's own, a code span, or a plain word.
    fn hold(document: &str) {
        assert!(document.len() <= MOST, "{} bytes", document.len());
        for (place, line) in document.lines().enumerate() {
            assert!(!line.contains(|character: char| is_invisible(character)), "{line:?}");
            let outside = outside_of_code(line);
            let own = |line: &str| {
                matches!((place, line), (0, MARKER))
                    || matches!(line, "" | "#### ~" | "</details>")
                    || line == "<details><summary>1 warning and 1 note</summary>"
            };
            if own(&outside) {
                continue;
            }
            let said = match outside.strip_prefix("- ") {
                Some(item) => item
                    .replacen("**error** ~ in ~", "", 1)
                    .replacen("**warning** ~ in ~", "", 1)
                    .replacen("**note** ~ in ~", "", 1)
                    .replacen("<br>**What to do:** ", " ", 1)
                    .replacen("<br>", " ", 1),
                None => outside.replacen("**Forebay lint: 1 error, 1 warning.**", "", 1),
            };
            let plain = |character: char| character.is_alphanumeric() || " .,;:!?()…-'’~".contains(character);
            assert!(said.chars().all(plain), "{said:?} in {line:?}");
            for word in said.split([' ', '(', SPAN]) {
                let word = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')', '…']);
                assert!(!word.contains(['.', ':']), "{word:?} may be a link: {line:?}");
            }
        }
    }

    #[test]
    fn what_files_say_means_nothing() {
        for text in [
            "",
            "`",
            "``",
            "```\nx\n```",
            "a`b`c`d",
            "`a``b`",
            " ` ",
            "\\`",
            "``` a",
            "/x`a`/y`",
            "` `",
            "<!-- x",
            "-->",
            "x\n\n# y",
            "| a |\n|---|",
            "\n/close",
            "@everybody",
            "a@b.example",
            "[a](javascript:b)",
            "![a](https://b)",
            "https://a.example",
            "www.a.example",
            "<script>",
            "</details>",
            "&lt;",
            "#1",
            "a/b#1",
            "GH-1",
            "!1",
            "**a**",
            "_a_",
            "~~a~~",
            ":tada:",
            "$`a`$",
            "1. a",
            "+ a",
            "\u{202e}a\u{2066}",
            "\u{1b}[2J",
            "\r",
            "\u{2028}a",
        ] {
            hold(&document(&report(text, text)));
            hold(&document(&report("a", &format!("Expected `a`, found {text}."))));
        }
    }

    proptest! {
        #[test]
        fn nothing_in_a_file_becomes_markdown(
            pieces in prop::collection::vec(
                prop_oneof!["[`\\\\*_{}\\[\\]<>()#+.!|~&@:$/\"'= \n\ta-c1-]{0,6}", "`{1,4}", "\\PC{0,4}", any::<String>()],
                0..12,
            ),
        ) {
            let text = pieces.concat();
            hold(&document(&report(&text, &text)));
        }
    }

    #[test]
    fn sentences_are_read_as_such() {
        for (text, expected) in [
            ("The field `a` has no doc (naming.yaml:7).", "The field `a` has no doc (`naming.yaml:7`)."),
            ("Topics don't end in -v1, well-known: 24.", "Topics don't end in `-v1`, well-known: 24."),
            ("found ``, or `a b`", "found `  `, or `a b`"),
            ("one ` alone", "one `` ` `` alone"),
            ("It\nsays\u{1b}.", "It `says\\u{1b}`."),
        ] {
            assert_eq!(prose(text), expected);
        }
    }

    #[test]
    fn what_does_not_fit_is_counted_and_errors_go_first() {
        let mut report = report("b", "a");
        for number in 0..2_000 {
            report.add("a", finding(Severity::Warning, &format!("{number}{}", "<@".repeat(number))));
            report.add("c", finding(Severity::Error, &format!("{number} \u{10348}")));
        }
        let document = document(&report);
        assert!(document.len() <= MOST && document.len() > MOST - 2 * END, "{}", document.len());
        let shown = document.lines().filter(|line| line.starts_with("- **")).count();
        let left_out =
            format!("**{} more findings did not fit into this comment.**", report.findings().count() - shown);
        assert!(document.contains(&left_out), "{}", &document[document.len() - END..]);
        assert!(document.contains("- **error** `a`"), "{document}");
        assert!(!document.contains("- **warning** `1999"), "{document}");
    }

    #[test]
    fn one_long_text_does_not_take_the_room_of_all() {
        let mut report = report("a", &"x".repeat(1 << 20));
        report.add("b", finding(Severity::Error, "short"));
        let document = document(&report);
        assert!(document.contains("`short:3`") && document.len() <= MOST, "{document}");
        assert!(!document.contains("did not fit"), "{document}");
    }
}
