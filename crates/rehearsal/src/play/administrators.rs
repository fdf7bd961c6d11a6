//! What administrators, verifiers and the bank do.

use super::true_up::{Share, more};
use super::{Officials, Play};
use crate::calendar::{self, CLOSES_MS, Entry, OPENS_MS};
use crate::chance::Purpose;
use crate::group::{Group, Plant};
use karvan_core::account::open_account::OpenAccount;
use karvan_core::account::register_installation::RegisterInstallation;
use karvan_core::account::{AccountKind, SinglePerson, of_government};
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::allocation::{ROWS_MAX, Source};
use karvan_core::auction::clear_auction::{ClearAuction, commitment};
use karvan_core::auction::open_auction::OpenAuction;
use karvan_core::calendar::Day;
use karvan_core::call::{clear_call::ClearCall, open_call::OpenCall};
use karvan_core::cash::open_cash_account::OpenCashAccount;
use karvan_core::compliance::close_year::CloseYear;
use karvan_core::compliance::report_emissions::ReportEmissions;
use karvan_core::compliance::verify_report::{Finding, Opinion, VerifyReport, Weight};
use karvan_core::grounds::Grounds;
use karvan_core::id::{CallId, GroupId, JurisdictionId, Label, NOBODY, PartyId, PersonId};
use karvan_core::ledger::Serials;
use karvan_core::market::adopt_policy::AdoptPolicy;
use karvan_core::mirror::ForeignBlock;
use karvan_core::mirror::import_holdings::{ImportHoldings, ImportRow};
use karvan_core::mirror::reconcile_mirror::ReconcileMirror;
use karvan_core::mrv::Decimal;
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::quantity::Tonnes;
use karvan_core::rules::Registry;
use karvan_core::supply::adjust_supply::AdjustSupply;
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::supply::{central_transfer::CentralTransfer, issue::Issue};
use karvan_core::time::{Instant, Year};
use karvan_core::units::expire::{Expire, is_expired};
use karvan_core::{Command, State};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;
use karvan_policy::chapter::UnusedNewEntrants;
use karvan_policy::schema::tonnes;
use std::collections::BTreeMap;

/// Everybody has two persons, since much takes two.
const PERSONS: u8 = 2;

const GOVERNMENT: [AccountKind; 7] = [
    AccountKind::TotalQuantity,
    AccountKind::Allocation,
    AccountKind::NewEntrants,
    AccountKind::Auction,
    AccountKind::Surrender,
    AccountKind::Deletion,
    AccountKind::GeneralHolding,
];

