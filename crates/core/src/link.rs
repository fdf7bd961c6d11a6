//! Links. Units of one jurisdiction count in another as link units: a series of their
//! own, each of which stands for a unit that waits in the escrow account of the link. Link units
//! keep the vintage of what they stand for, and live by the dates of the market they came to. They
//! go home by the way they came, while what they stand for counts there: then they stay in the
//! escrow, the oldest units that wait there come free, and no rule of the link is asked.
//!
//! What was ever issued of a series of link units, less what came home, is what waits in escrow, at
//! the ratio of the series; it waits for ever once its link units have ended, and so does what a
//! ratio loses.
//!
//! Link units stand for no unit in particular. Where the escrow of a mirror registry holds units
//! that lost their lock, the escrow is stopped, so nothing crosses in either direction until the
//! registers agree; the market in which the link units count goes on.

pub mod amend_link;
pub mod link_transfer;
pub mod resume_link;
pub mod suspend_link;

use crate::account::{self, AccountRefused};
use crate::context::RecordHeader;
use crate::event::Event;
use crate::id::{AccountId, JurisdictionId, SeriesId};
use crate::ledger::posting::{Posting, UnitsIssued, UnitsMoved};
use crate::ledger::{BLOCKS_PER_TRANSFER_MAX, Link, Picked, Serials, Series};
use crate::quantity::Tonnes;
use crate::refusal::{Refusals, refusals};
use crate::state::State;
use crate::time::Year;
use crate::units::{self, UnitsRefused, Way, expire};
use minicbor::{Decode, Encode};

/// The fact that units which cross a link for the first time have a series to arrive in.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct LinkSeriesOpened {
    /// The series of the link units.
    #[n(0)]
    pub series: SeriesId,
    /// What they stand for, and where they count.
    #[n(1)]
    pub link: Link,
}

refusals! {
    /// Why units cannot cross.
    pub enum LinkRefused {
        /// A link has two ends.
        SameJurisdiction { jurisdiction: JurisdictionId } = 631
            => "both accounts are of jurisdiction {jurisdiction}; no link is crossed",
        /// What crosses counts where it leaves.
        NotCounting { series: SeriesId, jurisdiction: JurisdictionId } = 632
            => "units of series {series} do not count in jurisdiction {jurisdiction}, which they \
                would leave",
        /// The policy links them, or not.
        NoLink { from: JurisdictionId, to: JurisdictionId } = 633
            => "no link of the policy leads from jurisdiction {from} to {to}",
        /// A link is open in its years.
        NotOpen { from: JurisdictionId, to: JurisdictionId, year: Year } = 634
            => "the link from jurisdiction {from} to {to} is not open in {year}",
        /// Quotas, levies and ratios are settled for all at once.
        CoupledOnly { from: JurisdictionId, to: JurisdictionId } = 635
            => "the link from jurisdiction {from} to {to} has a quota, a levy or a ratio; units \
                cross it by a coupled auction alone",
        /// Its Parties or the region stopped it.
        Suspended { from: JurisdictionId, to: JurisdictionId } = 637
            => "the link from jurisdiction {from} to {to} is suspended; units can only go home",
        /// A link is between two: what came by one does not go on by another.
        LinkUnits { series: SeriesId } = 640
            => "the units of series {series} came by a link; they go home by it and nowhere else",
        /// At home it would count for nothing.
        ExpiredAtHome { series: SeriesId } = 644
            => "the units of series {series} that wait in escrow are expired at home; their link \
                units count where they are, and stay",
        /// Units wait somewhere.
        NoEscrow { from: JurisdictionId, to: JurisdictionId } = 636
            => "the link from jurisdiction {from} to {to} has no escrow account; the regional \
                administrator opens it",
    }
}

/// One link unit for each that waits.
const AT_PAR: (u32, u32) = (1, 1);

/// How units cross.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Crossing {
    /// They wait in escrow, and link units are issued for them.
    Out { of: SeriesId, link: Link },
    /// Link units go back, and what they stand for comes free.
    Home { of: SeriesId, escrow: AccountId, free: Tonnes },
}

