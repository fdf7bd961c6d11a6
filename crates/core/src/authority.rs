//! Authority: who may ask what, and when a second person must approve. Pages may hide a button;
//! the rule stands here. Each command names its right in its own file; [`crate::command`] lists
//! which commands two persons must want.

pub mod four_eyes;

use crate::account::Account;
use crate::context::Context;
use crate::id::{AccountId, JurisdictionId, NOBODY, PartyId, PersonId};
use crate::party::{self, Person, PersonStatus, Role};
use crate::planted::{self, Fault};
use crate::refusal::refusals;
use crate::state::State;
use crate::time::Instant;
use std::collections::BTreeSet;

refusals! {
    /// Why somebody may not ask this.
    pub enum AuthorityRefused {
        /// The person is not registered.
        PersonUnknown { person: PersonId } = 101
            => "person {person} is not registered; ask the administrator to register its party",
        /// Only the regional administrator may.
        NotRegion { person: PersonId } = 102
            => "person {person} does not act for the regional administrator, who alone may do \
                this",
        /// Only the jurisdiction's administrator may.
        NotAdministrator { person: PersonId, jurisdiction: JurisdictionId } = 103
            => "person {person} does not act for the administrator of jurisdiction \
                {jurisdiction}, who alone may do this",
        /// Only the holder may.
        NotHolder { person: PersonId, account: AccountId } = 104
            => "person {person} does not act for the holder of account {account}",
        /// Only an accredited verifier may.
        NotVerifier { person: PersonId, jurisdiction: JurisdictionId } = 105
            => "person {person} does not act for a verifier of jurisdiction {jurisdiction}",
        /// Only the settlement bank may.
        NotBank { person: PersonId } = 106
            => "person {person} does not act for the settlement bank, who alone books statements",
        /// Only the passing of time itself may.
        NotTime { person: PersonId } = 107
            => "person {person} cannot let time pass; the writer does so by its own clock",
        /// A suspended person does nothing.
        Suspended { person: PersonId } = 108
            => "person {person} is suspended; another person of its party or the administrator \
                must act",
        /// Its rights do not reach so far.
        MayNotInitiate { person: PersonId } = 109
            => "person {person} has not the right to initiate this; a person with that right must",
        /// Its rights do not reach so far.
        MayNotApprove { person: PersonId } = 110
            => "person {person} has not the right to approve; a person with that right must",
        /// Its mandate is fresh: whoever stole the way to it has not won yet.
        MandateFresh { person: PersonId, from: Instant } = 116
            => "person {person} acts for accounts from {from} on; until then it can surrender",
        /// Its mandate names other accounts.
        NotMandated { person: PersonId } = 117
            => "person {person} acts for some accounts of its party alone, and this is none of \
                them",
        /// Two persons must want this.
        NeedsSecondPerson { person: PersonId } = 111
            => "this needs a second person; person {person} can propose it, and another must \
                approve",
        /// It concerns another party.
        NotMember { person: PersonId, party: PartyId } = 113
            => "person {person} does not act for party {party}",
        /// A safeguard is not undone in its own house.
        NotAnotherBody { person: PersonId, party: PartyId } = 114
            => "person {person} acts for no administrator other than party {party}; one of \
                another body must approve",
        /// Only a national administrator may.
        NotNation { person: PersonId } = 115
            => "person {person} does not act for a national administrator",
        /// Only its Parties have a say in a link.
        NotOfLink { person: PersonId, from: JurisdictionId, to: JurisdictionId } = 118
            => "person {person} acts for no administrator that has a say in the link from \
                jurisdiction {from} to {to}",
        /// Two persons are two persons.
        SamePerson { person: PersonId } = 112
            => "person {person} proposed it; another person must approve",
    }
}

