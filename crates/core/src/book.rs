//! The book of continuous trading: better prices first, then the order of arrival.
//!
//! Deciding and changing are apart, as everywhere: [`plan`] looks at the book and lists the
//! steps that an order causes; [`Book::take`] takes a step in. Orders lie in a slab and hang
//! together by price level; a level is a queue.

pub mod plan;

use crate::call::Side;
use crate::id::GroupId;
use crate::quantity::{Price, Tonnes};
use std::collections::BTreeMap;

/// An order's name in the book.
pub type BookOrderId = u64;

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// Its name.
    pub id: BookOrderId,
    /// The group that placed it; without one it meets everybody.
    pub owner: Option<GroupId>,
    /// Which side.
    pub side: Side,
    /// Its limit.
    pub price: Price,
    /// How much is left.
    pub left: Tonnes,
    /// How much was filled.
    pub filled: Tonnes,
    /// Whether it never trades as it comes, nor when it is changed.
    pub post_only: bool,
}

/// What an order causes, in the order in which it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A resting order trades at its price.
    Trade {
        /// The resting order.
        maker: BookOrderId,
        /// The order that comes.
        taker: BookOrderId,
        /// The price.
        price: Price,
        /// How much.
        quantity: Tonnes,
    },
    /// A resting order loses a part without a trade: it would have met its own group.
    Reduce {
        /// The resting order.
        order: BookOrderId,
        /// How much.
        quantity: Tonnes,
    },
    /// A resting order leaves the book.
    Remove {
        /// The order.
        order: BookOrderId,
    },
    /// A resting order keeps its place with less.
    Shrink {
        /// The order.
        order: BookOrderId,
        /// What is left.
        left: Tonnes,
    },
    /// An order goes to the back of its level.
    Rest(Resting),
}

#[derive(Clone, Copy, Debug)]
struct Node {
    order: Resting,
    before: Option<usize>,
    after: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Level {
    first: usize,
    last: usize,
}

/// The book.
#[derive(Clone, Debug, Default)]
pub struct Book {
    nodes: Vec<Node>,
    free: Vec<usize>,
    places: BTreeMap<BookOrderId, usize>,
    /// Levels by price: bids by its negative, so that the best of both sides comes first.
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
}

/// The key of a price: smaller is better.
fn key(side: Side, price: Price) -> i64 {
    match side {
        Side::Buy => price.0.saturating_neg(),
        Side::Sell => price.0,
    }
}

impl Book {
    /// A resting order.
    pub fn get(&self, id: BookOrderId) -> Option<&Resting> {
        self.nodes.get(*self.places.get(&id)?).map(|it| &it.order)
    }

    /// The orders of a side, in the order in which they are served.
    pub fn orders(&self, side: Side) -> impl Iterator<Item = &Resting> {
        let levels = self.levels(side).values();
        levels.flat_map(|level| {
            let node = |place: &usize| self.nodes.get(*place);
            let next = move |it: &&Node| it.after.and_then(|place| node(&place));
            std::iter::successors(self.nodes.get(level.first), next).map(|it| &it.order)
        })
    }

    /// The best price of a side.
    pub fn best(&self, side: Side) -> Option<Price> {
        self.orders(side).next().map(|it| it.price)
    }

    fn levels(&self, side: Side) -> &BTreeMap<i64, Level> {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn levels_mut(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Takes a step in. A step of another book's plan stops us.
    pub fn take(&mut self, step: &Step) {
        match *step {
            Step::Trade { maker, quantity, .. } => {
                let order = self.order_mut(maker);
                order.left -= quantity;
                order.filled += quantity;
                self.remove_if_empty(maker);
            }
            Step::Reduce { order, quantity } => {
                self.order_mut(order).left -= quantity;
                self.remove_if_empty(order);
            }
            Step::Remove { order } => self.remove(order),
            Step::Shrink { order, left } => self.order_mut(order).left = left,
            Step::Rest(order) => self.rest(order),
        }
    }

    #[expect(clippy::expect_used, reason = "a step names an order of this book, or we stop")]
    fn order_mut(&mut self, id: BookOrderId) -> &mut Resting {
        let place = *self.places.get(&id).expect("the step names an order that does not rest");
        &mut self.nodes.get_mut(place).expect("an order has a place").order
    }

    fn remove_if_empty(&mut self, id: BookOrderId) {
        if self.get(id).is_some_and(|it| it.left == Tonnes::ZERO) {
            self.remove(id);
        }
    }

    fn rest(&mut self, order: Resting) {
        let (side, price) = (order.side, key(order.side, order.price));
        let last = self.levels(side).get(&price).map(|it| it.last);
        let node = Node { order, before: last, after: None };
        let place = match self.free.pop() {
            Some(place) => {
                if let Some(it) = self.nodes.get_mut(place) {
                    *it = node;
                }
                place
            }
            None => {
                self.nodes.push(node);
                self.nodes.len().saturating_sub(1)
            }
        };
        let known = self.places.insert(order.id, place);
        assert!(known.is_none(), "order {} rests twice", order.id);
        if let Some(it) = last.and_then(|it| self.nodes.get_mut(it)) {
            it.after = Some(place);
        }
        let level =
            self.levels_mut(side).entry(price).or_insert(Level { first: place, last: place });
        level.last = place;
    }

    #[expect(clippy::expect_used, reason = "a step names an order of this book, or we stop")]
    fn remove(&mut self, id: BookOrderId) {
        let place = self.places.remove(&id).expect("the step names an order that does not rest");
        let node = *self.nodes.get(place).expect("an order has a place");
        if let Some(it) = node.before.and_then(|it| self.nodes.get_mut(it)) {
            it.after = node.after;
        }
        if let Some(it) = node.after.and_then(|it| self.nodes.get_mut(it)) {
            it.before = node.before;
        }
        self.free.push(place);
        let (side, price) = (node.order.side, key(node.order.side, node.order.price));
        let levels = self.levels_mut(side);
        match (node.before, node.after, levels.get_mut(&price)) {
            (None, None, _) => drop(levels.remove(&price)),
            (None, Some(first), Some(level)) => level.first = first,
            (Some(last), None, Some(level)) => level.last = last,
            (Some(_), Some(_), _) | (_, _, None) => {}
        }
    }
}
