//! 支付层的纲要: what one layer says of itself, and its tables.

use super::{Kind, Part, Section, Table, TableRow, pots};
use crate::package::Package;
use crate::terms::{
    Adjust, AdjustGroup, Band, BandOrigin, BaseOf, Body, CapGroup, CapKind, CapRow, Counter,
    Deductible, DeductibleAs, DeductibleFrom, DeductibleSplit, Draw, Figured, Floor, FloorOf,
    Incentive, Layer, Over, PartOf, Payer, Per, Row, ScheduleBody, Standard, Trace,
};
use crate::words::{self, yuan};
use kernel::{Fen, Rate};

/// What a layer says; `layers` are those it may refer to.
pub(super) fn section<'a>(
    package: &'a Package,
    layers: &'a [Layer],
    layer: &'a Layer,
) -> Section<'a> {
    // Every field of a layer is named here or in `tables`.
    let Layer {
        rule,
        rules: _,
        name,
        fund,
        trace,
        payer,
        draws,
        when,
        enters,
        base_of,
        without_cut_of,
        only_cut_of,
        // Follows from the layers behind it.
        cut_counts: _,
        either,
        clause,
        at: _,
        base,
        deducted: _,
        paid: _,
        reward: _,
        body,
        caps: _,
    } = layer;
    let names = |list: &[usize]| names(layers, list);
    let per_disease = matches!(
        base,
        Counter::Named {
            per_disease: true,
            ..
        }
    );
    let mut parts = vec![
        Part::new("名称", &**name),
        Part::new("基金", words::coded(fund.as_str(), fund.term())),
        Part::new("政策项目代码", trace_words(*trace)),
        Part::or_usual("支付方", payer_words(*payer), "基金"),
        Part::or_usual("账户", words::listed(draws, draw_words), ""),
        Part::or_usual(
            "进入本层的费用",
            pots(package, *enters),
            "政策范围内全部明细",
        ),
        Part::or_usual("计算的费用", base_words(*base_of), "尚无人支付的余额"),
        Part::or_usual("不含封顶线以上的层", names(without_cut_of), "无"),
        Part::or_usual("只取封顶线以上的层", names(only_cut_of), "无"),
        Part::or_usual("取高不重复的名称", either.as_deref().unwrap_or("无"), "无"),
        Part::or_usual("按病种累计", words::yes(per_disease), "否"),
    ];
    parts.extend(Part::scope(when));
    match body {
        Body::Schedule(body) => parts.extend(body_parts(body)),
        Body::Difference { with, of } => {
            let other = package.alternatives().get(*with);
            let other = other.map_or("", |other| &other.title);
            parts.push(Part::new(
                "两种待遇之差",
                format!("{other}减去{}", names(of)),
            ));
        }
    }
    Section {
        key: rule.to_string(),
        title: name.to_string(),
        parts,
        clause: Some(clause),
        tables: tables(package, layer),
        when: Some(when),
    }
}

fn body_parts(body: &ScheduleBody) -> Vec<Part> {
    let ScheduleBody {
        bands_over,
        deductible_per,
        origin,
        max_rate,
        split,
        deductible_from,
        deductible_as,
        deductibles: _,
        year_maxima: _,
        schedules: _,
        adjusts: _,
        floors: _,
    } = body;
    let over = |over: &Over| match over {
        Over::Stay => "每次",
        Over::Year => "年度累计",
    };
    let origin = match origin {
        BandOrigin::FromZero => "自零起算",
        BandOrigin::AboveDeductible => "自起付线以上起算",
    };
    let split = match split {
        DeductibleSplit::Proportional => "按占比",
        DeductibleSplit::OthersFirst => "先由其他明细承担",
    };
    let from = match deductible_from {
        DeductibleFrom::Base => "从费用里扣",
        DeductibleFrom::Payment => "从支付额里扣",
    };
    let counted = match deductible_as {
        DeductibleAs::Position => "按累计费用的位置",
        DeductibleAs::Charged => "按已付金额补差",
    };
    vec![
        Part::or_usual("分段按", over(bands_over), "每次"),
        Part::or_usual("起付线按", over(deductible_per), "每次"),
        Part::or_usual("分段起算", origin, "自起付线以上起算"),
        Part::or_usual("最高比例", max_rate.to_string(), "100%"),
        Part::or_usual("起付线在明细间的分摊", split, "按占比"),
        Part::or_usual("起付线的扣法", from, "从费用里扣"),
        Part::or_usual("年度起付线", counted, "按累计费用的位置"),
    ]
}

