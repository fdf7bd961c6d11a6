//! Market data against what the journal says, story by story.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test stops"
)]

#[path = "../../core/tests/shared/story.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod story;

use karvan_core::book::Market;
use karvan_core::compatibility::SettlementClass;
use karvan_core::exchange::Side;
use karvan_core::id::JurisdictionId;
use karvan_core::quantity::{Price, Tonnes};
use karvan_core::time::{Instant, Year};
use karvan_core::{Event, State, apply};
use karvan_views::depth::{Level, depth};
use karvan_views::market_data::{Length, MarketData, Venue};
use std::path::Path;
use story::{Story, tell};

const X2027: Market = Market::of_allowances(JurisdictionId(0), Year(2027));

fn told(text: &str) -> Story {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    let mut story = Story::new();
    tell(&folder, text, &mut story, "a story of market data");
    story
}

/// Reads the journal again, as a follower does.
fn followed(story: &Story) -> MarketData {
    let (mut state, mut data) = (State::default(), MarketData::default());
    for (header, events) in &story.journal {
        data.take(&state, header, events);
        events.iter().for_each(|it| apply(&mut state, header, it));
    }
    data
}

const OPENING: &str = "use market\n\
    by R\npolicy trading=all class_y=R\n\
    by XA\ncap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=1000\n\
    central of=X from=total to=allocation year=2027 quantity=500\n\
    entitle of=X year=2027 K1:300 K2:200\nallocate of=X year=2027 K1 K2\n\
    time 2027-01-11T10:00\n";

#[test]
fn sessions_calls_and_block_trades_make_candles_and_block_trades_are_told_later() {
    let mut text = OPENING.to_owned();
    text.push_str(
        "by OP1\no1 = sell in=X:2027 account=K1 price=8.00 quantity=50\n\
        by T\nbuy in=X:2027 account=TA price=8.00 quantity=20\n\
        time 2027-01-11T10:30\n\
        by OP2\nsell in=X:2027 account=K2 price=7.00 quantity=10\n\
        by T\nbuy in=X:2027 account=TA price=7.50 quantity=10\n\
        by OP1\nblock in=X:2027 from=K1 to=TA price=7.50 quantity=100\n\
        time 2027-01-11T11:00\n\
        by T\nbuy in=X:2027 account=TA price=8.50 quantity=5\n",
    );
    let story = told(&text);
    let data = followed(&story);
    let it = data.of(X2027).expect("a market");
    let trades: Vec<_> = it.trades.iter().map(|it| (it.venue, it.price.0, it.quantity.0)).collect();
    let session = |price, quantity| (Venue::Session, price, quantity);
    assert_eq!(trades, [session(800, 20), session(700, 10), session(800, 5)]);
    assert_eq!((it.volume, it.count, it.value), (Tonnes(35), 3, 27_000));
    assert_eq!(it.mean(), Some(Price(771)), "27,000 cents for 35 t");
    let hours: Vec<_> = it.candles(Length::Hour).map(|it| (it.volume.0, it.prices)).collect();
    let prices = |it: [i64; 4]| Some(it.map(Price));
    assert_eq!(hours, [(30, prices([800, 800, 700, 700])), (5, prices([800; 4]))]);
    // An hour after it was made the block trade is known, in the hour in which it was made.
    let mut later = data.clone();
    later.publish(Instant(story.state.now.0 + 30 * 60_000));
    let it = later.of(X2027).expect("a market");
    assert_eq!((it.volume, it.count), (Tonnes(135), 4));
    assert_eq!(it.last.map(|(price, _)| price), Some(Price(800)), "it is no reference");
    let hours: Vec<_> = it.candles(Length::Hour).map(|it| (it.volume.0, it.prices)).collect();
    assert_eq!(hours, [(130, prices([800, 800, 700, 700])), (5, prices([800; 4]))]);
    assert_eq!(it.candles(Length::Day).count(), 1);
}

#[test]
fn a_class_sees_what_it_can_trade_with() {
    let text = OPENING.to_owned()
        + "set-class OP2 R\n\
        by OP1\nsell in=X:2027 account=K1 price=8.00 quantity=50\n\
        sell in=X:2027 account=K1 price=8.20 quantity=10\n\
        by OP2\nsell in=X:2027 account=K2 price=8.00 quantity=7\n\
        sell in=X:2027 account=K2 price=8.10 quantity=7\n";
    let state = told(&text).state;
    let seen = |class: Option<char>, most| {
        let class = class.map(|it| SettlementClass::new(it).unwrap());
        let levels = depth(&state, (X2027, Side::Sell), (class, most));
        levels.iter().map(|it| (it.price.0, it.quantity.0, it.orders)).collect::<Vec<_>>()
    };
    assert_eq!(seen(None, 9), [(800, 57, 2), (810, 7, 1), (820, 10, 1)]);
    assert_eq!(seen(Some('A'), 9), [(800, 50, 1), (820, 10, 1)]);
    assert_eq!(seen(Some('R'), 1), [(800, 7, 1)]);
    let none: Vec<Level> = depth(&state, (X2027, Side::Buy), (None, 9));
    assert!(none.is_empty());
}

/// Whatever a story does: all that was traded is in the data, once, and candles add up to it.
#[test]
fn every_story_adds_up() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    let names = [
        "sessions",
        "session_bands",
        "session_rules",
        "settlement_classes",
        "calls",
        "drawn_end",
        "block_trades",
        "direct_buy",
        "coupling",
    ];
    let mut seen = 0;
    for name in names {
        let text = std::fs::read_to_string(folder.join(format!("{name}.txt"))).unwrap();
        let story = told(&text);
        let mut data = followed(&story);
        data.publish(Instant(i64::MAX));
        let mut expected = Tonnes::ZERO;
        for event in story.journal.iter().flat_map(|(_, events)| events) {
            match event {
                Event::OrderTraded(it) => expected += it.quantity,
                Event::BlockTradeMade(it) => expected += it.quantity,
                Event::CallCleared(it) => {
                    // In these stories a call is cleared by one record.
                    assert_eq!(it.result.left, Tonnes::ZERO);
                    expected += it.result.volume;
                }
                _ => {}
            }
        }
        let volume: Tonnes = data.markets().map(|(_, it)| it.volume).sum();
        assert_eq!(volume, expected, "{name}");
        for (_, it) in data.markets() {
            for length in Length::ALL {
                let sum: Tonnes = it.candles(length).map(|it| it.volume).sum();
                let value: i128 = it.candles(length).map(|it| it.value).sum();
                assert_eq!((sum, value), (it.volume, it.value), "{name}");
            }
            seen += it.count;
        }
    }
    assert!(seen > 20, "{seen} trades");
}
