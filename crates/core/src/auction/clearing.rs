//! The clearing rule of sealed-bid, uniform-price auctions (market rules A2 to A8).
//!
//! Bids at or above the reserve are summed from the highest price down; the price of the bid at
//! which the sum meets the volume is paid by all; the last bid gets the remainder. Equal prices
//! stand in an order that a seed, committed to before the window, fixes: SHA-256 of
//! `karvan/tie/v1\0`, the seed and the bid's name, ascending. Only where the volume ends within
//! equal prices does this order matter, so only there it is computed.

use crate::quantity::{Price, Tonnes};
use crate::rules::{AuctionRules, BelowSecondary, Undersubscribed};
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
}

impl Clearing {
    /// What is sold in all.
    pub fn sold(&self) -> Tonnes {
        self.fills.iter().copied().sum()
    }
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
    let cancelled = Clearing { price: None, fills: vec![Tonnes::ZERO; bids.len()] };
    let mut ranked: Vec<(Price, usize)> = bids
        .iter()
        .enumerate()
        .filter(|(_, bid)| bid.price >= offer.rules.reserve && bid.quantity > Tonnes::ZERO)
        .map(|(place, bid)| (bid.price, place))
        .collect();
    ranked.sort_unstable_by_key(|(price, place)| (std::cmp::Reverse(*price), *place));
    let valid: Tonnes =
        ranked.iter().filter_map(|(_, place)| bids.get(*place)).map(|it| it.quantity).sum();
    let Some((lowest, _)) = ranked.last().copied() else {
        return cancelled;
    };
    let undersubscribed = valid < offer.volume;
    if undersubscribed && offer.rules.undersubscribed == Undersubscribed::Cancel {
        return cancelled;
    }
    let price = if undersubscribed { lowest } else { marginal_price(&ranked, bids, offer.volume) };
    let price = match floor_by_secondary(offer) {
        Some(floor) if price < floor => match offer.rules.below_secondary {
            BelowSecondary::Cancel => return cancelled,
            BelowSecondary::Ignore => price,
            BelowSecondary::StepUp => {
                let meets = ranked.iter().rev().map(|(price, _)| *price);
                match meets.into_iter().find(|it| *it >= floor) {
                    Some(price) => price,
                    None => return cancelled,
                }
            }
        },
        Some(_) | None => price,
    };
    let fills = fill(offer, bids, price);
    Clearing { price: Some(price), fills }
}

fn marginal_price(ranked: &[(Price, usize)], bids: &[Demand<'_>], volume: Tonnes) -> Price {
    let mut sum = Tonnes::ZERO;
    for (price, place) in ranked {
        sum += bids.get(*place).map(|it| it.quantity).unwrap_or_default();
        if sum >= volume {
            return *price;
        }
    }
    Price(0)
}

/// The price below which the secondary market is undercut (A7), rounded up to the tick.
fn floor_by_secondary(offer: &Offer<'_>) -> Option<Price> {
    let secondary = i128::from(offer.secondary?.0);
    let kept = 100u32.saturating_sub(offer.rules.below_secondary_percent);
    let hundredths = secondary.saturating_mul(i128::from(kept));
    let floor = hundredths.saturating_add(99).div_euclid(100);
    i64::try_from(floor).ok().map(Price)
}

/// Better prices get all; equal prices get what is left in the seeded order, the last a part.
fn fill(offer: &Offer<'_>, bids: &[Demand<'_>], price: Price) -> Vec<Tonnes> {
    let mut fills = vec![Tonnes::ZERO; bids.len()];
    let mut left = offer.volume;
    let mut marginal = Vec::new();
    for (fill, (place, bid)) in fills.iter_mut().zip(bids.iter().enumerate()) {
        if bid.price > price {
            *fill = bid.quantity.min(left);
            left -= *fill;
        } else if bid.price == price {
            marginal.push((tie_rank(offer.seed, bid.name), place));
        }
    }
    marginal.sort_unstable();
    for (_, place) in marginal {
        if let (Some(fill), Some(bid)) = (fills.get_mut(place), bids.get(place)) {
            *fill = bid.quantity.min(left);
            left -= *fill;
        }
    }
    fills
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const EU: AuctionRules = AuctionRules {
        lot: Tonnes(500),
        reserve: Price(0),
        undersubscribed: Undersubscribed::Cancel,
        below_secondary: BelowSecondary::Cancel,
        below_secondary_percent: 10,
        purchase_limit_percent: 100,
        bids_max: 10_000,
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
            return Clearing { price: None, fills };
        }
        units.truncate(usize::try_from(offer.volume.0).unwrap());
        for (_, place) in &units {
            fills[*place] += Tonnes(1);
        }
        Clearing { price: units.last().map(|((price, _), _)| price.0), fills }
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
            let cleared = clear(&offer, &bids);
            prop_assert_eq!(&cleared, &unit_by_unit(&offer, &bids));
            let partly = |(fill, bid): (&Tonnes, &Demand<'_>)| {
                *fill > Tonnes::ZERO && *fill < bid.quantity
            };
            let partial = cleared.fills.iter().zip(&bids).filter(|it| partly(*it)).count();
            prop_assert!(partial <= 1, "at most the last bid is filled in part");
        }
    }
}
