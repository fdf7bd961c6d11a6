//! The application: what it holds, and which address leads where.

use crate::api;
use crate::api::desk::Desk;
use crate::api::keys::Keys;
use crate::api::problem::Problem;
use crate::asked::{Address, Asked, Failure, Theme};
use crate::assets::Assets;
use crate::cache::{Body, Cache, Mark};
use crate::documents::{Documents, InForce, Reading};
use crate::live::{self, Live};
use crate::look::frame;
use crate::metrics::{self, Metrics};
use crate::pages;
use crate::rehearsals::Rehearsals;
use crate::texts::Language;
use axum::Router;
use axum::body::Body as Sent;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use karvan_engine::Engine;
use karvan_engine::follower::SharedFollower;
use karvan_views::shared::{Reader, Views};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How the portal is set up.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Whether what is shown is a rehearsal: then every page says so.
    pub training: bool,
    /// The folder of the file of keys; without it nobody hands in commands.
    pub keys: Option<PathBuf>,
    /// The name under which the market is reached, such as `market.example`: then commands that
    /// were signed for another one are not taken.
    pub name: Option<String>,
}

/// What the portal holds.
pub struct App {
    /// The writer.
    pub engine: Arc<Engine>,
    /// The replica of the state.
    pub follower: SharedFollower,
    /// The lists.
    pub views: Arc<Views>,
    /// Policy files.
    pub documents: Documents,
    /// How it is set up.
    pub settings: Settings,
    /// The files that pages need.
    pub assets: Assets,
    /// The table of installations.
    installations: String,
    reading: Reading,
    /// Rehearsals that readers started.
    pub rehearsals: Rehearsals,
    /// How it is doing.
    pub metrics: Metrics,
    cache: Cache,
    dear: Arc<Semaphore>,
    /// Live figures.
    pub live: Live,
    /// Where commands are handed in.
    pub desk: Desk,
    /// Whose keys may hand them in.
    pub keys: Keys,
}

impl App {
    /// An application over a running engine and its views.
    pub fn new(
        engine: Arc<Engine>,
        views: Arc<Views>,
        (documents, settings, installations): (Documents, Settings, &str),
    ) -> Self {
        let follower = engine.follower();
        let (assets, cache, live) = (Assets::new(), Cache::default(), Live::default());
        let (desk, keys) = (Desk::default(), Keys::of(settings.keys.clone()));
        let app = Self {
            engine,
            follower,
            views,
            documents,
            settings,
            assets,
            installations: installations.to_owned(),
            reading: Reading::default(),
            rehearsals: Rehearsals::default(),
            metrics: Metrics::default(),
            cache,
            dear: Arc::new(Semaphore::new(
                std::thread::available_parallelism().map_or(1, Into::into),
            )),
            live,
            desk,
            keys,
        };
        // Nobody waits for it later.
        drop(app.in_force());
        app
    }

    /// The policy in force.
    pub fn in_force(&self) -> Arc<InForce> {
        let hash = self.follower.read().rules.as_ref().map(|it| it.policy_hash);
        let read = |hash| self.reading.of(hash, (&self.documents, &self.installations));
        hash.map(read).unwrap_or_default()
    }

    /// A place among the few who ask for what is dear at a time: downloads, simulations. It is
    /// kept by whoever does the work, since who asked may be gone before that is done.
    pub async fn dear(&self) -> Result<OwnedSemaphorePermit, Failure> {
        let place = Arc::clone(&self.dear).acquire_owned();
        let place = tokio::time::timeout(DEAR_WAIT, place).await.map_err(|_| Failure::Busy)?;
        place.map_err(|_| Failure::Busy)
    }

    /// What an answer follows from: which views, up to where, and which documents are at hand.
    fn mark(&self, position: u64) -> Mark {
        (self.views.generation(), position, self.documents.known())
    }

    /// The answer of a key that is kept, if there is one.
    pub fn known(&self, key: &str) -> Option<Arc<Body>> {
        self.cache.get(key, self.mark(self.views.shown().position))
    }

    /// The market's currency.
    pub fn currency(&self) -> String {
        let state = self.follower.read();
        state.rules.as_ref().map(|it| it.currency.to_string()).unwrap_or_default()
    }

