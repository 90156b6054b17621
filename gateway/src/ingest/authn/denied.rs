//! Why a caller is not known: what is counted, and a sentence for its sender that helps nobody to guess a key.

use std::borrow::Cow;

use crate::code::Code;
use crate::metrics::authn::Proof;

/// Why a caller is not known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denied {
    /// What is counted.
    pub(super) proof: Proof,
    /// A sentence for the sender.
    pub(super) detail: Cow<'static, str>,
}

impl Denied {
    /// The credential is none, or none for here.
    pub(super) fn wrong(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { proof: Proof::Refused, detail: detail.into() }
    }

    /// The credential was good until it ended.
    pub(super) fn expired(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { proof: Proof::Expired, detail: detail.into() }
    }

    /// The credential can't be checked yet.
    pub(super) fn later(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { proof: Proof::Unavailable, detail: detail.into() }
    }

    /// The code of the answer.
    pub(super) fn code(&self) -> Code {
        if self.proof == Proof::Unavailable { Code::IssuerUnavailable } else { Code::Unauthenticated }
    }
}
