//! The file of keys as operators write it, and every way to get it wrong.

use ring::rand::SystemRandom;

use super::*;

fn made(principal: &str, groups: &[&str], scopes: &[&str]) -> (Token, String) {
    let token = Token::generate(&SystemRandom::new()).unwrap();
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let owner = Owner {
        principal: principal.to_owned(),
        groups: texts(groups),
        scopes: texts(scopes),
        expires: "2028-02-29".parse().unwrap(),
    };
    let line = line(&token, &owner, "2026-11-28".parse().unwrap());
    (token, line)
}

fn said(text: &str) -> String {
    let problems = read("keys.yaml", text).err().unwrap();
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn what_is_written_is_read_whatever_the_names_are() {
    for principal in
        ["svc-billing", "spiffe://corp/ns/a", "a: b", "\"'{}[]#&!|>%@`", "true", "12", "~", "-", "é 漢", "\\"]
    {
        let (token, line) = made(principal, &[principal, "b"], &["*", "shop.*-v1", "a_B"]);
        let keys = read("keys.yaml", &line).map_err(|problems| format!("{line}: {problems:?}")).unwrap();
        let text = token.text();
        let (id, secret) = token::parse(&text).unwrap();
        let (who, ends) = keys.find(id, secret, 0).unwrap();
        assert_eq!((&**who.name(), &*who.groups()[0], ends), (principal, principal, 1_835_481_600), "{line}");
        assert!(!line.contains(secret), "a hash and no secret");
    }
}

#[test]
fn every_mistake_is_said_at_once_and_none_shows_a_secret() {
    let (token, good) = made("a", &[], &[]);
    let text = token.text();
    let text = format!(
        "{good}\n{good}\n- {{ id: {text}, principal: \"a\\u0007\", hash: {text}, created: soon, expires: 1969-01-01 }}\n\
         - {text}\n- {{ id: UPPERCASE0, scopes: [], groups: a, hush: b, hash: [a] }}\n\
         - {{ id: 0123456789, principal: ' ', hash: 'sha256:{}', created: 2027-01-02, expires: 2027-01-01 }}\n",
        "a".repeat(63)
    );
    let said = said(&text);
    assert!(!said.contains(&token.text()) && !said.contains(&"a".repeat(63)), "{said}");
    insta::assert_snapshot!(said.replace(&token.id, "[id]"));
}

#[test]
fn what_could_never_let_anyone_in_is_refused() {
    let (_, names) = made("svc-*", &["group:billing", "team-*"], &["shop/*", "__*", "", "shop.order.v1"]);
    let (_, group) = made("group:billing", &["grouped"], &["grou*p"]);
    let said = format!("{}\n{}", said(&names), said(&group));
    insta::assert_snapshot!(said);
}

#[test]
fn a_file_that_is_no_list_is_refused_so_that_a_torn_one_locks_nobody_out() {
    for text in ["", "# nothing", "{}", "a", "keys: []", "~"] {
        assert!(said(text).contains("a list of keys"), "{text}");
    }
    assert_eq!(read("keys.yaml", "[]").ok().unwrap().len(), 0);
    assert!(said(&" ".repeat(MAX_BYTES + 1)).contains("bytes at most"));
}

#[test]
fn a_file_is_read_up_to_its_bound_only() {
    let endless = load(Path::new("/dev/zero")).err().unwrap();
    assert_eq!(endless.len(), 1, "{endless:?}");
    assert_eq!(load(Path::new("/no/such/file")).err().unwrap().len(), 1);
}

#[test]
fn arbitrary_text_never_panics() {
    let (_, good) = made("a", &["b"], &["c"]);
    forebay_fuzz::fuzz!(5_000).for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let _ = read("keys.yaml", &text);
        let _ = read("keys.yaml", &format!("- {text}"));
        let _ = read("keys.yaml", &good.replace("2028-02-29", &text));
        let _ = read("keys.yaml", &good.replace("sha256:", &text));
    });
}
