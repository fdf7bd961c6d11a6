//! Import holdings: the administrator of a mirror takes over, from a signed statement of the
//! register, serials that are locked there for use here. Each serial is taken over once, and all
//! that was issued here never exceeds the cap. Units are issued into the total quantity account and
//! move on into their holder's: who got them is told when transfers are.

use super::{ForeignBlock, Mirrored};
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, JurisdictionId, SeriesId};
use crate::ledger::Serials;
use crate::ledger::posting::{UnitsIssued, UnitsMoved};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::Registry;
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The most rows of one command.
pub const ROWS_MAX: usize = 1_000;

/// A row of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct ImportRow {
    /// The account here that the units come into.
    #[n(0)]
    pub account: AccountId,
    /// What is locked there.
    #[n(1)]
    pub block: ForeignBlock,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ImportHoldings {
    /// Whose register.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// SHA-256 of the signed statement.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub statement: [u8; 32],
    /// The rows, at most [`ROWS_MAX`].
    #[n(2)]
    pub rows: Vec<ImportRow>,
}

/// The fact, one for each row; the posting beside it says which serials of ours.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct HoldingImported {
    /// Whose register.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// SHA-256 of the signed statement.
    #[n(1)]
    pub statement: Box<Statement>,
    /// What is locked there.
    #[n(2)]
    pub block: Box<ForeignBlock>,
    /// The account here.
    #[n(3)]
    pub account: AccountId,
    /// The first of our serials.
    #[n(4)]
    pub first: u64,
}

