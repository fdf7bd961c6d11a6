//! `karvan calc auction`: the clearing of a primary auction, recomputed.

use super::fixing::{self, Fixings};
use super::sheet::Sheet;
use super::{answer, input};
use crate::Output;
use crate::table::Table;
use anyhow::{Result, bail};
use karvan_core::auction::carry_over;
use karvan_core::auction::clearing::{self, Clearing, Demand, Offer};
use karvan_core::calendar::Day;
use karvan_core::cash::fixing::{in_national, in_quote};
use karvan_core::mrv::Decimal;
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::rules::{AuctionRules, BelowSecondary, TIERS_MAX, Tier, Ties, Undersubscribed};
use karvan_core::supply::set_cap::CAP_MAX;
use karvan_policy::auctions::{BELOW_SECONDARY, RULE_SETS, RuleSet, TIES, UNDERSUBSCRIBED};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

#[derive(clap::Args)]
pub(crate) struct Auction {
    /// The bids: bid,bidder,price,quantity and perhaps group,cash,limit,currency.
    #[arg(long)]
    bids: PathBuf,
    /// How many units are sold.
    #[arg(long)]
    volume: u64,
    /// The rule set: eu, uk, wci, rggi or krx.
    #[arg(long, default_value = "eu", value_parser = rule_set)]
    rules: RuleSet,
    /// When less is bid than offered, instead of what the rule set says: cancel or sell.
    #[arg(long, value_parser = |it: &str| one_of(&UNDERSUBSCRIBED, it))]
    undersubscribed: Option<Undersubscribed>,
    /// When the price falls below the secondary market, instead of what the rule set says: cancel,
    /// step_up or ignore.
    #[arg(long, value_parser = |it: &str| one_of(&BELOW_SECONDARY, it))]
    below: Option<BelowSecondary>,
    /// How equal prices share, instead of what the rule set says: seeded, pro_rata or arrival.
    #[arg(long, value_parser = |it: &str| one_of(&TIES, it))]
    ties: Option<Ties>,
    /// Volumes are whole multiples of this.
    #[arg(long, default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    lot: u64,
    /// The auction reserve price.
    #[arg(long, value_parser = input::price)]
    reserve: Option<Price>,
    /// The price of the secondary market.
    #[arg(long, value_parser = input::price)]
    secondary: Option<Price>,
    /// How far below it counts, in percent.
    #[arg(
        long,
        value_name = "PERCENT",
        default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(0..=100)
    )]
    below_secondary: u32,
    /// The revealed seed that orders equal prices: 64 hexadecimal digits.
    #[arg(long, value_parser = seed)]
    seed: Option<Seed>,
    /// Cost containment: above each price up to this volume more, such as 15.00:5000,25.00:5000.
    #[arg(long, value_delimiter = ',', value_parser = tier)]
    tiers: Vec<Tier>,
    /// Emissions containment: below the price up to this volume is withheld, such as 6.00:2000.
    #[arg(long, value_parser = tier)]
    withhold: Option<Tier>,
    /// The announced volumes of the next four auctions, into which unsold units go.
    #[arg(long, value_delimiter = ',', value_name = "VOLUME")]
    next: Vec<u64>,
    /// Fixings, for bids that name a currency of their own: date,currency,rate,source, the rate
    /// being what a unit of the quote currency costs.
    #[arg(long, requires = "day")]
    fixing: Option<PathBuf>,
    /// The day of the auction; the last fixing before it counts.
    #[arg(long, value_parser = day)]
    day: Option<Day>,
    #[command(flatten)]
    output: Output,
}

#[derive(Clone, Copy)]
struct Seed([u8; 32]);

fn rule_set(text: &str) -> Result<RuleSet, String> {
    one_of(&RULE_SETS, text)
}

fn one_of<T: Copy>(all: &[(&str, T)], text: &str) -> Result<T, String> {
    let found = all.iter().find(|(name, _)| *name == text).map(|(_, it)| *it);
    found.ok_or_else(|| {
        let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
        format!("expected is one of {}", names.join(", "))
    })
}

