//! Names out of certificates that are made for each test, and out of bytes that are none.

use rcgen::string::{BmpString, Ia5String};
use rcgen::{BasicConstraints, CertificateParams, DnType, DnValue, IsCa, KeyPair, KeyUsagePurpose, SanType};

use super::*;

fn params(names: &[SanType]) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.subject_alt_names = names.to_vec();
    params
}

fn der(params: &CertificateParams) -> Vec<u8> {
    let key = KeyPair::generate().expect("a key");
    params.self_signed(&key).expect("a certificate").der().to_vec()
}

fn names(params: &CertificateParams) -> Certificate {
    read(&der(params)).expect("a certificate that can be read")
}

fn text(text: &str) -> Ia5String {
    Ia5String::try_from(text).expect("ASCII")
}

fn uri(name: &str) -> SanType {
    SanType::URI(text(name))
}

fn dns(name: &str) -> SanType {
    SanType::DnsName(text(name))
}

fn spiffe_of(names_in: &[SanType]) -> Option<String> {
    names(&params(names_in)).spiffe.map(|name| name.to_string())
}

/// The subject of these attributes, in the order of the certificate.
fn subject_of(attributes: &[(DnType, DnValue)]) -> Option<String> {
    let mut params = params(&[]);
    for (kind, value) in attributes {
        params.distinguished_name.push(kind.clone(), value.clone());
    }
    names(&params).subject.map(|name| name.to_string())
}

const ID: &str = "spiffe://shop.example/ns/orders/sa/svc-a";

#[test]
fn a_workloads_certificate_has_its_id_and_its_first_dns_name() {
    let certificate = names(&params(&[dns("svc-a.shop.example"), uri(ID), dns("other.shop.example")]));
    assert_eq!(certificate.spiffe.as_deref(), Some(ID));
    assert_eq!(certificate.dns.as_deref(), Some("svc-a.shop.example"));
    assert_eq!(certificate.subject, None);
}

#[test]
fn a_certificate_without_names_has_none_and_says_when_it_ends() {
    let mut params = params(&[]);
    params.not_after = rcgen::date_time_ymd(2031, 2, 3);
    assert_eq!(names(&params), Certificate { not_after: 1_927_843_200, ..Certificate::default() });
}

#[test]
fn an_id_counts_only_if_it_is_the_one_uri() {
    assert_eq!(spiffe_of(&[uri(ID), uri("spiffe://shop.example/svc-b")]), None);
    assert_eq!(spiffe_of(&[uri(ID), uri("https://shop.example/")]), None, "X509-SVID, section 2");
    assert_eq!(spiffe_of(&[uri(ID), uri(ID)]), None);
}

#[test]
fn an_id_is_spelled_as_spiffe_says() {
    for sound in ["spiffe://a/b", "spiffe://a-1.b_c/A/b-c/d.e/_f"] {
        assert_eq!(spiffe_of(&[uri(sound)]).as_deref(), Some(sound));
    }
    for wrong in [
        "https://shop.example/svc-a",
        "SPIFFE://shop.example/svc-a",
        "spiffe://shop.example",
        "spiffe://shop.example/",
        "spiffe:///svc-a",
        "spiffe://Shop.example/svc-a",
        "spiffe://shop.example:8443/svc-a",
        "spiffe://user@shop.example/svc-a",
        "spiffe://shop.example//svc-a",
        "spiffe://shop.example/svc-a/",
        "spiffe://shop.example/./svc-a",
        "spiffe://shop.example/../svc-a",
        "spiffe://shop.example/svc%2da",
        "spiffe://shop.example/svc-a?x=y",
        "spiffe://shop.example/svc-a#x",
        "spiffe://shop.example/svc a",
        "spiffe://shop.example/svc-*",
    ] {
        assert_eq!(spiffe_of(&[uri(wrong)]), None, "{wrong}");
    }
}

