//! Rows to reconcile, comparisons, differences and their explanations.

use super::packed::Documents;
use super::{of_json, to_json, unreadable};
use crate::domain::Payee;
use crate::domain::closing::Reconciliation;
use crate::domain::reconcile::{Amounts, Difference, Elsewhere, Row, RowKind, Shares};
use crate::entity::{difference, explanation, reconciliation, revision, settlement};
use kernel::refusal::CONTENTION;
use kernel::{AreaCode, Day, Digest, Fen, Instant, InstitutionCode, MedType, Refusal, Scheme};
use policy::Payer;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, FromQueryResult,
    QueryFilter, QueryOrder, QuerySelect, QueryTrait, Select,
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use store::{Stop, Tx, taken};

/// Ids in one question.
const IDS_MAX: usize = 500;

/// What a row is made of.
#[derive(Clone, FromQueryResult)]
struct Source {
    settlement_id: String,
    visit_number: String,
    scheme: String,
    med_type: String,
    amounts: String,
    packed: Option<Vec<u8>>,
    posted_at: i64,
    reversed_at: Option<i64>,
}

/// The rows of an institution posted from the first instant until the second: settlements, and
/// reversals and corrections of whatever day's settlements; at most `limit` of each kind. What the
/// bureau reimbursed, or settled with the person alone, is not in an institution's books.
pub async fn rows_between(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    institution: &InstitutionCode,
    (from, until): (Instant, Instant),
    limit: u64,
) -> Result<Vec<Row>, Stop> {
    use settlement::Column;
    let within = |instant: i64| (from.micros()..until.micros()).contains(&instant);
    let mut rows = Vec::new();
    for (at, kind) in [
        (Column::PostedAt, RowKind::Settlement),
        (Column::ReversedAt, RowKind::Reversal),
    ] {
        let found = sources(area)
            .filter(Column::InstitutionCode.eq(institution.as_str()))
            .filter(Column::ReimbursementId.is_null())
            .filter(at.gte(from.micros()))
            .filter(at.lt(until.micros()))
            .order_by_asc(at)
            .limit(limit);
        let found = read(on, found).await?;
        let revised = match kind {
            RowKind::Reversal => corrections_of(on, area, &found).await?,
            _ => BTreeMap::new(),
        };
        for source in found {
            let reversed = source.reversed_at.filter(|at| within(*at));
            let row = row_of(source)?;
            rows.push(match (kind, reversed) {
                // What is taken back is what stood: the settlement with its corrections.
                (RowKind::Reversal, Some(at)) => {
                    let corrections = revised.get(&row.settlement);
                    let corrections = corrections.into_iter().flatten();
                    let whole = corrections.fold(row, |row, one| row.with(one));
                    whole.reversed(Instant::from_micros(at))
                }
                _ => row,
            });
        }
    }
    rows.extend(corrections(on, area, institution, (from, until), limit).await?);
    Ok(rows)
}

/// The standing corrections of these settlements that are in their institution's books.
async fn corrections_of(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &[Source],
) -> Result<BTreeMap<String, Vec<Row>>, Stop> {
    let ids: Vec<&str> = of
        .iter()
        .map(|source| source.settlement_id.as_str())
        .collect();
    let mut all: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for ids in ids.chunks(IDS_MAX) {
        let these = Condition::all()
            .add(revision::Column::SettlementId.is_in(ids.iter().copied()))
            .add(revision::Column::WithdrawnAt.is_null());
        for (row, _) in corrected(on, area, these, None).await? {
            all.entry(row.settlement.clone()).or_default().push(row);
        }
    }
    Ok(all)
}

