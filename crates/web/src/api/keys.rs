//! Who a machine speaks for: keys of persons, in a file beside the store.
//!
//! A key that writes signs each request with Ed25519 (RFC 8032); its public half is in the file. A
//! key that only reads is a secret text, sent as it is (RFC 6750); the file holds its SHA-256. No
//! key is made by default.

use ed25519_dalek::{Signature, VerifyingKey};
use karvan_core::id::PersonId;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The file's name.
pub const FILE: &str = "keys.csv";
const HEAD: &str = "key,person,scope,public,since";
/// The most keys.
pub const KEYS_MAX: usize = 10_000;

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Commands, signed.
    Write,
    /// The person's own lists.
    Read,
}

impl Scope {
    /// Its name in the file.
    pub fn name(self) -> &'static str {
        match self {
            Self::Write => "write",
            Self::Read => "read",
        }
    }
}

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub person: PersonId,
    /// What it may do.
    pub scope: Scope,
    /// The public half, or the hash of the secret: 32 bytes.
    pub public: [u8; 32],
    /// Since when, in ISO 8601.
    pub since: String,
}

/// A key, ready to be asked.
#[derive(Clone, Debug)]
pub struct Known {
    /// Whose it is.
    pub person: PersonId,
    scope: Scope,
    bytes: [u8; 32],
    public: Option<VerifyingKey>,
}

impl Known {
    fn of(it: &Key) -> Self {
        let public = VerifyingKey::from_bytes(&it.public).ok();
        Self { person: it.person, scope: it.scope, bytes: it.public, public }
    }

    /// Whether a signature over some bytes is this key's.
    pub fn signed(&self, bytes: &[u8], signature: &[u8; 64]) -> bool {
        let Some(public) = self.public.as_ref().filter(|_| self.scope == Scope::Write) else {
            return false;
        };
        public.verify_strict(bytes, &Signature::from_bytes(signature)).is_ok()
    }

    /// Whether a text is this key, and it may read.
    pub fn reads(&self, token: &str) -> bool {
        self.scope == Scope::Read && self.bytes == hashed(token)
    }
}

/// A file of keys that cannot be used.
#[derive(Debug)]
pub enum KeysWrong {
    /// It cannot be read or written.
    Disk(io::Error),
    /// A line is wrong.
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        why: String,
    },
}

impl std::fmt::Display for KeysWrong {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Disk(it) => write!(to, "{FILE}: {it}"),
            Self::Line { line, why } => write!(to, "{FILE}, line {line}: {why}"),
        }
    }
}

impl std::error::Error for KeysWrong {}

impl From<io::Error> for KeysWrong {
    fn from(it: io::Error) -> Self {
        Self::Disk(it)
    }
}

fn bytes32(text: &str) -> Option<[u8; 32]> {
    let pairs = text.as_bytes().chunks(2).map(|it| std::str::from_utf8(it).ok());
    let bytes: Option<Vec<u8>> = pairs.map(|it| u8::from_str_radix(it?, 16).ok()).collect();
    bytes?.try_into().ok()
}

