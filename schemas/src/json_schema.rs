//! JSON Schema: a schema compiled once, and events judged by it in one pass over their text. Knows drafts 4, 6, 7,
//! 2019-09 and 2020-12. The `jsonschema` crate is the judge; beside it stands a program for the keywords that event
//! schemas mostly use, which never says yes where the judge says no. Knows nothing of topics, keys or requests.

mod source;
mod keywords;
mod survey;
mod judge;
mod report;
mod states;
mod number;
mod string;
mod pattern;
mod allowed;
mod flatten;
mod object;
mod compile;
mod lead;
mod check;
mod run;
#[cfg(test)]
mod tests;

pub(crate) use check::Space;
pub(crate) use object::{Orders, orders};
pub(crate) use run::{Lost, Program, Refused, compile};