/// The corrections posted, and those withdrawn, from the first instant until the second.
async fn corrections(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    institution: &InstitutionCode,
    (from, until): (Instant, Instant),
    limit: u64,
) -> Result<Vec<Row>, Stop> {
    use revision::Column;
    let of_institution = settlement::Entity::find()
        .select_only()
        .column(settlement::Column::SettlementId)
        .filter(settlement::Column::Area.eq(area.as_str()))
        .filter(settlement::Column::InstitutionCode.eq(institution.as_str()))
        .filter(settlement::Column::ReimbursementId.is_null());
    let mut rows = Vec::new();
    for at in [Column::PostedAt, Column::WithdrawnAt] {
        let within = Condition::all()
            .add(at.gte(from.micros()))
            .add(at.lt(until.micros()))
            .add(Column::SettlementId.in_subquery(of_institution.clone().into_query()));
        for (row, withdrawn) in corrected(on, area, within, Some(limit)).await? {
            rows.push(match (at, withdrawn) {
                (Column::WithdrawnAt, Some(at)) => row.withdrawn(Instant::from_micros(at)),
                _ => row,
            });
        }
    }
    Ok(rows)
}

/// 更正行 in institutions' books: what moved what they are owed, by their own correction or by what they
/// bear less of one that is the person's.
pub(super) fn moves_institution() -> Condition {
    use revision::Column;
    Condition::any()
        .add(Column::Payee.eq(Payee::Institution.name()))
        .add(Column::HospitalMovedFen.is_not_null())
}

/// Corrections that move what an institution is owed, each as what it added, and when it was
/// withdrawn.
async fn corrected(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    which: Condition,
    limit: Option<u64>,
) -> Result<Vec<(Row, Option<i64>)>, Stop> {
    use revision::Column;
    let found = revision::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(moves_institution())
        .filter(which)
        .order_by_asc(Column::RevisionId)
        .limit(limit)
        .all(on)
        .await?;
    let ids: BTreeSet<&str> = found.iter().map(|one| one.settlement_id.as_str()).collect();
    let ids: Vec<&str> = ids.into_iter().collect();
    // What each took the place of: the settlement as posted, or an earlier revision.
    let (mut settled, mut before) = (BTreeMap::new(), BTreeMap::new());
    for ids in ids.chunks(IDS_MAX) {
        let these = settlement::Column::SettlementId.is_in(ids.iter().copied());
        let found = read(on, sources(area).filter(these)).await?;
        settled.extend(
            found
                .into_iter()
                .map(|one| (one.settlement_id.clone(), one)),
        );
        let earlier: Vec<(String, i64, String)> = revision::Entity::find()
            .select_only()
            .columns([Column::SettlementId, Column::Number, Column::Amounts])
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::SettlementId.is_in(ids.iter().copied()))
            .into_tuple()
            .all(on)
            .await?;
        before.extend(
            earlier
                .into_iter()
                .map(|(id, number, amounts)| ((id, number), amounts)),
        );
    }
    let mut rows = Vec::with_capacity(found.len());
    for one in found {
        let unread = || unreadable("revision", &one.revision_id);
        let of: &Source = settled.get(&one.settlement_id).ok_or_else(unread)?;
        let replaced = match one.replaces {
            0 => &of.amounts,
            number => {
                let key = (one.settlement_id.clone(), number);
                before.get(&key).ok_or_else(unread)?
            }
        };
        let with = |amounts: &String, at| {
            row_of(Source {
                amounts: amounts.clone(),
                posted_at: at,
                ..of.clone()
            })
        };
        let (now, was) = (with(&one.amounts, one.posted_at)?, with(replaced, 0)?);
        let row = now.correcting(&was);
        let row = match one.hospital_moved_fen {
            None => row,
            Some(moved) => row.bearing_less(Fen(moved)),
        };
        rows.push((row, one.withdrawn_at));
    }
    Ok(rows)
}

/// What rows are made of, of an area.
fn sources(area: &AreaCode) -> Select<settlement::Entity> {
    use settlement::Column;
    settlement::Entity::find()
        .select_only()
        .columns([Column::SettlementId, Column::VisitNumber, Column::Scheme])
        .columns([Column::MedType, Column::Amounts, Column::Packed])
        .columns([Column::PostedAt, Column::ReversedAt])
        .filter(Column::Area.eq(area.as_str()))
}

