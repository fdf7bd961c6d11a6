//! The description of the interface, for programs and for people (by Scalar, our own copy).

use super::openapi;
use crate::app::{Shared, send};
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use maud::{DOCTYPE, html};

/// The routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/api", get(|| async { Redirect::permanent("/api/") }))
        .route("/api/", get(reference))
        .route("/api/openapi.json", get(document))
}

async fn document(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let made = app.kept("openapi".to_owned(), "application/json", |_| {
        Ok(openapi::document().to_pretty_json().unwrap_or_default().into_bytes())
    });
    match made {
        Ok(body) => send(&body, &headers),
        Err(why) => super::problem::Problem::from(why).into_response(),
    }
}

/// Scalar writes styles into its page; nothing else may.
const POLICY: &str = "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; \
     font-src 'self' data:; img-src 'self' data:; connect-src 'self'; form-action 'none'; \
     base-uri 'none'; frame-ancestors 'none'";

async fn reference(State(app): State<Shared>) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { "Interface – Karvan" }
                link rel="icon" type="image/svg+xml" href=(app.assets.at("mark.svg"));
            }
            body {
                noscript { p { a href="/api/openapi.json" { "OpenAPI 3.1" } } }
                div id="app" {}
                script src=(app.assets.at("scalar.js")) {}
                script src=(app.assets.at("reference.js")) {}
            }
        }
    };
    let mut response = page.into_string().into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
