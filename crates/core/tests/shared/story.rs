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

use karvan_core::account::change_operator::ChangeOperator;
use karvan_core::account::distrust_account::DistrustAccount;
use karvan_core::account::merge_installations::MergeInstallations;
use karvan_core::account::register_installation::RegisterInstallation;
use karvan_core::account::request_closure::{RequestClosure, Wish};
use karvan_core::account::set_account_status::SetAccountStatus;
use karvan_core::account::set_single_person::SetSinglePerson;
use karvan_core::account::set_transfer_limit::SetTransferLimit;
use karvan_core::account::trust_account::TrustAccount;
use karvan_core::account::{AccountKind, AccountStatus, SinglePerson, open_account::OpenAccount};
use karvan_core::account::{close_account::CloseAccount, closure_transfer::ClosureTransfer};
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::entitlement::{Basis, Method};
use karvan_core::allocation::return_excess::ReturnExcess;
use karvan_core::allocation::reverse_allocation::ReverseAllocation;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::allocation::withhold_allocation::WithholdAllocation;
use karvan_core::allocation::{Source, Withholding};
use karvan_core::auction::buy_at_ceiling::BuyAtCeiling;
use karvan_core::auction::cancel_auction::CancelAuction;
use karvan_core::auction::clear_auction::{ClearAuction, commitment};
use karvan_core::auction::consign::Consign;
use karvan_core::auction::return_purchase::ReturnPurchase;
use karvan_core::auction::{open_auction::OpenAuction, place_bid::PlaceBid};
use karvan_core::calendar::{Calendar, Day, DelayRule, Offset};
use karvan_core::call::{Side, cancel_order::CancelOrder, clear_call::ClearCall};
use karvan_core::call::{open_call::OpenCall, place_order::PlaceOrder};
use karvan_core::cash::publish_fixing::PublishFixing;
use karvan_core::cash::{deposit::Deposit, open_cash_account::OpenCashAccount, withdraw::Withdraw};
use karvan_core::command::needs_second;
use karvan_core::compliance::advance_penalty::AdvancePenalty;
use karvan_core::compliance::close_year::CloseYear;
use karvan_core::compliance::estimate_emissions::EstimateEmissions;
use karvan_core::compliance::report_emissions::{Detail, ReportEmissions};
use karvan_core::compliance::set_exclusion::{Exclusion, SetExclusion};
use karvan_core::compliance::surrender::Surrender;
use karvan_core::compliance::verify_report::{
    Finding as VerifierFinding, Opinion, VerifyReport, Weight,
};
use karvan_core::compliance::{Letter, PenaltyStage};
use karvan_core::compliance::{set_last_year::SetLastYear, set_letter::SetLetter};
use karvan_core::freezing::Frozen;
use karvan_core::freezing::{confirm_freeze::ConfirmFreeze, freeze::Freeze, unfreeze::Unfreeze};
use karvan_core::freezing::{resume_accounts::ResumeAccounts, stop_accounts::StopAccounts};
use karvan_core::grounds::Grounds;
use karvan_core::id::*;
use karvan_core::ledger::Serials;
use karvan_core::ledger::Series;
use karvan_core::link::{amend_link::AmendLink, link_transfer::LinkTransfer};
use karvan_core::link::{resume_link::ResumeLink, suspend_link::SuspendLink};
use karvan_core::market::amend_chapter::AmendChapter;
use karvan_core::market::decree_holidays::DecreeHolidays;
use karvan_core::market::{adopt_policy::AdoptPolicy, pass_time::PassTime};
use karvan_core::mirror::ForeignBlock;
use karvan_core::mirror::import_holdings::{ImportHoldings, ImportRow};
use karvan_core::mirror::reconcile_mirror::ReconcileMirror;
use karvan_core::mrv::Decimal;
use karvan_core::mrv::stream::{Category, Measure, Sets, SourceStream, Unit};
use karvan_core::party::review_party::{Finding, ReviewParty};
use karvan_core::party::suspend_person::SuspendPerson;
use karvan_core::party::{PersonRights, Role, register_party::RegisterParty};
use karvan_core::party::{appoint_person::AppointPerson, restore_person::RestorePerson};
use karvan_core::proposal::{approve::Approve, propose::Propose, reject::Reject, who_may_approve};
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::rules::*;
use karvan_core::supply::adjust_supply::AdjustSupply;
use karvan_core::supply::reserve::QuantityShares;
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::supply::{central_transfer::CentralTransfer, issue::Issue};
use karvan_core::time::{Instant, Year};
use karvan_core::units::cancel_transfer::{CancelTransfer, TransferEnd};
use karvan_core::units::first_transfer::FirstTransfer;
use karvan_core::units::lapse::ExpiryNoticed;
use karvan_core::units::lock::{LockUnits, Purpose};
use karvan_core::units::retire::{Claim, Retire};
use karvan_core::units::unlock::UnlockUnits;
use karvan_core::units::{delete::Delete, reverse::Reverse};
use karvan_core::units::{expire::Expire, transfer::Consideration, transfer::Transfer};
use karvan_core::{
    Command, Context, Event, Events, RecordHeader, Refusal, State, apply, decide, draft::Draft,
    invariant,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

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
}

