//! 人证核验: whether who was at a visit is the one insured, and what follows for its settlement.

use super::{Certificate, Person};
use crate::refusal::{
    CREDENTIAL_REVOKED, DOUBT_NOT_OPEN, IDENTITY_CHECK_UNKNOWN, IDENTITY_DOUBTED, IDENTITY_EXPIRED,
    IDENTITY_MISMATCH, IDENTITY_REQUIRED,
};
use kernel::{IdentityCheckId, Instant, InstitutionCode, PersonId, PersonName, Refusal, Scheme};

const DAY_MILLIS: i64 = 86_400_000;
/// How long a check settles its visit.
const CHECK_MILLIS: i64 = DAY_MILLIS;
/// How long a check at admission settles its stay: the longest stay that one bill may have, and the
/// days until it is billed.
const STAY_CHECK_MILLIS: i64 = 400 * DAY_MILLIS;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $text:literal;)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name {
            $($(#[$value_doc])* $value,)*
        }

        impl $name {
            /// As it is stored.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$value => $text,)*
                }
            }

            /// Reads what is stored.
            pub fn parse(text: &str) -> Option<$name> {
                match text {
                    $($text => Some($name::$value),)*
                    _ => None,
                }
            }
        }
    )*};
}

words! {
    /// 业务类型 (businessType).
    Purpose {
        /// 挂号, 建档 (01101, 01102).
        Register = "register";
        /// 入院登记 (01103).
        Admit = "admit";
        /// 结算, 药店购药 (01301, 02121).
        Settle = "settle";
    }

    /// 核验方式.
    Manner {
        /// 联网查询: the certificate alone.
        Query = "query";
        /// 人工核对.
        Manual = "manual";
        /// 视频核验.
        Video = "video";
    }
}

impl Purpose {
    /// Those by which a visit is settled.
    pub const SETTLING: [Purpose; 2] = [Purpose::Settle, Purpose::Admit];

    /// Until when a check of this moment settles its visit; none where it settles nothing.
    pub fn settles_until(self, now: Instant) -> Option<Instant> {
        match self {
            Purpose::Register => None,
            Purpose::Admit => Some(now.plus_millis(STAY_CHECK_MILLIS)),
            Purpose::Settle => Some(now.plus_millis(CHECK_MILLIS)),
        }
    }
}

impl Manner {
    /// Whether somebody was looked at, who may clear a doubt by it.
    pub fn looked(self) -> bool {
        self != Manner::Query
    }
}

/// 核验结果: what was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// 人证相符.
    Matched,
    /// 人证不符.
    NotMatched,
}

/// A check to make.
#[derive(Clone, Debug)]
pub struct NewCheck {
    /// 定点医药机构编号 (fixmedins_code): for whom.
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id): for which visit alone.
    pub visit_number: String,
    /// What it is for.
    pub purpose: Purpose,
    /// What was brought.
    pub certificate: Certificate,
    /// 姓名 (psn_name), where it is said.
    pub name: Option<PersonName>,
    /// How it is checked.
    pub manner: Manner,
    /// What was seen; a query sees what the certificate says.
    pub seen: Seen,
    /// 经办人 (opter).
    pub operator: String,
}

/// 人证核验: a check that was made.
#[derive(Clone, Debug)]
pub struct IdentityCheck {
    /// Its id.
    pub id: IdentityCheckId,
    /// Whom the certificate stands for.
    pub person: PersonId,
    /// For whom.
    pub institution: InstitutionCode,
    /// For which visit.
    pub visit_number: String,
    /// What it was for.
    pub purpose: Purpose,
    /// 就诊凭证类型 (mdtrt_cert_type).
    pub certificate: String,
    /// The card's or the token's id; none of an identity number.
    pub credential: Option<String>,
    /// How it was checked.
    pub manner: Manner,
    /// What was seen.
    pub seen: Seen,
    /// 经办人 (opter).
    pub operator: String,
    /// By whose request, when.
    pub made: (String, Instant),
    /// Until when it settles its visit; none where it never did.
    pub settles_until: Option<Instant>,
    /// Who or what cleared the doubt it raised.
    pub cleared: Option<Clearance>,
    /// When its request was withdrawn.
    pub withdrawn: Option<Instant>,
}

/// 解除存疑.
#[derive(Clone, Debug)]
pub struct Clearance {
    /// When.
    pub at: Instant,
    /// By whom.
    pub by: String,
    /// The check that saw the person after all.
    pub check: Option<IdentityCheckId>,
    /// Why; empty where a check cleared it.
    pub reason: String,
}

/// 人员 (baseinfo), as far as a desk needs it.
#[derive(Clone, Debug)]
pub struct CheckedPerson {
    /// The person.
    pub person: Person,
    /// 险种类型 (insutype) of the schemes whose benefits run today.
    pub schemes: Vec<Scheme>,
}

impl NewCheck {
    /// The check, of whom the certificate stands for.
    pub fn made(
        &self,
        id: IdentityCheckId,
        (person, credential): (PersonId, Option<String>),
        (by, now): (&str, Instant),
    ) -> IdentityCheck {
        let matched = self.seen == Seen::Matched;
        let settles_until = self.purpose.settles_until(now);
        IdentityCheck {
            id,
            person,
            institution: self.institution.clone(),
            visit_number: self.visit_number.clone(),
            purpose: self.purpose,
            certificate: self.certificate.code().to_string(),
            credential,
            manner: self.manner,
            seen: self.seen,
            operator: self.operator.clone(),
            made: (by.to_string(), now),
            settles_until: settles_until.filter(|_| matched),
            cleared: None,
            withdrawn: None,
        }
    }
}

