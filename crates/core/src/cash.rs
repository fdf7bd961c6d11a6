//! Money: cash accounts, and what the settlement bank's statements say.

pub mod deposit;
pub mod open_cash_account;
pub mod withdraw;

use crate::id::{CashAccountId, PartyId};
use crate::quantity::Money;
use crate::refusal::refusals;
use crate::state::State;

refusals! {
    /// Why money cannot be booked.
    pub enum CashRefused {
        /// The party has none.
        NoCashAccount { party: PartyId } = 401
            => "party {party} has no cash account; ask the settlement bank to open one",
        /// The party has one.
        CashAccountExists { party: PartyId } = 402 => "party {party} has a cash account",
        /// There is no such party.
        PartyUnknown { party: PartyId } = 403 => "there is no party {party}",
        /// Amounts are positive.
        AmountNotPositive { amount: Money } = 404 => "the amount is {amount}; it must be positive",
        /// A line of a statement is booked once.
        ReferenceBooked { reference: u64 } = 405
            => "line {reference} of the bank's statements is booked",
        /// There is too little free money.
        TooLittle { free: Money, wanted: Money } = 406
            => "the account has {free} free, less than the {wanted} asked for",
    }
}

/// A party's cash account.
pub fn of(state: &State, party: PartyId) -> Result<CashAccountId, CashRefused> {
    state.cash_account_of(party).ok_or(CashRefused::NoCashAccount { party })
}

/// A party's cash account, with at least `wanted` free.
pub fn with_free(
    state: &State,
    party: PartyId,
    wanted: Money,
) -> Result<CashAccountId, CashRefused> {
    let id = of(state, party)?;
    let free = state.ledger.cash.row(id).free;
    if free >= wanted { Ok(id) } else { Err(CashRefused::TooLittle { free, wanted }) }
}
