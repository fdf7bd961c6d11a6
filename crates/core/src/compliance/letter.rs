//! Compliance letters: a pure fold of what happened to an installation.
//!
//! Before the first year of verified emissions, and in it unless it is also the last, the letter is
//! NOT_APPLICABLE. Where all years from the first to the one before the current, or to the last,
//! are excluded, it is EXCLUDED. Where emissions of one of these years that is not excluded are
//! missing, it is C; so too in the last year itself, where those of that year are missing. Where
//! the emissions of all years but the current one (in the last year: of all years) are more than
//! what was surrendered in all, it is B; else A. The deadline freezes the letter until the next
//! year starts.
//!
//! The rule, first match wins, is that of the open registry of the United Kingdom, whose published
//! scenarios are the tests below (compare Regulation (EU) 2019/1122, Annex XIII). Surrender is
//! cumulative: what was given in all against what was emitted in all years before the current one.

use crate::quantity::Tonnes;
use crate::time::Year;
use minicbor::{Decode, Encode};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The compliance letter of an installation for a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(index_only)]
pub enum Letter {
    /// Surrendered all it owed.
    #[n(0)]
    A,
    /// Surrendered less than it owed.
    #[n(1)]
    B,
    /// A year is not reported.
    #[n(2)]
    C,
    /// It owes nothing yet.
    #[n(3)]
    NotApplicable,
    /// All its years so far are excluded.
    #[n(4)]
    Excluded,
    /// Set by the authority after the deadline: not compliant.
    #[n(5)]
    D,
    /// Set by the authority after the deadline: compliant.
    #[n(6)]
    E,
    /// Set by the authority: the process is suspended.
    #[n(7)]
    X,
}

impl Letter {
    /// The letter in print.
    pub fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
            Self::C => "C",
            Self::NotApplicable => "NOT_APPLICABLE",
            Self::Excluded => "EXCLUDED",
            Self::D => "D",
            Self::E => "E",
            Self::X => "X",
        }
    }
}

/// What is known of an installation's duties.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Duties {
    /// The first year of verified emissions; without one nothing is owed.
    pub first: Option<Year>,
    /// The last year of verified emissions, where it has closed or will.
    pub last: Option<Year>,
    /// The current year.
    pub current: Year,
    /// Emissions by year. Zero is not the same as not reported.
    pub emissions: BTreeMap<Year, Tonnes>,
    /// Years that are excluded from the market.
    pub excluded: BTreeSet<Year>,
    /// What was surrendered in all.
    pub surrendered: Tonnes,
    /// The letter that a deadline froze, until the next year starts.
    pub frozen: Option<Letter>,
}

/// What can happen to an installation's duties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The first year of verified emissions is set.
    FirstYear(Year),
    /// The last one is set, or unset.
    LastYear(Option<Year>),
    /// A year starts.
    YearStarts(Year),
    /// Emissions of a year are reported, or taken back.
    Emissions(Year, Option<Tonnes>),
    /// Units are surrendered.
    Surrender(Tonnes),
    /// A surrender is reversed.
    ReverseSurrender(Tonnes),
    /// A year is excluded.
    Exclude(Year),
    /// A year is included again.
    Include(Year),
    /// The deadline: the letter is frozen.
    Deadline,
}

/// Why something cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAllowed {
    /// Nothing is known of the installation.
    NoFirstYear,
    /// The last year lies before the first.
    LastBeforeFirst,
    /// Time goes forward.
    YearIsOver(Year),
    /// An excluded year has no emissions but zero.
    ExcludedWithEmissions(Year),
    /// Emissions of a year before the first.
    BeforeFirst(Year),
    /// Emissions of a year that is not over, or after the last.
    AfterLast(Year),
    /// Less was surrendered than is to be reversed.
    MoreThanSurrendered(Tonnes),
    /// No sum can be so large.
    TooLarge,
}

impl fmt::Display for NotAllowed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFirstYear => write!(to, "the first year of verified emissions is not set"),
            Self::LastBeforeFirst => write!(to, "the last year lies before the first"),
            Self::YearIsOver(year) => write!(to, "the current year is {year}; time goes forward"),
            Self::ExcludedWithEmissions(year) => {
                write!(to, "{year} would be excluded and have emissions")
            }
            Self::BeforeFirst(year) => {
                write!(to, "{year} has emissions and lies before the first year")
            }
            Self::AfterLast(year) => {
                write!(to, "{year} has emissions and is not over, or lies after the last year")
            }
            Self::MoreThanSurrendered(sum) => write!(to, "only {sum} are surrendered"),
            Self::TooLarge => write!(to, "the sum is too large"),
        }
    }
}

