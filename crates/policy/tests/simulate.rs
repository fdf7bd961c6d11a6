//! The simulator from a policy file to what comes of it: markets whose answer is known, what links
//! must always do, and inputs at the edge of sense.

#![allow(clippy::unwrap_used, reason = "a failing test should stop at once")]

use karvan_policy::Policy;
use karvan_policy::model::coalitions;
use karvan_policy::model::draws;
use karvan_policy::model::macc::Macc;
use karvan_policy::model::mode::Mode;
use karvan_policy::model::outcome::{Outcome, Warning};
use karvan_policy::model::output::Product;
use karvan_policy::model::simulate;
use karvan_policy::model::world::World;
use karvan_policy::plants::{self, INSTALLATIONS};
use karvan_policy::tables::Tables;
use proptest::prelude::*;

const PILOT: &str = include_str!("../../../policies/eco-pilot.toml");
const LINKED: &str = include_str!("../../../policies/eco-linked.toml");

fn world(text: &str) -> World {
    let policy = Policy::parse(text).unwrap();
    let plants = plants::read(INSTALLATIONS).unwrap();
    let tables = Tables::shipped().unwrap();
    World::of(&policy, (&plants, &tables), (policy.first_year, policy.last_year))
}

fn simulated(text: &str, links: &[&str]) -> Outcome {
    let mut world = world(text);
    for link in links {
        Mode::parse(link).unwrap().put(&mut world).unwrap();
    }
    let outcome = simulate::run(&world);
    assert!(simulate::is_certain(outcome.residual), "{:?}", outcome.residual);
    outcome
}

/// The price of a member in its first year.
fn price(it: &Outcome, code: &str) -> f64 {
    row(it, code).price.unwrap().0
}

fn row<'a>(it: &'a Outcome, code: &str) -> &'a karvan_policy::model::outcome::Row {
    &it.members.iter().find(|it| it.code == code).unwrap().rows[0]
}

fn close(one: f64, two: f64) -> bool {
    (one - two).abs() <= 1e-9 * (1.0 + two.abs())
}

/// A world of one year that stands whole in its file.
fn file(members: &[(&str, &str, f64)]) -> String {
    let mut text = "[market]\nname = \"two\"\nfirst_year = 2030\nlast_year = 2030\n".to_owned();
    for (code, macc, requirement) in members {
        text.push_str(&format!(
            "[jurisdiction.{code}]\nmacc = {macc}\nrequirement = {{ 2030 = {requirement} }}\n"
        ));
    }
    text
}

#[test]
fn two_quadratic_curves_linked_by_a_quota_and_without_one() {
    let two = file(&[
        ("AA", "{ kind = \"quadratic\", a = 0.5, b = 1.0 }", 4.0),
        ("BB", "{ kind = \"quadratic\", a = 0.5, b = 1.0 }", 10.0),
    ]);
    let alone = simulated(&two, &[]);
    assert!(close(price(&alone, "AA"), 12.0) && close(price(&alone, "BB"), 60.0));
    // Linked both ways they abate alike: 7 each, at 0.5 x 49 + 7.
    let full = simulated(&two, &["AA-BB=full"]);
    assert!(close(price(&full, "AA"), 31.5) && close(price(&full, "BB"), 31.5));
    assert!(close(row(&full, "BB").net_import.0, 3.0));
    // Costs are areas: 0.5 q³/3 + q²/2. Each gains what it pays less than alone.
    let area = |q: f64| 0.5 * q * q * q / 3.0 + q * q / 2.0;
    assert!(close(row(&full, "AA").gain.0, area(4.0) - (area(7.0) - 3.0 * 31.5)));
    assert!(close(row(&full, "BB").gain.0, area(10.0) - (area(7.0) + 3.0 * 31.5)));
    // A quota of one million units: 5 against 9.
    let quota = simulated(&two, &["AA-BB=quota:1e6"]);
    assert!(close(price(&quota, "AA"), 17.5) && close(price(&quota, "BB"), 49.5));
    assert!(close(quota.flows[0].rent.0, 32.0) && close(quota.flows[0].quantity.0, 1.0));
}

#[test]
fn every_form_of_a_curve_meets_its_requirement() {
    for (macc, expected) in [
        ("{ kind = \"linear\", slope = 3.0 }", 24.0),
        ("{ kind = \"linear\", start = 5.0, slope = 2.0 }", 21.0),
        ("{ kind = \"power\", alpha = 2.0, beta = 2.0 }", 128.0),
        ("{ kind = \"exponential\", alpha = 3.0, beta = 0.25 }", 3.0 * (2.0f64.exp() - 1.0)),
        ("{ kind = \"points\", points = [[0, 0], [10, 4], [30, 12]] }", 20.0),
        ("{ kind = \"quadratic\", a = 1.0, b = -2.0 }", 48.0),
        // Six Mt at 10 and the rest of the second measure's ramp from 36 to 44.
        ("{ kind = \"steps\", steps = [[10, 6], [40, 4]] }", 40.0),
    ] {
        let it = simulated(&file(&[("AA", macc, 8.0)]), &[]);
        assert!(close(price(&it, "AA"), expected), "{macc}: {}", price(&it, "AA"));
    }
}

