//! Clear an auction: after the window the seed is revealed and the result computed. Delivery and
//! payment are one record: every winner pays the clearing price for what it gets, and what was
//! set aside beyond that is free again. What tiers release comes from the stability account; what
//! is withheld goes there; what is unsold goes into the next auctions. Units that others consigned
//! are sold in proportion, and what is left of them goes back.

use super::carry_over::{self, CarriedOver};
use super::clearing::{self, Demand, Offer};
use super::consign::{self, Consignment};
use super::{Auction, AuctionResult, Basis, Bid, bid_filled::BidFilled, place_bid};
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::cash::{self, fixing};
use crate::compatibility;
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::freezing;
use crate::id::{AccountId, AuctionId, BidId, CashAccountId, HoldId, PartyId, SeriesId};
use crate::ledger::posting::{CashMoved, CashReleased, Posting, UnitsReleased};
use crate::ledger::{Block, Picked, Serials};
use crate::party;
use crate::planted::{self, Fault};
use crate::quantity::{Money, Tonnes};
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::AuctionRules;
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::Instant;
use crate::units::transfer::TransferRefused;
use crate::units::{self, Way, expire};
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
    /// What it follows from, beside the bids and the rules.
    #[n(3)]
    pub basis: Option<Box<Basis>>,
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
    // Whoever cleared too late sells nothing that is worth nothing.
    let offered = auction.consigned.iter().map(|it| it.hold).chain([auction.hold]);
    let units = offered.filter_map(|it| state.ledger.holds.get(&it)).flat_map(|it| &it.units);
    let mut series = units.map(|(series, _)| *series);
    let expired = series.find(|it| expire::is_expired(state, state.ledger.series.row(*it)));
    if let Some(series) = expired {
        no.unless(false, TransferRefused::Expired { series });
    }
    let cash = no.take(cash::of(state, seller));
    let kind = AccountKind::Auction;
    let source = account::of_government(state, auction.jurisdiction, kind);
    no.unless(source.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let (proceeds, source) = no.settle_with(cash.zip(source))?;
    let stability = account::of_government(state, auction.jurisdiction, AccountKind::Stability);
    let counts = |series| state.ledger.counts_for(series, auction.jurisdiction, auction.year);
    let shelf = stability.map(|it| state.ledger.shelves.row(it));
    let reserve = shelf.map_or(Tonnes::ZERO, |it| it.free(counts));
    // What is frozen sells nothing.
    let others: Vec<Consignment> = auction.consigned.clone();
    let sells = |it: &Consignment| {
        if freezing::is_frozen(state, it.account) { Tonnes::ZERO } else { it.quantity }
    };
    let offered: Vec<Tonnes> =
        [auction.volume].into_iter().chain(others.iter().map(sells)).collect();
    let volume: Tonnes = offered.iter().copied().sum();
    let basis = basis(state, (by.now(), reserve, volume), &it.seed, auction);
    let result = compute(&basis, auction);
    let mut draft = Draft::new(state, out);
    let released = volume.short_of(result.sold());
    let mut more = Picked::new();
    if let Some((from, shelf)) = stability.zip(shelf) {
        more = shelf.pick(released, counts);
        units::move_all(&more, Way { from, to: source }, |it| draft.post(it));
    }
    let parts = consign::shares(released.short_of(result.sold()), &offered);
    let own = parts.first().copied().unwrap_or_default();
    let withheld = result.withheld.min(own.short_of(auction.volume));
    note_result(&mut draft, (it.auction, auction), (&result, basis));
    let mut sellers = vec![Seller::of(&mut draft, (source, seller, proceeds), auction.hold)];
    for it in &others {
        sellers.push(Seller::of(&mut draft, (it.account, it.holder, it.cash), it.hold));
    }
    for (seller, part) in sellers.iter_mut().zip(&parts) {
        seller.sell(*part);
    }
    if let Some(own) = sellers.first_mut() {
        own.units.extend(more);
    }
    settle(&mut draft, state, (it.auction, auction), (&result, &mut sellers));
    let unsold = (own + withheld).short_of(auction.volume);
    let (jurisdiction, parts) =
        (auction.jurisdiction, carry_over::parts(unsold, auction.rules.lot));
    if parts.iter().any(|it| *it > Tonnes::ZERO) {
        draft.note(Event::CarriedOver(CarriedOver { jurisdiction, parts }));
    }
    if let Some((to, own)) = stability.zip(sellers.first_mut()) {
        let kept = first_of(&mut own.rest, withheld);
        units::move_all(&kept, Way { from: source, to }, |it| draft.post(it));
    }
    Ok(())
}

/// What the result follows from beside the bids and the rules.
fn basis(
    state: &State,
    (now, reserve, offered): (Instant, Tonnes, Tonnes),
    seed: &[u8; 32],
    auction: &Auction,
) -> Basis {
    let oldest = now.plus_days(SECONDARY_DAYS.saturating_neg());
    let secondary = state
        .quoted_price(auction.jurisdiction, auction.year)
        .filter(|(_, at)| *at >= oldest)
        .map(|(price, _)| price);
    // Tiers release what the stability account holds, in their order.
    let mut tiers = auction.rules.tiers;
    let mut reserve = reserve;
    for tier in tiers.iter_mut().flatten() {
        tier.volume = tier.volume.min(reserve);
        reserve -= tier.volume;
    }
    // What is frozen buys nothing, nor who does not settle with the sellers any more.
    let counts = |bid: &Bid| {
        let buyer = (bid.bidder, auction.jurisdiction);
        let settles = compatibility::check(state, buyer, place_bid::sellers(state, auction));
        settles.is_ok() && !freezing::is_frozen(state, bid.account)
    };
    let bids = (0u32..).zip(&auction.bids);
    let void = bids.filter(|(_, it)| !counts(it)).map(|(place, _)| BidId(place)).collect();
    Basis { seed: *seed, offered, secondary, tiers, void }
}

