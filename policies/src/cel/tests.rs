//! What expressions come to, what is wrong with others, and what they may cost.

mod reference;

use std::sync::Arc;

use forebay_schemas::picked::{Moment, Value};

use super::Program;
use super::eval::{FUEL, Scope, holds};
use super::infer::{Type, Types};
use super::node::{Node, Var};
use super::value::V;
use super::wrong::Wrong;
use crate::rule::Place;

/// An event of a few fields.
struct Event<'p>(&'p Program);

impl<'a> Scope<'a> for Event<'a> {
    fn field(&self, index: usize) -> Value<'a> {
        match self.0.named[index].text.as_str() {
            "" => Value::Json(r#"{"n":3,"deep":{"er":[1,2.5,{"x":"y"}]},"null":null}"#),
            "/n" => Value::Int(3),
            "/big" => Value::Uint(u64::MAX),
            "/half" => Value::Double(0.5),
            "/s" => Value::Text("abc"),
            "/t" => Value::Bool(true),
            "/at" => Value::Time(Moment { seconds: 1_700_000_000, nanos: 500_000_000 }),
            "/last" => Value::Time(Moment { seconds: 253_402_300_799, nanos: 999_999_999 }),
            "/list" => Value::Json("[1, 2, 3]"),
            "/items" => Value::Json(r#"[{"q":1,"s":"a\"b"},{"q":7}]"#),
            "/torn" => Value::Json("[1, 2"),
            "/vast" => Value::Json("[1e400]"),
            "/raw" => Value::Bytes(b"\x00\xff"),
            _ => Value::Absent,
        }
    }

    fn header(&self, index: usize) -> Option<&'a str> {
        (self.0.headers[index] == "traceparent").then_some("00-1")
    }

    fn var(&self, var: Var) -> V<'a> {
        match var {
            Var::Topic => V::Text("a.b.v1".into()),
            Var::Principal => V::Text("svc-a".into()),
            Var::Now => V::Time(Moment { seconds: 1_700_000_000, nanos: 0 }),
            Var::Size => V::Int(100),
            Var::Contract => V::Map(Arc::new(vec![("owner".into(), V::Text("team-a".into()))])),
            _ => V::Null,
        }
    }
}

fn compiled(text: &str) -> Program {
    Program::compile(text, Place::Event).unwrap_or_else(|flaw| panic!("{text}: {flaw:?}"))
}

fn judged(text: &str) -> Result<bool, Wrong> {
    let program = compiled(text);
    holds(&program.root, &Event(&program), &mut 0)
}

fn flaw(text: &str) -> String {
    match Program::compile(text, Place::Event) {
        Ok(_) => "nothing is wrong".to_owned(),
        Err((expected, found)) => format!("expected {expected}, found {found}"),
    }
}

