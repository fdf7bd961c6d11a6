//! Open a party's cash account, in the market's currency or in another one that bids are made in. A
//! party has one for each currency. The settlement bank opens its own first;
//! its balance mirrors what all others have paid in.

use super::CashRefused;
use crate::authority::{Authorised, Right};
use crate::cash::publish_fixing::PublishFixingRefused;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{CashAccountId, Label, PartyId};
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
    /// In which currency, where that is not the market's.
    #[n(1)]
    pub currency: Option<Label>,
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
    /// In which currency.
    #[n(2)]
    pub currency: Option<Label>,
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
    let (party, currency) = (it.party, it.currency);
    let quoted = state.rules.as_ref().map(|it| it.currency);
    if let Some(currency) = currency.filter(|it| quoted == Some(*it)) {
        no.unless(false, PublishFixingRefused::QuoteCurrency { currency });
    }
    match state.parties.get(party) {
        None => no.unless(false, CashRefused::PartyUnknown { party }),
        Some(_) => {
            let known = super::in_currency(state, party, currency).is_ok();
            no.unless(!known, CashRefused::CashAccountExists { party });
        }
    }
    no.settle()?;
    let account = state.ledger.cash.next_id();
    out.push(Event::CashAccountOpened(CashAccountOpened { account, party, currency }));
    Ok(())
}

/// The account is there, with nothing in it.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &CashAccountOpened) {
    let (holder, currency) = (it.party, it.currency);
    let empty = CashAccount { holder, free: Money::ZERO, held: Money::ZERO, currency };
    state.ledger.cash.add(it.account, empty);
    match currency {
        None => state.parties.row_mut(holder).cash = Some(it.account),
        Some(it_) => drop(state.foreign_cash.insert((holder, it_), it.account)),
    }
}