fn day(text: &str) -> Result<Day, String> {
    input::day(text)
        .ok_or_else(|| format!("\"{text}\" is no day; expected is one such as 2028-03-01"))
}

fn tier(text: &str) -> Result<Tier, String> {
    let expected = || format!("\"{text}\": expected is PRICE:VOLUME, such as 15.00:5000");
    let (trigger, volume) = text.split_once(':').ok_or_else(expected)?;
    let volume = input::units(volume).ok_or_else(expected)?;
    Ok(Tier { price: input::price(trigger)?, volume: Tonnes(volume) })
}

fn seed(text: &str) -> Result<Seed, String> {
    let bytes = (0..32).map(|it| {
        let pair = text.get(it * 2..it * 2 + 2)?;
        pair.bytes().all(|it| it.is_ascii_hexdigit()).then_some(())?;
        u8::from_str_radix(pair, 16).ok()
    });
    let bytes: Option<Vec<u8>> = bytes.collect();
    let seed = bytes.filter(|_| text.len() == 64).and_then(|it| it.try_into().ok());
    seed.map(Seed).ok_or_else(|| "expected are 64 hexadecimal digits".to_owned())
}

/// A bid of the file.
struct Bid {
    name: String,
    bidder: String,
    /// In the bid's own currency.
    price: Price,
    /// The bid's own currency and its fixing, where it is not the quote currency.
    national: Option<(String, Decimal)>,
    quantity: Tonnes,
    group: String,
    cash: Option<i64>,
    limit: Option<u64>,
}

impl Bid {
    /// Its price in the quote currency, by which bids are ranked.
    fn ranked(&self) -> Price {
        self.national.as_ref().map_or(self.price, |(_, rate)| in_quote(self.price, *rate))
    }

    /// Its own currency; empty for the quote currency.
    fn currency(&self) -> &str {
        self.national.as_ref().map_or("", |(currency, _)| currency)
    }

    /// What it pays for its units at the clearing price, in its own currency.
    fn pays(&self, price: Price, fill: Tonnes) -> Option<Money> {
        let cost = price.times(fill)?;
        match &self.national {
            None => Some(cost),
            Some((_, rate)) => in_national(cost, *rate).map(|(_, up)| up),
        }
    }
}

/// Why a bid does not count.
type Refused = Option<&'static str>;

pub(crate) fn run(it: &Auction) -> Result<()> {
    if it.volume > CAP_MAX.0 {
        bail!("--volume {} is more than {CAP_MAX}, the most a market has", it.volume);
    }
    if !it.volume.is_multiple_of(it.lot) || it.volume == 0 {
        bail!("--volume {} is not a positive whole multiple of the lot of {}", it.volume, it.lot);
    }
    let rules = rules(it)?;
    let bids = bids(it)?;
    let refused = refused(&bids);
    let counts = |(bid, refused): (&Bid, &Refused)| {
        if refused.is_none() { bid.quantity } else { Tonnes::ZERO }
    };
    let demands: Vec<Demand<'_>> = bids
        .iter()
        .zip(&refused)
        .map(|(bid, refused)| {
            let (price, quantity) = (bid.ranked(), counts((bid, refused)));
            Demand { name: bid.name.as_bytes(), price, quantity }
        })
        .collect();
    let volume = Tonnes(it.volume);
    let seed = it.seed.map_or([0; 32], |it| it.0);
    let offer = Offer { volume, rules: &rules, secondary: it.secondary, seed: &seed };
    let result = clearing::clear(&offer, &demands);
    if result.by_seed && it.seed.is_none() {
        bail!("equal prices at the margin share too few units: name the revealed --seed");
    }
    let valid = clearing::valid_volume(&demands, rules.reserve);
    let cover = ratio(valid, volume);
    let value = as_json(it, (&bids, &refused), &result, &cover);
    answer(it.output, &value, || as_text((&bids, &refused), &result, &value))
}

