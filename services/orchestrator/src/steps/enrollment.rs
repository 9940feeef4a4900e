//! What is asked of enrollment.

use super::paths::{ADMISSION, CLAIM, PLAIN, told};
use super::{Kept, Ports, carried, gone, present};
use crate::wire::{Admit, Claim, Enrol, LateFacts, Member};
use kernel::{Day, Fault, IdentityCheckId, PersonId, Role, Scheme};
use proto::enrollment as pb;
use proto::enrollment::enrollment_service_client::EnrollmentServiceClient;
use runtime::Wire;
use saga::{Step, Undo};
use std::sync::Arc;

/// 参保: a year of coverage with its subsidy.
pub type Coverage = pb::Coverage;

/// 待遇检查 (2001): what enrollment says of a person on a day. That the funds may not pay is an
/// answer, not a refusal.
pub struct CheckEligibility {
    /// 人员编号 (psn_no).
    pub person: PersonId,
    /// 险种类型 (insutype).
    pub scheme: Scheme,
    /// The day.
    pub day: Day,
    /// Of which visit; none of a person alone.
    visit: Option<Visit>,
    /// What the caller calls what they asked about.
    pub named: &'static str,
}

/// A visit at which somebody was.
struct Visit {
    /// 定点医药机构编号 (fixmedins_code).
    institution: String,
    /// 就诊ID (mdtrt_id).
    number: String,
    /// 人证核验 that is shown.
    shown: Option<IdentityCheckId>,
    /// Whether money moves by the answer.
    settles: bool,
}

impl CheckEligibility {
    /// Of a claim's person, on its last day, and of who was at its visit: to price it.
    pub fn of(claim: &Claim, shown: Option<IdentityCheckId>) -> CheckEligibility {
        CheckEligibility {
            person: claim.person,
            scheme: claim.scheme.clone(),
            day: claim.last_day,
            visit: Some(Visit {
                institution: claim.institution.to_string(),
                number: claim.message.visit_number.clone(),
                shown,
                settles: false,
            }),
            named: CLAIM,
        }
    }

    /// The same, to settle it.
    pub fn to_settle(claim: &Claim, shown: Option<IdentityCheckId>) -> CheckEligibility {
        let mut asked = CheckEligibility::of(claim, shown);
        asked.visit = asked.visit.map(|visit| Visit {
            settles: true,
            ..visit
        });
        asked
    }

    /// 待遇追溯: of a person whose settlements are looked at again, on the day of one of them.
    pub fn once_more(facts: &LateFacts, day: Day) -> CheckEligibility {
        CheckEligibility {
            person: facts.person,
            scheme: facts.scheme.clone(),
            day,
            visit: None,
            named: PLAIN,
        }
    }

    /// Of a person to admit, on the day of admission.
    pub fn on_admission(admit: &Admit) -> CheckEligibility {
        CheckEligibility {
            person: admit.person,
            scheme: admit.scheme.clone(),
            day: admit.admission,
            visit: Some(Visit {
                institution: admit.institution.to_string(),
                number: admit.message.visit_number.clone(),
                shown: None,
                settles: false,
            }),
            named: ADMISSION,
        }
    }
}

impl Step for CheckEligibility {
    const NAME: &'static str = "enrollment.check_eligibility";
    type Ports = Ports;
    type Output = Kept<Member>;

    async fn run(&self, ports: &Ports, _: &str) -> Result<Kept<Member>, Fault> {
        let mut request = pb::CheckEligibilityRequest {
            person_id: self.person.to_string(),
            scheme: self.scheme.to_string(),
            as_of_day: self.day.to_string(),
            ..Default::default()
        };
        if let Some(visit) = &self.visit {
            let by_institution = ports.principal.has(Role::Institution);
            request.institution_code = visit.institution.clone();
            request.visit_number = visit.number.clone();
            request.identity_check_id = visit.shown.map(|id| id.to_string()).unwrap_or_default();
            request.identity_required = visit.settles && by_institution && ports.identity_required;
        }
        let mut enrollment = client(ports);
        let answer = ports.ask(request, |request| enrollment.check_eligibility(request));
        let answer = answer.await.map_err(told(self.named))?;
        present(answer.member, "member").map(Kept)
    }
}

/// That the area has a person of this id.
pub struct FindPerson(pub String);

impl Step for FindPerson {
    const NAME: &'static str = "enrollment.get_person";
    type Ports = Ports;
    type Output = ();

    async fn run(&self, ports: &Ports, _: &str) -> Result<(), Fault> {
        let request = pb::GetPersonRequest {
            person_id: self.0.clone(),
        };
        let mut enrollment = client(ports);
        let answer = ports.ask(request, |request| enrollment.get_person(request));
        answer.await.map(drop)
    }
}

/// 参保缴费: enrols a person for a year.
pub struct EnrolPerson(pub Arc<Enrol>);

impl Step for EnrolPerson {
    const NAME: &'static str = "enrollment.enrol_person";
    type Ports = Ports;
    type Output = Kept<Coverage>;

    async fn run(&self, ports: &Ports, key: &str) -> Result<Kept<Coverage>, Fault> {
        let message = &self.0.message;
        let request = pb::EnrolPersonRequest {
            request_id: key.to_string(),
            origin: carried(self.0.origin),
            person_id: message.person_id.clone(),
            scheme: message.scheme.clone(),
            year: message.year,
            paid_day: message.paid_day.clone(),
            paid_fen: message.paid_fen,
            exempt_from_waiting: message.exempt_from_waiting,
            fee_tier: message.fee_tier.clone(),
            repaid_years: message.repaid_years,
            enrolment_way: message.enrolment_way.clone(),
            person_type: message.person_type.clone(),
            covered_by: message.covered_by.clone(),
        };
        let mut enrollment = client(ports);
        let answer = ports.change(request, |request| enrollment.enrol_person(request));
        present(answer.await?.coverage, "coverage").map(Kept)
    }
}

impl Undo for EnrolPerson {
    async fn undo(&self, ports: &Ports, key: &str) -> Result<(), Fault> {
        let request = pb::WithdrawEnrolPersonRequest {
            original_request_id: key.to_string(),
        };
        let mut enrollment = client(ports);
        let answer = ports.change(request, |r| enrollment.withdraw_enrol_person(r));
        gone(answer.await?.outcome)
    }
}

fn client(ports: &Ports) -> EnrollmentServiceClient<Wire> {
    EnrollmentServiceClient::new(ports.peers.enrollment.clone())
}