#[test]
fn what_is_missing_or_left_over_is_said_and_never_a_price_out_of_nowhere() {
    let points = "{ kind = \"points\", points = [[0, 0], [50, 5]] }";
    // More than there is to avoid.
    let it = simulated(&file(&[("AA", points, 8.0)]), &[]);
    assert_eq!(price(&it, "AA"), 50.0);
    assert!(
        matches!(it.warnings[..], [Warning::Missing { quantity, .. }] if close(quantity.0, 3.0))
    );
    // A surplus alone: no price, and hot air is named.
    let it = simulated(&file(&[("AA", points, -2.0)]), &[]);
    assert_eq!((price(&it, "AA"), row(&it, "AA").abatement.0), (0.0, 0.0));
    assert!(
        matches!(it.warnings[..], [Warning::LeftOver { quantity, .. }] if close(quantity.0, 2.0))
    );
    // A curve without anything to avoid.
    let flat = "{ kind = \"points\", points = [[0, 0], [50, 0]] }";
    let it = simulated(&file(&[("AA", flat, 1.0)]), &[]);
    assert!(matches!(it.warnings[..], [Warning::Missing { .. }]));
    // Nothing required, of nothing.
    let it = simulated(&file(&[("AA", flat, 0.0)]), &[]);
    assert_eq!((price(&it, "AA"), it.warnings.len()), (0.0, 0));
    // Prices four orders of magnitude apart, joined.
    let two = file(&[
        ("AA", "{ kind = \"linear\", slope = 0.001 }", 10.0),
        ("BB", "{ kind = \"linear\", slope = 10.0 }", 10.0),
    ]);
    let apart = simulated(&two, &[]);
    assert!(close(price(&apart, "AA"), 0.01) && close(price(&apart, "BB"), 100.0));
    let joined = simulated(&two, &["AA-BB=full"]);
    assert!(close(price(&joined, "AA"), 20.0 / (1_000.0 + 0.1)));
}

#[test]
fn a_cap_of_zero_and_no_ceiling_have_a_result() {
    let chapter = |rest: &str| {
        format!(
            "[market]\nname = \"one\"\nfirst_year = 2030\nlast_year = 2031\n[jurisdiction.AA]\n\
             stage = \"ets\"\nbaseline_mt = 10\nsectors = [\"power\"]\n\
             abatement_usd_per_t_and_share = [[50, 1.0]]\nabatement_potential_percent = 100\n\
             diffusion_percent_of_potential_per_year = 100\n{rest}\n"
        )
    };
    let it = simulated(&chapter("cap_mt = { 2030 = 0, 2031 = 0 }"), &[]);
    assert!(close(price(&it, "AA"), 50.0) && close(row(&it, "AA").abatement.0, 10.0));
    // A penalty that ends the duty is the highest price.
    let fined = chapter(
        "cap_mt = { 2030 = 2, 2031 = 2 }\npenalty_usd_per_t = 20\npenalty_make_good = false",
    );
    let it = simulated(&fined, &[]);
    assert!(close(price(&it, "AA"), 20.0) && close(row(&it, "AA").fined.0, 4.0));
    // A reserve price keeps back what would depress it.
    let floor = chapter(
        "cap_mt = { 2030 = 12, 2031 = 12 }\nauction_reserve_usd_per_t = 5\nfree_percent = 0\n\
         auction_percent = 100",
    );
    let it = simulated(&floor, &[]);
    assert!(close(price(&it, "AA"), 5.0) && close(row(&it, "AA").withheld.0, 3.0));
}

#[test]
fn a_quantity_rule_comes_to_rest_or_says_that_it_does_not() {
    let policy = |upper: f64| {
        format!(
            "[market]\nname = \"one\"\nfirst_year = 2030\nlast_year = 2036\n[jurisdiction.AA]\n\
             stage = \"ets\"\nbaseline_mt = 100\nsectors = [\"power\"]\n\
             units_valid_within = [\"2030-2040\"]\nopening_balance_mt = 20\n\
             opening_vintage = 2029\n\
             free_percent = 0\nauction_percent = 100\n\
             cap_mt = {{ 2030 = 99, 2031 = 97, 2032 = 94, 2033 = 90, 2034 = 86, 2035 = 82, \
             2036 = 78 }}\n\
             quantity_reserve_upper_percent_of_cap = {upper}\n\
             quantity_reserve_lower_percent_of_cap = 5\nquantity_reserve_rate_percent = 24\n"
        )
    };
    let without = simulated(&policy(100.0), &[]);
    let with = simulated(&policy(15.0), &[]);
    let taken: f64 = with.members[0].rows.iter().map(|it| it.reserve.0.min(0.0)).sum();
    assert!(taken < -1.0, "{taken}");
    assert!(price(&with, "AA") > price(&without, "AA"));
    // Wherever the threshold lies, there is an answer with or without a warning, and no number is
    // none.
    for upper in [6.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0] {
        let it = simulate::run(&world(&policy(upper)));
        assert!(it.members[0].rows.iter().all(|row| row.price.unwrap().0.is_finite()));
    }
}

#[test]
fn whoever_looks_less_far_pays_less_now_and_more_later() {
    let years = "[market]\nname = \"one\"\nfirst_year = 2030\nlast_year = 2034\n\
                 [jurisdiction.AA]\nunits_valid_within = [\"2030-2034\"]\n\
                 macc = { kind = \"linear\", slope = 1.0 }\n\
                 requirement = { 2030 = 2, 2031 = 4, 2032 = 8, 2033 = 16, 2034 = 32 }\n";
    let far = simulated(years, &[]);
    let near = simulated(&format!("{years}[scenario]\nhorizon_years = 2\n"), &[]);
    let prices = |it: &Outcome| -> Vec<f64> {
        it.members[0].rows.iter().map(|it| it.price.unwrap().0).collect()
    };
    let (far, near) = (prices(&far), prices(&near));
    assert!(near[0] < far[0] && near[4] > far[4], "{near:?} {far:?}");
    assert!(far.windows(2).all(|it| close(it[1], 1.1 * it[0])), "{far:?}");
}

