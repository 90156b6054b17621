//! Avro payloads: apache-avro reads the bytes by the schema's plain types, the contract's program says what they
//! mean. Two readers of one schema, so that a mistake in either shows as an error instead of as another value.

use apache_avro::Schema as Parsed;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::types::Value as Stored;
use serde_json::Value;

use super::render::Tapped;
use super::{Undecodable, bounds, render};
use crate::avro;
use crate::avro::program::{Program, Rule};
use crate::contract::ValueRule;
use crate::schema::Schema;

/// One schema's way back.
#[derive(Debug)]
pub(super) struct Avro {
    program: Program,
    /// The schema behind those that it refers to.
    plain: Parsed,
}

impl Avro {
    /// None if it is no schema that the encoder takes.
    pub(super) fn new(schema: &Schema, rule: &ValueRule) -> Option<Self> {
        let program = avro::compile(schema, Rule::of(rule)).ok()?;
        let plain = avro::gather(schema).ok()?.into_iter().map(|mut document| {
            strip(&mut document.value);
            document.value
        });
        Some(Self { program, plain: Parsed::parse(&avro::wrapped(plain)).ok()? })
    }

    pub(super) fn decode(&self, payload: &[u8]) -> Result<Value, Undecodable> {
        render::value(&self.program, self.program.root, self.stored(payload)?)
    }

    /// What a program of the same schema has noted.
    pub(super) fn tapped(&self, tapped: &Program, payload: &[u8]) -> Result<Vec<Tapped>, Undecodable> {
        let mut found = Vec::new();
        render::tapped(tapped, tapped.root, &self.stored(payload)?, &mut found)?;
        Ok(found)
    }

    fn stored(&self, payload: &[u8]) -> Result<Stored, Undecodable> {
        bounds::check(&self.program, payload)?;
        let unlike = |error: apache_avro::Error| Undecodable::Unlike(error.to_string());
        let names = ResolvedSchema::try_from(&self.plain).map_err(unlike)?;
        let plain = avro::fields_of(&self.plain).last().ok_or(Undecodable::NoSchema)?;
        let reader = GenericDatumReader::builder(plain).resolved_writer_schemata(names).build().map_err(unlike)?;
        let mut rest = payload;
        let value = reader.read_value(&mut rest).map_err(unlike)?;
        if !rest.is_empty() {
            return Err(Undecodable::Unlike(format!("{} bytes are left over", rest.len())));
        }
        Ok(value)
    }
}

/// Takes away what does not change how bytes are laid out: apache-avro 0.22 refuses good defaults, resolves names by
/// aliases, fails on logical types that it should ignore, and does not keep how a UUID was spelt.
fn strip(schema: &mut Value) {
    match schema {
        Value::Array(parts) => parts.iter_mut().for_each(strip),
        Value::Object(members) => {
            members.retain(|name, _| !matches!(name.as_str(), "default" | "aliases" | "logicalType"));
            members.values_mut().for_each(strip);
        }
        _ => {}
    }
}
