//! The `traceparent` header field (W3C Trace Context, section 3.2). Knows its text form only.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// Length of the fields of version 00, in bytes.
const LENGTH: usize = 55;

/// Where a caller stands in its trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceParent {
    trace: TraceId,
    span: SpanId,
    flags: TraceFlags,
}

impl TraceParent {
    /// Reads the field's value; `None` for what the specification says to treat as absent.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(value).ok()?;
        let version = hex(text.get(0..2)?)?;
        let fields = text.get(2..LENGTH)?.as_bytes();
        let (dashes, rest) = ([fields[0], fields[33], fields[50]], &text[LENGTH..]);
        let length_is_right = if version == 0 { rest.is_empty() } else { rest.is_empty() || rest.starts_with('-') };
        if version == 0xff || dashes != [b'-'; 3] || !length_is_right {
            return None;
        }
        let (trace, span, flags) = (text.get(3..35)?, text.get(36..52)?, text.get(53..55)?);
        if ![trace, span].into_iter().all(is_lower_hex) {
            return None;
        }
        let trace = TraceId::from_hex(trace).ok().filter(|id| *id != TraceId::INVALID)?;
        let span = SpanId::from_hex(span).ok().filter(|id| *id != SpanId::INVALID)?;
        Some(Self { trace, span, flags: TraceFlags::new(u8::try_from(hex(flags)?).ok()?) })
    }

    /// Whether the caller records its trace.
    pub fn is_sampled(&self) -> bool {
        self.flags.is_sampled()
    }

    pub(super) fn context(&self, state: TraceState) -> SpanContext {
        SpanContext::new(self.trace, self.span, self.flags, true, state)
    }

    pub(super) fn of(context: &SpanContext) -> Self {
        Self { trace: context.trace_id(), span: context.span_id(), flags: context.trace_flags() }
    }

    /// The field's value in version 00.
    pub fn to_text(self) -> String {
        format!("00-{}-{}-{:02x}", self.trace, self.span, self.flags.to_u8())
    }
}

fn hex(text: &str) -> Option<u32> {
    is_lower_hex(text).then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

fn is_lower_hex(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOUND: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_sound_field_survives_the_round_trip() {
        let parsed = TraceParent::parse(SOUND.as_bytes()).expect("a sound field");
        assert!(parsed.is_sampled());
        assert_eq!(parsed.to_text(), SOUND);
    }

    #[test]
    fn a_later_version_may_have_more_fields() {
        assert!(TraceParent::parse(SOUND.replacen("00", "cc", 1).as_bytes()).is_some());
        assert!(TraceParent::parse(format!("{}-new", SOUND.replacen("00", "cc", 1)).as_bytes()).is_some());
        assert!(TraceParent::parse(format!("{}new", SOUND.replacen("00", "cc", 1)).as_bytes()).is_none());
    }

    #[test]
    fn what_the_specification_calls_invalid_is_absent() {
        for text in [
            "",
            "00",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceParent::parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic() {
        forebay_fuzz::fuzz!(10_000).for_each(|bytes: &[u8]| {
            if let Some(parsed) = TraceParent::parse(bytes) {
                assert_eq!(TraceParent::parse(parsed.to_text().as_bytes()), Some(parsed));
            }
        });
    }
}
