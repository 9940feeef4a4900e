//! 参保的纲要: fees, subsidies, and from which day a payment counts.

use super::{Chapter, Part, Section};
use crate::enrolment::{
    Aid, AidTiming, BrokenCount, BrokenRule, ChangeEffect, Choice, ContinuityRule, Cut, DaysRange,
    Delay, Enrolment, EnrolmentRule, EnrolmentWay, FeeRule, NeverInsured, Origin, PaidWhen, Past,
    StartRule, StartWhen, SubsidyRule, SubsidyTerms, TransferRule, WindowYear,
};
use crate::words::{self, yuan};

/// The chapters about enrolment.
pub(super) fn chapters(enrolment: &Enrolment) -> Vec<Chapter<'_>> {
    let Enrolment {
        fees,
        subsidies,
        terms: shared,
        start,
        subsidy_examples,
        waiting_examples,
    } = enrolment;
    let example = |name: &str, source: &str, said: String| {
        let parts = vec![
            Part::or_usual("数字来源", source, source),
            Part::unsaid("内容", said),
        ];
        Section::plain(name, name.to_string(), parts, None)
    };
    let aids = subsidy_examples
        .iter()
        .map(|one| example(&one.name, &one.source, one.said()));
    let waits = waiting_examples
        .iter()
        .map(|one| example(&one.name, &one.source, one.said()));
    let mut starts: Vec<Section<'_>> = Vec::new();
    let mut window = Vec::new();
    if let Some(rule) = start {
        window.push(self::window(rule));
        window.extend(rule.continuity.iter().map(continuity));
        window.extend(rule.transfer.iter().map(transfer));
        // The short form has one clause for all.
        let own = |row: &StartRule| row.clause != rule.clause;
        starts.extend(rule.starts.iter().map(|row| start_rule(row, own(row))));
    }
    let first_tier = "没有说明档次的，按写在最前面的一档";
    let first_row = "先符合的一行适用";
    vec![
        Chapter::of("个人缴费", fees.iter().map(fee)).ordered(first_tier),
        Chapter::of("参保资助", subsidies.iter().map(subsidy)).ordered(first_row),
        Chapter::of("参保资助的共同规定", shared.iter().map(terms)),
        Chapter::of("集中缴费期", window.into_iter()),
        Chapter::of("待遇起始", starts.into_iter()).ordered(first_row),
        Chapter::of("资助算例", aids),
        Chapter::of("等待期算例", waits),
    ]
}

fn fee(rule: &FeeRule) -> Section<'_> {
    let FeeRule {
        year,
        tier,
        title,
        fee,
        clause,
    } = rule;
    let tier = tier.as_deref().unwrap_or("");
    let name = title.as_deref().unwrap_or(tier);
    let parts = vec![
        Part::or_usual("名称", title.as_deref().unwrap_or("无"), "无"),
        Part::new("标准", yuan(*fee)),
    ];
    let key = format!("{year}/{tier}");
    Section::plain(
        &key,
        format!("{year} 年{name}个人缴费"),
        parts,
        Some(clause),
    )
}

fn subsidy(rule: &SubsidyRule) -> Section<'_> {
    let SubsidyRule {
        groups,
        tiers,
        from_year,
        to_year,
        aid,
        timing,
        clause,
    } = rule;
    let mut names: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    names.sort_unstable();
    let aid = match aid {
        Aid::Rate { rate, of: None } => format!("本人所选档次标准的 {rate}"),
        Aid::Rate { rate, of: Some(of) } => format!("{of} 档标准的 {rate}"),
        Aid::Amount(amount) => yuan(*amount),
    };
    let years = match (from_year, to_year) {
        (None, None) => "各年".to_string(),
        (from, to) => {
            let year = |year: &Option<i32>| year.map_or(String::new(), |year| year.to_string());
            format!("{} 至 {} 年", year(from), year(to))
        }
    };
    let timing = match timing {
        None => "按共同规定",
        Some(timing) => timing_words(*timing),
    };
    let title = format!(
        "{}的参保资助",
        words::listed(groups, |group| group.title.to_string())
    );
    let parts = vec![
        Part::new("资助", aid),
        Part::set("适用的档次", tiers.iter().cloned()),
        Part::or_usual("适用的年度", years, "各年"),
        Part::or_usual("资助时间", timing, "按共同规定"),
    ];
    Section::plain(&names.join(","), title, parts, Some(clause))
}

fn timing_words(timing: AidTiming) -> &'static str {
    match timing {
        AidTiming::AtOnce => "同缴同补",
        AidTiming::Afterwards => "事后资助",
    }
}

fn terms(terms: &SubsidyTerms) -> Section<'_> {
    let SubsidyTerms {
        choice,
        timing,
        change,
        clause,
    } = terms;
    let choice = match choice {
        Choice::Identity => "最高的身份",
        Choice::Amount => "资助额最高的一行",
        Choice::Row => "第一个符合的行",
    };
    let change = match change {
        ChangeEffect::None => "不补差",
        ChangeEffect::Difference => "补差",
        ChangeEffect::NextYear => "次年起资助",
    };
    let timing = timing.map_or("同缴同补", timing_words);
    let parts = vec![
        Part::or_usual("就高不就低取", choice, "最高的身份"),
        Part::or_usual("资助时间", timing, "同缴同补"),
        Part::or_usual("缴费以后身份变更", change, "不补差"),
    ];
    Section::plain("terms", "各行".to_string(), parts, Some(clause))
}

