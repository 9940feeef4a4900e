//! 关系转移接续: certificates of those who leave, applications of those who come.

use super::{App, LISTS, tell, withdrawn};
use crate::domain::{
    Application, Decision, Leaver, NewCertificate, Person, Transfer, TransferCertificate,
    TransferState, Verdict, transfer_unknown,
};
use crate::refusal::{
    TRANSFER_CERTIFICATE_UNKNOWN, TRANSFER_CERTIFICATE_VOID, TRANSFER_NOT_REGISTERED,
};
use crate::store;
use crate::store::recorded::{self, Recorded};
use ::store::{Call, Key, Made, Stop, Tx, new_id, page};
use kernel::{AreaCode, Digest, Outcome, Refusal, TransferCertificateId, TransferId};
use serde_json::{Value, json};

impl App {
    /// 开具参保凭证; true when an earlier attempt had done it.
    pub async fn issue_certificate(
        &self,
        call: &Call,
        new: &NewCertificate,
    ) -> Result<(TransferCertificate, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let person = store::person::touch(&tx, area, new.person).await?;
            let coverages = store::coverage::of(&*tx, area, new.person, None).await?;
            let elsewhere = store::transfer::accepted(&*tx, area, new.person).await?;
            let certified = store::transfer_certificate::of(&*tx, area, new.person).await?;
            let who = Leaver {
                person: &person,
                coverages: &coverages,
                elsewhere: &elsewhere,
                certified: &certified,
            };
            let id = TransferCertificateId(new_id(call.now));
            let leaving = new.decide((area, id, call.now.day()), who)?;
            store::transfer_certificate::insert(&tx, area, new.person, &leaving).await?;
            let certificate = leaving.certificate;
            let subject = id.to_string();
            let told = ("transfer.certified", subject.clone());
            let facts = json!({ "person_id": new.person, "scheme": certificate.scheme,
                "end_day": certificate.end, "digest": certificate.digest() });
            tell(&tx, area, call.now, told, facts).await?;
            Ok(Made {
                subject,
                value: certificate,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        match done.made {
            Some(certificate) => Ok((certificate, false)),
            None => {
                let reader = self.db.reader();
                let found = store::transfer_certificate::find(reader, area, &done.subject);
                let (certificate, _) = found.await?.ok_or_else(|| no_certificate(&done.subject))?;
                Ok((certificate, true))
            }
        }
    }

    /// Withdraws a certificate: the coverage goes on as it did.
    pub async fn withdraw_certificate(&self, key: &Key) -> Result<Outcome, Refusal> {
        let area = &key.area;
        let undo = |tx: Tx, id: String, now| async move {
            let what = Recorded::TransferCertificate;
            let Some(person) = recorded::withdraw(&tx, area, what, &id, now).await? else {
                return Ok(None);
            };
            store::transfer_certificate::restore(&tx, area, &id).await?;
            Ok(Some(json!({ "person_id": person })))
        };
        let kind = withdrawn(Recorded::TransferCertificate);
        self.undo(key, kind, undo).await
    }

    /// A certificate of the area that stands.
    pub async fn certificate(
        &self,
        area: &AreaCode,
        id: TransferCertificateId,
    ) -> Result<TransferCertificate, Refusal> {
        let id = id.to_string();
        let found = store::transfer_certificate::find(self.db.reader(), area, &id).await?;
        let standing = found.filter(|(_, stands)| *stands);
        standing
            .map(|(certificate, _)| certificate)
            .ok_or_else(|| no_certificate(&id))
    }

    /// 申请转入; true when an earlier attempt had done it.
    pub async fn apply_transfer(
        &self,
        call: &Call,
        new: &Application,
    ) -> Result<(Transfer, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            new.decide(area, call.now.day())?;
            stands(&tx, &new.certificate, new.digest).await?;
            let transfer = Transfer {
                id: TransferId(new_id(call.now)),
                id_number: new.id_number.clone(),
                certificate: new.certificate.clone(),
                applied: (call.key.caller.clone(), call.now),
                decision: None,
                withdrawn: false,
            };
            store::transfer::insert(&tx, area, &transfer).await?;
            tell_transfer(&tx, call, "transfer.applied", &transfer, json!({})).await?;
            Ok(Made {
                subject: transfer.id.to_string(),
                value: transfer,
            })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.transfer_done(area, done.subject, done.made).await
    }

    /// Withdraws an application, also an accepted one: nothing of it counts any more.
    pub async fn withdraw_apply_transfer(&self, key: &Key) -> Result<Outcome, Refusal> {
        let area = &key.area;
        let undo = |tx: Tx, id: String, now| async move {
            let transfer = locked(&tx, area, &id).await?;
            if transfer.withdrawn {
                return Ok(None);
            }
            store::transfer::save(&tx, area, &transfer, Some(now)).await?;
            Ok(Some(json!({})))
        };
        self.undo(key, withdrawn(Recorded::Transfer), undo).await
    }

    /// 同意转入; true when an earlier attempt had done it.
    pub async fn accept_transfer(
        &self,
        call: &Call,
        id: TransferId,
    ) -> Result<(Transfer, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let transfer = locked(&tx, area, &id.to_string()).await?;
            transfer.decidable(&call.key.caller)?;
            let certificate = &transfer.certificate;
            stands(&tx, certificate, certificate.digest()).await?;
            let person = registered(&tx, area, &transfer).await?;
            let verdict = Verdict::Accepted(person.id);
            let facts = json!({ "person_id": person.id });
            decided(&tx, call, (transfer, verdict), "transfer.accepted", facts).await
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.transfer_done(area, done.subject, done.made).await
    }

    /// Withdraws an acceptance: the application is to be decided again.
    pub async fn withdraw_accept_transfer(&self, key: &Key) -> Result<Outcome, Refusal> {
        let area = &key.area;
        let undo = |tx: Tx, id: String, _| async move {
            let transfer = locked(&tx, area, &id).await?;
            if transfer.state() != TransferState::Accepted {
                return Ok(None);
            }
            store::transfer::save(&tx, area, &undecided(transfer), None).await?;
            Ok(Some(json!({})))
        };
        self.undo(key, "transfer.acceptance_withdrawn", undo).await
    }

    /// 不予转入; true when an earlier attempt had done it.
    pub async fn reject_transfer(
        &self,
        call: &Call,
        id: TransferId,
        reason: &str,
    ) -> Result<(Transfer, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let transfer = locked(&tx, area, &id.to_string()).await?;
            transfer.decidable(&call.key.caller)?;
            let verdict = Verdict::Rejected(reason.to_string());
            decided(
                &tx,
                call,
                (transfer, verdict),
                "transfer.rejected",
                json!({}),
            )
            .await
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.transfer_done(area, done.subject, done.made).await
    }

    /// Withdraws a rejection: the application is to be decided again, unless its certificate serves
    /// another by now.
    pub async fn withdraw_reject_transfer(&self, key: &Key) -> Result<Outcome, Refusal> {
        let area = &key.area;
        let undo = |tx: Tx, id: String, now| async move {
            let transfer = locked(&tx, area, &id).await?;
            if transfer.state() != TransferState::Rejected {
                return Ok(None);
            }
            let used = store::transfer::is_used_by_another(&tx, &transfer).await?;
            let gone = used.then_some(now);
            store::transfer::save(&tx, area, &undecided(transfer), gone).await?;
            Ok(Some(json!({ "withdrawn": used })))
        };
        self.undo(key, "transfer.rejection_withdrawn", undo).await
    }

    /// One application that is not withdrawn; for who has only their own, those of others do not exist.
    pub async fn transfer(
        &self,
        area: &AreaCode,
        id: TransferId,
        own: Option<&str>,
    ) -> Result<Transfer, Refusal> {
        let id = id.to_string();
        let found = store::transfer::find(self.db.reader(), area, &id).await?;
        let theirs = |found: &Transfer| own.is_none_or(|own| own == found.applied.0);
        let found = found.filter(|found| !found.withdrawn && theirs(found));
        found.ok_or_else(|| transfer_unknown(&id))
    }

    /// A page of applications and the token of the next.
    pub async fn transfers(
        &self,
        area: &AreaCode,
        state: Option<TransferState>,
        size: u64,
        after: &str,
    ) -> Result<(Vec<Transfer>, String), Refusal> {
        let rows = store::transfer::list(&self.db, area, state, after, size + 1).await?;
        let rows = rows.into_iter().map(|one| (one.id.to_string(), one));
        let (rows, next) = page::cut(rows.collect(), size, |(key, _)| key);
        Ok((rows.into_iter().map(|(_, one)| one).collect(), next))
    }

    async fn transfer_done(
        &self,
        area: &AreaCode,
        subject: String,
        made: Option<Transfer>,
    ) -> Result<(Transfer, bool), Refusal> {
        match made {
            Some(transfer) => Ok((transfer, false)),
            None => {
                let found = store::transfer::find(self.db.reader(), area, &subject).await?;
                Ok((found.ok_or_else(|| transfer_unknown(&subject))?, true))
            }
        }
    }
}

/// An application whose person, where there is one, and then itself are locked.
async fn locked(tx: &Tx, area: &AreaCode, id: &str) -> Result<Transfer, Stop> {
    store::transfer::touch_person(tx, area, id).await?;
    let found = store::transfer::lock(tx, area, id).await?;
    Ok(found.ok_or_else(|| transfer_unknown(id))?)
}

/// Whom the application is about: registered here under the number by now, and alive.
async fn registered(tx: &Tx, area: &AreaCode, transfer: &Transfer) -> Result<Person, Stop> {
    let found = store::person::of_number(&**tx, area, &transfer.id_number).await?;
    let no = || TRANSFER_NOT_REGISTERED.refuse().at("transfer_id");
    let person = found.ok_or_else(|| no().with("transfer_id", transfer.id))?;
    match person.death_day {
        None => Ok(person),
        Some(_) => Err(person.dead().into()),
    }
}

async fn decided(
    tx: &Tx,
    call: &Call,
    (transfer, verdict): (Transfer, Verdict),
    kind: &'static str,
    facts: Value,
) -> Result<Made<Transfer>, Stop> {
    let decision = Decision {
        by: call.key.caller.clone(),
        at: call.now,
        verdict,
    };
    let transfer = Transfer {
        decision: Some(decision),
        ..transfer
    };
    store::transfer::save(tx, &call.key.area, &transfer, None).await?;
    tell_transfer(tx, call, kind, &transfer, facts).await?;
    Ok(Made {
        subject: transfer.id.to_string(),
        value: transfer,
    })
}

fn undecided(transfer: Transfer) -> Transfer {
    Transfer {
        decision: None,
        ..transfer
    }
}

/// Where the area that issued it is one of this suite, the certificate stands there as it is brought.
async fn stands(tx: &Tx, certificate: &TransferCertificate, digest: Digest) -> Result<(), Stop> {
    match store::transfer_certificate::is_void(tx, certificate, digest).await? {
        false => Ok(()),
        true => {
            let no = TRANSFER_CERTIFICATE_VOID.refuse();
            Err(no.with("certificate_id", certificate.id).into())
        }
    }
}

fn no_certificate(id: &str) -> Refusal {
    let no = TRANSFER_CERTIFICATE_UNKNOWN.refuse().at("certificate_id");
    no.with("certificate_id", id)
}

async fn tell_transfer(
    tx: &Tx,
    call: &Call,
    kind: &'static str,
    transfer: &Transfer,
    mut facts: Value,
) -> Result<(), Stop> {
    facts["from_area_code"] = json!(transfer.certificate.area);
    facts["certificate_id"] = json!(transfer.certificate.id);
    facts["by"] = json!(call.key.caller);
    let told = (kind, transfer.id.to_string());
    tell(tx, &call.key.area, call.now, told, facts).await
}
