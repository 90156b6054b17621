//! The two listeners: their addresses, their TLS, and how long and how many connections may take.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use serde::Serialize;

use super::network::{self, Network};
use super::show::{as_duration, as_size};
use super::times::timer;
use super::tls::Tls;

/// The data listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listen {
    /// Where it listens.
    pub address: SocketAddr,
    /// How it speaks TLS; cleartext without.
    pub tls: Option<Tls>,
    /// How long a request's head may take, from its first byte.
    #[serde(serialize_with = "as_duration")]
    pub header_timeout: Duration,
    /// How long a body that is read as a whole may take; how long a streamed one may pause.
    #[serde(serialize_with = "as_duration")]
    pub body_timeout: Duration,
    /// The slowest that a body may come, in bytes a second, once a second has passed.
    #[serde(serialize_with = "as_size")]
    pub min_body_rate: u64,
    /// How long a connection may be open without a request.
    #[serde(serialize_with = "as_duration")]
    pub idle_timeout: Duration,
    /// How long a client may leave an answer unread.
    #[serde(serialize_with = "as_duration")]
    pub write_timeout: Duration,
    /// Open connections in all; one more is closed at once.
    pub connections: usize,
    /// Open connections from one address.
    pub connections_per_address: usize,
    /// The proxies whose word on who is calling is taken.
    pub trusted_proxies: Vec<Network>,
}

impl Default for Listen {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            tls: None,
            header_timeout: Duration::from_secs(5),
            body_timeout: Duration::from_secs(30),
            min_body_rate: 1024,
            idle_timeout: Duration::from_mins(1),
            write_timeout: Duration::from_secs(30),
            connections: 20_000,
            connections_per_address: 2_000,
            trusted_proxies: Vec::new(),
        }
    }
}

impl Listen {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Self::default();
        let listen = Self {
            address: r.optional("address", address).unwrap_or(d.address),
            tls: r.section("tls").map(Tls::read),
            header_timeout: timer(&mut r, "header_timeout", d.header_timeout),
            body_timeout: timer(&mut r, "body_timeout", d.body_timeout),
            min_body_rate: r.size("min_body_rate").unwrap_or(d.min_body_rate),
            idle_timeout: timer(&mut r, "idle_timeout", d.idle_timeout),
            write_timeout: timer(&mut r, "write_timeout", d.write_timeout),
            connections: count(&mut r, "connections").unwrap_or(d.connections),
            connections_per_address: count(&mut r, "connections_per_address").unwrap_or(d.connections_per_address),
            trusted_proxies: r.optional("trusted_proxies", network::list).unwrap_or_default(),
        };
        r.finish();
        listen
    }
}

/// The admin listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Admin {
    /// Where it listens.
    pub address: SocketAddr,
    /// How it speaks TLS; cleartext without.
    pub tls: Option<Tls>,
}

impl Default for Admin {
    fn default() -> Self {
        Self { address: SocketAddr::from((Ipv4Addr::LOCALHOST, 9090)), tls: None }
    }
}

impl Admin {
    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let admin = Self {
            address: r.optional("address", address).unwrap_or_else(|| Self::default().address),
            tls: r.section("tls").map(Tls::read_strictly),
        };
        r.finish();
        admin
    }
}

fn address(node: &Node, problems: &mut Vec<Problem>) -> Option<SocketAddr> {
    let text = node.string(problems)?;
    let address = text.parse().ok();
    if address.is_none() {
        problems.push(node.mismatch("an IP address and a port, such as 0.0.0.0:8080 or [::]:8080"));
    }
    address
}

fn count(r: &mut Reader<'_, '_>, name: &'static str) -> Option<usize> {
    r.integer(name, 1..=1_000_000).and_then(|value| usize::try_from(value).ok())
}
