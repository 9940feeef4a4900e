//! 模拟结果: what a year would come to, as tables of at most a hundred columns. Nobody is named.

use super::Simulate;
use super::sums::{By, MONTHS, Pair, SHARE_STEPS, Sums, YUAN_STEPS};
use crate::story::sheet::{Sheet, Side};
use kernel::Fen;
use policy::{Cliff, Package};
use std::cmp::Reverse;
use std::io::{self, Write};

/// What there is to tell.
pub struct Told<'a> {
    /// What was asked.
    pub asked: &'a Simulate,
    /// The package.
    pub package: &'a Package,
    /// Its cliffs.
    pub cliffs: &'a [Cliff],
    /// What it came to.
    pub sums: &'a Sums,
}

/// The tables that are not by month, with their headings.
pub const TABLES: [(By, &str); 3] = [
    (By::Care, "医疗类别"),
    (By::Identity, "人员身份"),
    (By::Tier, "医院等级"),
];

impl<'a> Told<'a> {
    /// Prints all of it.
    pub fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut sheet = Sheet::new(out);
        self.begin(&mut sheet)?;
        self.months(&mut sheet)?;
        for (by, name) in TABLES {
            self.rows(by, name, &mut sheet)?;
        }
        self.people(&mut sheet)?;
        self.hardest(&mut sheet)?;
        self.cliffs(&mut sheet)?;
        self.remarks(&mut sheet)
    }

    fn begin(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        let (package, sums) = (self.package, self.sums);
        sheet.title(&format!(
            "政策模拟 {} {} 年",
            package.area(),
            self.asked.year
        ))?;
        sheet.hanging(
            "政策包  ",
            &format!("{} {}", package.name(), package.title()),
        )?;
        sheet.line(&format!(
            "重新计价 {} 笔有效结算，{} 人；其他险种 {} 笔不动。",
            sums.claims, sums.people, sums.untouched
        ))
    }

    fn months(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.heading("一、各支付方逐月（元）")?;
        let headings = [
            ("支付方", Side::Whole),
            ("月", Side::Whole),
            ("实付", Side::Right),
            ("模拟", Side::Right),
            ("增减", Side::Right),
            ("%", Side::Right),
        ];
        let mut rows = Vec::new();
        for payer in self.payers() {
            let mut first = payer.as_str();
            let mut all = Pair::default();
            for (month, pair) in self.of_payer(&payer) {
                all.add(&pair);
                rows.push(amounts(
                    first,
                    self.month(month),
                    (pair.paid, pair.simulated),
                ));
                first = "";
            }
            rows.push(amounts(first, "全年".into(), (all.paid, all.simulated)));
        }
        sheet.table(&headings, &rows)
    }

    /// The payers, funds first by their codes.
    pub fn payers(&self) -> Vec<String> {
        let rows = self.sums.rows.keys().filter(|(by, ..)| *by == By::Payer);
        let mut payers: Vec<String> = rows.map(|(_, row, _)| row.clone()).collect();
        payers.dedup();
        payers
    }

    /// A payer's months that moved anything.
    pub fn of_payer(&self, payer: &str) -> impl Iterator<Item = (u8, Pair)> {
        let rows = self.sums.rows.iter();
        let own = rows.filter(move |((by, row, _), _)| *by == By::Payer && row == payer);
        own.map(|((_, _, month), pair)| (*month, *pair))
    }

    /// A column of months in words.
    pub fn month(&self, month: u8) -> String {
        match usize::from(month) {
            0 => "上年".to_string(),
            month if month == MONTHS - 1 => "次年".to_string(),
            month => format!("{month}月"),
        }
    }

    fn rows(&self, by: By, name: &str, sheet: &mut Sheet<'_>) -> io::Result<()> {
        let number = match by {
            By::Care => "二",
            By::Identity => "三",
            By::Tier | By::Payer => "四",
        };
        sheet.heading(&format!("{number}、按{name}（元）"))?;
        let headings = [
            (name, Side::Left),
            ("笔数", Side::Right),
            ("基金实付", Side::Right),
            ("基金模拟", Side::Right),
            ("基金增减", Side::Right),
            ("个人增减", Side::Right),
        ];
        let row = |(name, pair): (&str, &Pair)| {
            vec![
                name.to_string(),
                pair.claims.to_string(),
                yuan(pair.paid),
                yuan(pair.simulated),
                signed(pair.simulated - pair.paid),
                signed(pair.own_simulated - pair.own_paid),
            ]
        };
        let rows: Vec<_> = self.table(by).map(row).collect();
        sheet.grid(&headings, &rows)
    }

    /// The rows of a table that is not by month.
    pub fn table(&self, by: By) -> impl Iterator<Item = (&'a str, &'a Pair)> {
        let rows = self.sums.rows.iter().filter(move |((of, ..), _)| *of == by);
        rows.map(|((_, row, _), pair)| (row.as_str(), pair))
    }

    fn people(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.heading("五、谁受益，谁受损（全年个人负担，含个人账户）")?;
        let headings = [
            ("按元", Side::Whole),
            ("少负担 人", Side::Right),
            ("多负担 人", Side::Right),
            ("按原负担", Side::Whole),
            ("少负担 人", Side::Right),
            ("多负担 人", Side::Right),
        ];
        let count = |band: i8| {
            let of = |bands: &std::collections::BTreeMap<i8, u64>, band: i8| {
                bands.get(&band).copied().unwrap_or(0).to_string()
            };
            (of(&self.sums.by_yuan, band), of(&self.sums.by_share, band))
        };
        let names = bands(YUAN_STEPS, "元")
            .into_iter()
            .zip(bands(SHARE_STEPS, "%"));
        let row = |(band, (in_yuan, in_share)): (i8, (String, String))| {
            let ((less, share_less), (more, share_more)) = (count(-band), count(band));
            vec![in_yuan, less, more, in_share, share_less, share_more]
        };
        let rows: Vec<_> = (1..).zip(names).map(row).collect();
        sheet.table(&headings, &rows)?;
        let (same, _) = count(0);
        sheet.line(&format!(
            "不变 {same} 人；受益者合计少负担 {} 元，受损者合计多负担 {} 元。",
            yuan(self.sums.less),
            yuan(self.sums.more)
        ))
    }

    fn hardest(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        if self.sums.hardest.is_empty() {
            return Ok(());
        }
        sheet.heading("六、多负担最多的（不具名）")?;
        let mut headings = vec![
            ("序", Side::Right),
            ("多负担", Side::Right),
            ("原负担", Side::Right),
            ("模拟负担", Side::Right),
            ("笔数", Side::Right),
        ];
        if self.asked.cases {
            headings.push(("增加最多的结算", Side::Whole));
        }
        let row = |(number, hit): (usize, &super::sums::Hit)| {
            let Reverse(more) = hit.more;
            let mut row = vec![
                number.to_string(),
                yuan(more.into()),
                yuan(hit.before.into()),
                yuan(hit.after.into()),
                hit.claims.to_string(),
            ];
            if self.asked.cases {
                row.push(hit.settlement.to_string());
            }
            row
        };
        let rows: Vec<_> = (1..).zip(&self.sums.hardest).map(row).collect();
        sheet.table(&headings, &rows)
    }

    fn cliffs(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        sheet.heading(&format!(
            "七、多一分费用的陡降（{} 处），费用在其上下 {} 元以内的人",
            self.cliffs.len(),
            self.asked.reach
        ))?;
        let headings = [
            ("行", Side::Right),
            ("费用", Side::Right),
            ("少支付", Side::Right),
            ("将跌落 人", Side::Right),
            ("已跌落 人", Side::Right),
            ("怎样的费用", Side::Left),
        ];
        let row = |(number, cliff): (u32, &Cliff)| {
            let near = self.sums.near.get(&number).copied().unwrap_or_default();
            vec![
                cliff.line.to_string(),
                cliff.cost.to_string(),
                cliff.lost.to_string(),
                near.before.to_string(),
                near.behind.to_string(),
                cliff.text.clone(),
            ]
        };
        let rows: Vec<_> = (0..).zip(self.cliffs).map(row).collect();
        match rows.is_empty() {
            true => sheet.line("没有：费用增加，基金和医院支付不减少。"),
            false => sheet.grid(&headings, &rows),
        }
    }

    fn remarks(&self, sheet: &mut Sheet<'_>) -> io::Result<()> {
        let sums = self.sums;
        sheet.heading("说明")?;
        let mut remarks = vec![
            "实付为有效结算按最新差额结算后的金额；已撤销的不计。月份为结算日期（setl_time）所在月。"
                .to_string(),
            "每人全年从头逐笔重算，年度累计随之变化；个人账户按当时可用余额，归属年度、分段照旧。"
                .to_string(),
        ];
        let mut counted = |count: u64, text: &str| {
            if count > 0 {
                remarks.push(format!("{count} 笔{text}"));
            }
        };
        counted(
            sums.differing,
            "按其原政策包复算与实付不符：先以 yibao replay 查明。",
        );
        counted(
            sums.besides,
            "当时所见的年度累计含后来已撤销的结算，仍按当时所见计入。",
        );
        counted(sums.past_unknown, "没有留存零报销年数，按零年计。");
        remarks
            .iter()
            .try_for_each(|remark| sheet.hanging("· ", remark))
    }
}

