//! `forebay serve`: the gateway itself, from its configuration to its end.

use std::path::Path;

use super::{Exit, start};
use crate::config::Config;

pub(super) fn run(file: Option<&Path>) -> Exit {
    let prepared = match start::prepare(Config::load(file)) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    start::run(async {
        let (app, server) = start::bind(prepared).await?;
        server.serve(start::signal).await;
        app.binder.save().await;
        Ok(())
    })
}
