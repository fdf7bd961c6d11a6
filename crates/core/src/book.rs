//! The book of continuous trading: better prices first, then the order of arrival.
//!
//! Deciding and changing are apart, as everywhere: [`plan`] looks at the book and lists the
//! steps that an order causes; [`Book::take`] takes a step in. Orders lie in a slab and hang
//! together by price level; a level is a queue. Levels stand in a tree by price, orders are found
//! by their name in a table that cannot be walked.
#![expect(clippy::indexing_slicing, reason = "places are this file's own")]

mod ids;
mod ladder;
pub mod plan;

use crate::call::Side;
use crate::coupling::PRICE_MAX;
use crate::id::GroupId;
use crate::quantity::{Price, Tonnes};
use ids::Ids;
use ladder::Ladder;

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

const NOBODY: u32 = u32::MAX;

// A price has room in the tree.
const _: () = assert!(PRICE_MAX.0.unsigned_abs() < ladder::KEYS);

#[derive(Clone, Copy, Debug)]
struct Node {
    order: Resting,
    level: u32,
    before: u32,
    after: u32,
}

/// The orders of one price, in the order of arrival.
#[derive(Clone, Copy, Debug)]
struct Level {
    key: u64,
    first: u32,
    last: u32,
}

/// The book.
#[derive(Clone, Debug, Default)]
pub struct Book {
    nodes: Vec<Node>,
    free_nodes: Vec<u32>,
    levels: Vec<Level>,
    free_levels: Vec<u32>,
    ids: Ids,
    bids: Ladder,
    asks: Ladder,
}

/// The key of a price: smaller is better. Above the highest price an order can name all is alike.
fn key(side: Side, price: Price) -> u64 {
    let price = price.0.clamp(0, PRICE_MAX.0).unsigned_abs();
    match side {
        Side::Buy => PRICE_MAX.0.unsigned_abs().saturating_sub(price),
        Side::Sell => price,
    }
}

fn at(place: u32) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

/// Puts a row into a slab: into a free place, or a new one.
fn put<T>(rows: &mut Vec<T>, free: &mut Vec<u32>, row: T) -> u32 {
    match free.pop() {
        Some(place) => {
            rows[at(place)] = row;
            place
        }
        None => {
            rows.push(row);
            u32::try_from(rows.len().saturating_sub(1)).unwrap_or(NOBODY)
        }
    }
}

impl Book {
    /// A resting order.
    pub fn get(&self, id: BookOrderId) -> Option<&Resting> {
        self.ids.get(id).map(|it| &self.nodes[at(it)].order)
    }

    /// The orders of a side, in the order in which they are served.
    pub fn orders(&self, side: Side) -> Orders<'_> {
        let next = self.ladder(side).first().map(|it| self.levels[at(it)].first);
        Orders { book: self, side, next: next.unwrap_or(NOBODY) }
    }

    /// The best price of a side.
    pub fn best(&self, side: Side) -> Option<Price> {
        self.orders(side).next().map(|it| it.price)
    }

    fn ladder(&self, side: Side) -> &Ladder {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }

    fn ladder_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    /// Takes a step in. A step of another book's plan stops us.
    pub fn take(&mut self, step: &Step) {
        match *step {
            Step::Trade { maker, quantity, .. } => self.lessen(maker, quantity, quantity),
            Step::Reduce { order, quantity } => self.lessen(order, quantity, Tonnes::ZERO),
            Step::Remove { order } => self.remove(order),
            Step::Shrink { order, left } => {
                let place = self.place(order);
                self.nodes[at(place)].order.left = left;
            }
            Step::Rest(order) => self.rest(order),
        }
    }

    #[expect(clippy::expect_used, reason = "a step names an order of this book, or we stop")]
    fn place(&self, id: BookOrderId) -> u32 {
        self.ids.get(id).expect("the step names an order that does not rest")
    }

    /// An order loses a part, filled or not; without any left it goes.
    fn lessen(&mut self, id: BookOrderId, quantity: Tonnes, filled: Tonnes) {
        let place = self.place(id);
        let order = &mut self.nodes[at(place)].order;
        order.left -= quantity;
        order.filled += filled;
        if order.left == Tonnes::ZERO {
            self.remove(id);
        }
    }

    fn rest(&mut self, order: Resting) {
        let (side, key) = (order.side, key(order.side, order.price));
        let level = self.ladder(side).get(key);
        let before = level.map_or(NOBODY, |it| self.levels[at(it)].last);
        let node = Node { order, level: level.unwrap_or(NOBODY), before, after: NOBODY };
        let place = put(&mut self.nodes, &mut self.free_nodes, node);
        let known = self.ids.add(order.id, place);
        assert!(known.is_none(), "order {} rests twice", order.id);
        match level {
            Some(level) => {
                self.nodes[at(before)].after = place;
                self.levels[at(level)].last = place;
            }
            None => {
                let row = Level { key, first: place, last: place };
                let level = put(&mut self.levels, &mut self.free_levels, row);
                self.nodes[at(place)].level = level;
                self.ladder_mut(side).add(key, level);
            }
        }
    }

    #[expect(clippy::expect_used, reason = "a step names an order of this book, or we stop")]
    fn remove(&mut self, id: BookOrderId) {
        let place = self.ids.remove(id).expect("the step names an order that does not rest");
        let Node { order, level, before, after } = self.nodes[at(place)];
        self.free_nodes.push(place);
        if before == NOBODY && after == NOBODY {
            let key = self.levels[at(level)].key;
            self.free_levels.push(level);
            self.ladder_mut(order.side).remove(key);
            return;
        }
        match before {
            NOBODY => self.levels[at(level)].first = after,
            _ => self.nodes[at(before)].after = after,
        }
        match after {
            NOBODY => self.levels[at(level)].last = before,
            _ => self.nodes[at(after)].before = before,
        }
    }
}

/// The orders of a side, in the order in which they are served.
pub struct Orders<'a> {
    book: &'a Book,
    side: Side,
    next: u32,
}

impl<'a> Iterator for Orders<'a> {
    type Item = &'a Resting;

    fn next(&mut self) -> Option<&'a Resting> {
        if self.next == NOBODY {
            return None;
        }
        let node = &self.book.nodes[at(self.next)];
        self.next = match node.after {
            NOBODY => {
                let key = self.book.levels[at(node.level)].key;
                let level = self.book.ladder(self.side).next(key);
                level.map_or(NOBODY, |it| self.book.levels[at(it)].first)
            }
            after => after,
        };
        Some(&node.order)
    }
}
