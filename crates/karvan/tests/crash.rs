//! The real binary under bad luck: killed a hundred times, a second process, a full disk. Slow;
//! `cargo xtask test` runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

const KARVAN: &str = env!("CARGO_BIN_EXE_karvan");
const PLANTS: &str = include_str!("../../rehearsal/tests/two-countries.csv");

/// A market of two invented countries, small enough to be killed a hundred times.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("karvan-{name}-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("policy.toml"), include_str!("../../rehearsal/tests/two-countries.toml"))
        .unwrap();
    fs::write(folder.join("plants.csv"), PLANTS).unwrap();
    folder
}

fn rehearse(folder: &Path) -> Command {
    let mut command = Command::new(KARVAN);
    command.arg("rehearse").arg(folder.join("policy.toml")).args(["--json", "--progress", "lines"]);
    command.arg("--installations").arg(folder.join("plants.csv"));
    command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn rehearse_in(folder: &Path, store: &Path) -> Command {
    let mut command = rehearse(folder);
    command.arg("--data-dir").arg(store);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn chain_in(out: &[u8], err: &[u8]) -> String {
    let told: Value = serde_json::from_slice(out)
        .unwrap_or_else(|error| panic!("{error} in {}{}", text(out), text(err)));
    told["chain"].as_str().unwrap().to_owned()
}

fn chain(output: &Output) -> String {
    chain_in(&output.stdout, &output.stderr)
}

/// The records that a line of progress acknowledges, when it was written whole.
fn records_in(line: &str) -> Option<u64> {
    serde_json::from_str::<Value>(line).ok()?["records"].as_u64()
}

/// How many records a store holds, and the head of their chain; all of it is checked.
fn verified(store: &Path) -> (u64, String) {
    let output =
        Command::new(KARVAN).args(["journal", "verify", "--json"]).arg(store).output().unwrap();
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    (told["records"].as_u64().unwrap(), chain(&output))
}

/// Numbers by chance, the same at each run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 33) % bound
    }
}

/// When a process is killed.
enum Moment {
    /// After so long, wherever it stands then: while it makes a store, recovers or compares it.
    Early(Duration),
    /// When it has acknowledged this record, and so much later.
    Acknowledged(u64, Duration),
}

/// A rehearsal whose progress is read as it is told.
struct Running {
    child: Child,
    acknowledged: Receiver<u64>,
    /// What it acknowledged last, and what it said beside its progress.
    reader: JoinHandle<(u64, String)>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let err = BufReader::new(child.stderr.take().unwrap());
        let (told, acknowledged) = channel();
        let reader = std::thread::spawn(move || {
            let (mut last, mut said) = (0, String::new());
            for line in err.lines().map_while(Result::ok) {
                let Some(records) = records_in(&line) else {
                    said.push_str(&line);
                    continue;
                };
                last = records;
                // Nobody listens any more when the moment has come; what is told still counts.
                told.send(records).ok();
            }
            (last, said)
        });
        Self { child, acknowledged, reader }
    }

    /// Kills it at its moment. Returns the records it had acknowledged, and what it told at its
    /// end if it came there before the signal.
    fn kill_at(mut self, moment: &Moment) -> (u64, Option<Output>) {
        match moment {
            Moment::Early(after) => std::thread::sleep(*after),
            Moment::Acknowledged(record, then) => {
                // The list ends early when the process does.
                if self.acknowledged.iter().any(|it| it >= *record) {
                    std::thread::sleep(*then);
                }
            }
        }
        self.child.kill().unwrap();
        let (acknowledged, said) = self.reader.join().unwrap();
        let output = self.child.wait_with_output().unwrap();
        let was_killed = output.status.signal() == Some(9);
        assert!(was_killed || output.status.success(), "it stopped by itself: {said}");
        (acknowledged, output.status.success().then_some(output))
    }
}

const KILLS: u32 = 100;
/// Every so many kills one comes at an early moment.
const EARLY_EVERY: u32 = 7;
/// A kill comes at most so many records after those on disk: a store is good for some eight.
const BEYOND_MOST: u64 = 300;

