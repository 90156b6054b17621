//! Tokens, genuine and otherwise: each way in which one can lie, and that no lie is believed.

use std::panic::AssertUnwindSafe;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair as _,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::super::tests::{Gate, NOW, head};
use crate::event::Code;
use crate::metrics::Moment;

const ISSUER: &str = "https://id.test";

fn b64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An issuer's key of some kind, made for one test.
enum Key {
    Ec(&'static str, EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl Key {
    fn ec(algorithm: &'static str) -> Self {
        let scheme: &'static EcdsaSigningAlgorithm =
            if algorithm == "ES256" { &ECDSA_P256_SHA256_FIXED_SIGNING } else { &ECDSA_P384_SHA384_FIXED_SIGNING };
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(scheme, &random).unwrap();
        Self::Ec(algorithm, EcdsaKeyPair::from_pkcs8(scheme, document.as_ref(), &random).unwrap())
    }

    fn ed() -> Self {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed(Ed25519KeyPair::from_pkcs8(document.as_ref()).unwrap())
    }

    fn algorithm(&self) -> &'static str {
        match self {
            Self::Ec(algorithm, _) => algorithm,
            Self::Ed(_) => "EdDSA",
        }
    }

    fn public(&self) -> &[u8] {
        match self {
            Self::Ec(_, pair) => pair.public_key().as_ref(),
            Self::Ed(pair) => pair.public_key().as_ref(),
        }
    }

    fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Ec(algorithm, _) => {
                let (curve, point) = (if *algorithm == "ES256" { "P-256" } else { "P-384" }, &self.public()[1..]);
                let (x, y) = point.split_at(point.len() / 2);
                json!({ "kty": "EC", "crv": curve, "kid": id, "x": b64(x), "y": b64(y), "use": "sig" })
            }
            Self::Ed(_) => json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": b64(self.public()) }),
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ec(_, pair) => pair.sign(&SystemRandom::new(), message).unwrap().as_ref().to_vec(),
            Self::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims.
    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", b64(header.to_string()), b64(claims.to_string()));
        format!("{message}.{}", b64(self.sign(message.as_bytes())))
    }

    /// A good token, with these claims over it; `null` takes one away.
    fn with(&self, over: &Value) -> String {
        self.token(&json!({ "alg": self.algorithm(), "kid": "k", "typ": "JWT" }), &claims(over))
    }
}

