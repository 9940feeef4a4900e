//! Every "no" of the referral service.

kernel::refusals! {
    /// A referral leads to another institution.
    SAME_INSTITUTION: Precondition,
        "转入机构与转出机构同为 {institution_code},不构成转诊。",
        "请核对转往定点医药机构编号。";
    /// No such referral in the caller's area.
    REFERRAL_UNKNOWN: NotFound,
        "转诊 {referral_id} 不存在。",
        "请核对转诊编号,以新的请求编号办理。";
    /// It was approved already, used or withdrawn.
    REFERRAL_NOT_REQUESTED: Precondition,
        "转诊 {referral_id} {state},不是待审核状态。",
        "请查询该转诊的当前状态;已撤回的请重新申请。";
    /// It was not approved yet, or was withdrawn.
    REFERRAL_NOT_APPROVED: Precondition,
        "转诊 {referral_id} {state},不能使用。",
        "待审核的请先完成审核,已撤回的请重新申请,再以新的请求编号办理。";
    /// A stay has used it.
    REFERRAL_USED: Precondition,
        "转诊 {referral_id} 已使用,不能再次使用。",
        "一次转诊只供一次住院使用;请重新申请转诊,再以新的请求编号办理。";
    /// The day of admission lies outside the validity.
    REFERRAL_EXPIRED: Precondition,
        "入院日期 {admission_day} 不在转诊 {referral_id} 的有效期内(自 {from_day} 起,{until_day} 前)。",
        "请核对入院日期,逾期请重新申请转诊,再以新的请求编号办理。";
    /// It is for another person or leads to another institution.
    REFERRAL_FOR_OTHERS: Precondition,
        "转诊 {referral_id} 不是为该参保人转往该机构开具的。",
        "请核对人员编号、定点医药机构编号与转诊编号,以新的请求编号办理。";
    /// The institution's online settlement is suspended today.
    INSTITUTION_BARRED: Precondition,
        "机构 {institution_code} 被暂停联网结算,{until_day} 前不接收转诊。",
        "请转往其他定点医药机构,或在暂停期满后以新的请求编号办理。";
    /// A bar has at least one day.
    BAR_DAYS: Precondition,
        "暂停期限的起始日期 {from_day} 不早于终止日期 {until_day}。",
        "请核对决定书载明的期限,以新的请求编号重新提交;终止日期是期满后的第一天。";
    /// The institution is barred on some of these days already.
    BAR_OVERLAPS: Precondition,
        "机构 {institution_code} 的暂停期限与已登记的暂停 {bar_id} 重叠。",
        "请调整起止日期,或先冲正已登记的暂停,然后以新的请求编号重新提交。";
}
