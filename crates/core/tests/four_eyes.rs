//! The four-eyes table, played row by row: who may begin an operation, who may approve it, and that
//! everybody else is refused, the person that began it among them.
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

use karvan_core::authority::four_eyes;
use std::collections::BTreeSet;
use std::path::Path;
use story::{Story, tell};

/// An operation as it is asked: its line, who begins it, and who may approve it. Where several
/// bodies must, all named do together.
struct Played {
    line: &'static str,
    begins: &'static str,
    approves: &'static [&'static str],
    together: bool,
}

const fn by(line: &'static str, begins: &'static str, approves: &'static [&'static str]) -> Played {
    Played { line, begins, approves, together: false }
}

/// Two persons of everybody.
const PEOPLE: [&str; 16] = [
    "R", "R.2", "XA", "XA.2", "YA", "YA.2", "OP1", "OP1.2", "OP2", "OP2.2", "T", "T.2", "V", "V.2",
    "BANK", "BANK.2",
];

const PLAYED: &[Played] = &[
    by("transfer from=K1 to=K2 series=X2027 quantity=1", "OP1", &["OP1.2"]),
    by("surrender for=K1 year=2027 quantity=1", "OP1", &["OP1.2"]),
    by("retire from=K1 series=X2027 quantity=1", "OP1", &["OP1.2"]),
    by("return for=K2 year=2027 quantity=1", "OP2", &["OP2.2"]),
    by("delete from=K1 series=X2027 quantity=1", "OP1", &["OP1.2"]),
    by("return-purchase from=ADA series=X2027 quantity=1", "T", &["T.2"]),
    by("pledge of=K1 series=X2027 quantity=1 to=OP2", "OP1", &["OP1.2"]),
    by("legal-hold of=K1 series=X2027 quantity=1", "XA", &["XA.2"]),
    by("unlock L", "OP2", &["OP2.2"]),
    by("trust of=K1 other=K2", "OP1", &["OP1.2"]),
    by("transfer-limit of=K1 limit=10", "OP1", &["OP1.2"]),
    by("single account=K1 surrender=alone", "OP1", &["OP1.2"]),
    by("request-closure of=K1", "OP1", &["OP1.2"]),
    by("appoint for=OP1 rights=all", "OP1", &["XA", "XA.2"]),
    by("restore OP1.2 rights=read", "OP1", &["XA", "XA.2"]),
    by("party operator of=X group=8", "XA", &["XA.2"]),
    by("account trading holder=T of=X", "XA", &["XA.2"]),
    by("installation label=X-7 of=X operator=OP1", "XA", &["XA.2"]),
    by("merge from=K1 into=K3", "XA", &["XA.2"]),
    by("change-operator of=K3 to=OP2", "XA", &["XA.2"]),
    by("review it=OP1", "XA", &["XA.2"]),
    by("status restricted of=K1", "XA", &["XA.2"]),
    by("close-account it=TB", "XA", &["XA.2"]),
    by("closure-transfer from=TC", "XA", &["XA.2"]),
    by("unfreeze holder it=V", "XA", &["R", "R.2", "YA", "YA.2"]),
    by("reverse S", "XA", &["R", "R.2", "YA", "YA.2"]),
    by("reverse-allocation D of=K3", "XA", &["R", "R.2", "YA", "YA.2"]),
    by("resume-trading OP2", "XA", &["XA.2"]),
    by("set-class T R", "XA", &["XA.2"]),
    by("settle A-R of=X", "XA", &["XA.2"]),
    by("resume TA", "R", &["XA", "XA.2", "YA", "YA.2"]),
    by("issue of=X year=2027 quantity=1", "XA", &["XA.2"]),
    by("cap of=X year=2027 quantity=9500", "XA", &["XA.2"]),
    by("central of=X from=total to=auction year=2027 quantity=1", "XA", &["XA.2"]),
    by("entitle of=X year=2027 K1:200", "XA", &["XA.2"]),
    by("withhold for=K1 year=2027", "XA", &["XA.2"]),
    by("exclude for=K1 year=2028", "XA", &["XA.2"]),
    by("last-year for=K1 year=2029", "XA", &["XA.2"]),
    by("cancel-auction A", "XA", &["XA.2"]),
    by("amend of=X penalty=25", "XA", &["XA.2"]),
    by("holidays of=X 2028-05-05", "XA", &["XA.2"]),
    Played { line: "policy penalty=25", begins: "R", approves: &["XA", "YA"], together: true },
    by("ask-payment party=OP1 out:10.00", "OP1", &["OP1.2"]),
    by("return-deposit of=1 amount=10 line=77", "BANK", &["BANK.2"]),
    by("send-payment PAY", "BANK", &["BANK.2"]),
    by("void-payment SENT", "BANK", &["BANK.2"]),
];

/// Rows whose state lies after a deadline, played in a market of their own.
const LATE: &[Played] = &[
    by("adjust of=X year=2027", "XA", &["XA.2"]),
    by("estimate for=K2 year=2027 quantity=9", "XA", &["XA.2"]),
    by("set-letter for=K1 year=2027 letter=E", "XA", &["XA.2"]),
    by("penalty-to hearing case=0", "XA", &["XA.2"]),
];

