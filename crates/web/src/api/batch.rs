//! Many commands in one request: `POST /api/v1/batch/<form>`, a JSON array, signed once.
//!
//! Each row is a command by itself with an id of its own, so rows may be refused while others are
//! executed; the answer has a row for each, in order. A batch that is sent again executes nothing
//! twice. All rows are read before any is handed in: one that does not fit turns the whole batch
//! away.

use super::commands::{self, Handed};
use super::problem::Problem;
use crate::app::Shared;
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use karvan_engine::{Answer, CommandId, Submission};
use serde_json::json;
use std::fmt::Write;

/// The most rows of a batch.
pub const ROWS_MAX: usize = 4_096;

/// The routes.
pub fn router() -> Router<Shared> {
    commands::routes("/api/v1/batch", take)
}

async fn take(app: Shared, it: Handed) -> Result<Response, Problem> {
    let (key, first, body) = it.read(&app)?;
    let bad = |title: String| Problem::new(StatusCode::BAD_REQUEST, title);
    let rows = body.as_array().ok_or_else(|| bad("The body is no JSON array.".to_owned()))?;
    if rows.is_empty() || rows.len() > ROWS_MAX {
        return Err(bad(format!("A batch has 1 to {ROWS_MAX} rows; this has {}.", rows.len())));
    }
    let mut submissions = Vec::with_capacity(rows.len());
    let mut wrong = Vec::new();
    {
        let state = app.follower.read();
        for (row, place) in rows.iter().zip(0u128..) {
            match it.form.parse(row, &state) {
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
    let mut text = String::from("{\"rows\":[");
    for (answer, place) in commands::decided(&app, submissions).await?.into_iter().zip(0usize..) {
        if place > 0 {
            text.push(',');
        }
        match answer {
            Answer::Accepted { position } => {
                let _ = write!(text, "{{\"record\":{position}}}");
            }
            Answer::Refused(_)
            | Answer::Conflict { .. }
            | Answer::TooOld
            | Answer::FromTheFuture
            | Answer::Reserved
            | Answer::Unavailable(_) => text.push_str(&commands::refusal(answer).to_string()),
        }
    }
    text.push_str("]}");
    Ok(([(header::CONTENT_TYPE, "application/json")], text).into_response())
}
