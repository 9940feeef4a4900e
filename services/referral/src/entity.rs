//! The service's tables.
#![allow(missing_docs)]

/// 转诊.
pub mod referral {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "referral")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub referral_id: String,
        pub person_id: String,
        pub from_institution: String,
        pub to_institution: String,
        pub referral_type: String,
        pub diagnosis: String,
        pub reason: String,
        pub from_day: String,
        /// The first day after its validity.
        pub until_day: String,
        /// When the request for it was withdrawn.
        pub withdrawn_at: Option<i64>,
        /// Caller and id of the request that approved it; absent unless the approval stands.
        pub approved_by: Option<String>,
        pub opinion: Option<String>,
        /// Caller and id of the request that used it; absent unless the use stands.
        pub used_by: Option<String>,
        pub visit_number: Option<String>,
        pub admission_day: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 释放: a use that a release ended.
pub mod release {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "release")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub referral_id: String,
        /// Caller and id of the request that released it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub released_by: String,
        /// Caller and id of the request that had used it.
        pub used_by: String,
        pub visit_number: String,
        pub admission_day: String,
        /// When one of the two requests was withdrawn.
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// An institution that was ever barred: what its bars are made under, one after another.
pub mod institution {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "institution")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub institution: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 暂停转入.
pub mod bar {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "bar")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub bar_id: String,
        pub institution: String,
        pub from_day: String,
        /// The first day after it.
        pub until_day: String,
        pub decision_number: String,
        pub reason: String,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
