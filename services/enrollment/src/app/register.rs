//! Registrations: households, persons, deaths.

use super::{App, LISTS, tell, withdrawn};
use crate::domain::{Household, NewHousehold, NewPerson, Person};
use crate::store;
use crate::store::recorded::{self, Recorded, With};
use ::store::{Call, Key, Made, Tx, new_id};
use kernel::{Day, HouseholdId, Outcome, PersonId, Refusal};
use serde_json::json;

impl App {
    /// 登记家庭; true when an earlier attempt had done it.
    pub async fn register_household(
        &self,
        call: &Call,
        new: &NewHousehold,
    ) -> Result<(Household, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                let household = Household {
                    id: HouseholdId(new_id(call.now)),
                    register_number: new.register_number.clone(),
                    township_code: new.township_code.clone(),
                };
                store::household::insert(&tx, area, &household).await?;
                let subject = household.id.to_string();
                let told = ("household.registered", subject.clone());
                let facts = json!({ "township_code": household.township_code });
                tell(&tx, area, call.now, told, facts).await?;
                Ok(Made {
                    subject,
                    value: household,
                })
            })
            .await?;
        match done.made {
            Some(household) => Ok((household, false)),
            None => {
                let household = store::household::find(&self.db, area, &done.subject).await?;
                Ok((household, true))
            }
        }
    }

    /// Withdraws a household; its members stay.
    pub async fn withdraw_household(&self, key: &Key) -> Result<Outcome, Refusal> {
        let undo = |tx, id: String, now| async move {
            store::household::withdraw(&tx, &key.area, &id, now).await?;
            Ok(Some(json!({})))
        };
        self.undo(key, "household.withdrawn", undo).await
    }

    /// 人员登记; true when an earlier attempt had done it. A number whose registration was withdrawn
    /// brings the same person back, whatever was settled for them under it.
    pub async fn register_person(
        &self,
        call: &Call,
        new: &NewPerson,
    ) -> Result<(Person, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                new.decide(call.now.day())?;
                if let Some(household) = new.household {
                    store::household::lock(&tx, area, household).await?;
                }
                let person = Person {
                    id: PersonId(new_id(call.now)),
                    name: new.name.clone(),
                    id_number: new.id_number.clone(),
                    sex: new.sex.clone(),
                    birth_day: new.birth_day,
                    household: new.household,
                    death_day: None,
                    version: 1,
                };
                let person = store::person::register(&tx, area, &person).await?;
                let subject = person.id.to_string();
                let told = ("person.registered", subject.clone());
                let facts = json!({ "household_id": person.household });
                tell(&tx, area, call.now, told, facts).await?;
                Ok(Made {
                    subject,
                    value: person,
                })
            })
            .await?;
        match done.made {
            Some(person) => Ok((person, false)),
            None => Ok((
                store::person::find(&self.db, area, &done.subject).await?,
                true,
            )),
        }
    }

    /// Withdraws a person: gone for everybody, with the coverages, identities and suspensions that
    /// stand. Each of them is told of, for other services keep what they paid by it.
    pub async fn withdraw_person(&self, key: &Key) -> Result<Outcome, Refusal> {
        let area = &key.area;
        let undo = |tx: Tx, id: String, now| async move {
            store::person::withdraw(&tx, area, &id, now).await?;
            for what in Recorded::ALL {
                for one in recorded::withdraw_all(&tx, area, what, With::Person(&id), now).await? {
                    let facts = json!({ "person_id": id });
                    tell(&tx, area, now, (withdrawn(what), one), facts).await?;
                }
            }
            Ok(Some(json!({})))
        };
        self.undo(key, "person.withdrawn", undo).await
    }

    /// 死亡登记; true when an earlier attempt had done it.
    pub async fn record_death(
        &self,
        call: &Call,
        person: PersonId,
        death_day: Day,
    ) -> Result<(Person, bool), Refusal> {
        let area = &call.key.area;
        let done = self
            .db
            .once(call, LISTS, |tx| async move {
                let person = store::person::touch(&tx, area, person).await?;
                person.decide_death(death_day, call.now.day())?;
                store::person::set_death(&tx, area, person.id, death_day).await?;
                let subject = person.id.to_string();
                let told = ("person.died", subject.clone());
                tell(&tx, area, call.now, told, json!({})).await?;
                let value = Person {
                    death_day: Some(death_day),
                    ..person
                };
                Ok(Made { subject, value })
            })
            .await?;
        match done.made {
            Some(person) => Ok((person, false)),
            None => Ok((
                store::person::find(&self.db, area, &done.subject).await?,
                true,
            )),
        }
    }

    /// Withdraws a death.
    pub async fn withdraw_death(&self, key: &Key) -> Result<Outcome, Refusal> {
        let undo = |tx, id: String, _| async move {
            store::person::revive(&tx, &key.area, &id).await?;
            Ok(Some(json!({})))
        };
        self.undo(key, "person.death_withdrawn", undo).await
    }
}
