//! Links between jurisdictions, under `[link.FROM-TO]`: one way each.

use crate::reader::Section;
use crate::schema::{self, ByYear, Policy};
use karvan_core::id::JurisdictionId;
use karvan_core::rules::LinkRules;
use karvan_core::time::Year;
use std::collections::BTreeMap;

/// A one-way link: units of one jurisdiction count in another.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Whose units.
    pub from: String,
    /// Where they count.
    pub to: String,
    /// One unit counts as this many: numerator and denominator, at most 1.
    pub ratio: (u32, u32),
    /// The first year in which it is open.
    pub from_year: u16,
    /// How many units may cross in a year, Mt; any number where there is none.
    pub quota_mt: Option<ByYear<f64>>,
    /// What each unit pays for crossing, USD/t.
    pub levy_usd: f64,
    /// Whether only what is left over after verification may cross.
    pub verified_surplus_only: bool,
    /// On what each key rests.
    pub basis: BTreeMap<String, String>,
}

impl Link {
    /// What it means to the core; none where an end of it is not in the policy.
    pub(crate) fn rules(&self, policy: &Policy) -> Option<LinkRules> {
        let all = (0u32..).map(JurisdictionId).zip(&policy.jurisdictions);
        let find = |code: &str| all.clone().find(|(_, it)| it.code == code).map(|(id, _)| id);
        let quota = |year| self.quota_mt.as_ref().map(|it| schema::tonnes(it.at(year)));
        Some(LinkRules {
            from: find(&self.from)?,
            to: find(&self.to)?,
            ratio: self.ratio,
            years: (self.from_year..=policy.last_year).map(|it| (Year(it), quota(it))).collect(),
            levy: schema::price(self.levy_usd),
            surplus_only: self.verified_surplus_only,
        })
    }
}

/// The links of the file.
pub(crate) fn links(root: &Section<'_>, policy: &Policy) -> Vec<Link> {
    let Some(links) = root.section("link") else {
        return Vec::new();
    };
    let known = |code: &str| policy.jurisdictions.iter().any(|it| it.code == code);
    let mut all = Vec::new();
    for (name, s) in links.sections() {
        let ends = name.split_once('-');
        let ends = ends.filter(|(from, to)| from != to && known(from) && known(to));
        match ends {
            Some(ends) => all.push(link(&s, ends, policy)),
            None => {
                let what =
                    "allowed is the name of two jurisdictions of this file, such as \"AAA-BBB\"";
                links.mistake(&name, what);
                continue;
            }
        }
        s.end();
    }
    all
}

fn link(s: &Section<'_>, (from, to): (&str, &str), policy: &Policy) -> Link {
    let text = s.text("ratio", "1/1");
    let ratio = text.split_once('/').and_then(|it| Some((it.0.parse().ok()?, it.1.parse().ok()?)));
    let ratio = ratio
        .filter(|(num, den): &(u32, u32)| (1..=1_000).contains(den) && (1..=*den).contains(num));
    if ratio.is_none() {
        let what = format!("\"{text}\" is no ratio; allowed is one up to 1, such as \"4/5\"");
        s.mistake("ratio", what);
    }
    let has = |key| s.value(key).is_some();
    let quota = has("quota_mt").then(|| s.numbers("quota_mt", 0.0, 0.0..=100_000.0));
    if quota.is_none() && !has("from_year") {
        let what = "name how much may cross in which years, or from_year for a link without a \
                    quota";
        s.mistake("quota_mt", what);
    }
    let years = u64::from(policy.first_year)..=u64::from(policy.last_year);
    let first = quota.as_ref().and_then(|it| it.years().next()).unwrap_or(policy.first_year);
    if first > policy.last_year {
        s.mistake("quota_mt", format!("begins in {first}, after the last year of the market"));
    }
    let levy_usd = s.number("levy_usd_per_t", 0.0, 0.0..=1e6);
    if levy_usd > 0.0 && levy_usd < 0.01 {
        s.mistake("levy_usd_per_t", "is below a cent; allowed is 0, or 0.01 and more");
    }
    let from_year = s.whole("from_year", first.into(), years);
    Link {
        from: from.to_owned(),
        to: to.to_owned(),
        ratio: ratio.unwrap_or((1, 1)),
        from_year: u16::try_from(from_year).unwrap_or(first),
        quota_mt: quota,
        levy_usd,
        verified_surplus_only: s.flag("verified_surplus_only", false),
        basis: schema::basis(s),
    }
}
