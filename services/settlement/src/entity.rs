//! The service's tables.
#![allow(missing_docs)]

/// 定点医药机构.
pub mod institution {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "institution")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub registration_id: String,
        pub code: String,
        pub name: String,
        pub tier: String,
        pub kind: String,
        pub agreement_from: String,
        pub withdrawn_at: Option<i64>,
        /// Empty in rows that stood before: the own district.
        pub place: Option<String>,
        /// Empty in rows that stood before: it is.
        pub contracted: Option<bool>,
        /// 终止协议: the first day without an agreement, and why; both or neither.
        pub agreement_until: Option<String>,
        pub end_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 目录版本, with its items as JSON: it is read whole and never changes.
pub mod catalogue {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "catalogue")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub catalogue_id: String,
        pub effective_day: String,
        pub digest: String,
        pub items: String,
        pub published_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 年度累计: the row whose lock orders the claims of one person, scheme and year.
pub mod person_year {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "person_year")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub scheme: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub year: i32,
        pub version: i64,
        pub last_ordinal: i64,
        pub accumulators: String,
        /// The hold that set the year aside, and until when; both or neither.
        pub held_by: Option<String>,
        pub held_until: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 结算.
pub mod settlement {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "settlement")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub settlement_id: String,
        pub person_id: String,
        pub scheme: String,
        pub year: i32,
        pub ordinal: i64,
        pub institution_code: String,
        pub visit_number: String,
        pub med_type: String,
        pub begin_day: String,
        pub end_day: String,
        pub fingerprint: String,
        /// 医疗费总额, 基金支付总额, 个人现金: promoted for reports; all amounts are in `amounts`.
        pub total_fen: i64,
        pub funds_fen: i64,
        pub cash_fen: i64,
        /// Bill, person, findings and accumulators before, as JSON; empty where it is in `packed`.
        pub evidence: String,
        /// Package, catalogue, versions and digest, as JSON; empty where it is in `packed`.
        pub basis: String,
        /// Amounts, shares, remarks and deltas without reasons, as JSON; empty where it is in `packed`.
        pub amounts: String,
        pub engine_version: i32,
        pub posted_at: i64,
        pub reversed_at: Option<i64>,
        pub reversal_reason: Option<String>,
        /// The number of its newest standing revision; empty while it has none.
        pub revision: Option<i64>,
        /// Which part of its stay it is; 0 for the whole.
        pub part: i32,
        /// 零星报销: the reimbursement it pays; empty when none.
        pub reimbursement_id: Option<String>,
        /// 先行支付: true when it was posted with an advance, which a revision may have taken away; else
        /// empty.
        pub advance: Option<bool>,
        /// 就医地, 起付线医院等级 and 人员身份 that it was decided by: promoted for indicators.
        pub place: Option<String>,
        pub tier: Option<String>,
        pub identity_class: Option<String>,
        /// Evidence, basis and amounts together, in a seventh of the bytes; empty where they are not packed.
        pub packed: Option<Vec<u8>>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 差额结算: a settlement priced again. Never changed but for being withdrawn.
pub mod revision {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "revision")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub revision_id: String,
        pub settlement_id: String,
        /// Counts the revisions of a settlement from 1, withdrawn ones too.
        pub number: i64,
        /// The number of the revision that it takes the place of; 0 for the settlement as posted.
        pub replaces: i64,
        pub correction_id: String,
        /// Its place in the correction, from 1.
        pub place: i32,
        pub person_id: String,
        pub scheme: String,
        pub year: i32,
        /// The version and the newest ordinal of the person-year once it was posted.
        pub year_version: i64,
        pub year_ordinal: i64,
        pub cause: String,
        pub payee: String,
        /// 医院负担: what the institution is owed more though the difference is the person's; nothing
        /// when that is nothing.
        pub hospital_moved_fen: Option<i64>,
        pub reason: String,
        pub case_reference: String,
        /// As in `settlement`.
        pub evidence: String,
        pub basis: String,
        pub amounts: String,
        pub engine_version: i32,
        pub posted_at: i64,
        pub withdrawn_at: Option<i64>,
        /// As in `settlement`: a fact learnt late may change it, and nothing changes the others.
        pub identity_class: Option<String>,
        /// What it moves without a second person having agreed; nothing where one had.
        pub moved_alone_fen: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 分录.
pub mod posting {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "posting")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub transaction_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        /// The settlement, or the subsidy, that it is of.
        #[sea_orm(column_name = "settlement_id")]
        pub subject_id: String,
        /// The transaction this one is the opposite of.
        pub reverses: Option<String>,
        pub account: String,
        pub amount_fen: i64,
        pub posted_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 先诊疗后付费.
