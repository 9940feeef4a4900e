//! Every "no" about policy packages, the same in every service that decides by them.

kernel::refusals! {
    /// The text is no package.
    PACKAGE_UNREADABLE: Invalid, "政策包文本第 {line} 行第 {column} 列有误:{found}", "请按政策包格式说明更正该处,以新的请求编号重新提交。";
    /// A worked example does not come out as stated.
    PACKAGE_EXAMPLE_FAILED: Precondition, "算例「{example}」(第 {line} 行)不成立:{what} 应为 {expected},实得 {actual};共有 {failures} 处不符。", "请更正规则或算例,在本机用 yibao policy check 核对通过后,以新的请求编号重新提交。";
    /// The package is another area's law.
    PACKAGE_OTHER_AREA: Precondition, "该政策包属于统筹区 {package_area},不是本统筹区 {area}。", "请核对政策包的区划;每个统筹区只能提交和启用本区的政策包。";
    /// The package comes with the suite.
    PACKAGE_BUILTIN: Exists, "该文本就是系统内置的政策包 {name},已经生效。", "无需提交;如需更改,请提交内容不同的文本。";
    /// The package that holds cannot be read by this version; nothing is decided rather than wrongly.
    PACKAGE_UNUSABLE: Internal, "{day} 适用的政策包 {digest} 不能为本版本程序所用。", "请联系运维,恢复原版本程序,或撤回该政策包的启用。";
}
