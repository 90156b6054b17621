//! The configuration as operators meet it: its defaults, what the environment changes, and every way to get it wrong.

#![expect(clippy::unwrap_used, reason = "a test that can't be set up should say where")]

use std::fmt::Write as _;
use std::path::Path;

use base64::Engine as _;
use forebay::config::Config;
use forebay::config::tls::ClientCertificate;

const SMALLEST: &str =
    "kafka: { bootstrap: [broker-1:9092] }\nauthn: { anonymous: true, anonymous_principal: everyone }\n";

fn read(text: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Config::read("forebay.yaml", text, variables).map_err(|problems| {
        let mut lines = String::new();
        for problem in problems {
            writeln!(lines, "{problem}").unwrap();
        }
        lines
    })
}

#[test]
fn everything_has_a_default_but_the_brokers_and_the_caller() {
    let config = read(SMALLEST, &[]).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&config).unwrap());
}

#[test]
fn the_environment_wins_over_the_file() {
    let variables = [
        ("FOREBAY_KAFKA__BOOTSTRAP", "a:1,b:2"),
        ("FOREBAY_KAFKA__QUEUE__BYTES_PER_TOPIC", "8MiB"),
        ("FOREBAY_LISTEN__ADDRESS", "'[::1]:7070'"),
        ("FOREBAY_TELEMETRY__SAMPLE", "1"),
    ];
    let config = read(SMALLEST, &variables).unwrap();
    assert_eq!(config.kafka.bootstrap, ["a:1", "b:2"]);
    assert_eq!(config.kafka.queue.bytes_per_topic, 8 * 1024 * 1024);
    assert_eq!(config.listen.address, "[::1]:7070".parse().unwrap());
    assert!((config.telemetry.sample - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_registry_may_have_several_addresses() {
    let variables = [("FOREBAY_REGISTRY__URL", "http://a:8081/, https://b/apis/ccompat/v7/")];
    let registry = read(SMALLEST, &variables).unwrap().registry.unwrap();
    assert_eq!(registry.url, ["http://a:8081", "https://b/apis/ccompat/v7"]);
    assert_eq!(read(SMALLEST, &[]).unwrap().registry, None);
}

#[test]
fn a_registry_is_told_apart_from_what_is_none() {
    for wrong in [
        "{}",
        "{ url: [] }",
        "{ url: registry:8081 }",
        "{ url: http://user:secret@registry }",
        "{ url: http://registry?a=b }",
        "{ url: http:///subjects }",
        "{ url: 'http://a,,http://b' }",
        "{ url: http://a, connect_timeout: 10s }",
        "{ url: http://a, timeout: 0s, connect_timeout: 0s }",
        "{ url: http://a, certificate: Cargo.toml }",
        "{ url: http://a, basic_auth_file: Cargo.toml, bearer_file: Cargo.toml }",
    ] {
        let problems = read(&format!("{SMALLEST}registry: {wrong}\n"), &[]).unwrap_err();
        assert!(problems.contains("/registry") && !problems.contains("secret"), "{wrong}: {problems}");
    }
}

#[test]
fn rates_are_read_in_the_files_order_and_shown() {
    let rates = "admission:\n  rates:\n    default: { events_per_second: 50000, bytes_per_second: 64MiB, burst: 2s }\n    \
                 svc-billing: { bytes_per_second: 1KiB }\n    svc-*: { events_per_second: 5 }\n";
    let config = read(&format!("{SMALLEST}{rates}"), &[("FOREBAY_ADMISSION__RATES__DEFAULT__BURST", "3s")]).unwrap();
    let rates = &config.admission.rates;
    let events = |who| rates.of(who).unwrap().events_per_second;
    assert_eq!([events("svc-billing"), events("svc-search"), events("other")], [None, Some(5), Some(50_000)]);
    let shown = "{\"svc-billing\":{\"bytes_per_second\":\"1.0 KiB\",\"burst\":\"1s\"},\"svc-*\":{\"events_per_second\":5,\"burst\":\"1s\"},\
                 \"default\":{\"events_per_second\":50000,\"bytes_per_second\":\"64.0 MiB\",\"burst\":\"3s\"}}";
    assert_eq!(serde_json::to_string(rates).unwrap(), shown);
    assert_eq!(read(SMALLEST, &[]).unwrap().admission.rates.of("anyone"), None);
}

#[test]
fn a_rate_is_told_apart_from_what_is_none() {
    for wrong in [
        "[]",
        "{ svc: 5 }",
        "{ svc: {} }",
        "{ svc: { burst: 2s } }",
        "{ svc: { events_per_second: 0 } }",
        "{ svc: { events_per_second: 1.5 } }",
        "{ svc: { bytes_per_second: 0B } }",
        "{ svc: { events_per_second: 5, burst: 1500ms } }",
        "{ svc: { events_per_second: 5, burst: 0s } }",
        "{ svc: { events_per_second: 5, burst: 2h } }",
        "{ svc: { events: 5 } }",
    ] {
        let problems = read(&format!("{SMALLEST}admission: {{ rates: {wrong} }}\n"), &[]).unwrap_err();
        assert!(problems.contains("/admission/rates"), "{wrong}: {problems}");
    }
}

#[test]
fn variables_that_kubernetes_sets_are_no_configuration() {
    let variables = [
        ("FOREBAY_SERVICE_HOST", "10.0.0.1"),
        ("FOREBAY_PORT", "tcp://10.0.0.1:8080"),
        ("FOREBAY_ADMIN_SERVICE_PORT", "9090"),
    ];
    read(SMALLEST, &variables).unwrap();
}

#[test]
fn secrets_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("password");
    std::fs::write(&file, "from-a-file\n").unwrap();
    let text = format!(
        "authn: {{ anonymous: true, anonymous_principal: everyone }}\nkafka:\n  bootstrap: [broker-1:9092]\n  \
         properties: {{ sasl.username: from-the-text }}\n  property_files: {{ sasl.password: {} }}\n",
        file.display()
    );
    let config = read(&text, &[]).unwrap();
    assert_eq!(config.kafka.properties["sasl.password"].expose(), "from-a-file");
    let shown = format!("{config:?} {}", serde_json::to_string(&config).unwrap());
    assert!(!shown.contains("from-a-file") && !shown.contains("from-the-text"), "{shown}");
    assert!(shown.contains("[redacted]"));
}

#[test]
fn every_problem_is_said_at_once() {
    let text = "listne: { address: 1.2.3.4:80 }
listen:
  address: nowhere
  header_timeout: soon
  tls: { certificate: a.pem, client_certificate: required, handshakes: 0, handshake_timeout: 0s }
  trusted_proxies: [10.0.0.1/8]
admin: { tls: { certificate: /no/such/file, key: /no/such/file } }
kafka:
  deadline: 5
  compression: brotli
  producers: 0
  properties: { acks: 1, security.protocol: SASL_SSL, enable.idempotence: false }
  property_files: { sasl.password: /no/such/file }
registry: { url: [http://ok:8081, ftp://registry], key: /no/such/file, timeout: 10ms, schemas: 0, bytes_per_answer: 1GiB }
authn: { anonymous: true, api_kyes: keys.yaml, expiry_warning: soon, mtls: { principal: email }, proxy: { header: Authorization } }
admission: { bytes_in_flight: lots, window: { evnets: 3 } }
telemetry: { log: '=', otlp: collector, sample: 2 }
";
    insta::assert_snapshot!(
        read(
            text,
            &[("FOREBAY_KAFKA_LINGER", "1ms"), ("FOREBAY_REGISTRY_URL", "http://a"), ("FOREBAY_DRAIN__GRACE", "later")]
        )
        .unwrap_err()
    );
}

#[test]
fn contradictions_are_said_with_both_names() {
    let text = format!(
        "{SMALLEST}drain: {{ grace: 1s }}\nadmission: {{ bytes_per_request: 100MiB, bytes_in_flight: 32MiB }}\n"
    );
    let variables = [("FOREBAY_KAFKA__REQUEST_TIMEOUT", "10s"), ("FOREBAY_KAFKA__BYTES_PER_RECORD", "1GiB")];
    insta::assert_snapshot!(read(&text, &variables).unwrap_err());
}

/// Files of a certificate that ends in this year, and of its key. One that ends after 2100 begins in 2100.
fn certificate(folder: &Path, year: i32) -> String {
    let file = |name: &str, label: &str, der: &[u8]| {
        let path = folder.join(name);
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        std::fs::write(&path, format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")).unwrap();
        path.display().to_string()
    };
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    params.not_before = rcgen::date_time_ymd(if year > 2100 { 2100 } else { 1975 }, 1, 1);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = file(&format!("{year}.pem"), "CERTIFICATE", params.self_signed(&key).unwrap().der());
    let key = file(&format!("{year}.key"), "PRIVATE KEY", &key.serialize_der());
    format!("certificate: {certificate}, key: {key}")
}

#[test]
fn clients_are_asked_for_a_certificate_where_there_is_an_authority() {
    let folder = tempfile::tempdir().unwrap();
    let files = certificate(folder.path(), 2100);
    let authority = folder.path().join("2100.pem").display().to_string();
    for (more, expected) in [
        (String::new(), ClientCertificate::None),
        (format!(", client_ca: {authority}"), ClientCertificate::Optional),
        (format!(", client_ca: {authority}, client_certificate: required"), ClientCertificate::Required),
    ] {
        let config = read(SMALLEST, &[("FOREBAY_LISTEN__TLS", &format!("{{{files}{more}}}"))]).unwrap();
        assert_eq!(config.listen.tls.unwrap().client_certificate, expected, "{more}");
        assert_eq!(config.admin.tls, None);
    }
}

#[test]
fn an_authority_of_the_admin_listener_shuts_everyone_else_out() {
    let folder = tempfile::tempdir().unwrap();
    let files = certificate(folder.path(), 2100);
    let authority = folder.path().join("2100.pem").display().to_string();
    let with = |more: &str| {
        let section = format!("{{{files}, client_ca: {authority}{more}}}");
        read(SMALLEST, &[("FOREBAY_ADMIN__TLS", &section)])
    };
    for more in ["", ", client_certificate: required"] {
        assert_eq!(with(more).unwrap().admin.tls.unwrap().client_certificate, ClientCertificate::Required, "{more}");
    }
    for asked in ["optional", "none"] {
        let problem = with(&format!(", client_certificate: {asked}")).unwrap_err();
        let said = format!(
            "/admin/tls/client_certificate: expected required beside client_ca, since nothing else asks here who is \
            calling; or no client_ca, found {asked}"
        );
        assert!(problem.contains(&said), "{problem}");
    }
    let without = read(SMALLEST, &[("FOREBAY_ADMIN__TLS", &format!("{{{files}}}"))]).unwrap();
    assert_eq!(without.admin.tls.unwrap().client_certificate, ClientCertificate::None);
}

#[test]
fn a_time_that_something_waits_for_has_bounds() {
    let folder = tempfile::tempdir().unwrap();
    let files = certificate(folder.path(), 2100);
    let read_with = |section: &str, name: &str, time: &str| {
        let members = match section {
            "kafka" => "bootstrap: [broker-1:9092], ".to_owned(),
            "registry" => "url: http://a, ".to_owned(),
            "tls" => format!("{files}, "),
            _ => String::new(),
        };
        let text = format!("{section}: {{ {members}{name}: {time} }}");
        let text = if section == "tls" { format!("listen: {{ {text} }}") } else { text };
        let rest = if section == "kafka" { SMALLEST.split_once('\n').unwrap().1 } else { SMALLEST };
        read(&format!("{text}\n{rest}"), &[])
    };
    let timers = [
        ("listen", "header_timeout"),
        ("listen", "body_timeout"),
        ("listen", "idle_timeout"),
        ("listen", "write_timeout"),
        ("tls", "handshake_timeout"),
        ("kafka", "deadline"),
        ("kafka", "request_timeout"),
        ("kafka", "metadata_refresh"),
        ("registry", "connect_timeout"),
        ("registry", "timeout"),
        ("registry", "refresh"),
        ("drain", "grace"),
    ];
    for (section, name) in timers {
        for time in ["0s", "999us", "2592001s", "300000000000years"] {
            let problem = read_with(section, name, time).unwrap_err();
            assert!(problem.contains(&format!("{name}: expected a time from 1ms to 30d, found {time}")), "{problem}");
        }
    }
    for (section, name) in
        [("kafka", "linger"), ("registry", "negative_ttl"), ("drain", "settle"), ("reload", "interval")]
    {
        read_with(section, name, "0s").unwrap();
        for time in ["31d", "300000000000years"] {
            let problem = read_with(section, name, time).unwrap_err();
            assert!(problem.contains(&format!("{name}: expected a time up to 30d, found {time}")), "{problem}");
        }
    }
    for time in ["1ms", "30d"] {
        read_with("listen", "idle_timeout", time).unwrap();
    }
}

#[test]
fn every_flaw_of_tls_is_a_sentence_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let [sound, expired, early] = [2100, 2020, 2101].map(|year| certificate(folder.path(), year));
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (key, other) = (path("2100.key"), path("2020.key"));
    std::fs::write(path("empty.pem"), "").unwrap();
    std::fs::write(path("junk.pem"), "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n").unwrap();
    let (empty, junk) = (path("empty.pem"), path("junk.pem"));
    let certificate = path("2100.pem");
    let mut said = String::new();
    for section in [
        format!("{{certificate: {certificate}}}"),
        format!("{{key: {key}, client_ca: {certificate}}}"),
        format!("{{{expired}}}"),
        format!("{{{early}}}"),
        format!("{{certificate: {certificate}, key: {other}}}"),
        format!("{{certificate: {certificate}, key: {empty}}}"),
        format!("{{certificate: {empty}, key: {key}}}"),
        format!("{{certificate: {junk}, key: {key}}}"),
        format!("{{certificate: {key}, key: {certificate}}}"),
        format!("{{{sound}, client_ca: {empty}}}"),
        format!("{{{sound}, client_ca: {junk}}}"),
        format!("{{{sound}, client_ca: {}}}", path("absent.pem")),
        format!("{{{sound}, client_ca: {certificate}, client_certificate: none}}"),
        format!("{{{sound}, client_certificate: required}}"),
    ] {
        said += &read(&format!("{SMALLEST}listen: {{ tls: {section} }}\n"), &[]).unwrap_err();
    }
    assert!(!said.contains("c2VjcmV0"), "{said}");
    insta::assert_snapshot!(said.replace(&folder.path().display().to_string(), "[folder]"));
}

#[test]
fn nobody_opens_a_gateway_by_one_wrong_word() {
    let shut = ["{}", "{ anonymous: false }", "{ expiry_warning: 1d }"];
    for authn in [&["{ anonymous: true }", "{ anonymous_principal: everyone }"][..], &shut].concat() {
        let text = format!("kafka: {{ bootstrap: [broker-1:9092] }}\nauthn: {authn}\n");
        assert!(read(&text, &[]).is_err(), "{authn}");
    }
    assert!(read("kafka: { bootstrap: [broker-1:9092] }\n", &[]).is_err(), "without a section");
}

fn with_authn(authn: &str) -> Result<Config, String> {
    read(&format!("kafka: {{ bootstrap: [broker-1:9092] }}\nauthn: {authn}\n"), &[])
}

#[test]
fn one_way_to_know_a_caller_is_enough() {
    let issuer = "{ issuer: i, audience: a, jwks: keys.json, algorithms: [RS256] }";
    let jwt = format!("{{ jwt: [{issuer}] }}");
    for authn in ["{ api_keys: keys.yaml }", "{ anonymous: false, api_keys: keys.yaml }", &jwt] {
        with_authn(authn).unwrap();
    }
    let jwt = &with_authn(&jwt).unwrap().authn.jwt[0];
    let shown = serde_json::to_value(jwt).unwrap();
    assert_eq!(
        (&shown["principal"], &shown["groups"], &shown["leeway"]),
        (&"sub".into(), &"groups".into(), &"30s".into())
    );
    assert!(with_authn("{ proxy: {} }").unwrap_err().contains("/listen/trusted_proxies"), "which proxies?");
    assert!(with_authn("{ mtls: { principal: dns } }").unwrap_err().contains("/listen/tls/client_ca"), "whose?");
    let variables = [("FOREBAY_LISTEN__TRUSTED_PROXIES", "10.0.0.0/8, fd00::1")];
    let proxies =
        read("kafka: { bootstrap: [a:1] }\nauthn: { proxy: {} }\n", &variables).unwrap().listen.trusted_proxies;
    assert_eq!(serde_json::to_value(proxies).unwrap(), serde_json::json!(["10.0.0.0/8", "fd00::1/128"]));
}

#[test]
fn an_issuer_of_tokens_is_refused_with_the_reason() {
    let mut said = String::new();
    for issuer in [
        "{}",
        "[]",
        "{ issuer: i, audience: [], jwks: k, algorithms: [] }",
        "{ issuer: i, audience: a, jwks: k, algorithms: [HS256, none, RS1, RS256] }",
        "{ issuer: i, audience: a, jwks: 'http://id.corp/keys', algorithms: RS256 }",
        "{ issuer: i, audience: a, jwks: 'https://user:hunter2@id.corp/keys', algorithms: RS256 }",
        "{ issuer: i, audience: a, jwks: 'ftp://id.corp/keys', algorithms: RS256 }",
        "{ issuer: i, audience: a, jwks: k, algorithms: RS256, leeway: 1h, principle: sub }",
        "{ issuer: i, audience: a, jwks: k, algorithms: RS256 }, { issuer: i, audience: b, jwks: k, algorithms: RS256 }",
    ] {
        let problems = with_authn(&format!("{{ jwt: [{issuer}] }}")).unwrap_err();
        writeln!(said, "{issuer}\n{problems}").unwrap();
    }
    assert!(with_authn("{ jwt: [] }").is_err(), "nobody's tokens");
    assert!(said.matches("hunter2").count() == 1, "not in the problems: {said}");
    insta::assert_snapshot!(said);
}

#[test]
fn arbitrary_text_never_panics() {
    forebay_fuzz::fuzz!(5_000).for_each(|bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes);
        let _ = Config::read("forebay.yaml", &text, []);
        let _ = Config::read("forebay.yaml", SMALLEST, [("FOREBAY_KAFKA__LINGER".to_owned(), text.into_owned())]);
    });
}
