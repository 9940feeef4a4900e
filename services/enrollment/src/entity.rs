//! The service's tables. A row with `withdrawn_at` does not exist for anybody.
#![allow(missing_docs)]

/// Personal data in a column: rows print, and it does not.
#[derive(Clone, PartialEq, Eq, sea_orm::DeriveValueType)]
pub struct Personal(pub String);

impl std::fmt::Debug for Personal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// 家庭.
pub mod household {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "household")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub household_id: String,
        pub register_number: String,
        pub township_code: String,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 人员.
pub mod person {
    use super::Personal;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: String,
        pub name: Personal,
        pub id_number: Personal,
        pub sex: String,
        pub birth_day: String,
        pub household_id: Option<String>,
        pub death_day: Option<String>,
        /// Grows by one with every change of the person's data.
        pub version: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 身份.
pub mod identity {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "identity")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub identity_id: String,
        pub person_id: String,
        pub kind: String,
        pub from_day: String,
        pub until_day: Option<String>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 参保.
pub mod coverage {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "coverage")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub coverage_id: String,
        pub person_id: String,
        pub scheme: String,
        pub year: i32,
        pub paid_day: String,
        pub benefit_from: String,
        pub until_day: String,
        /// The identity the subsidy follows.
        pub identity_kind: Option<String>,
        pub fee_fen: i64,
        pub subsidy_fen: i64,
        pub to_pay_fen: i64,
        /// What was due on the day; nothing in rows from before there was a choice.
        pub pay_now_fen: Option<i64>,
        pub fee_tier: Option<String>,
        pub repaid_years: Option<i32>,
        pub repair_fee_fen: Option<i64>,
        /// Digest of the package that decided, hexadecimal.
        pub package_digest: String,
        /// 参保口径 as JSON; nothing in rows from before it was asked for.
        pub standing: Option<String>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 参保口径变更.
pub mod standing_change {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "standing_change")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub standing_change_id: String,
        pub person_id: String,
        pub coverage_id: String,
        pub from_day: String,
        /// 参保口径 as JSON.
        pub standing: String,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 待遇暂停.
pub mod suspension {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "suspension")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub suspension_id: String,
        pub person_id: String,
        pub from_day: String,
        pub until_day: Option<String>,
        pub reason: String,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 参保凭证.
pub mod transfer_certificate {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "transfer_certificate")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub certificate_id: String,
        pub person_id: String,
        pub scheme: String,
        pub end_day: String,
        /// The certificate as JSON.
        pub content: String,
        pub digest: String,
        /// The coverage that ended by it, and when that would have ended.
        pub coverage_id: Option<String>,
        pub until_before: Option<String>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 转入申请.
pub mod transfer_in {
    use super::Personal;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "transfer_in")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub transfer_id: String,
        pub from_area: String,
        pub certificate_id: String,
        /// The certificate as JSON.
        pub content: String,
        pub id_number: Personal,
        pub applied_by: String,
        pub applied_at: i64,
        pub decided_by: Option<String>,
        pub decided_at: Option<i64>,
        /// Only of an accepted one.
        pub person_id: Option<String>,
        /// Only of a rejected one.
        pub rejection: Option<String>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 社保卡.
pub mod card {
    use super::Personal;
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "card")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub card_id: String,
        pub person_id: String,
        pub card_number: Personal,
        pub revoked_at: Option<i64>,
        pub revocation_reason: Option<String>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 医保电子凭证: of its text the digest only.
pub mod credential_token {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "credential_token")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub token_id: String,
        pub digest: String,
        pub person_id: String,
        pub institution_code: String,
        pub purpose: String,
        pub expires_at: i64,
        pub used_at: Option<i64>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 人证核验, and the doubt it raised where somebody else was seen.
pub mod identity_check {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "identity_check")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub identity_check_id: String,
        pub person_id: String,
        pub institution_code: String,
        pub visit_number: String,
        pub purpose: String,
        pub certificate_type: String,
        pub credential_id: Option<String>,
        pub manner: String,
        pub operator_code: String,
        pub checked_by: String,
        pub checked_at: i64,
        pub settles_until: Option<i64>,
        pub doubted_at: Option<i64>,
        pub cleared_at: Option<i64>,
        pub cleared_by: Option<String>,
        pub clearing_check_id: Option<String>,
        pub clearing_reason: Option<String>,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A certificate that was not known: how often an institution guesses.
pub mod credential_guess {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "credential_guess")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub institution_code: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub caller: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub request_id: String,
        pub guessed_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 门诊慢特病备案, as it was filed.
pub mod disease_filing {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "disease_filing")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub filing_id: String,
        pub person_id: String,
        pub scheme: String,
        pub kind: String,
        pub disease_code: String,
        pub disease_name: String,
        pub from_day: String,
        pub until_day: Option<String>,
        /// Between spaces; empty for any.
        pub institution_codes: String,
        pub material: String,
        pub filed_by: String,
        pub filed_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 备案变更: what is otherwise than it was filed, from a day on.
pub mod filing_change {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "filing_change")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub change_id: String,
        pub filing_id: String,
        pub person_id: String,
        pub kind: String,
        pub from_day: String,
        /// Between spaces; empty for any, and of an end.
        pub institution_codes: String,
        pub reason: String,
        pub changed_by: String,
        pub changed_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
