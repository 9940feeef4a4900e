//! 人证核验: checks at visits, the doubts they raise, and who clears them.

use super::{App, LISTS, tell};
use crate::domain::{
    Certificate, CheckedPerson, Clearance, IdentityCheck, NewCheck, Presented, Seen,
    credential_unknown,
};
use crate::refusal::{CREDENTIAL_GUESSES, CREDENTIAL_UNKNOWN};
use crate::store;
use ::store::{Call, Key, Made, Stop, Tx, new_id, page};
use kernel::{AreaCode, IdentityCheckId, InstitutionCode, Outcome, PersonId, Refusal};
use serde_json::json;

/// Certificates that are not known, of one institution in [`GUESS_MINUTES`], before it must wait.
const GUESSES_MAX: u64 = 20;
/// How long a certificate that was not known is held against its institution, in minutes.
const GUESS_MINUTES: i64 = 10;

/// A check with the person as they are now; none where somebody else was seen, or they are gone.
pub type Shown = (IdentityCheck, Option<CheckedPerson>);

impl App {
    /// Checks who was at a visit; true when an earlier attempt had done it.
    pub async fn verify_identity(
        &self,
        call: &Call,
        new: &NewCheck,
    ) -> Result<(Shown, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            may_ask(&tx, call, &new.institution).await?;
            let brought = presented(&tx, area, &new.certificate).await?;
            let brought = brought.ok_or_else(credential_unknown)?;
            brought.counts(new, call.now)?;
            let whose = (brought.person.id, brought.credential);
            let made_by = (call.key.caller.as_str(), call.now);
            let check = new.made(IdentityCheckId(new_id(call.now)), whose, made_by);
            if let Some(token) = brought.token {
                store::token::set_used(&tx, area, token.id, call.now).await?;
            }
            store::identity_check::insert(&tx, area, &check).await?;
            if check.clears() {
                store::identity_check::clear_by(&tx, area, &check).await?;
            }
            tell_check(&tx, call, &check).await?;
            Ok(Made {
                subject: check.id.to_string(),
                value: check,
            })
        };
        let done = self.db.once(call, LISTS, work).await;
        if done.as_ref().is_err_and(|no| no.is(&CREDENTIAL_UNKNOWN)) {
            let count = |tx: Tx| async move {
                store::guess::insert(&tx, &call.key, &new.institution, call.now).await
            };
            self.db.write(count).await?;
        }
        let done = done?;
        let replayed = done.made.is_none();
        let check = match done.made {
            Some(check) => check,
            None => self.check_of(area, &done.subject).await?,
        };
        Ok((self.with_person(area, check).await?, replayed))
    }

    /// Withdraws a check: it settles nothing more, and what it cleared is open again.
    pub async fn withdraw_verify(&self, key: &Key) -> Result<Outcome, Refusal> {
        let undo = |tx: Tx, id: String, now| async move {
            store::identity_check::withdraw(&tx, &key.area, &id, now).await?;
            Ok(Some(json!({})))
        };
        self.undo(key, "identity_check.withdrawn", undo).await
    }

    /// 解除存疑, by the bureau; true when an earlier attempt had done it.
    pub async fn clear_doubt(
        &self,
        call: &Call,
        id: IdentityCheckId,
        reason: &str,
    ) -> Result<(Shown, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let found = store::identity_check::lock(&tx, area, id).await?;
            let found = found.filter(IdentityCheck::is_there);
            let found = found.ok_or_else(|| IdentityCheck::unknown(id))?;
            found.clearable()?;
            let clearance = Clearance {
                at: call.now,
                by: call.key.caller.clone(),
                check: None,
                reason: reason.to_string(),
            };
            let subject = id.to_string();
            store::identity_check::clear(&tx, area, &subject, Some(&clearance)).await?;
            let told = ("identity_check.cleared", subject.clone());
            let facts = json!({ "person_id": found.person, "by": clearance.by });
            tell(&tx, area, call.now, told, facts).await?;
            let value = ();
            Ok(Made { subject, value })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let check = self.check_of(area, &done.subject).await?;
        Ok((self.with_person(area, check).await?, done.replayed()))
    }

    /// Withdraws a clearance: the doubt is open again.
    pub async fn withdraw_clear_doubt(&self, key: &Key) -> Result<Outcome, Refusal> {
        let undo = |tx: Tx, id: String, _| async move {
            store::identity_check::clear(&tx, &key.area, &id, None).await?;
            Ok(Some(json!({})))
        };
        self.undo(key, "identity_check.doubted_again", undo).await
    }

    /// One check; for an institution those of others do not exist.
    pub async fn identity_check(
        &self,
        area: &AreaCode,
        own: Option<&InstitutionCode>,
        id: IdentityCheckId,
    ) -> Result<Shown, Refusal> {
        let found = self.check_of(area, &id.to_string()).await?;
        let theirs = own.is_none_or(|own| *own == found.institution);
        if !theirs || !found.is_there() {
            return Err(IdentityCheck::unknown(id));
        }
        self.with_person(area, found).await
    }

    /// A page of doubts and the token of the next.
    pub async fn doubts(
        &self,
        area: &AreaCode,
        with_cleared: bool,
        size: u64,
        after: &str,
    ) -> Result<(Vec<IdentityCheck>, String), Refusal> {
        let rows = store::identity_check::doubts(&self.db, area, with_cleared, after, size + 1);
        let rows = rows.await?.into_iter();
        let rows = rows.map(|check| (check.id.to_string(), check)).collect();
        let (rows, next) = page::cut(rows, size, |(key, _)| key);
        Ok((rows.into_iter().map(|(_, check)| check).collect(), next))
    }

    async fn check_of(&self, area: &AreaCode, id: &str) -> Result<IdentityCheck, Refusal> {
        let found = store::identity_check::find(&self.db, area, id).await?;
        found.ok_or_else(|| IdentityCheck::unknown(id))
    }

    /// Who it is, told only where the person was seen.
    async fn with_person(&self, area: &AreaCode, check: IdentityCheck) -> Result<Shown, Refusal> {
        if check.seen == Seen::NotMatched {
            return Ok((check, None));
        }
        let reader = self.db.reader();
        let person = store::person::standing(reader, area, check.person).await?;
        let Some(person) = person else {
            return Ok((check, None));
        };
        let today = Some(self.clock.now().day());
        let covers = store::coverage::of(reader, area, person.id, today).await?;
        let schemes = covers.into_iter().map(|coverage| coverage.scheme).collect();
        Ok((check, Some(CheckedPerson { person, schemes })))
    }
}

