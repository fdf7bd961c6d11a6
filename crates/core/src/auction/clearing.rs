//! The clearing rule of sealed-bid, uniform-price auctions.
//!
//! Bids at or above the reserve are summed from the highest price down; the price of the bid at
//! which the sum meets the volume is paid by all; the last bid gets the remainder. Equal prices
//! stand in an order that a seed, committed to before the window, fixes: SHA-256 of
//! `karvan/tie/v1\0`, the seed and the bid's name, ascending. Only where the volume ends within
//! equal prices does this order matter, so only there it is computed. Other rules for equal prices
//! are the order of arrival, and shares in proportion whose residual lots follow the seed.
//!
//! Above the trigger of a tier more units are released, up to the tier's volume, but the price does
//! not fall below the trigger. Below the trigger of emissions containment units are withheld, but
//! the price does not rise above it (both after the Model Rule of the Regional Greenhouse Gas
//! Initiative, XX-9.2).

use crate::quantity::{Price, Tonnes};
use crate::rules::{AuctionRules, BelowSecondary, Ties, Undersubscribed};
use sha2::{Digest, Sha256};

/// A bid as the rule sees it.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// The name under which ties are ordered.
    pub name: &'a [u8],
    /// The most that is paid for a unit.
    pub price: Price,
    /// How many units.
    pub quantity: Tonnes,
}

/// What is sold, and how.
#[derive(Clone, Copy, Debug)]
pub struct Offer<'a> {
    /// How many units.
    pub volume: Tonnes,
    /// The rules.
    pub rules: &'a AuctionRules,
    /// The last price of the secondary market, where it is recent enough to count.
    pub secondary: Option<Price>,
    /// The revealed seed.
    pub seed: &'a [u8; 32],
}

/// A result: the price, and what each bid gets, in the order of the bids given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// The clearing price; none when the auction is cancelled.
    pub price: Option<Price>,
    /// What each bid gets.
    pub fills: Vec<Tonnes>,
    /// What the emissions containment kept back: it is not offered again.
    pub withheld: Tonnes,
    /// Whether the seed decided who gets what.
    pub by_seed: bool,
}

impl Clearing {
    fn cancelled(bids: usize) -> Self {
        let (withheld, by_seed) = (Tonnes::ZERO, false);
        Self { price: None, fills: vec![Tonnes::ZERO; bids], withheld, by_seed }
    }

    /// What is sold in all.
    pub fn sold(&self) -> Tonnes {
        self.fills.iter().copied().sum()
    }

    /// What of the volume is neither sold nor withheld, and is offered again later.
    pub fn unsold(&self, volume: Tonnes) -> Tonnes {
        (self.sold() + self.withheld).short_of(volume)
    }
}

/// The bids that count, from the highest price down.
struct Curve(Vec<(Price, Tonnes)>);

