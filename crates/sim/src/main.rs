//! `karvan-sim`: plays seeds and says what they saw; with the feature `planted` also whether every
//! planted fault is found, and by which seed.

use karvan_sim::{Seen, run};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

fn main() -> ExitCode {
    let number = |name: &str, default: u64| {
        let mut arguments = std::env::args().skip_while(|it| it != name);
        arguments.nth(1).and_then(|it| it.parse().ok()).unwrap_or(default)
    };
    let (from, count) = (number("--from", 1), number("--seeds", 200));
    // A broken invariant stops a seed, and is told as its violation.
    std::panic::set_hook(Box::new(|_| {}));
    if std::env::args().any(|it| it == "--planted") { planted(count) } else { seeds(from, count) }
}

/// Plays seeds on all processors; each is a story of its own.
fn seeds(from: u64, count: u64) -> ExitCode {
    let started = Instant::now();
    let next = AtomicU64::new(from);
    let end = from.saturating_add(count);
    let play = || {
        let (mut sum, mut violations) = (Seen::default(), Vec::new());
        loop {
            let seed = next.fetch_add(1, Ordering::SeqCst);
            if seed >= end {
                return (sum, violations);
            }
            match run(seed) {
                Ok(seen) => sum.add(&seen),
                Err(violation) => {
                    eprintln!("seed {seed}: {violation}");
                    violations.push(seed);
                }
            }
            if (seed - from + 1).is_multiple_of(500) {
                eprintln!(
                    "{} of {count} seeds, {:.0} s",
                    seed - from + 1,
                    started.elapsed().as_secs_f64()
                );
            }
        }
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (mut sum, mut violations) = (Seen::default(), Vec::new());
    thread::scope(|scope| {
        let all: Vec<_> = (0..workers).map(|_| scope.spawn(play)).collect();
        for (seen, found) in all.into_iter().filter_map(|it| it.join().ok()) {
            sum.add(&seen);
            violations.extend(found);
        }
    });
    let seconds = started.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    let per_second = |it: u64| it as f64 / seconds;
    let years = u64::try_from(sum.days).unwrap_or(0) / 365;
    println!("seeds        {count}, {:.1} a second on {workers} processors", per_second(count));
    println!("commands     {}, {} accepted, {} refused", sum.commands, sum.accepted, sum.refused);
    println!("records      {}, {:.0} a second", sum.records, per_second(sum.records));
    println!("orders       {}, the naive book agrees on each", sum.orders);
    println!("crashes      {}", sum.crashes);
    println!("market time  {years} years, {:.0} years a minute", per_second(years) * 60.0);
    println!("violations   {}", violations.len());
    if violations.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(feature = "planted")]
fn planted(most: u64) -> ExitCode {
    use karvan_core::planted::{Fault, plant};
    let mut missed = 0;
    for fault in Fault::ALL {
        plant(Some(fault));
        let found = (1..=most).find_map(|seed| Some((seed, run(seed).err()?)));
        match found {
            Some((seed, violation)) => println!("{fault:?}: seed {seed}: {violation}"),
            None => {
                missed += 1;
                println!("{fault:?}: NOT FOUND by {most} seeds");
            }
        }
    }
    plant(None);
    println!("{} faults planted, {missed} not found", Fault::ALL.len());
    if missed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[cfg(not(feature = "planted"))]
fn planted(_most: u64) -> ExitCode {
    eprintln!("nothing is planted; build with --features planted");
    ExitCode::FAILURE
}
