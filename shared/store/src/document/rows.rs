//! Every query about dated documents.

use super::unreadable;
use crate::db::{Db, Stop, Tx};
use crate::entity::{document, document_activation as activation};
use crate::fault::taken;
use crate::refusal::ACTIVATION_CLASHES;
use kernel::refusal::INTERNAL;
use kernel::{
    Activation, AreaCode, Day, Described, Digest, Document, Enactment, Instant, Period, Proposal,
    Refusal,
};
use sea_orm::sea_query::{Expr, OnConflict, Query, SelectStatement};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, ExprTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Select,
};
use std::collections::BTreeMap;

/// Inserts a document; false when its text stands already.
pub async fn insert(
    tx: &Tx,
    kind: &str,
    area: &AreaCode,
    described: &Described,
    proposal: &Proposal,
    text: &str,
) -> Result<bool, Stop> {
    let row = document::ActiveModel {
        area: Set(area.to_string()),
        document_id: Set(proposal.id.clone()),
        kind: Set(kind.to_string()),
        series: Set(described.series.clone()),
        name: Set(described.name.clone()),
        title: Set(described.title.clone()),
        first_day: Set(described.period.from.to_string()),
        until_day: Set(described.period.until.map(|day| day.to_string())),
        digest: Set(described.digest.to_string()),
        text: Set(text.to_string()),
        proposed_by: Set(proposal.by.clone()),
        proposed_at: Set(proposal.at.micros()),
        withdrawn_at: Set(None),
    };
    // Without a target, and the transaction stays usable.
    let taken = OnConflict::new().do_nothing().to_owned();
    let inserted = document::Entity::insert(row).on_conflict(taken);
    Ok(inserted.exec_without_returning(&**tx).await? > 0)
}

/// The standing document of this digest, locked.
pub async fn lock_standing(
    tx: &Tx,
    kind: &str,
    area: &AreaCode,
    digest: Digest,
) -> Result<Option<document::Model>, Stop> {
    use document::Column;
    let found = document::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Digest.eq(digest.to_string()))
        .filter(Column::WithdrawnAt.is_null());
    Ok(found.lock_exclusive().one(&**tx).await?)
}

/// The words of the standing document of this digest.
pub async fn words(
    db: &Db,
    kind: &str,
    area: &AreaCode,
    digest: Digest,
) -> Result<Option<String>, DbErr> {
    use document::Column;
    let found = document::Entity::find()
        .select_only()
        .column(Column::Text)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Kind.eq(kind))
        .filter(Column::Digest.eq(digest.to_string()))
        .filter(Column::WithdrawnAt.is_null());
    found.into_tuple().one(db.reader()).await
}

/// What a proposal made, also when it was withdrawn since.
pub async fn proposed(db: &Db, area: &AreaCode, id: &str) -> Result<Document, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = described_rows()
        .filter(document::Column::Area.eq(key.0))
        .filter(document::Column::DocumentId.eq(key.1))
        .into_tuple::<Columns>()
        .one(db.reader())
        .await?;
    Ok(read(row.ok_or_else(|| INTERNAL.refuse())?)?)
}

/// The standing activation of a document.
pub async fn activation_of(
    tx: &Tx,
    area: &AreaCode,
    document_id: &str,
) -> Result<Option<Activation>, Stop> {
    use activation::Column;
    let found = activation::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::DocumentId.eq(document_id))
        .filter(Column::WithdrawnAt.is_null())
        .one(&**tx)
        .await?;
    Ok(found.map(|row| parse(&row)))
}

/// What an activation made, also when it was withdrawn since.
pub async fn activated(db: &Db, area: &AreaCode, id: &str) -> Result<Activation, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = activation::Entity::find_by_id(key).one(db.reader()).await?;
    Ok(parse(&row.ok_or_else(|| INTERNAL.refuse())?))
}