/// These, with their amounts as JSON.
async fn read(
    on: &impl ConnectionTrait,
    these: Select<settlement::Entity>,
) -> Result<Vec<Source>, Stop> {
    let mut found: Vec<Source> = these.into_model().all(on).await?;
    for source in &mut found {
        if let Some(packed) = source.packed.take() {
            let documents = Documents::unpacked(&packed);
            let unread = || unreadable("settlement", &source.settlement_id);
            source.amounts = documents.ok_or_else(unread)?.amounts;
        }
    }
    Ok(found)
}

fn row_of(source: Source) -> Result<Row, Refusal> {
    let id = &source.settlement_id;
    let unread = || unreadable("settlement", id);
    let amounts: policy::Settlement = of_json(&source.amounts, "settlement", id)?;
    let mut shares = Shares::new();
    let paid = |share: &&policy::Share| share.payer == Payer::Fund && share.paid.0 != 0;
    for share in amounts.shares.iter().filter(paid) {
        *shares.entry(share.fund.to_string()).or_default() += share.paid;
    }
    Ok(Row {
        settlement: id.clone(),
        kind: RowKind::Settlement,
        scheme: Scheme::parse(&source.scheme).ok_or_else(unread)?,
        med_type: MedType::parse(&source.med_type).ok_or_else(unread)?,
        amounts: Amounts {
            total: amounts.total,
            funds: amounts.funds(),
            account: amounts.account,
            cash: amounts.cash,
        },
        shares,
        posted_at: source.posted_at,
        visit: source.visit_number,
    })
}

/// Of these settlements those of the institution, on whatever day, and the days that matter.
pub async fn elsewhere(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    institution: &InstitutionCode,
    ids: &[&str],
) -> Result<BTreeMap<String, Elsewhere>, Stop> {
    use settlement::Column;
    let mut known = BTreeMap::new();
    for ids in ids.chunks(IDS_MAX) {
        let rows: Vec<(String, i64, Option<i64>)> = settlement::Entity::find()
            .select_only()
            .columns([Column::SettlementId, Column::PostedAt, Column::ReversedAt])
            .filter(Column::Area.eq(area.as_str()))
            .filter(Column::InstitutionCode.eq(institution.as_str()))
            .filter(Column::ReimbursementId.is_null())
            .filter(Column::SettlementId.is_in(ids.iter().copied()))
            .into_tuple()
            .all(on)
            .await?;
        for (id, posted, reversed) in rows {
            let days = Elsewhere {
                posted: Instant::from_micros(posted).day(),
                reversed: reversed.map(|at| Instant::from_micros(at).day()),
            };
            known.insert(id, days);
        }
    }
    Ok(known)
}

/// A difference as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Found {
    /// What differs.
    pub difference: Difference,
    /// What was known of its settlement on other days.
    pub elsewhere: Option<Elsewhere>,
}

/// A difference with its place and what is said of it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its place, from 1.
    pub number: i32,
    /// Its settlement or request.
    pub subject: String,
    /// What differs.
    pub found: Found,
    /// Who answers for it, and why it may stay.
    pub explained: Option<(String, String)>,
}

impl Listed {
    /// True while somebody must act or answer for it.
    pub fn is_open(&self) -> bool {
        self.found.difference.open && self.explained.is_none()
    }
}