#[test]
fn the_shipped_policies_are_certain_and_every_coalition_is_tried() {
    for text in [PILOT, LINKED] {
        let outcome = simulated(text, &[]);
        assert_eq!(outcome.members.len(), 10);
        for gain in &outcome.link_gains {
            assert!(gain.of_from.0 + gain.of_to.0 >= -1e-6, "{gain:?}");
        }
    }
    let all = coalitions::explore(&world(PILOT), &mut |_, _| {}).unwrap();
    assert_eq!(all.len(), 26);
    assert!(all.iter().all(|it| it.gain().0 >= -1e-6));
}

#[test]
fn draws_are_the_same_on_any_number_of_threads() {
    let world = world(PILOT);
    let one = draws::run(&world, (24, 7, 1), &|| {});
    for threads in [2, 3, 5] {
        assert_eq!(draws::run(&world, (24, 7, threads), &|| {}), one);
    }
    assert_ne!(draws::run(&world, (24, 8, 1), &|| {}), one);
    assert_eq!(one.uncertain, 0);
    let price = one.members[0].years[0].price.unwrap();
    assert!(price.low <= price.middle && price.middle <= price.high);
}

/// Members of a world with straight curves.
fn members() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec((0.05f64..8.0, 0.5f64..40.0), 2..6)
}

fn straight(members: &[(f64, f64)]) -> String {
    let codes = ["AA", "BB", "CC", "DD", "EE", "FF"];
    let rows: Vec<(&str, String, f64)> = codes
        .iter()
        .zip(members)
        .map(|(code, (slope, required))| {
            (*code, format!("{{ kind = \"linear\", slope = {slope} }}"), *required)
        })
        .collect();
    let rows: Vec<(&str, &str, f64)> =
        rows.iter().map(|(code, macc, required)| (*code, macc.as_str(), *required)).collect();
    file(&rows)
}

fn cases() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn linking_never_loses_in_all_and_its_price_lies_between(members in members()) {
        let codes = ["AA", "BB", "CC", "DD", "EE", "FF"];
        let text = straight(&members);
        let pairs = codes.windows(2).take(members.len() - 1);
        let links: Vec<String> = pairs.map(|it| format!("{}-{}=full", it[0], it[1])).collect();
        let links: Vec<&str> = links.iter().map(String::as_str).collect();
        let it = simulated(&text, &links);
        let alone: Vec<f64> = members.iter().map(|(slope, required)| slope * required).collect();
        let joined = price(&it, "AA");
        let low = alone.iter().copied().fold(f64::INFINITY, f64::min);
        let high = alone.iter().copied().fold(0.0, f64::max);
        prop_assert!(joined >= low - 1e-9 && joined <= high + 1e-9);
        // Straight curves: the mean, weighted by what each avoids for a USD/t.
        let weight: f64 = members.iter().map(|it| 1.0 / it.0).sum();
        let mean = alone.iter().zip(&members).map(|(price, it)| price / it.0).sum::<f64>() / weight;
        prop_assert!((joined - mean).abs() <= 1e-9 * mean, "{joined} {mean}");
        let gains: Vec<f64> = it.members.iter().map(|it| it.rows[0].gain.0).collect();
        prop_assert!(gains.iter().all(|it| *it >= -1e-9), "{gains:?}");
        // What is imported somewhere is exported elsewhere.
        let net: f64 = it.members.iter().map(|it| it.rows[0].net_import.0).sum();
        prop_assert!(net.abs() <= 1e-9);
        // The coalition of all comes to the same.
        let all = coalitions::explore(&world(&text), &mut |_, _| {}).unwrap();
        let whole = all.iter().find(|it| it.members.len() == members.len()).unwrap();
        prop_assert!((whole.gain().0 - gains.iter().sum::<f64>()).abs() <= 1e-6);
    }

    #[test]
    fn quotas_and_levies_take_a_part_of_the_gain_and_leave_no_loss(
        members in members(), quota in 0.0f64..9.0, levy in 0.0f64..30.0,
    ) {
        let text = straight(&members[..2]);
        let link = |of: &str| format!("AA-BB=quota:{},levy:{levy}{of}", quota * 1e6);
        let free = simulated(&text, &["AA-BB=full"]);
        let it = simulated(&text, &[&link("")]);
        let sum = |it: &Outcome| it.members.iter().map(|it| it.rows[0].gain.0).sum::<f64>();
        prop_assert!(sum(&it) >= -1e-9 && sum(&it) <= sum(&free) + 1e-9);
        for flow in &it.flows {
            prop_assert!(flow.quantity.0 <= quota + 1e-9 && flow.rent.0 >= 0.0);
        }
    }
}

