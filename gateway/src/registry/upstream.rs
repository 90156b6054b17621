//! Calls to the registry over HTTP: its addresses in turn, with timers, a cap on answers and on calls under way.
//! Follows no redirect. Knows nothing of schemas.

use std::error::Error as _;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::answer;
use super::failure::{Failure, SetupError};
use super::tls;
use crate::config::registry::Registry;
use crate::metrics::registry::{Call as Outcome, RegistryMetrics};

/// What the registry's clients say that they understand, as Confluent's own do.
const ACCEPTED: &str = "application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json";
const CONTENT: &str = "application/vnd.schemaregistry.v1+json";
/// How long a connection without a call is kept: shorter than what servers and balancers usually allow.
const IDLE: Duration = Duration::from_secs(20);
/// The longest head of an answer, in bytes.
const HEAD: usize = 64 * 1024;
/// The largest file of a credential, in bytes.
const CREDENTIAL: u64 = 64 * 1024;

/// One question to the registry.
#[derive(Debug, Clone)]
pub(super) enum Question {
    /// GET of this path and query.
    Get(String),
    /// POST of this JSON to this path and query.
    Post(String, Bytes),
}

/// The way to one registry.
pub(super) struct Upstream {
    addresses: Vec<String>,
    /// Which address answered last; it is asked first.
    good: AtomicUsize,
    up: AtomicBool,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    authorization: Option<HeaderValue>,
    permits: Semaphore,
    timeout: Duration,
    bytes_per_answer: usize,
    metrics: RegistryMetrics,
}

impl Upstream {
    pub(super) fn new(config: &Registry, metrics: RegistryMetrics) -> Result<Self, SetupError> {
        let mut http = HttpConnector::new();
        http.enforce_http(false);
        http.set_nodelay(true);
        http.set_connect_timeout(Some(config.connect_timeout));
        let tls = tls::client(config)?;
        let connector =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(http);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(config.concurrent_calls)
            .http1_max_buf_size(HEAD)
            .build(connector);
        Ok(Self {
            addresses: config.url.clone(),
            good: AtomicUsize::new(0),
            up: AtomicBool::new(true),
            client,
            authorization: authorization(config)?,
            permits: Semaphore::new(config.concurrent_calls),
            timeout: config.timeout,
            bytes_per_answer: usize::try_from(config.bytes_per_answer).unwrap_or(usize::MAX),
            metrics,
        })
    }

    /// Whether the last call was answered, and calls are worth waiting for.
    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Asks, address by address, until one answers. `read` makes something of a good answer.
    pub(super) async fn ask<T>(
        &self,
        question: &Question,
        read: impl Fn(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let Ok(_permit) = self.permits.acquire().await else {
            return Err(Failure::Unavailable("the gateway is going".to_owned()));
        };
        let first = self.good.load(Ordering::Relaxed);
        let mut last = Failure::Unavailable("it has no address".to_owned());
        for turn in 0..self.addresses.len() {
            let index = (first + turn) % self.addresses.len();
            let address = &self.addresses[index];
            let answer = match timeout(self.timeout, self.ask_at(address, question, &read)).await {
                Ok(answer) => answer,
                Err(_) => Err(Failure::Unavailable("it did not answer in time".to_owned())),
            };
            match answer {
                Err(failure) if failure.is_outage() => {
                    self.failed(address, &failure);
                    last = failure;
                }
                answer => {
                    self.good.store(index, Ordering::Relaxed);
                    self.answered(address, answer.is_ok());
                    return answer;
                }
            }
        }
        if self.up.swap(false, Ordering::Relaxed) {
            tracing::error!(reason = %last, "the schema registry is away; what is known of it goes on being used");
        }
        Err(last)
    }

    async fn ask_at<T>(
        &self,
        address: &str,
        question: &Question,
        read: impl Fn(&[u8]) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let request = self.request(address, question).map_err(|_| Failure::Unfit("its name is too long".to_owned()))?;
        let response = self.client.request(request).await.map_err(|error| unreachable(address, &error))?;
        let status = response.status().as_u16();
        match status {
            200 | 404 | 422 => {}
            300..=399 => {
                let reason = "it redirects, which is not followed; registry.url must be the address that it leads to";
                return Err(Failure::Unusable(reason.to_owned()));
            }
            401 | 403 => {
                return Err(Failure::Unavailable(format!("it refuses the gateway's credentials ({status})")));
            }
            _ => return Err(Failure::Unavailable(format!("it answered {status}"))),
        }
        let body = Limited::new(response.into_body(), self.bytes_per_answer).collect().await;
        let body = body.map_err(|error| self.torn(error.as_ref()))?.to_bytes();
        if status == 200 { read(&body) } else { Err(answer::refusal(status, &body)) }
    }

    fn request(&self, address: &str, question: &Question) -> Result<Request<Full<Bytes>>, http::Error> {
        let (method, path, body) = match question {
            Question::Get(path) => (Method::GET, path, Bytes::new()),
            Question::Post(path, body) => (Method::POST, path, body.clone()),
        };
        let mut request = Request::builder().method(method).uri(format!("{address}{path}")).header(ACCEPT, ACCEPTED);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, CONTENT);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        request.body(Full::new(body))
    }

