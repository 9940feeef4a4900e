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
    /// The orchestrator has no keys to keep secrets and to sign answers with.
    ENVELOPES_OFF: Unavailable, "本系统未启用报文保护。", "请联系运维配置报文保护密钥(envelopes),或直接调用各接口。";
    /// Somebody has the app id already.
    SENDER_EXISTS: Exists, "接入方 {app_id} 已登记。", "请核对应用编号;更换密钥请办理密钥更换。";
    /// The key is, or was, a sender's: whose signature it is must leave no doubt.
    SENDER_KEY_EXISTS: Exists, "该公钥已登记在接入方名下。", "请生成新的密钥对。";
    /// Nobody has the app id in this area.
    SENDER_UNKNOWN: NotFound, "接入方 {app_id} 未在本统筹区登记。", "请核对应用编号,或联系安全管理员登记。";
    /// The sender is ended.
    SENDER_ENDED: Precondition, "接入方 {app_id} 已停用。", "如需恢复接入,请联系安全管理员。";
    /// A rotation with a gap, too far ahead, or too long.
    SENDER_KEY_DAYS: Precondition, "密钥更换的日期不符:新密钥须自今日起92日内启用,原密钥须不早于其前一日、不晚于其后92日失效。", "请更正日期后以新的请求编号提交。";
    /// A third key would hold.
    SENDER_KEYS_MANY: Precondition, "更换后同一日将有两个以上密钥有效。", "请等待上一次更换结束,或使原密钥在新密钥启用前失效。";
    /// An envelope comes over the line of another institution.
    ENVELOPE_NOT_YOURS: Forbidden, "报文的接入方不是本连接的调用方。", "请以接入方本机构的证书建立连接,或经业务平台转送。";
    /// Signed with a key of the sender's that does not hold today.
    SENDER_KEY_NOT_VALID: Unauthenticated, "报文由接入方今日无效的密钥签名。", "请使用有效期内的密钥签名,或联系安全管理员核对密钥更换。";
    /// No key of the sender's signed it as it is.
    ENVELOPE_SIGNATURE_WRONG: Unauthenticated, "报文签名不成立。", "请核对应用密钥、签名密钥与报文内容。";
    /// Signed as another user, or with numbers as texts, than the sender was registered for.
    ENVELOPE_CONVENTION: Unauthenticated, "报文签名采用的约定(用户标识或数值写法)与登记不符。", "请按登记的约定签名,或联系安全管理员更正登记。";
    /// Signed as it was written, not in the canonical form.
    ENVELOPE_NOT_CANONICAL: Unauthenticated, "报文签名所用的业务数据不是规范形式(各级按键名排序、去除空值、无空白)。", "请对规范形式的业务数据签名。";
    /// Signed too long ago, or in the future.
    ENVELOPE_OUT_OF_TIME: Unauthenticated, "报文时间与当前时间相差超过 {seconds} 秒。", "请校准时钟后,以新的随机串重新签名提交。";
    /// A message comes a second time.
    ENVELOPE_NONCE_USED: Exists, "报文随机串已使用,报文不再受理。", "请以新的随机串重新签名提交;同一业务使用原请求编号。";
    /// Encrypted with another key, or no JSON object.
    ENVELOPE_NOT_DECIPHERABLE: Invalid, "报文业务数据无法解密或不是JSON对象。", "请核对应用编号、应用密钥与加密方式(SM4/ECB/PKCS7,十六进制)。";
    /// Another algorithm, another version, or in clear where it must be encrypted.
    ENVELOPE_MODE: Invalid, "报文的签名类型、加密类型或版本与本接口或登记不符。", "请使用 SM2 签名、SM4 加密,data 与 encData 二者取一;登记为必须加密的接入方不得发送明文。";
    /// No method that goes in an envelope.
    ENVELOPE_METHOD: NotFound, "报文所载方法不存在,或不得经报文调用。", "请核对方法名,形如 OrchestratorService/Settle。";
    /// The body is no request of the method.
    ENVELOPE_BODY: Invalid, "报文业务数据不是 {message} 的JSON。", "请按接口说明更正业务数据的字段名与类型。";
}