/// The words of a line: positional ones, and `key=value` ones.
pub(crate) struct Words<'a> {
    plain: Vec<&'a str>,
    keyed: BTreeMap<&'a str, &'a str>,
}

impl<'a> Words<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let (mut plain, mut keyed) = (Vec::new(), BTreeMap::new());
        for word in text.split_whitespace() {
            match word.split_once('=') {
                Some((key, value)) => drop(keyed.insert(key, value)),
                None => plain.push(word),
            }
        }
        Self { plain, keyed }
    }

    fn get(&self, key: &str) -> &'a str {
        self.keyed.get(key).unwrap_or_else(|| panic!("{key}=… is missing"))
    }

    fn number<N: std::str::FromStr>(&self, key: &str) -> N {
        self.get(key).parse().unwrap_or_else(|_| panic!("{key}={} is no number", self.get(key)))
    }
}

fn cents(text: &str) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "00"));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    whole.parse::<i64>().unwrap() * 100 + sign * format!("{rest:0<2}").parse::<i64>().unwrap()
}

/// A date, or a date with the hour and minute (UTC) behind it: 2027-02-01T09:30.
fn moment(text: &str) -> Instant {
    if let Some((date, time)) = text.split_once('T') {
        let (hour, minute) = time.split_once(':').unwrap();
        let minutes = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        return Instant(moment(date).0 + minutes * 60_000);
    }
    let parts: Vec<i64> = text.split('-').map(|it| it.parse().unwrap()).collect();
    Instant::of_date(parts[0], parts[1], parts[2])
}

fn kind(text: &str) -> AccountKind {
    match text {
        "total" => AccountKind::TotalQuantity,
        "allocation" => AccountKind::Allocation,
        "entrants" => AccountKind::NewEntrants,
        "auction" => AccountKind::Auction,
        "surrender" => AccountKind::Surrender,
        "deletion" => AccountKind::Deletion,
        "operator" => AccountKind::Operator,
        "trading" => AccountKind::Trading,
        "stability" => AccountKind::Stability,
        "general" => AccountKind::GeneralHolding,
        "delivery" => AccountKind::AuctionDelivery,
        "project" => AccountKind::Project,
        "retirement" => AccountKind::Retirement,
        "escrow" => AccountKind::LinkEscrow,
        other => panic!("no account kind {other}"),
    }
}

fn single(words: &Words<'_>) -> SinglePerson {
    let yes = |key: &str| words.keyed.get(key) == Some(&"alone");
    SinglePerson { surrender: yes("surrender"), trusted: yes("trusted") }
}

/// Why, where a story does not say because=nothing.
fn grounds(words: &Words<'_>) -> Grounds {
    Grounds::new(words.keyed.get("because").map_or("a story", |_| ""), [5; 32])
}

fn sectors(text: &str) -> BTreeSet<Label> {
    text.split(',').filter(|it| *it != "none").map(|it| Label::new(it).unwrap()).collect()
}

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

fn currency(words: &Words<'_>) -> Option<Label> {
    words.keyed.get("in-currency").map(|it| Label::new(it).unwrap())
}

/// Foreign serials written as FIRST-LAST.
fn foreign(text: &str, year: Year) -> ForeignBlock {
    let (first, last) = text.split_once('-').unwrap();
    let (first, last): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
    let serials = Serials { first, count: Tonnes((last + 1).saturating_sub(first)) };
    ForeignBlock { year, serials, lock: Label::new("lock-7").unwrap() }
}

fn source(words: &Words<'_>) -> Source {
    match words.keyed.get("table") {
        Some(&"entrants") => Source::NewEntrants,
        _ => Source::National,
    }
}

/// A basis written as METHOD:BENCHMARK:ACTIVITY:LEAKAGE:CORRECTION.
fn basis(text: &str) -> Basis {
    let parts: Vec<&str> = text.split(':').collect();
    Basis {
        method: match parts[0] {
            "past" => Method::Grandfathering,
            "historical" => Method::BenchmarkHistorical,
            _ => Method::BenchmarkOutput,
        },
        benchmark: decimal(parts[1]),
        activity: decimal(parts[2]),
        leakage_percent: decimal(parts[3]),
        correction_percent: decimal(parts[4]),
    }
}

fn rights_of(text: &str) -> PersonRights {
    match text {
        "read" => PersonRights::Read,
        "initiate" => PersonRights::Initiate,
        "approve" => PersonRights::Approve,
        "all" => PersonRights::All,
        "surrender" => PersonRights::Surrender,
        other => panic!("no rights {other}"),
    }
}