/// Rows that a policy must ask for.
const BY_POLICY: &[Played] = &[
    by("site label=S-2 of=X account=PA technology=sun kw=5", "XA", &["XA.2"]),
    by("certificates of=E1 kwh=1000", "XA", &["XA.2"]),
    by("credits of=E1 kwh=2000", "XA", &["XA.2"]),
    by("buy-at-ceiling for=K1 year=2027 quantity=1", "OP1", &["OP1.2"]),
    by("consign to=A account=TA quantity=10", "T", &["T.2"]),
    by("import of=Y year=2028 TY:1-10", "YA", &["YA.2"]),
    by("fixing in-currency=XAC day=2028-06-01 rate=500", "BANK", &["BANK.2"]),
];

fn market_by_policy() -> Story {
    told(
        "use market\nby R\npolicy ceiling=30.00 mirror=XXB evidence=12\nby XA\n\
        PA = account project holder=T of=X\n\
        S1 = site label=S-1 of=X account=PA technology=wind kw=1000\n\
        X.stability = account stability holder=XA of=X\n\
        cap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=1000\n\
        cap of=X year=2028 quantity=1000\nissue of=X year=2028 quantity=1000\n\
        central of=X from=total to=stability year=2027 quantity=60\n\
        central of=X from=total to=auction year=2028 quantity=60\n\
        X.general = account general holder=XA of=X\n\
        central of=X from=total to=general year=2028 quantity=60\n\
        transfer from=X.general to=TA series=X2028 quantity=20\n\
        by YA\nYT = party trader of=Y group=6\nTY = account trading holder=YT of=Y\n\
        cap of=Y year=2028 quantity=100\nY.total = account total holder=YA of=Y\n\
        import of=Y year=2028 TY:501-520\n\
        time 2028-01-10\nby V\nreport for=K1 year=2027 quantity=10\ntime 2028-06-10\n\
        by V\nE1 = evidence at=S1 from=2028-05-01 to=2028-05-31 kwh=5000\n\
        by XA\nA = auction of=X year=2028 volume=10 opens=2028-07-01 closes=2028-07-02\n",
    )
}

fn told(text: &str) -> Story {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let mut story = Story::new();
    tell(&folder, text, &mut story, "the market of the four-eyes table");
    story
}

fn market() -> Story {
    told(
        "use market\nX.general = account general holder=XA of=X\n\
        X.retirement = account retirement holder=XA of=X\n\
        ADA = account delivery holder=T of=X\nTB = account trading holder=T of=X\n\
        TC = account trading holder=T of=X\n\
        K3 = installation label=X-3 of=X operator=OP1 obliged=2027\n\
        cap of=X year=2027 quantity=10000\nissue of=X year=2027 quantity=9000\n\
        central of=X from=total to=allocation year=2027 quantity=500\n\
        central of=X from=total to=auction year=2027 quantity=500\n\
        central of=X from=total to=general year=2027 quantity=500\n\
        entitle of=X year=2027 K1:100 K2:100\nallocate of=X year=2027 K1 K2\n\
        entitle of=X year=2027 K2:90\n\
        transfer from=X.general to=ADA series=X2027 quantity=50\n\
        transfer from=X.general to=TC series=X2027 quantity=50\n\
        time 2028-01-10\nby R\nreview it=XA\nby XA\nreview it=OP1\nreview it=OP2\nreview it=T\n\
        by V\nreport for=K1 year=2027 quantity=10\nreport for=K3 year=2027 quantity=10\n\
        by OP1\nS = surrender for=K1 year=2027 quantity=5\n\
        by T\nrequest-closure of=TB\nrequest-closure of=TC\n\
        by XA\nentitle of=X year=2027 K3:50\nD = allocate of=X year=2027 K3\n\
        A = auction of=X year=2027 volume=100 opens=2028-02-01 closes=2028-02-02\n\
        freeze holder it=V\nhalt OP2\nby R\nstop TA\n\
        by OP1\nPAY = ask-payment party=OP1 out:5.00\n\
        SENT = ask-payment party=OP1 out:6.00\nby BANK\nsend-payment SENT\n",
    )
}

fn late_market() -> Story {
    told(
        "use market\nby R\npolicy quantity=rule\nby XA\n\
        X.stability = account stability holder=XA of=X\n\
        cap of=X year=2027 quantity=1000\nissue of=X year=2027 quantity=500\n\
        central of=X from=total to=auction year=2027 quantity=500\n\
        time 2028-01-10\nby V\nreport for=K1 year=2027 quantity=10\n\
        time 2028-07-01\nby XA\nclose of=X year=2027\n",
    )
}

