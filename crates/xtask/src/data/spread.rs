//! Sizes of plants that no table lists: lognormal, the same on every machine, exact in the sum.

use super::row::rounded;

/// What is to be spread.
pub(super) struct Spread<'a> {
    /// Seeds the draw.
    pub(super) key: &'a str,
    pub(super) count: u64,
    /// Tonnes of all together.
    pub(super) total: u64,
    /// The least size, tonnes.
    pub(super) least: u64,
    /// The largest size, tonnes.
    pub(super) most: u64,
}

/// FNV-1a, 64 bits.
fn seed(key: &str) -> u64 {
    key.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Splitmix64, and Box-Muller's cosine on top of it.
struct Draw(u64);

impl Draw {
    fn word(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        ((self.word() >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    }

    /// A normal draw, drawn again beyond two deviations.
    fn normal(&mut self) -> f64 {
        loop {
            let radius = libm::sqrt(-2.0 * libm::log(self.unit()));
            let draw = radius * libm::cos(2.0 * std::f64::consts::PI * self.unit());
            if draw.abs() <= 2.0 {
                return draw;
            }
        }
    }
}

impl Spread<'_> {
    /// The sizes, largest first. Weights are integers, so that all that follows is exact.
    pub(super) fn sizes(&self) -> Result<Vec<u64>, String> {
        let Self { key, count, total, least, most } = *self;
        if !(count * least..=count * most).contains(&total) {
            return Err(format!("{key}: {total} t do not make {count} plants of {least}-{most} t"));
        }
        let mut draw = Draw(seed(key));
        let mut weights: Vec<u64> =
            (0..count).map(|_| rounded(1000.0 * libm::exp(draw.normal()))).collect();
        weights.sort_unstable_by(|one, two| two.cmp(one));
        let sized = |scale: u64| -> Vec<u64> {
            let size = |weight: &u64| u128::from(*weight) * u128::from(scale) / 1_000_000;
            let sizes = weights.iter().map(size);
            sizes.map(|it| u64::try_from(it).unwrap_or(most).clamp(least, most)).collect()
        };
        // The largest scale whose sum is not above the total.
        let (mut fits, mut exceeds) = (0, 1 << 50);
        while exceeds - fits > 1 {
            let middle = (fits + exceeds) / 2;
            if sized(middle).iter().sum::<u64>() <= total {
                fits = middle;
            } else {
                exceeds = middle;
            }
        }
        let mut sizes = sized(fits);
        let mut rest = total - sizes.iter().sum::<u64>();
        // What rounding left over: a tonne each in turn.
        for place in (0..sizes.len()).cycle() {
            if rest == 0 {
                break;
            }
            if let Some(size) = sizes.get_mut(place).filter(|it| **it < most) {
                *size += 1;
                rest -= 1;
            }
        }
        sizes.sort_unstable_by(|one, two| two.cmp(one));
        Ok(sizes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_the_same_for_ever_and_sum_up() {
        let spread = Spread {
            key: "KAZ|metals",
            count: 4,
            total: 1_000_000,
            least: 20_000,
            most: 5_000_000,
        };
        assert_eq!(spread.sizes(), Ok(vec![616_541, 284_185, 60_946, 38_328]));
    }

    #[test]
    fn what_cannot_be_spread_is_refused() {
        let spread = Spread { key: "x", count: 4, total: 1_000, least: 300, most: 500 };
        assert!(spread.sizes().is_err());
        let tight = Spread { total: 2_000, ..spread };
        assert_eq!(tight.sizes(), Ok(vec![500; 4]));
    }
}
