//! Picked values of events that came as bytes: what they give is what the same event's text gives.

use super::{Role, Unfit};
use crate::calendar::{self, Unit};
use crate::contract::{BytesText, KeyFormat};
use crate::json::bytes::decode_bytes;
use crate::pass::Stored;

impl Stored<'_> {
    pub(super) fn key(&self, format: KeyFormat, arena: &mut Vec<u8>) -> Result<(), Unfit> {
        match (format, self) {
            (KeyFormat::String, _) => arena.extend_from_slice(self.characters()?),
            (KeyFormat::Int, Self::Whole(value)) => {
                arena.extend_from_slice(&i32::try_from(*value).map_err(|_| Unfit)?.to_be_bytes());
            }
            (KeyFormat::Long, Self::Whole(value)) => {
                arena.extend_from_slice(&i64::try_from(*value).map_err(|_| Unfit)?.to_be_bytes());
            }
            (KeyFormat::Bytes, Self::Bytes(bytes)) => arena.extend_from_slice(bytes),
            (KeyFormat::Bytes, Self::Text(text)) if decode_bytes(BytesText::Base64, text.as_bytes(), arena) => {}
            _ => return Err(Unfit),
        }
        Ok(())
    }

    pub(super) fn id(&self, arena: &mut Vec<u8>) -> Result<(), Unfit> {
        match self {
            Self::Whole(value) => arena.extend_from_slice(value.to_string().as_bytes()),
            _ => arena.extend_from_slice(self.characters()?),
        }
        Ok(())
    }

    pub(super) fn time_millis(&self) -> Result<i64, Unfit> {
        match self {
            Self::Text(text) => {
                let moment = calendar::timestamp(text.as_bytes()).ok_or(Unfit)?;
                moment.count(Unit::Millis.per_second()).ok_or(Unfit)
            }
            Self::Moment(moment) => moment.count(Unit::Millis.per_second()).ok_or(Unfit),
            _ => Err(Unfit),
        }
    }

    pub(super) fn kind_beside(&self, role: Role) -> &'static str {
        match self {
            Self::Text(_) | Self::Symbol(_) => "string",
            Self::Whole(value) => match role.whole_numbers() {
                Some(range) if i64::try_from(*value).is_ok_and(|value| range.contains(&value)) => "number",
                Some(_) => "number out of range",
                None => "number",
            },
            Self::Bytes(_) => "bytes",
            Self::Moment(_) => "timestamp",
            Self::Bool(_) | Self::Double(_) | Self::Spelled(_) | Self::Other => "value of another type",
        }
    }

    fn characters(&self) -> Result<&[u8], Unfit> {
        match self {
            Self::Text(text) => Ok(text.as_bytes()),
            Self::Symbol(symbol) => Ok(symbol.as_bytes()),
            _ => Err(Unfit),
        }
    }
}
