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

#[path = "shared/told.rs"]
mod told;

use karvan_core::State;
use karvan_core::time::Instant;
use karvan_views::list::{Kind, List, Query};
use karvan_views::lists::{self, history, market, registry};
use karvan_views::project::{Catalogue, Plant, Projector};
use karvan_views::sql::{Sql, Value};
use karvan_views::sqlite::Sqlite;
use std::path::PathBuf;
use std::sync::Arc;
use told::{BLOCK, TEXT, frames, told};

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

fn all_rows(sql: &mut dyn Sql, list: &List) -> Vec<Vec<Value>> {
    let now = Instant::of_date(2100, 1, 1).0;
    Query::parse(list, [("limit", "1000")]).unwrap().read(list, now, sql).unwrap().rows
}

#[test]
fn the_same_rows_come_in_one_piece_in_many_and_after_a_new_start() {
    for (text, name) in [
        (format!("{TEXT}{BLOCK}time 2027-01-12T10:00\n"), "pieces"),
        (include_str!("../../core/tests/stories/merging.txt").to_owned(), "merged"),
    ] {
        let (story, folder) = (told(&text), Folder::new(name));
        in_pieces(&story, &folder);
    }
}

fn in_pieces(story: &story::Story, folder: &Folder) {
    let frames = frames(&story.journal);
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
fn an_installation_that_became_part_of_another_has_no_rows_of_its_own() {
    let text = include_str!("../../core/tests/stories/merging.txt");
    let (story, folder) = (told(text), Folder::new("parts"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    for frame in frames(&story.journal) {
        made.take(&frame).unwrap();
    }
    let merged = story.state.installations.iter().find(|(_, it)| it.merged.is_some());
    let label = merged.unwrap().1.label.to_string();
    let mut sql = folder.open("views.db");
    let mut count = |list: &List| {
        let query = Query::parse(list, [("installation", label.as_str())]).unwrap();
        query.read(list, story.state.now.0, &mut *sql).unwrap().rows.len()
    };
    assert_eq!((count(&registry::COMPLIANCE), count(&registry::ALLOCATIONS)), (0, 0));
}

#[test]
fn rows_say_what_the_state_says() {
    let (story, folder) = (told(TEXT), Folder::new("rows"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story.journal).concat()).unwrap();
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
    let (story, folder) = (told(TEXT), Folder::new("pages"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story.journal).concat()).unwrap();
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
    let (story, folder) = (told(TEXT), Folder::new("patterns"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story.journal).concat()).unwrap();
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

#[test]
fn a_block_trade_enters_its_day_when_the_market_learns_of_it() {
    let (story, folder) = (told(&format!("{TEXT}{BLOCK}")), Folder::new("blocks"));
    let later = told(&format!("{TEXT}{BLOCK}time 2027-01-12T10:00\n"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story.journal).concat()).unwrap();
    let mut sql = folder.open("views.db");
    let mut seen = |now: Instant| {
        let ask = |list: &List, sql: &mut dyn Sql| {
            Query::parse(list, []).unwrap().read(list, now.0, sql).unwrap()
        };
        let trades = ask(&market::TRADES, &mut *sql);
        let days = ask(&market::DAYS, &mut *sql);
        let day = days.first().unwrap();
        (trades.rows.len(), day.int("volume"), day.int("trades"), day.int("close"))
    };
    assert_eq!(seen(story.state.now), (2, Some(30), Some(2), Some(700)));
    let before = story.journal.len();
    assert_eq!(&later.journal[..before], &story.journal[..]);
    let state = made.state().clone();
    drop(made);
    // A new start in between takes nothing and adds nothing twice.
    let mut made = Projector::open(folder.open("views.db"), known(), state);
    made.take(&frames(&later.journal[before..]).concat()).unwrap();
    assert_eq!(seen(later.state.now), (3, Some(180), Some(3), Some(700)));
    let rest = frames(&later.journal[before..]).concat();
    made.take(&rest).unwrap();
    assert_eq!(seen(later.state.now), (3, Some(180), Some(3), Some(700)));
}

#[test]
fn text_is_found_in_capitals_of_any_script() {
    let (story, folder) = (told(TEXT), Folder::new("scripts"));
    let mut known = Catalogue::default();
    let plant =
        Plant { name: "\u{0422}\u{042d}\u{0426} \u{0130}zmir".to_owned(), ..Plant::default() };
    known.0.insert("X-1".to_owned(), plant);
    let mut made = Projector::create(folder.open("views.db"), Arc::new(known)).unwrap();
    made.take(&frames(&story.journal).concat()).unwrap();
    let mut sql = folder.open("views.db");
    let list = &registry::INSTALLATIONS;
    let mut count = |text: &str| {
        Query::parse(list, [("q", text)]).unwrap().read(list, 0, &mut *sql).unwrap().rows.len()
    };
    assert_eq!((count("\u{0442}\u{044d}\u{0446}"), count("\u{0422}\u{042d}\u{0426}")), (1, 1));
}

#[test]
fn a_cursor_goes_on_in_its_own_order_alone() {
    let (story, folder) = (told(TEXT), Folder::new("cursors"));
    let mut made = Projector::create(folder.open("views.db"), known()).unwrap();
    made.take(&frames(&story.journal).concat()).unwrap();
    let mut sql = folder.open("views.db");
    let list = &registry::YEARS;
    let first = Query::parse(list, [("limit", "1")]).unwrap().read(list, 0, &mut *sql).unwrap();
    let after = first.next.unwrap();
    assert!(Query::parse(list, [("after", after.as_str()), ("limit", "7")]).is_ok());
    let refused = |list: &List, sort: &str| {
        let of = [("after", after.as_str()), ("sort", sort)];
        let wrong = Query::parse(list, of).unwrap_err();
        assert_eq!(wrong[0].parameter, "after", "{} by {sort}", list.name);
    };
    refused(list, "cap");
    refused(list, "-jurisdiction");
    // Another list with the same key.
    refused(&registry::COMPLIANCE, "");
    refused(&registry::INSTALLATIONS, "");
}

#[test]
fn ones_own_lists_hold_what_the_party_has_and_nothing_else() {
    use karvan_core::id::PersonId;
    use karvan_views::lists::own;
    let story = told(TEXT);
    let state = &story.state;
    let ask = |name: &str, person: PersonId| {
        let list = own::named(name).unwrap();
        let rows = own::rows(state, (list, person)).unwrap();
        own::ask(list, &rows, &Query::parse(list, []).unwrap()).unwrap()
    };
    let seller = state.orders.iter().next().map(|it| state.parties.row(it.owner).person).unwrap();
    let orders = ask("orders", seller);
    let row = orders.first().unwrap();
    assert_eq!(
        (row.text("side"), row.int("remaining"), row.int("filled")),
        ("sell", Some(30), Some(20))
    );
    // What waits in the book is set aside, and no longer free.
    let holdings = ask("holdings", seller);
    let sums = holdings.iter().map(|it| (it.int("free").unwrap(), it.int("held").unwrap()));
    assert_eq!(sums.fold((0, 0), |sum, it| (sum.0 + it.0, sum.1 + it.1)), (250, 30));
    let accounts = ask("accounts", seller);
    assert_eq!(accounts.iter().map(|it| it.int("free").unwrap()).sum::<i64>(), 250);
    for (id, party) in state.parties.iter() {
        for list in own::ALL {
            let rows = own::rows(state, (list, party.person)).unwrap();
            assert!(rows.iter().all(|it| it.len() == list.columns.len()), "{}", list.name);
        }
        let cash = ask("cash", party.person);
        let held = state.ledger.cash.iter().filter(|(_, it)| it.holder == id);
        assert_eq!(cash.rows.len(), held.count());
        let mine = ask("orders", party.person);
        assert_eq!(mine.rows.len(), state.orders.of_owner(id).count());
    }
    let refused = |state: &State, person: PersonId| {
        let why = own::rows(state, (&own::ORDERS, person)).unwrap_err();
        karvan_core::Refusals::from(why).list()[0].number()
    };
    assert_eq!(refused(state, PersonId(999)), 101);
    // Somebody who acts for other accounts alone reads nothing of this one, and no money.
    let mut limited = state.clone();
    let account = state.orders.iter().next().unwrap().account;
    let others = state.accounts.iter().map(|(id, _)| id).filter(|it| *it != account);
    limited.people.row_mut(seller).accounts = Some(others.collect());
    for (list, rows) in [(&own::ORDERS, 0), (&own::CASH, 0), (&own::ACCOUNTS, 0)] {
        let found = own::rows(&limited, (list, seller)).unwrap();
        let of_account =
            |it: &&Vec<Value>| list.name != "own/accounts" || it[0] == accounts.rows[0][0];
        assert_eq!(found.iter().filter(of_account).count(), rows, "{}", list.name);
    }
    let mut suspended = state.clone();
    suspended.people.row_mut(seller).status = karvan_core::party::PersonStatus::Suspended;
    assert_eq!(refused(&suspended, seller), 108);
}

/// Whatever happens in a story, what all parties read of their own is all there is.
#[test]
fn all_that_is_held_is_somebodys_own() {
    use karvan_views::lists::own;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../core/tests/stories");
    let mut held_at_all = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        if path.extension().is_none_or(|it| it != "txt") || !text.contains("use market") {
            continue;
        }
        let story = told(&text);
        let state = &story.state;
        let (mut units, mut own_bids, mut proposals) = (0, 0, std::collections::BTreeSet::new());
        for (_, party) in state.parties.iter() {
            let Ok(rows) = own::rows(state, (&own::HOLDINGS, party.person)) else { continue };
            // Units of a link come and go with those that wait in escrow.
            let of_link = |it: &&Vec<Value>| {
                let series =
                    karvan_core::id::SeriesId(u32::try_from(it[1].int().unwrap()).unwrap());
                state.ledger.series.row(series).link.is_some()
            };
            let issued = rows.iter().filter(|it| !of_link(it));
            units += issued.map(|it| it[7].int().unwrap() + it[8].int().unwrap()).sum::<i64>();
            held_at_all += rows.iter().map(|it| it[8].int().unwrap()).sum::<i64>();
            own_bids += own::rows(state, (&own::BIDS, party.person)).unwrap().len();
            let rows = own::rows(state, (&own::PROPOSALS, party.person)).unwrap();
            proposals.extend(rows.iter().map(|it| it[0].int().unwrap()));
        }
        let all = state.ledger.series.iter().filter(|(_, it)| it.link.is_none());
        // What ended lies in the accounts into which it ended.
        let there: u64 = all.map(|(_, it)| it.issued.0).sum();
        assert_eq!(units, i64::try_from(there).unwrap(), "{}", path.display());
        let bids: usize = state.auctions.iter().map(|(_, it)| it.bids.len()).sum();
        assert_eq!(own_bids, bids, "{}", path.display());
        assert_eq!(proposals.len(), state.proposals.len(), "{}", path.display());
    }
    assert!(held_at_all > 0, "some of it is set aside");
}
