//! What surveillance finds, and what it leaves alone.
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
use karvan_views::surveillance::{Pattern, Surveillance};
use std::path::Path;
use story::{Story, tell};

/// What is found in a market with sessions from 10 to 16 o'clock: pattern, parties by name, units.
fn found(trading: &str, text: &str) -> Vec<(Pattern, String, u64)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    let opening = format!(
        "use market\nby R\npolicy trading={trading}\n\
        by XA\nT2 = party trader of=X group=8\nTB = account trading holder=T2 of=X\n\
        by BANK\ncash-account party=T2\ndeposit party=T2 amount=10000 line=8\n\
        by XA\ncap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=1000\n\
        central of=X from=total to=allocation year=2027 quantity=500\n\
        entitle of=X year=2027 K1:300 K2:200\nallocate of=X year=2027 K1 K2\n\
        time 2027-01-11T10:00\n"
    );
    let mut story = Story::new();
    tell(&folder, &(opening + text), &mut story, "a story of surveillance");
    let (mut state, mut watch) = (State::default(), Surveillance::default());
    for (header, events) in &story.journal {
        watch.take(&state, header, events);
        events.iter().for_each(|it| apply(&mut state, header, it));
    }
    watch.pass(&state, state.now);
    let names = [("OP1", "1"), ("OP2", "2"), ("T", "T"), ("T2", "U")];
    let name = |party| {
        let known = names.iter().find(|(name, _)| story.party(name) == party);
        known.map_or("?", |(_, letter)| letter)
    };
    watch
        .alerts()
        .iter()
        .map(|it| {
            let (first, last) = it.records;
            assert!(first <= last && last <= state.position, "{it:?}");
            (it.pattern, it.parties.iter().map(|it| name(*it)).collect(), it.quantity.0)
        })
        .collect()
}

#[test]
fn units_that_go_to_another_party_and_come_back_are_a_wash_trade() {
    let there = "by OP1\nsell in=X:2027 account=K1 price=8.00 quantity=100\n\
        by T\nbuy in=X:2027 account=TA price=8.00 quantity=100\n";
    let back = "time 2027-01-11T11:00\n\
        by T\nsell in=X:2027 account=TA price=8.10 quantity=95\n\
        by OP1\nbuy in=X:2027 account=K1 price=8.10 quantity=95\n";
    assert_eq!(found("sessions", there), []);
    let both = found("sessions", &format!("{there}{back}"));
    assert_eq!(both, [(Pattern::WashTrade, "1T".to_owned(), 95)]);
    // Told once; what comes back two days later, or a small part of it, is none.
    let again = "by T\nsell in=X:2027 account=TA price=8.10 quantity=5\n\
        by OP1\nbuy in=X:2027 account=K1 price=8.10 quantity=5\n";
    assert_eq!(found("sessions", &format!("{there}{back}{again}")).len(), 1);
    let late = back.replace("2027-01-11", "2027-01-13");
    assert_eq!(found("sessions", &format!("{there}{late}")), []);
    let part = back.replace("quantity=95", "quantity=50");
    assert_eq!(found("sessions", &format!("{there}{part}")), []);
}

#[test]
fn orders_that_are_shown_while_the_other_side_is_traded_and_taken_back_are_layers() {
    let layers: String = (0..5)
        .map(|it| format!("L{it} = sell in=X:2027 account=K1 price=9.{it}0 quantity=30\n"))
        .collect();
    let traded = "by OP2\nsell in=X:2027 account=K2 price=8.00 quantity=20\n\
        by OP1\nbuy in=X:2027 account=K1 price=8.00 quantity=20\n";
    let back: String = (0..5).map(|it| format!("cancel L{it}\n")).collect();
    let story = format!("by OP1\n{layers}{traded}{back}");
    assert_eq!(found("sessions", &story), [(Pattern::Layering, "1".to_owned(), 150)]);
    // What ends with the session nobody took back.
    let short = layers.replace("quantity=30", "quantity=30 until=2027-01-11T10:05");
    let ended = format!("by OP1\n{short}{traded}time 2027-01-11T10:06\n");
    assert_eq!(found("sessions", &ended), []);
    // Without a trade on the other side, or half an hour later, they are orders like others.
    assert_eq!(found("sessions", &format!("by OP1\n{layers}{back}")), []);
    let later = format!("by OP1\n{layers}{traded}time 2027-01-11T10:30\n{back}");
    assert_eq!(found("sessions", &later), []);
}