/// What crosses a border.
const ABROAD: &[Played] = &[
    by("cross from=K1 to=YTA series=X2027 quantity=1", "OP1", &["OP1.2"]),
    by("amend-link links=XY:1970-2031", "XA", &["YA", "YA.2"]),
    by("suspend-link XY", "XA", &["XA.2", "YA", "YA.2", "R", "R.2"]),
    by("resume-link YX", "XA", &["YA", "YA.2", "R", "R.2"]),
    by("first-transfer from=X.general to=Y.general series=X2027 quantity=1", "XA", &["YA", "YA.2"]),
];

fn linked_market() -> Story {
    told(
        "use market\nby R\npolicy links=XY:1970-2030+YX:1970-2030\n\
        suspend-link YX\naccount escrow holder=R of=X towards=Y\n\
        by YA\nYT = party trader of=Y group=9\nYTA = account trading holder=YT of=Y\n\
        Y.general = account general holder=YA of=Y\n\
        by XA\ncap of=X year=2027 quantity=100\nissue of=X year=2027 quantity=100\n\
        central of=X from=total to=allocation year=2027 quantity=90\n\
        X.general = account general holder=XA of=X\n\
        central of=X from=total to=general year=2027 quantity=10\n\
        entitle of=X year=2027 K1:90\nallocate of=X year=2027 K1\n",
    )
}

fn play(story: &Story, it: &Played) -> BTreeSet<&'static str> {
    let command = story.told(it.line);
    let place = |who: &str| format!("{} by {who}", it.line);
    // Alone it is not done.
    assert_eq!(story.approved_by(&command, it.begins, &[]), [111], "{}", place(it.begins));
    for person in PEOPLE {
        let alone = [person];
        let approvals: &[&str] = if it.together { it.approves } else { &alone };
        // Whoever may not begin it may not, whoever approves.
        let same_party = person.trim_end_matches(".2") == it.begins.trim_end_matches(".2");
        if !same_party {
            let numbers = story.approved_by(&command, person, it.approves);
            let right = numbers.len() == 1 && (101..=118).contains(&numbers[0]);
            assert!(right, "{}: {numbers:?}", place(person));
        }
        if it.together {
            continue;
        }
        let numbers = story.approved_by(&command, it.begins, approvals);
        if it.approves.contains(&person) {
            assert_eq!(numbers, [], "{} approved by {person}", it.line);
        } else {
            // Or it is the very person that would gain.
            let right = (101..=118).contains(&numbers[0]) || numbers == [235];
            assert!(right && numbers.len() == 1, "{} by {person}: {numbers:?}", it.line);
        }
    }
    if it.together {
        assert_eq!(story.approved_by(&command, it.begins, it.approves), [], "{}", it.line);
        for one in it.approves {
            assert_eq!(story.approved_by(&command, it.begins, &[*one]), [111], "{}", it.line);
        }
    }
    [command.name()].into()
}

#[test]
fn every_row_is_accepted_with_its_two_persons_and_refused_with_any_others() {
    let mut played = BTreeSet::new();
    let (early, late) = (market(), late_market());
    for it in PLAYED {
        // A pledge is unlocked by the party it secures: one of its own account.
        if it.line == "unlock L" {
            continue;
        }
        played.extend(play(&early, it));
    }
    for it in LATE {
        played.extend(play(&late, it));
    }
    let linked = linked_market();
    for it in ABROAD {
        played.extend(play(&linked, it));
    }
    let by_policy = market_by_policy();
    for it in BY_POLICY {
        played.extend(play(&by_policy, it));
    }
    let pledged = told(
        "use market\ncap of=X year=2027 quantity=100\nissue of=X year=2027 quantity=100\n\
        central of=X from=total to=allocation year=2027 quantity=100\n\
        entitle of=X year=2027 K1:100\nallocate of=X year=2027 K1\n\
        by OP1\nL = pledge of=K1 series=X2027 quantity=2 to=OP2\n",
    );
    let unlock = PLAYED.iter().find(|it| it.line == "unlock L").unwrap();
    played.extend(play(&pledged, unlock));
    let blocks = told(
        "use market\ncap of=X year=2027 quantity=500\nissue of=X year=2027 quantity=500\n\
        central of=X from=total to=allocation year=2027 quantity=500\n\
        entitle of=X year=2027 K1:500\nallocate of=X year=2027 K1\n\
        by R\npolicy trading=blocks\n\
        by XA\nC = call of=X year=2027 opens=2027-01-10 closes=2027-01-11\ntime 2027-01-10\n\
        by OP1\nsell in=C account=K1 price=8.00 quantity=1\n\
        by T\nbuy in=C account=TA price=8.00 quantity=1\n\
        time 2027-01-11\nby XA\nclear-call C\n",
    );
    let block = "block in=X:2027 from=K1 to=TA price=8.00 quantity=100";
    for (begins, approves) in [("OP1", &["T", "T.2"]), ("T", &["OP1", "OP1.2"])] {
        played.extend(play(&blocks, &by(block, begins, approves)));
    }
    let all: BTreeSet<&str> = four_eyes::TABLE.iter().flat_map(|it| it.commands).copied().collect();
    let missing: Vec<_> = all.difference(&played).collect();
    assert!(missing.is_empty(), "rows that nobody played: {missing:?}");
}
