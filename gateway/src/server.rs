//! The listeners: accepts connections up to its caps, serves HTTP/1.1 and HTTP/2 over TLS or in cleartext with a timer
//! on every phase, and goes in an orderly way. Knows connections; what a request means is the router's.

mod activity;
mod certificate;
mod connection;
mod renewal;
mod timed;
pub mod tls;

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use forebay_schemas::problem::Problem;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::renewal::Renewal;
use self::timed::Written;
use self::tls::Live;
use crate::app::{App, Stage};
use crate::clock;
use crate::config::listen::Listen;
use crate::config::tls::Tls;
use crate::event::Peer;
use crate::layers::Edge;
use crate::metrics::Metrics;
use crate::metrics::tls::Listener as Name;
use crate::router;

/// How long the accept loop pauses when the system has no more file descriptors.
const PAUSE: Duration = Duration::from_millis(50);
/// How long the last spans may take to reach their collector.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// Both listeners, bound.
pub struct Server {
    app: Arc<App>,
    data: Listener,
    admin: Listener,
}

/// One of them.
struct Listener {
    socket: TcpListener,
    tls: Option<Arc<Live>>,
}

impl Server {
    /// Binds both listeners and reads what their TLS is made of; nothing is accepted yet. An error names the address.
    pub async fn bind(app: Arc<App>) -> io::Result<Self> {
        let (listen, admin) = (&app.config.listen, &app.config.admin);
        let open = async |name, address, tls: &Option<Tls>| {
            let live = tls.as_ref().map(|tls| Live::new(name, tls, app.metrics.tls())).transpose();
            let live = live.map_err(|problems| unusable(address, &problems))?;
            Ok::<_, io::Error>(Listener { socket: bind(address).await?, tls: live.map(Arc::new) })
        };
        let data = open(Name::Data, listen.address, &listen.tls).await?;
        let admin = open(Name::Admin, admin.address, &admin.tls).await?;
        Ok(Self { app, data, admin })
    }

    /// Where the data and the admin listener are.
    pub fn addresses(&self) -> io::Result<(SocketAddr, SocketAddr)> {
        Ok((self.data.socket.local_addr()?, self.admin.socket.local_addr()?))
    }

    /// TLS of each listener that has it, to be reloaded when its files change.
    pub fn tls(&self) -> Vec<Arc<Live>> {
        [&self.data, &self.admin].into_iter().filter_map(|listener| listener.tls.clone()).collect()
    }

    /// Serves until `signal` comes, then goes: `/readyz` turns 503; after `drain.settle`, or at the next signal, no
    /// new connection is taken; accepted requests are answered within `drain.grace`.
    pub async fn serve(self, mut signal: impl AsyncFnMut()) {
        let Self { app, data, admin } = self;
        let (close, closing) = watch::channel(false);
        let (close_admin, closing_admin) = watch::channel(false);
        let terms = Terms::new(&app.config.listen, &app.metrics);
        let admin_terms = Terms { tls: admin.tls, ..terms.clone() };
        let terms = Terms { tls: data.tls, ..terms };
        let data = tokio::spawn(accept(data.socket, router::data(Arc::clone(&app)), terms, closing));
        let admin = tokio::spawn(accept(admin.socket, router::admin(Arc::clone(&app)), admin_terms, closing_admin));
        signal().await;
        let drain = app.config.drain.clone();
        tracing::info!(settle = ?drain.settle, grace = ?drain.grace, "going: not ready any more");
        app.life.advance(Stage::Settling);
        tokio::select! {
            () = tokio::time::sleep(drain.settle) => {}
            () = signal() => tracing::info!("a second signal: no more waiting for load balancers"),
        }
        app.life.advance(Stage::Closing);
        let end = tokio::time::Instant::now() + drain.grace;
        close.send_replace(true);
        if tokio::time::timeout_at(end, data).await.is_err() {
            tracing::error!("some connections did not end within the grace");
        }
        finish(&app, end.saturating_duration_since(tokio::time::Instant::now())).await;
        close_admin.send_replace(true);
        admin.abort();
    }
}

/// Serves a listener that is none of the gateway's own, until it is dropped.
pub(crate) async fn serve_beside(listener: TcpListener, edge: Edge, terms: Terms) {
    let (_open, closing) = watch::channel(false);
    accept(listener, edge, terms, closing).await;
}

/// What connections are held to, and where they are counted.
#[derive(Clone)]
pub(crate) struct Terms {
    listen: Arc<Listen>,
    metrics: Arc<Metrics>,
    tls: Option<Arc<Live>>,
}

impl Terms {
    /// In cleartext.
    pub(crate) fn new(listen: &Listen, metrics: &Arc<Metrics>) -> Self {
        Self { listen: Arc::new(listen.clone()), metrics: Arc::clone(metrics), tls: None }
    }
}

/// Waits for what is still on its way to Kafka, and sends the last spans.
async fn finish(app: &Arc<App>, left: Duration) {
    let app = Arc::clone(app);
    let finished = tokio::task::spawn_blocking(move || {
        let records = app.producer.flush(left);
        app.traces.shutdown(LAST_SPANS);
        records
    });
    match finished.await {
        Ok(0) => tracing::info!("gone: every event has its verdict, nothing waits for Kafka"),
        Ok(records) => tracing::error!(records, "gone: these records are unknown, as their senders were told"),
        Err(error) => tracing::error!(%error, "the end was not orderly"),
    }
}

