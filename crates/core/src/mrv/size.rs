//! How large installations and source streams are: what is asked of their monitoring follows from
//! it (Regulation (EU) 2018/2066, Article 19).
//!
//! Installations: category A up to 50,000 t a year, B up to 500,000 t, C above. Source streams,
//! from the smallest on: de minimis together below 1,000 t or, up to 20,000 t, below 2 %; minor
//! together below 5,000 t or, up to 100,000 t, below 10 %; the rest is major. The larger of the two
//! bounds counts.

use super::decimal::Sum;
use super::stream::Emitted;
use crate::mrv::Decimal;
use crate::quantity::Tonnes;

/// The category of an installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Up to 50,000 t.
    A,
    /// Up to 500,000 t.
    B,
    /// More.
    C,
}

impl Category {
    /// The category of a year's emissions.
    pub fn of(emissions: Tonnes) -> Self {
        match emissions.0 {
            0..=50_000 => Self::A,
            50_001..=500_000 => Self::B,
            _ => Self::C,
        }
    }

    /// Its letter.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
        }
    }
}

/// How much a source stream weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// So little that it may be estimated.
    DeMinimis,
    /// Little.
    Minor,
    /// The rest.
    Major,
}

impl Weight {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DeMinimis => "de_minimis",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// Whether a sum is below a fixed bound, or below a share of the total that is itself bounded.
fn below(sum: &Sum, total: &Sum, (fixed, percent, most): (i64, i64, i64)) -> bool {
    let number = |it: i64| Sum::of(Decimal::of(it, 0));
    let less = |one: &Sum, other: &Sum| other.plus(&one.clone().negated()).is_positive();
    let share = total.times(&number(percent)).over_ten_to(2);
    let bounded = if less(&number(most), &share) { number(most) } else { share };
    less(sum, &number(fixed)) || less(sum, &bounded)
}

/// What each stream of a report weighs, in the order of the report. What goes out of a mass balance
/// counts by its size.
pub fn weights(streams: &[Emitted]) -> Vec<Weight> {
    let size = |it: &Emitted| {
        let fossil = it.fossil.clone();
        if fossil.is_positive() { fossil } else { fossil.negated() }
    };
    let sizes: Vec<Sum> = streams.iter().map(size).collect();
    let total = sizes.iter().fold(Sum::default(), |sum, it| sum.plus(it));
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    let less = |one: &usize, other: &usize| {
        let pair = sizes.get(*one).zip(sizes.get(*other));
        pair.map_or(std::cmp::Ordering::Equal, |(one, other)| one.compare(other))
    };
    order.sort_by(|one, other| less(one, other));
    let mut weights = vec![Weight::Major; sizes.len()];
    let mut sum = Sum::default();
    for place in order {
        let Some(size) = sizes.get(place) else { continue };
        sum = sum.plus(size);
        let weight = if below(&sum, &total, (1_000, 2, 20_000)) {
            Weight::DeMinimis
        } else if below(&sum, &total, (5_000, 10, 100_000)) {
            Weight::Minor
        } else {
            Weight::Major
        };
        if let Some(it) = weights.get_mut(place) {
            *it = weight;
        }
    }
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weigh(tonnes: &[&str]) -> Vec<&'static str> {
        let emitted = |text: &&str| Emitted {
            fossil: Sum::of(Decimal::parse(text).expect("a decimal")),
            biomass: Sum::default(),
        };
        let streams: Vec<Emitted> = tonnes.iter().map(emitted).collect();
        weights(&streams).into_iter().map(Weight::name).collect()
    }

    #[test]
    fn the_smallest_streams_are_weighed_together() {
        assert_eq!(weigh(&["20000", "400", "500"]), ["major", "de_minimis", "de_minimis"]);
        assert_eq!(weigh(&["20000", "400", "700"]), ["major", "de_minimis", "minor"]);
        // Of a large plant 2 % and 10 % are more than the fixed bounds, up to 20,000 and 100,000 t.
        assert_eq!(weigh(&["900000", "15000", "60000"]), ["major", "de_minimis", "minor"]);
        assert_eq!(weigh(&["9000000", "19999"]), ["major", "de_minimis"]);
        assert_eq!(weigh(&["9000000", "20001", "79998"]), ["major", "minor", "minor"]);
        assert_eq!(weigh(&["9000000", "-20001"]), ["major", "minor"]);
    }

    #[test]
    fn installations_are_small_middling_or_large() {
        let of = |it| Category::of(Tonnes(it)).name();
        assert_eq!([of(50_000), of(50_001), of(500_000), of(500_001)], ["A", "B", "B", "C"]);
    }
}
