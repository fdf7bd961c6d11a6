//! Set the cap of a year. Caps are a chain of facts, each with its reason and evidence; the last
//! one is in force. A cut takes from what is not issued yet; then from units that lie free in the
//! total quantity account and in the auction account, which are deleted; else it is refused with
//! the figure. A cap that follows the activity is set again once the year is over, with the
//! activity.
//!
//! An opening balance (units held under earlier law, taken over when the market starts) is set
//! the same way and stands beside the cap.

use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::JurisdictionId;
use crate::ledger::posting::UnitsEnded;
use crate::mrv::Decimal;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// One vintage is never larger than this: far above any country's emissions.
pub const CAP_MAX: Tonnes = Tonnes(100_000_000_000);

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SetCap {
    /// Whose cap.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// The cap.
    #[n(2)]
    pub quantity: Tonnes,
    /// The opening balance in units of this vintage.
    #[n(3)]
    pub opening: Tonnes,
    /// Why, and from which activity.
    #[n(4)]
    pub basis: CapBasis,
}

/// On what a cap rests.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CapBasis {
    /// Why.
    #[n(0)]
    pub grounds: Grounds,
    /// The activity of the year, where the cap follows it, in the policy's unit.
    #[n(1)]
    pub activity: Option<Decimal>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CapSet {
    /// Whose cap.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// The cap.
    #[n(2)]
    pub quantity: Tonnes,
    /// The opening balance.
    #[n(3)]
    pub opening: Tonnes,
    /// Units that were issued and are withdrawn with it; the postings beside it say which.
    #[n(4)]
    pub withdrawn: Tonnes,
    /// Why.
    #[n(5)]
    pub basis: Box<CapBasis>,
}

refusals! {
    /// Why a cap cannot be set.
    pub enum SetCapRefused {
        /// The policy in force does not have this year.
        YearUnknown { year: Year } = 501
            => "the policy in force has no year {year} for this jurisdiction",
        /// More is issued already.
        BelowIssued { issued: Tonnes, free: Tonnes, wanted: Tonnes } = 502
            => "{issued} are issued, of which {free} lie free in the total quantity and auction \
                accounts; a cap of {wanted} would be below the rest",
        /// A cap that follows the activity needs it.
        NoActivity { year: Year } = 504
            => "the cap of {year} follows the activity; the year is over, give the activity with \
                it",
        /// No country emits so much.
        TooLarge { wanted: Tonnes, most: Tonnes } = 503
            => "{wanted} is more than {most}, the most one vintage may have",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &SetCap) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the year and what is issued.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &SetCap,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year, quantity, opening) =
        (it.jurisdiction, it.year, it.quantity, it.opening);
    let wanted = quantity.checked_add(opening).unwrap_or(Tonnes(u64::MAX));
    no.unless(wanted <= CAP_MAX, SetCapRefused::TooLarge { wanted, most: CAP_MAX });
    no.take(it.basis.grounds.check());
    let rules = state.year_rules(jurisdiction, year);
    let follows = rules.is_some_and(|it| it.intensity) && state.now.date().0 > i64::from(year.0);
    let shown = !follows || it.basis.activity.is_some();
    no.unless(shown, SetCapRefused::NoActivity { year });
    let sources: Vec<_> = [AccountKind::TotalQuantity, AccountKind::Auction]
        .into_iter()
        .filter_map(|kind| account::of_government(state, jurisdiction, kind))
        .collect();
    let mut withdrawn = Tonnes::ZERO;
    let mut picked = Vec::new();
    match state.ledger.vintage(jurisdiction, year) {
        None => no.unless(false, SetCapRefused::YearUnknown { year }),
        Some(series) => {
            let before = state.caps.get(&(jurisdiction, year));
            let gone = before.map(|it| it.withdrawn).unwrap_or_default();
            let issued = gone.short_of(state.ledger.series.row(series).issued);
            withdrawn = wanted.short_of(issued);
            let of_vintage = |it| it == series;
            let free = sources.iter().map(|it| state.ledger.shelves.row(*it).free(of_vintage));
            let free = free.sum();
            let enough = withdrawn <= free;
            no.unless(enough, SetCapRefused::BelowIssued { issued, free, wanted });
            let mut missing = withdrawn;
            for from in sources {
                let units = state.ledger.shelves.row(from).pick(missing, of_vintage);
                missing -= units.iter().map(|(_, it)| it.serials.count).sum::<Tonnes>();
                picked.extend(units.into_iter().map(|it| (from, it)));
            }
        }
    }
    let into = account::of_government(state, jurisdiction, AccountKind::Deletion);
    let needed = withdrawn > Tonnes::ZERO;
    let kind = AccountKind::Deletion.name();
    no.unless(!needed || into.is_some(), IssueRefused::NoGovernmentAccount { kind });
    no.settle()?;
    let basis = Box::new(it.basis.clone());
    out.push(Event::CapSet(CapSet { jurisdiction, year, quantity, opening, withdrawn, basis }));
    if let Some(into) = into {
        for (from, (series, block)) in picked {
            let serials = block.serials;
            out.push(Event::UnitsEnded(UnitsEnded { series, from, into, serials }));
        }
    }
    Ok(())
}

/// The cap is in force.
pub fn apply(state: &mut State, record: &RecordHeader, it: &CapSet) {
    let cap = state.caps.entry((it.jurisdiction, it.year)).or_default();
    cap.chain.push((record.position, it.quantity));
    cap.opening = it.opening;
    cap.withdrawn += it.withdrawn;
}
