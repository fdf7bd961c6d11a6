//! Record evidence: an accredited verifier says what a site did in a period of one calendar year.
//! Periods of a site never meet, so nothing is evidence twice; more energy than the site can
//! generate is not believed.

use super::{Evidence, Measured};
use crate::authority::{Authorised, Right};
use crate::calendar::Day;
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::grounds::Grounds;
use crate::id::{EvidenceId, GroupId, Label, PartyId, SiteId};
use crate::quantity::{Tonnes, WattHours, Watts};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};

/// The most watt-hours or tonnes of one period.
pub const AMOUNT_MAX: u64 = 1_000_000_000_000_000;
const HOURS_A_DAY: u128 = 24;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RecordEvidence {
    /// The site.
    #[n(0)]
    pub site: SiteId,
    /// The first day.
    #[n(1)]
    pub first: Day,
    /// The last day.
    #[n(2)]
    pub last: Day,
    /// What was measured.
    #[n(3)]
    pub measured: Measured,
    /// How it was verified, and the document that shows it.
    #[n(4)]
    pub grounds: Grounds,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct EvidenceRecorded {
    /// Its id.
    #[n(0)]
    pub evidence: EvidenceId,
    /// Who verified it.
    #[n(1)]
    pub verifier: PartyId,
    /// What was said.
    #[n(2)]
    pub row: Box<RecordEvidence>,
}

refusals! {
    /// Why evidence is refused.
    pub enum RecordEvidenceRefused {
        /// A period lies in one year.
        PeriodOutOfBounds { first: Day, last: Day } = 1221
            => "the period from {first} to {last} must lie within one calendar year",
        /// What is to come is no evidence.
        PeriodNotOver { last: Day, today: Day } = 1222
            => "it is {today}; the period up to {last} is not over",
        /// Nothing is evidence twice.
        PeriodTaken { evidence: EvidenceId, first: Day, last: Day } = 1223
            => "evidence {evidence} covers the days from {first} to {last}",
        /// A plant that generates has a meter, a project that does not avoids emissions.
        OtherMeasure { site: SiteId } = 1224
            => "site {site} gives evidence of energy where it has a capacity, of avoided tonnes \
                where it has none",
        /// It is something.
        AmountOutOfBounds { most: u64 } = 1225
            => "the energy in watt-hours, or the tonnes, must be 1 to {most}",
        /// No plant generates more than it can.
        NotPlausible { energy: WattHours, most: WattHours } = 1226
            => "{energy} are more than the {most} that the site's capacity gives in the period \
                with the margin of the policy",
        /// Nobody verifies itself.
        NotIndependent { group: GroupId } = 1227
            => "verifier and holder belong to owner group {group}; another verifier must look \
                at it",
        /// Accredited for other technologies.
        NotAccredited { technology: Label } = 1228
            => "the verifier is not accredited for the technology {technology}",
    }
}

/// A verifier of the site's jurisdiction.
pub fn right(state: &State, it: &RecordEvidence) -> Result<Right, Refusals> {
    Ok(Right::Verifier(super::site(state, it.site)?.jurisdiction))
}

/// Checks the verifier, the period and the amount.
pub fn decide(
    state: &State,
    by: &Authorised<'_>,
    it: &RecordEvidence,
    out: &mut Events,
) -> Result<(), Refusals> {
    use RecordEvidenceRefused as No;
    let mut no = Objections::default();
    let RecordEvidence { site, first, last, measured, .. } = *it;
    let row = super::site(state, site)?;
    let verifier = state.parties.row(by.party());
    let group = verifier.group;
    let holder = state.accounts.row(row.account).holder;
    no.unless(group != state.parties.row(holder).group, No::NotIndependent { group });
    let technology = row.technology;
    let accredited = verifier.scope.as_ref().is_none_or(|it| it.contains(&technology));
    no.unless(accredited, No::NotAccredited { technology });
    no.take(it.grounds.check());
    let in_order = first <= last && super::year_of(first) == super::year_of(last);
    no.unless(in_order, No::PeriodOutOfBounds { first, last });
    let today = state.working_time(row.jurisdiction).calendar.local(by.now()).day();
    no.unless(last < today, No::PeriodNotOver { last, today });
    let before = row.periods.range(..=last).next_back();
    if let Some((first, (last, evidence))) = before.filter(|(_, (end, _))| *end >= it.first) {
        no.unless(false, No::PeriodTaken { evidence: *evidence, first: *first, last: *last });
    }
    let inside = (1..=AMOUNT_MAX).contains(&measured.amount());
    no.unless(inside, No::AmountOutOfBounds { most: AMOUNT_MAX });
    let rules = no.take(super::rules(state, row.jurisdiction));
    match (measured, row.capacity) {
        (Measured::Energy(energy), Some(capacity)) if in_order => {
            let margin = rules.map_or(0, |it| it.margin_percent);
            let most = most(capacity, (first, last), margin);
            no.unless(energy <= most, No::NotPlausible { energy, most });
        }
        (Measured::Energy(_), Some(_)) | (Measured::Avoided(_), None) => {}
        (Measured::Energy(_), None) | (Measured::Avoided(_), Some(_)) => {
            no.unless(false, No::OtherMeasure { site });
        }
    }
    no.settle()?;
    out.push(Event::EvidenceRecorded(EvidenceRecorded {
        evidence: state.evidence.next_id(),
        verifier: by.party(),
        row: Box::new(it.clone()),
    }));
    Ok(())
}

/// What a capacity gives in a period, with a margin in percent.
fn most(Watts(capacity): Watts, (first, last): (Day, Day), margin: u32) -> WattHours {
    let days = last.0.saturating_sub(first.0).saturating_add(1);
    let hours = u128::from(days.unsigned_abs()).saturating_mul(HOURS_A_DAY);
    let percent = u128::from(margin).saturating_add(100);
    let most = hours.saturating_mul(u128::from(capacity)).saturating_mul(percent);
    WattHours(u64::try_from(most.div_euclid(100)).unwrap_or(u64::MAX))
}

/// The evidence is there, and nothing is drawn from it.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &EvidenceRecorded) {
    let RecordEvidence { site, first, last, measured, .. } = *it.row;
    state.sites.row_mut(site).periods.insert(first, (last, it.evidence));
    let row = Evidence {
        site,
        first,
        last,
        measured,
        verifier: it.verifier,
        certified: WattHours::ZERO,
        credited: measured.of(0),
        credits: Tonnes::ZERO,
        certificates_in: None,
        credits_in: None,
        withdrawn: false,
    };
    state.evidence.add(it.evidence, row);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plant_of_ten_megawatts_gives_at_most_240_megawatt_hours_a_day() {
        let day = Day::of_date(2027, 3, 31);
        let ten = Watts(10_000_000);
        assert_eq!(most(ten, (day, day), 0), WattHours(240_000_000));
        assert_eq!(most(ten, (Day::of_date(2027, 3, 1), day), 5), WattHours(7_812_000_000));
        assert_eq!(most(Watts(u64::MAX), (day, day), 50), WattHours(u64::MAX));
    }
}