impl Curve {
    fn of(bids: &[Demand<'_>], reserve: Price) -> Self {
        let counts = |it: &&Demand<'_>| it.price >= reserve && it.quantity > Tonnes::ZERO;
        let rows = bids.iter().filter(counts).map(|it| (it.price, it.quantity));
        let mut ranked: Vec<_> = rows.collect();
        ranked.sort_unstable_by_key(|(price, _)| std::cmp::Reverse(*price));
        Self(ranked)
    }

    /// What is bid at a price or above.
    fn wanted_at(&self, price: Price) -> Tonnes {
        self.0.iter().take_while(|(it, _)| *it >= price).map(|(_, it)| *it).sum()
    }

    /// The price at which the sum meets a volume; the lowest where it never does.
    fn price_of(&self, volume: Tonnes) -> Option<Price> {
        let mut sum = Tonnes::ZERO;
        for (price, quantity) in &self.0 {
            sum += *quantity;
            if sum >= volume {
                return Some(*price);
            }
        }
        self.0.last().map(|(price, _)| *price)
    }

    /// The lowest price bid at or above a price.
    fn bid_that_meets(&self, price: Price) -> Option<Price> {
        self.0.iter().rev().map(|(it, _)| *it).find(|it| *it >= price)
    }
}

/// What all bids at or above a price come to: the volume that counts for the cover ratio.
pub fn valid_volume(bids: &[Demand<'_>], reserve: Price) -> Tonnes {
    Curve::of(bids, reserve).wanted_at(reserve)
}

/// The place of a bid among equal prices.
fn tie_rank(seed: &[u8; 32], name: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"karvan/tie/v1\0");
    hash.update(seed);
    hash.update(name);
    hash.finalize().into()
}

/// Clears an auction.
pub fn clear(offer: &Offer<'_>, bids: &[Demand<'_>]) -> Clearing {
    let curve = Curve::of(bids, offer.rules.reserve);
    let short = curve.wanted_at(offer.rules.reserve) < offer.volume;
    let cancels = short && offer.rules.undersubscribed == Undersubscribed::Cancel;
    let interim = curve.price_of(offer.volume).filter(|_| !cancels);
    let contained = interim.map(|it| contain(offer, &curve, it));
    let Some((contained, price)) =
        contained.and_then(|it| Some((it, beside_secondary(offer, &curve, it.price)?)))
    else {
        return Clearing::cancelled(bids.len());
    };
    let (fills, by_seed) = fill(offer.rules, (offer.seed, contained.volume), bids, price);
    let withheld = contained.volume.short_of(offer.volume);
    Clearing { price: Some(price), fills, withheld, by_seed }
}

/// A price, and the volume that is there at it.
#[derive(Clone, Copy)]
struct Contained {
    price: Price,
    volume: Tonnes,
}

/// Releases more above the triggers of tiers, or withholds below that of emissions
/// containment.
fn contain(offer: &Offer<'_>, curve: &Curve, interim: Price) -> Contained {
    let mut it = Contained { price: interim, volume: offer.volume };
    for tier in offer.rules.tiers.iter().flatten().filter(|tier| tier.volume > Tonnes::ZERO) {
        if it.price > tier.price {
            it.volume += tier.volume;
            it.price = curve.price_of(it.volume).unwrap_or(interim).max(tier.price);
        }
    }
    match offer.rules.withhold.filter(|it| interim < it.price) {
        None => it,
        Some(withhold) => {
            let least = withhold.volume.short_of(offer.volume);
            match curve.price_of(least).unwrap_or(interim) {
                price if price <= withhold.price => Contained { price, volume: least },
                _ => {
                    let wanted = curve.wanted_at(withhold.price);
                    let volume = wanted.clamp(least, offer.volume);
                    Contained { price: withhold.price, volume }
                }
            }
        }
    }
}

/// The price where it may not lie far below the secondary market; none cancels the auction.
fn beside_secondary(offer: &Offer<'_>, curve: &Curve, price: Price) -> Option<Price> {
    match floor_by_secondary(offer).filter(|floor| price < *floor) {
        None => Some(price),
        Some(_) => match offer.rules.below_secondary {
            BelowSecondary::Cancel => None,
            BelowSecondary::Ignore => Some(price),
            BelowSecondary::StepUp => curve.bid_that_meets(offer.secondary?),
        },
    }
}

/// The price below which the secondary market is undercut, rounded up to the tick.
fn floor_by_secondary(offer: &Offer<'_>) -> Option<Price> {
    let secondary = i128::from(offer.secondary?.0);
    let kept = 100u32.saturating_sub(offer.rules.below_secondary_percent);
    let hundredths = secondary.saturating_mul(i128::from(kept));
    let floor = hundredths.saturating_add(99).div_euclid(100);
    i64::try_from(floor).ok().map(Price)
}

