//! A referral and what may become of it.
//!
//! A referral is three facts, each made by one request: that it was asked for, its approval, its
//! use. Where it stands is read off the facts and never stored. So a withdrawal takes away the one
//! fact its request made and nothing else, and is right at every moment and in every order.

use super::bar::barred;
use super::request::NewReferral;
use crate::refusal::{
    REFERRAL_EXPIRED, REFERRAL_FOR_OTHERS, REFERRAL_NOT_APPROVED, REFERRAL_NOT_REQUESTED,
    REFERRAL_USED, SAME_INSTITUTION,
};
use kernel::{Day, Instant, InstitutionCode, PersonId, ReferralId, Refusal, RequestId, Spec};

/// 有效期: one referral is good for three months and one stay
/// (interregional-payment-referral.md C3, "One referral").
pub const VALID_MONTHS: u32 = 3;

/// 转诊 (2501).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Referral {
    /// 待遇申报明细流水号 (trt_dcla_detl_sn).
    pub id: ReferralId,
    /// What was asked for.
    pub wanted: NewReferral,
    /// The first day after its validity.
    pub until: Day,
    /// When the request for it was withdrawn.
    pub withdrawn: Option<Instant>,
    /// The approval that stands.
    pub approval: Option<Approval>,
    /// The use that stands.
    pub usage: Option<Usage>,
}

/// 审核: an approval and the request that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval {
    /// Which request approved.
    pub by: Author,
    /// 审核意见 (refl_opnn).
    pub opinion: String,
}

/// 使用: the stay that used it and the request that said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Which request used it.
    pub by: Author,
    /// 就诊ID (mdtrt_id).
    pub visit_number: String,
    /// Day of admission.
    pub admission: Day,
}

/// A stay that wants to rest on a referral.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stay {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 定点医药机构编号 (fixmedins_code).
    pub institution: InstitutionCode,
    /// 就诊ID (mdtrt_id).
    pub visit_number: String,
    /// Day of admission.
    pub admission: Day,
}

/// The request that made a fact: its caller and its id. Only it can take the fact away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author(pub String);

/// Where a referral stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// 待审核.
    Requested,
    /// 已审核.
    Approved,
    /// 已使用.
    Used,
    /// 已撤回.
    Withdrawn,
}

impl Referral {
    /// 申请: a referral leads to another institution, which is not barred.
    pub fn request(
        id: ReferralId,
        wanted: NewReferral,
        barred_until: Option<Day>,
    ) -> Result<Referral, Refusal> {
        if wanted.from_institution == wanted.to_institution {
            return Err(SAME_INSTITUTION
                .refuse()
                .with("institution_code", &wanted.to_institution)
                .at("to_institution_code"));
        }
        if let Some(until) = barred_until {
            return Err(barred(&wanted.to_institution, until).at("to_institution_code"));
        }
        Ok(Referral {
            id,
            until: wanted.from.plus_months(VALID_MONTHS),
            wanted,
            withdrawn: None,
            approval: None,
            usage: None,
        })
    }

    /// Where it stands. A stay that has used it counts for more than an approval withdrawn
    /// afterwards; a request withdrawn counts for more than everything that rested on it.
    pub fn state(&self) -> State {
        match (&self.withdrawn, &self.usage, &self.approval) {
            (Some(_), _, _) => State::Withdrawn,
            (None, Some(_), _) => State::Used,
            (None, None, Some(_)) => State::Approved,
            (None, None, None) => State::Requested,
        }
    }

    /// 审核: once, while nothing else has happened and its institution is not barred.
    pub fn approve(
        self,
        approval: Approval,
        barred_until: Option<Day>,
    ) -> Result<Referral, Refusal> {
        if self.state() != State::Requested {
            return Err(self.no(&REFERRAL_NOT_REQUESTED));
        }
        self.leads_somewhere(barred_until)?;
        Ok(Referral {
            approval: Some(approval),
            ..self
        })
    }

