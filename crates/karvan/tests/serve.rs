//! The real binary as a server: TLS from files, what the pages say can be recomputed, an end that
//! loses nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test stops"
)]

use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, Stream};

const KARVAN: &str = env!("CARGO_BIN_EXE_karvan");

/// A rehearsed market of two invented countries, with a certificate of its own.
struct Market(PathBuf);

impl Market {
    fn rehearsed(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("karvan-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        let policy = include_str!("../../rehearsal/tests/two-countries.toml");
        fs::write(folder.join("policy.toml"), policy).unwrap();
        let plants = include_str!("../../rehearsal/tests/two-countries.csv");
        fs::write(folder.join("plants.csv"), plants).unwrap();
        let it = Self(folder);
        let mut rehearse = Command::new(KARVAN);
        rehearse.arg("rehearse").arg(it.path("policy.toml"));
        rehearse.arg("--installations").arg(it.path("plants.csv"));
        rehearse.arg("--data-dir").arg(it.path("store"));
        let done = rehearse.stdin(Stdio::null()).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        fs::write(it.path("chain.pem"), made.cert.pem()).unwrap();
        fs::write(it.path("key.pem"), made.signing_key.serialize_pem()).unwrap();
        it
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Serves it with these settings.
    fn served(&self, settings: &str) -> Command {
        let more = "training = true\ninstallations = \"plants.csv\"\n";
        fs::write(self.path("serve.toml"), format!("{settings}\n{more}")).unwrap();
        let mut serve = Command::new(KARVAN);
        serve.arg("serve").arg("--data-dir").arg(self.path("store"));
        serve.arg("--config").arg(self.path("serve.toml"));
        serve.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        serve
    }

    fn client(&self) -> Arc<ClientConfig> {
        let mut roots = RootCertStore::empty();
        let chain = fs::read(self.path("chain.pem")).unwrap();
        roots.add(CertificateDer::from_pem_slice(&chain).unwrap()).unwrap();
        Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    }
}

impl Drop for Market {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The server that runs, and its address.
struct Running(Child, String);

impl Running {
    fn start(mut serve: Command) -> Self {
        let mut child = serve.spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let address = line.split("//").nth(1).unwrap().split('/').next().unwrap().to_owned();
        Self(child, address)
    }

    /// Asks it to end as services are ended; its exit, and how long that took.
    fn end(mut self) -> (Option<i32>, Duration) {
        let asked = Instant::now();
        let id = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        (self.0.wait().unwrap().code(), asked.elapsed())
    }

    fn get(&self, client: &Arc<ClientConfig>, path: &str) -> (u16, String) {
        let name = ServerName::try_from("localhost").unwrap();
        let mut connection = ClientConnection::new(Arc::clone(client), name).unwrap();
        let mut socket = TcpStream::connect(&self.1).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut stream = Stream::new(&mut connection, &mut socket);
        let head = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        // The end of the connection is the end of the answer.
        drop(stream.read_to_end(&mut bytes));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    fn json(&self, client: &Arc<ClientConfig>, path: &str) -> Value {
        let (status, body) = self.get(client, path);
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).unwrap()
    }
}

const TLS: &str = "address = \"127.0.0.1:0\"\ncertificate = \"chain.pem\"\nkey = \"key.pem\"";

/// Clears an auction again by the command that its page shows; price and quantity.
fn recomputed(folder: &Path, page: &str) -> (Value, u64) {
    let command = page.split("<pre class=\"cmd\" tabindex=\"0\">").nth(1).unwrap();
    let command = command.split("</pre>").next().unwrap();
    let words: Vec<&str> = command.split_whitespace().collect();
    assert_eq!(words[..3], ["karvan", "calc", "auction"]);
    let mut again = Command::new(KARVAN);
    again.args(&words[1..]).arg("--json").current_dir(folder).stdin(Stdio::null());
    let done = again.output().unwrap();
    assert!(done.status.success(), "{command}: {}", String::from_utf8_lossy(&done.stderr));
    let told: Value = serde_json::from_slice(&done.stdout).unwrap();
    (told["price"].clone(), told["sold"].as_u64().unwrap())
}

#[test]
fn a_market_is_served_with_tls_recomputed_by_its_readers_and_ends_when_it_is_told() {
    let market = Market::rehearsed("tls");
    let running = Running::start(market.served(TLS));
    let client = market.client();
    // Whoever speaks without TLS gets no page.
    let mut plain = TcpStream::connect(&running.1).unwrap();
    plain.write_all(b"GET /en/ HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    drop(plain.read_to_end(&mut answer));
    assert!(!answer.starts_with(b"HTTP"), "{}", String::from_utf8_lossy(&answer));
    let auctions = running.json(&client, "/api/v1/auctions?state=cleared&bid.min=1&limit=1000");
    let all = auctions["rows"].as_array().unwrap();
    assert!(all.len() > 3, "auctions were cleared: {}", all.len());
    for row in all {
        let number = &row["auction"];
        let (status, bids) = running.get(&client, &format!("/api/v1/auctions/{number}/bids.csv"));
        assert_eq!(status, 200);
        fs::write(market.path(&format!("auction-{number}.csv")), bids).unwrap();
        let (_, page) = running.get(&client, &format!("/en/auctions/{number}"));
        let found = recomputed(&market.0, &page);
        assert_eq!(found, (row["price"].clone(), row["sold"].as_u64().unwrap()), "{number}");
    }
    // Somebody who still listens does not keep it from ending.
    let record = running.json(&client, "/health/ready")["durable"].clone();
    let mut half = TcpStream::connect(&running.1).unwrap();
    half.write_all(b"half a handshake").unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let mut connection = ClientConnection::new(Arc::clone(&client), name).unwrap();
    let mut socket = TcpStream::connect(&running.1).unwrap();
    let mut listens = Stream::new(&mut connection, &mut socket);
    listens.write_all(b"GET /live/en HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut told = [0; 15];
    listens.read_exact(&mut told).unwrap();
    assert_eq!(&told, b"HTTP/1.1 200 OK");
    let (code, took) = running.end();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(15), "{took:?}");
    let again = Running::start(market.served(TLS));
    assert_eq!(again.json(&client, "/health/ready")["durable"], record);
    assert_eq!(again.end().0, Some(0));
}

#[test]
fn without_tls_it_serves_its_own_machine_alone_and_says_what_is_missing() {
    let market = Market::rehearsed("plain");
    let refused = |settings: &str| {
        let done = market.served(settings).output().unwrap();
        assert!(!done.status.success(), "{settings}");
        String::from_utf8_lossy(&done.stderr).into_owned()
    };
    let open = refused("address = \"0.0.0.0:0\"");
    assert!(open.contains("no TLS is set up") && open.contains("0.0.0.0"), "{open}");
    assert!(refused("certificate = \"chain.pem\"").contains("needs both files"));
    let none = refused("certificate = \"nothing.pem\"\nkey = \"key.pem\"");
    assert!(none.contains("nothing.pem"), "{none}");
    let swapped = refused("certificate = \"key.pem\"\nkey = \"chain.pem\"");
    assert!(swapped.contains("certificate"), "{swapped}");
    let unknown = refused("adress = \"127.0.0.1:0\"");
    assert!(unknown.contains("adress") && unknown.contains("settings are address"), "{unknown}");
}
