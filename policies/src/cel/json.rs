//! An array's or an object's JSON text as a value, for expressions that look inside one. Knows bounds on how much of it is
//! read.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::value::V;
use super::wrong::Wrong;

/// The longest text, in bytes, that an expression looks at or makes.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// Reads a text; each value in it, and each 16 bytes, take a step from `fuel`.
pub(crate) fn read<'a>(text: &'a str, fuel: &mut usize) -> Result<V<'a>, Wrong> {
    if text.len() > MAX_BYTES {
        return Err(Wrong::Long);
    }
    *fuel = fuel.checked_sub(text.len() / 16).ok_or(Wrong::Work)?;
    let left = Cell::new(*fuel);
    let mut json = serde_json::Deserializer::from_str(text);
    let read = Seed { fuel: &left }.deserialize(&mut json);
    *fuel = left.get();
    match read {
        Ok(value) if json.end().is_ok() => Ok(value),
        Err(_) if left.get() == 0 => Err(Wrong::Work),
        Err(error) if is_extreme(&error) => Err(Wrong::Extreme),
        _ => Err(Wrong::Json),
    }
}

/// Whether the text is JSON, and only beyond what is read. The library tells it by its words alone.
fn is_extreme(error: &serde_json::Error) -> bool {
    let said = error.to_string();
    ["number out of range", "recursion limit exceeded"].iter().any(|beyond| said.starts_with(beyond))
}

#[derive(Clone, Copy)]
struct Seed<'f> {
    fuel: &'f Cell<usize>,
}

impl Seed<'_> {
    fn step<E: de::Error>(self) -> Result<(), E> {
        let left = self.fuel.get().saturating_sub(1);
        self.fuel.set(left);
        if left == 0 { Err(E::custom("too much of it")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = V<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<V<'de>, D::Error> {
        self.step()?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = V<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<V<'de>, E> {
        Ok(V::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<V<'de>, E> {
        Ok(V::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<V<'de>, E> {
        Ok(V::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<V<'de>, E> {
        Ok(i64::try_from(value).map_or(V::Uint(value), V::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<V<'de>, E> {
        Ok(V::Double(value))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<V<'de>, E> {
        Ok(V::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<V<'de>, E> {
        Ok(V::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<V<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(V::List(Arc::new(list)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<V<'de>, A::Error> {
        let mut map: Vec<(Cow<'de, str>, V<'de>)> = Vec::new();
        while let Some(name) = members.next_key_seed(self)? {
            let value = members.next_value_seed(self)?;
            if let V::Text(name) = name {
                map.push((name, value));
            }
        }
        Ok(V::Map(Arc::new(map)))
    }
}