#[test]
fn what_is_true() {
    for text in [
        "event.n == 3 && event.n > 2.5 && 3u == event.n",
        "event.n * 2 == 6 && event.n * 0.5 == 1.5 && event.n % 2 == 1 && -event.n < 0",
        "event.big > 9223372036854775807u && event.big != event.n",
        r#"event["s"] == "abc" && event.s.startsWith("ab") && event.s.endsWith("c") && event.s.contains("b")"#,
        r#"event.s.matches("^[a-c]+$") && matches(event.s, "b") && !event.s.matches("^b")"#,
        "event.s.size() == 3 && size(event.list) == 3 && size(event.raw) == 2",
        "!has(event.gone) && has(event.n) && event.gone == null && event.gone.deeper == null",
        "event.at > now && event.at < now + duration(\"1s\") && event.at - now == duration(\"500ms\")",
        r#"timestamp("2023-11-14T22:13:20Z") == now && timestamp(1700000000) == now && int(now) == 1700000000"#,
        "now.getFullYear() == 2023 && now.getMonth() == 10 && now.getDate() == 14 && now.getDayOfMonth() == 13",
        "now.getHours() == 22 && now.getMinutes() == 13 && now.getSeconds() == 20 && event.at.getMilliseconds() == 500",
        "now.getDayOfWeek() == 2 && now.getDayOfYear() == 317",
        r#"duration("1h30m").getMinutes() == 90 && duration("-1.5s") == duration("-1500ms") && duration("0") < duration("1ns")"#,
        r#"event.s in ["abc", "d"] && !(event.n in [1, 2]) && "n" in event && 3 in event.list"#,
        "event.list.all(i, i > 0) && event.list.exists(i, i == 2) && event.list.exists_one(i, i > 2)",
        "event.list.map(i, i * 2) == [2, 4, 6] && event.list.filter(i, i != 2) == [1, 3]",
        r#"event.items.exists(i, i.q > 5 && !has(i.s)) && event.items[0].s == "a\"b" && event.items[0]["q"] == 1"#,
        "event.list.all(i, event.list.exists(j, j == i))",
        "event.deep.er == null && event == event && event.size() == 3",
        r#"headers.traceparent == "00-1" && headers["Traceparent"] == "00-1" && !has(headers.gone)"#,
        r#"topic == "a.b.v1" && principal == "svc-a" && contract.owner == "team-a" && size < 101"#,
        r#"string(event.n) + string(true) == "3true" && int("7") == 7 && double("0.5") == 0.5 && uint(3) == 3u"#,
        r#"string(now) == "2023-11-14T22:13:20Z" && string(duration("90s")) == "90s" && string(0.5) == "0.5""#,
        "event.t ? event.n == 3 : event.n == 4",
        "event.n / 2 == 1 && [1] + [2] == [1, 2] && {\"a\": 1}.a == 1 && {\"a\": 1} == {\"a\": 1.0}",
        "event.gone > 1 || true",
        "!(event.gone > 1 && false)",
        "event.list.exists(i, i / 0 > 1 || i == 3)",
    ] {
        assert_eq!(judged(text), Ok(true), "{text}");
    }
}

#[test]
fn what_can_not_be_judged_says_why() {
    for (text, expected) in [
        ("event.gone > 1", "> between nothing and a whole number"),
        ("event.n / (event.n - 3) == 1", "a division by zero"),
        ("event.n % (event.n - 3) == 1", "a division by zero"),
        ("event.n + 9223372036854775807 > 1", "a result of + that is too large"),
        ("event.n * 9223372036854775807 > 1", "a result of * that is too large"),
        ("0 - event.n - 9223372036854775807 > 1", "a result of - that is too large"),
        ("event.big + event.big > 1u", "a result of + that is too large"),
        ("-(event.n - 3 - 9223372036854775807 - 1) > 0", "a result of - that is too large"),
        ("event.last + duration(\"1ns\") > now", "a result of + that is too large"),
        ("event.at - duration(\"2562047h\") * 1 > now", ""),
        ("event.at - timestamp(\"0001-01-01T00:00:00Z\") > duration(\"1s\")", "a result of - that is too large"),
        ("event.list[3] == 1", "an index that no element has"),
        ("event.list[-1] == 1", "an index that no element has"),
        ("event.torn[0] == 1", "an event that is no JSON"),
        ("event.vast[0] > 1", "a number over 1.8e308, or values more than 127 deep"),
        ("int(event.s) == 1", "a text that int can't read"),
        ("timestamp(event.s) == now", "a text that timestamp can't read"),
        ("event.list.all(i, event.list.all(j, i / (j - j) == 1))", "a division by zero"),
        ("event.s.size() > 1 && event.s", "&& of a string"),
        ("uint(-event.n) == 1u", "a result of uint that is too large"),
        ("int(event.half * 1e300) == 1", "a result of int that is too large"),
    ] {
        match Program::compile(text, Place::Event) {
            Err(_) => assert_eq!(expected, "", "{text}"),
            Ok(program) => {
                let wrong = holds(&program.root, &Event(&program), &mut 0).expect_err(text);
                assert_eq!(wrong.to_string(), expected, "{text}");
            }
        }
    }
}

