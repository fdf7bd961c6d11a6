//! What market makers are measured by.
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

use karvan_core::{State, apply};
use karvan_views::makers::{Makers, Row};
use std::path::Path;
use story::{Story, tell};

const HOUR_MS: i64 = 3_600_000;

/// What is measured in a market with sessions from 10 to 16 o'clock, and of which party.
fn measured(text: &str) -> (Story, Vec<Row>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    let opening = "use market\nby R\npolicy trading=sessions maker=yes\n\
        by XA\ncap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=1000\n\
        central of=X from=total to=allocation year=2027 quantity=500\n\
        entitle of=X year=2027 K1:300 K2:200\nallocate of=X year=2027 K1 K2\n\
        by OP1\ntransfer from=K1 to=TA series=X2027 quantity=100\n\
        time 2027-01-11T10:00\n";
    let mut story = Story::new();
    tell(&folder, &format!("{opening}{text}"), &mut story, "a story of market makers");
    let (mut state, mut makers) = (State::default(), Makers::default());
    for (header, events) in &story.journal {
        let touched = Makers::touched(&state, events);
        events.iter().for_each(|it| apply(&mut state, header, it));
        makers.take(&state, header.at, touched);
    }
    let rows = makers.rows(&state, state.now);
    (story, rows)
}

#[test]
fn a_quote_counts_while_a_session_goes_on_and_both_sides_are_near_and_large_enough() {
    // 7.92 and 8.08 are 2 % apart; the day's session is from 10 to 16.
    let (story, rows) = measured(
        "by T\nb = buy in=X:2027 account=TA price=7.92 quantity=10\n\
        a = sell in=X:2027 account=TA price=8.08 quantity=20\n\
        by OP2\nsell in=X:2027 account=K2 price=9.00 quantity=5\n\
        time 2027-01-11T12:00\nby T\namend-order a price=8.10 quantity=20\n\
        time 2027-01-11T13:00\namend-order a price=8.00 quantity=20\n\
        time 2027-01-11T15:00\ncancel b\n\
        time 2027-01-11T16:00\n",
    );
    let [row] = rows.as_slice() else { panic!("one party quotes both sides: {rows:?}") };
    assert_eq!(row.party, story.party("T"));
    assert_eq!(row.sessions_ms, 6 * HOUR_MS);
    assert_eq!(row.measured.quoted_ms, 5 * HOUR_MS);
    // From 12 to 13 it was 2.25 % apart.
    assert_eq!(row.measured.met_ms, 4 * HOUR_MS);
    assert_eq!(row.presence_bp(), 6_666);
    assert_eq!(row.is_met(), Some(true));
    assert_eq!((row.measured.spread_bp(), row.measured.size()), (Some(164), Some(10)));
}

#[test]
fn the_night_does_not_count_and_a_trade_that_leaves_too_little_ends_it() {
    let (_, rows) = measured(
        "by T\nbuy in=X:2027 account=TA price=7.95 quantity=10\n\
        sell in=X:2027 account=TA price=8.05 quantity=12\n\
        time 2027-01-12T11:00\n\
        by OP2\nbuy in=X:2027 account=K2 price=8.05 quantity=3\n\
        time 2027-01-12T16:00\n",
    );
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!(row.sessions_ms, 12 * HOUR_MS);
    assert_eq!(row.measured.met_ms, 7 * HOUR_MS);
    assert_eq!(row.measured.quoted_ms, 12 * HOUR_MS);
    assert_eq!((row.presence_bp(), row.is_met()), (5_833, Some(true)));
    let (_, rows) = measured(
        "by T\nbuy in=X:2027 account=TA price=7.95 quantity=9\n\
        sell in=X:2027 account=TA price=8.05 quantity=12\ntime 2027-01-11T16:00\n",
    );
    assert_eq!(rows.iter().map(Row::is_met).collect::<Vec<_>>(), [Some(false)], "too small");
}