/// Better prices get all; equal prices share what is left by the rule of the auction. Says also
/// whether the seed decided anything.
fn fill(
    rules: &AuctionRules,
    (seed, volume): (&[u8; 32], Tonnes),
    bids: &[Demand<'_>],
    price: Price,
) -> (Vec<Tonnes>, bool) {
    let mut fills = vec![Tonnes::ZERO; bids.len()];
    let mut left = volume;
    let mut marginal = Vec::new();
    for (fill, (place, bid)) in fills.iter_mut().zip(bids.iter().enumerate()) {
        if bid.price > price {
            *fill = bid.quantity.min(left);
            left -= *fill;
        } else if bid.price == price && bid.quantity > Tonnes::ZERO {
            marginal.push((place, bid));
        }
    }
    let wanted: Tonnes = marginal.iter().map(|(_, it)| it.quantity).sum();
    let contested = wanted > left && marginal.len() > 1;
    if contested && rules.ties == Ties::ProRata {
        for (place, bid) in &marginal {
            if let Some(fill) = fills.get_mut(*place) {
                *fill = share(rules.lot, left, (bid.quantity, wanted));
            }
        }
        left -= marginal.iter().filter_map(|(place, _)| fills.get(*place)).copied().sum();
    }
    let by_seed = contested && left > Tonnes::ZERO && rules.ties != Ties::Arrival;
    if by_seed {
        marginal.sort_by_cached_key(|(_, bid)| tie_rank(seed, bid.name));
    }
    for (place, bid) in marginal {
        if let Some(fill) = fills.get_mut(place) {
            // In proportion everybody has its share by now, and the rest goes lot by lot.
            let most = if rules.ties == Ties::ProRata && contested {
                rules.lot.min(fill.short_of(bid.quantity))
            } else {
                bid.quantity
            };
            let more = most.min(left);
            *fill += more;
            left -= more;
        }
    }
    (fills, by_seed)
}

/// A share in proportion, in whole lots.
fn share(lot: Tonnes, left: Tonnes, (quantity, of): (Tonnes, Tonnes)) -> Tonnes {
    let product = u128::from(quantity.0).saturating_mul(u128::from(left.0));
    let exact = product.checked_div(u128::from(of.0)).unwrap_or_default();
    let exact = u64::try_from(exact).unwrap_or(u64::MAX);
    Tonnes(exact.saturating_sub(exact.checked_rem(lot.0).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::{TIERS_MAX, Tier};
    use proptest::prelude::*;

    const EU: AuctionRules = AuctionRules {
        lot: Tonnes(500),
        reserve: Price(0),
        undersubscribed: Undersubscribed::Cancel,
        below_secondary: BelowSecondary::Cancel,
        below_secondary_percent: 10,
        purchase_limit_percent: 100,
        bids_max: 10_000,
        ties: Ties::Seeded,
        tiers: [None; TIERS_MAX],
        withhold: None,
    };
    const UK: AuctionRules = AuctionRules {
        reserve: Price(2_200),
        undersubscribed: Undersubscribed::Sell,
        below_secondary: BelowSecondary::Ignore,
        ..EU
    };

    fn bids(rows: &[(&'static str, i64, u64)]) -> Vec<Demand<'static>> {
        rows.iter()
            .map(|(name, price, quantity)| Demand {
                name: name.as_bytes(),
                price: Price(*price),
                quantity: Tonnes(*quantity),
            })
            .collect()
    }

    fn offer<'a>(volume: u64, rules: &'a AuctionRules, secondary: Option<i64>) -> Offer<'a> {
        let secondary = secondary.map(Price);
        Offer { volume: Tonnes(volume), rules, secondary, seed: &[7; 32] }
    }

    fn quantities(it: &Clearing) -> Vec<u64> {
        it.fills.iter().map(|it| it.0).collect()
    }

    #[test]
    fn all_pay_the_price_at_which_the_sum_meets_the_volume_and_the_last_gets_the_rest() {
        let bids = bids(&[("a", 2_500, 1_000), ("b", 2_700, 500), ("c", 2_400, 1_000)]);
        let cleared = clear(&offer(2_000, &EU, None), &bids);
        assert_eq!(cleared.price, Some(Price(2_400)));
        assert_eq!(quantities(&cleared), [1_000, 500, 500]);
    }

    #[test]
    fn equal_prices_follow_the_seed_and_not_the_order_of_arrival() {
        let one = bids(&[("a", 100, 500), ("b", 100, 500), ("c", 100, 500)]);
        let other = bids(&[("c", 100, 500), ("a", 100, 500), ("b", 100, 500)]);
        let (one, other) =
            (clear(&offer(1_000, &EU, None), &one), clear(&offer(1_000, &EU, None), &other));
        let named = |names: [&str; 3], it: &Clearing| {
            let mut rows: Vec<_> =
                names.iter().map(|it| (*it).to_owned()).zip(quantities(it)).collect();
            rows.sort();
            rows
        };
        assert_eq!(named(["a", "b", "c"], &one), named(["c", "a", "b"], &other));
        assert_eq!(one.sold(), Tonnes(1_000));
    }

    #[test]
    fn too_few_bids_cancel_an_eu_auction_and_sell_at_the_lowest_valid_bid_in_the_uk() {
        let bids = bids(&[("a", 2_500, 500), ("b", 2_300, 500), ("low", 2_100, 5_000)]);
        let rules = AuctionRules { reserve: Price(2_200), ..EU };
        assert_eq!(clear(&offer(2_000, &rules, None), &bids).price, None);
        let uk = clear(&offer(2_000, &UK, None), &bids);
        assert_eq!((uk.price, uk.sold()), (Some(Price(2_300)), Tonnes(1_000)));
    }

    #[test]
    fn a_price_well_below_the_secondary_market_cancels_or_steps_up_or_stands() {
        let bids = bids(&[("a", 1_000, 500), ("b", 890, 500), ("c", 500, 1_000)]);
        assert_eq!(clear(&offer(1_000, &EU, Some(1_000)), &bids).price, None);
        let step = AuctionRules { below_secondary: BelowSecondary::StepUp, ..EU };
        let stepped = clear(&offer(1_000, &step, Some(1_000)), &bids);
        assert_eq!((stepped.price, stepped.sold()), (Some(Price(1_000)), Tonnes(500)));
        let stands = AuctionRules { below_secondary: BelowSecondary::Ignore, ..EU };
        assert_eq!(clear(&offer(1_000, &stands, Some(1_000)), &bids).price, Some(Price(890)));
        assert_eq!(clear(&offer(1_000, &EU, Some(988)), &bids).price, Some(Price(890)));
    }

    /// The plain twin: every unit of every bid in one list, in rank; the first `volume` are sold.
    fn unit_by_unit(offer: &Offer<'_>, bids: &[Demand<'_>]) -> Clearing {
        let mut units = Vec::new();
        for (place, bid) in
            bids.iter().enumerate().filter(|(_, it)| it.price >= offer.rules.reserve)
        {
            let rank = (std::cmp::Reverse(bid.price), tie_rank(offer.seed, bid.name));
            units.extend((0..bid.quantity.0).map(|_| (rank, place)));
        }
        units.sort();
        let mut fills = vec![Tonnes::ZERO; bids.len()];
        let short = units.len() < usize::try_from(offer.volume.0).unwrap();
        if units.is_empty() || (short && offer.rules.undersubscribed == Undersubscribed::Cancel) {
            return Clearing { fills, ..Clearing::cancelled(0) };
        }
        units.truncate(usize::try_from(offer.volume.0).unwrap());
        for (_, place) in &units {
            fills[*place] += Tonnes(1);
        }
        let price = units.last().map(|((price, _), _)| price.0);
        Clearing { price, fills, ..Clearing::cancelled(0) }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn any_bids_clear_as_they_do_unit_by_unit(
            rows in prop::collection::vec((1i64..9, 0u64..40), 0..12),
            volume in 1u64..120,
            reserve in 0i64..6,
            cancels in any::<bool>(),
        ) {
            let names: Vec<[u8; 4]> = (0u32..).take(rows.len()).map(u32::to_be_bytes).collect();
            let bids: Vec<Demand<'_>> = rows
                .iter()
                .zip(&names)
                .map(|((price, quantity), name)| Demand {
                    name,
                    price: Price(*price),
                    quantity: Tonnes(*quantity),
                })
                .collect();
            let undersubscribed =
                if cancels { Undersubscribed::Cancel } else { Undersubscribed::Sell };
            let rules = AuctionRules { reserve: Price(reserve), undersubscribed, ..EU };
            let offer = offer(volume, &rules, None);
            let cleared = Clearing { by_seed: false, ..clear(&offer, &bids) };
            prop_assert_eq!(&cleared, &unit_by_unit(&offer, &bids));
            let partly = |(fill, bid): (&Tonnes, &Demand<'_>)| {
                *fill > Tonnes::ZERO && *fill < bid.quantity
            };
            let partial = cleared.fills.iter().zip(&bids).filter(|it| partly(*it)).count();
            prop_assert!(partial <= 1, "at most the last bid is filled in part");
        }
    }

    /// 3,000 on offer; the sum meets them at 30, 4,000 at 24, 5,000 at 20.
    fn steep() -> Vec<Demand<'static>> {
        bids(&[
            ("a", 4_000, 1_000),
            ("b", 3_500, 1_000),
            ("c", 3_000, 1_000),
            ("d", 2_400, 1_000),
            ("e", 2_000, 1_000),
        ])
    }

    fn tier(price: i64, volume: u64) -> Option<Tier> {
        Some(Tier { price: Price(price), volume: Tonnes(volume) })
    }

    #[test]
    fn above_a_tier_more_is_released_and_the_price_stops_at_its_trigger() {
        let cleared = |tiers| {
            let it = clear(&offer(3_000, &AuctionRules { tiers, ..UK_LOW }, None), &steep());
            (it.price.map(|it| it.0), it.sold().0)
        };
        const UK_LOW: AuctionRules = AuctionRules { reserve: Price(100), ..UK };
        assert_eq!(cleared([None; TIERS_MAX]), (Some(3_000), 3_000));
        // At its trigger or above it nothing happens.
        assert_eq!(cleared([tier(3_000, 500), None, None]), (Some(3_000), 3_000));
        // The thousand more would clear at 24: nobody pays less than the trigger of 25, and what
        // nobody wants at it stays in the reserve.
        assert_eq!(cleared([tier(2_500, 1_000), None, None]), (Some(2_500), 3_000));
        assert_eq!(cleared([tier(2_200, 1_000), None, None]), (Some(2_400), 4_000));
        assert_eq!(cleared([tier(2_200, 1_000), tier(2_300, 1_000), None]), (Some(2_300), 4_000));
    }

    #[test]
    fn below_the_trigger_units_are_withheld_until_the_price_meets_it() {
        let cleared = |price, volume| {
            let rules = AuctionRules { withhold: tier(price, volume), ..EU };
            let it = clear(&offer(5_000, &rules, None), &steep());
            (it.price.map(|it| it.0), it.sold().0, it.withheld.0, it.unsold(Tonnes(5_000)).0)
        };
        assert_eq!(cleared(2_000, 1_000), (Some(2_000), 5_000, 0, 0));
        assert_eq!(cleared(2_200, 1_000), (Some(2_200), 4_000, 1_000, 0));
        assert_eq!(cleared(2_600, 1_000), (Some(2_400), 4_000, 1_000, 0));
    }

    #[test]
    fn equal_prices_share_by_the_rule_of_the_auction() {
        let rows = bids(&[("a", 100, 3_000), ("b", 100, 2_000), ("c", 100, 1_000)]);
        let shares = |ties| {
            let rules = AuctionRules { ties, ..EU };
            let it = clear(&offer(2_000, &rules, None), &rows);
            (quantities(&it), it.by_seed)
        };
        assert_eq!(shares(Ties::Arrival), (vec![2_000, 0, 0], false));
        // In proportion: 1,000, 666 and 333 in lots of 500; the lot left over follows the seed.
        let (fills, by_seed) = shares(Ties::ProRata);
        assert!(by_seed && fills.iter().sum::<u64>() == 2_000);
        let base = [1_000, 500, 0];
        assert_eq!(fills.iter().zip(base).filter(|(fill, base)| *fill - base == 500).count(), 1);
        let exact = bids(&[("a", 100, 3_000), ("b", 100, 1_000)]);
        let rules = AuctionRules { ties: Ties::ProRata, ..EU };
        let it = clear(&offer(2_000, &rules, None), &exact);
        assert_eq!((quantities(&it), it.by_seed), (vec![1_500, 500], false));
    }
}