/// An event whose every field is this JSON text.
struct Long<'a>(&'a str);

impl<'a> Scope<'a> for Long<'a> {
    fn field(&self, _: usize) -> Value<'a> {
        Value::Json(self.0)
    }
    fn header(&self, _: usize) -> Option<&'a str> {
        None
    }
    fn var(&self, _: Var) -> V<'a> {
        V::Null
    }
}

#[test]
fn work_is_bounded() {
    let long = format!("[{}]", "1,".repeat(20_000).trim_end_matches(','));
    for text in ["event.l.all(i, event.l.all(j, i == j))", "event.l.map(i, event.l).size() == 0"] {
        let program = compiled(text);
        let mut steps = 0;
        assert_eq!(holds(&program.root, &Long(&long), &mut steps), Err(Wrong::Work), "{text}");
        assert!((FUEL / 2..=FUEL).contains(&steps), "{steps} steps: {text}");
    }
    // A list that holds one list many times over has more elements than could be looked at in a lifetime.
    let shared = format!("[1]{} == [2]", ".map(i, [i,i,i,i])".repeat(11));
    assert_eq!(judged(&shared), Err(Wrong::Work));
    let shared = format!("[1]{}.size() + [1]{}.size() == 5", ".map(i, [i, i])".repeat(9), ".map(i, [i, i])".repeat(9));
    assert_eq!(judged(&shared), Ok(false));
    let longer = format!("\"{}\"", "x".repeat(300_000));
    let program = compiled("event.l == \"\"");
    assert_eq!(holds(&program.root, &Long(&longer), &mut 0), Err(Wrong::Long));
}

/// Whatever is copied or looked at is paid for: steps stand for time.
#[test]
fn steps_grow_with_what_is_looked_at() {
    let steps = |text: &str, json: &str| {
        let mut steps = 0;
        let _ = holds(&compiled(text).root, &Long(json), &mut steps);
        steps
    };
    let escaped = format!("\"\\n{}\"", "x".repeat(6_400));
    let list = format!("[{escaped},{escaped},{escaped},{escaped}]");
    assert!(steps("event.l.all(i, true)", &list) > steps("size(event.l) > 0", &list) + 400);
    assert!(steps("event.l.filter(i, true).size() > 0", &list) > steps("event.l.all(i, true)", &list) + 400);
    assert!(steps("has(event.l[0])", &list) > steps("event.l == 1", "1") + 100);
    assert!(steps("event.l.matches(\"[01]*1[01]{90}x\")", &escaped) > 6_400 * 2);
    assert!(steps("event.l.matches(\"^x\")", &escaped) < 2_000);
}

/// Objects of many members are compared name by name, not each name with all others.
#[test]
fn objects_are_the_same_in_any_order() {
    let text = "{\"a\": 1, \"b\": [2], \"c\": null} == {\"c\": null, \"b\": [2], \"a\": 1}";
    assert_eq!(judged(text), Ok(true));
    assert_eq!(judged(&text.replace("null}", "3}")), Ok(false));
    assert_eq!(judged(&text.replace("\"c\": null}", "\"d\": null}")), Ok(false));
}

