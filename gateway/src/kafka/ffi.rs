//! The few things that librdkafka can do and its safe crate does not hand on: records by topic handle, without a
//! look-up of the topic's name and an allocation for each header's name, and whether a failed message may have
//! reached a broker's log. The only unsafe code there is.

#![expect(unsafe_code, reason = "rdkafka has no safe way to these calls")]

use std::collections::HashMap;
use std::ffi::{CStr, CString, c_void};
use std::ptr;
use std::sync::{Arc, PoisonError, RwLock};

use rdkafka::error::{IsError as _, RDKafkaErrorCode};
use rdkafka::message::BorrowedMessage;
use rdkafka::producer::{Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::util::IntoOpaque;
use rdkafka_sys as rdsys;
use rdsys::rd_kafka_vtype_t as Field;

use super::record::Outgoing;

/// The most header fields that a record has; more are left out.
pub const HEADERS: usize = 9;
/// Fields of a message beside its headers.
const FIELDS: usize = 6;

/// Whether a failed message may be in the log (`rd_kafka_message_status`).
pub(super) fn may_be_persisted(message: &BorrowedMessage<'_>) -> bool {
    // SAFETY: `ptr` is valid for as long as the borrowed message lives, and the call only reads it.
    let status = unsafe { rdsys::rd_kafka_message_status(message.ptr()) };
    status != rdsys::rd_kafka_msg_status_t::RD_KAFKA_MSG_STATUS_NOT_PERSISTED
}

/// One librdkafka instance with its topics' handles, which end before it does.
pub(super) struct Connection<C: ProducerContext + 'static> {
    topics: RwLock<HashMap<String, TopicHandle>>,
    producer: ThreadedProducer<C>,
}

/// A handle of librdkafka's. Valid for as long as the connection that made it; never handed out beyond it.
#[derive(Clone, Copy)]
struct TopicHandle(*mut rdsys::rd_kafka_topic_t);

// SAFETY: librdkafka's topic handles may be used from any thread (rdkafka.h, "Thread safety").
unsafe impl Send for TopicHandle {}
// SAFETY: as above; the calls made with a handle lock for themselves.
unsafe impl Sync for TopicHandle {}

/// A topic of a connection, ready to take records; keeps the connection open.
pub(super) struct Open<C: ProducerContext + 'static> {
    connection: Arc<Connection<C>>,
    topic: TopicHandle,
}

impl<C: ProducerContext + 'static> Connection<C> {
    pub(super) fn new(producer: ThreadedProducer<C>) -> Self {
        Self { topics: RwLock::default(), producer }
    }

    pub(super) fn producer(&self) -> &ThreadedProducer<C> {
        &self.producer
    }

    /// The topic by its name; none if librdkafka does not take the name.
    pub(super) fn open(self: &Arc<Self>, topic: &str) -> Option<Open<C>> {
        let known = self.topics.read().unwrap_or_else(PoisonError::into_inner).get(topic).copied();
        let topic = known.or_else(|| self.make(topic))?;
        Some(Open { connection: Arc::clone(self), topic })
    }

    fn make(&self, topic: &str) -> Option<TopicHandle> {
        let name = CString::new(topic).ok()?;
        let mut topics = self.topics.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = topics.get(topic) {
            return Some(*known);
        }
        let client = self.producer.client().native_ptr();
        // SAFETY: the client lives as long as `self.producer`; the name is copied; a null configuration means the
        // client's defaults for topics.
        let handle = unsafe { rdsys::rd_kafka_topic_new(client, name.as_ptr(), ptr::null_mut()) };
        (!handle.is_null()).then(|| *topics.entry(topic.to_owned()).or_insert(TopicHandle(handle)))
    }
}

