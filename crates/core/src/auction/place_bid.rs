//! Place a bid: sealed until the window closes, its whole cost set aside at once. A bid in a
//! national currency is ranked by the last fixing published before the window. Looked at in this
//! order: the purchase limit of the bidder's group, its holding limit, its money, then the price.

use super::{Auction, Bid, National};
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::cash::{self, fixing};
use crate::compatibility;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::exchange::{self, ExchangeRefused};
use crate::id::{AccountId, AuctionId, CashAccountId, GroupId, HoldId, Label, PartyId};
use crate::ledger::posting::CashHeld;
use crate::party;
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::TradingRules;
use crate::state::State;
use crate::time::Instant;
use crate::units::holding;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PlaceBid {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
    /// Where units are to be delivered.
    #[n(1)]
    pub account: AccountId,
    /// The most that is paid for a unit.
    #[n(2)]
    pub price: Price,
    /// How many units.
    #[n(3)]
    pub quantity: Tonnes,
    /// In which currency the price is, where that is not the market's.
    #[n(4)]
    pub currency: Option<Label>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BidPlaced {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
    /// Who bids.
    #[n(1)]
    pub bidder: PartyId,
    /// The bidder's owner group.
    #[n(2)]
    pub group: GroupId,
    /// Where units are to be delivered.
    #[n(3)]
    pub account: AccountId,
    /// Where money comes from.
    #[n(4)]
    pub cash: CashAccountId,
    /// What the money is set aside under.
    #[n(5)]
    pub hold: HoldId,
    /// The most that is paid for a unit.
    #[n(6)]
    pub price: Price,
    /// How many units.
    #[n(7)]
    pub quantity: Tonnes,
    /// What was bid in a national currency.
    #[n(8)]
    pub national: Option<Box<National>>,
}

refusals! {
    /// Why a bid cannot be placed.
    pub enum PlaceBidRefused {
        /// There is no such auction.
        AuctionUnknown { auction: AuctionId } = 811 => "there is no auction {auction}",
        /// Bids come inside the window.
        OutsideWindow { now: Instant, opens: Instant, closes: Instant } = 812
            => "it is {now}; bids are taken from {opens} until {closes}",
        /// Quantities come in lots.
        NotWholeLots { quantity: Tonnes, lot: Tonnes } = 813
            => "{quantity} is not a positive whole multiple of the lot of {lot}",
        /// Prices are positive.
        PriceNotPositive { price: Price } = 814 => "the price is {price}; it must be positive",
        /// No account can hold so much money.
        CostTooLarge { price: Price, quantity: Tonnes } = 815
            => "{quantity} at {price} cost more than an account can hold",
        /// A group asks for a bounded share.
        AbovePurchaseLimit { group: GroupId, limit: Tonnes, wanted: Tonnes } = 816
            => "the bids of owner group {group} would come to {wanted}, above its limit of \
                {limit}",
        /// An auction takes a bounded number of bids.
        TooManyBids { most: u32 } = 817 => "the auction has its {most} bids",
        /// The account stands under another administrator.
        AccountElsewhere { account: AccountId } = 818
            => "account {account} stands under another administrator",
        /// No fixing, no bid.
        NoFixing { currency: Label, opens: Instant } = 844
            => "no fixing of {currency} was published before the window opened at {opens}",
        /// Nobody buys from itself.
        OwnConsignment { group: GroupId } = 845
            => "owner group {group} sells in this auction; it cannot bid in it",
        /// It was taken back, or cleared.
        Ended { auction: AuctionId } = 819 => "auction {auction} is cleared or cancelled",
    }
}

/// The holder of the account to which units are delivered.
pub fn right(_state: &State, it: &PlaceBid) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks the window, the lot, the limit of the group and the money.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &PlaceBid,
    out: &mut Events,
) -> Result<(), Refusals> {
    use PlaceBidRefused as No;
    let mut no = Objections::default();
    let quantity = it.quantity;
    let bidder = by.party();
    let account = no.take(account::may_buy(state, it.account));
    let Some(auction) = state.auctions.get(it.auction) else {
        no.unless(false, No::AuctionUnknown { auction: it.auction });
        return no.settle();
    };
    if let Some(row) = account {
        let here = row.jurisdiction == auction.jurisdiction;
        no.unless(here, No::AccountElsewhere { account: it.account });
    }
    let (now, opens, closes) = (state.now, auction.opens, auction.closes);
    no.unless(opens <= now && now < closes, No::OutsideWindow { now, opens, closes });
    if auction.result.is_some() {
        return Err(No::Ended { auction: it.auction }.into());
    }
    let lot = auction.rules.lot;
    let whole = quantity > Tonnes::ZERO && quantity.0.checked_rem(lot.0) == Some(0);
    no.unless(whole, No::NotWholeLots { quantity, lot });
    let mut price = it.price;
    // What is bid in another currency is ranked as the fixing makes it.
    let TradingRules { tick, .. } = *exchange::rules(state, auction.market());
    let on_tick = it.currency.is_some() || price.0.checked_rem(tick.0) == Some(0);
    no.unless(on_tick, ExchangeRefused::OffTick { price, tick });
    let mut national = None;
    if let Some(currency) = it.currency {
        match fixing::before(state, currency, opens) {
            None => no.unless(false, No::NoFixing { currency, opens }),
            Some(fixing) => {
                let rate = fixing.rate;
                price = fixing::in_quote(it.price, rate);
                national = Some(Box::new(National { currency, price: it.price, rate }));
            }
        }
        for party in paid_in(state, auction) {
            no.take(cash::in_currency(state, party, Some(currency)));
        }
    }
    no.unless(price > Price(0), No::PriceNotPositive { price });
    let most = auction.rules.bids_max;
    let count = u32::try_from(auction.bids.len()).unwrap_or(u32::MAX);
    no.unless(count < most, No::TooManyBids { most });
    let group = state.parties.row(bidder).group;
    let sells = auction.consigned.iter().any(|it| state.parties.row(it.holder).group == group);
    no.unless(!sells, No::OwnConsignment { group });
    let before = auction.bids.iter().filter(|it| it.group == group).map(|it| it.quantity.0);
    let wanted = Tonnes(before.fold(quantity.0, u64::saturating_add));
    let limit = auction.offered().percent(auction.rules.purchase_limit_percent);
    no.unless(wanted <= limit, No::AbovePurchaseLimit { group, limit, wanted });
    let buyer = (bidder, auction.jurisdiction);
    no.take(compatibility::check(state, buyer, sellers(state, auction)));
    let place = (it.account, Some(auction.jurisdiction));
    no.take(holding::check(state, place, quantity, by.now()));
    let Some(amount) = it.price.times(quantity) else {
        no.unless(false, No::CostTooLarge { price: it.price, quantity });
        return no.settle();
    };
    let cash = no.take(cash::free_in(state, (bidder, it.currency), amount));
    let cash = no.settle_with(cash)?;
    let (auction, account, hold) = (it.auction, it.account, state.ledger.next_hold);
    out.push(Event::BidPlaced(BidPlaced {
        auction,
        bidder,
        group,
        account,
        cash,
        hold,
        price,
        quantity,
        national,
    }));
    out.push(Event::CashHeld(CashHeld { account: cash, hold, amount }));
    Ok(())
}

/// Who sells in an auction: the administrator, and those that consign.
pub(super) fn sellers<'a>(
    state: &'a State,
    auction: &'a Auction,
) -> impl Iterator<Item = PartyId> + 'a {
    let account = account::of_government(state, auction.jurisdiction, AccountKind::Auction);
    let seller = account.map(|it| state.accounts.row(it).holder);
    seller.into_iter().chain(auction.consigned.iter().map(|it| it.holder))
}

/// Who is paid in an auction, and gets what rounding leaves: the sellers, and the regional
/// administrator.
fn paid_in<'a>(state: &'a State, auction: &'a Auction) -> impl Iterator<Item = PartyId> + 'a {
    sellers(state, auction).chain(party::region(state))
}

/// The bid stands in its auction.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &BidPlaced) {
    let (bidder, group, account, cash, hold) = (it.bidder, it.group, it.account, it.cash, it.hold);
    let (price, quantity, filled) = (it.price, it.quantity, Tonnes::ZERO);
    let national = it.national.clone();
    let bid = Bid { bidder, group, account, cash, hold, price, quantity, filled, national };
    state.auctions.row_mut(it.auction).bids.push(bid);
}
