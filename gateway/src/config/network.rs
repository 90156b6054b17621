//! Ranges of IP addresses, as operators write them (RFC 4632, RFC 4291). Knows nothing of who is there.

use std::fmt;
use std::net::IpAddr;

use forebay_schemas::document::Node;
use forebay_schemas::problem::Problem;
use serde::{Serialize, Serializer};

/// What a range looks like.
const EXPECTED: &str = "addresses or ranges of them, such as 10.0.0.7, 10.0.0.0/8 or fd00::/8";

/// A range of addresses: those that begin with the same bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Reads an address, or one with the number of its leading bits behind a slash. The bits after these are zero.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) if bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                (address.parse().ok()?, bits.parse().ok()?)
            }
            Some(_) => return None,
            None => {
                let address: IpAddr = text.parse().ok()?;
                (address, width(address))
            }
        };
        let network = Self { address, bits };
        (bits <= width(address) && number(address) == number(address) & network.mask()).then_some(network)
    }

    /// Whether this address lies in it. An IPv4 address that came over an IPv6 socket is the IPv4 address (RFC 4291,
    /// section 2.5.5.2).
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4() && number(address) & self.mask() == number(self.address)
    }

    fn mask(&self) -> u128 {
        let free = u32::from(width(self.address) - self.bits.min(width(self.address)));
        u128::MAX.checked_shl(free).unwrap_or(0)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl Serialize for Network {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A list of ranges, or texts with commas between them.
pub(super) fn list(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<Network>> {
    let texts = node.strings(problems)?;
    let parts = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
    let networks: Option<Vec<_>> = parts.map(Network::parse).collect();
    if networks.is_none() {
        problems.push(node.mismatch(EXPECTED));
    }
    networks
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_what_begins_with_its_bits() {
        for (range, address, expected) in [
            ("10.0.0.0/8", "10.255.1.2", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("10.0.0.0/8", "::ffff:10.1.2.3", true),
            ("10.0.0.7", "10.0.0.7", true),
            ("10.0.0.7", "10.0.0.8", false),
            ("0.0.0.0/0", "1.2.3.4", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "::1", true),
            ("::/0", "1.2.3.4", false),
            ("fd00::/8", "fdff::1", true),
            ("fd00::/8", "fe80::1", false),
            ("::1", "::1", true),
            ("10.0.0.4/31", "10.0.0.5", true),
        ] {
            let network = Network::parse(range).unwrap();
            assert_eq!(network.contains(address.parse().unwrap()), expected, "{range} {address}");
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in
            ["", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/+8", "10.0.0.0/", "::/129", "proxy", "10.0.0.0/8/8", "10.0/8"]
        {
            assert_eq!(Network::parse(text), None, "{text}");
        }
    }
}