/// Two invented countries. X has a market from 2027; Y watches in 2027 and has a pilot from 2028
/// whose units count within 2028-2029. Settings change what all years share.
pub(crate) fn rules(words: &Words<'_>) -> MarketRules {
    let text = |key: &str, default: &'static str| -> String {
        words.keyed.get(key).copied().unwrap_or(default).to_owned()
    };
    let years = |first: u16, last: u16, y: bool| -> Vec<YearRules> {
        let year_rules = |year: u16| {
            let due = |month, day| Instant::of_date(i64::from(year) + 1, month, day);
            let stage = match text("stage", "ets").as_str() {
                _ if y && year < 2028 => Stage::Observer,
                "crediting" if !y => Stage::Crediting,
                _ => Stage::Ets,
            };
            YearRules {
                year: Year(year),
                stage,
                valid_to: Year(match text("valid", "2035").parse().unwrap() {
                    _ if y && year < 2030 => 2029,
                    valid => year.max(if y { 2035 } else { valid }),
                }),
                report_due: due(text("report_month", "4").parse().unwrap(), 1),
                surrender_due: due(text("surrender_month", "7").parse().unwrap(), 1),
                true_up_due: {
                    let month = words.keyed.get("true_up_month").map(|it| (*it).to_owned());
                    due(month.unwrap_or(text("surrender_month", "7")).parse().unwrap(), 1)
                },
                intensity: text("intensity", "no") == "yes",
                ceiling: words.keyed.get("ceiling").map(|it| Price(cents(it))),
                auction: AuctionRules {
                    lot: Tonnes(text("lot", "10").parse().unwrap()),
                    reserve: Price(cents(&text("reserve", "1"))),
                    undersubscribed: match text("undersubscribed", "sell").as_str() {
                        "sell" => Undersubscribed::Sell,
                        _ => Undersubscribed::Cancel,
                    },
                    below_secondary: match text("below", "ignore").as_str() {
                        "cancel" => BelowSecondary::Cancel,
                        "step" => BelowSecondary::StepUp,
                        _ => BelowSecondary::Ignore,
                    },
                    below_secondary_percent: 10,
                    purchase_limit_percent: text("limit", "100").parse().unwrap(),
                    bids_max: text("bids", "100").parse().unwrap(),
                    ties: match text("ties", "seed").as_str() {
                        "seed" => Ties::Seeded,
                        "share" => Ties::ProRata,
                        _ => Ties::Arrival,
                    },
                    tiers: [tier(&text("tier", "none")), tier(&text("tier2", "none")), None],
                    withhold: tier(&text("withhold", "none")),
                },
                penalty: Penalty {
                    per_tonne: Price(cents(&text("penalty", "20"))),
                    of_mean_price_percent: text("mean_percent", "0").parse().unwrap(),
                    make_good: text("make_good", "yes") == "yes",
                    index: words.keyed.get("index").map(|it| {
                        let (name, units) = it.split_once(':').unwrap();
                        (Label::new(name).unwrap(), units.parse().unwrap())
                    }),
                },
                quantity: (text("quantity", "none") != "none").then_some(QuantityShares {
                    upper_bp: 1_500,
                    middle_bp: 1_500,
                    lower_bp: 600,
                    rate_bp: 2_400,
                    release_bp: 200,
                    invalidation_bp: 500,
                }),
            }
        };
        (first..=last).map(year_rules).collect()
    };
    let code = |it: &str| Label::new(it).unwrap();
    let (first, last): (u16, u16) =
        (text("first", "2027").parse().unwrap(), text("last", "2030").parse().unwrap());
    let mut jurisdictions = vec![
        chapter("XXA", years(first, last, false), words),
        chapter("XXB", years(2027, 2030, true), words),
    ];
    match text("chapters", "").as_str() {
        "none" => jurisdictions.clear(),
        "swapped" => jurisdictions.swap(0, 1),
        "many" => jurisdictions = vec![jurisdictions[0].clone(); JURISDICTIONS_MAX + 1],
        "gap" => drop(jurisdictions[0].years.remove(1)),
        _ => {}
    }
    MarketRules {
        name: text("name", "two invented countries").replace("none", ""),
        currency: code(&text("currency", "USD")),
        jurisdictions,
        policy_hash: [0; 32],
        transfer_limit: words.keyed.get("region_limit").map(|it| Tonnes(it.parse().unwrap())),
        publication_years: 3,
        notice_days: text("notice", "0").parse().unwrap(),
        links: text("links", "").split('+').filter(|it| !it.is_empty()).map(link).collect(),
    }
}

/// A link written as XY:YEARS, and behind further colons its ratio, quota, levy, or surplus.
fn link(text: &str) -> LinkRules {
    let mut parts = text.split(':');
    let ends = parts.next().unwrap();
    let end = |it: &str| JurisdictionId(if it == "X" { 0 } else { 1 });
    let (first, last) = parts.next().unwrap_or("1-0").split_once('-').unwrap();
    let (first, last): (u16, u16) = (first.parse().unwrap(), last.parse().unwrap());
    let more: Vec<(&str, &str)> = parts.map(|it| it.split_once('=').unwrap()).collect();
    let more = |key: &str| more.iter().find(|(it, _)| *it == key).map(|(_, it)| *it);
    let quota = more("quota").map(|it| Tonnes(it.parse().unwrap()));
    let ratio = more("ratio").map(|it| it.split_once('/').unwrap());
    LinkRules {
        from: end(&ends[..1]),
        to: end(&ends[1..]),
        ratio: ratio.map_or((1, 1), |(one, two)| (one.parse().unwrap(), two.parse().unwrap())),
        years: (first..=last).map(|it| (Year(it), quota)).collect(),
        levy: Price(more("levy").map_or(0, cents)),
        surplus_only: more("surplus").is_some(),
    }
}

