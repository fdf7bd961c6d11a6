//! What a rehearsal tells of linked markets: flows, rents, and who gained.

use super::mt;
use crate::table::Table;
use karvan_core::id::JurisdictionId;
use karvan_core::quantity::Money;
use karvan_rehearsal::{LinkYear, Outcome};
use serde_json::{Value, json};

/// The codes of the members in the order of the policy.
fn codes(it: &Outcome) -> Vec<&str> {
    let mut codes: Vec<&str> = it.rows.iter().map(|row| row.jurisdiction.as_str()).collect();
    codes.dedup();
    codes
}

pub(super) fn millions(it: Money) -> String {
    // What rounds to nothing has no sign.
    let millions = if it.0.abs() < 500_000 { 0.0 } else { it.0 as f64 / 1e8 };
    format!("{millions:.2}")
}

/// What went through the links, and who gained by it.
pub(super) fn as_text(it: &Outcome, usd: &str) -> String {
    if it.flows.is_empty() {
        return String::new();
    }
    let codes = codes(it);
    let code = |place: usize| codes.get(place).copied().unwrap_or("?").to_owned();
    let place = |it: JurisdictionId| usize::try_from(it.0).unwrap_or(usize::MAX);
    let mut flows = Table::new(&[
        "year",
        "link",
        "auctions",
        "leave|Mt",
        "arrive|Mt",
        &format!("rent|M {usd}"),
        &format!("levy|M {usd}"),
    ]);
    for row in &it.flows {
        flows.add(vec![
            row.year.to_string(),
            format!("{}-{}", code(place(row.from)), code(place(row.to))),
            row.auctions.to_string(),
            mt(row.leaves),
            mt(row.arrives),
            millions(row.rent),
            millions(row.levy),
        ]);
    }
    let mut gains = Table::new(&["year", "member", &format!("gain|M {usd}")]);
    let mut sorted = it.gains.clone();
    sorted.sort_by_key(|(j, year, _)| (*year, *j));
    for (j, year, gain) in sorted {
        gains.add(vec![year.to_string(), code(j), millions(gain)]);
    }
    format!(
        "Coupled auctions: what went through the links in a year of the calendar\n\n{flows}\n\
         What members gained by them, beside calls of their own: by the limits of their orders,\n\
         with half of the rents and levies of each of their links\n\n{gains}\n"
    )
}

/// The same as JSON: flows, and gains.
pub(super) fn as_json(it: &Outcome) -> (Vec<Value>, Vec<Value>) {
    let codes = codes(it);
    let code = |place: usize| codes.get(place).copied().unwrap_or_default();
    let place = |it: JurisdictionId| usize::try_from(it.0).unwrap_or(usize::MAX);
    let flow = |row: &LinkYear| {
        json!({
            "year": row.year,
            "from": code(place(row.from)),
            "to": code(place(row.to)),
            "auctions": row.auctions,
            "leave_t": row.leaves.0,
            "arrive_t": row.arrives.0,
            "rent": row.rent.to_string(),
            "levy": row.levy.to_string(),
        })
    };
    let gain = |(j, year, gain): &(usize, u16, Money)| {
        let gain = gain.to_string();
        json!({ "year": year, "member": code(*j), "gain": gain })
    };
    (it.flows.iter().map(flow).collect(), it.gains.iter().map(gain).collect())
}
