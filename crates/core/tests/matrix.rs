//! The table of transactions, walked: type x kind of account x status x role. Each combination is
//! accepted or refused as the table below says, which is written once more, by hand.
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

use std::collections::BTreeMap;
use std::path::Path;
use story::{Story, tell};

/// An account of every kind, by its name in the story, with its holder.
const ACCOUNTS: [(&str, &str); 14] = [
    ("X.total", "XA"),
    ("X.allocation", "XA"),
    ("X.entrants", "XA"),
    ("X.auction", "XA"),
    ("X.surrender", "XA"),
    ("X.deletion", "XA"),
    ("X.stability", "XA"),
    ("X.general", "XA"),
    ("X.retirement", "XA"),
    ("X.escrow", "R"),
    ("K1", "OP1"),
    ("TA", "T"),
    ("ADA", "T"),
    ("PA", "T"),
];
const PEOPLE: [&str; 9] = ["OP1", "OP2", "T", "XA", "YA", "YT", "V", "BANK", "R"];

/// What an account is made of before it is asked.
const STATUSES: [(&str, &[&str], Option<u16>); 8] = [
    ("open", &[], None),
    ("frozen", &["by XA", "freeze account it=*"], Some(305)),
    ("closure requested", &["by HOLDER", "request-closure of=*"], Some(307)),
    ("report missing", &["time 2028-04-01"], Some(303)),
    ("restricted", &["by XA", "status restricted of=*"], Some(308)),
    ("suspended", &["by XA", "status suspended of=*"], Some(309)),
    ("transfer pending", &["by XA", "status handed-over of=*"], Some(310)),
    ("stopped", &["by R", "stop *"], Some(316)),
];

/// A type of transaction: its line, with `*` for the account that is varied; the accounts it is
/// made for; the statuses that stand in its way; and who may ask it, the holder where nobody is
/// named.
struct Row {
    name: &'static str,
    line: &'static str,
    accounts: &'static [&'static str],
    hindered_by: &'static [u16],
    by: Option<&'static str>,
}

/// What stands in the way of giving units away.
const GIVES: &[u16] = &[303, 305, 307, 308, 309, 310, 316];
/// Of receiving them.
const TAKES: &[u16] = &[305, 307, 308, 309, 310, 316];
/// Of surrender and return: what is owed is owed, whatever else is forbidden.
const RETURNS: &[u16] = &[309, 310, 316];

/// The table. Quantities are small enough for every limit.
const TABLE: [Row; 13] = [
    Row {
        name: "transfer out of",
        line: "transfer from=* to=K2 series=X2027 quantity=1",
        accounts: &["X.general", "K1", "TA", "ADA", "PA"],
        hindered_by: GIVES,
        by: None,
    },
    Row {
        name: "transfer into",
        line: "transfer from=K2 to=* series=X2027 quantity=1",
        accounts: &["X.general", "K1", "TA", "ADA", "PA"],
        hindered_by: TAKES,
        by: Some("OP2"),
    },
    Row {
        name: "across a link out of",
        line: "cross from=* to=YTA series=X2027 quantity=1",
        accounts: &["X.general", "K1", "TA", "ADA", "PA"],
        hindered_by: GIVES,
        by: None,
    },
    Row {
        name: "home across a link into",
        line: "cross from=YTA to=* series=link1 quantity=1",
        accounts: &["X.general", "K1", "TA", "ADA", "PA"],
        hindered_by: TAKES,
        by: Some("YT"),
    },
    Row {
        name: "first transfer",
        line: "first-transfer from=* to=Y.general series=X2027 quantity=1",
        accounts: &["X.general"],
        hindered_by: GIVES,
        by: Some("XA"),
    },
    Row {
        name: "voluntary deletion",
        line: "delete from=* series=X2027 quantity=1",
        accounts: &["K1", "TA"],
        hindered_by: GIVES,
        by: None,
    },
    Row {
        name: "sale in a call",
        line: "sell in=C account=* price=5.00 quantity=1",
        accounts: &["K1", "TA", "ADA", "PA"],
        hindered_by: GIVES,
        by: None,
    },
    Row {
        name: "purchase in a call",
        line: "buy in=C account=* price=5.00 quantity=1",
        accounts: &["K1", "TA", "ADA", "PA"],
        hindered_by: TAKES,
        by: None,
    },
    Row {
        name: "bid in an auction",
        line: "bid in=A account=* price=5.00 quantity=10",
        accounts: &["K1", "TA", "ADA", "PA"],
        hindered_by: TAKES,
        by: None,
    },
    Row {
        name: "pledge",
        line: "pledge of=* series=X2027 quantity=1 to=OP2",
        accounts: &["K1", "TA", "ADA", "PA"],
        hindered_by: GIVES,
        by: None,
    },
    Row {
        name: "retirement",
        line: "retire from=* series=X2027 quantity=1",
        accounts: &["K1", "TA", "ADA", "PA"],
        hindered_by: GIVES,
        by: None,
    },
    Row {
        name: "return of a purchase",
        line: "return-purchase from=* series=X2027 quantity=1",
        accounts: &["ADA"],
        hindered_by: RETURNS,
        by: None,
    },
    Row {
        name: "surrender",
        line: "surrender for=K1 year=2027 quantity=1",
        accounts: &["K1"],
        hindered_by: RETURNS,
        by: Some("OP1"),
    },
];

