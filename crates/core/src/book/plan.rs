//! What an order that comes does to the book: the steps, listed before any is taken.

use super::{Book, Order, Step};
use crate::coupling::PRICE_MAX;
use crate::exchange::Side;
use crate::id::OrderId;
use crate::quantity::{Price, Tonnes};
use minicbor::{Decode, Encode};
use std::fmt;

/// How long an order lives, and whether it may trade at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum OrderKind {
    /// Trades up to its limit; the rest goes into the book.
    #[n(0)]
    Limit,
    /// Trades up to its collar, whatever the price; the rest ends.
    #[n(1)]
    Market,
    /// Trades up to its limit; the rest ends (immediate or cancel).
    #[n(2)]
    ImmediateOrCancel,
    /// Trades whole up to its limit, or not at all.
    #[n(3)]
    FillOrKill,
    /// Goes into the book and trades with nobody as it comes.
    #[n(4)]
    PostOnly,
}

/// What happens where an order meets one of its own group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
#[cbor(index_only)]
pub enum SelfMatch {
    /// What is left of the order that comes ends.
    #[n(0)]
    CancelIncoming,
    /// The resting order ends.
    #[n(1)]
    CancelResting,
    /// Both end.
    #[n(2)]
    CancelBoth,
    /// Both lose what would have traded.
    #[n(3)]
    Decrement,
}

/// An order that comes.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// The order; of a market order the price is its collar.
    pub order: Order,
    /// How long it lives.
    pub kind: OrderKind,
    /// What happens where it meets its own group.
    pub self_match: SelfMatch,
}

/// What an order that rests is changed to.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The order.
    pub order: OrderId,
    /// Its new price.
    pub price: Price,
    /// Its new quantity, with what is filled.
    pub quantity: Tonnes,
    /// What happens where it meets its own group.
    pub self_match: SelfMatch,
}

/// With whom an order may trade, and at which prices.
pub struct Limits<F> {
    /// Whether orders gather for one price, so that as it comes an order meets nobody.
    pub gathers: bool,
    /// Whether it may meet a resting order. One it may not meet keeps its place.
    pub may_meet: F,
    /// The lowest and the highest price of a trade.
    pub band: (Price, Price),
}

/// No limits: what a calculator knows.
pub fn unlimited() -> Limits<impl Fn(&Order) -> bool> {
    Limits { gathers: false, may_meet: |_: &Order| true, band: (Price(1), Price(i64::MAX)) }
}

/// What becomes of the order that comes or is changed, beside the steps that it causes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Planned {
    /// What it does.
    pub own: Own,
    /// Whether it would have traded at a price outside the band; what is left of it rests, if it
    /// can.
    pub outside_band: bool,
}

/// What an order does once its steps are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Own {
    /// Nothing changes.
    Stays,
    /// It loses a part and keeps its place.
    Less(Tonnes),
    /// It leaves the book.
    Ends,
    /// It came, or came anew: what is left goes to the back of its level, or it is gone.
    Comes(Option<Order>),
}

/// Why the book stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The order does not rest in the book.
    NotResting,
    /// An order of this name rests in the book.
    Resting,
    /// Quantities are positive.
    QuantityIsZero,
    /// Prices are positive.
    PriceNotPositive,
    /// And bounded.
    PriceTooHigh,
    /// A post-only order would trade.
    WouldTrade,
    /// A fill-or-kill order cannot be filled whole.
    NotWhole,
}

impl fmt::Display for Unfit {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::NotResting => "no order of this name rests in the book",
            Self::Resting => "an order of this name rests in the book",
            Self::QuantityIsZero => "the quantity must be above zero",
            Self::PriceNotPositive => "the price must be above zero",
            Self::PriceTooHigh => "the price is above the highest that an order can name",
            Self::WouldTrade => "a post-only order that would trade at once",
            Self::NotWhole => "it cannot be filled whole",
        })
    }
}