impl Duties {
    /// Nothing is known yet.
    pub fn unknown(current: Year) -> Self {
        Self {
            first: None,
            last: None,
            current,
            emissions: BTreeMap::new(),
            excluded: BTreeSet::new(),
            surrendered: Tonnes::ZERO,
            frozen: None,
        }
    }

    /// What is known after something happened.
    pub fn after(&self, it: Happening) -> Result<Self, NotAllowed> {
        let mut next = self.clone();
        match it {
            Happening::FirstYear(year) => next.first = Some(year),
            Happening::LastYear(year) => next.last = year,
            Happening::YearStarts(year) if year < self.current => {
                return Err(NotAllowed::YearIsOver(self.current));
            }
            Happening::YearStarts(year) => {
                next.current = year;
                next.frozen = None;
            }
            Happening::Emissions(year, Some(quantity)) => {
                next.emissions.insert(year, quantity);
            }
            Happening::Emissions(year, None) => {
                next.emissions.remove(&year);
            }
            Happening::Surrender(quantity) => {
                let sum = self.surrendered.checked_add(quantity);
                next.surrendered = sum.ok_or(NotAllowed::TooLarge)?;
            }
            Happening::ReverseSurrender(quantity) => {
                let left = self.surrendered.checked_sub(quantity);
                next.surrendered = left.ok_or(NotAllowed::MoreThanSurrendered(self.surrendered))?;
            }
            Happening::Exclude(year) => {
                next.excluded.insert(year);
            }
            Happening::Include(year) => {
                next.excluded.remove(&year);
            }
            Happening::Deadline => next.frozen = Some(self.letter()),
        }
        next.check().map(|()| next)
    }

    fn check(&self) -> Result<(), NotAllowed> {
        let Some(first) = self.first else {
            let nothing = *self == Self::unknown(self.current);
            return if nothing { Ok(()) } else { Err(NotAllowed::NoFirstYear) };
        };
        if self.last.is_some_and(|last| last < first) {
            return Err(NotAllowed::LastBeforeFirst);
        }
        let end = self.last.unwrap_or(self.current.previous()).max(first);
        for (year, quantity) in self.emissions.iter().map(|(year, it)| (*year, *it)) {
            if quantity == Tonnes::ZERO {
                continue;
            }
            if self.excluded.contains(&year) {
                return Err(NotAllowed::ExcludedWithEmissions(year));
            }
            if year < first {
                return Err(NotAllowed::BeforeFirst(year));
            }
            if year > end {
                return Err(NotAllowed::AfterLast(year));
            }
        }
        Ok(())
    }

