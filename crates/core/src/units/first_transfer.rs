//! First transfer: the Party that issued units gives them, under an authorisation, to another
//! Party, which may count them for its own target (an internationally transferred mitigation
//! outcome, ITMO; Paris Agreement, Article 6.2 and decision 2/CMA.3, annex, paragraph 2). They go
//! from the Party's own general holding account into that of the acquiring Party: a holder who
//! wants his units to go transfers them there first. The administrators of both Parties must want
//! it: the first proposes, the other approves, and both adjust in one entry.
//!
//! A unit has exactly one first transfer, and so has every part of a block that is split. What had
//! it stays with Parties: it is nobody's to surrender, trade or take across a link, since a Party
//! counts it for its target (avoidance of double counting; Paris Agreement, Article 6.2).

use super::{UnitsRefused, Way, expire};
use crate::account::{self, AccountKind, AccountRefused};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::id::{AccountId, JurisdictionId, Label, SeriesId};
use crate::ledger::{Block, Picked, Serials, UnitClass};
use crate::quantity::Tonnes;
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use crate::units::transfer::{Crosses, TransferRefused};
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct FirstTransfer {
    /// The general holding account of the Party that issued them.
    #[n(0)]
    pub from: AccountId,
    /// The acquiring Party's general holding account.
    #[n(1)]
    pub to: AccountId,
    /// The series.
    #[n(2)]
    pub series: SeriesId,
    /// How many.
    #[n(3)]
    pub quantity: Tonnes,
    /// The authorisation of the Party that issued them.
    #[n(4)]
    pub authorisation: Label,
}

/// The fact, one for each run of serials.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct FirstTransferred {
    /// The account the units left.
    #[n(0)]
    pub from: AccountId,
    /// The acquiring Party's account.
    #[n(1)]
    pub to: AccountId,
    /// The series.
    #[n(2)]
    pub series: SeriesId,
    /// The serials.
    #[n(3)]
    pub serials: Serials,
    /// The authorisation.
    #[n(4)]
    pub authorisation: Label,
}

/// Serials that had their first transfer, by the first of each run: how many follow it.
pub type Transferred = BTreeMap<(SeriesId, u64), Tonnes>;

