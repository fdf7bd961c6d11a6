//! Tables for a terminal: columns as wide as they must be, numbers to the right.

/// A table with a header.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    rules: Vec<usize>,
}

impl Table {
    /// A table with these columns; a header may have several lines, divided by `|`.
    pub(crate) fn new(columns: &[&str]) -> Self {
        let lines = columns.iter().map(|it| it.split('|').count()).max().unwrap_or(1);
        let line = |number: usize| {
            columns
                .iter()
                .map(|it| it.split('|').nth(number).unwrap_or_default().to_owned())
                .collect()
        };
        Self { rows: (0..lines).map(line).collect(), rules: vec![lines] }
    }

    /// Adds a row.
    pub(crate) fn add(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// Adds a line across, between groups of rows.
    pub(crate) fn rule(&mut self) {
        self.rules.push(self.rows.len());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|it| it.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let across = widths.iter().sum::<usize>() + 2 * columns.saturating_sub(1);
        for (number, row) in self.rows.iter().enumerate() {
            if self.rules.contains(&number) {
                writeln!(to, "{}", "─".repeat(across))?;
            }
            let mut line = String::new();
            for (column, width) in widths.iter().enumerate() {
                let cell = row.get(column).map_or("", String::as_str);
                // The first columns are names, the others numbers.
                let cell =
                    if column < 2 { format!("{cell:<width$}") } else { format!("{cell:>width$}") };
                line.push_str(&cell);
                line.push_str("  ");
            }
            writeln!(to, "{}", line.trim_end())?;
        }
        Ok(())
    }
}
