//! The lines of a story that ask something, noun by noun.

use super::Story;
use super::words::{
    Words, basis, cents, class, currency, decimal, foreign, grounds, kind, leg, link, moment,
    order_kind, rights_of, rules, sectors, self_match, single, source, stream,
};
use karvan_core::Command;
use karvan_core::account::AccountStatus;
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
use karvan_core::allocation::Withholding;
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::return_excess::ReturnExcess;
use karvan_core::allocation::reverse_allocation::ReverseAllocation;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::allocation::withhold_allocation::WithholdAllocation;
use karvan_core::auction::buy_at_ceiling::BuyAtCeiling;
use karvan_core::auction::cancel_auction::CancelAuction;
use karvan_core::auction::clear_auction::{ClearAuction, commitment};
use karvan_core::auction::consign::Consign;
use karvan_core::auction::open_auction::OpenAuction;
use karvan_core::auction::place_bid::PlaceBid;
use karvan_core::auction::return_purchase::ReturnPurchase;
use karvan_core::book::Market;
use karvan_core::calendar::Day;
use karvan_core::call::clear_call::ClearCall;
use karvan_core::call::open_call::OpenCall;
use karvan_core::cash::ask_payment::AskPayment;
use karvan_core::cash::book_statement::{BookStatement, Names, StatementLine};
use karvan_core::cash::deposit::Deposit;
use karvan_core::cash::open_cash_account::OpenCashAccount;
use karvan_core::cash::publish_fixing::PublishFixing;
use karvan_core::cash::return_deposit::ReturnDeposit;
use karvan_core::cash::send_payment::SendPayment;
use karvan_core::cash::void_payment::VoidPayment;
use karvan_core::compatibility::set_compatibility::SetCompatibility;
use karvan_core::compatibility::set_settlement_class::SetSettlementClass;
use karvan_core::compliance::advance_penalty::AdvancePenalty;
use karvan_core::compliance::close_year::CloseYear;
use karvan_core::compliance::estimate_emissions::EstimateEmissions;
use karvan_core::compliance::report_emissions::{Detail, ReportEmissions};
use karvan_core::compliance::set_exclusion::{Exclusion, SetExclusion};
use karvan_core::compliance::set_last_year::SetLastYear;
use karvan_core::compliance::set_letter::SetLetter;
use karvan_core::compliance::surrender::Surrender;
use karvan_core::compliance::verify_report::Finding as VerifierFinding;
use karvan_core::compliance::verify_report::{Opinion, VerifyReport, Weight};
use karvan_core::compliance::{Letter, PenaltyStage};
use karvan_core::coupling::clear_coupling::ClearCoupling;
use karvan_core::coupling::couple_calls::CoupleCalls;
use karvan_core::exchange::Side;
use karvan_core::exchange::amend_order::AmendOrder;
use karvan_core::exchange::buy_offer::BuyOffer;
use karvan_core::exchange::cancel_order::CancelOrder;
use karvan_core::exchange::cancel_orders::CancelOrders;
use karvan_core::exchange::halt_trading::HaltTrading;
use karvan_core::exchange::make_block_trade::MakeBlockTrade;
use karvan_core::exchange::place_order::PlaceOrder;
use karvan_core::exchange::resume_trading::ResumeTrading;
use karvan_core::exchange::{Halted, Lasting};
use karvan_core::freezing::Frozen;
use karvan_core::freezing::confirm_freeze::ConfirmFreeze;
use karvan_core::freezing::freeze::Freeze;
use karvan_core::freezing::resume_accounts::ResumeAccounts;
use karvan_core::freezing::stop_accounts::StopAccounts;
use karvan_core::freezing::unfreeze::Unfreeze;
use karvan_core::id::{
    AccountId, AuctionId, BankReference, CallId, CashAccountId, CouplingId, GroupId, HoldId,
    InstallationId, JurisdictionId, Label, OrderId, PartyId, PaymentId, PenaltyId, ProductId,
    ProposalId, SeriesId,
};
use karvan_core::link::amend_link::AmendLink;
use karvan_core::link::link_transfer::LinkTransfer;
use karvan_core::link::resume_link::ResumeLink;
use karvan_core::link::suspend_link::SuspendLink;
use karvan_core::market::adopt_policy::AdoptPolicy;
use karvan_core::market::amend_chapter::AmendChapter;
use karvan_core::market::decree_holidays::DecreeHolidays;
use karvan_core::market::pass_time::PassTime;
use karvan_core::mirror::import_holdings::{ImportHoldings, ImportRow};
use karvan_core::mirror::reconcile_mirror::ReconcileMirror;
use karvan_core::mrv::stream::Sets;
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
use karvan_core::time::Year;
use karvan_core::units::cancel_transfer::CancelTransfer;
use karvan_core::units::delete::Delete;
use karvan_core::units::expire::Expire;
use karvan_core::units::first_transfer::FirstTransfer;
use karvan_core::units::lock::{LockUnits, Purpose};
use karvan_core::units::retire::{Claim, Retire};
use karvan_core::units::reverse::Reverse;
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_core::units::unlock::UnlockUnits;

