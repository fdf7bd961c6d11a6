//! Links as they are tried out beside the policy file: `AAA-BBB=quota:2e6,levy:0.5`.

use super::world::{World, WorldLink};

/// The words that a link may be described by.
const ALLOWED: &str = "none, full, one-way, quota:UNITS, levy:PRICE, ratio:R (both ways at one \
                       exchange ratio), discount:R (of what arrives, both ways)";

/// How a link is to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Mode {
    /// Whose units cross.
    pub from: String,
    /// Where they count.
    pub to: String,
    both_ways: bool,
    /// As how many one counts there, and back.
    ratios: (f64, f64),
    levy: f64,
    /// Mt a year; none where the link is closed.
    most: Option<f64>,
}

impl Mode {
    /// Reads `AAA-BBB=WORD[,WORD…]`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once('=').and_then(|(ends, how)| Some((ends.split_once('-')?, how)));
        let Some(((from, to), how)) = parts else {
            return Err(format!("\"{text}\" is no link; allowed is one such as AAA-BBB=quota:2e6"));
        };
        let mut it = Self {
            from: from.to_owned(),
            to: to.to_owned(),
            both_ways: false,
            ratios: (1.0, 1.0),
            levy: 0.0,
            most: Some(f64::INFINITY),
        };
        for word in how.split(',') {
            it.word(word).ok_or_else(|| {
                format!("\"{word}\" in \"{text}\" is not allowed; allowed are {ALLOWED}")
            })?;
        }
        Ok(it)
    }

    fn word(&mut self, word: &str) -> Option<()> {
        let (name, number) = word.split_once(':').unwrap_or((word, ""));
        let number = number.parse::<f64>().ok().filter(|it| it.is_finite() && *it >= 0.0);
        match (name, number) {
            ("none", None) => self.most = None,
            ("full", None) => self.both_ways = true,
            ("one-way", None) => {}
            // Units are tonnes.
            ("quota", Some(units)) => self.most = Some(units / 1e6),
            ("levy", Some(price)) => self.levy = price,
            ("ratio", Some(ratio)) if (1e-3..=1e3).contains(&ratio) => {
                (self.both_ways, self.ratios) = (true, (ratio, 1.0 / ratio));
            }
            ("discount", Some(ratio)) if (1e-3..=1.0).contains(&ratio) => {
                (self.both_ways, self.ratios) = (true, (ratio, ratio));
            }
            (_, _) => return None,
        }
        Some(())
    }

    /// Puts the link into a world, in the place of those between its ends in its direction; of
    /// both directions where it is one of both ways or closed.
    pub fn put(&self, world: &mut World) -> Result<(), String> {
        let place = |code: &str| {
            let known: Vec<&str> = world.regions.iter().map(|it| it.code.as_str()).collect();
            world.place(code).ok_or_else(|| {
                format!("there is no jurisdiction {code}; there are {}", known.join(", "))
            })
        };
        let (from, to) = (place(&self.from)?, place(&self.to)?);
        if from == to {
            return Err(format!("{} is linked with itself", self.from));
        }
        let both = self.both_ways || self.most.is_none();
        world.links.retain(|it| {
            let this = (it.from, it.to) == (from, to);
            let back = (it.from, it.to) == (to, from);
            !(this || (back && both))
        });
        let Some(most) = self.most else { return Ok(()) };
        let link = WorldLink {
            from,
            to,
            ratio: self.ratios.0,
            levy: self.levy,
            most: vec![most; world.years.len()],
        };
        let before = world.links.clone();
        if self.both_ways {
            let back = WorldLink { from: to, to: from, ratio: self.ratios.1, ..link.clone() };
            world.links.push(back);
        }
        world.links.push(link);
        if grows(world) {
            world.links = before;
            return Err("units would grow on a way round by the ratios of these links".to_owned());
        }
        Ok(())
    }
}

/// Whether there is a way round on which one unit comes back as more.
fn grows(world: &World) -> bool {
    let count = world.regions.len();
    let mut best = vec![vec![0.0f64; count]; count];
    let mut raise = |from: usize, to: usize, ratio: f64| {
        if let Some(it) = best.get_mut(from).and_then(|it| it.get_mut(to)) {
            *it = it.max(ratio);
        }
    };
    for link in &world.links {
        raise(link.from, link.to, link.ratio);
    }
    for over in 0..count {
        for from in 0..count {
            for to in 0..count {
                let at = |one: usize, two: usize| {
                    best.get(one).and_then(|it| it.get(two)).copied().unwrap_or(0.0)
                };
                let around = at(from, over) * at(over, to);
                if let Some(it) = best.get_mut(from).and_then(|it| it.get_mut(to)) {
                    *it = it.max(around);
                }
            }
        }
    }
    (0..count).any(|it| best.get(it).and_then(|row| row.get(it)).is_some_and(|it| *it > 1.0 + 1e-9))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_described_by_words_and_a_wrong_one_is_named() {
        let it = Mode::parse("AAA-BBB=quota:2e6,levy:0.5").expect("two words");
        assert_eq!((it.most, it.levy, it.both_ways), (Some(2.0), 0.5, false));
        assert!(Mode::parse("AAA-BBB=full").expect("a word").both_ways);
        for wrong in [
            "AAA-BBB=ratio:1e300",
            "AAA",
            "AAA-BBB=",
            "AAA-BBB=quota",
            "AAA-BBB=discount:2",
            "AAA-BBB=ratio:0",
        ] {
            assert!(Mode::parse(wrong).is_err(), "{wrong}");
        }
    }
}
