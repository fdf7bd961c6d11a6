//! The orders that wait, market by market: better prices first, then the order of arrival.
//!
//! Deciding and changing are apart, as everywhere: [`plan`] looks at the book and lists the
//! steps that an order causes to others; [`Book::take`] takes a step in. Orders lie in a slab and
//! hang together by price level, a level being a queue, and by owner. Levels stand in a tree by
//! price, orders are found by their name in a table that cannot be walked.
#![expect(clippy::indexing_slicing, reason = "places are this file's own")]

mod ladder;
pub mod plan;

use crate::coupling::PRICE_MAX;
use crate::exchange::Side;
use crate::exchange::terms::Standing;
use crate::id::{
    AccountId, CashAccountId, GroupId, HoldId, JurisdictionId, OrderId, PartyId, ProductId,
};
use crate::places::{Last, Places, Scattered};
use crate::planted::{self, Fault};
use crate::quantity::{Money, Price, Tonnes};
use crate::time::{Instant, Year};
use ladder::Ladder;
use minicbor::{Decode, Encode};
use plan::Own;
use std::collections::BTreeMap;

/// What trades as one: the allowances that count for a jurisdiction's year, or what a product of
/// its chapter takes of that year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Market {
    /// Whose units, and whose rules.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The year for which allowances count; of a product the year of generation or reduction.
    #[n(1)]
    pub year: Year,
    /// The product; none for allowances.
    #[n(2)]
    pub product: Option<ProductId>,
}

impl Market {
    /// The market of the allowances that count for a year.
    pub const fn of_allowances(jurisdiction: JurisdictionId, year: Year) -> Self {
        Self { jurisdiction, year, product: None }
    }

    /// Where the allowances count that it trades; a product counts for no obligation.
    pub fn counts_in(self) -> Option<JurisdictionId> {
        self.product.is_none().then_some(self.jurisdiction)
    }
}

/// An order that waits; what it may cost is set aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Order {
    /// Its name: also the order in which orders came.
    #[n(0)]
    pub id: OrderId,
    /// Whose units are traded.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// Units traded count for this year.
    #[n(2)]
    pub year: Year,
    /// Which side.
    #[n(3)]
    pub side: Side,
    /// Whose order.
    #[n(4)]
    pub owner: PartyId,
    /// The owner's group; without one it meets everybody.
    #[n(5)]
    pub group: Option<GroupId>,
    /// The account units leave or come into.
    #[n(6)]
    pub account: AccountId,
    /// The account money leaves or comes into.
    #[n(7)]
    pub cash: CashAccountId,
    /// What is set aside.
    #[n(8)]
    pub hold: HoldId,
    /// The worst price that is accepted.
    #[n(9)]
    pub price: Price,
    /// What is not yet filled.
    #[n(10)]
    pub remaining: Tonnes,
    /// What was filled.
    #[n(11)]
    pub filled: Tonnes,
    /// Whether it never trades as it comes, nor when it is changed.
    #[n(12)]
    pub post_only: bool,
    /// When it ends by itself, where that is before its market ends.
    #[n(13)]
    pub until: Option<Instant>,
    /// What a trade in the book costs it, in hundredths of a percent of the money that is paid.
    #[n(14)]
    pub fee_bp: u32,
    /// The name its owner gave it; 0 for none.
    #[n(15)]
    pub client: u32,
    /// The position of the record with which it took its place: in a queue, and among all orders.
    #[n(16)]
    pub since: u64,
    /// The product that is traded; none for allowances.
    #[n(17)]
    pub product: Option<ProductId>,
}

/// What so many units cost with a fee in hundredths of a percent, or none beyond what an account
/// can hold.
pub fn with_fee(price: Price, quantity: Tonnes, fee_bp: u32) -> Option<Money> {
    let cost = price.times(quantity)?;
    cost.checked_add(cost.basis_points(fee_bp))
}

impl Order {
    /// An order that nobody settles: what a book needs to know of it, for calculators.
    pub fn bare(id: OrderId, side: Side, price: Price, quantity: Tonnes) -> Self {
        Self {
            id,
            jurisdiction: JurisdictionId(0),
            year: Year(0),
            side,
            owner: PartyId(0),
            group: None,
            account: AccountId(0),
            cash: CashAccountId(0),
            hold: HoldId(0),
            price,
            remaining: quantity,
            filled: Tonnes::ZERO,
            post_only: false,
            until: None,
            fee_bp: 0,
            client: 0,
            since: 0,
            product: None,
        }
    }

