//! What a handshake may be and take.

use std::net::SocketAddr;
use std::time::Duration;

use http::{StatusCode, Version};
use rustls::ClientConnection;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::authority::{Authority, Files};
use super::client::{Kept, config, connect, serve, serve_tls};

/// The hello of a client that does not go on.
fn hello(authority: &Authority) -> Vec<u8> {
    let mut client = ClientConnection::new(config(authority, &["h2"], None), "localhost".try_into().unwrap()).unwrap();
    let mut bytes = Vec::new();
    client.write_tls(&mut bytes).unwrap();
    bytes
}

/// What comes back for these bytes until the connection ends.
async fn answered(address: SocketAddr, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await; // a reset ends it as well
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn both_versions_of_http_are_spoken_and_agreed_on() {
    let authority = Authority::new();
    let served = serve_tls(&Files::of(&authority.server()).section("")).await;
    let offers: [(&[&str], _); 4] = [
        (&["h2", "http/1.1"], Version::HTTP_2),
        (&["http/1.1", "h2"], Version::HTTP_2),
        (&["http/1.1"], Version::HTTP_11),
        (&[], Version::HTTP_11),
    ];
    for (offer, version) in offers {
        let mut kept = Kept::open(served.data, &config(&authority, offer, None)).await.unwrap();
        assert_eq!(kept.post(served.data, "a").await.unwrap(), (StatusCode::OK, version), "{offer:?}");
    }
    assert_eq!(served.handshakes("completed"), 4);
    assert!(connect(served.data, &config(&authority, &["spdy/3"], None)).await.is_err(), "nothing in common");
    served.await_handshakes("failed", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_admin_listener_has_tls_of_its_own() {
    let authority = Authority::new();
    let files = Files::of(&authority.server());
    let served = serve(&[("FOREBAY_ADMIN__TLS", &files.section(""))]).await;
    assert_eq!(served.tls.len(), 1);
    assert_eq!(served.tls[0].files(), [files.path("cert.pem"), files.path("key.pem")]);
    assert!(served.metric("forebay_tls_certificate_expires_seconds{listener=\"admin\"}") > 0);
    assert!(connect(served.data, &config(&authority, &["h2"], None)).await.is_err(), "the data listener has none");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_before_1_2_are_refused() {
    let authority = Authority::new();
    let served = serve_tls(&Files::of(&authority.server()).section("")).await;
    for minor in [1, 2] {
        // A hello of TLS 1.0 or 1.1 (RFC 4346, section 7.4.1.2): version, random, no session, one cipher, no
        // compression; with the algorithms of signatures that later versions ask for (RFC 5246, section 7.4.1.4.1).
        let mut body = vec![3, minor];
        body.extend([7; 32]);
        body.extend([0, 0, 2, 0, 0x2f, 1, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3]);
        let length = u8::try_from(body.len()).unwrap();
        let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
        record.extend(body);
        let answer = answered(served.data, &record).await;
        assert_eq!(answer.first(), Some(&21), "an alert: {answer:?}");
        assert_eq!(answer[5..7], [2, 70], "fatal, protocol_version (RFC 5246, section 7.2.2)");
    }
    assert_eq!(served.handshakes("failed"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_on_the_port_of_tls_is_closed_without_an_answer() {
    let authority = Authority::new();
    let served = serve_tls(&Files::of(&authority.server()).section("")).await;
    assert_eq!(answered(served.data, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await, b"");
    assert_eq!(answered(served.data, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await, b"");
    assert_eq!(served.handshakes("not_tls"), 2);
    assert_ne!(answered(served.data, &[22, 3, 1, 0, 4, 255, 255, 255, 255]).await.first(), Some(&b'H'));
    assert_eq!(served.handshakes("failed"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn half_a_handshake_ends_after_its_time() {
    let authority = Authority::new();
    let served = serve_tls(&Files::of(&authority.server()).section(", handshake_timeout: 200ms")).await;
    let hello = hello(&authority);
    assert_eq!(answered(served.data, b"").await, b"", "silence");
    assert_eq!(answered(served.data, &hello[..hello.len() / 2]).await, b"", "half a hello");
    assert_ne!(answered(served.data, &hello).await, b"", "a hello, and then silence");
    assert_eq!(served.handshakes("timed_out"), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn neither_silent_connections_nor_half_handshakes_keep_a_good_client_out() {
    let authority = Authority::new();
    let files = Files::of(&authority.server());
    // Whoever waits for these to have had their time has none left.
    let served = serve_tls(&files.section(", handshakes: 2, handshake_timeout: 30s")).await;
    let hello = hello(&authority);
    let mut stuck = Vec::new();
    for _ in 0..8 {
        stuck.push(TcpStream::connect(served.data).await.unwrap());
        let mut stream = TcpStream::connect(served.data).await.unwrap();
        stream.write_all(&hello).await.unwrap();
        let _first = stream.read_u8().await.unwrap(); // it has been worked on, and waits for its client
        stuck.push(stream);
    }
    for protocol in ["http/1.1", "h2"] {
        let mut kept = Kept::open(served.data, &config(&authority, &[protocol], None)).await.unwrap();
        assert_eq!(kept.post(served.data, "a").await.unwrap().0, StatusCode::OK);
    }
    assert_eq!((served.handshakes("completed"), served.handshakes("crowded")), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_ends_a_connection_of_tls_too() {
    let authority = Authority::new();
    let files = Files::of(&authority.server());
    let served =
        serve(&[("FOREBAY_LISTEN__TLS", &files.section("")), ("FOREBAY_LISTEN__WRITE_TIMEOUT", "300ms")]).await;
    let mut stream = connect(served.data, &config(&authority, &["http/1.1"], None)).await.unwrap();
    // Answers of 404 pile up until neither side's buffers take more.
    let request = b"GET /nothing HTTP/1.1\r\nhost: a\r\n\r\n".repeat(200);
    while stream.write_all(&request).await.is_ok() && stream.flush().await.is_ok() {}
    while served.metric("forebay_connections") > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
