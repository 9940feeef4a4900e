//! 参保资助: what 医疗救助 pays of a person's yearly fee.

use kernel::{CoverageId, Fen, IdentityKind, Instant, PersonId, Scheme, SubsidyId};

/// One subsidy of a person's yearly fee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subsidy {
    /// Its id.
    pub id: SubsidyId,
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The year of the coverage.
    pub year: i32,
    /// 人员身份类别 (psn_idet_type) that is subsidised.
    pub identity: Option<IdentityKind>,
    /// 资助金额.
    pub amount: Fen,
    /// The coverage it is paid for.
    pub coverage: CoverageId,
    /// When it was posted.
    pub posted_at: Instant,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Instant>,
}
