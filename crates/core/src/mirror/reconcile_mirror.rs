//! Reconcile a mirror: the administrator compares a day's statement of the register, all serials
//! that are locked there for use here, with what lives here. What is locked there and not here, or
//! here and not there, is named; the accounts whose units have lost their lock are stopped.

use super::{ForeignBlock, import_holdings};
use crate::authority::{Authorised, Right};
use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::freezing::stop_accounts::AccountStopped;
use crate::grounds::Grounds;
use crate::id::{AccountId, JurisdictionId};
use crate::ledger::Serials;
use crate::mirror::import_holdings::ImportHoldingsRefused;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};

/// The most blocks of one statement.
pub const BLOCKS_MAX: usize = 10_000;
/// So many differences are named; the rest is counted.
pub const NAMED_MAX: usize = 100;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReconcileMirror {
    /// Whose register.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The day of the statement.
    #[n(1)]
    pub day: Day,
    /// SHA-256 of the signed statement.
    #[cbor(n(2), with = "minicbor::bytes")]
    pub statement: [u8; 32],
    /// All that is locked there.
    #[n(3)]
    pub blocks: Vec<ForeignBlock>,
}

/// Foreign serials about which the two differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct MirrorDifference {
    /// The vintage.
    #[n(0)]
    pub year: Year,
    /// The foreign serials.
    #[n(1)]
    pub serials: Serials,
    /// The account they came into here; none where they are locked there alone.
    #[n(2)]
    pub account: Option<AccountId>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct MirrorReconciled {
    /// Whose register.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The day of the statement.
    #[n(1)]
    pub day: Day,
    /// Blocks about which the two differ, the first of them.
    #[n(2)]
    pub differences: Box<Vec<MirrorDifference>>,
    /// How many there are in all.
    #[n(3)]
    pub count: u32,
}

refusals! {
    /// Why a statement cannot be compared.
    pub enum ReconcileMirrorRefused {
        /// A statement is bounded.
        TooManyBlocks { most: usize } = 551 => "the statement has more than {most} blocks",
        /// A register does not lock a serial twice.
        LockedTwice { year: Year, serial: u64 } = 552
            => "the statement names serial {serial} of {year} twice; ask the register for another",
        /// The days go on.
        NotLater { day: Day, last: Day } = 553
            => "the statement is of {day}; that of {last} is compared already",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &ReconcileMirror) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Walks both sets of serials.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ReconcileMirror,
    out: &mut Events,
) -> Result<(), Refusals> {
    use ReconcileMirrorRefused as No;
    let mut no = Objections::default();
    let (jurisdiction, day) = (it.jurisdiction, it.day);
    let mirror = import_holdings::is_mirror(state, jurisdiction);
    no.unless(mirror, ImportHoldingsRefused::NotMirror { jurisdiction });
    no.unless(it.blocks.len() <= BLOCKS_MAX, No::TooManyBlocks { most: BLOCKS_MAX });
    if let Some(last) = state.mirror_days.get(&jurisdiction).copied() {
        no.unless(day > last, No::NotLater { day, last });
    }
    let mut there: BTreeMap<Year, Vec<(u64, u64)>> = BTreeMap::new();
    for block in &it.blocks {
        there.entry(block.year).or_default().push((block.serials.first, block.serials.end()));
    }
    for (year, blocks) in &mut there {
        blocks.sort_unstable();
        let twice = blocks.windows(2).find_map(|it| match it {
            [one, two] if one.1 > two.0 => Some(two.0),
            _ => None,
        });
        if let Some(serial) = twice {
            no.unless(false, No::LockedTwice { year: *year, serial });
        }
    }
    no.settle()?;
    let differences = differences(state, jurisdiction, &there);
    let stopped = holders(state, jurisdiction, &differences);
    let count = u32::try_from(differences.len()).unwrap_or(u32::MAX);
    let named = Box::new(differences.into_iter().take(NAMED_MAX).collect());
    let differences = named;
    out.push(Event::MirrorReconciled(MirrorReconciled { jurisdiction, day, differences, count }));
    for account in stopped.into_iter().filter(|it| !state.stopped.contains(it)) {
        let grounds =
            Grounds::new("units have lost their lock in the foreign register", it.statement);
        out.push(Event::AccountStopped(AccountStopped { account, grounds: Box::new(grounds) }));
    }
    Ok(())
}

