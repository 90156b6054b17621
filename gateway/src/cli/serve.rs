//! `forebay serve`: the gateway itself, from its configuration to its end.

use std::path::Path;
use std::sync::Arc;

use super::{Exit, terminal};
use crate::app::App;
use crate::catalog::{self, Catalog};
use crate::clock;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::server::Server;
use crate::telemetry;

pub(super) fn run(file: Option<&Path>) -> Exit {
    let config = match Config::load(file) {
        Ok(config) => config,
        Err(problems) => {
            terminal::problems(&problems);
            return Exit::Usage;
        }
    };
    telemetry::start_logging(&config.telemetry);
    let metrics = Arc::new(Metrics::new());
    let load = catalog::load(&config.catalog.dir, &config.conventions.dir, clock::today(), &metrics);
    terminal::load(&load);
    let Some(set) = load.set else { return Exit::Usage };
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            terminal::note(format_args!("error: no threads to run on: {error}"));
            return Exit::Unreachable;
        }
    };
    runtime.block_on(serve(config, Catalog::new(set), metrics))
}

async fn serve(config: Config, catalog: Catalog, metrics: Arc<Metrics>) -> Exit {
    let app = match App::build(config, Arc::new(catalog), metrics) {
        Ok(app) => Arc::new(app),
        Err(error) => {
            terminal::note(format_args!("error: {error}"));
            return Exit::Usage;
        }
    };
    let server = match Server::bind(Arc::clone(&app)).await {
        Ok(server) => server,
        Err(error) => {
            terminal::note(format_args!("error: can't listen on {error}"));
            return Exit::Usage;
        }
    };
    announce(&server);
    let fresh = tokio::spawn(Arc::clone(&app.topics).keep_fresh());
    server.serve(signal).await;
    fresh.abort();
    Exit::Fine
}

/// Logs where the gateway listens.
pub(super) fn announce(server: &Server) {
    if let Ok((data, admin)) = server.addresses() {
        tracing::info!(%data, %admin, "listening");
    }
}

/// Waits for SIGTERM or SIGINT.
pub(super) async fn signal() {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("signals can't be received; going at once");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}
