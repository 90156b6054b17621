//! The data listener over TLS before a real cluster: certificates change under load, and every event is written.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use forebay_tests::catalog::Catalog;
use forebay_tests::cluster::Cluster;
use forebay_tests::gateway::Gateway;
use forebay_tests::http::{Client, Identity};
use forebay_tests::load::{Load, Shape};
use forebay_tests::process::{eventually, scratch};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use serde_json::json;

/// How often the certificate changes under load.
const ROTATIONS: u64 = 5;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority")
}

fn issue(authority: &Authority, name: SanType) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.subject_alt_names = vec![name];
    let key = KeyPair::generate().expect("a key");
    (params.signed_by(&key, authority).expect("a certificate"), key)
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
}

/// Writes a new certificate and its key, and moves the link `now` to them in one step, as an orchestrator does.
fn rotate(folder: &Path, authority: &Authority, generation: u64) {
    let (certificate, key) = issue(authority, SanType::DnsName("localhost".try_into().expect("a name")));
    let fresh = folder.join(generation.to_string());
    std::fs::create_dir(&fresh).expect("a folder");
    std::fs::write(fresh.join("cert.pem"), pem("CERTIFICATE", certificate.der())).expect("a certificate");
    std::fs::write(fresh.join("key.pem"), pem("PRIVATE KEY", &key.serialize_der())).expect("a key");
    std::os::unix::fs::symlink(&fresh, folder.join("next")).expect("a link");
    std::fs::rename(folder.join("next"), folder.join("now")).expect("the link is moved");
}

/// How many reloads were applied and refused.
fn reloads(gateway: &Gateway) -> [u64; 2] {
    let metrics = gateway.admin_client().get("/metrics");
    ["applied", "refused"].map(|result| {
        let sample = format!("forebay_tls_reloads_total{{result=\"{result}\"}} ");
        let value = metrics.text().lines().find_map(|line| line.strip_prefix(&sample)).expect("a metric");
        value.parse().expect("a number")
    })
}

#[test]
fn certificates_change_under_load_and_every_event_is_written() {
    let topic = "tls.keyed.rotation.v1";
    let cluster = Cluster::shared();
    for name in [topic, "tls.keyed.again.v1"] {
        cluster.create_topic(name, 3, &[]);
    }
    let (server, clients) = (authority(), authority());
    let folder = scratch("tls");
    rotate(&folder, &server, 0);
    std::fs::write(folder.join("clients.pem"), pem("CERTIFICATE", clients.der())).expect("an authority");
    let files = json!({
        "certificate": folder.join("now/cert.pem"), "key": folder.join("now/key.pem"),
        "client_ca": folder.join("clients.pem"), "client_certificate": "required",
    });
    let catalog = Catalog::new().keyed_json(topic).keyed_json("tls.keyed.again.v1");
    let gateway = Gateway::start_with(&cluster.bootstrap(), &catalog, json!({ "listen": { "tls": files } }));
    let mut roots = RootCertStore::empty();
    roots.add(server.der().clone()).expect("a root");
    let service = issue(&clients, SanType::URI("spiffe://shop.example/svc-a".try_into().expect("a name")));
    let identity = || -> Identity {
        let key = PrivateKeyDer::try_from(service.1.serialize_der()).expect("a key");
        (vec![service.0.der().clone()], key)
    };
    let client = || Client::tls(gateway.address(), roots.clone(), Some(identity()));

    let kept = Load::start_by(client, topic, Shape { writers: 2, ..Shape::default() });
    let again = Shape { writers: 2, reconnects: true, ..Shape::default() };
    let fresh = Load::start_by(client, "tls.keyed.again.v1", again);
    for generation in 1..=ROTATIONS {
        for load in [&kept, &fresh] {
            load.await_written(100);
        }
        rotate(&folder, &server, generation);
        let taken = eventually(Duration::from_mins(1), || (reloads(&gateway) == [generation, 0]).then_some(()));
        taken.unwrap_or_else(|| panic!("reload {generation}: {:?}", reloads(&gateway)));
    }
    for (load, topic) in [(kept, topic), (fresh, "tls.keyed.again.v1")] {
        load.await_written(100);
        let log = load.stop();
        assert_eq!(log.count(200), log.0.len(), "{topic}: {}", log.summary());
        log.hold_against(&cluster.read(topic));
    }
    let nobody = Client::tls(gateway.address(), roots, None).try_send(&forebay_tests::http::Request::get("/"));
    assert!(nobody.is_err(), "without a certificate: {nobody:?}");
}
