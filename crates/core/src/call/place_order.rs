//! Place an order: a limit order for the open phase. What it may cost is set aside at once: money
//! at its limit, or the very serials it offers. The rest of an unfilled order keeps its place for
//! the next phase of the same year.

use super::Side;
use crate::account;
use crate::authority::{Authorised, Right};
use crate::book::Order;
use crate::cash;
use crate::context::RecordHeader;
use crate::coupling::PRICE_MAX;
use crate::event::{EVENTS_MAX, Event, Events};
use crate::id::{AccountId, CallId, OrderId};
use crate::ledger::posting::{CashHeld, UnitsHeld};
use crate::quantity::{Price, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use crate::units::{self, holding};
use minicbor::{Decode, Encode};

/// The most orders that may wait for one jurisdiction's year.
pub const BOOK_ORDERS_MAX: usize = 8_000;
/// The most blocks the offers of one book may lie in.
pub const BOOK_BLOCKS_MAX: usize = 10_000;

// Clearing a book is one record: the result, at most five facts for each order (money released,
// money moved, a block cut in two, the fill), and two for each block.
const _: () = assert!(1 + 5 * BOOK_ORDERS_MAX + 2 * BOOK_BLOCKS_MAX < EVENTS_MAX);

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct PlaceOrder {
    /// The call whose phase is open.
    #[n(0)]
    pub call: CallId,
    /// The account units leave or come into.
    #[n(1)]
    pub account: AccountId,
    /// Which side.
    #[n(2)]
    pub side: Side,
    /// The worst price that is accepted.
    #[n(3)]
    pub price: Price,
    /// How many units.
    #[n(4)]
    pub quantity: Tonnes,
}

/// The fact: an order waits in its market, also the rest of one that traded as it came.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(transparent)]
pub struct OrderPlaced(#[n(0)] pub Box<Order>);

refusals! {
    /// Why an order cannot be placed.
    pub enum PlaceOrderRefused {
        /// There is no such call.
        CallUnknown { call: CallId } = 911 => "there is no call {call}",
        /// Orders come inside the phase.
        OutsidePhase { now: Instant, opens: Instant, closes: Instant } = 912
            => "it is {now}; orders are taken from {opens} until {closes}",
        /// Prices are positive.
        PriceNotPositive { price: Price } = 913 => "the price is {price}; it must be positive",
        /// Prices are bounded, so that linked markets can be reckoned exactly.
        PriceTooHigh { price: Price, most: Price } = 920
            => "the price is {price}; orders name at most {most}",
        /// No account can hold so much money.
        CostTooLarge { price: Price, quantity: Tonnes } = 914
            => "{quantity} at {price} cost more than an account can hold",
        /// Nobody trades with itself.
        OwnOrderOnOtherSide { order: OrderId } = 915
            => "the party has order {order} on the other side; cancel it first",
        /// The book is bounded.
        BookFull { most: usize } = 916 => "{most} orders wait; try again after the next clearing",
        /// Quantities are positive.
        QuantityIsZero = 917 => "the quantity is zero; it must be a positive whole number",
        /// The account stands under another administrator.
        AccountElsewhere { account: AccountId } = 918
            => "account {account} stands under another administrator",
        /// What a book offers lies in a bounded number of blocks.
        TooManyBlocks { most: usize } = 919
            => "the offers of this book would lie in more than {most} blocks; offer fewer units \
                or join them in one account first",
    }
}

/// The holder of the account.
pub fn right(_state: &State, it: &PlaceOrder) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks the phase and sets aside what the order may cost.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &PlaceOrder,
    out: &mut Events,
) -> Result<(), Refusals> {
    use PlaceOrderRefused as No;
    let mut no = Objections::default();
    let (price, quantity) = (it.price, it.quantity);
    let owner = by.party();
    no.unless(price > Price(0), No::PriceNotPositive { price });
    let most = PRICE_MAX;
    no.unless(price <= most, No::PriceTooHigh { price, most });
    no.unless(quantity > Tonnes::ZERO, No::QuantityIsZero);
    let Some(call) = state.calls.get(it.call) else {
        no.unless(false, No::CallUnknown { call: it.call });
        return no.settle();
    };
    let (now, opens, closes) = (state.now, call.opens, call.closes);
    no.unless(opens <= now && now < closes, No::OutsidePhase { now, opens, closes });
    let account = match it.side {
        Side::Sell => account::may_sell(state, it.account),
        Side::Buy => account::may_buy(state, it.account),
    };
    if let Some(row) = no.take(account) {
        let here = row.jurisdiction == call.jurisdiction;
        no.unless(here, No::AccountElsewhere { account: it.account });
    }
    let (jurisdiction, year) = (call.jurisdiction, call.year);
    let market = (jurisdiction, year);
    let waiting = state.orders.waiting(market);
    no.unless(waiting < BOOK_ORDERS_MAX, No::BookFull { most: BOOK_ORDERS_MAX });
    let mut own = state.orders.of_owner(owner);
    let opposite = |order: &&Order| order.market() == market && order.side != it.side;
    if let Some(Order { id: order, .. }) = own.find(opposite).copied() {
        no.unless(false, No::OwnOrderOnOtherSide { order });
    }
    let Some(amount) = price.times(quantity) else {
        no.unless(false, No::CostTooLarge { price, quantity });
        return no.settle();
    };
    if it.side == Side::Buy {
        no.take(holding::check(state, (it.account, jurisdiction), quantity, by.now()));
    }
    let (cash, picked) = match it.side {
        Side::Buy => (no.take(cash::with_free(state, owner, amount)), None),
        Side::Sell => {
            let counts = |series| state.ledger.counts_for(series, jurisdiction, year);
            let shelf = state.ledger.shelves.get(it.account);
            let picked = shelf.map(|shelf| units::pick(shelf, quantity, counts));
            (no.take(cash::of(state, owner)), picked.and_then(|it| no.take(it)))
        }
    };
    let picked = picked.unwrap_or_default();
    let blocks = u32::try_from(picked.len()).unwrap_or(u32::MAX);
    let offered = state.orders.blocks(market).saturating_add(blocks);
    let most = BOOK_BLOCKS_MAX;
    no.unless(usize::try_from(offered).is_ok_and(|it| it <= most), No::TooManyBlocks { most });
    let cash = no.settle_with(cash)?;
    let (account, hold, id) = (it.account, state.ledger.next_hold, state.next_order);
    let order = Order {
        id,
        jurisdiction,
        year,
        side: it.side,
        owner,
        group: Some(state.parties.row(owner).group),
        account,
        cash,
        hold,
        price,
        remaining: quantity,
        filled: Tonnes::ZERO,
        blocks,
        post_only: false,
        until: None,
        fee_bp: 0,
    };
    out.push(Event::OrderPlaced(OrderPlaced(Box::new(order))));
    if it.side == Side::Buy {
        out.push(Event::CashHeld(CashHeld { account: cash, hold, amount }));
    }
    for (series, block) in picked {
        let serials = block.serials;
        out.push(Event::UnitsHeld(UnitsHeld { series, account, hold, serials }));
    }
    Ok(())
}

/// The order waits in its market.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &OrderPlaced) {
    let order = *it.0;
    // The rest of an order keeps its name.
    state.next_order = state.next_order.max(OrderId(order.id.0.saturating_add(1)));
    state.orders.rest(order);
}
