//! The schema registry: where it is, how the gateway proves who it is, and how much is asked and remembered. Knows
//! values and file names; `crate::registry` reads the files.

use std::path::PathBuf;
use std::time::Duration;

use forebay_schemas::document::{Node, Reader};
use forebay_schemas::problem::Problem;
use serde::Serialize;

use super::show::{self, as_duration, as_size};
use super::times::{timer, timer_or_none};

/// What can't have a default.
const REQUIRED: &str = "the registry's address: url: https://registry:8081";
/// What an address looks like.
const ADDRESS: &str =
    "an address such as https://registry:8081 or http://registry:8080/apis/ccompat/v7, without credentials or a query";

/// The schema registry, which speaks Confluent's API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Registry {
    /// Its addresses, without a slash at the end. They are one registry: the next is asked when one does not answer.
    pub url: Vec<String>,
    /// A file of `user:password`.
    pub basic_auth_file: Option<PathBuf>,
    /// A file of a bearer token.
    pub bearer_file: Option<PathBuf>,
    /// A PEM file of the only authorities that are trusted; the system's if it is not set.
    pub ca: Option<PathBuf>,
    /// A PEM file of the gateway's own certificate and those that lead to its authority.
    pub certificate: Option<PathBuf>,
    /// A PEM file of the certificate's key.
    pub key: Option<PathBuf>,
    /// How long a connection may take.
    #[serde(serialize_with = "as_duration")]
    pub connect_timeout: Duration,
    /// How long one address may take for one answer, the connection included.
    #[serde(serialize_with = "as_duration")]
    pub timeout: Duration,
    /// How long an answer that may change is taken as it is, such as a subject's latest version.
    #[serde(serialize_with = "as_duration")]
    pub refresh: Duration,
    /// How long the registry's "no such" is believed.
    #[serde(serialize_with = "as_duration")]
    pub negative_ttl: Duration,
    /// Calls a second for what clients name and is not known.
    pub calls_per_second: u32,
    /// How many of them may come at once.
    pub burst: u32,
    /// Calls that are under way at the same time.
    pub concurrent_calls: usize,
    /// The longest answer; also the longest schema together with all that it refers to.
    #[serde(serialize_with = "as_size")]
    pub bytes_per_answer: u64,
    /// Schemas that are remembered; and as many names of them, and as many that are known not to be there.
    pub schemas: usize,
    /// Bytes of text that these schemas may have.
    #[serde(serialize_with = "as_size")]
    pub bytes: u64,
    /// The file that keeps what is known for the next start.
    pub snapshot: Option<PathBuf>,
}

impl Default for Registry {
    fn default() -> Self {
        Self {
            url: Vec::new(),
            basic_auth_file: None,
            bearer_file: None,
            ca: None,
            certificate: None,
            key: None,
            connect_timeout: Duration::from_secs(1),
            timeout: Duration::from_secs(3),
            refresh: Duration::from_secs(30),
            negative_ttl: Duration::from_secs(10),
            calls_per_second: 50,
            burst: 100,
            concurrent_calls: 16,
            bytes_per_answer: 4 * 1024 * 1024,
            schemas: 10_000,
            bytes: 64 * 1024 * 1024,
            snapshot: None,
        }
    }
}