    /// The market it waits in.
    pub fn market(&self) -> Market {
        let Self { jurisdiction, year, product, .. } = *self;
        Market { jurisdiction, year, product }
    }

    /// The money that a buyer sets aside for so many units at the order's price, with the fee.
    /// Each trade's fee is rounded down, so that all of them together are never above this one.
    pub fn reserve(&self, quantity: Tonnes) -> Option<Money> {
        with_fee(self.price, quantity, self.fee_bp)
    }

    /// What is free again of a buyer's reserve for what remains, once so many units were filled.
    pub fn freed_by(&self, remaining: Tonnes, quantity: Tonnes) -> Money {
        let left = quantity.short_of(remaining);
        let both = self.reserve(remaining).zip(self.reserve(left));
        both.map(|(before, after)| before - after).unwrap_or_default()
    }
}

/// What an order causes to others, in the order in which it happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A resting order trades at its price.
    Trade {
        /// The resting order.
        maker: OrderId,
        /// The order that comes.
        taker: OrderId,
        /// The price.
        price: Price,
        /// How much.
        quantity: Tonnes,
    },
    /// A resting order loses a part without a trade, and keeps its place.
    Reduce {
        /// The resting order.
        order: OrderId,
        /// How much.
        quantity: Tonnes,
    },
    /// A resting order leaves the book.
    Remove {
        /// The order.
        order: OrderId,
    },
}

const NOBODY: u32 = u32::MAX;

// A price has room in the tree.
const _: () = assert!(PRICE_MAX.0.unsigned_abs() < ladder::KEYS);

/// The neighbours of an order in a row of orders.
#[derive(Clone, Copy, Debug)]
struct Neighbours {
    before: u32,
    after: u32,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    order: Order,
    /// The place of its market's sides.
    sides: u32,
    level: u32,
}

/// Those of an order in no row.
const ALONE: Neighbours = Neighbours { before: NOBODY, after: NOBODY };

/// How an order hangs together with others. It stands apart from the order: whoever changes one
/// touches those beside it, and these rows are small enough to lie in the processor's cache.
#[derive(Clone, Copy, Debug)]
struct Links {
    in_level: Neighbours,
    /// Its place among the orders of its owner.
    of_owner: u32,
}

/// The orders of one price, in the order of arrival.
#[derive(Clone, Copy, Debug)]
struct Level {
    key: u64,
    first: u32,
    last: u32,
}

/// What waits in one market.
#[derive(Clone, Debug)]
struct Sides {
    market: Market,
    bids: Ladder,
    asks: Ladder,
    count: usize,
    /// What the market says to orders, until anything but orders and balances changes.
    standing: Option<Standing>,
}

/// The place of the sides at which an order came to rest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rested(u32);

/// All orders that wait.
#[derive(Clone, Debug, Default)]
pub struct Book {
    nodes: Vec<Node>,
    /// Of each node.
    links: Vec<Links>,
    free_nodes: Vec<u32>,
    levels: Vec<Level>,
    free_levels: Vec<u32>,
    ids: Places,
    clients: Scattered,
    /// The place of each market's sides.
    markets: BTreeMap<Market, u32>,
    /// The market that was asked for last.
    last: Last,
    sides: Vec<Sides>,
    /// The orders of each party.
    owners: Vec<Vec<u32>>,
    count: usize,
    /// Whether there is something to forget.
    keeps: bool,
}

/// The key of a price: smaller is better. Above the highest price an order can name all is alike.
fn key(side: Side, price: Price) -> u64 {
    let price = price.0.clamp(0, PRICE_MAX.0).unsigned_abs();
    match side {
        Side::Buy => PRICE_MAX.0.unsigned_abs().saturating_sub(price),
        Side::Sell => price,
    }
}

/// The price of a key.
fn price_at(side: Side, key: u64) -> Price {
    let price = i64::try_from(key).unwrap_or(i64::MAX);
    Price(match side {
        Side::Buy => PRICE_MAX.0.saturating_sub(price),
        Side::Sell => price,
    })
}

