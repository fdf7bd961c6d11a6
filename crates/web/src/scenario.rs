//! A scenario of the simulator: what a reader moves against the policy in force, as values in place
//! of the file's, and what the model makes of it. The same values give the same result on the
//! command line.

use crate::figures::hundredths;
use karvan_policy::Policy;
use karvan_policy::model::coalitions::{self, Coalition};
use karvan_policy::model::outcome::{Member, Outcome, Row};
use karvan_policy::model::simulate;
use karvan_policy::model::world::{Region, RegionYear, World, WorldLink};
use karvan_policy::plants::{self, PlantRow};
use karvan_policy::tables::Tables;

/// How far a cap can be moved, in percent.
pub const CAP_PERCENT: i64 = 30;
/// How high price limits can be set, in hundredths of the currency.
pub const PRICE_MAX: i64 = 15_000;
/// How large a quota can be set, in hundredths of Mt a year; there it is none.
pub const QUOTA_MAX: i64 = 5_000;
/// Steps of the controls: of floors and ceilings, quotas, ratios, in hundredths.
pub const FLOOR_STEP: i64 = 25;
/// See [`FLOOR_STEP`].
pub const CEILING_STEP: i64 = 100;
/// See [`FLOOR_STEP`].
pub const QUOTA_STEP: i64 = 10;
/// See [`FLOOR_STEP`]; it is the least ratio, too.
pub const RATIO_STEP: i64 = 5;
/// How high a floor can be set, in hundredths of the currency.
pub const FLOOR_MAX: i64 = 5_000;
const CEILING: &str = "price_ceiling_usd_per_t";
/// A price that no tonne costs.
const UNREACHED_PRICE: f64 = 1e6;
/// More than any member issues in a year, Mt: a quota that never binds.
const UNLIMITED_MT: f64 = 1e4;
/// Beside them these years are shown at most.
const YEARS_MAX: usize = 60;

/// The policy in force with what its simulation needs.
pub struct Model {
    text: String,
    table: Vec<PlantRow>,
    tables: Tables,
    world: World,
    /// What the model finds where nothing is moved.
    pub adopted: Outcome,
    /// The policy in force.
    pub policy: Policy,
}

/// How a link is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Closed.
    None,
    /// As its direction says.
    OneWay,
    /// Open there and back, at one exchange ratio.
    Both,
}

impl Way {
    /// All of them, with their names in addresses.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::None, "none"), (Self::OneWay, "one-way"), (Self::Both, "both")];

    /// Its name in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OneWay => "one-way",
            Self::Both => "both",
        }
    }
}

/// A member's controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberControl {
    /// Its code.
    pub code: String,
    /// The years of the adopted values beside the controls: of the cap, the floor, the ceiling.
    pub years: [u16; 3],
    /// The adopted cap in that year, in hundredths of Mt.
    pub cap: i64,
    /// Change of all caps, in percent.
    pub cap_percent: i64,
    /// The floor: adopted and moved, in hundredths of the currency.
    pub floor: (i64, i64),
    /// The ceiling: adopted and moved; 0 is none.
    pub ceiling: (i64, i64),
    /// The share of an obligation that domestic credits may meet, in percent: adopted and moved.
    pub credits: (i64, i64),
}

/// A link's controls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkControl {
    /// Whose units.
    pub from: String,
    /// Where they count.
    pub to: String,
    /// How it is: adopted and moved.
    pub way: (Way, Way),
    /// The quota in hundredths of Mt a year: adopted and moved; [`QUOTA_MAX`] is none.
    pub quota: (i64, i64),
    /// As how many hundredths one counts: adopted and moved.
    pub ratio: (i64, i64),
    /// From which year on it is open.
    pub from_year: u16,
}

/// All controls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scenario {
    /// Whether credits count within the chapters' limits; where not, the model leaves them out.
    pub credits: bool,
    /// Those of members.
    pub members: Vec<MemberControl>,
    /// Those of links.
    pub links: Vec<LinkControl>,
}

impl Model {
    /// The model of a policy and a table of installations; none where they cannot be read.
    pub fn of(text: &str, table: &str) -> Option<Self> {
        let policy = Policy::parse(text).ok()?;
        let (table, tables) = (plants::read(table).ok()?, Tables::shipped().ok()?);
        let years = (policy.first_year, policy.last_year);
        let world = World::of(&policy, (&table, &tables), years);
        let has_market = world.regions.iter().any(|it| it.years.iter().any(Option::is_some));
        if !has_market || world.years.len() > YEARS_MAX {
            return None;
        }
        let adopted = simulate::run_together(&world);
        Some(Self { text: text.to_owned(), table, tables, world, adopted, policy })
    }

