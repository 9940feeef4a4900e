//! The documents of one kind and what is made of them: what a service that decides by them asks.
//! What the texts mean, [`Canon`] knows. Texts are read on a thread of their own and before any
//! transaction: a long one keeps nobody waiting.

use super::{Activate, Documents, Shelf, rows};
use crate::db::Stop;
use crate::fault::told;
use crate::once::{Call, Key};
use kernel::refusal::{CONTENTION, INTERNAL};
use kernel::{
    Activation, AreaCode, Canon, Described, Digest, Document, Instant, Outcome, Refusal, Standing,
};
use sea_orm::ConnectionTrait;
use std::sync::Arc;

/// One kind of documents, kept and applied.
pub struct Register<T> {
    documents: Documents,
    shelf: Shelf<T>,
}

impl<T: Canon> Register<T> {
    /// What is kept and what is made of it; `base` is what there is without any document.
    pub fn new(documents: Documents, base: T) -> Register<T> {
        let shelf = Shelf::new(documents.kind, base, |before: &T, all| {
            let made = before.enacted(all);
            for described in made.unusable() {
                let (name, digest) = (&described.name, described.digest);
                tracing::error!(%name, %digest, "an activated document cannot be used");
            }
            made
        });
        Register { documents, shelf }
    }

    /// 提交; true when an earlier attempt had done it.
    pub async fn propose(&self, call: &Call, text: &str) -> Result<(Document, bool), Refusal> {
        let read = self.read(&call.key.area, text.to_string()).await?;
        self.documents.propose(call, read, text).await
    }

    /// Withdraws a proposal.
    pub async fn withdraw_proposal(&self, key: &Key, now: Instant) -> Result<Outcome, Refusal> {
        self.documents.withdraw_proposal(key, now).await
    }

    /// 启用; true when an earlier attempt had done it. A newer version of the suite may read the text
    /// in another way than when it was proposed, so it is read again.
    pub async fn activate(
        &self,
        call: &Call,
        asked: &Activate,
    ) -> Result<(Activation, bool), Refusal> {
        let (area, documents) = (&call.key.area, &self.documents);
        let words = rows::words(&documents.db, documents.kind, area, asked.digest).await;
        let read = match words.map_err(|fault| told(&fault))? {
            Some(text) => {
                let read = self.read(area, text).await?;
                read.map(drop).map_err(|no| no.at("package_digest"))
            }
            // Proposed since it was looked for: asked again, it is read.
            None => Err(CONTENTION.refuse()),
        };
        documents.activate(call, asked, |_| read.clone()).await
    }

    /// Withdraws an activation.
    pub async fn withdraw_activation(&self, key: &Key, now: Instant) -> Result<Outcome, Refusal> {
        self.documents.withdraw_activation(key, now).await
    }

    /// A page of the area's documents, each with where it stands, and the token of the next.
    pub async fn page(
        &self,
        area: &AreaCode,
        size: u64,
        after: &str,
        now: Instant,
    ) -> Result<(Vec<(Document, Standing)>, String), Refusal> {
        let canon = self.asked(self.documents.db.reader(), area).await?;
        let own = canon.own(area);
        let (rows, next) = self.documents.page(area, own, size, after).await?;
        let placed = rows.into_iter().map(|document| {
            let standing = canon.standing(area, &document, now);
            (document, standing)
        });
        Ok((placed.collect(), next))
    }

    /// What decides as of this generation or a later one. No statement when it is at hand.
    pub async fn current(
        &self,
        on: &impl ConnectionTrait,
        area: &AreaCode,
        generation: i64,
    ) -> Result<Arc<T>, Stop> {
        self.shelf.current(on, area, generation).await
    }

    /// What decides as of now. One statement.
    pub async fn asked(&self, on: &impl ConnectionTrait, area: &AreaCode) -> Result<Arc<T>, Stop> {
        self.shelf.asked(on, area).await
    }

    /// What decides, with the documents of these digests in it where there are any: another replica
    /// may have decided by one that this one has not read yet. Mostly no statement.
    pub async fn knowing(
        &self,
        area: &AreaCode,
        mut digests: impl Iterator<Item = Digest>,
    ) -> Result<Arc<T>, Refusal> {
        let canon = self.shelf.at_hand(area);
        match digests.all(|digest| canon.knows(digest)) {
            true => Ok(canon),
            false => Ok(self.asked(self.documents.db.reader(), area).await?),
        }
    }

    async fn read(
        &self,
        area: &AreaCode,
        text: String,
    ) -> Result<Result<Described, Refusal>, Refusal> {
        let (canon, area) = (self.shelf.at_hand(area), area.clone());
        let read = tokio::task::spawn_blocking(move || canon.admit(&area, &text)).await;
        read.map_err(|died| {
            tracing::error!(%died, "reading a text ended without an answer");
            INTERNAL.refuse()
        })
    }
}