/// An institution that guesses waits; what was done before is told again all the same.
async fn may_ask(tx: &Tx, call: &Call, institution: &InstitutionCode) -> Result<(), Stop> {
    let since = call.now.plus_millis(-GUESS_MINUTES * 60_000);
    let area = &call.key.area;
    match store::guess::as_many_as(tx, area, institution, since, GUESSES_MAX).await? {
        false => Ok(()),
        true => {
            let no = CREDENTIAL_GUESSES.refuse().with("minutes", GUESS_MINUTES);
            Err(no.with("institution_code", institution).into())
        }
    }
}

/// What the area has of a certificate; a token is locked, for it serves once.
async fn presented(
    tx: &Tx,
    area: &AreaCode,
    certificate: &Certificate,
) -> Result<Option<Presented>, Stop> {
    let of = |person: PersonId| store::person::standing(&**tx, area, person);
    let found = match certificate {
        Certificate::IdNumber(number) => {
            let person = store::person::of_number(&**tx, area, number).await?;
            (person, false, None, None)
        }
        Certificate::Card(number) => match store::card::of_number(&**tx, area, number).await? {
            None => return Ok(None),
            Some(card) => {
                let id = Some(card.id.to_string());
                (of(card.person).await?, card.revoked.is_some(), id, None)
            }
        },
        Certificate::Token(text) => match store::token::lock(tx, area, text).await? {
            None => return Ok(None),
            Some((token, withdrawn)) => {
                let id = Some(token.id.to_string());
                (of(token.person).await?, withdrawn, id, Some(token))
            }
        },
    };
    let (person, revoked, credential, token) = found;
    Ok(person.map(|person| Presented {
        person,
        revoked,
        credential,
        token,
    }))
}

async fn tell_check(tx: &Tx, call: &Call, check: &IdentityCheck) -> Result<(), Stop> {
    let kind = match check.seen {
        Seen::Matched => "identity_check.matched",
        Seen::NotMatched => "identity_check.not_matched",
    };
    let facts = json!({ "person_id": check.person, "institution_code": check.institution,
        "visit_number": check.visit_number, "purpose": check.purpose.as_str(),
        "certificate_type": check.certificate, "manner": check.manner.as_str(),
        "by": call.key.caller });
    let told = (kind, check.id.to_string());
    tell(tx, &call.key.area, call.now, told, facts).await
}
