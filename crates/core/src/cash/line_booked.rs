//! The fact that a line of the bank's statements is booked.

use super::bank::Booked;
use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::id::{BankReference, CashAccountId};
use crate::quantity::Money;
use crate::state::State;
use crate::time::DAY_MS;
use minicbor::{Decode, Encode};

/// The fact; a posting beside it moves the money.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LineBooked {
    /// The bank's reference.
    #[n(0)]
    pub reference: BankReference,
    /// The party's account.
    #[n(1)]
    pub account: CashAccountId,
    /// How much; what went out is negative.
    #[n(2)]
    pub amount: Money,
    /// Whether a statement shows it; if not, one is awaited.
    #[n(3)]
    pub shown: bool,
}

/// The line is booked, and no longer in suspense.
pub fn apply(state: &mut State, record: &RecordHeader, it: &LineBooked) {
    let (account, amount) = (it.account, it.amount);
    let nothing = Booked { account, amount: Money::ZERO, returnable: Money::ZERO };
    let line = state.bank.lines.entry(it.reference).or_insert(nothing);
    line.amount += amount;
    line.returnable += amount.max(Money::ZERO);
    state.bank.suspense.remove(&it.reference);
    if !it.shown {
        let day = Day(record.at.0.div_euclid(DAY_MS));
        state.bank.unshown.insert(it.reference, day);
    }
}
