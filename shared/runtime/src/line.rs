//! Connections as the server takes them: plain, or after a handshake. A slow handshake holds up
//! nobody else's, and so many are under way at once and no more.

use crate::clock::SystemClock;
use crate::identity::Peer;
use crate::tls::ServerTls;
use futures_util::Stream;
use kernel::Clock;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

/// Handshakes under way at once.
const HANDSHAKES_MAX: usize = 1_024;
/// How long one may take.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);
/// How long to wait after a connection could not be taken, so that a lack of descriptors is not met
/// by a busy loop.
const PAUSE: Duration = Duration::from_millis(100);

/// One connection, and what its other end showed.
pub(crate) struct Line {
    io: Io,
    peer: Peer,
}

enum Io {
    Plain(TcpStream),
    Secure(Box<TlsStream<TcpStream>>),
}

impl Connected for Line {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

/// The connections of a listener.
pub(crate) fn incoming(
    listener: TcpListener,
    tls: Option<ServerTls>,
) -> impl Stream<Item = io::Result<Line>> {
    let (lines, taken) = mpsc::channel(1);
    tokio::spawn(accept(listener, tls, lines));
    futures_util::stream::unfold(taken, |mut taken| async {
        let line = taken.recv().await?;
        Some((Ok(line), taken))
    })
}

/// Takes connections until nobody asks for them any more.
async fn accept(listener: TcpListener, tls: Option<ServerTls>, lines: mpsc::Sender<Line>) {
    let places = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = lines.closed() => return,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Answers are small and wait for nothing.
        stream.set_nodelay(true).ok();
        let Some(tls) = tls.clone() else {
            let (io, peer) = (Io::Plain(stream), Peer::default());
            if lines.send(Line { io, peer }).await.is_err() {
                return;
            }
            continue;
        };
        let Ok(place) = places.clone().acquire_owned().await else {
            return;
        };
        let lines = lines.clone();
        tokio::spawn(async move {
            if let Some(line) = secured(stream, &tls).await {
                drop(place);
                // A server that stops takes no more.
                lines.send(line).await.ok();
            }
        });
    }
}

async fn secured(stream: TcpStream, tls: &ServerTls) -> Option<Line> {
    let shaking = TlsAcceptor::from(tls.config()).accept(stream);
    let stream = match tokio::time::timeout(HANDSHAKE_MAX, shaking).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => {
            tracing::debug!(%error, "a handshake failed");
            return None;
        }
        Err(_) => {
            tracing::debug!("a handshake took too long");
            return None;
        }
    };
    let peer = tls.judge(stream.get_ref().1.peer_certificates(), SystemClock.now());
    let io = Io::Secure(Box::new(stream));
    Some(Line { io, peer })
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.io {
            Io::Plain(io) => Pin::new(io).poll_read(context, buffer),
            Io::Secure(io) => Pin::new(io).poll_read(context, buffer),
        }
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