impl<J: Journal> Play<J> {
    /// Registers everybody and opens the accounts.
    pub(super) fn found_market(&mut self) -> Result<(), Stopped> {
        let party = |role, jurisdiction| {
            let (group, scope) = (GroupId(0), None);
            let persons = PERSONS;
            Command::from(RegisterParty { role, jurisdiction, group, persons, scope })
        };
        self.send(vec![(NOBODY, party(Role::RegionalAdministrator, None))])?;
        let region = self.state().parties.row(PartyId(0)).person;
        let rules = Box::new(self.settings.policy.rules());
        let mut commands = vec![(region, AdoptPolicy { rules }.into())];
        self.send(std::mem::take(&mut commands))?;
        let jurisdictions = 0..u32::try_from(self.settings.policy.jurisdictions.len()).unwrap_or(0);
        commands.push((region, party(Role::SettlementBank, None)));
        for it in jurisdictions.clone() {
            let nation = party(Role::NationalAdministrator, Some(JurisdictionId(it)));
            commands.push((region, nation));
        }
        self.send(std::mem::take(&mut commands))?;
        for (_, it) in self.state().parties.iter() {
            if let (Role::NationalAdministrator, Some(of)) = (it.role, it.jurisdiction) {
                commands.push((it.person, party(Role::Verifier, Some(of))));
            }
        }
        self.send(std::mem::take(&mut commands))?;
        let found = |role, of| {
            let mut parties = self.state().parties.iter();
            parties.find(|(_, it)| it.role == role && it.jurisdiction == of)
        };
        let person = |role, of| found(role, of).map(|(_, it)| it.person).unwrap_or_default();
        let bank = found(Role::SettlementBank, None);
        let (bank_party, bank) = bank.map(|(id, it)| (id, it.person)).unwrap_or_default();
        let officials: Vec<Officials> = jurisdictions
            .map(JurisdictionId)
            .map(|id| Officials {
                id,
                administrator: person(Role::NationalAdministrator, Some(id)),
                verifier: person(Role::Verifier, Some(id)),
            })
            .collect();
        commands.push((bank, OpenCashAccount { party: bank_party, currency: None }.into()));
        let policy = self.settings.policy.rules();
        for it in &officials {
            let nation = found(Role::NationalAdministrator, Some(it.id));
            let holder = nation.map(|(id, _)| id).unwrap_or_default();
            let chapter = policy.jurisdiction(it.id);
            let has_rule =
                chapter.is_some_and(|it| it.years.iter().any(|it| it.quantity.is_some()));
            let stability = has_rule.then_some(AccountKind::Stability);
            for kind in GOVERNMENT.into_iter().chain(stability) {
                let single = SinglePerson::default();
                let (jurisdiction, towards) = (it.id, None);
                let open = OpenAccount { kind, holder, jurisdiction, single, towards };
                commands.push((it.administrator, open.into()));
            }
            commands.push((bank, OpenCashAccount { party: holder, currency: None }.into()));
        }
        self.bank = bank;
        self.officials = officials;
        self.send(commands)?;
        self.open_links()?;
        self.register_operators()
    }

    fn register_operators(&mut self) -> Result<(), Stopped> {
        let policy = &self.settings.policy;
        let mut places: BTreeMap<(usize, &str), usize> = BTreeMap::new();
        let mut groups: Vec<Group> = Vec::new();
        let mut plants: Vec<Plant> = Vec::new();
        let next_party = self.market.state().parties.next_id().0;
        let next_person = self.market.state().people.next_id().0;
        let mut next_account = self.market.state().accounts.next_id();
        let mut next_installation = self.market.state().installations.next_id();
        for row in &self.settings.plants {
            let of = policy.jurisdictions.iter().position(|it| it.code == row.jurisdiction);
            let Some(j) = of else { continue };
            let it = &policy.jurisdictions[j];
            let group = *places.entry((j, &row.owner_group)).or_insert_with(|| {
                let place = u32::try_from(groups.len()).unwrap_or(u32::MAX);
                groups.push(Group {
                    jurisdiction: j,
                    owner: row.owner_group.clone(),
                    party: PartyId(next_party + place),
                    person: PersonId(next_person + u32::from(PERSONS) * place),
                    plants: Vec::new(),
                    horizon: 1,
                    hoards: false,
                    view: 1.0,
                    budget: 0,
                });
                groups.len() - 1
            });
            let obliged = |year: &u16| {
                it.obliges(*year)
                    && row.emissions_t >= it.threshold_t
                    && it.sectors.at(*year).contains(&row.sector)
            };
            groups[group].plants.push(plants.len());
            plants.push(Plant {
                row: row.clone(),
                jurisdiction: j,
                group,
                obliged_from: (self.settings.first..=self.settings.last).find(obliged),
                installation: next_installation,
                account: next_account,
                base_t: row.emissions_t as f64,
                curve: it.abatement.curve(&row.sector),
                built: 0.0,
                switched: 0.0,
                deviation: 0.0,
                years: BTreeMap::new(),
                allocated: BTreeMap::new(),
            });
            next_account.0 += 1;
            next_installation.0 += 1;
        }
        scale_to_baselines(policy, &mut plants);
        let mut commands: Vec<(PersonId, Command)> = Vec::new();
        for (place, group) in (1u32..).zip(&groups) {
            let of = self.officials[group.jurisdiction];
            let jurisdiction = Some(of.id);
            let register = RegisterParty {
                role: Role::Operator,
                jurisdiction,
                group: GroupId(place),
                persons: PERSONS,
                scope: None,
            };
            commands.push((of.administrator, register.into()));
        }
        for plant in &plants {
            let of = self.officials[plant.jurisdiction];
            let register = RegisterInstallation {
                label: plant.row.label,
                jurisdiction: of.id,
                operator: groups[plant.group].party,
                obliged_from: plant.obliged_from.map(Year),
                single: SinglePerson { surrender: true, trusted: true },
                sector: Label::new(&plant.row.sector).unwrap_or(plant.row.label),
            };
            commands.push((of.administrator, register.into()));
        }
        for group in &groups {
            commands
                .push((self.bank, OpenCashAccount { party: group.party, currency: None }.into()));
        }
        self.plants = plants;
        self.groups = groups;
        self.draw_habits();
        self.send(commands)
    }

