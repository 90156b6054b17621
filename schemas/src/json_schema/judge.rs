//! The judge: the `jsonschema` crate over a tree of one event. Built from a schema when that is compiled; where the
//! program does its work it is thrown away then, and built again for the first event that needs it.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::OnceLock;

use jsonschema::{PatternOptions, ValidationError, Validator, error::ValidationErrorKind};
use serde_json::Value;

use super::report;
use super::source::{self, Documents};
use super::survey::{Survey, survey};
use crate::fault::Mismatch;
use crate::schema::{Mistake, Schema};

/// Bytes that one pattern may take once it is compiled.
pub(super) const PATTERN_BYTES: usize = 1 << 20;

/// A schema's judge.
pub(super) struct Judge {
    schema: Schema,
    survey: Survey,
    built: OnceLock<Option<Box<Validator>>>,
}

impl fmt::Debug for Judge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Judge").field("schema", &self.schema.name).field("survey", &self.survey).finish_non_exhaustive()
    }
}

// The validator is never changed once it is built, so a panic elsewhere leaves it whole.
impl UnwindSafe for Judge {}
impl RefUnwindSafe for Judge {}

/// What the judge says of one event.
#[derive(Debug)]
pub(super) enum Verdict {
    Accepted,
    Refused(Vec<Mismatch>),
}

impl Judge {
    /// The judge of a schema that is fit to be judged by, with the schema's trees.
    pub(super) fn new(schema: &Schema) -> Result<(Self, Documents), Vec<Mistake>> {
        let documents = source::parse(schema)?;
        // Before the survey: what the meta-schema refuses would be surveyed wrongly.
        let validator = build(&documents).map_err(|error| vec![mistake(&error)])?;
        let survey = survey(&documents)?;
        drop(validator);
        Ok((Self { schema: schema.clone(), survey, built: OnceLock::new() }, documents))
    }

    /// Builds the validator now.
    pub(super) fn warm(&self) {
        self.validator();
    }

    fn validator(&self) -> Option<&Validator> {
        let build = || source::parse(&self.schema).ok().and_then(|documents| build(&documents).ok()).map(Box::new);
        self.built.get_or_init(build).as_deref()
    }

    /// Judges a text that is known to be JSON with one meaning.
    pub(super) fn judge(&self, text: &[u8]) -> Verdict {
        let Ok(event) = serde_json::from_slice::<Value>(text) else {
            return Verdict::Refused(vec![report::out_of_range()]);
        };
        let Some(validator) = self.validator() else { return Verdict::Refused(vec![report::whole(&event)]) };
        if validator.is_valid(&event) {
            return Verdict::Accepted;
        }
        if !self.survey.reportable {
            return Verdict::Refused(vec![report::whole(&event)]);
        }
        Verdict::Refused(report::report(validator, &event))
    }
}

fn build(documents: &Documents) -> Result<Validator, ValidationError<'static>> {
    jsonschema::options()
        .with_draft(documents.draft)
        .with_base_uri(documents.base.as_str())
        .with_retriever(documents.given.clone())
        .with_pattern_options(PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES))
        .should_validate_formats(true)
        .build(&documents.root)
}

/// Why the judge takes no such schema.
fn mistake(error: &ValidationError<'_>) -> Mistake {
    let (schema_path, instance_path) = (error.schema_path().as_str(), error.instance_path().as_str());
    match error.kind() {
        ValidationErrorKind::Format { format } if format == "regex" => {
            let path = if instance_path.is_empty() { schema_path } else { instance_path };
            let expected = format!(
                "a pattern without look-around and back-references, which takes at most {PATTERN_BYTES} bytes once compiled"
            );
            Mistake::new(path, expected, "another")
        }
        ValidationErrorKind::Referencing(error) => {
            let expected = "references to parts of the schema, or to what the contract gives beside it";
            Mistake::new(schema_path, expected, error.to_string())
        }
        kind => {
            let expected = report::demand(kind, "the draft");
            Mistake::new(instance_path, expected, report::kind_of(error.instance()))
        }
    }
}
