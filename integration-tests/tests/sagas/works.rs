//! What the sagas are asked to do: each job with people, referrals and institutions of its own.

use integration_tests::{CLINIC, HOSPITAL, World, patient, stay, visit};
use proto::common::{Claim, Filing};
use proto::orchestrator as pb;
use proto::orchestrator::get_outcome_request::Method;
use proto::{enrollment, referral, settlement};
use tonic::{Request, Status};

/// What a saga is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// 结算 with a referral.
    Settle,
    /// The same for a visit that is settled already: the pivot's no, after the referral was used.
    SettleRefused,
    /// The same with a referral that nobody approved: the first step's no.
    SettleUnreferred,
    /// 先诊疗后付费, 入院, with a referral.
    Admit,
    /// The same, done and discharged before.
    AdmitDischarged,
    /// 出院: the claim of a guaranteed stay.
    Discharge,
    /// 撤销 of a settlement that used a referral.
    Reverse,
    /// 参保缴费 with a subsidy.
    Enrol,
    /// 整批结算: three claims of two people.
    Together,
    /// The same with a last claim that cannot be settled.
    TogetherRefused,
    /// 暂停联网结算 of an institution.
    SuspendInstitution,
    /// 暂停联网结算 of a person.
    SuspendPerson,
}

/// One request, ready to be sent again and again.
pub struct Job {
    /// Its id.
    pub id: String,
    /// The method, as GetOutcome and Withdraw name it.
    pub method: Method,
    /// Whose accumulators it may change.
    pub people: Vec<String>,
    ask: Ask,
}

enum Ask {
    Settle(Box<Claim>),
    Together(Vec<Claim>),
    Reverse(String),
    Admit(pb::Admission),
    Enrol(pb::EnrolRequest),
    Suspend(pb::SuspendOnlineSettlementRequest),
}

impl Job {
    /// Makes all that the work needs, with nothing failing.
    pub async fn prepare(world: &World, work: Work, n: usize) -> Job {
        let visit_number = format!("V{n}");
        let (mut people, method, ask) = match work {
            Work::Settle | Work::SettleRefused | Work::SettleUnreferred => {
                let person = world.insured(None).await;
                let approve = work != Work::SettleUnreferred;
                let referral = referral(world, &person, n, approve).await;
                if work == Work::SettleRefused {
                    let other = world.insured(None).await;
                    let earlier = stay(&other, &visit_number, 3_000);
                    world
                        .settle(&format!("earlier-{n}"), earlier)
                        .await
                        .unwrap();
                }
                let claim = referred(stay(&person, &visit_number, 8_000), &referral);
                (vec![person], Method::Settle, Ask::Settle(Box::new(claim)))
            }
            Work::Admit | Work::AdmitDischarged => {
                let person = world.insured(None).await;
                let referral = referral(world, &person, n, true).await;
                let admission = admission(&person, &visit_number, &referral);
                if work == Work::AdmitDischarged {
                    discharged(world, &format!("job-{n}"), admission.clone()).await;
                }
                (vec![person], Method::Admit, Ask::Admit(admission))
            }
            Work::Discharge => {
                let person = world.insured(None).await;
                let request = pb::AdmitRequest {
                    request_id: format!("admit-{n}"),
                    admission: Some(admission(&person, &visit_number, "")),
                };
                let mut client = world.clerk().orchestrator();
                let admitted = client.admit(patient(request)).await.unwrap().into_inner();
                let claim = Claim {
                    guarantee_id: admitted.guarantee.unwrap().guarantee_id,
                    ..stay(&person, &visit_number, 8_000)
                };
                (vec![person], Method::Settle, Ask::Settle(Box::new(claim)))
            }
            Work::Reverse => {
                let person = world.insured(None).await;
                let referral = referral(world, &person, n, true).await;
                let claim = referred(stay(&person, &visit_number, 8_000), &referral);
                let settled = world.settle(&format!("earlier-{n}"), claim).await.unwrap();
                (
                    vec![person],
                    Method::Reverse,
                    Ask::Reverse(settled.settlement_id),
                )
            }
            Work::Enrol => {
                let person = world.person().await;
                let request = enrolment(world, &person, n).await;
                (vec![person], Method::Enrol, Ask::Enrol(request))
            }
            Work::Together | Work::TogetherRefused => {
                // Held in the order of their ids: where the other's claim is refused, one is held.
                let mut two = [world.insured(None).await, world.insured(None).await];
                two.sort();
                let [one, other] = two;
                let last = match work {
                    Work::TogetherRefused => {
                        let settled = stay(&one, &format!("{visit_number}c"), 2_000);
                        let id = format!("earlier-{n}");
                        world.settle(&id, settled).await.unwrap();
                        stay(&other, &format!("{visit_number}c"), 9_000)
                    }
                    _ => visit(&one, &format!("{visit_number}c"), "2017-05-02", 6_000),
                };
                let claims = vec![
                    visit(&one, &format!("{visit_number}a"), "2017-04-03", 5_000),
                    visit(&other, &format!("{visit_number}b"), "2017-04-03", 7_000),
                    last,
                ];
                (
                    vec![one, other],
                    Method::SettleTogether,
                    Ask::Together(claims),
                )
            }
            Work::SuspendInstitution | Work::SuspendPerson => {
                let mut request = pb::SuspendOnlineSettlementRequest {
                    from_day: "2018-03-01".into(),
                    until_day: "2018-07-01".into(),
                    decision_number: format!("医保处〔2018〕{n}号"),
                    reason: "测试暂停".into(),
                    ..Default::default()
                };
                let mut people = Vec::new();
                match work {
                    Work::SuspendPerson => {
                        people.push(world.insured(None).await);
                        request.person_id = people[0].clone();
                    }
                    _ => request.institution_code = institution(world, n).await,
                }
                (
                    people,
                    Method::SuspendOnlineSettlement,
                    Ask::Suspend(request),
                )
            }
        };
        people.dedup();
        Job {
            id: format!("job-{n}"),
            method,
            people,
            ask,
        }
    }

