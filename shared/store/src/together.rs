//! Several writes of one transaction in one round trip.

use crate::db::Tx;
use sea_orm::sea_query::{
    CommonTableExpression, DeleteStatement, Expr, InsertStatement, Query, UpdateStatement,
    WithClause,
};
use sea_orm::{
    ActiveModelTrait, ConnectionTrait, DbBackend, DbErr, EntityTrait, IntoActiveModel, QueryTrait,
};

/// One write among several that do not depend on each other.
pub enum Write {
    /// New rows.
    Insert(InsertStatement),
    /// Rows that change.
    Update(UpdateStatement),
    /// Rows that go.
    Delete(DeleteStatement),
}

impl Write {
    /// Of these rows, of which there is one at least.
    pub fn rows<E, A>(rows: Vec<A>) -> Write
    where
        E: EntityTrait,
        A: ActiveModelTrait<Entity = E> + IntoActiveModel<A> + Send,
    {
        Write::Insert(E::insert_many(rows).into_query())
    }
}

impl Tx {
    /// Does all of them and answers how many rows each wrote. On PostgreSQL it is one statement, whose parts
    /// see the tables as they were before it: no two may write the same row, and none may rest on another. On
    /// SQLite, where no statement travels, they are done one after the other (differs).
    pub async fn together(&self, writes: Vec<Write>) -> Result<Vec<u64>, DbErr> {
        if self.get_database_backend() != DbBackend::Postgres {
            let mut written = Vec::with_capacity(writes.len());
            for write in writes {
                let done = match &write {
                    Write::Insert(insert) => self.execute(insert).await?,
                    Write::Update(update) => self.execute(update).await?,
                    Write::Delete(delete) => self.execute(delete).await?,
                };
                written.push(done.rows_affected());
            }
            return Ok(written);
        }
        let (mut parts, mut counts) = (WithClause::new(), Query::select());
        let names: Vec<String> = (0..writes.len()).map(|n| format!("w{n}")).collect();
        for (name, write) in names.iter().zip(writes) {
            let told = || Query::returning().expr(Expr::cust("1"));
            let mut part = CommonTableExpression::new();
            match write {
                Write::Insert(mut insert) => part.query(insert.returning(told()).take()),
                Write::Update(mut update) => part.query(update.returning(told()).take()),
                Write::Delete(mut delete) => part.query(delete.returning(told()).take()),
            };
            parts.cte(part.table_name(name.clone()).to_owned());
            let count = Expr::cust(format!("(SELECT count(*) FROM {name})"));
            counts.expr_as(count, name.clone());
        }
        let row = self.query_one(&counts.with(parts)).await?;
        let row = row.ok_or_else(|| DbErr::RecordNotFound("of a statement that counts".into()))?;
        let count = |name: &String| {
            let count: i64 = row.try_get("", name)?;
            Ok(u64::try_from(count).unwrap_or(0))
        };
        names.iter().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::event;
    use crate::measure::tests::opened;
    use sea_orm::sea_query::OnConflict;
    use sea_orm::{ActiveValue::Set, ColumnTrait, QueryFilter};

    fn row(id: &str) -> event::ActiveModel {
        event::ActiveModel {
            event_id: Set(id.into()),
            area: Set("152501".into()),
            kind: Set("tested".into()),
            subject: Set(id.into()),
            facts: Set("{}".into()),
            occurred_at: Set(0),
            position: Set(None),
        }
    }

    #[tokio::test]
    async fn each_of_them_is_done_and_counted() {
        let (_on, db) = opened("together").await;
        let written = db
            .write(|tx| async move {
                let first = Write::rows(vec![row("a"), row("b")]);
                assert_eq!(tx.together(vec![first]).await?, [2]);
                let nothing = OnConflict::new().do_nothing().to_owned();
                let again = event::Entity::insert_many([row("b"), row("c")]).on_conflict(nothing);
                let changed = event::Entity::update_many()
                    .col_expr(event::Column::Subject, Expr::value("changed"))
                    .filter(event::Column::EventId.eq("a"));
                let gone = event::Entity::delete_many().filter(event::Column::EventId.eq("none"));
                Ok(tx
                    .together(vec![
                        Write::Insert(again.into_query()),
                        Write::Update(changed.into_query()),
                        Write::Delete(gone.into_query()),
                    ])
                    .await?)
            })
            .await
            .unwrap();
        assert_eq!(written, [1, 1, 0]);
        let changed = event::Entity::find_by_id("a").one(db.reader()).await;
        assert_eq!(changed.unwrap().unwrap().subject, "changed");
    }
}
