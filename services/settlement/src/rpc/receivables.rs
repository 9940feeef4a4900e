//! 先诊疗后付费欠费: the public interface to what patients did not pay at discharge.

use super::{ANYWHERE, Rpc, own_institution, whose_institution};
use crate::domain::End;
use crate::wire;
use kernel::{InstitutionCode, PaymentId, Principal, Refusal, ReminderId};
use proto::orchestrator as pb;
use proto::orchestrator::receivable_service_server::ReceivableService;
use runtime::Does::{Changes, Reads, ReadsPeople};
use runtime::{Access, Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("OpenReceivable", ANYWHERE, Changes),
    ("CancelReceivable", ANYWHERE, Changes),
    ("RecordPayment", ANYWHERE, Changes),
    ("RevokePayment", ANYWHERE, Changes),
    ("WriteOff", ANYWHERE, Changes),
    ("RevokeWriteOff", ANYWHERE, Changes),
    ("RecordReminder", ANYWHERE, Changes),
    ("RevokeReminder", ANYWHERE, Changes),
    ("GetReceivable", ANYWHERE, ReadsPeople),
    ("ListReceivables", ANYWHERE, ReadsPeople),
    ("ListDueReminders", ANYWHERE, ReadsPeople),
    ("GetOutcome", ANYWHERE, Reads),
    // A key has its caller in it: nobody burns another's.
    ("Burn", ANYWHERE, Changes),
];

/// Methods whose keys can be asked about and burned.
const METHODS: &[&str] = &[
    "OpenReceivable",
    "CancelReceivable",
    "RecordPayment",
    "RevokePayment",
    "WriteOff",
    "RevokeWriteOff",
    "RecordReminder",
    "RevokeReminder",
];