impl Story {
    /// The command that a line asks; none where it is none.
    pub(super) fn command(&self, words: &Words<'_>) -> Option<Command> {
        let nouns = [
            Self::market,
            Self::people,
            Self::accounts,
            Self::safeguards,
            Self::supply,
            Self::allocation,
            Self::sales,
            Self::cash,
            Self::units,
            Self::reports,
            Self::compliance,
            Self::evidence,
        ];
        nouns.iter().find_map(|it| it(self, words))
    }

    fn market(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        Some(match words.plain[0] {
            "policy" => AdoptPolicy { rules: Box::new(rules(words)) }.into(),
            "time-command" => PassTime { to: moment(words.get("to")) }.into(),
            "holidays" => {
                let day = |it: &&str| Day(moment(it).0 / 86_400_000);
                let days = words.plain[1..].iter().map(day).collect();
                DecreeHolidays { jurisdiction: of(), days }.into()
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
            _ => return None,
        })
    }

    fn people(&self, words: &Words<'_>) -> Option<Command> {
        let party = |key: &str| PartyId(self.id(words.get(key)));
        Some(match words.plain[0] {
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
            "review" => ReviewParty {
                party: party("it"),
                finding: match words.keyed.get("finding") {
                    Some(&"refused") => Finding::Refused,
                    _ => Finding::Verified,
                },
            }
            .into(),
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
            "propose" => {
                let inner = Words { plain: words.plain[1..].to_vec(), keyed: words.keyed.clone() };
                Propose { command: Box::new(self.command(&inner)?) }.into()
            }
            _ => return None,
        })
    }

    fn accounts(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        let account = |key: &str| AccountId(self.account(words.get(key)));
        let installation = |key: &str| InstallationId(self.id(words.get(key)));
        let party = |key: &str| PartyId(self.id(words.get(key)));
        Some(match words.plain[0] {
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
            "request-closure" => {
                RequestClosure { account: account("of"), wish: Wish::Close }.into()
            }
            "keep" => RequestClosure { account: account("of"), wish: Wish::Keep }.into(),
            "close-account" => CloseAccount { account: account("it") }.into(),
            "closure-transfer" => ClosureTransfer { account: account("from") }.into(),
            "change-operator" => {
                ChangeOperator { installation: installation("of"), operator: party("to") }.into()
            }
            "trust" => TrustAccount { account: account("of"), trusted: account("other") }.into(),
            "distrust" => {
                DistrustAccount { account: account("of"), trusted: account("other") }.into()
            }
            "transfer-limit" => {
                let limit = words.keyed.get("limit").map(|it| Tonnes(it.parse().unwrap()));
                SetTransferLimit { account: account("of"), limit }.into()
            }
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
            "merge" => MergeInstallations {
                from: installation("from"),
                into: installation("into"),
                grounds: grounds(words),
            }
            .into(),
            "single" => {
                SetSinglePerson { account: account("account"), single: single(words) }.into()
            }
            _ => return None,
        })
    }

    fn safeguards(&self, words: &Words<'_>) -> Option<Command> {
        let quantity = || Tonnes(words.number("quantity"));
        let account = |key: &str| AccountId(self.account(words.get(key)));
        let party = |key: &str| PartyId(self.id(words.get(key)));
        Some(match words.plain[0] {
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
            "stop" | "resume" => {
                let accounts =
                    words.plain[1..].iter().map(|it| AccountId(self.account(it))).collect();
                match words.plain[0] {
                    "stop" => StopAccounts { accounts, grounds: grounds(words) }.into(),
                    _ => ResumeAccounts { accounts, grounds: grounds(words) }.into(),
                }
            }
            _ => return None,
        })
    }

    fn supply(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        let year = || Year(words.number("year"));
        let quantity = || Tonnes(words.number("quantity"));
        Some(match words.plain[0] {
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
            "adjust" => AdjustSupply { jurisdiction: of(), year: year() }.into(),
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
            _ => return None,
        })
    }

    fn allocation(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        let year = || Year(words.number("year"));
        let quantity = || Tonnes(words.number("quantity"));
        let installation = |key: &str| InstallationId(self.id(words.get(key)));
        Some(match words.plain[0] {
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
            "return" => {
                let installation = installation("for");
                ReturnExcess { installation, year: year(), quantity: quantity() }.into()
            }
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
            _ => return None,
        })
    }

    /// A market: that of a call, X:2027, or X:2027:WIND for a product.
    pub(super) fn traded(&self, text: &str) -> Market {
        let Some((place, rest)) = text.split_once(':') else {
            return self.state.calls.get(CallId(self.id(text))).unwrap().market();
        };
        let (year, product) = rest.split_once(':').unwrap_or((rest, ""));
        let (jurisdiction, year) = (JurisdictionId(self.id(place)), Year(year.parse().unwrap()));
        Market { jurisdiction, year, product: self.product(jurisdiction, product) }
    }

    /// A product by its code; none for allowances.
    fn product(&self, place: JurisdictionId, code: &str) -> Option<ProductId> {
        let chapter = self.state.rules.as_ref().unwrap().jurisdiction(place).unwrap();
        let found = chapter.listed().find(|(_, it)| it.code.as_str() == code);
        // One that the chapter does not list.
        let unknown = (!code.is_empty()).then_some(ProductId(9));
        found.map(|(id, _)| id).or(unknown)
    }

    /// What is halted: everything, X, X:2027, or a party.
    fn halted(&self, text: &str) -> Halted {
        match text {
            "everything" => Halted::Everything,
            _ if text.contains(':') => {
                let Market { jurisdiction, year, product } = self.traded(text);
                let product = product.map(|it| Halted::Product(jurisdiction, it));
                product.unwrap_or(Halted::Year(jurisdiction, year))
            }
            "X" | "Y" | "Z" => Halted::Jurisdiction(JurisdictionId(self.id(text))),
            party => Halted::Party(PartyId(self.id(party))),
        }
    }

    fn sales(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        let year = || Year(words.number("year"));
        let quantity = || Tonnes(words.number("quantity"));
        let account = |key: &str| AccountId(self.account(words.get(key)));
        let installation = |key: &str| InstallationId(self.id(words.get(key)));
        let price = || Price(cents(words.get("price")));
        let dates = || (moment(words.get("opens")), moment(words.get("closes")));
        Some(match words.plain[0] {
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
                let seed = words.keyed.get("seed").map(|it| [it.parse().unwrap(); 32]);
                let commitment = seed.map(|it| commitment(&it));
                let (jurisdiction, year) = (of(), year());
                let code = words.keyed.get("product").copied().unwrap_or_default();
                let product = self.product(jurisdiction, code);
                OpenCall { jurisdiction, year, opens, closes, commitment, product }.into()
            }
            "buy" | "sell" => {
                let Market { jurisdiction, year, product } = self.traded(words.get("in"));
                let keyed = |key: &str| words.keyed.get(key).copied().unwrap_or_default();
                PlaceOrder {
                    jurisdiction,
                    year,
                    account: account("account"),
                    side: if words.plain[0] == "buy" { Side::Buy } else { Side::Sell },
                    price: price(),
                    quantity: quantity(),
                    kind: order_kind(keyed("kind")),
                    self_match: self_match(keyed("own")),
                    lasting: match keyed("until") {
                        "" => Lasting::UntilCancelled,
                        "session" => Lasting::Session,
                        it => Lasting::Until(moment(it)),
                    },
                    client: keyed("client").parse().unwrap_or_default(),
                    product,
                }
                .into()
            }
            "amend-order" => AmendOrder {
                order: OrderId(u64::from(self.id(words.plain[1]))),
                price: price(),
                quantity: quantity(),
                self_match: self_match(words.keyed.get("own").copied().unwrap_or_default()),
            }
            .into(),
            "cancel-all" => CancelOrders {
                party: PartyId(self.id(words.get("party"))),
                market: words.keyed.get("in").map(|it| self.traded(it)),
                halt: words.keyed.contains_key("halt"),
            }
            .into(),
            "halt" => {
                HaltTrading { halted: self.halted(words.plain[1]), grounds: grounds(words) }.into()
            }
            "resume-trading" => {
                ResumeTrading { halted: self.halted(words.plain[1]), grounds: grounds(words) }
                    .into()
            }
            "buy-offer" => BuyOffer {
                order: OrderId(u64::from(self.id(words.plain[1]))),
                account: account("account"),
                price: price(),
                quantity: quantity(),
            }
            .into(),
            "block" => {
                let Market { jurisdiction, year, product } = self.traded(words.get("in"));
                MakeBlockTrade {
                    jurisdiction,
                    year,
                    product,
                    seller: account("from"),
                    buyer: account("to"),
                    price: price(),
                    quantity: quantity(),
                }
                .into()
            }
            "set-class" => SetSettlementClass {
                party: PartyId(self.id(words.plain[1])),
                class: class(words.plain[2]),
                grounds: grounds(words),
            }
            .into(),
            "settle" | "part" => {
                let (one, other) = words.plain[1].split_once('-').unwrap();
                SetCompatibility {
                    jurisdiction: of(),
                    classes: (class(one), class(other)),
                    settle: words.plain[0] == "settle",
                    grounds: grounds(words),
                }
                .into()
            }
            "cancel" => CancelOrder { order: OrderId(u64::from(self.id(words.plain[1]))) }.into(),
            "clear-call" => ClearCall {
                call: CallId(self.id(words.plain[1])),
                seed: words.keyed.get("seed").map(|it| [it.parse().unwrap(); 32]),
            }
            .into(),
            "couple" => {
                let calls = words.plain[1..].iter().map(|it| CallId(self.id(it))).collect();
                CoupleCalls { calls }.into()
            }
            "clear-coupling" => {
                ClearCoupling { coupling: CouplingId(self.id(words.plain[1])) }.into()
            }
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
            "return-purchase" => ReturnPurchase {
                account: account("from"),
                series: SeriesId(self.id(words.get("series"))),
                quantity: quantity(),
            }
            .into(),
            _ => return None,
        })
    }

