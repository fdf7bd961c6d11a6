//! The shadow log: a second fold of the journal, written apart from the ledger, that keeps the
//! owner of every serial number.
//!
//! It reads nothing but facts, and keeps intervals, not totals: two swapped blocks must be noticed
//! (compare the transaction log beside the registries of Regulation (EU)
//! 2019/1122). [`Shadow::take`] checks each record by itself, [`Shadow::reconcile`] compares all
//! owners with a state and names every block about which the two differ.

mod draws;

use crate::frame::{Frame, Unreadable};
use draws::Draws;
use karvan_core::account::AccountKind;
use karvan_core::freezing::Frozen;
use karvan_core::id::{AccountId, HoldId, JurisdictionId, SeriesId};
use karvan_core::ledger::Link;
use karvan_core::time::Year;
use karvan_core::{Event, State};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Consecutive serials of one series with one owner: from the first on, the end not included.
type Intervals = BTreeMap<u64, (u64, AccountId)>;

/// Who owns which serial, as the facts alone tell it.
#[derive(Clone, Debug, Default)]
pub struct Shadow {
    position: u64,
    owners: BTreeMap<SeriesId, Intervals>,
    vintages: BTreeMap<(JurisdictionId, Year), SeriesId>,
    caps: BTreeMap<SeriesId, u64>,
    withdrawn: BTreeMap<SeriesId, u64>,
    accounts: BTreeSet<AccountId>,
    ending: BTreeSet<AccountId>,
    escrows: BTreeSet<AccountId>,
    /// How many series there are.
    opened: u32,
    /// Series of link units: what each stands for, and where that waits.
    links: BTreeMap<SeriesId, Link>,
    /// How many units of each series wait in escrows, and have come home to them.
    escrowed: BTreeMap<(AccountId, SeriesId), u64>,
    /// What is left of evidence.
    draws: Draws,
}

/// A record that does not fit what was there before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The record.
    pub position: u64,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "record {}: {}", self.position, self.what)
    }
}

impl std::error::Error for Fault {}

/// Serials about which shadow log and ledger differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The series.
    pub series: SeriesId,
    /// The first serial.
    pub first: u64,
    /// The last serial.
    pub last: u64,
    /// Whose they are by the shadow log.
    pub shadow: Option<AccountId>,
    /// Whose they are by the ledger.
    pub ledger: Option<AccountId>,
}

impl fmt::Display for Difference {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |it: Option<AccountId>| it.map_or("nobody".to_owned(), |it| it.to_string());
        let (shadow, ledger) = (name(self.shadow), name(self.ledger));
        let (series, first, last) = (self.series, self.first, self.last);
        write!(
            to,
            "series {series}, serials {first}-{last}: account {shadow} by the shadow log, \
             {ledger} by the ledger"
        )
    }
}

impl Shadow {
    /// The last record it has seen.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many blocks it keeps: neighbours of one owner are one block.
    pub fn blocks(&self) -> usize {
        self.owners.values().map(BTreeMap::len).sum()
    }

    /// How many series it keeps.
    pub fn series(&self) -> usize {
        self.owners.len()
    }

    /// Takes a frame in, record by record.
    pub fn take_frame(&mut self, frame: &Frame<'_>) -> Result<(), Fault> {
        let position = frame.header.record.position;
        let unreadable = |it: Unreadable| Fault { position, what: it.to_string() };
        self.take(position, &frame.events().map_err(unreadable)?)
    }