#[tonic::async_trait]
impl ReceivableService for Rpc {
    async fn open_receivable(
        &self,
        request: Request<pb::OpenReceivableRequest>,
    ) -> Answer<pb::OpenReceivableResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let opening = wire::opening(&message, own)?;
            let method = "OpenReceivable";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (owed, replayed) = self.0.open_receivable(&call, &opening).await?;
            Ok(pb::OpenReceivableResponse {
                receivable: Some(wire::receivable(&owed)),
                replayed,
            })
        })
        .await
    }

    async fn cancel_receivable(
        &self,
        request: Request<pb::CancelReceivableRequest>,
    ) -> Answer<pb::CancelReceivableResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let id = wire::receivable_id(&message.receivable_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "CancelReceivable";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let how = (End::Cancelled, reason.as_str());
            let done = self.0.end_receivable(&call, id, own.as_ref(), how);
            let (owed, replayed) = done.await?;
            Ok(pb::CancelReceivableResponse {
                receivable: Some(wire::receivable(&owed)),
                replayed,
            })
        })
        .await
    }

    async fn write_off(
        &self,
        request: Request<pb::WriteOffRequest>,
    ) -> Answer<pb::WriteOffResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let id = wire::receivable_id(&message.receivable_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "WriteOff";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let how = (End::WrittenOff, reason.as_str());
            let done = self.0.end_receivable(&call, id, own.as_ref(), how);
            let (owed, replayed) = done.await?;
            Ok(pb::WriteOffResponse {
                receivable: Some(wire::receivable(&owed)),
                replayed,
            })
        })
        .await
    }

    async fn revoke_write_off(
        &self,
        request: Request<pb::RevokeWriteOffRequest>,
    ) -> Answer<pb::RevokeWriteOffResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let id = wire::receivable_id(&message.receivable_id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "RevokeWriteOff";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let done = self.0.revoke_write_off(&call, id, own.as_ref(), &reason);
            let (owed, replayed) = done.await?;
            Ok(pb::RevokeWriteOffResponse {
                receivable: Some(wire::receivable(&owed)),
                replayed,
            })
        })
        .await
    }

    async fn record_payment(
        &self,
        request: Request<pb::RecordPaymentRequest>,
    ) -> Answer<pb::RecordPaymentResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let paying = wire::paying(&message)?;
            let method = "RecordPayment";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let done = self.0.record_payment(&call, &paying, own.as_ref());
            let (owed, payment_id, replayed) = done.await?;
            Ok(pb::RecordPaymentResponse {
                receivable: Some(wire::receivable(&owed)),
                payment_id,
                replayed,
            })
        })
        .await
    }

    async fn revoke_payment(
        &self,
        request: Request<pb::RevokePaymentRequest>,
    ) -> Answer<pb::RevokePaymentResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let id = PaymentId::parse(&message.payment_id);
            let id = parse::field("payment_id", id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "RevokePayment";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let done = self.0.revoke_payment(&call, id, own.as_ref(), &reason);
            let (owed, replayed) = done.await?;
            Ok(pb::RevokePaymentResponse {
                receivable: Some(wire::receivable(&owed)),
                replayed,
            })
        })
        .await
    }

    async fn record_reminder(
        &self,
        request: Request<pb::RecordReminderRequest>,
    ) -> Answer<pb::RecordReminderResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let reminding = wire::reminding(&message)?;
            let method = "RecordReminder";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let done = self.0.record_reminder(&call, &reminding, own.as_ref());
            let (owed, reminder_id, replayed) = done.await?;
            Ok(pb::RecordReminderResponse {
                receivable: Some(wire::receivable(&owed)),
                reminder_id,
                replayed,
            })
        })
        .await
    }

    async fn revoke_reminder(
        &self,
        request: Request<pb::RevokeReminderRequest>,
    ) -> Answer<pb::RevokeReminderResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let id = ReminderId::parse(&message.reminder_id);
            let id = parse::field("reminder_id", id)?;
            let reason = parse::text("reason", &message.reason, 200)?;
            let method = "RevokeReminder";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let done = self.0.revoke_reminder(&call, id, own.as_ref(), &reason);
            let (owed, replayed) = done.await?;
            Ok(pb::RevokeReminderResponse {
                receivable: Some(wire::receivable(&owed)),
                replayed,
            })
        })
        .await
    }

    async fn get_receivable(
        &self,
        request: Request<pb::GetReceivableRequest>,
    ) -> Answer<pb::GetReceivableResponse> {
        answer(request, |context, message| async move {
            let own = own_institution(&context.principal);
            let id = wire::receivable_id(&message.receivable_id)?;
            let area = &context.principal.area;
            let owed = self.0.receivable(area, id, own.as_ref()).await?;
            Ok(pb::GetReceivableResponse {
                receivable: Some(wire::receivable(&owed)),
            })
        })
        .await
    }

    async fn list_receivables(
        &self,
        request: Request<pb::ListReceivablesRequest>,
    ) -> Answer<pb::ListReceivablesResponse> {
        answer(request, |context, message| async move {
            let whose = whose(&context.principal, &message.institution_code)?;
            let which = wire::which_receivables(&message, whose)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (found, next_page_token) = self.0.receivables(area, &which, &after, size).await?;
            Ok(pb::ListReceivablesResponse {
                receivables: found.iter().map(wire::receivable).collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn list_due_reminders(
        &self,
        request: Request<pb::ListDueRemindersRequest>,
    ) -> Answer<pb::ListDueRemindersResponse> {
        answer(request, |context, message| async move {
            let whose = whose(&context.principal, &message.institution_code)?;
            let day = parse::day("day", &message.day)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let (area, which) = (&context.principal.area, (whose.as_ref(), day));
            let (found, next_page_token) = self.0.due_reminders(area, which, &after, size).await?;
            Ok(pb::ListDueRemindersResponse {
                reminders: found.iter().map(wire::due_reminder).collect(),
                next_page_token,
            })
        })
        .await
    }

    async fn get_outcome(
        &self,
        request: Request<pb::ReceivableServiceGetOutcomeRequest>,
    ) -> Answer<pb::ReceivableServiceGetOutcomeResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let request_id = parse::request_id(&message.request_id)?;
            let key = Key::of(&context.principal, method, request_id);
            let outcome = Some(render::outcome(self.0.outcome(&key).await?));
            Ok(pb::ReceivableServiceGetOutcomeResponse { outcome })
        })
        .await
    }

    async fn burn(
        &self,
        request: Request<pb::ReceivableServiceBurnRequest>,
    ) -> Answer<pb::ReceivableServiceBurnResponse> {
        answer(request, |context, message| async move {
            let method = parse::method(&message.method, METHODS)?;
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, method, id);
            let outcome = Some(render::outcome(self.0.burn(&key).await?));
            Ok(pb::ReceivableServiceBurnResponse { outcome })
        })
        .await
    }
}

/// Whose receivables a list is of: an institution's own; those of one, or of all, for the bureau.
fn whose(principal: &Principal, named: &str) -> Result<Option<InstitutionCode>, Refusal> {
    match (named, own_institution(principal)) {
        ("", None) => Ok(None),
        _ => whose_institution(principal, named).map(Some),
    }
}
