//! Answers that are kept: a page that many ask for is made once for each second in which something
//! happened, and sent as it is, compressed.
//!
//! What is kept names the record it shows, so it is old at worst, never wrong. It is kept for a
//! second; after that it is made anew only if the views have moved on.

use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// An answer that is kept is given again for so long without a look at the views.
pub const FRESH: Duration = Duration::from_secs(1);
/// The most bytes kept.
const BYTES_MAX: usize = 64 * 1024 * 1024;
/// The longest key, and the largest body, that are kept.
const KEY_MAX: usize = 1_024;
const BODY_MAX: usize = BYTES_MAX / 8;
/// Smaller bodies are not worth compressing.
const COMPRESS_MIN: usize = 512;

/// A body, plain and compressed.
#[derive(Debug)]
pub struct Body {
    /// As it is; whoever sends it shares it.
    pub plain: Bytes,
    /// Compressed with gzip, where that is smaller.
    pub gzip: Option<Bytes>,
    /// What tells two bodies apart (RFC 9110 section 8.8.3).
    pub tag: String,
    /// Its media type.
    pub kind: &'static str,
    /// The record it shows.
    pub position: u64,
}

impl Body {
    /// A body that is made once and sent often.
    pub fn new(plain: Vec<u8>, kind: &'static str, position: u64) -> Self {
        let gzip = (plain.len() >= COMPRESS_MIN).then(|| gzip(&plain)).flatten();
        let gzip = gzip.filter(|it| it.len() < plain.len());
        let (tag, plain) = (tag(&plain), plain.into());
        Self { tag, plain, gzip: gzip.map(Into::into), kind, position }
    }

    fn bytes(&self) -> usize {
        let compressed = self.gzip.as_ref().map_or(0, Bytes::len);
        // With its key, at the longest.
        self.plain.len().saturating_add(compressed).saturating_add(KEY_MAX)
    }
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(6));
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

/// The first half of the SHA-256 of some bytes.
fn tag(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let hash = Sha256::digest(bytes);
    hash.iter().take(16).map(|it| format!("{it:02x}")).collect()
}

/// What an answer follows from: a generation of views, a record, and how many documents are known.
pub type Mark = (u64, u64, usize);

struct Kept {
    body: Arc<Body>,
    looked: Instant,
    mark: Mark,
}

#[derive(Default)]
struct Inner {
    kept: BTreeMap<String, Kept>,
    bytes: usize,
}

/// What is kept.
#[derive(Default)]
pub struct Cache(Mutex<Inner>);

impl Cache {
    /// The answer of a key, if it is young, or nothing changed since.
    pub fn get(&self, key: &str, now: Mark) -> Option<Arc<Body>> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let it = inner.kept.get_mut(key)?;
        if it.looked.elapsed() < FRESH {
            return Some(Arc::clone(&it.body));
        }
        if it.mark == now {
            it.looked = Instant::now();
            return Some(Arc::clone(&it.body));
        }
        None
    }

    /// Keeps an answer; when there are too many, all are forgotten.
    pub fn put(&self, key: String, body: &Arc<Body>, mark: Mark) {
        // What is asked so seldom, or is so large, is made anew.
        if key.len() > KEY_MAX || body.bytes() > BODY_MAX {
            return;
        }
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.bytes.saturating_add(body.bytes()) > BYTES_MAX {
            inner.kept.clear();
            inner.bytes = 0;
        }
        let kept = Kept { body: Arc::clone(body), looked: Instant::now(), mark };
        inner.bytes = inner.bytes.saturating_add(body.bytes());
        if let Some(before) = inner.kept.insert(key, kept) {
            inner.bytes = inner.bytes.saturating_sub(before.body.bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_again_while_it_is_young_or_nothing_happened() {
        let cache = Cache::default();
        let body = Arc::new(Body::new(b"page ".repeat(500), "text/html", 7));
        assert!(body.gzip.as_ref().is_some_and(|it| it.len() < body.plain.len()));
        cache.put("/".to_owned(), &body, (1, 7, 1));
        assert!(cache.get("/", (1, 8, 1)).is_some(), "younger than a second");
        let age = |cache: &Cache| {
            let mut inner = cache.0.lock().expect("nobody panics");
            let kept = inner.kept.get_mut("/").expect("it is kept");
            kept.looked = kept.looked.checked_sub(FRESH * 2).expect("a clock that runs");
        };
        age(&cache);
        assert!(cache.get("/", (1, 7, 1)).is_some(), "nothing happened since");
        age(&cache);
        assert!(cache.get("/", (1, 8, 1)).is_none(), "a record came");
        assert!(cache.get("/", (2, 7, 1)).is_none(), "views were made again");
        assert!(cache.get("/", (1, 7, 2)).is_none(), "a document was found");
        assert!(cache.get("/other", (1, 7, 1)).is_none());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let cache = Cache::default();
        let large = vec![1; BODY_MAX / 2];
        for place in 0..40 {
            let body = Arc::new(Body::new(large.clone(), "text/plain", 1));
            cache.put(format!("/{place}"), &body, (1, 1, 1));
            assert!(cache.0.lock().expect("nobody panics").bytes <= BYTES_MAX);
        }
    }
}