/// For whom one must act to ask a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// The writer itself, by its clock.
    Time,
    /// Whoever founds a market on an empty journal.
    Founder,
    /// Any active person of the market.
    Registered,
    /// The regional administrator.
    Region,
    /// The administrator of a jurisdiction.
    Administrator(JurisdictionId),
    /// The holder of an account.
    Holder(AccountId),
    /// The holder of an account, for surrender and return alone.
    Surrenderer(AccountId),
    /// A verifier accredited in a jurisdiction.
    Verifier(JurisdictionId),
    /// A party.
    Member(PartyId),
    /// A party, about its money.
    Payer(PartyId),
    /// A party or the settlement bank.
    MemberOrBank(PartyId),
    /// An administrator other than this one.
    OtherBody(PartyId),
    /// Any national administrator.
    Nation,
    /// The settlement bank.
    Bank,
    /// The administrator of the Party that issued units; the one of the Party that acquires them
    /// approves.
    Parties {
        /// The Party that issued them.
        seller: JurisdictionId,
        /// The Party that acquires them.
        acquirer: JurisdictionId,
    },
    /// The holder of either account of a deal; that of the other one approves.
    Deal {
        /// The account that gives units.
        seller: AccountId,
        /// The account that takes them.
        buyer: AccountId,
    },
    /// The administrator of either Party of a link; the other one approves.
    EitherParty(JurisdictionId, JurisdictionId),
    /// The administrators of the Parties of a link, and the regional one.
    LinkKeeper(JurisdictionId, JurisdictionId),
}

/// Whether a second person must approve a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approval {
    /// One person suffices.
    One,
    /// Another person with the same right must approve.
    Two,
    /// The administrator of the party that it is about must approve.
    Administrator,
    /// An administrator of another body must approve: what undoes a safeguard, or a transaction
    /// that was final, is not one house's business.
    OtherBody,
    /// The administrator of the other Party must approve, or the other side of a deal.
    OtherParty,
    /// Seven in ten of the national administrators must approve; while there are none, another
    /// person of the regional one.
    Nations,
    /// As the account's holder has set it, or as the command's file says.
    ByRule,
}

/// What a person does with a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Initiate,
    Approve,
}

/// A sender whose right was checked: what decisions know of it.
#[derive(Clone, Copy, Debug)]
pub struct Authorised<'a> {
    context: &'a Context,
    party: PartyId,
}

impl<'a> Authorised<'a> {
    /// The person that acts.
    pub fn person(&self) -> PersonId {
        self.context.actor
    }

    /// The party it acts for; where nobody acts, the party that does not exist.
    pub fn party(&self) -> PartyId {
        self.party
    }

    /// The writer's clock.
    pub fn now(&self) -> Instant {
        self.context.now
    }

    /// The persons that approved.
    pub fn seconds(&self) -> &'a [PersonId] {
        &self.context.approvals
    }

    /// The context as the writer gave it.
    pub(crate) fn context(&self) -> &'a Context {
        self.context
    }
}

/// What a person reads of what is not public: the party's own, or that of the accounts that its
/// mandate names.
#[derive(Clone, Copy, Debug)]
pub struct Reads<'a> {
    /// The party.
    pub party: PartyId,
    row: &'a Person,
}

impl Reads<'_> {
    /// Whether it reads all that is the party's.
    pub fn all(&self) -> bool {
        self.row.accounts.is_none()
    }

    /// Whether it reads what belongs to an account of the party.
    pub fn acts_for(&self, account: AccountId) -> bool {
        self.row.acts_for(account)
    }

    /// Whether it reads an account.
    pub fn account(&self, id: AccountId, account: &Account) -> bool {
        account.holder == self.party && self.acts_for(id)
    }
}

/// What a person reads; somebody who is suspended reads nothing.
pub fn reads(state: &State, person: PersonId) -> Result<Reads<'_>, AuthorityRefused> {
    let party = check(state, person, Right::Registered, Act::Initiate)?;
    Ok(Reads { party, row: state.people.row(person) })
}

/// The party of nobody.
const NO_PARTY: PartyId = PartyId(u32::MAX);

/// Checks that the sender has a right.
pub(crate) fn authorise<'a>(
    state: &State,
    context: &'a Context,
    right: Right,
) -> Result<Authorised<'a>, AuthorityRefused> {
    let party = check(state, context.actor, right, Act::Initiate)?;
    Ok(Authorised { context, party })
}

