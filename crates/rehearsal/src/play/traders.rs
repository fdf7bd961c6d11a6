//! What groups do in the markets: expectation, bids, orders.

use super::administrators::floor;
use super::{Play, in_lots, on_tick};
use crate::chance::Purpose;
use crate::group::{self, Plant, eligible, is_open};
use karvan_core::Command;
use karvan_core::auction::place_bid::PlaceBid;
use karvan_core::book::Market;
use karvan_core::exchange::{Side, cancel_order::CancelOrder, place_order::PlaceOrder};
use karvan_core::id::{AccountId, PersonId};
use karvan_core::quantity::{Money, Price, Tonnes};
use karvan_core::time::{DAY_MS, Instant, Year};
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;

/// Auction bids come in five equal parts at these factors of the expected price.
const BID_STEPS: [f64; 5] = [1.10, 1.03, 1.00, 0.97, 0.90];
/// A group sells from at most so many of its accounts in one call.
const SELLING_ACCOUNTS: usize = 40;
/// How much of an expectation is the fundamental price; the rest is the last price carried on.
const WEIGHT: f64 = 0.4;
/// The same before the first trade, when the reserve stands for a last price.
const WEIGHT_BEFORE: f64 = 0.8;
/// A difference this large between expectation and price is worth acting on.
const WORTH_ACTING: f64 = 1.02;
/// In the last weeks before a surrender date whoever can wait sells to those who cannot.
const LAST_WEEKS: f64 = 10.0;
/// With market power the owner of most emissions bids this share of what it expects.
const SHADED: f64 = 0.90;
/// A group builds or sells a position over this many months.
const MONTHS_TO_BUILD: f64 = 6.0;

/// A group's money for a year, as a multiple of what its need would cost at the expected price.
const BUDGET: f64 = 1.5;
/// The same for a state utility, which gets it quarter by quarter and cannot save it.
const BUDGET_OF_UTILITY: f64 = 1.0;
/// In the last weeks before a surrender date the budget does not count: the fine would cost more.
const WEEKS_OF_NEED: f64 = 6.0;

/// Commands on their way, and the money that those of one group bind.
#[derive(Default)]
struct Basket {
    commands: Vec<(PersonId, Command)>,
    spent: i64,
    /// Whether the group's budget counts.
    is_limited: bool,
}

/// What everybody knows of units for a year.
#[derive(Clone, Copy)]
pub(super) struct News {
    year: u16,
    at: Instant,
    fundamental: f64,
    last: Option<(f64, Instant)>,
}

/// What a group has in view when a phase opens.
#[derive(Clone, Copy)]
struct Outlook {
    place: usize,
    year: u16,
    at: Instant,
    expected: f64,
    news: News,
}

/// What a group wants in a market: positive to buy, negative to sell, t.
#[derive(Clone, Copy, Debug)]
struct Wish {
    quantity: f64,
    price: f64,
}

impl News {
    /// The last price anybody saw, and when.
    pub(super) fn last(&self) -> Option<(f64, Instant)> {
        self.last
    }
}

impl<J: Journal> Play<J> {
    /// Habits that do not change: how far a group looks ahead, and whether it hoards.
    pub(super) fn draw_habits(&mut self) {
        for place in 0..self.groups.len() {
            let draw = self.chance.unit(Purpose::Horizon, place as u64, 0);
            let plants = self.groups[place].plants.iter().filter_map(|it| self.plants.get(*it));
            let size: f64 = plants.map(|it| it.base_t).sum();
            let group = &mut self.groups[place];
            group.horizon = match draw {
                it if it <= 0.50 => 1,
                it if it <= 0.85 => 3,
                _ => u16::MAX,
            };
            let reluctant = self.chance.unit(Purpose::Reluctant, place as u64, 0) <= 0.25;
            group.hoards = reluctant && size < 200_000.0;
        }
    }

