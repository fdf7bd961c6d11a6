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