    /// Sets the cap, issues it and divides it; takes over the opening balance in the first year.
    pub(super) fn supply(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let it = self.policy_of(j).clone();
        let jurisdiction = self.id_of(j);
        let administrator = self.officials[j].administrator;
        let mut commands: Vec<Command> = Vec::new();
        let opening = tonnes(it.opening_mt);
        let first = (self.settings.first..=year).find(|year| it.obliges(*year)) == Some(year);
        if first && opening > Tonnes::ZERO {
            let vintage = Year(it.opening_vintage);
            let quantity = Tonnes::ZERO;
            let basis =
                basis("units of earlier law, as the policy says", &self.settings.policy, None);
            let set = SetCap { jurisdiction, year: vintage, quantity, opening, basis };
            commands.push(set.into());
            commands.push(self.issue(j, vintage, opening));
            let (from, to) = (AccountKind::TotalQuantity, AccountKind::Allocation);
            let year = vintage;
            let quantity = opening;
            commands.push(CentralTransfer { jurisdiction, from, to, year, quantity }.into());
        }
        let cap = tonnes(it.cap_mt.at(year));
        let of_year = Year(year);
        let (quantity, opening) = (cap, Tonnes::ZERO);
        let basis = basis("the cap of the policy", &self.settings.policy, None);
        let set = SetCap { jurisdiction, year: of_year, quantity, opening, basis };
        commands.push(set.into());
        commands.push(self.issue(j, of_year, cap));
        let share = |percent: f64| tonnes(it.cap_mt.at(year) * percent / 100.0);
        let entrants = share(it.new_entrants_percent.at(year));
        let auctioned = share(it.auction_percent.at(year));
        let free = Tonnes(cap.0 - entrants.0 - auctioned.0);
        for (to, quantity) in [
            (AccountKind::Allocation, free),
            (AccountKind::NewEntrants, entrants),
            (AccountKind::Auction, auctioned),
        ] {
            if quantity > Tonnes::ZERO {
                let from = AccountKind::TotalQuantity;
                let year = of_year;
                commands.push(CentralTransfer { jurisdiction, from, to, year, quantity }.into());
            }
        }
        self.send(commands.into_iter().map(|it| (administrator, it)).collect())
    }

    /// Issues units; where the register is kept elsewhere, takes over what it has locked for use
    /// here: its serials are another thing than ours.
    pub(super) fn issue(&self, j: usize, year: Year, quantity: Tonnes) -> Command {
        let jurisdiction = self.id_of(j);
        let total = of_government(self.state(), jurisdiction, AccountKind::TotalQuantity);
        let (Registry::Mirror, Some(account)) = (self.policy_of(j).registry, total) else {
            return Issue { jurisdiction, year, quantity }.into();
        };
        let issued = self.state().ledger.vintage(jurisdiction, year);
        let issued = issued.map(|it| self.state().ledger.series.row(it).issued.0);
        let first = u64::from(year.0) * 10_000_000_000 + issued.unwrap_or(0) + 1;
        let lock = Label::new(&format!("plan-{year}"));
        let Some(lock) = lock else { return Issue { jurisdiction, year, quantity }.into() };
        let block = ForeignBlock { year, serials: Serials { first, count: quantity }, lock };
        let statement = self.settings.policy.hash;
        let rows = vec![ImportRow { account, block }];
        ImportHoldings { jurisdiction, statement, rows }.into()
    }

