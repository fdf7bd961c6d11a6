//! The market that is attacked: two invented countries, administrators, operators, a trader.

use karvan_core::Command;
use karvan_core::account::register_installation::RegisterInstallation;
use karvan_core::account::{AccountKind, SinglePerson, open_account::OpenAccount};
use karvan_core::allocation::Source;
use karvan_core::allocation::allocate::Allocate;
use karvan_core::allocation::upload_allocation::{AllocationRow, UploadAllocation};
use karvan_core::calendar::{Calendar, Offset};
use karvan_core::cash::{deposit::Deposit, open_cash_account::OpenCashAccount};
use karvan_core::compatibility::set_settlement_class::SetSettlementClass;
use karvan_core::compatibility::{Pair, SettlementClass};
use karvan_core::evidence::register_site::RegisterSite;
use karvan_core::grounds::Grounds;
use karvan_core::id::{
    AccountId, BankReference, GroupId, InstallationId, JurisdictionId, Label, NOBODY, PartyId,
    PersonId, SeriesId,
};
use karvan_core::ledger::UnitClass;
use karvan_core::market::adopt_policy::AdoptPolicy;
use karvan_core::party::{Role, register_party::RegisterParty};
use karvan_core::quantity::{Money, Price, Tonnes, WattHours, Watts};
use karvan_core::rules::{
    AuctionRules, BelowSecondary, BlockTradeRules, ContinuousRules, EvidenceRules,
    JurisdictionRules, LinkRules, MarketRules, Penalty, ProductRules, Registry, Stage, TIERS_MAX,
    Ties, TradingRules, Undersubscribed, YearRules,
};
use karvan_core::supply::reserve::QuantityShares;
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::supply::{central_transfer::CentralTransfer, issue::Issue};
use karvan_core::time::{Instant, Year};
use karvan_core::units::transfer::{Consideration, Transfer};
use std::collections::BTreeSet;

/// When it begins.
pub fn begins() -> Instant {
    Instant(Instant::of_date(2027, 6, 1).0 + 5 * 3_600_000)
}

/// Everybody has two persons.
const PERSONS: u8 = 2;
/// The country with the market.
pub const X: JurisdictionId = JurisdictionId(0);

pub(crate) fn label(text: &str) -> Label {
    Label::new(text).unwrap()
}

/// Units of the first year expire within the simulated time, all others later.
fn year(number: u16) -> YearRules {
    let due = |month| Instant::of_date(i64::from(number) + 1, month, 1);
    YearRules {
        year: Year(number),
        stage: Stage::Ets,
        valid_to: Year(if number == 2026 { 2027 } else { number.max(2030) }),
        report_due: due(4),
        surrender_due: due(5),
        true_up_due: due(5),
        intensity: false,
        ceiling: Some(Price(3_000)),
        auction: AuctionRules {
            lot: Tonnes(10),
            reserve: Price(100),
            undersubscribed: Undersubscribed::Sell,
            below_secondary: BelowSecondary::Ignore,
            below_secondary_percent: 10,
            purchase_limit_percent: 100,
            bids_max: 100,
            ties: Ties::Seeded,
            tiers: [None; TIERS_MAX],
            withhold: None,
        },
        penalty: Penalty {
            per_tonne: Price(2_000),
            of_mean_price_percent: 0,
            make_good: true,
            index: None,
        },
        quantity: Some(QuantityShares {
            upper_bp: 1_500,
            middle_bp: 1_500,
            lower_bp: 600,
            rate_bp: 2_400,
            release_bp: 200,
            invalidation_bp: 500,
        }),
    }
}

/// The first country trades in sessions round the clock of working days, with fees and bands.
fn trading(code: &str) -> TradingRules {
    let sessions = ContinuousRules {
        opens: 0,
        closes: 1_440,
        maker_fee_bp: 10,
        taker_fee_bp: 25,
        static_band_bp: Some(1_500),
        dynamic_band_bp: Some(900),
        volatility_minutes: 60,
    };
    let continuous = (code == "XXA").then_some(sessions);
    let block_trade = continuous.map(|_| BlockTradeRules {
        least: Tonnes(4),
        publication_minutes: 60,
        band_bp: 1_000,
    });
    let direct_buy = continuous.is_some();
    TradingRules { continuous, direct_buy, block_trade, ..TradingRules::default() }
}

