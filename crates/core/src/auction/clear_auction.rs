//! Clear an auction: after the window the seed is revealed and the result computed. Delivery and
//! payment are one record: every winner pays the clearing price for what it gets, and what was
//! set aside beyond that is free again. What tiers release comes from the stability account; what
//! is withheld goes there; what is unsold goes into the next auctions.

use super::carry_over::{self, CarriedOver};
use super::clearing::{self, Demand, Offer};
use super::{Auction, AuctionResult, bid_filled::BidFilled};
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::cash;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::freezing;
use crate::id::{AccountId, AuctionId, BidId, CashAccountId, SeriesId};
use crate::ledger::posting::{CashMoved, CashReleased, Posting, UnitsReleased};
use crate::ledger::{Block, Picked, Serials};
use crate::planted::{self, Fault};
use crate::quantity::{Money, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::Instant;
use crate::units::{self, Way};
use minicbor::{Decode, Encode};
use sha2::{Digest, Sha256};
use std::collections::VecDeque;

/// The secondary price counts when its last trade is at most this many days old.
pub const SECONDARY_DAYS: i64 = 30;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct ClearAuction {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
    /// The seed that was committed to.
    #[cbor(n(1), with = "minicbor::bytes")]
    pub seed: [u8; 32],
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AuctionCleared {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
    /// How it ended.
    #[n(1)]
    pub result: AuctionResult,
    /// What the government took.
    #[n(2)]
    pub proceeds: Money,
}

refusals! {
    /// Why an auction cannot be cleared.
    pub enum ClearAuctionRefused {
        /// There is no such auction.
        AuctionUnknown { auction: AuctionId } = 821 => "there is no auction {auction}",
        /// The window is open or ahead.
        WindowOpen { now: Instant, closes: Instant } = 822
            => "it is {now}; the window closes at {closes}",
        /// It has its result.
        AlreadyCleared { auction: AuctionId } = 823 => "auction {auction} is cleared",
        /// The seed is another than the one committed to.
        SeedDoesNotFit = 824 => "the seed does not fit the commitment published before the window",
    }
}

/// The commitment to a seed that is published before the window.
pub fn commitment(seed: &[u8; 32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"karvan/seed/v1\0");
    hash.update(seed);
    hash.finalize().into()
}

/// The administrator that announced it.
pub fn right(state: &State, it: &ClearAuction) -> Result<Right, Refusals> {
    let auction = it.auction;
    let row = state.auctions.get(auction).ok_or(ClearAuctionRefused::AuctionUnknown { auction })?;
    Ok(Right::Administrator(row.jurisdiction))
}

/// Computes the result and settles it.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &ClearAuction,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let Some(auction) = state.auctions.get(it.auction) else {
        return Err(ClearAuctionRefused::AuctionUnknown { auction: it.auction }.into());
    };
    let seller = by.party();
    let (now, closes) = (state.now, auction.closes);
    no.unless(now >= closes, ClearAuctionRefused::WindowOpen { now, closes });
    let cleared = auction.result.is_some();
    no.unless(!cleared, ClearAuctionRefused::AlreadyCleared { auction: it.auction });
    let fits = commitment(&it.seed) == auction.seed_commitment;
    no.unless(fits, ClearAuctionRefused::SeedDoesNotFit);
    let cash = no.take(cash::of(state, seller));
    let kind = AccountKind::Auction;
    let source = account::of_government(state, auction.jurisdiction, kind);
    no.unless(source.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let (proceeds, source) = no.settle_with(cash.zip(source))?;
    let stability = account::of_government(state, auction.jurisdiction, AccountKind::Stability);
    let counts = |series| state.ledger.counts_for(series, auction.jurisdiction, auction.year);
    let shelf = stability.map(|it| state.ledger.shelves.row(it));
    let reserve = shelf.map_or(Tonnes::ZERO, |it| it.free(counts));
    let result = compute(state, (by.now(), reserve), &it.seed, auction);
    let mut draft = Draft::new(state, out);
    let released = auction.volume.short_of(result.sold());
    let mut more = Picked::new();
    if let Some((from, shelf)) = stability.zip(shelf) {
        more = shelf.pick(released, counts);
        units::move_all(&more, Way { from, to: source }, |it| draft.post(it));
    }
    let withheld = result.withheld;
    let left =
        settle(&mut draft, Settlement { id: it.auction, auction, result, proceeds, source, more });
    if let Some(to) = stability {
        let kept = first_of(&mut { left }, withheld);
        units::move_all(&kept, Way { from: source, to }, |it| draft.post(it));
    }
    Ok(())
}

fn compute(
    state: &State,
    (now, reserve): (Instant, Tonnes),
    seed: &[u8; 32],
    auction: &Auction,
) -> clearing::Clearing {
    let oldest = now.plus_days(SECONDARY_DAYS.saturating_neg());
    let secondary = state
        .last_price(auction.jurisdiction, auction.year)
        .filter(|(_, at)| *at >= oldest)
        .map(|(price, _)| price);
    let names: Vec<[u8; 4]> =
        (0u32..).zip(&auction.bids).map(|(place, _)| place.to_be_bytes()).collect();
    let bids: Vec<Demand<'_>> = auction
        .bids
        .iter()
        .zip(&names)
        .map(|(bid, name)| {
            // What is frozen buys nothing.
            let frozen = freezing::is_frozen(state, bid.account);
            let quantity = if frozen { Tonnes::ZERO } else { bid.quantity };
            Demand { name, price: bid.price, quantity }
        })
        .collect();
    // Tiers release what the stability account holds, in their order.
    let mut rules = auction.rules;
    let mut reserve = reserve;
    for tier in rules.tiers.iter_mut().flatten() {
        tier.volume = tier.volume.min(reserve);
        reserve -= tier.volume;
    }
    clearing::clear(&Offer { volume: auction.volume, rules: &rules, secondary, seed }, &bids)
}

struct Settlement<'a> {
    id: AuctionId,
    auction: &'a Auction,
    result: clearing::Clearing,
    proceeds: CashAccountId,
    source: AccountId,
    more: Picked,
}

