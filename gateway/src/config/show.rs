//! How times and sizes are written back, in the units in which people write them.

use std::time::Duration;

use serde::Serializer;

pub(super) fn duration(value: Duration) -> String {
    humantime::format_duration(value).to_string()
}

pub(super) fn size(bytes: u64) -> String {
    bytesize::ByteSize::b(bytes).display().iec().to_string()
}

pub(super) fn as_duration<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&duration(*value))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands fields on by reference")]
pub(super) fn as_size<S: Serializer>(value: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&size(*value))
}
