//! Lists against what the state says, piece by piece, made again, and asked in pages.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test stops"
)]

#[path = "../../core/tests/shared/story.rs"]
#[allow(dead_code, reason = "the stories use the rest")]
mod story;

use karvan_core::time::Instant;
use karvan_engine::frame::{self, FrameHeader};
use karvan_views::list::{Kind, List, Query};
use karvan_views::lists::{self, history, market, registry};
use karvan_views::project::{Catalogue, Plant, Projector};
use karvan_views::sql::{Sql, Value};
use karvan_views::sqlite::Sqlite;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use story::{Story, tell};

const TEXT: &str = "use market\n\
    by R\npolicy trading=all class_y=R\n\
    by XA\ncap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=1000\n\
    central of=X from=total to=allocation year=2027 quantity=500\n\
    entitle of=X year=2027 K1:300 K2:200\nallocate of=X year=2027 K1 K2\n\
    time 2027-01-11T10:00\n\
    by OP1\no1 = sell in=X:2027 account=K1 price=8.00 quantity=50\n\
    by T\nbuy in=X:2027 account=TA price=8.00 quantity=20\n\
    time 2027-01-11T10:30\n\
    by OP2\nsell in=X:2027 account=K2 price=7.00 quantity=10\n\
    by T\nbuy in=X:2027 account=TA price=7.50 quantity=10\n";

fn told() -> Story {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/tests/stories");
    let mut story = Story::new();
    tell(&folder, TEXT, &mut story, "a story of lists");
    story
}

