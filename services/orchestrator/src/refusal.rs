//! Every "no" of the orchestrator's own; the others are its peers' and are told as they came.

kernel::refusals! {
    /// An institution may bring only its own claims.
    INSTITUTION_MISMATCH: Forbidden, "单据的定点医药机构 {institution_code} 不是调用机构。", "请以本机构编号提交本机构的单据,其他机构的单据由该机构办理。";
}
