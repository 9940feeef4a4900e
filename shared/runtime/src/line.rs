//! Connections as the server takes them: plain, or after a handshake. A slow handshake holds up
//! nobody else's, and so many are under way at once and no more.

use crate::clock::SystemClock;
use crate::connections::{Connections, Counted};
use crate::identity::Peer;
use crate::tls::ServerTls;
use kernel::Clock;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio::time::Sleep;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Handshakes under way at once.
const HANDSHAKES_MAX: usize = 1_024;
/// Bytes a client says before anything else: `PRI * HTTP/2.0…`.
const PREFACE: usize = 24;
/// How long to wait after a connection could not be taken, so that a lack of descriptors is not met
/// by a busy loop.
const PAUSE: Duration = Duration::from_millis(100);

/// One connection, and what its other end showed.
pub(crate) struct Line {
    io: Io,
    peer: Peer,
    counted: Arc<Counted>,
    opening: Option<Opening>,
}

enum Io {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

/// A connection over which the preface did not come yet.
struct Opening {
    seen: usize,
    until: Pin<Box<Sleep>>,
}

impl Line {
    fn new(io: Io, peer: Peer, counted: Counted, patience: Duration) -> Line {
        let until = Box::pin(tokio::time::sleep(patience));
        Line {
            io,
            peer,
            counted: Arc::new(counted),
            opening: Some(Opening { seen: 0, until }),
        }
    }

    /// What its other end showed.
    pub(crate) fn peer(&self) -> Peer {
        self.peer.clone()
    }

    /// Its place among the connections.
    pub(crate) fn counted(&self) -> Arc<Counted> {
        self.counted.clone()
    }
}

/// The connections of a listener, one after the other.
pub(crate) struct Lines(mpsc::Receiver<Line>);

impl Lines {
    /// Takes them from now on, until this is dropped.
    pub(crate) fn of(
        listener: TcpListener,
        tls: Option<ServerTls>,
        connections: Arc<Connections>,
    ) -> Lines {
        let (lines, taken) = mpsc::channel(1);
        tokio::spawn(accept(listener, tls, connections, lines));
        Lines(taken)
    }

    /// The next.
    pub(crate) async fn next(&mut self) -> Option<Line> {
        self.0.recv().await
    }
}

/// Takes connections until nobody asks for them any more.
async fn accept(
    listener: TcpListener,
    tls: Option<ServerTls>,
    connections: Arc<Connections>,
    lines: mpsc::Sender<Line>,
) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let patience = connections.limits().handshake();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = lines.closed() => return,
        };
        let (stream, from) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        let Some(counted) = connections.count(from.ip()) else {
            continue;
        };
        // Answers are small and wait for nothing.
        stream.set_nodelay(true).ok();
        let Some(tls) = tls.clone() else {
            let line = Line::new(Io::Plain(stream), Peer::default(), counted, patience);
            if lines.send(line).await.is_err() {
                return;
            }
            continue;
        };
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let lines = lines.clone();
        tokio::spawn(async move {
            if let Some(line) = secured(stream, &tls, counted, patience).await {
                drop(place);
                // A server that stops takes no more.
                lines.send(line).await.ok();
            }
        });
    }
}

async fn secured(
    stream: TcpStream,
    tls: &ServerTls,
    counted: Counted,
    patience: Duration,
) -> Option<Line> {
    let shaking = TlsAcceptor::from(tls.config()).accept(stream);
    let stream = match tokio::time::timeout(patience, shaking).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            return None;
        }
        Err(_) => {
            counted.tell("handshake");
            return None;
        }
    };
    let peer = tls.judge(stream.get_ref().1.peer_certificates(), SystemClock.now());
    let counted = match peer.0.as_deref() {
        Some(Ok(certificate)) => counted.of(certificate)?,
        _ => counted,
    };
    let io = Io::Secure(Box::new(stream));
    Some(Line::new(io, peer, counted, patience))
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_read(context, buffer),
            Io::Secure(io) => Pin::new(io).poll_read(context, buffer),
        };
        let Some(opening) = &mut self.opening else {
            return read;
        };
        opening.seen += buffer.filled().len().saturating_sub(before);
        if opening.seen >= PREFACE {
            self.opening = None;
            return read;
        }
        if opening.until.as_mut().poll(context).is_ready() {
            self.counted.tell("preface");
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write(context, bytes),
            Io::Secure(io) => Pin::new(io).poll_write(context, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_write_vectored(context, parts),
            Io::Secure(io) => Pin::new(io).poll_write_vectored(context, parts),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Plain(io) => io.is_write_vectored(),
            Io::Secure(io) => io.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_flush(context),
            Io::Secure(io) => Pin::new(io).poll_flush(context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_shutdown(context),
            Io::Secure(io) => Pin::new(io).poll_shutdown(context),
        }
    }
}