    /// Sends it once; true when the answer is a replay.
    pub async fn send(&self, world: &World, request: Request<()>) -> Result<bool, Status> {
        let mut client = world.clerk().orchestrator();
        let request_id = self.id.clone();
        Ok(match &self.ask {
            Ask::Settle(claim) => {
                let message = pb::SettleRequest {
                    request_id,
                    claim: Some((**claim).clone()),
                    basis: None,
                    ..Default::default()
                };
                client
                    .settle(request.map(|()| message))
                    .await?
                    .into_inner()
                    .replayed
            }
            Ask::Together(claims) => {
                let message = pb::SettleTogetherRequest {
                    request_id,
                    claims: claims.clone(),
                };
                let answer = client.settle_together(request.map(|()| message)).await?;
                let answer = answer.into_inner();
                let visits = answer.settlements.iter().map(|s| s.visit_number.as_str());
                assert!(visits.eq(claims.iter().map(|c| c.visit_number.as_str())));
                answer.replayed
            }
            Ask::Reverse(settlement_id) => {
                let message = pb::ReverseRequest {
                    request_id,
                    settlement_id: settlement_id.clone(),
                    reason: "测试撤销".into(),
                };
                client
                    .reverse(request.map(|()| message))
                    .await?
                    .into_inner()
                    .replayed
            }
            Ask::Admit(admission) => {
                let message = pb::AdmitRequest {
                    request_id,
                    admission: Some(admission.clone()),
                };
                client
                    .admit(request.map(|()| message))
                    .await?
                    .into_inner()
                    .replayed
            }
            Ask::Enrol(message) => {
                let message = pb::EnrolRequest {
                    request_id,
                    ..message.clone()
                };
                client
                    .enrol(request.map(|()| message))
                    .await?
                    .into_inner()
                    .replayed
            }
            Ask::Suspend(message) => {
                let message = pb::SuspendOnlineSettlementRequest {
                    request_id,
                    ..message.clone()
                };
                let answer = client.suspend_online_settlement(request.map(|()| message));
                answer.await?.into_inner().replayed
            }
        })
    }
}

