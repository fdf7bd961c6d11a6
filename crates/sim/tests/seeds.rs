//! Seeds that must be without a violation; the same seed is the same story.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a failing test stops")]

use karvan_sim::run;

#[test]
fn a_seed_is_the_same_story_again() {
    let (one, two) = (run(1).unwrap(), run(1).unwrap());
    assert_eq!(one, two);
    assert!(one.commands >= 2_000 && one.days >= 365 && one.crashes >= 1, "{one:?}");
    assert!(one.accepted > 300 && one.refused > 200, "{one:?}");
}
