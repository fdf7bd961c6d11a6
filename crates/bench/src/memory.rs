//! Transfers in memory: every rule and every check, no journal; and the whole writer over a journal
//! that forgets.

use crate::scene::{NOW, Scene, blocks, submissions, take};
use crate::table::{Figure, Goal, Table};
use crate::{Failure, note};
use karvan_core::{Event, Events};
use karvan_engine::clock::SetClock;
use karvan_engine::journal::memory::MemoryJournal;
use karvan_engine::snapshot::Snapshot;
use karvan_engine::{Answer, Writer};
use std::sync::Arc;
use std::time::Instant;

const TRANSFERS: usize = 200_000;

pub(crate) fn transfers(scene: &Scene, runs: usize, table: &mut Table) -> Result<(), Failure> {
    let asked = scene.transfers(TRANSFERS, (0, 1));
    let (mut speeds, mut moved, mut after) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let mut state = scene.state.clone();
        let mut out = Events::default();
        let mut blocks_moved = 0;
        let started = Instant::now();
        for it in &asked {
            if !take(&mut state, it, &mut out) {
                return Err(format!("refused: {it:?}").into());
            }
            // One fact says what was asked, the others move a block each.
            blocks_moved += out.list().len() - 1;
        }
        let seconds = started.elapsed().as_secs_f64();
        let is_move = |it: &Event| matches!(it, Event::UnitsMoved(_) | Event::Transferred(_));
        assert!(out.list().iter().all(is_move), "a transfer moves blocks and nothing else");
        speeds.push(TRANSFERS as f64 / seconds);
        moved.push(blocks_moved as f64 / TRANSFERS as f64);
        after.push(blocks(&state) as f64);
    }
    table.add(Figure {
        what: "transfers in memory, all checks, 10,000 accounts".to_owned(),
        unit: "1/s",
        goal: Goal::AtLeast(1_000_000.0),
        values: speeds,
    });
    table.add(note("  blocks before", "blocks", vec![blocks(&scene.state) as f64]));
    table.add(note("  blocks after 200,000 transfers", "blocks", after));
    table.add(note("  blocks moved by one transfer of 1-1,000 t", "blocks", moved));
    writer(scene, runs, table)
}

/// The stepped writer: ids, hashes, frames and their chain, but no disk.
fn writer(scene: &Scene, runs: usize, table: &mut Table) -> Result<(), Failure> {
    let opening = submissions(scene.opening.clone(), 1 << 40);
    let waiting = submissions(scene.transfers(TRANSFERS, (0, 1)), 1 << 50);
    let mut speeds = Vec::new();
    for _ in 0..runs {
        let (start, clock) = (Snapshot::empty().into_start(), Arc::new(SetClock::at(NOW)));
        let mut writer = Writer::new(MemoryJournal::forgetful(), start, clock);
        writer.step(&opening, &mut |_| {})?;
        let started = Instant::now();
        for some in waiting.chunks(1_024) {
            let answers = writer.step(some, &mut |_| {})?;
            if let Some(no) = answers.iter().find(|it| !matches!(it, Answer::Accepted { .. })) {
                return Err(format!("not accepted: {no:?}").into());
            }
        }
        speeds.push(TRANSFERS as f64 / started.elapsed().as_secs_f64());
    }
    table.add(note("  the same through the writer, journal in memory", "1/s", speeds));
    Ok(())
}

/// What a state of a million blocks takes: the growth of the process when it is copied.
pub(crate) fn size(scene: &Scene, table: &mut Table) -> Result<(), Failure> {
    const BLOCKS: usize = 1_000_000;
    let mut state = scene.state.clone();
    let mut out = Events::default();
    for it in scene.transfers(4 * BLOCKS, (0, 1)) {
        // An account that is empty by now is no matter.
        take(&mut state, &it, &mut out);
        if state.position.is_multiple_of(1_000) && blocks(&state) >= BLOCKS {
            break;
        }
    }
    // The first copies fill memory that earlier runs gave back.
    let mut copies = Vec::new();
    let mut values = Vec::new();
    for number in 0..8 {
        let before = resident()?;
        copies.push(state.clone());
        if number >= 3 {
            values.push((resident()? - before) as f64 / 1e6);
        }
    }
    assert!(copies.iter().all(|it| *it == state), "the copies are used");
    let what = "a state of a million blocks".to_owned();
    let goal = Goal::AtMost(150.0);
    table.add(Figure { what, unit: "MB", goal, values });
    table.add(note("  blocks", "blocks", vec![blocks(&state) as f64]));
    Ok(())
}

/// Bytes of memory of this process.
pub(crate) fn resident() -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/self/statm")?;
    let pages: u64 = text.split(' ').nth(1).ok_or("no figure of memory")?.parse()?;
    Ok(pages * 4_096)
}

/// How long it takes to freeze a jurisdiction of a hundred thousand accounts, and that the next
/// command knows it.
pub(crate) fn freeze(runs: usize, table: &mut Table) -> Result<(), Failure> {
    let scene = Scene::with_accounts(100_000);
    let mut times = Vec::new();
    for _ in 0..runs {
        let mut state = scene.state.clone();
        let mut out = Events::default();
        let freeze = Scene::freeze();
        let next = scene.transfers(1, (0, 1));
        let started = Instant::now();
        assert!(take(&mut state, &freeze, &mut out), "the freeze is accepted");
        let frozen = !take(&mut state, &next[0], &mut out);
        times.push(started.elapsed().as_secs_f64() * 1e6);
        assert!(frozen, "the next transfer is refused");
    }
    let what = "freezing a jurisdiction of 100,000 accounts, and the next refusal";
    table.add(note(what, "us", times));
    Ok(())
}
