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

#[path = "shared/told.rs"]
mod told;

use karvan_views::list::{Kind, Query};
use karvan_views::lists;
use karvan_views::postgres::Schemas;
use karvan_views::project::{Catalogue, Projector, shown};
use karvan_views::shared::Place;
use karvan_views::sqlite::Files;
use std::sync::Arc;
use told::{BLOCK, TEXT, frames, told};

#[test]
#[ignore = "needs PostgreSQL; cargo xtask test starts one"]
fn both_databases_give_the_same_pages() {
    let url = std::env::var("KARVAN_POSTGRES").expect("KARVAN_POSTGRES names a database");
    let story = told(&format!("{TEXT}{BLOCK}time 2027-01-12T10:00\n"));
    let folder = std::env::temp_dir().join(format!("karvan-two-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let places: [Box<dyn Place>; 2] =
        [Box::new(Files::in_folder(&folder)), Box::new(Schemas::of(&url))];
    let known = Arc::new(Catalogue::default());
    for place in &places {
        place.remove(7).unwrap();
        let mut made = Projector::create(place.write(7).unwrap(), Arc::clone(&known)).unwrap();
        for (part, all) in story.journal.chunks(9).enumerate() {
            made.take(&frames(all).concat()).unwrap();
            let mut reader = place.read(7).unwrap();
            let at = shown(&mut *reader).unwrap().unwrap();
            assert_eq!(at.position, made.shown().position, "after part {part}");
        }
        assert!(place.generations().unwrap().contains(&7));
    }
    let [mut one, mut two] = places.each_ref().map(|it| it.read(7).unwrap());
    one.begin().unwrap();
    two.begin().unwrap();
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
                    let same = query.read(list, now, &mut *two).unwrap();
                    assert_eq!(page, same, "{} by {sort}", list.name);
                    match page.next {
                        Some(it) => after = Some(it),
                        None => break,
                    }
                }
            }
        }
    }
    // Another server that would write the same views is told so.
    let other = Schemas::of(&url).generations().unwrap_err();
    assert!(other.to_string().contains("another server"), "{other}");
    // A schema goes when nobody reads it any more.
    drop((one, two));
    places.iter().for_each(|it| it.remove(7).unwrap());
    std::fs::remove_dir_all(&folder).unwrap();
}
