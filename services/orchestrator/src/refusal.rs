//! Every "no" of the orchestrator's own; the others are its peers' and are told as they came.

kernel::refusals! {
    /// A reversal cannot be withdrawn: the claim is settled anew.
    REVERSAL_STANDS: Precondition, "结算 {settlement_id} 的撤销不能冲正。", "如需恢复,请以新的请求编号重新结算。";
    /// A peer broke its promise, or a journal cannot be read: an operator has it.
    SAGA_STUCK: Internal, "该请求办理中断,已转运维处理,结果未知。", "请勿重复办理;请凭请求编号联系运维或稍后查询。";
    /// Two people left the saga as it stands.
    SAGA_ABANDONED: Precondition, "该请求已由经办机构人工终止。", "请凭请求编号联系医保经办机构核对账务。";
    /// No such saga in the operator's area.
    SAGA_UNKNOWN: NotFound, "长事务 {saga_id} 不存在。", "请核对编号。";
    /// It has come to its end already.
    SAGA_NOT_OPEN: Precondition, "长事务 {saga_id} 已终结,不能再处理。", "无需处理。";
    /// Only a stuck saga is resumed or abandoned.
    SAGA_NOT_STUCK: Precondition, "长事务 {saga_id} 未中断,不适用该操作。", "请核对状态;仍在办理的可用重试。";
    /// A stuck saga is not retried before a person has looked.
    SAGA_TO_RESUME: Precondition, "长事务 {saga_id} 已中断,不适用重试。", "请先查明中断原因,再办理恢复。";
    /// What a claim's settlement would move depends on one that is settled before it.
    SAGA_UNPRICED: Precondition, "长事务 {saga_id} 含同一人同一年度的多张费用单,终结时的记账不能逐张预先计算。", "请核对已预留的各笔结算。";
    /// Nobody proposed to abandon it.
    ABANDONMENT_NOT_PROPOSED: Precondition, "长事务 {saga_id} 尚无放弃申请。", "请先由一人提出申请,再由另一人同意。";
    /// The second person must be another.
    ABANDONMENT_SAME_PERSON: Precondition, "放弃长事务 {saga_id} 须由申请人以外的另一人同意。", "请由另一位运维人员办理。";
    /// A batch brings each of its claims under an id of its own.
    BATCH_ID_TWICE: Exists, "请求编号 {request_id} 在本批中不止一次出现。", "请为每张费用单使用各自的请求编号,另行提交。";
    /// A batch has so many claims and bytes at most; what comes after them is not read.
    BATCH_FULL: Invalid, "本批超出上限({claims}张费用单,{mebibytes}MiB),超出部分未予办理。", "请将未办理的费用单另起一批提交。";
    /// All or nothing: nothing is begun unless all that was announced came.
    BATCH_COUNT_WRONG: Invalid, "本批应有{announced}张费用单,实收与此不符,均未办理。", "请核对张数后重新提交整批。";
    /// The caller brings nothing more, and does not end the stream.
    BATCH_IDLE: Deadline, "超过{seconds}秒未收到下一张费用单,本批已结束。", "请将整批原样重新提交:已办理的原样答复,其余的继续办理。";
    /// The service is about to stop: what it has read comes to its end, the rest is not begun.
    BATCH_ENDING: Unavailable, "服务即将停止,本批尚未读取的费用单均未办理。", "请稍后将整批原样重新提交:已办理的原样答复,其余的继续办理。";
}
