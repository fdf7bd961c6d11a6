//! The exchange in memory: orders through `decide` and `apply` with all checks, with what they set
//! aside and the serial numbers that they trade; in turns with a book that settles nothing.

use crate::memory::resident;
use crate::plain::Plain;
use crate::scene::{self, Draw, take};
use crate::table::{Figure, Goal, Table};
use crate::{Failure, note, rival, traders};
use karvan_core::book::plan::{OrderKind, SelfMatch};
use karvan_core::exchange::amend_order::AmendOrder;
use karvan_core::exchange::cancel_order::CancelOrder;
use karvan_core::exchange::place_order::PlaceOrder;
use karvan_core::exchange::{Lasting, Side};
use karvan_core::id::{JurisdictionId, OrderId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use karvan_core::{Event, Events, State};
use std::time::{Duration, Instant};

/// Those that trade.
pub(crate) const OWNERS: u32 = 1_000;
/// The price around which orders gather, in cents.
const MIDDLE: i64 = 10_000;

/// What meets others goes so far beyond the best price, in cents, that it is filled whole: the
/// rival goes on beyond the limit of an order that is not.
const BEYOND: i64 = 100;

/// What is asked, whoever does it. Orders are named by the place of what placed them.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Asked {
    /// An order, which stays or does not.
    Place { owner: u32, side: Side, price: i64, quantity: u64, stays: bool },
    /// An order gets another price, at the back.
    Move { order: u32, price: i64 },
    /// An order goes.
    Cancel { order: u32 },
}

/// What is asked, and what a plain book says of it.
pub(crate) struct Work {
    pub(crate) asked: Vec<Asked>,
    executed: u64,
    live: usize,
    levels: usize,
}

/// What a workload is made of.
struct Mix {
    /// How many commands.
    count: usize,
    /// About how many orders wait.
    live: usize,
    /// Orders that stay, those that do not, and cancellations, in percent; the rest are moves.
    percent: [u64; 3],
    /// How far from the middle orders wait, in cents.
    width: u64,
    /// Whether the middle walks.
    walks: bool,
}

/// The workload of the exchange-core benchmark, as far as its documentation tells it.
const STEADY: Mix =
    Mix { count: 3_000_000, live: 1_000, percent: [11, 3, 4], width: 330, walks: false };
/// A deep book around a price that walks.
const DEEP: Mix =
    Mix { count: 1_000_000, live: 100_000, percent: [30, 10, 20], width: 2_000, walks: true };

impl Mix {
    /// Draws the commands; what a workload with many orders begins with is drawn first.
    fn draw(&self) -> (Work, Work) {
        let mut draw = Draw(7);
        let mut book = Plain::default();
        let begin = self.fill(&mut draw, &mut book);
        let [limit, immediate, cancel] = self.percent;
        let (mut asked, mut middle) = (Vec::with_capacity(self.count), MIDDLE);
        while asked.len() < self.count {
            let place = u32::try_from(begin.asked.len() + asked.len()).unwrap_or(u32::MAX);
            if self.walks && draw.below(1_000) == 0 {
                middle += if draw.below(2) == 0 { 5 } else { -5 };
            }
            let side = if draw.below(2) == 0 { Side::Buy } else { Side::Sell };
            let owner = draw.below(u64::from(OWNERS)) as u32;
            let away = 1 + draw.below(self.width) as i64;
            let passive = |side| if side == Side::Buy { middle - away } else { middle + away };
            let part = draw.below(100);
            let it = if part < limit {
                // What comes beyond the number that wait meets one of them.
                let beyond = book.beyond(side, BEYOND).filter(|_| book.len() >= self.live);
                let (price, quantity) = (beyond.unwrap_or(passive(side)), 1 + draw.below(20));
                Asked::Place { owner, side, price, quantity, stays: true }
            } else if part < limit + immediate {
                let price = book.beyond(side, BEYOND).unwrap_or(passive(side));
                Asked::Place { owner, side, price, quantity: 1 + draw.below(20), stays: false }
            } else if part < limit + immediate + cancel {
                Asked::Cancel { order: book.any(&mut draw) }
            } else {
                let order = book.any(&mut draw);
                Asked::Move { order, price: passive(book.side(order)) }
            };
            if book.take(place, &it) {
                asked.push(it);
            }
        }
        let executed = book.executed;
        (begin, Work { asked, executed, live: book.len(), levels: book.levels() })
    }

