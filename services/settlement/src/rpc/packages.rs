//! 政策包: policy packages at run time.

use super::Rpc;
use crate::wire;
use proto::settlement as pb;
use runtime::{Answer, answer, origin, parse, render};
use store::{Key, page};
use tonic::Request;

impl Rpc {
    pub(super) async fn propose_package(
        &self,
        request: Request<pb::ProposePackageRequest>,
    ) -> Answer<pb::ProposePackageResponse> {
        answer(request, |context, message| async move {
            wire::package_text(&message.text)?;
            let method = "ProposePackage";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (document, replayed) = self.0.packages.propose(&call, &message.text).await?;
            Ok(pb::ProposePackageResponse {
                proposal_id: document.proposal.map(|made| made.id).unwrap_or_default(),
                package_digest: document.described.digest.to_string(),
                name: document.described.name,
                title: document.described.title,
                replayed,
            })
        })
        .await
    }

    pub(super) async fn withdraw_propose_package(
        &self,
        request: Request<pb::WithdrawProposePackageRequest>,
    ) -> Answer<pb::WithdrawProposePackageResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "ProposePackage", id);
            let outcome = self
                .0
                .packages
                .withdraw_proposal(&key, self.0.clock.now())
                .await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawProposePackageResponse { outcome })
        })
        .await
    }

    pub(super) async fn activate_package(
        &self,
        request: Request<pb::ActivatePackageRequest>,
    ) -> Answer<pb::ActivatePackageResponse> {
        answer(request, |context, message| async move {
            let asked = wire::activate(&message)?;
            let method = "ActivatePackage";
            let origin = origin(method, &message);
            let call = self.call(&context, method, &message.request_id, origin)?;
            let (activation, replayed) = self.0.packages.activate(&call, &asked).await?;
            Ok(pb::ActivatePackageResponse {
                activation_id: activation.id,
                activates_time: Some(render::timestamp(activation.since)),
                replayed,
            })
        })
        .await
    }

    pub(super) async fn withdraw_activate_package(
        &self,
        request: Request<pb::WithdrawActivatePackageRequest>,
    ) -> Answer<pb::WithdrawActivatePackageResponse> {
        answer(request, |context, message| async move {
            let id = parse::original_request_id(&message.original_request_id)?;
            let key = Key::of(&context.principal, "ActivatePackage", id);
            let outcome = self
                .0
                .packages
                .withdraw_activation(&key, self.0.clock.now())
                .await?;
            let outcome = Some(render::outcome(outcome));
            Ok(pb::WithdrawActivatePackageResponse { outcome })
        })
        .await
    }

    pub(super) async fn list_packages(
        &self,
        request: Request<pb::ListPackagesRequest>,
    ) -> Answer<pb::ListPackagesResponse> {
        answer(request, |context, message| async move {
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (rows, next) = self
                .0
                .packages
                .page(area, size, &after, self.0.clock.now())
                .await?;
            let rows = rows.into_iter();
            let packages = rows.map(|(document, standing)| render::package(document, standing));
            Ok(pb::ListPackagesResponse {
                packages: packages.collect(),
                next_page_token: next,
            })
        })
        .await
    }
}
