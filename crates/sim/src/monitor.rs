//! What watches every record: a replica, the plain twin, the shadow log, and rules written once
//! more, without the code that keeps them.

use crate::lockstep;
use crate::twin::{Twin, leaving};
use crate::world::LIMIT_BP;
use karvan_core::account::AccountKind;
use karvan_core::cash::bank::Reason;
use karvan_core::compatibility::{class_of, settle};
use karvan_core::compliance::surrender::Surrendered;
use karvan_core::coupling::CoupledPrice;
use karvan_core::coupling::clear_coupling::CouplingCleared;
use karvan_core::exchange::Side;
use karvan_core::id::{
    AccountId, BankReference, CashAccountId, CouplingId, EvidenceId, GroupId, HoldId,
    JurisdictionId, NOBODY, PersonId, ProposalId, SeriesId,
};
use karvan_core::ledger::Serials;
use karvan_core::ledger::posting::Posting;
use karvan_core::party::{PersonStatus, Role};
use karvan_core::planted::{self, Fault};
use karvan_core::proposal::Proposal;
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::time::{DAY_MS, Instant, Year};
use karvan_core::units::cancel_transfer::TransferEnd;
use karvan_core::{Command, Event, State, apply, invariant};
use karvan_engine::Submission;
use karvan_engine::frame::{Frame, Hash};
use karvan_engine::shadow::Shadow;
use std::collections::{BTreeMap, BTreeSet};

/// After so many records everything is compared.
const SWEEP: u64 = 64;
const HOUR_MS: i64 = 3_600_000;

/// What is wrong.
pub type Violation = String;

/// The monitor.
pub struct Monitor {
    /// The replica.
    pub state: State,
    /// The hash of its last record.
    pub chain: Hash,
    /// The plain twin.
    pub twin: Twin,
    shadow: Shadow,
    ids: BTreeSet<u128>,
    /// How many orders the naive book played too.
    pub orders: u64,
    /// Orders, changes and cancellations that were sent.
    asked: BTreeMap<u128, Command>,
    references: BTreeSet<BankReference>,
    reversed: BTreeSet<u64>,
    transferred: BTreeSet<(SeriesId, u64)>,
    delayed: BTreeMap<HoldId, (Instant, Tonnes)>,
    given: BTreeMap<(JurisdictionId, GroupId), Vec<(i64, Tonnes)>>,
    /// What is left of each evidence, in watt-hours or tonnes.
    evidence: BTreeMap<EvidenceId, u64>,
    /// What buyers of couplings have paid for and not got yet.
    undelivered: BTreeMap<(CouplingId, AccountId), Tonnes>,
    /// The largest cap there ever was.
    most: Tonnes,
    /// The time of the last record.
    at: Instant,
}

impl Monitor {
    /// Before the first record.
    pub fn new(chain: Hash) -> Self {
        Self {
            state: State::default(),
            chain,
            twin: Twin::default(),
            shadow: Shadow::default(),
            ids: BTreeSet::new(),
            orders: 0,
            asked: BTreeMap::new(),
            references: BTreeSet::new(),
            reversed: BTreeSet::new(),
            transferred: BTreeSet::new(),
            delayed: BTreeMap::new(),
            given: BTreeMap::new(),
            evidence: BTreeMap::new(),
            undelivered: BTreeMap::new(),
            most: Tonnes::ZERO,
            at: Instant(0),
        }
    }

    /// What is sent: orders are played by the naive book too.
    pub fn expect(&mut self, submissions: &[Submission]) {
        for it in submissions.iter().filter(|it| lockstep::plays(&it.command)) {
            self.asked.insert(it.id.0, it.command.clone());
        }
    }

