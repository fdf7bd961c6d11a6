//! Lists of what happened, and of what is to come.

use super::{code, column};
use crate::list::{Column, Kind, List, Order};
use crate::sql::Value;
use karvan_core::State;

const AT: Column = column("at", Kind::Moment, "When it was.");
const JURISDICTION: Column =
    column("jurisdiction", Kind::Jurisdiction, "The jurisdiction it concerns, if it is one.");

/// Dates.
pub const DATES: List = List {
    name: "dates",
    about: "What is due, and when: reports, true-ups, surrenders, auctions and calls.",
    columns: &[
        column("at", Kind::Moment, "When it is due, begins or ends."),
        column("kind", Kind::Word, "report, true-up, surrender, auction or call."),
        column("jurisdiction", Kind::Jurisdiction, "Whose it is."),
        column("year", Kind::Year, "The year it is about."),
        column("number", Kind::Number, "The auction or call; 0 for deadlines."),
        column("volume", Kind::Tonnes, "Units offered."),
    ],
    key: 5,
    order: Order::Ascending,
    delayed: false,
    sought: &[],
};

/// Policies.
pub const POLICIES: List = List {
    name: "policies",
    about: "Versions of the policy, in the order in which they came into force.",
    columns: &[
        column("record", Kind::Record, "The record by which it came into force."),
        AT,
        column("name", Kind::Text, "Its name."),
        column("hash", Kind::Text, "SHA-256 of the policy file."),
    ],
    key: 1,
    order: Order::Descending,
    delayed: false,
    sought: &[],
};

/// Records.
pub const RECORDS: List = List {
    name: "records",
    about: "What is public at once of the record, fact by fact, newest first.",
    columns: &[
        column("record", Kind::Record, "The record."),
        column("part", Kind::Number, "The fact's place in it."),
        AT,
        column("fact", Kind::Word, "What happened."),
        JURISDICTION,
        column("year", Kind::Year, "The year it is about, if any."),
        column("subject", Kind::Text, "The installation, auction or call it is about, if any."),
        column("quantity", Kind::Tonnes, "How many units, if it is about units."),
        column("price", Kind::Price, "At which price, if there is one."),
        column("detail", Kind::Json, "The public fields of the fact, in JSON."),
    ],
    key: 2,
    order: Order::Descending,
    delayed: true,
    sought: &[&["fact", "record", "part"], &["jurisdiction", "record"], &["subject", "record"]],
};

/// Transactions.
pub const TRANSACTIONS: List = List {
    name: "transactions",
    about: "Movements of units between accounts, with their serials, once their delay is over.",
    columns: &[
        column("record", Kind::Record, "The record."),
        column("part", Kind::Number, "The movement's place in it."),
        AT,
        column("kind", Kind::Word, "moved, ended or restored."),
        column("from", Kind::Text, "The account the units left."),
        column("to", Kind::Text, "The account they came to."),
        column("jurisdiction", Kind::Jurisdiction, "Who issued them."),
        column("vintage", Kind::Year, "Their year."),
        column("first", Kind::Number, "The first serial."),
        column("quantity", Kind::Tonnes, "How many."),
    ],
    key: 2,
    order: Order::Descending,
    delayed: true,
    sought: &[&["at"]],
};

/// The rows of all deadlines of the rules in force, auctions and calls apart.
pub(crate) fn deadlines(state: &State) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    let Some(rules) = &state.rules else { return rows };
    for (id, chapter) in rules.chapters() {
        for it in &chapter.years {
            let mut row = |at: karvan_core::time::Instant, kind: &str| {
                let code = code(state, id);
                rows.push(vec![
                    at.into(),
                    kind.into(),
                    code.into(),
                    it.year.into(),
                    0u32.into(),
                    Value::Null,
                ]);
            };
            if it.stage == karvan_core::rules::Stage::Observer {
                continue;
            }
            row(it.report_due, "report");
            if it.stage.obliges() {
                if it.intensity {
                    row(it.true_up_due, "true-up");
                }
                row(it.surrender_due, "surrender");
            }
        }
    }
    rows
}

/// The row of an auction that is announced.
pub(crate) fn auction(state: &State, id: karvan_core::id::AuctionId) -> Option<Vec<Value>> {
    let it = state.auctions.get(id)?;
    Some(vec![
        it.closes.into(),
        "auction".into(),
        code(state, it.jurisdiction).into(),
        it.year.into(),
        id.0.into(),
        it.offered().into(),
    ])
}

/// The row of a call that is announced.
pub(crate) fn call(state: &State, id: karvan_core::id::CallId) -> Option<Vec<Value>> {
    let it = state.calls.get(id)?;
    Some(vec![
        it.closes.into(),
        "call".into(),
        code(state, it.jurisdiction).into(),
        it.year.into(),
        id.0.into(),
        Value::Null,
    ])
}
