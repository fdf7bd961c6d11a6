//! The shadow log beside a whole market: it agrees record after record, and whoever tampers with
//! the ledger is found, block by block.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use karvan_core::account::AccountKind;
use karvan_core::id::{AccountId, PartyId, SeriesId};
use karvan_core::ledger::posting::{UnitsEnded, UnitsIssued, UnitsMoved};
use karvan_core::ledger::{Block, Serials};
use karvan_core::proposal::who_may_approve;
use karvan_core::quantity::Tonnes;
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::{Command, Context, Event, Events, RecordHeader, Refusal, State, apply, decide};
use karvan_engine::frame::frames;
use karvan_engine::journal::Journal;
use karvan_engine::journal::memory::MemoryJournal;
use karvan_engine::reconcile;
use karvan_engine::shadow::{Difference, Shadow};
use karvan_engine::writer::replay;
use karvan_policy::Policy;
use karvan_rehearsal::{Play, SITES, Settings, plants, sites};
use std::collections::BTreeSet;

/// The journal of the market of two invented countries.
fn journal() -> Vec<u8> {
    let policy = Policy::parse(include_str!("two-countries.toml")).unwrap();
    let (first, seed) = (policy.first_year, policy.rehearsal.seed);
    let plants = plants::read(include_str!("two-countries.csv")).unwrap();
    let sites = sites::read(SITES).unwrap();
    let settings = Settings { policy, plants, sites, first, last: first + 3, seed };
    let (_, market) = Play::new(settings, MemoryJournal::new()).run(&mut |_| {}).unwrap();
    market.writer().journal().read(1, usize::MAX).unwrap()
}

/// Both folds of the first half, when most units are still with those who need them.
fn folded(bytes: &[u8]) -> (State, Shadow) {
    let (mut state, mut shadow) = (State::default(), Shadow::default());
    let half = frames(bytes).count() / 2;
    for frame in frames(bytes).take(half) {
        let frame = frame.unwrap();
        replay(&mut state, frame.bytes, |_| {}).unwrap();
        shadow.take_frame(&frame).unwrap();
    }
    (state, shadow)
}

/// The two largest free blocks of different accounts of one series.
fn two_blocks(state: &State) -> (SeriesId, (AccountId, Block), (AccountId, Block)) {
    let mut all = Vec::new();
    for (account, shelf) in state.ledger.shelves.iter() {
        if state.accounts.row(account).kind.ends_units() {
            continue;
        }
        for queue in &shelf.queues {
            all.extend(queue.blocks.iter().map(|it| (queue.series, account, *it)));
        }
    }
    all.sort_by_key(|it| std::cmp::Reverse(it.2.serials.count));
    let (series, one, block) = all[0];
    let other = all.iter().find(|it| it.0 == series && it.1 != one).unwrap();
    (series, (one, block), (other.1, other.2))
}

#[test]
fn shadow_log_and_ledger_agree_after_every_record_of_a_market() {
    let bytes = journal();
    let (mut state, mut shadow) = (State::default(), Shadow::default());
    let mut most = 0;
    for (number, frame) in (1u64..).zip(frames(&bytes)) {
        let frame = frame.unwrap();
        replay(&mut state, frame.bytes, |_| {}).unwrap();
        shadow.take_frame(&frame).unwrap();
        if number.is_multiple_of(50) {
            assert_eq!(shadow.reconcile(&state), [], "after record {number}");
            most = shadow.blocks().max(most);
        }
    }
    assert_eq!(shadow.reconcile(&state), []);
    assert!(most > 50, "{most} blocks");
}

