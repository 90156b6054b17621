//! stub
/// stub
pub fn copy(
    _c: &crate::contract::Contract,
    _k: Option<&crate::pii::HashKey>,
    text: &[u8],
    _f: &[crate::fault::Mismatch],
) -> Option<Vec<u8>> {
    Some(text.to_vec())
}