/// Inserts an activation; refuses a second one for the same days and instant.
pub async fn activate(tx: &Tx, what: &document::Model, new: &Activation) -> Result<(), Stop> {
    let row = activation::ActiveModel {
        area: Set(what.area.clone()),
        activation_id: Set(new.id.clone()),
        kind: Set(what.kind.clone()),
        document_id: Set(what.document_id.clone()),
        slot: Set(format!("{}/{}", what.series, what.first_day)),
        activates_at: Set(new.since.micros()),
        activated_by: Set(new.by.clone()),
        activated_at: Set(new.at.micros()),
        reason: Set(new.reason.clone()),
        withdrawn_at: Set(None),
    };
    // The document is locked, so its own activation cannot be the one in the way.
    let inserted = activation::Entity::insert(row)
        .exec_without_returning(&**tx)
        .await;
    inserted.map(drop).map_err(|fault| {
        taken(fault, || {
            let no = ACTIVATION_CLASHES.refuse().at("activates_time");
            no.with("at", new.since.in_shanghai())
        })
    })
}

/// Marks a document withdrawn, locking it.
pub async fn withdraw(tx: &Tx, area: &AreaCode, id: &str, now: Instant) -> Result<(), Stop> {
    use document::Column;
    document::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::DocumentId.eq(id))
        .filter(Column::WithdrawnAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Marks an activation withdrawn; false when it was already.
pub async fn withdraw_activation(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<bool, Stop> {
    use activation::Column;
    let marked = activation::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ActivationId.eq(id))
        .filter(Column::WithdrawnAt.is_null())
        .exec(&**tx)
        .await?;
    Ok(marked.rows_affected > 0)
}

/// Marks the standing activation of a document withdrawn, and answers its id.
pub async fn withdraw_activation_of(
    tx: &Tx,
    area: &AreaCode,
    document_id: &str,
    now: Instant,
) -> Result<Option<String>, Stop> {
    let Some(standing) = activation_of(tx, area, document_id).await? else {
        return Ok(None);
    };
    let withdrawn = withdraw_activation(tx, area, &standing.id, now).await?;
    Ok(withdrawn.then_some(standing.id))
}

/// Standing documents after a proposal, by proposal.
pub async fn list(
    db: &Db,
    kind: &str,
    area: &AreaCode,
    after: &str,
    limit: u64,
) -> Result<Vec<(String, Document)>, Stop> {
    use document::Column;
    let rows = described_rows()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Kind.eq(kind))
        .filter(Column::WithdrawnAt.is_null())
        .filter(Column::DocumentId.gt(after))
        .order_by_asc(Column::DocumentId)
        .limit(limit)
        .into_tuple::<Columns>()
        .all(db.reader())
        .await?;
    let ids: Vec<String> = rows.iter().map(|row| row.0.clone()).collect();
    let standing = activation::Entity::find()
        .filter(activation::Column::Area.eq(area.as_str()))
        .filter(activation::Column::DocumentId.is_in(ids))
        .filter(activation::Column::WithdrawnAt.is_null())
        .all(db.reader())
        .await?;
    let mut standing: BTreeMap<String, Activation> = standing
        .into_iter()
        .map(|row| (row.document_id.clone(), parse(&row)))
        .collect();
    rows.into_iter()
        .map(|row| {
            let id = row.0.clone();
            let activation = standing.remove(&id);
            let document = read(row)?;
            Ok((
                id,
                Document {
                    activation,
                    ..document
                },
            ))
        })
        .collect()
}

/// The generation as a subquery, for a statement that is sent anyway: it grows with every
/// activation and every withdrawal of one, and with nothing else, because rows are never deleted.
pub fn generation(kind: &str, area: &AreaCode) -> SelectStatement {
    use activation::Column;
    let changes = Expr::col(Column::ActivationId).count();
    let changes = changes.add(Expr::col(Column::WithdrawnAt).count());
    Query::select()
        .expr(changes)
        .from(activation::Entity)
        .and_where(Expr::col((activation::Entity, Column::Area)).eq(area.as_str()))
        .and_where(Expr::col((activation::Entity, Column::Kind)).eq(kind))
        .to_owned()
}