    /// The register's statement, compared serial by serial.
    fn reconcile(&self, j: usize, at: Instant) -> Option<(PersonId, Command)> {
        let Officials { id, administrator, .. } = self.officials[j];
        let statement = self.settings.policy.hash;
        let day = Day(at.0.div_euclid(karvan_core::time::DAY_MS));
        let blocks = locked(self.state(), id);
        let mirror = self.policy_of(j).registry == Registry::Mirror;
        let compare = ReconcileMirror { jurisdiction: id, day, statement, blocks };
        mirror.then(|| (administrator, compare.into()))
    }

    /// Shares the free part of the cap among the obliged, and the opening balance in the first
    /// year.
    pub(super) fn allocate(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let it = self.policy_of(j).clone();
        let first = (self.settings.first..=year).find(|year| it.obliges(*year)) == Some(year);
        if first && it.opening_mt > 0.0 {
            self.hand_out(j, it.opening_vintage, year)?;
        }
        self.hand_out(j, year, year)
    }

    /// Delivers all that the allocation account holds of a vintage to the obliged of a year.
    fn hand_out(&mut self, j: usize, vintage: u16, year: u16) -> Result<(), Stopped> {
        let Officials { id, administrator, .. } = self.officials[j];
        let state = self.state();
        let series = state.ledger.vintage(id, Year(vintage));
        let Some(account) = of_government(state, id, AccountKind::Allocation) else {
            return Ok(());
        };
        let pool = state.ledger.shelves.row(account).free(|it| Some(it) == series);
        let shares = self.shares(j, year, pool);
        let row = |(place, basis, share): &Share| {
            let installation = self.plants[*place].installation;
            let before = state.entitlements.get(&(installation, Year(vintage)));
            let delivered = before.map(|it| it.delivered).unwrap_or_default();
            // What is added in the course of the year raises the benchmark.
            let earlier = self.plants[*place].allocated.get(&year).filter(|_| vintage == year);
            let basis = earlier.map_or(Some(*basis), |it| more(it, basis));
            let sum = basis.and_then(|it| it.entitlement()).filter(|_| vintage == year);
            let quantity = sum.unwrap_or(delivered + *share);
            let basis = basis.filter(|it| it.entitlement() == Some(quantity));
            (*place, AllocationRow { installation, quantity, basis: basis.map(Box::new) })
        };
        let rows: Vec<(usize, AllocationRow)> = shares.iter().map(row).collect();
        for (place, row) in &rows {
            let basis = row.basis.as_ref().filter(|_| vintage == year);
            if let Some((plant, basis)) = self.plants.get_mut(*place).zip(basis) {
                plant.allocated.insert(year, **basis);
            }
        }
        let rows: Vec<AllocationRow> = rows.into_iter().map(|(_, row)| row).collect();
        let mut commands: Vec<(PersonId, Command)> = Vec::new();
        for slice in rows.chunks(ROWS_MAX) {
            let (jurisdiction, year, rows) = (id, Year(vintage), slice.to_vec());
            let source = Source::National;
            let upload = UploadAllocation { jurisdiction, year, rows, source };
            commands.push((administrator, upload.into()));
            let installations = slice.iter().map(|it| it.installation).collect();
            let allocate = Allocate { jurisdiction, year, installations, source };
            commands.push((administrator, allocate.into()));
        }
        self.send(commands)
    }