    fn torn(&self, error: &(dyn std::error::Error + Send + Sync + 'static)) -> Failure {
        if error.is::<LengthLimitError>() {
            let most = self.bytes_per_answer;
            return Failure::Unusable(format!("it is longer than registry.bytes_per_answer ({most} bytes)"));
        }
        Failure::Unavailable("its answer broke off".to_owned())
    }

    fn answered(&self, address: &str, good: bool) {
        self.metrics.call(if good { Outcome::Answered } else { Outcome::Refused });
        if !self.up.swap(true, Ordering::Relaxed) {
            tracing::info!(address, "the schema registry is back");
        }
    }

    fn failed(&self, address: &str, failure: &Failure) {
        let unusable = matches!(failure, Failure::Unusable(_));
        self.metrics.call(if unusable { Outcome::Unusable } else { Outcome::Unavailable });
        tracing::debug!(address, %failure, "a call to the schema registry failed");
    }
}

/// The sentence names neither address nor cause: it reaches clients. Both go to the log.
fn unreachable(address: &str, error: &Error) -> Failure {
    let mut causes = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        // Writing to a String can't fail.
        let _ = write!(causes, ": {cause}");
        source = cause.source();
    }
    tracing::debug!(address, causes, "no answer from the schema registry");
    let reason = if error.is_connect() { "there is no connection to it" } else { "the connection broke off" };
    Failure::Unavailable(reason.to_owned())
}

fn authorization(config: &Registry) -> Result<Option<HeaderValue>, SetupError> {
    let text = if let Some(file) = &config.basic_auth_file {
        let pair = credential("basic_auth_file", file)?;
        if !pair.contains(':') {
            return Err(SetupError::new("basic_auth_file", "expected user:password", file.display().to_string()));
        }
        format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
    } else if let Some(file) = &config.bearer_file {
        format!("Bearer {}", credential("bearer_file", file)?)
    } else {
        return Ok(None);
    };
    let mut value = HeaderValue::from_str(&text)
        .map_err(|_| SetupError::new("bearer_file", "expected one line of visible characters", "another"))?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn credential(key: &'static str, file: &Path) -> Result<String, SetupError> {
    let shown = || file.display().to_string();
    let size = std::fs::metadata(file).map_err(|error| SetupError::new(key, error.to_string(), shown()))?.len();
    if size > CREDENTIAL {
        return Err(SetupError::new(key, "expected one short line", shown()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| SetupError::new(key, error.to_string(), shown()))?;
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) {
        return Err(SetupError::new(key, "expected one line that is not empty", shown()));
    }
    Ok(text.to_owned())
}
