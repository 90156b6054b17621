//! As much of URI references (RFC 3986) and of JSON Pointers in fragments (RFC 6901, section 6) as `$ref` needs.

/// A reference against its base. Without dot segments: names that need them are not found, which is said.
pub(super) fn join(base: &str, reference: &str) -> String {
    let reference = reference.strip_prefix("./").unwrap_or(reference);
    if reference.contains("://") || reference.starts_with("urn:") {
        return reference.to_owned();
    }
    if reference.starts_with('/') {
        let authority = base.find("://").map_or(0, |scheme| scheme + 3);
        let path = base[authority..].find('/').map_or(base.len(), |slash| authority + slash);
        return format!("{}{reference}", &base[..path]);
    }
    let folder = base.rfind('/').map_or("", |slash| &base[..=slash]);
    format!("{folder}{reference}")
}

/// A reference's part before `#`, and the one behind it with `%xx` decoded.
pub(super) fn split(reference: &str) -> (&str, String) {
    let (uri, fragment) = reference.split_once('#').unwrap_or((reference, ""));
    (uri, decoded(fragment))
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let code = more.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        if let Some(byte) = code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            bytes.push(byte);
            rest = &more[2..];
        } else {
            bytes.push(*first);
            rest = more;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