#[test]
fn wrong_expressions_say_what_would_be_right() {
    let cases = [
        "event.total >",
        "event.total > > 1",
        "",
        "evnt.total > 1",
        "total",
        "event.total.startWith(\"a\")",
        "startsWith(event.a, \"b\")",
        "event.a.int() == 1",
        "event.a.startsWith() == true",
        "now.getHours(\"Europe/Berlin\") > 1",
        "duration(\"five minutes\") > duration(\"1s\")",
        "timestamp(\"yesterday\") > now",
        "event.a.matches(event.b)",
        "event.a.matches(\"(\")",
        "event.a.matches(\"(\\\\w{99}){99}\")",
        "event.a.matches(\"[01]*1[01]{3000}x\")",
        "\"a\" > 1",
        "\"a\" == 1",
        "now == \"2026-11-21\"",
        "now + 5 > now",
        "size + \"a\" == \"b\"",
        "event.a && 1",
        "!principal",
        "principal ? true : false",
        "\"a\" in [1, 2]",
        "1 in \"abc\"",
        "size.all(i, true)",
        "event.a.all(i)",
        "event.a.all(1, true)",
        "event.a.all(i, i.all(j, j.all(k, true)))",
        "has(1)",
        "has(principal)",
        "headers.size() > 0",
        "headers[\"a b\"] == \"\"",
        "headers.authorization.startsWith(\"Bearer \")",
        "has(headers[\"Cookie\"])",
        "contract.ownr == \"a\"",
        "topic.name == \"a\"",
        "schema.open",
        "b\"abc\" == event.a",
        "Point{x: 1} == event.a",
        "1 / 0 == \"a\"",
        "9223372036854775808 == 1",
        "event.?a == 1",
        "5.5 % 2 == 1",
        "event.x = 5",
        "event.x == 1 & event.y == 2",
        "event.x == 1 | event.y == 2",
        r#"event.s.matches("\d+")"#,
        "lower(event.s) == \"x\"",
        r#"event.a == r"\" || event.a == "x""#,
        "event.a == \"\"\"x\"\"\"",
        "event.a == \"x",
        "event.a == \"x\ny\"",
        "event.a == 1 // a remark",
    ];
    let rows: Vec<_> = cases.iter().map(|text| format!("{text}\n    {}", flaw(text))).collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn what_costs_too_much_is_not_read() {
    let deep = format!("{}1{} == 1", "(".repeat(100_000), ")".repeat(100_000));
    let cases = [
        ("brackets", deep.clone()),
        ("few brackets", deep[99_985..].to_owned()),
        ("brackets", format!("{}1{} == 1", "(".repeat(13), ")".repeat(13))),
        ("hidden in a raw string", format!("event.a == r\"\\\" || {deep} || event.a == \"x\"")),
        (
            "hidden behind three quotes",
            format!("event.a == \"\"\" \" \"\"\" || {} || event.a == \"x\"", &deep[99_800..]),
        ),
        ("hidden behind a line's end", format!("event.a == \"\n {}", &deep[99_800..100_001])),
        ("hidden by a remark", format!("event.a == 1 // \"\n || {}", &deep[99_800..])),
        ("operators", format!("{}1 == 1", "1 + ".repeat(63))),
        ("signs", format!("{}event.a", "!".repeat(257))),
        ("bytes", format!("event.a == \"{}\"", "x".repeat(2_048))),
        ("elements", format!("event.a in [{}]", "1,".repeat(120))),
    ];
    for (name, text) in cases {
        assert!(Program::compile(&text, Place::Event).is_err(), "{name}");
    }
}

/// The longest expressions that are read, of every shape, on a quarter of the stack that a thread has.
#[test]
fn what_is_read_is_read_without_recursing_deep() {
    let texts = [
        format!("{}1 == 1", "1 + ".repeat(60)),
        format!("{}event.a", "!".repeat(250)),
        format!("{}1 == 1", "- ".repeat(60)),
        format!("event{} == 1", ".a".repeat(240)),
        format!("{}true", "true && ".repeat(120)),
        format!("{}true", "false ? true : ".repeat(12)),
        format!("{}true", "false ? true : ".repeat(150)),
        format!("{}1{} == 1", "(".repeat(12), ")".repeat(12)),
        format!("[{}1{}] == 1", "[".repeat(11), "]".repeat(11)),
        format!("{}1{} == 1", "dyn(".repeat(12), ")".repeat(12)),
        format!("event{} == 1", "[0]".repeat(60)),
        format!("{}{}{} == 1", "(".repeat(12), "1+".repeat(48) + "1", ")".repeat(12)),
    ];
    let read = move || {
        let programs = texts.iter().filter_map(|text| Program::compile(text, Place::Event).ok());
        programs.filter(|program| holds(&program.root, &Event(program), &mut 0) != Err(Wrong::Work)).count()
    };
    let thread = std::thread::Builder::new().stack_size(1 << 19).spawn(read).unwrap();
    assert!(thread.join().unwrap() >= 8);
}

#[test]
fn types_of_fields_are_held_against_operators() {
    let check = |text: &str, fields: &[Type]| {
        let program = compiled(text);
        let types = Types { fields: fields.to_vec(), id: Type::Text };
        program.check(&types).map_err(|(expected, found)| format!("expected {expected}, found {found}"))
    };
    let cases: [(&str, &[Type], Option<&str>); 10] = [
        ("event.a > 1", &[Type::Int], None),
        ("event.a > 1", &[Type::Double], None),
        (
            "event.a > 1",
            &[Type::Text],
            Some("two numbers, strings, timestamps or durations around >, found a string (/a) and a whole number"),
        ),
        ("event.a == \"x\"", &[Type::Int], Some("two of one kind around ==, found a whole number (/a) and a string")),
        ("event.a == null", &[Type::Int], None),
        ("event.a > now", &[Type::Text], Some("found a string (/a) and a timestamp")),
        ("event.a.startsWith(\"x\")", &[Type::Time], Some("a string for startsWith, found a timestamp (/a)")),
        ("event.a", &[Type::Text], Some("an expression that is true or false, found one whose result is a string")),
        ("event.a in [\"x\"]", &[Type::Int], Some("a whole number in an array of them, found an array of strings")),
        ("event.a.b > 1 && event.a.all(i, i > 1)", &[Type::Any, Type::Text], Some("an array before a macro")),
    ];
    for (text, fields, expected) in cases {
        let said = check(text, fields);
        match expected {
            None => assert_eq!(said, Ok(()), "{text}"),
            Some(part) => assert!(said.as_ref().is_err_and(|said| said.contains(part)), "{text}: {said:?}"),
        }
    }
}

#[test]
fn literals_are_worked_out_when_they_are_read() {
    let program = compiled("now > timestamp(\"2026-11-21T00:00:00Z\") + duration(\"5m\")");
    let Node::Binary(_, both) = &program.root else { panic!("{:?}", program.root) };
    let Node::Binary(_, both) = &both[1] else { panic!("{both:?}") };
    assert!(matches!(**both, [Node::Const(V::Time(_)), Node::Const(V::Span(300_000_000_000))]), "{both:?}");
    let program = compiled("event.a in [\"x\", \"y\"]");
    let Node::Binary(_, both) = &program.root else { panic!("{:?}", program.root) };
    assert!(matches!(both[1], Node::Const(V::List(_))), "{both:?}");
}

#[test]
fn only_what_is_named_is_wanted() {
    let program = compiled(
        "event.a.b > 1 && event[\"a\"].b < 3 && event.c[0].d == 1 && has(event[\"x/y\"]) && headers.A == \"\"",
    );
    assert_eq!(program.named.iter().map(|pointer| pointer.text.as_str()).collect::<Vec<_>>(), ["/a/b", "/c", "/x~1y"]);
    assert_eq!(program.headers, ["a"]);
    assert!(!program.needs_whole_event());
    for text in ["size(event) > 3", "event[topic] == 1", "event[\"*\"] == 1", "event.all(name, name != \"x\")"] {
        assert!(compiled(text).needs_whole_event(), "{text}");
    }
    let shadowed = compiled("[1].all(event, event > 0)");
    assert!(shadowed.named.is_empty());
}
