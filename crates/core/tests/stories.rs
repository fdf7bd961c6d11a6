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