#[test]
fn nobody_sells_what_it_misses() {
    let two = file(&[
        ("AA", "{ kind = \"points\", points = [[0, 0], [20, 10]] }", 5.0),
        ("BB", "{ kind = \"linear\", slope = 1.0 }", 100.0),
    ]);
    // AA avoids all it can and sells what it does not need: 5 Mt.
    let it = simulated(&two, &["AA-BB=full"]);
    assert!(close(price(&it, "BB"), 95.0) && close(row(&it, "AA").net_import.0, -5.0));
    assert!(it.members.iter().all(|it| it.rows[0].missing.0.abs() < 1e-9));
    let gains: Vec<f64> = it.members.iter().map(|it| it.rows[0].gain.0).collect();
    assert!(close(gains[1], 12.5), "{gains:?}");
    // Whoever pays a penalty pays it for what it emits at most.
    let fined = "[market]\nname = \"two\"\nfirst_year = 2030\nlast_year = 2030\n[jurisdiction.AA]\n\
                 penalty_usd_per_t = 12\npenalty_make_good = false\nrequirement = { 2030 = 8 }\n\
                 macc = { kind = \"points\", points = [[0, 0], [20, 10]] }\n[jurisdiction.BB]\n\
                 requirement = { 2030 = 100 }\nmacc = { kind = \"linear\", slope = 1.0 }\n";
    let it = simulated(fined, &["AA-BB=full"]);
    assert!(row(&it, "AA").fined.0 <= 8.0 - 6.0 + 1e-9, "{:?}", row(&it, "AA").fined);
    // With a ceiling nothing is missing, linked or not.
    let ceiling = |code: &str| {
        format!(
            "[jurisdiction.{code}]\nprice_ceiling_usd_per_t = 25\nrequirement = {{ 2030 = 15 }}\n\
             macc = {{ kind = \"points\", points = [[0, 0], [20, 10]] }}\n"
        )
    };
    let two = format!(
        "[market]\nname = \"two\"\nfirst_year = 2030\nlast_year = 2030\n{}{}",
        ceiling("AA"),
        ceiling("BB")
    );
    let it = simulated(&two, &["AA-BB=full"]);
    assert!(close(it.members.iter().map(|it| it.rows[0].ceiling.0).sum(), 10.0));
    assert!(it.warnings.is_empty(), "{:?}", it.warnings);
}

#[test]
fn what_is_built_is_paid_for_also_when_prices_fall() {
    let text = "[market]\nname = \"one\"\nfirst_year = 2030\nlast_year = 2031\n[jurisdiction.AA]\n\
                stage = \"ets\"\nbaseline_mt = 100\nsectors = [\"power\"]\n\
                abatement_usd_per_t_and_share = [[50, 0.5]]\n\
                diffusion_percent_of_potential_per_year = 100\ncap_mt = { 2030 = 68, 2031 = 84 }\n";
    let it = simulated(text, &[]);
    let rows = &it.members[0].rows;
    // 32 Mt at a price rising to 32: half of 32 x 32, in both years.
    assert!(close(rows[0].cost.0, 512.0) && close(rows[1].cost.0, 512.0), "{rows:?}");
    assert!(close(rows[1].abatement.0, 32.0));
}

#[test]
fn bands_that_make_no_curve_and_links_that_make_units_grow_are_refused() {
    let bands = |bands: &str| {
        let text = format!(
            "[market]\nname = \"one\"\nfirst_year = 2030\nlast_year = 2030\n[jurisdiction.AA]\n\
             abatement_usd_per_t_and_share = {bands}\n"
        );
        Policy::parse(&text).map(|_| ()).unwrap_err().to_vec()
    };
    assert!(bands("[[20, 0.1], [20, 0.2]]")[0].what.contains("one price"));
    assert!(bands("[[20, 0.3], [40, 0.2]]")[0].what.contains("avoids less"));
    assert!(bands("[[20, 1.3]]")[0].what.contains("shares lie between"));
    let three = straight(&[(1.0, 1.0), (1.0, 2.0), (1.0, 3.0)]);
    let mut world = world(&three);
    for link in ["AA-BB=ratio:2", "BB-CC=ratio:2"] {
        Mode::parse(link).unwrap().put(&mut world).unwrap();
    }
    let before = world.links.clone();
    assert!(Mode::parse("CC-AA=ratio:2").unwrap().put(&mut world).unwrap_err().contains("grow"));
    assert_eq!(world.links, before);
}

/// The shipped linked market with lines added to its scenario.
fn linked(lines: &str) -> String {
    assert_eq!(LINKED.matches("[scenario]\n").count(), 1);
    LINKED.replace("[scenario]\n", &format!("[scenario]\n{lines}\n"))
}

/// A country of the tables with a market for its power sector, told by caps.
fn kazakhstan(lines: &str) -> String {
    format!(
        "[market]\nname = \"one\"\nfirst_year = 2027\nlast_year = 2035\n[jurisdiction.KAZ]\n\
         stage = \"ets\"\nsectors = [\"power\"]\nunits_valid_within = [\"2027-2035\"]\n\
         cap_mt = {{ {} }}\nthreshold_t_per_year = 20000\n{lines}\n",
        (2027..=2035).map(|it| format!("{it} = 125")).collect::<Vec<_>>().join(", ")
    )
}

#[test]
fn emissions_that_no_policy_names_are_those_of_the_tables() {
    let tables = Tables::shipped().unwrap();
    let nation = tables.nations.get("KAZ").unwrap();
    let rows = plants::read(INSTALLATIONS).unwrap();
    let owes = rows
        .iter()
        .filter(|it| it.jurisdiction == "KAZ" && it.sector == "power" && it.emissions_t >= 20_000);
    let now: f64 = owes.map(|it| it.emissions_t as f64 / 1e6).sum();
    let it = simulated(&kazakhstan(""), &[]);
    for row in &it.members[0].rows {
        assert!(close(row.baseline.0, now * nation.grown("power", row.year)));
        // With what is emitted beside the market it is the whole country's.
        let whole = row.national.unwrap().0 + row.abatement.0;
        assert!(close(whole, nation.emissions(row.year)), "{whole}");
    }
    let input = |it: &Outcome, what: &str| {
        it.inputs.iter().find(|it| it.what == what).unwrap().source.clone()
    };
    assert!(input(&it, "emissions without a market").contains("EDGAR"));
    // A policy that names them is followed, unless the scenario says otherwise.
    let named = simulated(&kazakhstan("baseline_mt = 95"), &[]);
    assert!(close(named.members[0].rows[0].baseline.0, 95.0));
    // The whole country emits what the tables say, whatever the policy says of its market.
    for row in &named.members[0].rows {
        assert!(close(row.national.unwrap().0 + row.abatement.0, nation.emissions(row.year)));
    }
    assert!(input(&named, "emissions without a market").contains("the policy file"));
    let data = kazakhstan("baseline_mt = 95\n[scenario]\nbaselines = \"data\"");
    assert_eq!(simulated(&data, &[]).members[0].rows, it.members[0].rows);
}

