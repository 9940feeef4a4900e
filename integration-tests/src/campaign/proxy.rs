//! A line between two parties that fails on purpose. Its port stays the same while what is behind
//! it comes and goes: a service that was killed comes back elsewhere, and its callers need not
//! know.

use rand::Rng;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;

/// Bytes carried at once.
const CHUNK: usize = 16 * 1024;

/// What is behind a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// A port.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// How a line carries what it is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sky {
    /// At once.
    #[default]
    Fair,
    /// Each piece after a while.
    Slow(Duration),
    /// Not at all, in neither direction, while both ends believe in it.
    Silent,
    /// Calls arrive; their answers are thrown away.
    Deaf,
}

/// The sky, and what happened to the connections that stand.
#[derive(Clone, Copy, Debug, Default)]
struct Weather {
    sky: Sky,
    /// How often all connections were cut.
    cuts: u64,
    /// How often all connections were abandoned: nothing comes of them, and nobody says so.
    abandoned: u64,
}

type Backends = Arc<Mutex<Vec<Backend>>>;

/// A line with a port of its own.
pub struct Line {
    /// What it leads to.
    pub name: &'static str,
    address: SocketAddr,
    backends: Backends,
    weather: watch::Sender<Weather>,
    accepting: JoinHandle<()>,
}

impl Line {
    /// A line on a free port, with nothing behind it yet.
    pub async fn open(name: &'static str) -> Line {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("its address");
        let (weather, _) = watch::channel(Weather::default());
        let backends = Backends::default();
        let accepting = tokio::spawn(accept(listener, backends.clone(), weather.clone()));
        Line {
            name,
            address,
            backends,
            weather,
            accepting,
        }
    }

    /// Its port, for ever the same.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `https://127.0.0.1:…`.
    pub fn endpoint(&self) -> String {
        format!("https://{}", self.address)
    }

    /// From now on this is behind it as well.
    pub fn add(&self, backend: Backend) {
        lock(&self.backends).push(backend);
    }

    /// From now on this is not behind it any more.
    pub fn remove(&self, backend: &Backend) {
        lock(&self.backends).retain(|standing| standing != backend);
    }

    /// From now on nothing else is behind it; whoever talks to another must begin anew.
    pub fn switch(&self, backend: Backend) {
        *lock(&self.backends) = vec![backend];
        self.cut();
    }

    /// Sets the sky over it. When it clears, connections that lost bytes end.
    pub fn set(&self, sky: Sky) {
        self.weather.send_modify(|weather| weather.sky = sky);
    }

    /// Ends every connection of now.
    pub fn cut(&self) {
        self.weather.send_modify(|weather| weather.cuts += 1);
    }

    /// Half-opens every connection of now: they stand until the caller gives up.
    pub fn abandon(&self) {
        self.weather.send_modify(|weather| weather.abandoned += 1);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.accepting.abort();
        self.cut();
    }
}

fn lock(backends: &Backends) -> std::sync::MutexGuard<'_, Vec<Backend>> {
    backends.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, backends: Backends, weather: watch::Sender<Weather>) {
    loop {
        let Ok((caller, _)) = listener.accept().await else {
            continue;
        };
        let (backends, weather) = (backends.clone(), weather.subscribe());
        tokio::spawn(async move {
            caller.set_nodelay(true).ok();
            match reach(&backends).await {
                Some(Reached::Tcp(peer)) => carry(caller, peer, weather).await,
                Some(Reached::Unix(peer)) => carry(caller, peer, weather).await,
                // Nobody is there: the caller's connection ends at once.
                None => {}
            }
        });
    }
}

enum Reached {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// One of what is behind, whichever answers.
async fn reach(backends: &Backends) -> Option<Reached> {
    let known = {
        let mut known = lock(backends);
        // In turn, so that replicas share the work.
        if !known.is_empty() {
            known.rotate_left(1);
        }
        known.clone()
    };
    for backend in known {
        let reached = match &backend {
            Backend::Tcp(address) => TcpStream::connect(address).await.map(|peer| {
                peer.set_nodelay(true).ok();
                Reached::Tcp(peer)
            }),
            Backend::Unix(path) => UnixStream::connect(path).await.map(Reached::Unix),
        };
        if let Ok(reached) = reached {
            return Some(reached);
        }
    }
    None
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Call,
    Answer,
}

/// Carries both ways until either ends or the weather ends them.
async fn carry<C, P>(caller: C, peer: P, weather: watch::Receiver<Weather>)
where
    C: AsyncRead + AsyncWrite,
    P: AsyncRead + AsyncWrite,
{
    let (from_caller, to_caller) = tokio::io::split(caller);
    let (from_peer, to_peer) = tokio::io::split(peer);
    tokio::select! {
        () = pump(from_caller, to_peer, Way::Call, weather.clone()) => {}
        () = pump(from_peer, to_caller, Way::Answer, weather) => {}
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    way: Way,
    mut weather: watch::Receiver<Weather>,
) {
    let first = *weather.borrow_and_update();
    let mut buffer = vec![0; CHUNK];
    let mut lost = false;
    loop {
        let now = *weather.borrow_and_update();
        if now.cuts != first.cuts || (lost && now.sky != Sky::Deaf) {
            return;
        }
        let is_abandoned = now.abandoned != first.abandoned;
        // An abandoned caller is still listened to: it may give up.
        let is_read = now.sky != Sky::Silent || (is_abandoned && way == Way::Call);
        let length = tokio::select! {
            changed = weather.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            read = from.read(&mut buffer), if is_read => match read {
                Ok(length) if length > 0 => length,
                // The end of an abandoned peer is not told.
                _ if is_abandoned && way == Way::Answer => std::future::pending().await,
                _ => return,
            },
        };
        if is_abandoned {
            continue;
        }
        if now.sky == Sky::Deaf && way == Way::Answer {
            lost = true;
            continue;
        }
        if let Sky::Slow(pause) = now.sky {
            sleep(pause).await;
        }
        let piece = buffer.get(..length).unwrap_or_default();
        if to.write_all(piece).await.is_err() {
            return;
        }
    }
}

/// A bad sky for a while, drawn at random.
pub fn bad_sky(rng: &mut impl Rng) -> Sky {
    match rng.random_range(0..4) {
        0 => Sky::Slow(Duration::from_millis(rng.random_range(10..200))),
        1 => Sky::Silent,
        _ => Sky::Deaf,
    }
}
