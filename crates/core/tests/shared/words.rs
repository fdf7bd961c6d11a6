//! The words of a story's lines, and what they mean.

use karvan_core::account::{AccountKind, SinglePerson};
use karvan_core::allocation::Source;
use karvan_core::allocation::entitlement::{Basis, Method};
use karvan_core::book::plan::{OrderKind, SelfMatch};
use karvan_core::calendar::{Calendar, DelayRule, Offset};
use karvan_core::cash::ask_payment::LegAsked;
use karvan_core::cash::payment::Way;
use karvan_core::compatibility::{Pair, SettlementClass};
use karvan_core::grounds::Grounds;
use karvan_core::id::{JurisdictionId, Label};
use karvan_core::ledger::{Serials, UnitClass};
use karvan_core::mirror::ForeignBlock;
use karvan_core::mrv::Decimal;
use karvan_core::mrv::stream::{Category, Measure, SourceStream, Unit};
use karvan_core::party::PersonRights;
use karvan_core::quantity::{Money, Price, Tonnes, WattHours};
use karvan_core::rules::{
    AuctionRules, BelowSecondary, BlockTradeRules, ContinuousRules, EvidenceRules,
    JURISDICTIONS_MAX, JurisdictionRules, LinkRules, MakerRules, MarketRules, Penalty,
    ProductRules, Registry, Stage, Tier, Ties, TradingRules, Undersubscribed, YearRules,
};
use karvan_core::supply::reserve::QuantityShares;
use karvan_core::time::{Instant, Year};
use std::collections::{BTreeMap, BTreeSet};

/// The words of a line: positional ones, and `key=value` ones.
pub(crate) struct Words<'a> {
    pub(crate) plain: Vec<&'a str>,
    pub(crate) keyed: BTreeMap<&'a str, &'a str>,
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

    pub(crate) fn get(&self, key: &str) -> &'a str {
        self.keyed.get(key).unwrap_or_else(|| panic!("{key}=… is missing"))
    }

    pub(crate) fn number<N: std::str::FromStr>(&self, key: &str) -> N {
        self.get(key).parse().unwrap_or_else(|_| panic!("{key}={} is no number", self.get(key)))
    }
}

pub(crate) fn cents(text: &str) -> i64 {
    let (whole, rest) = text.split_once('.').unwrap_or((text, "00"));
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    whole.parse::<i64>().unwrap() * 100 + sign * format!("{rest:0<2}").parse::<i64>().unwrap()
}

/// A date, or a date with the hour and minute (UTC) behind it: 2027-02-01T09:30.
pub(crate) fn moment(text: &str) -> Instant {
    if let Some((date, time)) = text.split_once('T') {
        let (hour, minute) = time.split_once(':').unwrap();
        let minutes = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
        return Instant(moment(date).0 + minutes * 60_000);
    }
    let parts: Vec<i64> = text.split('-').map(|it| it.parse().unwrap()).collect();
    Instant::of_date(parts[0], parts[1], parts[2])
}