    /// The installations.
    pub fn plants(&self) -> &[PlantRow] {
        &self.table
    }

    /// The controls where the policy in force has them.
    pub fn controls(&self) -> Scenario {
        let member = |it: &Region| {
            let (year, first) = self.first(it, |_| true)?;
            let (floor_year, floor) = self.first(it, |it| it.floor > 0.0).unwrap_or((year, first));
            let (ceiling_year, ceiling) =
                self.first(it, |it| it.ceiling.is_some()).unwrap_or((year, first));
            let (floor, ceiling) = (hundredths(floor.floor), ceiling.ceiling.map_or(0, hundredths));
            let credits = hundredths(first.domestic);
            Some(MemberControl {
                code: it.code.clone(),
                years: [year, floor_year, ceiling_year],
                cap: hundredths(first.cap),
                cap_percent: 0,
                floor: (floor, floor),
                ceiling: (ceiling, ceiling),
                credits: (credits, credits),
            })
        };
        let members = self.world.regions.iter().filter_map(member).collect();
        let mut links: Vec<LinkControl> = Vec::new();
        for it in &self.world.links {
            let Some((from, to)) = self.ends(it) else { continue };
            let opens = it.most.iter().position(|most| *most > 0.0);
            let Some(from_year) = opens.and_then(|place| self.world.years.get(place)) else {
                continue;
            };
            let back = links.iter_mut().find(|known| (known.to == from) && (known.from == to));
            if let Some(back) = back {
                back.way = (Way::Both, Way::Both);
                continue;
            }
            let quota = it.most.last().copied().unwrap_or_default();
            let quota = hundredths(quota).min(QUOTA_MAX);
            let ratio = hundredths(it.ratio);
            links.push(LinkControl {
                from,
                to,
                way: (Way::OneWay, Way::OneWay),
                quota: (quota, quota),
                ratio: (ratio, ratio),
                from_year: *from_year,
            });
        }
        Scenario { credits: false, members, links }
    }

    fn ends(&self, it: &WorldLink) -> Option<(String, String)> {
        let code = |place: usize| Some(self.world.regions.get(place)?.code.clone());
        code(it.from).zip(code(it.to))
    }

