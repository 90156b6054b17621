//! Words that stand nowhere else in the world, each planted in one place of what a gateway is sent, and a search for them
//! in what it says. Knows where each may turn up.

use std::hash::{BuildHasher as _, RandomState};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;

/// What a planted word is, which says where it may turn up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A credential, or whatever else a request carries beside its events: nowhere.
    Secret,
    /// A personal value: nowhere.
    Personal,
    /// Any other value of an event: where events are, and in the trial of one that would be written.
    Plain,
    /// The name of a member that no schema knows: where events are, and in the answer that names it.
    Name,
}

pub(crate) const ALL: [Kind; 4] = [Kind::Secret, Kind::Personal, Kind::Plain, Kind::Name];

/// What was planted.
#[derive(Default)]
pub(crate) struct Planted {
    words: Vec<(String, Kind, String)>,
}

impl Planted {
    /// A new word for this place.
    pub(crate) fn plant(&mut self, kind: Kind, place: &str) -> String {
        let word = format!("canary{:016x}", RandomState::new().hash_one(place));
        self.know(kind, place, &word);
        word
    }

    /// A word that was made elsewhere.
    pub(crate) fn know(&mut self, kind: Kind, place: &str, word: &str) {
        self.words.push((place.to_owned(), kind, word.to_owned()));
    }

    /// The places whose words, of these kinds, stand in a text: as they are, or as a program would write their bytes.
    pub(crate) fn found(&self, text: &[u8], kinds: &[Kind]) -> Vec<&str> {
        let words = self.words.iter().filter(|(_, kind, _)| kinds.contains(kind));
        let found = words.filter(|(_, _, word)| spellings(word).iter().any(|one| stands(one.as_bytes(), text)));
        found.map(|(place, ..)| place.as_str()).collect()
    }
}

fn spellings(word: &str) -> [String; 4] {
    let hex = word.bytes().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    let decimal = word.bytes().map(|byte| byte.to_string()).collect::<Vec<_>>().join(", ");
    // The last digits depend on what follows.
    let mut base64 = BASE64_STANDARD_NO_PAD.encode(word);
    base64.truncate(word.len() / 3 * 4);
    [word.to_owned(), hex, decimal, base64]
}

fn stands(word: &[u8], text: &[u8]) -> bool {
    text.windows(word.len()).any(|part| part == word)
}

#[test]
fn a_word_is_found_in_every_spelling_and_by_its_kind() {
    let mut planted = Planted::default();
    let word = planted.plant(Kind::Secret, "here");
    planted.plant(Kind::Plain, "elsewhere");
    let basic = BASE64_STANDARD_NO_PAD.encode(format!("{word}:x"));
    let debug = format!("{:?}", word.as_bytes());
    for text in [format!("a {word} b"), debug, basic] {
        assert_eq!(planted.found(text.as_bytes(), &ALL), ["here"], "{text}");
        assert!(planted.found(text.as_bytes(), &[Kind::Plain]).is_empty());
    }
}
