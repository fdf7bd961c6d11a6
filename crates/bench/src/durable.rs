//! Transfers that are on disk before they are answered.

use crate::scene::{Asked, NOW, Scene, submissions};
use crate::sqlite::{self, Keeps};
use crate::table::{Figure, Goal, Table};
use crate::{Failure, exchange, note, traders};
use karvan_core::State;
use karvan_engine::clock::SetClock;
use karvan_engine::frame::{BatchHeader, FRAME_HEADER_BYTES};
use karvan_engine::journal::Journal;
use karvan_engine::journal::file::{FileJournal, FileOptions};
use karvan_engine::queue::Mailbox;
use karvan_engine::storage::{DiskStorage, Storage};
use karvan_engine::writer::{ClockBounds, replay};
use karvan_engine::{Answer, Engine, Options, Submission};
use std::collections::VecDeque;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

const CLIENTS: u32 = 2;
const IN_FLIGHT: usize = 1_024;
/// Of each client.
const TRANSFERS: usize = 150_000;
const PATIENCE: Duration = Duration::from_secs(10);

fn options() -> Options {
    let files = FileOptions { helper_thread: true, ..FileOptions::default() };
    Options { clock: Arc::new(SetClock::at(NOW)), bounds: ClockBounds::default(), files }
}

/// An engine with what opened a market in its journal.
pub(crate) fn engine(opening: &[Asked], folder: &Path) -> Result<Engine, Failure> {
    let engine = Engine::start(folder, options())?;
    // Lanes pass one another: what builds on another lane's work waits for it.
    let opening = submissions(opening.to_vec(), 1 << 40);
    for some in opening.chunk_by(|one, next| one.command.lane() == next.command.lane()) {
        client(&engine, some.to_vec(), 4_096)?;
    }
    comes_along(&engine)?;
    Ok(engine)
}

/// Waits until the follower shows what is durable.
fn comes_along(engine: &Engine) -> Result<(), Failure> {
    let follower = engine.follower();
    let shown = follower.read_at(engine.durable(), PATIENCE);
    shown.map(drop).map_err(|_| "the follower did not come along".into())
}

/// Sends all with at most so many under way, each accepted; the longest wait is for the last.
fn client(engine: &Engine, all: Vec<Submission>, in_flight: usize) -> Result<(), Failure> {
    let mailbox = Arc::new(Mailbox::default());
    let mut waiting: VecDeque<Submission> = all.into();
    let mut under_way = 0;
    loop {
        let room = (in_flight - under_way).min(waiting.len());
        if room > 0 {
            let some: Vec<_> = waiting.drain(..room).collect();
            engine.submit(some, &mailbox).map_err(|it| format!("not queued: {it:?}"))?;
            under_way += room;
        }
        if under_way == 0 {
            return Ok(());
        }
        let answers = mailbox.take(PATIENCE);
        if answers.is_empty() {
            return Err("no answer came".into());
        }
        under_way -= answers.len();
        for (id, answer) in answers {
            if !matches!(answer, Answer::Accepted { .. }) {
                return Err(format!("{id}: {answer:?}").into());
            }
        }
    }
}

/// Clients that send at the same time.
fn clients(engine: &Engine, parts: Vec<Vec<Submission>>) -> Result<(), String> {
    let sent: Result<Vec<()>, String> = std::thread::scope(|scope| {
        let send = |all| move || client(engine, all, IN_FLIGHT).map_err(|it| it.to_string());
        let threads: Vec<_> = parts.into_iter().map(|all| scope.spawn(send(all))).collect();
        threads.into_iter().map(|it| it.join().unwrap_or(Err("a client fell".into()))).collect()
    });
    sent.map(drop)
}

