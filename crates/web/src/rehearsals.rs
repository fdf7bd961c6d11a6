//! Rehearsals that readers start from the simulator: one at a time, the last ones kept, without a
//! store.

use crate::scenario::{Model, Scenario};
use karvan_engine::journal::memory::MemoryJournal;
use karvan_policy::model::outcome::Outcome as Simulated;
use karvan_rehearsal::{Outcome, Play, SITES, Settings, sites};
use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// So many wait at most.
pub const WAITING_MAX: usize = 4;
/// So many are kept.
const KEPT_MAX: usize = 20;
/// So many years are rehearsed, from the policy's first on.
const YEARS: u16 = 4;

/// How a rehearsal stands.
#[derive(Clone)]
pub enum Standing {
    /// It waits for others.
    Waiting,
    /// It is played: steps done, and in all.
    Playing(usize, usize),
    /// It is over.
    Done(Arc<(Simulated, Outcome)>),
    /// It could not be played.
    Failed(String),
}

#[derive(Default)]
struct Inner {
    next: u64,
    /// Each with the model it was moved against: another policy may come into force meanwhile.
    waiting: VecDeque<(u64, Arc<Model>, Scenario)>,
    standing: BTreeMap<u64, (Standing, Vec<(String, String)>)>,
    playing: bool,
}

/// The rehearsals.
#[derive(Default)]
pub struct Rehearsals(Arc<Mutex<Inner>>);

fn lock(it: &Mutex<Inner>) -> MutexGuard<'_, Inner> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Rehearsals {
    /// Starts one; none where too many wait.
    pub fn start(&self, model: &Arc<Model>, scenario: Scenario) -> Option<u64> {
        let mut inner = lock(&self.0);
        if inner.waiting.len() >= WAITING_MAX {
            return None;
        }
        inner.next = inner.next.saturating_add(1);
        let number = inner.next;
        let parameters = scenario.parameters();
        inner.standing.insert(number, (Standing::Waiting, parameters));
        while inner.standing.len() > KEPT_MAX {
            inner.standing.pop_first();
        }
        inner.waiting.push_back((number, Arc::clone(model), scenario));
        if !inner.playing {
            inner.playing = true;
            let all = Arc::clone(&self.0);
            std::thread::spawn(move || work(&all));
        }
        Some(number)
    }

    /// How one stands, and of which scenario it is.
    pub fn of(&self, number: u64) -> Option<(Standing, Vec<(String, String)>)> {
        lock(&self.0).standing.get(&number).cloned()
    }
}

fn work(all: &Mutex<Inner>) {
    loop {
        let (number, model, scenario) = {
            let mut inner = lock(all);
            match inner.waiting.pop_front() {
                Some(it) => it,
                None => {
                    inner.playing = false;
                    return;
                }
            }
        };
        let stand = |standing: Standing| {
            if let Some(it) = lock(all).standing.get_mut(&number) {
                it.0 = standing;
            }
        };
        let watch = |done, of| stand(Standing::Playing(done, of));
        // A scenario that breaks the rehearsal does not end those that wait.
        let played = catch_unwind(AssertUnwindSafe(|| play(&model, &scenario, &watch)));
        stand(match played {
            Ok(Ok(it)) => Standing::Done(Arc::new(it)),
            Ok(Err(why)) => Standing::Failed(why),
            Err(_) => Standing::Failed("the rehearsal broke off".to_owned()),
        });
    }
}

fn play(
    model: &Model,
    scenario: &Scenario,
    watch: &dyn Fn(usize, usize),
) -> Result<(Simulated, Outcome), String> {
    let policy = model.policy_of(scenario).map_err(|it| it.join("; "))?;
    let simulated = model.simulate(scenario).map_err(|it| it.join("; "))?;
    let first = policy.first_year;
    let last = policy.last_year.min(first.saturating_add(YEARS - 1));
    let (plants, seed) = (model.plants().to_vec(), policy.rehearsal.seed);
    let sites = sites::read(SITES).map_err(|bad| format!("{} rows of the sites", bad.len()))?;
    let settings = Settings { policy, plants, sites, first, last, seed };
    let played = Play::new(settings, MemoryJournal::forgetful())
        .run(&mut |it| watch(it.done, it.all))
        .map_err(|it| it.to_string())?;
    Ok((simulated, played.0))
}
