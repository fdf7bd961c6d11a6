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

    /// As many rows as are sent at a time in this format.
    pub fn limited(self, query: Query) -> Query {
        match self {
            Self::Json => query,
            Self::Csv | Self::Xlsx => query.limited(DOWNLOAD_MAX),
        }
    }

    /// The format that is asked for, by a parameter or by what is accepted.
    pub fn of(query: &str, accept: &str) -> Result<Self, Unfit> {
        let asked = parameters(query);
        let named = asked.iter().find(|(name, _)| name == "format");
        match named.map(|(_, value)| value.as_str()) {
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
    let format = match Format::of(&query, accept) {
        Ok(it) => it,
        Err(unfit) => return Problem::from(Failure::Unfit(vec![unfit])).into_response(),
    };
    let (asked, of_thread) = (name.clone(), Arc::clone(&app));
    let place = match format {
        Format::Json => Ok(None),
        Format::Csv | Format::Xlsx => app.dear().await.map(Some),
    };
    let made = tokio::task::spawn_blocking(move || {
        let _place = place?;
        answer(&of_thread, &asked, (&query, format))
    });
    match made.await {
        Ok(Ok(body)) => {
            let mut response = sent_as(format, (&name, &body), &headers);
            let look = HeaderValue::from_static("no-cache");
            response.headers_mut().insert(header::CACHE_CONTROL, look);
            response
        }
        Ok(Err(failure)) => Problem::from(failure).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Sends rows in a format; those of a table as a file.
pub fn sent_as(format: Format, (name, body): (&str, &Body), headers: &HeaderMap) -> Response {
    let mut response = send(body, headers);
    let vary = HeaderValue::from_static("Accept, Accept-Encoding");
    response.headers_mut().insert(header::VARY, vary);
    let end = match format {
        Format::Json => return response,
        Format::Csv => "csv",
        Format::Xlsx => "xlsx",
    };
    let shown = format!("attachment; filename=\"karvan-{name}.{end}\"");
    if let Ok(value) = HeaderValue::from_str(&shown) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
    }
    response
}

/// The rows of a page in a format.
pub fn bytes_of(
    format: Format,
    (list, page): (&List, &Page),
    about: (Shown, &[(String, String)]),
) -> Result<Vec<u8>, Failure> {
    Ok(match format {
        Format::Json => json_of(list, page, about),
        Format::Csv => csv_of(page),
        Format::Xlsx => xlsx_of(list, page, about.0).map_err(unwritten)?,
    })
}

fn answer(app: &App, name: &str, (query, format): (&str, Format)) -> Result<Arc<Body>, Failure> {
    let list = lists::named(name).ok_or(Failure::NotFound)?;
    let asked = parameters(query);
    let pairs = asked.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let parsed = Query::parse(list, pairs).map_err(Failure::Unfit)?;
    let key = format!("api {} {name}?{query}", format.kind());
    app.kept(key, format.kind(), |reader| {
        let page = reader.list(list, &format.limited(parsed))?;
        bytes_of(format, (list, &page), (reader.shown, &asked))
    })
}

/// What stands below a table that has more rows than are sent.
fn more(page: &Page) -> Option<String> {
    let next = page.next.as_ref()?;
    Some(format!("{DOWNLOAD_MAX} rows are sent at a time; the next with after={next}"))
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
    if let Some(more) = more(page) {
        let mut cells = vec![String::new(); page.columns.len()];
        if let Some(first) = cells.first_mut() {
            *first = more;
        }
        drop(writer.write_record(cells));
    }
    writer.into_inner().unwrap_or_default()
}

fn xlsx_of(list: &List, page: &Page, shown: Shown) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let bold = CellFormat::new().set_bold();
    let cents = CellFormat::new().set_num_format("#,##0.00");
    let whole = CellFormat::new().set_num_format("#,##0");
    let sheet = book.add_worksheet();
    sheet.set_name(list.name.replace('/', " "))?;
    for (column, place) in page.columns.iter().zip(0u16..) {
        sheet.write_with_format(0, place, column.name, &bold)?;
    }
    for (row, line) in page.iter().zip(1u32..) {
        for ((column, value), place) in row.cells().zip(0u16..) {
            match (value, column.kind) {
                (Value::Null, _) => continue,
                (Value::Int(it), Kind::Price | Kind::UnitPrice | Kind::Money) => {
                    sheet.write_with_format(line, place, *it as f64 / 100.0, &cents)?
                }
                (
                    Value::Int(it),
                    Kind::Tonnes | Kind::Units | Kind::Energy | Kind::Power | Kind::Count,
                ) => sheet.write_with_format(line, place, *it as f64, &whole)?,
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
    if let Some(more) = more(page) {
        about.write(2, 0, more)?;
    }
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