fn rules(it: &Auction) -> Result<AuctionRules> {
    if it.tiers.len() > TIERS_MAX {
        bail!("--tiers has {} tiers; at most {TIERS_MAX} are allowed", it.tiers.len());
    }
    if !it.tiers.is_sorted_by(|one, two| one.price <= two.price) {
        bail!("--tiers must not name falling prices");
    }
    if it.next.len() > carry_over::AUCTIONS {
        bail!("--next names {} auctions; unsold units go into the next four", it.next.len());
    }
    Ok(AuctionRules {
        lot: Tonnes(it.lot),
        reserve: it.reserve.unwrap_or(Price(0)),
        undersubscribed: it.undersubscribed.unwrap_or(it.rules.undersubscribed),
        below_secondary: it.below.unwrap_or(it.rules.below_secondary),
        below_secondary_percent: it.below_secondary,
        purchase_limit_percent: 100,
        bids_max: u32::MAX,
        ties: it.ties.unwrap_or(it.rules.ties),
        tiers: std::array::from_fn(|place| it.tiers.get(place).copied()),
        withhold: it.withhold,
    })
}

fn bids(it: &Auction) -> Result<Vec<Bid>> {
    let mut sheet = Sheet::read(
        &it.bids,
        &["bid", "bidder", "price", "quantity"],
        &["group", "cash", "limit", "currency"],
    )?;
    sheet.unique("bid");
    let fixings = it.fixing.as_deref().map(Fixings::read).transpose()?.unwrap_or_default();
    let mut bids = Vec::new();
    let lots = format!("a whole multiple of the lot of {}, up to {CAP_MAX}", it.lot);
    let in_lots = |text: &str| input::units(text).filter(|units| units.is_multiple_of(it.lot));
    for row in sheet.rows() {
        let price = |text: &str| input::cents(text).filter(|it| *it > 0).map(Price);
        let price = sheet.value((row, "price"), "a positive price such as 8.15", price);
        let quantity = sheet.value((row, "quantity"), &lots, in_lots);
        let money = |text: &str| input::cents(text).filter(|it| *it >= 0);
        let cash = sheet.optional((row, "cash"), "an amount such as 12000.00", money);
        let limit = sheet.optional((row, "limit"), "a whole number", input::whole);
        let currency = sheet.optional((row, "currency"), fixing::CODE, fixing::code);
        let rate = |code: &String| fixings.before(code, it.day?);
        let rate = currency.as_ref().map(rate);
        if rate == Some(None) {
            let why = "no fixing of it before the day of the auction: name --fixing and --day";
            sheet.wrong((row, "currency"), why);
        }
        let national = currency.zip(rate.flatten());
        let text = |column: &str| sheet.text(row, column).to_owned();
        let (name, bidder, group) = (text("bid"), text("bidder"), text("group"));
        let (Some(price), Some(quantity)) = (price, quantity) else { continue };
        let quantity = Tonnes(quantity);
        bids.push(Bid { name, bidder, price, national, quantity, group, cash, limit });
    }
    sheet.end()?;
    Ok(bids)
}

/// Which bids the market would have refused when they were placed, in the order of the rows: above
/// the limit of the bidder's group, or beyond the cash its bidder set aside.
fn refused(bids: &[Bid]) -> Vec<Refused> {
    let mut asked: BTreeMap<&str, u64> = BTreeMap::new();
    let mut promised: BTreeMap<(&str, &str), i128> = BTreeMap::new();
    let mut all = Vec::new();
    for bid in bids {
        let group = if bid.group.is_empty() { &bid.bidder } else { &bid.group };
        let so_far = asked.entry(group).or_default();
        let wanted = so_far.saturating_add(bid.quantity.0);
        let money = promised.entry((&bid.bidder, bid.currency())).or_default();
        let cost = *money + i128::from(bid.price.0) * i128::from(bid.quantity.0);
        let why = if bid.ranked() <= Price(0) {
            Some("worth less than the least price in the quote currency")
        } else if bid.limit.is_some_and(|limit| wanted > limit) {
            Some("above the purchase limit of its group")
        } else if bid.cash.is_some_and(|cash| cost > i128::from(cash)) {
            Some("beyond the cash of its bidder")
        } else {
            (*so_far, *money) = (wanted, cost);
            None
        };
        all.push(why);
    }
    all
}

