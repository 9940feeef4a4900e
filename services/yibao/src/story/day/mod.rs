//! 一县一日: a day of a county that does not exist, in a suite of its own under a clock of its own: two
//! thousand claims of every kind, what is undone and corrected of them, a summary that adds up, and a
//! close in which every institution's books agree with the bureau's.
//!
//! The people, their claims and so every amount are made from one seed; only how long it took differs
//! from run to run. A kind is an entry of `kinds`, a way to bring it a function of `ways`.

mod batches;
mod books;
mod claims;
mod close;
mod corrections;
mod debts;
mod employees;
mod filings;
mod identities;
pub(crate) mod kinds;
mod ledger;
mod parts;
mod table;
mod ways;

use self::batches::Brought;
use self::books::Books;
use self::claims::{Planned, SEED, TODAY};
use self::kinds::{BATCHES, BY_HAND, KINDS, PHASES};
use self::table::Tally;
use super::sheet::{Sheet, Side, yuan};
use super::{CLERK, Halted, Stage, Story};
use crate::area::{self, COUNTY, COUNTY_TOWNSHIPS, LOADER, LoadError};
use crate::bench::machine;
use crate::desk::Desk;
use crate::people::Population;
use crate::progress::Progress;
use crate::suite::{Databases, Suite, SuiteConfig, SuiteError};
use crate::told::Told;
use futures_util::{StreamExt, stream};
use kernel::{AreaCode, Day, IdentityKind, Instant};
use policy::{Library, Package, PackageError};
use proto::common::Settlement;
use proto::enrollment::RecordIdentityRequest;
use runtime::clock::ManualClock;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant as Watch};
use tonic::{Request, Status};

/// The county's law.
const PACKAGE: &str = include_str!("county.toml");
/// Its law for employees.
const EMPLOYEES: &str = include_str!("employees.toml");
/// How many people the county has.
const PEOPLE: usize = 760;
/// How many of them have 低保, 优抚 and 精神残疾 in one.
const ALL_THREE: usize = 8;
/// The settlements of a day.
const CLAIMS: usize = 2_000;
/// What is brought one by one, so many at once.
const AT_ONCE: usize = 8;
/// What one call may take, on a slow machine too.
const PATIENCE: Duration = Duration::from_secs(60);
/// An hour.
const HOUR_MILLIS: i64 = 3_600_000;
/// The hour the day begins.
const OPENING: i64 = 8;
/// 低保, 优抚, 精神残疾.
const IDENTITIES: [IdentityKind; 3] = [
    IdentityKind::MinimumLiving,
    IdentityKind::KeyEntitled,
    IdentityKind::MentalPatient,
];
/// Where and when it plays.
const COUNTY_2017: Stage = Stage {
    area: &COUNTY,
    year: 2017,
    package: "999999/2017-01-01",
    known_from: "2017-01-01",
    paid_day: "2017-01-09",
};