impl Registry {
    /// The registry of an address, or of several with commas between; everything else is as it is by default.
    pub fn at(url: &str) -> Result<Self, &'static str> {
        let url = separated([url]).ok_or(ADDRESS)?;
        Ok(Self { url, ..Self::default() })
    }

    pub(super) fn read(mut r: Reader<'_, '_>) -> Self {
        let d = Self::default();
        let registry = Self {
            url: r.required("url", REQUIRED, addresses).unwrap_or_default(),
            basic_auth_file: r.optional("basic_auth_file", readable),
            bearer_file: r.optional("bearer_file", readable),
            ca: r.optional("ca", readable),
            certificate: r.optional("certificate", readable),
            key: r.optional("key", readable),
            connect_timeout: timer(&mut r, "connect_timeout", d.connect_timeout),
            timeout: timer(&mut r, "timeout", d.timeout),
            refresh: timer(&mut r, "refresh", d.refresh),
            negative_ttl: timer_or_none(&mut r, "negative_ttl", d.negative_ttl),
            calls_per_second: number(&mut r, "calls_per_second", 100_000).unwrap_or(d.calls_per_second),
            burst: number(&mut r, "burst", 100_000).unwrap_or(d.burst),
            concurrent_calls: number(&mut r, "concurrent_calls", 1_000).unwrap_or(d.concurrent_calls),
            bytes_per_answer: r.size("bytes_per_answer").unwrap_or(d.bytes_per_answer),
            schemas: number(&mut r, "schemas", 1_000_000).unwrap_or(d.schemas),
            bytes: r.size("bytes").unwrap_or(d.bytes),
            snapshot: r.string("snapshot").map(PathBuf::from),
        };
        registry.hold_together(&mut r);
        r.finish();
        registry
    }

    /// What is fine alone and wrong together.
    fn hold_together(&self, r: &mut Reader<'_, '_>) {
        if self.certificate.is_some() != self.key.is_some() {
            let (absent, present) = if self.key.is_some() { ("certificate", "key") } else { ("key", "certificate") };
            r.missing(absent, &format!("a file of it beside {present}"));
        }
        let mut wrong = |name: &str, expected: String, found: String| {
            let mut problem = r.node().problem(expected, found);
            problem.path = format!("{}/{name}", problem.path);
            r.problems().push(problem);
        };
        if self.basic_auth_file.is_some() && self.bearer_file.is_some() {
            wrong("bearer_file", "basic_auth_file or bearer_file".to_owned(), "both".to_owned());
        }
        if self.connect_timeout > self.timeout {
            let expected = format!("at least connect_timeout ({})", show::duration(self.connect_timeout));
            wrong("timeout", expected, show::duration(self.timeout));
        }
        if self.bytes_per_answer > self.bytes {
            let expected = format!("at most bytes ({})", show::size(self.bytes));
            wrong("bytes_per_answer", expected, show::size(self.bytes_per_answer));
        }
    }
}

fn addresses(node: &Node, problems: &mut Vec<Problem>) -> Option<Vec<String>> {
    let texts = node.strings(problems)?;
    if texts.iter().any(|text| text.contains('@')) {
        // What stands before the @ may be a password.
        problems.push(node.problem(ADDRESS, "an address with an @"));
        return None;
    }
    let addresses = separated(texts.iter().map(String::as_str));
    if addresses.is_none() {
        problems.push(node.mismatch(ADDRESS));
    }
    addresses
}

/// The addresses in texts with commas between; none if one of them is no address.
fn separated<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Vec<String>> {
    let texts: Vec<_> = texts.into_iter().flat_map(|list| list.split(',')).map(str::trim).collect();
    let sound = !texts.is_empty() && texts.iter().all(|text| !text.contains('@') && is_address(text));
    sound.then(|| texts.into_iter().map(|text| text.trim_end_matches('/').to_owned()).collect())
}

fn is_address(text: &str) -> bool {
    let Ok(uri) = text.parse::<http::Uri>() else { return false };
    let has_host = uri.authority().is_some_and(|authority| !authority.host().is_empty());
    matches!(uri.scheme_str(), Some("http" | "https")) && has_host && !text.contains(['?', '#'])
}

fn readable(node: &Node, problems: &mut Vec<Problem>) -> Option<PathBuf> {
    let path = PathBuf::from(node.text(problems)?);
    match std::fs::File::open(&path) {
        Ok(_) => Some(path),
        Err(error) => {
            problems.push(node.problem("a file that can be read", error.to_string()));
            None
        }
    }
}

fn number<T: TryFrom<u64>>(r: &mut Reader<'_, '_>, name: &'static str, most: u64) -> Option<T> {
    r.integer(name, 1..=most).and_then(|value| T::try_from(value).ok())
}
