//! 测量: what only measurements need. Many open sagas as a replica that died would have left them,
//! how many there are, and commits that are shared or not.

use crate::executor::Executor;
use crate::sagas::Asked;
use crate::store::{self, Beginning};
use ::store::{Key, new_id};
use kernel::refusal::UNAVAILABLE;
use kernel::{Digest, Principal, Refusal, RequestId};
use std::time::Duration;

impl Executor {
    /// Leaves these requests as open sagas: begun, their first step not answered, nobody's, and due
    /// after so long. One transaction.
    #[doc(hidden)]
    pub async fn leave_open(
        &self,
        principal: &Principal,
        asked: Asked,
        requests: Vec<(RequestId, Vec<u8>)>,
        due: Duration,
    ) -> Result<(), Refusal> {
        let now = self.clock.now();
        let begun = |(request_id, request): (RequestId, Vec<u8>)| Beginning {
            key: Key::of(principal, asked.method(), request_id),
            saga_id: new_id(now).to_string(),
            kind: asked.kind(),
            origin: Some(Digest::of(&request)),
            request,
            principal: principal.clone(),
            trace: None,
        };
        let all: Vec<Beginning> = requests.into_iter().map(begun).collect();
        let (all, heard) = (&all, &UNAVAILABLE.refuse().with("part", "enrollment"));
        let left = self
            .db
            .write(|tx| async move { store::leave(&tx, all, heard, due, now).await });
        Ok(left.await?)
    }

    /// The same executor, whose sagas share commits or do not, whatever the store.
    #[doc(hidden)]
    pub fn with_shared_commits(mut self, shared: bool) -> Executor {
        self.writer = self.writer.with_together(shared);
        self
    }

    /// How many sagas are open, in all areas.
    #[doc(hidden)]
    pub async fn open_sagas(&self) -> Result<u64, Refusal> {
        Ok(store::open_sagas(&self.db).await?)
    }
}
