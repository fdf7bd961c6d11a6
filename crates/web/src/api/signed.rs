//! Signed requests: HTTP message signatures (RFC 9421) with Ed25519, over the method, the
//! authority, the path, the digest of the body (RFC 9530) and the idempotency key.

use super::keys::{Keys, Known};
use super::problem::Problem;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use karvan_engine::CommandId;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// A signature is good for so long, in seconds, by this machine's clock.
pub const AGE_MAX: u64 = 300;

/// What must be signed, in this order.
const COVERED: &str =
    "(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"idempotency-key\")";

/// What a request that is signed says.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The name under which the market is reached, where it is known: what was signed for another
    /// one is not taken.
    pub name: Option<&'a str>,
    /// The method.
    pub method: &'a str,
    /// The path.
    pub path: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: &'a [u8],
}

/// The digest of a body as its header says it.
pub fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// The parameters of a signature.
pub fn input(created: u64, key: &str) -> String {
    format!("{COVERED};created={created};keyid=\"{key}\";alg=\"ed25519\"")
}

/// The bytes that are signed (RFC 9421 section 2.5).
pub fn base(request: (&str, &str, &str), (digest, id, input): (&str, &str, &str)) -> String {
    let (method, authority, path) = request;
    format!(
        "\"@method\": {method}\n\"@authority\": {authority}\n\"@path\": {path}\n\
         \"content-digest\": {digest}\n\"idempotency-key\": {id}\n\
         \"@signature-params\": {input}"
    )
}

fn denied(why: &str) -> Problem {
    Problem::new(
        StatusCode::UNAUTHORIZED,
        format!("The request is not signed as it must be: {why}."),
    )
}

/// The key that signed a request.
pub fn key(keys: &Keys, it: Request<'_>) -> Result<Arc<Known>, Problem> {
    let header = |name: &str| {
        let value = it.headers.get(name).and_then(|it| it.to_str().ok());
        value.ok_or_else(|| denied(&format!("it has no {name}")))
    };
    let (told, id) = (header("content-digest")?, header("idempotency-key")?);
    let authority = header("host")?.to_ascii_lowercase();
    if it.name.is_some_and(|name| name != authority) {
        let title = format!("This market is not {authority}; send it where it is meant for.");
        return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, title));
    }
    let input = header("signature-input")?.split_once('=').map(|it| it.1).unwrap_or_default();
    let signature = header("signature")?.split_once('=').map(|it| it.1).unwrap_or_default();
    if told != digest(it.body) {
        return Err(denied("content-digest is not that of the body (sha-256)"));
    }
    let rest = input
        .strip_prefix(COVERED)
        .ok_or_else(|| denied(&format!("signature-input must begin with {COVERED}")))?;
    let of = |name: &str| rest.split(';').find_map(|it| it.strip_prefix(name)?.strip_prefix('='));
    let created: u64 = of("created")
        .and_then(|it| it.parse().ok())
        .ok_or_else(|| denied("created, in seconds since 1970, is missing"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    if now.abs_diff(created) > AGE_MAX {
        return Err(denied(&format!("it was created more than {AGE_MAX} s away from {now}")));
    }
    if of("expires").is_some_and(|it| it.parse().map_or(true, |it: u64| it < now)) {
        return Err(denied("it has expired"));
    }
    let name = of("keyid").map(|it| it.trim_matches('"')).unwrap_or_default();
    let bytes = signature.trim_matches(':');
    let bytes = STANDARD.decode(bytes).ok().and_then(|it| <[u8; 64]>::try_from(it).ok());
    let bytes = bytes.ok_or_else(|| denied("signature must be sig=:64 bytes in Base64:"))?;
    let base = base((it.method, &authority, it.path), (told, id, input));
    // The same answer for a key that is unknown and one that did not sign.
    let key = keys.named(name).filter(|key| key.signed(base.as_bytes(), &bytes));
    key.ok_or_else(|| denied("the signature is not that of a key that may write"))
}

/// The command's id: a UUID of version 7 (RFC 9562), whose first 48 bits are the moment of its
/// creation by the market's clock; or 32 hexadecimal digits.
pub fn id(headers: &HeaderMap) -> Result<CommandId, Problem> {
    let text = headers.get("idempotency-key").and_then(|it| it.to_str().ok()).unwrap_or_default();
    let digits: String = text.chars().filter(|it| !matches!(it, '-' | '"')).collect();
    let id = (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok()).flatten();
    id.map(CommandId).ok_or_else(|| {
        let title = "The Idempotency-Key must be a UUID of version 7, made by the market's clock.";
        Problem::new(StatusCode::BAD_REQUEST, title)
    })
}
