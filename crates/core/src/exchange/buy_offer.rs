//! Buy an offer that waits: the buyer chooses whose units it takes, at the price at which they are
//! offered, whatever else waits. Only where the policy admits it, and in sessions.

use super::coming::Coming;
use super::delivery::Cut;
use super::terms::Terms;
use super::{Phase, Side};
use crate::account;
use crate::authority::{Authorised, Right};
use crate::book::{Order, Step};
use crate::cash;
use crate::compatibility;
use crate::event::Events;
use crate::id::{AccountId, OrderId};
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::units::holding;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct BuyOffer {
    /// The order that offers.
    #[n(0)]
    pub order: OrderId,
    /// The account units come into.
    #[n(1)]
    pub account: AccountId,
    /// The price at which the buyer saw it.
    #[n(2)]
    pub price: Price,
    /// How many units.
    #[n(3)]
    pub quantity: Tonnes,
}

refusals! {
    /// Why an offer cannot be bought.
    pub enum BuyOfferRefused {
        /// The policy must say so.
        NotAdmitted = 963
            => "offers are not bought one by one here; place an order, which meets the best first",
        /// It is in no session.
        NoSession = 964 => "offers are bought in sessions alone",
        /// Orders to buy are met by orders to sell.
        NotAnOffer { order: OrderId } = 965 => "order {order} buys; it offers nothing",
        /// It was changed since.
        PriceDiffers { order: OrderId, price: Price } = 966
            => "order {order} is offered at {price}; look at it again",
        /// No more than there is.
        OffersLess { order: OrderId, remaining: Tonnes } = 967
            => "order {order} offers {remaining}, less than that",
        /// Nobody trades with itself.
        OwnOffer { order: OrderId } = 968 => "order {order} is of the buyer's own owner group",
        /// What is frozen or halted waits.
        OfferWaits { order: OrderId } = 969 => "order {order} cannot trade now; it waits",
        /// Prices stay within their bands.
        OutsideBand { low: Price, high: Price } = 970
            => "trades are now made between {low} and {high}; this offer lies outside",
    }
}

/// The holder of the account.
pub fn right(_state: &State, it: &BuyOffer) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks the offer and the buyer, and settles.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &BuyOffer,
    out: &mut Events,
) -> Result<(), Refusals> {
    use BuyOfferRefused as No;
    let mut no = Objections::default();
    let (order, buyer, quantity) = (it.order, by.party(), it.quantity);
    let maker = super::waiting(state, order)?;
    let market = maker.market();
    let mut fresh = None;
    let terms = Terms::of(state, market, by.now(), &mut fresh);
    no.unless(super::rules(state, market).direct_buy, No::NotAdmitted);
    no.unless(maker.side == Side::Sell, No::NotAnOffer { order });
    let price = maker.price;
    no.unless(it.price == price, No::PriceDiffers { order, price });
    terms.check((state, buyer), (price, quantity), &mut no);
    match super::phase(state, market, by.now()) {
        Phase::Continuous(hours) => {
            let (low, high) = super::band(state, market, &hours, by.now());
            no.unless((low..=high).contains(&price), No::OutsideBand { low, high });
        }
        // Closed and halted markets take nothing at all.
        Phase::Call(_) => no.unless(false, No::NoSession),
        Phase::Closed | Phase::Halted => {}
    }
    let remaining = maker.remaining;
    no.unless(quantity <= remaining, No::OffersLess { order, remaining });
    let group = Some(state.parties.row(buyer).group);
    no.unless(maker.group != group, No::OwnOffer { order });
    no.unless(super::may_trade(state, maker), No::OfferWaits { order });
    no.take(compatibility::check(state, (buyer, market.jurisdiction), [maker.owner]));
    if let Some(row) = no.take(account::may_buy(state, it.account)) {
        let here = row.jurisdiction == market.jurisdiction;
        let elsewhere =
            super::place_order::PlaceOrderRefused::AccountElsewhere { account: it.account };
        no.unless(here, elsewhere);
    }
    no.take(holding::check(state, (it.account, market.counts_in()), quantity, by.now()));
    let cost = no.take(terms.cost(price, quantity));
    let purse = (buyer, terms.quote());
    let cash = cost.and_then(|it| no.take(cash::free_in(state, purse, it)));
    let cash = no.settle_with(cash)?;
    let taker = Order {
        jurisdiction: market.jurisdiction,
        year: market.year,
        product: market.product,
        owner: buyer,
        group,
        account: it.account,
        cash,
        hold: state.ledger.next_hold,
        ..Order::bare(state.next_order, Side::Buy, price, quantity)
    };
    let step = Step::Trade { maker: order, taker: taker.id, price, quantity };
    Coming::new(&taker, Cut::new(&[]), &terms).write(state, &[step], out);
    Ok(())
}
