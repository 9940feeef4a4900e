//! 计算依据: why an amount is what it is, as data and as a Chinese sentence. A reason holds what the
//! sentence says, not the sentence: it is written only when somebody reads it.

use crate::schedule::adjusted;
use crate::terms::{Change, Clause, Layer, Per};
use kernel::{Fen, IdentityKind, ItemClass, Rate, UnitPrice};
use std::fmt;
use std::sync::Arc;

/// The clause of the line rules, which are national.
const LINE_CLAUSE: &str = "国家医保信息平台接口规范：甲类全额、乙类先行自付、丙类自费、超限价自费";
/// The clause that takes a third party's share out.
const THIRD_PARTY_CLAUSE: &str =
    "社会保险法第三十条：应当由第三人负担的不纳入基本医疗保险基金支付范围";

/// 计算依据: why one amount is what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is about.
    pub subject: Subject,
    /// A stable id such as `basic.deductible`.
    pub rule: Arc<str>,
    /// 条款: the words of the source, or the name of the assumption that stands in for them.
    pub clause: Arc<str>,
    /// 政策项目代码 (polItemCode), where the national list has one.
    pub item_code: Option<&'static str>,
    /// The amount the rule was applied to.
    pub input: Fen,
    /// The rate it was applied at.
    pub rate: Option<Rate>,
    /// What came out; zero where the rule moves no money itself, negative where it takes away.
    pub output: Fen,
    /// The name of the assumption the number or its reading rests on, when no public source has it.
    pub assumed: Option<Arc<str>>,
    said: Said,
}

/// What a reason is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// The line of this number.
    Line(u32),
    /// The whole bill.
    Bill,
    /// The layer of this name.
    Layer(Arc<str>),
    /// 参保: a fee, a subsidy or a waiting period.
    Enrolment,
}

impl Subject {
    /// In Chinese.
    pub fn term(&self) -> String {
        match self {
            Subject::Line(number) => format!("第 {number} 行"),
            Subject::Bill => "整单".to_string(),
            Subject::Layer(name) => name.to_string(),
            Subject::Enrolment => "参保".to_string(),
        }
    }
}

/// `line 3`, `bill`, `居民基本医保`, `enrolment`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Subject::Line(number) => write!(f, "line {number}"),
            Subject::Bill => f.write_str("bill"),
            Subject::Layer(name) => f.write_str(name),
            Subject::Enrolment => f.write_str("enrolment"),
        }
    }
}

/// What the sentence of a reason says, beyond its input, rate and output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Denied(Arc<str>),
    Class(ItemClass),
    Restricted,
    OverLimit {
        price: UnitPrice,
        limit: UnitPrice,
    },
    FirstPay,
    Total(&'static str),
    ThirdParty,
    Referral,
    Member {
        title: Arc<str>,
        identity: IdentityKind,
    },
    Base {
        layer: Arc<str>,
        in_scope: bool,
    },
    ExpenseCap {
        most: Fen,
        used: Fen,
        per: Per,
    },
    DeductiblePart {
        of: &'static str,
    },
    DeductibleFactor,
    DeductibleTaken,
    DeductibleOrdinal {
        ordinal: i64,
    },
    DeductibleTimes {
        days: i64,
        times: i64,
    },
    DeductibleMax {
        most: Fen,
    },
    Deductible {
        standard: Fen,
    },
    Adjusted {
        change: Change,
        from: Rate,
    },
    MaxRate {
        from: Rate,
    },
    Paid,
    Floor,
    Limit,
    Balance {
        left: Fen,
    },
    Cap {
        most: Fen,
        used: Fen,
        per: Per,
    },
    Difference {
        title: Arc<str>,
        own: Fen,
    },
    Either {
        chosen: Arc<str>,
    },
    Plain(Box<str>),
}

impl Reason {
    /// One plain Chinese sentence.
    pub fn text(&self) -> String {
        let (input, output) = (self.input, self.output);
        let rate = self.rate.unwrap_or_default();
        match &self.said {
            Said::Denied(rule) => format!("按审核规则 {rule} 不予支付，全部自费。"),
            Said::Class(ItemClass::C) => "丙类项目，全部自费。".to_string(),
            Said::Class(class) => format!("项目等级 {class} 不明，按自费处理。"),
            Said::Restricted => "限制使用的项目，医院未审批通过或判为自费，全部自费。".to_string(),
            Said::OverLimit { price, limit } => {
                format!("单价 {price} 元高于限价 {limit} 元，超出部分自费。")
            }
            Said::FirstPay => format!("{input} 元先行自付 {rate}，计 {output} 元。"),
            Said::Total(term) => format!("{term}合计 {output} 元，不进入基金支付范围。"),
            Said::ThirdParty => {
                format!("第三方责任比例 {rate}，{input} 元中 {output} 元由第三方负担，基金不支付。")
            }
            Said::Referral => {
                format!("转外就医先由个人负担 {rate}，{input} 元中计 {output} 元。")
            }
            Said::Member { title, identity } if &**title == identity.term() => {
                format!("按{title}享受本层待遇。")
            }
            Said::Member { title, identity } => {
                format!("按{title}（{}）享受本层待遇。", identity.term())
            }
            Said::Base {
                layer,
                in_scope: true,
            } => {
                format!("政策范围内费用 {input} 元中，{output} 元进入{layer}。")
            }
            Said::Base {
                layer,
                in_scope: false,
            } => {
                format!("应计费用 {input} 元中，{output} 元进入{layer}。")
            }
            Said::ExpenseCap { most, used, per } => format!(
                "{}费用封顶线为 {most} 元，此前已进入 {used} 元，超出的 {} 元不进入本层。",
                per.term(),
                input - output
            ),
            Said::Plain(text) => text.to_string(),
            _ => self.text_of_layer(),
        }
    }

