//! What `serve` and `dev` have in common: from a configuration to two listeners that are bound, with everything that
//! is wrong said on the way.

use std::sync::Arc;

use forebay_schemas::problem::Problem;
use tokio::runtime::Builder;

use super::{Exit, terminal};
use crate::app::App;
use crate::binding::Binder;
use crate::catalog::{self, Catalog, ContractSet, Sources};
use crate::clock;
use crate::config::Config;
use crate::ingest::authn::Authn;
use crate::metrics::Metrics;
use crate::registry::Registry;
use crate::reload::{self, Part, Seen};
use crate::server::Server;
use crate::telemetry;

/// Room for values that nest as deep as they may, in bytes: what [`Decoder::decode`] asks for where nothing is optimised,
/// with as much again. It is address space until it is used.
///
/// [`Decoder::decode`]: forebay_schemas::decoder::Decoder::decode
const STACK: usize = 16 << 20;

/// A sound configuration with its contracts.
pub(super) struct Prepared {
    pub(super) config: Config,
    pub(super) set: ContractSet,
    pub(super) authn: Arc<Authn>,
    pub(super) metrics: Arc<Metrics>,
    /// Every file that can be read again, as it was before it was read.
    pub(super) seen: Seen,
}

/// Starts to log, and loads contracts, conventions and credentials.
pub(super) fn prepare(config: Result<Config, Vec<Problem>>) -> Result<Prepared, Exit> {
    let config = config.map_err(|problems| {
        terminal::problems(&problems);
        Exit::Usage
    })?;
    telemetry::start_logging(&config.telemetry);
    let metrics = Arc::new(Metrics::new());
    let seen = reload::look(&config);
    let load = catalog::load(&Sources::of(&config), clock::today(), &metrics);
    terminal::load(&load);
    let authn = Authn::new(&config, &metrics).map_err(|problems| {
        terminal::problems(&problems);
        Exit::Usage
    })?;
    let set = load.set.ok_or(Exit::Usage)?;
    Ok(Prepared { config, set, authn: Arc::new(authn), metrics, seen })
}

/// Runs a command's work on threads of its own.
pub(super) fn run(work: impl Future<Output = Result<(), Exit>>) -> Exit {
    match Builder::new_multi_thread().enable_all().thread_stack_size(STACK).build() {
        Ok(runtime) => runtime.block_on(work).err().unwrap_or(Exit::Fine),
        Err(error) => {
            terminal::note(format_args!("error: no threads to run on: {error}"));
            Exit::Unreachable
        }
    }
}

/// Builds the gateway and binds its listeners; its topics and their schemas are looked up from now on.
pub(super) async fn bind(prepared: Prepared) -> Result<(Arc<App>, Server, Seen), Exit> {
    let Prepared { config, set, authn, metrics, seen } = prepared;
    let registry = config.registry.as_ref().map(|registry| Registry::new(registry, &metrics)).transpose();
    let registry = registry.map_err(|error| wrong(&error))?;
    let binder = Arc::new(Binder::new(registry, &config));
    let set = binder.bind_in_time(set).await;
    let app = App::build(config, Arc::new(Catalog::new(set)), binder, authn, metrics).map_err(|error| wrong(&error))?;
    let app = Arc::new(app);
    let server =
        Server::bind(Arc::clone(&app)).await.map_err(|error| wrong(&format_args!("can't listen on {error}")))?;
    if let Ok((data, admin)) = server.addresses() {
        tracing::info!(%data, %admin, "listening");
    }
    tokio::spawn(Arc::clone(&app.topics).keep_fresh());
    tokio::spawn(Arc::clone(&app.authn).keep());
    tokio::spawn(Arc::clone(&app.binder).keep_bound(Arc::clone(&app.catalog)));
    Ok((app, server, seen))
}

fn wrong(error: &dyn std::fmt::Display) -> Exit {
    terminal::note(format_args!("error: {error}"));
    Exit::Usage
}

/// What is read from files beside the contracts and can be read again.
pub(super) fn parts(app: &App, server: &Server) -> Vec<Arc<dyn Part>> {
    let keys: Arc<dyn Part> = Arc::clone(&app.authn) as Arc<dyn Part>;
    std::iter::once(keys).chain(server.tls().into_iter().map(|live| live as Arc<dyn Part>)).collect()
}

/// Asks for a reload at each SIGHUP. Never ends by itself.
pub(super) async fn reload_on_signal(app: &App) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut hang_up) = signal(SignalKind::hangup()) else {
        tracing::error!("SIGHUP can't be received; reload by POST /reload");
        return std::future::pending::<()>().await;
    };
    while hang_up.recv().await.is_some() {
        tracing::info!("SIGHUP: reloading");
        // How it ended is in the log already.
        let _ = app.reload_requests.ask().await;
    }
    std::future::pending::<()>().await;
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