/// Delivers and pays; says what of the offer is left.
fn settle(draft: &mut Draft<'_>, it: Settlement<'_>) -> VecDeque<(SeriesId, Block)> {
    let Settlement { id, auction, result, proceeds, source, more } = it;
    let price = result.price.unwrap_or_default();
    let sold = result.sold();
    let taken = price.times(sold).unwrap_or_default();
    draft.note(Event::AuctionCleared(AuctionCleared {
        auction: id,
        result: AuctionResult { price: result.price, sold },
        proceeds: taken,
    }));
    // What was set aside is what is delivered, in that order; what is not sold is free again.
    let mut offered: VecDeque<_> =
        draft.hold_now(auction.hold).cloned().unwrap_or_default().units.into();
    for (series, block) in &offered {
        let (series, account, hold, serials) = (*series, source, auction.hold, block.serials);
        draft.post(Posting::UnitsReleased(UnitsReleased { series, account, hold, serials }));
    }
    offered.extend(more);
    for ((bid, row), filled) in (0u32..).zip(&auction.bids).zip(&result.fills) {
        let (account, hold) = (row.cash, row.hold);
        let amount = row.price.times(row.quantity).unwrap_or_default();
        draft.post(Posting::CashReleased(CashReleased { account, hold, amount }));
        if *filled > Tonnes::ZERO {
            let picked = first_of(&mut offered, *filled);
            let amount = price.times(*filled).unwrap_or_default();
            let mut cash = CashMoved { from: row.cash, to: proceeds, amount };
            if planted::has(Fault::PaymentSwapped) {
                (cash.from, cash.to) = (cash.to, cash.from);
            }
            draft.post(Posting::CashMoved(cash));
            units::move_all(&picked, Way { from: source, to: row.account }, |it| draft.post(it));
            let filled = BidFilled { auction: id, bid: BidId(bid), quantity: *filled };
            draft.note(Event::BidFilled(filled));
        }
    }
    let jurisdiction = auction.jurisdiction;
    let parts = carry_over::parts(result.unsold(auction.volume), auction.rules.lot);
    if parts.iter().any(|it| *it > Tonnes::ZERO) {
        draft.note(Event::CarriedOver(CarriedOver { jurisdiction, parts }));
    }
    offered
}

/// Takes the first units off what is offered; the last block is split and its left part goes.
fn first_of(offered: &mut VecDeque<(SeriesId, Block)>, count: Tonnes) -> Picked {
    let mut picked = Picked::new();
    let mut missing = count;
    while missing > Tonnes::ZERO {
        let Some((series, block)) = offered.front_mut() else {
            break;
        };
        let taken = block.serials.count.min(missing);
        let serials = Serials { first: block.serials.first, count: taken };
        picked.push((*series, Block { acquired: block.acquired, serials }));
        missing -= taken;
        block.serials = Serials { first: serials.end(), count: block.serials.count - taken };
        if block.serials.count == Tonnes::ZERO {
            offered.pop_front();
        }
    }
    picked
}

/// The auction shows its result; the year's mean price counts it.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AuctionCleared) {
    let auction = state.auctions.row_mut(it.auction);
    auction.result = Some(it.result);
    let (jurisdiction, year) = (auction.jurisdiction, auction.year);
    let (sold, taken) = state.auctioned.entry((jurisdiction, year)).or_default();
    *sold += it.result.sold;
    *taken += it.proceeds;
}
