//! What thieves, careless officials and liars try, and what stops them. Nothing here is a private
//! door: everything is sent as anybody would send it.

use super::{Officials, Play};
use karvan_core::Command;
use karvan_core::account::trust_account::TrustAccount;
use karvan_core::account::{AccountKind, distrust_account::DistrustAccount, of_government};
use karvan_core::cash::deposit::Deposit;
use karvan_core::compliance::verify_report::{Opinion, VerifyReport};
use karvan_core::freezing::{Frozen, freeze::Freeze, unfreeze::Unfreeze};
use karvan_core::grounds::Grounds;
use karvan_core::id::{AccountId, HoldId, PartyId, PersonId, SeriesId};
use karvan_core::proposal::{approve::Approve, propose::Propose, reject::Reject, who_may_approve};
use karvan_core::quantity::{Money, Tonnes};
use karvan_core::supply::issue::Issue;
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::time::Year;
use karvan_core::units::cancel_transfer::CancelTransfer;
use karvan_core::units::transfer::{Consideration, Transfer};
use karvan_engine::Answer;
use karvan_engine::journal::Journal;
use karvan_engine::writer::Stopped;

/// Somebody whom no administrator has registered.
const STRANGER: PersonId = PersonId(999_999);

/// A theft that no limit notices, t.
const PART: u64 = 1_000;

/// Something that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// What.
    pub what: &'static str,
    /// How many units were at stake.
    pub stake: Tonnes,
    /// What stopped it.
    pub stopped_by: String,
    /// The numbers of the refusals, where it was refused.
    pub refusals: Vec<u16>,
    /// How many units the thief got.
    pub lost: Tonnes,
}

/// The victim, and who robs it.
struct Scene {
    officials: Officials,
    holder: PartyId,
    /// The first person of the victim, whose password is stolen; the second one is the next.
    person: PersonId,
    victim: AccountId,
    accomplice: AccountId,
    series: SeriesId,
    /// All that the victim has of the series.
    all: Tonnes,
}

impl<J: Journal> Play<J> {
    /// One bad day in a jurisdiction's year.
    pub(super) fn attack(&mut self, j: usize, year: u16) -> Result<(), Stopped> {
        let Some(scene) = self.scene(j) else { return Ok(()) };
        let before = self.free(scene.accomplice);
        self.steal(&scene)?;
        self.misuse_office(&scene, year)?;
        let lost = Tonnes(self.free(scene.accomplice).0.saturating_sub(before.0));
        if let Some(last) = self.attempts.last_mut() {
            last.lost = lost;
        }
        Ok(())
    }

    fn scene(&self, j: usize) -> Option<Scene> {
        let state = self.state();
        let officials = *self.officials.get(j)?;
        let ours = self.groups.iter().filter(|it| it.jurisdiction == j);
        let mut accounts: Vec<(Tonnes, AccountId, PartyId, PersonId)> = ours
            .flat_map(|group| group.plants.iter().map(move |plant| (group, *plant)))
            .map(|(group, plant)| {
                let row = state.installations.row(self.plants[plant].installation);
                (self.free(row.account), row.account, group.party, group.person)
            })
            .collect();
        accounts.sort_by_key(|(held, id, ..)| (std::cmp::Reverse(*held), *id));
        let (_, victim, holder, person) = *accounts.first()?;
        let accomplice = accounts.iter().find(|(_, _, party, _)| *party != holder)?.1;
        let queues = &state.ledger.shelves.row(victim).queues;
        let queue = queues.iter().max_by_key(|it| it.total)?;
        let (series, all) = (queue.series, queue.total);
        Some(Scene { officials, holder, person, victim, accomplice, series, all })
    }

    fn free(&self, account: AccountId) -> Tonnes {
        self.state().ledger.shelves.row(account).free(|_| true)
    }

    fn tried(&mut self, what: &'static str, stake: Tonnes, answer: &Answer) {
        let (mut stopped_by, mut refusals) = (format!("nothing: {answer:?}"), Vec::new());
        if let Answer::Refused(no) = answer {
            stopped_by = no.list().first().map(ToString::to_string).unwrap_or_default();
            refusals = no.list().iter().map(karvan_core::Refusal::number).collect();
        }
        let lost = Tonnes::ZERO;
        self.attempts.push(Attempt { what, stake, stopped_by, refusals, lost });
    }

    /// Proposes and approves with two persons of one party; the answer that decided.
    fn both(&mut self, person: PersonId, command: Command) -> Result<Answer, Stopped> {
        let (proposal, command_hash) = (self.state().next_proposal, command.hash(person));
        let seconds = who_may_approve(self.state(), person, &command);
        let second = seconds.first().copied().unwrap_or(PersonId(person.0 + 1));
        let propose = Propose { command: Box::new(command) };
        let proposed = self.market.attempt(person, propose.into())?;
        if !matches!(proposed, Answer::Accepted { .. }) {
            return Ok(proposed);
        }
        let approve = Approve { proposal, command_hash };
        self.market.attempt(second, approve.into())
    }

