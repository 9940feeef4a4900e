//! 参保资助: what 医疗救助 pays of a person's yearly fee.

use kernel::refusal::invalid;
use kernel::{CoverageId, Fen, IdentityKind, Instant, PersonId, Refusal, Scheme, SubsidyId};

/// A subsidy to post.
pub struct Grant {
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
    /// The coverage; may be missing only when the key has an outcome already.
    pub coverage: Option<CoverageId>,
}

impl Grant {
    /// The subsidy, under this id.
    pub fn posted(&self, id: SubsidyId, now: Instant) -> Result<Subsidy, Refusal> {
        let missing = || invalid("coverage_id", "必填");
        Ok(Subsidy {
            id,
            person: self.person,
            scheme: self.scheme.clone(),
            year: self.year,
            identity: self.identity.clone(),
            amount: self.amount,
            coverage: self.coverage.ok_or_else(missing)?,
            posted_at: now,
            withdrawn_at: None,
        })
    }
}

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
