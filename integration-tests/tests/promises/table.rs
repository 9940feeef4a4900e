//! Every changing method of the suite, one entry each: a request that can take effect, and one that
//! is refused for good. That none is missing is proved against the descriptors.

mod accounts;
mod approvals;
mod batches;
mod envelopes;
mod filings;
mod identities;
mod operations;
mod payers;
mod receivables;
mod reconciliations;
mod reimbursements;
mod revisions;
mod sagas;
mod transfers;
mod visits;

use crate::bench::{Bad, Bench, Good, Mend, No, Rpc, SUBJECT, Seen};
use accounts::{credit, end_of_authorization, family_authorization};
use approvals::{
    approval_cancelled, approval_given, approval_proposed, approval_revoked, approved,
};
use batches::{
    batch, batch_reversal, cancellation, guarantee, held_after_posting, holding, online_suspension,
    subsidy, subsidy_cancellation,
};
use envelopes::{key_rotated, sender_ended, sender_registered};
use filings::{filing, filing_changed, filing_ended};
use identities::{
    by_a_revoked_card, card, card_restored, card_revoked, doubt_cleared, identity_check, token,
    token_of_nobody,
};
use integration_tests::{CLINIC, DRUG, HOSPITAL, id_number, stay};
use kernel::Role::{self, Clerk, Operator, Security, Service, Supervisor};
use operations::{
    abandonment, of_an_ended_saga, proposal_to_abandon, resumption, resumption_of_many,
};
use payers::payer_file;
use policy::testing::Text;
use receivables::{
    payment, payment_revoked, receivable, receivable_cancelled, recovery, recovery_revoked,
    reminder, reminder_revoked, write_off_revoked, written_off,
};
use reconciliations::{closed_day, closed_month, comparison, explanation, of_nothing, of_tomorrow};
use reimbursements::{
    approval as reimbursement_approval, of_its_own, reimbursement, rejection, settled_bill,
};
use revisions::{
    correction_cancellation, finding_posted, late_facts, late_facts_at_settlement, lines_refunded,
    third_party_posted,
};
use sagas::{
    admission, admission_of_nobody, admission_referred, enrolment, of_institution, of_person,
    one_settled_before, reversal_referred, reversed_before, settle_referred, together, unapproved,
};
use serde_json::{Value, json};
use transfers::{accepted, application, certified, rejected, standing};
use visits::{
    accident_check, cancellation as visit_cancellation, change as visit_change, check_of_nothing,
    discharge, discharge_cancelled, of_another_number, registration, revocation, settle_visit,
    settle_without_lines, upload,
};

/// A person nobody registered.
const NOBODY: &str = "0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f";

/// `role service.Method: good request, bad request;`
macro_rules! table {
    ($($role:ident $service:ident.$method:ident: $good:ident, $bad:expr;)*) => {
        /// All of them.
        pub static TABLE: &[Rpc] = &[$(Rpc {
            service: stringify!($service),
            method: stringify!($method),
            role: $role,
            good: |bench| Box::pin($good(bench)),
            bad: $bad,
        }),*];
    };
}

macro_rules! staged {
    ($code:literal, $no:ident) => {
        Bad::Staged($code, |bench| Box::pin($no(bench)))
    };
}

