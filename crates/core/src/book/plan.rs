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

/// An order as it comes: as it is, or as a change would have it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    /// The order.
    pub(crate) order: &'a Order,
    /// Its limit; of a market order its collar.
    pub(crate) price: Price,
    /// For how much it comes.
    pub(crate) quantity: Tonnes,
    /// How long it lives.
    pub(crate) kind: OrderKind,
    /// What happens where it meets its own group.
    pub(crate) self_match: SelfMatch,
}

impl<'a> Arrival<'a> {
    /// A new order.
    pub(crate) fn of(&Incoming { ref order, kind, self_match }: &'a Incoming) -> Self {
        Self { order, price: order.price, quantity: order.remaining, kind, self_match }
    }

    /// One that rests, at another price or for more.
    pub(crate) fn anew(order: &'a Order, it: &Change, quantity: Tonnes) -> Self {
        let kind = if order.post_only { OrderKind::PostOnly } else { OrderKind::Limit };
        Self { order, price: it.price, quantity, kind, self_match: it.self_match }
    }

    fn other_side(&self) -> Side {
        match self.order.side {
            Side::Buy => Side::Sell,
            Side::Sell => Side::Buy,
        }
    }

    /// Whether it takes the price of one on the other side.
    fn meets(&self, price: Price) -> bool {
        match self.order.side {
            Side::Buy => price <= self.price,
            Side::Sell => price >= self.price,
        }
    }

    /// The order that rests once it met others, if one does.
    pub(crate) fn rest(&self, met: &Met) -> Option<Order> {
        met.rests.then(|| Order {
            price: self.price,
            remaining: met.left,
            filled: self.order.filled + met.traded,
            post_only: self.kind == OrderKind::PostOnly,
            ..*self.order
        })
    }
}

/// What became of an order as it came, beside the steps that it caused.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Met {
    /// What is left of it.
    pub(crate) left: Tonnes,
    /// What it traded.
    pub(crate) traded: Tonnes,
    /// Whether the rest waits; else it ends.
    pub(crate) rests: bool,
    /// Whether it would have traded at a price outside the band.
    pub(crate) outside_band: bool,
}

/// What a change to an order that rests comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It is so already.
    Nothing,
    /// It loses a part and keeps its place.
    Less(Tonnes),
    /// As much is filled: it ends.
    Ended,
    /// It comes anew for so much.
    Anew(Tonnes),
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

/// What an order that comes does under a name that somebody chose. The steps are added to `out`; a
/// refused one adds none.
pub fn place(
    book: &Book,
    it: &Incoming,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Planned, Unfit> {
    if book.get(it.order.id).is_some() {
        return Err(Unfit::Resting);
    }
    let it = Arrival::of(it);
    come(book, &it, limits, out).map(|met| planned(&it, &met))
}

fn planned(it: &Arrival<'_>, met: &Met) -> Planned {
    Planned { own: Own::Comes(it.rest(met)), outside_band: met.outside_band }
}

/// What taking an order back does.
pub fn cancel(book: &Book, id: OrderId) -> Result<Planned, Unfit> {
    book.get(id).ok_or(Unfit::NotResting)?;
    Ok(Planned { own: Own::Ends, outside_band: false })
}

/// What changing an order comes to; the quantity counts what is filled. Less keeps the place, more
/// or another price loses it, what is filled or less ends the order.
pub(crate) fn changed(was: &Order, it: &Change) -> Changed {
    if it.quantity <= was.filled {
        return Changed::Ended;
    }
    let wanted = it.quantity - was.filled;
    if it.price != was.price || wanted > was.remaining {
        return Changed::Anew(wanted);
    }
    let less = was.remaining - wanted;
    if less > Tonnes::ZERO { Changed::Less(less) } else { Changed::Nothing }
}

/// What changing an order does. One that crosses trades as if it came anew. A change that cannot be
/// leaves the order as it is.
pub fn replace(
    book: &Book,
    change: &Change,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Planned, Unfit> {
    let was = book.get(change.order).ok_or(Unfit::NotResting)?;
    let own = match changed(was, change) {
        Changed::Nothing => Own::Stays,
        Changed::Less(less) => Own::Less(less),
        Changed::Ended => Own::Ends,
        Changed::Anew(wanted) => {
            let it = Arrival::anew(was, change, wanted);
            return come(book, &it, limits, out).map(|met| planned(&it, &met));
        }
    };
    Ok(Planned { own, outside_band: false })
}

/// Trades with what rests on the other side, best first, and rests with what is left. The steps are
/// added to `out`; a refused order adds none.
#[inline]
pub(crate) fn come(
    book: &Book,
    it: &Arrival<'_>,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Met, Unfit> {
    if it.quantity == Tonnes::ZERO {
        return Err(Unfit::QuantityIsZero);
    }
    if it.price <= Price(0) {
        return Err(Unfit::PriceNotPositive);
    }
    // A market order may take whatever rests.
    if it.price > PRICE_MAX && it.kind != OrderKind::Market {
        return Err(Unfit::PriceTooHigh);
    }
    let other = it.other_side();
    let nobody =
        limits.gathers || !book.best(it.order.market(), other).is_some_and(|price| it.meets(price));
    // Most orders that come meet nobody.
    if nobody && it.kind != OrderKind::FillOrKill {
        let rests = matches!(it.kind, OrderKind::Limit | OrderKind::PostOnly);
        return Ok(Met { left: it.quantity, traded: Tonnes::ZERO, rests, outside_band: false });
    }
    meet(book, it, limits, out)
}

/// The same for an order that meets others.
#[inline(never)]
fn meet(
    book: &Book,
    it: &Arrival<'_>,
    limits: &Limits<impl Fn(&Order) -> bool>,
    out: &mut Vec<Step>,
) -> Result<Met, Unfit> {
    let order = it.order;
    let begun = out.len();
    let (lowest, highest) = limits.band;
    let (mut left, mut traded, mut ended) = (it.quantity, Tonnes::ZERO, false);
    let mut outside_band = false;
    let mut others = book.orders(order.market(), it.other_side());
    while !limits.gathers
        && left > Tonnes::ZERO
        && !ended
        && let Some(resting) = others.next()
    {
        if !it.meets(resting.price) {
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
            let mut beyond = others.take_while(|other| it.meets(other.price));
            ended = order.group.is_some() && beyond.any(|it| it.group == order.group);
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
    if it.kind == OrderKind::FillOrKill && traded < it.quantity {
        out.truncate(begun);
        return Err(Unfit::NotWhole);
    }
    // A market order waits only in the call that it starts.
    let rests = match it.kind {
        OrderKind::Limit | OrderKind::PostOnly => true,
        OrderKind::Market => outside_band,
        OrderKind::ImmediateOrCancel | OrderKind::FillOrKill => false,
    };
    let rests = rests && !ended && left > Tonnes::ZERO;
    Ok(Met { left, traded, rests, outside_band })
}
