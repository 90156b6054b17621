//! Tokens whose issuer goes away and comes back, and tokens that are none. The gateway asks for keys at its start, then
//! every five seconds until it has some, then once a minute at most: so the key that the issuer adds while it is away is
//! one that the gateway has never been able to ask for.

use std::time::Duration;

use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::Answer;
use forebay_tests::issuer::{Jwks, SigningKey, hmac_token, in_seconds, unsigned};
use forebay_tests::process::eventually;
use serde_json::{Value, json};

use super::house::{assert_refused, post_as, records};

const ISSUER: &str = "https://id.shop.example";

fn claims() -> Value {
    json!({ "iss": ISSUER, "aud": "forebay", "sub": "svc-a", "groups": ["a-team"], "exp": in_seconds(600) })
}

/// The same with some claims changed; null takes one out.
fn but(changes: Value) -> Value {
    let mut claims = claims();
    let members = claims.as_object_mut().expect("an object");
    let Value::Object(changes) = changes else { panic!("changes are an object") };
    members.extend(changes);
    members.retain(|_, value| !value.is_null());
    claims
}

fn gateway(topic: &str, jwks: &Jwks) -> Gateway {
    Cluster::shared().create_topic(topic, 1, &[]);
    let catalog = Catalog::new().contract(topic, "value: { format: json }\nproducers: [\"group:a-team\"]");
    let issuer = json!({ "issuer": ISSUER, "audience": "forebay", "jwks": jwks.url(), "algorithms": ["ES256"] });
    Gateway::start_proven(&Cluster::shared().bootstrap(), &catalog, json!({ "jwt": [issuer] }), json!({}))
}

fn post(gateway: &Gateway, topic: &str, token: &str) -> Answer {
    gateway.client().send(&post_as(&format!("Bearer {token}"), topic, "{}"))
}

fn fetches(result: &str) -> String {
    format!("forebay_jwks_fetches_total{{result=\"{result}\"}}")
}

/// Waits until the gateway has asked the issuer, with this result, once more than it had before.
fn await_fetch(gateway: &Gateway, result: &str, before: u64) {
    let sample = fetches(result);
    let fetched = eventually(Duration::from_mins(1), || (gateway.metric(&sample) > before).then_some(()));
    fetched.unwrap_or_else(|| panic!("no fetch {result}: {}", gateway.log().text()));
}

#[test]
fn an_issuer_may_be_away() {
    let topic = "tokens.away.v1";
    let (old, new) = (SigningKey::new("2026-1"), SigningKey::new("2026-2"));
    let mut jwks = Jwks::down(&[&old]);
    let gateway = gateway(topic, &jwks);
    await_fetch(&gateway, "failed", 0);
    // Nothing is known yet: nobody is let in, and nobody is told that the token is bad.
    for key in [&old, &new] {
        let answer = post(&gateway, topic, &key.token(&claims()));
        assert_refused("before its keys are known", &answer, 503, "issuer_unavailable");
        assert_eq!(answer.json()["retryable"], true, "{answer}");
        assert!(answer.header("www-authenticate").is_none(), "{answer}");
    }
    // The issuer comes back with one more key than it went with.
    jwks.publish(&[&old, &new]);
    jwks.start();
    await_fetch(&gateway, "fetched", 0);
    let known = [old.token(&claims()), new.token(&claims())];
    for token in &known {
        assert_eq!(post(&gateway, topic, token).status, 200);
    }
    // It goes away: what is known goes on working, tokens that were seen and tokens that were not.
    jwks.stop();
    let mut written = 2;
    for token in known.into_iter().chain([old.token(&but(json!({ "jti": "unseen" })))]) {
        assert_eq!(post(&gateway, topic, &token).status, 200);
        written += 1;
    }
    let asked = || ["fetched", "failed"].map(|result| gateway.metric(&fetches(result)));
    let (stranger, before) = (SigningKey::new("2026-3"), asked());
    for _ in 0..20 {
        let answer = post(&gateway, topic, &stranger.token(&claims()));
        assert_refused("a key that is not known", &answer, 401, "unauthenticated");
    }
    assert_eq!(before[0], 1, "{before:?}");
    assert_eq!(asked(), before, "strangers' tokens make nobody ask more often");
    let others = but(json!({ "groups": ["b-team"] }));
    assert_refused("another group", &post(&gateway, topic, &old.token(&others)), 403, "forbidden");
    assert_eq!(records(topic, written).len(), written);
}

