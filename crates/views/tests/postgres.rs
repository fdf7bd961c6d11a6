//! Views in PostgreSQL against those in SQLite: the same rows, the same pages.
//!
//! `KARVAN_POSTGRES=postgres://… cargo test -p karvan-views --test postgres -- --ignored` needs a
//! server; `cargo xtask test` starts one.
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

use karvan_core::{Event, RecordHeader};
use karvan_engine::frame::{self, FrameHeader};
use karvan_views::list::{Kind, Query};
use karvan_views::lists;
use karvan_views::postgres::Schemas;
use karvan_views::project::{Catalogue, Projector, shown};
use karvan_views::shared::Place;
use karvan_views::sqlite::Files;
use std::path::Path;
use std::sync::Arc;
use story::{Story, tell};

const TEXT: &str = "use market\n\
    by R\npolicy trading=all class_y=R\n\
    by XA\ncap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=1000\n\
    central of=X from=total to=allocation year=2027 quantity=500\n\
    entitle of=X year=2027 K1:300 K2:200\nallocate of=X year=2027 K1 K2\n\
    time 2027-01-11T10:00\n\
    by OP1\no1 = sell in=X:2027 account=K1 price=8.00 quantity=50\n\
    by T\nbuy in=X:2027 account=TA price=8.00 quantity=20\n";

fn frames(journal: &[(RecordHeader, Vec<Event>)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (record, events) in journal {
        let header = FrameHeader {
            kind: 1,
            epoch: 0,
            record: *record,
            id: karvan_engine::CommandId(0),
            command_hash: [0; 32],
            previous: [0; 32],
        };
        frame::write(&mut bytes, &header, events);
    }
    bytes
}

#[test]
#[ignore = "needs PostgreSQL; cargo xtask test starts one"]
fn both_databases_give_the_same_pages() {
    let url = std::env::var("KARVAN_POSTGRES").expect("KARVAN_POSTGRES names a database");
    let mut story = Story::new();
    let stories = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    tell(&stories, TEXT, &mut story, "a story of two databases");
    let folder = std::env::temp_dir().join(format!("karvan-two-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let places: [Box<dyn Place>; 2] =
        [Box::new(Files::in_folder(&folder)), Box::new(Schemas::of(&url))];
    let known = Arc::new(Catalogue::default());
    for place in &places {
        place.remove(7).unwrap();
        let mut made = Projector::create(place.write(7).unwrap(), Arc::clone(&known)).unwrap();
        for (part, all) in story.journal.chunks(9).enumerate() {
            made.take(&frames(all)).unwrap();
            let mut reader = place.read(7).unwrap();
            let at = shown(&mut *reader).unwrap().unwrap();
            assert_eq!(at.position, made.shown().position, "after part {part}");
        }
        assert!(place.generations().unwrap().contains(&7));
    }
    let [mut one, mut other] = places.each_ref().map(|it| it.read(7).unwrap());
    one.begin().unwrap();
    other.begin().unwrap();
    let now = story.state.now.0;
    for list in lists::ALL {
        for column in list.columns.iter().filter(|it| it.kind != Kind::Json) {
            for sort in [column.name.to_owned(), format!("-{}", column.name)] {
                let mut after: Option<String> = None;
                loop {
                    let mut of = vec![("sort", sort.as_str()), ("limit", "4"), ("q", "x")];
                    of.extend(after.as_deref().map(|it| ("after", it)));
                    let query = Query::parse(list, of).unwrap();
                    let page = query.read(list, now, &mut *one).unwrap();
                    let same = query.read(list, now, &mut *other).unwrap();
                    assert_eq!(page, same, "{} by {sort}", list.name);
                    match page.next {
                        Some(it) => after = Some(it),
                        None => break,
                    }
                }
            }
        }
    }
    // A schema goes when nobody reads it any more.
    drop((one, other));
    places.iter().for_each(|it| it.remove(7).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
}