/// Good claims, with these over them; `null` takes one away.
fn claims(over: &Value) -> Value {
    let mut claims = json!({ "iss": ISSUER, "aud": "forebay", "sub": "svc-billing", "exp": NOW + 600 });
    for (name, value) in over.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

/// A gate that takes tokens of an issuer with these keys.
struct Post {
    gate: Gate,
    folder: TempDir,
}

impl Post {
    fn new(keys: &[Value], algorithms: &str, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.json");
        std::fs::write(&path, json!({ "keys": keys }).to_string()).unwrap();
        let issuer = format!(
            "{{ issuer: {ISSUER}, audience: [forebay, other], jwks: {}, algorithms: {algorithms}, {more} }}",
            path.display()
        );
        Self { gate: Gate::new(&format!("{{ jwt: [{issuer}] }}"), "[]").unwrap(), folder }
    }

    fn of(key: &Key) -> Self {
        Self::new(&[key.jwk("k")], key.algorithm(), "leeway: 30s")
    }

    fn says(&self, token: &str) -> Result<String, String> {
        self.gate.says(&format!("Bearer {token}"))
    }

    #[track_caller]
    fn takes(&self, token: &str) {
        assert_eq!(self.says(token), Ok("svc-billing".to_owned()), "{token}");
        assert_eq!(self.says(token), Ok("svc-billing".to_owned()), "and remembers it");
    }

    #[track_caller]
    fn refuses(&self, token: &str, because: &str) {
        let refused = self.gate.ask(&format!("Bearer {token}")).unwrap_err();
        assert_eq!(refused.code, Code::Unauthenticated, "{token}");
        assert!(refused.detail.contains(because), "{}: not because of {because}", refused.detail);
        assert_eq!(refused.challenges, ["Bearer realm=\"forebay\", error=\"invalid_token\""]);
    }
}

#[test]
fn every_algorithm_that_can_be_configured_checks_signatures() {
    for key in [Key::ec("ES256"), Key::ec("ES384"), Key::ed()] {
        let post = Post::of(&key);
        let token = key.with(&json!({}));
        post.takes(&token);
        let (message, signature) = token.rsplit_once('.').unwrap();
        let mut other = URL_SAFE_NO_PAD.decode(signature).unwrap();
        other[20] ^= 1;
        post.refuses(&format!("{message}.{}", b64(other)), "signature");
        post.refuses(&format!("{message}."), "signature");
    }
    let made: Value = serde_json::from_str(include_str!("rsa.json")).unwrap();
    let jwk = json!({ "kty": "RSA", "kid": "rsa", "n": made["n"], "e": made["e"] });
    let mut padded = vec![0];
    padded.extend(URL_SAFE_NO_PAD.decode(made["n"].as_str().unwrap()).unwrap());
    let signed = json!({ "kty": "RSA", "kid": "rsa", "n": b64(padded), "e": made["e"] });
    for (algorithm, signature) in made["signatures"].as_object().unwrap() {
        let header = format!("{{\"alg\":\"{algorithm}\",\"kid\":\"rsa\"}}");
        let message = format!("{}.{}", b64(header), b64(made["claims"].as_str().unwrap()));
        let token = format!("{message}.{}", signature.as_str().unwrap());
        for jwk in [&jwk, &signed] {
            let post = Post::new(std::slice::from_ref(jwk), algorithm, "");
            assert_eq!(post.says(&token), Ok("svc-rsa".to_owned()), "{algorithm}");
            post.refuses(&token.replace(".ey", ".fy"), "");
            post.refuses(&format!("{}A", &token[..token.len() - 4]), "signature");
        }
    }
}

#[test]
fn the_algorithm_is_the_configurations_and_never_the_tokens() {
    let key = Key::ec("ES256");
    let post = Post::of(&key);
    let good = claims(&json!({}));
    for (algorithm, because) in [
        ("none", "expected a signed"),
        ("None", "expected a signed"),
        ("", "expected a signed"),
        ("ES512", "expected a signed"),
        ("HS256", "HS256"),
        ("RS256", "signed with RS256, which is not taken from its issuer; ES256 is."),
        ("ES384", "ES384"),
    ] {
        let header = json!({ "alg": algorithm, "kid": "k" });
        post.refuses(&key.token(&header, &good), because);
        let unsigned = format!("{}.{}.", b64(header.to_string()), b64(good.to_string()));
        post.refuses(&unsigned, because);
        post.refuses(unsigned.trim_end_matches('.'), "expected a signed");
    }
    let header = json!({ "alg": "HS256", "kid": "k" });
    let message = format!("{}.{}", b64(header.to_string()), b64(good.to_string()));
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", STANDARD.encode(key.public()));
    for secret in [key.public(), &key.public()[1..], pem.as_bytes(), key.jwk("k").to_string().as_bytes()] {
        let signature = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret), message.as_bytes());
        post.refuses(&format!("{message}.{}", b64(signature)), "HS256");
    }
    let secret = json!({ "kty": "oct", "kid": "k", "k": b64("secret"), "alg": "HS256" });
    let with_secret = Post::new(&[secret, key.jwk("e")], "ES256", "");
    let signature = ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret"), message.as_bytes());
    with_secret.refuses(&format!("{message}.{}", b64(signature)), "HS256");
}

