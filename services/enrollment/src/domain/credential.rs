//! 就诊凭证: what stands for a person at a desk, and who it stands for.
//!
//! It decides whether a certificate that is brought counts. That it is unknown, of another name or
//! another institution's is one answer, so that nothing can be probed.

use super::{NewCheck, Person, Purpose};
use crate::refusal::{
    CARD_NOT_REVOKED, CARD_REVOKED, CREDENTIAL_EXPIRED, CREDENTIAL_PURPOSE, CREDENTIAL_REVOKED,
    CREDENTIAL_UNKNOWN, CREDENTIAL_USED,
};
use kernel::{
    AreaCode, CardId, CardNumber, Digest, Digester, IdNumber, Instant, InstitutionCode, PersonId,
    Refusal, Secret, TokenId,
};

/// 社保卡: a card that stands for a person.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its id.
    pub id: CardId,
    /// Whose.
    pub person: PersonId,
    /// 卡号 (mdtrt_cert_no).
    pub number: CardNumber,
    /// 挂失, 注销: where it does not stand for them any more.
    pub revoked: Option<Revocation>,
}

/// 挂失, 注销.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Since when.
    pub at: Instant,
    /// Why.
    pub reason: String,
}

impl Card {
    /// A card is revoked once.
    pub fn revocable(&self) -> Result<(), Refusal> {
        match &self.revoked {
            None => Ok(()),
            Some(_) => Err(self.no(&CARD_REVOKED)),
        }
    }

    /// Only a revoked card is restored.
    pub fn restorable(&self) -> Result<(), Refusal> {
        match &self.revoked {
            Some(_) => Ok(()),
            None => Err(self.no(&CARD_NOT_REVOKED)),
        }
    }

    fn no(&self, spec: &kernel::Spec) -> Refusal {
        spec.refuse().with("card_id", self.id).at("card_number")
    }
}

/// The text of a token (ecToken): who has it may use it, and the suite keeps its digest only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenText(Secret<String>);

impl TokenText {
    /// What a token looks like.
    pub const EXPECTED: &'static str = "40位十六进制字符";
    /// Its length: 160 bits.
    const CHARACTERS: usize = 40;

    /// Reads 40 hexadecimal characters.
    pub fn parse(text: &str) -> Option<TokenText> {
        let hexadecimal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        let fits = text.len() == TokenText::CHARACTERS && text.bytes().all(hexadecimal);
        fits.then(|| TokenText(Secret::new(text.to_string())))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What is kept of it: it has more bits than anybody can try.
    pub fn digest(&self) -> Digest {
        Digest::of(self.expose().as_bytes())
    }
}

/// What tokens are made with, so that a repeat tells the same text and the tables have none.
#[derive(Clone, Debug)]
pub struct TokenKey(Secret<Vec<u8>>);

impl TokenKey {
    /// Of a secret that nobody else knows.
    pub fn of(secret: &[u8]) -> TokenKey {
        TokenKey(Secret::new(secret.to_vec()))
    }

    /// The text of a token. Twice and cut: a digest alone can be gone on with by who has it.
    pub fn text(&self, area: &AreaCode, id: TokenId) -> TokenText {
        let keyed = |parts: &[&[u8]]| {
            let mut digester = Digester::new();
            digester.part(b"ecToken").part(self.0.expose());
            for part in parts {
                digester.part(part);
            }
            digester.finish()
        };
        let inner = keyed(&[area.as_str().as_bytes(), id.0.as_bytes()]);
        let mut text = keyed(&[&inner.0]).to_string();
        text.truncate(TokenText::CHARACTERS);
        TokenText(Secret::new(text))
    }
}

/// 医保电子凭证: a token to issue.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Whose.
    pub person: PersonId,
    /// Where alone it serves.
    pub institution: InstitutionCode,
    /// For what alone it serves.
    pub purpose: Purpose,
    /// How long it serves.
    pub seconds: i64,
}

impl NewToken {
    /// How long a token serves when nobody says, in seconds.
    pub const SECONDS_DEFAULT: i64 = 300;
    /// How long a token serves at most, in seconds.
    pub const SECONDS_MAX: i64 = 900;
}

/// 医保电子凭证: a token that was issued.
#[derive(Clone, Debug)]
pub struct CredentialToken {
    /// Its id.
    pub id: TokenId,
    /// Whose.
    pub person: PersonId,
    /// Where alone it serves.
    pub institution: InstitutionCode,
    /// For what alone it serves.
    pub purpose: Purpose,
    /// When it ends.
    pub expires: Instant,
    /// When it was used.
    pub used: Option<Instant>,
}

/// A token with its text.
#[derive(Clone, Debug)]
pub struct IssuedToken {
    /// The text; none where it was made with another key.
    pub text: Option<TokenText>,
    /// What it is for.
    pub token: CredentialToken,
}

/// 就诊凭证 (mdtrt_cert_type, mdtrt_cert_no): what was brought to the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// 医保电子凭证 (01).
    Token(TokenText),
    /// 居民身份证 (02).
    IdNumber(IdNumber),
    /// 社会保障卡 (03).
    Card(CardNumber),
}

impl Certificate {
    /// 就诊凭证类型 (mdtrt_cert_type).
    pub fn code(&self) -> &'static str {
        match self {
            Certificate::Token(_) => "01",
            Certificate::IdNumber(_) => "02",
            Certificate::Card(_) => "03",
        }
    }
}

/// What the area has of a certificate.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Whom it stands for.
    pub person: Person,
    /// 挂失, 注销, 撤回.
    pub revoked: bool,
    /// The card's or the token's id; none of an identity number.
    pub credential: Option<String>,
    /// What a token is bound to.
    pub token: Option<CredentialToken>,
}

