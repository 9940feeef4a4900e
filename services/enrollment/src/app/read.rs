//! Reads. None of them writes; all of them see standing rows of the caller's area only.

use super::App;
use crate::domain::{
    AtVisit, Coverage, Member, Payer, Person, PersonFile, Plan, Quote, StandingChange, kinds_on,
    no_package,
};
use crate::store;
use ::store::page;
use kernel::{AreaCode, Day, PersonId, Refusal, Scheme};
use policy::Law;
use std::sync::Arc;

impl App {
    /// A person with what is recorded of them. Five statements.
    pub async fn person(&self, area: &AreaCode, id: PersonId) -> Result<PersonFile, Refusal> {
        Ok(PersonFile {
            person: store::person::get(&self.db, area, id).await?,
            identities: store::identity::of(self.db.reader(), area, id).await?,
            coverages: store::coverage::of(self.db.reader(), area, id, None).await?,
            changes: store::standing::of(self.db.reader(), area, id).await?,
            suspensions: store::suspension::of(&self.db, area, id).await?,
        })
    }

    /// A person as registered.
    pub async fn registered(&self, area: &AreaCode, id: PersonId) -> Result<Person, Refusal> {
        Ok(store::person::get(&self.db, area, id).await?)
    }

    /// A page of persons and the token of the next.
    pub async fn persons(
        &self,
        area: &AreaCode,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Person>, String), Refusal> {
        let rows = store::person::list(&self.db, area, after, size + 1).await?;
        let (rows, next) = page::cut(rows, size, |(key, _)| key);
        Ok((rows.into_iter().map(|(_, person)| person).collect(), next))
    }

    /// 参保信息: a person's coverages; those whose benefits run on a day where one is given.
    pub async fn coverages(
        &self,
        area: &AreaCode,
        person: PersonId,
        on: Option<Day>,
    ) -> Result<Vec<Coverage>, Refusal> {
        store::person::get(&self.db, area, person).await?;
        Ok(store::coverage::of(self.db.reader(), area, person, on).await?)
    }

    /// 参保口径变更 of all coverages of a person.
    pub async fn standing_changes(
        &self,
        area: &AreaCode,
        person: PersonId,
    ) -> Result<Vec<StandingChange>, Refusal> {
        Ok(store::standing::of(self.db.reader(), area, person).await?)
    }

    /// The law with the packages that decided these coverages, where they are known.
    pub async fn law_of(
        &self,
        area: &AreaCode,
        coverages: &[Coverage],
    ) -> Result<Arc<Law>, Refusal> {
        let digests = coverages.iter().map(|coverage| coverage.terms.package);
        self.packages.knowing(area, digests).await
    }

    /// 待遇检查: on the hot path of every settlement, of whose visit it also answers for who was there.
    /// One statement.
    pub async fn check(
        &self,
        area: &AreaCode,
        person: PersonId,
        (scheme, day): (Scheme, Day),
        visit: Option<&AtVisit>,
    ) -> Result<Member, Refusal> {
        let asked = (&scheme, day);
        let found = store::eligibility::find(&self.db, area, person, asked, visit).await?;
        let now = self.clock.now();
        if let Some(visit) = visit {
            visit.decide(&found.at_visit, now)?;
        }
        let law = self
            .packages
            .current(self.db.reader(), area, found.generation)
            .await?;
        let package = law.select(area, &scheme, day, now)?;
        let package = package.map(|package| &**package);
        Ok(found.record.on(scheme, day, package))
    }

    /// 资助测算: what [`App::enrol`] would decide about the fee and the wait.
    pub async fn quote(
        &self,
        area: &AreaCode,
        person: PersonId,
        plan: &Plan,
    ) -> Result<Quote, Refusal> {
        let whom = store::person::get(&self.db, area, person).await?;
        let law = self.packages.asked(self.db.reader(), area).await?;
        let package = law
            .select(area, &plan.scheme, plan.year.first, self.clock.now())?
            .ok_or_else(|| no_package(&plan.scheme, plan.year))?;
        let held = store::identity::of(self.db.reader(), area, person).await?;
        let held = held
            .iter()
            .map(|identity| (&identity.kind, identity.period));
        let kinds = kinds_on(held, plan.paid_day);
        let standing = store::coverage::of(self.db.reader(), area, person, None).await?;
        // A quote for a year that is insured already is what it would be without.
        let others: Vec<Coverage> = standing
            .into_iter()
            .filter(|coverage| coverage.year != plan.year)
            .collect();
        let elsewhere = store::transfer::accepted(self.db.reader(), area, person).await?;
        let payer = Payer {
            person: &whom,
            identities: &kinds,
            coverages: &others,
            elsewhere: &elsewhere,
        };
        plan.quote(package, &payer)
    }
}
