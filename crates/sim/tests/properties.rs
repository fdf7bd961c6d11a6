//! Random commands of every kind: whatever is asked, deciding changes nothing, a draft is what
//! applies, the plain twin agrees, facts read back from their bytes, and replay comes to the same
//! state.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test stops"
)]

#[path = "../../core/tests/shared/story.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod story;

use karvan_core::authority::Right;
use karvan_core::command::kind_name;
use karvan_core::event::EVENT_BYTES;
use karvan_core::exchange::Side;
use karvan_core::id::{AccountId, PartyId};
use karvan_core::link::link_transfer::LinkTransfer;
use karvan_core::party::Role;
use karvan_core::{Command, Context, Event, Events, Refusal, State, decide};
use karvan_sim::draw::{Draw, actor, asked, command, kinds};
use karvan_sim::twin::{Twin, leaving};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use story::{Story, tell};

/// The account and the units that the twin expects to leave it, where the rule picks them.
fn expected(state: &State, twin: &Twin, command: &Command) -> Option<(AccountId, Vec<(u32, u64)>)> {
    match command {
        Command::Transfer(it) | Command::LinkTransfer(LinkTransfer(it)) => {
            Some((it.from, twin.pick(it.from, it.quantity, |series| series == it.series)))
        }
        Command::Surrender(it) => {
            let row = state.installations.get(it.installation)?;
            let counts = |series| state.ledger.counts_for(series, row.jurisdiction, it.year);
            Some((row.account, twin.pick(row.account, it.quantity, counts)))
        }
        Command::PlaceOrder(it) if it.side == Side::Sell => {
            let counts = |series| state.ledger.counts_for(series, it.jurisdiction, it.year);
            Some((it.account, twin.pick(it.account, it.quantity, counts)))
        }
        _ => None,
    }
}

/// When a random market begins: in its first year, before a deadline, after units have expired.
const STARTS: [&str; 4] = ["2027-02-01", "2028-03-20", "2028-06-28", "2036-08-01"];

/// A market in which much can be asked with success.
fn market(start: &str) -> Story {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    let opening = "use market\n\
        by R\n\
        policy last=2036 calendar=noon limit_bp=2000 quantity=rule mirror=XXB ceiling=20.00 \
        trading=all evidence=12 products=WIND/certificate/wind/all,CREDITS/credit//calls \
        links=XY:2027-2036+YX:2027-2036:ratio=4/5:quota=40:levy=0.10\n\
        by XA\n\
        X.stability = account stability holder=XA of=X\n\
        X.general = account general holder=XA of=X\n\
        X.retirement = account retirement holder=XA of=X\n\
        ADA = account delivery holder=T of=X\n\
        PA = account project holder=T of=X\n\
        site label=S-W of=X account=PA technology=wind kw=5000\n\
        site label=S-L of=X account=PA technology=landfill\n\
        K3 = installation label=X-30 of=X operator=OP1 obliged=2027\n\
        cap of=X year=2027 quantity=1000\n\
        issue of=X year=2027 quantity=600\n\
        central of=X from=total to=allocation year=2027 quantity=300\n\
        central of=X from=total to=auction year=2027 quantity=200\n\
        central of=X from=total to=stability year=2027 quantity=40\n\
        central of=X from=total to=general year=2027 quantity=30\n\
        entitle of=X year=2027 K1:120 K2:90\n\
        allocate of=X year=2027 K1\n\
        cap of=X year=2028 quantity=1000\n\
        issue of=X year=2028 quantity=600\n\
        central of=X from=total to=allocation year=2028 quantity=300\n\
        central of=X from=total to=general year=2028 quantity=80\n\
        transfer from=X.general to=ADA series=X2028 quantity=80\n\
        entitle of=X year=2028 K1:120 K2:90\n\
        allocate of=X year=2028 K1\n\
        allocate of=X year=2027 K2\n\
        by R\nX.escrow = account escrow holder=R of=X towards=Y\n\
        by YA\n\
        Y.total = account total holder=YA of=Y\n\
        Y.general = account general holder=YA of=Y\n\
        YT = party trader of=Y group=6\n\
        by R\naccount escrow holder=R of=Y towards=X\nby BANK\n\
        cash-account party=R\ncash-account party=YA\ncash-account party=YT\n\
        deposit party=YT amount=10000 line=21\nby YA\n\
        TY = account trading holder=YT of=Y\n\
        cap of=Y year=2027 quantity=1000\n\
        time ";
    let mut story = Story::new();
    tell(&folder, &format!("{opening}{start}"), &mut story, "the opening of the random market");
    story
}

