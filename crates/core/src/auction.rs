//! Primary auctions: sealed bids, one price.

pub mod bid_filled;
pub mod buy_at_ceiling;
pub mod cancel_auction;
pub mod carry_over;
pub mod clear_auction;
pub mod clearing;
pub mod consign;
pub mod open_auction;
pub mod place_bid;
pub mod return_purchase;

use crate::book::Market;
use crate::id::{AccountId, BidId, CashAccountId, GroupId, HoldId, JurisdictionId, Label, PartyId};
use crate::mrv::Decimal;
use crate::quantity::{Money, Price, Tonnes};
use crate::rules::{AuctionRules, TIERS_MAX, Tier};
use crate::time::{Instant, Year};
use consign::Consignment;
use minicbor::{Decode, Encode};

/// A primary auction.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Auction {
    /// Whose units are sold.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The year they count for.
    #[n(1)]
    pub year: Year,
    /// How many, with what was carried over.
    #[n(2)]
    pub volume: Tonnes,
    /// What they are set aside under.
    #[n(3)]
    pub hold: HoldId,
    /// Bids are taken from this moment on.
    #[n(4)]
    pub opens: Instant,
    /// Bids are taken before this moment.
    #[n(5)]
    pub closes: Instant,
    /// SHA-256 of the seed that orders equal prices, published before the window.
    #[cbor(n(6), with = "minicbor::bytes")]
    pub seed_commitment: [u8; 32],
    /// The rules when it was announced.
    #[n(7)]
    pub rules: AuctionRules,
    /// The bids in the order in which they came; the order gives no advantage.
    #[n(8)]
    pub bids: Vec<Bid>,
    /// The result, once cleared.
    #[n(9)]
    pub result: Option<AuctionResult>,
    /// Units of others that are sold with it.
    #[n(10)]
    pub consigned: Vec<Consignment>,
    /// What the result follows from, beside the bids and the rules.
    #[n(11)]
    pub basis: Option<Box<Basis>>,
}

/// A bid; its money is set aside.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Bid {
    /// Who bids.
    #[n(0)]
    pub bidder: PartyId,
    /// The bidder's owner group, for which the purchase limit counts.
    #[n(1)]
    pub group: GroupId,
    /// Where units are delivered.
    #[n(2)]
    pub account: AccountId,
    /// Where money comes from.
    #[n(3)]
    pub cash: CashAccountId,
    /// What the money is set aside under.
    #[n(4)]
    pub hold: HoldId,
    /// The most that is paid for a unit.
    #[n(5)]
    pub price: Price,
    /// How many units.
    #[n(6)]
    pub quantity: Tonnes,
    /// How many it got.
    #[n(7)]
    pub filled: Tonnes,
    /// What was bid in a national currency.
    #[n(8)]
    pub national: Option<Box<National>>,
}

/// A bid in a national currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct National {
    /// The currency.
    #[n(0)]
    pub currency: Label,
    /// The most that is paid for a unit, in it.
    #[n(1)]
    pub price: Price,
    /// By which rate it is ranked and paid.
    #[n(2)]
    pub rate: Decimal,
}

impl Bid {
    /// What is set aside for it, in the currency of its account.
    pub fn promised(&self) -> Money {
        let price = self.national.as_ref().map_or(self.price, |it| it.price);
        price.times(self.quantity).unwrap_or_default()
    }
}

/// How an auction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct AuctionResult {
    /// The clearing price; none when the auction was cancelled.
    #[n(0)]
    pub price: Option<Price>,
    /// What was sold.
    #[n(1)]
    pub sold: Tonnes,
}

/// With the bids and the rules, all that it takes to clear an auction again.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Basis {
    /// The revealed seed, which fits the commitment.
    #[cbor(n(0), with = "minicbor::bytes")]
    pub seed: [u8; 32],
    /// What was offered, without what was frozen.
    #[n(1)]
    pub offered: Tonnes,
    /// The price of the secondary market, where it counted.
    #[n(2)]
    pub secondary: Option<Price>,
    /// What could be released above which price, as far as there was any.
    #[n(3)]
    pub tiers: [Option<Tier>; TIERS_MAX],
    /// Bids that did not count: their account was frozen by then, or does not settle with the
    /// sellers any more.
    #[n(4)]
    pub void: Vec<BidId>,
}

impl Auction {
    /// The market of what it sells.
    pub fn market(&self) -> Market {
        Market::of_allowances(self.jurisdiction, self.year)
    }

    /// What is sold in all.
    pub fn offered(&self) -> Tonnes {
        self.volume + self.consigned.iter().map(|it| it.quantity).sum()
    }

    /// A bid of this auction.
    pub fn bid(&self, id: BidId) -> Option<&Bid> {
        self.bids.get(usize::try_from(id.0).ok()?)
    }
}