/// Binds a listener; an error names the address.
pub(crate) async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let said = |error: io::Error| io::Error::new(error.kind(), format!("{address}: {error}"));
    TcpListener::bind(address).await.map_err(said)
}

fn unusable(address: SocketAddr, problems: &[Problem]) -> io::Error {
    let problems: Vec<_> = problems.iter().map(Problem::to_string).collect();
    io::Error::other(format!("{address}: {}", problems.join("; ")))
}

/// Accepts until told to close; ends when the last connection has ended.
async fn accept(listener: TcpListener, edge: Edge, terms: Terms, mut closing: watch::Receiver<bool>) {
    let caps = Arc::new(Caps::new(&terms.listen));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = connection::told_to_close(&mut closing) => break,
            _ = connections.join_next(), if !connections.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => match Caps::take(&caps, peer.ip()) {
                    Some(place) => {
                        connections.spawn(serve_one(stream, place, edge.clone(), terms.clone(), closing.clone()));
                    }
                    None => terms.metrics.connection_refused(),
                },
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn serve_one(stream: TcpStream, place: Place, edge: Edge, terms: Terms, mut closing: watch::Receiver<bool>) {
    let _counted = terms.metrics.connection();
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "a connection was gone before it was served");
        return;
    }
    let stream = Written::new(stream, terms.listen.write_timeout);
    let peer = |certificate| Arc::new(Peer { address: place.address, certificate });
    match &terms.tls {
        None => connection::serve(stream, (edge, peer(None)), &terms.listen, None, closing).await,
        Some(tls) => {
            // Boxed, so that connections without TLS do not hold its room.
            let accepted = tokio::select! {
                accepted = Box::pin(tls.accept(stream)) => accepted,
                () = connection::told_to_close(&mut closing) => None,
            };
            if let Some((stream, certificate)) = accepted {
                let renewal = certificate.as_ref().and_then(|shown| Renewal::of(shown, clock::now()));
                let (stream, client) = (Box::new(stream), (edge, peer(certificate)));
                connection::serve(stream, client, &terms.listen, renewal, closing).await;
            }
        }
    }
    drop(place);
}

/// How many connections there may be, and are.
struct Caps {
    all: usize,
    per_address: usize,
    open: Mutex<(usize, HashMap<IpAddr, usize>)>,
}

/// One connection's place; free again when it is dropped.
struct Place {
    caps: Arc<Caps>,
    address: IpAddr,
}

impl Caps {
    fn new(listen: &Listen) -> Self {
        Self { all: listen.connections, per_address: listen.connections_per_address, open: Mutex::default() }
    }

    fn take(caps: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let mut open = caps.open.lock().unwrap_or_else(PoisonError::into_inner);
        let there = neighbourhood(address);
        let (all, from_there) = (open.0, open.1.get(&there).copied().unwrap_or(0));
        if all >= caps.all || from_there >= caps.per_address {
            return None;
        }
        open.0 += 1;
        open.1.insert(there, from_there + 1);
        Some(Place { caps: Arc::clone(caps), address })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.caps.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.0 -= 1;
        let there = neighbourhood(self.address);
        if let Some(count) = open.1.get_mut(&there) {
            *count -= 1;
            if *count == 0 {
                open.1.remove(&there);
            }
        }
    }
}

/// What counts as one address: of IPv6 a network of 64 bits, since whoever has one has all addresses in it (RFC 4291,
/// section 2.5.4). An IPv4 address that came over an IPv6 socket is the IPv4 address.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn caps_hold_in_all_and_for_each_address_and_places_come_back() {
        let caps = Arc::new(Caps { all: 3, per_address: 2, open: Mutex::default() });
        let address = |last| IpAddr::from(Ipv4Addr::new(10, 0, 0, last));
        let first = Caps::take(&caps, address(1)).expect("a free place");
        let _second = Caps::take(&caps, address(1)).expect("a free place");
        assert!(Caps::take(&caps, address(1)).is_none(), "two from one address are enough");
        let _third = Caps::take(&caps, address(2)).expect("a free place");
        assert!(Caps::take(&caps, address(3)).is_none(), "three in all are enough");
        drop(first);
        assert!(Caps::take(&caps, address(1)).is_some());
    }

    #[test]
    fn a_network_of_64_bits_counts_as_one_address_and_a_mapped_address_as_its_own() {
        let caps = Arc::new(Caps { all: 9, per_address: 1, open: Mutex::default() });
        let take = |text: &str| Caps::take(&caps, text.parse().expect("an address"));
        let first = take("2001:db8:0:1::1").expect("a free place");
        assert!(take("2001:db8:0:1:ffff::2").is_none(), "the same network");
        let _next = take("2001:db8:0:2::1").expect("another network");
        let _mapped = take("::ffff:10.0.0.1").expect("an address of IPv4");
        assert!(take("10.0.0.1").is_none(), "the same address");
        let _other = take("::ffff:10.0.0.2").expect("another address of IPv4");
        drop(first);
        assert!(take("2001:db8:0:1::3").is_some(), "its place has come back");
    }
}
