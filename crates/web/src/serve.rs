//! The socket: connections with limits, TLS where it is set up, an end that loses nothing.

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The most connections at a time.
pub const CONNECTIONS_MAX: usize = 8_192;
/// The most of these from one address: nobody takes all places, nor all who listen to live figures.
pub const OF_ADDRESS_MAX: usize = 3_072;
/// Heads of requests must be there within this time, handshakes too.
const HEAD: Duration = Duration::from_secs(10);
/// Who reads nothing of an answer for so long is not waited for.
pub const UNREAD: Duration = Duration::from_secs(20);
/// The largest head of a request, in bytes.
const HEAD_BYTES: usize = 64 * 1024;
/// Answers under way have so long when the server ends.
const END: Duration = Duration::from_secs(10);

/// How TLS is set up.
pub struct Tls(TlsAcceptor);

impl Tls {
    /// From files in PEM: the chain of certificates, and the private key.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, String> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain).collect();
        let chain = chain.map_err(|error| format!("the certificates: {error}"))?;
        if chain.is_empty() {
            return Err("the file of certificates holds none in PEM".to_owned());
        }
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| format!("the private key: {error}"))?;
        let config = ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key);
        let mut config = config.map_err(|error| format!("certificate and key: {error}"))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }
}

/// Whether an address may be bound: only the machine's own until TLS is set up.
pub fn may_bind(address: SocketAddr, tls: Option<&Tls>) -> Result<(), String> {
    if address.ip().is_loopback() || tls.is_some() {
        return Ok(());
    }
    Err(format!(
        "{address} can be reached from other machines, and no TLS is set up; name the files of a \
         certificate and its key, or bind 127.0.0.1"
    ))
}

/// How many connections each address has.
type Connected = Mutex<BTreeMap<IpAddr, usize>>;

/// A connection that counts for its address until it ends.
struct Counted(Arc<Connected>, IpAddr);

impl Counted {
    fn one_more(all: &Arc<Connected>, from: IpAddr) -> Option<Self> {
        let from = network(from);
        let mut counts = all.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(from).or_default();
        if *count >= OF_ADDRESS_MAX {
            return None;
        }
        *count = count.saturating_add(1);
        Some(Self(Arc::clone(all), from))
    }
}

/// Who has one address of IPv6 has all of its network: 64 bits (RFC 4291, section 2.5.4).
fn network(it: IpAddr) -> IpAddr {
    match it.to_canonical() {
        IpAddr::V4(it) => it.into(),
        IpAddr::V6(it) => {
            std::net::Ipv6Addr::from_bits(it.to_bits() & !u128::from(u64::MAX)).into()
        }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.1) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
    }
}

/// Serves until `end`; then takes nothing new, and lets answers under way finish.
pub async fn serve(
    listener: TcpListener,
    (router, tls): (Router, Option<Tls>),
    end: impl Future<Output = ()>,
) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let connected = Arc::<Connected>::default();
    let tls = tls.map(|it| it.0);
    tokio::pin!(end);
    loop {
        let place = tokio::select! {
            place = Arc::clone(&places).acquire_owned() => place,
            () = &mut end => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut end => break,
        };
        let (stream, from) = match accepted {
            Ok((stream, from)) => (stream, from.ip()),
            // Too many open files, a client that left: others are served all the same.
            Err(_) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        // Whoever has too many is turned away at once.
        let Some(counted) = Counted::one_more(&connected, from) else { continue };
        drop(stream.set_nodelay(true));
        let (router, tls, watcher) = (router.clone(), tls.clone(), graceful.watcher());
        tokio::spawn(async move {
            let _place = (place, counted);
            match tls {
                None => connection(stream, router, watcher).await,
                Some(tls) => {
                    let handshake = tokio::time::timeout(HEAD, tls.accept(stream)).await;
                    if let Ok(Ok(stream)) = handshake {
                        connection(stream, router, watcher).await;
                    }
                }
            }
        });
    }
    drop(listener);
    drop(tokio::time::timeout(END, graceful.shutdown()).await);
    Ok(())
}

async fn connection(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD).max_buf_size(HEAD_BYTES);
    let service = TowerToHyperService::new(router);
    let mut stream = Box::pin(TimeoutStream::new(stream));
    stream.as_mut().set_write_timeout_pinned(Some(UNREAD));
    let connection = http.serve_connection(TokioIo::new(stream), service);
    // A connection that breaks is the other side's matter.
    drop(watcher.watch(connection).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_takes_a_part_of_all_places_and_gives_them_back() {
        let all = Arc::<Connected>::default();
        let one: IpAddr = [192, 0, 2, 1].into();
        let other: IpAddr = [192, 0, 2, 2].into();
        let mut held: Vec<_> =
            (0..OF_ADDRESS_MAX).map(|_| Counted::one_more(&all, one).expect("a place")).collect();
        assert!(Counted::one_more(&all, one).is_none());
        assert!(Counted::one_more(&all, other).is_some());
        held.pop();
        assert!(Counted::one_more(&all, one).is_some());
        drop(held);
        let of = |it: &str| network(it.parse().expect("an address"));
        assert_eq!(of("2001:db8::1"), of("2001:db8:0:0:9::2"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert!(all.lock().expect("nobody panics").is_empty());
    }
}
