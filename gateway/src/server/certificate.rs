//! The names in a client's certificate. Its signature and time were checked before; here it is only read. Knows nothing
//! of who may be called what.

use std::fmt::Write as _;
use std::sync::Arc;

use x509_parser::asn1_rs::{Any, Oid, Tag, ToDer as _};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::event::Certificate;

/// The longest object identifier that is spelled out, in bytes; those in use have about ten.
const LONGEST_OID: usize = 64;
/// Attribute types with a name of their own (RFC 4514, section 3).
const TYPES: [(&str, &str); 9] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
];

/// What can't be read as a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the client's certificate can't be read")]
pub(super) struct Unreadable;

/// The names in a certificate of DER. A name with a control character is none. How long one is only the certificate limits,
/// which is part of a handshake.
pub(super) fn read(der: &[u8]) -> Result<Certificate, Unreadable> {
    let (rest, certificate) = X509Certificate::from_der(der).map_err(|_| Unreadable)?;
    if !rest.is_empty() {
        return Err(Unreadable);
    }
    let names = certificate.subject_alternative_name().map_err(|_| Unreadable)?;
    let names = names.map_or(&[][..], |extension| &extension.value.general_names);
    let dns = names.iter().find_map(|name| if let GeneralName::DNSName(dns) = name { Some(*dns) } else { None });
    Ok(Certificate {
        spiffe: spiffe(&certificate, names)?.and_then(kept),
        dns: dns.filter(|dns| dns.is_ascii()).and_then(kept),
        subject: subject(certificate.subject()).as_deref().and_then(kept),
        not_after: certificate.validity().not_after.timestamp(),
    })
}

fn kept(name: &str) -> Option<Arc<str>> {
    let sound = !name.is_empty() && !name.chars().any(char::is_control);
    sound.then(|| name.into())
}

/// The one URI, if it is a leaf's SPIFFE id (X509-SVID, sections 2 and 5.2).
fn spiffe<'n>(certificate: &X509Certificate<'_>, names: &[GeneralName<'n>]) -> Result<Option<&'n str>, Unreadable> {
    let mut uris = names.iter().filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None });
    let (Some(uri), None) = (uris.next(), uris.next()) else { return Ok(None) };
    let basic = certificate.basic_constraints().map_err(|_| Unreadable)?;
    let usage = certificate.key_usage().map_err(|_| Unreadable)?;
    let signs = basic.is_some_and(|basic| basic.value.ca)
        || usage.is_some_and(|usage| usage.value.key_cert_sign() || usage.value.crl_sign());
    Ok((!signs && is_spiffe_id(uri)).then_some(uri))
}

/// A trust domain and a path of plain segments (SPIFFE-ID, section 2), of which a leaf has at least one.
fn is_spiffe_id(uri: &str) -> bool {
    let Some((domain, path)) = uri.strip_prefix("spiffe://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let punctuation = |byte: u8| b"-._".contains(&byte);
    let in_domain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || punctuation(byte);
    let in_path = |byte: u8| byte.is_ascii_alphanumeric() || punctuation(byte);
    let plain = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(in_path);
    !domain.is_empty() && domain.bytes().all(in_domain) && path.split('/').all(plain)
}

/// A distinguished name as RFC 4514 spells it: the last part first. None if a part can't be spelled.
fn subject(name: &X509Name<'_>) -> Option<String> {
    let mut text = String::new();
    let parts: Vec<_> = name.iter_rdn().collect();
    for part in parts.into_iter().rev() {
        let mut separator = if text.is_empty() { "" } else { "," };
        for attribute in part.iter() {
            text.push_str(separator);
            spell(attribute, &mut text)?;
            separator = "+";
        }
    }
    Some(text)
}

fn spell(attribute: &AttributeTypeAndValue<'_>, text: &mut String) -> Option<()> {
    let kind = dotted(attribute.attr_type())?;
    let value = attribute.attr_value();
    let named = TYPES.iter().find(|(oid, _)| *oid == kind).map(|(_, name)| *name);
    if let Some((name, value)) = named.zip(string(value)) {
        text.push_str(name);
        text.push('=');
        escape(&value, text);
    } else {
        text.push_str(named.unwrap_or(&kind));
        text.push_str("=#");
        for byte in value.to_der_vec().ok()? {
            // Writing to a String can't fail.
            let _ = write!(text, "{byte:02x}");
        }
    }
    Some(())
}

fn dotted(oid: &Oid<'_>) -> Option<String> {
    (oid.as_bytes().len() <= LONGEST_OID).then(|| oid.to_id_string())
}

/// The text of a value whose type is one of text.
fn string(value: &Any<'_>) -> Option<String> {
    match value.tag() {
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString => {
            std::str::from_utf8(value.data).ok().map(str::to_owned)
        }
        Tag::BmpString => {
            let (pairs, rest) = value.data.as_chunks::<2>();
            let units: Vec<_> = pairs.iter().map(|pair| u16::from_be_bytes(*pair)).collect();
            String::from_utf16(&units).ok().filter(|_| rest.is_empty())
        }
        _ => None,
    }
}

/// A value as it stands in a name (RFC 4514, section 2.4).
fn escape(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (index, character) in value.chars().enumerate() {
        let special = matches!(character, '"' | '+' | ',' | ';' | '<' | '>' | '\\');
        let at_the_edge = (index == 0 && matches!(character, ' ' | '#')) || (index == last && character == ' ');
        if special || at_the_edge {
            text.push('\\');
        }
        text.push(character);
    }
}

#[cfg(test)]
mod tests;
