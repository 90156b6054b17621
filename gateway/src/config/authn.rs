//! How callers prove who they are.

use forebay_schemas::document::Reader;
use serde::Serialize;

/// The name that anonymous callers get; said beside `anonymous`, so that nobody opens a gateway by one wrong word.
const PRINCIPAL: &str = "anonymous_principal";
/// What must be said as long as there is no way to prove who one is.
pub(super) const REQUIRED: &str =
    "anonymous: true and anonymous_principal: NAME; this version has no other way to know a caller";

/// How callers prove who they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Authn {
    /// The principal that everyone is, where nobody needs to prove anything.
    pub anonymous_principal: Option<String>,
    /// Whether contracts' `producers` do not bind the caller. Only `forebay dev` sets it.
    #[serde(skip)]
    pub unrestricted: bool,
}

impl Authn {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let anonymous = r.boolean("anonymous").unwrap_or(false);
        let principal = match (anonymous, r.member(PRINCIPAL).is_some()) {
            (true, true) => r.required_string(PRINCIPAL),
            (true, false) => {
                r.missing(PRINCIPAL, "anonymous_principal: NAME, the name that callers get in contracts and logs");
                None
            }
            (false, true) => {
                r.missing("anonymous", "anonymous: true beside anonymous_principal; it is said twice on purpose");
                None
            }
            (false, false) => {
                r.missing("anonymous", REQUIRED);
                None
            }
        };
        r.refuse("api_keys", "no API keys: this version knows anonymous callers only");
        r.refuse("jwt", "no JWT: this version knows anonymous callers only");
        r.refuse("mtls", "no client certificates: this version knows anonymous callers only");
        r.finish();
        Self { anonymous_principal: principal, unrestricted: false }
    }
}
