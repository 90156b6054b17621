//! A record as it is handed to librdkafka: borrowed bytes, nothing of events.

use std::ffi::CStr;

/// One record on its way out.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// The value; never a tombstone.
    pub value: &'a [u8],
    /// The key.
    pub key: Option<&'a [u8]>,
    /// Header fields, in this order.
    pub headers: &'a [(&'static CStr, &'a [u8])],
    /// Milliseconds since the epoch; the present where there is none.
    pub time_millis: Option<i64>,
}
