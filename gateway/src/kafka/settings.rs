//! The configuration's values in librdkafka's words. Connects to nothing.

use std::time::Duration;

use rdkafka::ClientConfig;

use crate::config::kafka::{Kafka, LONGEST_DEADLINE};

/// How often librdkafka reports statistics; also how soon a warmed-up producer is noticed.
const STATISTICS_INTERVAL: Duration = Duration::from_secs(1);

/// What every client of the cluster needs: where it is and how to prove who one is.
pub(super) fn client(kafka: &Kafka) -> ClientConfig {
    let mut config = ClientConfig::new();
    for (name, value) in &kafka.properties {
        config.set(name, value.expose());
    }
    config
        .set("bootstrap.servers", kafka.bootstrap.join(","))
        .set("client.id", "forebay")
        .set("allow.auto.create.topics", "false")
        .set("enable.metrics.push", "false")
        .set("log_level", "2")
        .set("socket.timeout.ms", millis(kafka.request_timeout))
        .set("socket.nagle.disable", "true")
        .set("reconnect.backoff.ms", "50")
        .set("reconnect.backoff.max.ms", "1000");
    config
}

/// The shared producer's settings.
pub(super) fn producer(kafka: &Kafka) -> ClientConfig {
    let mut config = client(kafka);
    config
        .set("log_level", "6")
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("compression.type", kafka.compression.as_str())
        .set("linger.ms", format!("{:.3}", kafka.linger.as_secs_f64() * 1e3))
        .set("message.max.bytes", kafka.bytes_per_record.to_string())
        .set("message.timeout.ms", millis(LONGEST_DEADLINE))
        .set("request.timeout.ms", millis(kafka.request_timeout))
        .set("retry.backoff.ms", "50")
        .set("retry.backoff.max.ms", "500")
        .set("topic.metadata.propagation.max.ms", "1000")
        .set("queue.buffering.max.messages", "0")
        .set("queue.buffering.max.kbytes", "2147483647")
        .set("statistics.interval.ms", millis(STATISTICS_INTERVAL));
    config
}

fn millis(duration: Duration) -> String {
    duration.as_millis().to_string()
}