/// A source stream written as coal:TONNES:OXIDATION, or as carbon:TONNES; of many as much:COUNT.
fn stream(text: &str) -> SourceStream {
    let parts: Vec<&str> = text.split(':').collect();
    let decimal = |text: &str| Decimal::parse(text).unwrap();
    let measure = |value: &str, unit| Measure { value: decimal(value), unit };
    let coal = parts[0] == "coal";
    SourceStream {
        name: parts[0].replace("nameless", ""),
        category: if coal { Category::Combustion } else { Category::MassBalance },
        activity: measure(parts[1], Unit::Tonne),
        ncv: coal.then(|| measure("25.8", Unit::GigajoulePerTonne)),
        factor: coal.then(|| measure("94.6", Unit::TonnesPerTerajoule)),
        oxidation: parts.get(2).map(|it| decimal(it)),
        conversion: None,
        carbon_content: (!coal).then(|| decimal("0.8")),
        biomass_percent: None,
        gas: None,
        fuel: None,
        tier: None,
    }
}

/// A tier written as PRICE:VOLUME.
fn tier(text: &str) -> Option<Tier> {
    let (price, volume) = text.split_once(':')?;
    Some(Tier { price: Price(cents(price)), volume: Tonnes(volume.parse().unwrap()) })
}

/// A chapter. Its calendar knows no pause, or is that of weekdays at UTC+5 with 1 January off.
fn chapter(code: &str, years: Vec<YearRules>, words: &Words<'_>) -> JurisdictionRules {
    let real = Calendar {
        offsets: vec![Offset { since: Instant(0), minutes: 300 }],
        yearly: BTreeSet::from([(1, 1)]),
        ..Calendar::plain()
    };
    let hours = real.clone();
    let text = |key: &str, default: &'static str| words.keyed.get(key).copied().unwrap_or(default);
    JurisdictionRules {
        code: Label::new(code).unwrap(),
        years,
        country: Label::new(text("country", "XA")).unwrap(),
        calendar: match text("calendar", "none") {
            "none" => Calendar {
                weekend: BTreeSet::new(),
                opens: 0,
                closes: 1_440,
                delay: DelayRule::UkHours(0),
                ..Calendar::plain()
            },
            "noon" => real,
            "hours" => Calendar { delay: DelayRule::UkHours(1_440), ..hours },
            "never" => Calendar { weekend: (0..7).collect(), ..real },
            other => panic!("no calendar {other}"),
        },
        transfer_limit_bp: text("limit_bp", "10000").parse().unwrap(),
        admits: match text("admits", "all") {
            "all" => AccountKind::ALL.iter().copied().collect(),
            _ => BTreeSet::from([AccountKind::Operator]),
        },
        holding_limit_bp: words.keyed.get("holding_bp").map(|it| it.parse().unwrap()),
        registry: if words.keyed.get("mirror") == Some(&code) {
            Registry::Mirror
        } else {
            Registry::Native
        },
    }
}

