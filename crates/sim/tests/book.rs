//! The book of continuous trading against its naive twin, in lockstep, for every kind of order;
//! and the traps that such books are known for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a failing test stops"
)]

use karvan_core::book::plan::{self, Change, Incoming, OrderKind, SelfMatch, Unfit};
use karvan_core::book::{Book, Market, Order, Step};
use karvan_core::exchange::Side;
use karvan_core::id::{GroupId, JurisdictionId, OrderId};
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::Year;
use karvan_sim::naive_book::{NaiveBook, Traded};
use proptest::prelude::*;

/// The market of bare orders.
const MARKET: Market = Market::of_allowances(JurisdictionId(0), Year(0));
const KINDS: [OrderKind; 5] = [
    OrderKind::Limit,
    OrderKind::Market,
    OrderKind::ImmediateOrCancel,
    OrderKind::FillOrKill,
    OrderKind::PostOnly,
];
const SELF_MATCHES: [SelfMatch; 4] = [
    SelfMatch::CancelIncoming,
    SelfMatch::CancelResting,
    SelfMatch::CancelBoth,
    SelfMatch::Decrement,
];

#[derive(Clone, Copy, Debug)]
enum Asked {
    New(Incoming),
    Cancel(OrderId),
    Replace(Change),
}

/// Plays what is asked; the trades, or why not.
fn play(book: &mut Book, asked: &Asked) -> Result<Vec<Traded>, Unfit> {
    let mut steps = Vec::new();
    let free = plan::unlimited();
    let planned = match asked {
        Asked::New(it) => (it.order.id, plan::place(book, it, &free, &mut steps)),
        Asked::Cancel(id) => (*id, plan::cancel(book, *id)),
        Asked::Replace(it) => (it.order, plan::replace(book, it, &free, &mut steps)),
    };
    let own = match planned {
        (id, Ok(it)) => (id, it.own),
        (_, Err(why)) => {
            assert!(steps.is_empty(), "what is refused does nothing");
            return Err(why);
        }
    };
    let mut trades = Vec::new();
    for step in &steps {
        if let Step::Trade { maker, taker, price, quantity } = *step {
            trades.push((maker.0, taker.0, price.0, quantity.0));
        }
        book.take(step);
    }
    book.take_own(own.0, &own.1);
    Ok(trades)
}

fn side_of(book: &Book, side: Side) -> Vec<Order> {
    book.orders(MARKET, side).copied().collect()
}