table! {
    Clerk enrollment.RegisterHousehold: household, Bad::Twice("HOUSEHOLD_EXISTS");
    Clerk enrollment.RegisterPerson: person, Bad::Twice("ID_NUMBER_TAKEN");
    Clerk enrollment.RecordIdentity: identity, Bad::Twice("IDENTITY_OVERLAPS");
    Clerk enrollment.EnrolPerson: coverage, Bad::Twice("ALREADY_INSURED");
    Clerk enrollment.ChangeStanding: standing, Bad::Twice("STANDING_CHANGED_THEN");
    Clerk enrollment.SuspendBenefit: suspension, staged!("PERSON_UNKNOWN", of_nobody);
    Clerk enrollment.RecordDeath: death, Bad::Twice("PERSON_DEAD");
    Operator enrollment.ProposePackage: proposal_there, Bad::Twice("DOCUMENT_EXISTS");
    Operator enrollment.ActivatePackage: activation_there, Bad::Twice("DOCUMENT_ACTIVATED");
    Clerk settlement.RegisterInstitution: institution, Bad::Twice("INSTITUTION_EXISTS");
    Clerk settlement.EndAgreement: agreement_end, Bad::Twice("AGREEMENT_ENDED");
    Clerk settlement.PublishCatalogue: catalogue, Bad::Twice("CATALOGUE_EXISTS");
    Operator settlement.ProposePackage: proposal, Bad::Twice("DOCUMENT_EXISTS");
    Operator settlement.ActivatePackage: activation, staged!("SECOND_PERSON_NEEDED", by_oneself);
    Service settlement.PostSettlement: posting, staged!("DUPLICATE_CLAIM", posted_before);
    Service settlement.ReverseSettlement: reversal, staged!("NOT_NEWEST", older_at_settlement);
    Service settlement.OpenGuarantee: guarantee, Bad::Twice("GUARANTEE_EXISTS");
    Service settlement.CancelGuarantee: cancellation, Bad::Twice("GUARANTEE_UNKNOWN");
    Service settlement.HoldClaims: holding, staged!("DUPLICATE_CLAIM", held_after_posting);
    Service settlement.PostHolds: batch, Bad::Twice("HOLD_POSTED");
    Service settlement.ReverseHolds: batch_reversal, Bad::Twice("ALREADY_REVERSED");
    Service settlement.PostSubsidy: subsidy, Bad::Twice("SUBSIDY_POSTED");
    Service settlement.CancelSubsidy: subsidy_cancellation, Bad::Twice("SUBSIDY_UNKNOWN");
    Service settlement.SuspendOnline: online_suspension, Bad::Twice("SUSPENSION_OVERLAPS");
    Service settlement.PostLateFacts: late_facts_at_settlement, Bad::Twice("NOTHING_TO_REVISE");
    Service settlement.CancelCorrection: correction_cancellation, Bad::Twice("CORRECTION_UNKNOWN");
    Clerk revision.RefundLines: lines_refunded, Bad::Twice("LINE_NOT_BILLED");
    Clerk revision.PostFinding: finding_posted, Bad::Twice("NOTHING_TO_REVISE");
    Clerk revision.PostThirdParty: third_party_posted, Bad::Twice("NOTHING_TO_REVISE");
    Clerk receivable.OpenReceivable: receivable, Bad::Twice("RECEIVABLE_EXISTS");
    Clerk receivable.CancelReceivable: receivable_cancelled, Bad::Twice("RECEIVABLE_NOT_OPEN");
    Clerk receivable.RecordPayment: payment, Bad::Twice("RECEIVABLE_NOT_OPEN");
    Clerk receivable.RevokePayment: payment_revoked, Bad::Twice("PAYMENT_UNKNOWN");
    Clerk receivable.WriteOff: written_off, Bad::Twice("RECEIVABLE_NOT_OPEN");
    Clerk receivable.RevokeWriteOff: write_off_revoked, Bad::Twice("RECEIVABLE_NOT_WRITTEN_OFF");
    Clerk receivable.RecordReminder: reminder, Bad::Twice("REMINDER_EXISTS");
    Clerk receivable.RevokeReminder: reminder_revoked, Bad::Twice("REMINDER_UNKNOWN");
    Clerk recovery.RecordRecovery: recovery, Bad::Twice("RECOVERY_TOO_MUCH");
    Clerk recovery.RevokeRecovery: recovery_revoked, Bad::Twice("RECOVERY_UNKNOWN");
    Clerk payerFile.PreparePayerFile: payer_file, Bad::Twice("PAYER_FILE_EXISTS");
    Clerk referral.RequestReferral: referral, staged!("SAME_INSTITUTION", to_itself);
    Clerk referral.ApproveReferral: approval, Bad::Twice("REFERRAL_NOT_REQUESTED");
    Clerk referral.UseReferral: usage, Bad::Twice("REFERRAL_USED");
    Clerk referral.ReleaseReferral: release, Bad::Never;
    Clerk referral.BarInstitution: bar, Bad::Twice("BAR_OVERLAPS");
    Clerk interregional.RegisterParticipant: participant, Bad::Twice("PARTICIPANT_EXISTS");
    Clerk orchestrator.Settle: settle, staged!("CLAIM_DENIED", settled_before);
    Clerk orchestrator.Settle: settle_referred, staged!("REFERRAL_NOT_APPROVED", unapproved);
    Clerk orchestrator.SettleTogether: together, staged!("CLAIM_DENIED", one_settled_before);
    Clerk orchestrator.Reverse: reversal, staged!("NOT_NEWEST", older);
    Clerk orchestrator.Reverse: reversal_referred, staged!("ALREADY_REVERSED", reversed_before);
    Clerk orchestrator.Admit: admission, Bad::Twice("GUARANTEE_EXISTS");
    Clerk orchestrator.Admit: admission_referred, staged!("PERSON_UNKNOWN", admission_of_nobody);
    Clerk orchestrator.Enrol: enrolment, Bad::Twice("ALREADY_INSURED");
    Clerk orchestrator.SuspendOnlineSettlement: of_institution, Bad::Twice("SUSPENSION_OVERLAPS");
    Clerk orchestrator.SuspendOnlineSettlement: of_person, Bad::Twice("SUSPENSION_OVERLAPS");
    Clerk account.CreditAccount: credit, Bad::Never;
    Clerk approval.ProposeApproval: approval_proposed, Bad::Never;
    Supervisor approval.GiveApproval: approval_given, Bad::Twice("APPROVAL_GIVEN");
    Supervisor approval.RevokeApproval: approval_revoked, Bad::Twice("APPROVAL_NOT_GIVEN");
    Clerk approval.CancelApproval: approval_cancelled, Bad::Twice("APPROVAL_ENDED");
    Clerk account.AuthorizeFamilyMember: family_authorization,
        Bad::Twice("AUTHORIZATION_OVERLAPS");
    Clerk account.EndFamilyAuthorization: end_of_authorization,
        Bad::Twice("AUTHORIZATION_ENDED");
    Clerk reimbursement.SubmitReimbursement: reimbursement, staged!("VISIT_SETTLED", settled_bill);
    Clerk reimbursement.ApproveReimbursement: reimbursement_approval,
        staged!("REIMBURSEMENT_SAME_PERSON", of_its_own);
    Clerk reimbursement.RejectReimbursement: rejection, Bad::Twice("REIMBURSEMENT_ENDED");
    Clerk reconciliation.ReconcileLines: comparison, staged!("DAY_IN_FUTURE", of_tomorrow);
    Clerk reconciliation.ExplainDifference: explanation,
        staged!("DIFFERENCE_UNKNOWN", of_nothing);
    Clerk reconciliation.CloseDay: closed_day, Bad::Twice("DAY_CLOSED");
    Clerk reconciliation.CloseMonth: closed_month, Bad::Twice("MONTH_CLOSED");
    Clerk orchestrator.Settle: settle_visit, staged!("VISIT_EMPTY", settle_without_lines);
    Clerk visit.RegisterVisit: registration, Bad::Twice("VISIT_NUMBER_TAKEN");
    Clerk visit.ChangeVisit: visit_change, staged!("VISIT_FIXED", of_another_number);
    Clerk visit.CancelVisit: visit_cancellation, Bad::Twice("VISIT_UNKNOWN");
    Clerk visit.Discharge: discharge, Bad::Twice("VISIT_DISCHARGED");
    Clerk visit.CancelDischarge: discharge_cancelled, Bad::Twice("VISIT_NOT_DISCHARGED");
    Clerk visit.UploadLines: upload, Bad::Twice("LINE_EXISTS");
    Clerk visit.RevokeLines: revocation, Bad::Twice("LINE_UNKNOWN");
    Clerk visit.RecordAccidentCheck: accident_check, staged!("ACCIDENT_NONE", check_of_nothing);
    Clerk orchestrator.PostLateFacts: late_facts, Bad::Twice("NOTHING_TO_REVISE");
    Security envelope.RegisterSender: sender_registered, Bad::Twice("SENDER_EXISTS");
    Security envelope.RotateSenderKey: key_rotated, Bad::Twice("SENDER_KEY_EXISTS");
    Security envelope.EndSender: sender_ended, Bad::Twice("SENDER_ENDED");
    Clerk filing.FileDisease: filing, Bad::Twice("FILING_OVERLAPS");
    Clerk filing.ChangeFilingInstitutions: filing_changed, Bad::Twice("FILING_CHANGED_ON_DAY");
    Clerk filing.EndFiling: filing_ended, Bad::Twice("FILING_DAY_OUTSIDE");
    Clerk identity.RegisterCard: card, Bad::Twice("CARD_TAKEN");
    Clerk identity.RevokeCard: card_revoked, Bad::Twice("CARD_REVOKED");
    Clerk identity.RestoreCard: card_restored, Bad::Twice("CARD_NOT_REVOKED");
    Clerk identity.IssueToken: token, staged!("PERSON_UNKNOWN", token_of_nobody);
    Clerk identity.VerifyIdentity: identity_check, staged!("CREDENTIAL_REVOKED", by_a_revoked_card);
    Clerk identity.ClearDoubt: doubt_cleared, Bad::Twice("DOUBT_NOT_OPEN");
    Clerk transfer.IssueTransferCertificate: certified, Bad::Twice("TRANSFER_CERTIFIED");
    Clerk transfer.ApplyTransferIn: application, Bad::Twice("TRANSFER_CERTIFICATE_USED");
    Clerk transfer.AcceptTransferIn: accepted, Bad::Twice("TRANSFER_DECIDED");
    Clerk transfer.RejectTransferIn: rejected, Bad::Twice("TRANSFER_DECIDED");
    Operator saga.DirectSaga: resumption, Bad::Twice("SAGA_NOT_STUCK");
    Operator saga.DirectSagas: resumption_of_many, Bad::Never;
    Operator saga.ProposeAbandonment: proposal_to_abandon,
        staged!("SAGA_NOT_STUCK", of_an_ended_saga);
    Operator saga.ApproveAbandonment: abandonment, Bad::Twice("SAGA_NOT_STUCK");
}