    /// What new entrants did not take: sold in the last auction, given to the installations, or
    /// kept.
    pub(super) fn release_new_entrants(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let rule = self.policy_of(j).unused_new_entrants;
        let Officials { id, administrator, .. } = self.officials[j];
        let state = self.state();
        let series = state.ledger.vintage(id, Year(year));
        let account = of_government(state, id, AccountKind::NewEntrants);
        let held = account.map(|it| state.ledger.shelves.row(it).free(|of| Some(of) == series));
        let quantity = held.unwrap_or_default();
        if rule == UnusedNewEntrants::Keep || quantity == Tonnes::ZERO {
            return Ok(());
        }
        let ways = match rule {
            UnusedNewEntrants::Auction => vec![
                (AccountKind::NewEntrants, AccountKind::TotalQuantity),
                (AccountKind::TotalQuantity, AccountKind::Auction),
            ],
            UnusedNewEntrants::Allocate | UnusedNewEntrants::Keep => {
                vec![(AccountKind::NewEntrants, AccountKind::Allocation)]
            }
        };
        let moves = ways.into_iter().map(|(from, to)| {
            let transfer =
                CentralTransfer { jurisdiction: id, from, to, year: Year(year), quantity };
            (administrator, transfer.into())
        });
        self.send(moves.collect())?;
        if rule == UnusedNewEntrants::Allocate { self.hand_out(j, year, year) } else { Ok(()) }
    }

    /// Announces the day's auction: an equal part of the year's volume, and of what earlier ones
    /// left unsold up to a quarter of that part; the last takes what was kept for
    /// new entrants too.
    pub(super) fn open_auction(&mut self, entry: Entry) -> Result<(), Stopped> {
        let (j, year) = (entry.jurisdiction, entry.year);
        let it = self.policy_of(j);
        let days = calendar::auction_days(it, year);
        let share = |percent: f64| tonnes(it.cap_mt.at(year) * percent / 100.0).0;
        let part = share(it.auction_percent.at(year)).checked_div(days.len() as u64).unwrap_or(0);
        let (_, month, day) = entry.at.date();
        let later = |it: &&(u8, u8)| (i64::from(it.0), i64::from(it.1)) > (month, day);
        let ahead = days.iter().filter(later).count() as u64;
        let Officials { id, administrator, .. } = self.officials[j];
        let state = self.state();
        let account = of_government(state, id, AccountKind::Auction);
        let counts = |series| state.ledger.counts_for(series, id, Year(year));
        let held = account.map(|it| state.ledger.shelves.row(it).free(counts));
        let released = if ahead == 0 { share(it.new_entrants_percent.at(year)) } else { 0 };
        let held = held.unwrap_or_default().0;
        // Nothing can be carried over beyond the last auction for which units count.
        let last = ahead == 0 && it.valid_to(year) == year;
        let volume = if last { held } else { held.min(part + released) };
        let volume = Tonnes(volume / it.auctions.lot_t * it.auctions.lot_t);
        if volume == Tonnes::ZERO {
            return Ok(());
        }
        let auction = state.auctions.next_id();
        let seed_commitment = commitment(&self.seed_of(auction.0));
        let midnight = Instant(entry.at.0 - entry.at.0.rem_euclid(karvan_core::time::DAY_MS));
        let (opens, closes) = (Instant(midnight.0 + OPENS_MS), Instant(midnight.0 + CLOSES_MS));
        let year = Year(year);
        let open = OpenAuction { jurisdiction: id, year, volume, opens, closes, seed_commitment };
        self.open_auction.insert(j, auction);
        self.send(vec![(administrator, open.into())])
    }

    fn seed_of(&self, auction: u32) -> [u8; 32] {
        self.chance.bytes(Purpose::AuctionSeed, u64::from(auction))
    }

    pub(super) fn seed_of_call(&self, call: CallId) -> [u8; 32] {
        self.chance.bytes(Purpose::CallSeed, u64::from(call.0))
    }

