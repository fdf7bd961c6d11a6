//! Surrender: an operator gives up allowances against its verified emissions of a year.
//!
//! Vintages of the year or earlier count, as long as they are valid for it: borrowing is closed.
//! After the due date a surrender would count for a year whose letters are frozen; it is refused
//! instead of moved silently, since the operator may still owe a penalty. A restricted account may
//! surrender (Regulation (EU) 2019/1122, Article 31).

use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, InstallationId};
use crate::ledger::posting::UnitsEnded;
use crate::planted::{self, Fault};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::{Instant, Year};
use crate::units;
use crate::units::reverse::{self, Ending, Reversible};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Surrender {
    /// The installation whose account gives.
    #[n(0)]
    pub installation: InstallationId,
    /// The year it is for.
    #[n(1)]
    pub year: Year,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Surrendered {
    /// The installation.
    #[n(0)]
    pub installation: InstallationId,
    /// The year it is for.
    #[n(1)]
    pub year: Year,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
    /// The surrender account.
    #[n(3)]
    pub into: AccountId,
}

refusals! {
    /// Why units cannot be surrendered.
    pub enum SurrenderRefused {
        /// It owes nothing for the year.
        NotObliged { installation: InstallationId, year: Year } = 1011
            => "installation {installation} owes nothing for {year}",
        /// The due date has passed.
        TooLate { year: Year, due: Instant } = 1012
            => "the surrender for {year} was due at {due}",
    }
}

/// The holder of the installation's account.
pub fn right(state: &State, it: &Surrender) -> Result<Right, Refusals> {
    Ok(Right::Surrenderer(account::installation(state, it.installation)?.account))
}

/// Whether a second person must approve: unless the holder has set that one suffices.
pub fn needs_second(state: &State, it: &Surrender) -> bool {
    let installation = state.installations.get(it.installation);
    let account = installation.and_then(|it| state.accounts.get(it.account));
    !account.is_some_and(|it| it.single.surrender)
}

/// Checks the year and the holding.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Surrender,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let installation = account::installation(state, it.installation)?;
    let (jurisdiction, year, from) = (installation.jurisdiction, it.year, installation.account);
    no.take(account::may_surrender(state, from));
    match state.year_rules(jurisdiction, year).filter(|_| installation.obliged_in(year)) {
        None => {
            let installation = it.installation;
            no.unless(false, SurrenderRefused::NotObliged { installation, year });
        }
        Some(rules) => {
            let due = rules.surrender_due;
            let in_time = state.now < due || planted::has(Fault::LateSurrender);
            no.unless(in_time, SurrenderRefused::TooLate { year, due });
        }
    }
    let kind = AccountKind::Surrender;
    let into = account::of_government(state, jurisdiction, kind);
    no.unless(into.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let counts = |series| state.ledger.counts_for(series, jurisdiction, year);
    let picked = no.take(units::pick(state.ledger.shelves.row(from), it.quantity, counts));
    let (into, picked) = no.settle_with(into.zip(picked))?;
    let (installation, quantity) = (it.installation, it.quantity);
    out.push(Event::Surrendered(Surrendered { installation, year, quantity, into }));
    for (series, block) in picked {
        let serials = block.serials;
        out.push(Event::UnitsEnded(UnitsEnded { series, from, into, serials }));
    }
    Ok(())
}

/// The surrender counts for the year; for a while it can be reversed.
pub fn apply(state: &mut State, record: &RecordHeader, it: &Surrendered) {
    let installation = state.installations.row_mut(it.installation);
    *installation.surrendered.entry(it.year).or_default() += it.quantity;
    let (account, into) = (installation.account, it.into);
    let ending = Ending::Surrender(it.installation, it.year);
    reverse::remember(state, record, Reversible { account, into, ending, at: record.at });
}
