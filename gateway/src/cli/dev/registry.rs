//! The schema registry of `forebay dev`: what the catalogue has, in the words of Confluent's API, to read only. Knows
//! addresses, methods and bodies; what there is stands on the shelf. Source: Confluent's Schema Registry API reference.

mod answer;
mod look_up;
mod shelf;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get, post};
use http::Uri;
use serde_json::{Value, json};

use self::answer::{Shown, Wrong, reply};
use self::look_up::{Submission, look_up};
pub(super) use self::shelf::Shelf;
use crate::door::body::{Incoming, Pace};
use crate::layers::Edge;
use crate::server::{self, Terms};

/// The longest body that is read, in bytes: a schema of 1 MiB as a JSON string.
const LONGEST_BODY: usize = 2 * 1024 * 1024;
/// How slow a body may be.
const PACE: Pace = Pace { timeout: Duration::from_secs(10), min_rate: 1024 };

type Shelved = State<Arc<Shelf>>;
type Answer = Result<Value, Wrong>;

/// Binds the registry's listener and answers on it from now on. Gives its address; an error names it.
pub(super) async fn open(address: SocketAddr, shelf: &Arc<Shelf>, terms: Terms) -> std::io::Result<SocketAddr> {
    let listener = server::bind(address).await?;
    let address = listener.local_addr()?;
    tokio::spawn(server::serve_beside(listener, Edge::around(routes(Arc::clone(shelf))), terms));
    Ok(address)
}

fn routes(shelf: Arc<Shelf>) -> Router {
    let router = Router::new()
        .route("/", only("GET", get(root)))
        .route("/subjects", only("GET", get(subjects)))
        .route("/subjects/{subject}", only("POST", post(look_up_text)))
        .route("/subjects/{subject}/versions", only("GET, POST", get(versions).post(register)))
        .route("/subjects/{subject}/versions/{version}", only("GET", get(version)))
        .route("/subjects/{subject}/versions/{version}/schema", only("GET", get(version_text)))
        .route("/subjects/{subject}/versions/{version}/referencedby", only("GET", get(referenced_by)))
        .route("/schemas/types", only("GET", get(types)))
        .route("/schemas/ids/{id}", only("GET", get(schema)))
        .route("/schemas/ids/{id}/schema", only("GET", get(schema_text)))
        .route("/schemas/ids/{id}/subjects", only("GET", get(subjects_of)))
        .route("/schemas/ids/{id}/versions", only("GET", get(versions_of)))
        .route("/config", only("GET", get(global_config)))
        .route("/config/{subject}", only("GET", get(config)))
        .route("/mode", only("GET", get(mode)))
        .route("/mode/{subject}", only("GET", get(mode)));
    router.fallback(|| async { reply(Err(Wrong::Nowhere)) }).with_state(shelf)
}

/// A route that answers other methods, HEAD among them, in the words of the registry.
fn only(allowed: &'static str, route: MethodRouter<Arc<Shelf>>) -> MethodRouter<Arc<Shelf>> {
    let refuse = move || async move { reply(Err(Wrong::Method(allowed))) };
    route.head(refuse).fallback(refuse)
}

async fn root() -> Response {
    reply(Ok(json!({})))
}

async fn subjects(State(shelf): Shelved) -> Response {
    reply(Ok(shelf.stock().subjects().collect()))
}

async fn versions(State(shelf): Shelved, Path(subject): Path<String>) -> Response {
    let versions = |shelf: &Shelf| -> Answer { Ok((1..=shelf.stock().subject(&subject)?.count()).collect()) };
    reply(versions(&shelf))
}

async fn version(State(shelf): Shelved, Path((subject, number)): Path<(String, String)>, uri: Uri) -> Response {
    let stock = shelf.stock();
    let found = stock.subject(&subject).and_then(|found| found.version(&number));
    reply(found.map(|(number, item)| Shown::new(item, &uri).version(&subject, number)))
}