    pub(super) fn clear_auction(&mut self, j: usize) -> Result<(), Stopped> {
        let Some(auction) = self.open_auction.remove(&j) else {
            return Ok(());
        };
        let clear = ClearAuction { auction, seed: self.seed_of(auction.0) };
        self.send(vec![(self.officials[j].administrator, clear.into())])
    }

    pub(super) fn open_calls(&mut self, entry: Entry) -> Result<(), Stopped> {
        let (j, year) = (entry.jurisdiction, entry.year);
        let Officials { id, administrator, .. } = self.officials[j];
        let midnight = Instant(entry.at.0 - entry.at.0.rem_euclid(karvan_core::time::DAY_MS));
        let (opens, closes) = (Instant(midnight.0 + OPENS_MS), Instant(midnight.0 + CLOSES_MS));
        let call = self.state().calls.next_id();
        self.open_calls.insert((j, year), call);
        let drawn = self.policy_of(j).trading.random_end_minutes > 0;
        let commitment = drawn.then(|| commitment(&self.seed_of_call(call)));
        let (year, product) = (Year(year), None);
        let open = OpenCall { jurisdiction: id, year, opens, closes, commitment, product };
        self.send(vec![(administrator, open.into())])
    }

    pub(super) fn clear_calls(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let Some(call) = self.open_calls.remove(&(j, year)) else {
            return Ok(());
        };
        let row = self.state().calls.row(call);
        match row.coupling {
            Some(coupling) if row.result.is_none() => self.clear_coupling(coupling)?,
            // Its coupling is cleared.
            Some(_) => {}
            None => self.clear_call(j, call)?,
        }
        self.judge_manipulation(call);
        Ok(())
    }

    /// One record settles a part of a large call; the rest follows.
    fn clear_call(&mut self, j: usize, call: CallId) -> Result<(), Stopped> {
        let drawn = self.state().calls.row(call).random_end.is_some();
        let seed = drawn.then(|| self.seed_of_call(call));
        loop {
            let left = self.state().calls.row(call).result.map(|it| it.left);
            self.send(vec![(self.officials[j].administrator, ClearCall { call, seed }.into())])?;
            let row = self.state().calls.row(call);
            if row.is_cleared() || row.result.map(|it| it.left) == left {
                return Ok(());
            }
        }
    }

    /// Reports: 3 % are late; 2 % are wrong at first (up to 3 %), are returned by the verifier with
    /// what it found, and corrected.
    pub(super) fn report(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let mut commands = Vec::new();
        let plants = self.plants.iter().enumerate().filter(|(_, it)| it.jurisdiction == j);
        for (place, plant) in plants {
            let true_t = plant.emissions(year);
            let draw = self.chance.unit(Purpose::LateReport, place as u64, u64::from(year));
            if self.errs() && draw <= 0.03 {
                continue;
            }
            let mut version = 1;
            if self.errs() && draw > 0.98 {
                let wrong = (draw - 0.98) / 0.02 * 0.06 - 0.03;
                let text = format!("the activity data are {:+.1} % off the meters", wrong * 100.0);
                let findings = vec![Finding { weight: Weight::Material, text }];
                let judged = (version, Opinion::Returned, findings);
                commands.extend(self.handed_in(plant, (year, true_t * (1.0 + wrong)), judged));
                version += 1;
            }
            let judged = (version, Opinion::Verified, Vec::new());
            commands.extend(self.handed_in(plant, (year, true_t), judged));
        }
        self.send(commands)
    }

    pub(super) fn report_late(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let state = self.state();
        let late = self.plants.iter().filter(|it| {
            let row = state.installations.row(it.installation);
            it.jurisdiction == j && !row.emissions.contains_key(&Year(year))
        });
        let judged = || (1, Opinion::Verified, Vec::new());
        let commands: Vec<_> =
            late.flat_map(|it| self.handed_in(it, (year, it.emissions(year)), judged())).collect();
        self.late += commands.len() as u64 / 2;
        self.send(commands)
    }