/// Their policy. A holder group may give a tenth of the cap to strangers within five working days.
pub fn rules() -> MarketRules {
    let calendar = Calendar {
        offsets: vec![Offset { since: Instant(0), minutes: 300 }],
        yearly: BTreeSet::from([(1, 1), (3, 21)]),
        ..Calendar::plain()
    };
    let chapter = |code: &str, country: &str| JurisdictionRules {
        code: label(code),
        years: (2026..=2032).map(year).collect(),
        country: label(country),
        calendar: calendar.clone(),
        transfer_limit_bp: LIMIT_BP,
        admits: AccountKind::ALL.iter().copied().collect(),
        holding_limit_bp: None,
        trading: trading(code),
        evidence: (code == "XXA").then_some(EVIDENCE),
        products: (code == "XXA").then(products),
        quote: None,
        maker: None,
        settlement_class: CLASSES[usize::from(code != "XXA")],
        // The law of the second country keeps its register elsewhere.
        registry: if code == "XXB" { Registry::Mirror } else { Registry::Native },
    };
    MarketRules {
        name: "two invented countries".to_owned(),
        currency: label("USD"),
        jurisdictions: vec![chapter("XXA", "XA"), chapter("XXB", "XB")],
        policy_hash: [0; 32],
        transfer_limit: None,
        publication_years: 3,
        notice_days: 30,
        payment_days: 20,
        // Units of the first country count in the second; those of the second in the first by
        // coupled auctions alone.
        links: vec![
            LinkRules {
                from: X,
                to: JurisdictionId(1),
                ratio: (1, 1),
                years: (2027..=2032).map(|it| (Year(it), None)).collect(),
                levy: Price(0),
                surplus_only: false,
            },
            LinkRules {
                from: JurisdictionId(1),
                to: X,
                ratio: (1, 1),
                years: (2027..=2032).map(|it| (Year(it), Some(Tonnes(QUOTA)))).collect(),
                levy: Price(10),
                surplus_only: false,
            },
        ],
        settles: Pair::new(CLASSES[0], CLASSES[1]).into_iter().collect(),
    }
}

/// The settlement classes of the two countries; they settle until somebody says otherwise.
pub const CLASSES: [SettlementClass; 2] = [SettlementClass::FIRST, SettlementClass::LAST];

/// Certificates of a megawatt-hour that live a month; a grid of 500 grams a kilowatt-hour.
const EVIDENCE: EvidenceRules = EvidenceRules {
    quantum: WattHours(1_000_000),
    expires_months: Some(1),
    margin_percent: 5,
    grid_grams_per_kwh: Some(500),
};

/// Certificates of wind are traded in sessions, all credits in calls.
fn products() -> Vec<ProductRules> {
    let product = |code: &str, class, technology: Option<&str>, trading| ProductRules {
        code: label(code),
        class,
        technologies: technology.into_iter().map(label).collect(),
        trading,
        quote: None,
    };
    vec![
        product("WIND", UnitClass::Certificate, Some("wind"), trading("XXA")),
        product("CREDITS", UnitClass::Credit, None, TradingRules::default()),
    ]
}

/// What may come back in a year.
pub const QUOTA: u64 = 40;

/// See [`rules`], in hundredths of a percent of the cap.
pub const LIMIT_BP: u32 = 1_000;

