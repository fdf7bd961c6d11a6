//! The graph of a coupling: the nodes between which units flow. A market is one node; one from
//! which not all may leave is two: what may leave is offered in the second, out of which the links
//! lead, and into the first, where all bids are, without a loss. What arrives may go on or stay.

use super::clear_coupling::year_of;
use super::market::{Entry, Market, Part};
use super::{Interest, Link, Rational};
use crate::id::{AccountId, JurisdictionId};
use crate::quantity::{Price, Tonnes};
use crate::rules::LinkRules;
use crate::state::State;
use crate::time::Year;

/// A node.
#[derive(Clone, Copy)]
pub(super) struct Node {
    /// The market, by its place.
    pub(super) market: usize,
    /// Which part of its offers.
    pub(super) leaves: Leaves,
}

/// Which part of a market a node is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// All, or what may not leave.
    Not,
    /// What may leave.
    May,
}

/// A link of the policy between two nodes.
pub(super) struct Route {
    pub(super) link: Link,
    pub(super) escrow: AccountId,
    pub(super) ratio: (u32, u32),
    pub(super) ends: (JurisdictionId, JurisdictionId),
}

/// The graph.
pub(super) struct Graph {
    /// Those of the markets in their order, then those of what may leave.
    pub(super) nodes: Vec<Node>,
    pub(super) routes: Vec<Route>,
    /// The jurisdiction of each market.
    places: Vec<JurisdictionId>,
    /// The year for which units count.
    year: Year,
}

impl Graph {
    pub(super) fn of(markets: &[Market<'_>]) -> Self {
        let all = (0..markets.len()).map(|market| Node { market, leaves: Leaves::Not });
        let parted = markets.iter().enumerate().filter(|(_, it)| it.is_parted);
        let parted = parted.map(|(market, _)| Node { market, leaves: Leaves::May });
        let places = markets.iter().map(|it| it.jurisdiction).collect();
        let year = markets.first().map(|it| it.year).unwrap_or_default();
        Self { nodes: all.chain(parted).collect(), routes: Vec::new(), places, year }
    }

    /// The node from which units leave a market, and in which they arrive.
    fn gate(&self, id: JurisdictionId) -> usize {
        let market = self.places.iter().position(|it| *it == id).unwrap_or_default();
        let gate = |it: &Node| it.market == market && it.leaves == Leaves::May;
        self.nodes.iter().position(gate).unwrap_or(market)
    }

    /// The node of what may leave a market, where it has one.
    pub(super) fn leaving(&self, market: usize) -> Option<usize> {
        let gate = |it: &Node| it.market == market && it.leaves == Leaves::May;
        self.nodes.iter().position(gate)
    }

    /// The markets at the ends of a link.
    pub(super) fn ends(&self, route: &Route) -> (usize, usize) {
        let market = |node: usize| self.nodes.get(node).map_or(node, |it| it.market);
        (market(route.link.from), market(route.link.to))
    }

    /// Adds a link of the policy, with what is left of its quota.
    pub(super) fn add(&mut self, state: &State, rules: &LinkRules, escrow: AccountId) {
        let ends = (rules.from, rules.to);
        let calendar = year_of(state);
        let quota = rules.years.iter().find(|(year, _)| *year == calendar);
        let used = state.crossed.get(&(ends.0, ends.1, calendar)).copied().unwrap_or_default();
        let quota = quota.and_then(|(_, it)| *it).map(|it| used.short_of(it));
        let (arrive, leave) = rules.ratio;
        let rules_there = state.year_rules(ends.1, self.year);
        let floor = rules_there.map_or(Price(0), |it| it.auction.reserve);
        let link = Link {
            from: self.gate(ends.0),
            to: self.gate(ends.1),
            ratio: (u64::from(arrive), u64::from(leave)),
            quota,
            levy: Rational::whole(i128::from(rules.levy.0)),
            floor,
        };
        self.routes.push(Route { link, escrow, ratio: rules.ratio, ends });
    }

    /// The links of the policy, then those from what may leave a market to its bids.
    pub(super) fn links(&self) -> Vec<Link> {
        let home = self.nodes.iter().enumerate().filter(|(_, it)| it.leaves == Leaves::May);
        let home = home.map(|(from, it)| Link {
            from,
            to: it.market,
            ratio: (1, 1),
            quota: None,
            levy: Rational::ZERO,
            floor: Price(0),
        });
        self.routes.iter().map(|it| it.link).chain(home).collect()
    }

    /// The orders of each node.
    pub(super) fn books(&self, markets: &[Market<'_>]) -> Vec<Vec<Interest>> {
        let book = |node: &Node| -> Vec<Interest> {
            let orders = markets.get(node.market).into_iter().flat_map(|it| &it.orders);
            let interest = |it: &Entry<'_>| {
                let (part, twice) = (it.part(node.leaves), it.since.saturating_mul(2));
                let rank = twice.saturating_add(u64::from(node.leaves == Leaves::May));
                let (side, price, quantity) = (it.side, it.price, part.offered);
                Interest { side, price, quantity, rank }
            };
            orders.map(interest).collect()
        };
        self.nodes.iter().map(book).collect()
    }

    /// Writes the fills of the nodes into the orders of their markets.
    pub(super) fn fill(&self, markets: &mut [Market<'_>], fills: &[Vec<Tonnes>]) {
        for (node, fills) in self.nodes.iter().zip(fills) {
            let orders = markets.get_mut(node.market).into_iter().flat_map(|it| &mut it.orders);
            for (entry, fill) in orders.zip(fills) {
                let part: &mut Part = entry.part_mut(node.leaves);
                part.fill = *fill;
            }
        }
    }
}
