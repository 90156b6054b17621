//! An issuer of tokens: keys that are made for the test, tokens by hand (RFC 7515), and a server of the public keys that
//! can go away and come back. Knows nothing of what a gateway makes of them.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde_json::{Value, json};

use crate::liar::answer;
use crate::process::free_ports;

/// A pair of keys for ES256 with its id.
pub struct SigningKey {
    kid: String,
    pair: EcdsaKeyPair,
}

impl SigningKey {
    /// A new pair.
    pub fn new(kid: &str) -> Self {
        let (algorithm, random) = (&ECDSA_P256_SHA256_FIXED_SIGNING, SystemRandom::new());
        let made = EcdsaKeyPair::generate_pkcs8(algorithm, &random).expect("a key");
        let pair = EcdsaKeyPair::from_pkcs8(algorithm, made.as_ref(), &random).expect("the key that was made");
        Self { kid: kid.to_owned(), pair }
    }

    /// Its public half (RFC 7517).
    pub fn jwk(&self) -> Value {
        let point = self.public();
        let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": x, "y": y })
    }

    /// Its public half as a point: byte 4, x, y.
    pub fn public(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// A token of these claims.
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid }), claims)
    }

    /// A token with any header, signed by this key.
    pub fn token_with(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature = self.pair.sign(&SystemRandom::new(), signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", encode(signature.as_ref()))
    }
}

/// A token's header and claims, up to the dot before its signature.
pub fn unsigned(header: &Value, claims: &Value) -> String {
    format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
}

/// A token that is signed by HS256 with these bytes.
pub fn hmac_token(kid: &str, secret: &[u8], claims: &Value) -> String {
    let signed = unsigned(&json!({ "alg": "HS256", "typ": "JWT", "kid": kid }), claims);
    let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), signed.as_bytes());
    format!("{signed}.{}", encode(signature.as_ref()))
}

/// So many seconds from now on (or before now), counted from 1970.
pub fn in_seconds(seconds: i64) -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    i64::try_from(now).expect("a time") + seconds
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A server of public keys at one address, which is up or down.
pub struct Jwks {
    port: u16,
    set: Arc<Mutex<String>>,
    running: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Jwks {
    /// A server that is down and has these keys.
    pub fn down(keys: &[&SigningKey]) -> Self {
        let server = Self { port: free_ports(1)[0], set: Arc::default(), running: None };
        server.publish(keys);
        server
    }

    /// The address of the keys.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/keys", self.port)
    }

    /// Has these keys from now on.
    pub fn publish(&self, keys: &[&SigningKey]) {
        let keys: Vec<_> = keys.iter().map(|key| key.jwk()).collect();
        *self.set.lock().expect("no holder panics") = json!({ "keys": keys }).to_string();
    }

    /// Comes up.
    pub fn start(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("the port is free");
        let (stop, set) = (Arc::new(AtomicBool::new(false)), self.set.clone());
        let stopped = stop.clone();
        let server = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                // An error ends the connection, which is all that a server can do.
                let _ = serve(stream, &set.lock().expect("no holder panics"));
            }
        });
        self.running = Some((stop, server));
    }

    /// Goes down: from now on nobody listens there.
    pub fn stop(&mut self) {
        let Some((stop, server)) = self.running.take() else { return };
        stop.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(("127.0.0.1", self.port)).expect("it listens"));
        server.join().expect("it does not panic");
    }
}

impl Drop for Jwks {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(mut stream: TcpStream, set: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    stream.write_all(&answer("200 OK", "content-type: application/jwk-set+json\r\n", set.as_bytes()))
}