    /// 使用: by one stay of its person, in the institution it leads to, inside its validity, and
    /// while that institution is not barred.
    pub fn put_to_use(
        self,
        by: Author,
        stay: &Stay,
        barred_until: Option<Day>,
    ) -> Result<Referral, Refusal> {
        match self.state() {
            State::Approved => {}
            State::Used => return Err(self.no(&REFERRAL_USED)),
            State::Requested | State::Withdrawn => {
                return Err(self.no(&REFERRAL_NOT_APPROVED));
            }
        }
        if !(self.wanted.from..self.until).contains(&stay.admission) {
            return Err(self
                .no(&REFERRAL_EXPIRED)
                .with("admission_day", stay.admission)
                .with("from_day", self.wanted.from)
                .with("until_day", self.until)
                .at("admission_day"));
        }
        if self.wanted.person != stay.person {
            return Err(self.no(&REFERRAL_FOR_OTHERS).at("person_id"));
        }
        if self.wanted.to_institution != stay.institution {
            return Err(self.no(&REFERRAL_FOR_OTHERS).at("institution_code"));
        }
        self.leads_somewhere(barred_until)?;
        let usage = Usage {
            by,
            visit_number: stay.visit_number.clone(),
            admission: stay.admission,
        };
        Ok(Referral {
            usage: Some(usage),
            ..self
        })
    }

    /// Takes the request away. Approval and use are kept, to show what had rested on it.
    pub fn without_request(self, now: Instant) -> Option<Referral> {
        self.withdrawn.is_none().then_some(Referral {
            withdrawn: Some(now),
            ..self
        })
    }

    /// Takes away the approval this request gave; nothing when another's stands.
    pub fn without_approval(self, by: &Author) -> Option<Referral> {
        let own = self.approval.as_ref().is_some_and(|a| a.by == *by);
        own.then_some(Referral {
            approval: None,
            ..self
        })
    }

    /// Takes away the use this request made; nothing when another's stands.
    pub fn without_use(self, by: &Author) -> Option<Referral> {
        let own = self.usage.as_ref().is_some_and(|u| u.by == *by);
        own.then_some(Referral {
            usage: None,
            ..self
        })
    }

    fn leads_somewhere(&self, barred_until: Option<Day>) -> Result<(), Refusal> {
        match barred_until {
            Some(until) => Err(barred(&self.wanted.to_institution, until).at("referral_id")),
            None => Ok(()),
        }
    }

    fn no(&self, spec: &Spec) -> Refusal {
        spec.refuse()
            .with("referral_id", self.id)
            .with("state", self.state().term())
            .at("referral_id")
    }
}

impl Author {
    /// The request of this caller with this id. An id has no space in it, so two never look alike.
    pub fn of(caller: &str, request_id: &RequestId) -> Author {
        Author(format!("{caller} {request_id}"))
    }
}

