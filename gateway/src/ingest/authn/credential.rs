//! What an `Authorization` header shows: an API key or a token (RFC 9110, section 11.6.2). Knows how they are spelled,
//! not whether they are good.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;

use super::denied::Denied;
use super::token::{self, Damaged};

/// A credential as it was sent. It has no Debug: it is a secret.
pub(super) enum Credential<'h> {
    /// A key's id and secret.
    ApiKey { id: Cow<'h, str>, secret: Cow<'h, str> },
    /// A text that begins as a key does and is none.
    DamagedKey,
    /// A JSON Web Token.
    Jwt(&'h str),
}

/// Reads a header's value.
pub(super) fn read(value: &HeaderValue) -> Result<Credential<'_>, Denied> {
    let text = value.to_str().map_err(|_| Denied::wrong("The Authorization header is not ASCII text."))?;
    let (scheme, rest) = text.split_once(' ').unwrap_or((text, ""));
    let rest = rest.trim_matches(' ');
    if scheme.eq_ignore_ascii_case("bearer") {
        bearer(rest)
    } else if scheme.eq_ignore_ascii_case("basic") {
        basic(rest)
    } else {
        Err(Denied::wrong("The Authorization header must begin with Bearer or Basic."))
    }
}

fn bearer(text: &str) -> Result<Credential<'_>, Denied> {
    if text.is_empty() {
        return Err(Denied::wrong("Nothing stands behind Bearer."));
    }
    if !text.starts_with(token::PREFIX) {
        return Ok(Credential::Jwt(text));
    }
    Ok(match token::parse(text) {
        Ok((id, secret)) => Credential::ApiKey { id: id.into(), secret: secret.into() },
        Err(Damaged) => Credential::DamagedKey,
    })
}

/// A key's id as the user and its secret as the password (RFC 7617).
fn basic(text: &str) -> Result<Credential<'static>, Denied> {
    let bytes = STANDARD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let wrong = "Behind Basic, expected an API key's id, a colon and its secret, in base64.";
    let pair = bytes.ok_or_else(|| Denied::wrong(wrong))?;
    let (id, secret) = pair.split_once(':').ok_or_else(|| Denied::wrong(wrong))?;
    Ok(Credential::ApiKey { id: id.to_owned().into(), secret: secret.to_owned().into() })
}
