//! Fields that a contract binds to whoever calls: what each must be for this caller, and whether it is.

use forebay_schemas::contract::{Bind, Contract};
use forebay_schemas::encoder::Mismatch;
use forebay_schemas::picked::Value;

use crate::event::{Code, Principal, Refusal, Slot};
use crate::glob::fits;

/// What stands for the caller's name in a pattern.
const NAME: &str = "{principal}";

/// What one contract binds, with the caller's name filled in.
pub(super) struct Binds<'a> {
    all: &'a [Bind],
    /// For each bind the literal pieces between its stars.
    pieces: Vec<Vec<String>>,
    who: &'a Principal,
}

impl<'a> Binds<'a> {
    pub(super) fn of(contract: &'a Contract, who: &'a Principal) -> Self {
        // The name is filled in after the pattern is cut: a star in a name is a star, not a pattern.
        let pieces = |bind: &Bind| bind.pattern.split('*').map(|piece| piece.replace(NAME, who.name())).collect();
        Self { all: &contract.bind, pieces: contract.bind.iter().map(pieces).collect(), who }
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Refuses an event in which a bound field is another than it must be. `values` are those of the binds, in order. Whoever
    /// may write everything may speak as anyone.
    pub(super) fn hold(&self, values: &[Value<'_>]) -> Slot<()> {
        if self.who.is_unrestricted() {
            return Ok(());
        }
        let wrong = |(bind, value): (usize, &Value<'_>)| {
            let kept = matches!(value, Value::Text(text) if fits(self.pieces[bind].iter().map(String::as_str), text));
            (!kept).then(|| Mismatch {
                pointer: self.all[bind].pointer.text.clone(),
                expected: self.pieces[bind].join("*"),
                actual: if matches!(value, Value::Text(_)) { "another string" } else { value.kind() },
            })
        };
        let errors: Vec<_> = values.iter().enumerate().filter_map(wrong).collect();
        let Some(first) = errors.first() else { return Ok(()) };
        let detail = format!(
            "You are {}, and the contract binds {} to who sends the event: expected {}, found {}.",
            self.who.name(),
            first.pointer,
            first.expected,
            first.actual
        );
        let mut refusal = Refusal::not_written(Code::Forbidden, detail);
        refusal.errors = errors;
        Err(refusal)
    }
}

#[cfg(test)]
mod tests {
    use forebay_schemas::contract;

    use super::*;

    fn verdict(pattern: &str, who: &str, value: Value<'_>) -> Result<(), String> {
        let text = "topic: t.v1\nowner: o\ndescription: d\nvalue: { format: json }\n";
        let mut contract = contract::read("contract.yaml", text).expect("a contract");
        let pointer = contract::Pointer::parse("/source/service").expect("a pointer");
        contract.bind = vec![Bind { pointer, pattern: pattern.to_owned() }];
        let who = Principal::new(who.into());
        Binds::of(&contract, &who).hold(&[value]).map_err(|refusal| refusal.detail.into_owned())
    }

    #[test]
    fn a_bound_field_is_what_the_caller_is() {
        for (pattern, who, value, kept) in [
            ("{principal}", "svc-a", "svc-a", true),
            ("{principal}", "svc-a", "svc-b", false),
            ("{principal}", "svc-a", "svc-a ", false),
            ("urn:{principal}/*", "svc-a", "urn:svc-a/orders", true),
            ("urn:{principal}/*", "svc-a", "urn:svc-ab/orders", false),
            ("eu-*", "svc-a", "eu-west", true),
            ("eu-*", "svc-a", "us-east", false),
            ("{principal}", "svc-*", "svc-a", false),
            ("{principal}", "svc-*", "svc-*", true),
            ("{principal}-{principal}", "a", "a-a", true),
        ] {
            assert_eq!(verdict(pattern, who, Value::Text(value)).is_ok(), kept, "{pattern} {who} {value}");
        }
    }

    #[test]
    fn who_may_write_everything_may_speak_as_anyone() {
        let text = "topic: t.v1\nowner: o\ndescription: d\nvalue: { format: json }\nbind: { /source: principal }\n";
        let contract = contract::read("contract.yaml", text).expect("a contract");
        let developer = Principal::new("developer".into());
        assert!(Binds::of(&contract, &developer).hold(&[Value::Text("svc-a")]).is_err());
        assert!(Binds::of(&contract, &developer.freed()).hold(&[Value::Text("svc-a")]).is_ok());
    }

    #[test]
    fn what_is_no_text_is_refused_without_its_value() {
        assert_eq!(
            verdict("{principal}", "svc-a", Value::Int(7)),
            Err("You are svc-a, and the contract binds /source/service to who sends the event: expected svc-a, found \
                 whole number."
                .to_owned())
        );
        assert!(verdict("*", "svc-a", Value::Absent).is_err());
    }
}