    /// The sentences of what a layer does with its base.
    fn text_of_layer(&self) -> String {
        let (input, output) = (self.input, self.output);
        let rate = self.rate.unwrap_or_default();
        match &self.said {
            Said::DeductiblePart { of } => {
                let limited = input.at(rate) != output;
                let limit = if limited {
                    "，按最低或最高标准"
                } else {
                    ""
                };
                format!("起付线为{of} {input} 元的 {rate}{limit}，计 {output} 元。")
            }
            Said::DeductibleTaken => format!("支付额 {input} 元减去起付线，减少 {} 元。", -output),
            Said::DeductibleFactor => format!("起付线 {input} 元按 {rate} 执行，为 {output} 元。"),
            Said::DeductibleOrdinal { ordinal } => {
                format!(
                    "当年第 {ordinal} 次住院，起付线 {input} 元按 {rate} 执行，为 {output} 元。"
                )
            }
            Said::DeductibleTimes { days, times } => {
                format!("住院 {days} 天，起付线 {input} 元计 {times} 次，为 {output} 元。")
            }
            Said::DeductibleMax { most } => {
                format!("全年起付线合计不超过 {most} 元，本次起付线由 {input} 元减为 {output} 元。")
            }
            Said::Deductible { standard } => {
                format!("起付线 {standard} 元，本次由个人承担 {output} 元。")
            }
            Said::Adjusted { change, from } => {
                let limited = adjusted(*from, *change, Rate::ONE) != rate;
                let limit = if limited { "（已达上限）" } else { "" };
                let change = change.term();
                format!("{input} 元的支付比例{change}，由 {from} 调整为 {rate}{limit}。")
            }
            Said::MaxRate { from } => {
                format!("{input} 元的支付比例以 {rate} 为限，不按 {from} 计算。")
            }
            Said::Paid => format!("{input} 元按 {rate} 支付，计 {output} 元。"),
            Said::Floor => format!("保底比例 {rate}，补足 {output} 元。"),
            Said::Limit => format!(
                "计算金额 {input} 元超过尚未支付的余额，减去 {} 元。",
                -output
            ),
            Said::Balance { left } => {
                format!(
                    "账户可用余额 {left} 元，不足部分 {} 元不从账户支付。",
                    -output
                )
            }
            Said::Cap { most, used, per } => format!(
                "{}封顶线为 {most} 元，此前已支付 {used} 元，超出的 {} 元不再支付。",
                per.term(),
                -output
            ),
            Said::Difference { title, own } => {
                format!("按{title}应支付 {input} 元，已支付 {own} 元，补助差额 {output} 元。")
            }
            Said::Either { chosen } => {
                format!("与{chosen}不重复享受，取其高者，本层不支付。")
            }
            _ => String::new(),
        }
    }

    /// A reason about one line.
    pub(crate) fn of_line(number: u32, rule: &Arc<str>, amounts: Amounts, said: Said) -> Reason {
        let clause = match &said {
            Said::Denied(rule) => rule.clone(),
            _ => national().line.clone(),
        };
        Reason::made(Subject::Line(number), rule, clause, None, amounts, said)
    }

    /// A reason about the bill as a whole.
    pub(crate) fn of_bill(
        rule: &Arc<str>,
        code: &'static str,
        amounts: Amounts,
        said: Said,
    ) -> Reason {
        let clause = match said {
            Said::ThirdParty => national().third_party.clone(),
            _ => national().line.clone(),
        };
        Reason::made(Subject::Bill, rule, clause, Some(code), amounts, said)
    }

    /// The share of a bill the patient pays first away from home, by its row of the package.
    pub(crate) fn of_referral(rule: &Arc<str>, clause: &Clause, amounts: Amounts) -> Reason {
        let text = clause.text.clone();
        let mut reason = Reason::made(
            Subject::Bill,
            rule,
            text,
            Some("S000"),
            amounts,
            Said::Referral,
        );
        reason.assumed = clause.assumed.clone();
        reason
    }

