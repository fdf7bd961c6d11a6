//! Depth: what waits in a market, price by price, without saying whose it is.

use karvan_core::State;
use karvan_core::book::{Market, Order};
use karvan_core::compatibility::{self, SettlementClass};
use karvan_core::exchange::Side;
use karvan_core::quantity::{Price, Tonnes};

/// What waits at a price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// How much.
    pub quantity: Tonnes,
    /// In how many orders.
    pub orders: usize,
}

/// The best levels of a side, at most so many; for a class those that it can trade with, for
/// everybody all.
pub fn depth(
    state: &State,
    (market, side): (Market, Side),
    (class, most): (Option<SettlementClass>, usize),
) -> Vec<Level> {
    let seen = |it: &&Order| {
        class.is_none_or(|class| {
            let with = compatibility::class_of(state, it.owner);
            compatibility::settle(state, market.jurisdiction, (class, with))
        })
    };
    let mut levels: Vec<Level> = Vec::new();
    for it in state.orders.orders(market, side).filter(seen) {
        if levels.last().is_none_or(|level| level.price != it.price) {
            if levels.len() == most {
                break;
            }
            levels.push(Level { price: it.price, quantity: Tonnes::ZERO, orders: 0 });
        }
        if let Some(level) = levels.last_mut() {
            level.quantity += it.remaining;
            level.orders = level.orders.saturating_add(1);
        }
    }
    levels
}
