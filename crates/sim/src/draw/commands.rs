//! Commands of every kind with values that often fit, noun by noun.

use super::evidence::evidence;
use super::orders::orders;
use super::{
    Draw, KINDS, RIGHTS, SOURCES, abroad, account, first_series, foreign, grounds, mandate, past,
    person, serials, single,
};
use crate::world::X;
use karvan_core::account::change_operator::ChangeOperator;
use karvan_core::account::close_account::CloseAccount;
use karvan_core::account::closure_transfer::ClosureTransfer;
use karvan_core::account::distrust_account::DistrustAccount;
use karvan_core::account::merge_installations::MergeInstallations;
use karvan_core::account::open_account::OpenAccount;
use karvan_core::account::register_installation::RegisterInstallation;
use karvan_core::account::request_closure::{RequestClosure, Wish};
use karvan_core::account::set_account_status::SetAccountStatus;
use karvan_core::account::set_single_person::SetSinglePerson;
use karvan_core::account::set_transfer_limit::SetTransferLimit;
use karvan_core::account::trust_account::TrustAccount;
use karvan_core::account::{
    Account, AccountKind, AccountStatus, Closure, Installation, of_government,
};
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::return_excess::ReturnExcess;
use karvan_core::allocation::reverse_allocation::ReverseAllocation;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::allocation::withhold_allocation::WithholdAllocation;
use karvan_core::allocation::{Entitlement, Withholding};
use karvan_core::auction::buy_at_ceiling::BuyAtCeiling;
use karvan_core::auction::cancel_auction::CancelAuction;
use karvan_core::auction::clear_auction::{ClearAuction, commitment};
use karvan_core::auction::consign::Consign;
use karvan_core::auction::open_auction::OpenAuction;
use karvan_core::auction::place_bid::PlaceBid;
use karvan_core::auction::return_purchase::ReturnPurchase;
use karvan_core::calendar::Day;
use karvan_core::call::Call;
use karvan_core::call::clear_call::ClearCall;
use karvan_core::call::open_call::OpenCall;
use karvan_core::cash::ask_payment::{AskPayment, LegAsked};
use karvan_core::cash::book_statement::{BookStatement, Names, StatementLine};
use karvan_core::cash::deposit::Deposit;
use karvan_core::cash::open_cash_account::OpenCashAccount;
use karvan_core::cash::payment::Way;
use karvan_core::cash::publish_fixing::PublishFixing;
use karvan_core::cash::return_deposit::ReturnDeposit;
use karvan_core::cash::send_payment::SendPayment;
use karvan_core::cash::void_payment::VoidPayment;
use karvan_core::command::kind_name;
use karvan_core::compliance::advance_penalty::AdvancePenalty;
use karvan_core::compliance::close_year::CloseYear;
use karvan_core::compliance::estimate_emissions::EstimateEmissions;
use karvan_core::compliance::report_emissions::{Detail, Report, ReportEmissions};
use karvan_core::compliance::set_exclusion::{Exclusion, SetExclusion};
use karvan_core::compliance::set_last_year::SetLastYear;
use karvan_core::compliance::set_letter::SetLetter;
use karvan_core::compliance::surrender::Surrender;
use karvan_core::compliance::verify_report::Finding as VerifierFinding;
use karvan_core::compliance::verify_report::{Opinion, VerifyReport, Weight};
use karvan_core::compliance::{Letter, PenaltyStage};
use karvan_core::coupling::clear_coupling::ClearCoupling;
use karvan_core::coupling::couple_calls::CoupleCalls;
use karvan_core::freezing::Frozen;
use karvan_core::freezing::confirm_freeze::ConfirmFreeze;
use karvan_core::freezing::freeze::Freeze;
use karvan_core::freezing::resume_accounts::ResumeAccounts;
use karvan_core::freezing::stop_accounts::StopAccounts;
use karvan_core::freezing::unfreeze::Unfreeze;
use karvan_core::id::*;
use karvan_core::ledger::Serials;
use karvan_core::link::amend_link::AmendLink;
use karvan_core::link::link_transfer::LinkTransfer;
use karvan_core::link::resume_link::ResumeLink;
use karvan_core::link::suspend_link::SuspendLink;
use karvan_core::market::adopt_policy::AdoptPolicy;
use karvan_core::market::amend_chapter::AmendChapter;
use karvan_core::market::decree_holidays::DecreeHolidays;
use karvan_core::market::pass_time::PassTime;
use karvan_core::mirror::ForeignBlock;
use karvan_core::mirror::import_holdings::{ImportHoldings, ImportRow};
use karvan_core::mirror::reconcile_mirror::ReconcileMirror;
use karvan_core::mrv::Decimal;
use karvan_core::mrv::stream::{Category, Measure, Sets, SourceStream, Unit};
use karvan_core::party::Role;
use karvan_core::party::appoint_person::AppointPerson;
use karvan_core::party::register_party::RegisterParty;
use karvan_core::party::restore_person::RestorePerson;
use karvan_core::party::review_party::{Finding, ReviewParty};
use karvan_core::party::suspend_person::SuspendPerson;
use karvan_core::proposal::approve::Approve;
use karvan_core::proposal::propose::Propose;
use karvan_core::proposal::reject::Reject;
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::rules::LinkRules;
use karvan_core::supply::adjust_supply::AdjustSupply;
use karvan_core::supply::central_transfer::CentralTransfer;
use karvan_core::supply::issue::Issue;
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::time::{Instant, Year};
use karvan_core::units::cancel_transfer::CancelTransfer;
use karvan_core::units::delete::Delete;
use karvan_core::units::expire::{Expire, is_expired};
use karvan_core::units::first_transfer::FirstTransfer;
use karvan_core::units::lock::{LockUnits, Purpose};
use karvan_core::units::retire::{Claim, Retire};
use karvan_core::units::reverse::Reverse;
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::units::unlock::UnlockUnits;
use karvan_core::{Command, State};
use std::collections::BTreeSet;