async fn household(bench: &Bench) -> Good {
    let content = json!({
        "register_number": format!("HH-{}", bench.number()),
        "township_code": "152501001",
    });
    good(content, "/township_code", json!("152501002"))
}

async fn person(bench: &Bench) -> Good {
    let content = json!({
        "name": "测试人员",
        // Beyond those of the world's own people.
        "id_number": id_number(100_000 + bench.number()),
        "sex": "2",
        "birth_day": "1980-01-01",
    });
    let good = good(content, "/sex", json!("1"));
    good.seen(GET_PERSON, json!({ "person_id": SUBJECT }), SUBJECT)
}

async fn identity(bench: &Bench) -> Good {
    let person = bench.world.person().await;
    let content = json!({ "person_id": person, "kind": "2303", "from_day": "2016-01-01" });
    let good = good(content, "/kind", json!("2304"));
    good.seen(GET_PERSON, json!({ "person_id": person }), SUBJECT)
}

async fn coverage(bench: &Bench) -> Good {
    let person = json!(bench.world.person().await);
    let content = covering(bench, &person).await;
    let good = good(content, "/exempt_from_waiting", json!(true));
    good.seen(GET_PERSON, json!({ "person_id": person }), SUBJECT)
}

/// The payment of a person's year.
async fn covering(bench: &Bench, person: &Value) -> Value {
    let mut content = json!({
        "person_id": person,
        "scheme": "390",
        "year": 2017,
        "paid_day": "2016-11-15",
    });
    let asked = ("enrollment", "QuoteSubsidy");
    let quoted = bench.told(asked, content.clone()).await;
    content["paid_fen"] = quoted["subsidy"]["to_pay_fen"].clone();
    content
}

