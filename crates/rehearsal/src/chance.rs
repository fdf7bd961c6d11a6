//! Chance: numbers drawn by name, so that nothing depends on the order of drawing.
//!
//! A draw is a hash of the seed and the words that name it (SplitMix64's finaliser); normal
//! numbers come by Box-Muller with `libm`, the same on every machine.

/// What a draw is for: each purpose has draws of its own.
#[derive(Clone, Copy, Debug)]
#[repr(u64)]
pub enum Purpose {
    /// The output of a plant in a month.
    Output = 1,
    /// A group's view of the price in a year.
    View,
    /// A sector's shared view in a year.
    SectorView,
    /// How far a group looks ahead.
    Horizon,
    /// Whether a group never offers.
    Reluctant,
    /// Whether a report is late.
    LateReport,
    /// Whether a surrender is incomplete.
    Incomplete,
    /// The seed of an auction.
    AuctionSeed,
    /// The seed of the end of a call.
    CallSeed,
    /// What a site generates in a year.
    Weather,
    /// What a developer asks for.
    Asks,
    /// What a unit is worth to a buyer.
    Worth,
}

/// The source of all draws.
#[derive(Clone, Copy, Debug)]
pub struct Chance(pub u64);

fn mixed(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

impl Chance {
    /// 64 bits for a purpose and two numbers that name the draw.
    pub fn word(&self, purpose: Purpose, one: u64, two: u64) -> u64 {
        let step = |so_far: u64, it: u64| mixed(so_far ^ it.wrapping_add(0x9e37_79b9_7f4a_7c15));
        [purpose as u64, one, two].into_iter().fold(mixed(self.0), step)
    }

    /// A number in (0, 1].
    pub fn unit(&self, purpose: Purpose, one: u64, two: u64) -> f64 {
        ((self.word(purpose, one, two) >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    }

    /// A number of the standard normal distribution.
    pub fn normal(&self, purpose: Purpose, one: u64, two: u64) -> f64 {
        let first = self.unit(purpose, one, two);
        let second = self.unit(purpose, one ^ (1 << 63), two);
        let angle = 2.0 * std::f64::consts::PI * second;
        libm::sqrt(-2.0 * libm::log(first)) * libm::cos(angle)
    }

    /// 32 bytes.
    pub fn bytes(&self, purpose: Purpose, one: u64) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (place, chunk) in bytes.chunks_exact_mut(8).enumerate() {
            chunk.copy_from_slice(&self.word(purpose, one, place as u64).to_le_bytes());
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normal_numbers_have_the_mean_and_spread_they_should() {
        let chance = Chance(7);
        let draws: Vec<f64> = (0..20_000).map(|it| chance.normal(Purpose::Output, it, 0)).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|it| (it - mean) * (it - mean)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.03, "{variance}");
    }
}
