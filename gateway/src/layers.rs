//! What every request passes, whatever it wants, from the outside in: an id, so that an answer and a log line can be
//! found together; then a guard that turns a panic into an answer. Everything else a request needs is a call in the
//! recipe, with typed arguments.

use std::any::Any;
use std::fmt::Write as _;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::{HeaderName, HeaderValue};
use tower_http::catch_panic::CatchPanicLayer;

use crate::door::answer;
use crate::event::{Code, Rejection};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The longest id that is taken over from a caller, in bytes.
const LONGEST_ID: usize = 128;

/// The layers around a router.
pub(crate) fn around(router: Router) -> Router {
    router.layer(CatchPanicLayer::custom(answer_panic)).layer(from_fn(identify_request))
}

/// Takes the caller's `X-Request-Id` over if it is harmless, else makes one; the answer carries it too.
async fn identify_request(mut request: Request, next: Next) -> Response {
    let id = request.headers().get(REQUEST_ID).filter(|id| is_harmless(id)).cloned().unwrap_or_else(fresh_id);
    request.headers_mut().insert(REQUEST_ID, id.clone());
    let mut response = next.run(request).await;
    response.headers_mut().insert(REQUEST_ID, id);
    response
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

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn answer_panic(panic: Box<dyn Any + Send>) -> Response {
    let reason = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(reason = reason.unwrap_or("unknown"), "a request hit a defect");
    let detail = "The gateway has a defect that this request has met; whether anything was written is not known.";
    answer::rejected(&Rejection::new(Code::Internal, detail), "")
}

#[cfg(test)]
mod tests {
    use super::*;

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
