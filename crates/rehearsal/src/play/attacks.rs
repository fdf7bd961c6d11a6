//! What thieves, careless officials and liars try, and what stops them. Nothing here is a private
//! door: everything is sent as anybody would send it.

use super::administrators::locked;
use super::{Officials, Play};
use karvan_core::Command;
use karvan_core::account::trust_account::TrustAccount;
use karvan_core::account::{AccountKind, distrust_account::DistrustAccount, of_government};
use karvan_core::calendar::Day;
use karvan_core::cash::deposit::Deposit;
use karvan_core::compliance::verify_report::{Opinion, VerifyReport};
use karvan_core::freezing::resume_accounts::ResumeAccounts;
use karvan_core::freezing::{Frozen, freeze::Freeze, unfreeze::Unfreeze};
use karvan_core::grounds::Grounds;
use karvan_core::id::{AccountId, HoldId, Label, PartyId, PersonId, SeriesId};
use karvan_core::mirror::reconcile_mirror::ReconcileMirror;
use karvan_core::party::{PersonRights, appoint_person::AppointPerson};
use karvan_core::proposal::{approve::Approve, propose::Propose, reject::Reject, who_may_approve};
use karvan_core::quantity::{Money, Tonnes};
use karvan_core::rules::Registry;
use karvan_core::supply::central_transfer::CentralTransfer;
use karvan_core::supply::set_cap::{CapBasis, SetCap};
use karvan_core::time::{DAY_MS, Year};
use karvan_core::units::cancel_transfer::CancelTransfer;
use karvan_core::units::first_transfer::FirstTransfer;
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
        self.get_around(&scene)?;
        self.go_round(&scene)?;
        self.misuse_office(&scene, year)?;
        self.sell_twice(&scene, year)?;
        self.let_go(&scene, j)?;
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

    pub(super) fn tried(&mut self, what: &'static str, stake: Tonnes, answer: &Answer) {
        let (mut stopped_by, mut refusals) = (format!("nothing: {answer:?}"), Vec::new());
        if let Answer::Refused(no) = answer {
            stopped_by = no.list().first().map(ToString::to_string).unwrap_or_default();
            refusals = no.list().iter().map(karvan_core::Refusal::number).collect();
        }
        let lost = Tonnes::ZERO;
        self.attempts.push(Attempt { what, stake, stopped_by, refusals, lost });
    }

    /// Proposes, and has another person approve that may; the answer that decided.
    fn both(&mut self, person: PersonId, command: Command) -> Result<Answer, Stopped> {
        let seconds = who_may_approve(self.state(), person, &command);
        let second = seconds.first().copied().unwrap_or(PersonId(person.0 + 1));
        self.with_second((person, second), command)
    }

    fn with_second(
        &mut self,
        (person, second): (PersonId, PersonId),
        command: Command,
    ) -> Result<Answer, Stopped> {
        let (proposal, command_hash) = (self.state().next_proposal, command.hash(person));
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

    /// They want a third person, and the end of the freeze that the administrator put on.
    fn get_around(&mut self, it: &Scene) -> Result<(), Stopped> {
        let (person, second) = (it.person, PersonId(it.person.0 + 1));
        let (party, rights, accounts) = (it.holder, PersonRights::All, None);
        let appoint = Command::from(AppointPerson { party, rights, accounts });
        let answer = self.with_second((person, second), appoint)?;
        self.tried("two stolen passwords appoint a third person", it.all, &answer);
        let administrator = it.officials.administrator;
        let frozen = Frozen::Holder(it.holder);
        self.market.attempt(administrator, Freeze { frozen }.into())?;
        let grounds = Grounds::new("a friend asked", [0; 32]);
        let unfreeze = Command::from(Unfreeze { frozen, grounds });
        let house = (administrator, PersonId(administrator.0 + 1));
        let answer = self.with_second(house, unfreeze.clone())?;
        self.tried("two of one house end a freeze", it.all, &answer);
        self.both(administrator, unfreeze)?;
        Ok(())
    }

    /// A carousel: units go round three accounts of strangers, to look like a market.
    fn go_round(&mut self, it: &Scene) -> Result<(), Stopped> {
        let owner = |account: AccountId| {
            let holder = self.state().accounts.row(account).holder;
            (account, holder, self.state().parties.row(holder).person)
        };
        let mut owners = vec![owner(it.victim)];
        for plant in self.plants.iter().filter(|it| it.account != AccountId(0)) {
            let next = owner(plant.account);
            let here = self.state().accounts.row(plant.account).jurisdiction == it.officials.id;
            let held = self.free(plant.account).0 >= PART;
            if here && held && owners.iter().all(|(_, holder, _)| *holder != next.1) {
                owners.push(next);
            }
            if owners.len() == 3 {
                break;
            }
        }
        let stake = Tonnes(PART);
        let mut waits = None;
        let mut waiting = Vec::new();
        for place in 0..owners.len() {
            let (from, _, person) = owners[place];
            let (to, ..) = owners[(place + 1) % owners.len()];
            let series = it.series;
            let (quantity, consideration) = (stake, Consideration::Free);
            let hop = Transfer { from, to, series, quantity, consideration };
            let transfer = self.state().ledger.next_hold;
            let answer = self.both(person, hop.into())?;
            if let Some(row) = self.state().delayed.get(&transfer) {
                waits = waits.max(Some(row.execution));
                waiting.push((person, transfer));
            } else {
                self.tried("a carousel of three accounts", stake, &answer);
                return Ok(());
            }
        }
        for (person, transfer) in waiting {
            self.market.attempt(person, CancelTransfer { transfer }.into())?;
        }
        let stopped_by = match waits {
            Some(until) => format!(
                "each hop waits until {until} and counts for its holder's limit; none moves \
                 that day"
            ),
            None => "nothing: no hop waited".to_owned(),
        };
        let what = "a carousel of three accounts";
        let (refusals, lost) = (Vec::new(), Tonnes::ZERO);
        self.attempts.push(Attempt { what, stake, stopped_by, refusals, lost });
        Ok(())
    }

    /// The register elsewhere lets go of units that live here: those who hold them are stopped.
    fn let_go(&mut self, it: &Scene, j: usize) -> Result<(), Stopped> {
        let Officials { id, administrator, .. } = it.officials;
        if self.policy_of(j).registry != Registry::Mirror {
            return Ok(());
        }
        let mut blocks = locked(self.state(), id);
        let Some(last) = blocks.last_mut() else { return Ok(()) };
        // The first units of the vintage: they were delivered free of charge.
        let part = Tonnes(PART);
        last.serials.first += part.0;
        last.serials.count -= part;
        let day = Day(self.state().now.0.div_euclid(DAY_MS));
        let statement = [1; 32];
        let compare = ReconcileMirror { jurisdiction: id, day, statement, blocks };
        self.market.attempt(administrator, compare.into())?;
        let stopped = self.state().stopped.clone();
        let holds = |account: &AccountId| self.free(*account) > Tonnes::ZERO;
        let operator = |account: &&AccountId| {
            self.state().accounts.row(**account).kind == AccountKind::Operator
        };
        let Some(from) = stopped.iter().filter(operator).find(|it| holds(it)).copied() else {
            return Ok(());
        };
        let person = self.state().parties.row(self.state().accounts.row(from).holder).person;
        let series = self.state().ledger.shelves.row(from).queues.first().map(|it| it.series);
        let to = if from == it.accomplice { it.victim } else { it.accomplice };
        let (quantity, consideration) = (Tonnes(1), Consideration::Free);
        let series = series.unwrap_or(it.series);
        let transfer = Transfer { from, to, series, quantity, consideration };
        let answer = self.both(person, transfer.into())?;
        self.tried("units whose lock elsewhere is gone are passed on", part, &answer);
        let grounds = Grounds::new("the register has locked them again", [1; 32]);
        let resume = ResumeAccounts { accounts: stopped, grounds };
        let region = self.state().parties.row(PartyId(0)).person;
        self.both(region, resume.into())?;
        Ok(())
    }

    /// A government sells units to two others: each is to count them for its target.
    fn sell_twice(&mut self, it: &Scene, year: u16) -> Result<(), Stopped> {
        let Officials { id: jurisdiction, administrator, .. } = it.officials;
        let general = |of| of_government(self.state(), of, AccountKind::GeneralHolding);
        let others = self.officials.iter().filter(|it| it.id != jurisdiction);
        let others: Vec<AccountId> = others.filter_map(|it| general(it.id)).take(2).collect();
        let series = self.state().ledger.vintage(jurisdiction, Year(year));
        let sold = general(jurisdiction).zip(series).zip(Label::new("for-the-target"));
        let (Some(((from, series), authorisation)), [first, .., second]) = (sold, &others[..])
        else {
            return Ok(());
        };
        let (first, second, quantity) = (*first, *second, Tonnes(PART));
        let mut ways = vec![(AccountKind::TotalQuantity, AccountKind::GeneralHolding)];
        for source in [AccountKind::Auction, AccountKind::Allocation] {
            let account = of_government(self.state(), jurisdiction, source);
            if account.is_some_and(|it| self.free(it) >= quantity) {
                ways.insert(0, (source, AccountKind::TotalQuantity));
                break;
            }
        }
        for (from, to) in ways {
            let year = Year(year);
            let central = CentralTransfer { jurisdiction, from, to, year, quantity };
            self.both(administrator, central.into())?;
        }
        let sale = |from, to| FirstTransfer { from, to, series, quantity, authorisation };
        self.both(administrator, sale(from, first).into())?;
        let answer = self.both(administrator, sale(first, second).into())?;
        self.tried("units sold to one government are sold to another", quantity, &answer);
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
        let place = usize::try_from(jurisdiction.0).unwrap_or_default();
        let issue = self.issue(place, year, Tonnes(1));
        let answer = self.both(administrator, issue)?;
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
        let booked = self.state().bank.lines.keys().next().copied();
        if let Some(reference) = booked {
            let (party, amount) = (it.holder, Money(100_000_000));
            let deposit = Deposit { party, amount, reference, currency: None };
            let answer = self.market.attempt(self.bank, deposit.into())?;
            self.tried("a line of the bank's statement is booked twice", Tonnes(0), &answer);
        }
        Ok(())
    }
}
