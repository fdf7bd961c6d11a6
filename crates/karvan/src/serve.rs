//! `karvan serve`: the portal and the API over a store.

use anyhow::{Context, Result, bail};
use karvan_core::time::Instant;
use karvan_engine::clock::{Clock, ResumedClock, SystemClock};
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::journal::recovery::Purpose;
use karvan_engine::storage::DiskStorage;
use karvan_engine::{Engine, Options, snapshot};
use karvan_rehearsal::INSTALLATIONS;
use karvan_views::facts::hex;
use karvan_views::postgres::Schemas;
use karvan_views::shared::{Place, Views};
use karvan_views::sqlite::Files;
use karvan_web::app::router;
use karvan_web::serve::{Tls, may_bind, serve};
use karvan_web::{App, Documents, Settings, catalogue};
use sha2::{Digest, Sha256};
use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// How the names of policies beside a store begin; their SHA-256 follows.
const DOCUMENT: &str = "policy-";
/// The most bytes of a document.
const DOCUMENT_MAX: u64 = 4 * 1024 * 1024;
/// Requests that are over let go of the market within this time.
const HELD_MAX: Duration = Duration::from_secs(5);
/// Where the portal is, when nobody says where.
const ADDRESS: &str = "127.0.0.1:8700";

/// What the server can be asked.
#[derive(clap::Args)]
pub(crate) struct Serve {
    /// The data directory.
    #[arg(long)]
    data_dir: PathBuf,
    /// A file of settings; what is said on the command line goes before it.
    #[arg(long)]
    config: Option<PathBuf>,
    #[command(flatten)]
    place: Where,
}

/// Where the portal is served.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Where {
    /// The address and port. Without TLS only the machine's own are allowed.
    #[arg(long, value_name = "ADDRESS:PORT")]
    address: Option<SocketAddr>,
    /// Where the lists are kept: a PostgreSQL database such as postgres://user@localhost/karvan;
    /// beside the journal where nothing is said. They are made again from the journal whenever they
    /// are missing.
    #[arg(long, value_name = "URL")]
    views: Option<String>,
}

/// The file of settings.
#[derive(Debug, Default)]
struct Config {
    address: Option<SocketAddr>,
    views: Option<String>,
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    training: bool,
    policies: Vec<PathBuf>,
    installations: Option<PathBuf>,
    /// The host, and the port where it is not the scheme's own, that clients sign for.
    name: Option<String>,
}

impl Config {
    /// Reads a file; every key that nobody knows is named.
    fn read(file: &Path) -> Result<Self> {
        let name = || file.display().to_string();
        let text =
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", name()))?;
        let table: toml::Table = text.parse().with_context(name)?;
        let mut config = Self::default();
        let here = file.parent().unwrap_or(Path::new("."));
        for (key, value) in table {
            let wrong = |expected: &str| format!("{}: {key} must be {expected}", name());
            let text = || value.as_str().with_context(|| wrong("text"));
            match key.as_str() {
                "address" => {
                    let parsed = text()?.parse().ok();
                    config.address = Some(parsed.with_context(|| wrong("like 127.0.0.1:8700"))?);
                }
                "name" => config.name = Some(text()?.to_ascii_lowercase()),
                "views" => config.views = Some(text()?.to_owned()),
                "certificate" => config.certificate = Some(here.join(text()?)),
                "key" => config.key = Some(here.join(text()?)),
                "installations" => config.installations = Some(here.join(text()?)),
                "training" => {
                    config.training = value.as_bool().with_context(|| wrong("true or false"))?;
                }
                "policies" => {
                    let all = value.as_array().with_context(|| wrong("a list of files"))?;
                    for it in all {
                        let it = it.as_str().with_context(|| wrong("a list of files"))?;
                        config.policies.push(here.join(it));
                    }
                }
                other => bail!(
                    "{}: there is no setting \"{other}\"; settings are address, certificate, key, \
                     installations, name, policies, training, views",
                    name()
                ),
            }
        }
        Ok(config)
    }

    fn tls(&self) -> Result<Option<Tls>> {
        match (&self.certificate, &self.key) {
            (Some(chain), Some(key)) => {
                let read = |file: &Path| {
                    std::fs::read(file)
                        .with_context(|| format!("{} cannot be read", file.display()))
                };
                Tls::from_pem(&read(chain)?, &read(key)?).map(Some).map_err(anyhow::Error::msg)
            }
            (None, None) => Ok(None),
            _ => bail!("TLS needs both files: certificate and key"),
        }
    }
}

/// What a store is served with.
struct Service {
    dir: PathBuf,
    config: Config,
    installations: String,
    clock: Arc<dyn Clock>,
}

/// `karvan serve`.
pub(crate) fn run(it: &Serve) -> Result<()> {
    let mut config = it.config.as_deref().map(Config::read).transpose()?.unwrap_or_default();
    config.address = it.place.address.or(config.address);
    config.views = it.place.views.clone().or(config.views);
    anyhow::ensure!(it.data_dir.is_dir(), "{} is no data directory", it.data_dir.display());
    let installations = match &config.installations {
        Some(file) => std::fs::read_to_string(file)
            .with_context(|| format!("{} cannot be read", file.display()))?,
        None => INSTALLATIONS.to_owned(),
    };
    let clock: Arc<dyn Clock> = match config.training {
        true => Arc::new(ResumedClock::from(last_moment(&it.data_dir)?)),
        false => Arc::new(SystemClock),
    };
    portal(Service { dir: it.data_dir.clone(), config, installations, clock })
}

/// Serves a store that was rehearsed: it says so on every page, and its time goes on from there.
pub(crate) fn rehearsed(dir: &Path, place: &Where) -> Result<()> {
    let clock = Arc::new(ResumedClock::from(last_moment(dir)?));
    let (address, views) = (place.address, place.views.clone());
    let config = Config { address, views, training: true, ..Config::default() };
    let installations = INSTALLATIONS.to_owned();
    portal(Service { dir: dir.to_owned(), config, installations, clock })
}