pub mod guarantee {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "guarantee")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub guarantee_id: String,
        pub person_id: String,
        pub institution_code: String,
        pub visit_number: String,
        pub scheme: String,
        pub med_type: String,
        pub begin_day: String,
        pub diagnosis_code: String,
        pub referral_id: Option<String>,
        pub estimate_fen: i64,
        pub opened_at: i64,
        /// The settlement that closed it, and when; both or neither.
        pub settlement_id: Option<String>,
        pub closed_at: Option<i64>,
        pub withdrawn_at: Option<i64>,
        /// Why it was cancelled, where it was not its request that was withdrawn.
        pub cancel_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 预留.
pub mod hold {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "hold")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hold_id: String,
        pub person_id: String,
        pub scheme: String,
        pub year: i32,
        pub opened_at: i64,
        pub expires_at: i64,
        pub released_at: Option<i64>,
        pub posted_at: Option<i64>,
        /// The batch that posted it, and its place there; likewise the one that reversed it.
        pub batch_id: Option<String>,
        pub batch_number: Option<i32>,
        pub reversal_id: Option<String>,
        pub reversal_number: Option<i32>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A claim of a hold, as it will be posted.
pub mod held_claim {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "held_claim")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub hold_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub settlement_id: String,
        pub ordinal: i64,
        /// As in `settlement`.
        pub evidence: String,
        pub basis: String,
        pub amounts: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 参保资助.
pub mod subsidy {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "subsidy")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub subsidy_id: String,
        pub person_id: String,
        pub scheme: String,
        pub year: i32,
        pub identity_kind: Option<String>,
        pub subsidy_fen: i64,
        pub coverage_id: String,
        pub posted_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 暂停联网结算.
pub mod online_suspension {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "online_suspension")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub suspension_id: String,
        /// An institution's code or a person's id: neither can be taken for the other.
        pub subject: String,
        /// Counts the suspensions of a subject, withdrawn ones too: of two at once one is told to wait.
        pub ordinal: i64,
        pub from_day: String,
        pub until_day: String,
        pub decision_number: String,
        pub reason: String,
        pub recorded_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 零星报销.
