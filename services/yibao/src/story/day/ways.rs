//! 逐笔: what is brought by itself, each in the way of its kind: registered with lines, checked after
//! an accident, admitted without a deposit, referred, or paid by the patient and reimbursed.

use super::claims::{Planned, days_before};
use super::kinds::{KINDS, TOWNSHIP, Way};
use super::{identities, patient};
use crate::desk::Desk;
use prost_types::Timestamp;
use proto::common::{Claim, ClaimLine, Filing, Settlement};
use proto::orchestrator as pb;
use proto::orchestrator::accident_check::{Conclusion, Item};
use proto::referral::{ApproveReferralRequest, RequestReferralRequest};
use tonic::Status;

/// Who asks for referrals.
const DOCTOR: &str = "demo-referrals";
/// Who keeps 零星报销, and who approves them.
const CLERK: &str = "demo-clerk";
const SECOND_CLERK: &str = "demo-second";
/// 首诊机构 refers to another one in the city.
const IN_CITY: &str = "1";
/// 预计费用 on admission.
const ESTIMATE_FEN: i64 = 500_000;
/// How many days before its end a stay in parts was settled.
const LAST_PART: u32 = 10;
/// What others answer for of an accident, in basis points.
const LIABLE_BP: i32 = 3_000;

/// 外伤: what happened, and whether the funds pay first.
struct Injury {
    accident: pb::Accident,
    advance: bool,
}

/// Brings one claim the way its kind is brought; answers its settlements, each with its request.
pub async fn bring(desk: &Desk, planned: &Planned) -> Result<Vec<(String, Settlement)>, Status> {
    let way = KINDS.get(planned.kind).map_or(Way::Batch, |kind| kind.way);
    if way == Way::Parts {
        let hospital = desk.of(planned.sender());
        return in_parts(&hospital, &planned.request_id, &planned.claim).await;
    }
    let settlement = bring_whole(desk, planned, way).await?;
    Ok(vec![(planned.request_id.clone(), settlement)])
}

async fn bring_whole(desk: &Desk, planned: &Planned, way: Way) -> Result<Settlement, Status> {
    let (id, claim) = (planned.request_id.as_str(), planned.claim.clone());
    let hospital = desk.of(&claim.institution_code);
    match way {
        Way::Parts | Way::Batch | Way::Claim => settle(&hospital, id, claim).await,
        Way::Visit => {
            let visit = register(&hospital, id, &claim, None).await?;
            settle_visit(&hospital, id, visit).await
        }
        Way::Accident => injured(&hospital, id, &claim, false).await,
        Way::Advance => injured(&hospital, id, &claim, true).await,
        Way::Checked => identities::checked(desk, id, claim).await,
        Way::Guarantee => {
            let guarantee_id = admit(&hospital, id, &claim).await?;
            let named = Claim {
                guarantee_id,
                ..claim
            };
            settle(&hospital, id, named).await
        }
        Way::Referral => {
            let referral_id = refer(desk, id, &claim).await?;
            let referred = Claim {
                filing: Filing::Referred.into(),
                referral_id,
                ..claim
            };
            settle(&hospital, id, referred).await
        }
        Way::Reimbursement => {
            let kept = submit(desk, id, claim, &planned.claim.visit_number).await?;
            reimburse(desk, id, kept).await
        }
    }
}

/// 结算.
pub async fn settle(desk: &Desk, id: &str, claim: Claim) -> Result<Settlement, Status> {
    ask(
        desk,
        id,
        pb::SettleRequest {
            claim: Some(claim),
            ..pb::SettleRequest::default()
        },
    )
    .await
}

async fn settle_visit(desk: &Desk, id: &str, visit_id: String) -> Result<Settlement, Status> {
    ask(
        desk,
        id,
        pb::SettleRequest {
            visit_id,
            ..pb::SettleRequest::default()
        },
    )
    .await
}

async fn ask(desk: &Desk, id: &str, request: pb::SettleRequest) -> Result<Settlement, Status> {
    let request_id = id.into();
    let request = pb::SettleRequest {
        request_id,
        ..request
    };
    let answer = desk
        .orchestrator()
        .settle(patient(request))
        .await?
        .into_inner();
    Ok(answer.settlement.unwrap_or_default())
}

/// 就诊登记 and 明细上传, and of a stay 出院; answers the visit's id.
async fn register(
    desk: &Desk,
    id: &str,
    claim: &Claim,
    accident: Option<Injury>,
) -> Result<String, Status> {
    let visit_id = open(desk, id, claim, accident).await?;
    let upload = format!("{id}-lines");
    upload_lines(desk, upload, &visit_id, (&claim.lines, &claim.end_day)).await?;
    if claim.begin_day != claim.end_day {
        discharge(desk, id, &visit_id, &claim.end_day).await?;
    }
    Ok(visit_id)
}

