//! Every "no" of the suite: a stable code, a Chinese sentence, a remedy, the field it concerns.
//!
//! A service lists its refusals once with [`refusals!`](crate::refusals); a [`Refusal`] is one of
//! them with its facts. Only code, field and facts are ever stored; the sentence is made from the
//! list when it is shown, so prose can be improved and no personal data rests in key rows.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// What kind of no it is. `runtime` has the one table from kind to gRPC code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A field is missing or has the wrong shape.
    Invalid,
    /// What the request names does not exist in the caller's scope.
    NotFound,
    /// It exists already.
    Exists,
    /// The rules or the present state do not allow it.
    Precondition,
    /// Somebody else is at it: ask again.
    Busy,
    /// The service cannot take it now: ask again later.
    Unavailable,
    /// More than a caller or the service may take at once: nothing was begun, ask again later.
    Exhausted,
    /// Nobody knows who asks.
    Unauthenticated,
    /// The caller may not do this.
    Forbidden,
    /// The caller's time ran out; what happened is to be asked with the same request id.
    Deadline,
    /// A fault of ours.
    Internal,
}

impl Kind {
    /// A passing no says nothing about the request itself. It is never stored and never believed:
    /// the same request may succeed later.
    pub fn is_passing(self) -> bool {
        use Kind::*;
        matches!(
            self,
            Busy | Unavailable | Exhausted | Unauthenticated | Forbidden | Deadline | Internal
        )
    }
}

/// One line of a service's list of refusals.
#[derive(Debug)]
pub struct Spec {
    /// UPPER_SNAKE, unique in the suite, never reused for anything else.
    pub code: &'static str,
    /// What kind of no.
    pub kind: Kind,
    /// The Chinese sentence; `{name}` is replaced by the fact of that name.
    pub text: &'static str,
    /// What the caller can do about it, in Chinese.
    pub remedy: &'static str,
}

impl Spec {
    /// This refusal, without facts yet.
    pub fn refuse(&self) -> Refusal {
        Refusal {
            code: Cow::Borrowed(self.code),
            kind: self.kind,
            text: Cow::Borrowed(self.text),
            remedy: Cow::Borrowed(self.remedy),
            field: None,
            facts: Vec::new(),
            remembered: false,
        }
    }
}

/// A "no", with what the caller needs to understand and mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The code from the list.
    pub code: Cow<'static, str>,
    /// What kind of no.
    pub kind: Kind,
    /// The Chinese sentence with `{name}` still in it.
    text: Cow<'static, str>,
    /// The remedy in Chinese.
    pub remedy: Cow<'static, str>,
    /// The path of the field it concerns, such as `lines[3].quantity`.
    pub field: Option<String>,
    /// Ids, codes and numbers; never personal data.
    pub facts: Vec<(Cow<'static, str>, String)>,
    /// True when read from a key row: the same request will always be refused so.
    pub remembered: bool,
}

/// What a key row keeps of a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRefusal {
    /// The code from the list.
    pub code: String,
    /// The field it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Names and values of the facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
}

/// What a saga's journal keeps of a refusal another service told: its lists are not known here, so
/// the sentence is kept as it was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldRefusal {
    /// The code.
    pub code: String,
    /// What kind of no.
    pub kind: Kind,
    /// The Chinese sentence, whole.
    pub sentence: String,
    /// The remedy in Chinese.
    pub remedy: String,
    /// The path of the field it concerns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// Names and values of the facts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub facts: Vec<(String, String)>,
    /// True when its peer remembers it.
    #[serde(default)]
    pub remembered: bool,
}

impl From<&Refusal> for ToldRefusal {
    fn from(no: &Refusal) -> ToldRefusal {
        let StoredRefusal { code, field, facts } = no.stored();
        ToldRefusal {
            code,
            // A journal is read by an earlier release too, which knows no other word for it.
            kind: match no.kind {
                Kind::Exhausted => Kind::Unavailable,
                kind => kind,
            },
            sentence: no.sentence(),
            remedy: no.remedy.to_string(),
            field,
            facts,
            remembered: no.remembered,
        }
    }
}

impl From<ToldRefusal> for Refusal {
    fn from(told: ToldRefusal) -> Refusal {
        let no = Refusal::told(told.code, told.kind, told.sentence, told.remedy);
        Refusal {
            field: told.field,
            remembered: told.remembered,
            ..no.with_told_facts(told.facts)
        }
    }
}

/// Why a call to a peer gave no answer we can use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The peer said no and will say no to this request for ever; or, asked a question, the answer
    /// is no.
    Refused(Refusal),
    /// Nobody knows whether it happened, or it may yet: ask again with the same key.
    Unknown(Refusal),
}