    /// A group's view of the price, drawn each year; views of one sector go together (0.5).
    pub(super) fn draw_views(&mut self, j: usize, year: u16) {
        let bounded = self.behaviour().bounded;
        for place in 0..self.groups.len() {
            if self.groups[place].jurisdiction != j {
                continue;
            }
            let first = self.groups[place].plants.first().and_then(|it| self.plants.get(*it));
            let sector = first.map_or("", |it| it.row.sector.as_str());
            let sector: u64 =
                sector.bytes().fold(j as u64, |sum, it| sum.wrapping_mul(257) ^ u64::from(it));
            let shared = self.chance.normal(Purpose::SectorView, sector, u64::from(year));
            let own = self.chance.normal(Purpose::View, place as u64, u64::from(year));
            let draw = libm::sqrt(0.5) * shared + libm::sqrt(0.5) * own;
            self.groups[place].view = if bounded { libm::exp(-0.02 + 0.20 * draw) } else { 1.0 };
        }
    }

    /// What everybody knows of units for a year. Units that count on are worth what later years
    /// make of them; units that end with the year only what the year does.
    pub(super) fn news(&self, j: usize, year: u16, at: Instant) -> News {
        let it = self.policy_of(j);
        let now = u16::try_from(at.date().0).unwrap_or(year).max(year);
        let of = if it.valid_to(year) >= now { now } else { year };
        News { year, at, fundamental: self.fundamental(j, of), last: self.last_price(j, year) }
    }

    /// What a group expects: its view of the fundamental price and the last price carried on.
    pub(super) fn expected_price(&self, place: usize, news: &News) -> f64 {
        let group = &self.groups[place];
        let it = self.policy_of(group.jurisdiction);
        let own = news.fundamental * group.view;
        let reserve = it.auctions.reserve_usd.at(news.year);
        let expected = match news.last {
            None => WEIGHT_BEFORE * own + (1.0 - WEIGHT_BEFORE) * reserve,
            Some((price, traded)) => {
                let years = (news.at.0 - traded.0) as f64 / (365.25 * DAY_MS as f64);
                let carried = price * libm::pow(1.0 + it.abatement.discount_percent / 100.0, years);
                WEIGHT * own + (1.0 - WEIGHT) * carried
            }
        };
        expected.clamp(reserve, it.auctions.ceiling_usd.at(news.year).max(0.01).max(reserve))
    }

    /// What somebody without a view of its own expects of the next weeks.
    pub(super) fn unbiased(&self, j: usize, news: &News, last: f64) -> f64 {
        let it = self.policy_of(j);
        let reserve = it.auctions.reserve_usd.at(news.year);
        let expected = WEIGHT * news.fundamental + (1.0 - WEIGHT) * last;
        expected.clamp(reserve, it.auctions.ceiling_usd.at(news.year).max(0.01).max(reserve))
    }

    /// What a group makes of an expected price when it bids: less, where it owns more than half of
    /// a jurisdiction's emissions and the policy lets it use that.
    fn shaded(&self, place: usize, expected: f64) -> f64 {
        let is_shaded = self.settings.policy.rehearsal.market_power && self.owns_most(place);
        if is_shaded { expected * SHADED } else { expected }
    }

    /// The year's money, once the free units are in: what the need would cost, and half more.
    pub(super) fn plan_budgets(&mut self, j: usize, year: u16, at: Instant) {
        let news = self.news(j, year, at);
        for place in 0..self.groups.len() {
            if self.groups[place].jurisdiction == j && !self.is_state_utility(place) {
                let need = self.short(place, year).max(0.0);
                let cost = BUDGET * need * self.expected_price(place, &news);
                self.groups[place].budget = floor(cost * 100.0);
            }
        }
    }

    /// A quarter's money of the state utilities.
    pub(super) fn plan_quarter(&mut self, j: usize, year: u16, at: Instant) {
        let news = self.news(j, year, at);
        for place in 0..self.groups.len() {
            if self.groups[place].jurisdiction == j && self.is_state_utility(place) {
                let need = self.short(place, year).max(0.0);
                let cost = BUDGET_OF_UTILITY * need * self.expected_price(place, &news) / 4.0;
                self.groups[place].budget = floor(cost * 100.0);
            }
        }
    }