#[test]
fn a_member_that_sells_what_its_national_target_needs_is_named() {
    let partner = "[jurisdiction.XXA]\nstage = \"ets\"\nbaseline_mt = 30\n\
                   growth_percent_per_year = 2\nsectors = [\"power\"]\n\
                   units_valid_within = [\"2027-2035\"]\n\
                   cap_mt = { 2027 = 29, 2028 = 29, 2029 = 29, 2030 = 29, 2031 = 29, 2032 = 29, \
                   2033 = 29, 2034 = 29, 2035 = 29 }\n";
    let with = |target: f64| {
        let lines = format!("ndc_target_mt = {{ 2030 = {target} }}\n{partner}");
        simulated(&kazakhstan(&lines), &["KAZ-XXA=full"])
    };
    let it = with(200.0);
    let target = &it.members[0].targets[0];
    assert!(target.transferred.0 > 1.0, "the partner buys");
    // Over four years, not in one: nobody meets a target by not selling in its year.
    let sold: f64 = it.flows.iter().filter(|it| it.year <= 2030).map(|it| it.quantity.0).sum();
    assert!(close(target.transferred.0, sold / 4.0));
    let row = &it.members[0].rows[3];
    assert!(close(target.gap().0, row.national.unwrap().0 + sold / 4.0 - 200.0));
    assert_eq!(target.oversold(), target.transferred, "all of it is needed at home");
    let oversold = |it: &Warning| matches!(it, Warning::Oversold { code, .. } if code == "KAZ");
    assert!(it.warnings.iter().any(oversold));
    // A target that what is sold just meets, and one that asks for nothing.
    let met = with(target.emissions.0 + target.transferred.0);
    assert!(close(met.members[0].targets[0].gap().0, 0.0));
    assert!(!met.warnings.iter().any(oversold));
    let loose = with(target.without.0 + 10.0);
    let hot =
        |it: &Warning| matches!(it, Warning::HotAir { quantity, .. } if close(quantity.0, 10.0));
    assert!(loose.warnings.iter().any(hot), "{:?}", loose.warnings);
}

#[test]
fn what_is_built_for_the_price_avoids_emissions_later_and_lowers_it() {
    let scenario = |lines: &str| simulated(&linked(lines), &[]);
    let (plain, built) = (scenario(""), scenario("investment = true"));
    assert!(plain.warnings.iter().all(|it| !matches!(it, Warning::Unsettled { .. })));
    assert!(built.warnings.iter().all(|it| !matches!(it, Warning::Unsettled { .. })));
    let mobilised = |it: &Outcome| -> f64 {
        let all = it.members.iter().flat_map(|it| &it.investments);
        all.filter(|it| it.is_green).map(|it| it.mobilised().0).sum()
    };
    // What is built lowers prices, and so less is built than they alone would call for.
    assert!(mobilised(&built) > 0.0 && mobilised(&built) < mobilised(&plain));
    let last = |it: &Outcome, code: &str| {
        let member = it.members.iter().find(|it| it.code == code).unwrap();
        member.rows.last().unwrap().price.unwrap().0
    };
    assert!(last(&built, "KAZ") < last(&plain, "KAZ") - 0.1);
    // With a price of nothing, nothing is mobilised.
    for it in plain.members.iter().filter(|it| it.rows.iter().all(|row| row.price.is_none())) {
        assert!(it.investments.iter().all(|it| it.mobilised().0.abs() < 1e-9), "{}", it.code);
    }
    // A hurdle that nobody takes, in the one member whose rate of discount the file names.
    let named = "\ndiscount_percent_per_year = 8";
    assert_eq!(LINKED.matches(named).count(), 1);
    let high = LINKED.replace(named, &format!("\nhurdle_percent_per_year = 100{named}"));
    let high = simulated(&high, &[]);
    let built = |it: &Outcome| {
        let rows = it.members.iter().find(|it| it.code == "KAZ").unwrap().investments.iter();
        rows.map(|it| it.with.0).sum::<f64>()
    };
    assert_eq!(built(&high), 0.0);
    assert!(built(&plain) > 0.0);
}

#[test]
fn abatement_curves_of_listed_plants_stand_in_for_bands_where_there_are_plants() {
    let plants = linked("abatement = \"plants\"");
    let it = simulated(&plants, &[]);
    assert!(it.inputs.iter().any(|it| it.what == "abatement curves"));
    let world = world(&plants);
    let of = |sector: &str| {
        let year = world.regions[0].years[0].as_ref().unwrap();
        year.sectors.iter().find(|it| it.name == sector).unwrap().clone()
    };
    let bands = self::world(LINKED);
    let bands = bands.regions[0].years[0].as_ref().unwrap();
    let in_bands = |sector: &str| bands.sectors.iter().find(|it| it.name == sector).unwrap();
    // Power, cement and flares have measures at plants; steel has none.
    assert_ne!(of("power").macc, in_bands("power").macc);
    assert_ne!(of("cement").macc, in_bands("cement").macc);
    assert_eq!(of("metals").macc, in_bands("metals").macc);
    // Nobody avoids more than all.
    for sector in &world.regions[0].years[0].as_ref().unwrap().sectors {
        assert!(sector.macc.at(1e6).quantity <= sector.baseline + 1e-9, "{}", sector.name);
    }
}