pub(crate) fn kind(text: &str) -> AccountKind {
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

pub(crate) fn single(words: &Words<'_>) -> SinglePerson {
    let yes = |key: &str| words.keyed.get(key) == Some(&"alone");
    SinglePerson { surrender: yes("surrender"), trusted: yes("trusted") }
}

/// Why, where a story does not say because=nothing.
pub(crate) fn grounds(words: &Words<'_>) -> Grounds {
    Grounds::new(words.keyed.get("because").map_or("a story", |_| ""), [5; 32])
}

pub(crate) fn sectors(text: &str) -> BTreeSet<Label> {
    text.split(',').filter(|it| *it != "none").map(|it| Label::new(it).unwrap()).collect()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub(crate) fn currency(words: &Words<'_>) -> Option<Label> {
    words.keyed.get("in-currency").map(|it| Label::new(it).unwrap())
}

/// Foreign serials written as FIRST-LAST.
pub(crate) fn foreign(text: &str, year: Year) -> ForeignBlock {
    let (first, last) = text.split_once('-').unwrap();
    let (first, last): (u64, u64) = (first.parse().unwrap(), last.parse().unwrap());
    let serials = Serials { first, count: Tonnes((last + 1).saturating_sub(first)) };
    ForeignBlock { year, serials, lock: Label::new("lock-7").unwrap() }
}

pub(crate) fn source(words: &Words<'_>) -> Source {
    match words.keyed.get("table") {
        Some(&"entrants") => Source::NewEntrants,
        _ => Source::National,
    }
}

/// A basis written as METHOD:BENCHMARK:ACTIVITY:LEAKAGE:CORRECTION.
pub(crate) fn basis(text: &str) -> Basis {
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

pub(crate) fn rights_of(text: &str) -> PersonRights {
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
                surrender_due: match words.keyed.get("y_surrender_month") {
                    Some(month) if y => due(month.parse().unwrap(), 1),
                    _ => due(text("surrender_month", "7").parse().unwrap(), 1),
                },
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
    if text("third", "no") == "yes" {
        jurisdictions.push(chapter("XXC", years(2027, 2030, true), words));
    }
    match text("chapters", "").as_str() {
        "none" => jurisdictions.clear(),
        "swapped" => jurisdictions.swap(0, 1),
        "many" => jurisdictions = vec![jurisdictions[0].clone(); JURISDICTIONS_MAX + 1],
        "gap" => drop(jurisdictions[0].years.remove(1)),
        "backward" => {
            let later = jurisdictions[0].years[1].surrender_due;
            jurisdictions[0].years[0].surrender_due = later;
            jurisdictions[0].years[0].true_up_due = later;
        }
        _ => {}
    }
    MarketRules {
        name: text("name", "two invented countries").replace("none", ""),
        currency: code(&text("currency", "USD")),
        jurisdictions,
        policy_hash: [0; 32],
        transfer_limit: words.keyed.get("region_limit").map(|it| Tonnes(it.parse().unwrap())),
        publication_years: 3,
        payment_days: text("payment-days", "30").parse().unwrap(),
        notice_days: text("notice", "0").parse().unwrap(),
        links: text("links", "").split('+').filter(|it| !it.is_empty()).map(link).collect(),
        settles: match text("settles", "").split_once('-') {
            Some((one, other)) => Pair::new(class(one), class(other)).into_iter().collect(),
            None => BTreeSet::new(),
        },
    }
}

/// A settlement class by its letter.
pub(crate) fn class(letter: &str) -> SettlementClass {
    SettlementClass::new(letter.chars().next().unwrap()).unwrap()
}

/// A link written as XY:YEARS, and behind further colons its ratio, quota, levy, or surplus.
pub(crate) fn link(text: &str) -> LinkRules {
    let mut parts = text.split(':');
    let ends = parts.next().unwrap();
    let end = |it: &str| JurisdictionId(u32::from(it.as_bytes()[0] - b'X'));
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
pub(crate) fn stream(text: &str) -> SourceStream {
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
pub(crate) fn tier(text: &str) -> Option<Tier> {
    let (price, volume) = text.split_once(':')?;
    Some(Tier { price: Price(cents(price)), volume: Tonnes(volume.parse().unwrap()) })
}

/// A kind of order.
pub(crate) fn order_kind(text: &str) -> OrderKind {
    match text {
        "" => OrderKind::Limit,
        "market" => OrderKind::Market,
        "ioc" => OrderKind::ImmediateOrCancel,
        "fok" => OrderKind::FillOrKill,
        "post" => OrderKind::PostOnly,
        other => panic!("no kind of order {other}"),
    }
}

/// What happens where an order meets its own group.
pub(crate) fn self_match(text: &str) -> SelfMatch {
    match text {
        "" | "incoming" => SelfMatch::CancelIncoming,
        "resting" => SelfMatch::CancelResting,
        "both" => SelfMatch::CancelBoth,
        "less" => SelfMatch::Decrement,
        other => panic!("no rule {other}"),
    }
}

/// How units are traded: in calls alone, or in sessions of weekdays from 10 to 16 with fees of
/// 10 and 20 hundredths of a percent, and bands of 50 and 20 percent.
fn trading(text: &str) -> TradingRules {
    let sessions = ContinuousRules {
        opens: 600,
        closes: 960,
        maker_fee_bp: 0,
        taker_fee_bp: 0,
        static_band_bp: None,
        dynamic_band_bp: None,
        volatility_minutes: 30,
    };
    let (tick, lot) = (Price(1), Tonnes(1));
    let wide = ContinuousRules { static_band_bp: Some(10_000), ..sessions };
    let with = |it| TradingRules { tick, lot, continuous: Some(it), ..TradingRules::default() };
    match text {
        "calls" => TradingRules::default(),
        "never" => with(ContinuousRules { closes: 600, ..sessions }),
        "sessions" => with(sessions),
        "lots" => TradingRules { tick: Price(5), lot: Tonnes(10), ..with(sessions) },
        // The widest band there is.
        "offers" => TradingRules { direct_buy: true, ..with(wide) },
        "all" => TradingRules {
            direct_buy: true,
            block_trade: Some(BlockTradeRules {
                least: Tonnes(4),
                publication_minutes: 60,
                band_bp: 1_000,
            }),
            ..with(ContinuousRules { opens: 0, closes: 1_440, ..wide })
        },
        "blocks" => TradingRules {
            block_trade: Some(BlockTradeRules {
                least: Tonnes(100),
                publication_minutes: 60,
                band_bp: 1_000,
            }),
            ..TradingRules::default()
        },
        "drawn" => TradingRules { random_end_minutes: 10, ..TradingRules::default() },
        "fees" => with(ContinuousRules { maker_fee_bp: 10, taker_fee_bp: 20, ..sessions }),
        "bands" => TradingRules {
            direct_buy: true,
            ..with(ContinuousRules {
                static_band_bp: Some(5_000),
                dynamic_band_bp: Some(2_000),
                ..sessions
            })
        },
        other => panic!("no trading {other}"),
    }
}

/// Certificates of a megawatt-hour, or of another quantum in kWh, that live so many months (0 for
/// ever); credits by a grid of 500 grams, or none.
fn evidence(months: &str, words: &Words<'_>) -> EvidenceRules {
    let months: u32 = months.parse().unwrap();
    EvidenceRules {
        quantum: WattHours(
            words.keyed.get("quantum").map_or(1_000, |it| it.parse().unwrap()) * 1_000,
        ),
        expires_months: (months > 0).then_some(months),
        margin_percent: 5,
        grid_grams_per_kwh: (!words.keyed.contains_key("grid")).then_some(500),
    }
}

/// Products such as WIND/certificate/wind or CRED/credit, with commas between them.
fn products(text: &str) -> Option<Vec<ProductRules>> {
    // A number stands for so many.
    let many = text.parse().ok().map(|count: u32| {
        (0..count).map(|it| format!("P{it}/credit")).collect::<Vec<_>>().join(",")
    });
    let text = many.as_deref().unwrap_or(text);
    let product = |it: &str| {
        let parts: Vec<&str> = it.split('/').collect();
        let technologies: Vec<&str> =
            parts.get(2).map_or(vec![], |it| it.split('+').filter(|it| !it.is_empty()).collect());
        ProductRules {
            code: Label::new(parts[0]).unwrap(),
            class: match parts[1] {
                "certificate" => UnitClass::Certificate,
                "credit" => UnitClass::Credit,
                _ => UnitClass::Allowance,
            },
            technologies: technologies.iter().map(|it| Label::new(it).unwrap()).collect(),
            trading: trading(parts.get(3).copied().unwrap_or("sessions")),
            quote: None,
        }
    };
    let all: Vec<ProductRules> = text.split(',').filter(|it| !it.is_empty()).map(product).collect();
    (!all.is_empty()).then_some(all)
}

/// A chapter. Its calendar knows no pause, or is that of weekdays at UTC+5 with 1 January off.
pub(crate) fn chapter(code: &str, years: Vec<YearRules>, words: &Words<'_>) -> JurisdictionRules {
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
        trading: trading(text("trading", "calls")),
        evidence: words.keyed.get("evidence").map(|it| evidence(it, words)),
        products: products(text("products", "")),
        quote: words.keyed.get("quote").filter(|_| code == "XXA").and_then(|it| Label::new(it)),
        maker: words.keyed.get("maker").map(|_| MakerRules {
            spread_bp: 200,
            size: Tonnes(10),
            presence_percent: 50,
        }),
        settlement_class: class(if code == "XXB" { text("class_y", "A") } else { "A" }),
        holding_limit_bp: words.keyed.get("holding_bp").map(|it| it.parse().unwrap()),
        registry: if words.keyed.get("mirror") == Some(&code) {
            Registry::Mirror
        } else {
            Registry::Native
        },
    }
}

/// A leg of a payment, written as out:100.00 or in:100.00:XAC.
pub(crate) fn leg(text: &str) -> LegAsked {
    let parts: Vec<&str> = text.split(':').collect();
    let way = if parts[0] == "out" { Way::Out } else { Way::In };
    let currency = parts.get(2).map(|it| Label::new(it).unwrap());
    LegAsked { way, amount: Money(cents(parts[1])), currency }
}