    /// The tables of plants do not say who belongs to a state; whoever makes power and owns more
    /// than half of a jurisdiction's emissions is taken for its utility.
    fn is_state_utility(&self, place: usize) -> bool {
        let plants = &self.groups[place].plants;
        let makes_power = plants.iter().filter_map(|it| self.plants.get(*it)).any(Plant::is_power);
        makes_power && self.owns_most(place)
    }

    fn owns_most(&self, place: usize) -> bool {
        let sum =
            |plants: &mut dyn Iterator<Item = &Plant>| plants.map(|it| it.base_t).sum::<f64>();
        let group = &self.groups[place];
        let own = sum(&mut group.plants.iter().filter_map(|it| self.plants.get(*it)));
        let all = sum(&mut self.plants.iter().filter(|it| it.jurisdiction == group.jurisdiction));
        own > 0.5 * all
    }

    /// What a group can pay: its free money, and what is left of its budget.
    fn purse(&self, place: usize, basket: &Basket) -> i64 {
        let group = &self.groups[place];
        let cash = self.state().cash_account_of(group.party);
        let free = cash.map_or(0, |it| self.state().ledger.cash.row(it).free.0);
        let budget = if basket.is_limited { group.budget } else { u64::MAX };
        free.saturating_sub(basket.spent).saturating_add_unsigned(budget)
    }

    /// Before bidding or buying a group brings in the money it lacks. Whether it can.
    fn pay_in(&mut self, place: usize, cost: Money, basket: &mut Basket) -> bool {
        if cost.0 > self.purse(place, basket) {
            return false;
        }
        let group = &mut self.groups[place];
        let party = group.party;
        let state = self.market.state();
        let free = state.cash_account_of(party).map_or(0, |it| state.ledger.cash.row(it).free.0);
        let lacking = basket.spent + cost.0 - free;
        if lacking > 0 {
            group.budget = group.budget.saturating_sub(lacking.unsigned_abs());
            basket.commands.push(self.deposit(party, Money(lacking)));
            basket.spent -= lacking;
        }
        basket.spent += cost.0;
        true
    }

    /// Bids in the day's auction: the year's need spread over its auctions, and a position where
    /// the group expects more than the last price.
    pub(super) fn bid(&mut self, j: usize, year: u16, at: Instant) -> Result<(), Stopped> {
        let Some(auction) = self.open_auction.get(&j).copied() else {
            return Ok(());
        };
        let Some(row) = self.state().auctions.get(auction) else {
            return Ok(());
        };
        let (volume, rules) = (row.volume, row.rules);
        let limit = volume.percent(rules.purchase_limit_percent);
        let news = self.news(j, year, at);
        let left = {
            let days = crate::calendar::auction_days(self.policy_of(j), year);
            let (_, month, _) = at.date();
            days.iter().filter(|it| i64::from(it.0) >= month).count().max(1) as f64
        };
        let mut basket = Basket { is_limited: self.behaviour().bounded, ..Basket::default() };
        for place in 0..self.groups.len() {
            if self.groups[place].jurisdiction != j {
                continue;
            }
            let expected = self.expected_price(place, &news);
            let short = self.short(place, year);
            let wanted = short.max(0.0) / left + self.position_wanted(place, &news, expected);
            let wanted = wanted.min(limit.0 as f64);
            let part = Tonnes(floor(wanted / 5.0) / rules.lot.0 * rules.lot.0);
            let Some(account) = self.neediest(place, year) else {
                continue;
            };
            if part == Tonnes::ZERO {
                continue;
            }
            basket.spent = 0;
            let most = self.most_to_pay(j, &news, expected);
            for step in BID_STEPS {
                let usd = (self.shaded(place, expected) * step).min(most);
                let price = on_tick(usd, &self.policy_of(j).trading);
                if price < rules.reserve {
                    continue;
                }
                let cost = price.times(part).unwrap_or_default();
                if self.pay_in(place, cost, &mut basket) {
                    let bid = PlaceBid { auction, account, price, quantity: part, currency: None };
                    basket.commands.push((self.groups[place].person, bid.into()));
                }
            }
        }
        self.send(basket.commands)
    }