/// 中途结算: a stay that is settled up to a day while it goes on, and the rest of it after 出院.
async fn in_parts(
    desk: &Desk,
    id: &str,
    claim: &Claim,
) -> Result<Vec<(String, Settlement)>, Status> {
    let visit_id = open(desk, id, claim, None).await?;
    let through_day = days_before(&claim.end_day, LAST_PART);
    let (early, late) = claim.lines.split_at(claim.lines.len() / 2);
    let upload = format!("{id}-early");
    upload_lines(desk, upload, &visit_id, (early, &through_day)).await?;
    let request = pb::SettleRequest {
        visit_id: visit_id.clone(),
        through_day,
        ..pb::SettleRequest::default()
    };
    let first = format!("{id}-part");
    let part = ask(desk, &first, request).await?;
    let upload = format!("{id}-late");
    upload_lines(desk, upload, &visit_id, (late, &claim.end_day)).await?;
    discharge(desk, id, &visit_id, &claim.end_day).await?;
    let rest = settle_visit(desk, id, visit_id).await?;
    Ok(vec![(first, part), (id.into(), rest)])
}

/// 就诊登记; answers the visit's id.
async fn open(
    desk: &Desk,
    id: &str,
    claim: &Claim,
    accident: Option<Injury>,
) -> Result<String, Status> {
    let visit = pb::Visit {
        institution_code: claim.institution_code.clone(),
        visit_number: claim.visit_number.clone(),
        person_id: claim.person_id.clone(),
        scheme: claim.scheme.clone(),
        med_type: claim.med_type.clone(),
        begin_day: claim.begin_day.clone(),
        diagnosis_code: claim.diagnosis_code.clone(),
        advance_payment: accident.as_ref().is_some_and(|injury| injury.advance),
        accident: accident.map(|injury| injury.accident),
        ..pb::Visit::default()
    };
    let request = pb::RegisterVisitRequest {
        request_id: format!("{id}-visit"),
        visit: Some(visit),
    };
    let mut visits = desk.visits();
    let registered = visits
        .register_visit(patient(request))
        .await?
        .into_inner()
        .visit;
    Ok(registered.unwrap_or_default().visit_id)
}

/// 明细上传 of lines of one day.
async fn upload_lines(
    desk: &Desk,
    request_id: String,
    visit_id: &str,
    (lines, day): (&[ClaimLine], &str),
) -> Result<(), Status> {
    let request = pb::UploadLinesRequest {
        request_id,
        visit_id: visit_id.into(),
        lines: lines.iter().map(|line| uploaded(line, day)).collect(),
    };
    let mut visits = desk.visits();
    visits.upload_lines(patient(request)).await.map(drop)
}

/// 出院.
async fn discharge(desk: &Desk, id: &str, visit_id: &str, day: &str) -> Result<(), Status> {
    let request = pb::DischargeRequest {
        request_id: format!("{id}-discharge"),
        visit_id: visit_id.into(),
        end_day: day.into(),
    };
    desk.visits().discharge(patient(request)).await.map(drop)
}

fn uploaded(line: &ClaimLine, day: &str) -> pb::VisitLine {
    pb::VisitLine {
        line_code: format!("L-{}", line.number),
        item_code: line.item_code.clone(),
        unit_price_micro_yuan: line.unit_price_micro_yuan,
        quantity_e4: line.quantity_e4,
        amount_fen: line.amount_fen,
        fee_day: day.into(),
        ..pb::VisitLine::default()
    }
}

/// 外伤: registered with what happened, and settled once all four checks are done.
async fn injured(
    desk: &Desk,
    id: &str,
    claim: &Claim,
    advance: bool,
) -> Result<Settlement, Status> {
    let begun = kernel::Day::parse(&claim.begin_day).ok();
    let happened = begun.map(|day| kernel::Instant::beginning_of(day).micros());
    let accident = pb::Accident {
        happened_time: happened.map(|micros| Timestamp {
            seconds: micros.div_euclid(1_000_000),
            nanos: 0,
        }),
        site: "县城新华路路口".into(),
        cause: "骑行时被机动车碰撞".into(),
    };
    let visit_id = register(desk, id, claim, Some(Injury { accident, advance })).await?;
    let items = [
        Item::PatientAsked,
        Item::RecordRead,
        Item::StatementSigned,
        Item::LiabilityAsked,
    ];
    let check = pb::AccidentCheck {
        items: items.map(i32::from).to_vec(),
        third_party_share_bp: LIABLE_BP,
        conclusion: Conclusion::ThirdParty.into(),
    };
    let request = pb::RecordAccidentCheckRequest {
        request_id: format!("{id}-check"),
        visit_id: visit_id.clone(),
        check: Some(check),
    };
    desk.visits()
        .record_accident_check(patient(request))
        .await?;
    settle_visit(desk, id, visit_id).await
}