impl Presented {
    /// Whether it counts for this check, at this moment. What only its holder may hear comes first.
    pub fn counts(&self, check: &NewCheck, now: Instant) -> Result<(), Refusal> {
        let token = self.token.as_ref();
        let elsewhere = token.is_some_and(|token| token.institution != check.institution);
        let named = check.name.as_ref();
        if elsewhere || named.is_some_and(|name| *name != self.person.name) {
            return Err(credential_unknown());
        }
        let no = |spec: &kernel::Spec| spec.refuse().at("certificate_number");
        if self.revoked {
            return Err(no(&CREDENTIAL_REVOKED));
        }
        if let Some(token) = token {
            if token.used.is_some() {
                return Err(no(&CREDENTIAL_USED));
            }
            if token.expires <= now {
                let expired = token.expires.in_shanghai();
                return Err(no(&CREDENTIAL_EXPIRED).with("expired_at", expired));
            }
            if token.purpose != check.purpose {
                return Err(CREDENTIAL_PURPOSE.refuse().at("purpose"));
            }
        }
        match self.person.death_day {
            None => Ok(()),
            Some(_) => Err(self.person.dead().at("certificate_number")),
        }
    }
}

/// The refusal of a certificate that stands for nobody, as far as the caller may know.
pub fn credential_unknown() -> Refusal {
    CREDENTIAL_UNKNOWN.refuse().at("certificate_number")
}

#[cfg(test)]
mod tests {
    use super::super::{Manner, Seen};
    use super::*;
    use kernel::{Day, PersonName, Sex};

    const NOW: Instant = Instant::from_micros(1_519_862_400_000_000);

    fn institution(code: &str) -> InstitutionCode {
        InstitutionCode::parse(code).unwrap()
    }

    fn person(death_day: Option<Day>) -> Person {
        let digits = "99999919800101001";
        let check = IdNumber::check_character(digits).unwrap();
        Person {
            id: PersonId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c07398f").unwrap(),
            name: PersonName::parse("测试甲").unwrap(),
            id_number: IdNumber::parse(&format!("{digits}{check}")).unwrap(),
            sex: Sex::Female,
            birth_day: Day::parse("1980-01-01").unwrap(),
            household: None,
            death_day,
            version: 1,
        }
    }

    fn check(name: &str) -> NewCheck {
        NewCheck {
            institution: institution("H15250100001"),
            visit_number: "V-1".into(),
            purpose: Purpose::Settle,
            certificate: Certificate::Token(TokenText::parse(&"07".repeat(20)).unwrap()),
            name: PersonName::parse(name),
            manner: Manner::Query,
            seen: Seen::Matched,
            operator: "1".into(),
        }
    }

    fn presented() -> Presented {
        let person = person(None);
        let token = CredentialToken {
            id: TokenId::parse("0190d6b2-5f5e-7cc3-98c4-dc0c0c073990").unwrap(),
            person: person.id,
            institution: institution("H15250100001"),
            purpose: Purpose::Settle,
            expires: NOW.plus_millis(1),
            used: None,
        };
        Presented {
            person,
            revoked: false,
            credential: Some(token.id.to_string()),
            token: Some(token),
        }
    }

    /// Each row has the fault of its line and of all lines below: the first is told.
    #[test]
    fn faults_in_order_of_precedence() {
        let mut brought = presented();
        let decide = |brought: &Presented, name: &str| {
            let told = brought.counts(&check(name), NOW);
            told.map_err(|no| no.code.to_string())
        };
        let no = |code: &str| Err(code.to_string());
        assert_eq!(decide(&brought, "测试甲"), Ok(()));
        assert_eq!(decide(&brought, ""), Ok(()));
        brought.person.death_day = Day::parse("2018-01-01").ok();
        assert_eq!(decide(&brought, ""), no("PERSON_DEAD"));
        let token = brought.token.as_mut().unwrap();
        token.purpose = Purpose::Register;
        assert_eq!(decide(&brought, ""), no("CREDENTIAL_PURPOSE"));
        brought.token.as_mut().unwrap().expires = NOW;
        assert_eq!(decide(&brought, ""), no("CREDENTIAL_EXPIRED"));
        brought.token.as_mut().unwrap().used = Some(NOW);
        assert_eq!(decide(&brought, ""), no("CREDENTIAL_USED"));
        brought.revoked = true;
        assert_eq!(decide(&brought, ""), no("CREDENTIAL_REVOKED"));
        assert_eq!(decide(&brought, "测试乙"), no("CREDENTIAL_UNKNOWN"));
        brought.token.as_mut().unwrap().institution = institution("H15250100002");
        assert_eq!(decide(&brought, "测试甲"), no("CREDENTIAL_UNKNOWN"));
    }

    #[test]
    fn a_token_is_made_again_by_its_key_alone_and_does_not_print() {
        let area = |code: &str| AreaCode::parse(code).unwrap();
        let id = |last: char| TokenId::parse(&format!("0190d6b2-5f5e-7cc3-98c4-dc0c0c07399{last}"));
        let made = |key: &str, code: &str, last| {
            let key = TokenKey::of(key.as_bytes());
            key.text(&area(code), id(last).unwrap())
        };
        let token = made("key", "999999", '0');
        assert_eq!(token, made("key", "999999", '0'));
        assert_eq!(TokenText::parse(token.expose()), Some(token.clone()));
        for other in [
            made("kez", "999999", '0'),
            made("key", "999998", '0'),
            made("key", "999999", '1'),
        ] {
            assert_ne!(token, other);
            assert_ne!(token.digest(), other.digest());
        }
        assert!(!format!("{token:?}").contains(token.expose()));
        for bad in ["", "abab", &"AB".repeat(20), &"zz".repeat(20)] {
            assert_eq!(TokenText::parse(bad), None, "{bad}");
        }
    }
}