pub mod reimbursement {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reimbursement")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reimbursement_id: String,
        pub person_id: String,
        /// Bill, receipts and the institution where the area has not registered it, as JSON.
        pub bill: String,
        pub receipts: String,
        pub outside: Option<String>,
        pub needs_second: bool,
        pub submitted_by: String,
        pub submitted_at: i64,
        pub approved_by: Option<String>,
        pub approved_at: Option<i64>,
        pub rejection: Option<String>,
        pub withdrawn_at: Option<i64>,
        /// The settlement that paid it, while that stands.
        pub settlement_id: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 医疗收费票据: which receipts are taken.
pub mod expense_receipt {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "expense_receipt")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reimbursement_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub receipt_code: String,
        pub receipt_number: String,
        /// When its reimbursement was sent back or withdrawn.
        pub freed_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 就诊登记.
pub mod visit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "visit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub visit_id: String,
        pub institution_code: String,
        pub visit_number: String,
        /// As in `domain::VisitFacts`.
        pub facts: String,
        pub end_day: Option<String>,
        pub accident_check: Option<String>,
        pub settlement_id: Option<String>,
        pub version: i64,
        pub last_line: i32,
        pub registered_at: i64,
        pub cancelled_at: Option<i64>,
        pub cancel_reason: Option<String>,
        /// Standing parts in their order, as in `domain::SettledPart`; empty when there was none.
        pub parts: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 费用明细 of a registered visit.
pub mod visit_line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "visit_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub visit_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        pub institution_code: String,
        pub line_code: String,
        /// Empty where it is not mapped.
        pub item_code: String,
        pub local_code: String,
        pub local_name: String,
        pub unit_price: i64,
        pub quantity: i64,
        pub amount_fen: i64,
        pub approval: String,
        pub fee_day: String,
        pub original_line_code: Option<String>,
        pub listed: bool,
        /// As in `domain::Listing`.
        pub listing: String,
        pub upload_id: String,
        pub settlement_id: Option<String>,
        pub revocation_id: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 对明细账: one comparison of an institution's day.
pub mod reconciliation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "reconciliation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reconciliation_id: String,
        pub institution_code: String,
        pub day: String,
        /// Counts the comparisons of a day, withdrawn ones too: of two at once one is told to wait.
        pub ordinal: i64,
        pub rows_sent: i64,
        /// How many rows the bureau had.
        pub row_count: i64,
        /// Digest over the bureau's rows that were compared.
        pub digest: String,
        /// Sums by scheme, as JSON.
        pub schemes: String,
        pub differences: i64,
        pub compared_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 对账差异, with its content as JSON.
pub mod difference {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "difference")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reconciliation_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        /// The settlement, or the request where the institution has no settlement.
        pub subject: String,
        pub needs_action: bool,
        /// Digest over all differences of the subject: what an explanation is of.
        pub digest: String,
        pub content: String,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 差异说明.
pub mod explanation {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "difference_explanation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub explanation_id: String,
        pub institution_code: String,
        pub day: String,
        pub subject: String,
        pub digest: String,
        pub owner: String,
        pub reason: String,
        pub explained_by: String,
        pub explained_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 日结.
pub mod closed_day {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "closed_day")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub close_id: String,
        pub institution_code: String,
        pub day: String,
        pub row_count: i64,
        /// Sums by scheme and clearing type, as JSON.
        pub sums: String,
        pub digest: String,
        pub reconciliation_id: Option<String>,
        /// Why it was closed without a comparison.
        pub reason: Option<String>,
        pub closed_by: String,
        pub closed_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 月结.
pub mod closed_month {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "closed_month")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub close_id: String,
        pub month: String,
        pub days: i64,
        /// What moved on each account, as JSON.
        pub accounts: String,
        pub digest: String,
        pub closed_by: String,
        pub closed_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 个人账户.
pub mod personal_account {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "personal_account")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: String,
        pub year: i32,
        pub current_fen: i64,
        pub past_fen: i64,
        pub version: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 划入.
pub mod account_credit {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_credit")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub credit_id: String,
        pub person_id: String,
        pub scheme: String,
        pub amount_fen: i64,
        pub period: String,
        pub reason: String,
        pub posted_at: i64,
        pub withdrawn_at: Option<i64>,
        /// Whether no second person had agreed.
        pub alone: Option<bool>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 账户明细.
pub mod account_entry {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "account_entry")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub person_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub kind: String,
        pub subject_id: String,
        pub member_id: Option<String>,
        pub authorization_id: Option<String>,
        pub of_year: i32,
        pub current_fen: i64,
        pub past_fen: i64,
        pub balance_fen: i64,
        pub posted_at: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 家庭共济授权.
pub mod family_authorization {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "family_authorization")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub authorization_id: String,
        pub holder_id: String,
        pub member_id: String,
        pub relation: String,
        pub from_day: String,
        pub until_day: Option<String>,
        pub limit_fen: Option<i64>,
        pub authorized_at: i64,
        pub ended_at: Option<i64>,
        pub end_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 欠费: what of it stands is derived from its settlement and its payments.
pub mod receivable {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "receivable")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub receivable_id: String,
        pub settlement_id: String,
        pub institution_code: String,
        pub person_id: String,
        pub unpaid_fen: i64,
        pub due_day: String,
        pub opened_by: String,
        pub opened_at: i64,
        pub cancelled_at: Option<i64>,
        pub written_off_at: Option<i64>,
        /// Why it was cancelled or written off, or why that was revoked.
        pub end_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 还款.
pub mod receivable_payment {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "receivable_payment")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub payment_id: String,
        pub receivable_id: String,
        pub amount_fen: i64,
        pub paid_day: String,
        pub recorded_by: String,
        pub recorded_at: i64,
        pub revoked_at: Option<i64>,
        pub revoke_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 催缴.
pub mod receivable_reminder {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "receivable_reminder")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub reminder_id: String,
        pub receivable_id: String,
        /// In their order, from 1.
        pub step: i16,
        pub channel: String,
        pub reminded_day: String,
        pub note: String,
        pub recorded_by: String,
        pub recorded_at: i64,
        pub revoked_at: Option<i64>,
        pub revoke_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 双人复核: what one person proposes and another agrees to.
pub mod approval {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "approval")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub approval_id: String,
        pub method: String,
        /// The content of the request, encoded.
        pub content: Vec<u8>,
        pub digest: String,
        pub reason: String,
        pub proposed_by: String,
        pub proposed_at: i64,
        pub given_by: Option<String>,
        pub given_at: Option<i64>,
        pub used_by: Option<String>,
        pub used_at: Option<i64>,
        pub used_request: Option<String>,
        pub cancelled_by: Option<String>,
        pub cancelled_at: Option<i64>,
        pub cancel_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 追偿: what each fund got back is in the ledger, under the id of this.
pub mod recovery {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "recovery")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub recovery_id: String,
        pub settlement_id: String,
        pub payer_name: String,
        pub amount_fen: i64,
        pub received_day: String,
        pub document_number: String,
        pub recorded_by: String,
        pub recorded_at: i64,
        pub revoked_at: Option<i64>,
        pub revoke_reason: Option<String>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// 承办机构对账文件.
pub mod payer_file {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payer_file")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub file_id: String,
        pub fund: String,
        pub month: String,
        /// What the lines come to by kind, as JSON.
        pub totals: String,
        pub digest: String,
        pub prepared_by: String,
        pub prepared_at: i64,
        pub withdrawn_at: Option<i64>,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

/// A line of a file.
pub mod payer_file_line {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "payer_file_line")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub area: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub file_id: String,
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i64,
        pub transaction_id: String,
        pub kind: String,
        pub subject_id: String,
        /// The bill it belongs to: all three, or none.
        pub settlement_id: Option<String>,
        pub institution_code: Option<String>,
        pub end_day: Option<String>,
        pub person_id: String,
        pub posted_at: i64,
        pub amount_fen: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}
