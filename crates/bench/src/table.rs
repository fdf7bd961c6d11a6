//! The table of figures.

use std::fmt;

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
    None,
}

/// A figure of several runs.
#[derive(Clone, Debug)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) unit: &'static str,
    pub(crate) goal: Goal,
    pub(crate) values: Vec<f64>,
}

impl Figure {
    fn sorted(&self) -> Vec<f64> {
        let mut values = self.values.clone();
        values.sort_by(f64::total_cmp);
        values
    }

    /// Minimum, median, maximum.
    pub(crate) fn spread(&self) -> [f64; 3] {
        let values = self.sorted();
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        [at(0), at(values.len() / 2), at(values.len().saturating_sub(1))]
    }

    /// Whether the median meets the goal; `None` without a goal.
    fn is_met(&self) -> Option<bool> {
        let [_, median, _] = self.spread();
        match self.goal {
            Goal::AtLeast(it) => Some(median >= it),
            Goal::AtMost(it) => Some(median <= it),
            Goal::None => None,
        }
    }
}

/// All figures.
#[derive(Debug, Default)]
pub(crate) struct Table(Vec<Figure>);

/// Three digits that count, thousands parted.
fn shown(it: f64) -> String {
    if it.abs() < 1_000.0 {
        let places = if it.abs() < 10.0 { 2 } else { 1 };
        return format!("{it:.places$}");
    }
    let digits = format!("{it:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

impl Table {
    pub(crate) fn add(&mut self, figure: Figure) {
        self.0.push(figure);
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let row = |it: &Figure| {
            let [min, median, max] = it.spread();
            let (at_least, at_most) = match it.goal {
                Goal::AtLeast(goal) => (Some(goal), None),
                Goal::AtMost(goal) => (None, Some(goal)),
                Goal::None => (None, None),
            };
            serde_json::json!({
                "what": it.what, "unit": it.unit, "min": min, "median": median, "max": max,
                "at_least": at_least, "at_most": at_most, "met": it.is_met(),
            })
        };
        serde_json::json!({ "figures": self.0.iter().map(row).collect::<Vec<_>>() })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            to,
            "{:<58}{:>10}{:>12}{:>12}{:>12}  {:<16}",
            "", "unit", "min", "median", "max", "goal"
        )?;
        for it in &self.0 {
            let [min, median, max] = it.spread().map(shown);
            let goal = match it.goal {
                Goal::AtLeast(goal) => format!(">= {}", shown(goal)),
                Goal::AtMost(goal) => format!("<= {}", shown(goal)),
                Goal::None => String::new(),
            };
            let met = match it.is_met() {
                Some(true) => " met",
                Some(false) => " MISSED",
                None => "",
            };
            let (what, unit) = (&it.what, it.unit);
            writeln!(to, "{what:<58}{unit:>10}{min:>12}{median:>12}{max:>12}  {goal}{met}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_shows_its_spread_and_whether_its_median_meets_the_goal() {
        let goal = Goal::AtLeast(2_000.0);
        let values = vec![3_000.0, 1_000.0, 1_999.0];
        let figure = Figure { what: "x".to_owned(), unit: "1/s", goal, values };
        assert_eq!(figure.spread(), [1_000.0, 1_999.0, 3_000.0]);
        assert_eq!(figure.is_met(), Some(false));
        let mut table = Table::default();
        table.add(figure);
        assert!(table.to_string().contains("1 999") && table.to_string().contains("MISSED"));
    }
}
