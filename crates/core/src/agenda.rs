//! The agenda: what falls due, and when. Time stops at every entry, so nothing is skipped; an
//! entry with much to do is settled slice by slice before time moves on.

use crate::book::Market;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{EVENTS_MAX, FACTS_A_SLICE};
use crate::freezing::Frozen;
use crate::id::{HoldId, JurisdictionId, PaymentId, ProductId, ProposalId, SeriesId};
use crate::ledger::BLOCKS_PER_TRANSFER_MAX;
use crate::state::State;
use crate::time::{Instant, Year};
use crate::{cash, compliance, evidence, exchange, freezing, market, proposal, units};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

// What is begun within a slice is finished in it: at worst one order in as many blocks as it may
// lie in.
const _: () = assert!(FACTS_A_SLICE + BLOCKS_PER_TRANSFER_MAX + 16 < EVENTS_MAX);

/// What falls due. Entries of one moment are settled in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub enum Due {
    /// A window or phase opens or closes: nothing but the moment.
    #[n(0)]
    Window,
    /// Verified emissions: accounts of those that are silent are restricted.
    #[n(1)]
    Reports(#[n(0)] JurisdictionId, #[n(1)] Year),
    /// Offers of restricted accounts are taken back.
    #[n(2)]
    Offers(#[n(0)] JurisdictionId, #[n(1)] Year),
    /// The surrender: orders for units of that year lapse.
    #[n(3)]
    Surrender(#[n(0)] JurisdictionId, #[n(1)] Year),
    /// Units that count for no later year expire.
    #[n(5)]
    Expiry(#[n(0)] JurisdictionId, #[n(1)] Year),
    /// Their holders are told, so many days before.
    #[n(6)]
    ExpiryNotice(#[n(0)] JurisdictionId, #[n(1)] Year, #[n(2)] u8),
    /// A proposal that nobody approved lapses.
    #[n(4)]
    Proposal(#[n(0)] ProposalId),
    /// The wait of a transfer is over.
    #[n(7)]
    Transfer(#[n(0)] HoldId),
    /// A freeze that nobody confirmed lapses.
    #[n(8)]
    Freeze(#[n(0)] Frozen),
    /// The time of a pledge or legal hold is over.
    #[n(9)]
    Lock(#[n(0)] HoldId),
    /// A policy comes into force.
    #[n(10)]
    Policy,
    /// Orders of a market that live up to here end.
    #[n(11)]
    Orders(#[n(0)] JurisdictionId, #[n(1)] Year, #[n(2)] Option<ProductId>),
    /// A payment that no statement showed expires.
    #[n(12)]
    Payment(#[n(0)] PaymentId),
    /// Certificates expire.
    #[n(13)]
    Certificates(#[n(0)] SeriesId),
}

/// What falls due, by moment, with the place at which the next slice begins.
#[derive(Clone, Debug, Default, PartialEq, Encode, Decode)]
#[cbor(transparent)]
pub struct Agenda(#[n(0)] BTreeMap<(Instant, Due), u64>);

impl Agenda {
    /// Enters what falls due later than now; what is past is not entered.
    pub fn enter(&mut self, now: Instant, at: Instant, due: Due) {
        if at > now {
            self.0.insert((at, due), 0);
        }
    }

    /// Takes an entry off.
    pub fn strike(&mut self, at: Instant, due: Due) {
        self.0.remove(&(at, due));
    }

    /// The entry that is settled next: when, what, and from where on.
    pub fn first(&self) -> Option<(Instant, Due, u64)> {
        self.0.first_key_value().map(|((at, due), from)| (*at, *due, *from))
    }
}

/// The fact that an entry, or a slice of it, is settled.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct DueSettled {
    /// When it fell due.
    #[n(0)]
    pub at: Instant,
    /// What.
    #[n(1)]
    pub due: Due,
    /// Where the next slice begins; none when all is settled.
    #[n(2)]
    pub next: Option<u64>,
}

/// Settles an entry from a place on. Each rule stands with its noun; it says where the next slice
/// begins, or nothing when all is done.
pub(crate) fn settle(
    draft: &mut Draft<'_>,
    state: &State,
    (at, due): (Instant, Due),
    from: u64,
) -> Option<u64> {
    match due {
        Due::Window => None,
        Due::Reports(jurisdiction, year) => {
            compliance::silence::restrict(draft, state, (jurisdiction, year), from)
        }
        Due::Offers(jurisdiction, _) => exchange::lapse::offers(draft, state, jurisdiction, from),
        Due::Surrender(jurisdiction, year) => {
            exchange::lapse::book(draft, state, Market::of_allowances(jurisdiction, year), from)
        }
        Due::Expiry(jurisdiction, year) => {
            units::lapse::expire(draft, state, (jurisdiction, year), from)
        }
        Due::ExpiryNotice(jurisdiction, year, days) => {
            units::lapse::notice(draft, state, (jurisdiction, year), days)
        }
        Due::Proposal(id) => proposal::lapse(draft, id),
        Due::Freeze(frozen) => freezing::lapse(draft, state, frozen),
        Due::Lock(id) => units::lock::lapse(draft, state, id),
        Due::Policy => market::policy_scheduled::begin(draft, state),
        Due::Orders(jurisdiction, year, product) => {
            let market = Market { jurisdiction, year, product };
            exchange::lapse::over(draft, state, (market, at), from)
        }
        Due::Certificates(series) => evidence::lapse::expire(draft, state, series, from),
        Due::Payment(id) => cash::payment::lapse(draft, state, id),
        Due::Transfer(id) => units::delayed::execute(draft, state, id),
    }
}

/// The entry goes, or waits for its next slice.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &DueSettled) {
    match it.next {
        Some(next) => {
            state.agenda.0.insert((it.at, it.due), next);
        }
        None => state.agenda.strike(it.at, it.due),
    }
}