#[test]
fn one_party_that_moves_the_price_in_the_last_minutes_marks_the_close() {
    let day = "by OP1\nsell in=X:2027 account=K1 price=8.00 quantity=10\n\
        by T\nbuy in=X:2027 account=TA price=8.00 quantity=10\n\
        by OP1\nsell in=X:2027 account=K1 price=8.40 quantity=10\n";
    let close = "time 2027-01-11T15:50\n\
        by T\nbuy in=X:2027 account=TA price=8.40 quantity=10\n\
        time 2027-01-11T16:00\n";
    let story = format!("{day}{close}");
    assert_eq!(found("sessions", &story), [(Pattern::MarkingTheClose, "T".to_owned(), 10)]);
    let little = story.replace("8.40", "8.10");
    assert_eq!(found("sessions", &little), []);
    let early = story.replace("T15:50", "T15:40");
    assert_eq!(found("sessions", &early), []);
}

#[test]
fn one_party_that_makes_most_of_a_day_is_told_where_enough_trade() {
    let sell = |account: &str, by: &str, quantity: u32| {
        format!("by {by}\nsell in=X:2027 account={account} price=8.00 quantity={quantity}\n")
    };
    let buy = |account: &str, by: &str, quantity: u32| {
        format!("by {by}\nbuy in=X:2027 account={account} price=8.00 quantity={quantity}\n")
    };
    let day = sell("K1", "OP1", 50) + &sell("K2", "OP2", 50) + &buy("TA", "T", 70);
    let four = day.clone() + &buy("TB", "T2", 30) + "time 2027-01-13\n";
    assert_eq!(found("sessions", &four), [(Pattern::Concentration, "T".to_owned(), 70)]);
    let three = day + "time 2027-01-13\n";
    assert_eq!(found("sessions", &three), []);
    // In calls too.
    let call = "by XA\nC = call of=X year=2027 opens=2027-01-12 closes=2027-01-12T12:00\n\
        time 2027-01-12\n"
        .to_owned()
        + &(sell("K1", "OP1", 50) + &sell("K2", "OP2", 50)).replace("X:2027", "C")
        + &(buy("TA", "T", 70) + &buy("TB", "T2", 30)).replace("X:2027", "C")
        + "time 2027-01-12T12:00\nby XA\nclear-call C\ntime 2027-01-14\n";
    assert_eq!(found("calls", &call), [(Pattern::Concentration, "T".to_owned(), 70)]);
}

#[test]
fn a_block_trade_that_comes_back_is_a_wash_trade_too() {
    let last = "by XA\nC = call of=X year=2027 opens=2027-01-11T11:00 closes=2027-01-11T12:00\n\
        time 2027-01-11T11:00\nby OP2\nsell in=C account=K2 price=8.00 quantity=1\n\
        by T2\nbuy in=C account=TB price=8.00 quantity=1\n\
        time 2027-01-11T12:00\nby XA\nclear-call C\n";
    let there = "by OP1\nblock in=X:2027 from=K1 to=TA price=8.00 quantity=100\n";
    let back = "by T\nblock in=X:2027 from=TA to=K1 price=8.00 quantity=100\n";
    let both = found("blocks", &format!("{last}{there}{back}"));
    assert_eq!(both, [(Pattern::WashTrade, "1T".to_owned(), 100)]);
}

#[test]
fn orders_that_only_move_the_price_of_a_call_and_are_taken_back_before_it_clears_are_layers() {
    let opening = "by XA\nC = call of=X year=2027 opens=2027-01-12T10:00 closes=2027-01-12T12:00\n\
        time 2027-01-12T10:00\nby T2\nbuy in=C account=TB price=8.00 quantity=40\n\
        by OP1\nsell in=C account=K1 price=7.00 quantity=10\n";
    let layers = |count: u32| -> String {
        let shown = (1..=count)
            .map(|it| format!("L{it} = buy in=C account=K1 price=6.9{it} quantity=20\n"));
        let back = (1..=count).map(|it| format!("cancel L{it}\n"));
        shown.chain(["time 2027-01-12T11:50\n".to_owned()]).chain(back).collect()
    };
    let clear = "time 2027-01-12T12:00\nby XA\nclear-call C\ntime 2027-01-14\n";
    let five = found("calls", &format!("{opening}{}{clear}", layers(5)));
    assert_eq!(five, [(Pattern::Layering, "1".to_owned(), 100)]);
    assert_eq!(found("calls", &format!("{opening}{}{clear}", layers(4))), []);
    // Who shows orders and buys nothing on the other side only changed its mind.
    let mind = opening.replace("by OP1\nsell in=C account=K1", "by OP2\nsell in=C account=K2");
    let mind = format!("{mind}by OP1\n{}{clear}", layers(5));
    assert_eq!(found("calls", &mind), []);
}