/// A folder of this test alone, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("karvan-{name}-{}", std::process::id()));
        drop(std::fs::remove_dir_all(&folder));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn open(&self, name: &str) -> Box<dyn Sql> {
        Box::new(Sqlite::open(&self.0.join(name)).unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

fn known() -> Arc<Catalogue> {
    let mut all = Catalogue::default();
    let plant = Plant { name: "Plant by the 100 % river".to_owned(), ..Plant::default() };
    all.0.insert("X-1".to_owned(), plant);
    Arc::new(all)
}

/// The frames of a story, one by one.
fn frames(story: &Story) -> Vec<Vec<u8>> {
    let frame = |(record, events): &(karvan_core::RecordHeader, Vec<karvan_core::Event>)| {
        let header = FrameHeader {
            kind: 1,
            epoch: 0,
            record: *record,
            id: karvan_engine::CommandId(0),
            command_hash: [0; 32],
            previous: [0; 32],
        };
        let mut bytes = Vec::new();
        frame::write(&mut bytes, &header, events);
        bytes
    };
    story.journal.iter().map(frame).collect()
}

fn all_rows(sql: &mut dyn Sql, list: &List) -> Vec<Vec<Value>> {
    let now = Instant::of_date(2100, 1, 1).0;
    Query::parse(list, [("limit", "1000")]).unwrap().read(list, now, sql).unwrap().rows
}

#[test]
fn the_same_rows_come_in_one_piece_in_many_and_after_a_new_start() {
    let (story, folder) = (told(), Folder::new("pieces"));
    let frames = frames(&story);
    let mut whole = Projector::create(folder.open("whole.db"), known()).unwrap();
    whole.take(&frames.concat()).unwrap();
    assert_eq!(whole.state(), &story.state);
    let mut parts = Projector::create(folder.open("parts.db"), known()).unwrap();
    for frame in &frames {
        let state = parts.state().clone();
        parts = Projector::open(folder.open("parts.db"), known(), state);
        parts.take(frame).unwrap();
        // Whoever sends a piece again, sends nothing new.
        parts.take(frame).unwrap();
    }
    let (mut whole, mut parts) = (folder.open("whole.db"), folder.open("parts.db"));
    for list in lists::ALL {
        let rows = all_rows(&mut *whole, list);
        assert_eq!(rows, all_rows(&mut *parts, list), "{}", list.name);
        assert_eq!(rows.first().map_or(list.columns.len(), Vec::len), list.columns.len());
    }
    let position = story.state.position;
    let shown = karvan_views::project::shown(&mut *parts).unwrap().unwrap();
    assert_eq!((shown.position, shown.now), (position, story.state.now));
}

#[test]
fn rows_say_what_the_state_says() {
    let (story, folder) = (told(), Folder::new("rows"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story).concat()).unwrap();
    let mut sql = folder.open("views.db");
    let ask = |sql: &mut dyn Sql, list: &List, of: &[(&str, &str)]| {
        let query = Query::parse(list, of.iter().copied()).unwrap();
        query.read(list, story.state.now.0, sql).unwrap()
    };
    let year = ask(&mut *sql, &registry::YEARS, &[("jurisdiction", "XXA"), ("year", "2027")]);
    let row = year.first().unwrap();
    assert_eq!((row.int("cap"), row.int("issued")), (Some(1_000), Some(1_000)));
    assert_eq!((row.int("entitled"), row.int("delivered")), (Some(500), Some(500)));
    let installations = ask(&mut *sql, &registry::INSTALLATIONS, &[]);
    assert_eq!(installations.rows.len(), story.state.installations.len());
    let accounts = ask(&mut *sql, &registry::ACCOUNTS, &[]);
    assert_eq!(accounts.rows.len(), story.state.accounts.len());
    let trades = ask(&mut *sql, &market::TRADES, &[]);
    let told: Vec<_> = trades.iter().map(|it| (it.int("price"), it.int("quantity"))).collect();
    assert_eq!(told, vec![(Some(700), Some(10)), (Some(800), Some(20))], "newest first");
    let days = ask(&mut *sql, &market::DAYS, &[]);
    let day = days.first().unwrap();
    let prices = ["open", "high", "low", "close"].map(|it| day.int(it));
    assert_eq!(prices, [Some(800), Some(800), Some(700), Some(700)]);
    assert_eq!((day.int("volume"), day.int("value")), (Some(30), Some(23_000)));
    // What moved between holders stays unsaid for years.
    let moved = ask(&mut *sql, &history::TRANSACTIONS, &[]);
    let day = |it: i64| Instant::of_date(2027, 1, it).0;
    assert!(moved.iter().all(|it| it.int("at") < Some(day(1))), "of this year nothing: {moved:?}");
    assert!(!all_rows(&mut *sql, &history::TRANSACTIONS).is_empty());
    let records = ask(&mut *sql, &history::RECORDS, &[("limit", "1000")]);
    assert!(records.iter().all(|it| !["OrderPlaced", "CashHeld"].contains(&it.text("fact"))));
    assert!(records.iter().all(|it| !it.text("detail").contains("person")));
}

#[test]
fn pages_hold_each_row_once_whatever_the_order() {
    let (story, folder) = (told(), Folder::new("pages"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story).concat()).unwrap();
    let mut sql = folder.open("views.db");
    let now = Instant::of_date(2100, 1, 1).0;
    for list in lists::ALL {
        let every = all_rows(&mut *sql, list);
        for column in list.columns.iter().filter(|it| it.kind != Kind::Json) {
            for sign in ["", "-"] {
                let sort = format!("{sign}{}", column.name);
                let (mut seen, mut after) = (Vec::new(), None::<String>);
                loop {
                    let mut of = vec![("sort", sort.as_str()), ("limit", "3")];
                    of.extend(after.as_deref().map(|it| ("after", it)));
                    let page = Query::parse(list, of).unwrap().read(list, now, &mut *sql).unwrap();
                    seen.extend(page.rows.clone());
                    match page.next {
                        Some(it) => after = Some(it),
                        None => break,
                    }
                }
                let place = list.columns.iter().position(|it| it.name == column.name).unwrap();
                let values: Vec<&Value> = seen.iter().map(|it| &it[place]).collect();
                let sorted = match sign {
                    "" => values.is_sorted(),
                    _ => values.iter().rev().is_sorted(),
                };
                assert!(sorted, "{} by {sort}", list.name);
                let (mut seen, mut every) = (seen, every.clone());
                seen.sort();
                every.sort();
                assert_eq!(seen, every, "{} by {sort}", list.name);
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_named_and_what_looks_like_a_pattern_is_text() {
    let wrong = |of: &[(&str, &str)]| {
        let wrong = Query::parse(&registry::YEARS, of.iter().copied()).unwrap_err();
        wrong.iter().map(|it| it.parameter.clone()).collect::<Vec<_>>()
    };
    assert_eq!(wrong(&[("year", "soon"), ("nothing", "1")]), ["year", "nothing"]);
    assert_eq!(wrong(&[("limit", "0"), ("sort", "-nothing")]), ["limit", "sort"]);
    assert_eq!(wrong(&[("after", "zz"), ("cap.least", "1")]), ["after", "cap.least"]);
    assert_eq!(wrong(&[("auction_price", "1.234")]), ["auction_price"]);
    assert_eq!(wrong(&[("report_due.min", "2028-13-01")]), ["report_due.min"]);
    assert_eq!(wrong(&[("cap' OR 1=1 --", "1")]), ["cap' OR 1=1 --"]);
    let (story, folder) = (told(), Folder::new("patterns"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story).concat()).unwrap();
    let mut sql = folder.open("views.db");
    let mut count = |text: &str| {
        let list = &registry::INSTALLATIONS;
        Query::parse(list, [("q", text)]).unwrap().read(list, 0, &mut *sql).unwrap().rows.len()
    };
    assert_eq!(count("100 % RIVER"), 1);
    assert_eq!(count("100 % lake"), 0);
    assert_eq!(count("1%r"), 0);
    assert_eq!(count("_"), 0);
    assert_eq!(count("'; DROP TABLE installations; --"), 0);
    assert_eq!(count("x-1"), 1);
}
