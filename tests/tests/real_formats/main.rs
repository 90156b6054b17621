//! Every format through the whole house: schemas of a real registry, the built gateway, a real Kafka, and readers that
//! share nothing with the gateway.

mod shop;
mod house;

mod subjects;
mod keys;
mod bodies;
mod versions;
mod personal;
mod checked;