impl Story {
    pub(crate) fn new() -> Self {
        let names = [("X", 0), ("Y", 1), ("nowhere", 9)];
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
            journal: Vec::new(),
            actor: NOBODY,
            names,
            people: people.into(),
            refused: BTreeSet::new(),
        }
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
        *self.names.get(name).unwrap_or_else(|| panic!("nobody named {name}"))
    }

    /// Asks as people do: what needs a second person is proposed, and approved by another person of
    /// the same party.
    pub(crate) fn ask(&mut self, command: &Command) -> Vec<u16> {
        let refused = self.send(command);
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

    /// Decides and applies; a refused command leaves no fact, deciding changes nothing.
    pub(crate) fn send(&mut self, command: &Command) -> Vec<u16> {
        let command_hash = command.hash(self.actor);
        let now = match command {
            Command::PassTime(it) if !self.clock_stands => it.to.max(self.state.now),
            _ => self.state.now,
        };
        let context = Context { actor: self.actor, now, approvals: Vec::new(), command_hash };
        let mut out = Events::default();
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
            assert_eq!(self.send(&PassTime { to: next }.into()), []);
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

    fn command(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        let year = || Year(words.number("year"));
        let quantity = || Tonnes(words.number("quantity"));
        let account = |key: &str| AccountId(self.account(words.get(key)));
        let installation = |key: &str| InstallationId(self.id(words.get(key)));
        let party = |key: &str| PartyId(self.id(words.get(key)));
        let price = || Price(cents(words.get("price")));
        let dates = || (moment(words.get("opens")), moment(words.get("closes")));
        Some(match words.plain[0] {
            "policy" => AdoptPolicy { rules: Box::new(rules(words)) }.into(),
            "time-command" => PassTime { to: moment(words.get("to")) }.into(),
            "party" => RegisterParty {
                role: match words.plain[1] {
                    "region" => Role::RegionalAdministrator,
                    "nation" => Role::NationalAdministrator,
                    "operator" => Role::Operator,
                    "trader" => Role::Trader,
                    "verifier" => Role::Verifier,
                    "bank" => Role::SettlementBank,
                    other => panic!("no role {other}"),
                },
                jurisdiction: words.keyed.get("of").map(|it| JurisdictionId(self.id(it))),
                group: GroupId(words.keyed.get("group").map_or(0, |it| it.parse().unwrap())),
                persons: words.keyed.get("persons").map_or(2, |it| it.parse().unwrap()),
                scope: words.keyed.get("scope").map(|it| sectors(it)),
            }
            .into(),
            "account" => {
                let (kind, holder, single) = (kind(words.plain[1]), party("holder"), single(words));
                let towards = words.keyed.get("towards").map(|it| JurisdictionId(self.id(it)));
                OpenAccount { kind, holder, jurisdiction: of(), single, towards }.into()
            }
            "installation" => RegisterInstallation {
                label: {
                    let count = self.state.installations.len().to_string();
                    Label::new(&words.get("label").replace('*', &count)).unwrap()
                },
                jurisdiction: of(),
                operator: party("operator"),
                obliged_from: words.keyed.get("obliged").map(|it| Year(it.parse().unwrap())),
                single: single(words),
                sector: Label::new(words.keyed.get("sector").unwrap_or(&"power")).unwrap(),
            }
            .into(),
            "cash-account" => {
                OpenCashAccount { party: party("party"), currency: currency(words) }.into()
            }
            "deposit" => Deposit {
                party: party("party"),
                amount: Money(cents(words.get("amount"))),
                reference: words.number("line"),
                currency: currency(words),
            }
            .into(),
            "withdraw" => Withdraw {
                party: party("party"),
                amount: Money(cents(words.get("amount"))),
                reference: words.number("line"),
                currency: currency(words),
            }
            .into(),
            "cap" => SetCap {
                jurisdiction: of(),
                year: year(),
                quantity: quantity(),
                opening: Tonnes(words.keyed.get("opening").map_or(0, |it| it.parse().unwrap())),
                basis: CapBasis {
                    grounds: grounds(words),
                    activity: words.keyed.get("activity").map(|it| decimal(it)),
                },
            }
            .into(),
            "issue" => Issue { jurisdiction: of(), year: year(), quantity: quantity() }.into(),
            "central" => CentralTransfer {
                jurisdiction: of(),
                from: kind(words.get("from")),
                to: kind(words.get("to")),
                year: year(),
                quantity: quantity(),
            }
            .into(),
            "entitle" => UploadAllocation {
                jurisdiction: of(),
                year: year(),
                rows: words.plain[1..]
                    .iter()
                    .flat_map(|row| {
                        let (name, quantity) = row.split_once(':').unwrap();
                        let (quantity, times) = quantity.split_once('*').unwrap_or((quantity, "1"));
                        let installation = InstallationId(self.id(name));
                        let quantity = Tonnes(quantity.parse().unwrap());
                        let basis = words.keyed.get("basis").map(|it| Box::new(basis(it)));
                        let row = AllocationRow { installation, quantity, basis };
                        vec![row; times.parse().unwrap()]
                    })
                    .collect(),
                source: source(words),
            }
            .into(),
            "allocate" => Allocate {
                jurisdiction: of(),
                year: year(),
                installations: words.plain[1..]
                    .iter()
                    .map(|it| InstallationId(self.id(it)))
                    .collect(),
                source: source(words),
            }
            .into(),
            "auction" => {
                let ((opens, closes), volume) = (dates(), Tonnes(words.number("volume")));
                let seed_commitment = commitment(&[7; 32]);
                OpenAuction {
                    jurisdiction: of(),
                    year: year(),
                    volume,
                    opens,
                    closes,
                    seed_commitment,
                }
                .into()
            }
            "bid" => PlaceBid {
                auction: AuctionId(self.id(words.get("in"))),
                account: account("account"),
                price: price(),
                quantity: quantity(),
                currency: currency(words),
            }
            .into(),
            "clear-auction" => ClearAuction {
                auction: AuctionId(self.id(words.plain[1])),
                seed: [words.keyed.get("seed").map_or(7, |it| it.parse().unwrap()); 32],
            }
            .into(),
            "cancel-auction" => {
                CancelAuction { auction: AuctionId(self.id(words.plain[1])) }.into()
            }
            "call" => {
                let (opens, closes) = dates();
                OpenCall { jurisdiction: of(), year: year(), opens, closes }.into()
            }
            "buy" | "sell" => PlaceOrder {
                call: CallId(self.id(words.get("in"))),
                account: account("account"),
                side: if words.plain[0] == "buy" { Side::Buy } else { Side::Sell },
                price: price(),
                quantity: quantity(),
            }
            .into(),
            "cancel" => CancelOrder { order: OrderId(u64::from(self.id(words.plain[1]))) }.into(),
            "clear-call" => ClearCall { call: CallId(self.id(words.plain[1])) }.into(),
            "transfer" | "cross" => {
                let transfer = Transfer {
                    from: account("from"),
                    to: account("to"),
                    series: SeriesId(self.id(words.get("series"))),
                    quantity: quantity(),
                    consideration: match words.keyed.get("price") {
                        Some(price) => Consideration::Price(Price(cents(price))),
                        None => Consideration::Free,
                    },
                };
                let crosses = words.plain[0] == "cross";
                if crosses { LinkTransfer(transfer).into() } else { transfer.into() }
            }
            "first-transfer" => FirstTransfer {
                from: account("from"),
                to: account("to"),
                series: SeriesId(self.id(words.get("series"))),
                quantity: quantity(),
                authorisation: Label::new(words.keyed.get("under").unwrap_or(&"CA0001")).unwrap(),
            }
            .into(),
            "exclude" | "include" => SetExclusion {
                installation: installation("for"),
                year: year(),
                exclusion: match words.plain[0] {
                    "exclude" => Exclusion::Excluded,
                    _ => Exclusion::Included,
                },
            }
            .into(),
            "last-year" => SetLastYear {
                installation: installation("for"),
                year: words.keyed.get("year").map(|it| Year(it.parse().unwrap())),
            }
            .into(),
            "set-letter" => SetLetter {
                installation: installation("for"),
                year: year(),
                letter: match words.get("letter") {
                    "D" => Letter::D,
                    "E" => Letter::E,
                    "X" => Letter::X,
                    _ => Letter::A,
                },
            }
            .into(),
            "adjust" => AdjustSupply { jurisdiction: of(), year: year() }.into(),
            "delete" => Delete {
                account: account("from"),
                series: SeriesId(self.id(words.get("series"))),
                quantity: quantity(),
            }
            .into(),
            "reverse" => {
                let record = u64::from(self.id(words.plain[1]));
                Reverse { record, grounds: grounds(words) }.into()
            }
            "return" => {
                let installation = installation("for");
                ReturnExcess { installation, year: year(), quantity: quantity() }.into()
            }
            "freeze" | "confirm-freeze" | "unfreeze" => {
                let frozen = match words.plain.get(1).copied() {
                    Some("holder") => Frozen::Holder(party("it")),
                    Some("account") => Frozen::Account(account("it")),
                    Some("serials") => Frozen::Serials(
                        account("it"),
                        SeriesId(self.id(words.get("series"))),
                        words.number("first"),
                        quantity(),
                    ),
                    Some("jurisdiction") => {
                        Frozen::Jurisdiction(JurisdictionId(self.id(words.get("it"))))
                    }
                    _ => Frozen::Market,
                };
                match words.plain[0] {
                    "freeze" => Freeze { frozen }.into(),
                    "confirm-freeze" => ConfirmFreeze { frozen }.into(),
                    _ => Unfreeze { frozen, grounds: grounds(words) }.into(),
                }
            }
            "request-closure" => {
                RequestClosure { account: account("of"), wish: Wish::Close }.into()
            }
            "keep" => RequestClosure { account: account("of"), wish: Wish::Keep }.into(),
            "close-account" => CloseAccount { account: account("it") }.into(),
            "closure-transfer" => ClosureTransfer { account: account("from") }.into(),
            "review" => ReviewParty {
                party: party("it"),
                finding: match words.keyed.get("finding") {
                    Some(&"refused") => Finding::Refused,
                    _ => Finding::Verified,
                },
            }
            .into(),
            "change-operator" => {
                ChangeOperator { installation: installation("of"), operator: party("to") }.into()
            }
            "pledge" | "legal-hold" => LockUnits {
                account: account("of"),
                series: SeriesId(self.id(words.get("series"))),
                quantity: quantity(),
                purpose: match words.plain[0] {
                    "pledge" => Purpose::Pledge(party("to")),
                    _ => Purpose::Legal(Label::new("court-7").unwrap()),
                },
                until: words.keyed.get("until").map(|it| moment(it)),
            }
            .into(),
            "unlock" => UnlockUnits { lock: HoldId(u64::from(self.id(words.plain[1]))) }.into(),
            "penalty-to" => AdvancePenalty {
                penalty: PenaltyId(words.number("case")),
                to: match words.plain[1] {
                    "hearing" => PenaltyStage::Hearing,
                    "decided" => PenaltyStage::Decided(moment(words.get("due"))),
                    "appealed" => PenaltyStage::Appealed,
                    "paid" => PenaltyStage::Paid,
                    _ => PenaltyStage::Waived,
                },
            }
            .into(),
            "cancel-transfer" => {
                CancelTransfer { transfer: HoldId(u64::from(self.id(words.plain[1]))) }.into()
            }
            "trust" => TrustAccount { account: account("of"), trusted: account("other") }.into(),
            "distrust" => {
                DistrustAccount { account: account("of"), trusted: account("other") }.into()
            }
            "transfer-limit" => {
                let limit = words.keyed.get("limit").map(|it| Tonnes(it.parse().unwrap()));
                SetTransferLimit { account: account("of"), limit }.into()
            }
            "holidays" => {
                let day = |it: &&str| Day(moment(it).0 / 86_400_000);
                let days = words.plain[1..].iter().map(day).collect();
                DecreeHolidays { jurisdiction: of(), days }.into()
            }
            "expire" => Expire { jurisdiction: of(), account: account("account") }.into(),
            "hand-in" | "report" => ReportEmissions {
                installation: installation("for"),
                year: year(),
                emissions: quantity(),
                detail: (words.plain.len() > 1).then(|| {
                    let streams = words.plain[1..].iter().map(|it| stream(it)).collect();
                    Box::new(Detail { sets: Sets::default(), streams })
                }),
                activity: words.keyed.get("activity").map(|it| decimal(it)),
            }
            .into(),
            "verify" => {
                let (installation, year) = (installation("for"), year());
                let report = self.state.reports.get(&(installation, year));
                let last = report.map_or(1, |it| it.version);
                VerifyReport {
                    installation,
                    year,
                    version: words.keyed.get("version").map_or(last, |it| it.parse().unwrap()),
                    opinion: match words.keyed.get("opinion") {
                        Some(&"comments") => Opinion::WithComments,
                        Some(&"no") => Opinion::NotVerified,
                        Some(&"returned") => Opinion::Returned,
                        _ => Opinion::Verified,
                    },
                    findings: words.plain[1..]
                        .iter()
                        .map(|it| VerifierFinding {
                            weight: match *it {
                                "material" => Weight::Material,
                                _ => Weight::Minor,
                            },
                            text: it.replace("unwritten", "").replace("hidden", "a\u{202e}b"),
                        })
                        .collect(),
                }
                .into()
            }
            "amend-link" => {
                AmendLink { link: link(words.get("links")), policy_hash: [9; 32] }.into()
            }
            "suspend-link" => {
                let LinkRules { from, to, .. } = link(words.plain[1]);
                SuspendLink { from, to, grounds: grounds(words) }.into()
            }
            "resume-link" => {
                let LinkRules { from, to, .. } = link(words.plain[1]);
                ResumeLink { from, to, grounds: grounds(words) }.into()
            }
            "amend" => {
                let jurisdiction = of();
                let rules = rules(words);
                let place = usize::try_from(jurisdiction.0).unwrap() % 2;
                let chapter = Box::new(rules.jurisdictions[place].clone());
                AmendChapter { jurisdiction, chapter, policy_hash: [9; 32] }.into()
            }
            "fixing" => PublishFixing {
                currency: currency(words).unwrap(),
                day: Day(moment(words.get("day")).0 / 86_400_000),
                rate: decimal(words.get("rate")),
                source: words.keyed.get("source").map_or("a central bank", |_| "").to_owned(),
            }
            .into(),
            "consign" => Consign {
                auction: AuctionId(self.id(words.get("to"))),
                account: account("account"),
                quantity: quantity(),
            }
            .into(),
            "buy-at-ceiling" => BuyAtCeiling {
                installation: installation("for"),
                year: year(),
                quantity: quantity(),
            }
            .into(),
            "import" => ImportHoldings {
                jurisdiction: of(),
                statement: [6; 32],
                rows: words.plain[1..]
                    .iter()
                    .map(|row| {
                        let (name, block) = row.split_once(':').unwrap();
                        let account = AccountId(self.account(name));
                        ImportRow { account, block: foreign(block, year()) }
                    })
                    .collect(),
            }
            .into(),
            "compare" => ReconcileMirror {
                jurisdiction: of(),
                day: Day(moment(words.get("day")).0 / 86_400_000),
                statement: [6; 32],
                blocks: words.plain[1..]
                    .iter()
                    .flat_map(|it| {
                        let (block, times) = it.split_once('*').unwrap_or((it, "1"));
                        vec![foreign(block, year()); times.parse().unwrap()]
                    })
                    .collect(),
            }
            .into(),
            "status" => SetAccountStatus {
                account: account("of"),
                status: match words.plain[1] {
                    "open" => AccountStatus::Open,
                    "surrender-only" => AccountStatus::SurrenderOnly,
                    "restricted" => AccountStatus::AllRestricted,
                    "suspended" => AccountStatus::Suspended,
                    _ => AccountStatus::TransferPending,
                },
                grounds: grounds(words),
            }
            .into(),
            "withhold" | "release-allocation" => WithholdAllocation {
                installation: installation("for"),
                year: year(),
                withholding: match words.plain[0] {
                    "withhold" => Withholding::Withheld,
                    _ => Withholding::Released,
                },
                grounds: grounds(words),
            }
            .into(),
            "reverse-allocation" => ReverseAllocation {
                installation: installation("of"),
                record: u64::from(self.id(words.plain[1])),
                grounds: grounds(words),
            }
            .into(),
            "merge" => MergeInstallations {
                from: installation("from"),
                into: installation("into"),
                grounds: grounds(words),
            }
            .into(),
            "retire" => Retire {
                account: account("from"),
                series: SeriesId(self.id(words.get("series"))),
                quantity: quantity(),
                claim: Claim {
                    beneficiary: match words.keyed.get("for") {
                        Some(name) => name.replace("nobody", ""),
                        None => "An Invented Company".to_owned(),
                    },
                    purpose: "its year 2027".to_owned(),
                    first: Day(
                        moment(words.keyed.get("first").unwrap_or(&"2027-01-01")).0 / 86_400_000
                    ),
                    last: Day(moment("2027-12-31").0 / 86_400_000),
                },
            }
            .into(),
            "return-purchase" => ReturnPurchase {
                account: account("from"),
                series: SeriesId(self.id(words.get("series"))),
                quantity: quantity(),
            }
            .into(),
            "stop" | "resume" => {
                let accounts =
                    words.plain[1..].iter().map(|it| AccountId(self.account(it))).collect();
                match words.plain[0] {
                    "stop" => StopAccounts { accounts, grounds: grounds(words) }.into(),
                    _ => ResumeAccounts { accounts, grounds: grounds(words) }.into(),
                }
            }
            "estimate" => EstimateEmissions {
                installation: installation("for"),
                year: year(),
                emissions: quantity(),
            }
            .into(),
            "surrender" => {
                let installation = installation("for");
                Surrender { installation, year: year(), quantity: quantity() }.into()
            }
            "close" => CloseYear { jurisdiction: of(), year: year() }.into(),
            "approve" => {
                let proposal = ProposalId(self.id(words.plain[1]));
                let seen = words.keyed.get("seen").is_none_or(|it| *it == "yes");
                let command_hash = match self.state.proposals.get(&proposal) {
                    Some(row) if seen => row.command_hash,
                    _ => [0; 32],
                };
                Approve { proposal, command_hash }.into()
            }
            "reject" => Reject { proposal: ProposalId(self.id(words.plain[1])) }.into(),
            "appoint" => {
                let accounts = self.mandate(words);
                let (party, rights) = (party("for"), rights_of(words.get("rights")));
                AppointPerson { party, rights, accounts }.into()
            }
            "suspend" => SuspendPerson { person: self.people[words.plain[1]] }.into(),
            "restore" => {
                let person = self.people[words.plain[1]];
                let accounts = self.mandate(words);
                RestorePerson { person, rights: rights_of(words.get("rights")), accounts }.into()
            }
            "single" => {
                SetSinglePerson { account: account("account"), single: single(words) }.into()
            }
            "propose" => {
                let inner = Words { plain: words.plain[1..].to_vec(), keyed: words.keyed.clone() };
                Propose { command: Box::new(self.command(&inner)?) }.into()
            }
            _ => return None,
        })
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
            Command::PlaceOrder(_) => u32::try_from(self.state.next_order.0).unwrap(),
            Command::Propose(_) => self.state.next_proposal.0,
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
            "call-price" => {
                let row = self.state.calls.row(CallId(self.id(plain[1])));
                row.result.unwrap().price.map_or("none".to_owned(), |it| it.to_string())
            }
            "notices" => self.notices().count().to_string(),
            "noticed" => self.notices().last().unwrap().quantity.0.to_string(),
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
            "repeat" => {
                let rest: Vec<&str> = text.split_whitespace().skip(2).collect();
                for _ in 0..words.plain[1].parse().unwrap() {
                    self.line(&rest.join(" "));
                }
            }
            // Many of a kind: the last accounts of all, and days far ahead.
            "trust-all" => {
                let account = AccountId(self.account(words.get("of")));
                let all = u32::try_from(self.state.accounts.len()).unwrap();
                for trusted in (all - words.number::<u32>("count")..all).map(AccountId) {
                    assert_eq!(self.ask(&TrustAccount { account, trusted }.into()), []);
                }
            }
            "consign-all" => {
                let auction = AuctionId(self.id(words.get("to")));
                let all = u32::try_from(self.state.accounts.len()).unwrap();
                for account in (all - words.number::<u32>("count")..all).map(AccountId) {
                    let quantity = Tonnes(10);
                    assert_eq!(self.ask(&Consign { auction, account, quantity }.into()), []);
                }
            }
            "fill-all" => {
                let from = AccountId(self.account(words.get("from")));
                let series = SeriesId(self.id(words.get("series")));
                let all = u32::try_from(self.state.accounts.len()).unwrap();
                for to in (all - words.number::<u32>("count")..all).map(AccountId) {
                    let (quantity, consideration) = (Tonnes(10), Consideration::Free);
                    let fill = Transfer { from, to, series, quantity, consideration };
                    assert_eq!(self.ask(&fill.into()), []);
                }
            }
            "holidays-all" => {
                let jurisdiction = JurisdictionId(self.id(words.get("of")));
                let days: Vec<Day> =
                    (0..words.number("count")).map(|it| Day(30_000 + it)).collect();
                for days in days.chunks(30).map(<[Day]>::to_vec) {
                    assert_eq!(self.ask(&DecreeHolidays { jurisdiction, days }.into()), []);
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
