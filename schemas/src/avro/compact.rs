//! What copying left behind: nodes that no value is read by any more.

use super::program::{Node, NodeId, Program};

impl Program {
    /// Drops nodes that the root doesn't lead to. Indexes that were handed out before mean nothing afterwards.
    pub(crate) fn compact(&mut self) {
        let mut reached = vec![false; self.nodes.len()];
        let mut open = vec![self.root];
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut reached[id], true) {
                visit(&mut self.nodes[id], |child| open.push(*child));
            }
        }
        let mut places = Vec::with_capacity(reached.len());
        let mut count = 0;
        for reached in &reached {
            places.push(count);
            count += usize::from(*reached);
        }
        let mut each = reached.iter();
        self.nodes.retain(|_| each.next().copied().unwrap_or(false));
        for node in &mut self.nodes {
            visit(node, |child| *child = places[*child]);
        }
        self.root = places[self.root];
        self.nodes.shrink_to_fit();
    }
}

fn visit(node: &mut Node, mut child: impl FnMut(&mut NodeId)) {
    match node {
        Node::Array { items, picked } => {
            child(items);
            for (_, node) in picked {
                child(node);
            }
        }
        Node::Map { values, picked } => {
            child(values);
            for (_, node) in picked {
                child(node);
            }
        }
        Node::Record(record) => record.fields.iter_mut().for_each(|field| child(&mut field.node)),
        Node::Union(union) => union.branches.iter_mut().for_each(|branch| child(&mut branch.node)),
        Node::Tap { node, .. } | Node::Omit { node, .. } => child(node),
        Node::Treat(treated) => child(&mut treated.node),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::avro::compile;
    use crate::avro::program::Rule;
    use crate::contract::{BytesText, Unions};
    use crate::pii::Treatment;
    use crate::schema::Schema;

    #[test]
    fn a_program_does_not_grow_with_its_contracts_pointers() {
        let fields: Vec<String> =
            (0..500).map(|field| format!(r#"{{"name":"f{field}","type":["null","string"]}}"#)).collect();
        let content = format!(r#"{{"type":"record","name":"R","fields":[{}]}}"#, fields.join(",")).into_bytes();
        let rule =
            Rule { unions: Unions::Either, bytes: BytesText::Base64, numeric_strings: false, drop_unknown: false };
        let mut program = compile(&Schema { content, ..Schema::default() }, rule).expect("a schema");
        let before = program.nodes.len();
        for field in 0..500 {
            program.treat(&[format!("f{field}")], &Treatment::Mask).expect("a string");
            program.compact();
        }
        // One node a treatment.
        assert_eq!(program.nodes.len(), before + 500);
    }
}
