//! Every "no" to a credential, which never falls back to anything weaker, to what is no message, and to
//! what goes beyond a limit. None is ever stored.

use kernel::refusals;

refusals! {
    /// The body of a call is no message of its method: other bytes, cut off, compressed, or more than one.
    MESSAGE_UNREADABLE: Invalid, "请求报文不是所调用方法的有效报文。", "请按接口说明重新编码,不压缩,再行提交。";
    /// The chain of a client certificate does not end at an authority of ours.
    CERTIFICATE_UNKNOWN: Unauthenticated, "客户端证书不是由本系统认可的机构签发。", "请使用医保经办机构签发的证书。";
    /// A client certificate is not valid yet, or not any more.
    CERTIFICATE_EXPIRED: Unauthenticated, "客户端证书不在有效期内。", "请更换有效期内的证书后重新连接。";
    /// A client certificate names nobody that may call.
    CERTIFICATE_NAMELESS: Unauthenticated, "客户端证书的主体备用名称未写明认可的身份(应为 spiffe://yibao/统筹区/类别/名称)。", "请申请写明身份的证书。";
    /// A service of another suite.
    CERTIFICATE_ELSEWHERE: Unauthenticated, "客户端证书属于其他统筹区的服务。", "统筹区之间请使用类别为 region 的证书。";
    /// Somebody who is no service says for whom it calls.
    PRINCIPAL_NOT_BELIEVED: Unauthenticated, "仅本系统的编排服务可以向其他服务代他人声明身份。", "请去除 yibao-principal 请求头,以自己的证书或令牌调用。";
    /// More than one thing says who asks.
    CREDENTIALS_CONFLICT: Unauthenticated, "请求同时带有多种身份凭证。", "请只带一种身份凭证。";
    /// Tokens are not taken at this port.
    TOKEN_NOT_TAKEN: Unauthenticated, "本服务未配置令牌的签发方,不接受令牌。", "请使用证书,或联系运维配置 tokens。";
    /// A token that is none, or that lacks what a token must say.
    TOKEN_UNREADABLE: Unauthenticated, "令牌无法读取,或缺少必要内容({expected})。", "请重新登录以取得令牌。";
    /// A token whose signature does not hold, by a key that is not the issuer's, or by another algorithm than the key's.
    TOKEN_FORGED: Unauthenticated, "令牌的签名不成立。", "请重新登录以取得令牌;持续出现请联系安全管理员。";
    /// A token of another issuer, or for somebody else.
    TOKEN_NOT_FOR_US: Unauthenticated, "令牌不是由本系统认可的签发方为本系统签发。", "请以本系统的登录入口取得令牌。";
    /// A token whose time is over.
    TOKEN_EXPIRED: Unauthenticated, "令牌已过期。", "请重新登录以取得令牌。";
    /// A token whose time has not come.
    TOKEN_NOT_YET_VALID: Unauthenticated, "令牌尚未生效。", "请核对时钟后重试。";
    /// A token that lives longer than tokens may.
    TOKEN_TOO_LONG: Unauthenticated, "令牌的有效期超过 {seconds} 秒。", "请向签发方申请较短有效期的令牌。";
    /// Roles that no person has, or that nobody has together.
    TOKEN_ROLES_FORBIDDEN: Unauthenticated, "令牌所载角色不可授予个人,或有不得兼任者:系统管理员、安全管理员、审计管理员互不兼任,后两者也不兼任其他角色。", "请联系安全管理员更正角色。";
    /// A token that is bound to another certificate, or to none where it must be, or shown over a line that is not a person's.
    TOKEN_NOT_YOURS: Unauthenticated, "令牌未与本连接的客户端证书绑定,或不得经此连接使用。", "请以取得令牌时的证书建立连接。";
    /// More requests a second than one caller may send.
    CALLER_RATE_EXCEEDED: Exhausted, "调用方的请求过于频繁(每秒限 {rate} 次),请求未被受理。", "请按答复中的等待时间,使用原请求编号重试。";
    /// More requests at once than one caller may have under way.
    CALLER_IN_FLIGHT_EXCEEDED: Exhausted, "调用方同时办理的请求超过 {limit} 个,请求未被受理。", "请待先前的请求得到答复后,使用原请求编号重试。";
    /// More bytes at once than one caller may have on the way.
    CALLER_BYTES_EXCEEDED: Exhausted, "调用方同时送达的内容过多,请求未被受理。", "请待先前的请求得到答复后,使用原请求编号重试。";
    /// A message longer than messages may be.
    REQUEST_TOO_LARGE: Invalid, "请求报文超过单个报文的上限,请求未被受理。", "请分成几次提交。";
    /// A message that does not come, or comes too slowly.
    REQUEST_TOO_SLOW: Exhausted, "请求内容未在 {seconds} 秒内送达,请求未被受理。", "请检查网络后使用原请求编号重试。";
}