#[test]
fn a_holding_that_is_changed_is_named() {
    let (mut state, shadow) = folded(&journal());
    let (series, (one, block), (other, _)) = two_blocks(&state);
    let part = Serials { first: block.serials.first + 1, count: Tonnes(5) };
    state.ledger.shelves.row_mut(one).take(series, part);
    state.ledger.shelves.row_mut(other).put(series, Block { acquired: 1, serials: part });
    let (first, last) = (part.first, part.end() - 1);
    let (shadowed, ledger) = (Some(one), Some(other));
    let expected = Difference { series, first, last, shadow: shadowed, ledger };
    assert_eq!(shadow.reconcile(&state), [expected]);
}

#[test]
fn two_blocks_that_are_swapped_are_noticed_though_all_totals_are_right() {
    let (mut state, shadow) = folded(&journal());
    let (series, (one, block), (other, second)) = two_blocks(&state);
    let count = block.serials.count.min(second.serials.count);
    let mine = Serials { first: block.serials.first, count };
    let yours = Serials { first: second.serials.first, count };
    state.ledger.shelves.row_mut(one).take(series, mine);
    state.ledger.shelves.row_mut(other).take(series, yours);
    state.ledger.shelves.row_mut(one).put(series, Block { acquired: 1, serials: yours });
    state.ledger.shelves.row_mut(other).put(series, Block { acquired: 1, serials: mine });
    let found = shadow.reconcile(&state);
    assert_eq!(found.len(), 2, "{found:?}");
    for it in &found {
        assert_eq!(it.last - it.first + 1, count.0);
        assert!([it.shadow, it.ledger].iter().all(|it| *it == Some(one) || *it == Some(other)));
    }
}

#[test]
fn units_that_vanish_appear_or_have_two_owners_are_named() {
    let (state, shadow) = folded(&journal());
    let (series, (one, block), (other, _)) = two_blocks(&state);
    let part = Serials { first: block.serials.first, count: Tonnes(3) };
    let (first, last) = (part.first, part.end() - 1);
    // They vanish.
    let mut less = state.clone();
    less.ledger.shelves.row_mut(one).take(series, part);
    let gone = Difference { series, first, last, shadow: Some(one), ledger: None };
    assert_eq!(shadow.reconcile(&less), std::slice::from_ref(&gone));
    // They have two owners: the ledger knows none.
    let mut twice = state.clone();
    twice.ledger.shelves.row_mut(other).put(series, Block { acquired: 1, serials: part });
    assert_eq!(shadow.reconcile(&twice), [gone]);
    // More than were ever issued.
    let mut more = state.clone();
    let issued = state.ledger.series.row(series).issued.0;
    let new = Serials { first: issued + 1, count: Tonnes(7) };
    more.ledger.shelves.row_mut(other).put(series, Block { acquired: 1, serials: new });
    let appeared = Difference {
        series,
        first: issued + 1,
        last: issued + 7,
        shadow: None,
        ledger: Some(other),
    };
    assert_eq!(shadow.reconcile(&more), [appeared]);
    // An account that the ledger lost altogether.
    let mut without = state.clone();
    *without.ledger.shelves.row_mut(one) = Default::default();
    let found = shadow.reconcile(&without);
    assert!(!found.is_empty() && found.iter().all(|it| it.shadow == Some(one)));
    assert!(found.iter().all(|it| it.ledger.is_none()));
}

#[test]
fn a_record_that_does_not_fit_is_a_fault_with_its_place() {
    let (state, shadow) = folded(&journal());
    let (series, (one, block), (other, second)) = two_blocks(&state);
    let position = shadow.position() + 1;
    let fault = |event: Event| {
        let found = shadow.clone().take(position, std::slice::from_ref(&event)).unwrap_err();
        assert_eq!(found.position, position);
        found.to_string()
    };
    let moved = |from, to, serials| Event::UnitsMoved(UnitsMoved { series, from, to, serials });
    let unknown = AccountId(9_999);
    let ends = state.accounts.iter().find(|(_, it)| it.kind.ends_units()).unwrap().0;
    assert!(fault(moved(one, other, second.serials)).contains("is not account"));
    assert!(fault(moved(one, unknown, block.serials)).contains("no account 9999"));
    assert!(fault(moved(one, ends, block.serials)).contains("where they end"));
    assert!(fault(moved(ends, one, block.serials)).contains("where they ended"));
    let (from, into, serials) = (one, other, block.serials);
    let ended = UnitsEnded { series, from, into, serials };
    assert!(fault(Event::UnitsEnded(ended)).contains("which they can leave"));
    let issued = state.ledger.series.row(series).issued.0;
    let issue = |first, count| {
        let serials = Serials { first, count: Tonnes(count) };
        Event::UnitsIssued(UnitsIssued { series, to: one, serials })
    };
    assert!(fault(issue(issued, 1)).contains("was next"));
    assert!(fault(issue(issued + 2, 1)).contains("was next"));
    assert!(fault(issue(issued + 1, 100_000_000_000)).contains("above the cap"));
}

