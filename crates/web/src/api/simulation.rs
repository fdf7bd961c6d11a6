//! A simulation as JSON, CSV and XLSX: `GET /api/v1/simulation`, with the controls of the simulator
//! as parameters.

use super::problem::Problem;
use crate::app::{App, Shared, parameters, send};
use crate::asked::Failure;
use crate::cache::Body;
use crate::scenario::Model;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use karvan_policy::model::outcome::{Outcome, Row};
use karvan_views::list::Unfit;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Its route.
pub fn router() -> Router<Shared> {
    Router::new().route("/api/v1/simulation", get(simulation))
}

/// What a row holds: name, meaning, value.
type Column = (&'static str, &'static str, fn(&Row) -> f64);

/// The figures of a member's year; Mt, the market's currency for a tonne, or millions of it.
pub const COLUMNS: [Column; 11] = [
    ("price", "The price of a unit, currency/t.", |it| it.price.map_or(f64::NAN, |it| it.0)),
    ("baseline_mt", "Emissions without a market, Mt.", |it| it.baseline.0),
    ("cap_mt", "The cap, Mt.", |it| it.cap.0),
    ("free_mt", "What of it is given free, Mt.", |it| it.free.0),
    ("abatement_mt", "What is avoided, Mt.", |it| it.abatement.0),
    ("emissions_mt", "What is emitted, Mt.", |it| it.emissions.0),
    ("net_import_mt", "What comes by links, less what leaves, Mt.", |it| it.net_import.0),
    ("bank_mt", "What is kept for later, Mt.", |it| it.bank.0),
    ("cost_m", "What avoiding and trading abroad cost, millions.", |it| it.cost.0),
    ("gain_m", "How much less that is than without links, millions.", |it| it.gain.0),
    ("revenue_m", "What auctions bring the treasury, millions.", |it| it.revenue.0),
];

async fn simulation(
    State(app): State<Shared>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let place = app.dear().await;
    let made = tokio::task::spawn_blocking(move || {
        let _place = place?;
        answer(&app, &query)
    });
    match made.await {
        Ok(Ok(body)) => send(&body, &headers),
        Ok(Err(problem)) => problem.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn answer(app: &App, query: &str) -> Result<Arc<Body>, Problem> {
    let Some(model) = app.in_force().model.clone() else {
        return Err(Problem::new(StatusCode::NOT_FOUND, "No policy is at hand to be simulated."));
    };
    let asked = parameters(query);
    let format = asked.iter().find(|(name, _)| name == "format").map(|(_, it)| it.as_str());
    let kind = match format {
        None | Some("json") => "application/json",
        Some("csv") => "text/csv; charset=utf-8",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some(other) => {
            let title = format!("\"{other}\" is no format; formats are json, csv and xlsx.");
            return Err(Problem::new(StatusCode::BAD_REQUEST, title));
        }
    };
    let unfit = |all: Vec<String>, why: &str| {
        let row = |parameter| Unfit { parameter, why: why.to_owned() };
        Problem::from(Failure::Unfit(all.into_iter().map(row).collect()))
    };
    let scenario = model
        .moved(&asked)
        .map_err(|all| unfit(all, "it is no control, or lies outside of its range"))?;
    let outcome = model.simulate(&scenario).map_err(|all| {
        let title = "This is no policy.";
        Problem::new(StatusCode::BAD_REQUEST, title).with(json!({ "detail": all.join("; ") }))
    })?;
    let set = model.set(&scenario);
    let plain = match format {
        Some("csv") => csv_of(&outcome),
        Some("xlsx") => xlsx_of(&outcome).map_err(|why| {
            Problem::new(StatusCode::INTERNAL_SERVER_ERROR, format!("No spreadsheet: {why}."))
        })?,
        _ => json_of(&model, &outcome, &set),
    };
    Ok(Arc::new(Body::new(plain, kind, app.views.shown().position)))
}

fn rows(outcome: &Outcome) -> impl Iterator<Item = (&str, &Row)> {
    let members = outcome.members.iter();
    members.flat_map(|it| it.rows.iter().map(|row| (it.code.as_str(), row)))
}

fn json_of(model: &Model, outcome: &Outcome, set: &[String]) -> Vec<u8> {
    let row = |(code, it): (&str, &Row)| {
        let mut fields = Map::new();
        fields.insert("jurisdiction".to_owned(), json!(code));
        fields.insert("year".to_owned(), json!(it.year));
        for (name, _, of) in COLUMNS {
            // What there is not, such as the price where nobody trades, is null.
            fields.insert(name.to_owned(), json!(of(it)));
        }
        Json::Object(fields)
    };
    let body = json!({
        "policy": karvan_views::facts::hex(&model.policy.hash),
        "set": set,
        "currency": outcome.currency,
        "rows": rows(outcome).map(row).collect::<Vec<_>>(),
        "warnings": outcome.warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    body.to_string().into_bytes()
}

fn csv_of(outcome: &Outcome) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let heads = ["jurisdiction", "year"].into_iter().chain(COLUMNS.iter().map(|it| it.0));
    // Writing into memory does not fail.
    drop(writer.write_record(heads));
    for (code, it) in rows(outcome) {
        let figures = COLUMNS.iter().map(|(.., of)| match of(it) {
            value if value.is_finite() => format!("{value:.4}"),
            _ => String::new(),
        });
        let first = [code.to_owned(), it.year.to_string()];
        drop(writer.write_record(first.into_iter().chain(figures)));
    }
    writer.into_inner().unwrap_or_default()
}

fn xlsx_of(outcome: &Outcome) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = Format::new().set_bold();
    let two = Format::new().set_num_format("#,##0.00");
    let sheet = book.add_worksheet();
    sheet.set_name("simulation")?;
    let heads = ["jurisdiction", "year"].into_iter().chain(COLUMNS.iter().map(|it| it.0));
    for (head, place) in heads.zip(0u16..) {
        sheet.write_with_format(0, place, head, &bold)?;
    }
    for ((code, it), line) in rows(outcome).zip(1u32..) {
        sheet.write(line, 0, code)?;
        sheet.write(line, 1, it.year)?;
        for ((.., of), place) in COLUMNS.iter().zip(2u16..) {
            let value = of(it);
            if value.is_finite() {
                sheet.write_with_format(line, place, value, &two)?;
            }
        }
    }
    sheet.set_freeze_panes(1, 2)?;
    let about = book.add_worksheet();
    about.set_name("about")?;
    for ((name, meaning, _), line) in COLUMNS.iter().zip(0u32..) {
        about.write(line, 0, *name)?;
        about.write(line, 1, *meaning)?;
    }
    book.save_to_buffer()
}