refusals! {
    /// Why units cannot be transferred to another Party.
    pub enum FirstTransferRefused {
        /// The acquirer is another Party.
        NotAbroad { jurisdiction: JurisdictionId } = 681
            => "account and units are both jurisdiction {jurisdiction}'s; a first transfer goes to \
                another Party",
        /// A Party acquires for its target, not a holder.
        NotParty { account: AccountId, kind: &'static str } = 682
            => "account {account} is for {kind}; the acquirer is a Party: name its general holding \
                account",
        /// No administrator reaches into accounts of another jurisdiction.
        ForeignAccount { account: AccountId, jurisdiction: JurisdictionId } = 684
            => "account {account} is not of jurisdiction {jurisdiction}, which issued the units",
        /// Link units stand for others.
        LinkUnits { series: SeriesId } = 685
            => "the units of series {series} stand for others in escrow; bring them home first",
        /// Parties account for tonnes.
        Energy { series: SeriesId } = 687
            => "the units of series {series} are certificates of energy; only what is measured in \
                tonnes has a first transfer",
        /// They count for the target of a Party.
        StaysWithParties { series: SeriesId, serial: u64 } = 686
            => "serial {serial} of series {series} had its first transfer; it moves between \
                general holding accounts of Parties alone",
        /// Units have one first transfer.
        Transferred { series: SeriesId, serial: u64 } = 683
            => "serial {serial} of series {series} had its first transfer; a unit has exactly one",
    }
}

/// The administrator of the Party that issued the units.
pub fn right(state: &State, it: &FirstTransfer) -> Result<Right, Refusals> {
    let series = it.series;
    let row = state.ledger.series.get(series);
    let seller = row.ok_or(TransferRefused::SeriesUnknown { series })?.jurisdiction;
    let account = it.to;
    let acquirer = state.accounts.get(account).ok_or(AccountRefused::Unknown { account })?;
    Ok(Right::Parties { seller, acquirer: acquirer.jurisdiction })
}

/// Checks both accounts and that no unit was transferred before.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &FirstTransfer,
    out: &mut Events,
) -> Result<(), Refusals> {
    let mut no = Objections::default();
    let (from, to, series, wanted) = (it.from, it.to, it.series, it.quantity);
    let giver = no.take(account::may_give(state, from));
    if let Some((giver, row)) = giver.zip(state.ledger.series.get(series)) {
        let (account, jurisdiction) = (from, row.jurisdiction);
        let kind = giver.kind;
        let party = kind == AccountKind::GeneralHolding;
        no.unless(party, AccountRefused::WrongKind { account, kind: kind.name() });
        let home = giver.jurisdiction == jurisdiction;
        no.unless(home, FirstTransferRefused::ForeignAccount { account, jurisdiction });
        no.unless(row.link.is_none(), FirstTransferRefused::LinkUnits { series });
        let tonnes = row.class != UnitClass::Certificate;
        no.unless(tonnes, FirstTransferRefused::Energy { series });
    }
    if let Some(acquirer) = no.take(account::may_receive(state, to)) {
        let kind = acquirer.kind;
        let party = kind == AccountKind::GeneralHolding;
        no.unless(party, FirstTransferRefused::NotParty { account: to, kind: kind.name() });
        if let Some(row) = state.ledger.series.get(series) {
            let jurisdiction = row.jurisdiction;
            let abroad = acquirer.jurisdiction != jurisdiction;
            no.unless(abroad, FirstTransferRefused::NotAbroad { jurisdiction });
            no.unless(!expire::is_expired(state, row), TransferRefused::Expired { series });
        }
    }
    let picked = match state.ledger.shelves.get(from) {
        Some(shelf) => super::pick(shelf, wanted, |of| of == series),
        None => Err(UnitsRefused::too_little(Tonnes::ZERO, wanted)),
    };
    let picked = no.take(picked);
    if let Some((series, serial)) = picked.as_ref().and_then(|it| marked(state, it)) {
        no.unless(false, FirstTransferRefused::Transferred { series, serial });
    }
    let picked = no.settle_with(picked)?;
    for (series, block) in &picked {
        let (series, serials, authorisation) = (*series, block.serials, it.authorisation);
        out.push(Event::FirstTransferred(FirstTransferred {
            from,
            to,
            series,
            serials,
            authorisation,
        }));
    }
    super::move_all(&picked, Way { from, to }, |it| out.push(it));
    Ok(())
}

/// Units that had their first transfer go to no holder.
pub(crate) fn stays_with_parties(
    state: &State,
    picked: &Picked,
    (to, crosses): (AccountId, Crosses),
) -> Result<(), FirstTransferRefused> {
    let kind = state.accounts.get(to).map(|it| it.kind);
    let to_party = kind == Some(AccountKind::GeneralHolding) && crosses == Crosses::Nothing;
    match marked(state, picked).filter(|_| !to_party) {
        None => Ok(()),
        Some((series, serial)) => Err(FirstTransferRefused::StaysWithParties { series, serial }),
    }
}

/// A serial among these that had its first transfer.
fn marked(state: &State, picked: &Picked) -> Option<(SeriesId, u64)> {
    let found = |(series, it): &(SeriesId, Block)| {
        let serial = first_within(&state.transferred, (*series, it.serials))?;
        Some((*series, serial))
    };
    picked.iter().find_map(found)
}

/// The first of these serials that had its first transfer.
fn first_within(all: &Transferred, (series, serials): (SeriesId, Serials)) -> Option<u64> {
    let runs = all.range((series, 0)..(series, serials.end())).rev();
    let runs = runs.map(|((_, first), count)| Serials { first: *first, count: *count });
    let touching = runs.take_while(|it| it.end() > serials.first);
    touching.map(|it| it.first.max(serials.first)).last()
}

/// The serials had their first transfer.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &FirstTransferred) {
    state.transferred.insert((it.series, it.serials.first), it.serials.count);
}