impl Fault {
    /// The refusal inside.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Fault::Refused(refusal) | Fault::Unknown(refusal) => refusal,
        }
    }
}

impl Refusal {
    /// Names the field it concerns.
    pub fn at(mut self, field: impl Into<String>) -> Refusal {
        self.field = Some(field.into());
        self
    }

    /// Adds a fact: an id, a code or a number, never personal data.
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Refusal {
        self.facts.push((Cow::Borrowed(name), value.to_string()));
        self
    }

    /// A refusal told by another service, as it came over the wire.
    pub fn told(code: String, kind: Kind, sentence: String, remedy: String) -> Refusal {
        Refusal {
            code: Cow::Owned(code),
            kind,
            text: Cow::Owned(sentence),
            remedy: Cow::Owned(remedy),
            field: None,
            facts: Vec::new(),
            remembered: false,
        }
    }

    /// Adds facts told by another service; they are already part of its sentence.
    pub fn with_told_facts(mut self, facts: impl IntoIterator<Item = (String, String)>) -> Refusal {
        self.facts.extend(
            facts
                .into_iter()
                .map(|(name, value)| (Cow::Owned(name), value)),
        );
        self
    }

    /// Marks it as what a key says for ever. A malformed request can then be mended only under a
    /// new id, and the remedy says so.
    pub fn remember(mut self) -> Refusal {
        self.remembered = true;
        if self.kind == Kind::Invalid {
            self.remedy = Cow::Borrowed("请更正后以新的请求编号提交。");
        }
        self
    }

    /// The Chinese sentence with its facts.
    pub fn sentence(&self) -> String {
        let mut sentence = String::with_capacity(self.text.len());
        let mut rest = self.text.as_ref();
        // From left to right, once: what a fact says is not read for the names of others, or a few
        // facts that name each other would fill the memory.
        while let Some((before, after)) = rest.split_once('{') {
            sentence.push_str(before);
            let named = after.split_once('}');
            match named.and_then(|(name, after)| Some((self.fact(name)?, after))) {
                Some((value, after)) => {
                    sentence.push_str(value);
                    rest = after;
                }
                None => {
                    sentence.push('{');
                    rest = after;
                }
            }
        }
        sentence + rest
    }

    /// The fact of this name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
    }

    /// True when the code is this one of the list.
    pub fn is(&self, spec: &Spec) -> bool {
        self.code == spec.code
    }

    /// What a key row keeps.
    pub fn stored(&self) -> StoredRefusal {
        let facts = self
            .facts
            .iter()
            .map(|(n, v)| (n.to_string(), v.clone()))
            .collect();
        StoredRefusal {
            code: self.code.to_string(),
            field: self.field.clone(),
            facts,
        }
    }
}

