//! The portal under load: pages and lists by wrk, orders signed and durable, batches, listeners.
//! The load shares the machine's cores with the server.

use crate::exchange::OWNERS;
use crate::scene::{NOW, YEAR};
use crate::table::{Figure, Goal, Table};
use crate::{Failure, durable, note, traders};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer, SigningKey};
use karvan_core::account::number_of;
use karvan_engine::clock::{Clock, ResumedClock};
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::storage::DiskStorage;
use karvan_engine::{Engine, Options};
use karvan_policy::Policy;
use karvan_policy::sites::{self, SITES};
use karvan_rehearsal::{INSTALLATIONS, Play, Settings};
use karvan_views::shared::Views;
use karvan_views::sqlite::Files;
use karvan_web::api::keys::{self, Key, Scope};
use karvan_web::api::{batch, signed};
use karvan_web::{App, Documents, catalogue};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;

const PILOT: &str = include_str!("../../../policies/eco-pilot.toml");
/// How long wrk asks.
const SECONDS: u64 = 5;
/// Orders that are signed beforehand for each run.
const ORDERS: usize = 60_000;
/// Connections that send orders.
const CONNECTIONS: usize = 64;
/// Rows of a batch, and how many batches.
const ROWS: usize = 4_000;
const BATCHES: usize = 50;
/// Who listens to live figures.
const LISTENERS: usize = 2_000;

/// A portal on a port of its own.
struct Served {
    engine: Arc<Engine>,
    app: Arc<App>,
    runtime: Runtime,
    address: String,
}

fn served(folder: &Path, clock: Arc<dyn Clock>) -> Result<Served, Failure> {
    let engine = Arc::new(Engine::start(folder, Options { clock, ..Options::default() })?);
    over(engine, folder)
}

fn over(engine: Arc<Engine>, folder: &Path) -> Result<Served, Failure> {
    let known = Arc::new(catalogue::read(INSTALLATIONS)?);
    let (views, _) = Views::start(Box::new(Files::in_folder(folder)), engine.tail(), known)?;
    views.wait(engine.durable(), Duration::from_secs(60));
    let documents = Documents::looked_for(|| vec![PILOT.to_owned()]);
    let settings =
        karvan_web::Settings { training: true, keys: Some(folder.to_owned()), name: None };
    let app = App::new(Arc::clone(&engine), views, (documents, settings, INSTALLATIONS));
    let app = Arc::new(app);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?.to_string();
    let router = karvan_web::app::router(&app);
    runtime.spawn(karvan_web::serve::serve(listener, (router, None), std::future::pending()));
    Ok(Served { engine, app, runtime, address })
}

/// Requests a second by wrk; every answer must be a good one.
fn wrk(served: &Served, path: &str) -> Result<f64, Failure> {
    let url = format!("http://{}{path}", served.address);
    let duration = format!("-d{SECONDS}s");
    let told =
        Command::new("wrk").args(["-t1", "-c64", &duration, &url]).output().map_err(|why| {
            format!("wrk cannot be started ({why}); install it, such as with apt-get install wrk")
        })?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    if text.contains("Non-2xx") || text.contains("Socket errors") {
        return Err(format!("{path}: {text}").into());
    }
    let line = text.lines().find_map(|it| it.trim().strip_prefix("Requests/sec:"));
    line.and_then(|it| it.trim().parse().ok()).ok_or_else(|| format!("{path}: {text}").into())
}

