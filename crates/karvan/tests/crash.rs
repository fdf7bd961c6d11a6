//! The real binary under bad luck: killed at random moments, a second process, a full disk. Slow;
//! `cargo xtask test` runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// A market of two invented countries, small enough to be killed a hundred times.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("karvan-{name}-{}", std::process::id()));
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("policy.toml"), include_str!("../../rehearsal/tests/two-countries.toml"))
        .unwrap();
    fs::write(folder.join("plants.csv"), include_str!("../../rehearsal/tests/two-countries.csv"))
        .unwrap();
    folder
}

fn rehearse(folder: &Path, store: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_karvan"));
    command.arg("rehearse").arg(folder.join("policy.toml")).args(["--json", "--progress", "lines"]);
    command.arg("--installations").arg(folder.join("plants.csv"));
    command.arg("--data-dir").arg(store);
    command.stdin(Stdio::null()).stderr(Stdio::piped()).stdout(Stdio::piped());
    command
}

fn chain(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|it| it.contains("\"chain\"")).unwrap_or_else(|| {
        panic!("no chain in {text}\n{}", String::from_utf8_lossy(&output.stderr))
    });
    line.to_owned()
}

/// The records a line of progress acknowledges.
fn acknowledged(line: &str) -> Option<u64> {
    let whole = line.strip_prefix('{')?.strip_suffix('}')?;
    let after = whole.split("\"records\":").nth(1)?;
    after.split(|it: char| !it.is_ascii_digit()).next()?.parse().ok()
}

/// Kills a rehearsal `micros` after it acknowledged a record from `at` on; what it had told until
/// then, and its output where it ended before.
fn kill_after(mut child: Child, at: u64, micros: u64) -> (u64, Option<Output>) {
    let mut told = 0;
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    for line in lines.by_ref() {
        told = acknowledged(&line.unwrap()).map_or(told, |it| it.max(told));
        if told >= at {
            std::thread::sleep(Duration::from_micros(micros));
            child.kill().unwrap();
            break;
        }
    }
    // What stood in the pipe when the signal came was told too.
    for line in lines.map_while(Result::ok) {
        told = acknowledged(&line).map_or(told, |it| it.max(told));
    }
    let output = child.wait_with_output().unwrap();
    (told, output.status.success().then_some(output))
}

fn verified_records(store: &Path) -> u64 {
    let karvan = env!("CARGO_BIN_EXE_karvan");
    let verify =
        Command::new(karvan).args(["journal", "verify", "--json"]).arg(store).output().unwrap();
    let text = String::from_utf8_lossy(&verify.stdout).into_owned();
    assert!(verify.status.success(), "{text}{}", String::from_utf8_lossy(&verify.stderr));
    let line = text.lines().find(|it| it.contains("\"records\"")).unwrap();
    line.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}

#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_rehearsal_killed_a_hundred_times_ends_with_the_same_chain() {
    let folder = folder("kill");
    let whole = rehearse(&folder, &folder.join("whole")).output().unwrap();
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    let all = verified_records(&folder.join("whole"));
    let mut word = 0x9e37_79b9_u64;
    let mut draw = |below: u64| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (word >> 33) % below
    };
    let (mut killed, mut finished, mut proved) = (0, 0, 0);
    let mut store = folder.join("store-0");
    let mut records = 0;
    while killed < 100 {
        let child = rehearse(&folder, &store).spawn().unwrap();
        // Most are killed while they write new records; some while they start or compare old ones.
        let at = if draw(8) == 0 { draw(records + 1) } else { records + 1 + draw(all / 8) };
        let (told, ended) = kill_after(child, at, draw(2_000));
        if let Some(output) = ended {
            // It was faster than the signal: its end must be the right one; begin anew.
            assert_eq!(chain(&output), chain(&whole));
            finished += 1;
            store = folder.join(format!("store-{finished}"));
            records = 0;
            continue;
        }
        killed += 1;
        if store.is_dir() {
            let now = verified_records(&store);
            assert!(now >= records, "{records} records were on disk, {now} are left");
            assert!(now >= told, "{told} records were acknowledged, {now} are left");
            proved += u32::from(told > records);
            records = now;
        }
    }
    let rest = rehearse(&folder, &store).output().unwrap();
    assert_eq!(chain(&rest), chain(&whole));
    println!(
        "killed {killed} times, {proved} of them after new acknowledgements, finished {} times, \
         always the same chain head",
        finished + 1
    );
    assert!(proved >= 60, "{proved} kills came after a new acknowledgement: they prove too little");
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_second_process_is_refused() {
    let folder = folder("second");
    let store = folder.join("store");
    let mut first = rehearse(&folder, &store).spawn().unwrap();
    let mut lines = BufReader::new(first.stderr.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    // It stands still while the second tries, and goes on after.
    let signal = |it: &str| {
        let id = first.id().to_string();
        assert!(Command::new("kill").args([it, &id]).status().unwrap().success());
    };
    signal("-STOP");
    let second = rehearse(&folder, &store).output().unwrap();
    signal("-CONT");
    let text = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(!second.status.success());
    assert!(text.contains("another process"), "{text}");
    let told = lines.by_ref().count();
    assert!(told > 0, "it goes on after the second was refused");
    assert!(first.wait().unwrap().success(), "the first is not disturbed");
    let again = rehearse(&folder, &store).output().unwrap();
    assert!(again.status.success(), "the lock ends with its process");
    fs::remove_dir_all(&folder).unwrap();
}

/// A file system of 40 MiB, in a mount namespace of its own or, where that is not allowed, mounted
/// by root: the first segment does not fit.
#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_full_disk_is_told_before_anything_is_decided() {
    const SCRIPT: &str = "mount -t tmpfs -o size=40m tmpfs \"$1\" 2>/dev/null || exit 77\n\
        \"$2\" rehearse \"$3\" --installations \"$4\" --data-dir \"$1/store\"\n\
        code=$?\nls \"$1/store\"\numount \"$1\"\nexit $code";
    let folder = folder("full");
    let small = folder.join("small");
    fs::create_dir_all(&small).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(program);
        command.args(arguments).args(["sh", "-c", SCRIPT, "sh"]).arg(&small);
        command.arg(env!("CARGO_BIN_EXE_karvan"));
        command.args([folder.join("policy.toml"), folder.join("plants.csv")]);
        command.output().ok().filter(|it| !matches!(it.status.code(), None | Some(77 | 126 | 127)))
    };
    let own = run("unshare", &["--user", "--map-root-user", "--mount"]);
    let Some(output) = own.filter(|it| !it.stderr.starts_with(b"unshare")).or(run("env", &[]))
    else {
        println!("SKIPPED: this user may not mount a small file system");
        return;
    };
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("cannot be prepared") && text.contains("space"), "{text}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "karvan.lock\n", "nothing was written");
    fs::remove_dir_all(&folder).unwrap();
}
