//! Every "no" of the interregional service.

kernel::refusals! {
    /// The region is registered already.
    PARTICIPANT_EXISTS: Exists, "区划 {region_code} 已登记为异地结算参与方。", "请核对区划代码,或查询已有登记。";
}
