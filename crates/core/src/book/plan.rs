//! What an order that comes does to the book: the steps, listed before any is taken.

use super::{Book, BookOrderId, Resting, Step};
use crate::call::Side;
use crate::coupling::PRICE_MAX;
use crate::id::GroupId;
use crate::quantity::{Price, Tonnes};
use std::fmt;

/// How long an order lives, and whether it may trade at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// Trades up to its limit; the rest goes into the book.
    Limit,
    /// Trades up to its collar, whatever the price; the rest ends.
    Market,
    /// Trades up to its limit; the rest ends (immediate or cancel).
    ImmediateOrCancel,
    /// Trades whole up to its limit, or not at all.
    FillOrKill,
    /// Goes into the book and trades with nobody as it comes.
    PostOnly,
}

/// What happens where an order meets one of its own group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelfMatch {
    /// What is left of the order that comes ends.
    CancelIncoming,
    /// The resting order ends.
    CancelResting,
    /// Both end.
    CancelBoth,
    /// Both lose what would have traded.
    Decrement,
}

/// An order that comes.
#[derive(Clone, Copy, Debug)]
pub struct Incoming {
    /// Its name.
    pub id: BookOrderId,
    /// The group that places it; without one it meets everybody.
    pub owner: Option<GroupId>,
    /// Which side.
    pub side: Side,
    /// Its limit; the collar of a market order.
    pub price: Price,
    /// How much.
    pub quantity: Tonnes,
    /// How long it lives.
    pub kind: OrderKind,
    /// What happens where it meets its own group.
    pub self_match: SelfMatch,
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

/// What an order that comes does. The steps are added to `out`; a refused one adds none.
pub fn place(book: &Book, it: &Incoming, out: &mut Vec<Step>) -> Result<(), Unfit> {
    if book.get(it.id).is_some() {
        return Err(Unfit::Resting);
    }
    aggress(book, it, Tonnes::ZERO, out)
}

/// What taking an order back does.
pub fn cancel(book: &Book, id: BookOrderId, out: &mut Vec<Step>) -> Result<(), Unfit> {
    let order = book.get(id).ok_or(Unfit::NotResting)?.id;
    out.push(Step::Remove { order });
    Ok(())
}

/// What changing an order does; the quantity counts what is filled. Less keeps the place, more or
/// another price loses it, what is filled or less ends the order. One that crosses trades as if it
/// came anew. A change that cannot be leaves the order as it is.
pub fn replace(
    book: &Book,
    (id, price, quantity): (BookOrderId, Price, Tonnes),
    self_match: SelfMatch,
    out: &mut Vec<Step>,
) -> Result<(), Unfit> {
    let Resting { owner, side, price: before, left, filled, post_only, .. } =
        *book.get(id).ok_or(Unfit::NotResting)?;
    let order = id;
    if quantity <= filled {
        out.push(Step::Remove { order });
        return Ok(());
    }
    let wanted = quantity - filled;
    if price == before && wanted <= left {
        out.push(Step::Shrink { order, left: wanted });
        return Ok(());
    }
    let begun = out.len();
    out.push(Step::Remove { order });
    let kind = if post_only { OrderKind::PostOnly } else { OrderKind::Limit };
    let it = Incoming { id, owner, side, price, quantity: wanted, kind, self_match };
    let done = aggress(book, &it, filled, out);
    if done.is_err() {
        out.truncate(begun);
    }
    done
}

/// Trades with what rests on the other side, best first, and rests with what is left.
fn aggress(book: &Book, it: &Incoming, filled: Tonnes, out: &mut Vec<Step>) -> Result<(), Unfit> {
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
    let (other, meets): (Side, fn(Price, Price) -> bool) = match it.side {
        Side::Buy => (Side::Sell, |limit, price| price <= limit),
        Side::Sell => (Side::Buy, |limit, price| price >= limit),
    };
    let begun = out.len();
    let (mut left, mut traded, mut ended) = (it.quantity, Tonnes::ZERO, false);
    for resting in book.orders(other).take_while(|resting| meets(it.price, resting.price)) {
        if it.kind == OrderKind::PostOnly {
            return Err(Unfit::WouldTrade);
        }
        if left == Tonnes::ZERO || ended {
            break;
        }
        let quantity = left.min(resting.left);
        let order = resting.id;
        let own = it.owner.is_some() && it.owner == resting.owner;
        match it.self_match {
            _ if !own => {
                let (maker, taker, price) = (order, it.id, resting.price);
                out.push(Step::Trade { maker, taker, price, quantity });
                left -= quantity;
                traded += quantity;
            }
            SelfMatch::CancelIncoming => ended = true,
            SelfMatch::CancelResting => out.push(Step::Remove { order }),
            SelfMatch::CancelBoth => {
                out.push(Step::Remove { order });
                ended = true;
            }
            SelfMatch::Decrement => {
                out.push(Step::Reduce { order, quantity });
                left -= quantity;
            }
        }
    }
    if it.kind == OrderKind::FillOrKill && traded < it.quantity {
        out.truncate(begun);
        return Err(Unfit::NotWhole);
    }
    let rests = matches!(it.kind, OrderKind::Limit | OrderKind::PostOnly);
    if rests && !ended && left > Tonnes::ZERO {
        let Incoming { id, owner, side, price, .. } = *it;
        let post_only = it.kind == OrderKind::PostOnly;
        let filled = filled + traded;
        out.push(Step::Rest(Resting { id, owner, side, price, left, filled, post_only }));
    }
    Ok(())
}
