//! The organisation's conventions: facts in, decision out. Pure: no files, clocks or environment; the day's
//! date is handed in.
//!
//! ```
//! use forebay_policies::{Conventions, Date, Facts};
//!
//! let text = "
//! - name: topic-naming
//!   applies_to: topic
//!   pattern: '{domain}.{event}.v{version}'
//!   where: { domain: [billing, search], version: '[1-9][0-9]*' }
//!   action: block
//! ";
//! let conventions = Conventions::load(&[("naming.yaml".to_owned(), text.to_owned())]).expect("they are well formed");
//! let today = Date::new(2026, 11, 21).expect("a day of the calendar");
//! let decision = conventions.decide(&Facts { topic: "biling.issued.v1", ..Facts::default() }, today);
//! assert!(decision.blocks());
//! assert_eq!(
//!     decision.findings[0].to_string(),
//!     "topic-naming (naming.yaml:2) blocks: /topic: expected domain to be one of billing, search \
//!      (did you mean billing?), found biling"
//! );
//! ```

#![cfg_attr(test, expect(clippy::unwrap_used, reason = "that is how a test fails"))]

mod date;
mod facts;
mod decision;
mod words;
mod cel;
mod fields;
mod scope;
mod bind;
mod topics;
mod pattern;
mod requirement;
mod rule;
mod read;
mod event;
mod conventions;
mod case;

pub use case::Case;
pub use conventions::Conventions;
pub use date::Date;
pub use decision::{Action, Decision, Finding, Rollout, Severity};
pub use event::{Account, EventFacts, EventRules, Held, Hit};
pub use facts::{Facts, Member};
pub use rule::{Exception, Place, RuleInfo};
pub use topics::Topics;