#[test]
fn what_is_no_proof_lets_nobody_in() {
    let topic = "tokens.wrong.v1";
    let (key, stranger) = (SigningKey::new("2026-1"), SigningKey::new("2026-1"));
    let mut jwks = Jwks::down(&[&key]);
    jwks.start();
    let gateway = gateway(topic, &jwks);
    await_fetch(&gateway, "fetched", 0);

    let header = |more: Value| {
        let mut header = json!({ "alg": "ES256", "typ": "JWT", "kid": "2026-1" });
        let Value::Object(more) = more else { panic!("members are an object") };
        header.as_object_mut().expect("an object").extend(more);
        header
    };
    let good = key.token(&claims());
    let (head, rest) = good.split_once('.').expect("three parts");
    let (body, signature) = rest.split_once('.').expect("three parts");
    let promoted = unsigned(&header(json!({})), &but(json!({ "sub": "svc-b" })));
    let public = serde_json::to_vec(&key.jwk()).expect("a key");
    let wrong_claims = [
        ("expired", json!({ "exp": in_seconds(-120) })),
        ("without an end", json!({ "exp": null })),
        ("an end that is no number", json!({ "exp": "never" })),
        ("not good yet", json!({ "nbf": in_seconds(600) })),
        ("for another", json!({ "aud": "billing" })),
        ("for nobody", json!({ "aud": null })),
        ("for others", json!({ "aud": ["billing", "forebay.example"] })),
        ("of another issuer", json!({ "iss": "https://id.evil.example" })),
        ("of a like-named issuer", json!({ "iss": format!("{ISSUER}/") })),
        ("of no issuer", json!({ "iss": null })),
        ("of nobody", json!({ "sub": null })),
        ("of a blank", json!({ "sub": " " })),
    ];
    let mut rows: Vec<_> = wrong_claims.into_iter().map(|(what, change)| (what, key.token(&but(change)))).collect();
    rows.extend([
        ("alg none", format!("{}.", unsigned(&header(json!({ "alg": "none" })), &claims()))),
        (
            "alg None with a signature",
            format!("{}.{signature}", unsigned(&header(json!({ "alg": "None" })), &claims())),
        ),
        ("HS256 with the public point", hmac_token("2026-1", key.public(), &claims())),
        ("HS256 with the public key's JSON", hmac_token("2026-1", &public, &claims())),
        ("HS256 with the kid", hmac_token("2026-1", b"2026-1", &claims())),
        ("another algorithm's name", key.token_with(&header(json!({ "alg": "ES384" })), &claims())),
        ("a stranger's signature", stranger.token(&claims())),
        ("a stranger's key in the head", stranger.token_with(&header(json!({ "jwk": stranger.jwk() })), &claims())),
        ("keys at a stranger's", stranger.token_with(&header(json!({ "jku": "http://127.0.0.1:1/" })), &claims())),
        ("an extension", key.token_with(&header(json!({ "crit": ["exp"], "exp": 1 })), &claims())),
        ("no signature", format!("{head}.{body}.")),
        ("two parts", format!("{head}.{body}")),
        ("other claims under its signature", format!("{promoted}.{signature}")),
        ("half a signature", good[..good.len() - 20].to_owned()),
        ("too long", format!("{good}{}", "A".repeat(9_000))),
    ]);
    for (what, token) in rows {
        assert_refused(what, &post(&gateway, topic, &token), 401, "unauthenticated");
    }
    assert!(records(topic, 0).is_empty(), "none of them wrote anything");
    assert_eq!(post(&gateway, topic, &good).status, 200, "the token that all of them were made of");
    assert_eq!(records(topic, 1).len(), 1);
}