/// What opens the market: who asks what, in turn. What needs two persons is asked by the first.
pub fn opening(step: usize) -> Option<(PersonId, Command)> {
    let register = |role, group, jurisdiction| {
        let (group, persons) = (GroupId(group), PERSONS);
        Command::from(RegisterParty { role, jurisdiction, group, persons, scope: None })
    };
    let party = |place: u32| PersonId(1 + u32::from(PERSONS) * place);
    let (region, nation, bank) = (party(0), party(1), party(2));
    let kinds: Vec<AccountKind> =
        AccountKind::ALL.iter().copied().filter(|it| it.is_government()).collect();
    let mut all: Vec<(PersonId, Command)> = vec![
        (NOBODY, register(Role::RegionalAdministrator, 0, None)),
        (region, AdoptPolicy { rules: Box::new(rules()) }.into()),
        (region, register(Role::NationalAdministrator, 1, Some(X))),
        (region, register(Role::SettlementBank, 2, None)),
        (nation, register(Role::Operator, 3, Some(X))),
        (nation, register(Role::Operator, 4, Some(X))),
        (nation, register(Role::Trader, 5, Some(X))),
        (nation, register(Role::Verifier, 6, Some(X))),
        (region, register(Role::NationalAdministrator, 7, Some(JurisdictionId(1)))),
    ];
    let single = SinglePerson { surrender: true, trusted: true };
    for kind in kinds {
        // Escrows of links are the region's.
        let links = kind == AccountKind::LinkEscrow;
        let (actor, holder) = if links { (region, PartyId(0)) } else { (nation, PartyId(1)) };
        let towards = links.then_some(JurisdictionId(1));
        let open = OpenAccount { kind, holder, jurisdiction: X, single, towards };
        all.push((actor, open.into()));
    }
    for (number, operator) in [(1, 3), (2, 4), (3, 3)] {
        let register = RegisterInstallation {
            label: label(&format!("X-{number}")),
            jurisdiction: X,
            operator: PartyId(operator),
            obliged_from: Some(Year(2027)),
            single,
            sector: label("power"),
        };
        all.push((nation, register.into()));
    }
    let (kind, holder) = (AccountKind::Trading, PartyId(5));
    let trading = OpenAccount { kind, holder, jurisdiction: X, single, towards: None };
    all.push((nation, trading.into()));
    for party in [2, 1, 3, 4, 5].map(PartyId) {
        all.push((bank, OpenCashAccount { party, currency: None }.into()));
    }
    for (number, party) in (1..).zip([3, 4, 5].map(PartyId)) {
        let reference = BankReference::of_number(number);
        all.push((
            bank,
            Deposit { party, amount: Money(1_000_000), reference, currency: None }.into(),
        ));
    }
    for year in [2026, 2027, 2028].map(Year) {
        // The first year has units of earlier law, all others a cap.
        let earlier = year == Year(2026);
        let (cap, opening) = if earlier { (0, 1_000) } else { (1_000, 0) };
        let (quantity, opening) = (Tonnes(cap), Tonnes(opening));
        let basis = CapBasis { grounds: Grounds::new("the law", [0; 32]), activity: None };
        all.push((nation, SetCap { jurisdiction: X, year, quantity, opening, basis }.into()));
        let quantity = Tonnes(900);
        all.push((nation, Issue { jurisdiction: X, year, quantity }.into()));
        let general = AccountKind::GeneralHolding;
        let parts = [(AccountKind::Allocation, 500), (AccountKind::Auction, 300), (general, 100)];
        for (to, quantity) in parts {
            let (from, quantity) = (AccountKind::TotalQuantity, Tonnes(quantity));
            all.push((
                nation,
                CentralTransfer { jurisdiction: X, from, to, year, quantity }.into(),
            ));
        }
        let rows = [(0, 150), (1, 120), (2, 90)].map(|(installation, quantity)| AllocationRow {
            installation: InstallationId(installation),
            quantity: Tonnes(quantity),
            basis: None,
        });
        let rows = rows.into();
        let source = Source::National;
        all.push((nation, UploadAllocation { jurisdiction: X, year, rows, source }.into()));
        let installations = vec![InstallationId(0), InstallationId(1)];
        all.push((nation, Allocate { jurisdiction: X, year, installations, source }.into()));
    }
    // The trader has units that came free to nobody: they may leave the country.
    let kinds = AccountKind::ALL.iter().filter(|it| it.is_government());
    let general = kinds.clone().position(|it| *it == AccountKind::GeneralHolding);
    let account = |place: usize| AccountId(u32::try_from(place).unwrap());
    // The accounts of the government come first, then those of three installations.
    let (from, to) = (account(general.unwrap()), account(kinds.count() + 3));
    for series in [1, 2].map(SeriesId) {
        let (quantity, consideration) = (Tonnes(45), Consideration::Free);
        all.push((nation, Transfer { from, to, series, quantity, consideration }.into()));
    }
    // One operator is in the other class: it trades as long as the classes settle.
    let class = CLASSES[1];
    let grounds = Grounds::new("the law", [0; 32]);
    all.push((nation, SetSettlementClass { party: PartyId(4), class, grounds }.into()));
    // The second country: a trader, and room for what its register locks.
    let (second, jurisdiction) = (party(7), JurisdictionId(1));
    all.push((second, register(Role::Trader, 8, Some(jurisdiction))));
    let (kind, holder, towards) = (AccountKind::Trading, PartyId(8), None);
    all.push((second, OpenAccount { kind, holder, jurisdiction, single, towards }.into()));
    for kind in [AccountKind::TotalQuantity, AccountKind::Deletion, AccountKind::GeneralHolding] {
        let holder = PartyId(7);
        all.push((second, OpenAccount { kind, holder, jurisdiction, single, towards }.into()));
    }
    let (kind, holder, towards) = (AccountKind::LinkEscrow, PartyId(0), Some(X));
    all.push((region, OpenAccount { kind, holder, jurisdiction, single, towards }.into()));
    for party in [0, 7, 8].map(PartyId) {
        all.push((bank, OpenCashAccount { party, currency: None }.into()));
    }
    for (number, party) in (4..).zip([0, 8].map(PartyId)) {
        let reference = BankReference::of_number(number);
        let (amount, currency) = (Money(1_000_000), None);
        all.push((bank, Deposit { party, amount, reference, currency }.into()));
    }
    let (year, quantity, opening) = (Year(2027), Tonnes(1_000), Tonnes::ZERO);
    let basis = CapBasis { grounds: Grounds::new("the law", [0; 32]), activity: None };
    all.push((second, SetCap { jurisdiction, year, quantity, opening, basis }.into()));
    // The trader has a wind park and a landfill from which gas is flared.
    let (kind, holder, towards) = (AccountKind::Project, PartyId(5), None);
    let jurisdiction = X;
    all.push((nation, OpenAccount { kind, holder, jurisdiction, single, towards }.into()));
    let opened = |(_, it): &&(PersonId, Command)| {
        matches!(it, Command::OpenAccount(_) | Command::RegisterInstallation(_))
    };
    let account = account(all.iter().filter(opened).count() - 1);
    for (name, technology, capacity) in
        [("S-W", "wind", Some(Watts(5_000_000))), ("S-L", "landfill", None)]
    {
        let (label, technology) = (label(name), label(technology));
        let installation = None;
        let register =
            RegisterSite { label, jurisdiction, account, technology, capacity, installation };
        all.push((nation, register.into()));
    }
    all.into_iter().nth(step)
}
