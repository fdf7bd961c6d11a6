//! Invariants: what must hold whatever happens. A broken one stops the writer before the record
//! is written; it is never an answer.

use crate::event::Event;
use crate::exchange::Side;
use crate::freezing::Frozen;
use crate::id::{AccountId, CashAccountId, HoldId, SeriesId};
use crate::ledger::posting::Posting;
use crate::ledger::{Block, Drawn, Hold, Queue, Serials, Series};
use crate::party::Role;
use crate::quantity::{Money, Tonnes, WattHours};
use crate::state::State;
use std::collections::{BTreeMap, BTreeSet};

/// After each record a touched queue of at most this many blocks is looked at whole; the sweep
/// looks at all.
const BLOCKS_LOOKED_AT: usize = 16;
/// Of a longer queue so many blocks are looked at, where it was touched.
const END_LOOKED_AT: usize = 3;

/// What was looked at last: facts of a record touch the same again and again, and all of them are
/// taken in before any is looked at.
#[derive(Default)]
struct Looked {
    front: Option<(AccountId, SeriesId)>,
    back: Option<(AccountId, SeriesId)>,
    cash: Option<CashAccountId>,
    hold: Option<HoldId>,
}

impl Looked {
    fn queue(&mut self, state: &State, it: (AccountId, SeriesId), end: End) {
        let last = match end {
            End::Front => &mut self.front,
            End::Back => &mut self.back,
        };
        if last.replace(it) != Some(it) {
            check_queue(state, it, end);
        }
    }

    fn cash(&mut self, state: &State, it: CashAccountId) {
        if self.cash.replace(it) != Some(it) {
            check_cash(state, it);
        }
    }

    fn hold(&mut self, state: &State, it: HoldId) {
        if self.hold.replace(it) != Some(it) {
            check_hold(state, it);
        }
    }
}

/// Checks what a record touched. Panics with the thing that is wrong.
pub fn check_record(state: &State, events: &[Event]) {
    let mut looked = Looked::default();
    for posting in events.iter().filter_map(Event::posting) {
        match posting {
            Posting::UnitsIssued(it) => {
                check_cap(state, it.series);
                looked.queue(state, (it.to, it.series), End::Back);
            }
            Posting::UnitsMoved(it) => {
                looked.queue(state, (it.from, it.series), End::Front);
                looked.queue(state, (it.to, it.series), End::Back);
                let ends = state.accounts.row(it.from).kind.ends_units();
                assert!(!ends, "units left account {}, which nothing leaves", it.from);
                if state.ledger.series.row(it.series).link.is_some() {
                    check_cap(state, it.series);
                }
            }
            Posting::UnitsEnded(it) => {
                looked.queue(state, (it.from, it.series), End::Front);
                looked.queue(state, (it.into, it.series), End::Back);
                let ends = state.accounts.row(it.into).kind.ends_units();
                assert!(ends, "units ended in account {}, which they can leave", it.into);
                let series = state.ledger.series.row(it.series);
                assert!(series.ended <= series.issued, "more units ended than were issued");
            }
            Posting::UnitsRestored(it) => {
                looked.queue(state, (it.from, it.series), End::Back);
                looked.queue(state, (it.to, it.series), End::Back);
                let ends = |account| state.accounts.row(account).kind.ends_units();
                assert!(ends(it.from) && !ends(it.to), "units of {} were not ended", it.from);
            }
            Posting::UnitsHeld(it) => {
                looked.queue(state, (it.account, it.series), End::Front);
                looked.hold(state, it.hold);
            }
            Posting::UnitsReleased(it) => {
                looked.queue(state, (it.account, it.series), End::Front);
                looked.hold(state, it.hold);
            }
            Posting::CashHeld(it) => {
                looked.cash(state, it.account);
                looked.hold(state, it.hold);
            }
            Posting::CashReleased(it) => {
                looked.cash(state, it.account);
                looked.hold(state, it.hold);
            }
            Posting::CashMoved(it) => {
                let currency = |account| state.ledger.cash.row(account).currency;
                assert_eq!(
                    currency(it.from),
                    currency(it.to),
                    "money of one currency became another"
                );
                looked.cash(state, it.from);
                looked.cash(state, it.to);
            }
        }
    }
}

fn held_of(state: &State, account: AccountId, series: SeriesId) -> Tonnes {
    state.ledger.shelves.row(account).free(|it| it == series)
}

/// What is issued has a cap; link units have what waits for them.
fn check_cap(state: &State, id: SeriesId) {
    let series = state.ledger.series.row(id);
    if let Some(link) = series.link {
        let waits = held_of(state, link.escrow, link.of);
        let home = held_of(state, link.escrow, id);
        let out = series.issued - home;
        let most = link.arriving(waits);
        return assert!(out <= most, "series {id}: {out} are out, {waits} wait in escrow");
    }
    if let Some(drawn) = series.drawn {
        return check_draw(state, (id, series, drawn));
    }
    let cap = state.caps.get(&(series.jurisdiction, series.valid_from));
    let cap = cap.map(|it| it.issued_at_most()).unwrap_or_default();
    assert!(series.issued <= cap, "{} of series {id} issued, cap {cap}", series.issued);
}

