//! 指标: the public interface to what settlements say of the area.

use super::{BUREAU, Rpc};
use crate::wire::indicator as wire;
use proto::orchestrator as pb;
use proto::orchestrator::indicator_service_server::IndicatorService;
use runtime::Does::{Reads, ReadsPeople};
use runtime::{Access, Answer, answer};
use store::page;
use tonic::Request;

/// Who may call what.
pub const ACCESS: Access = &[
    ("GetInCountyShare", BUREAU, Reads),
    ("ListInCountyVisits", BUREAU, ReadsPeople),
];

#[tonic::async_trait]
impl IndicatorService for Rpc {
    async fn get_in_county_share(
        &self,
        request: Request<pb::GetInCountyShareRequest>,
    ) -> Answer<pb::GetInCountyShareResponse> {
        answer(request, |context, message| async move {
            let filter = wire::visit_filter(message.filter.as_ref(), None)?;
            let area = &context.principal.area;
            let shares = self.0.in_county_shares(area, &filter).await?;
            Ok(wire::in_county(&shares))
        })
        .await
    }

    async fn list_in_county_visits(
        &self,
        request: Request<pb::ListInCountyVisitsRequest>,
    ) -> Answer<pb::ListInCountyVisitsResponse> {
        answer(request, |context, message| async move {
            let within = wire::within(message.r#where)?;
            let filter = wire::visit_filter(message.filter.as_ref(), within)?;
            let size = page::size(message.page_size)?;
            let after = page::key(&message.page_token)?;
            let area = &context.principal.area;
            let (visits, next) = self.0.in_county_visits(area, &filter, &after, size).await?;
            Ok(pb::ListInCountyVisitsResponse {
                visits: visits.into_iter().map(wire::counted_visit).collect(),
                next_page_token: next,
            })
        })
        .await
    }
}