#[test]
fn what_a_token_must_say_and_how() {
    let key = Key::ec("ES256");
    let post = Post::of(&key);
    for (over, because) in [
        (json!({ "exp": null }), "no exp"),
        (json!({ "exp": (NOW + 600).to_string() }), "no exp"),
        (json!({ "exp": [NOW + 600] }), "no exp"),
        (json!({ "exp": true }), "no exp"),
        (json!({ "exp": NOW - 30 }), "ended"),
        (json!({ "exp": 0 }), "ended"),
        (json!({ "exp": -1e300 }), "ended"),
        (json!({ "aud": null }), "The token has no aud. Ask its issuer for one whose aud is forebay or other."),
        (
            json!({ "aud": "forebay2" }),
            "aud is not this gateway's. Ask its issuer for one whose aud is forebay or other.",
        ),
        (json!({ "aud": [] }), "aud is not"),
        (json!({ "aud": ["x", "y"] }), "aud is not"),
        (json!({ "aud": ["forebay", 7] }), "aud is not"),
        (json!({ "aud": { "forebay": "forebay" } }), "aud is not"),
        (json!({ "iss": null }), "no iss"),
        (json!({ "iss": [ISSUER] }), "no iss"),
        (
            json!({ "iss": "https://id.test/" }),
            "not one that this gateway knows. It takes tokens whose iss is https://id.test.",
        ),
        (json!({ "nbf": NOW + 31 }), "not good yet"),
        (json!({ "nbf": "0" }), "nbf"),
        (json!({ "sub": null }), "The token has no sub, which says here whose it is."),
        (json!({ "sub": "" }), "sub is no name of 1 to 2048 bytes without control characters."),
        (json!({ "sub": " " }), "sub"),
        (json!({ "sub": 7 }), "sub"),
        (json!({ "sub": ["svc-billing"] }), "sub"),
        (json!({ "sub": "x".repeat(2049) }), "sub"),
        (json!({ "sub": "a\r\nb" }), "sub"),
        (json!({ "sub": "a\u{0}" }), "sub"),
        (json!({ "groups": 7 }), "groups"),
        (json!({ "groups": ["a", 7] }), "groups"),
        (json!({ "groups": ["a\n"] }), "groups"),
        (json!({ "groups": vec!["a"; 65] }), "groups"),
    ] {
        post.refuses(&key.with(&over), because);
    }
    for over in [
        json!({}),
        json!({ "exp": NOW - 29 }),
        json!({ "exp": 1_800_000_600.5 }),
        json!({ "exp": 1e300 }),
        json!({ "nbf": NOW + 30 }),
        json!({ "aud": ["x", "other"] }),
        json!({ "groups": null }),
        json!({ "anything": { "else": [1, 2, 3] } }),
    ] {
        post.takes(&key.with(&over));
    }
}

#[test]
fn groups_and_principals_come_from_the_claims_that_are_named() {
    let key = Key::ec("ES256");
    let post = Post::new(&[key.jwk("k")], "ES256", "principal: client_id, groups: /realm/roles");
    for roles in [json!(["a", "b"]), json!("a b"), json!(" a  b ")] {
        let token = key.with(&json!({ "client_id": "svc-shop", "realm": { "roles": roles } }));
        let who = post.gate.ask(&format!("Bearer {token}")).unwrap();
        let groups: Vec<_> = who.groups().iter().map(|group| &**group).collect();
        assert_eq!((&**who.name(), groups), ("svc-shop", vec!["a", "b"]));
        assert_eq!(who.expires(), None, "tokens are renewed by themselves");
    }
    post.refuses(&key.with(&json!({})), "client_id");
}