/// The hash of a statement.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(transparent)]
pub struct Statement(#[cbor(n(0), with = "minicbor::bytes")] pub [u8; 32]);

refusals! {
    /// Why a statement cannot be taken over. Rows are counted from 1.
    pub enum ImportHoldingsRefused {
        /// A native registry issues its own units.
        NotMirror { jurisdiction: JurisdictionId } = 541
            => "jurisdiction {jurisdiction} keeps its registry here; its units are issued, not \
                imported",
        /// A mirror issues none.
        Mirror { jurisdiction: JurisdictionId } = 542
            => "the registry of jurisdiction {jurisdiction} is kept elsewhere; import its \
                holdings",
        /// A statement has rows, at most so many.
        RowsOutOfBounds { most: usize } = 543 => "name 1 to {most} rows",
        /// Every serial once.
        AlreadyThere { row: usize, serial: u64 } = 544
            => "row {row}: serial {serial} was taken over before",
        /// A block has serials.
        NoSerials { row: usize } = 545 => "row {row}: it names no serial, or serial 0",
        /// Above the cap.
        AboveCap { row: usize, left: Tonnes, wanted: Tonnes } = 546
            => "row {row}: the cap leaves {left}, less than {wanted}",
        /// What is locked there comes into the total quantity account or a holder's.
        AccountUnfit { row: usize, account: AccountId } = 547
            => "row {row}: account {account} is neither a holder's nor the total quantity \
                account of this jurisdiction",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &ImportHoldings) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Whether a jurisdiction's registry is kept elsewhere.
pub(crate) fn is_mirror(state: &State, jurisdiction: JurisdictionId) -> bool {
    let chapter = state.rules.as_ref().and_then(|it| it.jurisdiction(jurisdiction));
    chapter.is_some_and(|it| it.registry == Registry::Mirror)
}

/// Checks every row.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ImportHoldings,
    out: &mut Events,
) -> Result<(), Refusals> {
    use ImportHoldingsRefused as No;
    let mut no = Objections::default();
    let jurisdiction = it.jurisdiction;
    no.unless(is_mirror(state, jurisdiction), No::NotMirror { jurisdiction });
    let in_bounds = (1..=ROWS_MAX).contains(&it.rows.len());
    no.unless(in_bounds, No::RowsOutOfBounds { most: ROWS_MAX });
    // What this command itself takes over: foreign serials, and our next serial of each vintage.
    let mut taken: Vec<&ForeignBlock> = Vec::new();
    let mut next: BTreeMap<Year, u64> = BTreeMap::new();
    let mut facts: Vec<(HoldingImported, (SeriesId, Serials))> = Vec::new();
    for (row, ImportRow { account, block }) in (1..).zip(&it.rows) {
        let (account, year, serials) = (*account, block.year, block.serials);
        let named = serials.first > 0
            && serials.count > Tonnes::ZERO
            && serials.first.checked_add(serials.count.0).is_some();
        no.unless(named, No::NoSerials { row });
        let found = state.accounts.get(account);
        no.take(account::may_surrender(state, account));
        no.take(account::not_closed(state, account));
        let fits = |it: &&account::Account| {
            let issues = it.kind == AccountKind::TotalQuantity;
            it.jurisdiction == jurisdiction && (issues || it.kind.trades())
        };
        no.unless(found.filter(fits).is_some(), No::AccountUnfit { row, account });
        let before = overlap(state, jurisdiction, block);
        let before = before.or_else(|| taken.iter().find_map(|it| meets(it, block)));
        if let Some(serial) = before {
            no.unless(false, No::AlreadyThere { row, serial });
        }
        taken.push(block);
        let cap = state.caps.get(&(jurisdiction, year));
        let series = state.ledger.vintage(jurisdiction, year);
        let (Some(cap), Some(series)) = (cap, series) else {
            no.unless(false, IssueRefused::NoCap { year });
            continue;
        };
        let issued = state.ledger.series.row(series).issued;
        let first = next.entry(year).or_insert(issued.0.saturating_add(1));
        let so_far = Tonnes(first.saturating_sub(1));
        let (left, wanted) = (so_far.short_of(cap.issued_at_most()), serials.count);
        no.unless(wanted <= left, No::AboveCap { row, left, wanted });
        let statement = Box::new(Statement(it.statement));
        let imported = HoldingImported {
            jurisdiction,
            statement,
            block: Box::new(block.clone()),
            account,
            first: *first,
        };
        let serials = Serials { first: *first, count: wanted };
        *first = serials.end();
        facts.push((imported, (series, serials)));
    }
    let kind = AccountKind::TotalQuantity;
    let total = account::of_government(state, jurisdiction, kind);
    no.unless(total.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let from = no.settle_with(total)?;
    for (imported, (series, serials)) in facts {
        let to = imported.account;
        out.push(Event::HoldingImported(imported));
        out.push(Event::UnitsIssued(UnitsIssued { series, to: from, serials }));
        if to != from {
            out.push(Event::UnitsMoved(UnitsMoved { series, from, to, serials }));
        }
    }
    Ok(())
}

/// A serial of a block that lives here.
fn overlap(state: &State, jurisdiction: JurisdictionId, block: &ForeignBlock) -> Option<u64> {
    let end = block.serials.end();
    let before = (jurisdiction, block.year, 0)..(jurisdiction, block.year, end);
    let ((_, _, first), it) = state.mirrored.range(before).next_back()?;
    let last = first.saturating_add(it.count.0);
    (last > block.serials.first).then_some((*first).max(block.serials.first))
}

/// A serial that two blocks share.
fn meets(one: &ForeignBlock, other: &ForeignBlock) -> Option<u64> {
    let first = one.serials.first.max(other.serials.first);
    let end = one.serials.end().min(other.serials.end());
    (one.year == other.year && first < end).then_some(first)
}

/// The foreign serials live here.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &HoldingImported) {
    let key = (it.jurisdiction, it.block.year, it.block.serials.first);
    let (count, lock) = (it.block.serials.count, it.block.lock);
    let row = Mirrored { count, first: it.first, account: it.account, lock };
    let before = state.mirrored.insert(key, row);
    assert!(before.is_none(), "a foreign serial is taken over twice");
}