    fn cash(&self, words: &Words<'_>) -> Option<Command> {
        let party = |key: &str| PartyId(self.id(words.get(key)));
        Some(match words.plain[0] {
            "cash-account" => {
                OpenCashAccount { party: party("party"), currency: currency(words) }.into()
            }
            "deposit" => Deposit {
                party: party("party"),
                amount: Money(cents(words.get("amount"))),
                reference: BankReference::new(words.get("line")).unwrap(),
                currency: currency(words),
            }
            .into(),
            // Legs are written as out:100.00 or in:100.00:XAC.
            "ask-payment" => AskPayment {
                party: party("party"),
                legs: words.plain[1..].iter().map(|it| leg(it)).collect(),
            }
            .into(),
            "send-payment" => SendPayment { payment: PaymentId(self.id(words.plain[1])) }.into(),
            "void-payment" => VoidPayment { payment: PaymentId(self.id(words.plain[1])) }.into(),
            "return-deposit" => ReturnDeposit {
                deposit: BankReference::new(words.get("of")).unwrap(),
                amount: Money(cents(words.get("amount"))),
                reference: BankReference::new(words.get("line")).unwrap(),
            }
            .into(),
            // Lines are written as REFERENCE:AMOUNT:WHO, where WHO is a party or a payment.
            "statement" => {
                let line = |text: &&str| self.statement_line(text, currency(words));
                let mut lines: Vec<_> = words.plain[1..].iter().map(line).collect();
                let many = words.keyed.get("many").map_or(0, |it| it.parse().unwrap());
                lines.extend(
                    (0..many).map(|it: u32| self.statement_line(&format!("m{it}:1"), None)),
                );
                let money = |key: &str| words.keyed.get(key).map(|it| Money(cents(it)));
                let last = self.state.bank.statements.get(&currency(words));
                let last = last.map(|it| it.closing).unwrap_or_default();
                let opening = money("opening").unwrap_or(last);
                let sum = lines.iter().map(|it| it.amount).sum();
                BookStatement {
                    currency: currency(words),
                    day: Day(moment(words.get("day")).0 / 86_400_000),
                    file: [4; 32],
                    opening,
                    closing: money("closing").unwrap_or(opening + sum),
                    lines,
                }
                .into()
            }
            _ => return None,
        })
    }