/// What commands are often about, drawn once for each.
#[derive(Clone, Copy)]
pub(super) struct Drawn {
    pub(super) jurisdiction: JurisdictionId,
    pub(super) year: Year,
    pub(super) quantity: Tonnes,
    pub(super) price: Price,
    pub(super) account: AccountId,
    pub(super) installation: InstallationId,
    pub(super) party: PartyId,
    pub(super) auction: AuctionId,
    pub(super) call: CallId,
    pub(super) opens: Instant,
    pub(super) closes: Instant,
    pub(super) reference: BankReference,
}

impl Drawn {
    fn of(state: &State, draw: &mut Draw) -> Self {
        let jurisdiction = JurisdictionId(u32::from(draw.below(8) == 0));
        let (year, quantity, price) = (draw.year(), draw.tonnes(), draw.price());
        let account = account(state, draw);
        let installation = InstallationId(draw.row(state.installations.len()));
        let party = PartyId(draw.row(state.parties.len()));
        let auction = AuctionId(draw.row(state.auctions.len()));
        let call = CallId(draw.row(state.calls.len()));
        let (opens, length) = (state.now.plus_days(draw.of(&[0, 0, 1, 3])), draw.of(&[1, 2, 5]));
        let closes = opens.plus_days(length);
        // Now and then the bank repeats a line of its statement.
        let repeated = state.bank.lines.keys().next().copied().filter(|_| draw.below(6) == 0);
        let reference = repeated.unwrap_or(BankReference::of_number(draw.below(1 << 40)));
        Self {
            jurisdiction,
            year,
            quantity,
            price,
            account,
            installation,
            party,
            auction,
            call,
            opens,
            closes,
            reference,
        }
    }
}

/// A command of the kind with values that often fit.
pub fn command(state: &State, kind: u16, draw: &mut Draw) -> Command {
    let it = Drawn::of(state, draw);
    let name = kind_name(kind).unwrap();
    let nouns = [
        market, people, accounts, safeguards, cash, supply, allocation, sales, orders, units,
        compliance, evidence,
    ];
    let found = nouns.iter().find_map(|noun| noun((state, name), it, draw));
    found.unwrap_or_else(|| panic!("no random {name}: add it"))
}

