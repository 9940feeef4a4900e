//! Every "no" of the enrollment service.

kernel::refusals! {
    /// The register number has a household already.
    HOUSEHOLD_EXISTS: Exists, "户号 {register_number} 已登记。", "请使用已有家庭登记;户号有误的,核对后以新的请求编号重新提交。";
    /// No such household in the caller's area.
    HOUSEHOLD_UNKNOWN: NotFound, "本统筹区没有家庭 {household_id}。", "请核对家庭编号,或先登记家庭,然后以新的请求编号重新提交。";
    /// The birth day lies in the future.
    BORN_IN_FUTURE: Precondition, "出生日期晚于今天。", "请核对出生日期后以新的请求编号重新提交。";
    /// Somebody in the area is registered under this number.
    ID_NUMBER_TAKEN: Exists, "该证件号码在本统筹区已有人员登记。", "请使用已有人员登记;证件号码有误的,核对后以新的请求编号重新提交。";
    /// No such person in the caller's area.
    PERSON_UNKNOWN: NotFound, "本统筹区没有人员 {person_id}。", "请核对人员编号和统筹区,或先办理人员登记,然后以新的请求编号重新提交。";
    /// The person has died.
    PERSON_DEAD: Precondition, "人员 {person_id} 已登记死亡。", "请核对人员编号;死亡登记有误的,请先冲正死亡登记,然后以新的请求编号重新提交。";
    /// Two periods of one kind of one person share a day.
    IDENTITY_OVERLAPS: Precondition, "该人员的身份 {kind} 与已有认定 {identity_id} 的有效期重叠。", "请调整起止日期,或先冲正已有认定,然后以新的请求编号重新提交。";
    /// The person has a coverage for the year: one scheme, one coverage, one subsidy.
    ALREADY_INSURED: Exists, "该人员 {year} 年度已有参保。", "同一年度只能参加一个险种、享受一次资助;如需更正,请先冲正原参保,然后以新的请求编号重新提交。";
    /// The package states no fee for the year.
    FEE_UNKNOWN: Precondition, "政策包 {package_name} 没有 {year} 年度的个人缴费标准。", "请核对参保年度,或等待该年度缴费标准公布,然后以新的请求编号重新提交。";
    /// What was paid is not the fee less the subsidy.
    FEE_MISMATCH: Precondition, "个人应缴 {expected_fen} 分,实缴 {paid_fen} 分,金额不符。", "请先调用 QuoteSubsidy 测算应缴金额,按应缴金额缴费后以新的请求编号重新提交。";
}

#[cfg(test)]
mod tests {
    #[test]
    fn sentences_end_and_remedies_are_true() {
        for spec in super::ALL {
            let ends = spec.text.ends_with('。') && spec.remedy.ends_with('。');
            assert!(ends, "{}", spec.code);
            // Each may be remembered: asking again under the same id gets it again.
            assert!(spec.remedy.contains("新的请求编号"), "{}", spec.code);
        }
    }
}
