//! Callers as they come: what counts if several things say who is calling, what is honoured from whom, and that what is
//! wrong says so without helping to guess.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use forebay_policies::Date;
use http::HeaderMap;
use ring::rand::SystemRandom;
use tempfile::TempDir;

use super::key_file::{self, Owner};
use super::token::Token;
use super::*;
use crate::event::{Code, Peer};
use crate::metrics::Moment;

/// 2027-01-15T08:00:00Z.
pub(super) const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;

/// A gateway's authn, with a clock that tests turn.
pub(super) struct Gate {
    pub(super) authn: Authn,
    pub(super) metrics: Metrics,
    time: Arc<AtomicI64>,
}

impl Gate {
    /// One whose configuration has this section, and these proxies.
    pub(super) fn new(section: &str, proxies: &str) -> Result<Self, Vec<Problem>> {
        Self::with(section, proxies, None)
    }

    /// One that takes this name of certificates too; the configuration's other half would be TLS.
    fn with(section: &str, proxies: &str, principal: Option<CertificateName>) -> Result<Self, Vec<Problem>> {
        let text =
            format!("kafka: {{ bootstrap: [a:1] }}\nlisten: {{ trusted_proxies: {proxies} }}\nauthn: {section}\n");
        let mut config = Config::read("test.yaml", &text, [])?;
        config.authn.mtls = principal.map(|principal| Mtls { principal });
        let (metrics, time) = (Metrics::new(), Arc::new(AtomicI64::new(NOW)));
        let clock = Arc::clone(&time);
        let authn = Authn::at(&config, &metrics, Box::new(move || clock.load(Ordering::Relaxed)))?;
        Ok(Self { authn, metrics, time })
    }

    pub(super) fn turn_to(&self, time: i64) {
        self.time.store(time, Ordering::Relaxed);
    }

    /// What comes of this value of `Authorization`.
    pub(super) fn ask(&self, authorization: &str) -> Result<Principal, Rejection> {
        self.authn.identify(&head(&[("authorization", authorization)]))
    }

    /// The principal's name, or the sentence.
    pub(super) fn says(&self, authorization: &str) -> Result<String, String> {
        said(self.ask(authorization))
    }
}

fn said(found: Result<Principal, Rejection>) -> Result<String, String> {
    found.map(|who| who.name().to_string()).map_err(|rejection| rejection.detail.into_owned())
}