fn market() -> Story {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let opening = "use market\n\
        X.entrants = account entrants holder=XA of=X\n\
        X.stability = account stability holder=XA of=X\n\
        X.general = account general holder=XA of=X\n\
        X.retirement = account retirement holder=XA of=X\n\
        ADA = account delivery holder=T of=X\n\
        PA = account project holder=T of=X\n\
        by R\npolicy links=XY:1970-2030\n\
        X.escrow = account escrow holder=R of=X towards=Y\n\
        by YA\ncap of=Y year=2027 quantity=10000\ncap of=Y year=2028 quantity=10000\n\
        YT = party trader of=Y group=9\nYTA = account trading holder=YT of=Y\n\
        Y.general = account general holder=YA of=Y\nby XA\n\
        cap of=X year=2027 quantity=10000\nissue of=X year=2027 quantity=9000\n\
        central of=X from=total to=allocation year=2027 quantity=500\n\
        central of=X from=total to=auction year=2027 quantity=500\n\
        central of=X from=total to=general year=2027 quantity=500\n\
        entitle of=X year=2027 K1:100 K2:100\nallocate of=X year=2027 K1 K2\n\
        transfer from=X.general to=TA series=X2027 quantity=50\n\
        transfer from=X.general to=ADA series=X2027 quantity=50\n\
        transfer from=X.general to=PA series=X2027 quantity=50\n\
        cross from=X.general to=YTA series=X2027 quantity=50\n\
        C = call of=X year=2027 opens=2028-01-01 closes=2028-06-01\n\
        A = auction of=X year=2027 volume=100 opens=2028-01-01 closes=2028-06-01\n\
        time 2028-01-10\nby V\nreport for=K2 year=2027 quantity=1\n";
    let mut story = Story::new();
    tell(&folder, opening, &mut story, "the market of the matrix");
    story
}

#[test]
fn every_combination_is_accepted_or_refused_as_the_table_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (status, preparation, hindrance) in STATUSES {
        for (account, holder) in ACCOUNTS {
            let is_holders = !["XA", "R"].contains(&holder);
            // Nobody closes, restricts or suspends a government's account.
            if !is_holders && !["open", "frozen", "report missing", "stopped"].contains(&status) {
                continue;
            }
            let mut story = market();
            for line in preparation {
                let line = line.replace('*', account).replace("HOLDER", holder);
                tell(&folder, &line, &mut story, status);
            }
            // Only an installation's account is restricted when its report is missing.
            let hindrance = hindrance.filter(|it| *it != 303 || account == "K1");
            for row in &TABLE {
                if row.name == "surrender" && account != "K1" {
                    continue;
                }
                let command = story.told(&row.line.replace('*', account));
                let asker = row.by.unwrap_or(holder);
                for person in PEOPLE {
                    let numbers = story.numbers(&command, person);
                    let (accepted, refused) = counts.entry(row.name).or_default();
                    let place =
                        format!("{} {account}, {status}, by {person}: {numbers:?}", row.name);
                    if person != asker {
                        let right = numbers.len() == 1 && (101..=113).contains(&numbers[0]);
                        assert!(right, "{place}");
                        *refused += 1;
                        continue;
                    }
                    let fits = row.accounts.contains(&account);
                    let hindered = hindrance.filter(|it| row.hindered_by.contains(it));
                    // Other things may be wrong with an account of the wrong kind too.
                    match (fits, hindered) {
                        (false, _) => {
                            let wrong = |it: &u16| *it == 302 || Some(*it) == hindrance;
                            assert!(numbers.iter().any(wrong), "{place}");
                        }
                        (true, Some(number)) => assert!(numbers.contains(&number), "{place}"),
                        (true, None) => assert_eq!(numbers, [], "{place}"),
                    }
                    if fits && hindered.is_none() {
                        *accepted += 1;
                    } else {
                        *refused += 1;
                    }
                }
            }
        }
    }
    println!("{counts:#?}");
    assert!(counts.values().all(|(accepted, refused)| *accepted > 0 && *refused > 10));
}