/// Why a day could not be told to its end.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub enum DayError {
    /// The county's law does not hold.
    Package(#[from] PackageError),
    /// Its suite cannot be opened.
    Suite(#[from] SuiteError),
    /// Its people cannot be registered.
    Load(#[from] LoadError),
    /// An expectation did not hold.
    Story(#[from] Halted),
}

/// What a day that was told came to.
#[derive(Clone, Debug)]
pub struct ToldDay {
    /// How many expectations were looked at, all of which held.
    pub expectations: u32,
    /// Claims settled.
    pub settled: usize,
    /// Requests refused.
    pub refused: usize,
    /// 医疗费总额 of all rows.
    pub total_fen: i64,
    /// 基金支付总额 of all rows.
    pub funds_fen: i64,
    /// SM3 over every figure of the summary, hexadecimal: the same in every run.
    pub digest: String,
    /// What the claims took.
    pub took: Duration,
}

/// Tells the day over fresh databases and prints it.
pub async fn tell(
    databases: Databases,
    out: &mut dyn Write,
    progress: &Progress,
) -> Result<ToldDay, DayError> {
    let package = Package::parse("999999/2017-01-01.toml", PACKAGE)?;
    let employees = Package::parse("999999/2017-01-01-310.toml", EMPLOYEES)?;
    let library = Arc::new(Library::new(vec![package, employees])?);
    let clock = Arc::new(ManualClock::at(hour(TODAY, OPENING)));
    let area = AreaCode::parse(COUNTY.code).unwrap_or_else(|_| area::code());
    let config = SuiteConfig {
        clock: clock.clone(),
        ..SuiteConfig::new(databases, area, library.clone())
    };
    let suite = Suite::open(config).await?;
    let open = suite.databases();
    let told = CountyDay::begin(&suite, &library, clock, out, progress)
        .told()
        .await;
    for database in open {
        database.close().await;
    }
    told
}

/// This hour of a day in Asia/Shanghai.
fn hour(day: &str, hour: i64) -> Instant {
    let midnight = Day::parse(day).map(Instant::beginning_of);
    let midnight = midnight.unwrap_or(Instant::EARLIEST);
    midnight.plus_millis(hour * HOUR_MILLIS)
}

/// A day while it is told.
struct CountyDay<'a> {
    story: Story<'a>,
    /// The bureau's clerk.
    desk: Desk,
    clock: Arc<ManualClock>,
    progress: &'a Progress,
    books: Books,
    tally: Tally,
    /// What is settled, in the order in which it was brought.
    settled: Vec<Settled>,
    /// Refused requests, by code.
    refusals: BTreeMap<String, usize>,
    /// Of a claim that was refused, its request.
    refused: Vec<Planned>,
    /// Who has no identity, by 人员编号.
    plain: BTreeSet<String>,
    /// 个人账户划入 of all employees.
    credited: i64,
    /// 追偿收回, by 基金支付类型.
    recovered: BTreeMap<String, i64>,
    /// What the claims took.
    took: Duration,
}

/// 已结算: a claim and its settlement.
#[derive(Clone, Debug)]
struct Settled {
    planned: Planned,
    settlement: Settlement,
}

impl<'a> CountyDay<'a> {
    fn begin(
        suite: &'a Suite,
        library: &'a Library,
        clock: Arc<ManualClock>,
        out: &'a mut dyn Write,
        progress: &'a Progress,
    ) -> CountyDay<'a> {
        let desk = suite.desk(CLERK).in_area(COUNTY.code);
        CountyDay {
            story: Story {
                sheet: Sheet::new(out),
                wires: suite.wires(),
                library,
                stage: &COUNTY_2017,
                clerk: desk.clone(),
                number: 1,
                chapter: "the county's day".into(),
                expectations: 0,
            },
            desk,
            clock,
            progress,
            books: Books::default(),
            tally: Tally::of(KINDS.iter().map(|kind| kind.name)),
            settled: Vec::new(),
            refusals: BTreeMap::new(),
            refused: Vec::new(),
            plain: BTreeSet::new(),
            credited: 0,
            recovered: BTreeMap::new(),
            took: Duration::ZERO,
        }
    }

    async fn told(mut self) -> Result<ToldDay, DayError> {
        let title = format!("{} {TODAY} · 一县一日", COUNTY.name);
        self.story.sheet.title(&title).map_err(Halted::from)?;
        let people = self.settle_in().await?;
        self.story
            .chapter("⑰ 一天的业务：各机构同时批量上传，其余逐笔办理")?;
        let planned = claims::plan(&people);
        let all = planned.len();
        self.file_diseases(&planned).await?;
        self.bring_batches(&planned).await?;
        self.correct().await?;
        self.bring_by_hand(&planned).await?;
        self.refuse_reimbursements().await?;
        self.see_a_stranger().await?;
        self.learn_late().await?;
        self.leave_unpaid().await?;
        self.recover().await?;
        self.count(all)?;
        self.story
            .chapter("⑱ 汇总：每一笔都按险种、基金和付款人分清")?;
        self.summarise()?;
        self.story
            .chapter("⑲ 对账与日结：医院的账与医保局的账逐行核对")?;
        self.close().await?;
        self.story.chapter("⑳ 总账：有借必有贷")?;
        self.balance().await?;
        let speed = self.speed();
        self.story.sheet.line(&speed).map_err(Halted::from)?;
        let whole = self.tally.whole();
        Ok(ToldDay {
            expectations: self.story.expectations,
            settled: self.settled.len(),
            refused: self.refusals.values().sum(),
            total_fen: whole.total,
            funds_fen: whole.paid(),
            digest: self.tally.digest().to_string(),
            took: self.took,
        })
    }

    /// The county with its people, some of whom have all three identities.
    async fn settle_in(&mut self) -> Result<Vec<claims::Patient>, DayError> {
        let population = Population::sized(SEED, PEOPLE, COUNTY_TOWNSHIPS);
        let loader = self.desk.of(LOADER);
        let ids = area::load_county(&loader, &population, self.progress).await?;
        let people = claims::patients(&population.residents, &ids, ALL_THREE);
        let plain = people.iter().filter(|patient| patient.plain);
        self.plain = plain.map(|patient| patient.person_id.clone()).collect();
        self.employ(&people).await?;
        for patient in people.iter().filter(|patient| patient.all_three) {
            for kind in &IDENTITIES {
                self.recognise(&patient.person_id, kind).await?;
            }
        }
        let told = format!(
            "机构 {} 家，居民 {} 人（今日可就诊 {} 人），合成数据的随机种子 {SEED}",
            COUNTY.institutions.len(),
            ids.len(),
            people.len()
        );
        self.story.sheet.line(&told).map_err(Halted::from)?;
        Ok(people)
    }

    /// 认定 of an identity, from the beginning of the year.
    async fn recognise(&mut self, person_id: &str, kind: &IdentityKind) -> Result<(), Halted> {
        let request = RecordIdentityRequest {
            request_id: format!("day-identity-{kind}-{person_id}"),
            person_id: person_id.into(),
            kind: kind.to_string(),
            from_day: self.story.stage.known_from.into(),
            until_day: String::new(),
        };
        let answer = self.desk.enrollment().record_identity(request).await;
        self.story.granted("RecordIdentity", answer).map(drop)
    }

    /// Moves the clock to an hour of the day.
    fn wait_until(&self, (_, at): (&str, i64)) {
        self.clock.set(hour(TODAY, at));
    }

    /// 批量: all institutions at once, phase by phase.
    async fn bring_batches(&mut self, planned: &[Planned]) -> Result<(), Halted> {
        for (number, phase) in PHASES.into_iter().enumerate().take(BATCHES) {
            self.wait_until(phase);
            let claims: Vec<Planned> = of_phase(planned, number).collect();
            self.progress
                .begin(&format!("{}：批量结算", phase.0), claims.len());
            let watch = Watch::now();
            let sent = batches::send(&self.desk, claims, self.progress).await;
            self.took += watch.elapsed();
            self.progress.end();
            let (brought, summaries) = self.heard("SettleBatch", sent)?;
            let summed: i64 = summaries.iter().map(|summary| summary.total_fen).sum();
            let funds: i64 = summaries.iter().map(|summary| summary.funds_fen).sum();
            let before = self.settled.len();
            brought.into_iter().for_each(|one| self.note(one));
            let new = self.settled.get(before..).unwrap_or_default();
            let amounts = new.iter().filter_map(|one| one.settlement.amounts.as_ref());
            let (total, paid) = amounts.fold((0, 0), |(total, paid), amounts| {
                (total + amounts.total_fen, paid + amounts.funds_fen)
            });
            let told = format!(
                "{}  {} 家机构各一批，结算 {} 笔，批末汇总与逐笔答复之和相同",
                phase.0,
                summaries.len(),
                new.len()
            );
            self.story.expect(summed == total && funds == paid, told)?;
        }
        let sent = batches::send(&self.desk, self.mistakes(), self.progress).await;
        let (brought, _) = self.heard("SettleBatch", sent)?;
        brought.into_iter().for_each(|one| self.note(one));
        Ok(())
    }

    /// 逐笔: several at once, each of somebody else.
    async fn bring_by_hand(&mut self, planned: &[Planned]) -> Result<(), Halted> {
        let Some(phase) = PHASES.get(BY_HAND).copied() else {
            return Ok(());
        };
        self.wait_until(phase);
        let claims: Vec<Planned> = of_phase(planned, BY_HAND).collect();
        self.progress
            .begin(&format!("{}：逐笔办理", phase.0), claims.len());
        let watch = Watch::now();
        let (desk, progress) = (self.desk.clone(), self.progress);
        let brought = stream::iter(claims).map(|one| {
            let desk = desk.clone();
            async move {
                let became = ways::bring(&desk, &one).await;
                progress.step();
                (one, became)
            }
        });
        let brought: Vec<_> = brought.buffered(AT_ONCE).collect().await;
        self.took += watch.elapsed();
        self.progress.end();
        let all = brought.len();
        for (planned, became) in brought {
            for (request_id, settlement) in self.heard("Settle", became)? {
                self.write_down(planned.clone(), &request_id, settlement);
            }
        }
        let told = format!("{}  逐笔 {all} 笔全部办结", phase.0);
        self.story.expect(all > 0, told)?;
        self.look_at_accounts()?;
        self.look_at_parts()
    }

    /// Writes down what became of a claim: in the institution's books, and for the summary.
    fn note(&mut self, brought: Brought) {
        let Brought { planned, became } = brought;
        match became {
            Ok(settlement) => {
                let request_id = planned.request_id.clone();
                self.write_down(planned, &request_id, settlement);
            }
            Err(code) => {
                *self.refusals.entry(code).or_default() += 1;
                self.refused.push(planned);
            }
        }
    }

    /// A settlement, under the request it was asked for by.
    fn write_down(&mut self, planned: Planned, request_id: &str, settlement: Settlement) {
        let kind = KINDS.get(planned.kind).map_or("", |kind| kind.name);
        let amounts = settlement.amounts.clone().unwrap_or_default();
        self.tally.add(kind, &amounts, 1);
        if settlement.reimbursement_id.is_empty() {
            self.books.settled(request_id, &settlement);
        }
        self.settled.push(Settled {
            planned,
            settlement,
        });
    }

    /// An answer that must not be a "no".
    fn heard<T>(&self, what: &str, answer: Result<T, Status>) -> Result<T, Halted> {
        answer.map_err(|status| Halted::Refused {
            chapter: self.story.chapter.clone(),
            what: what.to_string(),
            told: Box::new(Told::of(&status)),
        })
    }

    /// All that came is settled, and what was refused is told by code.
    fn count(&mut self, all: usize) -> Result<(), Halted> {
        let settled = self.settled.len();
        let rows = self.refusals.iter().map(|(code, count)| {
            let of = corrections::REFUSED.iter().find(|known| known.0 == code);
            vec![
                code.clone(),
                count.to_string(),
                of.map_or("", |of| of.1).into(),
            ]
        });
        let headings = [
            ("另有被拒绝的", Side::Left),
            ("笔数", Side::Right),
            ("因为", Side::Left),
        ];
        self.story
            .sheet
            .table(&headings, &rows.collect::<Vec<_>>())?;
        let told = format!(
            "{settled} 笔全部结算（中途结算的每一部分算一笔），{} 类业务一类不缺",
            KINDS.len()
        );
        let each = KINDS
            .iter()
            .all(|kind| self.tally.row(kind.name).claims == kind.settlements());
        let planned = KINDS.iter().flat_map(|kind| kind.claims).sum::<usize>();
        let whole = settled == CLAIMS && all == planned;
        self.story.expect(whole && each, told)?;
        let codes: Vec<&str> = self.refusals.keys().map(String::as_str).collect();
        let expected = corrections::REFUSED.iter().map(|known| known.0);
        let told = "该拒绝的都被拒绝，代码如上，没有留下任何结算";
        let same = codes.into_iter().eq(expected);
        self.story.expect(same, told)
    }

    fn summarise(&mut self) -> Result<(), Halted> {
        let tally = std::mem::take(&mut self.tally);
        self.story.show_tally(&tally)?;
        let whole = tally.whole();
        let told = format!(
            "总费用 {} = 基金 {} + 账户 {} + 现金 {} + 医院 {}",
            yuan(whole.total),
            yuan(whole.paid()),
            yuan(whole.account),
            yuan(whole.cash),
            yuan(whole.hospital)
        );
        self.story
            .expect(whole.adds_up() && tally.each_adds_up(), told)?;
        let every = tally.every_payer_pays();
        self.story
            .expect(every, "六个基金、个人账户和医院都有支付，没有一列为空")?;
        let told = format!(
            "以上数字的 SM3 摘要（种子相同，每次相同）  {}",
            tally.digest()
        );
        self.story.sheet.line(&told)?;
        self.tally = tally;
        Ok(())
    }

    /// What it took here.
    fn speed(&self) -> String {
        let millis = u64::try_from(self.took.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        let claims = u64::try_from(self.settled.len()).unwrap_or_default();
        let built = if cfg!(debug_assertions) {
            "调试"
        } else {
            "发布"
        };
        format!(
            "{claims} 笔用时 {}.{} 秒，每秒 {} 笔（本机实测：{}，{built}构建）",
            millis / 1_000,
            millis % 1_000 / 100,
            claims * 1_000 / millis,
            machine::name()
        )
    }
}

/// A request whose caller waits as long as a slow machine needs.
fn patient<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(PATIENCE);
    request
}

fn of_phase(planned: &[Planned], phase: usize) -> impl Iterator<Item = Planned> {
    planned
        .iter()
        .filter(move |one| one.phase == phase)
        .cloned()
}
