//! Every "no" of the settlement service.

kernel::refusals! {
    /// The institution is not registered in the area, or has no agreement on the day.
    INSTITUTION_UNKNOWN: NotFound, "定点医药机构 {institution_code} 在 {day} 未登记或无有效协议。", "请核对机构编号与服务日期,或联系经办机构登记,再以新的请求编号办理。";
    /// The institution is registered already.
    INSTITUTION_EXISTS: Exists, "定点医药机构 {institution_code} 已登记。", "请核对机构编号,或查询已有登记。";
    /// Its agreement has an end already.
    AGREEMENT_ENDED: Exists, "定点医药机构 {institution_code} 的协议已定于 {day} 终止。", "请核对原终止;如需更改,请先撤回原终止,再以新的请求编号办理。";
    /// Its agreement has an end: the registration does not take it away.
    AGREEMENT_END_STANDS: Precondition, "定点医药机构 {institution_code} 的协议已定于 {day} 终止,登记不能撤回。", "请先撤回该终止(WithdrawEndAgreement),再重复同一冲正。";
    /// The agreement would end before it begins.
    AGREEMENT_NOT_BEGUN: Invalid, "定点医药机构 {institution_code} 的协议自 {agreement_from_day} 起,不能自 {day} 终止。", "请核对终止日期;登记有误的,请撤回登记,以新的请求编号办理。";
    /// A catalogue with this effective day exists.
    CATALOGUE_EXISTS: Exists, "自 {day} 起生效的目录已发布。", "目录发布后不可更改;请以新的生效日期发布新版本。";
    /// No catalogue counts on the day.
    NO_CATALOGUE: Precondition, "{day} 没有已生效的医保目录。", "请联系经办机构发布目录,再以新的请求编号办理。";
    /// The person is not filed with the disease on the day of a fee.
    CHRONIC_QUALIFICATION_MISSING: Precondition, "参保人在 {day} 没有病种 {disease_code} 的门诊慢特病(两病)备案。", "请先向经办机构办理备案(FileDisease),或不按该病种、作为普通门诊结算,以新的请求编号办理。";
    /// The person is filed with the disease, at other institutions.
    CHRONIC_INSTITUTION_NOT_FIXED: Precondition, "机构 {institution_code} 在 {day} 不是参保人病种 {disease_code} 的定点机构。", "请到定点机构就诊,或向经办机构变更定点(ChangeFilingInstitutions),或作为普通门诊结算,以新的请求编号办理。";
    /// A supervision rule denies the whole claim.
    CLAIM_DENIED: Precondition, "审核规则 {rule} 不予结算:{found}", "请核对单据;更正后以新的请求编号办理,确属不同业务的请联系经办机构人工审核。";
    /// The claim's last day has not come yet.
    CLAIM_IN_FUTURE: Precondition, "结束日期 {day} 晚于今天({today})。", "请在就诊结束后以新的请求编号结算。";
    /// The claim's days are in the wrong order.
    CLAIM_DAYS_REVERSED: Invalid, "开始日期 {begin_day} 晚于结束日期 {end_day}。", "请更正就诊日期,以新的请求编号办理。";
    /// A visit or stay that is longer than one bill may be.
    CLAIM_TOO_LONG: Precondition, "就诊自 {begin_day} 至 {end_day} 共 {days} 天,超过单张费用单的上限 {max_days} 天。", "请核对日期;长期住院请分段结算,以新的请求编号办理。";
    /// The package divides a stay over 31 December between two years, which one bill cannot say.
    CROSS_YEAR_STAY: Precondition, "住院自 {begin_day} 至 {end_day} 跨年,政策包 {package_name} 规定按年度分段结算,一张费用单无法结算:先结算至 {through_day}。", "请登记就诊并上传明细(VisitService),先中途结算至该日(through_day),再结算其余,各用新的请求编号。";
    /// In a batch a person's claims are all of one year; by the package this one is of another.
    CROSS_YEAR_ALONE: Precondition, "住院自 {begin_day} 至 {end_day} 跨年,按政策包 {package_name} 归入 {year} 年度,不能与其他费用单一并结算。", "请单独结算该费用单(Settle),其余费用单以新的请求编号一并结算。";
    /// The institution's visit is settled already.
    VISIT_SETTLED: Exists, "机构 {institution_code} 的就诊 {visit_number} 已结算。", "请核对原结算;如需更改,请先撤销原结算,再以新的请求编号办理。";
    /// The same bill stands settled under another visit: found here under the person's lock, so that
    /// two of them at once cannot both pass screening.
    DUPLICATE_CLAIM: Exists, "机构 {institution_code} 同一人员、日期和明细的费用已结算,属重复结算。", "请核对原结算;确属不同业务的,请联系经办机构人工审核。";
    /// A line's amount is not price × quantity.
    LINE_AMOUNT_WRONG: Invalid, "第 {line} 行金额应为 {expected_fen} 分(单价×数量,四舍五入到分),实为 {amount_fen} 分。", "请更正该行金额,以新的请求编号提交。";
    /// The amounts are not those of the basis any more.
    BASIS_CHANGED: Precondition, "预结算依据已变化({changed}):基金支付由 {funds_before_fen} 分变为 {funds_now_fen} 分,个人现金由 {cash_before_fen} 分变为 {cash_now_fen} 分。", "请重新预结算,告知参保人后以新的请求编号结算。";
    /// Another claim of the same person and year is being settled.
    CLAIM_IN_PROGRESS: Busy, "该参保人本年度的另一笔结算正在进行。", "请稍后使用原请求编号重试。";
    /// No such settlement in the caller's area or institution.
    SETTLEMENT_UNKNOWN: NotFound, "结算 {settlement_id} 不存在。", "请核对结算编号,以新的请求编号办理。";
    /// It is reversed already, by another request.
    ALREADY_REVERSED: Precondition, "结算 {settlement_id} 已撤销。", "无需再次撤销。";
    /// An inspection denied lines of it: an institution that reversed it would undo that.
    CORRECTED_BY_FINDING: Precondition, "结算 {settlement_id} 经核查已更正,不得由机构撤销。", "请联系医保经办机构办理。";
    /// Later settlements of the same person, scheme and year stand.
    NOT_NEWEST: Precondition, "结算 {settlement_id} 之后还有同一年度的有效结算 {newest_id}。", "请按从新到旧的顺序,以新的请求编号撤销。";
    /// 部分退费: a reversed settlement has nothing to correct.
    CORRECTED_REVERSED: Precondition, "结算 {settlement_id} 已撤销,不能再更正。", "无需更正;费用需重新结算的,请以新的请求编号结算。";
    /// The bill has no such line, or not any more.
    LINE_NOT_BILLED: Precondition, "结算 {settlement_id} 的费用单没有第 {line} 行,或该行已全部退费。", "请核对原结算的明细行号,以新的请求编号办理。";
    /// 部分退费: more than is left of the line.
    MORE_THAN_BILLED: Precondition, "第 {line} 行可退数量为 {left},申请退 {asked}。", "请核对已退数量,以新的请求编号办理。";
    /// 部分退费: the whole bill would go, which is a reversal.
    NOTHING_LEFT: Precondition, "退费后结算 {settlement_id} 的费用单没有剩余明细。", "全部退费请办理撤销结算(Reverse),以新的请求编号提交。";
    /// What is brought forward changes nothing, or was settled by an earlier correction.
    NOTHING_TO_REVISE: Precondition, "更正不改变任何结算,或已由此前的更正办理,没有差额可结算。", "无需办理;请查询该年度结算的更正记录(ListRevisions)。";
    /// Somebody settled, reversed or corrected since it was shown.
    PREVIEW_CHANGED: Precondition, "该年度的结算或参保信息在预览后已变化,差额与预览不一致。", "请重新预览差额,核对后以新的请求编号办理。";
    /// More settlements of the year would have to be priced again than one transaction takes.
    CHAIN_TOO_LONG: Precondition, "该年度需重新计算的结算超过 {max} 笔。", "请联系运维分批处理。";
    /// No such correction in the caller's area, or it was taken back.
    CORRECTION_UNKNOWN: NotFound, "更正 {correction_id} 不存在或已撤回。", "请核对更正编号,以新的请求编号办理。";
    /// Something was settled or corrected in the year since.
    CORRECTION_BUILT_UPON: Precondition, "更正 {correction_id} 之后,该年度又有结算或更正 {newer_id}。", "请先由新到旧撤销或冲正更新的结算与更正,再重复同一冲正。";
    /// The institution or the person is not settled for online at present.
    ONLINE_SUSPENDED: Precondition, "{who}已被暂停联网结算,自 {until_day} 起恢复。", "请先行垫付,凭票据到经办机构申请手工(零星)报销;或待恢复后以新的请求编号办理。";
    /// The days of a suspension are in the wrong order, more than the law allows, or over.
    SUSPENSION_DAYS: Invalid, "暂停自 {from_day} 至 {until_day}(不含当日),应至少一天、不超过 {max_months} 个月,且止于今天({today})之后。", "请核对处理决定书的起止日期,以新的请求编号办理。";
    /// Another suspension of the same institution or person has days in common with it.
    SUSPENSION_OVERLAPS: Exists, "与已有的暂停 {suspension_id} 日期重叠。", "请核对已有的暂停;如需更改,请先冲正原暂停,再以新的请求编号办理。";
    /// The day of admission has not come yet.
    GUARANTEE_IN_FUTURE: Precondition, "入院日期 {day} 晚于今天({today})。", "请在办理入院当日以新的请求编号办理。";
    /// The funds may not pay for the person on the day of admission.
    GUARANTEE_NOT_ENTITLED: Precondition, "参保人在 {day} 不能享受待遇:{reason}", "请按自费或预缴押金办理入院;参保信息有误的,更正后以新的请求编号办理。";
    /// The person, or the visit, has an open guarantee.
    GUARANTEE_EXISTS: Exists, "该参保人或该次就诊已有未结算的先诊疗后付费。", "请先结算或撤回原入院,再以新的请求编号办理。";
    /// No such guarantee in the caller's area, or it was withdrawn.
    GUARANTEE_UNKNOWN: NotFound, "担保 {guarantee_id} 不存在或已撤回。", "请核对担保编号,以新的请求编号办理。";
    /// No such subsidy in the caller's area, or it was withdrawn.
    SUBSIDY_UNKNOWN: NotFound, "参保资助 {subsidy_id} 不存在或已撤回。", "请核对资助编号,以新的请求编号办理。";
    /// Benefits were paid by the coverage that it pays for.
    BENEFITS_PAID: Precondition, "该参保人本年度已享受待遇,有效结算为 {settlement_id},参保不能撤回。", "请先撤销该年度的有效结算,再以新的请求编号办理。";
    /// A settlement closed it already.
    GUARANTEE_CLOSED: Precondition, "担保 {guarantee_id} 已随结算终止。", "请核对原结算;如需更改,请先撤销原结算,再以新的请求编号办理。";
    /// It stands for another stay.
    GUARANTEE_FOR_OTHERS: Precondition, "担保 {guarantee_id} 不属于该参保人、该机构的该次就诊。", "请核对人员、机构、就诊编号、险种、医疗类别与入院日期,以新的请求编号办理。";
    /// The visit has an open guarantee, which its settlement must close.
    GUARANTEE_NOT_NAMED: Precondition, "机构 {institution_code} 的就诊 {visit_number} 有未结算的担保 {guarantee_id},费用单未注明。", "请在费用单中填写该担保编号(guarantee_id),以新的请求编号办理。";
    /// The person has not paid what an earlier stay under a guarantee left unpaid.
    GUARANTEE_ARREARS: Precondition, "该参保人有逾期未付的先诊疗后付费欠费。", "请结清欠费后以新的请求编号办理,或按预缴押金办理入院。";
    /// No such receivable in the caller's area, or of another institution.
    RECEIVABLE_UNKNOWN: NotFound, "欠费 {receivable_id} 不存在。", "请核对欠费编号,以新的请求编号办理。";
    /// What a settlement left unpaid is recorded already.
    RECEIVABLE_EXISTS: Exists, "结算 {settlement_id} 的欠费已登记。", "请查询已有欠费;登记有误的,先撤销欠费(CancelReceivable),再以新的请求编号登记。";
    /// Without a guarantee the patient pays at discharge.
    RECEIVABLE_NO_GUARANTEE: Precondition, "结算 {settlement_id} 不是先诊疗后付费,不能登记欠费。", "请核对结算编号;应在出院时结清。";
    /// More would be unpaid than the patient bears.
    RECEIVABLE_TOO_MUCH: Precondition, "欠费 {unpaid_fen} 分超过结算 {settlement_id} 的个人现金 {cash_fen} 分。", "请核对欠费金额,以新的请求编号登记。";
    /// Nothing remains of it, it is written off or cancelled, or its settlement was reversed.
    RECEIVABLE_NOT_OPEN: Precondition, "欠费 {receivable_id} 已结清、核销或撤销。", "请查询其当前状态;已核销的,先撤销核销(RevokeWriteOff)。";
    /// There is no write-off to revoke.
    RECEIVABLE_NOT_WRITTEN_OFF: Precondition, "欠费 {receivable_id} 未核销。", "请查询其当前状态。";
    /// More would be paid than remains.
    PAYMENT_TOO_MUCH: Precondition, "还款 {amount_fen} 分超过未付金额 {remaining_fen} 分。", "请查询未付金额,以新的请求编号登记。";
    /// No such payment in the caller's area, or of another institution, or it was revoked.
    PAYMENT_UNKNOWN: NotFound, "还款 {payment_id} 不存在或已撤销。", "请核对还款编号,以新的请求编号办理。";
    /// The patient was reminded of this step.
    REMINDER_EXISTS: Exists, "欠费 {receivable_id} 的该次催缴已登记。", "每次催缴只登记一次;登记有误的,先撤销催缴(RevokeReminder),再以新的请求编号登记。";
    /// The step has not come on this day.
    REMINDER_TOO_EARLY: Precondition, "欠费 {receivable_id} 的该次催缴自 {step_day} 起。", "请核对催缴日期与环节,以新的请求编号登记。";
    /// No such reminder in the caller's area, or of another institution, or it was revoked.
    REMINDER_UNKNOWN: NotFound, "催缴 {reminder_id} 不存在或已撤销。", "请核对催缴编号,以新的请求编号办理。";
    /// The funds paid nothing first.
    ADVANCE_NONE: Precondition, "结算 {settlement_id} 没有先行支付。", "请核对结算编号;第三方责任事后认定的,先办理第三方责任更正(PostThirdParty)。";
    /// More would come back than was paid first.
    RECOVERY_TOO_MUCH: Precondition, "追偿 {amount_fen} 分超过结算 {settlement_id} 的待追偿金额 {remaining_fen} 分。", "请核对到账金额;超出先行支付的部分应退还付款人。";
    /// No such recovery in the caller's area, or it was revoked.
    RECOVERY_UNKNOWN: NotFound, "追偿 {recovery_id} 不存在或已撤销。", "请核对追偿编号,以新的请求编号办理。";
    /// What came back would be more than the funds paid first.
    RECOVERY_STANDS: Precondition, "结算 {settlement_id} 的先行支付已追偿到账 {recovered_fen} 分。", "请先撤销追偿(RevokeRecovery)并退还付款人,再以新的请求编号办理。";
    /// No such hold in the caller's area.
    HOLD_UNKNOWN: NotFound, "预留 {hold_id} 不存在。", "请核对预留编号,以新的请求编号办理。";
    /// Its time ran out before it was posted.
    HOLD_EXPIRED: Precondition, "预留 {hold_id} 已过期,整批未结算。", "请以新的请求编号重新预留并结算整批。";
    /// It was withdrawn.
    HOLD_RELEASED: Precondition, "预留 {hold_id} 已撤回,整批未结算。", "请以新的请求编号重新预留并结算整批。";
    /// Another request has posted it.
    HOLD_POSTED: Exists, "预留 {hold_id} 已由另一请求结算。", "请核对原结算;无需重复办理。";
    /// There is nothing to reverse.
    HOLD_NOT_POSTED: Precondition, "预留 {hold_id} 未结算,无可撤销。", "请核对预留编号,以新的请求编号办理。";
    /// The person's fee of the year is subsidised already.
    SUBSIDY_POSTED: Exists, "该人员 {year} 年度的参保资助 {subsidy_id} 已入账。", "同一年度只资助一次;如需更正,请先冲正原资助,再以新的请求编号办理。";
    /// No such visit in the caller's area, or of another institution, or it was cancelled.
    VISIT_UNKNOWN: NotFound, "就诊登记 {visit_id} 不存在或已撤销。", "请核对就诊登记编号,以新的请求编号办理。";
    /// The institution has a registered visit of this number.
    VISIT_NUMBER_TAKEN: Exists, "机构 {institution_code} 的就诊 {visit_number} 已登记。", "请查询已有登记;确属另一次就诊的,请以新的就诊编号登记。";
    /// The day on which the visit begins has not come yet.
    VISIT_IN_FUTURE: Precondition, "就诊开始日期 {day} 晚于今天({today})。", "请在就诊当日以新的请求编号登记。";
    /// The institution does not give this kind of care.
    MED_TYPE_UNFIT: Precondition, "机构类别 {kind} 不能办理医疗类别 {med_type}。", "请核对医疗类别,以新的请求编号办理。";
    /// What may not be changed would be another.
    VISIT_FIXED: Precondition, "就诊登记的机构、就诊编号、人员与险种不能变更。", "请撤销登记后重新登记,以新的请求编号办理。";
    /// Days of the visit, its discharge and its lines are not in order.
    VISIT_DAYS: Precondition, "日期 {last_day} 早于 {first_day}:就诊、费用、出院与办理日期先后不符。", "请核对就诊、费用与出院日期,以新的请求编号办理。";
    /// It has lines that stand.
    VISIT_HAS_LINES: Precondition, "就诊 {visit_number} 还有未结算的费用明细。", "请先撤销费用明细(RevokeLines),再以新的请求编号撤销登记。";
    /// It is discharged already.
    VISIT_DISCHARGED: Precondition, "就诊 {visit_number} 已办理出院。", "请先撤销出院(CancelDischarge),再以新的请求编号办理。";
    /// It is not discharged.
    VISIT_NOT_DISCHARGED: Precondition, "就诊 {visit_number} 未办理出院。", "请先办理出院(Discharge),再以新的请求编号办理。";
    /// Nothing remains to be settled.
    VISIT_EMPTY: Precondition, "就诊 {visit_number} 没有可结算的费用明细。", "请先上传费用明细(UploadLines),再以新的请求编号办理。";
    /// It would have more lines than one claim may have.
    VISIT_TOO_LARGE: Precondition, "就诊已有 {lines} 行费用明细,合计将超过 {max_lines} 行。", "请合并同日同项明细后上传,以新的请求编号办理。";
    /// Visit or lines are not as they were when the claim was read.
    VISIT_CHANGED: Precondition, "就诊 {visit_number} 在结算途中有变更,未结算。", "请以新的请求编号再次结算。";
    /// A claim was sent with the number of a registered visit.
    VISIT_REGISTERED: Precondition, "就诊 {visit_number} 已登记为 {visit_id},不能另送费用单结算。", "请以就诊登记编号(visit_id)结算,或先撤销登记;以新的请求编号办理。";
    /// The visit has a line of this number.
    LINE_EXISTS: Exists, "费用明细 {line_code} 已上传。", "请核对明细流水号;需更正的先撤销原明细,以新的请求编号上传。";
    /// The visit has no such line.
    LINE_UNKNOWN: NotFound, "费用明细 {line_code} 不存在或已撤销。", "请核对明细流水号,以新的请求编号办理。";
    /// The line is part of a standing settlement.
    LINE_SETTLED: Precondition, "费用明细 {line_code} 已结算。", "请先撤销结算(Reverse),再以新的请求编号撤销明细。";
    /// A return of the line would be left behind.
    LINE_RETURNED: Precondition, "费用明细 {line_code} 有退费明细 {return_line_code}。", "请将原明细与其退费明细一并撤销,以新的请求编号办理。";
    /// The line is of a day outside the visit.
    LINE_DAY_OUTSIDE: Precondition, "费用明细 {line_code} 的发生日期 {day} 不在 {first_day} 至 {last_day} 之间。", "请核对费用发生日期与就诊、出院日期,以新的请求编号上传。";
    /// A part of the stay that stands has settled the day.
    LINE_DAY_SETTLED: Precondition, "费用明细 {line_code} 的发生日期 {day} 已中途结算(结算至 {through_day})。", "请核对费用发生日期;确属漏传的,先由新到旧撤销中途结算(Reverse),再以新的请求编号上传。";
    /// What is settled is not returned, but refunded.
    RETURN_SETTLED: Precondition, "退费明细 {line_code} 的原明细 {original_line_code} 已结算。", "请按行退费(RevisionService.RefundLines),或先撤销结算(Reverse),以新的请求编号办理。";
    /// 中途结算: only a stay is settled in parts.
    PART_NOT_STAY: Precondition, "就诊 {visit_number} 不是住院,不能中途结算。", "请不填 through_day,以新的请求编号结算。";
    /// 中途结算: the part ends before it begins, after today, or with the stay.
    PART_DAYS: Precondition, "就诊 {visit_number} 不能结算至 {through_day}:应不早于 {first_day},不晚于今天({today}),并早于出院日期。", "请核对日期;出院的最后一段不填 through_day,以新的请求编号结算。";
    /// 中途结算: nothing is left for the settlement that ends the stay.
    PARTS_LEAVE_NOTHING: Precondition, "就诊 {visit_number} 的费用明细已全部中途结算。", "请上传其余费用明细;没有其余费用的,先撤销最近一次中途结算(Reverse),再不填 through_day 以新的请求编号结算。";
    /// 中途结算: a cap that counts each stay, or its days, would begin anew with each part of a year.
    PART_CAPPED: Precondition, "就诊 {visit_number} 不能中途结算:政策包 {package_name} 按次或按住院天数封顶。", "请在出院后整单结算;跨年的可先结算至 12 月 31 日。";
    /// What a standing part of the stay was settled by would be another.
    PART_FIXED: Precondition, "就诊 {visit_number} 已中途结算,开始日期、医疗类别与转诊备案不能变更。", "请先由新到旧撤销各次中途结算(Reverse),再以新的请求编号变更。";
    /// A later part of the same stay rests on it.
    PART_CONTINUED: Precondition, "结算 {settlement_id} 之后,同一次住院还有有效结算 {later_id}。", "请先由新到旧撤销同一次住院之后的结算(Reverse),再以新的请求编号办理。";
    /// There is no line of the same item and price, not later, to be returned.
    RETURN_UNKNOWN: Precondition, "退费明细 {line_code} 的原明细 {original_line_code} 不存在,或项目、单价不同,或晚于退费。", "请核对原明细流水号、项目与单价,以新的请求编号上传。";
    /// More would be returned than there is.
    RETURN_TOO_MUCH: Precondition, "退费明细 {line_code} 超过原明细 {original_line_code} 的剩余数量 {remaining}。", "请核对退费数量,以新的请求编号上传。";
    /// The accident has not been checked in full.
    ACCIDENT_UNVERIFIED: Precondition, "就诊 {visit_number} 为外伤,尚未完成核查:{missing}。", "请完成外伤核查(RecordAccidentCheck),再以新的请求编号结算;可先预结算。";
    /// The funds do not pay for what the check found.
    ACCIDENT_NOT_COVERED: Precondition, "就诊 {visit_number} 的外伤经核查,基金不予支付。", "请按自费结清,或向工伤保险等申请;核查有误的,更正核查结论后以新的请求编号办理。";
    /// There is no accident to check.
    ACCIDENT_NONE: Precondition, "就诊 {visit_number} 未登记外伤。", "请核对就诊登记;确为外伤的,先变更登记,再以新的请求编号办理。";
    /// The day has not come yet.
    DAY_IN_FUTURE: Precondition, "对账日期 {day} 晚于今天({today})。", "请核对日期,以新的请求编号办理。";
    /// More rows than one comparison can hold.
    DAY_TOO_LARGE: Precondition, "机构 {institution_code} 在 {day} 的结算超过 {max} 行,无法一次对账。", "请联系运维。";
    /// Nobody compared the day.
    DAY_NOT_COMPARED: NotFound, "机构 {institution_code} 的 {day} 尚未对明细账。", "请先提交该日明细对账。";
    /// The day's comparison has no such difference.
    DIFFERENCE_UNKNOWN: NotFound, "机构 {institution_code} 的 {day} 最近一次对账没有 {row_key} 的差异。", "请核对最近一次对账的差异,以新的请求编号办理。";
    /// The day is not over, or requests of it may still be under way.
    DAY_NOT_OVER: Precondition, "{day} 尚未结束,{from} 起方可日结。", "请在该时刻之后,以新的请求编号办理。";
    /// The day is closed already.
    DAY_CLOSED: Exists, "机构 {institution_code} 的 {day} 已日结。", "无需再次日结;之后的撤销记入撤销当日。";
    /// No comparison saw all rows of the day.
    DAY_NOT_RECONCILED: Precondition, "机构 {institution_code} 的 {day} 有 {rows} 行结算,尚无涵盖全部结算的明细对账。", "请先提交该日明细对账,再以新的请求编号日结;机构确不能对账的,由经办机构注明原因日结。";
    /// Differences that nobody answers for.
    DIFFERENCES_OPEN: Precondition, "机构 {institution_code} 的 {day} 有 {differences} 处差异未决,首处为 {row_key}。", "请改正后重新对账,或逐笔说明责任人与原因,再以新的请求编号日结。";
    /// Only the bureau closes what was not reconciled.
    REASON_OF_BUREAU: Forbidden, "未经对账的日结只能由经办机构办理。", "请先提交该日明细对账,再以新的请求编号日结。";
    /// The month is not over, or requests of it may still be under way.
    MONTH_NOT_OVER: Precondition, "{month} 尚未结束,{from} 起方可月结。", "请在该时刻之后,以新的请求编号办理。";
    /// The month is closed already.
    MONTH_CLOSED: Exists, "{month} 已月结。", "无需再次月结;之后的撤销记入撤销当月。";
    /// Days of the month are open, or are not what was closed.
    MONTH_DAYS_OPEN: Precondition, "{month} 有 {days} 个机构日未日结或与日结不符,首个为机构 {institution_code} 的 {day}。", "请先完成各机构各日的日结,再以新的请求编号月结。";
    /// The month is not closed.
    MONTH_UNKNOWN: NotFound, "{month} 尚未月结。", "请核对月份,或先办理月结。";
    /// What may still move is not frozen.
    PAYER_FILE_MONTH_OPEN: Precondition, "{month} 尚未月结,不能生成基金 {fund} 的对账文件。", "请先办理月结(CloseMonth),再以新的请求编号生成。";
    /// A month of a fund is frozen once.
    PAYER_FILE_EXISTS: Exists, "基金 {fund} {month} 的对账文件已生成。", "请查询已有文件;如需重新生成,请先撤回原文件,再以新的请求编号办理。";
    /// Nobody prepared it, or it was taken back.
    PAYER_FILE_UNKNOWN: NotFound, "基金 {fund} {month} 的对账文件不存在。", "请核对基金与月份,或先生成对账文件。";
    /// More lines than one file holds.
    PAYER_FILE_TOO_LARGE: Precondition, "基金 {fund} {month} 的明细超过一个对账文件的上限 {max} 行。", "请联系运维导出该基金账的明细。";
    /// The lines do not come to what the account moved; nothing is frozen rather than a lie.
    PAYER_FILE_DIFFERS: Internal, "基金 {fund} {month} 的明细合计与总账不符。", "请联系运维并提供基金与月份。";
    /// What was stored does not give the same amounts any more; nothing is shown rather than a lie.
    REPLAY_DIFFERS: Internal, "结算 {settlement_id} 按留存依据重算的结果与原结算不一致。", "请联系运维并提供结算编号。";
    /// The receipts do not come to the bill's total.
    RECEIPTS_DIFFER: Invalid, "票据金额合计 {receipts_fen} 分,与费用单总额 {total_fen} 分不符。", "请核对票据与费用明细,以新的请求编号提交。";
    /// A receipt is reimbursed once.
    RECEIPT_USED: Exists, "票据 {receipt_code} {receipt_number} 已用于另一笔零星报销。", "请核对票据;同一票据只能报销一次。";
    /// No such reimbursement in the caller's area.
    REIMBURSEMENT_UNKNOWN: NotFound, "零星报销 {reimbursement_id} 不存在。", "请核对编号,以新的请求编号办理。";
    /// It does not wait for a second person.
    REIMBURSEMENT_NOT_SUBMITTED: Precondition, "零星报销 {reimbursement_id} 不在待复核状态。", "请查询其当前状态。";
    /// The approver saw something else.
    REIMBURSEMENT_CHANGED: Precondition, "零星报销 {reimbursement_id} 的内容与复核人所见不符。", "请重新查询并核对后,以新的请求编号复核。";
    /// Who submitted it may not approve it.
    REIMBURSEMENT_SAME_PERSON: Precondition, "零星报销 {reimbursement_id} 由 {by} 受理,不得由本人复核。", "请由另一名经办人员复核。";
    /// It is paid, sent back or withdrawn.
    REIMBURSEMENT_ENDED: Precondition, "零星报销 {reimbursement_id} 已支付、退回或撤回。", "请查询其当前状态;已支付的如需更正,请先撤销其结算。";
    /// It is above the threshold and nobody approved it.
    REIMBURSEMENT_UNAPPROVED: Precondition, "零星报销 {reimbursement_id} 超过须复核的金额,尚未复核。", "请由另一名经办人员复核后,以新的请求编号结算。";
    /// The claim is not the one that was submitted.
    REIMBURSEMENT_OTHER_CLAIM: Precondition, "费用单与零星报销 {reimbursement_id} 受理的不一致。", "请按受理的费用单结算,或退回后重新受理。";
    /// One person alone may not do it.
    APPROVAL_NEEDED: Precondition, "本项业务须由另一名负责人复核同意后办理。", "请提请复核(ApprovalService.ProposeApproval),经负责人同意后填写复核编号,以新的请求编号办理。";
    /// No such approval in the caller's area.
    APPROVAL_UNKNOWN: NotFound, "复核 {approval_id} 不存在。", "请核对复核编号,以新的请求编号办理。";
    /// It was withdrawn, sent back, or not used in its days.
    APPROVAL_ENDED: Precondition, "复核 {approval_id} 已撤回、退回或过期。", "请重新提请复核,以新的请求编号办理。";
    /// It is agreed to already.
    APPROVAL_GIVEN: Precondition, "复核 {approval_id} 已经同意。", "请查询其当前状态。";
    /// Nobody agreed to it.
    APPROVAL_NOT_GIVEN: Precondition, "复核 {approval_id} 尚未同意,或同意已撤销。", "请由负责人同意后,以新的请求编号办理。";
    /// Another request took effect with it.
    APPROVAL_USED: Precondition, "复核 {approval_id} 已用于一次办理。", "每次办理须单独复核;请重新提请复核,以新的请求编号办理。";
    /// What was read is not what is proposed.
    APPROVAL_CHANGED: Precondition, "复核 {approval_id} 的内容与复核人所见不符。", "请重新查询并核对后,以新的请求编号复核。";
    /// The request does something else than what was agreed to.
    APPROVAL_OTHER: Precondition, "复核 {approval_id} 同意的不是本次办理的内容。", "请按同意的内容办理,或重新提请复核,以新的请求编号办理。";
    /// Nobody is both persons.
    APPROVAL_SAME_PERSON: Precondition, "{by} 不得既提请或办理、又同意复核 {approval_id}。", "请由另一名人员复核或办理。";
    /// The account does not have any more what would have to go out again.
    ACCOUNT_SPENT: Precondition, "个人账户余额已不足:所涉金额已被使用。", "请先撤销之后使用该账户的结算,再重复同一冲正。";
    /// Claims that are held first would set money of an account aside.
    ACCOUNT_IN_BATCH: Precondition, "合并结算的费用单不能使用个人账户。", "请将该费用单的个人账户使用标志改为不使用,或单独结算,以新的请求编号办理。";
    /// Nobody is one's own relative.
    AUTHORIZATION_OF_ONESELF: Invalid, "家庭共济的授权人与使用人为同一人。", "本人使用无需授权;请核对使用人,以新的请求编号办理。";
    /// The days of an authorization are in the wrong order, or over.
    AUTHORIZATION_DAYS: Invalid, "家庭共济授权自 {from_day} 至 {until_day}(不含当日),应至少一天,且止于今天({today})之后。", "请核对起止日期,以新的请求编号办理。";
    /// The relative may draw on the account on some of these days already.
    AUTHORIZATION_OVERLAPS: Exists, "与已有的家庭共济授权 {authorization_id} 日期重叠。", "请核对已有的授权;如需更改,请先解除原授权,再以新的请求编号办理。";
    /// As many relatives as there may be.
    TOO_MANY_RELATIVES: Precondition, "家庭共济的授权人或使用人已达上限 {max} 人。", "请先解除不再需要的授权,再以新的请求编号办理。";
    /// No such authorization in the caller's area.
    AUTHORIZATION_UNKNOWN: NotFound, "家庭共济授权 {authorization_id} 不存在。", "请核对授权编号,以新的请求编号办理。";
    /// It was ended, or withdrawn.
    AUTHORIZATION_ENDED: Precondition, "家庭共济授权 {authorization_id} 已解除。", "无需再次解除。";
}
