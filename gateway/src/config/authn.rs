//! How callers prove who they are.

use forebay_schemas::document::Reader;
use serde::Serialize;

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
        let principal = r.required_string_if(anonymous);
        r.refuse("api_keys", "no API keys: this version knows anonymous callers only");
        r.refuse("jwt", "no JWT: this version knows anonymous callers only");
        r.refuse("mtls", "no client certificates: this version knows anonymous callers only");
        r.finish();
        Self { anonymous_principal: principal, unrestricted: false }
    }
}

/// `anonymous` must be said twice, so that nobody opens a gateway by one wrong word.
trait SaidTwice {
    fn required_string_if(&mut self, anonymous: bool) -> Option<String>;
}

impl SaidTwice for Reader<'_, '_> {
    fn required_string_if(&mut self, anonymous: bool) -> Option<String> {
        const NAME: &str = "anonymous_principal";
        match (anonymous, self.member(NAME).is_some()) {
            (true, _) => self.required_string(NAME),
            (false, true) => {
                self.missing("anonymous", "anonymous: true beside anonymous_principal, said twice on purpose");
                None
            }
            (false, false) => {
                self.missing(
                    "anonymous",
                    "anonymous: true and anonymous_principal: NAME; this version has no other way to know a caller",
                );
                None
            }
        }
    }
}
