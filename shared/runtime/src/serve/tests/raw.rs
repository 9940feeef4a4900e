//! HTTP/2 by hand: what no well-behaved client would send.

use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Kinds of frames.
pub const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;

/// `END_HEADERS`, and with it `END_STREAM`.
const ENDS_BOTH: u8 = 5;

/// A connection.
pub struct Raw(TcpStream);

impl Raw {
    /// Connects from this address.
    pub async fn connect(to: SocketAddr, from: Ipv4Addr) -> Raw {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        Raw(socket.connect(to).await.unwrap())
    }

    /// Says bytes; a server that hangs up is not heard here.
    pub async fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.ok();
    }

    /// The preface, and settings that say nothing.
    pub async fn greet(&mut self) {
        self.say(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
        self.say(&frame(SETTINGS, 0, 0, &[])).await;
    }

    /// Asks so often, and takes each back at once.
    pub async fn reset_rapidly(&mut self, times: u32) {
        // `:method POST`, `:scheme http`, `:path /`, by their numbers in HPACK's table.
        let head = [0x83, 0x86, 0x84];
        let cancel = 8_u32.to_be_bytes();
        let calls = (0..times).flat_map(|n| {
            let stream = 2 * n + 1;
            let mut both = frame(HEADERS, ENDS_BOTH, stream, &head);
            both.extend(frame(RESET, 0, stream, &cancel));
            both
        });
        let bytes: Vec<u8> = calls.collect();
        self.say(&bytes).await;
    }

    /// The next frame of this kind; nothing when the connection ends before.
    pub async fn until(&mut self, kind: u8) -> Option<Vec<u8>> {
        loop {
            let mut head = [0; 9];
            self.0.read_exact(&mut head).await.ok()?;
            let [a, b, c, of, ..] = head;
            let length = u32::from_be_bytes([0, a, b, c]);
            let mut payload = vec![0; length as usize];
            self.0.read_exact(&mut payload).await.ok()?;
            if of == kind {
                return Some(payload);
            }
        }
    }
}

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}
