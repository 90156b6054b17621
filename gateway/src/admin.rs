//! What operators look at: whether the process lives and is ready, its metrics, configuration and contracts. Shows no
//! secret and no event.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use forebay_policies::{Date, Exception, Finding, Rollout, RuleInfo};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde_json::{Value, json};

use crate::app::{App, Reloaded};
use crate::catalog::Topic;
use crate::clock;
use crate::tally::Line;

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

/// Any other address.
pub async fn nothing_here() -> (StatusCode, &'static str) {
    let text = "There is nothing at this address. Here are /livez, /readyz, /metrics, /config, /contracts, \
                /contracts/{topic}, /conventions, /reload (POST) and /version. Events are sent to the other listener.\n";
    (StatusCode::NOT_FOUND, text)
}

/// An address of these with another method.
pub async fn another_method() -> (StatusCode, &'static str) {
    (StatusCode::METHOD_NOT_ALLOWED, "This address takes another method: /reload takes POST, all others take GET.\n")
}

/// `GET /conventions`: each rule, how often it was broken where and by whom, and its exceptions with their last days.
pub async fn conventions(State(app): State<Arc<App>>) -> Response {
    let contracts = app.catalog.current();
    let today = clock::today();
    let rules = contracts.rulebook().conventions.rules();
    json(&rules.map(|rule| convention(rule, today, &app.tally.of(&rule.name))).collect())
}

/// `POST /reload`: reads contracts, conventions, keys and certificates again. 200 if they are in force, 422 with what is
/// wrong if the old ones stay, 503 if it could not be tried.
pub async fn reload(State(app): State<Arc<App>>) -> (StatusCode, Response) {
    match app.reload_requests.ask().await {
        Reloaded::Applied { contracts, files } => {
            (StatusCode::OK, json(&json!({ "contracts": contracts, "files": files })))
        }
        Reloaded::Refused(problems) => {
            let detail =
                "Something is wrong. What is sound is in force, and where something is wrong what was in force stays.";
            (StatusCode::UNPROCESSABLE_ENTITY, json(&json!({ "detail": detail, "problems": problems })))
        }
        Reloaded::Unheard => {
            let detail = "Too many reloads at once, or the gateway is going; ask again.";
            (StatusCode::SERVICE_UNAVAILABLE, json(&json!({ "detail": detail })))
        }
    }
}

fn convention(rule: &RuleInfo, today: Date, hits: &[Line]) -> Value {
    let exception = |exception: &Exception| {
        json!({
            "topic": exception.topic,
            "reason": exception.reason,
            "expires": exception.expires.to_string(),
            "expired": exception.expires < today,
        })
    };
    json!({
        "name": rule.name,
        "file": rule.file,
        "line": rule.line,
        "applies_to": rule.place.name(),
        "action": rule.action.name(),
        "rollout": rule.rollout.name(),
        "severity": rule.severity.name(),
        "why": rule.why,
        "exceptions": rule.exceptions.iter().map(exception).collect::<Vec<_>>(),
        "hits": hits,
    })
}

/// `GET /version`: what runs.
pub async fn version() -> Response {
    json(&json!({"name": "forebay", "version": env!("CARGO_PKG_VERSION")}))
}

fn short(topic: &Topic) -> Value {
    let contract = &topic.contract;
    let blocking = topic.bound.as_ref().err().map_or(&[][..], |unready| &unready.broken);
    json!({
        "topic": contract.topic,
        "owner": contract.owner,
        "description": contract.description,
        "blocked": rules(blocking, |_| true),
        "warnings": rules(&topic.standing, |finding| finding.rollout == Rollout::Enforce),
        "shadow": rules(&topic.standing, |finding| finding.rollout == Rollout::Shadow),
    })
}

/// The rules that are broken, each once.
fn rules(findings: &[Finding], which: impl Fn(&Finding) -> bool) -> BTreeSet<&str> {
    findings.iter().filter(|finding| which(finding)).map(|finding| finding.rule.as_str()).collect()
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