    fn short(&self, place: usize, year: u16) -> f64 {
        group::position(self.state(), &self.plants, &self.groups[place], year).short()
    }

    /// Units beyond the need that a group wants, because it expects more than the last price:
    /// up to a year's emissions for power, half of it for industry, built up over some months.
    fn position_wanted(&self, place: usize, news: &News, expected: f64) -> f64 {
        let group = &self.groups[place];
        let it = self.policy_of(group.jurisdiction);
        let (year, price) = (news.year, news.last.map(|(price, _)| price));
        // Whoever looks at this compliance year only keeps nothing for the next.
        let looks_ahead = group.horizon > 1 || !self.behaviour().bounded;
        let keeps = it.valid_to(year) > year && looks_ahead;
        if !keeps || price.is_none_or(|price| expected <= price * WORTH_ACTING) {
            return 0.0;
        }
        let plants = || group.plants.iter().filter_map(|it| self.plants.get(*it));
        let yearly: f64 =
            plants().filter(|it| it.obliged_in(year)).map(|it| it.expects(year, news.at)).sum();
        let most = if plants().any(Plant::is_power) { 1.0 } else { 0.5 };
        let has = -self.short(place, year);
        (most * yearly - has.max(0.0)).max(0.0) / MONTHS_TO_BUILD
    }

    /// The account of the plant that lacks most.
    fn neediest(&self, place: usize, year: u16) -> Option<AccountId> {
        let state = self.state();
        let plants = self.groups[place].plants.iter().filter_map(|it| self.plants.get(*it));
        let lack = |it: &&Plant| group::owes(state, it, year) - eligible(state, it, year).0 as f64;
        let obliged = plants.filter(|it| it.obliged_in(year));
        obliged.max_by(|one, two| lack(one).total_cmp(&lack(two))).map(|it| it.account)
    }

    /// Orders for the phase that is open: what is left of earlier ones is taken back first.
    pub(super) fn order(&mut self, j: usize, year: u16, at: Instant) -> Result<(), Stopped> {
        if !self.open_calls.contains_key(&(j, year)) {
            return Ok(());
        }
        self.take_back(j, year)?;
        let news = self.news(j, year, at);
        let mut basket = Basket::default();
        for place in 0..self.groups.len() {
            if self.groups[place].jurisdiction == j {
                let expected = self.expected_price(place, &news);
                let outlook = Outlook { place, year, at, expected, news };
                let wish = self.keep_for_last_year(&outlook, self.wish(&outlook));
                self.place_orders(&outlook, wish, &mut basket);
            }
        }
        self.send(basket.commands)
    }

    fn take_back(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let id = self.id_of(j);
        let waiting = self.state().orders.of_market(Market::of_allowances(id, Year(year)));
        let mut waiting: Vec<_> = waiting.map(|it| (it.id, it.owner)).collect();
        waiting.sort_unstable();
        let person = |party| self.state().parties.row(party).person;
        let cancels = waiting
            .into_iter()
            .map(|(order, owner)| (person(owner), Command::from(CancelOrder { order })));
        let cancels: Vec<_> = cancels.collect();
        self.send(cancels)
    }