    /// Takes the facts of a record in, and checks each against what was there before.
    pub fn take(&mut self, position: u64, events: &[Event]) -> Result<(), Fault> {
        self.position = position;
        for event in events {
            self.take_fact(event).map_err(|what| Fault { position, what })?;
        }
        Ok(())
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "facts that move no units are not the shadow log's business"
    )]
    fn take_fact(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::PolicyAdopted(it) => {
                // Series are numbered in the order in which policies bring new vintages.
                for (jurisdiction, chapter) in it.rules.chapters() {
                    for year in &chapter.years {
                        let next = SeriesId(self.opened);
                        let known = self.vintages.entry((jurisdiction, year.year));
                        if *known.or_insert(next) == next {
                            self.opened = self.opened.saturating_add(1);
                        }
                    }
                }
            }
            Event::AccountOpened(it) => {
                self.accounts.insert(it.account);
                if it.kind == AccountKind::LinkEscrow {
                    self.escrows.insert(it.account);
                }
                if matches!(
                    it.kind,
                    AccountKind::Surrender | AccountKind::Deletion | AccountKind::Retirement
                ) {
                    self.ending.insert(it.account);
                }
            }
            Event::LinkSeriesOpened(it) => {
                self.links.insert(it.series, it.link);
                self.opened = self.opened.saturating_add(1);
            }
            Event::EvidenceRecorded(it) => self.draws.recorded(it),
            Event::EvidenceWithdrawn(it) => self.draws.withdrawn(it.evidence),
            Event::CertificatesIssued(it) => {
                self.draws.certified(it)?;
                self.drawn(it.series, it.quantity.0);
            }
            Event::CreditsIssued(it) => {
                self.draws.credited(it)?;
                self.drawn(it.series, it.quantity.0);
            }
            Event::InstallationRegistered(it) => {
                self.accounts.insert(it.account);
            }
            Event::CapSet(it) => {
                let series = self.vintages.get(&(it.jurisdiction, it.year));
                let series = series.ok_or(format!("a cap of {}, which no policy has", it.year))?;
                // What was withdrawn counts as issued for ever.
                let withdrawn = self.withdrawn.entry(*series).or_default();
                *withdrawn = withdrawn.saturating_add(it.withdrawn.0);
                let cap = it.quantity.0.saturating_add(it.opening.0);
                self.caps.insert(*series, cap.saturating_add(*withdrawn));
            }
            Event::UnitsIssued(it) => {
                self.issue(it.series, (it.serials.first, it.serials.end()), it.to)?;
            }
            Event::UnitsMoved(it) => {
                if self.ending.contains(&it.to) {
                    return Err(format!("units move into account {}, where they end", it.to));
                }
                self.pass(it.series, (it.serials.first, it.serials.end()), (it.from, it.to))?;
            }
            Event::UnitsEnded(it) => {
                if !self.ending.contains(&it.into) {
                    return Err(format!("units end in account {}, which they can leave", it.into));
                }
                self.pass(it.series, (it.serials.first, it.serials.end()), (it.from, it.into))?;
            }
            Event::UnitsRestored(it) => {
                if !self.ending.contains(&it.from) || self.ending.contains(&it.to) {
                    return Err(format!("units of account {} had not ended", it.from));
                }
                self.hand_over(it.series, (it.serials.first, it.serials.end()), (it.from, it.to))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// A series may have so many more units that are drawn from evidence.
    fn drawn(&mut self, series: SeriesId, units: u64) {
        if series == SeriesId(self.opened) {
            self.opened = self.opened.saturating_add(1);
        }
        let most = self.caps.entry(series).or_default();
        *most = most.saturating_add(units);
    }

    fn known(&self, account: AccountId) -> Result<(), String> {
        let known = self.accounts.contains(&account);
        if known { Ok(()) } else { Err(format!("there is no account {account}")) }
    }

    fn issue(
        &mut self,
        series: SeriesId,
        (first, end): (u64, u64),
        to: AccountId,
    ) -> Result<(), String> {
        self.known(to)?;
        let owners = self.owners.entry(series).or_default();
        let next = owners.last_key_value().map_or(1, |(_, (end, _))| *end);
        if first != next || end <= first {
            return Err(format!("series {series}: serial {first} is issued, {next} was next"));
        }
        let cap = self.most(series);
        if end.saturating_sub(1) > cap {
            let issued = end.saturating_sub(1);
            return Err(format!("series {series}: {issued} issued, above the cap of {cap}"));
        }
        let owners = self.owners.entry(series).or_default();
        put(owners, (first, end), to);
        self.count((to, series), end.saturating_sub(first), u64::saturating_add);
        Ok(())
    }

    /// How many serials a series may have: its cap; of link units what waits for them, and what
    /// came home.
    fn most(&self, series: SeriesId) -> u64 {
        let waits = |key| self.escrowed.get(&key).copied().unwrap_or(0);
        match self.links.get(&series) {
            Some(Link { of, escrow, ratio: (arrive, leave), .. }) => {
                let waiting = u128::from(waits((*escrow, *of))).saturating_mul((*arrive).into());
                let most = waiting.checked_div((*leave).into()).unwrap_or_default();
                let home = waits((*escrow, series));
                u64::try_from(most).unwrap_or(u64::MAX).saturating_add(home)
            }
            None => self.caps.get(&series).copied().unwrap_or(0),
        }
    }

    /// Counts units that come into an escrow, or go.
    fn count(&mut self, key: (AccountId, SeriesId), units: u64, change: fn(u64, u64) -> u64) {
        if self.escrows.contains(&key.0) {
            let row = self.escrowed.entry(key).or_default();
            *row = change(*row, units);
        }
    }

    fn pass(
        &mut self,
        series: SeriesId,
        (first, end): (u64, u64),
        (from, to): (AccountId, AccountId),
    ) -> Result<(), String> {
        if self.ending.contains(&from) {
            return Err(format!("units leave account {from}, where they ended"));
        }
        self.hand_over(series, (first, end), (from, to))
    }

    fn hand_over(
        &mut self,
        series: SeriesId,
        (first, end): (u64, u64),
        (from, to): (AccountId, AccountId),
    ) -> Result<(), String> {
        self.known(to)?;
        let owners = self.owners.entry(series).or_default();
        let mut next = first;
        while next < end {
            let found = owners.range(..=next).next_back().map(|(first, it)| (*first, *it));
            let Some((start, (stop, _))) =
                found.filter(|(_, (stop, owner))| *stop > next && *owner == from)
            else {
                return Err(format!("series {series}: serial {next} is not account {from}'s"));
            };
            // What lies on both sides of the part that passes stays.
            owners.remove(&start);
            if start < next {
                owners.insert(start, (next, from));
            }
            if stop > end {
                owners.insert(end, (stop, from));
            }
            next = stop;
        }
        put(owners, (first, end), to);
        let units = end.saturating_sub(first);
        self.count((from, series), units, u64::saturating_sub);
        self.count((to, series), units, u64::saturating_add);
        Ok(())
    }

    /// Every block about which shadow log and ledger differ; none when they agree.
    pub fn reconcile(&self, state: &State) -> Vec<Difference> {
        let ledger = owners_of(state);
        let all: BTreeSet<SeriesId> = self.owners.keys().chain(ledger.keys()).copied().collect();
        let none = Intervals::new();
        let of = |owners: &BTreeMap<SeriesId, Intervals>, series| {
            owners.get(&series).unwrap_or(&none).clone()
        };
        let mut found = Vec::new();
        for series in all {
            compare(series, &of(&self.owners, series), &of(&ledger, series), &mut found);
        }
        found
    }
}

/// Gives serials an owner; neighbours of the same owner become one interval.
fn put(owners: &mut Intervals, (first, end): (u64, u64), owner: AccountId) {
    let (mut first, mut end) = (first, end);
    if let Some((start, (stop, _))) = owners.range(..first).next_back().map(|(a, b)| (*a, *b))
        && stop == first
        && owners.get(&start).is_some_and(|it| it.1 == owner)
    {
        owners.remove(&start);
        first = start;
    }
    if let Some((stop, _)) = owners.get(&end).copied().filter(|it| it.1 == owner) {
        owners.remove(&end);
        end = stop;
    }
    owners.insert(first, (end, owner));
}

/// Who owns which serial by the ledger: on shelves, and set aside for orders and auctions. Serials
/// that it gives to two accounts have no owner, so that they differ from whatever the facts say.
fn owners_of(state: &State) -> BTreeMap<SeriesId, Intervals> {
    let mut owners: BTreeMap<SeriesId, Vec<(u64, u64, AccountId)>> = BTreeMap::new();
    for (account, shelf) in state.ledger.shelves.iter() {
        for queue in &shelf.queues {
            let blocks = queue.blocks.iter().map(|it| it.serials);
            let blocks = blocks.map(|it| (it.first, it.end(), account));
            owners.entry(queue.series).or_default().extend(blocks);
        }
    }
    for (hold, account) in holders(state) {
        for (series, block) in state.ledger.holds.get(&hold).iter().flat_map(|it| &it.units) {
            let block = (block.serials.first, block.serials.end(), account);
            owners.entry(*series).or_default().push(block);
        }
    }
    let by_first = |mut blocks: Vec<(u64, u64, AccountId)>| {
        blocks.sort_unstable();
        let (mut intervals, mut twice) = (Intervals::new(), Vec::new());
        let mut reached = 0;
        for (first, end, account) in blocks {
            if first < reached {
                twice.push((first, end.min(reached)));
            }
            if first.max(reached) < end {
                put(&mut intervals, (first.max(reached), end), account);
                reached = end;
            }
        }
        for gone in twice {
            take_out(&mut intervals, gone);
        }
        intervals
    };
    owners.into_iter().map(|(series, blocks)| (series, by_first(blocks))).collect()
}

/// Leaves serials without an owner.
fn take_out(intervals: &mut Intervals, (first, end): (u64, u64)) {
    let touched: Vec<_> = intervals
        .range(..end)
        .filter(|(_, (stop, _))| *stop > first)
        .map(|(start, (stop, owner))| (*start, *stop, *owner))
        .collect();
    for (start, stop, owner) in touched {
        intervals.remove(&start);
        if start < first {
            intervals.insert(start, (first, owner));
        }
        if stop > end {
            intervals.insert(end, (stop, owner));
        }
    }
}

/// Whose the units are that are set aside.
fn holders(state: &State) -> BTreeMap<HoldId, AccountId> {
    let orders = state.orders.iter().map(|it| (it.hold, it.account));
    let auctions = state.auctions.iter().filter(|(_, it)| it.result.is_none());
    let auctions = auctions.filter_map(|(_, it)| {
        let account = state.government.get(&(it.jurisdiction, AccountKind::Auction))?;
        Some((it.hold, *account))
    });
    let open = state.auctions.iter().filter(|(_, it)| it.result.is_none());
    let consigned = open.flat_map(|(_, it)| &it.consigned).map(|it| (it.hold, it.account));
    let delayed = state.delayed.iter().map(|(hold, it)| (*hold, it.from));
    let locks = state.locks.iter().map(|(hold, it)| (*hold, it.account));
    let frozen = state.freezes.iter().filter_map(|(frozen, it)| match frozen {
        Frozen::Serials(account, ..) => Some((it.hold?, *account)),
        Frozen::Account(_) | Frozen::Holder(_) | Frozen::Jurisdiction(_) | Frozen::Market => None,
    });
    orders.chain(auctions).chain(consigned).chain(delayed).chain(locks).chain(frozen).collect()
}

/// Walks both sets of intervals from edge to edge.
fn compare(series: SeriesId, shadow: &Intervals, ledger: &Intervals, found: &mut Vec<Difference>) {
    let edges: BTreeSet<u64> = [shadow, ledger]
        .into_iter()
        .flat_map(|it| it.iter().flat_map(|(first, (end, _))| [*first, *end]))
        .collect();
    let owner = |of: &Intervals, serial: u64| {
        let (_, (end, owner)) = of.range(..=serial).next_back()?;
        (serial < *end).then_some(*owner)
    };
    let starts = edges.iter().copied();
    for (first, end) in starts.clone().zip(starts.skip(1)) {
        let (shadow, ledger) = (owner(shadow, first), owner(ledger, first));
        if shadow == ledger {
            continue;
        }
        let last = end.saturating_sub(1);
        match found.last_mut() {
            Some(it)
                if it.series == series
                    && it.last.saturating_add(1) == first
                    && (it.shadow, it.ledger) == (shadow, ledger) =>
            {
                it.last = last;
            }
            _ => found.push(Difference { series, first, last, shadow, ledger }),
        }
    }
}
