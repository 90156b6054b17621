//! What operators look at: whether the process lives and is ready, its metrics, configuration and contracts. Shows no
//! secret and no event.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::app::App;
use crate::catalog::Topic;

/// `GET /livez`: the process can answer.
pub async fn livez() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: 200, or 503 with each thing that is not ready on a line.
pub async fn readyz(State(app): State<Arc<App>>) -> (StatusCode, String) {
    let reasons = app.not_ready();
    if reasons.is_empty() {
        return (StatusCode::OK, "ready\n".to_owned());
    }
    (StatusCode::SERVICE_UNAVAILABLE, reasons.join("\n") + "\n")
}

/// `GET /metrics`: in the text format of `OpenMetrics`.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let mut response = Response::new(Body::from(app.metrics.render(app.moment())));
    let text = HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response
}

/// `GET /config`: what is in force, defaults included, secrets redacted.
pub async fn config(State(app): State<Arc<App>>) -> Response {
    json(&json!(app.config))
}

/// `GET /contracts`: each topic in short.
pub async fn contracts(State(app): State<Arc<App>>) -> Response {
    let contracts = app.catalog.current();
    json(&contracts.sorted().into_iter().map(|topic| short(topic)).collect())
}

/// `GET /contracts/{topic}`: one topic in full.
pub async fn contract(State(app): State<Arc<App>>, Path(topic): Path<String>) -> (StatusCode, Response) {
    match app.catalog.current().get(&topic) {
        Some(topic) => (StatusCode::OK, json(&full(topic))),
        None => (StatusCode::NOT_FOUND, json(&json!({"detail": "no contract names this topic"}))),
    }
}

/// `GET /version`: what runs.
pub async fn version() -> Response {
    json(&json!({"name": "forebay", "version": env!("CARGO_PKG_VERSION")}))
}

fn short(topic: &Topic) -> Value {
    let contract = &topic.contract;
    json!({
        "topic": contract.topic,
        "owner": contract.owner,
        "description": contract.description,
        "warnings": topic.warnings.iter().map(|rule| &**rule).collect::<Vec<_>>(),
    })
}

fn full(topic: &Topic) -> Value {
    let mut value = short(topic);
    value["file"] = json!(topic.contract.file);
    value["labels"] = json!(topic.contract.labels);
    value["producers"] = json!(topic.contract.producers);
    value["value"] = match &topic.bound {
        Ok(bound) => json!({
            "format": topic.contract.value.format.name(),
            "schema_id": bound.schema_id(),
            "schema": bound.material.value.as_ref().and_then(|sourced| sourced.schema.text()).map(written),
        }),
        Err(unready) => json!({
            "format": topic.contract.value.format.name(),
            "code": unready.code.as_str(),
            "detail": unready.detail,
        }),
    };
    value
}

fn json(value: &Value) -> Response {
    let mut response = Response::new(Body::from(format!("{value:#}\n")));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// A schema as JSON where it is some, else as a text.
fn written(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}
