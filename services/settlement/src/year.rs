//! 年度底稿: the settlements of a whole year, read from the database as it stands, for whoever prices
//! them again under other rules. Nothing is written but who read it.

pub use crate::app::YearPage;
pub use crate::domain::{Saw, SettledClaim, SettledYear};
pub use crate::store::YearMark;

use crate::app::App;
use crate::shelf::Catalogues;
use ::store::access::Log;
use ::store::{Db, DbConfig, OpenError};
use kernel::{AreaCode, Clock, Fen, Refusal, Role, Seen, SeenKind};
use policy::Library;
use runtime::SharedCache;
use std::sync::Arc;

/// A year of an area.
pub struct Year {
    app: App,
    db: Db,
    log: Log,
    area: AreaCode,
    year: i32,
}

impl Year {
    /// Opens the service's database as it stands.
    pub async fn look_at(
        config: &DbConfig,
        (area, year): (AreaCode, i32),
        clock: Arc<dyn Clock>,
        library: Arc<Library>,
    ) -> Result<Year, OpenError> {
        let db = Db::look_at(config).await?;
        let (catalogues, nobody) = (Catalogues::new(SharedCache::open(None)), Fen(i64::MAX));
        Ok(Year {
            log: Log::new(&db, clock.clone()),
            app: App::new(db.clone(), clock, library, catalogues, nobody),
            db,
            area,
            year,
        })
    }

    /// How many settlements of the year stand.
    pub async fn count(&self) -> Result<u64, Refusal> {
        self.app.count_of_year(&self.area, self.year).await
    }

    /// The years of the people behind a mark, as many as about `size` settlements are of.
    pub async fn page(&self, after: &YearMark, size: u64) -> Result<YearPage, Refusal> {
        self.app
            .years_page(&self.area, self.year, after, size)
            .await
    }

    /// 访问记录: writes down who is going to read the year, or is going to be shown these settlements;
    /// answers once that is durable.
    pub async fn note(&self, caller: &str, purpose: &str, shown: &[String]) -> Result<(), Refusal> {
        let year = vec![format!("year-{}", self.year)];
        let subjects = if shown.is_empty() {
            year
        } else {
            shown.to_vec()
        };
        let seen = Seen {
            area: self.area.clone(),
            caller: caller.to_string(),
            roles: vec![Role::Operator],
            method: "yibao simulate".to_string(),
            kind: SeenKind::Read,
            subject_count: u32::try_from(subjects.len()).unwrap_or(u32::MAX),
            subjects,
            purpose: purpose.to_string(),
            outcome: "OK",
            trace_id: String::new(),
        };
        self.log.append(seen).await
    }

    /// Closes the database.
    pub async fn close(self) {
        self.db.close().await;
    }
}