impl StoredRefusal {
    /// The refusal again, its sentence taken from `lists`. A code no list has any more keeps its
    /// name and says so.
    pub fn recall(self, lists: &[&[&'static Spec]]) -> Refusal {
        let spec = lists
            .iter()
            .flat_map(|list| list.iter())
            .find(|s| s.code == self.code);
        let mut refusal = match spec {
            Some(spec) => spec.refuse(),
            None => Refusal {
                code: Cow::Owned(self.code),
                ..RETIRED_REFUSAL.refuse()
            },
        };
        refusal.field = self.field;
        refusal
            .facts
            .extend(self.facts.into_iter().map(|(n, v)| (Cow::Owned(n), v)));
        refusal.remember()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.sentence())
    }
}

impl std::error::Error for Refusal {}

/// Lists refusals: `CODE: Kind, "sentence with {fact}", "remedy";` makes a static [`Spec`] of that
/// name for each, and `ALL` with all of them.
#[macro_export]
macro_rules! refusals {
    ($($(#[$doc:meta])* $code:ident: $kind:ident, $text:literal, $remedy:literal;)*) => {
        $($(#[$doc])*
        pub static $code: $crate::Spec = $crate::Spec {
            code: stringify!($code),
            kind: $crate::Kind::$kind,
            text: $text,
            remedy: $remedy,
        };)*

        /// Every refusal of this list.
        pub static ALL: &[&$crate::Spec] = &[$(&$code),*];
    };
}

refusals! {
    /// A field is missing, malformed or out of its bounds.
    INVALID_FIELD: Invalid, "字段 {field} 不符合要求:应为{expected}。", "请按接口说明更正该字段后重新提交。";
    /// The request id was used before for a request with other content.
    REQUEST_ID_REUSED: Exists, "请求编号 {request_id} 已用于内容不同的另一请求。", "请核对原请求;新业务请使用新的请求编号。";
    /// The request was withdrawn or burned; it can never take effect any more.
    REQUEST_WITHDRAWN: Precondition, "请求 {request_id} 已被冲正或作废,不再生效。", "如需重新办理,请使用新的请求编号。";
    /// A bounded number of internal attempts met other writers each time.
    CONTENTION: Busy, "系统正在处理同一数据的其他请求。", "请稍后使用原请求编号重试。";
    /// The caller's deadline passed before the answer was known.
    DEADLINE_EXCEEDED: Deadline, "在限定时间内未能得出结果,结果未知。", "请使用原请求编号调用 GetOutcome 查询,或以原请求编号重试。";
    /// More requests than the service takes at once, or than it can answer in time.
    OVERLOADED: Exhausted, "系统繁忙,请求未被受理。", "请稍后使用原请求编号重试。";
    /// A peer service or database does not answer.
    UNAVAILABLE: Unavailable, "所依赖的服务暂时不可用({part}),结果未知。", "请稍后使用原请求编号重试或查询。";
    /// No believable identity came with the request.
    UNAUTHENTICATED: Unauthenticated, "未能识别调用方身份。", "请使用有效的证书或令牌。";
    /// The caller's roles do not allow the method.
    PERMISSION_DENIED: Forbidden, "调用方无权调用 {method}。", "请联系医保经办机构核对权限。";
    /// Who reads what is known of people could not be written down, so nothing is answered.
    ACCESS_LOG_UNAVAILABLE: Unavailable, "访问记录暂时无法写入,未提供所查信息。", "请稍后使用原请求编号重试;持续出现请联系运维。";
    /// An institution may bring and ask for only its own.
    INSTITUTION_MISMATCH: Forbidden, "单据的定点医药机构 {institution_code} 不是调用机构。", "请以本机构编号提交本机构的单据,其他机构的单据由该机构办理。";
    /// A fault of the suite; the log has the details under the trace id.
    INTERNAL: Internal, "系统内部错误,结果未知。", "请使用原请求编号重试;持续出现请联系运维并提供请求编号。";
    /// The page token is not one this service gave for this list.
    BAD_PAGE_TOKEN: Invalid, "分页标记无效。", "请从第一页重新查询。";
    /// No package is in force for area, scheme and day.
    NO_PACKAGE: Precondition, "险种 {scheme} 在 {day} 没有适用的待遇政策。", "请核对险种与日期,或联系医保经办机构,再以新的请求编号办理。";
    /// A stored refusal whose code is no longer in the list.
    RETIRED_REFUSAL: Precondition, "该请求此前已被拒绝。", "如需重新办理,请使用新的请求编号。";
}

/// A bad field: its path and what was expected there.
pub fn invalid(field: impl Into<String>, expected: impl fmt::Display) -> Refusal {
    let field = field.into();
    INVALID_FIELD
        .refuse()
        .with("field", &field)
        .with("expected", expected)
        .at(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stored_refusal_comes_back_whole() {
        let no = REQUEST_ID_REUSED
            .refuse()
            .with("request_id", "R-1")
            .at("request_id");
        let json = serde_json::to_string(&no.stored()).unwrap();
        let stored: StoredRefusal = serde_json::from_str(&json).unwrap();
        let again = stored.recall(&[ALL]);
        assert!(again.remembered && again.is(&REQUEST_ID_REUSED));
        assert_eq!(again.sentence(), no.sentence());
        assert_eq!(again.sentence(), "请求编号 R-1 已用于内容不同的另一请求。");
    }

    #[test]
    fn a_fact_is_not_read_for_the_names_of_others() {
        let told = |text: &str| Refusal::told("X".into(), Kind::Invalid, text.into(), "".into());
        let laughs = [("a", "{b}{b}"), ("b", "{a}{a}"), ("c", "")];
        let facts = laughs.map(|(name, value)| (name.to_string(), value.to_string()));
        let no = told("{a}, {b} {{c}} {d} {").with_told_facts(facts);
        assert_eq!(no.sentence(), "{b}{b}, {a}{a} {} {d} {");
    }

    #[test]
    fn a_retired_code_keeps_its_name() {
        let stored = StoredRefusal {
            code: "GONE".into(),
            field: None,
            facts: vec![],
        };
        assert_eq!(stored.recall(&[ALL]).code, "GONE");
    }

    #[test]
    fn codes_are_unique_and_sentences_end() {
        for (i, spec) in ALL.iter().enumerate() {
            assert!(
                ALL[i + 1..].iter().all(|other| other.code != spec.code),
                "{}",
                spec.code
            );
            assert!(
                spec.text.ends_with('。') && spec.remedy.ends_with('。'),
                "{}",
                spec.code
            );
        }
    }
}
