//! The dates of the market as a calendar (RFC 5545).

use crate::app::{App, Shared, send};
use crate::asked::Failure;
use crate::cache::Body;
use crate::texts::Language;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use karvan_core::time::Instant;
use karvan_views::list::{Query, Row};
use karvan_views::lists::history;
use std::sync::Arc;

/// The most dates in the file.
const DATES: usize = 2_000;

/// Its route.
pub fn router() -> Router<Shared> {
    Router::new().route("/api/v1/dates.ics", get(calendar))
}

async fn calendar(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let made = tokio::task::spawn_blocking(move || file(&app)).await;
    match made {
        Ok(Ok(body)) => send(&body, &headers),
        Ok(Err(why)) => super::problem::Problem::from(why).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn file(app: &App) -> Result<Arc<Body>, Failure> {
    app.kept("dates.ics".to_owned(), "text/calendar; charset=utf-8", |reader| {
        let query = Query::parse(&history::DATES, []).unwrap_or_default().limited(DATES);
        let page = reader.list(&history::DATES, &query)?;
        let stamp = compact(reader.shown.now);
        let mut text = String::from(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Karvan//Dates of the market//EN\r\n",
        );
        page.iter().for_each(|it| text.push_str(&event(it, &stamp)));
        text.push_str("END:VCALENDAR\r\n");
        Ok(text.into_bytes())
    })
}

fn event(it: Row<'_>, stamp: &str) -> String {
    let (kind, code) = (it.text("kind"), it.text("jurisdiction"));
    let (year, number) = (it.int("year").unwrap_or_default(), it.int("number").unwrap_or_default());
    let at = compact(Instant(it.int("at").unwrap_or_default()));
    let english = Language::fallback();
    let values = [("country", code.into()), ("year", year.to_string().into())];
    let summary = english.say_with(&format!("date-{kind}"), &values);
    format!(
        "BEGIN:VEVENT\r\nUID:{kind}-{code}-{year}-{number}@karvan\r\nDTSTAMP:{stamp}\r\n\
         DTSTART:{at}\r\nSUMMARY:{}\r\nEND:VEVENT\r\n",
        summary.replace(',', "\\,")
    )
}

/// 20290612T090000Z.
fn compact(at: Instant) -> String {
    at.to_string().replace(['-', ':'], "")
}
