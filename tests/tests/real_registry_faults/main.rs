//! A schema registry that is absent, killed, frozen or lying, and clients that name what it has not: what is known goes
//! on working, what is not is refused honestly, and nothing else is touched. Every answer is held against Kafka.

mod house;

mod away;
mod lies;
mod flood;
mod closed;