/// Checks that a person has a right, and may do this much with it; finds the party it acts for.
pub(crate) fn check(
    state: &State,
    person: PersonId,
    right: Right,
    act: Act,
) -> Result<PartyId, AuthorityRefused> {
    use AuthorityRefused as No;
    let is_time = matches!(right, Right::Time);
    if matches!(right, Right::Founder) || (is_time && person == NOBODY) {
        return Ok(NO_PARTY);
    }
    if is_time {
        return Err(No::NotTime { person });
    }
    let row = state.people.get(person);
    let (Some(row), Some(id)) = (row, row.and_then(|it| it.party)) else {
        return Err(No::PersonUnknown { person });
    };
    may_act_for(state, (person, id), right)?;
    if row.status == PersonStatus::Suspended && !planted::has(Fault::SuspendedActs) {
        return Err(No::Suspended { person });
    }
    if !is_mandated(row, right) {
        return Err(No::NotMandated { person });
    }
    let of_value = matches!(right, Right::Holder(_) | Right::Deal { .. } | Right::Payer(_));
    if of_value && row.from > state.now {
        return Err(No::MandateFresh { person, from: row.from });
    }
    let rights = row.rights;
    let initiates = match right {
        Right::Surrenderer(_) => rights.may_surrender(),
        Right::Founder
        | Right::Time
        | Right::Registered
        | Right::Region
        | Right::Administrator(_)
        | Right::Parties { .. }
        | Right::EitherParty(..)
        | Right::LinkKeeper(..)
        | Right::Deal { .. }
        | Right::Holder(_)
        | Right::Member(_)
        | Right::Payer(_)
        | Right::MemberOrBank(_)
        | Right::OtherBody(_)
        | Right::Nation
        | Right::Verifier(_)
        | Right::Bank => rights.may_initiate(),
    };
    match act {
        // What a person of whatever rights may send is checked further where it is decided.
        _ if matches!(right, Right::Registered) => Ok(id),
        Act::Initiate if initiates => Ok(id),
        Act::Initiate => Err(No::MayNotInitiate { person }),
        Act::Approve if rights.may_approve() => Ok(id),
        Act::Approve => Err(No::MayNotApprove { person }),
    }
}

/// Whether a person's party has a right.
fn may_act_for(
    state: &State,
    (person, id): (PersonId, PartyId),
    right: Right,
) -> Result<(), AuthorityRefused> {
    use AuthorityRefused as No;
    let party = state.parties.row(id);
    let holds = |account| state.accounts.get(account).is_some_and(|it| it.holder == id);
    let here = |role, jurisdiction| party.role == role && party.jurisdiction == Some(jurisdiction);
    match right {
        Right::Time | Right::Founder | Right::Registered => {}
        Right::Region if party.role == Role::RegionalAdministrator => {}
        Right::Region => return Err(No::NotRegion { person }),
        Right::Administrator(it) | Right::Parties { seller: it, .. }
            if here(Role::NationalAdministrator, it) => {}
        Right::Administrator(jurisdiction) | Right::Parties { seller: jurisdiction, .. } => {
            return Err(No::NotAdministrator { person, jurisdiction });
        }
        Right::Holder(it) | Right::Surrenderer(it) if holds(it) => {}
        Right::Holder(account) | Right::Surrenderer(account) => {
            return Err(No::NotHolder { person, account });
        }
        Right::Deal { seller, buyer } if holds(seller) || holds(buyer) => {}
        Right::Deal { seller: account, .. } => return Err(No::NotHolder { person, account }),
        Right::EitherParty(one, other) | Right::LinkKeeper(one, other)
            if [one, other].iter().any(|it| here(Role::NationalAdministrator, *it)) => {}
        Right::LinkKeeper(..) if party.role == Role::RegionalAdministrator => {}
        Right::EitherParty(from, to) | Right::LinkKeeper(from, to) => {
            return Err(No::NotOfLink { person, from, to });
        }
        Right::Verifier(it) if here(Role::Verifier, it) => {}
        Right::Verifier(jurisdiction) => return Err(No::NotVerifier { person, jurisdiction }),
        Right::Member(it) | Right::Payer(it) | Right::MemberOrBank(it) if it == id => {}
        Right::MemberOrBank(_) if party.role == Role::SettlementBank => {}
        Right::Member(party) | Right::Payer(party) | Right::MemberOrBank(party) => {
            return Err(No::NotMember { person, party });
        }
        Right::OtherBody(it) if is_administrator(party.role) && it != id => {}
        Right::OtherBody(party) => return Err(No::NotAnotherBody { person, party }),
        Right::Nation if party.role == Role::NationalAdministrator => {}
        Right::Nation => return Err(No::NotNation { person }),
        Right::Bank if party.role == Role::SettlementBank => {}
        Right::Bank => return Err(No::NotBank { person }),
    }
    Ok(())
}