/// Inserts a comparison with its differences. Of two of a day at once, which cannot have seen each
/// other, one is told to ask again.
pub async fn insert_reconciliation(
    tx: &Tx,
    area: &AreaCode,
    new: &Reconciliation,
    differences: &[(Digest, Found)],
) -> Result<(), Stop> {
    use reconciliation::{Column, Entity};
    let ordinal: Option<i64> = Entity::find()
        .select_only()
        .column(Column::Ordinal)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::InstitutionCode.eq(new.institution.as_str()))
        .filter(Column::Day.eq(new.day.to_string()))
        .order_by_desc(Column::Ordinal)
        .limit(1)
        .into_tuple()
        .one(&**tx)
        .await?;
    let row = reconciliation::ActiveModel {
        area: Set(area.to_string()),
        reconciliation_id: Set(new.id.clone()),
        institution_code: Set(new.institution.to_string()),
        day: Set(new.day.to_string()),
        ordinal: Set(ordinal.unwrap_or(0) + 1),
        rows_sent: Set(new.sent),
        row_count: Set(new.rows),
        digest: Set(new.digest.to_string()),
        schemes: Set(to_json(&new.schemes)?),
        differences: Set(new.differences),
        compared_at: Set(new.at.micros()),
        withdrawn_at: Set(None),
    };
    let inserted = Entity::insert(row).exec_without_returning(&**tx).await;
    inserted.map_err(|fault| taken(fault, || CONTENTION.refuse()))?;
    let mut rows = Vec::new();
    for (number, (digest, found)) in (1..).zip(differences) {
        rows.push(difference::ActiveModel {
            area: Set(area.to_string()),
            reconciliation_id: Set(new.id.clone()),
            number: Set(number),
            subject: Set(found.difference.subject().to_string()),
            needs_action: Set(found.difference.open),
            digest: Set(digest.to_string()),
            content: Set(to_json(found)?),
        });
    }
    Ok(tx.insert_all(rows).await?)
}

fn parse_reconciliation(row: reconciliation::Model) -> Result<Reconciliation, Refusal> {
    let unread = || unreadable("reconciliation", &row.reconciliation_id);
    Ok(Reconciliation {
        institution: InstitutionCode::parse(&row.institution_code).map_err(|_| unread())?,
        day: Day::parse(&row.day).map_err(|_| unread())?,
        sent: row.rows_sent,
        rows: row.row_count,
        digest: Digest::parse(&row.digest).ok_or_else(unread)?,
        schemes: of_json(&row.schemes, "reconciliation", &row.reconciliation_id)?,
        differences: row.differences,
        at: Instant::from_micros(row.compared_at),
        id: row.reconciliation_id,
    })
}

/// A comparison, also when it was withdrawn since.
pub async fn find_reconciliation(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    id: &str,
) -> Result<Reconciliation, Stop> {
    let key = (area.to_string(), id.to_string());
    let row = reconciliation::Entity::find_by_id(key).one(on).await?;
    let row = row.ok_or_else(|| unreadable("reconciliation", id))?;
    Ok(parse_reconciliation(row)?)
}

/// The newest comparisons of days, those of one institution or of all.
pub async fn last_reconciliations(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    institution: Option<&InstitutionCode>,
    (from, to): (Day, Day),
) -> Result<BTreeMap<(Day, InstitutionCode), Reconciliation>, Stop> {
    use reconciliation::Column;
    let mut of = reconciliation::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::Day.gte(from.to_string()))
        .filter(Column::Day.lte(to.to_string()))
        .filter(Column::WithdrawnAt.is_null());
    if let Some(code) = institution {
        of = of.filter(Column::InstitutionCode.eq(code.as_str()));
    }
    let mut last = BTreeMap::new();
    for row in of.order_by_asc(Column::Ordinal).all(on).await? {
        let one = parse_reconciliation(row)?;
        last.insert((one.day, one.institution.clone()), one);
    }
    Ok(last)
}

/// Differences of a comparison behind a number, with what counts as said of them.
pub async fn differences(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &Reconciliation,
    after: i32,
    limit: u64,
) -> Result<Vec<Listed>, Stop> {
    use difference::Column;
    let explained = explanations(on, area, of).await?;
    let rows = difference::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReconciliationId.eq(of.id.as_str()))
        .filter(Column::Number.gt(after))
        .order_by_asc(Column::Number)
        .limit(limit)
        .all(on)
        .await?;
    let listed = |row: difference::Model| {
        let found = of_json(&row.content, "difference", &row.reconciliation_id)?;
        let key = (row.subject, row.digest);
        let explained = explained.get(&key).cloned();
        Ok(Listed {
            number: row.number,
            subject: key.0,
            found,
            explained,
        })
    };
    rows.into_iter().map(listed).collect()
}