impl State {
    /// The name in events.
    pub fn as_str(self) -> &'static str {
        match self {
            State::Requested => "requested",
            State::Approved => "approved",
            State::Used => "used",
            State::Withdrawn => "withdrawn",
        }
    }

    /// The Chinese term.
    pub fn term(self) -> &'static str {
        match self {
            State::Requested => "待审核",
            State::Approved => "已审核",
            State::Used => "已使用",
            State::Withdrawn => "已撤回",
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::domain::ReferralType;
    use crate::refusal::INSTITUTION_BARRED;
    use kernel::DiagnosisCode;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn person(last: char) -> PersonId {
        PersonId::parse(&format!("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398{last}")).unwrap()
    }

    fn hospital(number: u32) -> InstitutionCode {
        InstitutionCode::parse(&format!("H{number:011}")).unwrap()
    }

    /// The request R1 of a caller.
    pub fn by(who: &str) -> Author {
        Author::of(who, &RequestId::parse("R1").unwrap())
    }

    fn wanted() -> NewReferral {
        NewReferral {
            person: person('f'),
            from_institution: hospital(1),
            to_institution: hospital(2),
            kind: ReferralType::InCity,
            diagnosis: DiagnosisCode::parse("I63.900").unwrap(),
            reason: "需进一步诊治".into(),
            from: day("2017-03-10"),
        }
    }

    /// A stay that may use it.
    pub fn stay() -> Stay {
        Stay {
            person: person('f'),
            institution: hospital(2),
            visit_number: "Z1".into(),
            admission: day("2017-03-12"),
        }
    }

    /// What may be done to a referral.
    #[derive(Clone, Copy, Debug, PartialEq)]
    #[allow(missing_docs)]
    pub enum Act {
        Approve,
        Use,
        WithdrawRequest,
        WithdrawApproval,
        WithdrawUse,
    }
    use Act::*;

    /// What an act makes of a referral: a refusal's code, or the state, "nothing" if it changed
    /// nothing.
    fn act(referral: &Referral, act: Act) -> Result<Referral, String> {
        let referral = referral.clone();
        let told = |no: Refusal| no.code.to_string();
        let nothing = || "nothing".to_string();
        let opinion = "同意".to_string();
        match act {
            Approve => referral
                .approve(
                    Approval {
                        by: by("A"),
                        opinion,
                    },
                    None,
                )
                .map_err(told),
            Use => referral.put_to_use(by("U"), &stay(), None).map_err(told),
            WithdrawRequest => referral
                .without_request(Instant::from_micros(7))
                .ok_or_else(nothing),
            WithdrawApproval => referral.without_approval(&by("A")).ok_or_else(nothing),
            WithdrawUse => referral.without_use(&by("U")).ok_or_else(nothing),
        }
    }

    /// A referral after all that.
    pub fn after(acts: &[Act]) -> Referral {
        let requested = Referral::request(ReferralId(person('0').0), wanted(), None).unwrap();
        acts.iter().fold(requested, |referral, next| {
            act(&referral, *next).unwrap_or_else(|no| panic!("{acts:?} at {next:?}: {no}"))
        })
    }

    #[test]
    fn every_act_in_every_situation() {
        const NOT_REQUESTED: Result<State, &str> = Err("REFERRAL_NOT_REQUESTED");
        const NOT_APPROVED: Result<State, &str> = Err("REFERRAL_NOT_APPROVED");
        const IS_USED: Result<State, &str> = Err("REFERRAL_USED");
        const NOTHING: Result<State, &str> = Err("nothing");
        const REQUESTED: Result<State, &str> = Ok(State::Requested);
        const APPROVED: Result<State, &str> = Ok(State::Approved);
        const USED: Result<State, &str> = Ok(State::Used);
        const WITHDRAWN: Result<State, &str> = Ok(State::Withdrawn);
        // What went before; then Approve, Use, WithdrawRequest, WithdrawApproval, WithdrawUse.
        type Row<'a> = (&'a [Act], [Result<State, &'a str>; 5]);
        #[rustfmt::skip]
        let table: [Row; 8] = [
            (&[],             [APPROVED,      NOT_APPROVED, WITHDRAWN, NOTHING,   NOTHING]),
            (&[Approve],      [NOT_REQUESTED, USED,         WITHDRAWN, REQUESTED, NOTHING]),
            (&[Approve, Use], [NOT_REQUESTED, IS_USED,      WITHDRAWN, USED,      APPROVED]),
            (&[Approve, Use, WithdrawApproval],
                              [NOT_REQUESTED, IS_USED,      WITHDRAWN, NOTHING,   REQUESTED]),
            (&[Approve, Use, WithdrawUse],
                              [NOT_REQUESTED, USED,         WITHDRAWN, REQUESTED, NOTHING]),
            (&[WithdrawRequest],
                              [NOT_REQUESTED, NOT_APPROVED, NOTHING,   NOTHING,   NOTHING]),
            (&[Approve, WithdrawRequest],
                              [NOT_REQUESTED, NOT_APPROVED, NOTHING,   WITHDRAWN, NOTHING]),
            (&[Approve, Use, WithdrawRequest],
                              [NOT_REQUESTED, NOT_APPROVED, NOTHING,   WITHDRAWN, WITHDRAWN]),
        ];
        for (before, expected) in table {
            let referral = after(before);
            let acts = [Approve, Use, WithdrawRequest, WithdrawApproval, WithdrawUse];
            for (next, expected) in acts.into_iter().zip(expected) {
                let became = act(&referral, next).map(|referral| referral.state());
                let expected = expected.map_err(String::from);
                assert_eq!(became, expected, "{next:?} after {before:?}");
            }
        }
    }

    #[test]
    fn withdrawals_come_to_the_same_in_every_order() {
        let orders = [
            [WithdrawRequest, WithdrawApproval, WithdrawUse],
            [WithdrawRequest, WithdrawUse, WithdrawApproval],
            [WithdrawApproval, WithdrawRequest, WithdrawUse],
            [WithdrawApproval, WithdrawUse, WithdrawRequest],
            [WithdrawUse, WithdrawRequest, WithdrawApproval],
            [WithdrawUse, WithdrawApproval, WithdrawRequest],
        ];
        for order in orders {
            let used = after(&[Approve, Use]);
            let undone = order.iter().fold(used, |r, next| act(&r, *next).unwrap());
            assert_eq!(undone, after(&[WithdrawRequest]), "{order:?}");
        }
    }

    #[test]
    fn nobody_takes_away_what_another_request_made() {
        let used = after(&[Approve, Use]);
        assert_eq!(used.clone().without_use(&by("A")), None);
        assert_eq!(used.clone().without_approval(&by("U")), None);
    }

    #[test]
    fn refusals_of_a_use_in_their_order() {
        let other_person = |stay: Stay| Stay {
            person: person('0'),
            ..stay
        };
        let other_hospital = |stay: Stay| Stay {
            institution: hospital(1),
            ..stay
        };
        let on = |text: &str| Stay {
            admission: day(text),
            ..stay()
        };
        let expired = ("REFERRAL_EXPIRED", "admission_day");
        let for_others = "REFERRAL_FOR_OTHERS";
        let cases = [
            (on("2017-03-09"), expired),
            (on("2017-06-10"), expired),
            (other_person(on("2017-06-10")), expired),
            (
                other_person(other_hospital(stay())),
                (for_others, "person_id"),
            ),
            (other_hospital(stay()), (for_others, "institution_code")),
        ];
        for (stay, (code, field)) in cases {
            let no = after(&[Approve])
                .put_to_use(by("U"), &stay, None)
                .unwrap_err();
            let told = (no.code.as_ref(), no.field.as_deref());
            assert_eq!(told, (code, Some(field)), "{stay:?}");
            assert!(!no.sentence().contains('{'), "{}", no.sentence());
        }
        for inside in ["2017-03-10", "2017-06-09"] {
            let used = after(&[Approve]).put_to_use(by("U"), &on(inside), None);
            assert_eq!(used.map(|r| r.state()), Ok(State::Used), "{inside}");
        }
    }

    #[test]
    fn nobody_is_referred_to_a_barred_institution() {
        let until = Some(day("2017-06-01"));
        let id = ReferralId(person('0').0);
        let opinion = "同意".to_string();
        let approval = Approval {
            by: by("A"),
            opinion,
        };
        let cases = [
            (
                Referral::request(id, wanted(), until),
                "to_institution_code",
            ),
            (after(&[]).approve(approval.clone(), until), "referral_id"),
            (
                after(&[Approve]).put_to_use(by("U"), &stay(), until),
                "referral_id",
            ),
        ];
        for (told, field) in cases {
            let no = told.unwrap_err();
            assert!(no.is(&INSTITUTION_BARRED), "{}", no.code);
            assert_eq!(no.field.as_deref(), Some(field));
            assert!(!no.sentence().contains('{'), "{}", no.sentence());
        }
        // What would be refused anyway is refused for its own reason.
        let no = after(&[Approve]).approve(approval, until).unwrap_err();
        assert!(no.is(&REFERRAL_NOT_REQUESTED));
        let no = after(&[]).put_to_use(by("U"), &stay(), until).unwrap_err();
        assert!(no.is(&REFERRAL_NOT_APPROVED));
    }

    #[test]
    fn a_referral_leads_to_another_institution_and_lasts_three_months() {
        let home = NewReferral {
            to_institution: hospital(1),
            ..wanted()
        };
        let no = Referral::request(ReferralId(person('0').0), home, None).unwrap_err();
        assert!(no.is(&SAME_INSTITUTION));
        assert_eq!(no.field.as_deref(), Some("to_institution_code"));
        // The 30th of November and three months is the last day of February, which is outside.
        for (from, until) in [
            ("2017-03-10", "2017-06-10"),
            ("2016-11-30", "2017-02-28"),
            ("2999-12-01", "2999-12-31"),
        ] {
            let wanted = NewReferral {
                from: day(from),
                ..wanted()
            };
            let referral = Referral::request(ReferralId(person('0').0), wanted, None).unwrap();
            assert_eq!(referral.until, day(until), "{from}");
        }
    }
}