    /// The first year in which a member owes units and something holds.
    fn first<'a>(
        &self,
        it: &'a Region,
        holds: impl Fn(&RegionYear) -> bool,
    ) -> Option<(u16, &'a RegionYear)> {
        let years = self.world.years.iter().zip(&it.years);
        let mut all = years.filter_map(|(year, row)| Some((*year, row.as_ref()?)));
        all.find(|(_, it)| holds(it))
    }

    /// The controls as the parameters of an address move them; what does not fit is named.
    pub fn moved(&self, parameters: &[(String, String)]) -> Result<Scenario, Vec<String>> {
        let mut scenario = self.controls();
        let mut wrong = Vec::new();
        for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
            if name == "credits" {
                scenario.credits = value == "on";
                continue;
            }
            let Some((what, of)) = name.split_once('.') else { continue };
            if scenario.take(what, of, value).is_none() {
                wrong.push(name.clone());
            }
        }
        if wrong.is_empty() { Ok(scenario) } else { Err(wrong) }
    }

    /// What is moved, as values in place of the policy file's.
    pub fn set(&self, scenario: &Scenario) -> Vec<String> {
        let mut set = Vec::new();
        if scenario.credits {
            set.push("scenario.credits=true".to_owned());
        }
        for control in &scenario.members {
            self.set_member(control, &mut set);
        }
        for control in scenario.links.iter().filter(|it| it.is_moved()) {
            self.set_link(control, &mut set);
        }
        set
    }

    fn set_member(&self, it: &MemberControl, set: &mut Vec<String>) {
        let region = self.world.regions.iter().find(|region| region.code == it.code);
        let Some(region) = region else { return };
        let chapter = format!("jurisdiction.{}", it.code);
        let years = || {
            let all = self.world.years.iter().zip(&region.years);
            all.filter_map(|(year, row)| Some((*year, row.as_ref()?)))
        };
        if it.cap_percent != 0 {
            for (year, row) in years() {
                let cap = row.cap * (100.0 + it.cap_percent as f64) / 100.0;
                set.push(format!("{chapter}.cap_mt.{year}={cap:.4}"));
            }
        }
        // A path that rises goes on to rise as it did; where there was none, one begins.
        let mut path = |key: &str, (from, to): (i64, i64), of: &dyn Fn(&_) -> Option<f64>| {
            if from == to {
                return;
            }
            for (year, row) in years() {
                let price = match of(row) {
                    Some(before) if from > 0 => before * to as f64 / from as f64,
                    None if from > 0 => continue,
                    Some(_) | None => to as f64 / 100.0,
                };
                // No ceiling, but for one that nobody reaches.
                let none = key == CEILING && to == 0;
                let price = if none { UNREACHED_PRICE } else { price };
                set.push(format!("{chapter}.{key}.{year}={price:.2}"));
            }
        };
        let floor = |row: &RegionYear| Some(row.floor).filter(|it| *it > 0.0);
        path("auction_reserve_usd_per_t", it.floor, &floor);
        path(CEILING, it.ceiling, &|row: &RegionYear| row.ceiling);
        if it.credits.0 != it.credits.1 {
            let key = "domestic_credits_percent_of_obligation";
            set.push(format!("{chapter}.{key}={}", it.credits.1));
        }
    }

    fn set_link(&self, it: &LinkControl, set: &mut Vec<String>) {
        let (there, back) =
            (format!("link.{}-{}", it.from, it.to), format!("link.{}-{}", it.to, it.from));
        let open = |link: &str, is_new: bool, set: &mut Vec<String>| {
            let ratio = it.ratio.1;
            if is_new || it.ratio.0 != ratio {
                set.push(format!("{link}.ratio=\"{ratio}/100\""));
            }
            if is_new || it.quota.0 != it.quota.1 {
                set.push(format!("{link}.quota_mt={{ {} }}", self.quotas((it, is_new))));
            }
        };
        match it.way.1 {
            Way::None => {
                set.push(format!("{there}.quota_mt={{ {} = 0 }}", it.from_year));
                if it.way.0 == Way::Both {
                    set.push(format!("{back}.quota_mt={{ {} = 0 }}", it.from_year));
                }
            }
            Way::OneWay => {
                open(&there, it.way.0 == Way::None, set);
                if it.way.0 == Way::Both {
                    set.push(format!("{back}.quota_mt={{ {} = 0 }}", it.from_year));
                }
            }
            Way::Both => {
                open(&there, it.way.0 == Way::None, set);
                // A way back that there is keeps its own quota and ratio.
                if it.way.0 != Way::Both {
                    open(&back, true, set);
                }
            }
        }
    }

    /// The quotas of a link, year by year: a path that rises goes on to rise as it did.
    fn quotas(&self, (it, is_new): (&LinkControl, bool)) -> String {
        let (from, to) = it.quota;
        let mt = |quota: i64| if quota >= QUOTA_MAX { UNLIMITED_MT } else { quota as f64 / 100.0 };
        let known = self.world.links.iter().find(|link| {
            self.ends(link).is_some_and(|(one, other)| one == it.from && other == it.to)
        });
        let scaled = known.filter(|_| !is_new && from > 0 && from < QUOTA_MAX && to < QUOTA_MAX);
        let Some(known) = scaled else { return format!("{} = {:.2}", it.from_year, mt(to)) };
        // A link that closes in between stays closed then.
        let years = self.world.years.iter().zip(&known.most).skip_while(|(_, most)| **most == 0.0);
        let all = years.map(|(year, most)| format!("{year} = {:.4}", most * mt(to) / mt(from)));
        all.collect::<Vec<_>>().join(", ")
    }

    /// The policy with what is moved; its mistakes, if it becomes none.
    pub fn policy_of(&self, scenario: &Scenario) -> Result<Policy, Vec<String>> {
        let parsed = Policy::parse_with(&self.text, &self.set(scenario));
        let parsed = parsed.map_err(|it| vec![it])?;
        parsed.map_err(|all| all.iter().map(ToString::to_string).collect())
    }

    fn world_of(&self, scenario: &Scenario) -> Result<World, Vec<String>> {
        let parsed = Policy::parse_to_simulate(&self.text, &self.set(scenario));
        let parsed = parsed.map_err(|it| vec![it])?;
        let policy =
            parsed.map_err(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let years = (policy.first_year, policy.last_year);
        Ok(World::of(&policy, (&self.table, &self.tables), years))
    }

    /// What the model finds.
    pub fn simulate(&self, scenario: &Scenario) -> Result<Outcome, Vec<String>> {
        if self.set(scenario).is_empty() {
            return Ok(self.adopted.clone());
        }
        Ok(simulate::run_together(&self.world_of(scenario)?))
    }

    /// Which coalitions gain, and hold.
    pub fn coalitions(&self, scenario: &Scenario) -> Result<Vec<Coalition>, Vec<String>> {
        let world = self.world_of(scenario)?;
        Ok(coalitions::explore(&world, &mut |_, _| {}).unwrap_or_default())
    }
}

