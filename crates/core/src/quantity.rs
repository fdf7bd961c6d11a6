//! Quantities: tonnes, energy, money and prices, all whole numbers with a type of their own.
//!
//! ```compile_fail
//! use karvan_core::quantity::{Money, Tonnes};
//! let nonsense = Tonnes(1) + Money(1);
//! ```

use minicbor::{Decode, Encode};
use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Sub, SubAssign};

/// A number of units of one tonne of CO2 equivalent each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Tonnes(#[n(0)] pub u64);

/// A number of units of any class, where a text is about all of them: a tonne each, or a quantum
/// of energy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Units(pub u64);

/// Electrical energy, in watt-hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct WattHours(#[n(0)] pub u64);

/// Electrical power, in watts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Watts(#[n(0)] pub u64);

/// An amount in the minor unit of its currency (cents).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Money(#[n(0)] pub i64);

/// Minor units of the quote currency for one unit (cents per tonne).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
#[cbor(transparent)]
pub struct Price(#[n(0)] pub i64);

impl Tonnes {
    /// No units.
    pub const ZERO: Self = Self(0);

    /// The difference, or `None` where it would be negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The sum, or `None` beyond 2^64 - 1.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, zero where it would be negative: how much is missing.
    pub fn short_of(self, other: Self) -> Self {
        Self(other.0.saturating_sub(self.0))
    }

    /// A share in hundredths of a percent, rounded down.
    pub fn basis_points(self, points: u32) -> Self {
        let product = u128::from(self.0).saturating_mul(u128::from(points));
        Self(u64::try_from(product.div_euclid(10_000)).unwrap_or(u64::MAX))
    }

    /// A share in percent, rounded down, so that shares never exceed the whole.
    pub fn percent(self, percent: u32) -> Self {
        let product = u128::from(self.0).saturating_mul(u128::from(percent));
        Self(u64::try_from(product.div_euclid(100)).unwrap_or(u64::MAX))
    }
}

impl From<Tonnes> for Units {
    fn from(it: Tonnes) -> Self {
        Self(it.0)
    }
}

impl WattHours {
    /// No energy.
    pub const ZERO: Self = Self(0);

    /// The difference, zero where it would be negative: how much is missing.
    pub fn short_of(self, other: Self) -> Self {
        Self(other.0.saturating_sub(self.0))
    }
}

impl Money {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// The sum, or `None` beyond what an account can hold.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// A share in hundredths of a percent, rounded down.
    pub fn basis_points(self, points: u32) -> Self {
        // Nearly always it fits; the wider division is dear.
        if let Some(product) = self.0.checked_mul(i64::from(points)) {
            return Self(product.div_euclid(10_000));
        }
        let (amount, points) = (i128::from(self.0), i128::from(points));
        let share = amount.saturating_mul(points).div_euclid(10_000);
        Self(i64::try_from(share).unwrap_or(i64::MAX))
    }
}

impl Price {
    /// What `quantity` costs at this price, or `None` beyond what an account can hold.
    pub fn times(self, quantity: Tonnes) -> Option<Money> {
        let cost = i128::from(self.0).checked_mul(i128::from(quantity.0))?;
        i64::try_from(cost).ok().map(Money)
    }
}

// A fact that would overflow was decided wrongly: stopping keeps the fault visible.
macro_rules! asserting_arithmetic {
    ($($name:ident),+) => {$(
        impl Add for $name {
            type Output = Self;
            fn add(self, other: Self) -> Self {
                let sum = self.0.checked_add(other.0);
                assert!(sum.is_some(), "{self} + {other} overflows");
                Self(sum.unwrap_or_default())
            }
        }
        impl Sub for $name {
            type Output = Self;
            fn sub(self, other: Self) -> Self {
                let difference = self.0.checked_sub(other.0);
                assert!(difference.is_some(), "{self} - {other} overflows");
                Self(difference.unwrap_or_default())
            }
        }
        impl AddAssign for $name {
            fn add_assign(&mut self, other: Self) {
                *self = *self + other;
            }
        }
        impl SubAssign for $name {
            fn sub_assign(&mut self, other: Self) {
                *self = *self - other;
            }
        }
        impl Sum for $name {
            fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
                all.fold(Self::default(), |sum, it| sum + it)
            }
        }
    )+};
}
asserting_arithmetic!(Tonnes, Money, WattHours);

impl fmt::Display for Tonnes {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} t", self.0)
    }
}

impl fmt::Display for Units {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} units", self.0)
    }
}

impl fmt::Display for WattHours {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} Wh", self.0)
    }
}

impl fmt::Display for Watts {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{} W", self.0)
    }
}

fn two_decimals(to: &mut fmt::Formatter<'_>, cents: i64) -> fmt::Result {
    let sign = if cents < 0 { "-" } else { "" };
    let whole = cents.unsigned_abs();
    write!(to, "{sign}{}.{:02}", whole.div_euclid(100), whole.rem_euclid(100))
}

impl fmt::Display for Money {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        two_decimals(to, self.0)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        two_decimals(to, self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_times_a_quantity_is_money_until_no_account_could_hold_it() {
        assert_eq!(Price(815).times(Tonnes(1_000)), Some(Money(815_000)));
        assert_eq!(Price(i64::MAX).times(Tonnes(2)), None);
    }

    #[test]
    fn amounts_are_written_with_two_decimals_and_their_sign() {
        assert_eq!(Money(-5).to_string(), "-0.05");
        assert_eq!(Price(50_293).to_string(), "502.93");
    }

    #[test]
    fn a_percentage_is_rounded_down_so_that_parts_never_exceed_the_whole() {
        let whole = Tonnes(101);
        assert_eq!(whole.percent(94) + whole.percent(3) + whole.percent(3), Tonnes(100));
    }
}
