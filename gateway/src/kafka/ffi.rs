//! The one fact about a message that librdkafka knows and its safe crate does not hand on: whether it may have
//! reached a broker's log.

use rdkafka::message::BorrowedMessage;
use rdkafka_sys as rdsys;

/// Whether a failed message may be in the log (`rd_kafka_message_status`).
#[expect(unsafe_code, reason = "rdkafka has no safe way to read a message's persistence status")]
pub(super) fn may_be_persisted(message: &BorrowedMessage<'_>) -> bool {
    // SAFETY: `ptr` is valid for as long as the borrowed message lives, and the call only reads it.
    let status = unsafe { rdsys::rd_kafka_message_status(message.ptr()) };
    status != rdsys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED
}