/// Pages and lists of the pilot, rehearsed for two years.
pub(crate) fn reading(runs: usize, folder: &Path, table: &mut Table) -> Result<(), Failure> {
    let folder = folder.join("pages");
    fs::create_dir_all(&folder)?;
    let policy = Policy::parse(PILOT).map_err(|it| format!("{it:?}"))?;
    let plants = karvan_policy::plants::read(INSTALLATIONS).map_err(|it| format!("{it:?}"))?;
    let seed = policy.rehearsal.seed;
    let sites = sites::read(SITES).map_err(|it| format!("{it:?}"))?;
    let settings = Settings { policy, plants, sites, first: 2028, last: 2029, seed };
    let disk = Arc::new(DiskStorage::open(&folder)?);
    let (journal, _) = FileJournal::open(disk, FileOptions::default())?;
    let (outcome, market) = Play::new(settings, journal).run(&mut |_| {})?;
    drop(market);
    let served = served(&folder, Arc::new(ResumedClock::from(outcome.until)))?;
    let pages = [
        ("first page, wrk with 64 connections", "/en/", 5_000.0),
        ("a member's page", "/en/jurisdictions/TUR", 5_000.0),
        ("the same in Persian", "/fa/jurisdictions/TUR", 5_000.0),
        ("a list of 100 rows as JSON", "/api/v1/compliance?jurisdiction=TUR", 15_000.0),
        ("a list of 10 rows as JSON", "/api/v1/jurisdictions", 15_000.0),
    ];
    for (what, path, goal) in pages {
        let speeds: Result<Vec<f64>, Failure> = (0..runs).map(|_| wrk(&served, path)).collect();
        let what = what.to_owned();
        table.add(Figure { what, unit: "1/s", goal: Goal::AtLeast(goal), values: speeds? });
    }
    simulator(&served, runs, table)?;
    end(served)
}

/// How long a moved control takes, from the request to the last byte.
fn simulator(served: &Served, runs: usize, table: &mut Table) -> Result<(), Failure> {
    for (what, more) in [
        ("a control of the simulator, until its answer is there", ""),
        ("  the same with credits", "&credits=on"),
    ] {
        let mut times = Vec::new();
        for run in 0..(runs * 8) {
            let (cap, quota) = (run % 30 + 1, run % 7);
            let moved = format!("cap.KAZ=-{cap}&quota.KAZ-TUR={quota}.5{more}");
            let started = Instant::now();
            let path = format!("/en/simulator/results?{moved}");
            served.runtime.block_on(get(&served.address, &path))?;
            times.push(started.elapsed().as_secs_f64() * 1e3);
        }
        let what = what.to_owned();
        table.add(Figure { what, unit: "ms", goal: Goal::AtMost(150.0), values: times });
    }
    Ok(())
}

async fn get(address: &str, path: &str) -> Result<(), Failure> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if !answer.starts_with(b"HTTP/1.1 200") {
        return Err(format!("{path}: {}", String::from_utf8_lossy(&answer)).into());
    }
    Ok(())
}

fn end(served: Served) -> Result<(), Failure> {
    served.app.live.end();
    served.runtime.shutdown_timeout(Duration::from_secs(5));
    drop((served.app, served.engine));
    Ok(())
}

/// Who signs: a key for each trader.
struct Signers {
    keys: Vec<SigningKey>,
    accounts: Vec<String>,
    sent: u64,
}

impl Signers {
    fn new(engine: &Engine, folder: &Path) -> Result<Self, Failure> {
        let follower = engine.follower();
        let state = follower.read();
        let mut it = Self { keys: Vec::new(), accounts: Vec::new(), sent: 0 };
        let mut rows = Vec::new();
        for owner in 0..OWNERS {
            let mut secret = [0u8; 32];
            secret[..4].copy_from_slice(&owner.to_be_bytes());
            let key = SigningKey::from_bytes(&secret);
            rows.push(Key {
                name: format!("trader-{owner}"),
                person: traders::person(owner),
                scope: Scope::Write,
                public: key.verifying_key().to_bytes(),
                since: NOW.to_string(),
            });
            it.keys.push(key);
            let number = number_of(&state, traders::account(owner)).ok_or("no such account")?;
            it.accounts.push(number.to_string());
        }
        keys::write(folder, &rows)?;
        Ok(it)
    }

    /// The body of an order; every second one meets the one before it.
    fn order(&self, number: usize) -> (usize, String) {
        let owner = (number * 7) % self.accounts.len();
        let side = if number.is_multiple_of(2) { "sell" } else { "buy" };
        let account = &self.accounts[owner];
        let body = format!(
            "{{\"jurisdiction\":\"XXA\",\"year\":{YEAR},\"account\":\"{account}\",\
             \"side\":\"{side}\",\"price\":\"100.00\",\"quantity\":1}}"
        );
        (owner, body)
    }

