//! Applications of those who come. Whose they are, once accepted, is found by the person; before, and for
//! every lock, by the 证件号码, which has one person for ever.

use super::{person, unreadable};
use crate::domain::{Decision, Transfer, TransferCertificate, TransferState, Verdict};
use crate::entity::transfer_in::{ActiveModel, Column, Entity, Model};
use crate::entity::{Personal, person as persons};
use crate::refusal::TRANSFER_CERTIFICATE_USED;
use kernel::refusal::{CONTENTION, INTERNAL};
use kernel::{AreaCode, IdNumber, Instant, PersonId, Refusal, TransferId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait,
};
use store::{Db, Stop, Tx, taken};

/// Inserts an application; a certificate that is used is refused, wherever it is.
pub async fn insert(tx: &Tx, area: &AreaCode, new: &Transfer) -> Result<(), Stop> {
    let certificate = &new.certificate;
    let row = ActiveModel {
        area: Set(area.to_string()),
        transfer_id: Set(new.id.to_string()),
        from_area: Set(certificate.area.to_string()),
        certificate_id: Set(certificate.id.to_string()),
        content: Set(serde_json::to_string(certificate).map_err(|_| INTERNAL.refuse())?),
        id_number: Set(Personal(new.id_number.expose().to_string())),
        applied_by: Set(new.applied.0.clone()),
        applied_at: Set(new.applied.1.micros()),
        decided_by: Set(None),
        decided_at: Set(None),
        person_id: Set(None),
        rejection: Set(None),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    let no = || {
        let no = TRANSFER_CERTIFICATE_USED.refuse();
        no.at("certificate.certificate_id")
    };
    inserted
        .map(drop)
        .map_err(|fault| taken(fault, || no().with("certificate_id", certificate.id)))
}

/// An application by id, also a withdrawn one.
pub async fn find(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Option<Transfer>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = Entity::find_by_id(key).one(on).await?;
    Ok(row.map(parse).transpose()?)
}

/// Locks an application, if the area has it; its person is locked before.
pub async fn lock(tx: &Tx, area: &AreaCode, id: &str) -> Result<Option<Transfer>, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = Entity::find_by_id(key).lock_exclusive().one(&**tx).await?;
    Ok(row.map(parse).transpose()?)
}

/// Locks the person of an application by growing their version, where the area has registered them.
pub async fn touch_person(tx: &Tx, area: &AreaCode, id: &str) -> Result<(), Stop> {
    let number = Entity::find()
        .select_only()
        .column(Column::IdNumber)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::TransferId.eq(id))
        .into_query();
    let owner = persons::Entity::find()
        .select_only()
        .column(persons::Column::PersonId)
        .filter(persons::Column::Area.eq(area.as_str()))
        .filter(persons::Column::IdNumber.in_subquery(number))
        .into_query();
    person::touch_owner(tx, area, owner).await?;
    Ok(())
}

/// Writes what became of a locked application.
pub async fn save(
    tx: &Tx,
    area: &AreaCode,
    now: &Transfer,
    withdrawn_at: Option<Instant>,
) -> Result<(), Stop> {
    let decision = now.decision.as_ref();
    let (person, rejection) = match decision.map(|decision| &decision.verdict) {
        None => (None, None),
        Some(Verdict::Accepted(person)) => (Some(person.to_string()), None),
        Some(Verdict::Rejected(why)) => (None, Some(why.clone())),
    };
    let row = ActiveModel {
        decided_by: Set(decision.map(|decision| decision.by.clone())),
        decided_at: Set(decision.map(|decision| decision.at.micros())),
        person_id: Set(person),
        rejection: Set(rejection),
        withdrawn_at: Set(withdrawn_at.map(Instant::micros)),
        ..Default::default()
    };
    let saved = Entity::update_many()
        .set(row)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::TransferId.eq(now.id.to_string()))
        .exec(&**tx)
        .await;
    // Another used the certificate at this moment: asked again, that is seen.
    saved
        .map(drop)
        .map_err(|fault| taken(fault, || CONTENTION.refuse()))
}

/// Whether another application than this uses its certificate, whatever area it is in.
pub async fn is_used_by_another(tx: &Tx, transfer: &Transfer) -> Result<bool, Stop> {
    let certificate = &transfer.certificate;
    let other = Entity::find()
        .filter(Column::FromArea.eq(certificate.area.as_str()))
        .filter(Column::CertificateId.eq(certificate.id.to_string()))
        .filter(Column::TransferId.ne(transfer.id.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::Rejection.is_null())
        .one(&**tx)
        .await?;
    Ok(other.is_some())
}

/// What was accepted of a person, the oldest first.
pub async fn accepted(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    person: PersonId,
) -> Result<Vec<TransferCertificate>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::PersonId.eq(person.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::TransferId)
        .all(on)
        .await?;
    rows.into_iter()
        .map(|row| Ok(parse(row)?.certificate))
        .collect()
}

/// Applications of an area that stand so, or all that stand, in the order of their ids, behind one.
pub async fn list(
    db: &Db,
    area: &AreaCode,
    state: Option<TransferState>,
    after: &str,
    limit: u64,
) -> Result<Vec<Transfer>, Stop> {
    let rows = Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(in_state(state))
        .filter(Column::TransferId.gt(after))
        .order_by_asc(Column::TransferId)
        .limit(limit)
        .all(db.reader())
        .await?;
    rows.into_iter().map(|row| Ok(parse(row)?)).collect()
}

fn in_state(state: Option<TransferState>) -> Condition {
    let stands = Condition::all().add(Column::WithdrawnAt.is_null());
    match state {
        None => stands,
        Some(TransferState::Applied) => stands.add(Column::DecidedAt.is_null()),
        Some(TransferState::Accepted) => stands.add(Column::PersonId.is_not_null()),
        Some(TransferState::Rejected) => stands.add(Column::Rejection.is_not_null()),
        Some(TransferState::Withdrawn) => Condition::all().add(Column::WithdrawnAt.is_not_null()),
    }
}

fn parse(row: Model) -> Result<Transfer, Refusal> {
    let parsed = || {
        let verdict = match (row.person_id.as_deref(), &row.rejection) {
            (Some(person), None) => Some(Verdict::Accepted(PersonId::parse(person).ok()?)),
            (None, Some(why)) => Some(Verdict::Rejected(why.clone())),
            (None, None) => None,
            (Some(_), Some(_)) => return None,
        };
        let decision = match verdict {
            None => None,
            Some(verdict) => Some(Decision {
                by: row.decided_by.clone()?,
                at: Instant::from_micros(row.decided_at?),
                verdict,
            }),
        };
        Some(Transfer {
            id: TransferId::parse(&row.transfer_id).ok()?,
            id_number: IdNumber::parse(&row.id_number.0)?,
            certificate: serde_json::from_str(&row.content).ok()?,
            applied: (row.applied_by.clone(), Instant::from_micros(row.applied_at)),
            decision,
            withdrawn: row.withdrawn_at.is_some(),
        })
    };
    parsed().ok_or_else(|| unreadable("transfer_in", &row.transfer_id))
}
