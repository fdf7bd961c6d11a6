//! How the portal is doing: figures for Prometheus (text format 0.0.4), and whether it is alive and
//! ready.

use crate::app::Shared;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;
use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Upper ends of the classes of durations, in microseconds.
const CLASSES_US: [u64; 8] = [250, 1_000, 4_000, 15_000, 60_000, 250_000, 1_000_000, 10_000_000];
/// What requests are counted by.
const KINDS: [&str; 4] = ["page", "list", "command", "other"];
/// Views that are farther behind than this are not ready.
const BEHIND_MAX: u64 = 10_000;

#[derive(Default)]
struct Kind {
    /// By the first digit of the status, 1 to 5.
    answers: [AtomicU64; 5],
    within: [AtomicU64; 8],
    micros: AtomicU64,
}

/// The counters.
#[derive(Default)]
pub struct Metrics {
    kinds: [Kind; 4],
}

/// The routes.
pub fn router() -> Router<Shared> {
    Router::new()
        .route("/metrics", get(told))
        .route("/health/live", get(|| async { "ok\n" }))
        .route("/health/ready", get(ready))
}

fn kind(path: &str) -> usize {
    match path {
        it if ["/api/v1/commands/", "/api/v1/batch/"].iter().any(|of| it.starts_with(of)) => 2,
        it if it.starts_with("/api/") => 1,
        it if ["/assets/", "/live/", "/metrics", "/health/"]
            .iter()
            .any(|of| it.starts_with(of)) =>
        {
            3
        }
        _ => 0,
    }
}

/// Counts a request, and logs what failed.
pub async fn counted(State(app): State<Shared>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let (kind, path) = (kind(request.uri().path()), request.uri().path().to_owned());
    let method = request.method().clone();
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), started.elapsed());
    if let Some(it) = app.metrics.kinds.get(kind) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(count) = it.answers.get(class) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        it.micros.fetch_add(micros, Ordering::Relaxed);
        for (most, count) in CLASSES_US.iter().zip(&it.within) {
            if micros <= *most {
                count.fetch_add(1, Ordering::Relaxed);
            }
        }
    }
    if status >= 500 {
        tracing::warn!(%method, path, status, "a request failed");
    } else {
        let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        tracing::debug!(%method, path, status, micros, "answered");
    }
    response
}

async fn ready(State(app): State<Shared>) -> Response {
    let (durable, shown) = (app.engine.durable(), app.views.shown().position);
    let failing = app.views.failing();
    let is_ready = failing.is_none() && durable.saturating_sub(shown) <= BEHIND_MAX;
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let body = json!({
        "ready": is_ready, "durable": durable, "shown": shown, "failing": failing,
        "generation": app.views.generation(),
    });
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

async fn told(State(app): State<Shared>) -> Response {
    let mut text = String::new();
    let mut figure = |name: &str, kind: &str, about: &str, value: u64| {
        let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}\n{name} {value}");
    };
    let follower = app.follower.position();
    figure("karvan_record_durable", "gauge", "The last record on disk.", app.engine.durable());
    figure("karvan_record_followed", "gauge", "The last record in the replica.", follower);
    let shown = app.views.shown().position;
    figure("karvan_record_shown", "gauge", "The last record in the views.", shown);
    let generation = app.views.generation();
    figure("karvan_views_generation", "gauge", "How often views were made.", generation);
    let failing = u64::from(app.views.failing().is_some());
    figure("karvan_views_failing", "gauge", "1 while views do not go on.", failing);
    let listeners = u64::try_from(app.live.listeners()).unwrap_or(u64::MAX);
    figure("karvan_live_listeners", "gauge", "Who listens to live figures.", listeners);
    let _ = writeln!(text, "# HELP karvan_requests_total Requests by kind and class of status.");
    let _ = writeln!(text, "# TYPE karvan_requests_total counter");
    for (name, it) in KINDS.iter().zip(&app.metrics.kinds) {
        for (count, class) in it.answers.iter().zip(1u8..) {
            let count = count.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "karvan_requests_total{{kind=\"{name}\",status=\"{class}xx\"}} {count}"
            );
        }
    }
    let name = "karvan_request_seconds";
    let _ = writeln!(text, "# HELP {name} How long answers take.\n# TYPE {name} histogram");
    for (kind, it) in KINDS.iter().zip(&app.metrics.kinds) {
        for (most, count) in CLASSES_US.iter().zip(&it.within) {
            let (whole, part) = (most / 1_000_000, most % 1_000_000);
            let count = count.load(Ordering::Relaxed);
            let _ =
                writeln!(text, "{name}_bucket{{kind=\"{kind}\",le=\"{whole}.{part:06}\"}} {count}");
        }
        let all: u64 = it.answers.iter().map(|it| it.load(Ordering::Relaxed)).sum();
        let micros = it.micros.load(Ordering::Relaxed);
        let (whole, part) = (micros / 1_000_000, micros % 1_000_000);
        let _ = writeln!(text, "{name}_bucket{{kind=\"{kind}\",le=\"+Inf\"}} {all}");
        let _ = writeln!(text, "{name}_sum{{kind=\"{kind}\"}} {whole}.{part:06}");
        let _ = writeln!(text, "{name}_count{{kind=\"{kind}\"}} {all}");
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