async fn version_text(State(shelf): Shelved, Path((subject, number)): Path<(String, String)>, uri: Uri) -> Response {
    let stock = shelf.stock();
    let found = stock.subject(&subject).and_then(|found| found.version(&number));
    answer::text(found.map(|(_, item)| Shown::new(item, &uri).text()))
}

async fn referenced_by(State(shelf): Shelved, Path((subject, number)): Path<(String, String)>) -> Response {
    let stock = shelf.stock();
    let found = stock.subject(&subject).and_then(|found| found.version(&number));
    reply(found.map(|(number, _)| stock.referring_to(&subject, number).into_iter().collect()))
}

async fn types() -> Response {
    reply(Ok(json!(["JSON", "PROTOBUF", "AVRO"])))
}

async fn schema(State(shelf): Shelved, Path(id): Path<String>, uri: Uri) -> Response {
    reply(shelf.stock().item(&id).map(|item| Shown::new(item, &uri).schema()))
}

async fn schema_text(State(shelf): Shelved, Path(id): Path<String>, uri: Uri) -> Response {
    answer::text(shelf.stock().item(&id).map(|item| Shown::new(item, &uri).text()))
}

async fn subjects_of(State(shelf): Shelved, Path(id): Path<String>) -> Response {
    let stock = shelf.stock();
    let subjects = stock.item(&id).map(|item| {
        let mut subjects: Vec<_> = stock.places(item.id).map(|(subject, _)| subject).collect();
        subjects.dedup();
        json!(subjects)
    });
    reply(subjects)
}

async fn versions_of(State(shelf): Shelved, Path(id): Path<String>) -> Response {
    let stock = shelf.stock();
    let place = |(subject, version)| json!({ "subject": subject, "version": version });
    reply(stock.item(&id).map(|item| stock.places(item.id).map(place).collect()))
}

async fn global_config() -> Response {
    reply(Ok(answer::compatibility(shelf::COMPATIBILITY)))
}

async fn config(State(shelf): Shelved, Path(subject): Path<String>) -> Response {
    reply(shelf.stock().subject(&subject).map(|found| answer::compatibility(found.compatibility())))
}

async fn mode() -> Response {
    reply(Ok(json!({ "mode": "READONLY" })))
}

/// Which version of the subject a text is.
async fn look_up_text(State(shelf): Shelved, Path(subject): Path<String>, request: Request) -> Response {
    let submission = match read(request.into_body()).await {
        Ok(submission) => submission,
        Err(wrong) => return reply(Err(wrong)),
    };
    let stock = shelf.stock();
    let found = look_up(&stock, &subject, &submission);
    reply(found.map(|(number, item)| Shown::plain(item).version(&subject, number)))
}

/// Serializers that register what they write go on as long as it is there already.
async fn register(State(shelf): Shelved, Path(subject): Path<String>, request: Request) -> Response {
    let submission = match read(request.into_body()).await {
        Ok(submission) => submission,
        Err(wrong) => return reply(Err(wrong)),
    };
    let found = match look_up(&shelf.stock(), &subject, &submission) {
        Ok((_, item)) => Ok(json!({ "id": item.id })),
        Err(Wrong::NoSubject(_) | Wrong::NoSchema) => Err(Wrong::ReadOnly(subject)),
        Err(wrong) => Err(wrong),
    };
    reply(found)
}

async fn read(body: Body) -> Result<Submission, Wrong> {
    let mut incoming = Incoming::whole(body, PACE);
    let mut bytes = Vec::new();
    while let Some(piece) = incoming.next().await.map_err(|_| Wrong::Body)? {
        if bytes.len() + piece.len() > LONGEST_BODY {
            return Err(Wrong::TooLong);
        }
        bytes.extend_from_slice(&piece);
    }
    serde_json::from_slice(&bytes).map_err(|_| Wrong::Body)
}

#[cfg(test)]
mod tests;