/// The tables of a layer, in the order in which they count.
pub(super) fn tables<'a>(package: &'a Package, layer: &'a Layer) -> Vec<Table<'a>> {
    let table = |kind, title: String, rows| Table {
        kind,
        title,
        layer: Some(layer),
        rows,
    };
    let mut found = Vec::new();
    if let Body::Schedule(body) = &layer.body {
        let deductibles = body.deductibles.iter().map(|row| deductible(package, row));
        found.push(table(
            Kind::Deductible,
            "起付线".to_string(),
            deductibles.collect(),
        ));
        let maxima = body.year_maxima.iter();
        let most = |row| TableRow::of(row, vec![Part::new("限额", yuan(row.value))]);
        let title = "全年起付线合计".to_string();
        found.push(table(Kind::YearMax, title, maxima.map(most).collect()));
        let schedules = body.schedules.iter().map(schedule);
        found.push(table(
            Kind::Schedule,
            "分段比例".to_string(),
            schedules.collect(),
        ));
        for AdjustGroup { rule, rows } in &body.adjusts {
            let name = rule.rsplit_once(".adjust_").map_or("", |(_, name)| name);
            let rows = rows.iter().map(|row| adjust(package, row));
            found.push(table(Kind::Adjust, format!("调整 {name}"), rows.collect()));
        }
        let floors = body.floors.iter().map(floor);
        found.push(table(Kind::Floor, "保底".to_string(), floors.collect()));
    }
    for cap in &layer.caps {
        let rows = cap.rows.iter().map(|row| cap_row(package, row));
        found.push(table(Kind::Cap, cap_title(layer, cap), rows.collect()));
    }
    found
}

fn deductible<'a>(package: &Package, row: &'a Row<Deductible>) -> TableRow<'a> {
    let Deductible {
        standard,
        ordinal_factors,
        per_days,
        figure,
    } = &row.value;
    let standard = match standard {
        Standard::Fixed(amount) => yuan(*amount),
        Standard::Part {
            of,
            rate,
            at_least,
            at_most,
        } => {
            let of = match of {
                PartOf::Total => "医疗费总额",
                PartOf::Base => "进入本层的费用",
                PartOf::Income => "家庭年收入",
            };
            let most = at_most.map(|most| format!("，不高于 {}", yuan(most)));
            let least = match *at_least {
                Fen::ZERO => String::new(),
                least => format!("，不低于 {}", yuan(least)),
            };
            format!("{of}的 {rate}{least}{}", most.unwrap_or_default())
        }
    };
    let mut parts = vec![Part::new("标准", standard)];
    parts.extend(figure_part(package, *figure));
    if !ordinal_factors.is_empty() {
        parts.push(Part::new("各次住院的系数", words::rates(ordinal_factors)));
    }
    if let Some(days) = per_days {
        parts.push(Part::new("计一次的住院天数", format!("每 {days} 天")));
    }
    TableRow::of(row, parts)
}

/// What part of a figure an amount is.
fn figure_part(package: &Package, figure: Option<Figured>) -> Option<Part> {
    let (index, rate) = figure?;
    let figure = package.figures.get(index)?;
    Some(Part::new("取自", format!("{}的 {rate}", figure.title)))
}

fn schedule(row: &Row<Vec<Band>>) -> TableRow<'_> {
    let mut parts = Vec::new();
    let mut clauses = Vec::new();
    for (band, number) in row.value.iter().zip(1..) {
        let Band {
            from,
            to,
            rate,
            age_points,
            clause,
            at: _,
            rule: _,
            rules: _,
        } = band;
        let range = match to {
            Some(to) => format!("{from} 至 {}", yuan(*to)),
            None => format!("{} 以上", yuan(*from)),
        };
        parts.push(Part::new(format!("第{number}段"), range));
        parts.push(Part::new(format!("第{number}段的比例"), rate.to_string()));
        if *age_points != Rate::ZERO {
            let points = format!("{age_points}（百分点）");
            parts.push(Part::new(format!("第{number}段每周岁加"), points));
        }
        clauses.push((format!("第{number}段"), clause));
    }
    TableRow {
        clauses,
        ..TableRow::of(row, parts)
    }
}