async fn suspension(bench: &Bench) -> Good {
    let person = bench.world.person().await;
    let content = json!({
        "person_id": person,
        "from_day": "2017-02-01",
        "reason": "测试暂停",
    });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(GET_PERSON, json!({ "person_id": person }), SUBJECT)
}

/// Nobody can be made known: people's ids are ours to give.
async fn of_nobody(bench: &Bench) -> No {
    let mut content = suspension(bench).await.content;
    content["person_id"] = json!(NOBODY);
    No {
        content,
        mend: None,
    }
}

async fn death(bench: &Bench) -> Good {
    let person = bench.world.person().await;
    let content = json!({ "person_id": person, "death_day": "2017-11-11" });
    let good = good(content, "/death_day", json!("2017-11-12"));
    good.seen(GET_PERSON, json!({ "person_id": person }), "2017-11-11")
}

pub async fn institution(bench: &Bench) -> Good {
    let content = json!({ "institution": {
        "institution_code": format!("H1525019{:04}", bench.number()),
        "name": "测试机构",
        "tier": "2",
        "kind": "A1",
        "agreement_from_day": "2010-01-01",
    }});
    let listed = ("settlement", "ListInstitutions");
    // The list shows codes, not the ids of registrations.
    let code = content["institution"]["institution_code"].clone();
    let good = good(content, "/institution/name", json!("其他机构"));
    good.seen(listed, json!({}), code.as_str().unwrap())
}

