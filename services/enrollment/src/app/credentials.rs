//! 就诊凭证: cards and tokens.

use super::{App, LISTS, tell};
use crate::domain::{Card, CredentialToken, IssuedToken, NewToken, Revocation};
use crate::refusal::CARD_UNKNOWN;
use crate::store;
use crate::store::recorded::Recorded;
use ::store::{Call, Key, Made, Tx, new_id};
use kernel::refusal::INTERNAL;
use kernel::{AreaCode, CardId, CardNumber, Outcome, PersonId, Refusal, TokenId};
use serde_json::json;

impl App {
    /// 社保卡登记; true when an earlier attempt had done it.
    pub async fn register_card(
        &self,
        call: &Call,
        person: PersonId,
        number: &CardNumber,
    ) -> Result<(Card, bool), Refusal> {
        let area = &call.key.area;
        let work = |tx: Tx| async move {
            let person = store::person::touch(&tx, area, person).await?;
            if person.death_day.is_some() {
                return Err(person.dead().into());
            }
            let card = Card {
                id: CardId(new_id(call.now)),
                person: person.id,
                number: number.clone(),
                revoked: None,
            };
            store::card::insert(&tx, area, &card).await?;
            let subject = card.id.to_string();
            let told = ("card.registered", subject.clone());
            tell(
                &tx,
                area,
                call.now,
                told,
                json!({ "person_id": card.person }),
            )
            .await?;
            let value = card;
            Ok(Made { subject, value })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.card_of(area, done.subject, done.made).await
    }

    /// Withdraws the registration of a card.
    pub async fn withdraw_card(&self, key: &Key) -> Result<Outcome, Refusal> {
        self.undo_recorded(key, Recorded::Card).await
    }

    /// 挂失, 注销, from now on; true when an earlier attempt had done it.
    pub async fn revoke_card(
        &self,
        call: &Call,
        number: &CardNumber,
        reason: &str,
    ) -> Result<(Card, bool), Refusal> {
        let decide = |card: &Card| {
            card.revocable()?;
            let (at, reason) = (call.now, reason.to_string());
            Ok(Some(Revocation { at, reason }))
        };
        self.change_card(call, number, "card.revoked", decide).await
    }

    /// 解挂; true when an earlier attempt had done it.
    pub async fn restore_card(
        &self,
        call: &Call,
        number: &CardNumber,
    ) -> Result<(Card, bool), Refusal> {
        let decide = |card: &Card| card.restorable().map(|()| None);
        self.change_card(call, number, "card.restored", decide)
            .await
    }

    async fn change_card(
        &self,
        call: &Call,
        number: &CardNumber,
        kind: &'static str,
        decide: impl Fn(&Card) -> Result<Option<Revocation>, Refusal>,
    ) -> Result<(Card, bool), Refusal> {
        let (area, decide) = (&call.key.area, &decide);
        let work = |tx: Tx| async move {
            let card = store::card::lock(&tx, area, number).await?;
            let card = card.ok_or_else(|| CARD_UNKNOWN.refuse().at("card_number"))?;
            let revoked = decide(&card)?;
            let value = Card { revoked, ..card };
            store::card::save(&tx, area, &value).await?;
            let subject = value.id.to_string();
            let told = (kind, subject.clone());
            let facts = json!({ "person_id": value.person, "by": call.key.caller });
            tell(&tx, area, call.now, told, facts).await?;
            Ok(Made { subject, value })
        };
        let done = self.db.once(call, LISTS, work).await?;
        self.card_of(area, done.subject, done.made).await
    }

    async fn card_of(
        &self,
        area: &AreaCode,
        subject: String,
        made: Option<Card>,
    ) -> Result<(Card, bool), Refusal> {
        match made {
            Some(card) => Ok((card, false)),
            None => Ok((store::card::find(&self.db, area, &subject).await?, true)),
        }
    }

    /// 医保电子凭证: issues a token; true when an earlier attempt had done it.
    pub async fn issue_token(
        &self,
        call: &Call,
        new: &NewToken,
    ) -> Result<(IssuedToken, bool), Refusal> {
        let area = &call.key.area;
        let id = TokenId(new_id(call.now));
        let key = self.token_key.as_ref().ok_or_else(|| INTERNAL.refuse())?;
        let text = &key.text(area, id);
        let work = |tx: Tx| async move {
            let person = store::person::standing(&*tx, area, new.person).await?;
            let person = person.ok_or_else(|| store::person::unknown(new.person))?;
            if person.death_day.is_some() {
                return Err(person.dead().into());
            }
            let token = CredentialToken {
                id,
                person: person.id,
                institution: new.institution.clone(),
                purpose: new.purpose,
                expires: call.now.plus_millis(new.seconds.saturating_mul(1_000)),
                used: None,
            };
            store::token::insert(&tx, area, text, &token).await?;
            let subject = id.to_string();
            let told = ("credential_token.issued", subject.clone());
            let facts = json!({ "person_id": token.person,
                "institution_code": token.institution, "purpose": token.purpose.as_str() });
            tell(&tx, area, call.now, told, facts).await?;
            let value = ();
            Ok(Made { subject, value })
        };
        let done = self.db.once(call, LISTS, work).await?;
        let (token, digest) = store::token::find(&self.db, area, &done.subject).await?;
        let text = key.text(area, token.id);
        // By another key than today's, it would be no token.
        let text = Some(text).filter(|text| text.digest() == digest);
        Ok((IssuedToken { text, token }, done.replayed()))
    }

    /// Withdraws a token: it stands for nobody.
    pub async fn withdraw_token(&self, key: &Key) -> Result<Outcome, Refusal> {
        let undo = |tx: Tx, id: String, now| async move {
            store::token::withdraw(&tx, &key.area, &id, now).await?;
            Ok(Some(json!({})))
        };
        self.undo(key, "credential_token.withdrawn", undo).await
    }
}
