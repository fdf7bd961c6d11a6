//! The bids of an auction that is cleared, added up by price, in the form that the calculator
//! reads: `karvan calc auction --bids`. Who bid is not public.

use super::problem::Problem;
use crate::app::{App, Shared, send};
use crate::asked::Failure;
use crate::cache::Body;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use karvan_views::list::{DOWNLOAD_MAX, Kind, Query};
use karvan_views::lists::market;
use std::fmt::Write;
use std::sync::Arc;

/// Its route.
pub fn router() -> Router<Shared> {
    Router::new().route("/api/v1/auctions/{auction}/bids.csv", get(bids))
}

async fn bids(
    State(app): State<Shared>,
    Path(auction): Path<String>,
    asked: HeaderMap,
) -> Response {
    let Ok(auction) = auction.parse::<u32>() else { return none() };
    let made = tokio::task::spawn_blocking(move || file(&app, auction)).await;
    match made {
        Ok(Ok(body)) => {
            let mut response = send(&body, &asked);
            let name = format!("attachment; filename=\"auction-{auction}.csv\"");
            if let Ok(value) = HeaderValue::from_str(&name) {
                response.headers_mut().insert(header::CONTENT_DISPOSITION, value);
            }
            response
        }
        Ok(Err(Failure::NotFound)) => none(),
        Ok(Err(why)) => Problem::from(why).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn none() -> Response {
    let title = "There is no such auction, or it is not cleared yet.";
    Problem::new(StatusCode::NOT_FOUND, title).into_response()
}

fn file(app: &App, auction: u32) -> Result<Arc<Body>, Failure> {
    let key = format!("bids {auction}");
    app.kept(key, "text/csv; charset=utf-8", |reader| {
        let list = &market::AUCTION_BIDS;
        let number = auction.to_string();
        let query = Query::parse(list, [("auction", number.as_str())]).map_err(Failure::Unfit)?;
        let page = reader.list(list, &query.limited(DOWNLOAD_MAX))?;
        if page.rows.is_empty() {
            return Err(Failure::NotFound);
        }
        let mut text = String::from("bid,bidder,price,quantity\n");
        for (it, place) in page.iter().zip(1u32..) {
            let price = Kind::Price.plain(it.get("price"));
            let quantity = it.int("quantity").unwrap_or_default();
            let _ = writeln!(text, "p{place},all at {price},{price},{quantity}");
        }
        Ok(text.into_bytes())
    })
}
