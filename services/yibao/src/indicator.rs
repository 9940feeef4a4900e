//! 指标: 县内就诊率 of a period, as a running suite reckons it, with bars.

use crate::cli::Trouble;
use crate::reach::Reach;
use crate::saga::{heard, patient};
use crate::story::sheet::{Sheet, Side};
use clap::Args;
use kernel::Day;
use proto::orchestrator as pb;
use proto::orchestrator::in_county_row::Dimension;
use std::io::{self, Write};

/// Marks of a whole bar.
const BAR: i32 = 20;
/// What there is of anything, in basis points.
const WHOLE_BP: i32 = 10_000;

/// Of which days.
#[derive(Debug, Args)]
pub struct Indicator {
    /// Visits that ended on this day or later, such as 2018-01-01.
    #[arg(long = "from", value_name = "DAY", value_parser = day)]
    from_day: Day,
    /// Visits that ended on this day or earlier.
    #[arg(long = "to", value_name = "DAY", value_parser = day)]
    to_day: Day,
    /// Only those of this scheme, such as 390.
    #[arg(long, value_name = "CODE", default_value = "")]
    scheme: String,
    /// Only those at the institution of this code.
    #[arg(long, value_name = "CODE", default_value = "")]
    institution: String,
    #[command(flatten)]
    reach: Reach,
    /// Who asks; @330523 behind the name is the area.
    #[arg(long = "as", value_name = "CALLER", default_value = "clerk")]
    caller: String,
}

fn day(text: &str) -> Result<Day, String> {
    Day::parse(text).map_err(|bad| bad.to_string())
}

/// Asks, and prints to `out`.
pub async fn obey(asked: Indicator, out: &mut dyn Write) -> Result<(), Trouble> {
    let mut client = asked.reach.desk(&asked.caller).await?.indicators();
    let filter = pb::VisitFilter {
        from_day: asked.from_day.to_string(),
        to_day: asked.to_day.to_string(),
        scheme: asked.scheme,
        institution_code: asked.institution,
        ..Default::default()
    };
    let request = pb::GetInCountyShareRequest {
        filter: Some(filter),
    };
    let told = heard(client.get_in_county_share(patient(request)).await)?;
    Ok(show((asked.from_day, asked.to_day), &told, out)?)
}

fn show(
    (from, to): (Day, Day),
    told: &pb::GetInCountyShareResponse,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut sheet = Sheet::terminal(out);
    sheet.heading(&format!("县内就诊率 {from} 至 {to}"))?;
    let headings = [
        ("分项", Side::Left),
        ("就诊人次", Side::Right),
        ("县内", Side::Right),
        ("县内就诊率", Side::Right),
        ("", Side::Left),
    ];
    let mut rows = vec![
        row("全部".into(), told.all.as_ref()),
        row("困难群众".into(), told.poor.as_ref()),
    ];
    for one in &told.rows {
        let (by, value) = (dimension(one.dimension()), &one.value);
        let name = match one.term.as_str() {
            "" => format!("{by} {value}"),
            term => format!("{by} {term}"),
        };
        rows.push(row(name, one.share.as_ref()));
    }
    sheet.table(&headings, &rows)?;
    sheet.gap()?;
    sheet.line(&told.definition)
}

fn dimension(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Unspecified => "",
        Dimension::Scheme => "险种",
        Dimension::Identity => "身份",
        Dimension::Tier => "等级",
        Dimension::Institution => "机构",
        Dimension::Care => "类别",
    }
}

fn row(name: String, share: Option<&pb::InCountyShare>) -> Vec<String> {
    let share = share.copied().unwrap_or_default();
    let (rate, bar) = match share.share_bp {
        Some(bp) => (percent(bp), bar(bp)),
        None => ("—".to_string(), String::new()),
    };
    vec![
        name,
        share.visit_count.to_string(),
        share.in_county_count.to_string(),
        rate,
        bar,
    ]
}

/// `95.42%`.
fn percent(bp: i32) -> String {
    format!("{}.{:02}%", bp / 100, bp % 100)
}

/// As long as the share, a mark for every five of a hundred begun.
fn bar(bp: i32) -> String {
    let marks = (bp * BAR + WHOLE_BP - 1) / WHOLE_BP;
    let full = usize::try_from(marks.clamp(0, BAR)).unwrap_or(0);
    let all = usize::try_from(BAR).unwrap_or(0);
    "█".repeat(full) + &"░".repeat(all - full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_shown_with_bars() {
        let share = |visit_count, in_county_count, share_bp| {
            Some(pb::InCountyShare {
                visit_count,
                in_county_count,
                share_bp,
            })
        };
        let told = pb::GetInCountyShareResponse {
            definition: "口径".into(),
            all: share(7, 6, Some(8_571)),
            poor: share(0, 0, None),
            rows: vec![pb::InCountyRow {
                dimension: Dimension::Scheme.into(),
                value: "390".into(),
                term: "城乡居民基本医疗保险".into(),
                share: share(7, 6, Some(8_571)),
            }],
        };
        let day = |text| Day::parse(text).unwrap();
        let mut out = Vec::new();
        show((day("2018-01-01"), day("2018-12-31")), &told, &mut out).unwrap();
        let told = String::from_utf8(out).unwrap();
        for part in ["85.71%", "险种 城乡居民基本医疗保险", "—", "口径"] {
            assert!(told.contains(part), "{told}");
        }
        let marks = |bp| bar(bp).chars().filter(|mark| *mark == '█').count();
        assert_eq!(
            (marks(0), marks(1), marks(9_999), marks(10_000)),
            (0, 1, 20, 20)
        );
        assert_eq!(bar(5_000).chars().count(), 20);
    }
}