impl<C: ProducerContext + 'static> Drop for Connection<C> {
    fn drop(&mut self) {
        for (_, topic) in self.topics.get_mut().unwrap_or_else(PoisonError::into_inner).drain() {
            // SAFETY: each handle was made once by `make` and is destroyed once, here, before the client is: fields
            // are dropped after this function returns.
            unsafe { rdsys::rd_kafka_topic_destroy(topic.0) };
        }
    }
}

impl<C: ProducerContext + 'static> Open<C> {
    pub(super) fn producer(&self) -> &ThreadedProducer<C> {
        self.connection.producer()
    }

    /// Queues a record; its bytes are copied. What can't be queued is given back with the reason.
    pub(super) fn produce(
        &self,
        record: &Outgoing<'_>,
        opaque: C::DeliveryOpaque,
    ) -> Result<(), (RDKafkaErrorCode, C::DeliveryOpaque)> {
        let opaque = opaque.into_ptr();
        let mut fields = [value(Field::RD_KAFKA_VTYPE_END, Union { i: 0 }); FIELDS + HEADERS];
        let flags = rdsys::RD_KAFKA_MSG_F_COPY;
        let own = [
            value(Field::RD_KAFKA_VTYPE_RKT, Union { rkt: self.topic.0 }),
            value(Field::RD_KAFKA_VTYPE_MSGFLAGS, Union { i: flags }),
            value(Field::RD_KAFKA_VTYPE_VALUE, Union { mem: memory(Some(record.value)) }),
            value(Field::RD_KAFKA_VTYPE_KEY, Union { mem: memory(record.key) }),
            value(Field::RD_KAFKA_VTYPE_OPAQUE, Union { ptr: opaque }),
            value(Field::RD_KAFKA_VTYPE_TIMESTAMP, Union { i64_: record.time_millis.unwrap_or(0) }),
        ];
        let headers = record.headers.iter().map(|(name, bytes)| header(name, bytes));
        let mut count = 0;
        for (place, field) in fields.iter_mut().zip(own.into_iter().chain(headers)) {
            *place = field;
            count += 1;
        }
        let client = self.connection.producer.client().native_ptr();
        // SAFETY: the client and the topic live as long as `self.connection`; the first `count` fields are set, and
        // what they point to lives until the call returns, which has copied it (`RD_KAFKA_MSG_F_COPY`).
        let error = unsafe { rdsys::rd_kafka_produceva(client, fields.as_ptr(), count) };
        if error.is_null() {
            return Ok(());
        }
        // SAFETY: a non-null error is valid until it is destroyed, which happens here, once.
        let code = unsafe {
            let code = rdsys::rd_kafka_error_code(error);
            rdsys::rd_kafka_error_destroy(error);
            code
        };
        debug_assert!(code.is_error(), "librdkafka returns an error for a reason");
        // SAFETY: the call failed, so librdkafka did not keep the pointer that `into_ptr` made above.
        Err((code.into(), unsafe { C::DeliveryOpaque::from_ptr(opaque) }))
    }
}

type Union = rdsys::rd_kafka_vu_s__bindgen_ty_1;

fn value(vtype: Field, u: Union) -> rdsys::rd_kafka_vu_t {
    rdsys::rd_kafka_vu_t { vtype, u }
}

/// Bytes, or null for none; an empty slice is not null.
fn memory(bytes: Option<&[u8]>) -> rdsys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 {
    let (ptr, size) =
        bytes.map_or((ptr::null_mut(), 0), |bytes| (bytes.as_ptr().cast_mut().cast::<c_void>(), bytes.len()));
    rdsys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_1 { ptr, size }
}

fn header(name: &'static CStr, bytes: &[u8]) -> rdsys::rd_kafka_vu_t {
    let header = rdsys::rd_kafka_vu_s__bindgen_ty_1__bindgen_ty_2 {
        name: name.as_ptr(),
        val: bytes.as_ptr().cast::<c_void>(),
        size: bytes.len().cast_signed(),
    };
    value(Field::RD_KAFKA_VTYPE_HEADER, Union { header })
}
