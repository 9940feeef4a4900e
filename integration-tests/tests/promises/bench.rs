//! 试验台: calls any method of the suite by its name, JSON in, JSON out, as whoever is needed.
//!
//! What all changing methods have in common is written once here, over their descriptors; what one
//! of them needs to take effect, or to be refused, is its line in the table.

use integration_tests::tables::Tables;
use integration_tests::{AREA, PATIENCE, World, code};
use kernel::{AreaCode, Principal, Role};
use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, SerializeOptions};
use proto::dynamic::Dynamic;
use runtime::{Context, Wire};
use serde_json::{Value, json};
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use tonic::{Status, client::Grpc};

/// A changing method, and how to make it take effect and be refused.
pub struct Rpc {
    /// Its service's short name: the folder under `proto/yibao`.
    pub service: &'static str,
    /// Its name.
    pub method: &'static str,
    /// The role that may call it: a clerk, an operator, or a service that calls for a clerk.
    pub role: Role,
    /// A request that can take effect.
    pub good: fn(&Bench) -> Staged<'_, Good>,
    /// A request that is refused for good.
    pub bad: Bad,
}

/// Something that a world must be prepared for.
pub type Staged<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// A request that can take effect, without its id.
pub struct Good {
    /// The request.
    pub content: Value,
    /// The path of one of its fields, and another value that may stand there.
    pub other: (&'static str, Value),
    /// Where the effect is seen; none where nothing but a second attempt shows it.
    pub seen: Option<Seen>,
}

impl Rpc {
    /// A caller who may: the clerk, or a service calling for the clerk.
    pub fn caller(&self) -> Principal {
        principal(self.role)
    }

    /// Another who may.
    pub fn other_caller(&self) -> Principal {
        let mut other = self.caller();
        match &mut other.on_behalf_of {
            Some(name) => *name = "clerk-2".into(),
            None => other.caller = "clerk-2".into(),
        }
        other
    }
}

impl Good {
    /// The request with its other value.
    pub fn other(&self) -> Value {
        let (path, value) = &self.other;
        let mut content = self.content.clone();
        match content.pointer_mut(path) {
            Some(field) => *field = value.clone(),
            None => content[path.trim_start_matches('/')] = value.clone(),
        }
        content
    }
}

/// A question whose answer contains a text exactly while the effect stands. The word `SUBJECT`
/// stands for the id of what was made.
pub struct Seen {
    /// Service and method.
    pub asked: (&'static str, &'static str),
    /// The question.
    pub content: Value,
    /// The text.
    pub text: String,
}

/// The id of what the request made, in [`Seen`].
pub const SUBJECT: &str = "SUBJECT";

/// How a request comes to be refused for good.
pub enum Bad {
    /// With this code, when the same content has taken effect and was not withdrawn.
    Twice(&'static str),
    /// It is not: what a saga finishes with has nothing to refuse.
    Never,
    /// With this code, in a world prepared for it.
    Staged(&'static str, fn(&Bench) -> Staged<'_, No>),
}

/// A request that is refused now, without its id.
pub struct No {
    /// The request.
    pub content: Value,
    /// What removes the cause; none where nothing can.
    pub mend: Option<Mend>,
}

/// A call that removes the cause of a refusal.
pub struct Mend {
    /// In whose role.
    pub role: Role,
    /// Service and method.
    pub asked: (&'static str, String),
    /// The request.
    pub content: Value,
}

/// The tables of the request keys, and the journals of the sagas that stand under one.
const KEYS: [&str; 3] = [".request_key", ".saga", ".saga_line"];
/// What somebody asked for is written down, whatever was answered.
const ACCESSES: [&str; 2] = [".access_entry", ".access_subject"];

/// A world, and everything stored in it.
pub struct Bench {
    /// The world.
    pub world: World,
    /// What its methods look like.
    pub pool: DescriptorPool,
    tables: Tables,
    count: AtomicU32,
}

impl Bench {
    pub async fn open() -> Bench {
        let world = World::open().await;
        let tables = Tables::of(&world.database).await;
        let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
        Bench {
            world,
            pool,
            tables,
            count: AtomicU32::new(0),
        }
    }

    /// A number that nobody had yet.
    pub fn number(&self) -> u32 {
        self.count.fetch_add(1, Ordering::SeqCst)
    }

    /// A request id that nobody used yet.
    pub fn id(&self) -> String {
        format!("promise-{}", self.number())
    }

