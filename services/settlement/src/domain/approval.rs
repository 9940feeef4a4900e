//! 双人复核 (四眼原则): what one person prepares and another agrees to, before one request does it.
//!
//! An approval is bound to a digest over the content of the request. It refuses to know what the content
//! means: that its parts are sound is for the parser, that it can be done for the request itself.

use crate::refusal::{
    APPROVAL_CHANGED, APPROVAL_ENDED, APPROVAL_GIVEN, APPROVAL_NEEDED, APPROVAL_NOT_GIVEN,
    APPROVAL_OTHER, APPROVAL_SAME_PERSON, APPROVAL_USED,
};
use kernel::{ApprovalId, Digest, Digester, Instant, Refusal, RequestId, Spec, person_behind};

/// How long an approval can be used after it was proposed.
pub const VALID_DAYS: u32 = 30;

/// 复核事项: what is to be done, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    /// The method it is for.
    pub method: &'static str,
    /// All of it, encoded.
    pub content: Vec<u8>,
    /// Over the method and all of it.
    pub digest: Digest,
}

/// 冲正: over the withdrawal of what an approval was used for.
pub fn withdrawal_digest(used: ApprovalId) -> Digest {
    let mut digester = Digester::new();
    digester.part(b"withdrawal");
    digester.part(used.to_string().as_bytes());
    digester.finish()
}

/// What a request brings in place of a second person, and what it is about.
#[derive(Clone, Debug)]
pub struct Second {
    /// Which approval, if any.
    pub approval: Option<ApprovalId>,
    /// Over what the request does.
    pub digest: Digest,
}

/// Where an approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApprovalState {
    /// 待复核.
    Proposed,
    /// 已同意.
    Given,
    /// 已使用.
    Used,
    /// 已撤回或退回.
    Cancelled,
    /// 已过期.
    Expired,
}

/// 复核.
#[derive(Clone, Debug)]
pub struct DualApproval {
    /// Its id.
    pub id: ApprovalId,
    /// The method it is for.
    pub method: String,
    /// What it is for, encoded.
    pub content: Vec<u8>,
    /// Over what it is for.
    pub digest: Digest,
    /// Why it is proposed.
    pub reason: String,
    /// Who proposed it, and when.
    pub proposed: (String, Instant),
    /// Who agreed, and when.
    pub given: Option<(String, Instant)>,
    /// Who used it, when, and by which request.
    pub used: Option<(String, Instant, String)>,
    /// Who cancelled it, when, and why.
    pub cancelled: Option<(String, Instant, String)>,
}

impl DualApproval {
    /// Where it stands at a moment.
    pub fn state(&self, now: Instant) -> ApprovalState {
        let until = self.proposed.1.day().plus_days(VALID_DAYS);
        match self {
            _ if self.used.is_some() => ApprovalState::Used,
            _ if self.cancelled.is_some() => ApprovalState::Cancelled,
            _ if now.day() > until => ApprovalState::Expired,
            _ if self.given.is_some() => ApprovalState::Given,
            _ => ApprovalState::Proposed,
        }
    }

    /// Agreed to by another person, as it was read.
    pub fn given(self, by: &str, seen: Digest, now: Instant) -> Result<DualApproval, Refusal> {
        match self.open(now)? {
            ApprovalState::Given => return Err(self.refuse(&APPROVAL_GIVEN)),
            _ if seen != self.digest => return Err(self.refuse(&APPROVAL_CHANGED).at("digest")),
            _ => self.of_another(&self.proposed.0, by)?,
        }
        let given = Some((by.to_string(), now));
        Ok(DualApproval { given, ..self })
    }

    /// No longer agreed to.
    pub fn revoked(self, now: Instant) -> Result<DualApproval, Refusal> {
        match self.open(now)? {
            ApprovalState::Given => Ok(DualApproval {
                given: None,
                ..self
            }),
            _ => Err(self.refuse(&APPROVAL_NOT_GIVEN)),
        }
    }

    /// Not going to be used.
    pub fn cancelled(self, by: &str, reason: &str, now: Instant) -> Result<DualApproval, Refusal> {
        self.open(now)?;
        let cancelled = Some((by.to_string(), now, reason.to_string()));
        Ok(DualApproval { cancelled, ..self })
    }

    /// Used by a request that does what was agreed to; not by who agreed.
    pub fn used(
        self,
        (by, request): (&str, &RequestId),
        does: Digest,
        now: Instant,
    ) -> Result<DualApproval, Refusal> {
        let state = self.open(now)?;
        if does != self.digest {
            return Err(self.refuse(&APPROVAL_OTHER));
        }
        match (state, &self.given) {
            (ApprovalState::Given, Some((given_by, _))) => self.of_another(given_by, by)?,
            _ => return Err(self.refuse(&APPROVAL_NOT_GIVEN)),
        }
        let used = Some((by.to_string(), now, request.to_string()));
        Ok(DualApproval { used, ..self })
    }

