//! Many commands in one request: `POST /api/v1/batch/<form>`, a JSON array, signed once.
//!
//! Each row is a command by itself with an id of its own, so rows may be refused while others are
//! executed; the answer has a row for each, in order. A batch that is sent again executes nothing
//! twice. All rows are read before any is handed in: one that does not fit turns the whole batch
//! away.

use super::forms::{FORMS, Form};
use super::problem::Problem;
use super::{commands, signed};
use crate::app::Shared;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, OriginalUri, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use karvan_engine::{Answer, CommandId, Submission};
use serde_json::{Value as Json, json};
use std::fmt::Write;

/// The most rows of a batch.
pub const ROWS_MAX: usize = 4_096;

/// The routes.
pub fn router() -> Router<Shared> {
    let mut router = Router::new();
    for form in &FORMS {
        let ask = move |state: State<Shared>, uri: OriginalUri, headers: HeaderMap, body: Bytes| {
            batch(state, (form, uri), headers, body)
        };
        router = router.route(&format!("/api/v1/batch/{}", form.path), post(ask));
    }
    router.layer(DefaultBodyLimit::max(commands::BODY_MAX))
}

async fn batch(
    State(app): State<Shared>,
    (form, uri): (&'static Form, OriginalUri),
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match take(&app, (form, uri.path()), (&headers, &body)).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn take(
    app: &Shared,
    (form, path): (&Form, &str),
    (headers, body): (&HeaderMap, &[u8]),
) -> Result<Response, Problem> {
    let request = signed::Request { method: "POST", path, headers, body };
    let key = signed::key(&app.keys, request)?;
    let first = signed::id(headers)?;
    let bad = |title: String| Problem::new(StatusCode::BAD_REQUEST, title);
    let rows: Vec<Json> = serde_json::from_slice(body)
        .map_err(|error| bad(format!("The body is no JSON array: {error}.")))?;
    if rows.is_empty() || rows.len() > ROWS_MAX {
        return Err(bad(format!("A batch has 1 to {ROWS_MAX} rows; this has {}.", rows.len())));
    }
    let mut submissions = Vec::with_capacity(rows.len());
    let mut wrong = Vec::new();
    {
        let state = app.follower.read();
        for (row, place) in rows.iter().zip(0u128..) {
            match form.parse(row, &state) {
                // The ids of rows follow from that of the batch, so that it can be sent again.
                Ok(command) => submissions.push(Submission {
                    id: CommandId(first.0.wrapping_add(place)),
                    actor: key.person,
                    command,
                }),
                Err(all) => wrong.extend(all.iter().map(|it| {
                    let parameter = format!("{place}.{}", it.field);
                    json!({ "parameter": parameter, "detail": it.why })
                })),
            }
            if wrong.len() > 100 {
                break;
            }
        }
    }
    if !wrong.is_empty() {
        return Err(bad("Rows do not fit the command; nothing was handed in.".to_owned())
            .with(json!({ "errors": wrong })));
    }
    let waiting = app.desk.submit(&app.engine, submissions).map_err(commands::not_queued)?;
    let mut text = String::from("{\"rows\":[");
    for (it, place) in waiting.into_iter().zip(0usize..) {
        if place > 0 {
            text.push(',');
        }
        match it.await {
            Ok(Answer::Accepted { position }) => {
                let _ = write!(text, "{{\"record\":{position}}}");
            }
            Ok(answer) => text.push_str(&commands::refusal(answer).to_string()),
            Err(_) => text.push_str("{\"status\":503}"),
        }
    }
    text.push_str("]}");
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