#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_rehearsal_killed_a_hundred_times_ends_with_the_same_chain() {
    let folder = folder("kill");
    let whole = chain(&rehearse(&folder).output().unwrap());
    let mut chance = Chance(0x9e37_79b9);
    let (mut killed, mut early, mut proved, mut stores) = (0, 0, 0, 1);
    let store_of = |number: u32| folder.join(format!("store-{number}"));
    let mut records = 0;
    while killed < KILLS {
        let store = store_of(stores);
        let micros = |it| Duration::from_micros(it);
        let moment = if killed % EARLY_EVERY == 0 {
            Moment::Early(micros(chance.below(300_000)))
        } else {
            let beyond = 1 + chance.below(BEYOND_MOST);
            Moment::Acknowledged(records + beyond, micros(chance.below(1_500)))
        };
        let (told, finished) = Running::start(rehearse_in(&folder, &store)).kill_at(&moment);
        if let Some(output) = finished {
            // It was at its end before its moment came: that must be the right one. Begin anew.
            assert_eq!(chain(&output), whole);
            assert_eq!(verified(&store).1, whole);
            fs::remove_dir_all(&store).unwrap();
            (stores, records) = (stores + 1, 0);
            continue;
        }
        killed += 1;
        early += u32::from(matches!(moment, Moment::Early(_)));
        // A process that was killed at once has not even made the folder.
        let now = if store.is_dir() { verified(&store).0 } else { 0 };
        assert!(now >= records, "{records} records were on disk, {now} are left");
        assert!(now >= told, "{told} records were acknowledged, {now} are left");
        proved += u32::from(told > records);
        records = now;
    }
    let rest = rehearse_in(&folder, &store_of(stores)).output().unwrap();
    assert_eq!(chain(&rest), whole);
    assert_eq!(verified(&store_of(stores)).1, whole);
    println!(
        "killed {killed} times, {proved} of them after a new acknowledgement and {early} at early \
         moments; {stores} stores were played to their end, always with the same chain head"
    );
    assert!(proved >= 80, "only {proved} kills came after a new acknowledgement");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_second_process_is_refused_while_the_first_runs_and_the_first_is_not_disturbed() {
    let folder = folder("second");
    let store = folder.join("store");
    let pilot = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/eco-pilot.toml");
    let pilot = || {
        let mut command = Command::new(KARVAN);
        command.arg("rehearse").arg(&pilot).args(["--years", "2027-2032", "--json"]);
        command.args(["--progress", "lines"]).stdin(Stdio::null());
        command.stderr(Stdio::piped()).stdout(Stdio::piped());
        command
    };
    let mut first = pilot().arg("--data-dir").arg(&store).spawn().unwrap();
    let mut told = BufReader::new(first.stderr.take().unwrap());
    let mut line = String::new();
    told.read_line(&mut line).unwrap();
    assert!(records_in(&line).is_some(), "{line}");
    // It tells more than a pipe holds, and nobody reads on: so it stays in the middle of its work
    // as long as this takes.
    let refused = |command: &mut Command| {
        let output = command.arg(&store).output().unwrap();
        let why = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}");
        assert_eq!(text(&output.stdout), "", "nothing is told of a store that is in use");
        assert!(why.contains("another process has") && why.contains("end it first"), "{why}");
        assert!(why.contains(&store.display().to_string()), "{why}");
    };
    for _ in 0..3 {
        refused(pilot().arg("--data-dir"));
        refused(rehearse(&folder).arg("--data-dir"));
        refused(Command::new(KARVAN).args(["journal", "verify"]));
        refused(Command::new(KARVAN).args(["journal", "export", "--json"]));
    }
    assert!(first.try_wait().unwrap().is_none(), "the first was at its end too early");
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    let output = first.wait_with_output().unwrap();
    assert!(output.status.success(), "{rest}");
    let head = chain(&output);
    assert_eq!(head, chain(&pilot().output().unwrap()), "it was disturbed");
    assert_eq!(verified(&store), (rest.lines().filter_map(records_in).max().unwrap(), head));
    fs::remove_dir_all(&folder).unwrap();
}

/// Runs a script in the folder, with a small file system mounted on `small`: in a mount namespace
/// of its own or, where that is not allowed, as root. None, and a word about it, where this user
/// may not mount.
fn on_small_disk(folder: &Path, size: &str, script: &str) -> Option<Output> {
    fs::create_dir_all(folder.join("small")).unwrap();
    let script = format!(
        "cd {folder:?} || exit 77\n\
         mount -t tmpfs -o size={size} tmpfs small 2>/dev/null || exit 77\n\
         karvan={KARVAN:?}\n{script}\ncode=$?\numount small\nexit $code"
    );
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).args(["sh", "-c", &script]);
        command.output().ok().filter(|it| !matches!(it.status.code(), None | Some(77 | 126 | 127)))
    };
    let own = run("unshare", &["--user", "--map-root-user", "--mount"]);
    let output = own.filter(|it| !it.stderr.starts_with(b"unshare")).or_else(|| run("env", &[]));
    if output.is_none() {
        fs::remove_dir_all(folder).unwrap();
        println!(
            "SKIPPED: this user may not mount a small file system; only the journal's own tests \
             (engine/tests/journal/disks.rs) have met a full disk"
        );
    }
    output
}

