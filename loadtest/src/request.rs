//! A request's bytes, built once and sent again and again with new ids. Knows the native door's words; reads no answer.

use std::net::{SocketAddr, ToSocketAddrs};
use std::str::FromStr;

use crate::event::{Pool, SERIAL_IN_JSON, stamp};

/// Where the events are posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The gateway's data listener, on this machine.
    pub address: SocketAddr,
    /// Path and query.
    pub path: String,
}

impl FromStr for Target {
    type Err = String;

    /// Reads `http://127.0.0.1:8080/v1/topics/T/events`. Load is sent to this machine only.
    fn from_str(url: &str) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url} does not start with http://"))?;
        let (host, path) = rest.split_once('/').ok_or_else(|| format!("{url} has no path"))?;
        let mut found = host.to_socket_addrs().map_err(|error| format!("{host}: {error} (write HOST:PORT)"))?;
        let local = found.find(|address| address.ip().is_loopback());
        let address = local.ok_or_else(|| format!("{host} is not a loopback address"))?;
        Ok(Self { address, path: format!("/{path}") })
    }
}

/// What every request of one load says before its body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head<'a> {
    /// Where it goes.
    pub(crate) target: &'a Target,
    /// Whether it asks for an answer that lists refused events only.
    pub(crate) minimal: bool,
    /// What `Authorization` says, if there is such a header.
    pub(crate) credential: Option<&'a str>,
}

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    bytes: Vec<u8>,
    /// Where each event's serial number stands.
    serials: Vec<usize>,
}

impl Request {
    /// `events` of the pool from `first` on: one as an object, several as an array.
    pub(crate) fn build(head: &Head<'_>, pool: &Pool, first: usize, events: usize) -> Self {
        let mut body = Vec::new();
        let mut serials = Vec::with_capacity(events);
        for slot in first..first + events {
            if events > 1 {
                body.push(if slot == first { b'[' } else { b',' });
            }
            serials.push(body.len() + SERIAL_IN_JSON);
            body.extend_from_slice(&pool.event(slot).json);
        }
        if events > 1 {
            body.push(b']');
        }
        let prefer = if head.minimal { "Prefer: return=minimal\r\n" } else { "" };
        let credential = head.credential.map(|value| format!("Authorization: {value}\r\n")).unwrap_or_default();
        let (Target { address, path }, length) = (head.target, body.len());
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n{prefer}{credential}\
             Content-Length: {length}\r\n\r\n"
        );
        for at in &mut serials {
            *at += head.len();
        }
        Self { bytes: [head.into_bytes(), body].concat(), serials }
    }

    /// Gives every event a new serial number.
    pub(crate) fn renew(&mut self, serial: &mut u64) {
        for &at in &self.serials {
            stamp(&mut self.bytes, at, *serial);
            *serial += 1;
        }
    }

    /// What goes over the wire.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// How many events it carries.
    pub(crate) fn events(&self) -> u64 {
        self.serials.len() as u64
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use serde_json::Value;

    use super::*;

    fn body(request: &Request) -> Value {
        let text = str::from_utf8(request.bytes()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
        serde_json::from_str(body).unwrap()
    }

    #[test]
    fn one_event_is_an_object_and_several_are_an_array_with_ids_that_never_come_again() {
        let target = "http://127.0.0.1:8080/v1/topics/t/events".parse().unwrap();
        let pool = Pool::new(7, 0);
        let mut serial = 0;
        let mut ids = HashSet::new();
        let head = Head { target: &target, minimal: false, credential: None };
        let mut single = Request::build(&head, &pool, 3, 1);
        let mut batch = Request::build(&Head { minimal: true, credential: Some("Bearer x"), ..head }, &pool, 120, 100);
        for _ in 0..3 {
            single.renew(&mut serial);
            batch.renew(&mut serial);
            assert!(ids.insert(body(&single)["event_id"].to_string()));
            for event in body(&batch).as_array().unwrap() {
                assert!(ids.insert(event["event_id"].to_string()));
            }
        }
        assert_eq!((ids.len(), serial, batch.events()), (303, 303, 100));
        assert!(single.bytes().starts_with(b"POST /v1/topics/t/events HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n"));
        let said = b"\r\nPrefer: return=minimal\r\nAuthorization: Bearer x\r\n";
        assert!(memchr::memmem::find(batch.bytes(), said).is_some());
    }

    #[test]
    fn only_this_machine_is_loaded() {
        assert!("http://192.0.2.1:80/v1".parse::<Target>().unwrap_err().contains("loopback"));
        assert!("https://127.0.0.1:80/v1".parse::<Target>().is_err());
        assert!("http://127.0.0.1/v1".parse::<Target>().is_err());
        assert!("http://127.0.0.1:80".parse::<Target>().is_err());
    }
}