/// The answer to a transfer of one unit within a holder's own accounts or to another's.
fn transfer(state: &State, from: AccountId, to: AccountId) -> Vec<u16> {
    let holder = state.accounts.row(from).holder;
    let actor = state.parties.row(holder).person;
    let series = state.ledger.shelves.row(from).queues[0].series;
    let (quantity, consideration) = (Tonnes(1), Consideration::Free);
    let command = Command::from(Transfer { from, to, series, quantity, consideration });
    let approvals = who_may_approve(state, actor, &command);
    let context = Context { actor, now: state.now, approvals, command_hash: [0; 32] };
    match decide(state, &context, &command, &mut Events::default()) {
        Ok(()) => Vec::new(),
        Err(no) => no.list().iter().map(Refusal::number).collect(),
    }
}

#[test]
fn the_accounts_that_differ_are_stopped_and_no_others() {
    let (mut state, shadow) = folded(&journal());
    let (series, (one, block), (other, _)) = two_blocks(&state);
    let holders = state.accounts.iter().filter(|(_, it)| it.kind == AccountKind::Operator);
    let third = holders
        .map(|(id, _)| id)
        .find(|id| {
            let full = !state.ledger.shelves.row(*id).queues.is_empty();
            full && ![one, other].contains(id)
        })
        .unwrap();
    let (victim, thief) = {
        let holds = |id: AccountId| state.accounts.row(id).kind == AccountKind::Operator;
        let mut all = [one, other].into_iter().filter(|it| holds(*it));
        let first = all.next().unwrap_or(third);
        (first, all.next().unwrap_or(first))
    };
    let part = Serials { first: block.serials.first, count: Tonnes(5) };
    state.ledger.shelves.row_mut(one).take(series, part);
    state.ledger.shelves.row_mut(other).put(series, Block { acquired: 1, serials: part });
    let differences = shadow.reconcile(&state);
    assert_eq!(reconcile::accounts(&differences), BTreeSet::from([one, other]));
    let command = Command::from(reconcile::stop(&differences, &BTreeSet::new()).remove(0));
    let before = transfer(&state, victim, third);
    assert!(!before.contains(&316), "{before:?}");
    let region = state.parties.row(PartyId(0)).person;
    let approvals = Vec::new();
    let context = Context { actor: region, now: state.now, approvals, command_hash: [0; 32] };
    let mut out = Events::default();
    decide(&state, &context, &command, &mut out).unwrap();
    let position = state.next_position();
    let header = RecordHeader { position, at: state.now, actor: region };
    out.list().iter().for_each(|event| apply(&mut state, &header, event));
    assert!(transfer(&state, victim, third).contains(&316), "it goes on");
    assert!(transfer(&state, third, thief).contains(&316) || thief == victim, "it receives");
    // Everybody else goes on.
    let fourth = state
        .accounts
        .iter()
        .find(|(id, it)| it.kind == AccountKind::Operator && ![one, other, third].contains(id));
    let refused = transfer(&state, third, fourth.unwrap().0);
    assert!(!refused.contains(&316), "{refused:?}");
}