/// The generation by a statement of its own.
pub async fn generation_of(
    on: &impl ConnectionTrait,
    kind: &str,
    area: &AreaCode,
) -> Result<i64, DbErr> {
    let row = on.query_one(&generation(kind, area)).await?;
    row.map_or(Ok(0), |row| row.try_get_by_index(0))
}

/// Everything ever activated in an area in the order of the instants, and the generation of that.
/// Two statements.
pub async fn load(
    on: &impl ConnectionTrait,
    kind: &str,
    area: &AreaCode,
) -> Result<(i64, Vec<Enactment>), Stop> {
    let activations = activation::Entity::find()
        .filter(activation::Column::Area.eq(area.as_str()))
        .filter(activation::Column::Kind.eq(kind))
        .order_by_asc(activation::Column::ActivatesAt)
        .order_by_asc(activation::Column::ActivationId)
        .all(on)
        .await?;
    if activations.is_empty() {
        return Ok((0, Vec::new()));
    }
    let known = activation::Entity::find()
        .select_only()
        .column(activation::Column::DocumentId)
        .filter(activation::Column::Area.eq(area.as_str()))
        .filter(activation::Column::Kind.eq(kind));
    let documents = document::Entity::find()
        .filter(document::Column::Area.eq(area.as_str()))
        .filter(document::Column::DocumentId.in_subquery(known.into_query()))
        .all(on)
        .await?;
    let mut texts = BTreeMap::new();
    for row in documents {
        let described = described(&row).ok_or_else(|| unreadable(&row.document_id))?;
        texts.insert(row.document_id, (described, row.text));
    }
    let mut generation = 0;
    let mut all = Vec::with_capacity(activations.len());
    for row in activations {
        generation += 1 + i64::from(row.withdrawn_at.is_some());
        let (described, text) = texts
            .get(&row.document_id)
            .cloned()
            .ok_or_else(|| unreadable(&row.document_id))?;
        let stands = row.withdrawn_at.is_none();
        all.push(Enactment {
            described,
            text,
            since: stands.then_some(Instant::from_micros(row.activates_at)),
        });
    }
    Ok((generation, all))
}

fn parse(row: &activation::Model) -> Activation {
    Activation {
        id: row.activation_id.clone(),
        by: row.activated_by.clone(),
        at: Instant::from_micros(row.activated_at),
        since: Instant::from_micros(row.activates_at),
        reason: row.reason.clone(),
    }
}

fn described(row: &document::Model) -> Option<Described> {
    let until = row.until_day.as_deref().map(Day::parse).transpose().ok()?;
    Some(Described {
        series: row.series.clone(),
        name: row.name.clone(),
        title: row.title.clone(),
        period: Period::new(Day::parse(&row.first_day).ok()?, until)?,
        digest: Digest::parse(&row.digest)?,
    })
}

/// A document's columns without its text, which may be large.
type Columns = (
    String,
    String,
    String,
    String,
    String,
    Option<String>,
    String,
    String,
    i64,
);

fn described_rows() -> Select<document::Entity> {
    use document::Column;
    document::Entity::find()
        .select_only()
        .columns([
            Column::DocumentId,
            Column::Series,
            Column::Name,
            Column::Title,
        ])
        .columns([Column::FirstDay, Column::UntilDay, Column::Digest])
        .columns([Column::ProposedBy, Column::ProposedAt])
}

fn read(row: Columns) -> Result<Document, Refusal> {
    let (id, series, name, title, first_day, until_day, digest, by, at) = row;
    let period = || {
        let until = until_day.as_deref().map(Day::parse).transpose().ok()?;
        Period::new(Day::parse(&first_day).ok()?, until)
    };
    let period = period().ok_or_else(|| unreadable(&id))?;
    let digest = Digest::parse(&digest).ok_or_else(|| unreadable(&id))?;
    let at = Instant::from_micros(at);
    Ok(Document {
        described: Described {
            series,
            name,
            title,
            period,
            digest,
        },
        proposal: Some(Proposal { id, by, at }),
        activation: None,
    })
}
