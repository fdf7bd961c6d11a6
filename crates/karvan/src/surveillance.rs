//! `karvan surveillance`: patterns of trading in a store that somebody should look at.

use crate::table::Table;
use crate::{Output, journal, market};
use anyhow::Result;
use karvan_core::{State, apply};
use karvan_views::surveillance::{Alert, Surveillance};
use serde_json::{Value, json};
use std::io::Write;
use std::path::Path;

/// `karvan surveillance`.
pub(crate) fn run(dir: &Path, output: Output) -> Result<()> {
    let (mut state, mut watch) = (State::default(), Surveillance::default());
    journal::each_record(dir, 1, |header, events| {
        watch.take(&state, header, events);
        events.iter().for_each(|event| apply(&mut state, header, event));
        true
    })?;
    watch.pass(&state, state.now);
    let mut out = std::io::stdout().lock();
    if output.json {
        let alerts: Vec<Value> = watch.alerts().iter().map(|it| as_json(&state, it)).collect();
        writeln!(out, "{:#}", json!({ "records": state.position, "alerts": alerts }))?;
        return Ok(());
    }
    let alerts = watch.alerts();
    if alerts.is_empty() {
        writeln!(out, "{} records, nothing found", state.position)?;
        return Ok(());
    }
    let mut table = Table::new(&["pattern", "market", "parties", "units", "up to", "records"]);
    for it in alerts {
        let (first, last) = it.records;
        table.add(vec![
            it.pattern.name().to_owned(),
            market::name(&state, it.market),
            parties(it).join(", "),
            it.quantity.0.to_string(),
            it.at.to_string(),
            format!("{first}–{last}"),
        ]);
    }
    writeln!(out, "{table}\n{} alerts in {} records", alerts.len(), state.position)?;
    let show = format!("karvan journal show {} --from", dir.display());
    writeln!(out, "(quantities in units, times in UTC; {show} N shows the records)")?;
    Ok(())
}

fn parties(it: &Alert) -> Vec<String> {
    it.parties.iter().map(ToString::to_string).collect()
}

fn as_json(state: &State, it: &Alert) -> Value {
    let (first, last) = it.records;
    json!({
        "pattern": it.pattern.name(),
        "jurisdiction": market::code(state, it.market),
        "year": it.market.year.0,
        "product": market::product(state, it.market),
        "parties": it.parties.iter().map(|it| it.0).collect::<Vec<u32>>(),
        "quantity_units": it.quantity.0,
        "at": it.at.to_string(),
        "first_record": first,
        "last_record": last,
    })
}
