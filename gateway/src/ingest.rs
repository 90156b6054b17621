//! THE RECIPE: the way of a request from its head to its answer, one step a line. `?` only before there is a batch;
//! after that every step maps slots to slots of the same number and order. Once records are handed over the work is
//! detached: a client that hangs up changes the reply, never the delivery or the accounting.

pub mod authn;
pub mod admit;
pub mod allow;
pub mod encode;
pub mod judge;
pub mod deliver;
pub mod trial;
mod stream;
mod turn;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::header::CONNECTION;
use http::{HeaderValue, Uri, Version};
use tokio::runtime::Handle;

use crate::app::App;
use crate::catalog::ContractSet;
use crate::door::answer::{self, Answer};
use crate::door::body::{self, Pace};
use crate::door::media::{self, Exchange, Whole};
use crate::door::native;
use crate::door::ndjson::Windows;
use crate::door::rates;
use crate::door::receipts;
use crate::event::{Allowed, Batch, Code, Head, Peer, Principal, Rejection, Verdict};
use crate::ingest::admit::Permit;
use crate::ingest::allow::Entrance;
use crate::ingest::allow::rates::Rated;
use crate::ingest::judge::Bench;
use crate::ledger::Ledger;
use crate::metrics::Stage;

/// `POST /v1/topics/{topic}/events`.
pub async fn native(
    State(app): State<Arc<App>>,
    topic: Result<Path<String>, PathRejection>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let (mut parts, body) = request.into_parts();
    let span = app.traces.start("POST /v1/topics/{topic}/events", &parts.headers);
    let request_id = native::request_id(&parts.headers);
    let brief = body::is_brief(&parts.headers);
    let is_http1 = parts.version <= Version::HTTP_11;
    let trace = span.fields(&parts.headers);
    let peer = parts.extensions.remove::<Arc<Peer>>().unwrap_or_else(Peer::unknown);
    let address = Address { topic: topic.map(|Path(topic)| topic), uri: parts.uri };
    let head = Head { topic: String::new(), schema_id: None, headers: parts.headers, dry_run: false, trace, peer };
    let mut told = Told::default();
    let answered = match enter(&app, head, address, &mut told) {
        Ok(entered) => work(&app, entered, body, &request_id).await,
        Err(rejection) => {
            body::pass_over(body, brief).await;
            Err(rejection)
        }
    };
    let mut response = answered.unwrap_or_else(|rejection| answer::rejected(&rejection, &request_id));
    answer::expiring(&mut response, told.expires);
    rates::describe(&mut response, &told.rated.standings());
    if is_http1 && app.life.is_going() {
        // Whoever is busy leaves by itself, before the connection is closed under a request that it is about to send.
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    let status = response.status().as_u16();
    if status >= 500 {
        tracing::warn!(request_id, status, "a request was not served");
    } else {
        tracing::debug!(request_id, status, "a request was answered");
    }
    span.end(status);
    app.metrics.request("native", status, started.elapsed());
    response
}

/// What is decided by the head alone, before a byte of the body is read, and nothing before it is known who is calling.
fn enter(app: &App, mut head: Head, address: Address, told: &mut Told) -> Result<Entered, Rejection> {
    let who = app.authn.identify(&head)?;
    told.expires = who.expires();
    head.topic = address.topic.map_err(|_| not_text())?;
    head.schema_id = native::schema_id(&head.headers)?;
    let contracts = app.catalog.current();
    let Entrance { takes, rated } = allow::enter(&who, &head, &contracts, &app.rates)?;
    told.rated = rated;
    head.dry_run = native::dry_run(address.uri.query())?;
    let limits = &app.config.admission;
    let exchange = media::exchange(&head.headers, takes, limits)?;
    told.rated.room(native::length(exchange, &head.headers))?;
    let permit = app.admission.admit(&who, native::claim(exchange, &head.headers, limits)?)?;
    Ok(Entered { caller: Caller { who, contracts, head }, exchange, permit })
}

/// Reads the body and answers, in the way that the sender wants to hear of it.
async fn work(app: &Arc<App>, entered: Entered, body: Body, request_id: &str) -> Result<Response, Rejection> {
    let Entered { caller, exchange, permit } = entered;
    let windows = |body, free| Windows::new(&caller.head, body, &app.config.admission, pace(app), free);
    match exchange {
        Exchange::Whole(kind, listing) => {
            let answer = Answer::new(listing);
            Ok(whole(app, &caller, (body, kind), permit, answer).await?.finish(request_id))
        }
        Exchange::Lines(listing) => {
            let answer = Answer::new(listing);
            let windows = windows(body, answer.is_minimal());
            Ok(stream::document(stream::start(app, caller, windows, permit), answer).await?.finish(request_id))
        }
        Exchange::Receipts => {
            let windows = windows(body, true);
            Ok(receipts::response(stream::start(app, caller, windows, permit)))
        }
    }
}

/// What the answer's head says of the caller, also where the request is turned away.
#[derive(Default)]
struct Told {
    /// When the credential ends, in seconds since 1970, if that is soon.
    expires: Option<i64>,
    rated: Rated,
}

/// Where a request was sent to.
struct Address {
    topic: Result<String, PathRejection>,
    uri: Uri,
}

/// A request that was let in.
struct Entered {
    caller: Caller,
    exchange: Exchange,
    permit: Permit,
}

/// Who sent a request, under which contracts, and what its head says: contracts and head are the same from its first event
/// to its last.
struct Caller {
    who: Principal,
    contracts: Arc<ContractSet>,
    head: Head,
}

impl Caller {
    /// Asks again who is calling and whether they may, for what is still coming of a body that has no end: by the
    /// credentials and the contracts that are in force by then.
    fn renew(&mut self, app: &App) -> Result<(), Rejection> {
        self.who = app.authn.identify_again(&self.head)?;
        allow::still(&self.who, &self.head, &app.catalog.current())
    }
}

/// A body that is read to its end before anything is done with it.
async fn whole(
    app: &Arc<App>,
    caller: &Caller,
    body: (Body, Whole),
    mut permit: Permit,
    mut answer: Answer,
) -> Result<Answer, Rejection> {
    let limits = &app.config.admission;
    let reading = Instant::now();
    let batch = native::read(&caller.head, body, &mut permit, limits, pace(app)).await?;
    app.metrics.stage(Stage::Read, reading.elapsed());
    let mut carried = carry(app, caller, batch, permit).await;
    answer.warn(carried.warnings);
    answer.extend(&carried.delivery.verdicts().await);
    Ok(answer)
}

/// The second half of the recipe, for a whole body or one window of a streamed one. When it returns, every record
/// that can be sent is on its way, in order. `hold` is kept until each event has its verdict.
async fn carry(app: &Arc<App>, caller: &Caller, batch: Batch, hold: impl Send + 'static) -> Carried {
    let encoding = Instant::now();
    let Caller { who, contracts, head } = caller;
    let allowed = allow::allow(who, contracts, batch, &app.rates);
    if head.dry_run {
        return try_out(app, caller, allowed).await;
    }
    let ledger = Ledger::open(&allowed, &app.metrics);
    let encoded = encode::encode(allowed, &head.headers, &app.binder).await;
    encode::count(&encoded);
    let judged = judge::judge(encoded, &Bench { who, headers: &head.headers, tally: Some(&app.tally) }).await;
    let warnings = judged.warnings.clone();
    let delivering = Instant::now();
    let under_way = app.delivery.hand_over(judged, who, &head.trace).await;
    app.metrics.stage(Stage::Encode, delivering - encoding);
    let metrics = Arc::clone(&app.metrics);
    let work = async move {
        let verdicts = under_way.verdicts().await;
        metrics.stage(Stage::Deliver, delivering.elapsed());
        ledger.settle(&verdicts);
        drop(hold);
        verdicts
    };
    Carried { warnings, delivery: Detached { work: Some(Box::pin(work)) } }
}

/// The end of a dry run: what would have become of the events. Nothing of them is counted or sent.
async fn try_out(app: &App, caller: &Caller, allowed: Allowed) -> Carried {
    let Caller { who, head, .. } = caller;
    let encoded = encode::encode(allowed, &head.headers, &app.binder).await;
    let bench = Bench { who, headers: &head.headers, tally: None };
    let tried = trial::try_out(encoded, &bench, |topic, record| app.delivery.object(topic, record)).await;
    let work = std::future::ready(tried.verdicts);
    Carried { warnings: tried.warnings, delivery: Detached { work: Some(Box::pin(work)) } }
}

/// A batch whose records are on their way.
struct Carried {
    warnings: BTreeSet<Arc<str>>,
    delivery: Detached,
}

/// Work that goes on to its end whether or not anyone waits for it: dropped early, it runs on by itself.
struct Detached {
    work: Option<Pin<Box<dyn Future<Output = Vec<Verdict>> + Send>>>,
}

impl Detached {
    /// The verdicts, one an event, in request order; once.
    async fn verdicts(&mut self) -> Vec<Verdict> {
        let Some(work) = &mut self.work else { return Vec::new() };
        let verdicts = work.await;
        self.work = None;
        verdicts
    }
}

impl Drop for Detached {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

fn not_text() -> Rejection {
    Rejection::new(Code::UnknownTopic, "The topic in the path is not UTF-8 text.")
}

fn pace(app: &App) -> Pace {
    Pace { timeout: app.config.listen.body_timeout, min_rate: app.config.listen.min_body_rate }
}
