//! The journal under damage, tearing, failing disks and other writers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

#[path = "journal/answers.rs"]
mod answers;
#[path = "journal/damage.rs"]
mod damage;
#[path = "journal/disks.rs"]
mod disks;
#[path = "journal/snapshots.rs"]
mod snapshots;

use karvan_core::Command;
use karvan_core::cash::{deposit::Deposit, open_cash_account::OpenCashAccount};
use karvan_core::id::{BankReference, GroupId, NOBODY, PartyId, PersonId, ProposalId};
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::proposal::{approve::Approve, propose::Propose};
use karvan_core::quantity::Money;
use karvan_core::time::Instant;
use karvan_engine::clock::SetClock;
use karvan_engine::journal::JournalBroken;
use karvan_engine::journal::file::{BATCH_BYTES_MAX, FileJournal, FileOptions};
use karvan_engine::snapshot;
use karvan_engine::storage::{MemoryStorage, Storage};
use karvan_engine::writer::Stopped;
use karvan_engine::{CommandId, Submission, Writer};
use std::sync::Arc;

const NOW: Instant = Instant(1_800_000_000_000);
/// Segments in which batches are begun within some 4 KiB only: they are full soon.
const SEGMENT: u64 = (BATCH_BYTES_MAX as u64 + 4096).next_multiple_of(4096);

fn files() -> FileOptions {
    FileOptions { segment_bytes: SEGMENT, ..FileOptions::default() }
}

/// A region, its bank as two persons want it, two cash accounts, then deposits without end: each is
/// accepted when those before it are. What matters here is records, not rules. The first step also
/// begins a day, so command n is record n + 1.
fn command(number: u64) -> Submission {
    let register = |role, persons| {
        let (jurisdiction, group) = (None, GroupId(0));
        Command::from(RegisterParty { role, jurisdiction, group, persons, scope: None })
    };
    let (region, second, banker) = (PersonId(1), PersonId(2), PersonId(3));
    let bank = register(Role::SettlementBank, 1);
    let (actor, command) = match number {
        1 => (NOBODY, register(Role::RegionalAdministrator, 2)),
        2 => (region, Propose { command: Box::new(bank) }.into()),
        3 => {
            let (proposal, command_hash) = (ProposalId::default(), bank.hash(region));
            (second, Approve { proposal, command_hash }.into())
        }
        4 => (banker, OpenCashAccount { party: PartyId(1), currency: None }.into()),
        5 => (banker, OpenCashAccount { party: PartyId(0), currency: None }.into()),
        line => {
            let reference = BankReference::of_number(line);
            let (party, amount) = (PartyId(0), Money(100));
            (banker, Deposit { party, amount, reference, currency: None }.into())
        }
    };
    Submission { id: CommandId::new(NOW, number.into()), actor, command }
}

fn first() -> Submission {
    command(1)
}

fn open(storage: &MemoryStorage) -> Result<Writer<FileJournal>, JournalBroken> {
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (journal, found) = FileJournal::open(shared, files())?;
    let start = snapshot::at(storage, &found.segments, found.last).map_err(|it| match it {
        Stopped::Journal(it) => it,
        other @ (Stopped::Before | Stopped::Fenced { .. } | Stopped::Unreadable { .. }) => {
            panic!("{other}")
        }
    })?;
    Ok(Writer::new(journal, start.into_start(), Arc::new(SetClock::at(NOW))))
}

/// A journal of `days` batches with one record each (a day passes with each), and its chain.
fn journal_of(days: i64) -> (MemoryStorage, [u8; 32], u64) {
    let storage = MemoryStorage::default();
    let shared: Arc<dyn Storage> = Arc::new(storage.clone());
    let (journal, found) = FileJournal::open(shared, files()).unwrap();
    let clock = SetClock::at(NOW);
    let start = snapshot::at(&storage, &found.segments, 0).unwrap().into_start();
    let mut writer = Writer::new(journal, start, Arc::new(clock.clone()));
    writer.step(&[first()], &mut |_| {}).unwrap();
    for day in 1..=days {
        clock.set(NOW.plus_days(day));
        writer.step(&[], &mut |_| {}).unwrap();
    }
    (storage, writer.chain(), writer.state().position)
}