/// Orders, of which every second meets those before it.
pub(crate) fn orders(runs: usize, folder: &Path, table: &mut Table) -> Result<(), Failure> {
    let (opening, _) = traders::opened();
    let mut speeds = Vec::new();
    for run in 0..runs {
        let journal = folder.join(format!("orders-{run}"));
        let engine = engine(&opening, &journal)?;
        let parts = [1 << 50, 1 << 60].map(|first| submissions(exchange::pairs(TRANSFERS), first));
        let started = Instant::now();
        clients(&engine, parts.into())?;
        let seconds = started.elapsed().as_secs_f64();
        speeds.push(TRANSFERS as f64 * f64::from(CLIENTS) / seconds);
        comes_along(&engine)?;
        engine.stop();
        fs::remove_dir_all(&journal)?;
    }
    let what = "durable orders, 2 clients x 1,024 in flight, follower".to_owned();
    table.add(Figure { what, unit: "1/s", goal: Goal::AtLeast(500_000.0), values: speeds });
    Ok(())
}

/// Bytes of frames and batch headers in the journal, and batches with records.
struct Used {
    bytes: u64,
    batches: u64,
}

fn used(folder: &Path) -> Result<Used, Failure> {
    let mut used = Used { bytes: 0, batches: 0 };
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_none_or(|it| it != "journal") {
            continue;
        }
        let bytes = fs::read(path)?;
        let mut offset = karvan_engine::journal::segment::SEGMENT_HEADER_BYTES;
        while let Ok(header) = BatchHeader::read(bytes.get(offset..).unwrap_or_default()) {
            used.bytes += header.stride() as u64;
            used.batches += u64::from(header.records > 0);
            offset += header.stride();
        }
    }
    Ok(used)
}

pub(crate) fn throughput(
    scene: &Scene,
    runs: usize,
    folder: &Path,
    table: &mut Table,
) -> Result<(), Failure> {
    let total = TRANSFERS as u64 * u64::from(CLIENTS);
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut lesser, mut lesser_ratios) = (Vec::new(), Vec::new());
    let (mut sizes, mut batches, mut lags) = (Vec::new(), Vec::new(), Vec::new());
    let (mut replays, mut starts) = (Vec::new(), Vec::new());
    for run in 0..runs {
        let journal = folder.join(format!("run-{run}"));
        let engine = engine(&scene.opening, &journal)?;
        let before = used(&journal)?;
        let parts: Vec<Vec<Submission>> = (0..CLIENTS)
            .map(|it| scene.transfers(TRANSFERS, (it, CLIENTS)))
            .zip([1 << 50, 1 << 60])
            .map(|(asked, first)| submissions(asked, first))
            .collect();
        let started = Instant::now();
        clients(&engine, parts)?;
        let seconds = started.elapsed().as_secs_f64();
        comes_along(&engine)?;
        lags.push((started.elapsed().as_secs_f64() - seconds) * 1e3);
        engine.stop();
        let after = used(&journal)?;
        let wrote = after.batches - before.batches;
        let batch = total as f64 / wrote as f64;
        ours.push(total as f64 / seconds);
        sizes.push((after.bytes - before.bytes) as f64 / total as f64);
        batches.push(batch);
        let rival = scene.transfers(TRANSFERS, (0, 1));
        for (keeps, speeds, ratios) in [
            (Keeps::Blocks, &mut theirs, &mut ratios),
            (Keeps::Balances, &mut lesser, &mut lesser_ratios),
        ] {
            let work = (&scene.state, &rival[..]);
            let speed = sqlite::transfers((folder, keeps), work, batch.round() as usize)?;
            speeds.push(speed);
            ratios.push(total as f64 / seconds / speed);
        }
        let (replayed, opened) = replay_speed(&journal)?;
        replays.push(replayed);
        starts.push(opened);
        fs::remove_dir_all(&journal)?;
    }
    let figure =
        |what: &str, unit, goal, values| Figure { what: what.to_owned(), unit, goal, values };
    let what = "durable transfers, 2 clients x 1,024 in flight, follower";
    table.add(figure(what, "1/s", Goal::AtLeast(400_000.0), ours));
    table.add(note("  SQLite, WAL, FULL, same batch, same blocks", "1/s", theirs));
    table.add(note("  ratio to it", "x", ratios));
    table.add(note("  SQLite, the same with two balances only", "1/s", lesser));
    table.add(note("  ratio to it", "x", lesser_ratios));
    table.add(note("  transfers in one batch", "records", batches));
    table.add(note("  follower behind after the last answer", "ms", lags));
    table.add(figure("bytes of one transfer on disk", "bytes", Goal::AtMost(300.0), sizes));
    table.add(figure("replay", "records/s", Goal::AtLeast(1_000_000.0), replays));
    table.add(note("  start: scan, chain of hashes, replay", "records/s", starts));
    Ok(())
}

