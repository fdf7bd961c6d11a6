//! The quantity rule: how many units go from auctions into the stability account, come back, or
//! are cancelled there, by how many are in circulation.
//!
//! Source: Decision (EU) 2015/1814 as amended by Directive (EU) 2018/410 and Decision (EU)
//! 2023/852.

use crate::quantity::Tonnes;
use crate::time::Year;
use minicbor::{Decode, Encode};

/// A quantity rule in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityRule {
    /// Above it, `rate` of what is in circulation is taken out.
    pub upper: Tonnes,
    /// Between it and the upper threshold, all above it is taken out.
    pub middle: Tonnes,
    /// Below it units come back.
    pub lower: Tonnes,
    /// Hundredths of a percent.
    pub rate_bp: u32,
    /// The most that comes back in a year.
    pub release: Tonnes,
    /// What is held above it is cancelled; nothing where there is no level.
    pub invalidation: Option<Tonnes>,
}

/// A quantity rule as shares of a jurisdiction's cap, in hundredths of a percent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct QuantityShares {
    /// See [`QuantityRule::upper`].
    #[n(0)]
    pub upper_bp: u32,
    /// See [`QuantityRule::middle`].
    #[n(1)]
    pub middle_bp: u32,
    /// See [`QuantityRule::lower`].
    #[n(2)]
    pub lower_bp: u32,
    /// See [`QuantityRule::rate_bp`]: a share of what is in circulation.
    #[n(3)]
    pub rate_bp: u32,
    /// See [`QuantityRule::release`].
    #[n(4)]
    pub release_bp: u32,
    /// See [`QuantityRule::invalidation`].
    #[n(5)]
    pub invalidation_bp: u32,
}

impl QuantityShares {
    /// The rule for a cap.
    pub fn of(&self, cap: Tonnes) -> QuantityRule {
        QuantityRule {
            upper: cap.basis_points(self.upper_bp),
            middle: cap.basis_points(self.middle_bp),
            lower: cap.basis_points(self.lower_bp),
            rate_bp: self.rate_bp,
            release: cap.basis_points(self.release_bp),
            invalidation: Some(cap.basis_points(self.invalidation_bp)),
        }
    }
}

/// What the rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// Taken from auctions.
    pub intake: Tonnes,
    /// Given back to auctions.
    pub release: Tonnes,
    /// Cancelled.
    pub invalidated: Tonnes,
}

impl QuantityRule {
    /// The first year at whose end units are counted by the rule of the European Union.
    pub const EU_FIRST: Year = Year(2018);
    /// The first year from which on the middle threshold and a fixed level of invalidation hold.
    pub const EU_REFORMED: Year = Year(2023);

    /// The rule of the European Union for units counted at the end of a year. Before 2023 what is
    /// held above the volume auctioned in the year before is cancelled.
    pub fn eu(year: Year, auctioned: Option<Tonnes>) -> Self {
        let (lower, middle) = (Tonnes(400_000_000), Tonnes(833_000_000));
        let reformed = year >= Self::EU_REFORMED;
        Self {
            upper: if reformed { Tonnes(1_096_000_000) } else { middle },
            middle,
            lower,
            rate_bp: 2_400,
            release: Tonnes(100_000_000),
            invalidation: if reformed { Some(lower) } else { auctioned },
        }
    }

    /// What it does with so many units in circulation and so many in the stability account. Rounded
    /// half up to whole units.
    pub fn adjust(&self, circulation: Tonnes, held: Tonnes) -> Adjustment {
        let intake = if circulation > self.upper {
            share_half_up(circulation, self.rate_bp)
        } else {
            self.middle.short_of(circulation)
        };
        let back = if circulation < self.lower { self.release.min(held) } else { Tonnes::ZERO };
        let invalidated = self.invalidation.map_or(Tonnes::ZERO, |level| level.short_of(held));
        Adjustment { intake, release: back, invalidated }
    }
}

fn share_half_up(of: Tonnes, points: u32) -> Tonnes {
    let product = u128::from(of.0).saturating_mul(u128::from(points));
    let rounded = product.saturating_add(5_000).div_euclid(10_000);
    Tonnes(u64::try_from(rounded).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eu(year: u16, circulation: u64, held: u64) -> (u64, u64, u64) {
        let rule = QuantityRule::eu(Year(year), Some(Tonnes(500_000_000)));
        let it = rule.adjust(Tonnes(circulation), Tonnes(held));
        (it.intake.0, it.release.0, it.invalidated.0)
    }

    #[test]
    fn the_published_intake_for_2018_holds() {
        assert_eq!(eu(2018, 1_654_909_824, 0).0, 397_178_358);
    }

    #[test]
    fn thresholds_hold_to_the_unit() {
        assert_eq!(eu(2022, 833_000_000, 0), (0, 0, 0));
        assert_eq!(eu(2022, 833_000_001, 0).0, 199_920_000);
        assert_eq!(eu(2023, 833_000_001, 0).0, 1);
        assert_eq!(eu(2023, 1_096_000_000, 0).0, 263_000_000);
        assert_eq!(eu(2023, 1_096_000_001, 0).0, 263_040_000);
        assert_eq!(eu(2024, 400_000_000, 90_000_000), (0, 0, 0));
        assert_eq!(eu(2024, 399_999_999, 90_000_000), (0, 90_000_000, 0));
        assert_eq!(eu(2024, 399_999_999, 450_000_000), (0, 100_000_000, 50_000_000));
        assert_eq!(eu(2022, 700_000_000, 800_000_000).2, 300_000_000);
    }

    #[test]
    fn shares_of_a_cap_are_the_same_rule() {
        let shares = QuantityShares {
            upper_bp: 1_500,
            middle_bp: 1_500,
            lower_bp: 600,
            rate_bp: 2_400,
            release_bp: 200,
            invalidation_bp: 10_000,
        };
        let it = shares.of(Tonnes(1_000)).adjust(Tonnes(151), Tonnes(1_010));
        assert_eq!((it.intake.0, it.release.0, it.invalidated.0), (36, 0, 10));
        assert_eq!(shares.of(Tonnes(1_000)).adjust(Tonnes(59), Tonnes(15)).release, Tonnes(15));
    }
}