/// Of an institution that nobody else asks about, long after all that is settled.
async fn agreement_end(bench: &Bench) -> Good {
    let registered = institution(bench).await.content;
    let asked = ("settlement", "RegisterInstitution");
    bench.done(Clerk, asked, &registered).await;
    let day = format!("{}-07-07", 2100 + bench.number());
    let mut content = json!({
        "institution_code": registered["institution"]["institution_code"],
        "from_day": day,
        "reason": "测试终止",
    });
    let subject = json!({ "end_agreement": content });
    content["approval_id"] = json!(approved(bench, &subject).await);
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(("settlement", "ListInstitutions"), json!({}), &day)
}

async fn catalogue(bench: &Bench) -> Good {
    let content = json!({
        // Far ahead: the world's own catalogue stays in force.
        "effective_day": format!("{}-01-01", 2100 + bench.number()),
        "items": [{ "item_code": DRUG, "name": "甲类药品", "item_class": "01" }],
    });
    good(content, "/items/0/name", json!("其他药品"))
}

async fn proposal(bench: &Bench) -> Good {
    proposed(bench, "settlement")
}

async fn proposal_there(bench: &Bench) -> Good {
    proposed(bench, "enrollment")
}

/// A text that nobody proposed yet.
fn text(bench: &Bench) -> Text {
    Text::marked(&bench.number().to_string())
}

fn proposed(bench: &Bench, service: &'static str) -> Good {
    let content = json!({ "text": text(bench).0 });
    let good = good(content, "/text", json!(text(bench).0));
    good.seen((service, "ListPackages"), whole(), SUBJECT)
}

async fn activation(bench: &Bench) -> Good {
    activated(bench, "settlement").await
}

async fn activation_there(bench: &Bench) -> Good {
    activated(bench, "enrollment").await
}

/// The activation of a text that another person proposed, at an instant nobody else names.
async fn activated(bench: &Bench, service: &'static str) -> Good {
    let text = text(bench);
    let asked = (service, "ProposePackage");
    let content = json!({ "text": text.0 });
    bench.done_by_operator("operator-9", asked, &content).await;
    let good = good(activating(bench, &text), "/reason", json!("其他原因"));
    good.seen((service, "ListPackages"), whole(), SUBJECT)
}

fn activating(bench: &Bench, text: &Text) -> Value {
    let second = bench.number();
    let instant = format!("2018-03-02T00:{:02}:{:02}Z", second / 60, second % 60);
    json!({ "package_digest": text.digest().to_string(), "activates_time": instant })
}

/// Who proposed a text never is the second person.
async fn by_oneself(bench: &Bench) -> No {
    let text = text(bench);
    let asked = ("settlement", "ProposePackage");
    bench
        .done(Operator, asked, &json!({ "text": text.0 }))
        .await;
    No {
        content: activating(bench, &text),
        mend: None,
    }
}

/// A page as long as can be.
fn whole() -> Value {
    json!({ "page_size": 500 })
}

