//! The part of librdkafka's statistics that someone looks at: is the producer warmed up, and how do the brokers
//! answer. Source: librdkafka's STATISTICS.md.

use std::collections::HashMap;

use serde::Deserialize;

/// One tick of one producer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Statistics {
    /// Produce and other requests sent to brokers, since the start.
    pub tx: u64,
    /// Bytes sent to brokers, since the start.
    pub tx_bytes: u64,
    /// Records sent to brokers, since the start.
    pub txmsgs: u64,
    pub(super) brokers: HashMap<String, Broker>,
    pub(super) eos: Eos,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Broker {
    state: String,
    nodeid: i64,
    txretries: u64,
    req_timeouts: u64,
    rtt: Window,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Window {
    p99: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Eos {
    pub(super) idemp_state: String,
}

impl Statistics {
    /// Brokers that are connected now.
    pub fn brokers_up(&self) -> usize {
        self.real().filter(|broker| broker.state == "UP").count()
    }

    /// Requests that were sent again, since the start.
    pub fn retries(&self) -> u64 {
        self.real().map(|broker| broker.txretries).sum()
    }

    /// Requests that no broker answered in time, since the start.
    pub fn request_timeouts(&self) -> u64 {
        self.real().map(|broker| broker.req_timeouts).sum()
    }

    /// The slowest broker's 99th percentile of round trips in the last window, in microseconds.
    pub fn slowest_round_trip_micros(&self) -> u64 {
        self.real().map(|broker| broker.rtt.p99).max().unwrap_or(0)
    }

    /// Whether the producer has its id, without which no record leaves.
    pub(super) fn is_warm(&self) -> bool {
        self.eos.idemp_state == "Assigned"
    }

    fn real(&self) -> impl Iterator<Item = &Broker> {
        self.brokers.values().filter(|broker| broker.nodeid >= 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tick_is_read_and_what_is_new_in_it_is_passed_over() {
        let tick = r#"{"tx":4,"tx_bytes":900,"txmsgs":3,"novel":1,"eos":{"idemp_state":"Assigned"},
            "brokers":{"a":{"state":"UP","nodeid":1,"txretries":2,"req_timeouts":1,"rtt":{"p99":800}},
                       "b":{"state":"DOWN","nodeid":2,"rtt":{"p99":90}},
                       "bootstrap":{"state":"UP","nodeid":-1,"rtt":{"p99":9000}}}}"#;
        let tick: Statistics = serde_json::from_str(tick).expect("a valid tick");
        assert!(tick.is_warm());
        assert_eq!((tick.brokers_up(), tick.retries(), tick.request_timeouts()), (1, 2, 1));
        assert_eq!(tick.slowest_round_trip_micros(), 800);
    }
}
