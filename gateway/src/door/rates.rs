//! The header fields that tell a sender how its limits stand: `RateLimit-Policy` and `RateLimit`
//! (draft-ietf-httpapi-ratelimit-headers-10, sections 3 and 4; lists of structured fields, RFC 9651). Knows no limit
//! itself.

use std::fmt::Write as _;

use axum::response::Response;
use http::{HeaderName, HeaderValue};

use crate::limit::Standing;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// The largest integer of a structured field (RFC 9651, section 3.3.1).
const LARGEST: u64 = 999_999_999_999_999;

/// Names the policies, and what is left of the tightest one. Without limits there is nothing to say.
pub fn describe(response: &mut Response, standings: &[Standing]) {
    let Some((first, others)) = standings.split_first() else { return };
    let tightest =
        others.iter().fold(first, |tightest, one| if one.is_tighter_than(tightest) { one } else { tightest });
    for (name, text) in [(POLICY, policies(standings)), (LIMIT, remaining(tightest))] {
        if let Ok(value) = HeaderValue::try_from(text) {
            response.headers_mut().insert(name, value);
        }
    }
}

/// `q` units in `w` seconds. A unit is an event, for which the draft has no word, or a byte.
fn policies(standings: &[Standing]) -> String {
    let mut list = String::with_capacity(64 * standings.len());
    for Standing { limit, quota, window, .. } in standings {
        let separator = if list.is_empty() { "" } else { ", " };
        let unit = if limit.counts_bytes() { ";qu=\"content-bytes\"" } else { "" };
        // Writing to a String can't fail.
        let _ = write!(list, "{separator}\"{}\";q={}{unit};w={window}", limit.as_str(), quota.min(&LARGEST));
    }
    list
}

/// Limits fill without a pause, at one unit a second at least: there is more within a second, unless it is full.
fn remaining(standing: &Standing) -> String {
    let soon = if standing.remaining < standing.quota { ";t=1" } else { "" };
    format!("\"{}\";r={}{soon}", standing.limit.as_str(), standing.remaining.min(LARGEST))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::limit::Limit;

    fn described(standings: &[Standing]) -> Vec<String> {
        let mut response = Response::new(Body::empty());
        describe(&mut response, standings);
        let text = |name: &HeaderName| response.headers().get(name).map(|value| format!("{value:?}"));
        [POLICY, LIMIT].iter().filter_map(text).map(|text| text.replace("\\\"", "'").replace('"', "")).collect()
    }

    #[test]
    fn policies_are_listed_and_the_tightest_says_what_is_left() {
        let standing = |limit, quota, window, remaining| Standing { limit, quota, window, remaining };
        let events = standing(Limit::PrincipalEvents, 100_000, 2, 50_000);
        let bytes = standing(Limit::TopicBytes, 1_000_000, 1, 499_999);
        assert_eq!(
            described(&[events, bytes]),
            [
                "'principal_events';q=100000;w=2, 'topic_bytes';q=1000000;qu='content-bytes';w=1",
                "'topic_bytes';r=499999;t=1"
            ]
        );
        let full = standing(Limit::TopicEvents, u64::MAX, 1, u64::MAX);
        assert_eq!(described(&[full]), ["'topic_events';q=999999999999999;w=1", "'topic_events';r=999999999999999"]);
        assert_eq!(described(&[full, events])[1], "'principal_events';r=50000;t=1");
        assert_eq!(described(&[]), [""; 0]);
    }
}
