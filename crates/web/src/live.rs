//! Live figures: one stream of server-sent events (WHATWG HTML, section 9.2) for each language.
//! What is sent is made once for all who listen, at most once a second.

use crate::app::{App, Shared};
use crate::asked::{Address, Asked, Failure, Theme};
use crate::pages::home;
use crate::texts::{LANGUAGES, Language};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::{Semaphore, watch};
use tokio::time::MissedTickBehavior;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::{IntervalStream, WatchStream};

/// The most who listen at a time.
pub const LISTENERS_MAX: usize = 4_096;
/// Nothing is sent more often.
const PACE: Duration = Duration::from_secs(1);
/// So often somebody who listens is told that the line stands, where nothing happens.
const BEAT: Duration = Duration::from_secs(30);
/// So often the thread looks whether the portal is still there.
const LOOK: Duration = Duration::from_millis(500);

/// A piece of a stream, ready to be sent.
type Piece = Arc<Vec<u8>>;

/// The streams, by language.
pub struct Live {
    channels: Vec<(&'static str, watch::Sender<Piece>)>,
    places: Arc<Semaphore>,
    over: watch::Sender<bool>,
}

impl Default for Live {
    fn default() -> Self {
        let channels = LANGUAGES.iter().map(|it| (it.tag, watch::Sender::new(Piece::default())));
        let places = Arc::new(Semaphore::new(LISTENERS_MAX));
        Self { channels: channels.collect(), places, over: watch::Sender::new(false) }
    }
}

impl Live {
    /// All streams end.
    pub fn end(&self) {
        self.over.send_replace(true);
    }

    /// Who listens.
    pub fn listeners(&self) -> usize {
        LISTENERS_MAX.saturating_sub(self.places.available_permits())
    }

    fn of(&self, tag: &str) -> Option<&watch::Sender<Piece>> {
        self.channels.iter().find(|(it, _)| *it == tag).map(|(_, it)| it)
    }
}

/// The routes.
pub fn router() -> Router<Shared> {
    Router::new().route("/live/{language}", get(listen))
}

async fn listen(State(app): State<Shared>, Path(tag): Path<String>) -> Response {
    let Some(channel) = app.live.of(&tag) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let Ok(place) = Arc::clone(&app.live.places).try_acquire_owned() else {
        let later = [(header::RETRY_AFTER, "60")];
        return (StatusCode::SERVICE_UNAVAILABLE, later).into_response();
    };
    // Who comes is told at once how things stand, then each change.
    let told = WatchStream::new(channel.subscribe()).filter(|it| !it.is_empty());
    let over = WatchStream::new(app.live.over.subscribe()).filter(|it| *it);
    // A comment now and then: where nobody listens any more, sending fails and frees the place.
    let mut beats = tokio::time::interval(BEAT);
    beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let comment: Piece = Arc::new(b": \n\n".to_vec());
    let beats = IntervalStream::new(beats).skip(1).map(move |_| Arc::clone(&comment));
    let stream = told.merge(beats).map(Some).merge(over.map(|_| None)).map_while(move |it| {
        let _listens = &place;
        Some(Ok::<_, std::convert::Infallible>(it?.as_ref().clone()))
    });
    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Starts the thread that makes what is sent, for as long as the portal is there.
pub fn start(app: &Shared) {
    let app = Arc::downgrade(app);
    std::thread::spawn(move || run(&app));
}

fn run(app: &Weak<App>) {
    let mut told = None;
    loop {
        let Some(app) = app.upgrade() else { return };
        if *app.live.over.borrow() {
            return;
        }
        let next = told.map_or(0, |it: u64| it.saturating_add(1));
        let shown = app.views.wait(next, LOOK);
        if told != Some(shown.position) {
            told = Some(shown.position);
            for language in &LANGUAGES {
                if let (Ok(piece), Some(channel)) =
                    (piece(&app, language), app.live.of(language.tag))
                {
                    channel.send_replace(Arc::new(piece));
                }
            }
        }
        drop(app);
        std::thread::sleep(PACE);
    }
}

/// What is sent: the rows of the ticker.
fn piece(app: &App, language: &'static Language) -> Result<Vec<u8>, Failure> {
    let (path, parameters) = (String::new(), Vec::new());
    let address = Address { language, theme: Theme::System, path, parameters };
    let made = app.views.read(|reader| {
        let mut asked = Asked { app, address: &address, reader };
        let news = home::news(&mut asked);
        Ok(news.map(|news| home::rows(&asked, &news).into_string()))
    })?;
    let rows = made?.replace(['\n', '\r'], " ");
    Ok(format!("event: rows\ndata: {rows}\n\n").into_bytes())
}
