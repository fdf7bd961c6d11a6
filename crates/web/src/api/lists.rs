//! Lists as JSON, CSV and XLSX: `GET /api/v1/<list>`.

use super::problem::Problem;
use crate::app::{App, Shared, parameters, send};
use crate::asked::Failure;
use crate::cache::Body;
use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use karvan_views::list::{DOWNLOAD_MAX, Kind, List, Page, Query, Unfit};
use karvan_views::lists;
use karvan_views::project::Shown;
use karvan_views::sql::{SqlError, Value};
use rust_xlsxwriter::{Format as CellFormat, Workbook, XlsxError};
use serde_json::{Value as Json, json};
use std::sync::Arc;

/// Its routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/api/v1/{list}", get(list))
}

/// How rows are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, page by page.
    Json,
    /// CSV (RFC 4180), all rows.
    Csv,
    /// A spreadsheet (ISO/IEC 29500), all rows.
    Xlsx,
}

impl Format {
    /// Its media type.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The format that is asked for, by parameter or by what is accepted.
    fn asked(named: Option<&str>, accept: &str) -> Result<Self, Unfit> {
        match named {
            Some("json") => Ok(Self::Json),
            Some("csv") => Ok(Self::Csv),
            Some("xlsx") => Ok(Self::Xlsx),
            Some(other) => Err(Unfit {
                parameter: "format".to_owned(),
                why: format!("\"{other}\" is no format; formats are json, csv and xlsx"),
            }),
            None if accept.contains("text/csv") => Ok(Self::Csv),
            None if accept.contains("spreadsheetml") => Ok(Self::Xlsx),
            None => Ok(Self::Json),
        }
    }
}

async fn list(
    State(app): State<Shared>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let accept = headers.get(header::ACCEPT).and_then(|it| it.to_str().ok()).unwrap_or_default();
    let accept = accept.to_owned();
    let asked = name.clone();
    let made = tokio::task::spawn_blocking(move || answer(&app, &asked, (&query, &accept))).await;
    match made {
        Ok(Ok((body, format))) => {
            let mut response = send(&body, &headers);
            let headers = response.headers_mut();
            headers.insert(header::VARY, HeaderValue::from_static("Accept, Accept-Encoding"));
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            let end = match format {
                Format::Json => return response,
                Format::Csv => "csv",
                Format::Xlsx => "xlsx",
            };
            let shown = format!("attachment; filename=\"karvan-{name}.{end}\"");
            if let Ok(value) = HeaderValue::from_str(&shown) {
                headers.insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Ok(Err(failure)) => Problem::from(failure).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn answer(
    app: &Arc<App>,
    name: &str,
    (query, accept): (&str, &str),
) -> Result<(Arc<Body>, Format), Failure> {
    let list = lists::named(name).ok_or(Failure::NotFound)?;
    let asked = parameters(query);
    let named = asked.iter().find(|(name, _)| name == "format").map(|(_, value)| value.as_str());
    let format = Format::asked(named, accept).map_err(|it| Failure::Unfit(vec![it]))?;
    let pairs = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let parsed = Query::parse(list, pairs).map_err(Failure::Unfit)?;
    let key = format!("api {} {name}?{query}", format.kind());
    let body = app.kept(key, format.kind(), |reader| {
        let parsed = match format {
            Format::Json => parsed,
            Format::Csv | Format::Xlsx => parsed.limited(DOWNLOAD_MAX),
        };
        let page = reader.list(list, &parsed)?;
        Ok(match format {
            Format::Json => json_of(list, &page, (reader.shown, &asked)),
            Format::Csv => csv_of(&page),
            Format::Xlsx => xlsx_of(list, &page, reader.shown).map_err(unwritten)?,
        })
    })?;
    Ok((body, format))
}

fn json_of(list: &List, page: &Page, (shown, asked): (Shown, &[(String, String)])) -> Vec<u8> {
    let next = page.next.as_ref().map(|cursor| {
        let kept = asked.iter().filter(|(name, value)| name != "after" && !value.is_empty());
        let mut all: Vec<String> = kept
            .map(|(name, value)| {
                format!("{}={}", crate::asked::quote(name), crate::asked::quote(value))
            })
            .collect();
        all.push(format!("after={cursor}"));
        format!("/api/v1/{}?{}", list.name, all.join("&"))
    });
    let rows: Vec<Json> = page.iter().map(karvan_views::list::Row::json).collect();
    let body = json!({
        "list": list.name, "record": shown.position, "now": shown.now.to_string(),
        "rows": rows, "next": next,
    });
    body.to_string().into_bytes()
}

fn unwritten(why: XlsxError) -> Failure {
    Failure::Sql(SqlError { statement: "the spreadsheet".to_owned(), why: why.to_string() })
}

/// The most letters of a cell, by the file format.
const CELL_MAX: usize = 32_767;

/// Cells that a spreadsheet would take for a formula are marked as text.
fn harmless(text: String) -> String {
    let is_formula = text.starts_with(['=', '+', '@', '\t', '\r'])
        || (text.starts_with('-') && text.parse::<f64>().is_err());
    if is_formula { format!("'{text}") } else { text }
}

fn csv_of(page: &Page) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing into memory does not fail.
    drop(writer.write_record(page.columns.iter().map(|it| it.name)));
    for row in page.iter() {
        drop(
            writer.write_record(
                row.cells().map(|(column, value)| harmless(column.kind.plain(value))),
            ),
        );
    }
    writer.into_inner().unwrap_or_default()
}

fn xlsx_of(list: &List, page: &Page, shown: Shown) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = CellFormat::new().set_bold();
    let cents = CellFormat::new().set_num_format("#,##0.00");
    let whole = CellFormat::new().set_num_format("#,##0");
    let sheet = book.add_worksheet();
    sheet.set_name(list.name)?;
    for (column, place) in page.columns.iter().zip(0u16..) {
        sheet.write_with_format(0, place, column.name, &bold)?;
    }
    for (row, line) in page.iter().zip(1u32..) {
        for ((column, value), place) in row.cells().zip(0u16..) {
            match (value, column.kind) {
                (Value::Null, _) => continue,
                (Value::Int(it), Kind::Price | Kind::Money) => {
                    sheet.write_with_format(line, place, *it as f64 / 100.0, &cents)?
                }
                (Value::Int(it), Kind::Tonnes | Kind::Count) => {
                    sheet.write_with_format(line, place, *it as f64, &whole)?
                }
                (Value::Int(it), Kind::Year | Kind::Number | Kind::Record | Kind::Percent) => {
                    sheet.write(line, place, *it as f64)?
                }
                _ => {
                    let text = column.kind.plain(value);
                    sheet.write(line, place, text.chars().take(CELL_MAX).collect::<String>())?
                }
            };
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    sheet.autofit();
    let about = book.add_worksheet();
    about.set_name("about")?;
    about.write_with_format(0, 0, list.about, &bold)?;
    about.write(1, 0, format!("Record {}, {}", shown.position, shown.now))?;
    for (column, line) in page.columns.iter().zip(3u32..) {
        about.write(line, 0, column.name)?;
        about.write(line, 1, column.about)?;
    }
    book.save_to_buffer()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_that_look_like_formulas_are_text() {
        assert_eq!(harmless("=1+1".to_owned()), "'=1+1");
        assert_eq!(harmless("@x".to_owned()), "'@x");
        assert_eq!(harmless("-5.25".to_owned()), "-5.25");
        assert_eq!(harmless("-a".to_owned()), "'-a");
        assert_eq!(harmless("plain".to_owned()), "plain");
    }
}
