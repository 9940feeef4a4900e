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