#[test]
fn a_kid_is_only_a_name() {
    let (key, other) = (Key::ec("ES256"), Key::ec("ES256"));
    let post = Post::new(&[key.jwk("k"), other.jwk("l")], "ES256", "");
    let good = claims(&json!({}));
    for kid in ["../../keys.json", "/dev/null", "' OR 1=1 --", "http://127.0.0.1/", "K", "", "k\u{0}"] {
        let because = "has the token's kid. Its issuer's keys are in a file here";
        post.refuses(&key.token(&json!({ "alg": "ES256", "kid": kid }), &good), because);
    }
    post.refuses(&key.token(&json!({ "alg": "ES256", "kid": "l" }), &good), "signature");
    post.refuses(&key.token(&json!({ "alg": "ES256", "kid": 7 }), &good), "expected a signed");
    post.refuses(&key.token(&json!({ "alg": "ES256" }), &good), "has no kid, and not just one key");
    let only = Post::of(&key);
    only.takes(&key.token(&json!({ "alg": "ES256" }), &good));
    let own = json!({ "alg": "ES256", "jwk": other.jwk("k"), "jku": "http://127.0.0.1/", "x5u": "http://127.0.0.1/" });
    only.refuses(&other.token(&own, &good), "signature");
}

#[test]
fn what_is_critical_and_not_known_is_refused() {
    let key = Key::ec("ES256");
    let post = Post::of(&key);
    for crit in [json!(["b64"]), json!(["exp"]), json!([])] {
        let header = json!({ "alg": "ES256", "kid": "k", "crit": crit, "b64": false });
        post.refuses(&key.token(&header, &claims(&json!({}))), "crit");
    }
    let header = json!({ "alg": "ES256", "kid": "k", "crit": "b64" });
    post.refuses(&key.token(&header, &claims(&json!({}))), "expected a signed");
}

#[test]
fn a_long_token_is_refused_unread() {
    let key = Key::ec("ES256");
    let post = Post::of(&key);
    post.takes(&key.with(&json!({ "padding": "x".repeat(5_800) })));
    post.refuses(&key.with(&json!({ "padding": "x".repeat(6_000) })), "8 KiB");
    post.refuses(&"a".repeat(1 << 20), "8 KiB");
    let deep = format!("{}.{}.", b64("{\"alg\":\"ES256\"}"), b64("[".repeat(5_000)));
    post.refuses(&deep, "expected a signed");
}

#[test]
fn one_issuers_key_does_not_speak_for_another() {
    let (a, b) = (Key::ec("ES256"), Key::ec("ES256"));
    let folder = tempfile::tempdir().unwrap();
    let issuer = |name: &str, key: &Key| {
        let path = folder.path().join(name);
        std::fs::write(&path, json!({ "keys": [key.jwk("k")] }).to_string()).unwrap();
        format!("{{ issuer: {name}, audience: forebay, jwks: {}, algorithms: ES256 }}", path.display())
    };
    let section = format!("{{ jwt: [{}, {}] }}", issuer("a", &a), issuer("b", &b));
    let gate = Gate::new(&section, "[]").unwrap();
    for (key, name, taken) in [(&a, "a", true), (&b, "b", true), (&a, "b", false), (&b, "a", false)] {
        let token = key.with(&json!({ "iss": name }));
        assert_eq!(gate.ask(&format!("Bearer {token}")).is_ok(), taken, "{name}");
    }
}

#[test]
fn a_verdict_lasts_until_the_token_ends_or_its_key_is_withdrawn() {
    let (key, next) = (Key::ec("ES256"), Key::ec("ES256"));
    let post = Post::of(&key);
    let token = key.with(&json!({}));
    post.takes(&token);
    post.gate.turn_to(NOW + 629);
    post.takes(&token);
    post.gate.turn_to(NOW + 630);
    post.refuses(&token, "ended 30 seconds ago");
    post.gate.turn_to(NOW);
    post.takes(&token);
    let path = post.folder.path().join("keys.json");
    let set = |keys: &[Value]| std::fs::write(&path, json!({ "keys": keys }).to_string()).unwrap();
    set(&[key.jwk("k"), next.jwk("n")]);
    post.gate.authn.reload().unwrap();
    post.takes(&token);
    post.takes(&next.token(&json!({ "alg": "ES256", "kid": "n" }), &claims(&json!({}))));
    set(&[]);
    assert!(post.gate.authn.reload().is_err());
    post.takes(&token);
    set(&[next.jwk("n")]);
    post.gate.authn.reload().unwrap();
    post.refuses(&token, "kid");
}

