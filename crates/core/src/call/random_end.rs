//! The end of a phase that nobody can time: a moment in its last minutes, drawn by a seed to which
//! the administrator commits before the phase opens, and which it reveals with the clearing. In
//! these minutes orders stand, since the phase may be over; those that come after the moment take
//! no part and wait on.

use super::Call;
use crate::book::Market;
use crate::id::{CallId, OrderId};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};

/// A minute, in milliseconds.
const MINUTE_MS: i64 = 60_000;

/// What was committed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct RandomEnd {
    /// SHA-256 of the seed, see [`crate::auction::clear_auction::commitment`].
    #[cbor(n(0), with = "minicbor::bytes")]
    pub commitment: [u8; 32],
    /// In the last so many minutes the phase ends.
    #[n(1)]
    pub minutes: u32,
}

impl RandomEnd {
    fn length(&self) -> i64 {
        i64::from(self.minutes).saturating_mul(MINUTE_MS)
    }

    /// When the minutes begin in which the phase may end.
    pub fn begins(&self, closes: Instant) -> Instant {
        Instant(closes.0.saturating_sub(self.length()))
    }

    /// When the phase ended: the seed's first eight bytes behind the call's name, scattered over
    /// the minutes.
    pub fn ended(&self, (call, closes): (CallId, Instant), seed: &[u8; 32]) -> Instant {
        let mut hash = Sha256::new();
        hash.update(b"karvan/end/v1\0");
        hash.update(seed);
        hash.update(call.0.to_be_bytes());
        let hash: [u8; 32] = hash.finalize().into();
        let drawn = hash.iter().take(8).fold(0u64, |sum, it| (sum << 8) | u64::from(*it));
        let length = u64::try_from(self.length()).unwrap_or_default().saturating_add(1);
        let after = i64::try_from(drawn.checked_rem(length).unwrap_or_default());
        Instant(self.begins(closes).0.saturating_add(after.unwrap_or_default()))
    }
}

/// An order came into a market: the call that may have ended notes when.
pub(crate) fn came(state: &mut State, market: Market, (order, at): (OrderId, Instant)) {
    let Some(call) = state.open_call(market) else { return };
    let row: &mut Call = state.calls.row_mut(call);
    let may_have_ended = row.random_end.is_some_and(|it| it.begins(row.closes) <= at);
    if may_have_ended && at < row.closes {
        row.late.insert(order, at);
    }
}
