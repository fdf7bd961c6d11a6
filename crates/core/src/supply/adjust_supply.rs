//! Adjust the supply: once a year, after the surrender, the quantity rule of the policy moves units
//! between the auction and the stability account and cancels what is held there above its level.
//!
//! In circulation is what is neither ended nor the government's own. Units for auctions to come are
//! taken in as far as the auction account holds them.

use super::reserve::{Adjustment, QuantityRule};
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{JurisdictionId, SeriesId};
use crate::ledger::posting::{Posting, UnitsEnded};
use crate::ledger::{Series, UnitClass};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::{Instant, Year};
use crate::units::{self, Way, lapse};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AdjustSupply {
    /// Whose supply.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// After the surrender for this year.
    #[n(1)]
    pub year: Year,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SupplyAdjusted {
    /// Whose supply.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// After the surrender for this year.
    #[n(1)]
    pub year: Year,
    /// What was in circulation.
    #[n(2)]
    pub circulation: Tonnes,
    /// What was taken from auctions.
    #[n(3)]
    pub intake: Tonnes,
    /// What was given back to auctions.
    #[n(4)]
    pub release: Tonnes,
    /// What was cancelled.
    #[n(5)]
    pub invalidated: Tonnes,
}

refusals! {
    /// Why the supply cannot be adjusted.
    pub enum AdjustSupplyRefused {
        /// The policy has no quantity rule.
        NoRule { year: Year } = 531 => "the policy in force has no quantity rule for {year}",
        /// Units are counted after the surrender.
        NotDue { year: Year, due: Instant } = 532
            => "the surrender for {year} is due at {due}; units are counted after that",
        /// Once a year.
        Adjusted { year: Year } = 533 => "the supply was adjusted for {year}",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &AdjustSupply) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Counts what is in circulation and does what the rule says.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &AdjustSupply,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year) = (it.jurisdiction, it.year);
    let rules = state.year_rules(jurisdiction, year);
    let rule = rules.and_then(|it| Some((it.surrender_due, it.quantity?)));
    match rule {
        None => no.unless(false, AdjustSupplyRefused::NoRule { year }),
        Some((due, _)) => {
            no.unless(due <= state.now, AdjustSupplyRefused::NotDue { year, due });
        }
    }
    let adjusted = state.adjusted.contains(&(jurisdiction, year));
    no.unless(!adjusted, AdjustSupplyRefused::Adjusted { year });
    let mut find = |kind: AccountKind| {
        let found = account::of_government(state, jurisdiction, kind);
        no.unless(found.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
        found
    };
    let auction = find(AccountKind::Auction);
    let stability = find(AccountKind::Stability);
    let deletion = find(AccountKind::Deletion);
    let accounts = auction.zip(stability).zip(deletion);
    let (((auction, stability), deletion), (_, shares)) = no.settle_with(accounts.zip(rule))?;
    let cap = state.caps.get(&(jurisdiction, year)).map(|it| it.in_force()).unwrap_or_default();
    let rule: QuantityRule = shares.of(cap);
    let circulation = in_circulation(state, jurisdiction);
    let ours = |series: SeriesId| {
        let row = state.ledger.series.row(series);
        row.class == UnitClass::Allowance && row.jurisdiction == jurisdiction
    };
    let held = |account| state.ledger.shelves.row(account).free(ours);
    let Adjustment { intake, release, .. } = rule.adjust(circulation, held(stability));
    let intake = intake.min(held(auction));
    let mut draft = Draft::new(state, out);
    for (from, to, quantity) in [(auction, stability, intake), (stability, auction, release)] {
        let picked = draft.shelf_now(from).pick(quantity, ours);
        units::move_all(&picked, Way { from, to }, |it| draft.post(it));
    }
    let kept = draft.shelf_now(stability).free(ours);
    let invalidated = rule.adjust(circulation, kept).invalidated;
    for (series, block) in draft.shelf_now(stability).pick(invalidated, ours) {
        let (from, into, serials) = (stability, deletion, block.serials);
        draft.post(Posting::UnitsEnded(UnitsEnded { series, from, into, serials }));
    }
    draft.note(Event::SupplyAdjusted(SupplyAdjusted {
        jurisdiction,
        year,
        circulation,
        intake,
        release,
        invalidated,
    }));
    Ok(())
}

/// What participants own of the units that count in a jurisdiction, also where it is set aside:
/// with link units that came, without what waits in escrow, whose place another market took, and
/// without what any government holds, its own or one that acquired units for its target.
fn in_circulation(state: &State, jurisdiction: JurisdictionId) -> Tonnes {
    let counts = |it: &Series| it.counts_in() == Some(jurisdiction);
    let series = state.ledger.series.iter().map(|(_, it)| it);
    let outstanding: Tonnes =
        series.filter(|it| counts(it)).map(|it| it.ended.short_of(it.issued)).sum();
    let kept = state.government.iter().filter(|((_, kind), _)| !kind.ends_units());
    let counting = |series| counts(state.ledger.series.row(series));
    let kept: Tonnes = kept.map(|(_, it)| state.ledger.shelves.row(*it).free(counting)).sum();
    let kept = kept + lapse::in_escrow(state, counts);
    let auctions = state.auctions.iter().filter(|(_, it)| it.result.is_none());
    let offered: Tonnes =
        auctions.filter(|(_, it)| it.jurisdiction == jurisdiction).map(|(_, it)| it.volume).sum();
    (kept + offered).short_of(outstanding)
}

/// The year is adjusted.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &SupplyAdjusted) {
    state.adjusted.insert((it.jurisdiction, it.year));
}