/// Whether a person's mandate reaches so far: some act for some accounts of their party alone.
fn is_mandated(row: &Person, right: Right) -> bool {
    match right {
        Right::Holder(it) | Right::Surrenderer(it) => row.acts_for(it),
        Right::Deal { seller, buyer } => row.acts_for(seller) || row.acts_for(buyer),
        Right::Registered => true,
        Right::Founder
        | Right::Time
        | Right::Region
        | Right::Administrator(_)
        | Right::Parties { .. }
        | Right::EitherParty(..)
        | Right::LinkKeeper(..)
        | Right::Member(_)
        | Right::Payer(_)
        | Right::MemberOrBank(_)
        | Right::OtherBody(_)
        | Right::Nation
        | Right::Verifier(_)
        | Right::Bank => row.accounts.is_none(),
    }
}

fn is_administrator(role: Role) -> bool {
    matches!(role, Role::RegionalAdministrator | Role::NationalAdministrator)
}

/// The national administrators there are.
fn nations(state: &State) -> impl Iterator<Item = PartyId> {
    let parties = state.parties.iter();
    parties.filter(|(_, it)| it.role == Role::NationalAdministrator).map(|(id, _)| id)
}

/// How many of them must want what they decide together: seven in ten, rounded up.
pub fn nations_needed(state: &State) -> usize {
    nations(state).count().saturating_mul(7).div_ceil(10)
}

/// Whose approval a command of somebody with this right takes.
pub(crate) fn right_to_approve(
    state: &State,
    (approval, right): (Approval, Right),
    proposer: PersonId,
) -> Right {
    let party = state.people.get(proposer).and_then(|it| it.party).unwrap_or(NO_PARTY);
    match approval {
        Approval::OtherBody => Right::OtherBody(party),
        Approval::Nations if nations_needed(state) > 0 => Right::Nation,
        Approval::Administrator => party::administrator_of(state, party),
        Approval::OtherParty => other_party(state, right, party),
        Approval::One | Approval::Two | Approval::Nations | Approval::ByRule => right,
    }
}

/// The administrator of the Party that did not propose.
fn other_party(state: &State, right: Right, proposer: PartyId) -> Right {
    let proposes = state.parties.get(proposer).and_then(|it| it.jurisdiction);
    if let Right::Parties { acquirer, .. } = right {
        Right::Administrator(acquirer)
    } else if let Right::EitherParty(one, other) = right {
        Right::Administrator(if proposes == Some(one) { other } else { one })
    } else if let Right::Deal { seller, buyer } = right {
        let sells = state.accounts.get(seller).is_some_and(|it| it.holder == proposer);
        Right::Holder(if sells { buyer } else { seller })
    } else {
        right
    }
}

/// How many bodies or persons must approve.
pub(crate) fn approvals_needed(state: &State, approval: Approval) -> usize {
    match approval {
        Approval::Nations => nations_needed(state).max(1),
        Approval::One
        | Approval::Two
        | Approval::OtherBody
        | Approval::OtherParty
        | Approval::Administrator
        | Approval::ByRule => 1,
    }
}

/// Checks that a command that two persons must want has them, distinct and with the right to
/// approve it; or as many bodies as it takes.
pub(crate) fn check_second(
    state: &State,
    context: &Context,
    (approval, right): (Approval, Right),
) -> Result<(), AuthorityRefused> {
    let person = context.actor;
    let needed = approvals_needed(state, approval);
    let right = right_to_approve(state, (approval, right), person);
    let mut bodies = BTreeSet::new();
    for second in context.approvals.iter().copied() {
        if second == person && !planted::has(Fault::OnePersonTwice) {
            return Err(AuthorityRefused::SamePerson { person });
        }
        bodies.insert(check(state, second, right, Act::Approve)?);
    }
    let enough = bodies.len() >= needed;
    if enough { Ok(()) } else { Err(AuthorityRefused::NeedsSecondPerson { person }) }
}
