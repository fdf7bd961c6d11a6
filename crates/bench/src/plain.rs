//! A plain book of sorted maps: what the workloads are drawn on, and what says independently how
//! much is executed.

use crate::exchange::Asked;
use crate::scene::Draw;
use karvan_core::exchange::Side;
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Copy)]
struct Row {
    side: Side,
    price: i64,
    left: u64,
    owner: u32,
    stays: bool,
    /// The place among the live ones.
    live: usize,
}

/// The book.
#[derive(Default)]
pub(crate) struct Plain {
    rows: BTreeMap<u32, Row>,
    bids: BTreeMap<i64, VecDeque<u32>>,
    asks: BTreeMap<i64, VecDeque<u32>>,
    live: Vec<u32>,
    /// The sum of all trades.
    pub(crate) executed: u64,
}

impl Plain {
    /// How many orders wait.
    pub(crate) fn len(&self) -> usize {
        self.live.len()
    }

    /// At how many prices.
    pub(crate) fn levels(&self) -> usize {
        self.bids.len() + self.asks.len()
    }

    /// An order that waits.
    pub(crate) fn any(&self, draw: &mut Draw) -> u32 {
        self.live[draw.below(self.live.len() as u64) as usize]
    }

    /// The side of an order that waits.
    pub(crate) fn side(&self, order: u32) -> Side {
        self.rows[&order].side
    }

    /// A price some cents beyond the best of the other side.
    pub(crate) fn beyond(&self, side: Side, cents: i64) -> Option<i64> {
        match side {
            Side::Buy => self.asks.first_key_value().map(|(price, _)| price + cents),
            Side::Sell => self.bids.last_key_value().map(|(price, _)| price - cents),
        }
    }

    /// Takes a command in; not one whose order would meet one of its own owner.
    pub(crate) fn take(&mut self, place: u32, it: &Asked) -> bool {
        match *it {
            Asked::Place { owner, side, price, quantity, stays } => {
                let row = Row { side, price, left: quantity, owner, stays, live: 0 };
                let Some(met) = self.meets(&row) else { return false };
                self.come((place, row), met);
            }
            Asked::Move { order, price } => {
                let row = self.rows[&order];
                let row = Row { price, ..row };
                let met = self.meets(&row).filter(|_| self.rows[&order].price != price);
                let Some(met) = met else { return false };
                self.remove(order);
                self.come((order, row), met);
            }
            Asked::Cancel { order } => self.remove(order),
        }
        true
    }

    /// Whom an order meets, and for how much; none where one of them is its owner's.
    fn meets(&self, row: &Row) -> Option<Vec<(u32, u64)>> {
        let mut left = row.left;
        let mut met = Vec::new();
        let prices: Box<dyn Iterator<Item = (&i64, &VecDeque<u32>)>> = match row.side {
            Side::Buy => Box::new(self.asks.range(..=row.price)),
            Side::Sell => Box::new(self.bids.range(row.price..).rev()),
        };
        for other in prices.flat_map(|(_, queue)| queue) {
            if left == 0 {
                break;
            }
            let it = self.rows[other];
            if it.owner == row.owner {
                return None;
            }
            let quantity = left.min(it.left);
            left -= quantity;
            met.push((*other, quantity));
        }
        Some(met)
    }

    fn come(&mut self, (order, row): (u32, Row), met: Vec<(u32, u64)>) {
        let mut left = row.left;
        for (other, quantity) in met {
            left -= quantity;
            self.executed += quantity;
            let rest = self.rows.get_mut(&other).map(|it| {
                it.left -= quantity;
                it.left
            });
            if rest == Some(0) {
                self.remove(other);
            }
        }
        if row.stays && left > 0 {
            let queues = if row.side == Side::Buy { &mut self.bids } else { &mut self.asks };
            queues.entry(row.price).or_default().push_back(order);
            self.rows.insert(order, Row { left, live: self.live.len(), ..row });
            self.live.push(order);
        }
    }

    fn remove(&mut self, order: u32) {
        let Some(row) = self.rows.remove(&order) else { return };
        let queues = if row.side == Side::Buy { &mut self.bids } else { &mut self.asks };
        if let Some(queue) = queues.get_mut(&row.price) {
            queue.retain(|it| *it != order);
            if queue.is_empty() {
                queues.remove(&row.price);
            }
        }
        self.live.swap_remove(row.live);
        if let Some(moved) = self.live.get(row.live)
            && let Some(it) = self.rows.get_mut(moved)
        {
            it.live = row.live;
        }
    }
}