    /// A whole request, signed.
    fn request(&mut self, path: &str, (owner, body): (usize, &str)) -> Vec<u8> {
        self.sent += 1;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
        // Rows of a batch take ids of their own, one after the other.
        let id = format!("{:012x}7000{:016x}", NOW.0, self.sent << 16);
        let digest = signed::digest(body.as_bytes());
        let input = signed::input(now, &format!("trader-{owner}"));
        let base = signed::base(("POST", "x", path), (&digest, &id, &input));
        let signature = STANDARD.encode(self.keys[owner].sign(base.as_bytes()).to_bytes());
        format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\
             Idempotency-Key: {id}\r\nContent-Digest: {digest}\r\nSignature-Input: sig={input}\r\n\
             Signature: sig=:{signature}:\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// Sends one request on a connection and waits for its whole answer; the status.
async fn ask(stream: &mut TcpStream, request: &[u8], buffer: &mut Vec<u8>) -> Result<u16, Failure> {
    stream.write_all(request).await?;
    buffer.clear();
    loop {
        if stream.read_buf(buffer).await? == 0 {
            return Err("the connection ended".into());
        }
        let Some(head) = buffer.windows(4).position(|it| it == b"\r\n\r\n") else { continue };
        let text = String::from_utf8_lossy(&buffer[..head]).to_lowercase();
        let length = text.lines().find_map(|it| it.strip_prefix("content-length:"));
        let length: usize = length.and_then(|it| it.trim().parse().ok()).unwrap_or(0);
        if buffer.len() >= head + 4 + length {
            let status = text.split(' ').nth(1).and_then(|it| it.parse().ok());
            return status.ok_or_else(|| "no status".into());
        }
    }
}

/// Sends requests over many connections, at most so many a second; how long each took.
async fn load(
    address: &str,
    requests: Vec<Vec<u8>>,
    (connections, pace): (usize, Option<f64>),
) -> Result<Vec<f64>, Failure> {
    let mut parts: Vec<Vec<Vec<u8>>> = vec![Vec::new(); connections];
    for (place, request) in requests.into_iter().enumerate() {
        parts[place % connections].push(request);
    }
    let mut tasks = Vec::new();
    let started = tokio::time::Instant::now();
    for (first, part) in parts.into_iter().enumerate() {
        let address = address.to_owned();
        tasks.push(tokio::spawn(async move {
            let mut stream = TcpStream::connect(&address).await.map_err(|it| it.to_string())?;
            drop(stream.set_nodelay(true));
            let (mut times, mut buffer) = (Vec::with_capacity(part.len()), Vec::new());
            for (place, request) in part.iter().enumerate() {
                let mut asked = tokio::time::Instant::now();
                if let Some(pace) = pace {
                    // What is late because the answer before was late counts as waiting.
                    let number = (place * connections + first) as f64;
                    asked = started + Duration::from_secs_f64(number / pace);
                    tokio::time::sleep_until(asked).await;
                }
                let status = ask(&mut stream, request, &mut buffer).await;
                let status = status.map_err(|it| it.to_string())?;
                if status != 201 && status != 200 {
                    return Err(format!("{status}: {}", String::from_utf8_lossy(&buffer)));
                }
                times.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            Ok(times)
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await??);
    }
    Ok(all)
}

/// Orders through HTTP, signed and durable; and in batches.
pub(crate) fn orders(runs: usize, folder: &Path, table: &mut Table) -> Result<(), Failure> {
    let (opening, _) = traders::opened();
    let (mut speeds, mut batched, mut slow) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..runs {
        let folder = folder.join(format!("http-{run}"));
        let engine = Arc::new(durable::engine(&opening, &folder)?);
        let served = over(Arc::clone(&engine), &folder)?;
        let mut signers = Signers::new(&engine, &folder)?;
        let mut signed = |count: usize| -> Vec<Vec<u8>> {
            (0..count)
                .map(|number| {
                    let (owner, body) = signers.order(number);
                    signers.request("/api/v1/commands/orders", (owner, &body))
                })
                .collect()
        };
        let requests = signed(ORDERS);
        let started = Instant::now();
        served.runtime.block_on(load(&served.address, requests, (CONNECTIONS, None)))?;
        let speed = ORDERS as f64 / started.elapsed().as_secs_f64();
        speeds.push(speed);
        let requests = signed(ORDERS / 4);
        let half = (CONNECTIONS, Some(speed / 2.0));
        let mut times = served.runtime.block_on(load(&served.address, requests, half))?;
        times.sort_by(f64::total_cmp);
        slow.push(times[times.len() * 99 / 100]);
        let mut batches = Vec::new();
        for _ in 0..BATCHES {
            // A batch is of one trader: its orders wait, each a little dearer.
            let owner = signers.sent as usize % OWNERS as usize;
            let account = &signers.accounts[owner];
            let rows: Vec<String> = (0..ROWS.min(batch::ROWS_MAX))
                .map(|row| {
                    let price = 10_100 + row % 50;
                    format!(
                        "{{\"jurisdiction\":\"XXA\",\"year\":{YEAR},\"account\":\"{account}\",\
                         \"side\":\"sell\",\"price\":\"{}.{:02}\",\"quantity\":1}}",
                        price / 100,
                        price % 100
                    )
                })
                .collect();
            let body = format!("[{}]", rows.join(","));
            batches.push(signers.request("/api/v1/batch/orders", (owner, &body)));
        }
        let before = engine.durable();
        let started = Instant::now();
        served.runtime.block_on(load(&served.address, batches, (4, None)))?;
        let done = engine.durable() - before;
        batched.push(done as f64 / started.elapsed().as_secs_f64());
        drop(engine);
        end(served)?;
    }
    let mut add = |what: &str, unit, goal, values| {
        table.add(Figure { what: what.to_owned(), unit, goal, values });
    };
    let what = "orders by HTTP, 64 connections, signed, durable";
    add(what, "1/s", Goal::AtLeast(10_000.0), speeds);
    add("  at half that load, 99 % of them", "ms", Goal::AtMost(20.0), slow);
    let what = "orders in batches of 4,000, signed once, durable";
    add(what, "1/s", Goal::AtLeast(200_000.0), batched);
    Ok(())
}

/// Seconds of the processor that this process has used.
fn used() -> Result<f64, Failure> {
    let text = fs::read_to_string("/proc/self/stat")?;
    let rest = text.rsplit(')').next().unwrap_or_default();
    let field = |place: usize| rest.split_whitespace().nth(place)?.parse::<f64>().ok();
    // User and system time, in hundredths of a second (proc(5)).
    field(11).zip(field(12)).map(|(a, b)| (a + b) / 100.0).ok_or_else(|| "no time".into())
}

/// Listeners to live figures, with one change a second.
pub(crate) fn listeners(folder: &Path, table: &mut Table) -> Result<(), Failure> {
    let (opening, _) = traders::opened();
    let folder = folder.join("listeners");
    let engine = Arc::new(durable::engine(&opening, &folder)?);
    let served = over(Arc::clone(&engine), &folder)?;
    let mut signers = Signers::new(&engine, &folder)?;
    let share = served.runtime.block_on(async {
        for _ in 0..LISTENERS {
            let mut stream = TcpStream::connect(&served.address).await?;
            stream.write_all(b"GET /live/en HTTP/1.1\r\nHost: x\r\n\r\n").await?;
            tokio::spawn(async move {
                let mut buffer = [0u8; 4096];
                while stream.read(&mut buffer).await.is_ok_and(|it| it > 0) {}
            });
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
        let (before, started) = (used()?, Instant::now());
        for second in 0..10 {
            let (owner, body) = signers.order(second);
            let one = vec![signers.request("/api/v1/commands/orders", (owner, &body))];
            load(&served.address, one, (1, None)).await?;
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let spent = used()? - before;
        Ok::<f64, Failure>(100.0 * spent / started.elapsed().as_secs_f64())
    })?;
    let what = "2,000 listeners at one change a second, with the clients".to_owned();
    let goal = Goal::AtMost(30.0);
    table.add(Figure { what, unit: "% core", goal, values: vec![share] });
    let there = served.app.live.listeners() as f64;
    table.add(note("  who listens", "listeners", vec![there]));
    drop(engine);
    end(served)
}
