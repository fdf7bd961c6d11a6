//! The book once more, as plain as can be: two sorted lists, and each order tried against all.

use karvan_core::book::Resting;
use karvan_core::book::plan::{Incoming, OrderKind, SelfMatch};
use karvan_core::call::Side;
use karvan_core::quantity::{Price, Tonnes};

/// A trade: resting order, order that came, price, quantity.
pub type Traded = (u64, u64, i64, u64);

/// All orders of both sides, best first, then the order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NaiveBook {
    /// The bids.
    pub bids: Vec<Resting>,
    /// The asks.
    pub asks: Vec<Resting>,
}

impl NaiveBook {
    fn find(&self, id: u64) -> Option<Resting> {
        self.bids.iter().chain(&self.asks).find(|it| it.id == id).copied()
    }

    fn drop(&mut self, id: u64) {
        self.bids.retain(|it| it.id != id);
        self.asks.retain(|it| it.id != id);
    }

    fn insert(&mut self, it: Resting) {
        let (list, worse): (_, fn(Price, Price) -> bool) = match it.side {
            Side::Buy => (&mut self.bids, |there, new| there < new),
            Side::Sell => (&mut self.asks, |there, new| there > new),
        };
        let place = list.iter().position(|there| worse(there.price, it.price));
        list.insert(place.unwrap_or(list.len()), it);
    }

    /// A new order; none where it is refused.
    pub fn place(&mut self, it: &Incoming) -> Option<Vec<Traded>> {
        if self.find(it.id).is_some() || it.quantity.0 == 0 || it.price.0 <= 0 {
            return None;
        }
        self.aggress(it, Tonnes(0))
    }

    fn aggress(&mut self, it: &Incoming, filled: Tonnes) -> Option<Vec<Traded>> {
        let mut next = self.clone();
        let (mut left, mut trades, mut ended) = (it.quantity.0, Vec::new(), false);
        let others = if it.side == Side::Buy { &self.asks } else { &self.bids };
        for there in others {
            let meets = match it.side {
                Side::Buy => there.price <= it.price,
                Side::Sell => there.price >= it.price,
            };
            if !meets || left == 0 || ended {
                break;
            }
            if it.kind == OrderKind::PostOnly {
                return None;
            }
            let own = it.owner.is_some() && it.owner == there.owner;
            let quantity = left.min(there.left.0);
            match it.self_match {
                _ if !own => trades.push((there.id, it.id, there.price.0, quantity)),
                SelfMatch::CancelIncoming | SelfMatch::CancelBoth => ended = true,
                SelfMatch::CancelResting | SelfMatch::Decrement => {}
            }
            let removes =
                own && matches!(it.self_match, SelfMatch::CancelResting | SelfMatch::CancelBoth);
            if removes {
                next.drop(there.id);
            }
            let takes = !own || it.self_match == SelfMatch::Decrement;
            if takes {
                left -= quantity;
                let list = if it.side == Side::Buy { &mut next.asks } else { &mut next.bids };
                let row = list.iter_mut().find(|row| row.id == there.id).unwrap();
                row.left.0 -= quantity;
                row.filled.0 += if own { 0 } else { quantity };
                list.retain(|row| row.left.0 > 0);
            }
        }
        let traded: u64 = trades.iter().map(|it| it.3).sum();
        if it.kind == OrderKind::FillOrKill && traded < it.quantity.0 {
            return None;
        }
        let rests = matches!(it.kind, OrderKind::Limit | OrderKind::PostOnly);
        if rests && !ended && left > 0 {
            let Incoming { id, owner, side, price, .. } = *it;
            let (left, filled) = (Tonnes(left), Tonnes(filled.0 + traded));
            let post_only = it.kind == OrderKind::PostOnly;
            next.insert(Resting { id, owner, side, price, left, filled, post_only });
        }
        *self = next;
        Some(trades)
    }

    /// An order taken back; none where it does not rest.
    pub fn cancel(&mut self, id: u64) -> Option<Vec<Traded>> {
        self.find(id)?;
        self.drop(id);
        Some(Vec::new())
    }

    /// An order changed; none where it stays as it is.
    pub fn replace(
        &mut self,
        (id, price, quantity): (u64, Price, Tonnes),
        self_match: SelfMatch,
    ) -> Option<Vec<Traded>> {
        let was = self.find(id)?;
        if quantity.0 <= was.filled.0 {
            return self.cancel(id);
        }
        let wanted = quantity.0 - was.filled.0;
        if price == was.price && wanted <= was.left.0 {
            let all = self.bids.iter_mut().chain(&mut self.asks);
            all.filter(|it| it.id == id).for_each(|it| it.left = Tonnes(wanted));
            return Some(Vec::new());
        }
        if price.0 <= 0 {
            return None;
        }
        let kind = if was.post_only { OrderKind::PostOnly } else { OrderKind::Limit };
        let (owner, side, quantity) = (was.owner, was.side, Tonnes(wanted));
        let mut next = self.clone();
        next.drop(id);
        let it = Incoming { id, owner, side, price, quantity, kind, self_match };
        let trades = next.aggress(&it, was.filled)?;
        *self = next;
        Some(trades)
    }
}
