//! 政策包: proposed and activated at run time; which one decides is [`policy::Law`]'s to say.

use super::App;
use crate::domain::Coverage;
use ::store::Call;
use ::store::Key;
use ::store::document::Activate;
use kernel::{Activation, AreaCode, Document, Enactment, Outcome, Refusal, Standing};
use policy::Law;
use std::sync::Arc;

/// The law with these packages; one that cannot be used is told in the log as soon as it is read.
pub fn enacted(law: &Law, all: Vec<Enactment>) -> Law {
    let law = law.enacted(all);
    for described in law.unusable() {
        let (name, digest) = (&described.name, described.digest);
        tracing::error!(%name, %digest, "an activated package cannot be used by this version");
    }
    law
}

impl App {
    /// 提交; true when an earlier attempt had done it.
    pub async fn propose_package(
        &self,
        call: &Call,
        text: &str,
    ) -> Result<(Document, bool), Refusal> {
        let read = self.shelf.at_hand(&call.key.area);
        let read = read.admit(&call.key.area, text);
        let described = read.map(|package| package.described());
        self.documents.propose(call, described, text).await
    }

    /// Withdraws a proposal.
    pub async fn withdraw_propose_package(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.documents
            .withdraw_proposal(key, self.clock.now())
            .await
    }

    /// 启用; true when an earlier attempt had done it.
    pub async fn activate_package(
        &self,
        call: &Call,
        asked: &Activate,
    ) -> Result<(Activation, bool), Refusal> {
        let area = &call.key.area;
        let law = self.shelf.at_hand(area);
        // A newer version of the suite may read the text in another way than when it was proposed.
        let check = |text: &str| match law.admit(area, text) {
            Ok(_) => Ok(()),
            Err(no) => Err(no.at("package_digest")),
        };
        self.documents.activate(call, asked, check).await
    }

    /// Withdraws an activation.
    pub async fn withdraw_activate_package(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.documents
            .withdraw_activation(key, self.clock.now())
            .await
    }

    /// A page of the area's packages, each with where it stands, and the token of the next.
    pub async fn packages(
        &self,
        area: &AreaCode,
        size: u64,
        after: &str,
    ) -> Result<(Vec<(Document, Standing)>, String), Refusal> {
        let law = self.law(area).await?;
        let own = law.builtin(area);
        let (rows, next) = self.documents.page(area, own, size, after).await?;
        let now = self.clock.now();
        let placed = rows.into_iter().map(|document| {
            let standing = law.standing(area, &document, now);
            (document, standing)
        });
        Ok((placed.collect(), next))
    }

    /// The law as of now. One statement.
    pub async fn law(&self, area: &AreaCode) -> Result<Arc<Law>, Refusal> {
        Ok(self.shelf.asked(self.db.reader(), area).await?)
    }

    /// The law with the packages that decided these coverages, where they are known: another
    /// replica may have decided by one that this one has not read yet. Mostly no statement.
    pub async fn law_of(
        &self,
        area: &AreaCode,
        coverages: &[Coverage],
    ) -> Result<Arc<Law>, Refusal> {
        let law = self.shelf.at_hand(area);
        let known = |one: &Coverage| law.by_digest(one.terms.package).is_some();
        match coverages.iter().all(known) {
            true => Ok(law),
            false => self.law(area).await,
        }
    }
}
