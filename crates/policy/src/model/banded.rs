//! Systems of equations in which each unknown meets its neighbours only.

/// A square matrix with entries near its diagonal.
#[derive(Clone, Debug)]
pub(super) struct Banded {
    size: usize,
    /// How far from the diagonal entries lie.
    width: usize,
    rows: Vec<f64>,
}

impl Banded {
    /// Zeros.
    pub(super) fn zeros(size: usize, width: usize) -> Self {
        Self { size, width, rows: vec![0.0; size * (2 * width + 1)] }
    }

    /// Zeros again.
    pub(super) fn clear(&mut self) {
        self.rows.fill(0.0);
    }

    fn place(&self, row: usize, column: usize) -> usize {
        row * (2 * self.width + 1) + column + self.width - row
    }

    /// Adds to an entry.
    pub(super) fn add(&mut self, row: usize, column: usize, value: f64) {
        let place = self.place(row, column);
        if let Some(it) = self.rows.get_mut(place) {
            *it += value;
        }
    }

    #[cfg(test)]
    fn get(&self, row: usize, column: usize) -> f64 {
        self.rows.get(self.place(row, column)).copied().unwrap_or(0.0)
    }

    /// Solves for a right side, in place, by elimination without exchanging rows: for matrices
    /// whose diagonal outweighs the rest, as those of a network of prices. The matrix is used up.
    pub(super) fn solve(&mut self, right: &mut [f64]) {
        let (width, across) = (self.width, 2 * self.width + 1);
        for pivot in 0..self.size {
            let (above, below) = self.rows.split_at_mut((pivot + 1) * across);
            // From the diagonal on.
            let above = above.get(pivot * across + width..).unwrap_or_default();
            let Some(diagonal) = above.first().copied().filter(|it| *it != 0.0) else { continue };
            let of_pivot = right.get(pivot).copied().unwrap_or(0.0);
            let reach = width.min(self.size - pivot - 1);
            for (distance, row) in (1..=reach).zip(below.chunks_exact_mut(across)) {
                let Some(row) = row.get_mut(width - distance..) else { continue };
                let factor = row.first().map_or(0.0, |it| it / diagonal);
                if factor == 0.0 {
                    continue;
                }
                for (it, above) in row.iter_mut().zip(above) {
                    *it -= factor * above;
                }
                if let Some(it) = right.get_mut(pivot + distance) {
                    *it -= factor * of_pivot;
                }
            }
        }
        for row in (0..self.size).rev() {
            let here = self.rows.get(row * across + width..(row + 1) * across).unwrap_or_default();
            let after = right.get(row + 1..).unwrap_or_default();
            let known: f64 = here.iter().skip(1).zip(after).map(|(it, known)| it * known).sum();
            let diagonal = here.first().copied().unwrap_or(0.0);
            if let Some(it) = right.get_mut(row) {
                *it = if diagonal == 0.0 { 0.0 } else { (*it - known) / diagonal };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_it_finds_gives_the_right_side_back(
            size in 1usize..30, width in 0usize..5,
            numbers in prop::collection::vec(-1.0f64..1.0, 400),
        ) {
            let mut matrix = Banded::zeros(size, width);
            let mut next = numbers.iter().copied().cycle();
            for row in 0..size {
                for column in row.saturating_sub(width)..(row + width + 1).min(size) {
                    let heavy = if row == column { 2.0 * width as f64 + 2.0 } else { 0.0 };
                    matrix.add(row, column, next.next().unwrap_or(0.0) + heavy);
                }
            }
            let right: Vec<f64> = next.take(size).collect();
            let mut found = right.clone();
            matrix.clone().solve(&mut found);
            for (row, expected) in right.iter().enumerate() {
                let columns = row.saturating_sub(width)..(row + width + 1).min(size);
                let sum: f64 = columns.map(|it| matrix.get(row, it) * found[it]).sum();
                prop_assert!((sum - expected).abs() < 1e-9);
            }
        }
    }
}