    /// Orders that wait, and meet nobody.
    fn fill(&self, draw: &mut Draw, book: &mut Plain) -> Work {
        let mut asked = Vec::with_capacity(self.live);
        while asked.len() < self.live {
            let (owner, away) = (draw.below(u64::from(OWNERS)), 1 + draw.below(self.width) as i64);
            let (side, price) = match draw.below(2) {
                0 => (Side::Buy, MIDDLE - away),
                _ => (Side::Sell, MIDDLE + away),
            };
            let (owner, quantity) = (owner as u32, 1 + draw.below(20));
            let it = Asked::Place { owner, side, price, quantity, stays: true };
            book.take(u32::try_from(asked.len()).unwrap_or(u32::MAX), &it);
            asked.push(it);
        }
        Work { asked, executed: 0, live: book.len(), levels: book.levels() }
    }
}

/// What somebody who trades knows of the orders: whose they are, their names, and for how much.
#[derive(Clone)]
pub(crate) struct Named {
    orders: Vec<(u32, OrderId, Tonnes)>,
    asked: usize,
    /// What its own names are multiples of; without one orders have none.
    clients: u32,
}

impl Named {
    /// For so many commands.
    pub(crate) fn of(count: usize) -> Self {
        Self { orders: vec![(0, OrderId(0), Tonnes::ZERO); count], asked: 0, clients: 0 }
    }

    /// Each order has a name of its owner's too, far from all others.
    fn by_clients(self) -> Self {
        Self { clients: 0x9E37_79B1, ..self }
    }

    /// The command, and who sends it. The next order has this name.
    pub(crate) fn command(&mut self, next: OrderId, it: Asked) -> scene::Asked {
        let self_match = SelfMatch::CancelIncoming;
        let place = self.asked;
        self.asked += 1;
        match it {
            Asked::Place { owner, side, price, quantity, stays } => {
                let quantity = Tonnes(quantity);
                self.orders[place] = (owner, next, quantity);
                let command = PlaceOrder {
                    jurisdiction: JurisdictionId(0),
                    year: Year(2027),
                    account: traders::account(owner),
                    side,
                    price: Price(price),
                    quantity,
                    kind: if stays { OrderKind::Limit } else { OrderKind::ImmediateOrCancel },
                    self_match,
                    lasting: Lasting::UntilCancelled,
                    client: (next.0 as u32).wrapping_mul(self.clients),
                    product: None,
                };
                (traders::person(owner), command.into())
            }
            Asked::Move { order, price } => {
                let (owner, order, quantity) = self.orders[order as usize];
                let command = AmendOrder { order, price: Price(price), quantity, self_match };
                (traders::person(owner), command.into())
            }
            Asked::Cancel { order } => {
                let (owner, order, _) = self.orders[order as usize];
                (traders::person(owner), CancelOrder { order }.into())
            }
        }
    }
}

impl Named {
    /// Some commands. The next order has this name, and each that is placed the one after.
    fn commands(&mut self, mut next: OrderId, asked: &[Asked]) -> Vec<scene::Asked> {
        let command = |it: &Asked| {
            let command = self.command(next, *it);
            next.0 += u64::from(matches!(it, Asked::Place { .. }));
            command
        };
        asked.iter().map(command).collect()
    }
}

/// Orders of traders in turn, each second of which meets the one before.
pub(crate) fn pairs(count: usize) -> Vec<scene::Asked> {
    let mut named = Named::of(count);
    let place = |it: u32| Asked::Place {
        owner: it % OWNERS,
        side: if it.is_multiple_of(2) { Side::Sell } else { Side::Buy },
        price: MIDDLE,
        quantity: 10,
        stays: true,
    };
    let all = (0..u32::MAX).take(count).map(place);
    all.map(|it| named.command(OrderId(0), it)).collect()
}

/// What was done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done {
    executed: u64,
    trades: u64,
    /// Blocks delivered in all trades.
    blocks: u64,
    /// How long it took.
    time: Duration,
}

impl Done {
    /// So many commands, by the second.
    fn speed(&self, commands: &[Asked]) -> f64 {
        commands.len() as f64 / self.time.as_secs_f64()
    }
}