fn window(rule: &EnrolmentRule) -> Section<'_> {
    let EnrolmentRule {
        opens,
        closes,
        broken,
        starts: _,
        continuity: _,
        transfer: _,
        clause,
    } = rule;
    let BrokenCount {
        from_year,
        never_insured,
    } = broken;
    let never = match never_insured {
        NeverInsured::New => "不算断保",
        NeverInsured::Broken => "算断保",
    };
    let cut = |cut: &Option<Cut>| match cut {
        None => "没有".to_string(),
        Some(Cut { month, day, year }) => {
            let year = match year {
                WindowYear::Previous => "上年",
                WindowYear::Same => "当年",
            };
            format!("{year} {month} 月 {day} 日")
        }
    };
    let parts = vec![
        Part::or_usual("首日", cut(opens), "没有"),
        Part::or_usual("末日", cut(closes), "没有"),
        Part::or_usual(
            "断保起算年度",
            from_year.map_or("没有".to_string(), |year| year.to_string()),
            "没有",
        ),
        Part::or_usual("从未参保的", never, "不算断保"),
    ];
    Section::plain("window", "缴费".to_string(), parts, Some(clause))
}

fn continuity(rule: &ContinuityRule) -> Section<'_> {
    let ContinuityRule {
        from_year,
        break_keeps_zero_claim,
        clause,
    } = rule;
    let from = from_year.map_or("不限".to_string(), |year| year.to_string());
    let parts = vec![
        Part::or_usual("起算年度", from, "不限"),
        Part::or_usual(
            "断保后保留零报销年数",
            words::yes(*break_keeps_zero_claim),
            "否",
        ),
    ];
    Section::plain("continuity", "连续参保".to_string(), parts, Some(clause))
}

fn transfer(rule: &TransferRule) -> Section<'_> {
    let TransferRule {
        gap_months,
        switch_years,
        clause,
    } = rule;
    let parts = vec![
        Part::new("中断缴费不超过", format!("{gap_months} 个月")),
        Part::or_usual(
            "变更险种的须已连续参保",
            format!("{switch_years} 年"),
            "0 年",
        ),
    ];
    Section::plain("transfer", "关系转移接续".to_string(), parts, Some(clause))
}

fn start_rule(row: &StartRule, own_clause: bool) -> Section<'_> {
    let StartRule {
        rule,
        title,
        when,
        from,
        delay,
        clause,
    } = row;
    let from = match from {
        Origin::Coverage => "缴费日与参保年度1月1日的后者",
        Origin::Payment => "缴费日",
        Origin::Birth => "出生日",
        Origin::Arrears => "停止待遇之日",
    };
    let delay = match delay {
        Delay::Days(0) | Delay::Months(0) => "不等待".to_string(),
        Delay::Days(days) => format!("{days} 日"),
        Delay::Months(months) => format!("满 {months} 个月"),
        Delay::MonthsToFirst(months) => format!("缴费当月之后第 {months} 个月首日"),
        Delay::Broken { fixed, rule } => {
            let BrokenRule {
                months_per_further_year,
                months_per_repaid_year,
                floor,
            } = rule;
            let floor = floor.map_or(String::new(), |(years, months)| {
                format!("，断保满 {years} 年的不少于 {months} 个月")
            });
            format!(
                "{fixed} 个月，每多断保一年加 {months_per_further_year} 个月，每修复一年减 \
                 {months_per_repaid_year} 个月{floor}"
            )
        }
    };
    let mut parts = vec![
        Part::new("名称", title.clone()),
        Part::or_usual("起算日", from, "缴费日与参保年度1月1日的后者"),
        Part::new("等待", delay),
    ];
    parts.extend(conditions(when));
    Section::plain(rule, title.clone(), parts, own_clause.then_some(clause))
}

fn conditions(when: &StartWhen) -> Vec<Part> {
    let StartWhen {
        payment,
        history,
        groups,
        ways,
        age_days,
        arrears_days,
        exempt,
    } = when;
    let payment = payment.iter().map(|paid| match paid {
        PaidWhen::Early => "集中缴费期以前",
        PaidWhen::Window => "集中缴费期内",
        PaidWhen::Late => "集中缴费期以后",
    });
    let history = history.iter().map(|past| match past {
        Past::First => "首次参保",
        Past::Continuous => "连续参保",
        Past::Broken => "断保",
    });
    let ways = ways.iter().map(|way| match way {
        EnrolmentWay::Resident => "城乡居民",
        EnrolmentWay::Employer => "用人单位",
        EnrolmentWay::Flexible => "灵活就业",
    });
    let days = |days: &Option<DaysRange>| match days {
        None => "不限".to_string(),
        Some(DaysRange { from, to: None }) => format!("{from} 日以上"),
        Some(DaysRange { from, to: Some(to) }) => format!("{from} 至 {to} 日"),
    };
    let exempt = exempt.map_or("不限".to_string(), words::yes);
    let groups = groups
        .iter()
        .map(|group| words::coded(&group.name, &group.title));
    vec![
        Part::set("适用的缴费时间", payment.map(String::from)),
        Part::set("适用的参保经历", history.map(String::from)),
        Part::set("适用的人群", groups),
        Part::set("适用的参保方式", ways.map(String::from)),
        Part::or_usual("适用的出生天数", days(age_days), "不限"),
        Part::or_usual("适用的欠费天数", days(arrears_days), "不限"),
        Part::or_usual("适用的免等待认定", exempt, "不限"),
    ]
}
