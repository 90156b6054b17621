//! A shelf, and the calls that are under way to fill it: one a name, however many wait. Decides what is served when:
//! the known at once, the unknown after one call, the old as long as there is nothing newer.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use tokio::time::Instant;

use super::budget::Ticket;
use super::failure::Failure;
use super::shelf::{Found, Limits, Name, Shelf};
use crate::metrics::registry::{Lookup, RegistryMetrics};

type Flight<V> = Shared<BoxFuture<'static, Result<V, Failure>>>;

/// Values by name, and how they are come by.
pub(super) struct Store<N: Name> {
    pub(super) shelf: Shelf<N>,
    flights: Mutex<HashMap<N, Flight<N::Value>>>,
    metrics: RegistryMetrics,
}

/// Takes a flight off the list when it has landed, or its task has died.
struct Landing<N: Name> {
    store: Arc<Store<N>>,
    name: N,
}

impl<N: Name> Drop for Landing<N> {
    fn drop(&mut self) {
        self.store.flights.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.name);
    }
}

impl<N: Name> Store<N> {
    pub(super) fn new(limits: Limits, metrics: &RegistryMetrics) -> Arc<Self> {
        let metrics = metrics.clone();
        Arc::new(Self { shelf: Shelf::new(limits), flights: Mutex::default(), metrics })
    }

    /// A value: from the shelf, or by `fetch`, which runs at most once at a time for each name. `may_ask` is asked
    /// only for what nobody knows and nobody is fetching. `is_up`: whether waiting for a confirmation makes sense.
    pub(super) async fn get(
        self: &Arc<Self>,
        name: N,
        (may_ask, is_up): (impl FnOnce() -> Option<Ticket>, bool),
        fetch: impl Future<Output = Result<N::Value, Failure>> + Send + 'static,
    ) -> Result<N::Value, Failure> {
        match self.shelf.find(&name, Instant::now()) {
            Found::Fresh(value) => {
                self.metrics.lookup(Lookup::Hit);
                Ok(value)
            }
            Found::Missing(failure) => {
                self.metrics.lookup(Lookup::Missing);
                Err(failure)
            }
            Found::Due(value) => {
                self.metrics.lookup(Lookup::Stale);
                drop(self.refresh(name, fetch));
                Ok(value)
            }
            Found::Restored(value) => {
                self.metrics.lookup(Lookup::Stale);
                let flight = self.refresh(name, fetch);
                if !is_up {
                    return Ok(value);
                }
                match flight.await {
                    Err(failure) if !failure.is_denial() => Ok(value),
                    answer => answer,
                }
            }
            Found::Nothing => {
                let (store, own) = (Arc::clone(self), name.clone());
                let fetch = async move {
                    // Another flight may have landed since the shelf was looked at.
                    match store.shelf.look(&own, Instant::now()) {
                        Found::Fresh(value) => Ok(value),
                        Found::Missing(failure) => Err(failure),
                        Found::Due(_) | Found::Restored(_) | Found::Nothing => fetch.await,
                    }
                };
                let Some(flight) = self.join(name, may_ask, fetch) else {
                    self.metrics.lookup(Lookup::OverBudget);
                    return Err(Failure::OverBudget);
                };
                self.metrics.lookup(Lookup::Miss);
                flight.await
            }
        }
    }

    /// Asks again for a name, unless someone does already.
    pub(super) fn refresh(
        self: &Arc<Self>,
        name: N,
        fetch: impl Future<Output = Result<N::Value, Failure>> + Send + 'static,
    ) -> Flight<N::Value> {
        let gone = Failure::Unavailable("the call could not be started".to_owned());
        self.join(name, || Some(Ticket::default()), fetch)
            .unwrap_or_else(|| std::future::ready(Err(gone)).boxed().shared())
    }

    fn join(
        self: &Arc<Self>,
        name: N,
        may_ask: impl FnOnce() -> Option<Ticket>,
        fetch: impl Future<Output = Result<N::Value, Failure>> + Send + 'static,
    ) -> Option<Flight<N::Value>> {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(flight) = flights.get(&name) {
            return Some(flight.clone());
        }
        let ticket = may_ask()?;
        let landing = Landing { store: Arc::clone(self), name: name.clone() };
        // A task of its own: a caller that goes away does not end what others wait for.
        let task = tokio::spawn(async move {
            let _ticket = ticket;
            landing.store.fly(&landing.name, fetch).await
        });
        let ended = |ended: Result<_, _>| {
            ended.unwrap_or_else(|_| Err(Failure::Unavailable("the call ended early".to_owned())))
        };
        let flight = task.map(ended).boxed().shared();
        flights.insert(name, flight.clone());
        Some(flight)
    }

    async fn fly(&self, name: &N, fetch: impl Future<Output = Result<N::Value, Failure>>) -> Result<N::Value, Failure> {
        let answer = fetch.await;
        let now = Instant::now();
        match &answer {
            Ok(value) => self.shelf.put(name.clone(), value.clone(), now),
            Err(failure) if failure.is_lasting() && self.shelf.peek(name).is_none() => {
                self.shelf.miss(name.clone(), failure.clone(), now);
            }
            Err(failure) if failure.is_denial() => self.shelf.miss(name.clone(), failure.clone(), now),
            Err(_) => self.shelf.postpone(name, now),
        }
        answer
    }
}