fn market((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, .. } = it;
    Some(match name {
        "AdoptPolicy" => {
            let mut rules = state.rules.clone().unwrap();
            for year in rules.jurisdictions.iter_mut().flat_map(|it| &mut it.years) {
                if year.surrender_due > state.now.plus_days(31) {
                    year.penalty.per_tonne = draw.of(&[Price(2_000), Price(3_000)]);
                    year.auction.purchase_limit_percent = draw.of(&[60, 100]);
                }
            }
            AdoptPolicy { rules: Box::new(rules) }.into()
        }
        "PassTime" => {
            let days = draw.of(&[0, 1, 1, 2, 30, 200]);
            let wanted = state.now.plus_days(days);
            PassTime { to: state.next_due().map_or(wanted, |due| due.min(wanted)) }.into()
        }
        "DecreeHolidays" => {
            let today = state.now.0 / 86_400_000;
            let day = Day(today + i64::try_from(draw.below(9)).unwrap());
            DecreeHolidays { jurisdiction, days: vec![day] }.into()
        }
        "AmendChapter" => {
            let rules = state.rules.as_ref().unwrap();
            let mut chapter = rules.jurisdiction(jurisdiction).unwrap().clone();
            chapter.transfer_limit_bp = draw.of(&[1_000, 900]);
            let (chapter, policy_hash) = (Box::new(chapter), [3; 32]);
            AmendChapter { jurisdiction, chapter, policy_hash }.into()
        }
        "AmendLink" => {
            let years = (2027..=2032).map(|it| (Year(it), None)).collect();
            let levy = draw.of(&[Price(0), Price(0), Price(0), Price(50)]);
            let (from, to, ratio) = (JurisdictionId(0), JurisdictionId(1), (1, 1));
            let link = LinkRules { from, to, ratio, years, levy, surplus_only: false };
            AmendLink { link, policy_hash: [0; 32] }.into()
        }
        "SuspendLink" => {
            let (from, to, grounds) = (JurisdictionId(0), JurisdictionId(1), grounds());
            SuspendLink { from, to, grounds }.into()
        }
        "ResumeLink" => {
            let (from, to, grounds) = (JurisdictionId(0), JurisdictionId(1), grounds());
            ResumeLink { from, to, grounds }.into()
        }
        "PublishFixing" => {
            let currency = Label::new(draw.of(&["XAC", "XBC"])).unwrap();
            let today = state.now.0.div_euclid(karvan_core::time::DAY_MS);
            let day = Day(today - i64::try_from(draw.below(4)).unwrap());
            let rate = Decimal::parse(draw.of(&["525", "0.85", "41.4321"])).unwrap();
            PublishFixing { currency, day, rate, source: "a bank".to_owned() }.into()
        }
        _ => return None,
    })
}

fn people((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, account, party, .. } = it;
    Some(match name {
        "RegisterParty" => {
            let role = draw.of(&[Role::Operator, Role::Trader, Role::Verifier]);
            let group = GroupId(draw.row(5));
            let persons = u8::try_from(draw.below(3)).unwrap();
            let (jurisdiction, scope) = (Some(jurisdiction), None);
            RegisterParty { role, jurisdiction, group, persons, scope }.into()
        }
        "ReviewParty" => {
            let finding = draw.of(&[Finding::Verified, Finding::Verified, Finding::Refused]);
            ReviewParty { party, finding }.into()
        }
        "Propose" => {
            let inner = u16::try_from(1 + draw.below(20)).unwrap();
            let inner = kind_name(inner).map_or(1, |_| inner);
            Propose { command: Box::new(command(state, inner, draw)) }.into()
        }
        "Approve" => {
            let place = usize::try_from(draw.below(9)).unwrap();
            let (proposal, row) = state.proposals.iter().nth(place).unzip();
            let command_hash = row.map_or([0; 32], |it| it.command_hash);
            Approve { proposal: proposal.copied().unwrap_or_default(), command_hash }.into()
        }
        "Reject" => {
            let place = usize::try_from(draw.below(9)).unwrap();
            let proposal = state.proposals.keys().nth(place).copied().unwrap_or_default();
            Reject { proposal }.into()
        }
        "AppointPerson" => {
            let accounts = mandate(account, draw);
            AppointPerson { party, rights: draw.of(&RIGHTS), accounts }.into()
        }
        "SuspendPerson" => SuspendPerson { person: person(state, draw) }.into(),
        "RestorePerson" => {
            let person = person(state, draw);
            let accounts = mandate(account, draw);
            RestorePerson { person, rights: draw.of(&RIGHTS), accounts }.into()
        }
        _ => return None,
    })
}