const REHEARSE: &str =
    "\"$karvan\" rehearse policy.toml --installations plants.csv --json --progress lines";

/// 40 MiB: the first segment does not fit.
#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_full_disk_is_told_before_anything_is_decided() {
    let folder = folder("full");
    let script =
        format!("{REHEARSE} --data-dir small/store\ncode=$?\nls small/store\n(exit $code)");
    let Some(output) = on_small_disk(&folder, "40m", &script) else {
        return;
    };
    let why = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{why}");
    assert!(why.contains("cannot be prepared") && why.contains("space"), "{why}");
    assert_eq!(text(&output.stdout), "karvan.lock\n", "nothing was written");
    fs::remove_dir_all(&folder).unwrap();
}

/// The two countries with so many plants that their journal fills more than one segment.
fn many_plants() -> String {
    let (head, rows) = PLANTS.split_once('\n').unwrap();
    let mut table = format!("{head}\n");
    for copy in 0..250 {
        for row in rows.lines() {
            let [id, jurisdiction, owner, rest] =
                row.splitn(4, ',').collect::<Vec<_>>().try_into().unwrap();
            table.push_str(&format!("{id}-{copy},{jurisdiction},{owner}-{copy},{rest}\n"));
        }
    }
    table
}

/// 96 MiB: one segment fits, the second does not, until the disk grows.
#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_disk_that_fills_up_at_a_later_segment_stops_the_market_and_nothing_acknowledged_is_lost() {
    let folder = folder("fills");
    fs::write(folder.join("plants.csv"), many_plants()).unwrap();
    let store = "--data-dir small/store";
    let verify = "\"$karvan\" journal verify --json small/store";
    let script = format!(
        "{REHEARSE} {store} >full.out 2>full.err\necho $? >full.code\nls small/store >full.files\n\
         {verify} >full.verified || exit 2\n\
         {REHEARSE} {store} >again.out 2>again.err && exit 3\n\
         {verify} >again.verified || exit 4\n\
         mount -o remount,size=400m tmpfs small || exit 5\n\
         {REHEARSE} {store} >roomy.out 2>roomy.err || exit 6\n\
         {verify} >roomy.verified || exit 7\nls small/store >roomy.files"
    );
    let Some(output) = on_small_disk(&folder, "96m", &script) else {
        return;
    };
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_default();
    let why = read("full.err");
    let last_line = why.lines().last().unwrap_or_default();
    assert!(output.status.success(), "{}: {}", output.status, text(&output.stderr));
    assert_eq!((read("full.code").trim(), read("full.out").as_str()), ("1", ""));
    for word in ["segment", "cannot be prepared", "space", "start again"] {
        assert!(last_line.contains(word), "{word} is missing in {last_line}");
    }
    let segments = |files: &str| read(files).lines().filter(|it| it.ends_with(".journal")).count();
    assert_eq!(segments("full.files"), 1, "{}", read("full.files"));
    assert_eq!(read("full.files").lines().count(), 2, "no half segment is left beside the lock");
    let verified = |name: &str| serde_json::from_str::<Value>(&read(name)).unwrap();
    let acknowledged = why.lines().filter_map(records_in).max().unwrap();
    let held = verified("full.verified")["records"].as_u64().unwrap();
    assert!(held >= acknowledged, "{acknowledged} records were acknowledged, {held} are left");
    // To try again on a full disk changes nothing.
    assert_eq!(verified("again.verified"), verified("full.verified"));
    // With more space the same market comes to the same end.
    let whole = rehearse(&folder).output().unwrap();
    let told: Value = serde_json::from_str(&read("roomy.out")).unwrap();
    assert_eq!(told["found_records"].as_u64(), Some(held));
    assert_eq!(told["chain"], chain(&whole).as_str());
    assert_eq!(verified("roomy.verified")["chain"], told["chain"]);
    assert!(segments("roomy.files") > 1);
    println!(
        "the disk was full after {acknowledged} acknowledged records, {held} were on it; with more \
         space {} followed, and the chain is that of an undisturbed market",
        told["records"].as_u64().unwrap() - held
    );
    fs::remove_dir_all(&folder).unwrap();
}
