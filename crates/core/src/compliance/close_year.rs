//! Close a year: after the surrender date the letters of all obliged installations are frozen,
//! and a penalty case is opened for each shortfall.
//!
//! The job comes in slices of [`SLICE`] installations; the command is sent again until the fact
//! says that the year is closed. What a missing tonne costs: the fixed part, and a share of the
//! mean auction price of the year's vintage (without an auction: of the last price in the
//! secondary market, else nothing). A missing tonne is fined once: the shortfall of a year is what
//! is missing beyond what was fined before and is still to be made good.

use super::compliance_frozen::ComplianceFrozen;
use super::penalty_opened::PenaltyOpened;
use super::{Letter, letter};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{InstallationId, JurisdictionId, PenaltyId};
use crate::quantity::{Money, Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::YearRules;
use crate::state::State;
use crate::table::RowId;
use crate::time::{Instant, Year};
use minicbor::{Decode, Encode};

/// No missing tonne costs more: with as many as a report may hold, the fine is still money.
pub const FINE_MAX: Price = Price(90_000_000);
/// One command closes at most so many installations.
pub const SLICE: usize = 1_000;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CloseYear {
    /// Whose year.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Which year.
    #[n(1)]
    pub year: Year,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct YearClosed {
    /// Whose year.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// Which year.
    #[n(1)]
    pub year: Year,
    /// The installation at which the next slice begins; none when all is closed.
    #[n(2)]
    pub next: Option<InstallationId>,
    /// What a missing tonne of the year costs.
    #[n(3)]
    pub per_tonne: Price,
}

/// A year that is being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Closing {
    /// The installation at which the next slice begins.
    #[n(0)]
    pub next: InstallationId,
    /// What a missing tonne of the year costs.
    #[n(1)]
    pub per_tonne: Price,
}

refusals! {
    /// Why a year cannot be closed.
    pub enum CloseYearRefused {
        /// Nobody owes anything in it.
        NoObligation { year: Year } = 1021
            => "the policy in force obliges nobody in this jurisdiction in {year}",
        /// The due date lies ahead.
        NotDue { year: Year, due: Instant } = 1022
            => "the surrender for {year} is due at {due}; close the year after that",
        /// It is closed.
        AlreadyClosed { year: Year } = 1023 => "the year {year} is closed",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &CloseYear) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Freezes the letters of the next slice.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &CloseYear,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year) = (it.jurisdiction, it.year);
    let closed = state.closed_years.contains(&(jurisdiction, year));
    no.unless(!closed, CloseYearRefused::AlreadyClosed { year });
    let rules = state.year_rules(jurisdiction, year).filter(|it| it.stage.obliges());
    let Some(rules) = rules else {
        no.unless(false, CloseYearRefused::NoObligation { year });
        return no.settle();
    };
    let due = rules.surrender_due;
    no.unless(state.now >= due, CloseYearRefused::NotDue { year, due });
    no.settle()?;
    let closing = state.closing.get(&(jurisdiction, year));
    let start = closing.map(|it| it.next).unwrap_or_default();
    let mut obliged = state
        .installations
        .iter()
        .filter(|(id, it)| *id >= start && it.jurisdiction == jurisdiction && it.obliged_in(year));
    // All slices of a year fine at the rate of the first, whatever is traded in between.
    let per_tonne =
        closing.map_or_else(|| cost_per_tonne(state, jurisdiction, rules), |it| it.per_tonne);
    let mut penalty = state.penalties.next_id();
    for (installation, row) in obliged.by_ref().take(SLICE) {
        let letter = letter(row, year);
        let missing = row.missing_up_to(year);
        // Of what was fined, what was made good by now is missing no more.
        let carried = row.fined.min(missing);
        let shortfall = missing - carried;
        let fined = if letter == Letter::B { missing } else { carried };
        let frozen = ComplianceFrozen { installation, year, letter, fined };
        out.push(Event::ComplianceFrozen(frozen));
        if letter == Letter::B && shortfall > Tonnes::ZERO {
            let amount = per_tonne.times(shortfall).unwrap_or(Money(i64::MAX));
            let excused = if rules.penalty.make_good { Tonnes::ZERO } else { shortfall };
            let index = rules
                .penalty
                .index
                .map(|(name, each)| Box::new((name, shortfall.0.saturating_mul(u64::from(each)))));
            out.push(Event::PenaltyOpened(PenaltyOpened {
                penalty,
                installation,
                year,
                shortfall,
                amount,
                excused,
                index,
            }));
            penalty = PenaltyId::at(penalty.place().saturating_add(1));
        }
    }
    let next = obliged.next().map(|(id, _)| id);
    out.push(Event::YearClosed(YearClosed { jurisdiction, year, next, per_tonne }));
    Ok(())
}

fn cost_per_tonne(state: &State, jurisdiction: JurisdictionId, rules: &YearRules) -> Price {
    let auctioned = state.auctioned.get(&(jurisdiction, rules.year));
    let mean = auctioned
        .and_then(|(sold, taken)| taken.0.checked_div(i64::try_from(sold.0).ok()?))
        .or_else(|| state.quoted_price(jurisdiction, rules.year).map(|(price, _)| price.0))
        .unwrap_or_default();
    let share = i128::from(mean).saturating_mul(i128::from(rules.penalty.of_mean_price_percent));
    let share = i64::try_from(share.div_euclid(100)).unwrap_or(i64::MAX);
    Price(rules.penalty.per_tonne.0.saturating_add(share)).min(FINE_MAX)
}

/// The slice is closed, or the year.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &YearClosed) {
    let key = (it.jurisdiction, it.year);
    match it.next {
        Some(next) => {
            state.closing.insert(key, Closing { next, per_tonne: it.per_tonne });
        }
        None => {
            state.closing.remove(&key);
            state.closed_years.insert(key);
        }
    }
}
