//! Identify: who is calling. Knows credentials and principals; nothing of topics or rights.

use crate::config::authn::Authn as Config;
use crate::event::{Code, Head, Principal, Rejection};

/// Tells who is calling.
#[derive(Debug)]
pub struct Authn {
    anonymous: Option<Principal>,
}

impl Authn {
    /// Prepares what the configuration names.
    pub fn new(config: &Config) -> Self {
        let name = config.anonymous_principal.as_deref();
        let principal = |name: &str| match Principal::new(name.into()) {
            principal if config.unrestricted => principal.freed(),
            principal => principal,
        };
        Self { anonymous: name.map(principal) }
    }

    /// The caller of a request.
    pub fn identify(&self, _head: &Head) -> Result<Principal, Rejection> {
        self.anonymous.clone().ok_or_else(|| {
            Rejection::new(Code::Forbidden, "This gateway takes no anonymous callers, and knows no other way yet.")
        })
    }
}
