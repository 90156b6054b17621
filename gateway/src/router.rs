//! Which address leads where: the data listener's routes and the admin listener's.

use std::sync::Arc;

use axum::Router;
use axum::routing::{MethodRouter, get, post};
use http::HeaderMap;

use crate::app::App;
use crate::door::{answer, native};
use crate::event::{Code, Rejection};
use crate::layers::Edge;
use crate::{admin, ingest};

/// What producers reach.
pub fn data(app: Arc<App>) -> Edge {
    let router = Router::new()
        .route("/v1/topics/{topic}/events", only(post(ingest::native), "POST"))
        .fallback(not_found)
        .with_state(app);
    Edge::around(router)
}

/// What operators reach.
pub fn admin(app: Arc<App>) -> Edge {
    let router = Router::new()
        .route("/livez", get(admin::livez))
        .route("/readyz", get(admin::readyz))
        .route("/metrics", get(admin::metrics))
        .route("/config", get(admin::config))
        .route("/contracts", get(admin::contracts))
        .route("/contracts/{topic}", get(admin::contract))
        .route("/conventions", get(admin::conventions))
        .route("/reload", post(admin::reload))
        .route("/version", get(admin::version))
        .fallback(admin::nothing_here)
        .method_not_allowed_fallback(admin::another_method)
        .with_state(app);
    Edge::around(router)
}

/// A route that answers other methods in the words of the native door (RFC 9110, section 15.5.6).
fn only(route: MethodRouter<Arc<App>>, allowed: &'static str) -> MethodRouter<Arc<App>> {
    route.fallback(move |headers: HeaderMap| async move {
        let rejection = Rejection::new(Code::MethodNotAllowed, format!("This address takes {allowed} only."));
        let mut response = answer::rejected(&rejection, &native::request_id(&headers));
        response.headers_mut().insert(http::header::ALLOW, http::HeaderValue::from_static(allowed));
        response
    })
}

async fn not_found(headers: HeaderMap) -> axum::response::Response {
    let detail = "There is nothing at this address. Events are sent by POST to /v1/topics/{topic}/events.";
    answer::rejected(&Rejection::new(Code::NotFound, detail), &native::request_id(&headers))
}
