//! Cancel an auction: the administrator takes back what it announced, before it is cleared, with
//! its reason published outside. All that bidders and the government set aside is free again, and
//! the units go into the next auctions; so a lost seed holds nobody's money.

use super::carry_over::{self, CarriedOver};
use super::{Auction, AuctionResult};
use crate::account::{self, AccountKind};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, AuctionId};
use crate::ledger::posting::{CashReleased, UnitsReleased};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::supply::issue::IssueRefused;
use minicbor::{Decode, Encode};

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct CancelAuction {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct AuctionCancelled {
    /// The auction.
    #[n(0)]
    pub auction: AuctionId,
}

refusals! {
    /// Why an auction cannot be cancelled.
    pub enum CancelAuctionRefused {
        /// There is no such auction.
        AuctionUnknown { auction: AuctionId } = 831 => "there is no auction {auction}",
        /// What is delivered is final.
        Ended { auction: AuctionId } = 832 => "auction {auction} is cleared or cancelled",
    }
}

/// The administrator that announced it.
pub fn right(state: &State, it: &CancelAuction) -> Result<Right, Refusals> {
    let auction = it.auction;
    let row =
        state.auctions.get(auction).ok_or(CancelAuctionRefused::AuctionUnknown { auction })?;
    Ok(Right::Administrator(row.jurisdiction))
}

/// Checks that it has no result, and frees what is set aside.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &CancelAuction,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let auction = it.auction;
    let row =
        state.auctions.get(auction).ok_or(CancelAuctionRefused::AuctionUnknown { auction })?;
    no.unless(row.result.is_none(), CancelAuctionRefused::Ended { auction });
    let kind = AccountKind::Auction;
    let source = account::of_government(state, row.jurisdiction, kind);
    no.unless(source.is_some(), IssueRefused::NoGovernmentAccount { kind: kind.name() });
    let source = no.settle_with(source)?;
    out.push(Event::AuctionCancelled(AuctionCancelled { auction }));
    release_all(state, row, source, out);
    let (jurisdiction, parts) = (row.jurisdiction, carry_over::parts(row.volume, row.rules.lot));
    out.push(Event::CarriedOver(CarriedOver { jurisdiction, parts }));
    Ok(())
}

fn release_all(state: &State, auction: &Auction, account: AccountId, out: &mut Events) {
    let others = auction.consigned.iter().map(|it| (it.hold, it.account));
    for (hold, account) in others.chain([(auction.hold, account)]) {
        for (series, block) in state.ledger.holds.get(&hold).iter().flat_map(|it| &it.units) {
            let (series, serials) = (*series, block.serials);
            out.push(Event::UnitsReleased(UnitsReleased { series, account, hold, serials }));
        }
    }
    for bid in &auction.bids {
        let (account, hold) = (bid.cash, bid.hold);
        let amount = state.ledger.holds.get(&hold).map(|it| it.cash).unwrap_or_default();
        out.push(Event::CashReleased(CashReleased { account, hold, amount }));
    }
}

/// The auction ended without a price.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &AuctionCancelled) {
    let auction = state.auctions.row_mut(it.auction);
    auction.result = Some(AuctionResult { price: None, sold: Tonnes::ZERO });
}