async fn posting(bench: &Bench) -> Good {
    let claim = claim(bench).await;
    let content = json!({
        "person_id": claim["person_id"],
        "scheme": claim["scheme"],
        "as_of_day": claim["end_day"],
    });
    let asked = ("enrollment", "CheckEligibility");
    let member = bench.told(asked, content).await["member"].take();
    let good = good(
        json!({ "claim": claim, "member": member }),
        "/claim/visit_number",
        json!("OTHER"),
    );
    good.seen(
        GET_SETTLEMENT,
        json!({ "settlement_id": SUBJECT }),
        "STATE_POSTED",
    )
}

/// The same bill under another visit number.
async fn posted_before(bench: &Bench) -> No {
    let mut content = posting(bench).await.content;
    let asked = ("settlement", "PostSettlement");
    let (_, first) = bench.done(Service, asked, &content).await;
    content["claim"]["visit_number"] = visit(bench);
    let reverse = reversing(&first["settlement"]["settlement_id"]);
    no(content, mend(bench, Service, "ReverseSettlement", reverse))
}

async fn settle(bench: &Bench) -> Good {
    let content = json!({ "claim": claim(bench).await });
    let good = good(content, "/claim/visit_number", json!("OTHER"));
    good.seen(
        GET_SETTLEMENT,
        json!({ "settlement_id": SUBJECT }),
        "STATE_POSTED",
    )
}

/// The same bill under another visit number.
async fn settled_before(bench: &Bench) -> No {
    let mut content = settle(bench).await.content;
    let (_, first) = bench.done(Clerk, SETTLE, &content).await;
    content["claim"]["visit_number"] = visit(bench);
    let reverse = reversing(&first["settlement"]["settlement_id"]);
    no(content, mend(bench, Clerk, "Reverse", reverse))
}

async fn reversal(bench: &Bench) -> Good {
    let content = settle(bench).await.content;
    let (_, settled) = bench.done(Clerk, SETTLE, &content).await;
    let id = &settled["settlement"]["settlement_id"];
    let good = good(reversing(id), "/reason", json!("其他原因"));
    good.seen(
        GET_SETTLEMENT,
        json!({ "settlement_id": id }),
        "STATE_REVERSED",
    )
}

async fn older(bench: &Bench) -> No {
    older_of_two(bench, Clerk, "Reverse").await
}

async fn older_at_settlement(bench: &Bench) -> No {
    older_of_two(bench, Service, "ReverseSettlement").await
}

/// The older of two settlements of a person and year; the newer goes by `method`.
async fn older_of_two(bench: &Bench, role: Role, method: &'static str) -> No {
    let mut content = settle(bench).await.content;
    let (_, older) = bench.done(Clerk, SETTLE, &content).await;
    content["claim"]["visit_number"] = visit(bench);
    content["claim"]["begin_day"] = json!("2017-06-01");
    content["claim"]["end_day"] = json!("2017-06-09");
    let (_, newer) = bench.done(Clerk, SETTLE, &content).await;
    let id = |settled: &Value| reversing(&settled["settlement"]["settlement_id"]);
    no(id(&older), mend(bench, role, method, id(&newer)))
}

async fn referral(bench: &Bench) -> Good {
    let content = json!({
        "person_id": bench.world.person().await,
        "from_institution_code": CLINIC,
        "to_institution_code": HOSPITAL,
        "referral_type": "1",
        "diagnosis_code": "J18.900",
        "reason": "病情需要",
        "from_day": "2017-03-01",
    });
    let good = good(content, "/reason", json!("其他原因"));
    let asked = json!({ "referral_id": SUBJECT });
    good.seen(GET_REFERRAL, asked, "STATE_REQUESTED")
}

/// Which will always be the same institution.
async fn to_itself(bench: &Bench) -> No {
    let mut content = referral(bench).await.content;
    content["to_institution_code"] = content["from_institution_code"].clone();
    No {
        content,
        mend: None,
    }
}