/// One year of a sector that emits 100 Mt without a market, and whose output follows the price.
fn sector(macc: Macc, product: Product, cap: f64) -> World {
    let mut world = world(
        "[market]\nname = \"one\"\nfirst_year = 2030\nlast_year = 2030\n[jurisdiction.XXA]\n\
         stage = \"ets\"\nbaseline_mt = 100\nsectors = [\"power\"]\ncap_mt = { 2030 = 100 }\n",
    );
    world.scenario.pass_through_percent = 100.0 * product.carried;
    let year = world.regions[0].years[0].as_mut().unwrap();
    (year.cap, year.free) = (cap, cap);
    year.by_output = product.benchmark > 0.0;
    year.follows = product.follows > 0.0;
    year.sectors[0].macc = macc;
    year.sectors[0].spread = None;
    year.sectors[0].product = Some(product);
    world
}

#[test]
fn units_given_for_output_keep_output_up_and_make_units_dearer() {
    // Nothing can be avoided but by making less; all costs are carried, and demand halves when
    // prices double. 80 of 100 Mt remain when the product of 100 USD/t costs 125.
    let product =
        Product { usd_per_t: 100.0, elasticity: 1.0, benchmark: 0.0, follows: 0.0, carried: 1.0 };
    let nothing = || Macc::Points(vec![(0.0, 0.0), (1.0, 0.0)]);
    let run = |macc: Macc, product: Product, cap: f64| {
        let outcome = simulate::run(&sector(macc, product, cap));
        assert!(simulate::is_certain(outcome.residual), "{:?}", outcome.residual);
        outcome
    };
    let plain = run(nothing(), product, 80.0);
    let row = row(&plain, "XXA");
    let output = row.output.unwrap();
    assert!(close(price(&plain, "XXA"), 25.0) && close(output.share, 0.8));
    assert!(close(output.dearer, 0.25) && close(output.avoided.0, 20.0));
    assert!(close(row.emissions.0, 80.0) && close(row.cap.0, 80.0));
    // Buyers lose the area under their demand above what making it would have cost.
    assert!(close(row.cost.0, 100.0 * 100.0 * (1.25f64.ln() - 0.2)));
    // Given free and carried by products: operators keep all of what the units are worth.
    assert!(close(row.windfall.0, 80.0 * 25.0));
    // 0.8 units for what emitted a tonne: products carry a fifth of the price, which is five times
    // as high; the same output, and nothing kept.
    let by_output = run(nothing(), Product { benchmark: 0.8, ..product }, 80.0);
    let row = self::row(&by_output, "XXA");
    assert!(close(price(&by_output, "XXA"), 125.0) && close(row.output.unwrap().share, 0.8));
    assert!(close(row.cost.0, 100.0 * 100.0 * (1.25f64.ln() - 0.2)));
    assert!(row.windfall.0 < 1e-6, "{:?}", row.windfall);
    // What is not given for what is not made is sold.
    assert!(close(row.free.0, 64.0) && close(row.revenue.0, 16.0 * 125.0));
    // With plants that avoid up to 30 of 100 Mt for 0 to 30 USD/t: at 20 they avoid 20, for 200
    // million. Grandfathered, products carry 2 + 20 x 0.8 of 100: 1/1.18 are made.
    let plants = || Macc::Points(vec![(0.0, 0.0), (30.0, 30.0)]);
    let both = run(plants(), product, 80.0 / 1.18);
    let row = self::row(&both, "XXA");
    assert!(close(price(&both, "XXA"), 20.0) && close(row.output.unwrap().share, 1.0 / 1.18));
    assert!(close(row.emissions.0, 80.0 / 1.18));
    // Given 0.7 for each: 2 + 20 x 0.1 of 100.
    let both = run(plants(), Product { benchmark: 0.7, ..product }, 80.0 / 1.04);
    assert!(close(price(&both, "XXA"), 20.0));
    assert!(close(self::row(&both, "XXA").output.unwrap().share, 1.0 / 1.04));
    // A cap that follows output, all of it given for output: plants avoid what it asks, and output
    // pays what avoiding costs only.
    let follows = run(plants(), Product { benchmark: 0.8, follows: 0.8, ..product }, 80.0);
    let row = self::row(&follows, "XXA");
    assert!(close(price(&follows, "XXA"), 20.0) && close(row.output.unwrap().share, 1.0 / 1.02));
    assert!(close(row.cap.0, 80.0 / 1.02) && close(row.emissions.0, 80.0 / 1.02));
    assert!(close(row.free.0, 80.0 / 1.02));
}

#[test]
fn the_shipped_market_has_an_equilibrium_where_output_follows_prices() {
    let with = |share: u32| {
        let lines = format!("output_responds = true\npass_through_percent = {share}");
        simulated(&linked(&lines), &[])
    };
    let (half, none) = (with(50), with(0));
    let plain = simulated(LINKED, &[]);
    for (place, member) in none.members.iter().enumerate() {
        for (row, plain) in member.rows.iter().zip(&plain.members[place].rows) {
            // Nobody pays more: nothing changes.
            let prices = row.price.zip(plain.price);
            assert!(prices.is_none_or(|(one, two)| (one.0 - two.0).abs() < 1e-6));
        }
    }
    let outputs = half.members.iter().flat_map(|it| &it.rows).filter_map(|it| it.output);
    let least = outputs.map(|it| it.share).fold(1.0, f64::min);
    assert!((0.9..0.999).contains(&least), "{least}");
    let last = |it: &Outcome| it.members[0].rows.last().unwrap().price.unwrap().0;
    assert!(last(&half) < last(&plain));
}

