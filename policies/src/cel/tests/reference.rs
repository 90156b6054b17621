//! That the `cel` crate's own interpreter makes the same of an expression.

use cel::{Context, Value as CelValue};
use proptest::prelude::*;

use crate::cel::eval::fold;
use crate::cel::value::V;
use crate::cel::wrong::Wrong;
use crate::cel::{lower, syntax};
use crate::rule::Place;

/// The value of an expression by the `cel` crate's interpreter.
fn theirs(text: &str) -> Option<CelValue> {
    cel::Program::compile(text).ok()?.execute(&Context::default()).ok()
}

/// The same by ours; `None` if it is refused when it is read.
fn ours(text: &str) -> Option<Result<V<'static>, Wrong>> {
    let tree = syntax::parse(text).ok()?;
    let program = lower::lower(text, &tree, Place::Event).ok()?;
    Some(fold(&program.root))
}

fn alike(ours: &V<'_>, theirs: &CelValue) -> bool {
    match (ours, theirs) {
        (V::Null, CelValue::Null) => true,
        (V::Bool(a), CelValue::Bool(b)) => a == b,
        (V::Int(a), CelValue::Int(b)) => a == b,
        (V::Uint(a), CelValue::UInt(b)) => a == b,
        (V::Double(a), CelValue::Float(b)) => a.partial_cmp(b).is_none_or(std::cmp::Ordering::is_eq),
        (V::Text(a), CelValue::String(b)) => a.as_ref() == b.as_str(),
        (V::Time(a), CelValue::Timestamp(b)) => (a.seconds, a.nanos) == (b.timestamp(), b.timestamp_subsec_nanos()),
        (V::Span(a), CelValue::Duration(b)) => b.num_nanoseconds() == Some(*a),
        (V::List(a), CelValue::List(b)) => a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| alike(a, b)),
        _ => false,
    }
}

/// Literals of every kind.
fn literals() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i8>().prop_map(|n| format!("({n})")),
        any::<i64>().prop_map(|n| format!("({n})")),
        any::<u8>().prop_map(|n| format!("{n}u")),
        (-4..4_i8).prop_map(|n| format!("({n}.5)")),
        prop_oneof![Just("true"), Just("false"), Just("null")].prop_map(str::to_owned),
        "[a-c ]{0,3}".prop_map(|text| format!("\"{text}\"")),
        (-100_000..100_000_i64).prop_map(|n| format!("duration(\"{n}s\")")),
        prop_oneof![Just("1h30m"), Just("1.5ms"), Just("250us"), Just("2562047h"), Just("0")]
            .prop_map(|text| format!("duration(\"{text}\")")),
        // Without offsets: the reference takes the parts of a timestamp in its own zone, CEL's specification in UTC.
        prop_oneof![
            Just("0001-01-01T00:00:00Z"),
            Just("2023-11-14T22:13:20.25Z"),
            Just("9999-12-31T23:59:59Z"),
            Just("2024-02-29T00:00:00Z")
        ]
        .prop_map(|text| format!("timestamp(\"{text}\")")),
    ]
}

/// Expressions over literals, with operators and functions between any of them.
fn expressions() -> impl Strategy<Value = String> {
    literals().prop_recursive(4, 24, 3, |inner| {
        let operator = prop_oneof![
            Just("+"),
            Just("-"),
            Just("*"),
            Just("/"),
            Just("%"),
            Just("=="),
            Just("!="),
            Just("<"),
            Just("<="),
            Just(">"),
            Just(">="),
            Just("&&"),
            Just("||"),
            Just("in")
        ];
        let function = prop_oneof![
            Just("size"),
            Just("int"),
            Just("uint"),
            Just("double"),
            Just("string"),
            Just("!"),
            Just("-"),
            Just("timestamp")
        ];
        let method = prop_oneof![
            Just("getFullYear"),
            Just("getMonth"),
            Just("getDate"),
            Just("getDayOfMonth"),
            Just("getDayOfWeek"),
            Just("getDayOfYear"),
            Just("getHours"),
            Just("getMinutes"),
            Just("getSeconds"),
            Just("getMilliseconds")
        ];
        let each = prop_oneof![
            Just("all(i, i == i)"),
            Just("exists(i, i > 1)"),
            Just("exists_one(i, i == 1)"),
            Just("map(i, [i])"),
            Just("filter(i, i != 1)"),
            Just("all(i, i / 0 == 1 || i == 1)")
        ];
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (function, inner.clone()).prop_map(|(name, a)| format!("{name}({a})")),
            (inner.clone(), method).prop_map(|(a, name)| format!("({a}).{name}()")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            prop::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
            (prop::collection::vec(inner.clone(), 0..4), each)
                .prop_map(|(items, each)| format!("[{}].{each}", items.join(", "))),
            (inner.clone(), inner).prop_map(|(a, b)| format!("[{a}][{b}]")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 500, ..ProptestConfig::default() })]

    /// Whatever is read, and has a value by CEL, has the same one here.
    #[test]
    fn the_reference_interpreter_agrees(text in expressions()) {
        if let (Some(theirs), Some(ours)) = (theirs(&text), ours(&text)) {
            let agrees = ours.as_ref().is_ok_and(|ours| alike(ours, &theirs)) || is_ours_alone(&text);
            prop_assert!(agrees, "{}: {:?} and {:?}", text, ours, theirs);
        }
    }
}

/// Nothing is indexed by a number with a fraction here, not even by a whole one.
fn is_ours_alone(text: &str) -> bool {
    text.contains("][") && (text.contains(".5)") || text.contains("double"))
}

#[test]
fn durations_are_read_like_the_reference_does() {
    for text in [
        "1h", "1h30m", "-1.5h", "1.5ms", "100ns", "1s1s", "0", "-0", "1", "h", "1x", "", "-", "1.s", ".5s", "1..5s",
        "1e3s", " 1s",
    ] {
        let expression = format!("duration(\"{text}\")");
        let (ours, theirs) = (ours(&expression), theirs(&expression));
        let same = match (&ours, &theirs) {
            (Some(Ok(ours)), Some(theirs)) => alike(ours, theirs),
            (None, None) => true,
            // The reference takes an exponent; Go's durations, which CEL's are by its specification, have none.
            _ => text.contains('e'),
        };
        assert!(same, "{text}: {ours:?} {theirs:?}");
    }
}
