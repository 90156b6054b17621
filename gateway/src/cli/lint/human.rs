//! A report for people: by topic, with colours on a terminal only, and what to do next at its end.

use std::fmt::{self, Display, Write as _};
use std::io::IsTerminal as _;

use forebay_schemas::lint::{Finding, Severity};

use super::super::terminal;
use super::report::Report;

pub(super) fn print(report: &Report) {
    let coloured = std::io::stdout().is_terminal();
    terminal::say(text(report, coloured));
}

/// The whole report, without a line's end at its own.
fn text(report: &Report, coloured: bool) -> String {
    let mut text = String::new();
    for (group, findings) in &report.groups {
        push(&mut text, format_args!("{}\n", Paint(BOLD, coloured, &Shown(group))));
        for finding in findings {
            push(&mut text, format_args!("{}\n", Entry { finding, coloured }));
        }
        text.push('\n');
    }
    text.push_str(&summary(report));
    text
}

fn push(text: &mut String, piece: fmt::Arguments<'_>) {
    text.write_fmt(piece).expect("a String takes everything that is written to it");
}

fn summary(report: &Report) -> String {
    let count = |severity| report.count(severity);
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let looked = looked(report);
    let against = report.against.as_ref().map(|place| format!(", held against {}", Shown(place))).unwrap_or_default();
    let found = format!("{}, {}", several(errors, "error"), several(warnings, "warning"));
    match (errors, warnings) {
        (0, 0) => format!("{looked}{against}: all is well."),
        (0, _) => format!("{looked}{against}: {found}. Nothing stands in the way."),
        _ => format!("{looked}{against}: {found}. Do what each error says, then run forebay lint again."),
    }
}

/// What was looked at, and by how many conventions.
pub(super) fn looked(report: &Report) -> String {
    let (contracts, samples) = (several(report.contracts, "contract"), several(report.samples, "sample"));
    format!("{contracts}, {samples} and {}", several(report.conventions, "convention"))
}

/// A number with its word.
pub(super) fn several(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

struct Entry<'a> {
    finding: &'a Finding,
    coloured: bool,
}

impl Display for Entry<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Finding { severity, file, line, pointer, rule, says, remedy } = self.finding;
        let colour = match severity {
            Severity::Error => RED,
            Severity::Warning => YELLOW,
            Severity::Note => CYAN,
        };
        write!(f, "  {}[{}] {}", Paint(colour, self.coloured, &severity.name()), Shown(rule), Shown(file))?;
        if *line > 0 {
            write!(f, ":{line}")?;
        }
        if !pointer.is_empty() {
            write!(f, ": {}", Shown(pointer))?;
        }
        write!(f, "\n    {}", Shown(says))?;
        if remedy.is_empty() { Ok(()) } else { write!(f, "\n    What to do: {}", Shown(remedy)) }
    }
}

const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const CYAN: &str = "1;36";

/// A word in a colour (ECMA-48, section 8.3.117), if there is a terminal.
struct Paint<'a>(&'static str, bool, &'a dyn Display);

impl Display for Paint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.1 { write!(f, "\u{1b}[{}m{}\u{1b}[0m", self.0, self.2) } else { self.2.fmt(f) }
    }
}

/// A text out of someone's files: what would move the cursor or change its colour is escaped.
struct Shown<'a>(&'a str);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for character in self.0.chars() {
            if character.is_control() {
                write!(f, "{}", character.escape_default())?;
            } else {
                f.write_char(character)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let finding = Finding {
            severity: Severity::Error,
            file: "a\u{1b}[2J/contract.yaml".to_owned(),
            line: 3,
            pointer: "/key".to_owned(),
            rule: "change/key".into(),
            says: "It\nsays.".to_owned(),
            remedy: "Do.".to_owned(),
        };
        let mut report = Report { contracts: 1, ..Report::default() };
        report.add("a", finding);
        report
    }

    #[test]
    fn what_files_say_does_not_reach_the_terminal_raw() {
        let plain = text(&report(), false);
        assert!(!plain.contains('\u{1b}'), "{plain}");
        assert!(plain.contains("a\\u{1b}[2J/contract.yaml:3: /key\n    It\\nsays.\n    What to do: Do.\n"), "{plain}");
    }

    #[test]
    fn colours_are_for_terminals() {
        assert!(text(&report(), true).contains("\u{1b}[1;31merror\u{1b}[0m[change/key]"));
    }
}
