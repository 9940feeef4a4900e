//! What the engine itself says.

kernel::refusals! {
    /// A step was asked many times and gave no answer; everything was taken back.
    STEP_UNANSWERED: Precondition, "步骤 {step} 多次未得到答复({heard}),本次办理已全部撤回,没有产生任何费用。", "请稍后以新的请求编号重新办理。";
    /// The journal says another step than the body.
    JOURNAL_DIFFERS: Internal, "流程日志第 {number} 步是 {journaled},程序第 {number} 步是 {written}。", "请联系运维并提供请求编号。";
    /// What cannot be refused was refused.
    PROMISE_BROKEN: Internal, "步骤 {step} 不应被拒绝而被拒绝:{heard}。", "请联系运维并提供请求编号。";
}
