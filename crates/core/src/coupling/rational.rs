//! Exact fractions of 128-bit integers. What grows beyond them stays marked as too large, and is
//! told as soon as anybody looks at it.

use std::cmp::Ordering;
use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A fraction in lowest terms with a denominator above zero. A number beyond 128 bits has the
/// denominator 0 and stays what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rational {
    top: i128,
    bottom: i128,
}

/// A number grew beyond 128 bits: the ratios are too fine to be reckoned with exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

const TOO_LARGE: Rational = Rational { top: 0, bottom: 0 };

/// The greatest common divisor of two numbers that are not negative; 1 where both are zero.
fn common(mut one: i128, mut other: i128) -> i128 {
    while let Some(rest) = one.checked_rem(other) {
        (one, other) = (other, rest);
    }
    one.max(1)
}

fn divided(it: i128, by: i128) -> i128 {
    it.checked_div(by).unwrap_or_default()
}

impl Rational {
    /// Nothing.
    pub const ZERO: Self = Self::whole(0);
    /// One.
    pub const ONE: Self = Self::whole(1);

    /// A whole number.
    pub const fn whole(it: i128) -> Self {
        Self { top: it, bottom: 1 }
    }

    /// A fraction. The denominator is above zero.
    pub fn new(top: i128, bottom: i128) -> Self {
        match top.checked_abs() {
            Some(size) if bottom > 0 => {
                let shared = common(size, bottom);
                Self { top: divided(top, shared), bottom: divided(bottom, shared) }
            }
            _ => TOO_LARGE,
        }
    }

    /// The numerator and the denominator.
    pub fn parts(self) -> Result<(i128, i128), TooLarge> {
        if self.bottom == 0 { Err(TooLarge) } else { Ok((self.top, self.bottom)) }
    }

    /// How it compares with nothing.
    pub fn sign(self) -> Result<Ordering, TooLarge> {
        self.parts().map(|(top, _)| top.cmp(&0))
    }

    /// How two fractions compare.
    pub fn compare(self, other: Self) -> Result<Ordering, TooLarge> {
        if self.bottom == other.bottom && self.bottom > 0 {
            return Ok(self.top.cmp(&other.top));
        }
        (self - other).sign()
    }

    /// The largest whole number that is not above it.
    pub fn floor(self) -> Result<i128, TooLarge> {
        let (top, bottom) = self.parts()?;
        Ok(top.div_euclid(bottom))
    }

    /// The least whole number that is not below it.
    pub fn ceil(self) -> Result<i128, TooLarge> {
        (-self).floor().map(i128::saturating_neg)
    }

    fn scaled(self, factor: (i128, i128)) -> Self {
        let (up, down) = factor;
        if self.bottom == 1 && down == 1 {
            return self.top.checked_mul(up).map_or(TOO_LARGE, Self::whole);
        }
        let one = common(self.top.saturating_abs(), down);
        let other = common(up.saturating_abs(), self.bottom);
        let top = divided(self.top, one).checked_mul(divided(up, other));
        let bottom = divided(self.bottom, other).checked_mul(divided(down, one));
        match (top, bottom) {
            (Some(top), Some(bottom)) => Self { top, bottom },
            _ => TOO_LARGE,
        }
    }
}

impl Add for Rational {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        if self.bottom == 0 || other.bottom == 0 {
            return TOO_LARGE;
        }
        if self.bottom == 1 && other.bottom == 1 {
            return self.top.checked_add(other.top).map_or(TOO_LARGE, Self::whole);
        }
        let shared = common(self.bottom, other.bottom);
        let (up, down) = (divided(other.bottom, shared), divided(self.bottom, shared));
        let top = self.top.checked_mul(up).zip(other.top.checked_mul(down));
        let top = top.and_then(|(one, two)| one.checked_add(two));
        match (top, self.bottom.checked_mul(up)) {
            (Some(top), Some(bottom)) => Self::new(top, bottom),
            _ => TOO_LARGE,
        }
    }
}

impl Neg for Rational {
    type Output = Self;
    fn neg(self) -> Self {
        match self.top.checked_neg() {
            Some(top) => Self { top, ..self },
            None => TOO_LARGE,
        }
    }
}

impl Sub for Rational {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Rational {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        if self.bottom == 0 || other.bottom == 0 {
            return TOO_LARGE;
        }
        self.scaled((other.top, other.bottom))
    }
}

impl Div for Rational {
    type Output = Self;
    /// A division by nothing is too large.
    fn div(self, other: Self) -> Self {
        match other.top.cmp(&0) {
            _ if self.bottom == 0 || other.bottom == 0 => TOO_LARGE,
            Ordering::Equal => TOO_LARGE,
            Ordering::Greater => self.scaled((other.bottom, other.top)),
            Ordering::Less => match other.top.checked_neg() {
                Some(size) => (-self).scaled((other.bottom, size)),
                None => TOO_LARGE,
            },
        }
    }
}

impl fmt::Display for Rational {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.top, self.bottom) {
            (_, 0) => to.write_str("too large"),
            (top, 1) => write!(to, "{top}"),
            (top, bottom) => write!(to, "{top}/{bottom}"),
        }
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(top: i128, bottom: i128) -> Rational {
        Rational::new(top, bottom)
    }

    #[test]
    fn fractions_are_kept_in_lowest_terms() {
        assert_eq!((of(6, 0), of(6, 4).to_string()), (TOO_LARGE, "3/2".to_owned()));
        assert_eq!(of(-6, 4) * of(2, 3), of(-1, 1));
        assert_eq!((of(-7, 2).floor(), of(-7, 2).ceil()), (Ok(-4), Ok(-3)));
    }

    #[test]
    fn what_is_too_large_stays_too_large_and_is_told() {
        let huge = of(i128::MAX, 3);
        for it in [huge + huge, huge * huge, Rational::ONE / Rational::ZERO] {
            assert_eq!((it - it).sign(), Err(TooLarge));
            assert_eq!((it * Rational::ZERO).compare(Rational::ONE), Err(TooLarge));
        }
    }

    proptest! {
        #[test]
        fn they_reckon_as_fractions_do(
            (a, b, c, d) in (-999i128..999, 1i128..99, -999i128..999, 1i128..99),
        ) {
            let (one, two) = (of(a, b), of(c, d));
            prop_assert_eq!(one + two, of(a * d + c * b, b * d));
            prop_assert_eq!(one - two, of(a * d - c * b, b * d));
            prop_assert_eq!(one * two, of(a * c, b * d));
            prop_assert_eq!(one.compare(two), Ok((a * d).cmp(&(c * b))));
            if c != 0 {
                prop_assert_eq!(one / two * two, one);
            }
        }
    }
}