pub(super) fn head(fields: &[(&'static str, &str)]) -> Head {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, value.parse().unwrap());
    }
    Head {
        topic: "a.topic".to_owned(),
        schema_id: None,
        dry_run: false,
        headers,
        trace: Vec::new(),
        peer: Peer::unknown(),
    }
}

fn from(address: &str, fields: &[(&'static str, &str)]) -> Head {
    let address: IpAddr = address.parse().unwrap();
    Head { peer: Arc::new(Peer { address, certificate: None }), ..head(fields) }
}

fn with(certificate: Certificate, fields: &[(&'static str, &str)]) -> Head {
    Head { peer: Arc::new(Peer { address: [10, 0, 0, 1].into(), certificate: Some(certificate) }), ..head(fields) }
}

fn certificate() -> Certificate {
    Certificate {
        spiffe: Some("spiffe://corp/ns/shop/sa/web".into()),
        dns: Some("web.shop.corp".into()),
        subject: Some("CN=web".into()),
        not_after: NOW + DAY,
    }
}

pub(super) fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// A new key of this principal, and its line.
fn key(principal: &str, expires: &str) -> (Token, String) {
    let token = Token::generate(&SystemRandom::new()).unwrap();
    let scopes = vec!["shop.*".to_owned()];
    let owner =
        Owner { principal: principal.to_owned(), groups: vec!["shop".to_owned()], scopes, expires: day(expires) };
    let line = key_file::line(&token, &owner, day("2026-01-01"));
    (token, line)
}

fn bearer(token: &Token) -> String {
    format!("Bearer {}", token.text())
}

fn basic(pair: &str) -> String {
    format!("Basic {}", STANDARD.encode(pair))
}

/// A gate with this file of keys, and more members of its section.
fn with_keys(lines: &[&str], more: &str) -> (Gate, TempDir) {
    with_keys_and(lines, more, None)
}

fn with_keys_and(lines: &[&str], more: &str, principal: Option<CertificateName>) -> (Gate, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.yaml");
    write(&path, lines);
    let section = format!("{{ api_keys: {}, {more} }}", path.display());
    (Gate::with(&section, "[]", principal).unwrap(), folder)
}

fn write(path: &Path, lines: &[&str]) {
    let text = if lines.is_empty() { "[]".to_owned() } else { lines.join("\n") };
    std::fs::write(path, text).unwrap();
}

const ANYONE: &str = "anonymous: true, anonymous_principal: anyone";

#[test]
fn a_key_that_was_made_is_known_by_bearer_and_basic() {
    let (token, line) = key("svc-billing", "2028-01-01");
    let (gate, _folder) = with_keys(&[&line], "");
    let who = gate.ask(&bearer(&token)).unwrap();
    assert_eq!((&**who.name(), who.groups().len(), who.expires()), ("svc-billing", 1, None));
    assert!(who.may("shop.order.placed.v1") && !who.may("billing.invoice.v1"), "within its scopes");
    let text = token.text();
    let (id, secret) = token::parse(&text).unwrap();
    let (scheme, pair) = ("bEARER", format!("{id}:{secret}"));
    assert_eq!(gate.says(&format!("{scheme}   {text} ")), Ok("svc-billing".to_owned()));
    assert_eq!(gate.says(&basic(&pair)), Ok("svc-billing".to_owned()));
}

#[test]
fn a_wrong_secret_and_an_unknown_id_read_the_same() {
    let (token, line) = key("svc-billing", "2028-01-01");
    let (stranger, _) = key("svc-billing", "2028-01-01");
    let (gate, _folder) = with_keys(&[&line], "");
    let (text, other) = (token.text(), stranger.text());
    let (id, _) = token::parse(&text).unwrap();
    let (unknown, wrong) = token::parse(&other).unwrap();
    let refused = gate.ask(&basic(&format!("{id}:{wrong}"))).unwrap_err();
    let strange = gate.ask(&bearer(&stranger)).unwrap_err();
    assert_eq!((refused.code, &refused.detail), (Code::Unauthenticated, &strange.detail));
    for pair in [format!("{unknown}:{wrong}"), format!("{id}:"), format!("{id}:{}", "0".repeat(64)), ":".to_owned()] {
        assert_eq!(gate.ask(&basic(&pair)).unwrap_err().detail, strange.detail, "{pair}");
    }
    let hash = line.split("sha256:").nth(1).unwrap()[..64].to_owned();
    for stolen in [hash.clone(), format!("sha256:{hash}")] {
        assert_eq!(
            gate.ask(&basic(&format!("{id}:{stolen}"))).unwrap_err().detail,
            strange.detail,
            "a hash is no secret"
        );
    }
}

#[test]
fn a_key_ends_with_its_last_day_and_only_its_owner_hears_when() {
    let (token, line) = key("svc-billing", "2027-01-20");
    let (gate, _folder) = with_keys(&[&line], "");
    let ends = 1_800_489_600; // 2027-01-21T00:00:00Z
    assert_eq!(gate.ask(&bearer(&token)).unwrap().expires(), Some(ends), "six days are less than fourteen");
    gate.turn_to(ends - 14 * DAY - 1);
    assert_eq!(gate.ask(&bearer(&token)).unwrap().expires(), None);
    gate.turn_to(ends - 1);
    assert!(gate.ask(&bearer(&token)).is_ok());
    gate.turn_to(ends);
    let refused = gate.says(&bearer(&token)).unwrap_err();
    assert!(refused.contains("good until 2027-01-20"), "{refused}");
    let text = token.text();
    let (id, _) = token::parse(&text).unwrap();
    assert!(!gate.says(&basic(&format!("{id}:{}", "x".repeat(43)))).unwrap_err().contains("2027"));
}

#[test]
fn a_new_key_beside_the_old_one_replaces_it_without_a_gap() {
    let ((old, old_line), (new, new_line)) = (key("svc-billing", "2027-01-20"), key("svc-billing", "2028-01-20"));
    let (gate, folder) = with_keys(&[&old_line], "");
    let path = folder.path().join("keys.yaml");
    assert_eq!(gate.authn.files(), std::slice::from_ref(&path));
    assert_eq!(gate.authn.expiring(), [("svc-billing".into(), 1)]);
    write(&path, &[&old_line, &new_line]);
    assert!(gate.ask(&bearer(&new)).is_err());
    gate.authn.reload().unwrap();
    assert!(gate.ask(&bearer(&old)).is_ok() && gate.ask(&bearer(&new)).is_ok());
    write(&path, &[&new_line]);
    gate.authn.reload().unwrap();
    assert!(gate.ask(&bearer(&old)).is_err() && gate.ask(&bearer(&new)).is_ok());
    assert_eq!(gate.authn.expiring(), []);
    for broken in ["", "- {", "- { id: a }"] {
        std::fs::write(&path, broken).unwrap();
        assert_ne!(gate.authn.reload().unwrap_err(), [], "{broken}");
        assert!(gate.ask(&bearer(&new)).is_ok(), "a bad file leaves the old one");
    }
    std::fs::remove_file(&path).unwrap();
    assert_ne!(gate.authn.reload().unwrap_err(), []);
    assert!(gate.ask(&bearer(&new)).is_ok());
    let text = gate.metrics.render(Moment::default());
    assert!(text.contains("forebay_credential_reloads_total{result=\"refused\"} 4\n"), "{text}");
    assert!(text.contains("forebay_credential_reloads_total{result=\"applied\"} 2\n"), "{text}");
}

#[test]
fn a_wrong_credential_is_never_anonymous() {
    let (token, line) = key("svc-billing", "2028-01-01");
    let (gate, _folder) = with_keys(&[&line], ANYONE);
    assert_eq!(said(gate.authn.identify(&head(&[]))), Ok("anyone".to_owned()));
    for wrong in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer fb_",
        "Bearer a.b.c",
        "Basic",
        "Basic !!!",
        "Basic YQ==",
        "Basic gICA",
        "Digest username=a",
        "Negotiate abc",
        &token.text(),
        &format!("{}x", bearer(&token)),
        &basic(&format!("svc-billing:{}", token.text())),
    ] {
        let refused = gate.ask(wrong).unwrap_err();
        assert_eq!(refused.code, Code::Unauthenticated, "{wrong}");
        assert_eq!(refused.challenges.len(), 2, "{wrong}");
        assert!(!refused.detail.contains(&token.text()), "{wrong}");
    }
    let twice = head(&[("authorization", &bearer(&token)), ("authorization", &bearer(&token))]);
    assert!(gate.authn.identify(&twice).is_err(), "which of the two counts nobody can say");
    let text = gate.metrics.render(Moment::default());
    assert!(text.contains("forebay_authentications_total{method=\"anonymous\",outcome=\"accepted\"} 1\n"), "{text}");
    assert!(text.contains("forebay_authentications_total{method=\"api_key\",outcome=\"refused\"} 3\n"), "{text}");
}

#[test]
fn what_is_asked_for_is_what_is_taken() {
    let challenges = |section: &str, proxies: &str, fields: &[(&'static str, &str)]| {
        Gate::new(section, proxies).unwrap().authn.identify(&head(fields)).unwrap_err().challenges
    };
    let (gate, _folder) = with_keys(&[], "");
    let nothing = gate.authn.identify(&head(&[])).unwrap_err();
    assert_eq!(nothing.challenges, ["Bearer realm=\"forebay\"", "Basic realm=\"forebay\", charset=\"UTF-8\""]);
    assert_eq!(
        nothing.detail,
        "Nothing says who is calling. This gateway takes an API key (Authorization: Bearer fb_…)."
    );
    let many = Gate::with("{ proxy: {} }", "10.0.0.0/8", Some(CertificateName::Spiffe)).unwrap();
    assert_eq!(
        many.authn.identify(&head(&[])).unwrap_err().detail,
        "Nothing says who is calling. This gateway takes a client certificate (shown when the connection is opened) or \
         a trusted proxy's header (x-forebay-principal)."
    );
    let (stranger, _) = key("a", "2028-01-01");
    let wrong = gate.ask(&bearer(&stranger)).unwrap_err().challenges;
    assert_eq!(wrong[0], "Bearer realm=\"forebay\", error=\"invalid_token\"");
    let certificates = Gate::with("{ proxy: {} }", "10.0.0.0/8", Some(CertificateName::Spiffe)).unwrap();
    let certificates = certificates.ask(&bearer(&stranger)).unwrap_err().challenges;
    assert_eq!(certificates, ["ClientCertificate realm=\"forebay\""]);
    assert_eq!(challenges("{ proxy: {} }", "10.0.0.0/8", &[]), ["TrustedProxy realm=\"forebay\""]);
    let anyone = Gate::new(&format!("{{ {ANYONE} }}"), "[]").unwrap();
    let damaged = anyone.ask("Bearer fb_nothing").unwrap_err();
    assert_eq!(damaged.challenges, ["Anonymous realm=\"forebay\""]);
    assert_eq!(damaged.detail, "API keys are not taken here. Send no credential: this gateway takes everyone.");
}

#[test]
fn a_certificate_counts_by_the_name_that_is_configured() {
    for (kind, expected) in [
        (CertificateName::Spiffe, "spiffe://corp/ns/shop/sa/web"),
        (CertificateName::Dns, "web.shop.corp"),
        (CertificateName::Subject, "CN=web"),
    ] {
        let gate = Gate::with(&format!("{{ {ANYONE} }}"), "[]", Some(kind)).unwrap();
        let who = gate.authn.identify(&with(certificate(), &[])).unwrap();
        assert_eq!(&**who.name(), expected);
        assert_eq!(who.expires().is_some(), kind != CertificateName::Spiffe, "an agent renews SPIFFE's by itself");
        let refused =
            said(gate.authn.identify(&with(Certificate { not_after: NOW + DAY, ..Certificate::default() }, &[])));
        assert!(refused.unwrap_err().starts_with("The client's certificate has no"));
        let long = |bytes| {
            let name = Some("a".repeat(bytes).into());
            let shown = Certificate { spiffe: name.clone(), dns: name.clone(), subject: name, not_after: NOW + DAY };
            said(gate.authn.identify(&with(shown, &[])))
        };
        assert_eq!(long(2048).map(|name| name.len()), Ok(2048));
        let refused = long(2049).unwrap_err();
        assert!(
            refused.contains("certificate can't be taken: its ") && refused.ends_with("than 2048 bytes."),
            "{refused}"
        );
        gate.turn_to(NOW + DAY + 1);
        let ended = said(gate.authn.identify(&with(certificate(), &[]))).unwrap_err();
        assert!(ended.contains("has ended"), "also on a connection that stays open: {ended}");
    }
}

#[test]
fn what_is_said_outright_wins_over_the_connection() {
    let (token, line) = key("svc-billing", "2028-01-01");
    let (gate, _folder) = with_keys_and(&[&line], ANYONE, Some(CertificateName::Dns));
    let both = with(certificate(), &[("authorization", &bearer(&token))]);
    assert_eq!(said(gate.authn.identify(&both)), Ok("svc-billing".to_owned()));
    let wrong = with(certificate(), &[("authorization", "Bearer nonsense")]);
    assert!(gate.authn.identify(&wrong).is_err(), "and no other credential helps a wrong one");
    assert_eq!(said(gate.authn.identify(&with(certificate(), &[]))), Ok("web.shop.corp".to_owned()));
}

#[test]
fn a_proxys_word_counts_from_trusted_addresses_only() {
    let section = format!("{{ proxy: {{ header: X-Who }}, {ANYONE} }}");
    let gate = Gate::new(&section, "[10.0.0.0/8, 'fd00::/8']").unwrap();
    let ask = |address: &str, fields: &[(&'static str, &str)]| said(gate.authn.identify(&from(address, fields)));
    for address in ["10.1.2.3", "::ffff:10.1.2.3", "fd00::1"] {
        assert_eq!(ask(address, &[("x-who", "svc-billing")]), Ok("svc-billing".to_owned()), "{address}");
    }
    for address in ["11.0.0.1", "127.0.0.1", "::1", "0.0.0.0", "::ffff:11.0.0.1"] {
        assert!(ask(address, &[("x-who", "svc-billing")]).is_err(), "{address}");
        assert_eq!(ask(address, &[]), Ok("anyone".to_owned()), "{address}");
    }
    for wrong in ["", " ", &"x".repeat(2049)] {
        assert!(ask("10.1.2.3", &[("x-who", wrong)]).is_err(), "{wrong}");
    }
    assert!(ask("10.1.2.3", &[("x-who", "a"), ("x-who", "b")]).is_err(), "one from the client, one from the proxy");
    let forged = [("x-forwarded-for", "10.1.2.3"), ("x-tenant", "svc-billing"), ("x-spiffe-id", "spiffe://corp/a")];
    for field in forged {
        assert_eq!(ask("11.0.0.1", &[field]), Ok("anyone".to_owned()), "{}: nobody asked", field.0);
    }
}

#[test]
fn every_mistake_in_the_files_keeps_the_gateway_from_starting() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nonsense");
    std::fs::write(&path, "nonsense").unwrap();
    let path = path.display();
    let issuer = format!("{{ issuer: i, audience: a, jwks: {path}, algorithms: ES256 }}");
    let section = format!("{{ api_keys: {path}, jwt: [{issuer}] }}");
    let problems = Gate::new(&section, "[]").err().unwrap();
    assert_eq!(problems.len(), 2, "{problems:?}");
    let untrusted =
        format!("{{ jwt: [{{ issuer: i, audience: a, jwks: 'https://a', ca: {path}, algorithms: ES256 }}] }}");
    assert!(Gate::new(&untrusted, "[]").err().unwrap()[0].to_string().contains("certificates in PEM"));
    let plain = format!("{{ jwt: [{issuer}] }}").replace("algorithms", "ca: ca.pem, algorithms");
    let refused = Gate::new(&plain, "[]").err().unwrap();
    assert!(refused[0].to_string().contains("/ca: expected no ca here: jwks is no https address"), "{refused:?}");
}

#[test]
fn a_file_of_keys_that_can_not_be_used_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.json");
    let section = format!("{{ jwt: [{{ issuer: i, audience: a, jwks: {}, algorithms: ES256 }}] }}", path.display());
    let expected = ", found a file that can't be used: it is no JSON object with a list of keys";
    for (text, said) in [
        ("{}".to_owned(), expected),
        (" ".repeat(1 + (1 << 20)), ": expected a file of text of at most 1 MiB, found a longer one"),
    ] {
        std::fs::write(&path, text).unwrap();
        let problem = Gate::new(&section, "[]").err().unwrap()[0].to_string();
        assert!(problem.ends_with(said), "{problem}");
    }
    std::fs::write(&path, [0xff]).unwrap();
    let problem = Gate::new(&section, "[]").err().unwrap()[0].to_string();
    assert!(problem.ends_with("found bytes that are no UTF-8"), "{problem}");
}
