//! The book once more, as plain as can be: two sorted lists, and each order tried against all.

use karvan_core::book::Order;
use karvan_core::book::plan::{Change, Incoming, OrderKind, SelfMatch};
use karvan_core::exchange::Side;
use karvan_core::id::OrderId;
use karvan_core::quantity::{Price, Tonnes};
use std::collections::BTreeSet;

/// A trade: resting order, order that came, price, quantity.
pub type Traded = (u64, u64, i64, u64);

/// All orders of both sides, best first, then the order of arrival; and what stands in their way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NaiveBook {
    /// The bids.
    pub bids: Vec<Order>,
    /// The asks.
    pub asks: Vec<Order>,
    /// Orders that the one that comes does not meet.
    pub apart: BTreeSet<OrderId>,
    /// The lowest and the highest price of a trade, where there are any.
    pub band: Option<(Price, Price)>,
    /// Whether nothing meets yet.
    pub gathers: bool,
}

impl NaiveBook {
    fn find(&self, id: OrderId) -> Option<Order> {
        self.bids.iter().chain(&self.asks).find(|it| it.id == id).copied()
    }

    fn drop(&mut self, id: OrderId) {
        self.bids.retain(|it| it.id != id);
        self.asks.retain(|it| it.id != id);
    }

    fn insert(&mut self, it: Order) {
        let (list, worse): (_, fn(Price, Price) -> bool) = match it.side {
            Side::Buy => (&mut self.bids, |there, new| there < new),
            Side::Sell => (&mut self.asks, |there, new| there > new),
        };
        let place = list.iter().position(|there| worse(there.price, it.price));
        list.insert(place.unwrap_or(list.len()), it);
    }

    /// A new order; none where it is refused.
    pub fn place(&mut self, it: &Incoming) -> Option<Vec<Traded>> {
        if self.find(it.order.id).is_some() || it.order.remaining.0 == 0 || it.order.price.0 <= 0 {
            return None;
        }
        self.aggress(it)
    }

    fn aggress(&mut self, it: &Incoming) -> Option<Vec<Traded>> {
        let (mut next, order) = (self.clone(), it.order);
        let (mut left, mut trades) = (order.remaining.0, Vec::new());
        let (mut ended, mut stands) = (false, false);
        let others = if order.side == Side::Buy { &self.asks } else { &self.bids };
        let is_own = |there: &Order| order.group.is_some() && order.group == there.group;
        let meets = |there: &Order| match order.side {
            Side::Buy => there.price <= order.price,
            Side::Sell => there.price >= order.price,
        };
        for (place, there) in others.iter().enumerate().filter(|_| !self.gathers) {
            if !meets(there) || left == 0 || ended {
                break;
            }
            let own = is_own(there);
            if self.apart.contains(&there.id) && !own {
                continue;
            }
            if it.kind == OrderKind::PostOnly {
                return None;
            }
            if !own && self.band.is_some_and(|(low, high)| !(low..=high).contains(&there.price)) {
                // It cannot wait in the call that begins beside its own group.
                ended = others[place..].iter().any(|it| meets(it) && is_own(it));
                stands = !ended;
                break;
            }
            let quantity = left.min(there.remaining.0);
            match it.self_match {
                _ if !own => trades.push((there.id.0, order.id.0, there.price.0, quantity)),
                SelfMatch::CancelIncoming | SelfMatch::CancelBoth => ended = true,
                SelfMatch::CancelResting | SelfMatch::Decrement => {}
            }
            if own && matches!(it.self_match, SelfMatch::CancelResting | SelfMatch::CancelBoth) {
                next.drop(there.id);
            }
            if !own || it.self_match == SelfMatch::Decrement {
                left -= quantity;
                let list = if order.side == Side::Buy { &mut next.asks } else { &mut next.bids };
                let row = list.iter_mut().find(|row| row.id == there.id).unwrap();
                row.remaining.0 -= quantity;
                row.filled.0 += if own { 0 } else { quantity };
                list.retain(|row| row.remaining.0 > 0);
            }
        }
        let traded: u64 = trades.iter().map(|it| it.3).sum();
        if it.kind == OrderKind::FillOrKill && traded < order.remaining.0 {
            return None;
        }
        let rests = matches!(it.kind, OrderKind::Limit | OrderKind::PostOnly)
            || (stands && it.kind == OrderKind::Market);
        if rests && !ended && left > 0 {
            let (remaining, filled) = (Tonnes(left), Tonnes(order.filled.0 + traded));
            let post_only = it.kind == OrderKind::PostOnly;
            next.insert(Order { remaining, filled, post_only, ..order });
        }
        *self = next;
        Some(trades)
    }

    /// An order taken back; none where it does not rest.
    pub fn cancel(&mut self, id: OrderId) -> Option<Vec<Traded>> {
        self.find(id)?;
        self.drop(id);
        Some(Vec::new())
    }

    /// An order changed; none where it stays as it is.
    pub fn replace(
        &mut self,
        &Change { order: id, price, quantity, self_match }: &Change,
    ) -> Option<Vec<Traded>> {
        let was = self.find(id)?;
        if quantity.0 <= was.filled.0 {
            return self.cancel(id);
        }
        let wanted = quantity.0 - was.filled.0;
        if price == was.price && wanted <= was.remaining.0 {
            let all = self.bids.iter_mut().chain(&mut self.asks);
            all.filter(|it| it.id == id).for_each(|it| it.remaining = Tonnes(wanted));
            return Some(Vec::new());
        }
        if price.0 <= 0 {
            return None;
        }
        let kind = if was.post_only { OrderKind::PostOnly } else { OrderKind::Limit };
        let mut next = self.clone();
        next.drop(id);
        let order = Order { price, remaining: Tonnes(wanted), ..was };
        let trades = next.aggress(&Incoming { order, kind, self_match })?;
        *self = next;
        Some(trades)
    }
}
