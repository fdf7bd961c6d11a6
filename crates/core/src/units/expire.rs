//! Expire: units that count for no emissions any more go to the deletion account, account by
//! account. A vintage is expired once the surrender date of its last valid year has passed, in the
//! jurisdiction in which its units count: link units live by the dates of the market they came to.
//! Certificates expire when the policy says, credits never.

use crate::account::AccountRefused;
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::event::{Event, Events};
use crate::id::{AccountId, JurisdictionId};
use crate::ledger::posting::UnitsEnded;
use crate::ledger::{BLOCKS_PER_TRANSFER_MAX, Series};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::units::UnitsRefused;
use minicbor::{Decode, Encode};

/// The command. Its only facts are postings; at most [`BLOCKS_PER_TRANSFER_MAX`] blocks go with
/// one command, so a large account takes several.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Expire {
    /// Where the units count that expire, or were drawn.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The account they leave.
    #[n(1)]
    pub account: AccountId,
}

/// Whether a series counts for no emissions any more, or its certificates can be used no more.
pub fn is_expired(state: &State, series: &Series) -> bool {
    let expires = match (series.drawn, series.counts_in()) {
        (Some(drawn), _) => drawn.expires,
        (None, Some(place)) => state.year_rules(place, series.valid_to).map(|it| it.surrender_due),
        (None, None) => None,
    };
    expires.is_some_and(|it| it <= state.now)
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &Expire) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Finds what is expired in the account.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &Expire,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let kind = AccountKind::Deletion;
    let into = account::of_government(state, it.jurisdiction, kind);
    no.unless(into.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let account = it.account;
    match state.accounts.get(account) {
        None => no.unless(false, AccountRefused::Unknown { account }),
        Some(row) => {
            let wrong = AccountRefused::WrongKind { account, kind: row.kind.name() };
            no.unless(!row.kind.is_final(), wrong);
        }
    }
    let (Some(into), Some(shelf)) = (into, state.ledger.shelves.get(account)) else {
        return no.settle();
    };
    let expired = |series| {
        let row = state.ledger.series.row(series);
        let place = row.counts_in().unwrap_or(row.jurisdiction);
        place == it.jurisdiction && is_expired(state, row)
    };
    let wanted = Tonnes(1);
    let held = shelf.free(expired);
    no.unless(held >= wanted, UnitsRefused::too_little(held, wanted));
    no.settle()?;
    for (series, block) in shelf.pick(held, expired).into_iter().take(BLOCKS_PER_TRANSFER_MAX) {
        let serials = block.serials;
        out.push(Event::UnitsEnded(UnitsEnded { series, from: account, into, serials }));
    }
    Ok(())
}