    /// A plant's report and what its verifier says of it.
    fn handed_in(
        &self,
        plant: &Plant,
        (year, emissions): (u16, f64),
        (version, opinion, findings): (u16, Opinion, Vec<Finding>),
    ) -> [(PersonId, Command); 2] {
        let (installation, year) = (plant.installation, Year(year));
        let emissions = Tonnes(floor(emissions + 0.5));
        let activity = plant.output(year.0);
        let report = ReportEmissions { installation, year, emissions, detail: None, activity };
        let verify = VerifyReport { installation, year, version, opinion, findings };
        let operator = self.groups[plant.group].person;
        let verifier = self.officials[plant.jurisdiction].verifier;
        [(operator, report.into()), (verifier, verify.into())]
    }

    /// Freezes the letters, and deletes what has expired.
    pub(super) fn close_year(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let Officials { id, administrator, .. } = self.officials[j];
        while !self.state().closed_years.contains(&(id, Year(year))) {
            let close = CloseYear { jurisdiction: id, year: Year(year) };
            self.send(vec![(administrator, close.into())])?;
        }
        let state = self.state();
        let mut commands: Vec<(PersonId, Command)> = Vec::new();
        commands.extend(self.reconcile(j, state.now));
        let rules = state.year_rules(id, Year(year));
        if rules.is_some_and(|it| it.quantity.is_some()) {
            let adjust = AdjustSupply { jurisdiction: id, year: Year(year) };
            commands.push((administrator, adjust.into()));
        }
        for (account, row) in state.accounts.iter() {
            let shelf = state.ledger.shelves.row(account);
            let expired = shelf.queues.iter().any(|queue| {
                let series = state.ledger.series.row(queue.series);
                series.counts_in() == Some(id) && is_expired(state, series)
            });
            if expired && !row.kind.is_final() {
                commands.push((administrator, Expire { jurisdiction: id, account }.into()));
            }
        }
        self.send(commands)
    }
}

/// All that a register elsewhere has locked for use here.
pub(super) fn locked(state: &State, jurisdiction: JurisdictionId) -> Vec<ForeignBlock> {
    let all = state.mirrored.iter().filter(|((of, ..), _)| *of == jurisdiction);
    all.map(|((_, year, first), it)| {
        let serials = Serials { first: *first, count: it.count };
        ForeignBlock { year: *year, serials, lock: it.lock }
    })
    .collect()
}

/// On what a cap of the policy rests: the file.
pub(super) fn basis(
    reason: &str,
    policy: &karvan_policy::Policy,
    activity: Option<Decimal>,
) -> CapBasis {
    CapBasis { grounds: Grounds::new(reason, policy.hash), activity }
}

/// Scales each jurisdiction's plants so that those ever obliged come to its baseline.
fn scale_to_baselines(policy: &karvan_policy::Policy, plants: &mut [Plant]) {
    for (j, it) in policy.jurisdictions.iter().enumerate() {
        let covered = |plant: &&Plant| {
            let years = policy.first_year..=policy.last_year;
            let covers = |year| it.sectors.at(year).contains(&plant.row.sector);
            plant.jurisdiction == j
                && plant.row.emissions_t >= it.threshold_t
                && years.into_iter().any(|year| it.obliges(year) && covers(year))
        };
        let sum: f64 = plants.iter().filter(covered).map(|it| it.base_t).sum();
        if it.baseline_mt > 0.0 && sum > 0.0 {
            let scale = it.baseline_mt * 1e6 / sum;
            for plant in plants.iter_mut().filter(|it| it.jurisdiction == j) {
                plant.base_t *= scale;
            }
        }
    }
}

/// A number of units, rounded down.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "quantities in a rehearsal are positive and far below 2^53"
)]
pub(super) fn floor(units: f64) -> u64 {
    units.max(0.0).floor() as u64
}