/// So many commands are written before the clock starts: whoever trades knows its orders by heart,
/// and what it takes to look them up is not the market's.
const AHEAD: usize = 100;

/// All of it through the market.
fn market(state: &mut State, named: &mut Named, asked: &[Asked]) -> Result<Done, Failure> {
    let mut out = Events::default();
    let mut done = Done::default();
    for asked in asked.chunks(AHEAD) {
        let commands = named.commands(state.next_order, asked);
        let started = Instant::now();
        for command in &commands {
            if !take(state, command, &mut out) {
                return Err(format!("refused: {command:?}").into());
            }
            for event in out.list() {
                if let Event::OrderTraded(it) = event {
                    done.executed += it.quantity.0;
                    done.trades += 1;
                } else if let Event::UnitsMoved(_) = event {
                    done.blocks += 1;
                }
            }
        }
        done.time += started.elapsed();
    }
    Ok(done)
}

pub(crate) fn trading(runs: usize, table: &mut Table) -> Result<(), Failure> {
    let (_, opened) = traders::opened();
    steady(&opened, runs, table)?;
    deep(&opened, runs, table)?;
    settlement(&opened, runs, table)?;
    growth(&opened, runs, table)
}

/// The workload that others publish, in turns with a book alone.
fn steady(opened: &State, runs: usize, table: &mut Table) -> Result<(), Failure> {
    let (begin, work) = STEADY.draw();
    let mut begun = (opened.clone(), Named::of(begin.asked.len() + work.asked.len()));
    market(&mut begun.0, &mut begun.1, &begin.asked)?;
    let (mut speeds, mut rivals, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let (mut late, mut worst) = (Vec::new(), Vec::new());
    let mut done = Done::default();
    for _ in 0..runs {
        let (mut state, mut named) = begun.clone();
        let mut times = each(&mut state, &mut named, &work.asked)?;
        times.sort_unstable();
        late.push(times[times.len() / 1_000 * 999] as f64 / 1e3);
        worst.push(times[times.len() - 1] as f64 / 1e3);
        let (mut state, mut named) = begun.clone();
        done = market(&mut state, &mut named, &work.asked)?;
        speeds.push(done.speed(&work.asked));
        let mut book = rival::Rival::new(&begin.asked)?;
        let started = Instant::now();
        let executed = book.take(&work.asked)?;
        rivals.push(work.asked.len() as f64 / started.elapsed().as_secs_f64());
        assert_eq!((done.executed, executed), (work.executed, work.executed), "all agree");
        assert_eq!(state.orders.len(), work.live, "as many wait");
    }
    for (ours, theirs) in speeds.iter().zip(&rivals) {
        ratios.push(ours / theirs);
    }
    let what = "orders in memory: 82 % moved, 11 % new, 4 % cancelled, 3 % immediate";
    table.add(figure(what, "1/s", Goal::AtLeast(5_000_000.0), speeds));
    table.add(note("  a book that settles nothing: matchcore 0.4.0", "1/s", rivals));
    table.add(note("  ratio to it", "x", ratios));
    table.add(figure("  one command, 99.9 % of them", "us", Goal::AtMost(2.0), late));
    table.add(figure("  the slowest of 3,000,000", "us", Goal::AtMost(1_000.0), worst));
    table.add(note("  orders that wait", "orders", vec![work.live as f64]));
    table.add(note("  prices", "prices", vec![work.levels as f64]));
    table.add(note("  trades of 3,000,000 commands", "trades", vec![done.trades as f64]));
    let each = done.blocks as f64 / done.trades as f64;
    table.add(note("  blocks that a trade delivers", "blocks", vec![each]));
    Ok(())
}

fn figure(what: &str, unit: &'static str, goal: Goal, values: Vec<f64>) -> Figure {
    Figure { what: what.to_owned(), unit, goal, values }
}

/// How long each command takes, in nanoseconds.
fn each(state: &mut State, named: &mut Named, asked: &[Asked]) -> Result<Vec<u64>, Failure> {
    let mut out = Events::default();
    let mut times = Vec::with_capacity(asked.len());
    for asked in asked.chunks(AHEAD) {
        for command in named.commands(state.next_order, asked) {
            let started = Instant::now();
            if !take(state, &command, &mut out) {
                return Err(format!("refused: {command:?}").into());
            }
            times.push(u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX));
        }
    }
    Ok(times)
}