/// One year of a market where 20 of 100 Mt are to be avoided, at P = 3 Q, and of a country beside
/// it that only hosts projects.
fn with_credits(domestic: f64, foreign: f64) -> World {
    let mut world = world(
        "[market]\nname = \"one\"\nfirst_year = 2030\nlast_year = 2030\n[jurisdiction.XXA]\n\
         stage = \"ets\"\nbaseline_mt = 100\nsectors = [\"power\"]\ncap_mt = { 2030 = 100 }\n\
         [jurisdiction.XXB]\nstage = \"crediting\"\nexported_credits_percent_of_issued = 50\n\
         [scenario]\ncredits = true\n",
    );
    for region in &mut world.regions {
        region.hosting = vec![Macc::Linear { start: 2.0, slope: 1.0 }];
    }
    let year = world.regions[0].years[0].as_mut().unwrap();
    (year.cap, year.domestic, year.foreign) = (80.0, domestic, foreign);
    year.sectors[0].macc = Macc::Linear { start: 0.0, slope: 3.0 };
    year.sectors[0].spread = None;
    world
}

#[test]
fn credits_count_within_their_limits_and_for_as_much_as_they_count() {
    let run = |world: &World| {
        let outcome = simulate::run(world);
        assert!(simulate::is_certain(outcome.residual), "{:?}", outcome.residual);
        assert!(outcome.warnings.is_empty(), "{:?}", outcome.warnings);
        outcome
    };
    let close = |one: f64, two: f64| (one - two).abs() <= 1e-6 * (1.0 + two.abs());
    // None may be used: 20 Mt at 60.
    assert!(close(price(&run(&with_credits(0.0, 0.0)), "XXA"), 60.0));
    // As many domestic ones as there are: 3 (20 - c) = 2 + c.
    let all = run(&with_credits(1.0, 0.0));
    let credits = row(&all, "XXA").credits;
    assert!(close(price(&all, "XXA"), 16.5) && close(credits.domestic.0, 14.5));
    assert_eq!((credits.exported.0, credits.foreign.0), (0.0, 0.0));
    // A twentieth of what is emitted: q + (100 - q)/20 = 20.
    let some = run(&with_credits(0.05, 0.0));
    let (q, credits) = (15.0 / 0.95, row(&some, "XXA").credits);
    assert!(close(price(&some, "XXA"), 3.0 * q), "{}", price(&some, "XXA"));
    assert!(close(credits.domestic.0, (100.0 - q) / 20.0));
    assert!(
        close(credits.price.unwrap().0, 2.0 + credits.issued.0),
        "projects get their own price"
    );
    // Each counts for four fifths: 0.8 p = 2 + f, q + 0.8 f = 20.
    let mut cut = with_credits(1.0, 0.0);
    cut.scenario.credit_haircut_percent = 20.0;
    let cut = run(&cut);
    let (q, credits) = (21.6 / 2.92, row(&cut, "XXA").credits);
    assert!(close(price(&cut, "XXA"), 3.0 * q));
    assert!(
        close(credits.domestic.0, 0.8 * credits.issued.0) && close(q + credits.domestic.0, 20.0)
    );
    // Foreign ones, of which half may leave: 3 (20 - c) = 2 + 2 c.
    let foreign = run(&with_credits(0.0, 1.0));
    let (buyer, host) = (row(&foreign, "XXA"), row(&foreign, "XXB"));
    assert!(close(price(&foreign, "XXA"), 25.2) && close(buyer.credits.foreign.0, 11.6));
    assert!(close(host.credits.exported.0, 11.6) && close(host.credits.price.unwrap().0, 25.2));
    assert!(close(buyer.gain.0, 600.0 - (1.5 * 8.4 * 8.4 + 11.6 * 25.2)));
    assert!(close(host.gain.0, 11.6 * 25.2 - 2.0 * 11.6 - 11.6 * 11.6));
}

#[test]
fn what_hosts_sell_counts_against_their_own_target() {
    let market = |lines: &str| {
        kazakhstan(&format!(
            "foreign_credits_percent_of_obligation = 5\n{lines}[jurisdiction.KGZ]\n\
             stage = \"crediting\"\n[scenario]\ncredits = true"
        ))
    };
    let it = simulated(&market("").replace("= 125", "= 100"), &[]);
    let host = &it.members[1];
    let (target, row) = (&host.targets[0], &host.rows[3]);
    assert_eq!((target.year, row.year), (2030, 2030));
    assert!(row.credits.exported.0 > 0.001, "{:?}", row.credits);
    let sold: f64 = host.rows[..4].iter().map(|it| it.credits.exported.0).sum();
    assert!(close(target.transferred.0, sold / 4.0));
    // What its projects avoid is not emitted, and added again since others count it.
    let nation = Tables::shipped().unwrap().nations.get("KGZ").unwrap().emissions(2030);
    assert!(close(target.emissions.0, nation - row.credits.issued.0));
    assert!(close(target.without.0, nation));
    let buyer = &it.members[0].targets[0];
    assert!(close(buyer.transferred.0, -target.transferred.0));
    // Credits are no units of a link.
    let alone = |lines: &str| {
        let linked = linked(lines);
        let all = simulated(&linked, &[]).link_gains;
        all.iter().map(|it| it.quantity.0).fold(0.0, f64::max)
    };
    assert!(alone("credits = true") < 20.0 && alone("") < 20.0);
}

