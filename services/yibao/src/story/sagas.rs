//! 长事务: the chapters about what takes several services. A stay begins without a deposit and ends
//! with its settlement; a settlement that is refused half-way gives the referral back.

use super::bill::{PNEUMONIA_STAY, REFERRED_STAY};
use super::sheet::{Side, yuan};
use super::show::account_name;
use super::{ERENHOT_2017, Halted, Newcomer, Story};
use crate::area::{TOWNSHIP_CENTRE, institution_name};
use kernel::Sex;
use proto::common::{Claim, Filing};
use proto::enrollment::Subsidy;
use proto::orchestrator as desk;
use proto::orchestrator::guarantee::State as Guaranteed;
use proto::orchestrator::saga::State as SagaState;
use proto::orchestrator::saga_line::Event;
use proto::referral as pb;
use proto::referral::referral::State as Referred;
use proto::settlement::{GetGuaranteeRequest, GetLedgerEntriesRequest};

const PATIENT: Newcomer = Newcomer {
    role: "all-or-nothing",
    name: "赵永福",
    sex: Sex::Male,
    born: (1962, 4, 18),
};
/// Who refers.
const DOCTOR: &str = "demo-referrals";
/// 首诊机构 refers to another one in the city.
const IN_CITY: &str = "1";
/// 预计费用 on admission.
const ESTIMATE_FEN: i64 = 500_000;
/// 医疗救助基金, which subsidises, and 居民医保基金, whose fee is subsidised.
const ASSISTANCE: &str = "fund:610100";
const POOL: &str = "fund:390100";
/// Sagas on a page.
const PAGE: i32 = 500;

/// The journal of the settlement that is taken back: each step and what became of it.
const TAKEN_BACK: [(&str, Event); 5] = [
    ("enrollment.check_eligibility", Event::Answered),
    ("inspection.screen", Event::Answered),
    ("referral.use_referral", Event::Answered),
    ("settlement.post_settlement", Event::Refused),
    ("referral.use_referral", Event::Undone),
];

