//! How one value may be spelt in JSON: numerals, escapes, base64 and white space, at random.

use std::fmt::Write as _;

use super::Source;

pub(super) fn integer(value: i64, source: &mut Source<'_>) -> String {
    match source.below(5) {
        0 => format!("{value}.00"),
        1 => format!("{value}e0"),
        2 if value != 0 => format!("{value}00E-2"),
        _ => value.to_string(),
    }
}

pub(super) fn text(source: &mut Source<'_>) -> String {
    let alphabet = ['a', 'z', '"', '\\', '/', '\n', '\u{0}', '\u{7f}', 'é', '日', '😀', ' '];
    (0..source.below(40)).map(|_| alphabet[source.below(alphabet.len())]).collect()
}

/// A string's spelling: what must be escaped is, the rest at random.
pub(super) fn string(text: &str, source: &mut Source<'_>) -> String {
    let mut spelt = String::from("\"");
    for character in text.chars() {
        let short = match character {
            '"' => "\\\"",
            '\\' => "\\\\",
            '\n' => "\\n",
            '/' => "\\/",
            _ => "",
        };
        let escape = source.one_in(6);
        if !short.is_empty() && !escape {
            spelt.push_str(short);
        } else if escape || character < ' ' || character == '"' || character == '\\' {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(spelt, "\\u{unit:04x}").expect("a String takes everything");
            }
        } else {
            spelt.push(character);
        }
    }
    spelt.push('"');
    spelt
}

pub(super) fn base64(bytes: &[u8], source: &mut Source<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    string(if source.one_in(2) { text.trim_end_matches('=') } else { &text }, source)
}

pub(super) fn space(source: &mut Source<'_>) -> &'static str {
    ["", "", "", " ", "\n", "\t \r"][source.below(6)]
}
