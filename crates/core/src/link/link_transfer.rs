//! Link transfer: units of one jurisdiction are transferred into an account of another, through the
//! escrow of a link, and count there. Holders use links without quota, levy or ratio, and those by
//! which they go home; all others are crossed by coupled auctions alone. Second person, waits and
//! limits are those of a transfer; the rules of both jurisdictions hold.

use crate::authority::{Authorised, Right};
use crate::event::Events;
use crate::refusal::Refusals;
use crate::state::State;
use crate::units::transfer::{self, Crosses, Transfer};
use minicbor::{Decode, Encode};

/// The command: a transfer that crosses.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(transparent)]
pub struct LinkTransfer(#[n(0)] pub Transfer);

/// The holder of the account the units leave.
pub fn right(state: &State, it: &LinkTransfer) -> Result<Right, Refusals> {
    transfer::right(state, &it.0)
}

/// Whether a second person must approve: as for a transfer.
pub fn needs_second(state: &State, it: &LinkTransfer) -> bool {
    transfer::needs_second(state, &it.0)
}

/// Checks the link and what a transfer takes, and crosses or waits.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &LinkTransfer,
    out: &mut Events,
) -> Result<(), Refusals> {
    transfer::begin(state, by, (&it.0, Crosses::Link), out)
}