/// Four decimals, half up.
fn ratio(valid: Tonnes, volume: Tonnes) -> String {
    let (valid, volume) = (u128::from(valid.0), u128::from(volume.0));
    let scaled = (valid * 20_000 / volume.max(1)).div_ceil(2);
    format!("{}.{:04}", scaled / 10_000, scaled % 10_000)
}

fn as_json(
    it: &Auction,
    (bids, refused): (&[Bid], &[Refused]),
    result: &Clearing,
    cover: &str,
) -> Value {
    let volume = Tonnes(it.volume);
    let unsold = result.unsold(volume);
    let allocations: Vec<Value> = bids
        .iter()
        .zip(&result.fills)
        .map(|(bid, fill)| allocation(bid, *fill, result.price))
        .collect();
    let refused: Vec<Value> = bids
        .iter()
        .zip(refused)
        .filter_map(|(bid, why)| Some(json!({ "bid": bid.name, "reason": (*why)? })))
        .collect();
    let mut value = json!({
        "status": if result.price.is_some() { "cleared" } else { "cancelled" },
        "price": result.price.map(|it| it.to_string()),
        "sold": result.sold().0,
        "cover_ratio": cover,
        "allocations": allocations,
        "carried": unsold.0,
        "released": volume.short_of(result.sold()).0,
        "withheld": result.withheld.0,
        "refused": refused,
    });
    if !it.next.is_empty() {
        let lot = Tonnes(it.lot);
        let parts = carry_over::parts(unsold, lot);
        let fits = it.next.iter().zip(parts);
        let carried: Vec<u64> = fits
            .map(|(announced, part)| carry_over::that_fits(part, Tonnes(*announced), lot).0)
            .collect();
        let to_stability = unsold.0 - carried.iter().sum::<u64>();
        value["carried_to"] = json!(carried);
        value["to_stability"] = json!(to_stability);
    }
    value
}

/// What a bid gets; with what it pays, and in which currency, where that is its own.
fn allocation(bid: &Bid, fill: Tonnes, price: Option<Price>) -> Value {
    let mut value = json!({ "bid": bid.name, "quantity": fill.0 });
    if let Some((currency, rate)) = &bid.national {
        let pays = price.map_or(Some(Money::ZERO), |it| bid.pays(it, fill));
        value["ranked"] = json!(bid.ranked().to_string());
        value["currency"] = json!(currency);
        value["fixing"] = json!(rate.to_string());
        value["pays"] = json!(pays.map(|it| it.to_string()));
    }
    value
}

fn as_text((bids, refused): (&[Bid], &[Refused]), result: &Clearing, value: &Value) -> String {
    let columns = ["bid", "bidder", "price", "ranked at", "quantity", "gets", "pays", "refused"];
    let mut table = Table::new(&columns);
    for ((bid, why), fill) in bids.iter().zip(refused).zip(&result.fills) {
        let pays = result.price.and_then(|it| bid.pays(it, *fill)).unwrap_or(Money::ZERO);
        let own = |amount: String| format!("{amount} {}", bid.currency()).trim_end().to_owned();
        table.add(vec![
            bid.name.clone(),
            bid.bidder.clone(),
            own(bid.price.to_string()),
            bid.ranked().to_string(),
            bid.quantity.to_string(),
            fill.to_string(),
            own(pays.to_string()),
            why.unwrap_or("").to_owned(),
        ]);
    }
    let price = result.price.map_or("none".to_owned(), |it| it.to_string());
    let mut text = format!("{table}\n");
    let mut line = |name: &str, value: String| text.push_str(&format!("{name:<16}{value}\n"));
    line("status", value["status"].as_str().unwrap_or_default().to_owned());
    line("price", format!("{price} (a unit, in the quote currency)"));
    line("sold", format!("{}", result.sold()));
    line("cover ratio", value["cover_ratio"].as_str().unwrap_or_default().to_owned());
    line("carried over", format!("{} t", value["carried"]));
    if let Some(carried) = value.get("carried_to") {
        line("  to the next", format!("{carried} t"));
        line("  to stability", format!("{} t", value["to_stability"]));
    }
    text
}