#[test]
fn a_penalty_that_follows_the_price_binds_where_it_is_below_it() {
    let with = |penalty: &str| {
        let text = file(&[("AA", "{ kind = \"linear\", slope = 3.0 }", 8.0)]);
        let line = format!("[jurisdiction.AA]\npenalty_make_good = false\n{penalty}\n");
        price(&simulated(&text.replace("[jurisdiction.AA]\n", &line), &[]), "AA")
    };
    assert!(close(with("penalty_usd_per_t = 15"), 15.0));
    // 6 and three fifths of the price are 15 at 15.
    assert!(close(with("penalty_usd_per_t = 6\npenalty_percent_of_mean_price = 60"), 15.0));
    // Whatever the price is, a unit is cheaper than a penalty of it and more.
    assert!(close(with("penalty_usd_per_t = 6\npenalty_percent_of_mean_price = 100"), 24.0));
    // Nobody buys a unit where a share of its price will do.
    assert!(close(with("penalty_percent_of_mean_price = 60"), 0.0));
}

#[test]
fn where_several_prices_balance_the_lowest_is_the_price() {
    let flat = "{ kind = \"points\", points = [[0, 0], [10, 4], [30, 4], [50, 8]] }";
    let two = file(&[("AA", flat, 3.0), ("BB", flat, 5.0)]);
    // Eight of eight that cost 10 at most; the next one costs 30.
    let linked = simulated(&two, &["AA-BB=full"]);
    assert!((price(&linked, "AA") - 10.0).abs() < 1e-4, "{}", price(&linked, "AA"));
    assert!((price(&linked, "BB") - 10.0).abs() < 1e-4);
    let alone = simulated(&file(&[("AA", flat, 4.0)]), &[]);
    assert!(close(price(&alone, "AA"), 10.0));
}

#[test]
fn nobody_avoids_more_than_all_at_any_listed_plant_or_host() {
    let world = world(&linked("credits = true\ncredited_percent_of_abatement = 100"));
    for region in &world.regions {
        let mut sectors = std::collections::BTreeMap::new();
        for it in region.projects.iter() {
            *sectors.entry(&it.sector).or_insert(0.0) += it.of_sector;
        }
        for (sector, share) in sectors {
            assert!(share <= 1.0, "{} {sector}: {share}", region.code);
        }
        // What is under a cap hosts no projects.
        for (hosts, beyond) in region.hosting.iter().zip(&region.beyond) {
            let most = hosts.at(1e6).quantity;
            assert!(most <= 0.5 * beyond, "{}: {most} of {beyond}", region.code);
        }
    }
}

#[test]
fn a_cap_that_follows_output_and_asks_too_much_is_missed_at_a_price_of_this_world() {
    let product =
        Product { usd_per_t: 100.0, elasticity: 0.3, benchmark: 0.9, follows: 0.9, carried: 0.5 };
    let plants = Macc::Points(vec![(0.0, 0.0), (200.0, 5.0)]);
    let it = simulate::run(&sector(plants, product, 90.0));
    assert_eq!(price(&it, "XXA"), 200.0);
    assert!(matches!(it.warnings[..], [Warning::Missing { .. }]), "{:?}", it.warnings);
    assert!(row(&it, "XXA").output.unwrap().share > 0.9);
}

#[test]
fn a_target_of_a_country_that_no_table_knows_is_named_and_passed_over() {
    let text = file(&[("AA", "{ kind = \"linear\", slope = 3.0 }", 8.0)]);
    let text =
        text.replace("[jurisdiction.AA]\n", "[jurisdiction.AA]\nndc_target_mt = { 2030 = 5 }\n");
    let it = simulated(&text, &[]);
    assert!(it.members[0].targets.is_empty());
    assert!(matches!(&it.warnings[..], [Warning::NoTable { code }] if code == "AA"));
    let draws = draws::run(&world(&text), (4, 1, 1), &|| {});
    assert!(draws.members[0].targets.is_empty());
}

#[test]
fn output_closes_a_gap_that_plants_leave_however_dear_that_is() {
    // 85 of 100 Mt, all given for output; nothing can be avoided at plants. Of a product that costs
    // 100 a part of 0.15 is paid at a price p, half of it carried: (1 + 0.00075 p)^-0.2 = 0.85.
    let product =
        Product { usd_per_t: 100.0, elasticity: 0.2, benchmark: 0.85, follows: 0.0, carried: 0.5 };
    let nothing = Macc::Points(vec![(0.0, 0.0), (1.0, 0.0)]);
    let it = simulate::run(&sector(nothing, product, 85.0));
    let expected = (0.85f64.powf(-5.0) - 1.0) / 0.00075;
    assert!(close(price(&it, "XXA"), expected), "{} {expected}", price(&it, "XXA"));
    assert!(it.warnings.is_empty(), "{:?}", it.warnings);
}

#[test]
fn what_is_not_given_for_output_is_not_sold_below_the_reserve_price() {
    let product =
        Product { usd_per_t: 10.0, elasticity: 1.0, benchmark: 0.9, follows: 0.0, carried: 1.0 };
    let plants = Macc::Points(vec![(0.0, 0.0), (10.0, 5.0)]);
    let mut world = sector(plants, product, 100.0);
    let year = world.regions[0].years[0].as_mut().unwrap();
    (year.free, year.auctioned, year.floor) = (90.0, 10.0, 10.0);
    let it = simulate::run(&world);
    let row = row(&it, "XXA");
    // At 10 products are dearer by a part of 0.25 + 0.05: 1/1.075 are made, and what is not given
    // goes to the auction.
    let made = row.output.unwrap().share;
    assert!(close(price(&it, "XXA"), 10.0), "{}", price(&it, "XXA"));
    let offered = 10.0 + 90.0 * (1.0 - made);
    assert!(row.withheld.0 <= offered && close(row.revenue.0, 10.0 * (offered - row.withheld.0)));
}
