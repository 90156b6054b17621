//! The `$ref`s in a JSON Schema that leave it. Knows addresses as texts (RFC 3986, section 5), and only as much of
//! them as files beside a schema need.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Link;
use crate::schema::Reference;

/// What a schema's `$ref`s lead to.
pub(super) fn links<'a>(content: &[u8], among: &'a [Reference]) -> Vec<Link<'a>> {
    let Ok(schema) = serde_json::from_slice::<Value>(content) else { return Vec::new() };
    let mut refs = BTreeSet::new();
    collect(&schema, &mut refs);
    let base = id(&schema).filter(|id| is_absolute(id));
    let (mut links, mut names) = (Vec::new(), BTreeSet::new());
    for reference in among {
        let own = serde_json::from_slice::<Value>(&reference.content).ok();
        let own = own.as_ref().and_then(id);
        for written in &refs {
            let name = base.map_or_else(|| (*written).to_owned(), |base| resolved(base, written));
            let meant = *written == reference.name
                || name.strip_suffix(&reference.name).is_some_and(|rest| rest.ends_with('/'))
                || own == Some(name.as_str());
            if meant && names.insert(name.clone()) {
                links.push(Link { name, reference });
            }
        }
    }
    links
}

/// All `$ref`s, each once, without fragments. Recursion is bounded by `serde_json`, which reads no deeper than 128.
fn collect<'v>(value: &'v Value, refs: &mut BTreeSet<&'v str>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_str() {
                    Some(address) if name == "$ref" => {
                        let address = address.split('#').next().unwrap_or_default();
                        if !address.is_empty() {
                            refs.insert(address);
                        }
                    }
                    _ => collect(value, refs),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, refs)),
        _ => {}
    }
}

fn id(schema: &Value) -> Option<&str> {
    let id = schema.get("$id").or_else(|| schema.get("id"))?.as_str()?;
    Some(id.trim_end_matches('#'))
}

fn is_absolute(address: &str) -> bool {
    address.contains("://") || address.starts_with("urn:")
}

/// An address beside another one; one that goes elsewhere stays as it is written.
fn resolved(base: &str, written: &str) -> String {
    let folder = base.rfind('/').map(|end| &base[..=end]).filter(|_| base.contains("://"));
    let beside = written.strip_prefix("./").unwrap_or(written);
    match folder {
        Some(folder) if !is_absolute(written) && !beside.starts_with(['/', '.']) => format!("{folder}{beside}"),
        _ => written.to_owned(),
    }
}
