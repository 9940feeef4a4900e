//! Institutions and catalogues: what a claim is priced by besides the package.

use super::{App, LISTS};
use crate::catalogue::{Catalogue, Item};
use crate::domain::{Institution, Second};
use crate::refusal::{
    AGREEMENT_END_STANDS, AGREEMENT_ENDED, AGREEMENT_NOT_BEGUN, INSTITUTION_UNKNOWN,
};
use crate::store;
use ::store::event::{self, Event};
use ::store::{Call, Key, Made, Tx, new_id, page};
use kernel::{ApprovalId, AreaCode, CatalogueId, Day, Digest, InstitutionCode, Outcome, Refusal};
use serde_json::json;

impl App {
    /// Registers an institution; true when an earlier attempt had done it.
    pub async fn register_institution(
        &self,
        call: &Call,
        new: &Institution,
    ) -> Result<(Institution, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let id = new_id(call.now).to_string();
            store::insert_institution(&tx, area, &id, new).await?;
            let facts = json!({ "institution_code": new.code, "tier": new.tier, "kind": new.kind });
            self.tell(&tx, call, "institution.registered", &id, facts)
                .await?;
            Ok(Made {
                subject: id,
                value: new.clone(),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(institution) => Ok((institution, false)),
            None => Ok((
                store::find_registration(self.db.reader(), area, &done.subject).await?,
                true,
            )),
        }
    }

    /// Withdraws a registration.
    pub async fn withdraw_register_institution(&self, key: &Key) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            if !store::withdraw_institution(&tx, &key.area, &id, now).await? {
                let found = store::find_registration(&*tx, &key.area, &id).await?;
                // Two agreed to the end: it does not go with the registration that one made.
                let no = AGREEMENT_END_STANDS.refuse();
                let no = no.with("institution_code", &found.code);
                let day = found.agreement_until.unwrap_or(found.agreement_from);
                return Err(no.with("day", day).into());
            }
            let told = Event {
                area: key.area.clone(),
                kind: "institution.withdrawn",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// Publishes a catalogue version; answers its id and digest.
    pub async fn publish_catalogue(
        &self,
        call: &Call,
        effective: Day,
        items: &[Item],
    ) -> Result<(CatalogueId, Digest, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let id = CatalogueId(new_id(call.now));
            let version = Catalogue::new(id, effective, items.to_vec());
            let digest = version.digest();
            store::insert_catalogue(&tx, area, &version, call.now).await?;
            let facts = json!({ "effective_day": effective, "digest": digest.to_string() });
            self.tell(&tx, call, "catalogue.published", &id.to_string(), facts)
                .await?;
            Ok(Made {
                subject: id.to_string(),
                value: (id, digest),
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some((id, digest)) => Ok((id, digest, false)),
            None => {
                let id = CatalogueId::parse(&done.subject)
                    .map_err(|_| kernel::refusal::INTERNAL.refuse())?;
                let version = self.catalogues.version(self.db.reader(), area, id).await?;
                Ok((id, version.digest(), true))
            }
        }
    }

    /// A page of institutions and the token of the next.
    pub async fn institutions(
        &self,
        area: &AreaCode,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Institution>, String), Refusal> {
        let rows = store::institutions(&self.db, area, after, size + 1).await?;
        Ok(page::cut(rows, size, |institution| {
            institution.code.as_str()
        }))
    }

    /// Ends an institution's agreement from a day on; true when an earlier attempt had done it.
    pub async fn end_agreement(
        &self,
        call: &Call,
        code: &InstitutionCode,
        (from, reason, second): (Day, &str, &Second),
    ) -> Result<(Institution, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let found = store::registration_of(&*tx, area, code).await?;
            let (id, institution) = found.ok_or_else(|| {
                let no = INSTITUTION_UNKNOWN.refuse().at("institution_code");
                no.with("institution_code", code).with("day", from)
            })?;
            let ended = |day: Day| {
                let no = AGREEMENT_ENDED.refuse().at("institution_code");
                no.with("institution_code", code).with("day", day)
            };
            if let Some(day) = institution.agreement_until {
                return Err(ended(day).into());
            }
            if from < institution.agreement_from {
                let no = AGREEMENT_NOT_BEGUN.refuse().at("from_day");
                let no = no.with("institution_code", code).with("day", from);
                let no = no.with("agreement_from_day", institution.agreement_from);
                return Err(no.into());
            }
            self.second_person(&tx, call, second).await?;
            if !store::end_agreement(&tx, area, &id, (from, reason)).await? {
                // Another request ended it a moment ago: asked again, it is refused by name.
                return Err(kernel::refusal::CONTENTION.refuse().into());
            }
            let facts = json!({ "institution_code": code, "from_day": from });
            self.tell(&tx, call, "institution.agreement_ended", &id, facts)
                .await?;
            let institution = Institution {
                agreement_until: Some(from),
                ..institution
            };
            Ok(Made {
                subject: id,
                value: institution,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(institution) => Ok((institution, false)),
            None => Ok((
                store::find_registration(self.db.reader(), area, &done.subject).await?,
                true,
            )),
        }
    }

    /// Withdraws the end of an agreement: it goes on.
    pub async fn withdraw_end_agreement(
        &self,
        key: &Key,
        approval: Option<ApprovalId>,
    ) -> Result<Outcome, Refusal> {
        let now = self.clock.now();
        let undo = |tx: Tx, id: String| async move {
            store::resume_agreement(&tx, &key.area, &id).await?;
            self.second_person_to_withdraw(&tx, (key, now), approval)
                .await?;
            let told = Event {
                area: key.area.clone(),
                kind: "institution.agreement_resumed",
                subject: id,
                facts: json!({}),
            };
            Ok(event::record(&tx, now, told).await?)
        };
        self.db.withdraw(key, now, LISTS, undo).await
    }

    /// A page of the institutions in force on a day and the token of the next.
    pub async fn institutions_as_of(
        &self,
        area: &AreaCode,
        day: Day,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Institution>, String), Refusal> {
        let rows = store::institutions_as_of(&self.db, area, day, after, size + 1).await?;
        Ok(page::cut(rows, size, |institution| {
            institution.code.as_str()
        }))
    }

    /// How many institutions are in force on a day.
    pub async fn count_institutions(&self, area: &AreaCode, day: Day) -> Result<InForce, Refusal> {
        let counts = store::count_in_force(&self.db, area, day).await?;
        let (not_begun, ended) = store::count_out_of_force(&self.db, area, day).await?;
        Ok(InForce {
            counts,
            not_begun,
            ended,
        })
    }
}

/// 机构统计口径: the institutions on a day.
pub struct InForce {
    /// How many are in force, by kind and tier.
    pub counts: Vec<(String, String, i64)>,
    /// How many are registered and have not begun.
    pub not_begun: u64,
    /// How many have ended.
    pub ended: u64,
}
