//! Fixings: what a unit of the quote currency costs in another currency on a day. Bids in a
//! national currency are ranked by the last fixing published before the window. What a bid costs is
//! reckoned in the quote currency and converted once, at the end: the bidder pays it rounded up,
//! sellers get it rounded down, and what lies between goes to the regional administrator's account.

use crate::calendar::Day;
use crate::id::Label;
use crate::mrv::Decimal;
use crate::quantity::{Money, Price};
use crate::state::State;
use crate::time::Instant;
use minicbor::{Decode, Encode};

/// A published rate.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Fixing {
    /// The currency.
    #[n(0)]
    pub currency: Label,
    /// The day it is of.
    #[n(1)]
    pub day: Day,
    /// How much of it one unit of the quote currency costs.
    #[n(2)]
    pub rate: Decimal,
    /// Who says so.
    #[n(3)]
    pub source: String,
    /// When it was published.
    #[n(4)]
    pub published: Instant,
}

/// The last fixing of a currency published before a moment.
pub fn before(state: &State, currency: Label, at: Instant) -> Option<&Fixing> {
    let days = (currency, Day(i64::MIN))..=(currency, Day(i64::MAX));
    let mut all = state.fixings.range(days).rev().map(|(_, it)| it);
    all.find(|it| it.published < at)
}

/// A price of a national currency in the quote currency, rounded down: never more than was bid.
pub fn in_quote(price: Price, rate: Decimal) -> Price {
    let (mantissa, scale) = rate.parts();
    let quote = i128::from(price.0).saturating_mul(scale).div_euclid(i128::from(mantissa.max(1)));
    Price(i64::try_from(quote).unwrap_or(i64::MAX))
}

/// An amount of the quote currency in a national one: rounded down, and rounded up; none where no
/// account could hold it.
pub fn in_national(amount: Money, rate: Decimal) -> Option<(Money, Money)> {
    let (mantissa, scale) = rate.parts();
    let exact = i128::from(amount.0).checked_mul(i128::from(mantissa))?;
    let down = exact.div_euclid(scale);
    let up = down.checked_add(i128::from(exact.rem_euclid(scale) > 0))?;
    Some((Money(i64::try_from(down).ok()?), Money(i64::try_from(up).ok()?)))
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects, reason = "small numbers of a test")]
mod tests {
    use super::*;
    use crate::quantity::Tonnes;
    use proptest::prelude::*;

    fn rate(text: &str) -> Decimal {
        Decimal::parse(text).expect("a rate")
    }

    /// 21,625 tenge at 525 tenge for a dollar are 41.19 dollars.
    #[test]
    fn a_bid_in_tenge_is_ranked_in_dollars_and_paid_in_tenge() {
        assert_eq!(in_quote(Price(2_162_500), rate("525")), Price(4_119));
        assert_eq!(
            in_national(Money(4_119), rate("525")),
            Some((Money(2_162_475), Money(2_162_475)))
        );
        assert_eq!(in_national(Money(1), rate("0.333")), Some((Money(0), Money(1))));
    }

    proptest! {
        #[test]
        fn nobody_pays_more_than_was_bid_and_sellers_get_no_more_than_is_paid(
            bid in 1i64..10_000_000,
            quantity in 1u64..1_000_000,
            other in 1u64..1_000_000,
            below in 0i64..1_000,
            mantissa in 1i64..100_000_000,
            scale in 0u8..7,
        ) {
            let rate = Decimal::of(mantissa, scale);
            let ranked = in_quote(Price(bid), rate);
            let clearing = Price((ranked.0 - below).max(0));
            let cost = clearing.times(Tonnes(quantity)).unwrap();
            let (_, paid) = in_national(cost, rate).unwrap();
            prop_assert!(paid <= Price(bid).times(Tonnes(quantity)).unwrap());
            let part = clearing.times(Tonnes(other.min(quantity))).unwrap();
            let (first, _) = in_national(part, rate).unwrap();
            let (second, _) = in_national(cost - part, rate).unwrap();
            prop_assert!(first + second <= paid && paid - (first + second) <= Money(2));
        }
    }
}