/// A number with at most two decimals, in hundredths; both a point and the reader's comma are read.
fn decimal(text: &str) -> Option<i64> {
    let number: f64 = text.trim().replace(',', ".").parse().ok()?;
    number.is_finite().then(|| hundredths(number))
}

impl Scenario {
    /// Moves one control; nothing where there is none, or the value lies outside its range.
    fn take(&mut self, what: &str, of: &str, value: &str) -> Option<()> {
        if let Some((from, to)) = of.split_once('-') {
            let link = self.links.iter_mut().find(|it| it.from == from && it.to == to)?;
            match what {
                "link" => {
                    link.way.1 = Way::ALL.into_iter().find(|it| it.1 == value).map(|it| it.0)?;
                }
                "quota" => take(&mut link.quota, decimal(value)?, (0, QUOTA_MAX, QUOTA_STEP))?,
                "ratio" => take(&mut link.ratio, decimal(value)?, (RATIO_STEP, 100, RATIO_STEP))?,
                _ => return None,
            }
            return Some(());
        }
        let member = self.members.iter_mut().find(|it| it.code == of)?;
        match what {
            "cap" => {
                member.cap_percent = within(value.parse().ok()?, (-CAP_PERCENT, CAP_PERCENT))?;
            }
            "floor" => take(&mut member.floor, decimal(value)?, (0, FLOOR_MAX, FLOOR_STEP))?,
            "ceiling" => {
                take(&mut member.ceiling, decimal(value)?, (0, PRICE_MAX, CEILING_STEP))?;
            }
            "credits" => member.credits.1 = within(value.parse().ok()?, (0, 100))?,
            _ => return None,
        }
        Some(())
    }

    /// The parameters of an address that give this scenario: what is moved alone.
    pub fn parameters(&self) -> Vec<(String, String)> {
        let mut all = Vec::new();
        if self.credits {
            all.push(("credits".to_owned(), "on".to_owned()));
        }
        let two = |it: i64| format!("{:.2}", it as f64 / 100.0);
        for it in &self.members {
            let code = &it.code;
            if it.cap_percent != 0 {
                all.push((format!("cap.{code}"), it.cap_percent.to_string()));
            }
            for (name, (from, to)) in [("floor", it.floor), ("ceiling", it.ceiling)] {
                if from != to {
                    all.push((format!("{name}.{code}"), two(to)));
                }
            }
            if it.credits.0 != it.credits.1 {
                all.push((format!("credits.{code}"), it.credits.1.to_string()));
            }
        }
        for it in &self.links {
            let ends = format!("{}-{}", it.from, it.to);
            if it.way.0 != it.way.1 {
                all.push((format!("link.{ends}"), it.way.1.name().to_owned()));
            }
            for (name, (from, to)) in [("quota", it.quota), ("ratio", it.ratio)] {
                if from != to {
                    all.push((format!("{name}.{ends}"), two(to)));
                }
            }
        }
        all
    }
}

impl LinkControl {
    fn is_moved(&self) -> bool {
        self.way.0 != self.way.1 || self.quota.0 != self.quota.1 || self.ratio.0 != self.ratio.1
    }
}

/// Moves a control within its range. A slider shows what was adopted at the step next to it and
/// sends that: then nobody moved it.
fn take(control: &mut (i64, i64), to: i64, (least, most, step): (i64, i64, i64)) -> Option<()> {
    let adopted = control.0.clamp(least, most);
    let half = step.div_euclid(2);
    let up = adopted.saturating_sub(least).saturating_add(half).div_euclid(step);
    let shown = least.saturating_add(up.saturating_mul(step)).min(most);
    let to = within(to, (least, most))?;
    control.1 = if to == shown { control.0 } else { to };
    Some(())
}

