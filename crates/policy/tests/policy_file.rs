//! What a policy file may say, and what its author is told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test stops")]

use karvan_core::calendar::DelayRule;
use karvan_core::compatibility::{Pair, SettlementClass};
use karvan_core::id::ProductId;
use karvan_core::ledger::UnitClass;
use karvan_core::quantity::{Price, Tonnes, WattHours};
use karvan_core::rules::{BlockTradeRules, Stage, TradingRules};
use karvan_core::time::Instant;
use karvan_policy::{Mistake, Policy};

const PILOT: &str = include_str!("../../../policies/eco-pilot.toml");

/// The smallest market with an obligation.
const SMALL: &str = "\
[market]
first_year = 2027
last_year = 2028
[jurisdiction.XXA]
stage = \"ets\"
baseline_mt = 10
cap_mt = { 2027 = 10, 2028 = 9.9 }
";

fn mistakes(text: &str) -> Vec<Mistake> {
    Policy::parse(text).expect_err("a file with mistakes")
}

/// The only mistake of the small file after a change.
fn mistake(from: &str, to: &str) -> Mistake {
    assert!(SMALL.contains(from), "{from}");
    let mut all = mistakes(&SMALL.replacen(from, to, 1));
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[test]
fn the_shipped_pilot_has_no_mistake_and_means_what_it_says() {
    let policy = Policy::parse(PILOT).expect("the shipped pilot");
    assert_eq!(policy.jurisdictions.len(), 10);
    let rules = policy.rules();
    let (id, _) = rules.chapters().find(|(_, it)| it.code.to_string() == "TUR").unwrap();
    let year = |it: u16| rules.year(id, karvan_core::time::Year(it)).unwrap();
    assert_eq!((year(2027).stage, year(2028).stage), (Stage::Pilot, Stage::Ets));
    assert_eq!(year(2028).auction.lot, Tonnes(500));
    assert_eq!(year(2028).auction.reserve, Price(500));
    // 30 September 2029 is a Sunday: due at the end of Monday, which is 21:00 UTC at UTC+3.
    let due = Instant::of_date(2029, 10, 1).0 + 21 * 3_600_000;
    assert_eq!(year(2028).surrender_due, Instant(due));
    assert_eq!(year(2027).valid_to.0, 2027, "nothing is carried out of the pilot");
    // An observer has no cap and nobody owes anything.
    let (id, _) = rules.chapters().find(|(_, it)| it.code.to_string() == "AFG").unwrap();
    let observes = rules.year(id, karvan_core::time::Year(2030)).unwrap();
    assert!(!observes.stage.obliges());
}

#[test]
fn everything_has_a_default() {
    let policy = Policy::parse(SMALL).expect("the small file");
    let it = &policy.jurisdictions[0];
    assert_eq!((policy.currency.as_str(), it.name.as_str()), ("USD", "XXA"));
    assert_eq!((it.free_percent.at(2027), it.auction_percent.at(2027)), (100.0, 0.0));
    assert_eq!((it.report_due, it.surrender_due), ((4, 30), (9, 30)));
    assert_eq!(it.valid_to(2027), 2027, "without a period a unit counts for its own year");
    assert!(it.declared.keys.is_empty() && policy.links.is_empty());
}

#[test]
fn all_mistakes_of_a_file_are_named_at_once_with_line_key_and_what_is_allowed() {
    let text = "\
[market]
first_year = \"soon\"
currency = \"dollars\"
[jurisdiction.XXA]
stage = \"perfect\"
baseline_mt = -1
cap_mt = { 2027 = 10, never = 3 }
threshold_t_per_year = 1.5
surrender_due_month_day = \"13-40\"
penalty_make_good = \"yes\"
sectors = [\"power\", \"magic\"]
units_valid_within = [\"2030-2027\"]
capp_mt = 7
[jurisdiction.XXA.basis]
cap_mt = \"hope\"
free_percent = \"law\"
[jurisdiction.lowercase]
[extra]
";
    let found: Vec<(usize, String)> =
        mistakes(text).into_iter().map(|it| (it.line, it.key)).collect();
    let expected = [
        (2, "market.first_year"),
        (3, "market.currency"),
        (5, "jurisdiction.XXA.stage"),
        (6, "jurisdiction.XXA.baseline_mt"),
        (7, "jurisdiction.XXA.cap_mt.never"),
        (8, "jurisdiction.XXA.threshold_t_per_year"),
        (9, "jurisdiction.XXA.surrender_due_month_day"),
        (10, "jurisdiction.XXA.penalty_make_good"),
        (11, "jurisdiction.XXA.sectors"),
        (12, "jurisdiction.XXA.units_valid_within"),
        (13, "jurisdiction.XXA.capp_mt"),
        (15, "jurisdiction.XXA.basis.cap_mt"),
        (16, "jurisdiction.XXA.basis.free_percent"),
        (17, "jurisdiction.lowercase"),
        (18, "extra"),
    ];
    assert_eq!(found, expected.map(|(line, key)| (line, key.to_owned())));
    for it in mistakes(text) {
        let says =
            ["allowed", "unknown", "does not have"].iter().any(|word| it.what.contains(word));
        assert!(says, "{it} does not say what is allowed");
    }
}

#[test]
fn an_unknown_key_is_refused_and_the_nearest_known_one_is_named() {
    let it = mistake("baseline_mt", "base_line_mt");
    assert_eq!((it.line, it.key.as_str()), (6, "jurisdiction.XXA.base_line_mt"));
    assert!(it.what.contains("did you mean baseline_mt?"), "{it}");
}

#[test]
fn a_cap_that_cannot_be_reached_is_refused_with_both_figures() {
    // 10 Mt less 8 % of the half that can be avoided leave 9.6 Mt; there are 9.5.
    let it = mistake("2027 = 10", "2027 = 9.5");
    assert_eq!((it.line, it.key.as_str()), (7, "jurisdiction.XXA.cap_mt"));
    assert!(it.what.contains("9.50 Mt (cap and bank)") && it.what.contains("9.60 Mt"), "{it}");
    assert!(it.what.contains("2027"), "{it}");
    // With bands that reach 10 % of all emissions, 8 % of that can be built a year.
    let bands = SMALL.replace("stage", "abatement_usd_per_t_and_share = [[20.0, 0.1]]\nstage");
    let few = mistakes(&bands.replace("2027 = 10", "2027 = 9.9"));
    assert!(few[0].what.contains("9.90 Mt (cap and bank)"), "{}", few[0]);
    assert!(few[0].what.contains("9.92 Mt"), "{}", few[0]);
    // What was saved in the year before may close the gap of the next, within one period only.
    let tight = SMALL.replace("2028 = 9.9", "2028 = 9.0");
    assert!(mistakes(&tight)[0].what.contains("9.00 Mt"), "no period, no bank");
    let banked = tight.replace("stage", "units_valid_within = [\"2027-2028\"]\nstage");
    Policy::parse(&banked).expect("0.4 Mt are left over from 2027");
}

#[test]
fn a_year_with_an_obligation_needs_a_cap_and_shares_that_make_a_hundred() {
    let it = mistake(", 2028 = 9.9", "");
    assert!(it.what.contains("2028"), "{it}");
    let it = mistake("baseline_mt", "auction_percent = 10\nbaseline_mt");
    assert!(it.key.ends_with("free_percent") && it.what.contains("110"), "{it}");
}

#[test]
fn a_set_of_auction_rules_is_a_beginning_that_single_keys_change() {
    use karvan_core::rules::{BelowSecondary, Undersubscribed};
    let rules = |more: &str| {
        let text = SMALL.replace("stage", &format!("{more}\nstage"));
        let it = Policy::parse(&text).expect("a small file").jurisdictions.remove(0);
        (it.auctions.undersubscribed, it.auctions.below_secondary)
    };
    let (eu, uk) = (
        (Undersubscribed::Cancel, BelowSecondary::Cancel),
        (Undersubscribed::Sell, BelowSecondary::StepUp),
    );
    assert_eq!((rules(""), rules("auction_rule_set = \"uk\"")), (uk, uk));
    assert_eq!(rules("auction_rule_set = \"eu\""), eu);
    let mixed = "auction_rule_set = \"eu\"\nauction_below_secondary = \"step_up\"";
    assert_eq!(rules(mixed), (Undersubscribed::Cancel, BelowSecondary::StepUp));
    assert!(mistake("stage", "auction_rule_set = \"us\"\nstage").what.contains("\"eu\", \"uk\""));
}

#[test]
fn a_calendar_is_read_with_all_its_mistakes() {
    let small = |more: &str| SMALL.replace("stage", &format!("{more}\nstage"));
    let text = small(
        "utc_offset = { 2024 = \"+06:00\", 2027 = \"+05:30\" }\nweekend = [\"friday\"]\n\
         holidays_month_day = [\"03-21\"]\nholidays_dated = [\"2027-03-10\"]\n\
         opens = \"09:00\"\ncloses = \"17:30\"\ndelay_rule = \"uk_hours\"\n\
         transfer_delay_hours = 48\ntransfer_limit_percent_of_cap = 0.25",
    );
    let rules = Policy::parse(&text).expect("a small file").rules();
    let (calendar, points) =
        (&rules.jurisdictions[0].calendar, rules.jurisdictions[0].transfer_limit_bp);
    assert_eq!((calendar.opens, calendar.closes, points), (540, 1_050, 25));
    assert_eq!(calendar.delay, DelayRule::UkHours(2_880));
    assert_eq!(calendar.local(Instant::of_date(2027, 1, 1)).to_string(), "2027-01-01T05:30:00");
    assert_eq!(calendar.local(Instant::of_date(2026, 7, 1)).to_string(), "2026-07-01T06:00:00");
    let wrong = small(
        "utc_offset = \"5\"\nholidays_month_day = [\"02-29\"]\nholidays_dated = [\"2027-02-29\"]\n\
         opens = \"25:00\"\ncountry = \"XXX\"\ntransfer_delay_hours = 3",
    );
    let keys: Vec<String> = mistakes(&wrong).into_iter().map(|it| it.key).collect();
    let expected = [
        "utc_offset",
        "holidays_month_day",
        "holidays_dated",
        "opens",
        "country",
        "transfer_delay_hours",
    ];
    let expected: Vec<String> =
        expected.iter().map(|it| format!("jurisdiction.XXA.{it}")).collect();
    assert_eq!(keys, expected);
}

#[test]
fn links_and_declared_parameters_are_checked_like_all_others() {
    let text = format!(
        "{SMALL}cost_containment_usd_per_t = [25, 15]\n\
         quantity_reserve_upper_percent_of_cap = 5\n\
         quantity_reserve_lower_percent_of_cap = 6\n\
         participants = [\"dragons\"]\n\
         [link.XXA-XXA]\n\
         [jurisdiction.XXB]\n\
         [link.XXA-XXB]\nratio = \"3/2\"\nlevy = 1\nquota_mt = 1\n\
         [link.XXB-XXA]\nratio = \"1/1\"\nlevy_usd_per_t = 0.004\n"
    );
    let keys: Vec<String> = mistakes(&text).into_iter().map(|it| it.key).collect();
    let expected = [
        "jurisdiction.XXA.cost_containment_usd_per_t",
        "jurisdiction.XXA.quantity_reserve_lower_percent_of_cap",
        "jurisdiction.XXA.participants",
        "link.XXA-XXA",
        "link.XXA-XXB.ratio",
        "link.XXA-XXB.levy",
        "link.XXB-XXA.quota_mt",
        "link.XXB-XXA.levy_usd_per_t",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn what_would_silently_mean_nothing_is_a_mistake() {
    let late = format!("{SMALL}[jurisdiction.XXB]\n[link.XXA-XXB]\nquota_mt = {{ 2150 = 1 }}\n");
    assert_eq!(mistakes(&late)[0].key, "link.XXA-XXB.quota_mt");
    let index = format!("{SMALL}penalty_index = \"an index of many words\"\n");
    assert_eq!(mistakes(&index)[0].key, "jurisdiction.XXA.penalty_index");
}

#[test]
fn what_is_declared_only_is_told() {
    let policy = Policy::parse(PILOT).unwrap();
    let told = policy.not_acted_on();
    let of = |name: &str| told.iter().find(|it| it.0 == name).map(|it| it.1.join(" ")).unwrap();
    assert!(of("TUR").contains("domestic_credits_percent_of_obligation"));
}

#[test]
fn a_text_that_is_no_policy_is_told_from_one_with_a_slip() {
    assert!(mistakes("")[0].what.contains("is missing"));
    let it = mistakes("[market\nname = 3")[0].clone();
    assert_eq!(it.line, 1);
    assert!(it.what.contains("is not TOML"), "{it}");
    let huge = format!("# {}\n{SMALL}", "x".repeat(1 << 20));
    assert!(mistakes(&huge)[0].what.contains("bytes; allowed are"));
    // Whatever else comes, it is an answer and no panic.
    for text in ["\u{0}", "a.b.c = {", "jurisdiction = 3", "[jurisdiction]\nXXA = 1", "market = []"]
    {
        assert!(!mistakes(text).is_empty(), "{text:?}");
    }
}

#[test]
fn a_file_from_which_any_byte_is_missing_gets_an_answer() {
    for place in (0..PILOT.len()).filter(|it| PILOT.is_char_boundary(*it)).step_by(41) {
        let rest = &PILOT[place..];
        let after = rest.chars().next().map_or(0, char::len_utf8);
        let text = format!("{}{}", &PILOT[..place], &rest[after..]);
        if let Err(all) = Policy::parse(&text) {
            assert!(all.iter().all(|it| it.line >= 1 && !it.what.is_empty()), "byte {place}");
        }
    }
}

#[test]
fn every_number_of_the_shipped_pilot_says_on_what_it_rests() {
    let mut keys: Vec<(String, String)> = Vec::new();
    let mut bases: Vec<(String, String)> = Vec::new();
    let mut section = String::new();
    for line in PILOT.lines() {
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((key, _)) = line.split_once(" = ").filter(|_| !line.starts_with('#')) {
            let key = key.trim_matches('"').split('.').next().unwrap_or(key).to_owned();
            match section.strip_suffix(".basis") {
                Some(chapter) => bases.push((chapter.to_owned(), key)),
                None if section.starts_with("jurisdiction.") || section.starts_with("link.") => {
                    keys.push((section.clone(), key));
                }
                None => {}
            }
        }
    }
    assert!(keys.len() > 150, "{} keys", keys.len());
    let silent: Vec<_> = keys.iter().filter(|it| it.1 != "name" && !bases.contains(it)).collect();
    assert!(silent.is_empty(), "without a basis: {silent:?}");
}

#[test]
fn how_units_are_traded_stands_in_the_chapter() {
    let plain = Policy::parse(SMALL).expect("the small file").rules();
    let of = |rules: &karvan_core::rules::MarketRules| rules.jurisdictions[0].trading;
    assert_eq!(of(&plain), TradingRules::default(), "calls alone, on the finest tick and lot");
    let text = format!(
        "{SMALL}tick_usd_per_t = 0.05\nlot_t = 10\nsessions = true\nsession_opens = \"09:30\"\n\
         taker_fee_percent = 0.15\nstatic_band_percent = 12.5\ndirect_buy = true\n\
         block_trade_least_t = 5_000\nblock_trade_publication_minutes = 90\n\
         block_trade_band_percent = 7.5\n\
         call_random_end_minutes = 10\n"
    );
    let it = of(&Policy::parse(&text).expect("a file with sessions").rules());
    assert_eq!((it.tick, it.lot), (Price(5), Tonnes(10)));
    let hours = it.continuous.expect("sessions");
    assert_eq!((hours.opens, hours.closes), (570, 1_020));
    assert_eq!((hours.maker_fee_bp, hours.taker_fee_bp), (0, 15));
    assert_eq!((hours.static_band_bp, hours.dynamic_band_bp), (Some(1_250), None));
    assert_eq!(hours.volatility_minutes, 5);
    assert_eq!((it.direct_buy, it.random_end_minutes), (true, 10));
    assert_eq!(
        it.block_trade,
        Some(BlockTradeRules { least: Tonnes(5_000), publication_minutes: 90, band_bp: 750 })
    );
}

#[test]
fn classes_settle_with_each_other_where_the_file_says_so() {
    let class = |letter| SettlementClass::new(letter).unwrap();
    let of = |text: &str| Policy::parse(text).expect("a file with classes").rules();
    let plain = of(SMALL);
    assert_eq!(plain.jurisdictions[0].settlement_class, class('A'));
    assert!(plain.settles.is_empty(), "a class settles with itself alone");
    let text = SMALL.replace("[market]", "[market]\nsettlement_pairs = [\"R-A\"]");
    let it = of(&format!("{text}settlement_class = \"R\"\n"));
    assert_eq!(it.jurisdictions[0].settlement_class, class('R'));
    assert_eq!(it.settles, Pair::new(class('A'), class('R')).into_iter().collect());
    let text = SMALL.replace("[market]", "[market]\nsettlement_pairs = [\"A-A\", \"A-BC\", \"A\"]");
    let found = mistakes(&format!("{text}settlement_class = \"east\"\n"));
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|it| it.what.contains("allowed is")), "{found:?}");
}

#[test]
fn what_could_not_be_traded_by_is_a_mistake() {
    let wrong = [
        ("tick_usd_per_t = 0.015\n", "tick_usd_per_t", "whole cents"),
        ("lot_t = 0\n", "lot_t", "a whole number from 1"),
        ("taker_fee_percent = 1\n", "taker_fee_percent", "belongs to sessions = true"),
        ("direct_buy = true\n", "direct_buy", "belongs to sessions = true"),
        (
            "block_trade_publication_minutes = 5\n",
            "block_trade_publication_minutes",
            "belongs to block_trade_least_t",
        ),
        ("block_trade_band_percent = 5\n", "block_trade_band_percent", "belongs to block_trade"),
        ("sessions = true\ndirect_buy = true\n", "direct_buy", "one stolen password"),
        (
            "sessions = true\nmaker_size_t = 5\nmaker_presence_percent = 50\n",
            "maker_spread_percent",
            "is missing",
        ),
        ("quote_currency = \"tenge\"\n", "quote_currency", "ISO 4217"),
        ("quote_currency = \"USD\"\n", "quote_currency", "the market's own"),
        ("sessions = true\nsession_closes = \"09:00\"\n", "session_closes", "comes before"),
        ("sessions = true\nmaker_fee_percent = 11\n", "maker_fee_percent", "from 0 to 10"),
        ("sessions = true\ndynamic_band_percent = 0\n", "dynamic_band_percent", "from 0.01 to 100"),
    ];
    for (lines, key, says) in wrong {
        let found = mistakes(&format!("{SMALL}{lines}"));
        assert_eq!(found.len(), 1, "{lines}: {found:?}");
        assert_eq!(found[0].key, format!("jurisdiction.XXA.{key}"));
        assert!(found[0].what.contains(says), "{}", found[0]);
    }
}

const EVIDENCE: &str = "[jurisdiction.XXA.evidence]\ncertificate_kwh = 500\n\
    certificates_expire_months = 12\ngrid_factor_g_per_kwh = 532\n";

#[test]
fn what_is_drawn_and_traded_beside_allowances_stands_in_the_chapter() {
    let plain = Policy::parse(SMALL).expect("the small file").rules();
    assert_eq!(
        (plain.jurisdictions[0].evidence, plain.jurisdictions[0].listed().count()),
        (None, 0)
    );
    let text = format!(
        "{SMALL}{EVIDENCE}[jurisdiction.XXA.evidence.basis]\ngrid_factor_g_per_kwh = \"measured\"\n\
         [jurisdiction.XXA.product.WIND]\nclass = \"certificate\"\ntechnologies = [\"wind\"]\n\
         tick_usd_per_unit = 0.05\nlot_units = 10\nsessions = true\n\
         [jurisdiction.XXA.product.ANY]\nclass = \"credit\"\nquote_currency = \"KZT\"\n\
         block_trade_least_units = 100\n"
    );
    let policy = Policy::parse(&text).expect("a file with products");
    let key = "evidence.grid_factor_g_per_kwh";
    assert_eq!(policy.jurisdictions[0].basis.get(key).map(String::as_str), Some("measured"));
    let rules = policy.rules();
    let evidence = rules.jurisdictions[0].evidence.expect("rules for evidence");
    assert_eq!((evidence.quantum, evidence.expires_months), (WattHours(500_000), Some(12)));
    assert_eq!((evidence.margin_percent, evidence.grid_grams_per_kwh), (5, Some(532)));
    let [wind, any] = [0, 1].map(|it| rules.jurisdictions[0].product(ProductId(it)).cloned());
    let (wind, any) = (wind.expect("the first"), any.expect("the second"));
    assert_eq!((wind.code.as_str(), wind.class), ("WIND", UnitClass::Certificate));
    assert_eq!(wind.technologies.iter().map(|it| it.as_str()).collect::<Vec<_>>(), ["wind"]);
    assert_eq!((wind.trading.tick, wind.trading.lot), (Price(5), Tonnes(10)));
    assert!(wind.trading.continuous.is_some() && any.trading.continuous.is_none());
    assert_eq!((any.class, any.technologies.len()), (UnitClass::Credit, 0));
    assert_eq!(any.quote.map(|it| it.to_string()), Some("KZT".to_owned()));
    assert_eq!(any.trading.block_trade.map(|it| it.least), Some(Tonnes(100)));
}

#[test]
fn what_could_not_be_drawn_or_traded_beside_allowances_is_a_mistake() {
    let product = "[jurisdiction.XXA.product.WIND]\n";
    let wrong = [
        ("certificate_kwh = 0\n", "evidence.certificate_kwh", "from 1 to"),
        ("certificates_expire_months = 121\n", "evidence.certificates_expire_months", "to 120"),
        ("plausibility_margin_percent = 51\n", "evidence.plausibility_margin_percent", "to 50"),
        ("grid_factor_g_per_kwh = 3_001\n", "evidence.grid_factor_g_per_kwh", "to 3000"),
        ("grid_factor = 1\n", "evidence.grid_factor", ""),
        (&format!("{product}lot_units = 1\n"), "product.WIND.class", "is missing"),
        (&format!("{product}class = \"allowance\"\n"), "product.WIND.class", "is not allowed"),
        (
            &format!("{product}class = \"credit\"\ntechnologies = [\"the wind\"]\n"),
            "product.WIND.technologies",
            "is no technology",
        ),
        (
            &format!("{product}class = \"credit\"\ntick_usd_per_t = 1\n"),
            "product.WIND.tick_usd_per_t",
            "",
        ),
    ];
    for (lines, key, says) in wrong {
        let found = mistakes(&format!("{SMALL}[jurisdiction.XXA.evidence]\n{lines}"));
        assert_eq!(found.len(), 1, "{lines}: {found:?}");
        assert_eq!(found[0].key, format!("jurisdiction.XXA.{key}"));
        assert!(found[0].what.contains(says), "{}", found[0]);
    }
    let found = mistakes(&format!("{SMALL}{product}class = \"credit\"\n"));
    assert_eq!(found[0].key, "jurisdiction.XXA.product", "nothing is drawn: {found:?}");
}

#[test]
fn the_method_names_every_key_of_a_scenario_and_no_other() {
    let note = include_str!("../../../docs/model.md");
    let table = note.split("| key | means |").nth(1).expect("the table of keys");
    let rows = table.lines().skip(2).take_while(|it| it.starts_with('|'));
    let named: Vec<&str> =
        rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 20, "{named:?}");
    // A key that is not there is told apart from one with a value that is not allowed.
    let scenario = |key: &str| mistakes(&format!("{SMALL}[scenario]\n{key} = [[]]\n"));
    for key in &named {
        let all = scenario(key);
        assert!(all.iter().all(|it| !it.what.contains("is unknown")), "{key}: {all:?}");
    }
    let unknown = scenario("nothing_like_it");
    let known = unknown.iter().find(|it| it.what.contains("is unknown")).expect("it is unknown");
    // None has been named yet but this one, so all that are known are listed.
    for key in known.what.rsplit("known here are ").next().unwrap().split(", ") {
        assert!(named.contains(&key), "{key} is not in the note: {}", known.what);
    }
}
