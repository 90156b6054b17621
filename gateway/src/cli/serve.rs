//! `forebay serve`: the gateway itself, from its configuration to its end.

use std::path::Path;
use std::sync::Arc;

use super::{Exit, start};
use crate::config::Config;
use crate::reload;

pub(super) fn run(file: Option<&Path>) -> Exit {
    let prepared = match start::prepare(Config::load(file)) {
        Ok(prepared) => prepared,
        Err(exit) => return exit,
    };
    start::run(async {
        let (app, server, seen) = start::bind(prepared).await?;
        let parts = start::parts(&app, &server);
        tokio::select! {
            () = server.serve(start::signal) => {}
            () = reload::keep(Arc::clone(&app), seen, parts, reload::Log) => {}
            () = start::reload_on_signal(&app) => {}
        }
        app.binder.save().await;
        Ok(())
    })
}