    /// Whether the request that used it is what was never meant, and goes without a second person again.
    pub fn used_today(&self, now: Instant) -> bool {
        let used = self.used.as_ref();
        used.is_some_and(|(_, at, _)| at.day() == now.day())
    }

    /// Proposed or given: neither used nor ended.
    fn open(&self, now: Instant) -> Result<ApprovalState, Refusal> {
        match self.state(now) {
            ApprovalState::Used => Err(self.refuse(&APPROVAL_USED)),
            ApprovalState::Cancelled | ApprovalState::Expired => Err(self.refuse(&APPROVAL_ENDED)),
            open => Ok(open),
        }
    }

    fn of_another(&self, one: &str, other: &str) -> Result<(), Refusal> {
        match person_behind(one) == person_behind(other) {
            true => {
                let no = self.refuse(&APPROVAL_SAME_PERSON);
                Err(no.with("by", person_behind(other)))
            }
            false => Ok(()),
        }
    }

    fn refuse(&self, spec: &'static Spec) -> Refusal {
        let no = spec.refuse().at("approval_id");
        no.with("approval_id", self.id)
    }
}

/// What somebody alone may not do.
pub fn needed() -> Refusal {
    APPROVAL_NEEDED.refuse().at("approval_id")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(1_500_000_000_000_000);

    fn later(days: i64) -> Instant {
        Instant::from_micros(NOW.micros() + days * 86_400_000_000)
    }

    fn proposed() -> DualApproval {
        DualApproval {
            id: ApprovalId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap(),
            method: "EndAgreement".to_string(),
            content: vec![1],
            digest: Digest::of(b"1"),
            reason: "r".to_string(),
            proposed: ("clerk-1".to_string(), NOW),
            given: None,
            used: None,
            cancelled: None,
        }
    }

    fn given() -> DualApproval {
        proposed().given("head", Digest::of(b"1"), NOW).unwrap()
    }

    fn code<T: std::fmt::Debug>(no: Result<T, Refusal>) -> String {
        no.unwrap_err().code.to_string()
    }

    #[test]
    fn another_person_agrees_to_what_was_read() {
        let (right, wrong) = (Digest::of(b"1"), Digest::of(b"2"));
        assert_eq!(given().state(NOW), ApprovalState::Given);
        let no = |by: &str, seen| code(proposed().given(by, seen, NOW));
        assert_eq!(no("clerk-1", right), "APPROVAL_SAME_PERSON");
        assert_eq!(no("orchestrator~clerk-1", right), "APPROVAL_SAME_PERSON");
        assert_eq!(no("head", wrong), "APPROVAL_CHANGED");
        assert_eq!(code(given().given("other", right, NOW)), "APPROVAL_GIVEN");
        let late = proposed().given("head", right, later(31));
        assert_eq!(code(late), "APPROVAL_ENDED");
    }

    #[test]
    fn it_is_used_once_for_what_it_is_for_and_not_by_who_agreed() {
        let (right, wrong) = (Digest::of(b"1"), Digest::of(b"2"));
        let id = RequestId::parse("r").unwrap();
        let used = given().used(("clerk-1", &id), right, later(30)).unwrap();
        assert_eq!(used.state(NOW), ApprovalState::Used);
        assert_eq!(
            code(used.used(("clerk-1", &id), right, NOW)),
            "APPROVAL_USED"
        );
        let no = |approval: DualApproval, by: &str, does| code(approval.used((by, &id), does, NOW));
        assert_eq!(no(given(), "clerk-1", wrong), "APPROVAL_OTHER");
        assert_eq!(
            no(given(), "orchestrator~head", right),
            "APPROVAL_SAME_PERSON"
        );
        assert_eq!(no(proposed(), "clerk-1", right), "APPROVAL_NOT_GIVEN");
        let cancelled = given().cancelled("clerk-1", "r", NOW).unwrap();
        assert_eq!(no(cancelled, "clerk-1", right), "APPROVAL_ENDED");
        let revoked = given().revoked(NOW).unwrap();
        assert_eq!(no(revoked, "clerk-1", right), "APPROVAL_NOT_GIVEN");
        let expired = given().used(("clerk-1", &id), right, later(31));
        assert_eq!(code(expired), "APPROVAL_ENDED");
    }
}
