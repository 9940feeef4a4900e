//! 请求内容: a message is whole before it takes anybody's place. One that is longer than messages may
//! be, or that does not come in time, never gets one.

use crate::callers::{Beyond, Seat};
use axum::body::{Body, BodyDataStream, Bytes};
use futures_util::StreamExt;
use prost::Message;
use prost_types::FileDescriptorSet;
use std::collections::BTreeSet;
use std::sync::LazyLock;

/// What stands before a message: whether it is compressed, and its length.
const PREFIX: usize = 5;

/// Methods to which messages stream: `/package.Service/Method`. What comes there is for the method to
/// bound.
static STREAMED: LazyLock<BTreeSet<String>> = LazyLock::new(|| {
    let set = FileDescriptorSet::decode(proto::DESCRIPTOR_SET).unwrap_or_default();
    let mut streamed = BTreeSet::new();
    for file in set.file {
        for service in &file.service {
            for method in service.method.iter().filter(|m| m.client_streaming()) {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                streamed.insert(path);
            }
        }
    }
    streamed
});

/// True when one message comes, and all of it before the work begins.
pub(crate) fn is_one_message(path: &str) -> bool {
    !STREAMED.contains(path)
}

/// Why a message is not there.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is longer than messages may be.
    Large,
    /// Its caller has no room for it.
    Beyond(Beyond),
    /// Its caller went away.
    Broken,
}

/// Reads a message of so many bytes at most; what comes is held by the caller's seat.
pub(crate) async fn read(body: Body, most: usize, seat: &mut Seat) -> Result<Bytes, Unread> {
    let mut stream = body.into_data_stream();
    let Some(first) = next(&mut stream, seat).await? else {
        return Ok(Bytes::new());
    };
    fits(&first, most)?;
    // Nearly every message comes in one piece.
    let Some(second) = next(&mut stream, seat).await? else {
        return Ok(first);
    };
    let mut whole = first.to_vec();
    whole.extend_from_slice(&second);
    fits(&whole, most)?;
    while let Some(piece) = next(&mut stream, seat).await? {
        whole.extend_from_slice(&piece);
        fits(&whole, most)?;
    }
    Ok(whole.into())
}

async fn next(stream: &mut BodyDataStream, seat: &mut Seat) -> Result<Option<Bytes>, Unread> {
    match stream.next().await {
        None => Ok(None),
        Some(Err(_)) => Err(Unread::Broken),
        Some(Ok(piece)) => {
            seat.hold(piece.len()).map_err(Unread::Beyond)?;
            Ok(Some(piece))
        }
    }
}

/// What is there and what its prefix announces are no more than may come.
fn fits(bytes: &[u8], most: usize) -> Result<(), Unread> {
    let announced = match bytes {
        [_, a, b, c, d, ..] => usize::try_from(u32::from_be_bytes([*a, *b, *c, *d])).ok(),
        _ => Some(0),
    };
    let is_short = announced.is_some_and(|announced| announced <= most);
    match is_short && bytes.len() <= most.saturating_add(PREFIX) {
        true => Ok(()),
        false => Err(Unread::Large),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::callers::Callers;
    use crate::clock::SystemClock;
    use crate::limits::Limits;
    use futures_util::stream;
    use kernel::{AreaCode, Principal, Role};
    use std::convert::Infallible;
    use std::sync::Arc;

    async fn read_pieces(pieces: &'static [&'static [u8]], most: usize) -> Result<Vec<u8>, Unread> {
        let callers = Callers::new(Arc::new(SystemClock), Arc::new(Limits::default()));
        let who = Principal {
            caller: "a".into(),
            on_behalf_of: None,
            area: AreaCode::parse("999999").unwrap(),
            roles: vec![Role::Institution],
        };
        let mut seat = callers.take(&who).ok().unwrap();
        let pieces = pieces
            .iter()
            .map(|piece| Ok::<_, Infallible>(Bytes::from_static(piece)));
        let body = Body::from_stream(stream::iter(pieces));
        read(body, most, &mut seat)
            .await
            .map(|bytes| bytes.to_vec())
    }

    #[tokio::test]
    async fn a_message_is_read_whole_and_no_longer_than_it_may_be() {
        let whole = read_pieces(&[&[0, 0, 0], &[0, 3, 7], &[8, 9]], 3).await;
        assert_eq!(whole.unwrap(), [0, 0, 0, 0, 3, 7, 8, 9]);
        assert_eq!(read_pieces(&[], 3).await.unwrap(), b"");
        let announced = read_pieces(&[&[0, 0, 0, 0, 4]], 3).await;
        assert_eq!(announced, Err(Unread::Large), "before it came");
        let more = read_pieces(&[&[0, 0, 0, 0, 3, 7, 8, 9], &[1]], 3).await;
        assert_eq!(more, Err(Unread::Large), "more than it announced");
    }

    #[test]
    fn streams_are_known_from_the_descriptors() {
        assert!(!is_one_message(
            "/yibao.orchestrator.v1.BatchService/SettleBatch"
        ));
        assert!(is_one_message(
            "/yibao.orchestrator.v1.OrchestratorService/Settle"
        ));
        assert!(is_one_message("/nobody.knows/This"));
    }
}
