//! Return excess allocation: an operator gives back what it was allocated beyond its entitlement,
//! which the true-up with actual output has lowered, or which was delivered by mistake.

use crate::account;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::InstallationId;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::Year;
use crate::units::{self, Way};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ReturnExcess {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ExcessReturned {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// Of which year.
    #[n(1)]
    pub year: Year,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

refusals! {
    /// Why excess allocation cannot be returned.
    pub enum ReturnExcessRefused {
        /// Only what was too much goes back.
        AboveExcess { excess: Tonnes, wanted: Tonnes } = 721
            => "{excess} were allocated beyond the entitlement, less than {wanted}",
    }
}

/// The holder of the installation's account, or a clerk that may surrender.
pub fn right(state: &State, it: &ReturnExcess) -> Result<Right, Refusals> {
    Ok(Right::Surrenderer(account::installation(state, it.installation)?.account))
}

/// Whether a second person must approve: unless the holder has set that one suffices.
pub fn needs_second(state: &State, it: &ReturnExcess) -> bool {
    let installation = state.installations.get(it.installation);
    let account = installation.and_then(|it| state.accounts.get(it.account));
    !account.is_some_and(|it| it.single.surrender)
}

/// Checks what was too much, and the holding.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &ReturnExcess,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (installation, year, wanted) = (it.installation, it.year, it.quantity);
    let row = account::installation(state, installation)?;
    let (jurisdiction, from) = (row.jurisdiction, row.account);
    no.take(account::may_surrender(state, from));
    let entitlement = state.entitlements.get(&(installation, year)).copied().unwrap_or_default();
    let excess = entitlement.entitled.short_of(entitlement.delivered);
    no.unless(wanted <= excess, ReturnExcessRefused::AboveExcess { excess, wanted });
    let kind = entitlement.source.kind();
    let to = account::of_government(state, jurisdiction, kind);
    no.unless(to.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let vintage = state.ledger.vintage(jurisdiction, year);
    let of_year = |series| Some(series) == vintage;
    let picked = no.take(units::pick(state.ledger.shelves.row(from), wanted, of_year));
    let (to, picked) = no.settle_with(to.zip(picked))?;
    let quantity = wanted;
    out.push(Event::ExcessReturned(ExcessReturned { installation, year, quantity }));
    units::move_all(&picked, Way { from, to }, |it| out.push(it));
    Ok(())
}

/// It is no longer delivered.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &ExcessReturned) {
    let row = state.entitlements.entry((it.installation, it.year)).or_default();
    row.delivered = it.quantity.short_of(row.delivered);
}
