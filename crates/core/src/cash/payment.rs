//! Payments: money that is to come in from a party's account at a bank, or go out to it. A payment
//! is asked first and becomes final once the settlement bank's statement shows it; until then what
//! is to go out is set aside. Its legs are one chain: all are booked with the last line that was
//! missing, all are void, all expire. So a party changes currencies without a moment in which it
//! has neither.
//!
//! Where money goes to, no command says: to the account in the party's own name that the settlement
//! bank knows, so a stolen mandate leads no money astray.

use super::CashRefused;
use super::payment_ended::{PaymentEnd, PaymentEnded};
use crate::draft::Draft;
use crate::event::Event;
use crate::id::{BankReference, CashAccountId, HoldId, PartyId, PaymentId};
use crate::ledger::posting::{CashReleased, Posting};
use crate::planted::{self, Fault};
use crate::quantity::Money;
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// A payment has at most this many legs.
pub const LEGS_MAX: usize = 8;
/// A party has at most this many payments under way.
pub const UNDER_WAY_MAX: usize = 100;

/// Where money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum Way {
    /// Into the market.
    #[n(0)]
    In,
    /// Out of it.
    #[n(1)]
    Out,
}

/// One leg.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Leg {
    /// Where the money goes.
    #[n(0)]
    pub way: Way,
    /// How much.
    #[n(1)]
    pub amount: Money,
    /// The party's cash account, which is also the currency.
    #[n(2)]
    pub account: CashAccountId,
    /// What is set aside, where it goes out.
    #[n(3)]
    pub hold: Option<HoldId>,
    /// The line of a statement that shows it, once one does.
    #[n(4)]
    pub line: Option<BankReference>,
}

impl Leg {
    /// The amount as a statement shows it: what goes out is negative.
    pub fn signed(&self) -> Money {
        match self.way {
            Way::In => self.amount,
            Way::Out => Money::ZERO - self.amount,
        }
    }
}

/// A payment under way.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Payment {
    /// Whose it is.
    #[n(0)]
    pub party: PartyId,
    /// The chain.
    #[n(1)]
    pub legs: Vec<Leg>,
    /// When it expires.
    #[n(2)]
    pub until: Instant,
    /// Whether the bank has sent the money: from then on it neither expires nor is it void by its
    /// party's will.
    #[n(3)]
    pub sent: bool,
}

/// A payment under way, found.
pub fn under_way(state: &State, payment: PaymentId) -> Result<&Payment, CashRefused> {
    state.bank.payments.get(&payment).ok_or(CashRefused::PaymentUnknown { payment })
}

/// Gives free what a chain set aside.
pub(crate) fn release(draft: &mut Draft<'_>, it: &Payment) {
    for leg in &it.legs {
        if let Some(hold) = leg.hold {
            let (account, amount) = (leg.account, leg.amount);
            draft.post(Posting::CashReleased(CashReleased { account, hold, amount }));
            if planted::has(Fault::HalfChain) {
                break;
            }
        }
    }
}

/// What happens to a payment that nobody sent and no statement showed in time.
pub(crate) fn lapse(draft: &mut Draft<'_>, state: &State, payment: PaymentId) -> Option<u64> {
    let it = state.bank.payments.get(&payment)?;
    release(draft, it);
    let end = PaymentEnd::Expired;
    draft.note(Event::PaymentEnded(PaymentEnded { payment, end }));
    None
}