fn within(it: i64, (least, most): (i64, i64)) -> Option<i64> {
    (least..=most).contains(&it).then_some(it)
}

/// A member's row of a year.
pub fn row(member: &Member, year: u16) -> Option<&Row> {
    member.rows.iter().find(|it| it.year == year)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INSTALLATIONS: &str = include_str!("../../../data/installations.csv");

    fn model(policy: &str) -> Model {
        Model::of(policy, INSTALLATIONS).expect("a shipped policy can be simulated")
    }

    fn pilot() -> Model {
        model(include_str!("../../../policies/eco-pilot.toml"))
    }

    fn set(model: &Model, name: &str, value: &str) -> Vec<String> {
        let moved = model.moved(&[(name.to_owned(), value.to_owned())]);
        model.set(&moved.expect("it lies within its range"))
    }

    #[test]
    fn a_form_that_nobody_touched_moves_nothing() {
        let model = pilot();
        let two = |it: f64| format!("{it:.2}");
        let shown = |adopted: i64, (least, most, step): (i64, i64, i64)| {
            let steps = ((adopted.clamp(least, most) - least) as f64 / step as f64).round();
            two((least as f64 + steps * step as f64).min(most as f64) / 100.0)
        };
        let mut sent = Vec::new();
        let controls = model.controls();
        for it in &controls.members {
            let of = |name: &str| format!("{name}.{}", it.code);
            sent.push((of("cap"), "0".to_owned()));
            sent.push((of("floor"), shown(it.floor.0, (0, FLOOR_MAX, FLOOR_STEP))));
            sent.push((of("ceiling"), shown(it.ceiling.0, (0, PRICE_MAX, CEILING_STEP))));
            sent.push((of("credits"), it.credits.0.to_string()));
        }
        for it in &controls.links {
            let of = |name: &str| format!("{name}.{}-{}", it.from, it.to);
            sent.push((of("link"), it.way.0.name().to_owned()));
            sent.push((of("quota"), shown(it.quota.0, (0, QUOTA_MAX, QUOTA_STEP))));
            sent.push((of("ratio"), shown(it.ratio.0, (RATIO_STEP, 100, RATIO_STEP))));
        }
        let moved = model.moved(&sent).expect("it lies within its ranges");
        assert_eq!((model.set(&moved), moved.parameters()), (Vec::new(), Vec::new()));
    }

    #[test]
    fn a_floor_that_begins_later_rises_from_where_it_begins() {
        let model = pilot();
        let controls = model.controls();
        let uzbekistan = controls.members.iter().find(|it| it.code == "UZB").expect("it trades");
        assert_eq!((uzbekistan.floor.0, uzbekistan.years[1]), (100, 2031));
        let lines = set(&model, "floor.UZB", "2.00");
        let floor = "jurisdiction.UZB.auction_reserve_usd_per_t";
        assert_eq!(lines.first().map(String::as_str), Some(&*format!("{floor}.2031=2.00")));
        assert!(lines.iter().all(|it| !it.contains(".2030=")), "{lines:?}");
    }

    #[test]
    fn no_ceiling_is_no_price_of_nothing() {
        let model = pilot();
        let lines = set(&model, "ceiling.TUR", "0");
        assert!(!lines.is_empty() && lines.iter().all(|it| it.ends_with("=1000000.00")));
        let moved = model.moved(&[("ceiling.TUR".to_owned(), "0".to_owned())]).expect("in range");
        assert!(model.simulate(&moved).is_ok());
    }

    #[test]
    fn the_way_back_of_a_link_keeps_its_own_terms() {
        let model = model(include_str!("../../../policies/eco-linked.toml"));
        let controls = model.controls();
        let both = controls.links.iter().find(|it| it.way.0 == Way::Both).expect("one is two-way");
        let (there, back) =
            (format!("{}-{}", both.from, both.to), format!("{}-{}", both.to, both.from));
        let lines = set(&model, &format!("quota.{there}"), "3.30");
        assert!(lines.iter().any(|it| it.starts_with(&format!("link.{there}.quota_mt"))));
        assert!(lines.iter().all(|it| !it.contains(&back) && !it.contains("ratio")), "{lines:?}");
        let lines = set(&model, &format!("ratio.{there}"), "0.50");
        assert_eq!(lines, [format!("link.{there}.ratio=\"50/100\"")]);
        // Closed, it is closed on both ways.
        assert_eq!(set(&model, &format!("link.{there}"), "none").len(), 2);
    }
}