/// What an order that comes does under a name that nothing in the book has. The steps are added to
/// `out`; a refused one adds none.
pub fn come(
    book: &Book,
    it: &Incoming,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Planned, Unfit> {
    aggress(book, it, limits, out)
}

/// The same under a name that somebody chose.
pub fn place(
    book: &Book,
    it: &Incoming,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Planned, Unfit> {
    if book.get(it.order.id).is_some() {
        return Err(Unfit::Resting);
    }
    aggress(book, it, limits, out)
}

/// What taking an order back does.
pub fn cancel(book: &Book, id: OrderId) -> Result<Planned, Unfit> {
    book.get(id).ok_or(Unfit::NotResting)?;
    Ok(Planned { own: Own::Ends, outside_band: false })
}

/// What changing an order does; the quantity counts what is filled. Less keeps the place, more or
/// another price loses it, what is filled or less ends the order. One that crosses trades as if it
/// came anew. A change that cannot be leaves the order as it is.
pub fn replace(
    book: &Book,
    &Change { order, price, quantity, self_match }: &Change,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Planned, Unfit> {
    let was = book.get(order).ok_or(Unfit::NotResting)?;
    let keeps = |own| Ok(Planned { own, outside_band: false });
    if quantity <= was.filled {
        return keeps(Own::Ends);
    }
    let wanted = quantity - was.filled;
    if price == was.price && wanted <= was.remaining {
        let less = was.remaining - wanted;
        return keeps(if less > Tonnes::ZERO { Own::Less(less) } else { Own::Stays });
    }
    let kind = if was.post_only { OrderKind::PostOnly } else { OrderKind::Limit };
    let it = Incoming { order: Order { price, remaining: wanted, ..*was }, kind, self_match };
    aggress(book, &it, limits, out)
}

/// Trades with what rests on the other side, best first, and rests with what is left.
fn aggress(
    book: &Book,
    it: &Incoming,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Planned, Unfit> {
    let order = &it.order;
    if order.remaining == Tonnes::ZERO {
        return Err(Unfit::QuantityIsZero);
    }
    if order.price <= Price(0) {
        return Err(Unfit::PriceNotPositive);
    }
    // A market order may take whatever rests.
    if order.price > PRICE_MAX && it.kind != OrderKind::Market {
        return Err(Unfit::PriceTooHigh);
    }
    let (other, meets): (Side, fn(Price, Price) -> bool) = match order.side {
        Side::Buy => (Side::Sell, |limit, price| price <= limit),
        Side::Sell => (Side::Buy, |limit, price| price >= limit),
    };
    let begun = out.len();
    let (lowest, highest) = limits.band;
    let (mut left, mut traded, mut ended) = (order.remaining, Tonnes::ZERO, false);
    let mut outside_band = false;
    let mut others = book.orders(order.market(), other).filter(|_| !limits.gathers);
    while let Some(resting) = others.next() {
        if left == Tonnes::ZERO || ended || !meets(order.price, resting.price) {
            break;
        }
        let own = order.group.is_some() && order.group == resting.group;
        if !own && !(limits.may_meet)(resting) {
            continue;
        }
        if it.kind == OrderKind::PostOnly {
            return Err(Unfit::WouldTrade);
        }
        let (quantity, maker) = (left.min(resting.remaining), resting.id);
        if !own && !(lowest..=highest).contains(&resting.price) {
            // A call does not ask who meets whom: beside its own group the order cannot wait in it.
            let beyond = others.take_while(|it| meets(order.price, it.price));
            ended = order.group.is_some() && beyond.into_iter().any(|it| it.group == order.group);
            outside_band = !ended;
            break;
        }
        match it.self_match {
            _ if !own => {
                let (taker, price) = (order.id, resting.price);
                out.push(Step::Trade { maker, taker, price, quantity });
                left -= quantity;
                traded += quantity;
            }
            SelfMatch::CancelIncoming => ended = true,
            SelfMatch::CancelResting => out.push(Step::Remove { order: maker }),
            SelfMatch::CancelBoth => {
                out.push(Step::Remove { order: maker });
                ended = true;
            }
            SelfMatch::Decrement => {
                out.push(Step::Reduce { order: maker, quantity });
                left -= quantity;
            }
        }
    }
    if it.kind == OrderKind::FillOrKill && traded < order.remaining {
        out.truncate(begun);
        return Err(Unfit::NotWhole);
    }
    // A market order waits only in the call that it starts.
    let rests = match it.kind {
        OrderKind::Limit | OrderKind::PostOnly => true,
        OrderKind::Market => outside_band,
        OrderKind::ImmediateOrCancel | OrderKind::FillOrKill => false,
    };
    let rests = (rests && !ended && left > Tonnes::ZERO).then(|| {
        let post_only = it.kind == OrderKind::PostOnly;
        Order { remaining: left, filled: order.filled + traded, post_only, ..*order }
    });
    Ok(Planned { own: Own::Comes(rests), outside_band })
}
