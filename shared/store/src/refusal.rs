//! Every "no" about dated documents, the same in every service that keeps some.

kernel::refusals! {
    /// The same text stands already.
    DOCUMENT_EXISTS: Exists, "摘要为 {digest} 的文本已由 {by} 于 {at} 提交。", "请核对已提交的文本;无需重复提交,可由另一人启用。";
    /// No text of this digest stands.
    DOCUMENT_UNKNOWN: NotFound, "摘要为 {digest} 的文本未提交或已撤回。", "请核对摘要,或先提交文本,再以新的请求编号启用。";
    /// The text is activated already.
    DOCUMENT_ACTIVATED: Exists, "摘要为 {digest} 的文本已由 {by} 启用,自 {at} 起生效。", "无需重复启用;如需更改生效时刻,请先撤回原启用,再以新的请求编号启用。";
    /// Nobody activates what they proposed.
    SECOND_PERSON_NEEDED: Precondition, "摘要为 {digest} 的文本由 {by} 提交,不得由本人启用。", "请由另一名有权限的人员复核后启用。";
    /// The instant has passed.
    ACTIVATION_IN_PAST: Precondition, "生效时刻 {at} 早于当前时刻 {now}。", "生效时刻不得追溯;请以新的请求编号指定当前或以后的时刻。";
    /// The instant is further away than anybody plans.
    ACTIVATION_TOO_FAR: Precondition, "生效时刻 {at} 晚于 {max_days} 天之后。", "请以新的请求编号指定较近的生效时刻。";
    /// Another text for the same days begins at the same instant: neither would be the later one.
    ACTIVATION_CLASHES: Precondition, "同一系列、同一施行日的另一文本也自 {at} 起生效,先后无法区分。", "请以新的请求编号指定不同的生效时刻,或先撤回另一文本的启用。";
}
