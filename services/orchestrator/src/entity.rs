//! The service's tables.
#![allow(missing_docs)]

/// 长事务: a request under way, and its key row.
pub mod saga {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "saga")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub method: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        pub saga_id: String,
        /// Body and version, such as `settle.v1`.
        pub kind: String,
        /// Digest of the caller's request, hexadecimal; empty when withdrawn before it came.
        pub origin: String,
        /// The caller's request as it came, encoded; empty when withdrawn before it came.
        pub request: Vec<u8>,
        /// Who asked, as JSON: the calls of every life are for them.
        pub principal: String,
        /// 0 running, 1 done, 2 refused, 3 withdrawn, 4 stuck, 5 abandoned.
        pub state: i16,
        /// The id of what it made.
        pub subject: Option<String>,
        /// Why it was refused, as JSON.
        pub refusal: Option<String>,
        /// What was heard last where an answer was missing, or why it is stuck, as JSON.
        pub heard: Option<String>,
        /// The code of that.
        pub heard_code: Option<String>,
        /// Why its reversal was refused last, as JSON.
        pub stood_for: Option<String>,
        /// How often its reversal was refused.
        pub stood: i32,
        /// The step it rests at, and how often that was asked.
        pub rest_step: Option<i64>,
        pub rest_attempts: i64,
        /// Its owner wants it withdrawn.
        pub withdraw: bool,
        /// Lines in its journal.
        pub lines: i32,
        /// The replica that has it, and the number of times it was taken up: together the fence.
        pub owner: String,
        pub fence: i64,
        /// Until when it has it, and when it may be taken up, in microseconds of the database's clock.
        pub lease_until: i64,
        pub due_at: i64,
        pub abandon_by: Option<String>,
        pub abandon_reason: Option<String>,
        pub began_at: i64,
        pub changed_at: i64,
        /// 链路: where the trace of its request was when it began, as W3C writes it.
        pub trace: Option<String>,
        /// 处理说明: what operators wrote, a line each.
        pub notes: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One line of a saga's journal. Its key fences: of two executors one writes a place.
pub mod saga_line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "saga_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub saga_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub step: i64,
        pub name: String,
        /// What happened to the step, as JSON.
        pub what: String,
        pub written_by: String,
        pub written_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 接入方: who sends envelopes.
pub mod envelope_sender {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "envelope_sender")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub sender_id: String,
        pub app_id: String,
        /// Sealed for this row.
        pub secret: String,
        pub acts_as: String,
        /// 1 the usual user id, 2 the secret.
        pub signed_as: i16,
        pub scalars_as_text: bool,
        pub escaped: bool,
        pub encryption_required: bool,
        pub registered_by: String,
        pub registered_at: i64,
        pub ended_by: Option<String>,
        pub ended_at: Option<i64>,
        pub end_reason: Option<String>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 公钥 of a sender.
pub mod envelope_key {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "envelope_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub sender_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub public_key: String,
        pub from_day: String,
        /// Until when the keys before it hold; none of the first.
        pub previous_until_day: Option<String>,
        pub added_by: String,
        pub added_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 随机串 that was used. Its key decides: of two replicas one writes it.
pub mod envelope_nonce {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "envelope_nonce")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub app_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub nonce: String,
        /// When its message is too old to be opened in any case.
        pub until_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
