//! Delete: a holder ends units of its own will, without an obligation (Regulation (EU) 2019/1122,
//! Article 68).

use super::reverse::{self, Ending, Reversible};
use super::{UnitsRefused, expire};
use crate::account::{self, AccountKind, AccountRefused};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, SeriesId};
use crate::ledger::posting::UnitsEnded;
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::units::transfer::TransferRefused;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Delete {
    /// The account the units leave.
    #[n(0)]
    pub account: AccountId,
    /// The series.
    #[n(1)]
    pub series: SeriesId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Deleted {
    /// The account the units left.
    #[n(0)]
    pub account: AccountId,
    /// The deletion account.
    #[n(1)]
    pub into: AccountId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The holder of the account.
pub fn right(_state: &State, it: &Delete) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks the account and the holding.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Delete,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (account, series, quantity) = (it.account, it.series, it.quantity);
    if let Some(row) = no.take(account::may_give(state, account)) {
        let wrong = AccountRefused::WrongKind { account, kind: row.kind.name() };
        no.unless(row.kind.deletes(), wrong);
    }
    let row = state.ledger.series.get(series);
    match row {
        None => no.unless(false, TransferRefused::SeriesUnknown { series }),
        Some(row) => {
            let expired = expire::is_expired(state, row);
            no.unless(!expired, TransferRefused::Expired { series });
        }
    }
    let kind = AccountKind::Deletion;
    // Units end where they were issued.
    let into = row.and_then(|it| account::of_government(state, it.jurisdiction, kind));
    no.unless(into.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let picked = match state.ledger.shelves.get(account) {
        Some(shelf) => super::pick(shelf, quantity, |of| of == series),
        None => Err(UnitsRefused::too_little(Tonnes::ZERO, quantity)),
    };
    let picked = no.take(picked);
    let (into, picked) = no.settle_with(into.zip(picked))?;
    out.push(Event::Deleted(Deleted { account, into, quantity }));
    for (series, block) in picked {
        let (from, serials) = (account, block.serials);
        out.push(Event::UnitsEnded(UnitsEnded { series, from, into, serials }));
    }
    Ok(())
}

/// For a while it can be reversed.
pub fn apply(state: &mut State, record: &RecordHeader, it: &Deleted) {
    let (account, into, ending) = (it.account, it.into, Ending::Deletion);
    reverse::remember(state, record, Reversible { account, into, ending, at: record.at });
}
