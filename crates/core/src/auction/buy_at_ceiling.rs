//! Buy at the ceiling: in the last [`WINDOW_DAYS`] days before the surrender an operator that is
//! short buys from the stability account at the ceiling price, as many units as it is short of and
//! no more. They are surrendered with the same record: nobody trades them, and it is not reversed.
//! What the jurisdiction sold abroad of a year is not sold to it again at its ceiling: so much of
//! the shortfall of all its installations stays.

use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::cash;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{InstallationId, JurisdictionId};
use crate::ledger::posting::{CashMoved, UnitsEnded};
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::{Instant, Year};
use crate::units;
use minicbor::{Decode, Encode};

/// The sale is open so many days before the surrender.
pub const WINDOW_DAYS: i64 = 30;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BuyAtCeiling {
    /// The installation that is short.
    #[n(0)]
    pub installation: InstallationId,
    /// For which year.
    #[n(1)]
    pub year: Year,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The fact; the postings beside it say which serials, and what was paid.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CeilingSold {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// For which year.
    #[n(1)]
    pub year: Year,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
    /// At which price.
    #[n(3)]
    pub price: Price,
}

refusals! {
    /// Why nothing is sold at the ceiling.
    pub enum BuyAtCeilingRefused {
        /// The policy has none.
        NoCeiling { year: Year } = 851 => "the policy in force has no ceiling price for {year}",
        /// Last of all.
        WindowClosed { from: Instant, due: Instant } = 852
            => "units are sold at the ceiling from {from} until the surrender at {due}",
        /// No more than is missing.
        AboveShortfall { missing: Tonnes, wanted: Tonnes } = 853
            => "{missing} are missing, less than the {wanted} asked for",
        /// No account can hold so much money.
        CostTooLarge { price: Price, wanted: Tonnes } = 854
            => "{wanted} at {price} cost more than an account can hold",
        /// What went abroad is not made up for at home.
        Exported { year: Year, exported: Tonnes, left: Tonnes, wanted: Tonnes } = 856
            => "{exported} of {year} went abroad beyond what came in; of the shortfall of all \
                installations {left} are sold at the ceiling, less than the {wanted} asked for",
        /// What one holds comes first.
        OwnUnitsFirst { held: Tonnes } = 855
            => "the account holds {held} that count; surrender them first",
    }
}

/// The holder of the installation's account.
pub fn right(state: &State, it: &BuyAtCeiling) -> Result<Right, Refusals> {
    Ok(Right::Surrenderer(account::installation(state, it.installation)?.account))
}

/// Whether a second person must approve: unless the holder has set that one suffices to surrender.
pub fn needs_second(state: &State, it: &BuyAtCeiling) -> bool {
    let installation = state.installations.get(it.installation);
    let account = installation.and_then(|it| state.accounts.get(it.account));
    !account.is_some_and(|it| it.single.surrender)
}

/// Checks the window, the shortfall and the money.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &BuyAtCeiling,
    out: &mut Events,
) -> Result<(), Refusals> {
    use BuyAtCeilingRefused as No;
    let mut no = Objections::default();
    let (installation, year, wanted) = (it.installation, it.year, it.quantity);
    let row = account::installation(state, installation)?;
    let jurisdiction = row.jurisdiction;
    no.take(account::may_surrender(state, row.account));
    let rules = state.year_rules(jurisdiction, year).filter(|_| row.obliged_in(year));
    let Some((rules, price)) = rules.and_then(|it| Some((it, it.ceiling?))) else {
        no.unless(false, No::NoCeiling { year });
        return no.settle();
    };
    let due = rules.surrender_due;
    let from = due.plus_days(WINDOW_DAYS.saturating_neg());
    no.unless(from <= by.now() && by.now() < due, No::WindowClosed { from, due });
    let counts = |series| state.ledger.counts_for(series, jurisdiction, year);
    let held = state.ledger.shelves.row(row.account).free(counts);
    no.unless(held == Tonnes::ZERO, No::OwnUnitsFirst { held });
    let missing = row.missing_up_to(year);
    no.unless(wanted <= missing, No::AboveShortfall { missing, wanted });
    let exported = exported(state, jurisdiction, year);
    if exported > Tonnes::ZERO {
        let left = exported.short_of(shortfall(state, jurisdiction, year));
        no.unless(wanted <= left, No::Exported { year, exported, left, wanted });
    }
    let mut government = |kind: AccountKind| {
        let found = account::of_government(state, jurisdiction, kind);
        no.unless(found.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
        found
    };
    let stability = government(AccountKind::Stability);
    let into = government(AccountKind::Surrender);
    let Some(from) = stability else { return no.settle() };
    let seller = state.accounts.row(from).holder;
    let picked = no.take(units::pick(state.ledger.shelves.row(from), wanted, counts));
    let proceeds = no.take(cash::of(state, seller));
    let Some(amount) = price.times(wanted) else {
        no.unless(false, No::CostTooLarge { price, wanted });
        return no.settle();
    };
    let paid = no.take(cash::with_free(state, row.operator, amount));
    let found = into.zip(picked).zip(proceeds.zip(paid));
    let ((into, picked), (to, paid)) = no.settle_with(found)?;
    let quantity = wanted;
    out.push(Event::CeilingSold(CeilingSold { installation, year, quantity, price }));
    out.push(Event::CashMoved(CashMoved { from: paid, to, amount }));
    for (series, block) in picked {
        let serials = block.serials;
        out.push(Event::UnitsEnded(UnitsEnded { series, from, into, serials }));
    }
    Ok(())
}

/// Units that crossed the links out of a jurisdiction in a year, less those that crossed into it.
fn exported(state: &State, jurisdiction: JurisdictionId, year: Year) -> Tonnes {
    let of_year = || state.crossed.iter().filter(|((.., it), _)| *it == year);
    let out: Tonnes =
        of_year().filter(|((from, ..), _)| *from == jurisdiction).map(|it| *it.1).sum();
    let back: Tonnes =
        of_year().filter(|((_, to, _), _)| *to == jurisdiction).map(|it| *it.1).sum();
    back.short_of(out)
}

/// What all installations of a jurisdiction miss up to a year.
fn shortfall(state: &State, jurisdiction: JurisdictionId, year: Year) -> Tonnes {
    let all = state.installations.iter().map(|(_, it)| it);
    all.filter(|it| it.jurisdiction == jurisdiction).map(|it| it.missing_up_to(year)).sum()
}

/// What was bought is surrendered.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CeilingSold) {
    let installation = state.installations.row_mut(it.installation);
    *installation.surrendered.entry(it.year).or_default() += it.quantity;
    state.released.insert((installation.jurisdiction, it.year));
}
