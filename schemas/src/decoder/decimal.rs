//! Decimals: a big-endian two's complement number as a numeral with as many digits after the point as the scale says.

use num_bigint::{BigInt, Sign};

use super::Undecodable;
use crate::avro::program::Decimal;

/// `12.50`, say. Numbers of more digits than the precision are refused before they are spelt, which takes time that
/// grows faster than they do.
pub(crate) fn numeral(bytes: &[u8], bounds: Decimal) -> Result<String, Undecodable> {
    if bytes.is_empty() {
        return Err(Undecodable::Unlike("a decimal has no bytes".to_owned()));
    }
    let unscaled = BigInt::from_signed_bytes_be(bytes);
    let too_long = || Undecodable::Unlike("a decimal has more digits than its precision".to_owned());
    // A digit is worth 3.3 bits.
    if unscaled.bits() > u64::from(bounds.precision) * 4 {
        return Err(too_long());
    }
    let digits = unscaled.magnitude().to_string();
    if digits.len() > bounds.precision as usize {
        return Err(too_long());
    }
    let sign = if unscaled.sign() == Sign::Minus { "-" } else { "" };
    let scale = bounds.scale as usize;
    if scale == 0 {
        return Ok(format!("{sign}{digits}"));
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    Ok(format!("{sign}{whole}.{fraction}"))
}
