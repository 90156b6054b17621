//! Everything that one tenant tries to write another one's topic: by every body, header, credential and spelling of the
//! address. Knows what each must be told.

use forebay_tests::http::Request;
use forebay_tests::keys::basic;

use super::house::{path, post_as};
use super::tenants::{BODIES, Tenant};

const EVENT: &str = r#"{"text":"note"}"#;
const FORBIDDEN: Result<usize, (u16, &str)> = Err((403, "forbidden"));
const UNAUTHENTICATED: Result<usize, (u16, &str)> = Err((401, "unauthenticated"));
const MALFORMED: Result<usize, (u16, &str)> = Err((400, "malformed"));
const UNKNOWN: Result<usize, (u16, &str)> = Err((404, "unknown_topic"));
const NOWHERE: Result<usize, (u16, &str)> = Err((404, "not_found"));

/// One request, and what must come of it: so many events written, to a topic of one's own, or a status and a code.
pub(crate) struct Attempt {
    pub(crate) what: String,
    pub(crate) request: Request,
    pub(crate) expected: Result<usize, (u16, &'static str)>,
}

/// All of them.
pub(crate) fn all(me: &Tenant, other: &Tenant) -> Vec<Attempt> {
    [by_body(me, other), by_header(me, other), by_credential(me, other), by_address(me, other)]
        .into_iter()
        .flatten()
        .collect()
}

fn attempt(what: impl Into<String>, request: Request, expected: Result<usize, (u16, &'static str)>) -> Attempt {
    Attempt { what: what.into(), request, expected }
}

fn by_body(me: &Tenant, other: &Tenant) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    let mut add = |what: String, request: Request| {
        attempts.push(attempt(what, request.header("authorization", &me.key.bearer()), FORBIDDEN));
    };
    for (format, media_type, body, _) in BODIES {
        for query in ["", "?dry_run=true", "?dry_run=true&dry_run=false", "?topic=x"] {
            let request = Request::post(path(&other.topic(format)) + query, body);
            add(format!("{media_type} {query}"), request.header("content-type", media_type));
        }
    }
    let lines = || Request::ndjson(path(&other.topic("json")), format!("{EVENT}\n{EVENT}\n"));
    add("receipts".to_owned(), lines().header("accept", "application/x-ndjson"));
    add("a minimal answer".to_owned(), lines().header("prefer", "return=minimal"));
    let framed = Request::post(path(&other.topic("avro")), b"\0\0\0\0\x01\x08note".to_vec());
    add("a frame".to_owned(), framed.header("content-type", "avro/binary; framing=confluent"));
    let named = Request::json(path(&other.topic("avro")), EVENT).header("forebay-schema-id", "1");
    add("a schema's id".to_owned(), named);
    add("no media type".to_owned(), Request::post(path(&other.topic("json")), EVENT));
    add("nothing at all".to_owned(), Request::json(path(&other.topic("json")), ""));
    add("no event".to_owned(), Request::json(path(&other.topic("json")), "[]"));
    // An event that says where it wants to go goes where its address says.
    let named = format!(r#"{{"topic":"{0}","_topic":"{0}"}}"#, other.topic("json"));
    attempts.push(attempt("a topic in the event", post_as(&me.key.bearer(), &me.own(), &named), Ok(1)));
    attempts
}

fn by_header(me: &Tenant, other: &Tenant) -> Vec<Attempt> {
    let certificate = format!("By=spiffe://x;URI=spiffe://shop.example/{0};Subject=\"CN={0}\"", other.name);
    let address = path(&other.topic("json"));
    let claims = [
        ("x-forebay-principal", other.name.as_str()),
        ("X-Forebay-Principal", &other.name),
        ("x-tenant", &other.name),
        ("x-principal", &other.name),
        ("x-user", &other.name),
        ("x-remote-user", &other.name),
        ("remote-user", &other.name),
        ("x-forwarded-user", &other.name),
        ("x-forwarded-for", "192.0.2.1"),
        ("x-real-ip", "192.0.2.1"),
        ("forwarded", "for=192.0.2.1;by=192.0.2.1"),
        ("x-forwarded-client-cert", &certificate),
        ("x-ssl-client-s-dn", &certificate),
        ("x-http-method-override", "GET"),
        ("proxy-authorization", "Basic Og=="),
    ];
    let mut attempts = Vec::new();
    for (name, value) in claims {
        let claim = |request: Request| request.header(name, value).header(name, value);
        let proven = post_as(&me.key.bearer(), &other.topic("json"), EVENT);
        attempts.push(attempt(name, proven.clone().header(name, value), FORBIDDEN));
        attempts.push(attempt(format!("{name} twice"), claim(proven), FORBIDDEN));
        let unproven = Request::json(&address, EVENT).header(name, value);
        attempts.push(attempt(format!("{name} alone"), unproven, UNAUTHENTICATED));
    }
    // Headers that change an address in other houses don't here.
    for name in ["x-original-url", "x-rewrite-url", "x-forwarded-prefix", "forebay-topic", "x-topic"] {
        let request = post_as(&me.key.bearer(), &me.own(), EVENT).header(name, &address);
        attempts.push(attempt(name, request, Ok(1)));
    }
    attempts
}

fn by_credential(me: &Tenant, other: &Tenant) -> Vec<Attempt> {
    let (mine, theirs) = (&me.key, &other.key);
    let (id, secret) = (mine.id(), mine.secret());
    let topic = other.topic("json");
    let mixed = mine.text.replace(id, theirs.id());
    let rows = [
        ("one's own key", mine.bearer(), FORBIDDEN),
        ("in lower case", mine.bearer().replace("Bearer", "bearer"), FORBIDDEN),
        ("one's own key by Basic", mine.basic(), FORBIDDEN),
        ("the other's id with one's own secret", basic(theirs.id(), secret), UNAUTHENTICATED),
        ("the same as a key", format!("Bearer {mixed}"), UNAUTHENTICATED),
        ("the other's id alone", basic(theirs.id(), ""), UNAUTHENTICATED),
        ("the other's name", basic(&other.name, secret), UNAUTHENTICATED),
        ("two ids", basic(&format!("{}:{id}", theirs.id()), secret), UNAUTHENTICATED),
        ("one's own id and the other's name", basic(id, &format!("{secret}:{}", other.name)), UNAUTHENTICATED),
        ("the hash instead of the secret", basic(theirs.id(), hash_of(&theirs.line)), UNAUTHENTICATED),
        ("two keys in one header", format!("{}, {}", mine.bearer(), mine.bearer()), UNAUTHENTICATED),
        ("another scheme", format!("Negotiate {}", mine.text), UNAUTHENTICATED),
        ("no scheme", mine.text.clone(), UNAUTHENTICATED),
        ("nothing", String::new(), UNAUTHENTICATED),
    ];
    let rows = rows.into_iter();
    let mut attempts: Vec<_> =
        rows.map(|(what, shown, expected)| attempt(what, post_as(&shown, &topic, EVENT), expected)).collect();
    for (what, second) in
        [("twice", mine.bearer()), ("and another", basic(theirs.id(), secret)), ("and both", theirs.bearer())]
    {
        let twice = post_as(&mine.bearer(), &topic, EVENT).header("Authorization", &second);
        attempts.push(attempt(format!("the header {what}"), twice, UNAUTHENTICATED));
    }
    attempts.push(attempt("no credential", Request::json(path(&topic), EVENT), UNAUTHENTICATED));
    let in_query = format!("{}?access_token={}&authorization={}", path(&topic), mine.text, mine.text);
    attempts.push(attempt("a key in the query", Request::json(in_query, EVENT), UNAUTHENTICATED));
    attempts
}

fn hash_of(line: &str) -> &str {
    line.split('"').find(|part| part.starts_with("sha256:")).expect("a hash stands in the line")
}

fn by_address(me: &Tenant, other: &Tenant) -> Vec<Attempt> {
    let (mine, topic) = (me.own(), other.topic("json"));
    let escaped = |each: &dyn Fn(u8) -> String| topic.bytes().map(each).collect::<String>();
    let dots = topic.replace('.', "%2E");
    let rows = [
        (path(&dots), FORBIDDEN),
        (path(&topic.replace('.', "%2e")), FORBIDDEN),
        (path(&escaped(&|byte| format!("%{byte:02X}"))), FORBIDDEN),
        (path(&escaped(&|byte| format!("%25{byte:02X}"))), UNKNOWN),
        (path(&dots.replace('%', "%25")), UNKNOWN),
        (path(&dots.replace('%', "%2525")), UNKNOWN),
        (path(&topic.to_uppercase()), UNKNOWN),
        (path(&topic.replace('.', "%EF%BC%8E")), UNKNOWN),
        (path(&topic.replace('.', "%C0%AE")), UNKNOWN),
        (path(&format!("{topic}%00")), UNKNOWN),
        (path(&format!("{topic}%20")), UNKNOWN),
        (path(&format!("{topic}%0D%0A")), UNKNOWN),
        (path(&format!("{topic}.")), UNKNOWN),
        (path(&format!("{topic};{mine}")), UNKNOWN),
        (path(&format!("{mine},{topic}")), UNKNOWN),
        (path(&format!("{mine}%2C{topic}")), UNKNOWN),
        (path(&format!("{mine}%2F..%2F{topic}")), UNKNOWN),
        (path(&format!("..%2F{topic}")), UNKNOWN),
        (path(&format!("{mine}/../{topic}")), NOWHERE),
        (path(&format!("{mine}/events/../../{topic}")), NOWHERE),
        (path(&format!("./{topic}")), NOWHERE),
        (format!("/{}", path(&topic)), NOWHERE),
        (format!("{}/", path(&topic)), NOWHERE),
        (path(&topic).replace("/v1/", "/V1/"), NOWHERE),
        (path(&topic).replace("/topics/", "/topics//"), NOWHERE),
        (path(&topic).replace("/events", "%2Fevents"), NOWHERE),
        (format!("http://forebay{}", path(&topic)), FORBIDDEN),
        (format!("http://{}:x@forebay{}", other.name, path(&topic)), FORBIDDEN),
        (format!("{}?topic={topic}", path(&mine)), MALFORMED),
    ];
    let rows = rows.into_iter();
    rows.map(|(address, expected)| {
        let request = Request::json(&address, EVENT).header("authorization", &me.key.bearer());
        attempt(address, request, expected)
    })
    .collect()
}