/// The name that an owner gave an order, unique among all accounts.
fn named(account: AccountId, client: u32) -> u64 {
    (u64::from(account.0) << 32) | u64::from(client)
}

fn name_of(order: &Order) -> u64 {
    named(order.account, order.client)
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

impl Sides {
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
}

impl Book {
    /// An order that waits.
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.ids.get(id.0, |it| self.nodes[at(it)].order.id.0).map(|it| &self.nodes[at(it)].order)
    }

    /// How many orders wait.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether no order waits.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    fn place_of(&self, market: Market) -> Option<u32> {
        let last = u32::try_from(self.last.get()).unwrap_or(NOBODY);
        if self.sides.get(at(last)).is_some_and(|it| it.market == market) {
            return Some(last);
        }
        let place = *self.markets.get(&market)?;
        self.last.set(place.into());
        Some(place)
    }

    fn sides_of(&self, market: Market) -> Option<&Sides> {
        self.place_of(market).map(|it| &self.sides[at(it)])
    }

    /// How many orders wait in a market.
    pub fn waiting(&self, market: Market) -> usize {
        self.sides_of(market).map_or(0, |it| it.count)
    }

    /// What a market says to orders, where that is kept.
    pub(crate) fn standing(&self, market: Market) -> Option<&Standing> {
        self.sides_of(market)?.standing.as_ref()
    }

    /// The market in which an order waits, and what it says to orders, where that is kept.
    pub(crate) fn standing_of(&self, Rested(sides): Rested) -> (Market, Option<&Standing>) {
        let sides = &self.sides[at(sides)];
        (sides.market, sides.standing.as_ref())
    }

    /// Keeps what a market says to orders.
    pub(crate) fn keep(&mut self, market: Market, standing: Standing) {
        if let Some(place) = self.place_of(market) {
            self.sides[at(place)].standing = Some(standing);
            self.keeps = true;
        }
    }

    /// Forgets what markets say to orders: something else than orders and balances changed.
    pub(crate) fn forget(&mut self) {
        if self.keeps {
            self.sides.iter_mut().for_each(|it| it.standing = None);
            self.keeps = false;
        }
    }

    /// The orders of a side of a market, in the order in which they are served.
    pub fn orders(&self, market: Market, side: Side) -> Orders<'_> {
        let ladder = self.sides_of(market).map(|it| it.ladder(side));
        let first = ladder.and_then(Ladder::first).map(|(_, it)| self.levels[at(it)].first);
        Orders { book: self, ladder, last: NOBODY, first: first.unwrap_or(NOBODY) }
    }

    /// All orders of a market: the bids, then the asks.
    pub fn of_market(&self, market: Market) -> impl Iterator<Item = &Order> {
        self.orders(market, Side::Buy).chain(self.orders(market, Side::Sell))
    }

    /// The markets in which orders ever waited.
    pub fn markets(&self) -> impl Iterator<Item = Market> {
        self.markets.keys().copied()
    }

    /// All orders, market by market.
    pub fn iter(&self) -> impl Iterator<Item = &Order> {
        self.markets.keys().flat_map(|it| self.of_market(*it))
    }

    /// The orders of a party, in no order that means anything.
    pub fn of_owner(&self, owner: PartyId) -> impl Iterator<Item = &Order> {
        let places = self.owners.get(at(owner.0)).into_iter().flatten();
        places.map(|it| &self.nodes[at(*it)].order)
    }

    /// How many orders of a party wait.
    pub fn count_of(&self, owner: PartyId) -> usize {
        self.owners.get(at(owner.0)).map_or(0, Vec::len)
    }

    /// The order of an account that waits under the name its owner gave it.
    pub fn of_client(&self, account: AccountId, client: u32) -> Option<OrderId> {
        let name = named(account, client);
        let place = self
            .clients
            .get(name, |it| name_of(&self.nodes[at(it)].order))
            .filter(|_| client != 0)?;
        Some(self.nodes[at(place)].order.id)
    }

    /// The best price of a side of a market.
    pub fn best(&self, market: Market, side: Side) -> Option<Price> {
        let (key, _) = self.sides_of(market)?.ladder(side).first()?;
        Some(price_at(side, key))
    }

    /// Takes a step in. A step of another book's plan stops us.
    pub fn take(&mut self, step: &Step) {
        match *step {
            Step::Trade { maker, quantity, .. } => self.fill(maker, quantity),
            Step::Reduce { order, quantity } => self.lessen(order, quantity, Tonnes::ZERO),
            Step::Remove { order } => self.remove(order),
        }
    }

    /// Takes in what becomes of the order that caused the steps.
    pub fn take_own(&mut self, id: OrderId, own: &Own) {
        match *own {
            Own::Stays => {}
            Own::Less(quantity) => self.lessen(id, quantity, Tonnes::ZERO),
            Own::Ends => self.remove(id),
            Own::Comes(rests) => {
                if self.get(id).is_some() {
                    self.remove(id);
                }
                if let Some(order) = rests {
                    self.rest(order);
                }
            }
        }
    }

    #[expect(clippy::expect_used, reason = "a step names an order of this book, or we stop")]
    fn place(&self, id: OrderId) -> u32 {
        self.ids
            .get(id.0, |it| self.nodes[at(it)].order.id.0)
            .expect("the step names an order that does not rest")
    }

    /// An order is filled, whole or in part; the rest keeps its place.
    pub(crate) fn fill(&mut self, id: OrderId, quantity: Tonnes) {
        self.lessen(id, quantity, quantity);
    }

    /// An order loses a part, filled or not; without any left it goes.
    pub(crate) fn lessen(&mut self, id: OrderId, quantity: Tonnes, filled: Tonnes) {
        let place = self.place(id);
        let order = &mut self.nodes[at(place)].order;
        order.remaining -= quantity;
        order.filled += filled;
        if order.remaining == Tonnes::ZERO {
            self.remove(id);
        } else if planted::has(Fault::PlaceLost) {
            self.unqueue(place);
            self.queue(place);
        }
    }

    /// An order goes to the back of its level.
    pub(crate) fn rest(&mut self, order: Order) -> Rested {
        let owner = at(order.owner.0);
        if owner >= self.owners.len() {
            self.owners.resize(owner.saturating_add(1), Vec::new());
        }
        let market = order.market();
        let sides = self.place_of(market).unwrap_or_else(|| {
            let place = u32::try_from(self.sides.len()).unwrap_or(NOBODY);
            let (bids, asks) = (Ladder::default(), Ladder::default());
            self.sides.push(Sides { market, bids, asks, count: 0, standing: None });
            self.markets.insert(market, place);
            place
        });
        let node = Node { order, sides, level: NOBODY };
        let place = put(&mut self.nodes, &mut self.free_nodes, node);
        let owned = &mut self.owners[owner];
        let of_owner = u32::try_from(owned.len()).unwrap_or(NOBODY);
        owned.push(place);
        let links = Links { in_level: ALONE, of_owner };
        match self.links.get_mut(at(place)) {
            Some(row) => *row = links,
            None => self.links.push(links),
        }
        assert!(self.get(order.id).is_none(), "order {} rests twice", order.id);
        self.ids.add(place, |it| self.nodes[at(it)].order.id.0);
        if order.client != 0 {
            let known = self.of_client(order.account, order.client);
            assert!(known.is_none(), "order {} takes the name of another", order.id);
            self.clients.add(place, |it| name_of(&self.nodes[at(it)].order));
        }
        self.queue(place);
        self.count = self.count.saturating_add(1);
        let row = &mut self.sides[at(sides)];
        row.count = row.count.saturating_add(1);
        Rested(sides)
    }

    /// Puts an order that is in no level at the back of its own.
    #[inline(always)]
    fn queue(&mut self, place: u32) {
        let Node { order: Order { side, price, .. }, sides, .. } = self.nodes[at(place)];
        let key = key(side, price);
        let ladder = self.sides[at(sides)].ladder_mut(side);
        let level = match ladder.get(key) {
            Some(level) => {
                let before = self.levels[at(level)].last;
                self.links[at(before)].in_level.after = place;
                self.links[at(place)].in_level.before = before;
                self.levels[at(level)].last = place;
                level
            }
            None => {
                let row = Level { key, first: place, last: place };
                let level = put(&mut self.levels, &mut self.free_levels, row);
                ladder.add(key, level);
                level
            }
        };
        self.nodes[at(place)].level = level;
    }

    /// Takes an order out of its level, which goes with its last one.
    #[inline(always)]
    fn unqueue(&mut self, place: u32) {
        let Node { order: Order { side, .. }, sides, level } = self.nodes[at(place)];
        let Neighbours { before, after } = self.links[at(place)].in_level;
        if before == NOBODY && after == NOBODY {
            let key = self.levels[at(level)].key;
            self.free_levels.push(level);
            self.sides[at(sides)].ladder_mut(side).remove(key);
            return;
        }
        match before {
            NOBODY => self.levels[at(level)].first = after,
            _ => self.links[at(before)].in_level.after = after,
        }
        match after {
            NOBODY => self.levels[at(level)].last = before,
            _ => self.links[at(after)].in_level.before = before,
        }
        self.links[at(place)].in_level = ALONE;
    }

    /// An order is changed and goes to the back of the level of its price.
    pub(crate) fn requeue(&mut self, id: OrderId, change: impl FnOnce(&mut Order)) -> Rested {
        let place = self.place(id);
        self.unqueue(place);
        change(&mut self.nodes[at(place)].order);
        self.queue(place);
        Rested(self.nodes[at(place)].sides)
    }

    /// An order leaves; it must be there.
    #[expect(clippy::expect_used, reason = "a step names an order of this book, or we stop")]
    pub(crate) fn remove(&mut self, id: OrderId) {
        let nodes = &self.nodes;
        let place = self.ids.remove(id.0, |it| nodes[at(it)].order.id.0);
        let place = place.expect("the step names an order that does not rest");
        self.unqueue(place);
        let Node { order: Order { owner, client, .. }, sides, .. } = self.nodes[at(place)];
        if client != 0 {
            let nodes = &self.nodes;
            let name = name_of(&nodes[at(place)].order);
            self.clients.remove(name, |it| name_of(&nodes[at(it)].order));
        }
        let of_owner = self.links[at(place)].of_owner;
        let owned = &mut self.owners[at(owner.0)];
        owned.swap_remove(at(of_owner));
        if let Some(moved) = owned.get(at(of_owner)) {
            self.links[at(*moved)].of_owner = of_owner;
        }
        self.free_nodes.push(place);
        self.count = self.count.saturating_sub(1);
        let sides = &mut self.sides[at(sides)];
        sides.count = sides.count.saturating_sub(1);
    }
}

