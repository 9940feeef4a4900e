//! Protobuf to domain and back.

use crate::domain::{
    Case, Claim, Days, Effect, Finding, History, Line, Member, PastClaim, Rule, Rules,
};
use kernel::refusal::invalid;
use kernel::{Digest, InstitutionCode, ItemCode, MedType, PersonId, Refusal, SettlementId, Sex};
use proto::common;
use proto::common::finding::Effect as WireEffect;
use proto::inspection as pb;
use runtime::parse;

/// Lines of a claim at most.
const LINES_MAX: usize = 10_000;
/// Settlements in a history at most.
const HISTORY_MAX: usize = 500;
/// 就诊ID (mdtrt_id), in characters.
const VISIT_NUMBER_MAX: usize = 30;

/// What to screen. Only what the rules look at is read; what makes a bill sound is settlement's.
pub fn case(message: pb::ScreenRequest) -> Result<Case, Refusal> {
    let claim = parse::message("claim", message.claim)?;
    let member = parse::message("member", message.member)?;
    let person = parse::field("claim.person_id", PersonId::parse(&claim.person_id))?;
    let of_claim = PersonId::parse(&member.person_id) == Ok(person);
    parse::wanted(
        "member.person_id",
        of_claim.then_some(()),
        "与 claim.person_id 相同",
    )?;
    if message.history.len() > HISTORY_MAX {
        return Err(invalid("history", format_args!("至多{HISTORY_MAX}条")));
    }
    let history = message.history.iter().enumerate();
    Ok(Case {
        claim: read_claim(&claim, &message.fingerprint)?,
        member: read_member(&member)?,
        history: History(
            history
                .map(|(index, past)| read_past(&format!("history[{index}]"), past))
                .collect::<Result<_, _>>()?,
        ),
    })
}

fn read_claim(claim: &common::Claim, fingerprint: &str) -> Result<Claim, Refusal> {
    if claim.lines.len() > LINES_MAX {
        return Err(invalid("claim.lines", format_args!("至多{LINES_MAX}行")));
    }
    let institution = InstitutionCode::parse(&claim.institution_code);
    let lines = claim.lines.iter().enumerate();
    Ok(Claim {
        institution: parse::field("claim.institution_code", institution)?,
        visit_number: parse::token("claim.visit_number", &claim.visit_number, VISIT_NUMBER_MAX)?,
        med_type: parse::code("claim.med_type", MedType::parse(&claim.med_type))?,
        days: Days {
            begin: parse::day("claim.begin_day", &claim.begin_day)?,
            end: parse::day("claim.end_day", &claim.end_day)?,
        },
        lines: lines
            .map(|(index, line)| read_line(index, line))
            .collect::<Result<_, _>>()?,
        fingerprint: read_digest("fingerprint".into(), fingerprint)?,
    })
}

fn read_line(index: usize, line: &common::ClaimLine) -> Result<Line, Refusal> {
    let number = (line.number > 0).then_some(line.number);
    let item = ItemCode::parse(&line.item_code);
    Ok(Line {
        number: parse::wanted(format!("claim.lines[{index}].number"), number, "正整数")?,
        item: parse::field(format!("claim.lines[{index}].item_code"), item)?,
    })
}

fn read_member(member: &common::Member) -> Result<Member, Refusal> {
    Ok(Member {
        sex: parse::code("member.sex", Sex::parse(&member.sex))?,
        birth: parse::day("member.birth_day", &member.birth_day)?,
    })
}

fn read_past(path: &str, past: &common::PastClaim) -> Result<PastClaim, Refusal> {
    let field = |name: &str| format!("{path}.{name}");
    let settlement = SettlementId::parse(&past.settlement_id);
    let institution = InstitutionCode::parse(&past.institution_code);
    let visit_number = parse::token(field("visit_number"), &past.visit_number, VISIT_NUMBER_MAX);
    Ok(PastClaim {
        settlement: parse::field(field("settlement_id"), settlement)?,
        institution: parse::field(field("institution_code"), institution)?,
        visit_number: visit_number?,
        med_type: parse::code(field("med_type"), MedType::parse(&past.med_type))?,
        days: Days {
            begin: parse::day(field("begin_day"), &past.begin_day)?,
            end: parse::day(field("end_day"), &past.end_day)?,
        },
        fingerprint: read_digest(field("fingerprint"), &past.fingerprint)?,
    })
}

fn read_digest(path: String, text: &str) -> Result<Digest, Refusal> {
    parse::wanted(path, Digest::parse(text), "64位十六进制SM3摘要")
}

/// A finding as the wire shows it.
pub fn finding(finding: Finding) -> common::Finding {
    let other = finding.other.map(|settlement| settlement.to_string());
    common::Finding {
        rule_code: finding.rule,
        effect: effect(finding.effect).into(),
        line_number: finding.line_number.unwrap_or_default(),
        sentence: finding.sentence,
        other_settlement_id: other.unwrap_or_default(),
    }
}

/// The rules of a day as the wire shows them.
pub fn rules(rules: &Rules) -> pb::ListRulesResponse {
    let shown = |rule: &Rule| pb::list_rules_response::Rule {
        code: rule.code.clone(),
        name: rule.name.clone(),
        effect: effect(rule.effect).into(),
        basis: rule.basis.clone(),
    };
    pb::ListRulesResponse {
        rules: rules.rules.iter().map(shown).collect(),
        rules_digest: rules.digest.to_string(),
    }
}

fn effect(effect: Effect) -> WireEffect {
    match effect {
        Effect::Note => WireEffect::Note,
        Effect::DenyLine => WireEffect::DenyLine,
        Effect::DenyClaim => WireEffect::DenyClaim,
    }
}
