//! The librdkafka settings that carry the promise and so can't be handed through. Knows names and reasons only.

/// What may not be handed to librdkafka by `kafka.properties`, and why.
const FIXED: [(&str, &str); 27] = [
    ("acks", "an answer of 2xx means that all in-sync replicas have the record"),
    ("request.required.acks", "an answer of 2xx means that all in-sync replicas have the record"),
    ("enable.idempotence", "one request never makes two copies of an event"),
    ("enable.gapless.guarantee", "it stops the producer for good at the first gap"),
    ("transactional.id", "each event stands alone"),
    ("max.in.flight", "the order of one key's events depends on it"),
    ("max.in.flight.requests.per.connection", "the order of one key's events depends on it"),
    ("retries", "the gateway's own deadline decides how long is tried"),
    ("message.send.max.retries", "the gateway's own deadline decides how long is tried"),
    ("message.timeout.ms", "the gateway's own deadline decides how long is tried: kafka.deadline"),
    ("delivery.timeout.ms", "the gateway's own deadline decides how long is tried: kafka.deadline"),
    ("request.timeout.ms", "it is checked against the deadline: kafka.request_timeout"),
    ("socket.timeout.ms", "it is checked against the deadline: kafka.request_timeout"),
    ("partitioner", "keys go where Java's clients put them"),
    ("allow.auto.create.topics", "a topic exists only if a contract and Kafka have it"),
    ("topic.metadata.propagation.max.ms", "an unknown topic is answered at once"),
    ("queue.buffering.max.messages", "memory is bounded in bytes: kafka.queue"),
    ("queue.buffering.max.kbytes", "memory is bounded in bytes: kafka.queue"),
    ("queue.buffering.max.ms", "it has a name of its own: kafka.linger"),
    ("linger.ms", "it has a name of its own: kafka.linger"),
    ("compression.codec", "it has a name of its own: kafka.compression"),
    ("compression.type", "it has a name of its own: kafka.compression"),
    ("bootstrap.servers", "it has a name of its own: kafka.bootstrap"),
    ("metadata.broker.list", "it has a name of its own: kafka.bootstrap"),
    ("message.max.bytes", "it has a name of its own: kafka.bytes_per_record"),
    ("client.id", "quotas and logs of the cluster count on it"),
    ("statistics.interval.ms", "readiness and metrics read the statistics"),
];

/// Why a librdkafka property may not be set by the operator, if it may not.
pub(super) fn refusal_of_property(name: &str) -> Option<&'static str> {
    FIXED.iter().find(|(fixed, _)| *fixed == name).map(|(_, reason)| *reason)
}
