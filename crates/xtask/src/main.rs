//! The project's tasks. `cargo xtask check` is what a change must pass, `cargo xtask test` adds
//! the slow tests, `cargo xtask refusals` writes `docs/refusals.md`, `cargo xtask data` the tables.

mod data;
mod map;
mod postgres;
mod refusals;
mod rulebook;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

const USAGE: &str = "\
cargo xtask check      format, lints, unit, doc and story tests, tidy, generated files, 200 seeds
cargo xtask test       check, and the slow tests: crashes, full disk, planted faults, pages
cargo xtask sim        the simulator [--seeds N] [--from N], or [--planted]: does it find all faults
cargo xtask bench      speeds against SQLite and a bare sync [--runs N] [--json] [--dir DIR]
cargo xtask refusals   write docs/refusals.md
cargo xtask rulebook   write docs/rulebook.md
cargo xtask map        write the shapes of the map from Natural Earth [FILE]
cargo xtask data       compile data/*.csv from the raw tables [--from DIR] [--check]";

/// What went wrong, in words.
pub(crate) type Failure = String;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    let started = Instant::now();
    let result = match task.as_str() {
        "check" => check(),
        "test" => test(),
        "bench" => bench(&rest),
        "sim" => sim(&rest),
        "refusals" => refusals::write(&root()),
        "rulebook" => rulebook::write(&root()),
        "data" => data::compile(&root(), &rest),
        "map" => map::write(&root(), &rest),
        _ => Err(format!("there is no task \"{task}\"; the tasks are\n{USAGE}")),
    };
    match result {
        Ok(()) => {
            eprintln!("{task}: all is well, {:.0} s", started.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
        Err(failure) => {
            eprintln!("{task}: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

fn cargo(arguments: &[&str]) -> Result<(), Failure> {
    cargo_with(arguments, ("", ""))
}

/// The same with a variable of the environment.
fn cargo_with(arguments: &[&str], (name, value): (&str, &str)) -> Result<(), Failure> {
    eprintln!("cargo {}", arguments.join(" "));
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(arguments).current_dir(root());
    if !name.is_empty() {
        command.env(name, value);
    }
    let status = command.status();
    match status {
        Ok(it) if it.success() => Ok(()),
        Ok(it) => Err(format!("cargo {} failed: {it}", arguments.join(" "))),
        Err(error) => Err(format!("cargo cannot be started: {error}")),
    }
}

/// Rust's own tools that a machine may lack are added, and it is said.
fn components() -> Result<(), Failure> {
    for (component, probe) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let found = Command::new(cargo).args([probe, "--version"]).output();
        if found.is_ok_and(|it| it.status.success()) {
            continue;
        }
        println!("installing {component} with rustup");
        let added = Command::new("rustup").args(["component", "add", component]).status();
        if !added.is_ok_and(|it| it.success()) {
            return Err(format!(
                "{component} is missing; install it with rustup component add {component}"
            ));
        }
    }
    Ok(())
}

/// A browser for the tests of pages: one that is there, else Debian's, and it is said.
fn browser() -> Result<(), Failure> {
    let there = |name: &str| {
        Command::new(name).arg("--version").output().is_ok_and(|it| it.status.success())
    };
    if ["chromium", "chromium-browser", "google-chrome"].into_iter().any(there) {
        return Ok(());
    }
    println!("installing chromium with apt-get");
    apt("chromium").map_err(|why| format!("the tests of pages need Chromium; {why}"))
}

/// Installs a package where that can be done.
fn apt(package: &str) -> Result<(), Failure> {
    for arguments in [&["update", "-qq"][..], &["install", "-y", "-qq", package][..]] {
        let mut command = Command::new("apt-get");
        command.args(arguments).stdout(std::process::Stdio::null());
        let done = command.env("DEBIAN_FRONTEND", "noninteractive").status();
        if !done.is_ok_and(|it| it.success()) {
            return Err("apt-get could not install it; install it and start again".to_owned());
        }
    }
    Ok(())
}

fn check() -> Result<(), Failure> {
    components()?;
    cargo(&["fmt", "--all", "--check"])?;
    // What takes seconds comes before what takes minutes.
    tidy::check(&root())?;
    refusals::check_fresh(&root())?;
    rulebook::check_fresh(&root())?;
    data::check_committed(&root())?;
    // Long functions ring a bell, they do not stop.
    let lints = ["--", "-D", "warnings", "--force-warn", "clippy::too_many_lines"];
    cargo(&[&["clippy", "--quiet", "--workspace", "--all-targets"], &lints[..]].concat())?;
    cargo(&["test", "--workspace"])?;
    sim_of(&["--seeds", "200"])
}

fn bench(arguments: &[String]) -> Result<(), Failure> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let run = ["run", "--quiet", "--release", "--package", "karvan-bench", "--"];
    cargo(&[&run, &arguments[..]].concat())
}

fn sim(arguments: &[String]) -> Result<(), Failure> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // Faults are compiled in only where they are to be found.
    let planted = arguments.contains(&"--planted");
    let features: &[&str] = if planted { &["--features", "planted"] } else { &[] };
    let run = ["run", "--quiet", "--release", "--package", "karvan-sim"];
    cargo(&[&run[..], features, &["--"], &arguments[..]].concat())
}

fn sim_of(arguments: &[&str]) -> Result<(), Failure> {
    sim(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
}

fn test() -> Result<(), Failure> {
    check()?;
    sim_of(&["--planted", "--seeds", "300"])?;
    // As they were built for the tests before, which are optimised, too.
    cargo(&["test", "--package", "karvan", "--", "--ignored", "--nocapture"])?;
    let server = postgres::Server::start()?;
    let arguments = ["test", "--package", "karvan-views", "--test", "postgres", "--", "--ignored"];
    cargo_with(&arguments, ("KARVAN_POSTGRES", &server.url()))?;
    drop(server);
    browser()?;
    let browser = ["test", "--package", "karvan-web", "--test", "browser"];
    cargo(&[&browser[..], &["--", "--ignored", "--test-threads", "2"]].concat())
}