/// Many orders around a price that walks.
fn deep(opened: &State, runs: usize, table: &mut Table) -> Result<(), Failure> {
    let (begin, work) = DEEP.draw();
    let count = begin.asked.len() + work.asked.len();
    let mut begun = (opened.clone(), Named::of(count));
    market(&mut begun.0, &mut begun.1, &begin.asked)?;
    let mut speeds = Vec::new();
    for _ in 0..runs {
        let (mut state, mut named) = begun.clone();
        let done = market(&mut state, &mut named, &work.asked)?;
        speeds.push(done.speed(&work.asked));
        assert_eq!((done.executed, state.orders.len()), (work.executed, work.live), "all agree");
    }
    let what = "orders in memory around a price that walks, 100,000 wait";
    table.add(figure(what, "1/s", Goal::AtLeast(5_000_000.0), speeds));
    Ok(())
}

/// What a trade costs: orders that each meet twenty others.
fn settlement(opened: &State, runs: usize, table: &mut Table) -> Result<(), Failure> {
    const TRADES: u32 = 200_000;
    const MET: u32 = 20;
    let place = |owner: u32, side, quantity, stays| Asked::Place {
        owner: owner % OWNERS,
        side,
        price: MIDDLE,
        quantity,
        stays,
    };
    let rest: Vec<Asked> =
        (0..TRADES).map(|it| place(it % (OWNERS / 2), Side::Sell, 1, true)).collect();
    let come: Vec<Asked> = (0..TRADES / MET)
        .map(|it| place(OWNERS / 2 + it % (OWNERS / 2), Side::Buy, u64::from(MET), false))
        .collect();
    let mut begun = (opened.clone(), Named::of(rest.len() + come.len()));
    market(&mut begun.0, &mut begun.1, &rest)?;
    let (mut times, mut each) = (Vec::new(), 0.0);
    for _ in 0..runs {
        let (mut state, mut named) = begun.clone();
        let done = market(&mut state, &mut named, &come)?;
        times.push(done.time.as_secs_f64() * 1e9 / done.trades as f64);
        each = done.blocks as f64 / done.trades as f64;
    }
    let what = "a trade, delivered and paid: orders that each meet twenty";
    table.add(figure(what, "ns", Goal::AtMost(300.0), times));
    table.add(note("  blocks that a trade delivers", "blocks", vec![each]));
    Ok(())
}

/// The book grows to its bound, and what a state of it takes.
fn growth(opened: &State, runs: usize, table: &mut Table) -> Result<(), Failure> {
    const ORDERS: usize = 2_400_000;
    let grow = Mix { count: 0, live: ORDERS, percent: [0; 3], width: 5_000, walks: false };
    let (begin, _) = grow.draw();
    let mut speeds = Vec::new();
    let mut last = None;
    for _ in 0..runs {
        let (mut state, mut named) = (opened.clone(), Named::of(ORDERS));
        let done = market(&mut state, &mut named, &begin.asked)?;
        speeds.push(done.speed(&begin.asked));
        last = Some(state);
    }
    let what = "orders in memory, all of them new, to 2,400,000 that wait";
    table.add(figure(what, "1/s", Goal::AtLeast(3_000_000.0), speeds));
    let Some(state) = last else { return Ok(()) };
    let goal = Goal::AtMost(600.0);
    table.add(figure("  a state of them", "MB", goal, sizes(&state, runs)?));
    drop(state);
    let (mut state, named) = (opened.clone(), Named::of(ORDERS));
    market(&mut state, &mut named.by_clients(), &begin.asked)?;
    let what = "  a state of them, each with a name of its owner's";
    table.add(figure(what, "MB", goal, sizes(&state, runs)?));
    Ok(())
}

/// What a state takes, in megabytes.
fn sizes(state: &State, runs: usize) -> Result<Vec<f64>, Failure> {
    let mut sizes = Vec::new();
    for _ in 0..runs {
        let before = resident()?;
        let copy = state.clone();
        sizes.push((resident()? - before) as f64 / 1e6);
        assert_eq!(copy.orders.len(), state.orders.len(), "the copy is used");
        // What is given back would be filled by the next copy.
        std::mem::forget(copy);
    }
    Ok(sizes)
}