/// 入院 without a deposit; answers the guarantee.
async fn admit(desk: &Desk, id: &str, claim: &Claim) -> Result<String, Status> {
    let admission = pb::Admission {
        person_id: claim.person_id.clone(),
        institution_code: claim.institution_code.clone(),
        visit_number: claim.visit_number.clone(),
        scheme: claim.scheme.clone(),
        med_type: claim.med_type.clone(),
        begin_day: claim.begin_day.clone(),
        diagnosis_code: claim.diagnosis_code.clone(),
        referral_id: String::new(),
        estimate_fen: ESTIMATE_FEN,
    };
    let request = pb::AdmitRequest {
        request_id: format!("{id}-admit"),
        admission: Some(admission),
    };
    let answer = desk
        .orchestrator()
        .admit(patient(request))
        .await?
        .into_inner();
    Ok(answer.guarantee.unwrap_or_default().guarantee_id)
}

/// 转诊 from the township to where the claim is of, asked for and approved; answers its id.
async fn refer(desk: &Desk, id: &str, claim: &Claim) -> Result<String, Status> {
    let request = RequestReferralRequest {
        request_id: format!("{id}-referral"),
        person_id: claim.person_id.clone(),
        from_institution_code: TOWNSHIP.into(),
        to_institution_code: claim.institution_code.clone(),
        referral_type: IN_CITY.into(),
        diagnosis_code: claim.diagnosis_code.clone(),
        reason: "需上级医院手术".into(),
        from_day: claim.begin_day.clone(),
    };
    let mut doctor = desk.of(DOCTOR).referral();
    let asked = doctor
        .request_referral(patient(request))
        .await?
        .into_inner();
    let referral_id = asked.referral.unwrap_or_default().referral_id;
    let request = ApproveReferralRequest {
        request_id: format!("{id}-approved"),
        referral_id: referral_id.clone(),
        opinion: "同意转诊".into(),
    };
    desk.of(CLERK)
        .referral()
        .approve_referral(patient(request))
        .await?;
    Ok(referral_id)
}

/// 零星报销受理, with one receipt over the whole.
pub async fn submit(
    desk: &Desk,
    id: &str,
    claim: Claim,
    receipt_number: &str,
) -> Result<pb::Reimbursement, Status> {
    let receipt = pb::ExpenseReceipt {
        receipt_code: "D-2017".into(),
        receipt_number: receipt_number.into(),
        issued_day: claim.end_day.clone(),
        amount_fen: claim.lines.iter().map(|line| line.amount_fen).sum(),
    };
    let request = pb::SubmitReimbursementRequest {
        request_id: format!("{id}-submitted"),
        claim: Some(claim),
        receipts: vec![receipt],
        outside_institution: None,
    };
    let mut clerk = desk.of(CLERK).reimbursements();
    let answer = clerk
        .submit_reimbursement(patient(request))
        .await?
        .into_inner();
    Ok(answer.reimbursement.unwrap_or_default())
}

/// 支付, after the second person's approval where one is needed.
async fn reimburse(desk: &Desk, id: &str, kept: pb::Reimbursement) -> Result<Settlement, Status> {
    if kept.needs_second_person {
        approve(desk, SECOND_CLERK, &format!("{id}-approved"), &kept).await?;
    }
    pay(desk, id, kept).await
}

/// 复核 by somebody.
pub async fn approve(
    desk: &Desk,
    who: &str,
    id: &str,
    kept: &pb::Reimbursement,
) -> Result<(), Status> {
    let request = pb::ApproveReimbursementRequest {
        request_id: id.into(),
        reimbursement_id: kept.reimbursement_id.clone(),
        digest: kept.digest.clone(),
    };
    let mut reviewer = desk.of(who).reimbursements();
    reviewer
        .approve_reimbursement(patient(request))
        .await
        .map(drop)
}

/// 支付 of what is kept.
pub async fn pay(desk: &Desk, id: &str, kept: pb::Reimbursement) -> Result<Settlement, Status> {
    settle(&desk.of(CLERK), id, kept.claim.unwrap_or_default()).await
}
