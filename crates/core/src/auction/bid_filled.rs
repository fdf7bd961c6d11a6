//! The fact that a bid got something.

use crate::context::RecordHeader;
use crate::id::{AuctionId, BidId};
use crate::quantity::Tonnes;
use crate::state::State;
use minicbor::{Decode, Encode};

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BidFilled {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
    /// The bid.
    #[n(1)]
    pub bid: BidId,
    /// What it got.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The bid shows what it got.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &BidFilled) {
    let place = usize::try_from(it.bid.0).unwrap_or(usize::MAX);
    let bid = state.auctions.row_mut(it.auction).bids.get_mut(place);
    assert!(bid.is_some(), "auction {} has no bid {}", it.auction, it.bid);
    if let Some(bid) = bid {
        bid.filled = it.quantity;
    }
}
