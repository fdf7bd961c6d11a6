//! A portal over the shipped pilot, rehearsed for two years into a folder of its own.

use axum::body::Body;
use axum::http::{HeaderMap, Request};
use karvan_core::time::Instant;
use karvan_engine::clock::ResumedClock;
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::storage::DiskStorage;
use karvan_engine::{Engine, Options};
use karvan_policy::Policy;
use karvan_rehearsal::{INSTALLATIONS, Play, SITES, Settings, sites};
use karvan_views::shared::Views;
use karvan_views::sqlite::Files;
use karvan_web::{App, Documents, catalogue};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tower::ServiceExt;

const PILOT: &str = include_str!("../../../../policies/eco-pilot.toml");

/// A portal, and the folder of its store.
pub(crate) struct Portal {
    pub(crate) router: axum::Router,
    pub(crate) engine: Arc<Engine>,
    pub(crate) views: Arc<Views>,
    runtime: tokio::runtime::Runtime,
    folder: PathBuf,
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|it| it.to_str().ok()).unwrap_or_default()
    }
}

fn folder(name: &str) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("karvan-portal-{name}-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The store of a rehearsal, played once for all tests of a file.
fn played() -> &'static (PathBuf, Instant) {
    static PLAYED: OnceLock<(PathBuf, Instant)> = OnceLock::new();
    PLAYED.get_or_init(|| {
        let folder = folder("played");
        let policy = Policy::parse(PILOT).unwrap();
        let plants = karvan_policy::plants::read(INSTALLATIONS).unwrap();
        let seed = policy.rehearsal.seed;
        let sites = sites::read(SITES).expect("the project's own table");
        let settings = Settings { policy, plants, sites, first: 2028, last: 2029, seed };
        let disk = Arc::new(DiskStorage::open(&folder).unwrap());
        let (journal, _) = FileJournal::open(disk, FileOptions::default()).unwrap();
        let (outcome, _) = Play::new(settings, journal).run(&mut |_| {}).unwrap();
        (folder, outcome.until)
    })
}

impl Portal {
    pub(crate) fn rehearsed() -> Self {
        Self::rehearsed_as(None)
    }

    /// The same, reached under a name.
    pub(crate) fn rehearsed_as(name: Option<&str>) -> Self {
        let folder = folder("served");
        for entry in std::fs::read_dir(&played().0).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
        let clock = Arc::new(ResumedClock::from(played().1));
        let options = Options { clock, ..Options::default() };
        let engine = Arc::new(Engine::start(&folder, options).unwrap());
        let known = Arc::new(catalogue::read(INSTALLATIONS).unwrap());
        let place = Box::new(Files::in_folder(&folder));
        let (views, _) = Views::start(place, engine.tail(), known).unwrap();
        let durable = engine.durable();
        assert!(views.wait(durable, Duration::from_secs(60)).position >= durable);
        let documents = Documents::looked_for(|| vec![PILOT.to_owned()]);
        let settings = karvan_web::Settings {
            training: true,
            keys: Some(folder.clone()),
            name: name.map(str::to_owned),
        };
        let app =
            App::new(Arc::clone(&engine), Arc::clone(&views), (documents, settings, INSTALLATIONS));
        let router = karvan_web::app::router(&Arc::new(app));
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        Self { router, engine, views, runtime, folder }
    }

    /// Serves it on a free port of this machine; its address.
    pub(crate) fn serve(&self) -> String {
        let router = self.router.clone();
        let listener = self.runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        self.runtime.spawn(async move {
            karvan_web::serve::serve(listener, (router, None), std::future::pending()).await
        });
        format!("http://{address}")
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn get(&self, address: &str) -> Answer {
        self.get_with(address, &[])
    }

    pub(crate) fn get_with(&self, address: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(Body::empty()).unwrap())
    }

    pub(crate) fn ask(&self, request: Request<Body>) -> Answer {
        self.runtime.block_on(async {
            let response = self.router.clone().oneshot(request).await.unwrap();
            let (parts, body) = response.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec();
            Answer { status: parts.status.as_u16(), headers: parts.headers, body }
        })
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