    /// Everything that is stored, request keys included where `keys` says so.
    pub async fn stored(&self, keys: bool) -> Vec<String> {
        let wanted = |table: &str| {
            let is_one = |of: &[&str]| of.iter().any(|name| table.ends_with(name));
            (keys || !is_one(&KEYS)) && !is_one(&ACCESSES)
        };
        self.tables.rows(wanted).await
    }

    /// Sends a request to the method under test, as a caller who may.
    pub async fn ask(&self, rpc: &Rpc, id: &str, content: &Value) -> Result<Value, Status> {
        self.ask_by(rpc.caller(), rpc, id, content).await
    }

    /// Likewise, as somebody else.
    pub async fn ask_by(
        &self,
        caller: Principal,
        rpc: &Rpc,
        id: &str,
        content: &Value,
    ) -> Result<Value, Status> {
        let mut content = content.clone();
        content["request_id"] = json!(id);
        self.send(caller, (rpc.service, rpc.method), content).await
    }

    /// What became of a request to the method under test.
    pub async fn outcome(&self, rpc: &Rpc, id: &str) -> Value {
        self.outcome_by(rpc.caller(), rpc, id).await
    }

    /// What became of somebody's request to the method under test.
    pub async fn outcome_by(&self, caller: Principal, rpc: &Rpc, id: &str) -> Value {
        let method = self.saga(rpc).unwrap_or(rpc.method.to_string());
        let content = json!({ "request_id": id, "method": method });
        let answer = self.send(caller, (rpc.service, "GetOutcome"), content);
        must(answer.await)["outcome"].take()
    }

    /// Withdraws a request to the method under test.
    pub async fn withdraw(&self, rpc: &Rpc, id: &str) -> Value {
        let (method, content) = self.withdrawal(rpc, id);
        let caller = match method.as_str() {
            // Only services burn; the key is of whoever calls.
            "Burn" => Principal {
                roles: vec![Role::Service],
                ..rpc.caller()
            },
            _ => rpc.caller(),
        };
        let answer = self.send(caller, (rpc.service, &method), content).await;
        match answer {
            // What is reversed is settled anew, under another id.
            Err(no) if code(&no) == "REVERSAL_STANDS" => self.outcome(rpc, id).await,
            answer => must(answer)["outcome"].take(),
        }
    }

    /// What withdraws a request to the method under test: its `Withdraw…`, the one withdrawal of all
    /// sagas, or else the burning of its key.
    pub fn withdrawal(&self, rpc: &Rpc, id: &str) -> (String, Value) {
        let mut content = json!({ "original_request_id": id });
        if let Some(saga) = self.saga(rpc) {
            content["method"] = json!(saga);
            return ("Withdraw".into(), content);
        }
        let service = self.pool.get_service_by_name(&full_name(rpc.service));
        let mut methods = service.iter().flat_map(|service| service.methods());
        let own = format!("Withdraw{}", rpc.method);
        if methods.any(|method| method.name() == own) {
            return (own, content);
        }
        content["method"] = json!(rpc.method);
        ("Burn".into(), content)
    }

    /// True when a withdrawal undoes what the method did.
    pub fn undoable(&self, rpc: &Rpc) -> bool {
        match self.saga(rpc) {
            Some(saga) => saga != "METHOD_REVERSE",
            None => self.withdrawal(rpc, "").0 != "Burn",
        }
    }

    /// What a saga's method is called where its outcome is asked; none of other methods.
    pub fn saga(&self, rpc: &Rpc) -> Option<String> {
        let mut called = "METHOD".to_string();
        for c in rpc.method.chars() {
            if c.is_uppercase() {
                called.push('_');
            }
            called.push(c.to_ascii_uppercase());
        }
        let methods = "yibao.orchestrator.v1.GetOutcomeRequest.Method";
        let methods = self.pool.get_enum_by_name(methods)?;
        let is_saga = rpc.service == "orchestrator" && methods.get_value_by_name(&called).is_some();
        is_saga.then_some(called)
    }

    /// Removes the cause of a refusal.
    pub async fn mend(&self, mend: Mend) {
        let (service, method) = &mend.asked;
        let asked = (*service, method.as_str());
        must(self.send(principal(mend.role), asked, mend.content).await);
    }

    /// True when the effect of the request that made `subject` is seen.
    pub async fn sees(&self, seen: &Seen, subject: &str) -> bool {
        let content = seen.content.to_string().replace(SUBJECT, subject);
        let content = serde_json::from_str(&content).unwrap();
        // What operators do is seen by operators.
        let eyes = Principal {
            roles: vec![Role::Clerk, Role::Operator],
            ..principal(Role::Clerk)
        };
        let answer = self.send(eyes, seen.asked, content).await;
        let text = seen.text.replace(SUBJECT, subject);
        answer.is_ok_and(|answer| answer.to_string().contains(&text))
    }