/// What is open of a comparison: its settlements or requests, each as often as it has differences.
pub async fn open_subjects(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &Reconciliation,
) -> Result<Vec<String>, Stop> {
    use difference::Column;
    if of.differences == 0 {
        return Ok(Vec::new());
    }
    let explained = explanations(on, area, of).await?;
    let rows: Vec<(String, String)> = difference::Entity::find()
        .select_only()
        .columns([Column::Subject, Column::Digest])
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReconciliationId.eq(of.id.as_str()))
        .filter(Column::NeedsAction.eq(true))
        .order_by_asc(Column::Number)
        .into_tuple()
        .all(on)
        .await?;
    let open = rows.into_iter().filter(|key| !explained.contains_key(key));
    Ok(open.map(|(subject, _)| subject).collect())
}

/// Digest over a subject's differences in a comparison, if it has any that somebody must act on.
pub async fn difference_digest(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &Reconciliation,
    subject: &str,
) -> Result<Option<String>, Stop> {
    use difference::Column;
    let digest = difference::Entity::find()
        .select_only()
        .column(Column::Digest)
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReconciliationId.eq(of.id.as_str()))
        .filter(Column::Subject.eq(subject))
        .filter(Column::NeedsAction.eq(true))
        .limit(1)
        .into_tuple()
        .one(on)
        .await?;
    Ok(digest)
}

/// Who answers for which differences of a day: the newest word counts.
async fn explanations(
    on: &impl ConnectionTrait,
    area: &AreaCode,
    of: &Reconciliation,
) -> Result<BTreeMap<(String, String), (String, String)>, Stop> {
    use explanation::Column;
    let rows = explanation::Entity::find()
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::InstitutionCode.eq(of.institution.as_str()))
        .filter(Column::Day.eq(of.day.to_string()))
        .filter(Column::WithdrawnAt.is_null())
        .order_by_asc(Column::ExplainedAt)
        .order_by_asc(Column::ExplanationId)
        .all(on)
        .await?;
    let said = |row: explanation::Model| ((row.subject, row.digest), (row.owner, row.reason));
    Ok(rows.into_iter().map(said).collect())
}

/// A word on a difference.
pub struct Explanation<'a> {
    /// Its id.
    pub id: &'a str,
    /// The institution.
    pub institution: &'a InstitutionCode,
    /// The day.
    pub day: Day,
    /// The settlement or request.
    pub subject: &'a str,
    /// What is explained.
    pub digest: String,
    /// Who answers for it.
    pub owner: &'a str,
    /// Why it may stay.
    pub reason: &'a str,
    /// Who said so.
    pub by: &'a str,
    /// When.
    pub at: Instant,
}

/// Inserts an explanation.
pub async fn insert_explanation(
    tx: &Tx,
    area: &AreaCode,
    new: Explanation<'_>,
) -> Result<(), Stop> {
    let row = explanation::ActiveModel {
        area: Set(area.to_string()),
        explanation_id: Set(new.id.to_string()),
        institution_code: Set(new.institution.to_string()),
        day: Set(new.day.to_string()),
        subject: Set(new.subject.to_string()),
        digest: Set(new.digest),
        owner: Set(new.owner.to_string()),
        reason: Set(new.reason.to_string()),
        explained_by: Set(new.by.to_string()),
        explained_at: Set(new.at.micros()),
        withdrawn_at: Set(None),
    };
    let inserted = explanation::Entity::insert(row).exec_without_returning(&**tx);
    inserted.await?;
    Ok(())
}

/// Marks a comparison withdrawn.
pub async fn withdraw_reconciliation(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    use reconciliation::Column;
    reconciliation::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ReconciliationId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}

/// Marks an explanation withdrawn.
pub async fn withdraw_explanation(
    tx: &Tx,
    area: &AreaCode,
    id: &str,
    now: Instant,
) -> Result<(), Stop> {
    use explanation::Column;
    explanation::Entity::update_many()
        .col_expr(Column::WithdrawnAt, Expr::value(now.micros()))
        .filter(Column::Area.eq(area.as_str()))
        .filter(Column::ExplanationId.eq(id))
        .exec(&**tx)
        .await?;
    Ok(())
}