    /// The letter as things stand, or as the deadline froze it.
    pub fn letter(&self) -> Letter {
        let current = self.current;
        if let Some(frozen) = self.frozen {
            return frozen;
        }
        let closes_now = self.last == Some(current);
        let Some(first) =
            self.first.filter(|first| current > *first || (current == *first && closes_now))
        else {
            return Letter::NotApplicable;
        };
        let until = self.last.unwrap_or(current).min(current.previous());
        let years = || (first.0..=until.0).map(Year);
        let excluded = |year: &Year| self.excluded.contains(year);
        if !self.excluded.is_empty() && years().all(|it| excluded(&it)) {
            return Letter::Excluded;
        }
        let missing = |year: Year| !excluded(&year) && !self.emissions.contains_key(&year);
        if years().any(missing) || (closes_now && missing(current)) {
            return Letter::C;
        }
        let counts = |(year, _): &(&Year, &Tonnes)| closes_now || **year != current;
        let owed: Tonnes = self.emissions.iter().filter(counts).map(|(_, it)| *it).sum();
        if owed > self.surrendered { Letter::B } else { Letter::A }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Happening::*;

    fn told(current: u16, first: u16, last: Option<u16>, happened: &[Happening]) -> String {
        let duties = Duties {
            first: Some(Year(first)),
            last: last.map(Year),
            ..Duties::unknown(Year(current))
        };
        let mut duties = duties;
        let mut letters = vec![duties.letter().name()];
        for it in happened {
            if let Ok(next) = duties.after(*it) {
                duties = next;
                letters.push(duties.letter().name());
            } else {
                letters.push("refused");
            }
        }
        letters.join(" ")
    }

    fn emitted(year: u16, quantity: u64) -> Happening {
        Emissions(Year(year), Some(Tonnes(quantity)))
    }

    /// FYVE 2021, no LYVE, 2024: scenarios of the third sheet.
    #[test]
    fn the_published_scenarios_of_a_running_installation_hold() {
        let end = |happened: &[Happening]| {
            let all = told(2024, 2021, None, happened);
            all.rsplit(' ').next().unwrap_or_default().to_owned()
        };
        let years = [emitted(2021, 100), emitted(2022, 100), emitted(2023, 100)];
        let with = |more: &[Happening]| end(&[&years[..], more].concat());
        assert_eq!(with(&[Surrender(Tonnes(300))]), "A");
        assert_eq!(with(&[Surrender(Tonnes(500))]), "A");
        assert_eq!(with(&[]), "B");
        let out = [2021, 2022, 2023].map(|it| Exclude(Year(it)));
        let some = [out[1], emitted(2021, 100), emitted(2023, 100)];
        assert_eq!(end(&[&some[..], &[Surrender(Tonnes(200))]].concat()), "A");
        assert_eq!(end(&[&some[..], &[Surrender(Tonnes(100))]].concat()), "B");
        let one = [out[1], out[2], emitted(2021, 100)];
        assert_eq!(end(&[&one[..], &[Surrender(Tonnes(50))]].concat()), "B");
        assert_eq!(end(&[&one[..], &[Surrender(Tonnes(100))]].concat()), "A");
        let back = [Surrender(Tonnes(100)), ReverseSurrender(Tonnes(100))];
        assert_eq!(end(&[&out[..], &back].concat()), "EXCLUDED");
        let silent = [Emissions(Year(2021), None), emitted(2022, 100), out[2]];
        assert_eq!(end(&silent), "C");
        assert_eq!(with(&[emitted(2024, 100), Surrender(Tonnes(300))]), "A");
        assert_eq!(with(&[emitted(2024, 0), Exclude(Year(2024)), Surrender(Tonnes(300))]), "A");
        assert!(told(2024, 2021, None, &[emitted(2024, 100)]).ends_with("refused"));
    }

    /// The last scenario of the third sheet: a whole life.
    #[test]
    fn a_whole_life_has_the_published_letters() {
        let happened = [
            YearStarts(Year(2022)),
            emitted(2021, 100),
            Surrender(Tonnes(200)),
            LastYear(Some(Year(2022))),
            emitted(2022, 100),
            Surrender(Tonnes(200)),
            YearStarts(Year(2023)),
            LastYear(Some(Year(2023))),
            emitted(2023, 0),
            Exclude(Year(2023)),
        ];
        assert_eq!(told(2021, 2021, None, &happened), "NOT_APPLICABLE C B A C A A A C A A");
    }

    /// FYVE = LYVE = 2021, 2022: the fourth sheet.
    #[test]
    fn the_published_scenarios_of_a_single_year_hold() {
        let next = YearStarts(Year(2023));
        let one = [emitted(2021, 100), Surrender(Tonnes(100)), next, Surrender(Tonnes(50))];
        assert_eq!(told(2022, 2021, Some(2021), &one), "C B A A A");
        let late = [Surrender(Tonnes(100)), emitted(2021, 100), next];
        assert_eq!(told(2022, 2021, Some(2021), &late), "C C A A");
        let excluded = [
            Emissions(Year(2021), None),
            Exclude(Year(2021)),
            Include(Year(2021)),
            emitted(2021, 100),
            next,
            Surrender(Tonnes(100)),
        ];
        assert_eq!(told(2022, 2021, Some(2021), &excluded), "C C EXCLUDED C B B A");
    }

    #[test]
    fn what_cannot_be_is_refused_and_the_letter_stays() {
        let happened = [
            emitted(2021, 100),
            Exclude(Year(2021)),
            FirstYear(Year(2022)),
            ReverseSurrender(Tonnes(1)),
            LastYear(Some(Year(2020))),
            YearStarts(Year(2021)),
        ];
        let told = told(2022, 2021, None, &happened);
        assert_eq!(told, "C B refused refused refused refused refused");
        let unknown = Duties::unknown(Year(2022));
        assert_eq!(unknown.letter(), Letter::NotApplicable);
        assert_eq!(unknown.after(Surrender(Tonnes(1))), Err(NotAllowed::NoFirstYear));
    }

    #[test]
    fn a_deadline_freezes_the_letter_until_the_next_year_starts() {
        let happened =
            [emitted(2021, 100), Deadline, Surrender(Tonnes(100)), YearStarts(Year(2023))];
        assert_eq!(told(2022, 2021, None, &happened), "C B B B C");
    }
}