/// Asks in turn; how often each kind was accepted.
fn play(start: &str, asked: &[(u16, u64)]) -> BTreeMap<u16, usize> {
    let mut story = market(start);
    let mut twin = Twin::of(&story.state);
    let mut accepted = BTreeMap::new();
    for (kind, seed) in asked {
        let mut draw = Draw(*seed);
        let command = command(&story.state, *kind, &mut draw);
        story.actor = actor(&story.state, &command, &mut draw);
        let expected = expected(&story.state, &twin, &command);
        let before = story.state.clone();
        let records = story.journal.len();
        let refused = story.ask(&command);
        // A command that is refused when it is approved leaves its proposal behind.
        if !refused.is_empty() {
            assert!(
                story.journal.len() > records || story.state == before,
                "a refusal did something"
            );
        }
        for (header, events) in &story.journal[records..] {
            twin.apply(header.position, events);
        }
        assert!(twin.is(&story.state), "the twin differs after {command:?}");
        if !refused.is_empty() {
            continue;
        }
        *accepted.entry(*kind).or_default() += 1;
        let (_, events) = story.journal.last().unwrap();
        if let Some((account, units)) = expected {
            let left = leaving(events, account);
            // What neither trades nor waits of an order stays.
            let part = matches!(command, Command::PlaceOrder(_)) && left.len() < units.len();
            let fits = if part { left.iter().all(|it| units.contains(it)) } else { left == units };
            assert!(fits, "{command:?} moves other units");
        }
        let bytes = minicbor::to_vec(events).unwrap();
        let back: Vec<Event> = minicbor::decode(&bytes).unwrap();
        assert_eq!(back, *events, "facts read back differently");
        for event in events.iter().filter(|it| it.posting().is_some()) {
            let bytes = minicbor::to_vec(event).unwrap();
            assert!(bytes.len() <= EVENT_BYTES, "a full record of {event:?} is above its bound");
        }
    }
    story.end();
    accepted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn whatever_is_asked_draft_state_twin_and_replay_agree(
        start in prop::sample::select(STARTS.to_vec()),
        asked in prop::collection::vec((prop::sample::select(asked()), any::<u64>()), 1..300),
    ) {
        play(start, &asked);
    }
}

/// The property says little about a command that chance never gets accepted.
#[test]
fn chance_gets_every_kind_of_command_accepted() {
    let (kinds, asked) = (kinds(), asked());
    let mut accepted: BTreeMap<u16, usize> = BTreeMap::new();
    for seed in 0..180 {
        let mut draw = Draw(seed);
        let turns: Vec<_> = (0..300).map(|_| (draw.of(&asked), draw.below(u64::MAX))).collect();
        for (kind, times) in play(draw.of(&STARTS), &turns) {
            *accepted.entry(kind).or_default() += times;
        }
    }
    let never: Vec<_> =
        kinds.iter().filter(|it| !accepted.contains_key(it)).map(|it| kind_name(*it)).collect();
    assert!(never.is_empty(), "never accepted: {never:?}");
}

/// What one party may ask no other may: each command that is accepted is refused to a person of
/// every other party, for want of the right alone.
#[test]
fn what_one_party_may_ask_is_refused_to_all_others() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for seed in 0..12 {
        let mut draw = Draw(1_000 + seed);
        let mut story = market(STARTS[0]);
        for _ in 0..300 {
            let kind = draw.of(&kinds());
            let command = command(&story.state, kind, &mut draw);
            story.actor = actor(&story.state, &command, &mut draw);
            let before = story.state.clone();
            if !story.ask(&command).is_empty() {
                continue;
            }
            // Whoever acts with a right of its own party; the founder, time and proposals apart,
            // and what several have a say in: links, deals, payments.
            let Some(party) = before.people.get(story.actor).and_then(|it| it.party) else {
                continue;
            };
            let open = matches!(
                command.right(&before),
                Ok(Right::Registered
                    | Right::Founder
                    | Right::Time
                    | Right::Deal { .. }
                    | Right::EitherParty(..)
                    | Right::MemberOrBank(_)
                    | Right::LinkKeeper(..))
            );
            if open {
                continue;
            }
            for (person, row) in before.people.iter().filter(|(_, it)| it.party.is_some()) {
                let verifies = |it: PartyId| before.parties.row(it).role == Role::Verifier;
                // What one verifier may, every one of its jurisdiction may.
                let alike = row.party.is_some_and(verifies) && verifies(party);
                if row.party == Some(party) || alike {
                    continue;
                }
                let context = Context {
                    actor: person,
                    now: before.now,
                    approvals: vec![story.actor],
                    command_hash: command.hash(person),
                };
                let mut out = Events::default();
                let refused = decide(&before, &context, &command, &mut out).unwrap_err();
                let numbers: Vec<u16> = refused.list().iter().map(Refusal::number).collect();
                assert!(
                    numbers.len() == 1 && (101..=113).contains(&numbers[0]),
                    "{command:?} of party {party} by {person}: {refused}"
                );
            }
            *seen.entry(command.name()).or_default() += 1;
        }
    }
    assert!(seen.len() >= 35, "few kinds were accepted: {seen:?}");
}
