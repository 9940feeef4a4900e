//! Who asks. Made at the edge from a certificate, token or, in one process, by the local wire.

use crate::AreaCode;
use serde::{Deserialize, Serialize};

/// The caller of a request as every service sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Who called: an institution code, a service name, an account.
    pub caller: String,
    /// For whom, when a service calls in the course of somebody else's request.
    pub on_behalf_of: Option<String>,
    /// The pooling area the caller works in.
    pub area: AreaCode,
    /// What the caller may do.
    pub roles: Vec<Role>,
}

/// 角色: what a caller may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A service of the suite.
    Service,
    /// 定点医药机构: a hospital or pharmacy.
    Institution,
    /// 业务平台: a provincial platform that calls for institutions or people.
    Platform,
    /// 外统筹区: the suite of another region.
    Region,
    /// 经办: a clerk of the bureau.
    Clerk,
    /// 负责人: who approves what a clerk prepared.
    Supervisor,
    /// 系统管理员: an operator.
    Operator,
    /// 安全管理员: who says who may do what.
    Security,
    /// 审计管理员: who reads what others did, and changes nothing.
    Auditor,
}

impl Role {
    /// Its name in configuration, tokens and logs.
    pub fn name(self) -> &'static str {
        match self {
            Role::Service => "service",
            Role::Institution => "institution",
            Role::Platform => "platform",
            Role::Region => "region",
            Role::Clerk => "clerk",
            Role::Supervisor => "supervisor",
            Role::Operator => "operator",
            Role::Security => "security",
            Role::Auditor => "auditor",
        }
    }

    /// True for what a person can be; the others are what a certificate says of a machine.
    pub fn is_of_people(self) -> bool {
        use Role::*;
        matches!(self, Clerk | Supervisor | Operator | Security | Auditor)
    }
}

/// The person behind a name that stands in request keys: a caller may be a service that calls for
/// somebody, and who that is in the end stands last.
pub fn person_behind(key_name: &str) -> &str {
    key_name.rsplit('~').next().unwrap_or(key_name)
}

impl Principal {
    /// The name that stands in request keys: two callers never collide, and a service calling for
    /// somebody is another caller than that somebody.
    pub fn key_name(&self) -> String {
        match &self.on_behalf_of {
            Some(origin) => format!("{}~{origin}", self.caller),
            None => self.caller.clone(),
        }
    }

    /// This service, calling in the course of a request of `self`.
    pub fn through(&self, service: &str) -> Principal {
        Principal {
            caller: service.to_string(),
            on_behalf_of: Some(self.key_name()),
            area: self.area.clone(),
            roles: vec![Role::Service],
        }
    }

    /// True when the caller has the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