    fn statement_line(&self, text: &str, currency: Option<Label>) -> StatementLine {
        let parts: Vec<&str> = text.split(':').collect();
        let names = match parts.get(2) {
            None => Names::Nobody,
            Some(it) if it.starts_with("PAY") => Names::Payment(PaymentId(self.id(it))),
            Some(it) => {
                let party = PartyId(self.id(it));
                let foreign = |it| self.state.foreign_cash.get(&(party, it)).copied();
                let account = currency.map_or(self.state.cash_account_of(party), foreign);
                Names::Account(account.unwrap_or(CashAccountId(999)))
            }
        };
        let reference = BankReference::new(parts[0]).unwrap();
        StatementLine { reference, amount: Money(cents(parts[1])), names }
    }

    fn units(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        let quantity = || Tonnes(words.number("quantity"));
        let account = |key: &str| AccountId(self.account(words.get(key)));
        Some(match words.plain[0] {
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
            "cancel-transfer" => {
                CancelTransfer { transfer: HoldId(u64::from(self.id(words.plain[1]))) }.into()
            }
            "expire" => Expire { jurisdiction: of(), account: account("account") }.into(),
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
            _ => return None,
        })
    }

    fn reports(&self, words: &Words<'_>) -> Option<Command> {
        let year = || Year(words.number("year"));
        let quantity = || Tonnes(words.number("quantity"));
        let installation = |key: &str| InstallationId(self.id(words.get(key)));
        Some(match words.plain[0] {
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
            "estimate" => EstimateEmissions {
                installation: installation("for"),
                year: year(),
                emissions: quantity(),
            }
            .into(),
            _ => return None,
        })
    }

    fn compliance(&self, words: &Words<'_>) -> Option<Command> {
        let of = || JurisdictionId(self.id(words.get("of")));
        let year = || Year(words.number("year"));
        let quantity = || Tonnes(words.number("quantity"));
        let installation = |key: &str| InstallationId(self.id(words.get(key)));
        Some(match words.plain[0] {
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
            "surrender" => {
                let installation = installation("for");
                Surrender { installation, year: year(), quantity: quantity() }.into()
            }
            "close" => CloseYear { jurisdiction: of(), year: year() }.into(),
            _ => return None,
        })
    }
}