#[test]
fn keys_that_do_not_fit_are_left_out() {
    let key = Key::ec("ES256");
    let over = |name: &str, value: Value| {
        let mut jwk = key.jwk("k");
        jwk[name] = value;
        jwk
    };
    let spare = Key::ed().jwk("spare");
    for unfit in [
        over("use", json!("enc")),
        over("alg", json!("ES384")),
        over("alg", json!("RSA-OAEP")),
        over("kty", json!("RSA")),
        over("crv", json!("P-521")),
        over("x", json!("!")),
        json!({ "kid": "k", "kty": "AKP" }),
        json!(7),
    ] {
        let post = Post::new(&[unfit.clone(), spare.clone()], "[ES256, EdDSA]", "");
        post.refuses(&key.with(&json!({})), "kid");
        Post::new(&[unfit, key.jwk("k")], "ES256", "").takes(&key.with(&json!({})));
    }
    let point = over("x", json!("AA"));
    Post::new(&[point], "ES256", "").refuses(&key.with(&json!({})), "signature");
}

#[test]
fn a_set_of_keys_that_can_be_broken_replaces_none() {
    let key = Key::ec("ES256");
    let post = Post::of(&key);
    let short = json!({ "keys": [{ "kty": "RSA", "kid": "k", "n": "AQAB", "e": "AQAB" }] });
    std::fs::write(post.folder.path().join("keys.json"), short.to_string()).unwrap();
    let problem = post.gate.authn.reload().unwrap_err()[0].to_string();
    assert!(problem.contains("not of 2048 to 8192 bits"), "{problem}");
    post.takes(&key.with(&json!({})));
}

#[test]
fn before_its_keys_were_fetched_an_issuers_tokens_are_for_later() {
    let section = format!(
        "{{ jwt: [{{ issuer: {ISSUER}, audience: forebay, jwks: 'http://127.0.0.1:1/', algorithms: ES256 }}] }}"
    );
    let gate = Gate::new(&section, "[]").unwrap();
    let key = Key::ec("ES256");
    let later = gate.ask(&format!("Bearer {}", key.with(&json!({})))).unwrap_err();
    assert_eq!((later.code, later.code.is_retryable(), later.challenges.len()), (Code::IssuerUnavailable, true, 0));
    let other = gate.ask(&format!("Bearer {}", key.with(&json!({ "iss": "x" })))).unwrap_err();
    assert_eq!(other.code, Code::Unauthenticated);
    assert_eq!(gate.authn.identify(&head(&[])).unwrap_err().code, Code::Unauthenticated);
    let text = gate.metrics.render(Moment::default());
    assert!(text.contains("forebay_authentications_total{method=\"jwt\",outcome=\"unavailable\"} 1\n"), "{text}");
}

#[test]
fn arbitrary_tokens_are_refused_and_never_panic() {
    let key = Key::ec("ES256");
    let post = Post::of(&key);
    let header = json!({ "alg": "ES256", "kid": "k" }).to_string();
    let (key, post) = (AssertUnwindSafe(key), AssertUnwindSafe(post));
    forebay_fuzz::fuzz!(5_000).for_each(|bytes: &[u8]| {
        let text: String = bytes.iter().map(|byte| char::from(byte % 95 + 32)).collect();
        let forged = format!("{}.{}.{}", b64(&header), b64(claims(&json!({})).to_string()), b64(bytes));
        let shapes = [
            text.clone(),
            forged,
            format!("{}.{}.{}", b64(bytes), b64(bytes), b64(bytes)),
            format!("{}.{text}.{text}", b64(&header)),
        ];
        for token in shapes {
            assert!(post.says(&token).is_err(), "{token}");
        }
        // What an issuer signs may be nonsense too.
        let message = format!("{}.{}", b64(&header), b64(bytes));
        let _ = post.says(&format!("{message}.{}", b64(key.sign(message.as_bytes()))));
        let _ = super::super::jwks::read(bytes);
    });
}
