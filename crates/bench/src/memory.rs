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
