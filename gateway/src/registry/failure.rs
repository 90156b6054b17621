//! Why the registry's client has no schema to give, and whether it is worth asking again. Names no address and
//! repeats nothing that the registry said: these sentences reach clients.

/// Why there is no schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The registry is down, slow, overloaded, or refuses the gateway. What is unknown stays unknown.
    #[error("the schema registry can't be asked now: {0}")]
    Unavailable(String),
    /// Something answered, but not as a schema registry does: a page, a torn text, another id, a redirect.
    #[error("the schema registry's answer is of no use: {0}")]
    Unusable(String),
    /// The registry says that there is no such thing, or no longer.
    #[error("the schema registry has no {0}")]
    NotFound(Missing),
    /// The registry says that the text that was looked up is no schema.
    #[error("the schema registry does not accept this text as a schema")]
    Refused,
    /// The registry has the schema, and the gateway can't use it.
    #[error("the registered schema can't be used: {0}")]
    Unfit(String),
    /// Clients ask for more unknown schemas than the registry may be asked for.
    #[error("too many unknown schemas are asked for at once; wait a moment and send it again")]
    OverBudget,
}

/// What the registry says is not there. Its error codes tell which: 40401, 40402, 40403.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// The subject.
    #[error("such subject")]
    Subject,
    /// The subject's version.
    #[error("such version of this subject")]
    Version,
    /// The schema.
    #[error("such schema")]
    Schema,
}

impl Failure {
    /// Whether the same question may have another answer soon, with nothing changed by the one who asks.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Unusable(_) | Self::OverBudget => true,
            Self::NotFound(_) | Self::Refused | Self::Unfit(_) => false,
        }
    }

    /// Whether the registry answers, and denies that there is such a thing: what was known of it is no longer true.
    pub(super) fn is_denial(&self) -> bool {
        matches!(self, Self::NotFound(_) | Self::Refused)
    }

    /// Whether the same question has the same answer for a while.
    pub(super) fn is_lasting(&self) -> bool {
        !self.is_retryable()
    }

    /// Whether the registry is to blame: it is down, or as good as down.
    pub(super) fn is_outage(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unusable(_))
    }
}

/// Why no client could be made of the configuration. Speaks to operators: names the key and the file.
#[derive(Debug, thiserror::Error)]
#[error("registry.{key}: {reason}; found in {file}")]
pub struct SetupError {
    /// The key of the configuration's section.
    pub key: &'static str,
    /// What was expected.
    pub reason: String,
    /// The file or the address that the key names.
    pub file: String,
}

impl SetupError {
    pub(super) fn new(key: &'static str, reason: impl Into<String>, file: impl Into<String>) -> Self {
        Self { key, reason: reason.into(), file: file.into() }
    }
}
