//! The tables every service has: request keys, events, sealed blocks.
#![allow(missing_docs)]

/// One request of one caller, and what became of it.
pub mod request_key {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "request_key")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub method: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        /// Digest of the outer caller's request, hexadecimal; empty when burned before it came.
        pub origin: String,
        /// 0 pending (never committed), 1 done, 2 refused, 3 withdrawn.
        pub state: i16,
        /// The id of what it made.
        pub subject: Option<String>,
        /// Code, field and facts as JSON.
        pub refusal: Option<String>,
        pub recorded_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One change, told in the transaction that made it.
pub mod event {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "event")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub event_id: String,
        pub area: String,
        pub kind: String,
        pub subject: String,
        pub facts: String,
        pub occurred_at: i64,
        /// Given by the sealer, gap-free from 1; absent until sealed.
        pub position: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A run of sealed events and the block before it.
pub mod block {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "block")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub first_position: i64,
        pub last_position: i64,
        /// SM3 Merkle root over the events, hexadecimal.
        pub root: String,
        /// Hash of the block before; 64 zeros for the first.
        pub previous: String,
        /// Hash of this block.
        pub hash: String,
        pub sealed_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A dated text, proposed and immutable.
pub mod document {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "document")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub document_id: String,
        pub kind: String,
        pub series: String,
        pub name: String,
        pub title: String,
        pub first_day: String,
        pub until_day: Option<String>,
        /// Digest of the text, hexadecimal.
        pub digest: String,
        pub text: String,
        pub proposed_by: String,
        pub proposed_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A document's activation. Rows are never deleted: their number and that of the withdrawn ones
/// are the generation.
pub mod document_activation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "document_activation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub activation_id: String,
        pub kind: String,
        pub document_id: String,
        /// Series and first day: of two activations with the same, the later one decides.
        pub slot: String,
        pub activates_at: i64,
        pub activated_by: String,
        pub activated_at: i64,
        pub reason: String,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// One access to what is known of people.
pub mod access_entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub entry_id: String,
        pub at: i64,
        pub caller: String,
        /// Names joined by spaces.
        pub roles: String,
        pub method: String,
        /// 0 read, 1 denied.
        pub kind: i16,
        pub subject_count: i32,
        pub purpose: String,
        pub outcome: String,
        pub trace_id: String,
        pub times: i32,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// Whose data an access showed.
pub mod access_subject {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "access_subject")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subject: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub entry_id: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
