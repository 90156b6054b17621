//! What every request passes, whatever it wants, from the outside in: an id, so that an answer and a log line can be
//! found together; then a guard that turns a panic into an answer. One service instead of a stack of generic layers,
//! each of which would box every request once more. Everything else is a call in the recipe, with typed arguments.

use std::any::Any;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt as _;
use http::{HeaderName, HeaderValue};
use tower::Service;

use crate::door::answer;
use crate::event::{Code, Rejection};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a caller, in bytes.
const LONGEST_ID: usize = 128;

/// A router with what every request passes around it.
#[derive(Debug, Clone)]
pub struct Edge(Router);

impl Edge {
    pub(crate) fn around(router: Router) -> Self {
        Self(router)
    }
}

impl Service<Request> for Edge {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Service::<Request>::poll_ready(&mut self.0, context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let id = request.headers().get(REQUEST_ID).filter(|id| is_harmless(id)).cloned().unwrap_or_else(fresh_id);
        request.headers_mut().insert(REQUEST_ID, id.clone());
        let answer = self.0.call(request);
        Box::pin(async move {
            let answered = AssertUnwindSafe(answer).catch_unwind().await;
            let Ok(mut response) = answered.unwrap_or_else(|panic| Ok(answer_panic(&*panic, &id)));
            response.headers_mut().insert(REQUEST_ID, id);
            Ok(response)
        })
    }
}

/// Unreserved characters only (RFC 3986, section 2.3): it goes into logs and answers.
fn is_harmless(id: &HeaderValue) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    (1..=LONGEST_ID).contains(&id.len()) && id.as_bytes().iter().all(plain)
}

/// An id that no other request of any process has: a random number a process and a count.
fn fresh_id() -> HeaderValue {
    static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0));
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut id = String::with_capacity(32);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    // Writing to a String can't fail.
    let _ = write!(id, "{:016x}{count:016x}", *PROCESS);
    HeaderValue::from_str(&id).expect("hexadecimal digits are a header value")
}

fn answer_panic(panic: &(dyn Any + Send), id: &HeaderValue) -> Response {
    let reason = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(reason = reason.unwrap_or("unknown"), "a request hit a defect");
    let detail = "The gateway has a defect that this request has met; whether anything was written is not known.";
    answer::rejected(&Rejection::new(Code::Internal, detail), id.to_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::routing::get;
    use tower::ServiceExt as _;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered_and_says_that_nothing_is_known() {
        async fn defect() {
            assert_eq!(1, 2, "a defect");
        }
        let edge = Edge::around(Router::new().route("/", get(defect)));
        let response = edge.oneshot(Request::get("/").body(Body::empty()).expect("a request")).await;
        let response = response.expect("an answer");
        assert_eq!(response.status().as_u16(), 500);
        assert!(response.headers().contains_key(REQUEST_ID));
    }

    #[test]
    fn ids_differ_and_are_harmless() {
        let (one, two) = (fresh_id(), fresh_id());
        assert_ne!(one, two);
        assert!(is_harmless(&one));
    }

    #[test]
    fn a_callers_id_is_taken_over_only_if_it_is_harmless() {
        for (id, expected) in [("a-B_9.~", true), ("", false), ("a b", false), ("<script>", false), ("é", false)] {
            let value = HeaderValue::from_bytes(id.as_bytes()).expect("a header value");
            assert_eq!(is_harmless(&value), expected, "{id}");
        }
        assert!(!is_harmless(&HeaderValue::from_str(&"a".repeat(129)).expect("a header value")));
    }
}
