//! Decimal numbers: exact, never rounded but once at the end.
//!
//! A [`Decimal`] is what people write, of at most eighteen digits. A [`Sum`] is what is reckoned
//! with them: it grows as it must.

use minicbor::{Decode, Encode};
use std::cmp::Ordering;
use std::fmt;

/// The most digits of a number that people write.
pub const DIGITS_MAX: usize = 18;

/// A number as written: `mantissa / 10^scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Decimal {
    /// All digits, without the point.
    #[n(0)]
    mantissa: i64,
    /// How many of them stand behind the point.
    #[n(1)]
    scale: u8,
}

impl Decimal {
    /// One.
    pub const ONE: Self = Self { mantissa: 1, scale: 0 };

    /// A number of a published table: `mantissa / 10^scale`.
    pub(crate) const fn of(mantissa: i64, scale: u8) -> Self {
        Self { mantissa, scale }
    }

    /// Reads digits with at most one point and a minus sign; nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
        let all = [whole, rest].concat();
        let is_number = !whole.is_empty()
            && (digits.len() == whole.len() || !rest.is_empty())
            && all.len() <= DIGITS_MAX
            && all.bytes().all(|it| it.is_ascii_digit());
        let mantissa: i64 = all.parse().ok().filter(|_| is_number)?;
        let mantissa = if negative { mantissa.saturating_neg() } else { mantissa };
        Some(Self { mantissa, scale: u8::try_from(rest.len()).ok()? })
    }

    /// Its digits, and ten to the power of those behind the point.
    pub(crate) fn parts(self) -> (i64, i128) {
        (self.mantissa, 10i128.saturating_pow(u32::from(self.scale)))
    }

    /// Whether it is above zero.
    pub fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether it is one, however written.
    pub fn is_one(self) -> bool {
        Sum::of(self) == Sum::of(Self::ONE)
    }

    /// Whether it is more than another.
    pub fn exceeds(self, other: Self) -> bool {
        Sum::of(self).plus(&Sum::of(other).negated()).is_positive()
    }

    /// What is missing to a hundred, for percentages from 0 to 100.
    pub fn to_hundred(self) -> Sum {
        Sum::of(Self::of(100, 0)).plus(&Sum::of(self).negated())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        Sum::of(*self).fmt(to)
    }
}

/// A number of any length: the digits of the whole, the last one first, and how many of them stand
/// behind the point. There is no leading zero, and zero is not negative.
#[derive(Clone, Debug, Default)]
pub struct Sum {
    negative: bool,
    digits: Vec<u8>,
    scale: usize,
}

impl Sum {
    /// The number of a decimal.
    pub fn of(it: Decimal) -> Self {
        let mut digits = Vec::new();
        let mut left = it.mantissa.unsigned_abs();
        while left > 0 {
            digits.push(u8::try_from(left.rem_euclid(10)).unwrap_or_default());
            left = left.div_euclid(10);
        }
        Self { negative: it.mantissa < 0, digits, scale: usize::from(it.scale) }
    }

    /// Its negative.
    #[must_use]
    pub fn negated(mut self) -> Self {
        self.negative = !self.negative && !self.digits.is_empty();
        self
    }

    /// Whether it is above zero.
    pub fn is_positive(&self) -> bool {
        !self.negative && !self.digits.is_empty()
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        let mut product = vec![0u32; self.digits.len().saturating_add(other.digits.len())];
        for (place, one) in self.digits.iter().enumerate() {
            let row = product.iter_mut().skip(place);
            for (sum, two) in row.zip(&other.digits) {
                // At most 81 for each digit: no carry is needed before the end.
                let term = u32::from(*one).saturating_mul(u32::from(*two));
                *sum = sum.saturating_add(term);
            }
        }
        Self {
            negative: self.negative != other.negative,
            digits: carried(product.into_iter()),
            scale: self.scale.saturating_add(other.scale),
        }
        .trimmed()
    }

    /// The number divided by a power of ten.
    #[must_use]
    pub fn over_ten_to(mut self, power: usize) -> Self {
        self.scale = self.scale.saturating_add(power);
        self
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        let scale = self.scale.max(other.scale);
        let (one, two) = (self.shifted_to(scale), other.shifted_to(scale));
        let (negative, digits) = if self.negative == other.negative {
            let length = one.len().max(two.len());
            let at = |it: &[u8], place: usize| u32::from(it.get(place).copied().unwrap_or(0));
            let sums = (0..length).map(|it| at(&one, it).saturating_add(at(&two, it)));
            (self.negative, carried(sums))
        } else if compare(&one, &two) == Ordering::Less {
            (other.negative, difference(&two, &one))
        } else {
            (self.negative, difference(&one, &two))
        };
        Self { negative, digits, scale }.trimmed()
    }

    fn shifted_to(&self, scale: usize) -> Vec<u8> {
        let zeros = scale.saturating_sub(self.scale);
        std::iter::repeat_n(0, zeros).chain(self.digits.iter().copied()).collect()
    }

    fn trimmed(mut self) -> Self {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        self.negative &= !self.digits.is_empty();
        self
    }

    /// Which of two numbers that are not negative is larger.
    pub fn compare(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        compare(&self.shifted_to(scale), &other.shifted_to(scale))
    }