fn adjust<'a>(package: &Package, row: &'a Row<Adjust>) -> TableRow<'a> {
    let Adjust {
        lines,
        change,
        max_rate,
        deductible_factor,
        cap_plus,
        no_cap,
    } = &row.value;
    let mut parts = Vec::new();
    if let Some(lines) = lines {
        parts.push(Part::new("明细", pots(package, *lines)));
    }
    if let Some(change) = change {
        parts.push(Part::new("比例", words::change(*change)));
    }
    if *max_rate != Rate::ONE {
        parts.push(Part::new("本项最高比例", max_rate.to_string()));
    }
    if let Some(factor) = deductible_factor {
        parts.push(Part::new("起付线乘以", factor.to_string()));
    }
    if *cap_plus != Fen::ZERO {
        parts.push(Part::new("封顶线增加", yuan(*cap_plus)));
    }
    if *no_cap {
        parts.push(Part::new("封顶线", "取消"));
    }
    TableRow::of(row, parts)
}

fn floor(row: &Row<Floor>) -> TableRow<'_> {
    let Floor { rate, of } = &row.value;
    let of = match of {
        FloorOf::Base => "进入本层的基数",
        FloorOf::Net => "扣除起付线后",
        FloorOf::Total => "医疗费总额",
    };
    TableRow::of(row, vec![Part::new("数额", format!("{of}的 {rate}"))])
}

fn cap_title(layer: &Layer, cap: &CapGroup) -> String {
    let CapGroup {
        on,
        per,
        per_disease,
        own: _,
        bucket,
        used: _,
        rows: _,
    } = cap;
    let on = match on {
        CapKind::Fund => "基金支付",
        CapKind::Expense => "费用",
    };
    let per = match per {
        Per::Year => "每年",
        Per::Quarter => "每季",
        Per::Month => "每月",
        Per::Stay => "每次",
        Per::Day => "每住院日",
    };
    let disease = if *per_disease { "，按病种" } else { "" };
    let shared = match *bucket == layer.rule {
        true => String::new(),
        false => format!("，额度 {bucket}"),
    };
    format!("封顶线（{on}，{per}{disease}{shared}）")
}

fn cap_row<'a>(package: &Package, row: &'a Row<CapRow>) -> TableRow<'a> {
    let CapRow {
        amount,
        per_further_disease,
        incentive,
        figure,
    } = &row.value;
    let mut parts = vec![Part::new(
        "限额",
        amount.map_or("不设封顶".to_string(), yuan),
    )];
    parts.extend(figure_part(package, *figure));
    if *per_further_disease != Fen::ZERO {
        parts.push(Part::new("每多一个病种增加", yuan(*per_further_disease)));
    }
    if let Some(incentive) = incentive {
        let Incentive {
            after_years,
            per_year,
            zero_claim,
            max_share,
        } = incentive;
        let words = format!(
            "连续参保满 {after_years} 年后每年 {}，每个零报销年度 {}，合计不超过封顶线的 {max_share}",
            yuan(*per_year),
            yuan(*zero_claim)
        );
        parts.push(Part::new("激励", words));
    }
    TableRow::of(row, parts)
}

/// The names of layers by their places.
fn names(layers: &[Layer], list: &[usize]) -> String {
    let name = |index: &usize| {
        layers
            .get(*index)
            .map_or("", |layer| &layer.name)
            .to_string()
    };
    match list.is_empty() {
        true => "无".to_string(),
        false => words::listed(list, name),
    }
}

fn base_words(base: BaseOf) -> &'static str {
    match base {
        BaseOf::Rest => "尚无人支付的余额",
        BaseOf::Whole => "原额",
    }
}

fn payer_words(payer: Payer) -> &'static str {
    match payer {
        Payer::Fund => "基金",
        Payer::Account => "个人账户",
        Payer::Hospital => "医院",
    }
}

fn draw_words(draw: &Draw) -> String {
    let words = match draw {
        Draw::Current => "当年结存",
        Draw::Past => "历年结存",
        Draw::Shared => "家庭共济",
    };
    words.to_string()
}

fn trace_words(trace: Trace) -> &'static str {
    match trace {
        Trace::Pool => "pool（S001 C001…）",
        Trace::Outpatient => "outpatient（S001 C000）",
        Trace::Large => "large（L001…）",
        Trace::Critical => "critical（PS01 PL01…）",
        Trace::CivilServant => "civil_servant（GBS1 GB01…）",
        Trace::Account => "account（TA01）",
        Trace::Unlisted => "unlisted（无）",
    }
}
