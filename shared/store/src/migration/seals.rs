//! Chains of an earlier form, sealed anew.
//!
//! A block's hash once left out when it was sealed, and a record which column holds what. Nobody outside
//! the database had the hash of such a chain yet, so that nothing that was published changes. A chain
//! is sealed anew as far as it holds in its own form: what was altered before stays to be found.

use crate::chain::leaf_of;
use crate::entity::{block, event};
use kernel::seal::{Block, GENESIS, merkle_root};
use kernel::{Digest, Digester};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbErr, EntityTrait, QueryFilter, QueryOrder,
};
use sea_orm_migration::prelude::*;

pub(super) struct Seals;

impl MigrationName for Seals {
    fn name(&self) -> &str {
        "m0005_seals"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Seals {
    fn use_transaction(&self) -> Option<bool> {
        Some(true)
    }

    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let on = manager.get_connection();
        // In the earlier form the first block named this text as the one before it.
        let (mut number, mut before, mut previous) = (1, "0".repeat(64), GENESIS);
        while let Some(row) = block::Entity::find_by_id(number).one(on).await? {
            let covered = event::Column::Position.between(row.first_position, row.last_position);
            let events = event::Entity::find()
                .filter(covered)
                .order_by_asc(event::Column::Position)
                .all(on)
                .await?;
            if !held(&row, &events, &before) {
                return Ok(());
            }
            before.clone_from(&row.hash);
            previous = sealed(on, row, &events, previous).await?;
            number += 1;
        }
        Ok(())
    }
}

/// Whether a block held in the earlier form.
fn held(row: &block::Model, events: &[event::Model], before: &str) -> bool {
    let placed = (row.first_position..).zip(events);
    let leaves: Vec<Digest> = placed.map(|(place, event)| leaf(place, event)).collect();
    let mut digester = Digester::new();
    digester
        .number(row.number)
        .number(row.first_position)
        .number(row.last_position);
    digester
        .part(&merkle_root(&leaves).0)
        .part(before.as_bytes());
    row.previous == before && row.hash == digester.finish().to_string()
}

/// What an event stood for in the earlier form.
fn leaf(position: i64, event: &event::Model) -> Digest {
    let mut digester = Digester::new();
    digester.number(position);
    for text in [
        &event.event_id,
        &event.area,
        &event.kind,
        &event.subject,
        &event.facts,
    ] {
        digester.part(text.as_bytes());
    }
    digester.number(event.occurred_at);
    digester.finish()
}

/// Writes the block in the present form; answers its hash.
async fn sealed(
    on: &impl ConnectionTrait,
    row: block::Model,
    events: &[event::Model],
    previous: Digest,
) -> Result<Digest, DbErr> {
    let placed = (row.first_position..).zip(events);
    let leaves: Vec<Digest> = placed.map(|(place, event)| leaf_of(place, event)).collect();
    let block = Block {
        number: row.number,
        first_position: row.first_position,
        last_position: row.last_position,
        root: merkle_root(&leaves),
        previous,
        sealed_at: row.sealed_at,
    };
    let hash = block.hash();
    let written = block::ActiveModel {
        root: Set(block.root.to_string()),
        previous: Set(block.previous.to_string()),
        hash: Set(hash.to_string()),
        ..Default::default()
    };
    block::Entity::update_many()
        .set(written)
        .filter(block::Column::Number.eq(block.number))
        .exec(on)
        .await?;
    Ok(hash)
}
