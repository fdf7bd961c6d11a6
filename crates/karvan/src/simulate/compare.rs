//! Two policy files side by side.

use super::text::mt;
use super::{Simulate, simulated};
use crate::table::Table;
use anyhow::Result;
use karvan_policy::model::outcome::{Member, Outcome};
use serde_json::json;
use std::io::Write;
use std::path::Path;

pub(super) fn run(it: &Simulate, other: &Path) -> Result<()> {
    let (one, two) = (simulated(it, &it.policy)?, simulated(it, other)?);
    let mut out = std::io::stdout().lock();
    if it.output.json {
        let both = json!({ "one": super::json::of(&one), "two": super::json::of(&two) });
        writeln!(out, "{both:#}")?;
        return Ok(());
    }
    let names = (it.policy.display().to_string(), other.display().to_string());
    write!(out, "{}", as_text((&one.outcome, &two.outcome), &names))?;
    Ok(())
}

/// A number, and how much more the other is.
fn pair(one: f64, two: f64) -> [String; 3] {
    let more = two - one;
    let sign = if more > 0.0 { "+" } else { "" };
    let more = mt(more);
    let more = if more == "-" { more } else { format!("{sign}{more}") };
    [mt(one), mt(two), more]
}

fn as_text((one, two): (&Outcome, &Outcome), names: &(String, String)) -> String {
    let usd = &one.currency;
    let mut table = Table::new(&[
        "",
        "year",
        &format!("price|one|{usd}/t"),
        "|two|",
        "|more|",
        "emitted|one|Mt",
        "|two|",
        "|more|",
        &format!("cost|one|M {usd}"),
        "|two|",
        "|more|",
    ]);
    let mut first = true;
    let mut codes: Vec<&String> = one.members.iter().map(|it| &it.code).collect();
    codes.extend(
        two.members
            .iter()
            .map(|it| &it.code)
            .filter(|code| one.members.iter().all(|it| it.code != **code)),
    );
    for code in codes {
        let find = |it: &'_ Outcome| -> Option<Member> {
            it.members.iter().find(|it| it.code == *code).cloned()
        };
        let (left, right) = (find(one), find(two));
        let row = |it: &Option<Member>, year: u16| {
            let it = it.as_ref()?.rows.iter().find(|row| row.year == year)?;
            it.price.map(|price| (price.0, it.emissions.0, it.cost.0))
        };
        let mut years: Vec<u16> = one.years.iter().chain(&two.years).copied().collect();
        years.sort_unstable();
        years.dedup();
        years.retain(|year| row(&left, *year).is_some() || row(&right, *year).is_some());
        if years.is_empty() {
            continue;
        }
        if !std::mem::take(&mut first) {
            table.rule();
        }
        for year in years {
            let mut cells = vec![code.clone(), year.to_string()];
            let (left, right) = (row(&left, year), row(&right, year));
            let of = |it: fn((f64, f64, f64)) -> f64| match (left.map(it), right.map(it)) {
                (Some(one), Some(two)) => pair(one, two),
                (Some(one), None) => [mt(one), "none".to_owned(), String::new()],
                (None, Some(two)) => ["none".to_owned(), mt(two), String::new()],
                (None, None) => Default::default(),
            };
            cells.extend(of(|it| it.0));
            cells.extend(of(|it| it.1));
            cells.extend(of(|it| it.2));
            table.add(cells);
        }
    }
    let mut text = format!("one  {}\ntwo  {}\n\n{table}", names.0, names.1);
    for (name, it) in [("one", one), ("two", two)] {
        for warning in &it.warnings {
            text.push_str(&format!("\n{name}: {warning}"));
        }
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