    /// The name that the policy gives a jurisdiction.
    pub fn name_of(&self, code: &str) -> Option<String> {
        let in_force = self.in_force();
        let chapters = &in_force.policy.as_ref()?.jurisdictions;
        chapters.iter().find(|it| it.code == code).map(|it| it.name.clone())
    }

    /// An answer that is kept, or made with the views of one moment.
    pub fn kept(
        &self,
        key: String,
        kind: &'static str,
        make: impl FnOnce(&mut Reader<'_>) -> Result<Vec<u8>, Failure>,
    ) -> Result<Arc<Body>, Failure> {
        if let Some(it) = self.known(&key) {
            return Ok(it);
        }
        let before = self.mark(0);
        let body = self.made(kind, make)?;
        self.cache.put(key, &body, (before.0, body.position, before.2));
        Ok(body)
    }

    /// The same, where the answer follows from the books and the time, too.
    fn kept_now(
        &self,
        key: String,
        kind: &'static str,
        make: impl FnOnce(&mut Reader<'_>) -> Result<Vec<u8>, Failure>,
    ) -> Result<Arc<Body>, Failure> {
        let minute = self.engine.now().0.div_euclid(60_000);
        // The replica and the lists go on each by itself; the sum changes with either.
        let (books, lists) = (self.follower.read().position, self.views.shown().position);
        let (key, mark) = (format!("{key} {minute}"), self.mark(books.saturating_add(lists)));
        if let Some(it) = self.cache.get(&key, mark) {
            return Ok(it);
        }
        let body = self.made(kind, make)?;
        self.cache.put(key, &body, mark);
        Ok(body)
    }

    /// An answer that is made anew, with the views of one moment.
    pub fn made(
        &self,
        kind: &'static str,
        make: impl FnOnce(&mut Reader<'_>) -> Result<Vec<u8>, Failure>,
    ) -> Result<Arc<Body>, Failure> {
        let (made, position) = self.views.read(|reader| {
            let position = reader.shown.position;
            Ok((make(reader), position))
        })?;
        Ok(Arc::new(Body::new(made?, kind, position)))
    }
}

/// The application, shared by all who answer.
pub type Shared = Arc<App>;

/// What a page may load: our own files, nothing else, and nothing inline.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; \
     frame-ancestors 'none'";

/// Whoever asks for what is dear waits so long for those before.
const DEAR_WAIT: Duration = Duration::from_secs(10);
/// The largest body of a request, in bytes.
pub const BODY_MAX: usize = 1024 * 1024;
/// A body must be there within this time.
const BODY_WAIT: Duration = Duration::from_secs(10);

/// The routes.
pub fn router(app: &Shared) -> Router {
    live::start(app);
    Router::new()
        .route("/", get(root))
        .route("/theme/{name}", get(theme))
        .route("/assets/{name}", get(asset))
        .route("/{language}/", get(home))
        .route("/{language}/simulator/rehearsals", post(rehearse))
        .route("/{language}/{*path}", get(page))
        .merge(api::router())
        .merge(live::router())
        .merge(metrics::router())
        .fallback(nothing)
        .layer(axum::middleware::from_fn(bounded))
        .layer(axum::middleware::map_response(safe))
        .layer(axum::middleware::from_fn_with_state(Arc::clone(app), metrics::counted))
        .with_state(Arc::clone(app))
}

async fn safe(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let fixed =
        [(header::X_CONTENT_TYPE_OPTIONS, "nosniff"), (header::REFERRER_POLICY, "same-origin")];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(POLICY));
    response
}

/// Bodies are taken whole, before anybody looks at them: none is too large, none comes drop by
/// drop.
async fn bounded(request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let whole = tokio::time::timeout(BODY_WAIT, axum::body::to_bytes(body, BODY_MAX)).await;
    let why = match whole {
        Ok(Ok(body)) => return next.run(Request::from_parts(head, Sent::from(body))).await,
        Ok(Err(_)) => {
            let title = format!("The body of a request has at most {BODY_MAX} bytes.");
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, title)
        }
        Err(_) => {
            let title = format!("The body was not there within {} s.", BODY_WAIT.as_secs());
            Problem::new(StatusCode::REQUEST_TIMEOUT, title)
        }
    };
    let mut response = why.into_response();
    // What is left of the body is not read.
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

async fn root(headers: HeaderMap) -> Redirect {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
    let language = Language::accepted(accepted.unwrap_or_default());
    Redirect::temporary(&format!("/{}/", language.tag))
}

/// Chooses light or dark, and goes back to where the reader was.
async fn theme(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let theme = Theme::of(&name).name().unwrap_or("system");
    let cookie = format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax");
    let from = headers.get(header::REFERER).and_then(|it| it.to_str().ok()).unwrap_or_default();
    // Only the path counts: nobody is sent to another site.
    let path = from.splitn(4, '/').nth(3).unwrap_or_default().trim_start_matches(['/', '\\']);
    let mut response = Redirect::to(&format!("/{path}")).into_response();
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

async fn asset(
    State(app): State<Shared>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Response {
    let Some(it) = app.assets.named(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let mut response = send(it, &headers);
    // The name holds a part of the content's hash, so that what it names never changes.
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response.headers_mut().insert(header::CACHE_CONTROL, forever);
    response
}

async fn home(
    state: State<Shared>,
    Path(language): Path<String>,
    query: RawQuery,
    headers: HeaderMap,
) -> Response {
    page(state, Path((language, String::new())), query, headers).await
}

async fn page(
    State(app): State<Shared>,
    Path((language, path)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let Some(language) = Language::of(&language) else {
        return nothing(State(app), headers).await;
    };
    let query = query.unwrap_or_default();
    let parameters = parameters(&query);
    let path = path.trim_matches('/').to_owned();
    let address = Address { language, theme: theme_of(&headers), path, parameters };
    let key = key_of(&address, &query);
    let is_dear = pages::is_dear(&address) && app.known(&key).is_none();
    let place = if is_dear { app.dear().await.map(Some) } else { Ok(None) };
    let answered = tokio::task::spawn_blocking(move || match place {
        Ok(_place) => answer(&app, &address, key),
        Err(failure) => failed(&app, &address, &failure),
    });
    match answered.await {
        Ok((status, body)) => {
            let mut response = send_as(status, &body, &headers);
            let vary = HeaderValue::from_static("Accept-Encoding, Cookie");
            response.headers_mut().insert(header::VARY, vary);
            let look = HeaderValue::from_static("no-cache");
            response.headers_mut().insert(header::CACHE_CONTROL, look);
            response
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

const HTML: &str = "text/html; charset=utf-8";

fn key_of(address: &Address, query: &str) -> String {
    let theme = address.theme.name().unwrap_or_default();
    format!("{} {theme} /{}?{query}", address.language.tag, address.path)
}

fn answer(app: &Shared, address: &Address, key: String) -> (StatusCode, Arc<Body>) {
    let make = |reader: &mut Reader<'_>| {
        let mut asked = Asked { app, address, reader };
        if let Some(part) = pages::fragment(&mut asked) {
            return Ok(part?.into_string().into_bytes());
        }
        let page = pages::page(&mut asked)?;
        Ok(frame::framed(&asked, &page).into_string().into_bytes())
    };
    let made = if pages::is_moving(address) {
        app.made(HTML, make)
    } else if pages::is_of_now(address) {
        app.kept_now(key, HTML, make)
    } else {
        app.kept(key, HTML, make)
    };
    match made {
        Ok(body) => (StatusCode::OK, body),
        Err(failure) => failed(app, address, &failure),
    }
}

fn failed(app: &Shared, address: &Address, failure: &Failure) -> (StatusCode, Arc<Body>) {
    let status = match failure {
        Failure::NotFound => StatusCode::NOT_FOUND,
        Failure::Unfit(_) => StatusCode::BAD_REQUEST,
        Failure::Busy | Failure::Sql(_) => StatusCode::SERVICE_UNAVAILABLE,
    };
    let shown = app.views.shown();
    let page = frame::failed(app, address, (failure, shown));
    let body = Body::new(page.into_string().into_bytes(), HTML, shown.position);
    (status, Arc::new(body))
}

async fn nothing(State(app): State<Shared>, headers: HeaderMap) -> Response {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|it| it.to_str().ok());
    let language = Language::accepted(accepted.unwrap_or_default());
    let theme = theme_of(&headers);
    let address = Address { language, theme, path: String::new(), parameters: Vec::new() };
    let shown = app.views.shown();
    let page = frame::failed(&app, &address, (&Failure::NotFound, shown));
    let body = Body::new(page.into_string().into_bytes(), HTML, shown.position);
    send_as(StatusCode::NOT_FOUND, &body, &headers)
}

fn theme_of(headers: &HeaderMap) -> Theme {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|it| it.to_str().ok());
    let mut all = cookies.flat_map(|it| it.split(';')).map(str::trim);
    Theme::of(all.find_map(|it| it.strip_prefix("theme=")).unwrap_or_default())
}

/// Starts a rehearsal of a scenario, and leads to its page.
async fn rehearse(
    State(app): State<Shared>,
    Path(language): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Some(language) = Language::of(&language) else {
        return nothing(State(app), headers).await;
    };
    let Some(model) = app.in_force().model.clone() else {
        return nothing(State(app), headers).await;
    };
    let started = model.moved(&parameters(&body)).map(|it| app.rehearsals.start(&model, it));
    match started {
        Ok(Some(number)) => {
            Redirect::to(&format!("/{}/simulator/rehearsals/{number}", language.tag))
                .into_response()
        }
        Ok(None) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Err(_) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// The most parameters of an address that are read.
const PARAMETERS_MAX: usize = 64;

/// The parameters of an address.
pub fn parameters(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|it| !it.is_empty()).take(PARAMETERS_MAX);
    pairs
        .map(|it| {
            let (name, value) = it.split_once('=').unwrap_or((it, ""));
            (unquote(name), unquote(value))
        })
        .collect()
}

fn unquote(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = [rest.next(), rest.next()];
                let digit = |it: Option<u8>| char::from(it?).to_digit(16);
                match (digit(digits[0]), digit(digits[1])) {
                    (Some(high), Some(low)) => {
                        bytes.push(u8::try_from(high * 16 + low).unwrap_or_default());
                    }
                    _ => bytes.push(b'%'),
                }
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends a body that is kept: not at all where the reader has it, compressed where that is taken.
pub fn send(body: &Body, asked: &HeaderMap) -> Response {
    send_as(StatusCode::OK, body, asked)
}

/// Whether a reader takes gzip (RFC 9110 section 12.5.3): named, and not with a weight of nothing.
fn takes_gzip(accepted: &str) -> bool {
    accepted.split(',').any(|it| {
        let mut parts = it.split(';').map(str::trim);
        let named = parts.next().is_some_and(|it| it.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|it| it.strip_prefix("q=")).and_then(|it| it.parse().ok());
        named && weight.is_none_or(|it: f32| it > 0.0)
    })
}

fn send_as(status: StatusCode, body: &Body, asked: &HeaderMap) -> Response {
    let value = |name: header::HeaderName| asked.get(name).and_then(|it| it.to_str().ok());
    let takes_gzip = value(header::ACCEPT_ENCODING).is_some_and(takes_gzip);
    let compressed = body.gzip.as_ref().filter(|_| takes_gzip);
    // The same content in another encoding is another representation.
    let tag = format!("\"{}{}\"", body.tag, if compressed.is_some() { "-gzip" } else { "" });
    let known = value(header::IF_NONE_MATCH).unwrap_or_default();
    let is_known = known.split(',').any(|it| it.trim().trim_start_matches("W/") == tag);
    let mut response = match status == StatusCode::OK && is_known {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => {
            let bytes = compressed.unwrap_or(&body.plain).clone();
            let mut response = (status, Sent::from(bytes)).into_response();
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(body.kind));
            if compressed.is_some() {
                headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
            headers.insert("karvan-record", HeaderValue::from(body.position));
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gzip_is_sent_to_those_who_take_it() {
        assert!(takes_gzip("gzip") && takes_gzip("br, GZIP;q=0.5") && takes_gzip("deflate,gzip"));
        assert!(!takes_gzip("gzip;q=0") && !takes_gzip("br") && !takes_gzip("gzip;q=0.0, br"));
        assert!(!takes_gzip(""));
    }
}
