//! Bytes that a JSON string stands for.

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::contract::BytesText;

/// RFC 4648, section 4, with or without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// RFC 4648, section 5, with or without padding.
const URL_SAFE_BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Appends the bytes that base64 of the standard or the URL-safe alphabet stands for; false if it is neither.
pub(crate) fn decode_either_base64(text: &[u8], decoded: &mut Vec<u8>) -> bool {
    let url_safe = text.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let engine = if url_safe { URL_SAFE_BASE64 } else { BASE64 };
    engine.decode_vec(text, decoded).is_ok()
}

/// Appends the bytes that a string's characters stand for; false if they stand for none.
pub(crate) fn decode_bytes(spelling: BytesText, text: &[u8], decoded: &mut Vec<u8>) -> bool {
    match spelling {
        BytesText::Base64 => BASE64.decode_vec(text, decoded).is_ok(),
        BytesText::CodePoints => std::str::from_utf8(text).is_ok_and(|text| {
            text.chars().all(|point| u8::try_from(u32::from(point)).map(|byte| decoded.push(byte)).is_ok())
        }),
    }
}

/// The string that stands for bytes; base64 with padding.
pub(crate) fn encode_bytes(spelling: BytesText, bytes: &[u8]) -> String {
    match spelling {
        BytesText::Base64 => BASE64.encode(bytes),
        BytesText::CodePoints => bytes.iter().copied().map(char::from).collect(),
    }
}
