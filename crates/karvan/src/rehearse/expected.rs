//! What `--expect` adds to a rehearsal: the prices of the equilibrium model beside its own.

use crate::data;
use crate::table::Table;
use anyhow::Result;
use indicatif::ProgressBar;
use karvan_policy::rehearsal::Behaviour;
use karvan_rehearsal::simulated::{self, Expected};
use karvan_rehearsal::{Outcome, Settings};
use serde_json::{Value, json};

/// The comparison, and by how much each cause adds to it.
pub(super) struct Compared {
    rows: Vec<Expected>,
    causes: Vec<(&'static str, Option<f64>)>,
}

impl Compared {
    /// Compares; of people that hesitate and err the rehearsal is played again without each.
    pub(super) fn of(settings: &Settings, outcome: &Outcome, bar: &ProgressBar) -> Result<Self> {
        let model = simulated::simulate(settings, &data::tables()?);
        let rows = simulated::compare(outcome, &model);
        let causes = if settings.policy.rehearsal.behaviour == Behaviour::COMPETITIVE {
            Vec::new()
        } else {
            let mut watch = |cause| bar.set_message(format!("with {cause}"));
            simulated::by_cause(settings, &model, &mut watch)?
        };
        Ok(Self { rows, causes })
    }

    pub(super) fn as_text(&self, usd: &str) -> String {
        let price = |of: &str| format!("{of}|{usd}/t");
        let mut table = Table::new(&[
            "",
            "year",
            &price("simulated"),
            &price("rehearsed"),
            "difference|%",
            "traded|Mt",
        ]);
        for row in &self.rows {
            let percent = |it: f64| format!("{:+.1}", 100.0 * (it / row.simulated - 1.0));
            table.add(vec![
                row.jurisdiction.clone(),
                row.year.to_string(),
                format!("{:.2}", row.simulated),
                row.rehearsed.map_or_else(|| "none".to_owned(), |it| format!("{it:.2}")),
                row.rehearsed.filter(|_| row.simulated >= 0.005).map(percent).unwrap_or_default(),
                format!("{:.2}", row.volume),
            ]);
        }
        let all = simulated::difference(&self.rows);
        let all = all.map_or_else(|| "none".to_owned(), |it| format!("{it:.1} %"));
        let mut text = format!(
            "Against the equilibrium model: its price, and the mean of auctions and calls\n\n\
             {table}\ndifference weighted by what was traded  {all}\n"
        );
        if self.causes.is_empty() {
            return text + "\n";
        }
        text.push_str("  of which, each added to those before it\n");
        let mut before = 0.0;
        for (cause, difference) in &self.causes {
            let shown = match difference {
                None => "nothing was traded".to_owned(),
                Some(it) => {
                    let more = it - before;
                    before = *it;
                    format!("{more:+.1} points")
                }
            };
            text.push_str(&format!("  {cause:<44}  {shown:>14}\n"));
        }
        text + "\n"
    }

    pub(super) fn as_json(&self) -> Value {
        let rows = self.rows.iter().map(|it| {
            json!({
                "jurisdiction": it.jurisdiction,
                "year": it.year,
                "simulated": it.simulated,
                "rehearsed": it.rehearsed,
                "traded_mt": it.volume,
            })
        });
        let causes = self
            .causes
            .iter()
            .map(|(cause, it)| json!({ "with": cause, "difference_percent": it }));
        json!({
            "rows": rows.collect::<Vec<_>>(),
            "difference_percent": simulated::difference(&self.rows),
            "by_cause": causes.collect::<Vec<_>>(),
        })
    }
}
