//! Open an auction: the administrator announces what is sold, when, and the commitment to the
//! seed that orders equal prices. The units are set aside at once, so a sale is always covered.
//!
//! The volume grows by what earlier auctions left unsold for this one; what does
//! not fit goes to the stability account. Sold are units that count for the year, the oldest first.

use super::{Auction, carry_over};
use crate::account::{self, AccountKind};
use crate::agenda::Due;
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::draft::Draft;
use crate::event::{Event, Events};
use crate::id::{AuctionId, HoldId, JurisdictionId};
use crate::ledger::posting::{Posting, UnitsHeld};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::rules::AuctionRules;
use crate::state::State;
use crate::supply::issue::IssueRefused;
use crate::time::{Instant, Year};
use crate::units::{self, Way};
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct OpenAuction {
    /// Whose units are sold.
    #[n(0)]
    pub jurisdiction: JurisdictionId,
    /// The year they count for.
    #[n(1)]
    pub year: Year,
    /// How many, without what is carried over.
    #[n(2)]
    pub volume: Tonnes,
    /// Bids are taken from this moment on.
    #[n(3)]
    pub opens: Instant,
    /// Bids are taken before this moment.
    #[n(4)]
    pub closes: Instant,
    /// SHA-256 of `karvan/seed/v1\0` and the seed.
    #[cbor(n(5), with = "minicbor::bytes")]
    pub seed_commitment: [u8; 32],
}

/// What was announced.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct Announcement {
    /// The auction's id.
    #[n(0)]
    pub auction: AuctionId,
    /// Whose units are sold.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// The year they count for.
    #[n(2)]
    pub year: Year,
    /// How many, with what was carried over.
    #[n(3)]
    pub volume: Tonnes,
    /// What they are set aside under.
    #[n(4)]
    pub hold: HoldId,
    /// Bids are taken from this moment on.
    #[n(5)]
    pub opens: Instant,
    /// Bids are taken before this moment.
    #[n(6)]
    pub closes: Instant,
    /// The commitment to the seed.
    #[cbor(n(7), with = "minicbor::bytes")]
    pub seed_commitment: [u8; 32],
    /// The rules as they stand now.
    #[n(8)]
    pub rules: AuctionRules,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
#[cbor(transparent)]
pub struct AuctionOpened(#[n(0)] pub Box<Announcement>);

refusals! {
    /// Why an auction cannot be announced.
    pub enum OpenAuctionRefused {
        /// No market, no auction.
        NoMarket { year: Year } = 801
            => "the policy in force has no market in this jurisdiction for {year}",
        /// Volumes come in lots.
        NotWholeLots { volume: Tonnes, lot: Tonnes } = 802
            => "{volume} is not a whole multiple of the lot of {lot}",
        /// A window lies ahead.
        WindowNotAhead { now: Instant, opens: Instant, closes: Instant } = 803
            => "it is {now}; a window from {opens} to {closes} does not lie ahead",
        /// Units of a settled year are worth nothing for it.
        YearSettled { year: Year, due: Instant } = 804
            => "the surrender for {year} is due at {due}, before the window closes",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &OpenAuction) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the market, the volume and the window.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &OpenAuction,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (jurisdiction, year, volume) = (it.jurisdiction, it.year, it.volume);
    let rules = state.year_rules(jurisdiction, year).filter(|it| it.stage.obliges());
    let (now, opens, closes) = (by.now(), it.opens, it.closes);
    let ahead = now <= opens && opens < closes;
    no.unless(ahead, OpenAuctionRefused::WindowNotAhead { now, opens, closes });
    let Some(rules) = rules else {
        no.unless(false, OpenAuctionRefused::NoMarket { year });
        return no.settle();
    };
    let due = rules.surrender_due;
    no.unless(closes <= due, OpenAuctionRefused::YearSettled { year, due });
    let lot = rules.auction.lot;
    let whole = volume.0.checked_rem(lot.0) == Some(0);
    no.unless(whole, OpenAuctionRefused::NotWholeLots { volume, lot });
    let kind = AccountKind::Auction;
    let Some(account) = account::of_government(state, jurisdiction, kind) else {
        no.unless(false, IssueRefused::NoGovernmentAccount { kind: kind.name() });
        return no.settle();
    };
    let shelf = state.ledger.shelves.row(account);
    let counts = |series| state.ledger.counts_for(series, jurisdiction, year);
    let held = shelf.free(counts);
    let carried = state.carried.get(&jurisdiction).map_or(Tonnes::ZERO, |[next, ..]| *next);
    let more = carry_over::that_fits(carried.min(volume.short_of(held)), volume, lot);
    let picked = no.take(units::pick(shelf, volume + more, counts));
    let picked = no.settle_with(picked)?;
    let (hold, volume) = (state.ledger.next_hold, volume + more);
    let mut draft = Draft::new(state, out);
    draft.note(Event::AuctionOpened(AuctionOpened(Box::new(Announcement {
        auction: state.auctions.next_id(),
        jurisdiction,
        year,
        volume,
        hold,
        opens,
        closes,
        seed_commitment: it.seed_commitment,
        rules: rules.auction,
    }))));
    for (series, block) in picked {
        let serials = block.serials;
        draft.post(Posting::UnitsHeld(UnitsHeld { series, account, hold, serials }));
    }
    let kind = AccountKind::Stability;
    if let Some(to) = account::of_government(state, jurisdiction, kind) {
        let shelf = draft.shelf_now(account);
        let over = more.short_of(carried).min(shelf.free(counts));
        let picked = shelf.pick(over, counts);
        units::move_all(&picked, Way { from: account, to }, |it| draft.post(it));
    }
    Ok(())
}

/// The auction is announced; its window is on the agenda.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AuctionOpened) {
    let it = &*it.0;
    carry_over::move_up(state, it.jurisdiction);
    state.auctions.add(
        it.auction,
        Auction {
            jurisdiction: it.jurisdiction,
            year: it.year,
            volume: it.volume,
            hold: it.hold,
            opens: it.opens,
            closes: it.closes,
            seed_commitment: it.seed_commitment,
            rules: it.rules,
            bids: Vec::new(),
            result: None,
            consigned: Vec::new(),
            basis: None,
        },
    );
    for moment in [it.opens, it.closes] {
        state.agenda.enter(state.now, moment, Due::Window);
    }
}
