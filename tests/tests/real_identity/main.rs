//! Who may send what, before a real cluster: two tenants who can't write for each other, fields that are bound to their
//! sender, keys that change under load, and tokens whose issuer goes away.

mod house;

mod tenants;
mod attempts;
mod binds;
mod rotation;
mod tokens;