    fn steal(&mut self, it: &Scene) -> Result<(), Stopped> {
        let transfer = |quantity| {
            let (from, to, series) = (it.victim, it.accomplice, it.series);
            Command::from(Transfer {
                from,
                to,
                series,
                quantity,
                consideration: Consideration::Free,
            })
        };
        let (person, second) = (it.person, PersonId(it.person.0 + 1));
        let answer = self.market.attempt(STRANGER, transfer(it.all))?;
        self.tried("a stranger empties an account", it.all, &answer);
        let part = Tonnes(it.all.0.min(PART));
        let answer = self.market.attempt(person, transfer(part))?;
        self.tried("one stolen password takes a small part", part, &answer);
        let answer = self.both(person, transfer(it.all))?;
        self.tried("two stolen passwords empty it", it.all, &answer);
        let (account, trusted) = (it.victim, it.accomplice);
        self.both(person, TrustAccount { account, trusted }.into())?;
        let answer = self.both(person, transfer(it.all))?;
        self.tried("they put the thief's account on the trusted list first", it.all, &answer);
        self.market.attempt(second, DistrustAccount { account, trusted }.into())?;
        self.wait_and_cancel(it, &transfer, second)?;
        let frozen = Frozen::Holder(it.holder);
        let administrator = it.officials.administrator;
        self.market.attempt(administrator, Freeze { frozen }.into())?;
        let answer = self.both(person, transfer(Tonnes(1)))?;
        self.tried("they go on after the administrator froze the holder", Tonnes(1), &answer);
        let grounds = Grounds::new("the stolen passwords are replaced", [0; 32]);
        self.both(administrator, Unfreeze { frozen, grounds }.into())?;
        Ok(())
    }

    /// Below the limit a transfer is approved, and waits: the holder's other person sees it.
    fn wait_and_cancel(
        &mut self,
        it: &Scene,
        transfer: &dyn Fn(Tonnes) -> Command,
        second: PersonId,
    ) -> Result<(), Stopped> {
        let stake = Tonnes(it.all.0.min(PART));
        let waiting: HoldId = self.state().ledger.next_hold;
        let answer = self.both(it.person, transfer(stake))?;
        let what = "two stolen passwords take a small part";
        if !matches!(answer, Answer::Accepted { .. }) {
            self.tried(what, stake, &answer);
            return Ok(());
        }
        let until = self.state().delayed.get(&waiting).map(|it| it.execution);
        self.market.attempt(second, CancelTransfer { transfer: waiting }.into())?;
        let stopped_by = match until {
            Some(until) => format!("it waits until {until}; the holder is told, and cancels it"),
            None => "nothing: it did not wait".to_owned(),
        };
        let (refusals, lost) = (Vec::new(), Tonnes::ZERO);
        self.attempts.push(Attempt { what, stake, stopped_by, refusals, lost });
        Ok(())
    }

    fn misuse_office(&mut self, it: &Scene, year: u16) -> Result<(), Stopped> {
        let Officials { id: jurisdiction, administrator, .. } = it.officials;
        let year = Year(year);
        let cap = self.state().caps.get(&(jurisdiction, year)).map(|it| it.in_force());
        let cap = cap.unwrap_or_default();
        let raised = cap + Tonnes(1_000_000);
        let grounds = Grounds::new("because I can", [0; 32]);
        let basis = CapBasis { grounds, activity: None };
        let (quantity, opening) = (raised, Tonnes::ZERO);
        let set = SetCap { jurisdiction, year, quantity, opening, basis };
        let set = Command::from(set);
        let (proposal, command_hash) = (self.state().next_proposal, set.hash(administrator));
        self.market.attempt(administrator, Propose { command: Box::new(set) }.into())?;
        let answer =
            self.market.attempt(administrator, Approve { proposal, command_hash }.into())?;
        let stake = Tonnes(1_000_000);
        self.tried("an administrator approves its own proposal of a higher cap", stake, &answer);
        self.market.attempt(administrator, Reject { proposal }.into())?;
        let issue = Issue { jurisdiction, year, quantity: Tonnes(1) };
        let answer = self.both(administrator, issue.into())?;
        self.tried("two administrators issue above the cap", Tonnes(1), &answer);
        if let Some(from) = of_government(self.state(), jurisdiction, AccountKind::Surrender) {
            let (to, series, consideration) = (it.accomplice, it.series, Consideration::Free);
            let quantity = Tonnes(1_000);
            let again = Transfer { from, to, series, quantity, consideration };
            let answer = self.both(administrator, again.into())?;
            self.tried("surrendered units are offered again", quantity, &answer);
        }
        let abroad =
            self.officials.iter().find(|other| other.id != jurisdiction).map(|it| it.verifier);
        let installation = self.plants.iter().find(|it| it.jurisdiction == jurisdiction.0 as usize);
        if let Some((verifier, plant)) = abroad.zip(installation) {
            let installation = plant.installation;
            let year = Year(year.0 - 1);
            let (version, opinion, findings) = (1, Opinion::Verified, Vec::new());
            let verify = VerifyReport { installation, year, version, opinion, findings };
            let answer = self.market.attempt(verifier, verify.into())?;
            self.tried(
                "a verifier who is accredited elsewhere verifies a report",
                Tonnes(0),
                &answer,
            );
        }
        let booked = self.state().bank_references.iter().next().copied();
        if let Some(reference) = booked {
            let (party, amount) = (it.holder, Money(100_000_000));
            let deposit = Deposit { party, amount, reference, currency: None };
            let answer = self.market.attempt(self.bank, deposit.into())?;
            self.tried("a line of the bank's statement is booked twice", Tonnes(0), &answer);
        }
        Ok(())
    }
}
