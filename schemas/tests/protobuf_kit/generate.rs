//! Schemas and events together.
