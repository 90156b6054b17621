//! Two sets of contracts and conventions that tell themselves apart, and a link that leads to one of them, or to a broken
//! one. In a set of generation N an event of generation N is written and any other one refused by the contract's schema;
//! a convention says the same, and another one names N in a warning. So a set that is half of one and half of the other
//! would refuse by a convention, or warn of another generation than it writes.

use std::path::{Path, PathBuf};

use forebay_tests::catalog::Catalog;
use forebay_tests::process::scratch;

/// The topics that change; all have the same contract.
pub(crate) const TOPICS: [&str; 3] = ["storm.one.v1", "storm.two.v1", "storm.three.v1"];

/// What is broken in a broken set.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Flaw {
    /// An expression that is cut off.
    Convention,
    /// A contract whose schema is not there.
    Contract,
}

/// The folder of which `now` is a link to the set that lies there.
pub(crate) struct Sets {
    folder: PathBuf,
}

impl Sets {
    /// With the set of generation 1.
    pub(crate) fn new() -> Self {
        let sets = Self { folder: scratch("storm") };
        sets.change_to(1);
        sets
    }

    /// Where the set in force is looked for.
    pub(crate) fn now(&self) -> PathBuf {
        self.folder.join("now")
    }

    /// Puts a sound set there in one step, written anew, as an orchestrator does.
    pub(crate) fn change_to(&self, generation: usize) {
        self.show(&sound(generation));
    }

    /// Puts a set there in which one file is broken.
    pub(crate) fn break_one(&self, generation: usize, flaw: Flaw) {
        let catalog = sound(generation);
        let cut_off = "- name: torn\n  applies_to: event\n  when: \"event.generation ==\"\n  action: block";
        self.show(&match flaw {
            Flaw::Convention => catalog.convention("more.yaml", cut_off),
            Flaw::Contract => {
                catalog.contract(TOPICS[2], "value: { format: json-schema, schema: gone.json, framing: none }")
            }
        });
    }

    fn show(&self, catalog: &Catalog) {
        let home = catalog.contracts().parent().map(Path::to_owned).expect("the folder of both");
        let next = self.folder.join("next");
        std::os::unix::fs::symlink(home, &next).expect("a link");
        std::fs::rename(next, self.now()).expect("the link is moved");
    }
}

fn sound(generation: usize) -> Catalog {
    let schema = format!(
        r#"{{ "type": "object", "required": ["id", "generation"], "additionalProperties": false,
             "properties": {{ "id": {{ "type": "string" }}, "generation": {{ "type": "integer", "const": {generation} }} }} }}"#
    );
    let rules = format!(
        "- name: generation\n  applies_to: event\n  require: {{ values: {{ /generation: [\"{generation}\"] }} }}\n  \
         action: block\n\
         - name: generation-{generation}\n  applies_to: event\n  when: has(event.id)\n  action: warn\n"
    );
    let contract = "value: { format: json-schema, schema: event.json, framing: none }\nid: { from: /id }";
    let catalog = Catalog::new().convention("rules.yaml", &rules);
    TOPICS.iter().fold(catalog, |catalog, topic| catalog.contract(topic, contract).file(topic, "event.json", &schema))
}
