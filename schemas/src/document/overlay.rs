//! Laying single values over a document, as environment variables do. Knows neither their names nor where they
//! come from.

use std::sync::Arc;

use super::{Kind, Node, Place, Scalar, child_path, read};
use crate::problem::Problem;

impl Node {
    /// Puts `text` at the member that `path` names below this node, making the sections on the way; `origin` is
    /// where it comes from and stands in problems instead of a file and line.
    ///
    /// A text that opens like a YAML list, mapping or quoted text is read as one. Any other is a plain scalar as
    /// it stands, `#` and `: ` included, so that no part of a value is lost.
    pub fn overlay(&mut self, path: &[&str], text: &str, origin: String) -> Result<(), Vec<Problem>> {
        let origin: Arc<str> = Arc::from(origin);
        let Some((name, rest)) = path.split_first() else {
            *self = value(text, &origin, &self.path)?;
            return Ok(());
        };
        if self.kind == Kind::Null {
            self.kind = Kind::Map(Vec::new());
        }
        let blocked = self.problem(format!("a mapping, since {origin} sets a member of it"), self.describe());
        let Kind::Map(members) = &mut self.kind else {
            return Err(vec![blocked]);
        };
        let member = if let Some(known) = members.iter().position(|(member, _)| member == name) {
            &mut members[known].1
        } else {
            let place = Place { file: Arc::clone(&origin), line: 0 };
            let node = Node { place, path: child_path(&self.path, name), kind: Kind::Null };
            &mut members.push_mut(((*name).to_owned(), node)).1
        };
        member.overlay(rest, text, origin.to_string())
    }

    fn rebase(&mut self, path: String) {
        match &mut self.kind {
            Kind::Null | Kind::Scalar(_) => {}
            Kind::List(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    item.rebase(child_path(&path, &index.to_string()));
                }
            }
            Kind::Map(members) => {
                for (name, member) in members {
                    member.rebase(child_path(&path, name));
                }
            }
        }
        self.path = path;
        self.place.line = 0;
    }
}

/// The text's value. Its problems don't show it: what comes from outside may be a secret.
fn value(text: &str, origin: &Arc<str>, path: &str) -> Result<Node, Vec<Problem>> {
    if text.trim_start().starts_with(['[', '{', '"', '\'']) {
        let mut node = read(origin, text).map_err(|problems| {
            let hide = |problem: Problem| Problem {
                line: 0,
                path: path.to_owned(),
                expected: "YAML, or text that opens with no bracket or quote".to_owned(),
                ..problem
            };
            problems.into_iter().map(hide).collect::<Vec<_>>()
        })?;
        node.rebase(path.to_owned());
        return Ok(node);
    }
    let scalar = Scalar { text: text.to_owned(), plain: true };
    let kind = if scalar.is_null() { Kind::Null } else { Kind::Scalar(scalar) };
    Ok(Node { place: Place { file: Arc::clone(origin), line: 0 }, path: path.to_owned(), kind })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "that is how a test fails")]
mod tests {
    use serde_json::json;

    use super::*;

    fn laid(text: &str, path: &[&str], value: &str) -> Node {
        let mut node = read("f.yaml", text).unwrap();
        node.overlay(path, value, "FOREBAY_X".to_owned()).unwrap();
        node
    }

    #[test]
    fn sections_appear_and_values_give_way() {
        assert_eq!(laid("", &["kafka", "linger"], "1ms").to_json(), json!({"kafka": {"linger": "1ms"}}));
        let node = laid("kafka: {linger: 5ms, producers: 2}", &["kafka", "linger"], "1ms");
        assert_eq!(node.to_json(), json!({"kafka": {"linger": "1ms", "producers": 2}}));
        let linger = node.get("kafka").unwrap().get("linger").unwrap();
        assert_eq!(linger.mismatch("x").to_string(), "FOREBAY_X: /kafka/linger: expected x, found 1ms");
    }

    #[test]
    fn brackets_and_quotes_are_yaml_and_the_rest_is_kept_whole() {
        assert_eq!(laid("", &["a"], "[x, 'y']").to_json(), json!({"a": ["x", "y"]}));
        assert_eq!(laid("", &["a"], "'12'").to_json(), json!({"a": "12"}));
        assert_eq!(laid("", &["a"], "12").to_json(), json!({"a": 12}));
        assert_eq!(laid("", &["a"], "p@ss: word #1 *&!").to_json(), json!({"a": "p@ss: word #1 *&!"}));
        assert_eq!(laid("", &["a"], "").to_json(), json!({"a": null}));
        let nested = laid("", &["a"], "{b: [1]}");
        assert_eq!(nested.get("a").unwrap().get("b").unwrap().path, "/a/b");
    }

    #[test]
    fn what_cannot_be_laid_says_so_without_the_value() {
        let mut node = read("f.yaml", "kafka: 7").unwrap();
        let problems = node.overlay(&["kafka", "linger"], "1ms", "FOREBAY_X".to_owned()).unwrap_err();
        let expected = "f.yaml:1: /kafka: expected a mapping, since FOREBAY_X sets a member of it, found 7";
        assert_eq!(problems[0].to_string(), expected);
        let problems = node.overlay(&["a"], "[hunter2", "FOREBAY_X".to_owned()).unwrap_err();
        assert!(!problems[0].to_string().contains("hunter2"), "{}", problems[0]);
    }
}