/// Reads the keys of a folder; none where there is no file.
pub fn read(folder: &Path) -> Result<Vec<Key>, KeysWrong> {
    let text = match std::fs::read_to_string(folder.join(FILE)) {
        Ok(it) => it,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut all = Vec::new();
    for (text, line) in text.lines().zip(1usize..).skip(1).filter(|it| !it.0.is_empty()) {
        let wrong = |why: &str| KeysWrong::Line { line, why: why.to_owned() };
        let parts: Vec<&str> = text.split(',').collect();
        let [name, person, scope, public, since] = parts.as_slice() else {
            return Err(wrong("five parts are expected"));
        };
        let person = person.parse().map_err(|_| wrong("the person is a number"))?;
        let scope = match *scope {
            "write" => Scope::Write,
            "read" => Scope::Read,
            _ => return Err(wrong("the scope is write or read")),
        };
        let public = bytes32(public).ok_or_else(|| wrong("the key is 64 hexadecimal digits"))?;
        let (name, since) = ((*name).to_owned(), (*since).to_owned());
        all.push(Key { name, person: PersonId(person), scope, public, since });
    }
    if all.len() > KEYS_MAX {
        return Err(KeysWrong::Line { line: KEYS_MAX, why: "there are too many keys".to_owned() });
    }
    Ok(all)
}

/// Writes the keys of a folder: beside the old file, then in its place.
pub fn write(folder: &Path, keys: &[Key]) -> Result<(), KeysWrong> {
    let mut text = format!("{HEAD}\n");
    for it in keys {
        let public = karvan_views::facts::hex(&it.public);
        let _ =
            writeln!(text, "{},{},{},{public},{}", it.name, it.person.0, it.scope.name(), it.since);
    }
    let new = folder.join(format!("{FILE}.new"));
    std::fs::write(&new, text)?;
    Ok(std::fs::rename(new, folder.join(FILE))?)
}

/// A key that reads, as it is sent: its name, and what nobody can guess.
pub fn token(name: &str, secret: &[u8; 32]) -> String {
    format!("{name}.{}", karvan_views::facts::hex(secret))
}

/// The SHA-256 of a key that reads.
pub fn hashed(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}

/// What tells one state of a file from another: two that are written within one tick of the clock
/// differ as files.
type Mark = (Option<SystemTime>, u64, u64);

#[cfg(unix)]
fn mark(it: &std::fs::Metadata) -> Mark {
    (it.modified().ok(), it.len(), std::os::unix::fs::MetadataExt::ino(it))
}

#[cfg(not(unix))]
fn mark(it: &std::fs::Metadata) -> Mark {
    (it.modified().ok(), it.len(), 0)
}

type ByName = BTreeMap<String, Arc<Known>>;

/// The keys of a folder, read again when the file changes.
pub struct Keys {
    folder: Option<PathBuf>,
    read: Mutex<(Option<Mark>, ByName)>,
}

impl Keys {
    /// The keys of a folder; without one nobody writes.
    pub fn of(folder: Option<PathBuf>) -> Self {
        Self { folder, read: Mutex::default() }
    }

    /// The key of a header such as `Bearer name.secret`, if it may read.
    pub fn reader(&self, authorization: &str) -> Option<Arc<Known>> {
        let (scheme, token) = authorization.split_once(' ')?;
        let (name, _) = token.split_once('.')?;
        let known = self.named(name).filter(|_| scheme.eq_ignore_ascii_case("bearer"));
        known.filter(|it| it.reads(token))
    }

    /// A key by its name. A file that is wrong gives no key.
    pub fn named(&self, name: &str) -> Option<Arc<Known>> {
        let folder = self.folder.as_ref()?;
        let changed = std::fs::metadata(folder.join(FILE)).ok().map(|it| mark(&it));
        let mut known = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if known.0 != changed {
            let all = read(folder).unwrap_or_default();
            let known_by = |it: &Key| (it.name.clone(), Arc::new(Known::of(it)));
            *known = (changed, all.iter().map(known_by).collect());
        }
        known.1.get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_read_back_and_a_wrong_line_is_named() {
        let folder = std::env::temp_dir().join(format!("karvan-keys-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let key = Key {
            name: "desk-1".to_owned(),
            person: PersonId(7),
            scope: Scope::Write,
            public: [9; 32],
            since: "2029-01-01T00:00:00Z".to_owned(),
        };
        write(&folder, std::slice::from_ref(&key)).expect("it is written");
        assert_eq!(read(&folder).expect("it is read"), vec![key.clone()]);
        let keys = Keys::of(Some(folder.clone()));
        assert_eq!(keys.named("desk-1").map(|it| it.person), Some(key.person));
        assert!(keys.named("desk-2").is_none());
        let token = token("reader", &[7; 32]);
        let (name, public, scope) = ("reader".to_owned(), hashed(&token), Scope::Read);
        write(&folder, &[key.clone(), Key { name, public, scope, ..key }]).expect("written");
        assert!(keys.reader(&format!("Bearer {token}")).is_some());
        let wrong = [format!("Basic {token}"), token.replace("07", "08"), "Bearer desk-1.x".into()];
        assert!(wrong.iter().all(|it| keys.reader(it).is_none()));
        std::fs::write(folder.join(FILE), format!("{HEAD}\nx,1,admin,00,now\n")).expect("written");
        let wrong = read(&folder).expect_err("admin is no scope");
        assert_eq!(wrong.to_string(), "keys.csv, line 2: the scope is write or read");
        std::fs::remove_dir_all(&folder).expect("it goes");
    }
}