/// What is drawn from evidence never exceeds it, and units never exceed what is drawn.
fn check_draw(state: &State, (id, series, drawn): (SeriesId, &Series, Drawn)) {
    let row = state.evidence.row(drawn.evidence);
    let (measured, credited) = (u128::from(row.measured.amount()), row.credited.amount());
    let sum = u128::from(row.certified.0).saturating_add(credited.into());
    assert!(sum <= measured, "{sum} of {measured} are drawn from evidence {}", drawn.evidence);
    assert!(!row.withdrawn, "series {id} is drawn from evidence that was withdrawn");
    match drawn.quantum {
        Some(WattHours(quantum)) => {
            // One of them may be carried energy of the period before.
            let energy = u128::from(series.issued.0).saturating_mul(quantum.into());
            let most = u128::from(row.certified.0).saturating_add(quantum.into());
            assert!(energy < most, "series {id}: {energy} Wh in certificates of {most}");
        }
        None => assert_eq!(series.issued, row.credits, "series {id}: credits of nothing"),
    }
}

/// The end of a queue: blocks are picked at the front and arrive at the back.
#[derive(Clone, Copy)]
enum End {
    Front,
    Back,
}

fn check_queue(state: &State, (account, series): (AccountId, SeriesId), end: End) {
    let shelf = state.ledger.shelves.row(account);
    let Ok(place) = shelf.queues.binary_search_by_key(&series, |it| it.series) else {
        return;
    };
    let Some(queue) = shelf.queues.get(place) else {
        return;
    };
    if queue.blocks.len() <= BLOCKS_LOOKED_AT {
        return check_blocks(account, queue);
    }
    // Of a long queue the end that was touched.
    let back = queue.blocks.len().saturating_sub(END_LOOKED_AT);
    match end {
        End::Front => check_order(account, queue.blocks.range(..END_LOOKED_AT)),
        End::Back => check_order(account, queue.blocks.range(back..)),
    }
}

fn check_blocks(account: AccountId, queue: &Queue) {
    let sum: Tonnes = queue.blocks.iter().map(|it| it.serials.count).sum();
    assert_eq!(sum, queue.total, "account {account}: blocks do not add up");
    check_order(account, queue.blocks.iter());
}

fn check_order<'a>(account: AccountId, blocks: impl Iterator<Item = &'a Block> + Clone) {
    let key = |it: &Block| (it.acquired, it.serials.first);
    for (one, two) in blocks.clone().zip(blocks.clone().skip(1)) {
        assert!(key(one) < key(two), "account {account}: blocks out of order");
    }
    let mut blocks = blocks;
    let empty = blocks.any(|it| it.serials.count == Tonnes::ZERO);
    assert!(!empty, "account {account}: an empty block");
}

fn check_hold(state: &State, id: HoldId) {
    if let Some(hold) = state.ledger.holds.get(&id) {
        assert!(hold.cash >= Money::ZERO, "hold {id} has released more money than it held");
        assert!(!hold.is_empty(), "hold {id} is empty and was not ended");
    }
    assert!(
        id < state.ledger.next_hold,
        "hold {id} was made by another way than its first posting"
    );
}

fn check_cash(state: &State, id: CashAccountId) {
    let account = state.ledger.cash.row(id);
    let is_bank = || state.parties.row(account.holder).role == Role::SettlementBank;
    assert!(account.held >= Money::ZERO, "cash account {id} holds less than nothing");
    assert!(account.free >= Money::ZERO || is_bank(), "cash account {id} is overdrawn");
}

/// Checks everything: at the start, at snapshots, at the end of a story, now and then in the
/// simulator. Panics with the thing that is wrong.
pub fn sweep(state: &State) {
    let mut owned: BTreeMap<SeriesId, Vec<Serials>> = BTreeMap::new();
    let mut ended: BTreeMap<SeriesId, Tonnes> = BTreeMap::new();
    for (id, shelf) in state.ledger.shelves.iter() {
        let ends = state.accounts.row(id).kind.ends_units();
        for queue in &shelf.queues {
            check_blocks(id, queue);
            owned.entry(queue.series).or_default().extend(queue.blocks.iter().map(|it| it.serials));
            if ends {
                *ended.entry(queue.series).or_default() += queue.total;
            }
        }
    }
    for (_, hold) in state.ledger.holds.iter() {
        for (series, block) in &hold.units {
            owned.entry(*series).or_default().push(block.serials);
        }
    }
    for (id, series) in state.ledger.series.iter() {
        check_cap(state, id);
        check_serials(id, series.issued, owned.remove(&id).unwrap_or_default());
        let sat = ended.remove(&id).unwrap_or_default();
        assert_eq!(series.ended, sat, "series {id}: ended units are elsewhere");
    }
    assert!(owned.is_empty(), "units of a series that is not there");
    sweep_money(state);
    sweep_orders(state);
}