fn accounts((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, quantity, account, installation, party, .. } = it;
    Some(match name {
        "OpenAccount" => {
            let (kind, single) = (draw.of(&KINDS), single(draw));
            let holder = party;
            OpenAccount { kind, holder, jurisdiction, single, towards: None }.into()
        }
        "RegisterInstallation" => RegisterInstallation {
            label: Label::new(&format!("X-{}", draw.below(9))).unwrap(),
            jurisdiction,
            operator: party,
            obliged_from: draw.of(&[None, Some(Year(2027)), Some(Year(2028))]),
            single: single(draw),
            sector: Label::new("power").unwrap(),
        }
        .into(),
        "RequestClosure" => {
            let wish = draw.of(&[Wish::Close, Wish::Keep, Wish::Keep]);
            RequestClosure { account: AccountId(draw.row(state.accounts.len())), wish }.into()
        }
        "CloseAccount" | "ClosureTransfer" => {
            let wanted = |(_, it): &(AccountId, &Account)| it.closure == Closure::Requested;
            let found = state.accounts.iter().find(wanted).map_or(account, |(id, _)| id);
            match name {
                "CloseAccount" => CloseAccount { account: found }.into(),
                _ => ClosureTransfer { account: found }.into(),
            }
        }
        "ChangeOperator" => ChangeOperator { installation, operator: party }.into(),
        "TrustAccount" => {
            let trusted = AccountId(draw.row(state.accounts.len()));
            TrustAccount { account, trusted }.into()
        }
        "DistrustAccount" => {
            let place = usize::try_from(draw.below(5)).unwrap();
            let pair = state.trusted.keys().nth(place).copied();
            let (account, trusted) = pair.unwrap_or((account, account));
            DistrustAccount { account, trusted }.into()
        }
        "SetTransferLimit" => {
            SetTransferLimit { account, limit: draw.of(&[None, Some(quantity)]) }.into()
        }
        "SetSinglePerson" => SetSinglePerson { account, single: single(draw) }.into(),
        "SetAccountStatus" => {
            use AccountStatus::{AllRestricted, Open, Suspended, TransferPending};
            let status = draw.of(&[Open, Open, Open, AllRestricted, Suspended, TransferPending]);
            // What is not open is opened again, or a market of the suspended says little.
            let other = |(_, it): &(AccountId, &Account)| it.status != Open;
            let found = state.accounts.iter().find(other).map(|(id, _)| id);
            let account = found.filter(|_| status == Open).unwrap_or(account);
            SetAccountStatus { account, status, grounds: grounds() }.into()
        }
        "MergeInstallations" => {
            // Half of the time two of one operator and alike.
            let rows: Vec<_> = state.installations.iter().collect();
            let alike = rows.iter().flat_map(|one| rows.iter().map(move |two| (one, two)));
            let mut alike = alike.filter(|((from, one), (into, two))| {
                from != into
                    && one.operator == two.operator
                    && one.merged.is_none()
                    && two.merged.is_none()
                    && one.emissions.keys().eq(two.emissions.keys())
            });
            let found = alike.next().map(|((from, _), (into, _))| (*from, *into));
            let any = (installation, InstallationId(draw.row(state.installations.len())));
            let (from, into) = found.filter(|_| draw.below(2) == 0).unwrap_or(any);
            MergeInstallations { from, into, grounds: grounds() }.into()
        }
        _ => return None,
    })
}