    /// A reason of a layer.
    pub(crate) fn of_layer(
        layer: &Layer,
        rule: &Arc<str>,
        clause: &Clause,
        code: Option<&'static str>,
        amounts: Amounts,
        said: Said,
    ) -> Reason {
        let subject = Subject::Layer(layer.name.clone());
        let mut reason = Reason::made(subject, rule, clause.text.clone(), code, amounts, said);
        reason.assumed = clause.assumed.clone();
        reason
    }

    /// 不重复享受: why a layer pays nothing where another of its name pays more.
    pub(crate) fn given_up(layer: &Layer, chosen: &Layer) -> Reason {
        let said = Said::Either {
            chosen: chosen.name.clone(),
        };
        let nothing = (Fen::ZERO, None, Fen::ZERO);
        Reason::of_layer(
            layer,
            &layer.rules.either,
            &layer.clause,
            None,
            nothing,
            said,
        )
    }

    /// A reason of enrolment, its sentence finished.
    pub(crate) fn of_enrolment(
        rule: &str,
        clause: &Clause,
        amounts: Amounts,
        text: String,
    ) -> Reason {
        let said = Said::Plain(text.into());
        let words = clause.text.clone();
        let mut reason = Reason::made(Subject::Enrolment, &rule.into(), words, None, amounts, said);
        reason.assumed = clause.assumed.clone();
        reason
    }

    fn made(
        subject: Subject,
        rule: &Arc<str>,
        clause: Arc<str>,
        item_code: Option<&'static str>,
        (input, rate, output): Amounts,
        said: Said,
    ) -> Reason {
        Reason {
            subject,
            rule: rule.clone(),
            clause,
            item_code,
            input,
            rate,
            output,
            assumed: None,
            said,
        }
    }
}

/// Input, rate and output.
pub(crate) type Amounts = (Fen, Option<Rate>, Fen);

/// The words and rule names that every package shares, made once.
pub(crate) struct National {
    line: Arc<str>,
    third_party: Arc<str>,
    pub own_pay: Arc<str>,
    pub over_limit: Arc<str>,
    pub first_pay: Arc<str>,
    pub bill_own_pay: Arc<str>,
    pub bill_over_limit: Arc<str>,
    pub bill_first_pay: Arc<str>,
    pub bill_third_party: Arc<str>,
    pub bill_referral: Arc<str>,
}

/// The words every package shares. They are constants; only their reference counts are not.
pub(crate) fn national() -> &'static National {
    static WORDS: std::sync::LazyLock<National> = std::sync::LazyLock::new(|| National {
        line: LINE_CLAUSE.into(),
        third_party: THIRD_PARTY_CLAUSE.into(),
        own_pay: "line.own_pay".into(),
        over_limit: "line.over_limit".into(),
        first_pay: "line.first_pay".into(),
        bill_own_pay: "bill.own_pay".into(),
        bill_over_limit: "bill.over_limit".into(),
        bill_first_pay: "bill.first_pay".into(),
        bill_third_party: "bill.third_party".into(),
        bill_referral: "bill.referral".into(),
    });
    &WORDS
}

impl Per {
    /// The Chinese word before 封顶线.
    pub(crate) fn term(self) -> &'static str {
        match self {
            Per::Year => "年度",
            Per::Quarter => "季度",
            Per::Month => "月度",
            Per::Stay => "本次",
            Per::Day => "按住院天数的",
        }
    }
}

impl Change {
    /// What the change does, after 支付比例.
    pub(crate) fn term(self) -> String {
        let plain = |points: Rate| points.to_string().trim_end_matches('%').to_string();
        match self {
            Change::Points(points) if points < Rate::ZERO => {
                format!("降低 {} 个百分点", plain(Rate(-points.0)))
            }
            Change::Points(points) => format!("提高 {} 个百分点", plain(points)),
            Change::Factor(factor) => format!("乘以 {factor}"),
            Change::OwnFactor(factor) => format!("按个人负担的 {factor} 计算"),
            Change::Rate(_) => "另有规定".to_string(),
        }
    }
}

/// Who listens to reasons: a pricing that nobody asks to explain makes none.
pub(crate) trait Tell {
    /// Hears one reason.
    fn tell(&mut self, reason: impl FnOnce() -> Reason);
}

/// Nobody listens.
pub(crate) struct Silent;

impl Tell for Silent {
    #[inline(always)]
    fn tell(&mut self, _: impl FnOnce() -> Reason) {}
}

impl Tell for Vec<Reason> {
    fn tell(&mut self, reason: impl FnOnce() -> Reason) {
        self.push(reason());
    }
}
