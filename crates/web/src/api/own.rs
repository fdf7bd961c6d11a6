//! Lists of one's own: `GET /api/v1/own/<list>`, with a key that reads. They are read from the
//! state at the moment of the request, and kept nowhere.

use super::lists::{Format, bytes_of, sent_as};
use super::problem::Problem;
use crate::app::{App, Shared, parameters};
use crate::asked::Failure;
use crate::cache::Body;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use karvan_core::Refusals;
use karvan_core::id::PersonId;
use karvan_views::list::Query;
use karvan_views::lists::own;
use karvan_views::project::Shown;
use serde_json::json;
use std::sync::Arc;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/api/v1/own/{list}", get(list))
}

async fn list(
    State(app): State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let of = |name: header::HeaderName| headers.get(name).and_then(|it| it.to_str().ok());
    let Some(key) = of(header::AUTHORIZATION).and_then(|it| app.keys.reader(it)) else {
        let title = "A key that reads is needed: Authorization: Bearer and the key.";
        let mut response = Problem::new(StatusCode::UNAUTHORIZED, title).into_response();
        let scheme = HeaderValue::from_static("Bearer");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        return response;
    };
    let query = query.unwrap_or_default();
    let format = match Format::of(&query, of(header::ACCEPT).unwrap_or_default()) {
        Ok(it) => it,
        Err(unfit) => return Problem::from(Failure::Unfit(vec![unfit])).into_response(),
    };
    let (of_thread, asked, person) = (Arc::clone(&app), name.clone(), key.person);
    let made =
        tokio::task::spawn_blocking(move || answer(&of_thread, (&asked, person), (&query, format)));
    match made.await {
        Ok(Ok(body)) => {
            let mut response = sent_as(format, (&name, &body), &headers);
            // What is somebody's own is kept by nobody on the way.
            let never = HeaderValue::from_static("no-store");
            response.headers_mut().insert(header::CACHE_CONTROL, never);
            response
        }
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn answer(
    app: &App,
    (name, person): (&str, PersonId),
    (query, format): (&str, Format),
) -> Result<Body, Problem> {
    let list = own::named(name).ok_or_else(|| {
        let all: Vec<&str> = own::ALL.iter().map(|it| it.name).collect();
        Problem::new(StatusCode::NOT_FOUND, "There is no such list of your own.")
            .with(json!({ "lists": all }))
    })?;
    let asked = parameters(query);
    let pairs = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let query = Query::parse(list, pairs).map_err(Failure::Unfit)?;
    let (rows, shown) = {
        let state = app.follower.read();
        let shown = Shown { position: state.position, now: state.now };
        (own::rows(&state, (list, person)), shown)
    };
    let rows = rows.map_err(|why| {
        let refusals = Refusals::from(why);
        Problem::new(StatusCode::FORBIDDEN, "This key's person reads nothing now.")
            .with(super::commands::numbered(&refusals))
    })?;
    let page = own::ask(list, &rows, &format.limited(query)).map_err(Failure::Sql)?;
    let bytes = bytes_of(format, (list, &page), (shown, &asked))?;
    Ok(Body::new(bytes, format.kind(), shown.position))
}