    /// The same number as people write it; none where it has too many digits.
    pub fn decimal(&self) -> Option<Decimal> {
        Decimal::parse(&self.to_string())
    }

    /// The nearest whole number, halves away from zero; none where it is negative or too large.
    pub fn half_up(&self) -> Option<u64> {
        let half = Self { negative: false, digits: vec![5], scale: 1 };
        let sum = self.plus(&half);
        if sum.negative {
            return None;
        }
        let whole = sum.digits.iter().skip(sum.scale).rev();
        whole
            .copied()
            .try_fold(0u64, |so_far, digit| so_far.checked_mul(10)?.checked_add(u64::from(digit)))
    }
}

impl PartialEq for Sum {
    fn eq(&self, other: &Self) -> bool {
        self.plus(&other.clone().negated()).digits.is_empty()
    }
}

fn carried(sums: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut carry = 0u32;
    for it in sums {
        let sum = it.saturating_add(carry);
        digits.push(u8::try_from(sum.rem_euclid(10)).unwrap_or_default());
        carry = sum.div_euclid(10);
    }
    while carry > 0 {
        digits.push(u8::try_from(carry.rem_euclid(10)).unwrap_or_default());
        carry = carry.div_euclid(10);
    }
    digits
}

fn compare(one: &[u8], two: &[u8]) -> Ordering {
    let length = one.len().max(two.len());
    let at = |it: &[u8], place: usize| it.get(place).copied().unwrap_or(0);
    let mut places = (0..length).rev();
    places
        .find_map(|it| Some(at(one, it).cmp(&at(two, it))).filter(|it| it.is_ne()))
        .unwrap_or(Ordering::Equal)
}

/// The larger less the smaller.
fn difference(larger: &[u8], smaller: &[u8]) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut borrow = 0u8;
    for (place, digit) in larger.iter().enumerate() {
        let taken = smaller.get(place).copied().unwrap_or(0).saturating_add(borrow);
        borrow = u8::from(*digit < taken);
        let digit = digit.saturating_add(borrow.saturating_mul(10)).saturating_sub(taken);
        digits.push(digit);
    }
    digits
}

impl fmt::Display for Sum {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zeros = self.digits.iter().take(self.scale).take_while(|it| **it == 0).count();
        let digit = |place: usize| self.digits.get(place).copied().unwrap_or(0);
        if self.negative {
            to.write_str("-")?;
        }
        let top = self.digits.len().max(self.scale.saturating_add(1));
        for place in (self.scale..top).rev() {
            write!(to, "{}", digit(place))?;
        }
        let last = if self.digits.is_empty() { self.scale } else { zeros };
        if self.scale > last {
            to.write_str(".")?;
            for place in (last..self.scale).rev() {
                write!(to, "{}", digit(place))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(text: &str) -> Sum {
        Sum::of(Decimal::parse(text).expect("a decimal"))
    }

    #[test]
    fn numbers_are_read_strictly_and_written_without_trailing_zeros() {
        for (text, written) in
            [("007", "7"), ("1.50", "1.5"), ("0.000", "0"), ("-0", "0"), ("-12.05", "-12.05")]
        {
            assert_eq!(sum(text).to_string(), written);
        }
        for wrong in ["", "-", ".", "1.", ".5", "+1", "1e3", "1,5", "1 000", "1.2.3"] {
            assert!(Decimal::parse(wrong).is_none(), "{wrong}");
        }
        assert!(Decimal::parse("1234567890123456789").is_none());
    }

    #[test]
    fn halves_go_up_and_nothing_is_rounded_before() {
        assert_eq!(sum("0.5").half_up(), Some(1));
        assert_eq!(sum("1.4999999999").half_up(), Some(1));
        assert_eq!(sum("2.5").half_up(), Some(3));
        assert_eq!(sum("-0.5").half_up(), Some(0));
        assert_eq!(sum("-0.6").half_up(), None);
        assert_eq!(sum("0.1").plus(&sum("0.2")), sum("0.3"));
    }

    proptest! {
        #[test]
        fn sums_and_products_are_those_of_whole_numbers(
            one in -1_000_000_000i64..1_000_000_000,
            two in -1_000_000_000i64..1_000_000_000,
            scales in (0u8..9, 0u8..9),
        ) {
            let (a, b) = (Decimal::of(one, scales.0), Decimal::of(two, scales.1));
            let product = Sum::of(a).times(&Sum::of(b));
            let whole = i128::from(one) * i128::from(two);
            let expected = Decimal::of(i64::try_from(whole).unwrap(), 0);
            let power = usize::from(scales.0 + scales.1);
            prop_assert_eq!(product, Sum::of(expected).over_ten_to(power));
            let aligned = i128::from(one) * 10i128.pow(u32::from(scales.1))
                + i128::from(two) * 10i128.pow(u32::from(scales.0));
            let expected = Decimal::of(i64::try_from(aligned).unwrap(), 0);
            let added = Sum::of(a).plus(&Sum::of(b));
            prop_assert_eq!(added.clone(), Sum::of(expected).over_ten_to(power));
            let written = added.to_string();
            prop_assert_eq!(sum(&written), added, "{} reads back", written);
        }
    }
}