fn safeguards((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { quantity, account, party, closes, .. } = it;
    Some(match name {
        "Freeze" | "ConfirmFreeze" | "Unfreeze" => {
            let place = usize::try_from(draw.below(2)).unwrap();
            let known = state.freezes.keys().nth(place).copied();
            let some = serials(state, account, draw);
            let fresh = draw.of(&[Frozen::Account(account), Frozen::Holder(party), some]);
            match name {
                "Freeze" => Freeze { frozen: fresh }.into(),
                "ConfirmFreeze" => ConfirmFreeze { frozen: known.unwrap_or(fresh) }.into(),
                _ => {
                    let frozen = known.unwrap_or(fresh);
                    Unfreeze { frozen, grounds: grounds() }.into()
                }
            }
        }
        "LockUnits" => LockUnits {
            account,
            series: SeriesId(draw.row(2)),
            quantity: Tonnes(quantity.0 / 9),
            purpose: draw
                .of(&[Purpose::Pledge(party), Purpose::Legal(Label::new("court").unwrap())]),
            until: draw.of(&[None, Some(closes)]),
        }
        .into(),
        "UnlockUnits" => {
            let lock = state.locks.keys().next().copied().unwrap_or(HoldId(9_999));
            UnlockUnits { lock }.into()
        }
        "StopAccounts" => {
            StopAccounts { accounts: BTreeSet::from([account]), grounds: grounds() }.into()
        }
        "ResumeAccounts" => {
            let first = state.stopped.first().copied().unwrap_or(account);
            ResumeAccounts { accounts: BTreeSet::from([first]), grounds: grounds() }.into()
        }
        _ => return None,
    })
}

fn cash((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { price, party, reference, .. } = it;
    let payments = state.bank.payments.keys();
    let place = usize::try_from(draw.below(3)).unwrap();
    let payment = payments.copied().nth(place).unwrap_or(PaymentId(draw.row(9)));
    Some(match name {
        "OpenCashAccount" => OpenCashAccount { party, currency: None }.into(),
        "Deposit" => {
            // Now and then somebody claims what is in suspense.
            let claimed = state.bank.suspense.iter().nth(place).filter(|_| draw.below(2) == 0);
            let fresh = (reference, Money(price.0 * 90));
            let (reference, amount) = claimed.map_or(fresh, |(it, row)| (*it, row.amount));
            Deposit { party, amount, reference, currency: None }.into()
        }
        "AskPayment" => {
            let legs = (0..1 + draw.below(3)).map(|_| {
                let (way, tenth) = (draw.of(&[Way::In, Way::Out, Way::Out]), draw.below(9));
                let amount = Money(price.0 * 2 + i64::try_from(tenth).unwrap());
                LegAsked { way, amount, currency: None }
            });
            AskPayment { party, legs: legs.collect() }.into()
        }
        "SendPayment" => SendPayment { payment }.into(),
        "VoidPayment" => VoidPayment { payment }.into(),
        "BookStatement" => statement(state, (payment, party), draw),
        "ReturnDeposit" => {
            let lines = state.bank.lines.keys().copied();
            let deposit = lines.last().unwrap_or(reference);
            ReturnDeposit { deposit, amount: Money(price.0), reference }.into()
        }
        _ => return None,
    })
}

/// A statement that shows most of what was booked, some legs of a payment, and what nobody knows.
fn statement(state: &State, (payment, party): (PaymentId, PartyId), draw: &mut Draw) -> Command {
    let bank = &state.bank;
    let mut lines = Vec::new();
    for reference in bank.unshown.keys().take(9).filter(|_| draw.below(8) > 0) {
        let (amount, names) = (bank.lines[reference].amount, Names::Nobody);
        lines.push(StatementLine { reference: *reference, amount, names });
    }
    let mut line = |amount, names, draw: &mut Draw| {
        let reference = BankReference::of_number((1 << 40) + draw.below(1 << 40));
        lines.push(StatementLine { reference, amount, names });
    };
    for leg in bank.payments.get(&payment).iter().flat_map(|it| &it.legs) {
        // A line that was shown is taken back now and then.
        let amount = if leg.line.is_some() { Money(-leg.signed().0) } else { leg.signed() };
        if draw.below(3) > 0 {
            line(amount, Names::Payment(payment), draw);
        }
    }
    if let Some(account) = state.cash_account_of(party) {
        let amount = Money(i64::try_from(draw.below(5_000)).unwrap() - 200);
        line(amount, draw.of(&[Names::Nobody, Names::Account(account)]), draw);
    }
    let last = bank.statements.get(&None);
    let day = Day(state.now.0 / 86_400_000);
    let day = last.map_or(day, |it| day.max(Day(it.day.0 + 1)));
    let opening = last.map(|it| it.closing).unwrap_or_default();
    let closing = opening + lines.iter().map(|it| it.amount).sum();
    BookStatement { currency: None, day, file: [5; 32], opening, closing, lines }.into()
}

fn supply((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, year, quantity, account, .. } = it;
    Some(match name {
        "SetCap" => {
            let (quantity, opening) = (Tonnes(quantity.0 * 20), Tonnes(draw.of(&[0, 0, 50])));
            let basis = CapBasis { grounds: grounds(), activity: None };
            SetCap { jurisdiction, year, quantity, opening, basis }.into()
        }
        "Issue" => Issue { jurisdiction, year, quantity: Tonnes(quantity.0 * 3) }.into(),
        "CentralTransfer" => {
            let any = draw.of(&KINDS);
            let from = draw.of(&[AccountKind::TotalQuantity, any]);
            let to = draw.of(&KINDS);
            CentralTransfer { jurisdiction, from, to, year, quantity }.into()
        }
        "AdjustSupply" => AdjustSupply { jurisdiction, year }.into(),
        "ImportHoldings" => {
            let of = JurisdictionId(draw.of(&[1, 1, 1, 0]));
            let mut here = state.accounts.iter();
            let found = here.find(|(_, it)| it.jurisdiction == of && it.kind.trades());
            let account = found.map_or(account, |(id, _)| id);
            let rows = (0..1 + draw.below(2))
                .map(|_| ImportRow { account, block: foreign(draw) })
                .collect();
            ImportHoldings { jurisdiction: of, statement: [8; 32], rows }.into()
        }
        "ReconcileMirror" => {
            let of = JurisdictionId(draw.of(&[1, 1, 1, 0]));
            let day = Day(state.now.0.div_euclid(karvan_core::time::DAY_MS));
            // Mostly what is here, now and then with a block too few or too many.
            let mut blocks: Vec<ForeignBlock> = state
                .mirrored
                .iter()
                .filter(|((id, ..), _)| *id == of)
                .map(|((_, year, first), it)| ForeignBlock {
                    year: *year,
                    serials: Serials { first: *first, count: it.count },
                    lock: it.lock,
                })
                .collect();
            if draw.below(8) == 0 {
                blocks.pop();
            }
            if draw.below(8) == 0 {
                blocks.push(foreign(draw));
            }
            ReconcileMirror { jurisdiction: of, day, statement: [8; 32], blocks }.into()
        }
        _ => return None,
    })
}

fn allocation((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, year, quantity, installation, .. } = it;
    Some(match name {
        "UploadAllocation" => {
            let other = InstallationId(draw.row(state.installations.len()));
            let basis = draw.of(&[false, true]);
            let row = |installation, quantity: Tonnes| {
                let basis = basis.then(|| Box::new(past(quantity)));
                AllocationRow { installation, quantity, basis }
            };
            let more = Tonnes(quantity.0 * 2);
            let rows = vec![row(installation, more), row(other, draw.tonnes())];
            let source = draw.of(&SOURCES);
            UploadAllocation { jurisdiction, year, rows, source }.into()
        }
        "Allocate" => {
            let (source, installations) = (draw.of(&SOURCES), vec![installation]);
            Allocate { jurisdiction, year, installations, source }.into()
        }
        "ReturnExcess" => {
            let over =
                |it: &(&(InstallationId, Year), &Entitlement)| it.1.entitled < it.1.delivered;
            let found = state.entitlements.iter().find(over).map(|(key, _)| *key);
            let (installation, year) = found.unwrap_or((installation, year));
            ReturnExcess { installation, year, quantity: Tonnes(quantity.0 / 9) }.into()
        }
        "WithholdAllocation" => {
            let withholding = draw.of(&[Withholding::Withheld, Withholding::Released]);
            WithholdAllocation { installation, year, withholding, grounds: grounds() }.into()
        }
        "ReverseAllocation" => {
            // As a rule one of which nothing has moved on.
            let whole = |(record, installation): &(u64, InstallationId)| {
                let account = state.installations.row(*installation).account;
                let queues = &state.ledger.shelves.row(account).queues;
                let blocks = queues.iter().flat_map(|it| &it.blocks);
                let there = blocks.filter(|it| it.acquired == *record).map(|it| it.serials.count);
                there.sum::<Tonnes>() == state.deliveries[&(*record, *installation)].quantity
            };
            let place = usize::try_from(draw.below(3)).unwrap();
            let any = state.deliveries.keys().nth(place);
            let found = state.deliveries.keys().rev().find(|it| whole(it));
            let known = if draw.below(4) == 0 { any } else { found };
            let (record, installation) = known.copied().unwrap_or((7, installation));
            ReverseAllocation { installation, record, grounds: grounds() }.into()
        }
        _ => return None,
    })
}

fn sales((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn {
        jurisdiction,
        year,
        quantity,
        price,
        account,
        installation,
        auction,
        call,
        opens,
        closes,
        ..
    } = it;
    Some(match name {
        "OpenAuction" => {
            let (volume, seed_commitment) = (Tonnes(quantity.0 / 10 * 10), commitment(&[7; 32]));
            OpenAuction { jurisdiction, year, volume, opens, closes, seed_commitment }.into()
        }
        "PlaceBid" => {
            // Now and then into the account that is there for it.
            let mut all = state.accounts.iter();
            let delivery = all.find(|(_, it)| it.kind == AccountKind::AuctionDelivery);
            let delivery = delivery.map(|(id, _)| id).filter(|_| draw.below(3) == 0);
            let account = delivery.unwrap_or(account);
            let quantity = Tonnes(quantity.0 / 10 * 10);
            PlaceBid { auction, account, price, quantity, currency: None }.into()
        }
        "ClearAuction" => ClearAuction { auction, seed: [7; 32] }.into(),
        "CancelAuction" => CancelAuction { auction }.into(),
        "OpenCall" => {
            let commitment = None;
            if draw.below(4) == 0 {
                let (jurisdiction, product) = (X, Some(ProductId(1)));
                return Some(
                    OpenCall { jurisdiction, year, opens, closes, commitment, product }.into(),
                );
            }
            // Now and then beside one of the other country, so that they can be coupled.
            let beside = state.calls.iter().rev().find(|(_, it)| it.opens >= state.now);
            match beside.filter(|_| draw.below(2) == 0) {
                Some((_, it)) => {
                    let jurisdiction = JurisdictionId(1 - it.jurisdiction.0.min(1));
                    let (year, opens, closes) = (it.year, it.opens, it.closes);
                    OpenCall { jurisdiction, year, opens, closes, commitment, product: None }.into()
                }
                None => {
                    OpenCall { jurisdiction, year, opens, closes, commitment, product: None }.into()
                }
            }
        }
        "CoupleCalls" => {
            let open = |(_, it): &(CallId, &Call)| it.result.is_none() && it.coupling.is_none();
            let mut all = state.calls.iter().filter(open);
            let first = all.find(|(_, it)| it.closes > state.now).map(|(id, it)| (id, it.closes));
            let with = |closes| all.filter(move |(_, it)| it.closes == closes).map(|(id, _)| id);
            let calls = first.map_or(vec![call], |(id, closes)| {
                std::iter::once(id).chain(with(closes)).take(2).collect()
            });
            CoupleCalls { calls }.into()
        }
        "ClearCoupling" => {
            let open = state.couplings.iter().find(|(_, it)| it.cleared.is_none());
            let waits = state.settlements.keys().next().copied().or(open.map(|(id, _)| id));
            ClearCoupling { coupling: waits.unwrap_or(CouplingId(draw.row(2))) }.into()
        }
        "ClearCall" => ClearCall { call, seed: None }.into(),
        "ReturnPurchase" => {
            let delivers =
                |(_, it): &(AccountId, &Account)| it.kind == AccountKind::AuctionDelivery;
            let found = state.accounts.iter().find(delivers).map(|(id, _)| id);
            let (account, series) = (found.unwrap_or(account), SeriesId(draw.row(2)));
            // Now and then what is there.
            let queues = state.ledger.shelves.get(account).map(|it| &it.queues);
            let there = queues.and_then(|it| it.first()).map(|it| it.series);
            let series = there.filter(|_| draw.below(2) == 0).unwrap_or(series);
            ReturnPurchase { account, series, quantity: Tonnes(quantity.0 / 20) }.into()
        }
        "Consign" => {
            // The one announced last, if its window is still to open.
            let last = u32::try_from(state.auctions.len()).unwrap().saturating_sub(1);
            let auction = if draw.below(3) == 0 { auction } else { AuctionId(last) };
            let quantity = Tonnes(draw.of(&[10, 10, 20, 30]));
            Consign { auction, account, quantity }.into()
        }
        "BuyAtCeiling" => {
            let short = |(_, it): &(InstallationId, &Installation)| {
                let held = state.ledger.shelves.row(it.account).free(|_| true);
                it.missing_up_to(year) > Tonnes::ZERO && held == Tonnes::ZERO
            };
            let found = state.installations.iter().find(short).map(|(id, _)| id);
            let installation = found.unwrap_or(installation);
            BuyAtCeiling { installation, year, quantity: Tonnes(1 + quantity.0 / 20) }.into()
        }
        _ => return None,
    })
}

fn units((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, quantity, price, account, .. } = it;
    Some(match name {
        "Transfer" => {
            let to = AccountId(draw.row(state.accounts.len()));
            let series = SeriesId(draw.row(2));
            // Now and then more than any limit allows.
            let quantity = draw.of(&[quantity, quantity, Tonnes(quantity.0 * 2)]);
            let consideration = draw.of(&[Consideration::Free, Consideration::Price(price)]);
            Transfer { from: account, to, series, quantity, consideration }.into()
        }
        "Delete" => {
            let series = SeriesId(draw.row(2));
            Delete { account, series, quantity: Tonnes(quantity.0 / 9) }.into()
        }
        "Reverse" => {
            let place = usize::try_from(draw.below(3)).unwrap();
            let record = state.reversible.keys().nth(place).copied().unwrap_or(7);
            Reverse { record, grounds: grounds() }.into()
        }
        "CancelTransfer" => {
            let place = usize::try_from(draw.below(2)).unwrap();
            let transfer = state.delayed.keys().nth(place).copied().unwrap_or(HoldId(9_999));
            CancelTransfer { transfer }.into()
        }
        "Expire" => {
            // What was set aside when the others expired is rare.
            let over = |series| is_expired(state, state.ledger.series.row(series));
            let kept = |it: &AccountId| !state.accounts.row(*it).kind.is_final();
            let left = state.ledger.shelves.iter().filter(|(_, it)| it.free(over) > Tonnes::ZERO);
            let found = left.map(|(id, _)| id).find(kept).filter(|_| draw.below(4) > 0);
            Expire { jurisdiction, account: found.unwrap_or(account) }.into()
        }
        "Retire" => {
            let series = SeriesId(draw.row(2));
            let claim = Claim {
                beneficiary: "An Invented Company".to_owned(),
                purpose: "its year".to_owned(),
                first: Day(20_000),
                last: Day(20_364),
            };
            Retire { account, series, quantity: Tonnes(quantity.0 / 9), claim }.into()
        }
        "LinkTransfer" => {
            let to = abroad(state, account, |it| it.transfers(), draw);
            let quantity = Tonnes(1 + quantity.0 / 9);
            let series = first_series(state, account, draw);
            let consideration = Consideration::Free;
            LinkTransfer(Transfer { from: account, to, series, quantity, consideration }).into()
        }
        "FirstTransfer" => {
            let general = of_government(state, X, AccountKind::GeneralHolding);
            let from = general.filter(|_| draw.below(4) > 0).unwrap_or(account);
            let to = abroad(state, from, |it| it == AccountKind::GeneralHolding, draw);
            let quantity = Tonnes(1 + quantity.0 / 20);
            let series = first_series(state, from, draw);
            let authorisation = Label::new("CA0001").unwrap();
            FirstTransfer { from, to, series, quantity, authorisation }.into()
        }
        _ => return None,
    })
}

fn compliance((state, name): (&State, &str), it: Drawn, draw: &mut Draw) -> Option<Command> {
    let Drawn { jurisdiction, year, quantity, installation, closes, .. } = it;
    Some(match name {
        "SetExclusion" => {
            let exclusion = draw.of(&[Exclusion::Excluded, Exclusion::Included]);
            SetExclusion { installation, year, exclusion }.into()
        }
        "SetLastYear" => {
            SetLastYear { installation, year: draw.of(&[None, None, Some(year)]) }.into()
        }
        "SetLetter" => {
            let letter = draw.of(&[Letter::D, Letter::E, Letter::X, Letter::A]);
            SetLetter { installation, year, letter }.into()
        }
        "AdvancePenalty" => {
            let penalty = PenaltyId(draw.row(state.penalties.len()));
            let stages = [
                PenaltyStage::Hearing,
                PenaltyStage::Decided(closes),
                PenaltyStage::Appealed,
                PenaltyStage::Paid,
                PenaltyStage::Waived,
            ];
            AdvancePenalty { penalty, to: draw.of(&stages) }.into()
        }
        "ReportEmissions" => {
            let value = Decimal::parse(&quantity.0.to_string()).unwrap();
            let measured = SourceStream {
                name: "stack".to_owned(),
                category: Category::Measured,
                activity: Measure { value, unit: Unit::Tonne },
                ncv: None,
                factor: None,
                oxidation: None,
                conversion: None,
                carbon_content: None,
                biomass_percent: None,
                gas: None,
                fuel: None,
                tier: None,
            };
            let streams = vec![measured; usize::try_from(draw.below(3)).unwrap()];
            let detail = Detail { sets: Sets::default(), streams };
            let detail = (draw.below(2) == 0).then(|| Box::new(detail));
            let activity = draw.of(&[None, Decimal::parse("12.5")]);
            let emissions = quantity;
            ReportEmissions { installation, year, emissions, detail, activity }.into()
        }
        "EstimateEmissions" => EstimateEmissions { installation, year, emissions: quantity }.into(),
        "Surrender" => Surrender { installation, year, quantity }.into(),
        "CloseYear" => CloseYear { jurisdiction, year }.into(),
        "VerifyReport" => {
            let open = |it: &(&(InstallationId, Year), &Report)| it.1.opinion.is_none();
            let known = state.reports.iter().find(open).map(|(key, it)| (*key, it.version));
            let ((installation, year), version) = known.unwrap_or(((installation, year), 1));
            use Opinion::{NotVerified, Returned, Verified, WithComments};
            let opinion = draw.of(&[Verified, Verified, WithComments, NotVerified, Returned]);
            let weight = draw.of(&[Weight::Material, Weight::Minor]);
            let finding = VerifierFinding { weight, text: "a meter".to_owned() };
            let findings = vec![finding; usize::try_from(draw.below(2)).unwrap()];
            VerifyReport { installation, year, version, opinion, findings }.into()
        }
        _ => return None,
    })
}