/// The orders of a side, in the order in which they are served.
pub struct Orders<'a> {
    book: &'a Book,
    ladder: Option<&'a Ladder>,
    /// The place of the order that was served last; nobody's before the first.
    last: u32,
    first: u32,
}

impl<'a> Iterator for Orders<'a> {
    type Item = &'a Order;

    fn next(&mut self) -> Option<&'a Order> {
        // Looked for only when it is asked for: most orders that come look at the first alone.
        let last = at(self.last);
        let next = match self.book.links.get(last).map(|it| it.in_level.after) {
            None => self.first,
            Some(NOBODY) => {
                let key = self.book.levels[at(self.book.nodes[last].level)].key;
                let level = self.ladder.and_then(|it| it.next(key));
                level.map_or(NOBODY, |(_, it)| self.book.levels[at(it)].first)
            }
            Some(after) => after,
        };
        // Behind the last one nobody comes, however often it is asked.
        (self.last, self.first) = (next, NOBODY);
        self.book.nodes.get(at(next)).map(|it| &it.order)
    }
}

/// Two books are one where the same orders are served in the same order.
impl PartialEq for Book {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// A book is written as its orders, as they are served.
impl<C> Encode<C> for Book {
    fn encode<W: minicbor::encode::Write>(
        &self,
        to: &mut minicbor::Encoder<W>,
        context: &mut C,
    ) -> Result<(), minicbor::encode::Error<W::Error>> {
        to.array(u64::try_from(self.count).unwrap_or(u64::MAX))?;
        self.iter().try_for_each(|it| it.encode(to, context))
    }
}

impl<'b, C> Decode<'b, C> for Book {
    fn decode(
        from: &mut minicbor::Decoder<'b>,
        context: &mut C,
    ) -> Result<Self, minicbor::decode::Error> {
        let mut book = Self::default();
        for order in Vec::<Order>::decode(from, context)? {
            if book.get(order.id).is_some() {
                return Err(minicbor::decode::Error::message("an order waits twice"));
            }
            book.rest(order);
        }
        Ok(book)
    }
}