/// Whose the units are now that have lost their lock; where nobody has them free, the account they
/// came into.
fn holders(
    state: &State,
    jurisdiction: JurisdictionId,
    differences: &[MirrorDifference],
) -> BTreeSet<AccountId> {
    let mut all = BTreeSet::new();
    for it in differences.iter().filter(|it| it.account.is_some()) {
        all.extend(it.account);
        let Some(series) = state.ledger.vintage(jurisdiction, it.year) else { continue };
        let before = (jurisdiction, it.year, 0)..=(jurisdiction, it.year, it.serials.first);
        let Some(((_, _, from), row)) = state.mirrored.range(before).next_back() else { continue };
        let skipped = it.serials.first.saturating_sub(*from);
        let first = row.first.saturating_add(skipped);
        let end = first.saturating_add(it.serials.count.0);
        let has = |it: &Serials| it.first < end && first < it.end();
        let holds = state.ledger.shelves.iter().filter(|(_, shelf)| {
            let queues = shelf.queues.iter().filter(|it| it.series == series);
            queues.flat_map(|it| &it.blocks).any(|it| has(&it.serials))
        });
        all.extend(holds.map(|(id, _)| id));
    }
    all
}

/// What is on one side alone.
fn differences(
    state: &State,
    jurisdiction: JurisdictionId,
    there: &BTreeMap<Year, Vec<(u64, u64)>>,
) -> Vec<MirrorDifference> {
    let all = (jurisdiction, Year(0), 0)..=(jurisdiction, Year(u16::MAX), u64::MAX);
    let mut here: BTreeMap<Year, Vec<(u64, u64, AccountId)>> = BTreeMap::new();
    for ((_, year, first), it) in state.mirrored.range(all) {
        let end = first.saturating_add(it.count.0);
        here.entry(*year).or_default().push((*first, end, it.account));
    }
    let years: BTreeSet<Year> = here.keys().chain(there.keys()).copied().collect();
    let mut found = Vec::new();
    for year in years {
        let none = (Vec::new(), Vec::new());
        let ours = here.get(&year).unwrap_or(&none.0);
        let theirs = there.get(&year).unwrap_or(&none.1);
        let plain: Vec<(u64, u64)> = ours.iter().map(|(first, end, _)| (*first, *end)).collect();
        for (first, end, account) in ours {
            let alone = without((*first, *end), theirs);
            found.extend(alone.map(|serials| MirrorDifference {
                year,
                serials,
                account: Some(*account),
            }));
        }
        for block in theirs {
            let alone = without(*block, &plain);
            found.extend(alone.map(|serials| MirrorDifference { year, serials, account: None }));
        }
    }
    found
}

/// The parts of a block that no other block covers. The others are sorted and apart.
fn without(
    (first, end): (u64, u64),
    others: &[(u64, u64)],
) -> impl Iterator<Item = Serials> + use<> {
    let mut parts = Vec::new();
    let mut next = first;
    for (start, stop) in others.iter().copied().filter(|it| it.1 > first && it.0 < end) {
        if start > next {
            parts.push((next, start.min(end)));
        }
        next = next.max(stop);
    }
    if next < end {
        parts.push((next, end));
    }
    parts
        .into_iter()
        .map(|(first, end)| Serials { first, count: Tonnes(end.saturating_sub(first)) })
}

/// The day is compared.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &MirrorReconciled) {
    state.mirror_days.insert(it.jurisdiction, it.day);
}