    /// Asks a question for the clerk that must have an answer.
    pub async fn told(&self, asked: (&str, &str), content: Value) -> Value {
        must(self.send(principal(Role::Clerk), asked, content).await)
    }

    /// Sends a request that must take effect, under an id of its own, for the clerk or, where only
    /// services may, by a service for the clerk. Gives the id and the answer.
    pub async fn done(&self, role: Role, asked: (&str, &str), content: &Value) -> (String, Value) {
        let (id, mut content) = (self.id(), content.clone());
        content["request_id"] = json!(id);
        let answer = self.send(principal(role), asked, content).await;
        (id, must(answer))
    }

    /// Likewise, but by an operator of this name.
    pub async fn done_by_operator(&self, name: &str, asked: (&str, &str), content: &Value) {
        self.done_by(name, Role::Operator, asked, content).await;
    }

    /// Likewise, but by somebody of this name. Gives the answer.
    pub async fn done_by(
        &self,
        name: &str,
        role: Role,
        asked: (&str, &str),
        content: &Value,
    ) -> Value {
        let mut content = content.clone();
        content["request_id"] = json!(self.id());
        let who = Principal {
            caller: name.into(),
            ..principal(role)
        };
        must(self.send(who, asked, content).await)
    }

    /// A message as JSON.
    pub fn json(&self, name: &str, message: &impl Message) -> Value {
        let mut dynamic = DynamicMessage::new(self.pool.get_message_by_name(name).unwrap());
        dynamic.transcode_from(message).unwrap();
        to_json(&dynamic)
    }

    async fn send(
        &self,
        caller: Principal,
        (service, method): (&str, &str),
        content: Value,
    ) -> Result<Value, Status> {
        let full_name = full_name(service);
        let described = self.pool.get_service_by_name(&full_name).unwrap();
        let described = described.methods().find(|known| known.name() == method);
        let described = described.unwrap_or_else(|| panic!("{full_name} has no {method}"));
        let message = DynamicMessage::deserialize(described.input(), content).unwrap();
        let request = Context::of(caller, PATIENCE).own(message);
        let path = format!("/{full_name}/{method}").parse().unwrap();
        let mut client = Grpc::new(self.wire(service));
        client.ready().await.unwrap();
        let answer = client.unary(request, path, Dynamic(described.output()));
        Ok(to_json(answer.await?.get_ref()))
    }

    fn wire(&self, service: &str) -> Wire {
        let wires = self.world.suite.wires();
        let wire = match service {
            "enrollment" | "filing" | "identity" | "transfer" => &wires.enrollment,
            "account" | "approval" | "payerFile" | "settlement" | "receivable"
            | "reconciliation" | "recovery" | "reimbursement" | "revision" | "visit" => {
                &wires.settlement
            }
            "referral" => &wires.referral,
            "inspection" => &wires.inspection,
            "interregional" => &wires.interregional,
            "envelope" | "orchestrator" | "saga" => &wires.orchestrator,
            other => panic!("no service {other}"),
        };
        wire.clone()
    }
}

/// The answer of a call that must have one; the status in words where it has none.
#[track_caller]
pub fn must(answer: Result<Value, Status>) -> Value {
    answer.unwrap_or_else(|no| panic!("refused: {no}"))
}

/// `yibao.settlement.v1.SettlementService` of `settlement`.
pub fn full_name(service: &str) -> String {
    let (first, rest) = service.split_at(1);
    let package = match service {
        // The public interfaces besides the orchestrator's own.
        "account" | "approval" | "envelope" | "filing" | "identity" | "payerFile"
        | "receivable" | "reconciliation" | "recovery" | "reimbursement" | "revision" | "saga"
        | "transfer" | "visit" => "orchestrator",
        own => own,
    };
    format!("yibao.{package}.v1.{}{rest}Service", first.to_uppercase())
}

/// The clerk, or the orchestrator calling for the clerk.
fn principal(role: Role) -> Principal {
    let (caller, on_behalf_of) = match role {
        Role::Service => ("orchestrator", Some("clerk-1".to_string())),
        _ => ("clerk-1", None),
    };
    Principal {
        caller: caller.into(),
        on_behalf_of,
        area: AreaCode::parse(AREA).unwrap(),
        roles: vec![role],
    }
}

fn to_json(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false);
    let json = message.serialize_with_options(serde_json::value::Serializer, &options);
    json.unwrap()
}