    /// Takes a record in; says what is wrong with it.
    pub fn take(&mut self, frame: &Frame<'_>) -> Result<(), Violation> {
        let header = &frame.header;
        let position = header.record.position;
        let says = |what: String| format!("record {position}: {what}");
        let no = |holds: bool, what: &str| if holds { Ok(()) } else { Err(says(what.to_owned())) };
        no(position == self.state.position + 1, "records do not follow one another")?;
        no(header.previous == self.chain, "the chain is broken")?;
        no(header.record.at >= self.at, "time goes back")?;
        self.at = header.record.at;
        no(!(planted::has(Fault::Canary) && position == 200), "the canary")?;
        no(self.ids.insert(header.id.0), "one command is two records")?;
        let actor = header.record.actor;
        if actor != NOBODY {
            let active = self.state.people.row(actor).status == PersonStatus::Active;
            no(active, "a suspended person acts")?;
        }
        let events = frame.events().map_err(|it| says(it.to_string()))?;
        let command = self.asked.remove(&header.id.0);
        let naive = command.map(|it| lockstep::before(&self.state, &it, &header.record));
        let naive = naive.transpose().map_err(says)?.flatten();
        // What falls due happens at its moment, however late the writer comes to it.
        let passed = events.iter().find_map(|it| match it {
            Event::TimePassed(it) => Some(it.to),
            _ => None,
        });
        let at = passed.unwrap_or(header.record.at);
        for event in &events {
            self.fact(event, at).map_err(says)?;
        }
        self.payment(&events).map_err(says)?;
        self.oldest_first(&events).map_err(says)?;
        for event in &events {
            apply(&mut self.state, &header.record, event);
        }
        self.chain = frame.hash();
        if let Some(it) = naive {
            it.check(&self.state, &events).map_err(says)?;
            self.orders += 1;
        }
        invariant::check_record(&self.state, &events);
        self.twin.apply(position, &events);
        self.shadow.take(position, &events).map_err(|it| it.to_string())?;
        let late = self.state.next_due().is_some_and(|due| due < self.state.now);
        no(!late, "something fell due and was left out")?;
        if position.is_multiple_of(SWEEP) {
            self.sweep().map_err(says)?;
        }
        Ok(())
    }

    /// Compares everything.
    pub fn sweep(&self) -> Result<(), Violation> {
        invariant::sweep(&self.state);
        if !self.twin.is(&self.state) {
            return Err("the plain twin differs from the state".to_owned());
        }
        match self.shadow.reconcile(&self.state).first() {
            None => Ok(()),
            Some(it) => Err(format!("shadow log and ledger differ: {it}")),
        }
    }

