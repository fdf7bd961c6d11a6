//! Register a site: a plant that feeds energy in, or a project that avoids emissions. What is drawn
//! from its evidence comes into one project account.

use super::Site;
use crate::account::{self, AccountKind, AccountRefused};
use crate::authority::{Authorised, Right};
use crate::context::RecordHeader;
use crate::event::{Event, Events};
use crate::exchange::place_order::PlaceOrderRefused;
use crate::id::{AccountId, InstallationId, JurisdictionId, Label, SiteId};
use crate::quantity::{WattHours, Watts};
use crate::refusal::{Objections, Refusals, refusals};
use crate::state::State;
use minicbor::{Decode, Encode};
use std::collections::BTreeMap;

/// The command.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct RegisterSite {
    /// Its row in the data.
    #[n(0)]
    pub label: Label,
    /// Where it stands.
    #[n(1)]
    pub jurisdiction: JurisdictionId,
    /// The project account into which its units are issued.
    #[n(2)]
    pub account: AccountId,
    /// Its technology, such as wind.
    #[n(3)]
    pub technology: Label,
    /// What it can generate; none where it does not generate.
    #[n(4)]
    pub capacity: Option<Watts>,
    /// The installation that it belongs to, if it does.
    #[n(5)]
    pub installation: Option<InstallationId>,
}

/// The fact.
#[derive(Clone, Debug, PartialEq, Encode, Decode)]
pub struct SiteRegistered {
    /// Its id.
    #[n(0)]
    pub site: SiteId,
    /// What was asked.
    #[n(1)]
    pub row: Box<RegisterSite>,
}

refusals! {
    /// Why a site cannot be registered.
    pub enum RegisterSiteRefused {
        /// A row of the data is registered once.
        LabelTaken { label: Label } = 1211 => "site {label} is registered",
        /// It generates, or it does not.
        CapacityIsZero = 1212
            => "the capacity is zero; leave it out where the site does not generate",
        /// It belongs to where it stands.
        InstallationElsewhere { installation: InstallationId } = 1213
            => "installation {installation} stands in another jurisdiction",
    }
}

/// The jurisdiction's administrator.
pub fn right(_state: &State, it: &RegisterSite) -> Result<Right, Refusals> {
    Ok(Right::Administrator(it.jurisdiction))
}

/// Checks the label, the account and the installation.
pub fn decide(
    state: &State,
    _by: &Authorised<'_>,
    it: &RegisterSite,
    out: &mut Events,
) -> Result<(), Refusals> {
    use RegisterSiteRefused as No;
    let mut no = Objections::default();
    let (label, jurisdiction, account) = (it.label, it.jurisdiction, it.account);
    no.take(super::rules(state, jurisdiction));
    let taken = state.sites.iter().any(|(_, it)| it.label == label);
    no.unless(!taken, No::LabelTaken { label });
    if let Some(row) = no.take(account::may_receive(state, account)) {
        let kind = row.kind;
        let wrong = AccountRefused::WrongKind { account, kind: kind.name() };
        no.unless(kind == AccountKind::Project, wrong);
        let here = row.jurisdiction == jurisdiction;
        no.unless(here, PlaceOrderRefused::AccountElsewhere { account });
    }
    no.unless(it.capacity != Some(Watts(0)), No::CapacityIsZero);
    if let Some(installation) = it.installation
        && let Some(row) = no.take(account::installation(state, installation))
    {
        let here = row.jurisdiction == jurisdiction;
        no.unless(here, No::InstallationElsewhere { installation });
    }
    no.settle()?;
    let (site, row) = (state.sites.next_id(), Box::new(it.clone()));
    out.push(Event::SiteRegistered(SiteRegistered { site, row }));
    Ok(())
}

/// The site is there.
pub fn apply(state: &mut State, _record: &RecordHeader, it: &SiteRegistered) {
    let RegisterSite { label, jurisdiction, account, technology, capacity, installation } = *it.row;
    let (periods, carry) = (BTreeMap::new(), WattHours::ZERO);
    let row =
        Site { label, jurisdiction, account, technology, capacity, installation, periods, carry };
    state.sites.add(it.site, row);
}
