//! 年度底稿: the settlements of a whole year, person after person, each with what it was priced by.
//! Nothing is written.

use super::App;
use crate::domain::{Link, Posted, Saw, SettledYear, settled_year};
use crate::refusal::REPLAY_DIFFERS;
use crate::store::{self, YearMark};
use kernel::{AreaCode, Digest, Refusal};

/// How often a page is read again in which a settlement is not what it was: somebody corrected one
/// between two statements.
const TRIES_MAX: usize = 2;

/// Years of some people, one behind the other.
pub struct YearPage {
    /// The years, in the order of persons and schemes.
    pub years: Vec<SettledYear>,
    /// Whose was the last; nobody's where there is nobody behind.
    pub last: Option<YearMark>,
    /// Whether there may be more behind.
    pub more: bool,
}

impl App {
    /// How many settlements of a year stand.
    pub async fn count_of_year(&self, area: &AreaCode, year: i32) -> Result<u64, Refusal> {
        Ok(store::count_of_year(&self.db, area, year).await?)
    }

    /// The years of the people behind a mark, as many as about `size` settlements are of.
    pub async fn years_page(
        &self,
        area: &AreaCode,
        year: i32,
        after: &YearMark,
        size: u64,
    ) -> Result<YearPage, Refusal> {
        let mut page = self.years_once(area, year, after, size).await?;
        for _ in 0..TRIES_MAX {
            let mut claims = page.years.iter().flat_map(|year| &year.claims);
            if !claims.any(|claim| claim.saw == Saw::Differs) {
                break;
            }
            page = self.years_once(area, year, after, size).await?;
        }
        Ok(page)
    }

    async fn years_once(
        &self,
        area: &AreaCode,
        year: i32,
        after: &YearMark,
        size: u64,
    ) -> Result<YearPage, Refusal> {
        let mut size = size.max(1);
        // A person with more settlements than a page has is read with a larger one.
        let (people, more) = loop {
            let rows = store::standing_of_year(&self.db, area, year, after, size).await?;
            let full = u64::try_from(rows.len()).is_ok_and(|count| count >= size);
            let mut people = grouped(rows);
            // The last one may go on behind the page.
            if full && people.len() > 1 {
                people.pop();
            } else if full {
                size = size.saturating_mul(2);
                continue;
            }
            break (people, full);
        };
        let last = people.last().map(|(mark, _)| mark.clone());
        let mut years = Vec::with_capacity(people.len());
        for (_, posted) in people {
            let mut links = Vec::with_capacity(posted.len());
            for one in posted {
                links.push(self.link(area, one).await?);
            }
            years.push(settled_year(links)?);
        }
        Ok(YearPage { years, last, more })
    }

    async fn link(&self, area: &AreaCode, posted: Posted) -> Result<Link, Refusal> {
        let differs = || REPLAY_DIFFERS.refuse().with("settlement_id", posted.id);
        let digest = Digest::parse(&posted.basis.package_digest).ok_or_else(differs)?;
        let law = self.packages.knowing(area, std::iter::once(digest)).await?;
        let package = law.by_digest(digest).ok_or_else(differs)?.clone();
        let (reader, id) = (self.db.reader(), posted.basis.catalogue);
        let catalogue = self.catalogues.version(reader, area, id).await?;
        Ok(Link {
            posted,
            package,
            catalogue,
        })
    }
}

/// Settlements by person and scheme, in the order in which they came.
fn grouped(rows: Vec<Posted>) -> Vec<(YearMark, Vec<Posted>)> {
    let mut people: Vec<(YearMark, Vec<Posted>)> = Vec::new();
    for posted in rows {
        let whose = posted.evidence.bill.year_key();
        let mark = YearMark {
            person: whose.person.to_string(),
            scheme: whose.scheme.to_string(),
        };
        match people.last_mut().filter(|(last, _)| *last == mark) {
            Some((_, all)) => all.push(posted),
            None => people.push((mark, vec![posted])),
        }
    }
    people
}
