//! Certificates that change while the gateway runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::StatusCode;
use rustls::pki_types::CertificateDer;

use super::authority::{Authority, Files};
use super::client::{Kept, Served, config, connect, serve_tls};

/// The certificate that a new connection is shown.
async fn shown(served: &Served, authority: &Authority) -> CertificateDer<'static> {
    let stream = connect(served.data, &config(authority, &["http/1.1"], None)).await.unwrap();
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_change_under_load_and_no_request_fails() {
    let authority = Authority::new();
    let files = Files::of(&authority.server());
    let served = serve_tls(&files.section("")).await;
    let stop = Arc::new(AtomicBool::new(false));
    let mut writers = Vec::new();
    for (writer, keeps) in [(0, true), (1, false), (2, true), (3, false)] {
        let protocols: &[&str] = if writer < 2 { &["h2"] } else { &["http/1.1"] };
        let (stop, address, config) = (Arc::clone(&stop), served.data, config(&authority, protocols, None));
        writers.push(tokio::spawn(async move {
            let mut kept = Kept::open(address, &config).await.unwrap();
            let mut answers = 0;
            while !stop.load(Ordering::Relaxed) {
                if !keeps {
                    kept = Kept::open(address, &config).await.unwrap();
                }
                let (status, _) = kept.post(address, &format!("w{writer}-{answers}")).await.unwrap();
                assert_eq!(status, StatusCode::OK);
                answers += 1;
            }
            answers
        }));
    }
    for _ in 0..20 {
        let next = authority.server();
        files.replace(&next);
        served.tls[0].reload().unwrap();
        assert_eq!(shown(&served, &authority).await, next.chain[0]);
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        assert!(writer.await.unwrap() > 0, "it wrote all the time");
    }
    assert_eq!(served.metric("forebay_tls_reloads_total{result=\"applied\"}"), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_file_leaves_the_old_certificate() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let first = authority.server();
    let files = Files::of(&first);
    let served = serve_tls(&files.believing(&clients, "")).await;
    let names = ["cert.pem", "key.pem", "ca.pem"];
    assert_eq!(served.tls[0].files(), names.map(|name| files.path(name)));
    let expired = authority.sign(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    let early = authority.sign(|params| params.not_before = rcgen::date_time_ymd(2100, 1, 1));
    let secret = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0!\n-----END PRIVATE KEY-----\n";
    let wrong = [
        ("cert.pem", "", "/listen/tls/certificate: expected a certificate in PEM, found a file without one"),
        ("cert.pem", &first.certificate[..200], "/listen/tls/certificate: expected certificates in PEM"),
        ("cert.pem", &expired.certificate, "/listen/tls/certificate: expected a certificate that is valid, found one"),
        (
            "cert.pem",
            &early.certificate,
            "/listen/tls/certificate: expected a certificate that is valid, found one that is valid only from",
        ),
        ("key.pem", &expired.key, "/listen/tls/key: expected the private key of the certificate in"),
        ("key.pem", secret, "/listen/tls/key: expected a private key in PEM without a passphrase"),
        ("key.pem", &secret.replace('!', ""), "/listen/tls/key: expected an RSA key of 2048 bits or more"),
        ("ca.pem", "", "/listen/tls/client_ca: expected a certificate in PEM, found a file without one"),
    ];
    let mut refused = 0;
    for (name, text, said) in wrong {
        let before = std::fs::read_to_string(files.path(name)).unwrap();
        files.write(name, text);
        let problems = served.tls[0].reload().unwrap_err();
        refused += 1;
        assert_eq!(problems.len(), 1, "{problems:?}");
        let problem = problems[0].to_string();
        assert!(problem.contains(name) && problem.contains(said) && !problem.contains("c2VjcmV0"), "{problem}");
        assert_eq!(shown(&served, &authority).await, first.chain[0], "{problem}");
        assert_eq!(served.metric("forebay_tls_reloads_total{result=\"refused\"}"), refused);
        files.write(name, &before);
    }
    std::fs::remove_file(files.path("key.pem")).unwrap();
    let problems = served.tls[0].reload().unwrap_err();
    assert!(problems[0].to_string().contains("a file that can be read"), "{problems:?}");
    files.replace(&first);
    served.tls[0].reload().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_certificate_ends_can_be_watched() {
    let authority = Authority::new();
    let until = |year| {
        authority.sign(|params| {
            params.subject_alt_names = vec![rcgen::SanType::DnsName("localhost".try_into().unwrap())];
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        })
    };
    let files = Files::of(&until(2100));
    let served = serve_tls(&files.section("")).await;
    let ends = "forebay_tls_certificate_expires_seconds{listener=\"data\"}";
    assert_eq!(served.metric(ends), 4_102_444_800);
    files.replace(&until(2101));
    served.tls[0].reload().unwrap();
    assert_eq!(served.metric(ends), 4_133_980_800);
}
