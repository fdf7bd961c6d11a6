//! Tables people hand in: every kind of mistake is told apart, and all are told at once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test stops"
)]

#[path = "shared/story.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod story;

use karvan_core::allocation::table_rows::{Subject, Written, check};
use karvan_core::id::JurisdictionId;
use std::path::Path;
use story::{Story, tell};

fn rows(lines: &[&str]) -> Vec<Written> {
    let cell = |line: &str, place: usize| line.split(',').nth(place).unwrap_or("").to_owned();
    (2..)
        .zip(lines)
        .map(|(row, line)| Written {
            row,
            installation: cell(line, 0),
            year: cell(line, 1),
            quantity: cell(line, 2),
        })
        .collect()
}

fn numbers(story: &Story, subject: Subject, lines: &[&str]) -> Vec<(u64, &'static str, u16)> {
    let found = check(&story.state, (JurisdictionId(0), subject), &rows(lines));
    found.err().unwrap_or_default().iter().map(|it| (it.row, it.column, it.why.number())).collect()
}

fn market(more: &str) -> Story {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let text = format!(
        "use market\nK3 = installation label=X-3 of=X operator=OP1 obliged=2028\n\
         exclude for=K2 year=2029\ntime 2028-02-01\n{more}"
    );
    let mut story = Story::new();
    tell(&folder, &text, &mut story, "the market of the tables");
    story
}

#[test]
fn every_mistake_is_told_apart_with_its_row_and_column() {
    let story = market("");
    let table = [
        "X-1,2027,100",
        "X-2,2027,-5",
        "X-2,2027,7",
        "X-3,2027,7",
        "X-9,2027,",
        ",2030,x",
        "X-1,1990,999999999999",
        "X-2,2029,5",
    ];
    let expected = [
        (3, "quantity", 733),
        (4, "installation", 736),
        (5, "installation", 740),
        (6, "quantity", 731),
        (6, "installation", 735),
        (7, "quantity", 732),
        (7, "installation", 731),
        (8, "quantity", 734),
        (8, "year", 738),
        (8, "installation", 740),
        (9, "installation", 741),
    ];
    assert_eq!(numbers(&story, Subject::Allocation, &table), expected);
    let well = ["X-1,2027,100", "X-2,2027,50"];
    assert_eq!(numbers(&story, Subject::Allocation, &well), []);
    assert_eq!(numbers(&story, Subject::Allocation, &well[..1]), [(0, "installation", 737)]);
    // Emissions of a year that is not over; of one installation as of all.
    assert_eq!(numbers(&story, Subject::Emissions, &["X-1,2028,5"]), [(2, "year", 739)]);
    assert_eq!(numbers(&story, Subject::Emissions, &["X-1,2027,0"]), []);
}

#[test]
fn a_table_that_waits_a_closed_account_and_a_frozen_year_are_told() {
    let waits = market("P = propose entitle of=X year=2027 K1:5 K2:5\n");
    let well = ["X-1,2027,100", "X-2,2027,50"];
    assert_eq!(numbers(&waits, Subject::Allocation, &well), [(0, "year", 743)]);
    let closed = market(
        "by V\nreport for=K1 year=2027 quantity=0\nby XA\nlast-year for=K1 year=2027\nby OP1\n\
         request-closure of=K1\nby XA\nclose-account it=K1\n",
    );
    let found = numbers(&closed, Subject::Allocation, &well);
    assert_eq!(found, [(2, "installation", 742)]);
    let frozen = market("time 2028-07-01\nby XA\nclose of=X year=2027\n");
    let found = numbers(&frozen, Subject::Emissions, &["X-1,2027,100"]);
    assert_eq!(found, [(2, "year", 744)]);
}
