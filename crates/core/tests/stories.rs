//! Tells the stories in `tests/stories/*.txt` and counts the refusals they provoke.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test stops"
)]

#[path = "shared/story.rs"]
mod story;

use karvan_core::Refusal;
use std::collections::BTreeSet;
use std::path::Path;
use story::{Story, tell};

#[test]
fn every_story_holds_and_together_they_provoke_every_refusal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut files: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort();
    let mut refused = BTreeSet::new();
    let mut told = 0;
    for file in files.iter().filter(|it| it.extension().is_some_and(|it| it == "txt")) {
        let text = std::fs::read_to_string(file).unwrap();
        let mut story = Story::new();
        tell(&folder, &text, &mut story, &file.file_name().unwrap().to_string_lossy());
        story.end();
        refused.extend(story.refused);
        told += 1;
    }
    println!("{told} stories");
    let missing: Vec<_> = Refusal::catalogue()
        .into_iter()
        .filter(|(_, number, ..)| !refused.contains(number))
        .collect();
    assert!(missing.is_empty(), "refusals without a story: {missing:#?}");
}

/// Whatever a record has room for, everybody has the same in the end: what a story says of a
/// coupling holds whether it is settled in one record or in many.
#[test]
fn a_coupling_comes_to_the_same_in_slices_of_any_size() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let files = std::fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
    let couplings = files.filter_map(|file| {
        let text = std::fs::read_to_string(&file).unwrap();
        (text.contains("clear-coupling") && !text.contains("slice ")).then_some((file, text))
    });
    let mut more = 0;
    for (file, text) in couplings {
        let told = |mut story: Story| {
            tell(&folder, &text, &mut story, &file.file_name().unwrap().to_string_lossy());
            story.end();
            story.journal.len()
        };
        let whole = told(Story::new());
        for facts in [4, 7, 19] {
            more += told(Story::in_slices(facts)) - whole;
        }
    }
    assert!(more > 20, "{more} records more are slices");
}

/// Orders by chance in two countries, in three rounds: units cross at a ratio, and go home.
fn rounds(chance: &mut impl FnMut(u64) -> u64) -> String {
    let mut text = String::new();
    for month in 2..5 {
        text += &format!(
            "by XA\nC = call of=X year=2028 opens=2028-0{month}-01 closes=2028-0{month}-03\n\
             by YA\nD = call of=Y year=2028 opens=2028-0{month}-01 closes=2028-0{month}-03\n\
             by R\nU = couple C D\ntime 2028-0{month}-01\n"
        );
        if month == 2 {
            // What goes home has come before.
            let until = "until=2028-02-03T06:00";
            text += &format!("by T\nsell in=C account=TA price=3.00 quantity=40 {until}\n");
            text += &format!("by YT\nbuy in=D account=YTA price=9.99 quantity=40 {until}\n");
        }
        let mut order = |who: &str, side: &str, place: &str, (least, most): (u64, u64)| {
            let (tenths, count) = (least + chance(most - least), 1 + chance(5));
            let (whole, tenth) = (tenths / 10, tenths % 10);
            text += &format!(
                "by {who}\n{side} {place} price={whole}.{tenth}0 quantity={count} \
                 until=2028-0{month}-03T06:00\n"
            );
        };
        for _ in 0..8 {
            // What is dear in one country in one month is cheap there in the next.
            if month == 3 {
                order("YT", "sell", "in=D account=YTA", (30, 50));
                order("OP1", "buy", "in=C account=K1", (45, 90));
            } else {
                order("T", "sell", "in=C account=TA", (30, 60));
                order("OP2", "buy", "in=C account=K2", (30, 70));
                order("YT", "buy", "in=D account=YTA", (45, 99));
            }
        }
        text += &format!("by R\ntime 2028-0{month}-03\nclear-coupling U\n");
    }
    text
}

#[test]
fn whoever_trades_in_a_coupling_has_the_same_however_it_is_cut_up() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let text = std::fs::read_to_string(folder.join("coupling_slices.txt")).unwrap();
    let (opening, _) = text.split_once("C = call").unwrap();
    // Link units that are to go home came at par.
    let opening = opening.replace(":ratio=4/5", "");
    let (mut crossed, mut home) = (0, 0);
    for seed in 1..=24u64 {
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut chance = |below: u64| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % below
        };
        let rounds = rounds(&mut chance);
        let mut played = |mut story: Story| {
            tell(&folder, &format!("{opening}{rounds}"), &mut story, &format!("seed {seed}"));
            for (_, it) in story.state.couplings.iter() {
                crossed += it.flows.iter().map(|it| it.arrives.0).sum::<u64>();
                home += it.flows.iter().map(|it| it.home.0).sum::<u64>();
            }
            let ledger = &story.state.ledger;
            let queues = |(id, shelf): (_, &karvan_core::ledger::Shelf)| {
                shelf
                    .queues
                    .iter()
                    .map(|it| format!("{id:?} {:?} {:?}", it.series, it.total))
                    .collect::<Vec<_>>()
            };
            let units: Vec<String> = ledger.shelves.iter().flat_map(queues).collect();
            let money: Vec<String> = ledger.cash.iter().map(|it| format!("{it:?}")).collect();
            story.end();
            (units, money)
        };
        let whole = played(Story::new());
        for facts in [4, 6, 11] {
            assert_eq!(played(Story::in_slices(facts)), whole, "seed {seed}, slices of {facts}");
        }
    }
    assert!(crossed > 1_000 && home > 500, "{crossed} cross, {home} go home");
}

/// Two texts: the true reason for administrators and about one's own account, another for the rest.
#[test]
fn a_holder_never_learns_the_status_of_somebody_elses_account() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let opening = "use market\n\
        cap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=500\n\
        central of=X from=total to=allocation year=2027 quantity=400\n\
        entitle of=X year=2027 K1:200\nallocate of=X year=2027 K1\nfreeze account it=TA\n";
    let mut story = Story::new();
    tell(&folder, opening, &mut story, "two texts");
    let [holder, owner, nation] = ["OP1", "T", "XA"].map(|it| story.party(it));
    let transfer = story.told("transfer from=K1 to=TA series=X2027 quantity=10");
    let refused = story.refusals(&transfer, "OP1");
    let text = |reader| refused.list()[0].told_to(&story.state, reader);
    assert!(text(nation).contains("frozen") && text(owner).contains("frozen"));
    assert!(text(holder).ends_with("cannot take part in this"), "{}", text(holder));
}
