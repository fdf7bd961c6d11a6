//! Open a party's cash account in the market's currency. The settlement bank opens its own first;
//! its balance mirrors what all others have paid in.

use super::CashRefused;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{CashAccountId, PartyId};
use crate::ledger::CashAccount;
use crate::quantity::Money;
use crate::refusal::{Objections, Refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OpenCashAccount {
    /// Whose it is to be.
    #[n(0)]
    pub party: PartyId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CashAccountOpened {
    /// The account's id.
    #[n(0)]
    pub account: CashAccountId,
    /// Whose it is.
    #[n(1)]
    pub party: PartyId,
}

/// The settlement bank.
pub fn right(_state: &State, _it: &OpenCashAccount) -> Result<Right, Refusals> {
    Ok(Right::Bank)
}

/// Checks that the party is there and has none yet.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &OpenCashAccount,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let party = it.party;
    match state.parties.get(party) {
        None => no.unless(false, CashRefused::PartyUnknown { party }),
        Some(row) => no.unless(row.cash.is_none(), CashRefused::CashAccountExists { party }),
    }
    no.settle()?;
    let account = state.ledger.cash.next_id();
    out.push(Event::CashAccountOpened(CashAccountOpened { account, party }));
    Ok(())
}

/// The account is there, with nothing in it.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CashAccountOpened) {
    let empty = CashAccount { holder: it.party, free: Money::ZERO, held: Money::ZERO };
    state.ledger.cash.add(it.account, empty);
    state.parties.row_mut(it.party).cash = Some(it.account);
}
