//! A scenario of the simulator: what a reader moves against the policy in force, as values in place
//! of the file's, and what the model makes of it. The same values give the same result on the
//! command line.

use crate::figures::hundredths;
use karvan_policy::Policy;
use karvan_policy::model::coalitions::{self, Coalition};
use karvan_policy::model::outcome::{Member, Outcome, Row};
use karvan_policy::model::simulate;
use karvan_policy::model::world::{Region, World, WorldLink};
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
    /// The year of the adopted values beside the controls.
    pub year: u16,
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
            let (year, first) = self.first(it)?;
            let floor = hundredths(first.floor);
            let ceiling = first.ceiling.map_or(0, hundredths);
            let credits = hundredths(first.domestic);
            Some(MemberControl {
                code: it.code.clone(),
                year,
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
            let back = links.iter_mut().find(|known| (known.to == from) && (known.from == to));
            if let Some(back) = back {
                back.way = (Way::Both, Way::Both);
                continue;
            }
            let opens = it.most.iter().position(|most| *most > 0.0);
            let Some(from_year) = opens.and_then(|place| self.world.years.get(place)) else {
                continue;
            };
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

    /// The first year in which a member owes units for which its floor or ceiling is set, or the
    /// first in which it owes any.
    fn first<'a>(
        &'a self,
        it: &'a Region,
    ) -> Option<(u16, &'a karvan_policy::model::world::RegionYear)> {
        let mut years = self.world.years.iter().zip(&it.years);
        let of = |(year, row): (&u16, &'a Option<_>)| Some((*year, row.as_ref()?));
        let all: Vec<_> = years.by_ref().filter_map(of).collect();
        let priced =
            all.iter().find(|(_, it): &&(u16, &karvan_policy::model::world::RegionYear)| {
                it.floor > 0.0 || it.ceiling.is_some()
            });
        priced.or(all.first()).copied()
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
        // A path that rises goes on to rise as it did.
        let mut path = |key: &str, (from, to): (i64, i64), of: &dyn Fn(&_) -> f64| {
            if from == to {
                return;
            }
            for (year, row) in years() {
                let before: f64 = of(row);
                let price = match from {
                    0 => to as f64 / 100.0,
                    from => before * to as f64 / from as f64,
                };
                set.push(format!("{chapter}.{key}.{year}={price:.2}"));
            }
        };
        path("auction_reserve_usd_per_t", it.floor, &|row: &Year| row.floor);
        path("price_ceiling_usd_per_t", it.ceiling, &|row: &Year| row.ceiling.unwrap_or_default());
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
                open(&back, it.way.0 != Way::Both, set);
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
        let years = self.world.years.iter().zip(&known.most).filter(|(_, most)| **most > 0.0);
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

type Year = karvan_policy::model::world::RegionYear;

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