/// How units of a series cross from one account to another; why they cannot.
pub(crate) fn crossing(
    state: &State,
    Way { from, to }: Way,
    (series, quantity): (SeriesId, Tonnes),
) -> Result<Crossing, Refusals> {
    let place = |account| {
        let row = state.accounts.get(account).ok_or(AccountRefused::Unknown { account });
        row.map(|it| it.jurisdiction)
    };
    let (from, to) = (place(from)?, place(to)?);
    if from == to {
        return Err(LinkRefused::SameJurisdiction { jurisdiction: from }.into());
    }
    let row = state.ledger.series.get(series).filter(|it| it.counts_in() == Some(from));
    let row = row.ok_or(LinkRefused::NotCounting { series, jurisdiction: from })?;
    let came = row.link.filter(|it| state.ledger.series.row(it.of).counts_in() == Some(to));
    let crossing = match came {
        Some(link) => {
            let Link { of, escrow, .. } = link;
            if expire::is_expired(state, state.ledger.series.row(of)) {
                return Err(LinkRefused::ExpiredAtHome { series: of }.into());
            }
            let free = link.leaving(quantity);
            let blocks = state.ledger.shelves.row(escrow).pick(free, |it| it == of).len();
            if blocks > BLOCKS_PER_TRANSFER_MAX {
                let most = BLOCKS_PER_TRANSFER_MAX;
                return Err(UnitsRefused::TooManyBlocks { most }.into());
            }
            Crossing::Home { of, escrow, free }
        }
        None if row.link.is_some() => return Err(LinkRefused::LinkUnits { series }.into()),
        None => {
            let escrow = open_link(state, (from, to))?;
            let (of, counts_in, ratio) = (series, to, AT_PAR);
            Crossing::Out { of, link: Link { of, counts_in, escrow, ratio } }
        }
    };
    let (Crossing::Home { escrow, .. } | Crossing::Out { link: Link { escrow, .. }, .. }) =
        crossing;
    account::not_frozen(state, escrow)?;
    Ok(crossing)
}

/// The escrow of a link that any holder may use.
fn open_link(
    state: &State,
    (from, to): (JurisdictionId, JurisdictionId),
) -> Result<AccountId, LinkRefused> {
    let link = state.rules.as_ref().and_then(|it| it.link(from, to));
    let link = link.ok_or(LinkRefused::NoLink { from, to })?;
    let year = Year(u16::try_from(state.now.date().0).unwrap_or(u16::MAX));
    if !link.is_open(year) {
        return Err(LinkRefused::NotOpen { from, to, year });
    }
    if state.suspended_links.contains(&(from, to)) {
        return Err(LinkRefused::Suspended { from, to });
    }
    if !link.is_free() {
        return Err(LinkRefused::CoupledOnly { from, to });
    }
    state.escrows.get(&(from, to)).copied().ok_or(LinkRefused::NoEscrow { from, to })
}

/// The series in which units arrive, to be opened where none of this kind crossed before.
pub(crate) fn opened(state: &State, crossing: Crossing) -> Option<Event> {
    let Crossing::Out { of, link } = crossing else { return None };
    let known = state.ledger.linked.contains_key(&(of, link.counts_in, link.ratio));
    let series = state.ledger.series.next_id();
    (!known).then_some(Event::LinkSeriesOpened(LinkSeriesOpened { series, link }))
}

/// Moves what was picked across the link, of which no other unit crosses in this record: an escrow
/// holds many blocks, and none of them is copied.
pub(crate) fn cross(
    state: &State,
    crossing: Crossing,
    (units, Way { from, to }): (&Picked, Way),
    mut post: impl FnMut(Posting),
) {
    let quantity: Tonnes = units.iter().map(|(_, it)| it.serials.count).sum();
    match crossing {
        Crossing::Out { of, link: Link { counts_in, escrow, ratio, .. } } => {
            units::move_all(units, Way { from, to: escrow }, &mut post);
            let known = state.ledger.linked.get(&(of, counts_in, ratio)).copied();
            let series = known.unwrap_or(state.ledger.series.next_id());
            let issued = known.map_or(Tonnes::ZERO, |it| state.ledger.series.row(it).issued);
            let serials = Serials { first: issued.0.saturating_add(1), count: quantity };
            // Issued into the escrow: who got them is told when transfers are.
            post(Posting::UnitsIssued(UnitsIssued { series, to: escrow, serials }));
            post(Posting::UnitsMoved(UnitsMoved { series, from: escrow, to, serials }));
        }
        Crossing::Home { of, escrow, free } => {
            units::move_all(units, Way { from, to: escrow }, &mut post);
            let free = state.ledger.shelves.row(escrow).pick(free, |it| it == of);
            units::move_all(&free, Way { from: escrow, to }, &mut post);
        }
    }
}

/// The series is there, empty.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &LinkSeriesOpened) {
    let row = Series::of_link(state.ledger.series.row(it.link.of), it.link);
    let Link { of, counts_in, ratio, .. } = it.link;
    state.ledger.linked.insert((of, counts_in, ratio), it.series);
    state.ledger.series.add(it.series, row);
}
