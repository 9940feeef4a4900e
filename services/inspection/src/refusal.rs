//! Every "no" of the inspection service. What the rules find is an answer, not a refusal.

kernel::refusals! {
    /// The day lies before the first rules.
    NO_RULES_ON_DAY: Precondition, "{day} 没有适用的审核规则。", "请核对日期,或联系经办机构补充该时期的审核规则。";
}
