//! Rows of a table from an event's text to the value that apache-avro reads back, and the contracts they are tried
//! under.

use apache_avro::types::Value;
use forebay_schemas::contract::{BytesText, Contract, Unions};
use forebay_schemas::encoder::Fault;

use super::{avro, through};

pub(crate) fn accepts(schema: &str, rows: &[(&str, Value)]) {
    accepts_under(&avro(), schema, rows);
}

pub(crate) fn accepts_under(contract: &Contract, schema: &str, rows: &[(&str, Value)]) {
    for (text, value) in rows {
        assert_eq!(through(contract, schema, text).as_ref(), Ok(value), "{text} as {schema}");
    }
}

pub(crate) fn refuses(schema: &str, texts: &[&str]) {
    refuses_under(&avro(), schema, texts);
}

pub(crate) fn refuses_under(contract: &Contract, schema: &str, texts: &[&str]) {
    for text in texts {
        let outcome = through(contract, schema, text);
        assert!(matches!(outcome, Err(Fault::Violation(_))), "{text} as {schema}: {outcome:?}");
    }
}

pub(crate) fn code_points() -> Contract {
    let mut contract = avro();
    contract.value.bytes = BytesText::CodePoints;
    contract
}

pub(crate) fn with_unions(unions: Unions) -> Contract {
    let mut contract = avro();
    contract.value.unions = unions;
    contract
}

pub(crate) fn branch(index: u32, value: Value) -> Value {
    Value::Union(index, Box::new(value))
}

pub(crate) fn string(text: &str) -> Value {
    Value::String(text.to_owned())
}