fn referred(claim: Claim, referral_id: &str) -> Claim {
    Claim {
        referral_id: referral_id.into(),
        filing: Filing::Referred.into(),
        ..claim
    }
}

fn admission(person: &str, visit_number: &str, referral_id: &str) -> pb::Admission {
    pb::Admission {
        person_id: person.into(),
        institution_code: HOSPITAL.into(),
        visit_number: visit_number.into(),
        scheme: "390".into(),
        med_type: "21".into(),
        begin_day: "2017-03-01".into(),
        diagnosis_code: "J18.900".into(),
        referral_id: referral_id.into(),
        estimate_fen: 900_000,
    }
}

/// Admits and discharges: the stay used the referral.
async fn discharged(world: &World, id: &str, admission: pb::Admission) {
    let claim = stay(&admission.person_id, &admission.visit_number, 8_000);
    let request = pb::AdmitRequest {
        request_id: id.into(),
        admission: Some(admission),
    };
    let mut client = world.clerk().orchestrator();
    let admitted = client.admit(patient(request)).await.unwrap().into_inner();
    let claim = Claim {
        guarantee_id: admitted.guarantee.unwrap().guarantee_id,
        filing: Filing::Referred.into(),
        ..claim
    };
    world
        .settle(&format!("discharge-{id}"), claim)
        .await
        .unwrap();
}

async fn referral(world: &World, person: &str, n: usize, approve: bool) -> String {
    let mut client = world.clerk().referral();
    let request = referral::RequestReferralRequest {
        request_id: format!("referral-{n}"),
        person_id: person.into(),
        from_institution_code: CLINIC.into(),
        to_institution_code: HOSPITAL.into(),
        referral_type: "1".into(),
        diagnosis_code: "J18.900".into(),
        reason: "测试转诊".into(),
        from_day: "2017-02-20".into(),
    };
    let answer = client.request_referral(request).await.unwrap().into_inner();
    let referral_id = answer.referral.unwrap().referral_id;
    if approve {
        let request = referral::ApproveReferralRequest {
            request_id: format!("approval-{n}"),
            referral_id: referral_id.clone(),
            opinion: "同意".into(),
        };
        client.approve_referral(request).await.unwrap();
    }
    referral_id
}

async fn enrolment(world: &World, person: &str, n: usize) -> pb::EnrolRequest {
    let mut client = world.clerk().enrollment();
    let request = enrollment::RecordIdentityRequest {
        request_id: format!("identity-{n}"),
        person_id: person.into(),
        kind: "2303".into(),
        from_day: "2016-01-01".into(),
        until_day: String::new(),
    };
    client.record_identity(request).await.unwrap();
    let quote = enrollment::QuoteSubsidyRequest {
        person_id: person.into(),
        scheme: "390".into(),
        year: 2017,
        paid_day: "2016-11-15".into(),
        ..Default::default()
    };
    let quoted = client.quote_subsidy(quote).await.unwrap().into_inner();
    pb::EnrolRequest {
        person_id: person.into(),
        scheme: "390".into(),
        year: 2017,
        paid_day: "2016-11-15".into(),
        paid_fen: quoted.subsidy.unwrap().to_pay_fen,
        ..Default::default()
    }
}

async fn institution(world: &World, n: usize) -> String {
    let code = format!("H15250{:06}", 200_000 + n);
    let institution = settlement::Institution {
        institution_code: code.clone(),
        name: "测试机构".into(),
        tier: "2".into(),
        kind: "A1".into(),
        agreement_from_day: "2010-01-01".into(),
        ..Default::default()
    };
    let request = settlement::RegisterInstitutionRequest {
        request_id: format!("institution-{n}"),
        institution: Some(institution),
    };
    let mut client = world.clerk().settlement();
    client.register_institution(request).await.unwrap();
    code
}
