//! 指标: counted, and what stands behind a count.

use super::{App, page_of};
use crate::domain::indicator::Shares;
use crate::store::{self, CountedVisit, VisitFilter};
use kernel::refusal::BAD_PAGE_TOKEN;
use kernel::{AreaCode, Refusal};

impl App {
    /// 县内就诊率 of the visits that are counted.
    pub async fn in_county_shares(
        &self,
        area: &AreaCode,
        filter: &VisitFilter,
    ) -> Result<Shares, Refusal> {
        let cells = store::visit_cells(self.db.reader(), area, filter).await?;
        Ok(Shares::of(&cells))
    }

    /// A page of the visits that are counted, and the token of the next.
    pub async fn in_county_visits(
        &self,
        area: &AreaCode,
        filter: &VisitFilter,
        after: &str,
        size: u64,
    ) -> Result<(Vec<CountedVisit>, String), Refusal> {
        let behind = match after {
            "" => ("", ""),
            key => {
                let bad = || BAD_PAGE_TOKEN.refuse().at("page_token");
                key.split_once(' ').ok_or_else(bad)?
            }
        };
        let place = (behind, size + 1);
        let rows = store::counted_visits(self.db.reader(), area, filter, place).await?;
        let key = |one: &CountedVisit| format!("{} {}", one.end, one.settlement);
        Ok(page_of(rows, size, key))
    }
}