    /// What a group wants of units that count for a year.
    fn wish(&self, outlook: &Outlook) -> Wish {
        let Outlook { place, year, at, expected, ref news, .. } = *outlook;
        let group = &self.groups[place];
        let it = self.policy_of(group.jurisdiction);
        let (now, month, _) = at.date();
        let is_prompt = now > i64::from(year);
        let due = it.surrender_due_at(year);
        let weeks = (due.0 - at.0) as f64 / (7.0 * DAY_MS as f64);
        let short = self.short(place, year);
        if short > 0.0 {
            let power =
                group.plants.iter().filter_map(|it| self.plants.get(*it)).any(Plant::is_power);
            let months = (weeks * 7.0 / 30.4).floor().max(1.0);
            let part = match (!self.behaviour().hedging, is_prompt, power) {
                (true, true, _) => 1.0 / months,
                (true, false, _) => 1.0 / (months + 12.0 - month as f64).max(1.0),
                // Power covers 60 % of the year's need evenly, then the rest.
                (false, false, true) => 0.6 / 12.0,
                (false, true, true) => 1.0 / months,
                // Industry buys 70 % in the last four months before the deadline.
                (false, false, false) => 0.2 / 12.0,
                (false, true, false) => {
                    if months > 4.0 {
                        0.03
                    } else {
                        1.0 / months
                    }
                }
            };
            let urgent =
                if weeks <= 8.0 { expected * (1.0 + 0.02 * (8.0 - weeks)) } else { expected };
            let price = if weeks <= WEEKS_OF_NEED {
                self.most_to_pay(group.jurisdiction, news, expected)
            } else {
                urgent
            };
            let extra = if is_prompt { 0.0 } else { self.position_wanted(place, news, expected) };
            let price = self.shaded(place, price.max(urgent));
            let price = price.min(self.most_to_pay(group.jurisdiction, news, expected));
            return Wish { quantity: short * part + extra, price };
        }
        let extra = if is_prompt { 0.0 } else { self.position_wanted(place, news, expected) };
        if extra > 0.0 && !group.hoards {
            let most = self.most_to_pay(group.jurisdiction, news, expected);
            return Wish { quantity: extra, price: (expected / WORTH_ACTING).min(most) };
        }
        self.offer(outlook)
    }

    /// A sale takes the oldest units first. Until last year's surrender is done, only what it
    /// leaves over may go: younger units would not count for it.
    fn keep_for_last_year(&self, outlook: &Outlook, wish: Wish) -> Wish {
        let Outlook { place, year, at, .. } = *outlook;
        let it = self.policy_of(self.groups[place].jurisdiction);
        let before = year - 1;
        let due = it.surrender_due_at(before);
        if wish.quantity >= 0.0 || !it.obliges(before) || at > due {
            return wish;
        }
        let left_over = (-self.short(place, before)).max(0.0);
        Wish { quantity: wish.quantity.max(-left_over), ..wish }
    }

    /// The most a unit is worth to anybody: with make-good next year's price and the penalty;
    /// without, the penalty. In the last weeks those in need bid up to it.
    fn most_to_pay(&self, j: usize, news: &News, expected: f64) -> f64 {
        let it = self.policy_of(j);
        let year = news.year;
        let mean = news.last.map_or(expected, |(price, _)| price);
        let penalty = it.penalty.usd.at(year) + it.penalty.of_mean_percent.at(year) / 100.0 * mean;
        let later = expected * (1.0 + it.abatement.discount_percent / 100.0);
        let most = if it.penalty.make_good.at(year) { later + penalty } else { penalty };
        most.min(it.auctions.ceiling_usd.at(year))
    }