/// The bands of these steps in words, from the smallest.
pub fn bands(steps: [i64; 4], unit: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut low = 0;
    for step in steps {
        names.push(format!("{low}–{step}{unit}"));
        low = step;
    }
    names.push(format!("{low}{unit}以上"));
    names
}

fn amounts(payer: &str, month: String, (paid, simulated): (i128, i128)) -> Vec<String> {
    vec![
        payer.to_string(),
        month,
        yuan(paid),
        yuan(simulated),
        signed(simulated - paid),
        percent(paid, simulated),
    ]
}

/// By how many parts of a hundred it grew, with one decimal, cut.
fn percent(paid: i128, simulated: i128) -> String {
    match (simulated - paid).saturating_mul(1_000).checked_div(paid) {
        None => "—".to_string(),
        Some(0) => "0.0".to_string(),
        Some(tenths) => {
            let sign = if tenths < 0 { "-" } else { "+" };
            let tenths = tenths.unsigned_abs();
            format!("{sign}{}.{}", tenths / 10, tenths % 10)
        }
    }
}

/// An amount of fen as it stands in a column.
pub fn yuan(fen: i128) -> String {
    Fen(i64::try_from(fen).unwrap_or(i64::MAX)).to_string()
}

fn signed(fen: i128) -> String {
    match fen > 0 {
        true => format!("+{}", yuan(fen)),
        false => yuan(fen),
    }
}