    /// Rules about single facts, on the state before them.
    fn fact(&mut self, event: &Event, at: Instant) -> Result<(), Violation> {
        let state = &self.state;
        match event {
            Event::Approved(it) => {
                let row = self.proposal(it.proposal)?;
                if row.proposer == it.approver {
                    return Err("one person is both persons".to_owned());
                }
                self.fits(row, it.approver)?;
            }
            Event::LineBooked(it)
                if !self.references.insert(it.reference) && !corrects(state, it.reference) =>
            {
                return Err(format!("bank reference {} is booked twice", it.reference));
            }
            Event::Reversed(it)
                if !self.reversed.insert(it.record) || it.quantity == Tonnes::ZERO =>
            {
                return Err(format!("record {} is reversed twice", it.record));
            }
            Event::AccountTrusted(it) if it.from.0 < at.0 + 3 * DAY_MS => {
                return Err("an account is trusted too soon".to_owned());
            }
            Event::TransferDelayed(it) => {
                self.delayed.insert(it.transfer, (it.waits.approved, it.waits.counted));
            }
            Event::TransferEnded(it) => {
                let (approved, counted) = self.delayed.remove(&it.transfer).unwrap();
                let waited = at.0 - approved.0;
                if it.end == TransferEnd::Completed && counted > Tonnes::ZERO {
                    // Noon of the next working day at the earliest, at UTC+5; across a border,
                    // where the other country may rest that day, some later moment.
                    let of_day = (at.0 + 5 * HOUR_MS).rem_euclid(DAY_MS);
                    let place = |account| state.accounts.row(account).jurisdiction;
                    let row = state.delayed.get(&it.transfer);
                    let abroad = row.is_some_and(|it| place(it.from) != place(it.to));
                    let at_noon = of_day == 12 * HOUR_MS;
                    if waited < 24 * HOUR_MS || !(at_noon || abroad && of_day >= 10 * HOUR_MS) {
                        return Err(format!("a delay is cut short: {} min", waited / 60_000));
                    }
                } else if it.end != TransferEnd::Completed {
                    self.take_back(approved, counted);
                }
            }
            Event::Transferred(it) => {
                let frozen = karvan_core::freezing::is_frozen(state, it.from)
                    || karvan_core::freezing::is_frozen(state, it.to);
                if frozen {
                    return Err("units of a frozen account move".to_owned());
                }
            }
            Event::LimitUsed(it) => {
                let giver = (it.jurisdiction, it.group);
                let rows = self.given.entry(giver).or_default();
                rows.push((at.0, it.quantity));
                let five_days = at.0 - 5 * DAY_MS;
                let sum: Tonnes =
                    rows.iter().filter(|(at, _)| *at > five_days).map(|(_, it)| *it).sum();
                let limit = self.most.basis_points(LIMIT_BP);
                if sum > limit {
                    return Err(format!("{sum} left for strangers, {limit} were allowed"));
                }
            }
            Event::FirstTransferred(it) => {
                for serial in it.serials.first..it.serials.end() {
                    if !self.transferred.insert((it.series, serial)) {
                        return Err(format!("serial {serial} has two first transfers"));
                    }
                }
            }
            Event::UnitsMoved(it) => self.stays_with_parties((it.series, it.serials), it.to)?,
            Event::UnitsEnded(it) => self.stays_with_parties((it.series, it.serials), it.into)?,
            Event::EvidenceRecorded(it) => {
                self.evidence.insert(it.evidence, it.row.measured.amount());
            }
            Event::EvidenceWithdrawn(it) => drop(self.evidence.remove(&it.evidence)),
            Event::CertificatesIssued(it) => self.drawn(it.evidence, it.energy.0)?,
            Event::CreditsIssued(it) => self.drawn(it.evidence, it.drawn.amount())?,
            Event::CapSet(it) => self.most = self.most.max(it.quantity + it.opening),
            Event::Surrendered(it) => self.surrendered(it)?,
            Event::AuctionCleared(it) => {
                let row = state.auctions.row(it.auction);
                if row.result.is_some() {
                    return Err("an auction is cleared twice".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Claims on one evidence together never exceed it.
    fn drawn(&mut self, evidence: EvidenceId, amount: u64) -> Result<(), Violation> {
        let left = self.evidence.get_mut(&evidence).ok_or("units are drawn from nothing")?;
        *left = left.checked_sub(amount).ok_or("evidence is drawn twice")?;
        Ok(())
    }

    /// Units that had their first transfer are with Parties, until they expire.
    fn stays_with_parties(
        &self,
        (series, serials): (SeriesId, Serials),
        to: AccountId,
    ) -> Result<(), Violation> {
        let kind = self.state.accounts.row(to).kind;
        let party = matches!(kind, AccountKind::GeneralHolding | AccountKind::Deletion);
        let marked = |serial| self.transferred.contains(&(series, serial));
        let found = (serials.first..serials.end()).find(|it| !party && marked(*it));
        match found {
            None => Ok(()),
            Some(serial) => Err(format!("serial {serial} had its first transfer and goes on")),
        }
    }

    /// Who may approve what, written once more.
    fn fits(&self, row: &Proposal, approver: PersonId) -> Result<(), Violation> {
        let party = |person| self.state.people.row(person).party.unwrap();
        let role = |person| self.state.parties.row(party(person)).role;
        let administers = |person| {
            matches!(role(person), Role::NationalAdministrator | Role::RegionalAdministrator)
        };
        let same = party(row.proposer) == party(approver);
        let name = row.inner().unwrap().name();
        let fits = match name {
            "Unfreeze" | "Reverse" | "ReverseAllocation" | "ResumeAccounts" | "ResumeLink" => {
                !same && administers(approver)
            }
            "AppointPerson" | "RestorePerson" => {
                let region = role(approver) == Role::RegionalAdministrator;
                administers(approver) && (!same || region)
            }
            "AdoptPolicy" => {
                let nations = self.state.parties.iter();
                let nations =
                    nations.filter(|(_, it)| it.role == Role::NationalAdministrator).count();
                let bodies: BTreeSet<_> =
                    row.approvals.iter().chain([&approver]).map(|it| party(*it)).collect();
                if nations == 0 { same } else { !same && bodies.len() * 10 >= nations * 7 }
            }
            "FirstTransfer" | "AmendLink" => !same && role(approver) == Role::NationalAdministrator,
            "MakeBlockTrade" => !same,
            "SuspendLink" => administers(approver),
            _ => same,
        };
        if fits { Ok(()) } else { Err(format!("person {approver} may not approve {name}")) }
    }

    fn proposal(&self, id: ProposalId) -> Result<&Proposal, Violation> {
        self.state.proposals.get(&id).ok_or_else(|| format!("proposal {id} does not wait"))
    }

    fn surrendered(&self, it: &Surrendered) -> Result<(), Violation> {
        let row = self.state.installations.row(it.installation);
        let rules = self.state.year_rules(row.jurisdiction, it.year);
        match rules {
            Some(rules) if self.state.now < rules.surrender_due => Ok(()),
            _ => Err(format!("a surrender for {} comes too late", it.year)),
        }
    }

    /// What did not go does not count for the limit.
    fn take_back(&mut self, approved: Instant, quantity: Tonnes) {
        for rows in self.given.values_mut() {
            if let Some(row) = rows.iter_mut().find(|it| **it == (approved.0, quantity)) {
                row.1 = Tonnes::ZERO;
                return;
            }
        }
    }

    /// Whoever gives units in an auction or call is paid for them in the same record.
    fn payment(&mut self, events: &[Event]) -> Result<(), Violation> {
        for event in events {
            if let Event::CouplingCleared(it) = event {
                self.flows(it)?;
                return self.coupled(events, (it.coupling, &it.prices));
            }
            if let Event::CouplingSettled(it) = event {
                let prices = self.state.couplings.row(it.coupling).prices.clone();
                return self.coupled(events, (it.coupling, &prices));
            }
        }
        self.classes(events)?;
        self.traded(events)?;
        let price = events.iter().find_map(|it| match it {
            Event::CallCleared(it) => it.result.price,
            Event::AuctionCleared(it) => it.result.price,
            _ => None,
        });
        let Some(price) = price else { return Ok(()) };
        let filled: Tonnes = events
            .iter()
            .filter_map(|it| match it {
                Event::BidFilled(it) => Some(it.quantity),
                Event::OrderFilled(it) => {
                    let sells = self.state.orders.get(it.order)?.side == Side::Sell;
                    sells.then_some(it.quantity)
                }
                _ => None,
            })
            .sum();
        let mut taken = BTreeMap::new();
        for posting in events.iter().filter_map(Event::posting) {
            if let Posting::CashMoved(it) = posting {
                *taken.entry(it.to).or_insert(Money::ZERO) += it.amount;
                *taken.entry(it.from).or_insert(Money::ZERO) -= it.amount;
            }
        }
        // In an auction the government sells, in a call those whose orders offer.
        let sellers: BTreeSet<_> = events
            .iter()
            .flat_map(|it| match it {
                Event::AuctionCleared(it) => {
                    let row = self.state.auctions.row(it.auction);
                    let administrator = self
                        .state
                        .accounts
                        .row(self.state.government[&(row.jurisdiction, AccountKind::Auction)]);
                    let government = self.state.cash_account_of(administrator.holder);
                    government.into_iter().chain(row.consigned.iter().map(|it| it.cash)).collect()
                }
                Event::OrderFilled(it) => {
                    let Some(order) = self.state.orders.get(it.order) else { return Vec::new() };
                    let sells = order.side == Side::Sell;
                    if sells { vec![order.cash] } else { Vec::new() }
                }
                _ => Vec::new(),
            })
            .collect();
        let received: Money = sellers.iter().filter_map(|it| taken.get(it)).copied().sum();
        let owed = price.times(filled).unwrap();
        if received == owed { Ok(()) } else { Err(format!("{received} paid for {owed}")) }
    }

    /// Where orders or bids are settled, units pass between parties of classes that settle.
    fn classes(&self, events: &[Event]) -> Result<(), Violation> {
        let settles = |it: &Event| {
            matches!(
                it,
                Event::OrderTraded(_)
                    | Event::BlockTradeMade(_)
                    | Event::CallCleared(_)
                    | Event::AuctionCleared(_)
            )
        };
        if !events.iter().any(settles) {
            return Ok(());
        }
        for posting in events.iter().filter_map(Event::posting) {
            let Posting::UnitsMoved(it) = posting else { continue };
            let ends = [it.from, it.to].map(|it| self.state.accounts.row(it));
            // What an auction leaves unsold moves among accounts of the government.
            if ends[1].kind.is_government() {
                continue;
            }
            let classes = ends.map(|it| class_of(&self.state, it.holder));
            if !settle(&self.state, ends[0].jurisdiction, (classes[0], classes[1])) {
                return Err(format!("{} settles with {}", classes[0], classes[1]));
            }
        }
        Ok(())
    }

    /// What trades in a session does so at the price of the order that waited, the best ones first;
    /// units and money change hands for it, and nothing else but fees.
    fn traded(&self, events: &[Event]) -> Result<(), Violation> {
        let trades = events.iter().filter_map(|it| match it {
            Event::OrderTraded(it) => Some(it),
            _ => None,
        });
        let (mut owed, mut sold, mut last) = (Money::ZERO, Tonnes::ZERO, None);
        let mut government = None;
        if let Some(Event::BlockTradeMade(it)) = events.first() {
            owed = it.price.times(it.quantity).unwrap();
            (sold, last) = (it.quantity, Some(it.price));
        }
        for it in trades {
            let maker = self.state.orders.get(it.maker).ok_or("a trade with no order")?;
            let worse = match maker.side {
                Side::Buy => last.is_some_and(|last| it.price > last),
                Side::Sell => last.is_some_and(|last| it.price < last),
            };
            if it.price != maker.price || worse || it.quantity > maker.remaining {
                return Err(format!("order {} trades otherwise than it waits", it.maker));
            }
            owed += it.price.times(it.quantity).unwrap();
            (sold, last) = (sold + it.quantity, Some(it.price));
            let total = (maker.jurisdiction, AccountKind::TotalQuantity);
            let administrator = self.state.accounts.row(self.state.government[&total]).holder;
            government = self.state.cash_account_of(administrator);
        }
        if last.is_none() {
            return Ok(());
        }
        let (mut paid, mut moved) = (Money::ZERO, Tonnes::ZERO);
        for posting in events.iter().filter_map(Event::posting) {
            match posting {
                Posting::CashMoved(it) if Some(it.to) != government => paid += it.amount,
                Posting::UnitsMoved(it) => moved += it.serials.count,
                _ => {}
            }
        }
        let right = paid == owed && moved == sold;
        if right { Ok(()) } else { Err(format!("{paid} paid for {owed}, {moved} for {sold}")) }
    }

    /// In a coupling each order pays or gets the price of its market; who sells gives his units in
    /// that record, and who bought has all of his in the last one.
    fn coupled(
        &mut self,
        events: &[Event],
        (coupling, prices): (CouplingId, &[CoupledPrice]),
    ) -> Result<(), Violation> {
        let mut gives: BTreeMap<AccountId, Tonnes> = BTreeMap::new();
        let mut owed: BTreeMap<CashAccountId, (i64, i64)> = BTreeMap::new();
        for event in events {
            let Event::OrderFilled(fill) = event else { continue };
            let order = self.state.orders.get(fill.order).ok_or("a fill of no order")?;
            let here = |it: &&CoupledPrice| {
                let call = self.state.calls.row(it.call);
                call.market() == order.market()
            };
            let price = prices.iter().find(here);
            let price = price.ok_or("an order is filled without a price")?;
            // Units that may leave their market fetch more than others, never less.
            let leaving = price.leaving.unwrap_or(price.gets);
            let (loses, low, high) = match order.side {
                Side::Buy => (price.pays > order.price, price.pays, price.pays),
                Side::Sell => (leaving < order.price, price.gets.min(leaving), leaving),
            };
            if loses {
                return Err(format!("order {} is filled and loses", fill.order));
            }
            let money = |rate: Price| rate.times(fill.quantity).unwrap().0;
            let row = owed.entry(order.cash).or_default();
            let (gets, account) = (&mut self.undelivered, order.account);
            match order.side {
                Side::Buy => {
                    *row = (row.0 - money(high), row.1 - money(low));
                    *gets.entry((coupling, account)).or_default() += fill.quantity;
                }
                Side::Sell => {
                    *row = (row.0 + money(low), row.1 + money(high));
                    *gives.entry(account).or_default() += fill.quantity;
                }
            }
        }
        for (account, (least, most)) in owed {
            let moved = events.iter().map(|it| match it {
                Event::CashMoved(it) if it.to == account => it.amount.0,
                Event::CashMoved(it) if it.from == account => -it.amount.0,
                _ => 0,
            });
            // Governments and the region take part in no call.
            let moved: i64 = moved.sum();
            if !(least..=most).contains(&moved) {
                return Err(format!("account {account} got {moved} of {least} to {most} in all"));
            }
        }
        for posting in events.iter().filter_map(Event::posting) {
            let Posting::UnitsMoved(it) = posting else { continue };
            if let Some(row) = gives.get_mut(&it.from) {
                *row -= it.serials.count;
            }
            if let Some(row) = self.undelivered.get_mut(&(coupling, it.to)) {
                *row -= it.serials.count;
            }
        }
        if let Some((account, it)) = gives.iter().find(|(_, it)| **it > Tonnes::ZERO) {
            return Err(format!("account {account} is paid for {it} that it did not give"));
        }
        let goes_on = |it: &Event| match it {
            Event::CouplingFilled(_) => true,
            Event::CouplingSettled(it) => it.progress.is_some(),
            _ => false,
        };
        if events.iter().any(goes_on) {
            return Ok(());
        }
        let mut left = self.undelivered.iter().filter(|((of, _), _)| *of == coupling);
        let left = left.find(|(_, it)| **it > Tonnes::ZERO);
        let left = left.map(|((_, account), it)| format!("account {account} paid for {it}"));
        self.undelivered.retain(|(of, _), _| *of != coupling);
        left.map_or(Ok(()), Err)
    }

    /// What flows in a coupling keeps to the policy.
    fn flows(&self, it: &CouplingCleared) -> Result<(), Violation> {
        for flow in it.flows.iter() {
            let rules = self.state.rules.as_ref().and_then(|it| it.link(flow.from, flow.to));
            let rules = rules.ok_or("units cross where no link is")?;
            let (arrive, leave) = rules.ratio;
            let crossed = flow.quantity.0 - flow.home.0;
            let year = Year(u16::try_from(self.at.date().0).unwrap());
            let before = self.state.crossed.get(&(flow.from, flow.to, year));
            let before = before.copied().unwrap_or_default();
            let quota = rules.years.iter().find(|it| it.0 == year).and_then(|it| it.1);
            if crossed > 0 && quota.is_some_and(|it| before + Tonnes(crossed) > it) {
                return Err(format!("{crossed} t cross beside {before}, above the quota"));
            }
            let most = flow.home.0 + crossed * u64::from(arrive) / u64::from(leave);
            if flow.arrives.0 > most {
                return Err(format!("{} arrive of {}", flow.arrives, flow.quantity));
            }
        }
        Ok(())
    }

    /// Units move by acquisition, oldest first: whichever the rule picks, the twin picks too.
    fn oldest_first(&self, events: &[Event]) -> Result<(), Violation> {
        // What waited was picked when it was approved.
        if events.iter().any(|it| matches!(it, Event::TransferEnded(_))) {
            return Ok(());
        }
        let series = |id| self.state.ledger.series.row(id);
        for event in events {
            let (account, year) = match event {
                Event::Transferred(it) => (it.from, None),
                Event::TransferDelayed(it) => (it.waits.from, None),
                Event::Surrendered(it) => {
                    let row = self.state.installations.row(it.installation);
                    (row.account, Some((row.jurisdiction, it.year)))
                }
                _ => continue,
            };
            let units = leaving(events, account);
            let only = units.first().map_or(0, |(series, _)| *series);
            let wanted = |id: SeriesId| match year {
                None => id.0 == only,
                Some((of, year)) => {
                    let row = series(id);
                    let place = row.link.map_or(row.jurisdiction, |it| it.counts_in);
                    place == of && row.valid_from <= year && year <= row.valid_to
                }
            };
            if self.twin.pick(account, Tonnes(units.len() as u64), wanted) != units {
                return Err("other units than the oldest move".to_owned());
            }
        }
        Ok(())
    }
}

/// Whether what lies between the bank's amount and the one booked is in suspense under a reference.
fn corrects(state: &State, reference: BankReference) -> bool {
    let row = state.bank.suspense.get(&reference);
    row.is_some_and(|it| it.reason == Reason::OtherAmount)
}