    /// What a group offers: of what will be left over 20 % before its report is verified and 60 %
    /// after; units it can do without until later, where the price is above what it expects them
    /// to be worth. Units about to expire are offered by everybody, in the end for any price.
    fn offer(&self, outlook: &Outlook) -> Wish {
        let Outlook { place, year, at, expected, .. } = *outlook;
        let group = &self.groups[place];
        let it = self.policy_of(group.jurisdiction);
        let (now, ..) = at.date();
        let is_prompt = now > i64::from(year);
        let last = outlook.news.last.map(|(price, _)| price);
        let end = it.surrender_due_at(it.valid_to(year));
        let months_to_expiry = (end.0 - at.0) as f64 / (30.4 * DAY_MS as f64);
        let spare = (-self.short(place, year)).max(0.0);
        // A unit that counts for next year's need too is not left over.
        let counts_next = is_prompt && it.valid_to(year) > year && it.obliges(year + 1);
        let left_over =
            if counts_next { spare.min((-self.short(place, year + 1)).max(0.0)) } else { spare };
        let reserve = it.auctions.reserve_usd.at(year).max(0.01);
        if months_to_expiry <= 6.0 {
            return Wish { quantity: -left_over, price: reserve };
        }
        if !self.behaviour().reluctant {
            return Wish { quantity: -spare / MONTHS_TO_BUILD, price: expected / WORTH_ACTING };
        }
        if group.hoards {
            return Wish { quantity: 0.0, price: expected };
        }
        let due = it.surrender_due_at(year);
        let weeks = (due.0 - at.0) as f64 / (7.0 * DAY_MS as f64);
        if weeks <= LAST_WEEKS {
            return Wish { quantity: -spare, price: expected.max(reserve) };
        }
        let part = if is_prompt { 0.60 } else { 0.20 };
        if left_over * part >= 1.0 {
            let ask = last.unwrap_or(0.0).max(0.9 * expected).max(reserve);
            return Wish { quantity: -left_over * part, price: ask };
        }
        let part = 1.0 / MONTHS_TO_BUILD;
        let quantity = if is_prompt { spare * part } else { 0.0 };
        Wish { quantity: -quantity, price: expected.max(reserve) * WORTH_ACTING }
    }

    fn place_orders(&mut self, outlook: &Outlook, wish: Wish, basket: &mut Basket) {
        let Outlook { place, year, at, .. } = *outlook;
        let id = self.id_of(self.groups[place].jurisdiction);
        let market = Market::of_allowances(id, Year(year));
        basket.spent = 0;
        let due = self.policy_of(self.groups[place].jurisdiction).surrender_due_at(year);
        let weeks = (due.0 - at.0) as f64 / (7.0 * DAY_MS as f64);
        basket.is_limited = self.behaviour().bounded && weeks > WEEKS_OF_NEED;
        let person = self.groups[place].person;
        let trading = self.policy_of(self.groups[place].jurisdiction).trading;
        let price: Price = on_tick(wish.price, &trading);
        if wish.quantity >= 1.0 {
            let most = self.purse(place, basket).checked_div(price.0).unwrap_or(0);
            let quantity = floor(wish.quantity).min(most.max(0).unsigned_abs());
            let quantity = in_lots(Tonnes(quantity), &trading);
            let Some(account) = self.neediest(place, year).filter(|_| quantity > Tonnes::ZERO)
            else {
                return;
            };
            let cost = price.times(quantity).unwrap_or_default();
            if self.pay_in(place, cost, basket) {
                let side = Side::Buy;
                let order = PlaceOrder::limit(market, account, side, (price, quantity));
                basket.commands.push((person, order.into()));
            }
        } else if wish.quantity <= -1.0 {
            let mut left = floor(-wish.quantity);
            let state = self.state();
            let plants = self.groups[place].plants.iter().filter_map(|it| self.plants.get(*it));
            let mut sources: Vec<(u64, AccountId)> = plants
                .filter(|it| is_open(state, it))
                .map(|it| (eligible(state, it, year).0, it.account))
                .collect();
            sources.sort_by_key(|(held, account)| (std::cmp::Reverse(*held), *account));
            for (held, account) in sources.into_iter().take(SELLING_ACCOUNTS) {
                let quantity = in_lots(Tonnes(held.min(left)), &trading);
                left -= quantity.0;
                if quantity > Tonnes::ZERO {
                    let side = Side::Sell;
                    let order = PlaceOrder::limit(market, account, side, (price, quantity));
                    basket.commands.push((person, order.into()));
                }
            }
        }
    }
}