#[test]
fn an_id_of_whoever_signs_certificates_is_none() {
    let mut authority = params(&[uri(ID)]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(names(&authority).spiffe, None);
    for usage in [KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign] {
        let mut signer = params(&[uri(ID)]);
        signer.key_usages = vec![usage];
        assert_eq!(names(&signer).spiffe, None, "{usage:?}");
    }
    let mut leaf = params(&[uri(ID)]);
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    assert_eq!(names(&leaf).spiffe.as_deref(), Some(ID));
}

#[test]
fn names_that_would_break_a_line_are_none_and_long_ones_are_whole() {
    let long = format!("spiffe://shop.example/{}", "a".repeat(2100));
    assert_eq!(spiffe_of(&[uri(&long)]).as_deref(), Some(&*long));
    for name in ["svc-a\nadmin", "svc-a\0", "svc\u{7f}", ""] {
        assert_eq!(names(&params(&[dns(name)])).dns, None, "{name:?}");
    }
    assert_eq!(names(&params(&[dns("a\r"), dns("b")])).dns, None, "the first counts");
    let bell = DnValue::Utf8String("svc\u{7}a".to_owned());
    assert_eq!(subject_of(&[(DnType::CommonName, bell)]), None);
}

#[test]
fn a_subject_is_spelled_as_rfc_4514_says() {
    let utf8 = |text: &str| DnValue::Utf8String(text.to_owned());
    let common = |text: &str| subject_of(&[(DnType::CommonName, utf8(text))]);
    let whole = [
        (DnType::CountryName, DnValue::PrintableString("DE".try_into().expect("printable"))),
        (DnType::OrganizationName, utf8("Sue, Grabbit and Runn")),
        (DnType::OrganizationalUnitName, DnValue::BmpString(BmpString::try_from("Verkäufe").expect("a BMP string"))),
        (DnType::CommonName, utf8("svc-a")),
    ];
    assert_eq!(subject_of(&whole).as_deref(), Some(r"CN=svc-a,OU=Verkäufe,O=Sue\, Grabbit and Runn,C=DE"));
    // Section 2.4; what an attribute's value says can't look like another attribute.
    assert_eq!(common("a,OU=admin").as_deref(), Some(r"CN=a\,OU=admin"));
    assert_eq!(common(r#"J "B" <x>;+\"#).as_deref(), Some(r#"CN=J \"B\" \<x\>\;\+\\"#));
    assert_eq!(common(" # a ").as_deref(), Some(r"CN=\ # a\ "));
    assert_eq!(common("#a").as_deref(), Some(r"CN=\#a"));
    assert_eq!(common(" ").as_deref(), Some(r"CN=\ "));
    // Section 4: a type without a name of its own.
    let other = (DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 1466, 0]), utf8("Hi"));
    assert_eq!(subject_of(&[other]).as_deref(), Some("1.3.6.1.4.1.1466.0=#0c024869"));
}

#[test]
fn what_follows_a_certificate_makes_it_unreadable() {
    let mut bytes = der(&params(&[uri(ID)]));
    bytes.push(0);
    assert_eq!(read(&bytes), Err(Unreadable));
    assert_eq!(read(&[]), Err(Unreadable));
}

/// What holds for every name, whatever it was read from.
fn hold(bytes: &[u8]) {
    let Ok(certificate) = read(bytes) else { return };
    for name in [&certificate.spiffe, &certificate.dns, &certificate.subject].into_iter().flatten() {
        assert!(!name.is_empty() && !name.chars().any(char::is_control), "{name:?}");
    }
    assert!(certificate.spiffe.is_none_or(|name| is_spiffe_id(&name)));
}

#[test]
fn arbitrary_bytes_never_panic() {
    forebay_fuzz::fuzz!(20_000).for_each(hold);
}

#[test]
fn a_damaged_certificate_never_panics_and_its_names_stay_harmless() {
    let mut sound = params(&[uri(ID), dns("svc-a.shop.example")]);
    sound.distinguished_name.push(DnType::CommonName, "svc-a");
    sound.distinguished_name.push(DnType::OrganizationName, "Shop, Inc.");
    let sound = der(&sound);
    forebay_fuzz::fuzz!(20_000).with_type::<(u16, u8, Option<u16>)>().for_each(|(place, byte, end)| {
        let mut bytes = sound.clone();
        let place = usize::from(*place) % bytes.len();
        bytes[place] = *byte;
        if let Some(end) = end {
            bytes.truncate(usize::from(*end) % bytes.len());
        }
        hold(&bytes);
    });
}
