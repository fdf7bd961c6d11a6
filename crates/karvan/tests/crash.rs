//! The real binary under bad luck: killed at random moments, a second process, a full disk. Slow;
//! `cargo xtask test` runs them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
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
    command.arg("rehearse").arg(folder.join("policy.toml")).arg("--json");
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
    let mut word = 0x9e37_79b9_u64;
    let mut killed = 0;
    let mut finished = 0;
    let mut store = folder.join("store-0");
    let mut records = 0;
    while killed < 100 {
        let mut child = rehearse(&folder, &store).spawn().unwrap();
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        // The first start makes a segment, the others are short: aim at both.
        let longest = if word >> 63 == 0 { 30_000 } else { 300_000 };
        std::thread::sleep(Duration::from_micros((word >> 33) % longest));
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        if output.status.success() {
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
            records = now;
        }
    }
    let rest = rehearse(&folder, &store).output().unwrap();
    assert_eq!(chain(&rest), chain(&whole));
    println!("killed {killed} times, finished {} times, always the same chain head", finished + 1);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_second_process_is_refused() {
    let folder = folder("second");
    let store = folder.join("store");
    fs::create_dir_all(&store).unwrap();
    let lock = fs::File::create(store.join("karvan.lock")).unwrap();
    lock.lock().unwrap();
    let output = rehearse(&folder, &store).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(text.contains("another process"), "{text}");
    fs::remove_dir_all(&folder).unwrap();
}

/// A file system of 40 MiB: the first segment does not fit.
#[test]
#[ignore = "slow: run by cargo xtask test"]
fn a_full_disk_is_told_before_anything_is_decided() {
    let folder = folder("full");
    let small = folder.join("small");
    fs::create_dir_all(&small).unwrap();
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=40m", "tmpfs"]).arg(&small).stderr(Stdio::null());
    let mounted = mount.status().is_ok_and(|it| it.success());
    if !mounted {
        println!("skipped: this user may not mount a small file system");
        return;
    }
    let output = rehearse(&folder, &small.join("store")).output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let names: Vec<_> = fs::read_dir(small.join("store"))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .collect();
    let unmounted = Command::new("umount").arg(&small).status().unwrap();
    assert!(unmounted.success());
    assert!(!output.status.success());
    assert!(text.contains("cannot be prepared") && text.contains("space"), "{text}");
    assert_eq!(names, ["karvan.lock"], "nothing was written");
    fs::remove_dir_all(&folder).unwrap();
}
