//! Policy files by what they hold, and the one in force: read, and ready to be simulated.

use crate::scenario::Model;
use karvan_policy::Policy;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A document that is not at hand is looked for again after so long.
const AGAIN: Duration = Duration::from_secs(10);

/// Reads all documents that there are.
type Look = Box<dyn Fn() -> Vec<String> + Send + Sync>;

#[derive(Default)]
struct Kept {
    by_hash: BTreeMap<String, Arc<str>>,
    looked: Option<Instant>,
}

/// Documents by their SHA-256 in hexadecimal: policy files above all. The journal holds the hash.
pub struct Documents {
    look: Look,
    kept: Mutex<Kept>,
}

fn lock<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Documents {
    /// Those that `look` reads; it is asked again, now and then, for one that is missing: a policy
    /// may be adopted while the portal runs.
    pub fn looked_for(look: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        Self { look: Box::new(look), kept: Mutex::default() }
    }

    /// How many are known.
    pub fn known(&self) -> usize {
        lock(&self.kept).by_hash.len()
    }

    /// A document.
    pub fn get(&self, hash: &str) -> Option<Arc<str>> {
        let mut kept = lock(&self.kept);
        let is_due = kept.looked.is_none_or(|it| it.elapsed() >= AGAIN);
        if !kept.by_hash.contains_key(hash) && is_due {
            kept.looked = Some(Instant::now());
            for text in (self.look)() {
                let hash = karvan_views::facts::hex(&Sha256::digest(&text));
                kept.by_hash.insert(hash, text.into());
            }
        }
        kept.by_hash.get(hash).cloned()
    }
}

/// The policy in force, where its file is at hand.
#[derive(Default)]
pub struct InForce {
    /// As its file says it.
    pub policy: Option<Policy>,
    /// As it is simulated.
    pub model: Option<Arc<Model>>,
}

/// The policy in force, read once.
#[derive(Default)]
pub struct Reading(Mutex<(Option<[u8; 32]>, Arc<InForce>)>);

impl Reading {
    /// What a hash stands for, with the table of installations.
    pub fn of(&self, hash: [u8; 32], (all, installations): (&Documents, &str)) -> Arc<InForce> {
        let mut read = lock(&self.0);
        if read.0 != Some(hash) {
            let text = all.get(&karvan_views::facts::hex(&hash));
            let policy = text.as_ref().and_then(|it| Policy::parse(it).ok());
            let model = text.as_ref().and_then(|it| Model::of(it, installations)).map(Arc::new);
            let known = text.map(|_| hash);
            *read = (known, Arc::new(InForce { policy, model }));
        }
        Arc::clone(&read.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[test]
    fn what_is_missing_is_looked_for_and_not_at_every_request() {
        let looks = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&looks);
        let all = Documents::looked_for(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            vec!["one".to_owned()]
        });
        let hash = karvan_views::facts::hex(&Sha256::digest("one"));
        assert_eq!(all.get(&hash).as_deref(), Some("one"));
        assert_eq!(all.get("another"), None);
        assert_eq!(all.get(&hash).as_deref(), Some("one"));
        assert_eq!(looks.load(Ordering::SeqCst), 1);
        lock(&all.kept).looked = Instant::now().checked_sub(AGAIN);
        assert_eq!(all.get("another"), None);
        assert_eq!(looks.load(Ordering::SeqCst), 2);
    }
}