fn asked() -> impl Strategy<Value = Asked> {
    let id = (0u64..12).prop_map(OrderId);
    let price = (1i64..9).prop_map(Price);
    let kind = prop::sample::select(KINDS.to_vec());
    let own = prop::sample::select(SELF_MATCHES.to_vec());
    let group = prop::option::of((1u32..4).prop_map(GroupId));
    let new = (id.clone(), group, any::<bool>(), price.clone(), 0u64..20, kind, own.clone());
    prop_oneof![
        6 => new.prop_map(|(id, group, buys, price, quantity, kind, self_match)| {
            let side = if buys { Side::Buy } else { Side::Sell };
            let order = Order { group, ..Order::bare(id, side, price, Tonnes(quantity)) };
            Asked::New(Incoming { order, kind, self_match })
        }),
        1 => id.clone().prop_map(Asked::Cancel),
        3 => (id, 0i64..9, 0u64..25, own).prop_map(|(order, price, quantity, self_match)| {
            let (price, quantity) = (Price(price), Tonnes(quantity));
            Asked::Replace(Change { order, price, quantity, self_match })
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn book_and_naive_twin_agree_after_every_command(
        all in prop::collection::vec(asked(), 1..120),
    ) {
        let (mut book, mut twin) = (Book::default(), NaiveBook::default());
        for it in &all {
            let expected = match it {
                Asked::New(it) => twin.place(it),
                Asked::Cancel(id) => twin.cancel(*id),
                Asked::Replace(it) => twin.replace(it),
            };
            prop_assert_eq!(play(&mut book, it).ok(), expected, "{:?}", it);
            prop_assert_eq!(side_of(&book, Side::Buy), twin.bids.clone());
            prop_assert_eq!(side_of(&book, Side::Sell), twin.asks.clone());
            let best = book.best(MARKET, Side::Buy).zip(book.best(MARKET, Side::Sell));
            let crossed = best.is_some_and(|(bid, ask)| bid >= ask);
            prop_assert!(!crossed, "the book is crossed");
        }
    }
}

fn order(id: u64, side: Side, price: i64, quantity: u64) -> Incoming {
    Incoming {
        order: Order::bare(OrderId(id), side, Price(price), Tonnes(quantity)),
        kind: OrderKind::Limit,
        self_match: SelfMatch::CancelIncoming,
    }
}

fn change(id: u64, price: i64, quantity: u64) -> Asked {
    let (price, quantity) = (Price(price), Tonnes(quantity));
    let self_match = SelfMatch::CancelIncoming;
    Asked::Replace(Change { order: OrderId(id), price, quantity, self_match })
}

fn own_group(it: Incoming) -> Incoming {
    Incoming { order: Order { group: Some(GroupId(1)), ..it.order }, ..it }
}

fn with(orders: &[Incoming]) -> Book {
    let mut book = Book::default();
    for it in orders {
        play(&mut book, &Asked::New(*it)).unwrap();
    }
    book
}

fn ids(book: &Book, side: Side) -> Vec<u64> {
    book.orders(MARKET, side).map(|it| it.id.0).collect()
}

#[test]
fn a_partial_fill_keeps_its_place_and_so_does_less() {
    let mut book = with(&[order(1, Side::Sell, 5, 10), order(2, Side::Sell, 5, 10)]);
    let trades = play(&mut book, &Asked::New(order(3, Side::Buy, 5, 4))).unwrap();
    assert_eq!(trades, [(1, 3, 5, 4)]);
    assert_eq!(ids(&book, Side::Sell), [1, 2]);
    // Ten in all, four of them filled: eight leave four.
    play(&mut book, &change(1, 5, 8)).unwrap();
    assert_eq!(
        (book.get(OrderId(1)).unwrap().remaining, ids(&book, Side::Sell)),
        (Tonnes(4), vec![1, 2])
    );
    // More goes to the back, under the same name.
    play(&mut book, &change(1, 5, 9)).unwrap();
    assert_eq!(
        (book.get(OrderId(1)).unwrap().filled, ids(&book, Side::Sell)),
        (Tonnes(4), vec![2, 1])
    );
    // What is filled, or less, ends it.
    play(&mut book, &change(1, 5, 4)).unwrap();
    assert_eq!(ids(&book, Side::Sell), [2]);
}

#[test]
fn a_change_that_cannot_be_leaves_the_order_and_never_half_a_change() {
    let post = Incoming { kind: OrderKind::PostOnly, ..order(1, Side::Buy, 4, 10) };
    let mut book = with(&[post, order(2, Side::Sell, 5, 10)]);
    let before = side_of(&book, Side::Buy);
    let crosses = change(1, 5, 10);
    assert_eq!(play(&mut book, &crosses), Err(Unfit::WouldTrade));
    let worthless = change(1, 0, 10);
    assert_eq!(play(&mut book, &worthless), Err(Unfit::PriceNotPositive));
    let unknown = change(7, 5, 10);
    assert_eq!(play(&mut book, &unknown), Err(Unfit::NotResting));
    assert_eq!(side_of(&book, Side::Buy), before);
    // A limit order that is changed to cross trades as if it came anew.
    let mut book = with(&[order(1, Side::Buy, 4, 10), order(2, Side::Sell, 5, 6)]);
    let trades = play(&mut book, &crosses).unwrap();
    assert_eq!((trades, book.get(OrderId(1)).unwrap().remaining), (vec![(2, 1, 5, 6)], Tonnes(4)));
}

#[test]
fn fill_or_kill_is_judged_before_the_first_fill_with_its_own_group_in_the_way() {
    let orders = [
        order(1, Side::Sell, 5, 5),
        own_group(order(2, Side::Sell, 5, 5)),
        order(3, Side::Sell, 5, 5),
    ];
    let mut book = with(&orders);
    let kill = |own, quantity| {
        let it = own_group(order(9, Side::Buy, 5, quantity));
        Asked::New(Incoming { kind: OrderKind::FillOrKill, self_match: own, ..it })
    };
    assert_eq!(play(&mut book, &kill(SelfMatch::CancelIncoming, 6)), Err(Unfit::NotWhole));
    assert_eq!(play(&mut book, &kill(SelfMatch::Decrement, 10)), Err(Unfit::NotWhole));
    assert_eq!(ids(&book, Side::Sell), [1, 2, 3]);
    let trades = play(&mut book, &kill(SelfMatch::CancelResting, 10)).unwrap();
    assert_eq!((trades.len(), ids(&book, Side::Sell)), (2, vec![]));
}

#[test]
fn a_self_match_follows_the_order_of_consumption() {
    let orders = [
        order(1, Side::Sell, 5, 3),
        own_group(order(2, Side::Sell, 5, 5)),
        order(3, Side::Sell, 6, 5),
    ];
    let comes = |self_match| {
        let mut book = with(&orders);
        let it = Incoming { self_match, ..own_group(order(9, Side::Buy, 6, 10)) };
        let trades = play(&mut book, &Asked::New(it)).unwrap();
        (trades, ids(&book, Side::Sell), ids(&book, Side::Buy))
    };
    // What stands before its own is taken; then the incoming one ends.
    assert_eq!(comes(SelfMatch::CancelIncoming), (vec![(1, 9, 5, 3)], vec![2, 3], vec![]));
    assert_eq!(comes(SelfMatch::CancelBoth), (vec![(1, 9, 5, 3)], vec![3], vec![]));
    let through = vec![(1, 9, 5, 3), (3, 9, 6, 5)];
    assert_eq!(comes(SelfMatch::CancelResting), (through, vec![], vec![9]));
    assert_eq!(comes(SelfMatch::Decrement), (vec![(1, 9, 5, 3), (3, 9, 6, 2)], vec![3], vec![]));
}

#[test]
fn a_name_that_rests_never_makes_a_second_order() {
    let mut book = with(&[order(1, Side::Buy, 4, 10)]);
    assert_eq!(play(&mut book, &Asked::New(order(1, Side::Sell, 4, 10))), Err(Unfit::Resting));
    assert_eq!(book.get(OrderId(1)).unwrap().remaining, Tonnes(10));
}
