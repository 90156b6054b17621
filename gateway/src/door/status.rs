//! The one table of codes, statuses and titles, and which status an answer for several events has.

use http::StatusCode;

use crate::event::Code;

/// The HTTP status of a code (RFC 9110, section 15; 429: RFC 6585).
pub fn status(code: Code) -> StatusCode {
    match code {
        Code::Malformed => StatusCode::BAD_REQUEST,
        Code::Unauthenticated => StatusCode::UNAUTHORIZED,
        Code::Forbidden => StatusCode::FORBIDDEN,
        Code::UnknownTopic | Code::NotFound => StatusCode::NOT_FOUND,
        Code::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        Code::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Code::SchemaViolation
        | Code::ConventionViolation
        | Code::MissingKey
        | Code::UnknownSchema
        | Code::IncompatibleSchema
        | Code::InvalidRecord => StatusCode::UNPROCESSABLE_ENTITY,
        Code::RateLimited | Code::OverBudget => StatusCode::TOO_MANY_REQUESTS,
        Code::Overloaded
        | Code::QueueFull
        | Code::IssuerUnavailable
        | Code::RegistryUnavailable
        | Code::KafkaUnavailable
        | Code::Draining => StatusCode::SERVICE_UNAVAILABLE,
        Code::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// A code in a few words, the same in every answer (RFC 9457, section 3.1.3).
pub fn title(code: Code) -> &'static str {
    match code {
        Code::Malformed => "The request or the event is malformed",
        Code::Unauthenticated => "Not proven who is calling",
        Code::Forbidden => "Not allowed to write this topic",
        Code::UnknownTopic => "No such topic",
        Code::NotFound => "No such address",
        Code::MethodNotAllowed => "No such method at this address",
        Code::BodyTimeout => "The body did not arrive in time",
        Code::TooLarge => "Too large",
        Code::UnsupportedMediaType => "Unsupported media type",
        Code::SchemaViolation => "The event does not match its schema",
        Code::ConventionViolation => "A convention of the organisation is broken",
        Code::MissingKey => "The event has no key",
        Code::UnknownSchema => "No such schema",
        Code::IncompatibleSchema => "The schema does not go with the topic's contract",
        Code::RateLimited => "Too many a second",
        Code::InvalidRecord => "Kafka does not take the record",
        Code::OverBudget => "Too many bytes in flight from this caller",
        Code::Overloaded => "Too many bytes in flight",
        Code::QueueFull => "The queue towards Kafka is full",
        Code::IssuerUnavailable => "The keys of the token's issuer are not known yet",
        Code::RegistryUnavailable => "The schema is not known and its registry does not answer",
        Code::KafkaUnavailable => "Kafka can't take records now",
        Code::TimedOut => "Kafka did not acknowledge in time",
        Code::Draining => "The gateway is shutting down",
        Code::Internal => "The gateway has a defect",
    }
}

/// The code that speaks for a request of which nothing was written: the one that all events share; of several,
/// the retryable one with the highest status; else the one for events that broke rules.
pub fn of_all(codes: &[Code]) -> Code {
    let Some(first) = codes.first() else { return Code::Internal };
    if codes.iter().all(|code| code == first) {
        return *first;
    }
    let retryable = codes.iter().copied().filter(|code| code.is_retryable());
    retryable.max_by_key(|code| status(*code)).unwrap_or(Code::SchemaViolation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shared_code_speaks_for_all() {
        assert_eq!(of_all(&[Code::TooLarge, Code::TooLarge]), Code::TooLarge);
    }

    #[test]
    fn different_broken_rules_are_422() {
        let code = of_all(&[Code::TooLarge, Code::Malformed]);
        assert_eq!(status(code), StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn of_a_mixture_the_most_severe_retryable_one_speaks() {
        assert_eq!(of_all(&[Code::SchemaViolation, Code::QueueFull, Code::TimedOut]), Code::TimedOut);
        assert_eq!(of_all(&[Code::SchemaViolation, Code::QueueFull]), Code::QueueFull);
    }

    #[test]
    fn the_table_of_codes_is_stable() {
        let table: Vec<_> = Code::ALL
            .iter()
            .map(|code| {
                let retryable = if code.is_retryable() { "retryable" } else { "final" };
                format!("{:<24}{}  {:<11}{}", code.as_str(), status(*code).as_u16(), retryable, title(*code))
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"));
    }
}