impl Story<'_> {
    /// All of it.
    pub(super) async fn tell_all_or_nothing(&mut self) -> Result<(), Halted> {
        self.enter(&ERENHOT_2017, "多个服务的一件事：办成全部，或者一样不留")?;
        self.chapter("⑮ 先诊疗后付费：入院不交押金，出院结算时担保终止")?;
        let patient = self.register(&PATIENT).await?;
        self.enrol(&patient).await?;
        let stay = self.claim(&PNEUMONIA_STAY, &patient, 6);
        self.stay_without_deposit(stay).await?;

        self.chapter("⑯ 转诊病人结算，走到一半被拒绝：用掉的转诊原样退回")?;
        let referral_id = self.refer(&patient).await?;
        let mistaken = self.referred_claim(&patient, &referral_id, 6);
        self.settle_half_way(&mistaken).await?;
        let right = self.referred_claim(&patient, &referral_id, 7);
        self.settle_with_referral(&right).await
    }

    /// The subsidy that enrolment granted is what the ledger moved, from fund to fund.
    pub(super) async fn expect_subsidy_posted(
        &mut self,
        quoted: &Subsidy,
        enrolled: &desk::EnrolResponse,
    ) -> Result<(), Halted> {
        let request = GetLedgerEntriesRequest {
            subject_id: enrolled.subsidy_id.clone(),
        };
        let answer = self.clerk.settlement().get_ledger_entries(request).await;
        let entries = self.granted("GetLedgerEntries", answer)?.entries;
        let posted = quoted.subsidy_fen;
        let moved = [(ASSISTANCE, -posted), (POOL, posted)];
        let moved = moved.into_iter().filter(|_| posted > 0);
        let told = entries
            .iter()
            .map(|entry| (entry.account.as_str(), entry.amount_fen));
        let expected = match posted {
            0 => "没有资助，账上也没有分录".to_string(),
            _ => format!(
                "资助 {} 元已在同一事务入账：{} → {}",
                yuan(posted),
                account_name(ASSISTANCE),
                account_name(POOL)
            ),
        };
        self.expect(enrolled.subsidy_fen == posted && told.eq(moved), expected)
    }

    /// 入院 and 出院结算.
    async fn stay_without_deposit(&mut self, stay: Claim) -> Result<(), Halted> {
        let admission = desk::Admission {
            person_id: stay.person_id.clone(),
            institution_code: stay.institution_code.clone(),
            visit_number: stay.visit_number.clone(),
            scheme: stay.scheme.clone(),
            med_type: stay.med_type.clone(),
            begin_day: stay.begin_day.clone(),
            diagnosis_code: stay.diagnosis_code.clone(),
            referral_id: String::new(),
            estimate_fen: ESTIMATE_FEN,
        };
        let request = desk::AdmitRequest {
            request_id: self.request("admission"),
            admission: Some(admission),
        };
        let answer = self.hospital(&stay).orchestrator().admit(request).await;
        let opened = self.granted("Admit", answer)?.guarantee.unwrap_or_default();
        self.sheet.line(&format!(
            "入院  {}，{}，预计费用 {} 元，押金 0 元",
            institution_name(&stay.institution_code),
            stay.begin_day,
            yuan(ESTIMATE_FEN)
        ))?;
        let open = opened.state() == Guaranteed::Open;
        self.expect(open, "基金担保已开立，未收押金")?;
        let discharge = Claim {
            guarantee_id: opened.guarantee_id.clone(),
            ..stay
        };
        self.show_bill(&discharge)?;
        let settled = self.settle("discharge", &discharge, None).await?;
        self.show_amounts(&settled.amounts.clone().unwrap_or_default())?;
        let request = GetGuaranteeRequest {
            guarantee_id: opened.guarantee_id,
        };
        let answer = self.clerk.settlement().get_guarantee(request).await;
        let now = self
            .granted("GetGuarantee", answer)?
            .guarantee
            .unwrap_or_default();
        let closed = now.state() == proto::settlement::guarantee::State::Closed;
        let by_it = now.settlement_id == settled.settlement_id;
        self.expect(
            closed && by_it,
            "出院结算与担保终止同时生效，患者只付个人现金",
        )
    }

    /// 转诊: asked for by the township centre, approved by the bureau.
    async fn refer(&mut self, person_id: &str) -> Result<String, Halted> {
        let bill = REFERRED_STAY;
        let request = pb::RequestReferralRequest {
            request_id: self.request("referral"),
            person_id: person_id.into(),
            from_institution_code: TOWNSHIP_CENTRE.into(),
            to_institution_code: bill.institution.into(),
            referral_type: IN_CITY.into(),
            diagnosis_code: bill.diagnosis.into(),
            reason: "需行冠状动脉造影".into(),
            from_day: bill.days.0.into(),
        };
        let mut referrals = self.desk(DOCTOR).referral();
        let answer = referrals.request_referral(request).await;
        let asked = self
            .granted("RequestReferral", answer)?
            .referral
            .unwrap_or_default();
        let request = pb::ApproveReferralRequest {
            request_id: self.request("referral-approved"),
            referral_id: asked.referral_id.clone(),
            opinion: "同意转诊".into(),
        };
        let answer = self.clerk.referral().approve_referral(request).await;
        let approved = self
            .granted("ApproveReferral", answer)?
            .referral
            .unwrap_or_default();
        self.sheet.line(&format!(
            "转诊  {} → {}，{} 起，{} 前有效，已审核",
            institution_name(&approved.from_institution_code),
            institution_name(&approved.to_institution_code),
            approved.from_day,
            approved.until_day
        ))?;
        Ok(asked.referral_id)
    }

    fn referred_claim(&self, person_id: &str, referral_id: &str, visit: u32) -> Claim {
        Claim {
            filing: Filing::Referred.into(),
            referral_id: referral_id.into(),
            ..self.claim(&REFERRED_STAY, person_id, visit)
        }
    }

    /// The hospital writes the visit number of the stay before: settlement refuses after the
    /// referral has been used.
    async fn settle_half_way(&mut self, claim: &Claim) -> Result<(), Halted> {
        self.show_bill(claim)?;
        self.sheet.line(&format!(
            "医院误填了上一次住院的就诊号 {}",
            claim.visit_number
        ))?;
        let before = self.accumulators(&claim.person_id).await?;
        let request = self.settle_request("referred-mistaken", claim, None);
        let request_id = request.request_id.clone();
        let answer = self.hospital(claim).orchestrator().settle(request).await;
        self.refused(answer, "VISIT_SETTLED")?;
        self.show_journal(&request_id).await?;
        let referral = self.referral(&claim.referral_id).await?;
        let unused = referral.used_by_visit_number.is_empty();
        let given_back = referral.state() == Referred::Approved && unused;
        self.expect(given_back, "转诊仍为已审核，可以再用")?;
        let now = self.accumulators(&claim.person_id).await?;
        self.expect(now == before, "年度累计没有变化")
    }

    /// 事务日志 of a request, line by line.
    async fn show_journal(&mut self, request_id: &str) -> Result<(), Halted> {
        let saga = self.find_saga(request_id).await?;
        let request = desk::GetSagaRequest {
            saga_id: saga.saga_id.clone(),
        };
        let answer = self.clerk.sagas().get_saga(request).await;
        let lines = self.granted("GetSaga", answer)?.lines;
        self.sheet.gap()?;
        self.sheet
            .line(&format!("事务日志  {}  {}", saga.kind, saga.saga_id))?;
        let row = |line: &desk::SagaLine| {
            let why = line.refused.as_ref().map_or("", |no| no.code.as_str());
            let told = [term(line.event()).to_string(), why.to_string()];
            [line.number.to_string(), line.name.clone()]
                .into_iter()
                .chain(told)
                .collect()
        };
        let rows: Vec<Vec<String>> = lines.iter().map(row).collect();
        let headings = [
            ("行", Side::Right),
            ("步骤", Side::Left),
            ("结果", Side::Left),
            ("代码", Side::Left),
        ];
        self.sheet.table(&headings, &rows)?;
        let told = lines.iter().map(|line| (line.name.as_str(), line.event()));
        let refused = saga.state() == SagaState::Refused;
        self.expect(
            refused && told.eq(TAKEN_BACK),
            "日志逐行如此：先用掉转诊，结算被拒绝后退回，事务以“已拒绝”告终",
        )
    }

    /// The saga of a request of the hospital's, among all that were refused.
    async fn find_saga(&mut self, request_id: &str) -> Result<desk::Saga, Halted> {
        let mut page_token = String::new();
        loop {
            let request = desk::ListSagasRequest {
                filter: Some(desk::SagaFilter {
                    states: vec![SagaState::Refused.into()],
                    kind: "settle".into(),
                    ..desk::SagaFilter::default()
                }),
                page_size: PAGE,
                page_token,
            };
            let answer = self.clerk.sagas().list_sagas(request).await;
            let listed = self.granted("ListSagas", answer)?;
            let mut sagas = listed.sagas.into_iter();
            let found = sagas.find(|saga| saga.request_id == request_id);
            if found.is_some() || listed.next_page_token.is_empty() {
                return Ok(found.unwrap_or_default());
            }
            page_token = listed.next_page_token;
        }
    }

    async fn settle_with_referral(&mut self, claim: &Claim) -> Result<(), Halted> {
        self.sheet
            .line(&format!("改正就诊号为 {}，再结算一次", claim.visit_number))?;
        let settled = self.settle("referred", claim, None).await?;
        self.show_amounts(&settled.amounts.clone().unwrap_or_default())?;
        let referral = self.referral(&claim.referral_id).await?;
        let used = referral.state() == Referred::Used;
        let by_it = referral.used_by_visit_number == claim.visit_number;
        self.expect(used && by_it, "结算成立，转诊由这次就诊使用")
    }

    async fn referral(&mut self, referral_id: &str) -> Result<pb::Referral, Halted> {
        let request = pb::GetReferralRequest {
            referral_id: referral_id.into(),
        };
        let answer = self.clerk.referral().get_referral(request).await;
        Ok(self
            .granted("GetReferral", answer)?
            .referral
            .unwrap_or_default())
    }
}

/// What became of a step, in words.
fn term(event: Event) -> &'static str {
    match event {
        Event::Answered => "已答复",
        Event::Refused => "被拒绝",
        Event::Unanswered => "无答复，已放弃",
        Event::Undone => "已退回",
        Event::Reversed => "已撤销",
        Event::Unspecified => "",
    }
}