/// The time of a store's last record.
fn last_moment(dir: &Path) -> Result<Instant> {
    let name = || dir.display().to_string();
    let disk = Arc::new(DiskStorage::open(dir).with_context(name)?);
    let options = FileOptions { purpose: Purpose::Read, ..FileOptions::default() };
    let (journal, found) = FileJournal::open(disk.clone(), options).with_context(name)?;
    Ok(snapshot::at(&*disk, journal.segments(), found.last).with_context(name)?.into_start().at)
}

/// Puts a document beside a store, under its hash.
pub(crate) fn keep_document(dir: &Path, text: &str) -> Result<()> {
    let file = dir.join(format!("{DOCUMENT}{}.toml", hex(&Sha256::digest(text))));
    if !file.exists() {
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
    }
    Ok(())
}

/// The documents beside a store, and those that the settings name.
fn documents(dir: &Path, more: &[PathBuf]) -> Result<Vec<String>> {
    let mut all = Vec::new();
    let mut files: Vec<PathBuf> = more.to_vec();
    let entries = std::fs::read_dir(dir).with_context(|| dir.display().to_string())?;
    let own = |it: &PathBuf| {
        let name = it.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(DOCUMENT) && name.ends_with(".toml")
    };
    files.extend(entries.filter_map(Result::ok).map(|it| it.path()).filter(own));
    for file in files {
        let name = || format!("{} cannot be read", file.display());
        let size = std::fs::metadata(&file).with_context(name)?.len();
        anyhow::ensure!(
            size <= DOCUMENT_MAX,
            "{}: larger than {DOCUMENT_MAX} bytes",
            file.display()
        );
        let text = std::fs::read_to_string(&file).with_context(name)?;
        all.push(text);
    }
    Ok(all)
}

fn portal(it: Service) -> Result<()> {
    log();
    let Service { dir, config, installations, clock } = it;
    let tls = config.tls()?;
    let fallback: SocketAddr = ADDRESS.parse().context("the address of the portal")?;
    let wanted = config.address.unwrap_or(fallback);
    may_bind(wanted, tls.as_ref()).map_err(anyhow::Error::msg)?;
    let name = || dir.display().to_string();
    let options = Options { clock, ..Options::default() };
    let engine = Arc::new(Engine::start(&dir, options).with_context(name)?);
    if let Some(it) = engine.dropped() {
        eprintln!("karvan: an unfinished batch of {} records is dropped", it.records);
    }
    let known = Arc::new(catalogue::read(&installations).context("the table of installations")?);
    let place: Box<dyn Place> = match config.views.as_deref() {
        None => Box::new(Files::in_folder(&dir)),
        Some(url) if url.starts_with("postgres://") => Box::new(Schemas::of(url)),
        Some(url) => bail!("{url} is no address of a PostgreSQL database, such as postgres://…"),
    };
    let (views, thread) = Views::start(place, engine.tail(), known).with_context(name)?;
    // Mistakes are told now; a file that comes later is found when it is asked for.
    let first = documents(&dir, &config.policies)?;
    let (beside, policies) = (dir.clone(), config.policies.clone());
    let documents = Documents::looked_for(move || match documents(&beside, &policies) {
        Ok(all) => all,
        Err(why) => {
            tracing::warn!("policy files cannot be read: {why:#}");
            first.clone()
        }
    });
    if tls.is_some() && config.name.is_none() {
        tracing::warn!("no name is set: commands signed for another market's name are taken, too");
    }
    let (training, keys) = (config.training, Some(dir.clone()));
    let settings = Settings { training, keys, name: config.name.clone() };
    let app = Arc::new(App::new(Arc::clone(&engine), views, (documents, settings, &installations)));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    runtime.block_on(async {
        let listener = match tokio::net::TcpListener::bind(wanted).await {
            Ok(it) => it,
            // Nobody named the port: any that is free will do.
            Err(_) if config.address.is_none() => {
                tokio::net::TcpListener::bind(SocketAddr::new(wanted.ip(), 0)).await?
            }
            Err(error) => bail!("{wanted}: {error}; name another --address"),
        };
        let address = listener.local_addr()?;
        println!("portal        {scheme}://{address}/  (end with Ctrl-C)");
        tracing::info!(%address, scheme, records = engine.durable(), "the portal is served");
        std::io::stdout().flush()?;
        let end = async {
            asked_to_end().await;
            app.live.end();
        };
        serve(listener, (router(&app), tls), end).await?;
        Ok(())
    })?;
    tracing::info!("no more requests are taken");
    // Requests are over: the writer answers what waits, marks the journal, and ends.
    drop((runtime, app));
    end(engine)?;
    drop(thread.join());
    Ok(())
}

/// Ends the engine once nobody holds it any more.
fn end(mut engine: Arc<Engine>) -> Result<()> {
    let asked = std::time::Instant::now();
    loop {
        match Arc::try_unwrap(engine) {
            Ok(engine) => {
                engine.stop();
                return Ok(());
            }
            Err(held) if asked.elapsed() < HELD_MAX => engine = held,
            Err(_) => bail!("a request still holds the market; the journal is safe, read on start"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Logs: lines of JSON where a program reads them, words where a person does.
fn log() {
    let filter = tracing_subscriber::EnvFilter::try_from_env("KARVAN_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if std::io::stderr().is_terminal() {
        drop(lines.with_target(false).try_init());
    } else {
        drop(lines.json().try_init());
    }
}

/// Ctrl-C, or the signal by which services are ended.
async fn asked_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    drop(interrupt.await);
}