/// Every serial ever issued has exactly one place.
fn check_serials(id: SeriesId, issued: Tonnes, mut serials: Vec<Serials>) {
    serials.sort_unstable_by_key(|it| it.first);
    let mut next = 1;
    for it in serials {
        assert_eq!(it.first, next, "series {id}: a serial has two owners or none");
        next = it.end();
    }
    assert_eq!(next, issued.0.saturating_add(1), "series {id}: the last serials have no owner");
}

fn sweep_money(state: &State) {
    let mut total = Money::ZERO;
    let mut held = Money::ZERO;
    for (id, account) in state.ledger.cash.iter() {
        check_cash(state, id);
        total += account.free + account.held;
        held += account.held;
    }
    assert_eq!(total, Money::ZERO, "money appeared or vanished");
    let in_holds: Money = state.ledger.holds.iter().map(|(_, it)| it.cash).sum();
    assert_eq!(held, in_holds, "money is set aside for nothing");
}

/// Every hold belongs to an order, a bid or an auction, and holds what it should; every order
/// stands in its book.
fn sweep_orders(state: &State) {
    let mut holds: BTreeSet<HoldId> = state.ledger.holds.iter().map(|(id, _)| id).collect();
    for order in state.orders.iter() {
        let id = order.id;
        let hold = state.ledger.holds.get(&order.hold).cloned().unwrap_or_default();
        holds.remove(&order.hold);
        let units = held(&hold);
        match order.side {
            Side::Sell => assert_eq!(units, order.remaining, "order {id} holds not what it offers"),
            Side::Buy => {
                let cost = order.reserve(order.remaining).unwrap_or_default();
                assert_eq!(hold.cash, cost, "order {id} holds not what it may cost");
            }
        }
    }
    for (id, auction) in state.auctions.iter().filter(|(_, it)| it.result.is_none()) {
        let units = state.ledger.holds.get(&auction.hold).map(held).unwrap_or_default();
        assert_eq!(units, auction.volume, "auction {id} holds not what it sells");
        holds.remove(&auction.hold);
        for it in &auction.consigned {
            let units = state.ledger.holds.get(&it.hold).map(held).unwrap_or_default();
            assert_eq!(units, it.quantity, "auction {id} holds not what was consigned to it");
            holds.remove(&it.hold);
        }
        for bid in &auction.bids {
            let cash = state.ledger.holds.get(&bid.hold).map(|it| it.cash).unwrap_or_default();
            assert_eq!(cash, bid.promised(), "a bid of auction {id} holds not what it may cost");
            holds.remove(&bid.hold);
        }
    }
    for (coupling, it) in &state.settlements {
        let cash = state.ledger.holds.get(&it.hold).map(|it| it.cash).unwrap_or_default();
        assert_eq!(cash, it.progress.pot, "coupling {coupling} holds not what is on its way");
        holds.remove(&it.hold);
    }
    for (id, delayed) in &state.delayed {
        let units = state.ledger.holds.get(id).map(held).unwrap_or_default();
        assert!(units > Tonnes::ZERO, "transfer {id} waits and holds nothing");
        assert!(units >= delayed.counted, "transfer {id} holds less than it counts");
        holds.remove(id);
    }
    for id in state.locks.keys() {
        let units = state.ledger.holds.get(id).map(held).unwrap_or_default();
        assert!(units > Tonnes::ZERO, "lock {id} holds nothing");
        holds.remove(id);
    }
    for (id, payment) in &state.bank.payments {
        for (leg, hold) in payment.legs.iter().filter_map(|it| Some((it, it.hold?))) {
            let cash = state.ledger.holds.get(&hold).map(|it| it.cash).unwrap_or_default();
            assert_eq!(cash, leg.amount, "payment {id} holds not what is to go out");
            holds.remove(&hold);
        }
    }
    for (frozen, hold) in state.freezes.iter().filter_map(|(id, it)| Some((id, it.hold?))) {
        let units = state.ledger.holds.get(&hold).map(held).unwrap_or_default();
        let expected = match frozen {
            Frozen::Serials(_, _, _, count) => *count,
            Frozen::Account(_) | Frozen::Holder(_) | Frozen::Jurisdiction(_) | Frozen::Market => {
                Tonnes::ZERO
            }
        };
        assert_eq!(units, expected, "a freeze holds not the serials it names");
        holds.remove(&hold);
    }
    assert!(holds.is_empty(), "something is set aside for nobody: {holds:?}");
}

fn held(hold: &Hold) -> Tonnes {
    hold.units.iter().map(|(_, it)| it.serials.count).sum()
}
