//! The runner of the stories in `tests/stories/*.txt`.
//!
//! One runner knows the API, the stories do not. A line is a command, a check or a setting:
//!
//! ```text
//! by XA                                   # who acts from here on (nobody = the writer)
//! K = installation label=X-1 of=X operator=OP obliged=2027
//! transfer from=K to=T series=X2027 quantity=60 price=8.15
//! transfer from=K to=T series=X2027 quantity=41 -> 602      # refused: exactly these numbers
//! held K 40
//! ```

#[path = "commands.rs"]
mod commands;
#[path = "evidence.rs"]
mod evidence;
#[path = "words.rs"]
mod words;

use karvan_core::account::trust_account::TrustAccount;
use karvan_core::auction::consign::Consign;
use karvan_core::calendar::Day;
use karvan_core::call::clear_call::indicative;
use karvan_core::cash::book_statement::Summary;
use karvan_core::command::needs_second;
use karvan_core::draft::Draft;
use karvan_core::event::FACTS_A_SLICE;
use karvan_core::exchange::Side;
use karvan_core::id::{
    AccountId, AuctionId, CallId, HoldId, InstallationId, JurisdictionId, NOBODY, OrderId, PartyId,
    PenaltyId, PersonId, SeriesId,
};
use karvan_core::ledger::Series;
use karvan_core::market::decree_holidays::DecreeHolidays;
use karvan_core::market::pass_time::PassTime;
use karvan_core::proposal::approve::Approve;
use karvan_core::proposal::propose::Propose;
use karvan_core::proposal::who_may_approve;
use karvan_core::publication::public_from;
use karvan_core::quantity::Tonnes;
use karvan_core::time::{Instant, Year};
use karvan_core::units::cancel_transfer::TransferEnd;
use karvan_core::units::lapse::ExpiryNoticed;
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::{
    Command, Context, Event, Events, RecordHeader, Refusal, State, apply, decide, invariant,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use words::{Words, currency, moment};

/// A story while it is told.
pub(crate) struct Story {
    pub(crate) state: State,
    pub(crate) journal: Vec<(RecordHeader, Vec<karvan_core::Event>)>,
    pub(crate) actor: PersonId,
    names: BTreeMap<String, u32>,
    people: BTreeMap<String, PersonId>,
    pub(crate) refused: BTreeSet<u16>,
    /// Whether the writer's clock stays where the market's time is.
    clock_stands: bool,
    /// After how many facts a slice ends.
    slice: usize,
    /// Whether a coupling that is cleared is cleared again until all of it is settled.
    whole: bool,
}

impl Story {
    pub(crate) fn new() -> Self {
        let names = [("X", 0), ("Y", 1), ("Z", 2), ("nowhere", 9)];
        let mut names: BTreeMap<_, _> = names.map(|(name, id)| (name.to_owned(), id)).into();
        names.extend((2027..=2030).map(|it| (format!("X{it}"), it - 2027)));
        names.extend((2027..=2030).map(|it| (format!("Y{it}"), it - 2023)));
        // Series of link units come behind the vintages, in the order in which they are opened.
        names.extend((1..=3).map(|it| (format!("link{it}"), it + 7)));
        names.insert("unknown".to_owned(), 999);
        let people =
            [("nobody", NOBODY), ("stranger", PersonId(999)), ("unknown-person", PersonId(998))];
        let people = people.map(|(name, id)| (name.to_owned(), id));
        Self {
            state: State::default(),
            clock_stands: false,
            slice: FACTS_A_SLICE,
            whole: false,
            journal: Vec::new(),
            actor: NOBODY,
            names,
            people: people.into(),
            refused: BTreeSet::new(),
        }
    }

    /// One in which what is settled slice by slice has slices of so many facts.
    #[allow(dead_code, reason = "some runners do not ask")]
    pub(crate) fn in_slices(facts: usize) -> Self {
        Self { slice: facts, whole: true, ..Self::new() }
    }

    /// A party by its name.
    #[allow(dead_code, reason = "some runners do not ask")]
    pub(crate) fn party(&self, name: &str) -> PartyId {
        PartyId(self.id(name))
    }

    /// The command of a line.
    #[allow(dead_code, reason = "some runners do not ask")]
    pub(crate) fn told(&self, line: &str) -> Command {
        self.command(&Words::of(line)).expect("a command")
    }

    /// Why a command is refused to somebody.
    #[allow(dead_code, reason = "some runners do not ask")]
    pub(crate) fn refusals(&self, command: &Command, actor: &str) -> karvan_core::Refusals {
        let actor = self.people[actor];
        let (now, command_hash) = (self.state.now, command.hash(actor));
        let context = Context { actor, now, approvals: Vec::new(), command_hash };
        decide(&self.state, &context, command, &mut Events::default()).unwrap_err()
    }

    /// The numbers of the refusals a command would get with these approvals.
    #[allow(dead_code, reason = "some runners do not ask")]
    pub(crate) fn approved_by(&self, command: &Command, actor: &str, by: &[&str]) -> Vec<u16> {
        let actor = self.people[actor];
        let approvals = by.iter().map(|it| self.people[*it]).collect();
        let (now, command_hash) = (self.state.now, command.hash(actor));
        let context = Context { actor, now, approvals, command_hash };
        match decide(&self.state, &context, command, &mut Events::default()) {
            Ok(()) => Vec::new(),
            Err(no) => no.list().iter().map(Refusal::number).collect(),
        }
    }

    /// The numbers of the refusals a command would get, with its second person.
    #[allow(dead_code, reason = "some runners do not ask")]
    pub(crate) fn numbers(&self, command: &Command, actor: &str) -> Vec<u16> {
        let actor = self.people[actor];
        let approvals = who_may_approve(&self.state, actor, command);
        let (now, command_hash) = (self.state.now, command.hash(actor));
        let context = Context { actor, now, approvals, command_hash };
        match decide(&self.state, &context, command, &mut Events::default()) {
            Ok(()) => Vec::new(),
            Err(no) => no.list().iter().map(Refusal::number).collect(),
        }
    }

    fn id(&self, name: &str) -> u32 {
        // A call that the market began itself has no name.
        if name == "last" {
            return self.state.calls.next_id().0 - 1;
        }
        *self.names.get(name).unwrap_or_else(|| panic!("nobody named {name}"))
    }

    /// Asks as people do: what needs a second person is proposed, and approved by another person of
    /// the same party.
    pub(crate) fn ask(&mut self, command: &Command) -> Vec<u16> {
        let mut refused = self.send(command);
        while self.whole && refused.is_empty() && self.is_settled_in_part(command) {
            refused = self.send(command);
        }
        let seconds = who_may_approve(&self.state, self.actor, command);
        if refused != [111] || seconds.is_empty() {
            return refused;
        }
        let (first, proposal) = (self.actor, self.state.next_proposal);
        let refused = self.send(&Propose { command: Box::new(command.clone()) }.into());
        if !refused.is_empty() {
            return refused;
        }
        let command_hash = command.hash(first);
        let mut refused = Vec::new();
        for second in seconds {
            self.actor = second;
            refused = self.send(&Approve { proposal, command_hash }.into());
        }
        self.actor = first;
        refused
    }

    /// Whether a command that clears has more to settle.
    fn is_settled_in_part(&self, command: &Command) -> bool {
        match command {
            Command::ClearCoupling(it) => self.state.settlements.contains_key(&it.coupling),
            Command::ClearCall(it) => !self.state.calls.row(it.call).is_cleared(),
            _ => false,
        }
    }

    /// Decides and applies; a refused command leaves no fact, deciding changes nothing.
    pub(crate) fn send(&mut self, command: &Command) -> Vec<u16> {
        let command_hash = command.hash(self.actor);
        let now = match command {
            Command::PassTime(it) if !self.clock_stands => it.to.max(self.state.now),
            _ => self.state.now,
        };
        let context = Context { actor: self.actor, now, approvals: Vec::new(), command_hash };
        let mut out = Events::in_slices(self.slice);
        let before = self.journal.len().is_multiple_of(97).then(|| self.state.clone());
        let decided = decide(&self.state, &context, command, &mut out);
        if let Some(before) = before {
            assert_eq!(before, self.state, "deciding changed the state");
        }
        match decided {
            Ok(()) => {
                let position = self.state.next_position();
                let header = RecordHeader { position, at: self.state.now, actor: self.actor };
                let mut draft_events = Events::default();
                // Copying the state of a story about bounds each time would take minutes.
                let looks = self.journal.len() < 1_000 || self.journal.len().is_multiple_of(97);
                let before = looks.then(|| self.state.clone());
                for event in out.list() {
                    apply(&mut self.state, &header, event);
                }
                if let Some(before) = &before {
                    let mut draft = Draft::new(before, &mut draft_events);
                    for event in out.list() {
                        if let Event::LinkSeriesOpened(it) = event {
                            let of = before.ledger.series.row(it.link.of);
                            draft.open_series(it.series, Series::of_link(of, it.link));
                        }
                        let drawn = match event {
                            Event::CertificatesIssued(it) => Some(it.series),
                            Event::CreditsIssued(it) => Some(it.series),
                            _ => None,
                        };
                        if let Some(id) = drawn.filter(|it| before.ledger.series.get(*it).is_none())
                        {
                            let row = self.state.ledger.series.row(id).clone();
                            draft.open_series(id, Series { issued: Tonnes::ZERO, ..row });
                        }
                        event.posting().into_iter().for_each(|it| draft.post(it));
                    }
                    assert!(draft.agrees_with(&self.state.ledger), "the draft is not what applies");
                }
                invariant::check_record(&self.state, out.list());
                self.journal.push((header, out.list().to_vec()));
                Vec::new()
            }
            Err(refusals) => {
                assert!(out.list().is_empty(), "a refused command left facts");
                assert!(!refusals.to_string().is_empty());
                refusals.list().iter().map(Refusal::number).collect()
            }
        }
    }

    /// Time passes as the writer lets it: it stops wherever something falls due.
    fn pass_time(&mut self, to: Instant) {
        let actor = std::mem::replace(&mut self.actor, NOBODY);
        while self.state.now < to || self.state.next_due().is_some_and(|due| due <= to) {
            let next = self.state.next_due().filter(|due| *due < to).unwrap_or(to);
            assert_eq!(self.send(&PassTime { to: next }.into()), [0u16; 0]);
        }
        self.actor = actor;
    }

    /// The accounts of a mandate, such as only=K1,K2.
    fn mandate(&self, words: &Words<'_>) -> Option<BTreeSet<AccountId>> {
        let names = words.keyed.get("only")?.split(',').filter(|it| *it != "none");
        Some(names.map(|it| AccountId(self.account(it))).collect())
    }

    /// A report as it usually goes: the operator's person hands it in, whoever acts verifies it.
    fn report(&mut self, words: &Words<'_>, command: &Command) -> Vec<u16> {
        let id = InstallationId(self.id(words.get("for")));
        let operator = self.state.installations.get(id).map(|it| it.operator);
        let person = operator.map(|it| self.state.parties.row(it).person);
        let actor = std::mem::replace(&mut self.actor, person.unwrap_or(NOBODY));
        let refused = self.send(command);
        self.actor = actor;
        if !refused.is_empty() {
            return refused;
        }
        let verify = Words { plain: vec!["verify"], keyed: words.keyed.clone() };
        let verify = self.command(&verify).expect("a verification");
        self.ask(&verify)
    }

    /// An installation's name means its account where an account is asked for.
    fn account(&self, name: &str) -> u32 {
        *self
            .names
            .get(&format!("{name}.account"))
            .unwrap_or_else(|| self.names.get(name).unwrap_or_else(|| panic!("no account {name}")))
    }

    /// The id a command would give its new row, under the name the story chose.
    fn name_next(&mut self, name: &str, command: &Command) {
        let accounts = self.state.accounts.next_id().0;
        let person = PersonId(self.state.people.next_id().0.max(1));
        let id = match command {
            Command::RegisterParty(_) => {
                self.people.insert(name.to_owned(), person);
                self.people.insert(format!("{name}.2"), PersonId(person.0 + 1));
                self.state.parties.next_id().0
            }
            Command::RegisterInstallation(_) => {
                self.names.insert(format!("{name}.account"), accounts);
                self.state.installations.next_id().0
            }
            Command::OpenAccount(_) => accounts,
            Command::OpenAuction(_) => self.state.auctions.next_id().0,
            Command::OpenCall(_) => self.state.calls.next_id().0,
            Command::CoupleCalls(_) => self.state.couplings.next_id().0,
            Command::PlaceOrder(_) => u32::try_from(self.state.next_order.0).unwrap(),
            Command::Propose(_) => self.state.next_proposal.0,
            Command::RegisterSite(_) => self.state.sites.next_id().0,
            Command::RecordEvidence(_) => self.state.evidence.next_id().0,
            Command::IssueCertificates(_) | Command::IssueCredits(_) => self.series_of(command).0,
            Command::AskPayment(_) => self.state.bank.next_payment.0,
            Command::Surrender(_)
            | Command::Delete(_)
            | Command::Allocate(_)
            | Command::BuyAtCeiling(_) => {
                // With its second person it is the record after the proposal.
                let records = if needs_second(&self.state, command) { 2 } else { 1 };
                u32::try_from(self.state.position + records).unwrap()
            }
            Command::Transfer(_) | Command::LockUnits(_) => {
                u32::try_from(self.state.ledger.next_hold.0).unwrap()
            }
            Command::AppointPerson(_) => {
                self.people.insert(name.to_owned(), person);
                person.0
            }
            other => panic!("{} gives nothing a name", other.name()),
        };
        self.names.insert(name.to_owned(), id);
    }

    fn notices(&self) -> impl Iterator<Item = &ExpiryNoticed> {
        let facts = self.journal.iter().flat_map(|(_, events)| events);
        facts.filter_map(|it| match it {
            Event::ExpiryNoticed(it) => Some(it),
            _ => None,
        })
    }

    /// What came of the last statement.
    fn statement(&self) -> &Summary {
        let facts = self.journal.iter().rev().flat_map(|(_, events)| events);
        let mut statements = facts.filter_map(|it| match it {
            Event::StatementBooked(it) => Some(&*it.statement),
            _ => None,
        });
        statements.next().expect("a statement")
    }

    fn check(&self, words: &Words<'_>) -> Option<(String, String)> {
        let plain = &words.plain;
        let expected = plain.last()?.to_string();
        let installation = |name: &str| self.state.installations.row(InstallationId(self.id(name)));
        let found = match plain[0] {
            "held" => {
                let shelf = self.state.ledger.shelves.row(AccountId(self.account(plain[1])));
                let series = (plain.len() == 4).then(|| SeriesId(self.id(plain[2])));
                shelf.free(|it| series.is_none_or(|wanted| wanted == it)).0.to_string()
            }
            "free-cash" | "held-cash" => {
                let party = PartyId(self.id(plain[1]));
                let id = match currency(words) {
                    None => self.state.cash_account_of(party).unwrap(),
                    Some(currency) => self.state.foreign_cash[&(party, currency)],
                };
                let row = self.state.ledger.cash.row(id);
                if plain[0] == "free-cash" { row.free } else { row.held }.to_string()
            }
            "in-suspense" => self.state.bank.suspense.len().to_string(),
            "not-shown" => self.state.bank.unshown.len().to_string(),
            "under-way" => self.state.bank.payments.len().to_string(),
            "bank-differences" => self.statement().differences.len().to_string(),
            "unexplained" => self.statement().unexplained.to_string(),
            "letter" => {
                let year = Year(plain[2].parse().unwrap());
                let letters = &installation(plain[1]).letters;
                letters.get(&year).map_or("none", |it| it.name()).to_owned()
            }
            "missing" => {
                let year = Year(plain[2].parse().unwrap());
                installation(plain[1]).missing_up_to(year).0.to_string()
            }
            "auction-price" => {
                let row = self.state.auctions.row(AuctionId(self.id(plain[1])));
                row.result.unwrap().price.map_or("none".to_owned(), |it| it.to_string())
            }
            "last-price" => {
                let last = self.state.price_of(self.traded(plain[1]));
                last.map_or("none".to_owned(), |(price, _)| price.to_string())
            }
            "published" => {
                let (header, events) = self.journal.last().unwrap();
                let from = events.first().and_then(|it| public_from(it, header.at, 3)).unwrap();
                assert_eq!(from, moment(plain[1]));
                plain[1].to_owned()
            }
            "indicative" => {
                let row = self.state.calls.row(CallId(self.id(plain[1])));
                let found = indicative(&self.state, row.market());
                found.map_or("none".to_owned(), |it| {
                    format!("{}:{}:{}", it.price, it.volume.0, it.surplus)
                })
            }
            "barred" => {
                let row = self.state.calls.row(CallId(self.id(plain[1])));
                row.result.unwrap().barred.0.to_string()
            }
            "call-price" => {
                let row = self.state.calls.row(CallId(self.id(plain[1])));
                row.result.unwrap().price.map_or("none".to_owned(), |it| it.to_string())
            }
            // What went through a link of the last coupling: leaves, home, arrives, rent, levy.
            "flow" => {
                let end =
                    |place: usize| JurisdictionId(u32::from(plain[1].as_bytes()[place] - b'X'));
                let facts = self.journal.iter().rev().flat_map(|(_, events)| events);
                let mut cleared = facts.filter_map(|it| match it {
                    Event::CouplingCleared(it) => Some(&it.flows),
                    _ => None,
                });
                let flows = cleared.next().unwrap();
                let found = flows.iter().find(|it| (it.from, it.to) == (end(0), end(1)));
                found.map_or("none".to_owned(), |it| {
                    let (leaves, home, arrives) = (it.quantity.0, it.home.0, it.arrives.0);
                    format!("{leaves}/{home}/{arrives}/{}/{}", it.rent, it.levy)
                })
            }
            "notices" => self.notices().count().to_string(),
            "noticed" => self.notices().last().unwrap().quantity.0.to_string(),
            "circulation" => {
                let facts = self.journal.iter().rev().flat_map(|(_, events)| events);
                let mut adjusted = facts.filter_map(|it| match it {
                    Event::SupplyAdjusted(it) => Some(it.circulation),
                    _ => None,
                });
                adjusted.next().unwrap().0.to_string()
            }
            "waiting" => self.state.delayed.len().to_string(),
            "waits-until" => {
                let id = HoldId(u64::from(self.id(plain[1])));
                self.state.delayed[&id].execution.to_string()
            }
            "ended" => {
                let id = HoldId(u64::from(self.id(plain[1])));
                let facts = self.journal.iter().flat_map(|(_, events)| events);
                let mut ends = facts.filter_map(|it| match it {
                    Event::TransferEnded(it) if it.transfer == id => Some(it.end),
                    _ => None,
                });
                match ends.next() {
                    None => "no".to_owned(),
                    Some(TransferEnd::Completed) => "completed".to_owned(),
                    Some(TransferEnd::Cancelled) => "cancelled".to_owned(),
                    Some(TransferEnd::Terminated(number)) => number.to_string(),
                }
            }
            "policy-is" => {
                let rules = self.state.rules.as_ref().unwrap();
                let year = &rules.jurisdictions[0].years[0];
                match plain[1] {
                    "notice" => rules.notice_days.to_string(),
                    "penalty" => year.penalty.per_tonne.to_string(),
                    "valid" => year.valid_to.to_string(),
                    _ if self.state.scheduled.is_some() => "yes".to_owned(),
                    _ => "no".to_owned(),
                }
            }
            "orders" => self.state.orders.len().to_string(),
            "order" => {
                let order = self.state.orders.get(OrderId(u64::from(self.id(plain[1]))));
                order.map_or("gone".to_owned(), |it| format!("{}@{}", it.remaining.0, it.price))
            }
            // The orders of a side in the order in which they are served, by their names.
            "queue" => {
                let side = if plain[1] == "buy" { Side::Buy } else { Side::Sell };
                let orders = self.state.orders.orders(self.traded(words.get("in")), side);
                let named = |it: OrderId| {
                    let id = u32::try_from(it.0).unwrap();
                    let mut names = self.names.iter().filter(|(name, _)| name.starts_with('o'));
                    names.find(|(_, it)| **it == id).map_or("?", |(name, _)| name.as_str())
                };
                let names: Vec<&str> = orders.map(|it| named(it.id)).collect();
                if names.is_empty() { "none".to_owned() } else { names.join(",") }
            }
            // The trades so far in a market: quantity@price, the last ones first.
            "trades" => {
                let facts = self.journal.iter().rev().flat_map(|(_, events)| events.iter().rev());
                let trades = facts.filter_map(|it| match it {
                    Event::OrderTraded(it) => Some(format!("{}@{}", it.quantity.0, it.price)),
                    _ => None,
                });
                let count = plain.last().unwrap().split(',').count();
                let trades: Vec<String> = trades.take(count).collect();
                trades.join(",")
            }
            "differences" => {
                let facts = self.journal.iter().rev().flat_map(|(_, events)| events);
                let mut compared = facts.filter_map(|it| match it {
                    Event::MirrorReconciled(it) => Some(it.count),
                    _ => None,
                });
                compared.next().unwrap().to_string()
            }
            "owed-index" => {
                let place = PenaltyId(plain[1].parse().unwrap());
                let row = self.state.penalties.row(place);
                row.index.map_or("none".to_owned(), |(name, units)| format!("{name}:{units}"))
            }
            "penalties" => self.state.penalties.len().to_string(),
            "penalty" => {
                let place = PenaltyId(plain[1].parse().unwrap());
                self.state.penalties.row(place).amount.to_string()
            }
            _ => return None,
        };
        Some((found, expected))
    }

    fn line(&mut self, line: &str) {
        let (line, expected) = line.split_once("->").map_or((line, None), |(l, e)| (l, Some(e)));
        let expected: Vec<u16> = expected
            .iter()
            .flat_map(|it| it.split_whitespace())
            .map(|it| it.parse().expect("refusals are numbers"))
            .collect();
        let (name, text) = match line.split_once(" = ") {
            Some((name, text)) => (Some(name.trim()), text),
            None => (None, line),
        };
        // Alone: without the second person that is asked otherwise.
        let (alone, text) = text.strip_prefix("alone ").map_or((false, text), |it| (true, it));
        let words = Words::of(text);
        match words.plain[0] {
            "by" => self.actor = self.people[words.plain[1]],
            "time" => self.pass_time(moment(words.plain[1])),
            "slice" => self.slice = words.plain[1].parse().unwrap(),
            "repeat" => {
                let rest: Vec<&str> = text.split_whitespace().skip(2).collect();
                for _ in 0..words.plain[1].parse().unwrap() {
                    self.line(&rest.join(" "));
                }
            }
            // So many lines that the bank books ahead of its statement.
            "deposit-all" => {
                for line in 0..words.number::<u64>("count") {
                    self.line(&format!(
                        "deposit party={} amount=0.01 line=u{line}",
                        words.get("party")
                    ));
                }
            }
            // Many of a kind: the last accounts of all, and days far ahead.
            "trust-all" => {
                let account = AccountId(self.account(words.get("of")));
                let all = u32::try_from(self.state.accounts.len()).unwrap();
                for trusted in (all - words.number::<u32>("count")..all).map(AccountId) {
                    assert_eq!(self.ask(&TrustAccount { account, trusted }.into()), [0u16; 0]);
                }
            }
            "consign-all" => {
                let auction = AuctionId(self.id(words.get("to")));
                let all = u32::try_from(self.state.accounts.len()).unwrap();
                for account in (all - words.number::<u32>("count")..all).map(AccountId) {
                    let quantity = Tonnes(10);
                    assert_eq!(self.ask(&Consign { auction, account, quantity }.into()), [0u16; 0]);
                }
            }
            "fill-all" => {
                let from = AccountId(self.account(words.get("from")));
                let series = SeriesId(self.id(words.get("series")));
                let all = u32::try_from(self.state.accounts.len()).unwrap();
                for to in (all - words.number::<u32>("count")..all).map(AccountId) {
                    let (quantity, consideration) = (Tonnes(10), Consideration::Free);
                    let fill = Transfer { from, to, series, quantity, consideration };
                    assert_eq!(self.ask(&fill.into()), [0u16; 0]);
                }
            }
            "holidays-all" => {
                let jurisdiction = JurisdictionId(self.id(words.get("of")));
                let days: Vec<Day> =
                    (0..words.number("count")).map(|it| Day(30_000 + it)).collect();
                for days in days.chunks(30).map(<[Day]>::to_vec) {
                    assert_eq!(self.ask(&DecreeHolidays { jurisdiction, days }.into()), [0u16; 0]);
                }
            }
            _ => {
                if let Some((found, expected)) = self.check(&words) {
                    assert_eq!(found, expected);
                    return;
                }
                let command = self.command(&words).expect("a command, a check or a setting");
                if let Some(name) = name {
                    self.name_next(name, &command);
                }
                self.clock_stands = words.keyed.get("clock") == Some(&"stands");
                let refused = match words.plain[0] {
                    "report" => self.report(&words, &command),
                    _ if alone => self.send(&command),
                    _ => self.ask(&command),
                };
                assert_eq!(refused, expected, "refusals");
                self.refused.extend(refused);
            }
        }
    }

    pub(crate) fn end(&self) {
        invariant::sweep(&self.state);
        let mut replayed = State::default();
        for (header, events) in &self.journal {
            events.iter().for_each(|event| apply(&mut replayed, header, event));
        }
        assert!(replayed == self.state, "replay differs from the live state");
        assert_eq!(replayed.hash(), self.state.hash());
    }
}

/// Lines every story may begin with: `use NAME` reads `tests/stories/NAME.inc`.
pub(crate) fn tell(folder: &Path, text: &str, story: &mut Story, title: &str) {
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap().trim();
        if line.is_empty() {
            continue;
        }
        if let Some(name) = line.strip_prefix("use ") {
            let included = std::fs::read_to_string(folder.join(format!("{name}.inc"))).unwrap();
            tell(folder, &included, story, name);
            continue;
        }
        let place = format!("{title}, line {}: {line}", number + 1);
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| story.line(line)));
        assert!(told.is_ok(), "story fails at {place}");
    }
}
