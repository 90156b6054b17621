//! `forebay key new`: makes an API key. Prints it once, with the line that goes into the key file instead of it; keeps
//! and logs nothing.

use std::fmt::Display;

use clap::{Args, Subcommand};
use forebay_policies::Date;
use ring::rand::SystemRandom;

use super::{Exit, terminal};
use crate::clock;
use crate::ingest::authn::key_file::{self, Owner};
use crate::ingest::authn::token::Token;

/// Days for which a key is good if nothing else is said.
const DAYS: u32 = 365;
/// The most days for which a key is good.
const MOST_DAYS: i64 = 3_650;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Makes a key, and prints it once with the line for the key file.
    New(Arguments),
}

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Whose key it is: the name that contracts know.
    #[arg(long)]
    principal: String,
    /// The last day on which it is good, such as 2027-11-28.
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    expires: Option<Date>,
    /// For how many days it is good; 365 if nothing is said.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MOST_DAYS))]
    days: Option<u32>,
    /// A group that its owner is in; may be repeated.
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// A pattern of topics that it is good for, in which * stands for any run of characters; may be repeated. All
    /// topics without it.
    #[arg(long = "scope", value_name = "PATTERN")]
    scopes: Vec<String>,
}

pub(super) fn run(command: &Command) -> Exit {
    let Command::New(arguments) = command;
    let today = clock::today();
    let Some(owner) = owner(arguments, today) else { return Exit::Usage };
    let Ok(token) = Token::generate(&SystemRandom::new()) else {
        return wrong("the system gives no random numbers; try again");
    };
    let line = key_file::line(&token, &owner, today);
    // What is printed must be what the gateway reads.
    if let Err(problems) = key_file::check(&line) {
        terminal::problems(&problems);
        return Exit::Usage;
    }
    terminal::note("The key, shown this once. Hand it to its owner by a way that keeps secrets:\n");
    terminal::say(token.text());
    terminal::note(
        "\nThe line for the key file (authn.api_keys) of every gateway. It holds a hash, so it is no secret:\n",
    );
    terminal::say(line);
    let principal = &owner.principal;
    terminal::note(format_args!("\nThe gateway then takes it as {principal}:  Authorization: Bearer fb_…"));
    terminal::note(format_args!("It ends after {}. Another key beside it replaces it without a gap.", owner.expires));
    Exit::Fine
}

fn owner(arguments: &Arguments, today: Date) -> Option<Owner> {
    let expires = arguments.expires.or_else(|| clock::days_from_now(arguments.days.unwrap_or(DAYS)));
    let Some(expires) = expires.filter(|day| *day >= today) else {
        wrong(format_args!("--expires must be a day that is not over; today is {today}"));
        return None;
    };
    let Arguments { principal, groups, scopes, .. } = arguments;
    Some(Owner { principal: principal.clone(), groups: groups.clone(), scopes: scopes.clone(), expires })
}

fn wrong(what: impl Display) -> Exit {
    terminal::note(format_args!("error: {what}"));
    Exit::Usage
}