fn compute(basis: &Basis, auction: &Auction) -> clearing::Clearing {
    let names: Vec<[u8; 4]> =
        (0u32..).zip(&auction.bids).map(|(place, _)| place.to_be_bytes()).collect();
    let bids: Vec<Demand<'_>> = auction
        .bids
        .iter()
        .zip(&names)
        .zip(0u32..)
        .map(|((bid, name), place)| {
            let is_void = basis.void.contains(&BidId(place));
            let quantity = if is_void { Tonnes::ZERO } else { bid.quantity };
            Demand { name, price: bid.price, quantity }
        })
        .collect();
    let rules = AuctionRules { tiers: basis.tiers, ..auction.rules };
    let Basis { seed, offered: volume, secondary, .. } = basis;
    let offer = Offer { volume: *volume, rules: &rules, secondary: *secondary, seed };
    clearing::clear(&offer, &bids)
}

/// Somebody whose units are sold: what was set aside is what is delivered, in that order.
struct Seller {
    account: AccountId,
    holder: PartyId,
    cash: CashAccountId,
    /// What it sells.
    units: VecDeque<(SeriesId, Block)>,
    /// What is free again.
    rest: VecDeque<(SeriesId, Block)>,
}

impl Seller {
    fn of(
        draft: &mut Draft<'_>,
        (account, holder, cash): (AccountId, PartyId, CashAccountId),
        hold: HoldId,
    ) -> Self {
        let rest: VecDeque<_> =
            draft.hold_now(hold).cloned().unwrap_or_default().units.to_vec().into();
        for (series, block) in &rest {
            let (series, serials) = (*series, block.serials);
            draft.post(Posting::UnitsReleased(UnitsReleased { series, account, hold, serials }));
        }
        Self { account, holder, cash, units: VecDeque::new(), rest }
    }

    fn sell(&mut self, part: Tonnes) {
        self.units.extend(first_of(&mut self.rest, part));
    }

    fn left(&self) -> Tonnes {
        self.units.iter().map(|(_, it)| it.serials.count).sum()
    }
}

fn note_result(
    draft: &mut Draft<'_>,
    (id, auction): (AuctionId, &Auction),
    (result, basis): (&clearing::Clearing, Basis),
) {
    let sold = result.sold();
    let proceeds = result.price.unwrap_or_default().times(sold).unwrap_or_default();
    let (result, basis) = (AuctionResult { price: result.price, sold }, Some(Box::new(basis)));
    draft.note(Event::AuctionCleared(AuctionCleared { auction: id, result, proceeds, basis }));
    for bid in &auction.bids {
        let (account, hold, amount) = (bid.cash, bid.hold, bid.promised());
        draft.post(Posting::CashReleased(CashReleased { account, hold, amount }));
    }
}

/// Delivers and pays, bid by bid: first the units of the seller, then of those that consigned.
fn settle(
    draft: &mut Draft<'_>,
    state: &State,
    (id, auction): (AuctionId, &Auction),
    (result, sellers): (&clearing::Clearing, &mut [Seller]),
) {
    let price = result.price.unwrap_or_default();
    for ((bid, row), filled) in (0u32..).zip(&auction.bids).zip(&result.fills) {
        let mut missing = *filled;
        let mut paid = Vec::new();
        for seller in sellers.iter_mut() {
            let part = missing.min(seller.left());
            if part == Tonnes::ZERO {
                continue;
            }
            missing -= part;
            let picked = first_of(&mut seller.units, part);
            let way = Way { from: seller.account, to: row.account };
            units::move_all(&picked, way, |it| draft.post(it));
            paid.push((&*seller, price.times(part).unwrap_or_default()));
        }
        if *filled > Tonnes::ZERO {
            pay(draft, state, row, &paid);
            let filled = BidFilled { auction: id, bid: BidId(bid), quantity: *filled };
            draft.note(Event::BidFilled(filled));
        }
    }
}

/// A bid pays each seller; in a national currency it pays rounded up, they get it rounded down, and
/// the rest goes to the regional administrator.
fn pay(draft: &mut Draft<'_>, state: &State, bid: &Bid, parts: &[(&Seller, Money)]) {
    let from = bid.cash;
    let Some(national) = &bid.national else {
        for (seller, amount) in parts {
            let mut cash = CashMoved { from, to: seller.cash, amount: *amount };
            if planted::has(Fault::PaymentSwapped) {
                (cash.from, cash.to) = (cash.to, cash.from);
            }
            draft.post(Posting::CashMoved(cash));
        }
        return;
    };
    let converted = |it: Money| fixing::in_national(it, national.rate).unwrap_or_default();
    let account = |party| cash::in_currency(state, party, Some(national.currency)).ok();
    let (_, mut left) = converted(parts.iter().map(|(_, it)| *it).sum());
    for (seller, amount) in parts {
        let (amount, _) = converted(*amount);
        if let Some(to) = account(seller.holder) {
            draft.post(Posting::CashMoved(CashMoved { from, to, amount }));
            left -= amount;
        }
    }
    if let Some(to) = party::region(state).and_then(account).filter(|_| left > Money::ZERO) {
        draft.post(Posting::CashMoved(CashMoved { from, to, amount: left }));
    }
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
    (auction.result, auction.basis) = (Some(it.result), it.basis.clone());
    let (jurisdiction, year) = (auction.jurisdiction, auction.year);
    if it.result.sold > auction.offered() {
        state.released.insert((jurisdiction, year));
    }
    let (sold, taken) = state.auctioned.entry((jurisdiction, year)).or_default();
    *sold += it.result.sold;
    *taken += it.proceeds;
}