/// Records a second: frames read from the files into a state, and a whole start.
fn replay_speed(folder: &Path) -> Result<(f64, f64), Failure> {
    let started = Instant::now();
    let storage: Arc<dyn Storage> = Arc::new(DiskStorage::open(folder)?);
    let (journal, found) = FileJournal::open(Arc::clone(&storage), FileOptions::default())?;
    let at_end =
        karvan_engine::snapshot::at(&*storage, &found.segments, found.last)?.into_start().state;
    let opened = found.last as f64 / started.elapsed().as_secs_f64();
    let frames = journal.read(1, usize::MAX)?;
    let mut state = State::default();
    let started = Instant::now();
    replay(&mut state, &frames, |_| {})?;
    let replayed = found.last as f64 / started.elapsed().as_secs_f64();
    assert_eq!(state, at_end, "replay comes to the same state");
    Ok((replayed, opened))
}

/// One command at a time against a bare write and sync of the same bytes, in turns.
pub(crate) fn latency(
    scene: &Scene,
    runs: usize,
    folder: &Path,
    table: &mut Table,
) -> Result<(), Failure> {
    const ROUNDS: usize = 500;
    let journal = folder.join("latency");
    let engine = engine(&scene.opening, &journal)?;
    let rival = folder.join("bare");
    let bytes = one_batch();
    fs::write(&rival, vec![0; bytes.len() * ROUNDS * runs])?;
    let bare = File::options().write(true).open(&rival)?;
    bare.sync_all()?;
    let mut all = submissions(scene.transfers(ROUNDS * runs, (0, 1)), 1 << 50).into_iter();
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut offset = 0;
    for _ in 0..runs {
        let (mut here, mut there) = (Vec::new(), Vec::new());
        for submission in all.by_ref().take(ROUNDS) {
            let started = Instant::now();
            let answer = engine.ask(submission).map_err(|it| format!("{it:?}"))?;
            here.push(started.elapsed().as_secs_f64() * 1e6);
            assert!(matches!(answer, Answer::Accepted { .. }), "{answer:?}");
            let started = Instant::now();
            bare.write_all_at(&bytes, offset)?;
            bare.sync_data()?;
            there.push(started.elapsed().as_secs_f64() * 1e6);
            offset += bytes.len() as u64;
        }
        let [_, here, _] = note("", "", here).spread();
        let [_, there, _] = note("", "", there).spread();
        ours.push(here);
        theirs.push(there);
        ratios.push(here / there);
    }
    engine.stop();
    fs::remove_dir_all(&journal)?;
    fs::remove_file(&rival)?;
    table.add(note("one client, one in flight: answer, median of 500", "us", ours));
    table.add(note("  bare write and fdatasync of the same bytes", "us", theirs));
    let what = "  ratio to the bare sync".to_owned();
    table.add(Figure { what, unit: "x", goal: Goal::AtMost(1.5), values: ratios });
    Ok(())
}

/// As many bytes as a batch of one transfer takes.
fn one_batch() -> Vec<u8> {
    let length = u32::try_from(FRAME_HEADER_BYTES + 80).unwrap_or_default();
    let header = BatchHeader { length, first: 1, synced_through: 0, records: 1 };
    vec![0x5a; header.stride()]
}
