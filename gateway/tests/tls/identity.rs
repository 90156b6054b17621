//! Who gets in with which certificate. What the gateway then knows of them is held by the tests of `server/tls.rs`.

use http::StatusCode;
use rcgen::SanType;
use rustls::HandshakeKind;

use super::authority::{Authority, Files, Identity};
use super::client::{Kept, Served, config, second, serve_known_by, serve_tls};
use super::house::CLOSED;

fn service(authority: &Authority) -> Identity {
    authority.issue(&[SanType::URI("spiffe://shop.example/svc-a".try_into().unwrap())])
}

/// What becomes of a request. With TLS 1.3 a client hears of its certificate's refusal only after its handshake.
async fn post(served: &Served, issuer: &Authority, identity: Option<&Identity>) -> Option<StatusCode> {
    let mut kept = Kept::open(served.data, &config(issuer, &["http/1.1"], identity)).await.ok()?;
    kept.post(served.data, "a").await.ok().map(|(status, _)| status)
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_certificate_is_required_only_the_authoritys_clients_get_in() {
    let (issuer, clients, foreign) = (Authority::new(), Authority::new(), Authority::new());
    let files = Files::of(&issuer.server());
    let served = serve_tls(&files.believing(&clients, ", client_certificate: required")).await;
    assert_eq!(post(&served, &issuer, Some(&service(&clients))).await, Some(StatusCode::OK));
    assert_eq!(post(&served, &issuer, None).await, None);
    assert_eq!(post(&served, &issuer, Some(&service(&foreign))).await, None);
    let expired = clients.sign(|params| params.not_after = rcgen::date_time_ymd(2020, 1, 1));
    assert_eq!(post(&served, &issuer, Some(&expired)).await, None);
    served.await_handshakes("certificate", 3).await;
    assert_eq!(served.handshakes("completed"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_it_is_optional_a_foreign_one_is_no_better_than_a_forged_one() {
    let (issuer, clients, foreign) = (Authority::new(), Authority::new(), Authority::new());
    let files = Files::of(&issuer.server());
    let served = serve_tls(&files.believing(&clients, "")).await;
    assert_eq!(post(&served, &issuer, Some(&service(&clients))).await, Some(StatusCode::OK));
    assert_eq!(post(&served, &issuer, None).await, Some(StatusCode::OK));
    assert_eq!(post(&served, &issuer, Some(&service(&foreign))).await, None);
    served.await_handshakes("certificate", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_resumed_only_where_nobody_shows_a_certificate() {
    let (issuer, clients) = (Authority::new(), Authority::new());
    let files = Files::of(&issuer.server());
    let served = serve_tls(&files.section("")).await;
    assert_eq!(second(served.data, &config(&issuer, &["http/1.1"], None)).await, HandshakeKind::Resumed);
    let served = serve_tls(&files.believing(&clients, "")).await;
    let client = config(&issuer, &["http/1.1"], Some(&service(&clients)));
    assert_eq!(second(served.data, &client).await, HandshakeKind::Full);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_is_taken_away_is_not_believed_on_the_next_connection() {
    let (issuer, old, new) = (Authority::new(), Authority::new(), Authority::new());
    let files = Files::of(&issuer.server());
    let served = serve_tls(&files.believing(&old, ", client_certificate: required")).await;
    // One client for both connections, so that it would resume its session if it could.
    let client = config(&issuer, &["http/1.1"], Some(&service(&old)));
    let mut kept = Kept::open(served.data, &client).await.unwrap();
    assert_eq!(kept.post(served.data, "a").await.unwrap().0, StatusCode::OK);
    files.write("ca.pem", &new.pem());
    served.tls[0].reload().unwrap();
    let answer = match Kept::open(served.data, &client).await {
        Ok(mut again) => again.post(served.data, "b").await.ok(),
        Err(_) => None,
    };
    assert_eq!(answer, None, "a new connection");
    assert_eq!(kept.post(served.data, "c").await.unwrap().0, StatusCode::OK, "the kept one goes on");
    assert_eq!(post(&served, &issuer, Some(&service(&new))).await, Some(StatusCode::OK));
}

#[tokio::test(flavor = "multi_thread")]
async fn producers_are_held_to_the_name_in_their_certificate() {
    let (issuer, clients) = (Authority::new(), Authority::new());
    let files = Files::of(&issuer.server());
    let section = files.believing(&clients, "");
    let spiffe = |id: &str| SanType::URI(id.try_into().unwrap());
    let dns = |name: &str| SanType::DnsName(name.try_into().unwrap());
    let (let_in, shut_out) = ("spiffe://shop.example/ns/shop/svc-a", "spiffe://shop.example/ns/billing/svc-a");
    for (kind, let_in, shut_out, nameless) in [
        ("spiffe", spiffe(let_in), spiffe(shut_out), dns("svc-shop")),
        ("dns", dns("svc-shop"), dns("svc-billing"), spiffe(let_in)),
    ] {
        let authn = format!("{{ mtls: {{ principal: {kind} }} }}");
        let served = serve_known_by(&authn, &[("FOREBAY_LISTEN__TLS", &section)]).await;
        for (name, expected) in [
            (Some(let_in), StatusCode::OK),
            (Some(shut_out), StatusCode::FORBIDDEN),
            (Some(nameless), StatusCode::UNAUTHORIZED),
            (None, StatusCode::UNAUTHORIZED),
        ] {
            for protocol in ["http/1.1", "h2"] {
                let identity = name.as_ref().map(|name| clients.issue(std::slice::from_ref(name)));
                let config = config(&issuer, &[protocol], identity.as_ref());
                let mut kept = Kept::open(served.data, &config).await.unwrap();
                let (status, _) = kept.post_to(served.data, CLOSED, "a").await.unwrap();
                assert_eq!(status, expected, "{kind} {name:?} {protocol}");
            }
        }
    }
}
