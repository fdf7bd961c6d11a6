//! Consign: units of others are sold in an auction, before its window opens: of another
//! jurisdiction in a joint auction, or of a holder. They are set aside until the result is there.
//! What is sold is shared by the parts consigned, the proceeds with it; what is not sold goes back.

use super::place_bid::PlaceBidRefused;
use crate::account::{self, AccountKind, AccountRefused};
use crate::authority::{Authorised, Right};
use crate::cash;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{AccountId, AuctionId, CashAccountId, HoldId, PartyId};
use crate::ledger::posting::{Posting, UnitsHeld};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::time::Instant;
use crate::units;
use minicbor::{Decode, Encode};

/// The most consignments of one auction.
pub const CONSIGNMENTS_MAX: usize = 64;

/// Units of others in an auction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Consignment {
    /// The account they lie in.
    #[n(0)]
    pub account: AccountId,
    /// Whose they are.
    #[n(1)]
    pub holder: PartyId,
    /// Who is paid.
    #[n(2)]
    pub cash: CashAccountId,
    /// What they are set aside under.
    #[n(3)]
    pub hold: HoldId,
    /// How many.
    #[n(4)]
    pub quantity: Tonnes,
}

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Consign {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
    /// The account the units lie in.
    #[n(1)]
    pub account: AccountId,
    /// How many.
    #[n(2)]
    pub quantity: Tonnes,
}

/// The fact; the postings beside it say which serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Consigned {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
    /// What was consigned.
    #[n(1)]
    pub consignment: Box<Consignment>,
}

refusals! {
    /// Why units cannot be consigned.
    pub enum ConsignRefused {
        /// Bidders know what is sold.
        WindowOpen { now: Instant, opens: Instant } = 841
            => "it is {now}; the window opens at {opens}, and units are consigned before that",
        /// An auction sells for a bounded number of others.
        TooMany { most: usize } = 842
            => "the auction sells for {most} others, the most there may be",
        /// One part for each account.
        Consigned { account: AccountId } = 843 => "account {account} consigns to this auction",
    }
}

/// The holder of the account: another administrator, or a participant.
pub fn right(_state: &State, it: &Consign) -> Result<Right, Refusals> {
    Ok(Right::Holder(it.account))
}

/// Checks the window, the lot and the holding.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &Consign,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (account, quantity, holder) = (it.account, it.quantity, by.party());
    let row = state.accounts.row(account);
    if row.kind == AccountKind::Auction {
        no.take(account::may_surrender(state, account));
    } else {
        no.take(account::may_sell(state, account));
    }
    let Some(auction) = state.auctions.get(it.auction) else {
        return Err(PlaceBidRefused::AuctionUnknown { auction: it.auction }.into());
    };
    // The announcement set its own units aside already.
    let own = row.kind == AccountKind::Auction && row.jurisdiction == auction.jurisdiction;
    no.unless(!own, AccountRefused::WrongKind { account, kind: row.kind.name() });
    let (now, opens) = (by.now(), auction.opens);
    no.unless(now < opens, ConsignRefused::WindowOpen { now, opens });
    no.unless(auction.result.is_none(), PlaceBidRefused::Ended { auction: it.auction });
    let lot = auction.rules.lot;
    let whole = quantity > Tonnes::ZERO && quantity.0.checked_rem(lot.0) == Some(0);
    no.unless(whole, PlaceBidRefused::NotWholeLots { quantity, lot });
    let most = CONSIGNMENTS_MAX;
    no.unless(auction.consigned.len() < most, ConsignRefused::TooMany { most });
    let known = auction.consigned.iter().any(|it| it.account == account);
    no.unless(!known, ConsignRefused::Consigned { account });
    let cash = no.take(cash::of(state, holder));
    // Units of another jurisdiction must count there for the year that the auction is about.
    let counts = |series| state.ledger.counts_for(series, row.jurisdiction, auction.year);
    let shelf = state.ledger.shelves.row(account);
    let picked = no.take(units::pick(shelf, quantity, counts));
    let (cash, picked) = no.settle_with(cash.zip(picked))?;
    let hold = state.ledger.next_hold;
    let consignment = Box::new(Consignment { account, holder, cash, hold, quantity });
    let mut draft = Draft::new(state, out);
    draft.note(Event::Consigned(Consigned { auction: it.auction, consignment }));
    for (series, block) in picked {
        let serials = block.serials;
        draft.post(Posting::UnitsHeld(UnitsHeld { series, account, hold, serials }));
    }
    Ok(())
}

/// Divides what is sold by what each offered: in proportion, what is left over to the largest
/// remainders, the earliest first.
pub fn shares(sold: Tonnes, offered: &[Tonnes]) -> Vec<Tonnes> {
    let all: u128 = offered.iter().map(|it| u128::from(it.0)).sum();
    let product = |it: &Tonnes| u128::from(sold.0).saturating_mul(u128::from(it.0));
    let part = |it: &Tonnes| product(it).checked_div(all).unwrap_or_default();
    let mut parts: Vec<Tonnes> =
        offered.iter().map(|it| Tonnes(u64::try_from(part(it)).unwrap_or(u64::MAX))).collect();
    let mut order: Vec<usize> = (0..offered.len()).collect();
    let remainder = |place: &usize| {
        offered.get(*place).map(product).and_then(|it| it.checked_rem(all)).unwrap_or_default()
    };
    order.sort_by_key(|it| std::cmp::Reverse(remainder(it)));
    let mut left = parts.iter().copied().sum::<Tonnes>().short_of(sold);
    for place in order {
        let more = Tonnes(1).min(left);
        left -= more;
        if let Some(part) = parts.get_mut(place) {
            *part += more;
        }
    }
    parts
}

/// The auction sells them too.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &Consigned) {
    state.auctions.row_mut(it.auction).consigned.push(*it.consignment);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_sold_is_shared_by_the_parts_and_remainders_go_to_the_largest() {
        let of = |sold, offered: &[u64]| {
            let offered: Vec<Tonnes> = offered.iter().copied().map(Tonnes).collect();
            shares(Tonnes(sold), &offered).iter().map(|it| it.0).collect::<Vec<_>>()
        };
        assert_eq!(of(100, &[100, 100]), [50, 50]);
        assert_eq!(of(100, &[100, 200, 100]), [25, 50, 25]);
        assert_eq!(of(10, &[100, 100, 100]), [4, 3, 3]);
        assert_eq!(of(11, &[100, 50]), [7, 4], "7 1/3 and 3 2/3");
        assert_eq!(of(0, &[10, 20]), [0, 0]);
        assert_eq!(of(5, &[]), []);
    }

    proptest! {
        #[test]
        fn nobody_sells_more_than_it_offered_and_all_is_shared(
            offered in prop::collection::vec(0u64..1_000_000, 1..9),
            percent in 0u32..=100,
        ) {
            let offered: Vec<Tonnes> = offered.into_iter().map(Tonnes).collect();
            let all: Tonnes = offered.iter().copied().sum();
            let sold = all.percent(percent);
            let parts = shares(sold, &offered);
            prop_assert_eq!(parts.iter().copied().sum::<Tonnes>(), sold);
            prop_assert!(parts.iter().zip(&offered).all(|(part, of)| part <= of));
        }
    }
}
