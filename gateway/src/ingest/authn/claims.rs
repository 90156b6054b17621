//! What a genuine token of an issuer says: for whom, until when, of whom (RFC 7519, section 4.1). Knows nothing of
//! signatures.

use std::sync::Arc;

use serde_json::Value;

use super::denied::Denied;
use super::{GROUPS, NAME_BYTES, name};
use crate::config::authn::jwt::Jwt;
use crate::event::Principal;

/// Whose the token is, and the first second in which it is no longer good, leeway included.
pub(super) fn principal(claims: &Value, issuer: &Jwt, now: i64) -> Result<(Principal, i64), Denied> {
    let leeway = i64::try_from(issuer.leeway.as_secs()).unwrap_or(i64::MAX);
    let Some(expires) = claims.get("exp").and_then(moment) else {
        return Err(Denied::wrong("The token has no exp, or one that is no number."));
    };
    let ends = expires.saturating_add(leeway);
    if now >= ends {
        return Err(Denied::expired(format!("The token ended {} seconds ago.", now.saturating_sub(expires))));
    }
    if let Some(not_before) = claims.get("nbf") {
        let Some(begins) = moment(not_before) else { return Err(Denied::wrong("The token's nbf is no number.")) };
        if now < begins.saturating_sub(leeway) {
            return Err(Denied::wrong("The token is not good yet."));
        }
    }
    let audience = present(claims.get("aud"));
    if !is_for(audience, &issuer.audience) {
        let found = audience.map_or("The token has no aud.", |_| "The token's aud is not this gateway's.");
        let detail = format!("{found} Ask its issuer for one whose aud is {}.", issuer.audience.join(" or "));
        return Err(Denied::wrong(detail));
    }
    let Some(principal) = present(claim(claims, &issuer.principal)) else {
        let detail = format!("The token has no {}, which says here whose it is.", issuer.principal);
        return Err(Denied::wrong(detail));
    };
    let Some(principal) = principal.as_str().and_then(name) else {
        let detail = format!(
            "The token's {} is no name of 1 to {NAME_BYTES} bytes without control characters.",
            issuer.principal
        );
        return Err(Denied::wrong(detail));
    };
    let wrong = || Denied::wrong(format!("The token's {} is no list of at most {GROUPS} names.", issuer.groups));
    let groups = claim(claims, &issuer.groups).map_or(Some(Arc::default()), groups).ok_or_else(wrong)?;
    Ok((Principal::new(principal).in_groups(groups), ends))
}

/// Seconds since 1970, which may have a fraction.
fn moment(value: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "what lies beyond is the greatest moment or the least")]
    value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds.floor() as i64))
}

/// A member by its name, or by a JSON Pointer, for those that lie deeper.
fn claim<'c>(claims: &'c Value, name: &str) -> Option<&'c Value> {
    if name.starts_with('/') { claims.pointer(name) } else { claims.get(name) }
}

/// A claim that says something: null is none.
fn present(claim: Option<&Value>) -> Option<&Value> {
    claim.filter(|value| !value.is_null())
}

fn is_for(audience: Option<&Value>, expected: &[String]) -> bool {
    let is_one = |value: &Value| value.as_str().is_some_and(|text| expected.iter().any(|one| one == text));
    match audience {
        Some(Value::Array(several)) => several.iter().all(Value::is_string) && several.iter().any(is_one),
        Some(one) => is_one(one),
        None => false,
    }
}

/// Names in a list, or in one text with spaces between.
fn groups(value: &Value) -> Option<Arc<[Arc<str>]>> {
    let groups: Option<Vec<_>> = match value {
        Value::Null => Some(Vec::new()),
        Value::String(text) => text.split_ascii_whitespace().map(name).collect(),
        Value::Array(names) => names.iter().map(|value| value.as_str().and_then(name)).collect(),
        _ => None,
    };
    groups.filter(|groups| groups.len() <= GROUPS).map(Into::into)
}