async fn approval(bench: &Bench) -> Good {
    let wanted = referral(bench).await.content;
    let asked = ("referral", "RequestReferral");
    let (_, requested) = bench.done(Clerk, asked, &wanted).await;
    let id = &requested["referral"]["referral_id"];
    let content = json!({ "referral_id": id, "opinion": "同意" });
    let good = good(content, "/opinion", json!("其他意见"));
    let asked = json!({ "referral_id": id });
    good.seen(GET_REFERRAL, asked, "STATE_APPROVED")
}

async fn usage(bench: &Bench) -> Good {
    let content = approval(bench).await.content;
    let asked = ("referral", "ApproveReferral");
    let (_, approved) = bench.done(Clerk, asked, &content).await;
    let referral = &approved["referral"];
    let content = json!({
        "referral_id": referral["referral_id"],
        "person_id": referral["person_id"],
        "institution_code": referral["to_institution_code"],
        "visit_number": "V1",
        "admission_day": "2017-03-02",
    });
    let good = good(content, "/visit_number", json!("V2"));
    let asked = json!({ "referral_id": referral["referral_id"] });
    good.seen(GET_REFERRAL, asked, "STATE_USED")
}

async fn release(bench: &Bench) -> Good {
    let content = usage(bench).await.content;
    let asked = ("referral", "UseReferral");
    let (_, used) = bench.done(Clerk, asked, &content).await;
    let id = &used["referral"]["referral_id"];
    let content = json!({ "referral_id": id, "visit_number": content["visit_number"] });
    let good = good(content, "/visit_number", json!("V2"));
    let asked = json!({ "referral_id": id });
    good.seen(GET_REFERRAL, asked, "STATE_APPROVED")
}

/// Of an institution that nobody else bars, long after all that is referred.
async fn bar(bench: &Bench) -> Good {
    let content = json!({
        "institution_code": format!("H1525018{:04}", bench.number()),
        "from_day": "2030-01-01",
        "until_day": "2030-03-01",
        "decision_number": "测试决定1号",
        "reason": "测试暂停",
    });
    let listed = json!({ "institution_code": content["institution_code"] });
    let good = good(content, "/reason", json!("其他原因"));
    good.seen(("referral", "ListBars"), listed, SUBJECT)
}

async fn participant(bench: &Bench) -> Good {
    let content = json!({
        "region_code": (110_000 + bench.number()).to_string(),
        "name": "测试市",
        "from_day": "2017-01-01",
    });
    let listed = ("interregional", "ListParticipants");
    let good = good(content, "/name", json!("其他市"));
    good.seen(listed, json!({}), SUBJECT)
}

const GET_PERSON: (&str, &str) = ("enrollment", "GetPerson");
const GET_SETTLEMENT: (&str, &str) = ("settlement", "GetSettlement");
const GET_REFERRAL: (&str, &str) = ("referral", "GetReferral");
const SETTLE: (&str, &str) = ("orchestrator", "Settle");

/// A stay of an insured person that is like no other.
async fn claim(bench: &Bench) -> Value {
    let person = bench.world.insured(None).await;
    let mut claim = bench.json("yibao.common.v1.Claim", &stay(&person, "", 8_000));
    claim["visit_number"] = visit(bench);
    claim
}

/// A visit number that the hospital gave nobody yet.
fn visit(bench: &Bench) -> Value {
    json!(format!("V{}", bench.number()))
}

fn reversing(settlement_id: &Value) -> Value {
    json!({ "settlement_id": settlement_id, "reason": "测试撤销" })
}

fn good(content: Value, field: &'static str, other: Value) -> Good {
    Good {
        content,
        other: (field, other),
        seen: None,
    }
}

impl Good {
    fn seen(self, asked: (&'static str, &'static str), content: Value, text: &str) -> Good {
        let seen = Some(Seen {
            asked,
            content,
            text: text.to_string(),
        });
        Good { seen, ..self }
    }
}

fn no(content: Value, mend: Mend) -> No {
    No {
        content,
        mend: Some(mend),
    }
}

/// The reversal that removes the cause.
fn mend(bench: &Bench, role: Role, method: &'static str, mut content: Value) -> Mend {
    content["request_id"] = json!(bench.id());
    let service = match role {
        Service => "settlement",
        _ => "orchestrator",
    };
    Mend {
        role,
        asked: (service, method.to_string()),
        content,
    }
}
