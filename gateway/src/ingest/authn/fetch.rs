//! Fetches an issuer's keys over HTTP: one address, a timer, a cap, no redirect. Knows nothing of what comes.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::header::ACCEPT;
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;
use tokio::time::timeout;

use crate::roots::{Unfit, roots};

/// How long one fetch may take.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The longest answer, in bytes.
const ANSWER: usize = 1024 * 1024;
/// The longest head of an answer, in bytes.
const HEAD: usize = 64 * 1024;

/// Where an issuer's keys are fetched from.
pub(super) struct Source {
    url: String,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
}

impl Source {
    /// Reads the authorities that are trusted there: those in a file, or the system's.
    pub(super) fn new(url: &str, ca: Option<&Path>) -> Result<Self, Unfit> {
        let roots = if url.starts_with("https:") { roots(ca)? } else { RootCertStore::empty() };
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| Unfit { expected: "TLS 1.2 or 1.3", file: url.to_owned() })?;
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(builder.with_root_certificates(roots).with_no_client_auth())
            .https_or_http()
            .enable_http1()
            .wrap_connector(http);
        // A connection in five minutes is not worth keeping.
        let client =
            Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).http1_max_buf_size(HEAD).build(connector);
        Ok(Self { url: url.to_owned(), client })
    }

    /// The answer's body, or why there is none.
    pub(super) async fn fetch(&self) -> Result<Vec<u8>, String> {
        timeout(TIMEOUT, self.ask()).await.unwrap_or_else(|_| Err("it did not answer within 5 s".to_owned()))
    }

    async fn ask(&self) -> Result<Vec<u8>, String> {
        let request = Request::get(&self.url).header(ACCEPT, "application/jwk-set+json, application/json");
        let request = request.body(Empty::new()).map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| causes(&error))?;
        match response.status().as_u16() {
            200 => {}
            300..=399 => return Err("it redirects, which is not followed".to_owned()),
            status => return Err(format!("it answered {status}")),
        }
        let body = Limited::new(response.into_body(), ANSWER).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() { "it is longer than 1 MiB" } else { "its answer broke off" }.to_owned()
        })?;
        Ok(body.to_bytes().to_vec())
    }
}

fn causes(error: &dyn std::error::Error) -> String {
    let chain = std::iter::successors(Some(error), |error| error.source());
    chain.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
