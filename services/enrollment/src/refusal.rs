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
    /// No coverage contains the day.
    STANDING_NOT_INSURED: Precondition, "该人员在 {day} 没有参保。", "请核对变更日期,或先办理参保,然后以新的请求编号重新提交。";
    /// Two changes cannot begin on one day.
    STANDING_CHANGED_THEN: Exists, "该人员的参保口径已有自 {day} 起的变更。", "请核对变更日期,或先冲正已有变更,然后以新的请求编号重新提交。";
    /// The change changes nothing.
    STANDING_UNCHANGED: Precondition, "该人员自 {day} 起的参保口径与所报一致,没有变化。", "无需变更;请核对人员类别与另参加的险种,需要变更的以新的请求编号重新提交。";
    /// Nothing to certify.
    TRANSFER_NEVER_INSURED: Precondition, "该人员在本统筹区没有参加险种 {scheme} 的记录。", "请核对人员与险种,以新的请求编号重新提交。";
    /// A later year is paid for.
    TRANSFER_INSURED_AFTER: Precondition, "该人员 {year} 年度的参保在终止日或其后开始。", "请核对终止日期,或先冲正该年度参保,然后以新的请求编号重新提交。";
    /// What is to be certified is certified.
    TRANSFER_CERTIFIED: Exists, "该人员已开具参保凭证 {certificate_id},终止日为 {end_day}。", "请使用已开具的凭证;有误的,先冲正原凭证,然后以新的请求编号重新开具。";
    /// No such certificate of the caller's area.
    TRANSFER_CERTIFICATE_UNKNOWN: NotFound, "本统筹区没有参保凭证 {certificate_id}。", "请核对凭证编号和统筹区;需要开具的,以新的请求编号办理。";
    /// Nobody transfers to where they are.
    TRANSFER_SAME_AREA: Precondition, "参保凭证由本统筹区开具。", "在本统筹区内变动无需转移;请核对凭证,以新的请求编号办理。";
    /// The content is not what was issued.
    TRANSFER_CERTIFICATE_CHANGED: Precondition, "参保凭证 {certificate_id} 的内容与其摘要不符。", "请按签发原件填写,或请转出地重新开具,再以新的请求编号申请。";
    /// The certificate tells of somebody else.
    TRANSFER_OTHER_PERSON: Precondition, "参保凭证与所报证件号码不是同一人。", "请核对证件号码与凭证,以新的请求编号申请。";
    /// The certificate is too old.
    TRANSFER_CERTIFICATE_EXPIRED: Precondition, "参保凭证 {certificate_id} 已于 {last_day} 后失效。", "请转出地冲正后重新开具,再以新的请求编号申请。";
    /// The area that issued it took it back.
    TRANSFER_CERTIFICATE_VOID: Precondition, "转出地没有内容相符的有效参保凭证 {certificate_id}。", "请转出地核实或重新开具,再以新的请求编号办理。";
    /// A certificate serves once.
    TRANSFER_CERTIFICATE_USED: Exists, "参保凭证 {certificate_id} 已用于转移接续申请。", "一份凭证只能使用一次;请核对已有申请,需要更正的先撤回原申请,再以新的请求编号申请。";
    /// No such application in the caller's area, or another's.
    TRANSFER_UNKNOWN: NotFound, "本统筹区没有转入申请 {transfer_id}。", "请核对申请编号和统筹区,以新的请求编号办理。";
    /// Nothing is decided twice.
    TRANSFER_DECIDED: Precondition, "转入申请 {transfer_id} 已办结。", "无需再次办理;有误的,先冲正原决定,再以新的请求编号办理。";
    /// Who applied does not decide.
    TRANSFER_SAME_DECIDER: Precondition, "转入申请 {transfer_id} 由 {by} 受理,不得由本人办结。", "请由另一名经办人员以新的请求编号办理。";
    /// The person is to be registered first.
    TRANSFER_NOT_REGISTERED: Precondition, "转入申请 {transfer_id} 的申请人尚未在本统筹区登记。", "请先办理人员登记,再以新的请求编号办理。";
    /// The package states no fee for the year.
    FEE_UNKNOWN: Precondition, "政策包 {package_name} 没有 {year} 年度的个人缴费标准。", "请核对参保年度,或等待该年度缴费标准公布,然后以新的请求编号重新提交。";
    /// What was paid is not the fee less the subsidy.
    FEE_MISMATCH: Precondition, "个人应缴 {expected_fen} 分,实缴 {paid_fen} 分,金额不符。", "请先调用 QuoteSubsidy 测算应缴金额,按应缴金额缴费后以新的请求编号重新提交。";
    /// Two filings of one disease of one person share a day.
    FILING_OVERLAPS: Precondition, "该人员的病种 {disease_code} 与已有备案 {filing_id} 的有效期重叠。", "请调整起止日期,或先终止、冲正已有备案,然后以新的请求编号重新提交。";
    /// No such filing in the caller's area.
    FILING_UNKNOWN: NotFound, "本统筹区没有慢特病备案 {filing_id}。", "请核对备案流水号,以新的请求编号办理。";
    /// The day of a change or an end is none on which the filing goes on.
    FILING_DAY_OUTSIDE: Precondition, "{day} 不能作为备案 {filing_id} 的变更或终止日期:其有效期自 {first_day} 至 {last_day}。", "定点自首日之后、末日以内的日期起变更,终止日期早于原末日;请核对日期后以新的请求编号办理。";
    /// The institutions change on this day already.
    FILING_CHANGED_ON_DAY: Exists, "备案 {filing_id} 已自 {day} 起变更定点。", "请另选日期,或先冲正原变更,再以新的请求编号办理。";
    /// The filing was changed too often.
    FILING_CHANGES_MAX: Precondition, "备案 {filing_id} 的变更已达 {max} 次。", "请先终止该备案,另行备案,以新的请求编号办理。";
    /// The card number stands for somebody in the area.
    CARD_TAKEN: Exists, "该卡号在本统筹区已登记。", "请核对卡号;原登记有误的,先冲正原登记,再以新的请求编号提交。";
    /// No such card in the caller's area.
    CARD_UNKNOWN: NotFound, "本统筹区没有该社保卡的登记。", "请核对卡号,以新的请求编号办理。";
    /// It is revoked already.
    CARD_REVOKED: Precondition, "社保卡 {card_id} 已挂失或注销。", "无需再次办理;如需恢复使用,请以新的请求编号办理解挂。";
    /// There is nothing to restore.
    CARD_NOT_REVOKED: Precondition, "社保卡 {card_id} 未挂失。", "无需解挂;请核对卡号,以新的请求编号办理。";
    /// No such certificate, or not of this name, or not for this institution: which, is not told.
    CREDENTIAL_UNKNOWN: NotFound, "未查到与所报凭证和姓名相符的参保人员。", "请核对凭证类型、凭证编号与姓名,以新的请求编号核验。";
    /// It was revoked; or what was checked by it settles nothing more.
    CREDENTIAL_REVOKED: Precondition, "就诊凭证已挂失、注销或撤回。", "请以其他有效凭证核验身份,再以新的请求编号办理。";
    /// The token's time is over.
    CREDENTIAL_EXPIRED: Precondition, "医保电子凭证已于 {expired_at} 失效。", "请重新展码,以新的请求编号核验。";
    /// A token serves once.
    CREDENTIAL_USED: Precondition, "医保电子凭证已使用过。", "请重新展码,以新的请求编号核验。";
    /// A token serves one purpose.
    CREDENTIAL_PURPOSE: Precondition, "医保电子凭证的业务类型与本次业务不符。", "请按本次业务重新展码,以新的请求编号核验。";
    /// Too many certificates of the institution were not known of late.
    CREDENTIAL_GUESSES: Unavailable, "机构 {institution_code} 近 {minutes} 分钟内未能查到的凭证过多,暂停核验。", "请核对凭证来源,稍后以原请求编号重试。";
    /// No such check in the caller's area, or of another institution.
    IDENTITY_CHECK_UNKNOWN: NotFound, "身份核验 {identity_check_id} 不存在。", "请核对身份核验编号,以新的请求编号办理。";
    /// It raised no doubt, or that is cleared.
    DOUBT_NOT_OPEN: Precondition, "身份核验 {identity_check_id} 没有待解除的存疑。", "无需解除;请核对身份核验编号,以新的请求编号办理。";
    /// Somebody else was seen at the visit.
    IDENTITY_DOUBTED: Precondition, "机构 {institution_code} 的就诊 {visit_number} 人证不符(身份核验 {identity_check_id}),暂停结算。", "请以人工或视频方式重新核验本人,或由医保经办机构解除存疑,再以新的请求编号办理。";
    /// The bureau wants every visit checked.
    IDENTITY_REQUIRED: Precondition, "就诊 {visit_number} 未出示身份核验。", "请先核验身份(VerifyIdentity),填写身份核验编号,再以新的请求编号办理。";
    /// What is shown is no check of this person, institution and visit that settles.
    IDENTITY_MISMATCH: Precondition, "身份核验 {identity_check_id} 不是该人员在该机构该次就诊的有效核验。", "请核对人员、机构与就诊编号,重新核验身份,再以新的请求编号办理。";
    /// What is shown is too old.
    IDENTITY_EXPIRED: Precondition, "身份核验 {identity_check_id} 已于 {expired_at} 失效。", "请重新核验身份,再以新的请求编号办理。";
}

#[cfg(test)]
mod tests {
    #[test]
    fn sentences_end_and_remedies_are_true() {
        for spec in super::ALL {
            let ends = spec.text.ends_with('。') && spec.remedy.ends_with('。');
            assert!(ends, "{}", spec.code);
            // What is remembered is told again under the same id; a passing no is not.
            let id = match spec.kind.is_passing() {
                true => "原请求编号",
                false => "新的请求编号",
            };
            assert!(spec.remedy.contains(id), "{}", spec.code);
        }
    }
}