impl IdentityCheck {
    /// True while nobody has cleared the doubt it raised, withdrawn or not.
    pub fn is_doubt(&self) -> bool {
        self.seen == Seen::NotMatched && self.cleared.is_none()
    }

    /// Whether anybody may see it: a withdrawn one only where it is a doubt, or was.
    pub fn is_there(&self) -> bool {
        self.withdrawn.is_none() || self.seen == Seen::NotMatched
    }

    /// Whether it clears the open doubts of its visit and person.
    pub fn clears(&self) -> bool {
        self.seen == Seen::Matched && self.manner.looked()
    }

    /// 解除存疑: only an open doubt is cleared.
    pub fn clearable(&self) -> Result<(), Refusal> {
        match self.is_doubt() {
            true => Ok(()),
            false => Err(named(&DOUBT_NOT_OPEN, self.id)),
        }
    }

    /// The refusal of a check that the caller does not have.
    pub fn unknown(id: impl std::fmt::Display) -> Refusal {
        named(&IDENTITY_CHECK_UNKNOWN, id)
    }
}

fn named(spec: &kernel::Spec, id: impl std::fmt::Display) -> Refusal {
    let no = spec.refuse().with("identity_check_id", id);
    no.at("identity_check_id")
}

/// Of which visit eligibility is asked, and what is shown for who was there.
#[derive(Clone, Debug)]
pub struct AtVisit {
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id).
    pub visit_number: String,
    /// The check that is shown.
    pub shown: Option<IdentityCheckId>,
    /// Whether one must be shown.
    pub required: bool,
}

/// What the area has of a visit's checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VisitFacts {
    /// The oldest check whose doubt is open.
    pub doubt: Option<String>,
    /// Of the check that is shown, where it is one of this person, institution and visit that settles:
    /// until when, and whether its credential was revoked since.
    pub shown: Option<(Instant, bool)>,
}

impl AtVisit {
    /// Whether the visit may be settled as far as it is known who was there.
    pub fn decide(&self, facts: &VisitFacts, now: Instant) -> Result<(), Refusal> {
        if let Some(doubt) = &facts.doubt {
            let no = IDENTITY_DOUBTED.refuse().at("visit_number");
            let no = no.with("institution_code", &self.institution);
            let no = no.with("visit_number", &self.visit_number);
            return Err(no.with("identity_check_id", doubt));
        }
        let Some(id) = self.shown else {
            return match self.required {
                false => Ok(()),
                true => {
                    let no = IDENTITY_REQUIRED.refuse().at("identity_check_id");
                    Err(no.with("visit_number", &self.visit_number))
                }
            };
        };
        match facts.shown {
            None => Err(named(&IDENTITY_MISMATCH, id)),
            Some((_, true)) => Err(named(&CREDENTIAL_REVOKED, id)),
            Some((until, false)) if until <= now => {
                let no = named(&IDENTITY_EXPIRED, id);
                Err(no.with("expired_at", until.in_shanghai()))
            }
            Some(_) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant::from_micros(1_519_862_400_000_000);
    const ID: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";

    /// Shown, required, doubt, what is found of the shown: the answer.
    #[test]
    fn what_a_visit_is_settled_by() {
        type Found = Option<(i64, bool)>;
        let table: &[(bool, bool, bool, Found, &str)] = &[
            (false, false, false, None, ""),
            (false, true, false, None, "IDENTITY_REQUIRED"),
            (false, true, true, None, "IDENTITY_DOUBTED"),
            (true, false, false, None, "IDENTITY_MISMATCH"),
            (true, true, false, Some((1, false)), ""),
            (true, true, false, Some((0, false)), "IDENTITY_EXPIRED"),
            (true, true, false, Some((0, true)), "CREDENTIAL_REVOKED"),
            (true, true, true, Some((1, false)), "IDENTITY_DOUBTED"),
        ];
        for (shown, required, doubt, found, expected) in table {
            let visit = AtVisit {
                institution: InstitutionCode::parse("H15250100001").unwrap(),
                visit_number: "V-1".into(),
                shown: shown.then(|| IdentityCheckId::parse(ID).unwrap()),
                required: *required,
            };
            let facts = VisitFacts {
                doubt: doubt.then(|| ID.to_string()),
                shown: found.map(|(millis, revoked)| (NOW.plus_millis(millis), revoked)),
            };
            let told = visit.decide(&facts, NOW).map_err(|no| no.code.to_string());
            let told = told.err().unwrap_or_default();
            assert_eq!(told, *expected, "{shown} {required} {doubt} {found:?}");
        }
    }

    #[test]
    fn registration_settles_nothing_and_admission_a_whole_stay() {
        assert_eq!(Purpose::Register.settles_until(NOW), None);
        let day = NOW.plus_millis(DAY_MILLIS);
        assert_eq!(Purpose::Settle.settles_until(NOW), Some(day));
        assert!(Purpose::Admit.settles_until(NOW) > Some(NOW.plus_millis(366 * DAY_MILLIS)));
    }
}
