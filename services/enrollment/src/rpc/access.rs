//! Who may call what of the service's own interface.

use kernel::Role;
use runtime::Access;
use runtime::Does::{Changes, Reads, ReadsPeople};

/// Who may call what.
pub const ACCESS: Access = &[
    ("RegisterHousehold", BUREAU, Changes),
    ("WithdrawRegisterHousehold", BUREAU, Changes),
    ("RegisterPerson", BUREAU, Changes),
    ("WithdrawRegisterPerson", BUREAU, Changes),
    ("RecordIdentity", BUREAU, Changes),
    ("WithdrawRecordIdentity", BUREAU, Changes),
    ("EnrolPerson", BUREAU, Changes),
    ("WithdrawEnrolPerson", BUREAU, Changes),
    ("ChangeStanding", BUREAU, Changes),
    ("WithdrawChangeStanding", BUREAU, Changes),
    ("SuspendBenefit", BUREAU, Changes),
    ("WithdrawSuspendBenefit", BUREAU, Changes),
    ("RecordDeath", BUREAU, Changes),
    ("WithdrawRecordDeath", BUREAU, Changes),
    ("GetPerson", BUREAU, ReadsPeople),
    ("RevealPerson", CLERKS, ReadsPeople),
    ("ListPersons", BUREAU, ReadsPeople),
    ("ListCoverages", BUREAU, ReadsPeople),
    ("CheckEligibility", BUREAU, ReadsPeople),
    ("QuoteSubsidy", BUREAU, ReadsPeople),
    ("ProposePackage", LAW, Changes),
    ("WithdrawProposePackage", LAW, Changes),
    ("ActivatePackage", LAW, Changes),
    ("WithdrawActivatePackage", LAW, Changes),
    ("ListPackages", ANYBODY, Reads),
    ("GetOutcome", ANYBODY, Reads),
    ("Burn", ANYBODY, Changes),
    ("ListEvents", BUREAU, ReadsPeople),
    ("ListAccess", AUDITORS, ReadsPeople),
    ("VerifyChain", AUDITORS, Reads),
];
/// Who reads what others did changes nothing.
const AUDITORS: &[Role] = &[Role::Auditor];
/// No service needs to know what somebody is called.
const CLERKS: &[Role] = &[Role::Clerk];
/// Hospitals and platforms come through the orchestrator.
pub const BUREAU: &[Role] = &[Role::Service, Role::Clerk];
/// What the law is, operators say, two of them together.
const LAW: &[Role] = &[Role::Service, Role::Operator];
const ANYBODY: &[Role] = &[Role::Service, Role::Clerk, Role::Operator];

/// Methods whose keys can be asked about and burned.
pub const METHODS: &[&str] = &[
    "RegisterHousehold",
    "RegisterPerson",
    "RecordIdentity",
    "EnrolPerson",
    "ChangeStanding",
    "SuspendBenefit",
    "RecordDeath",
    "ProposePackage",
    "ActivatePackage",
];
