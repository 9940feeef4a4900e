//! 连接限额: how many connections there are, in all and of one peer. One too many is not taken; those
//! that are stay as they are.

use crate::certificate::{Certificate, Holder};
use crate::limits::Limits;
use crate::metrics;
use kernel::metric::{CONNECTIONS, CONNECTIONS_ENDED};
use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, UpDownCounter};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whose connection it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Whose {
    /// Of whoever is at this address: nothing else is known of it.
    Address(IpAddr),
    /// Of a certificate's holder, wherever it is.
    Holder(String),
    /// 本系统的服务: as many as its replicas need.
    Service,
}

/// The connections of a listener.
pub(crate) struct Connections {
    limits: Arc<Limits>,
    held: Mutex<HashMap<Whose, usize>>,
    open: UpDownCounter<i64>,
    ended: Counter<u64>,
}

/// A connection that is counted, as long as it lasts.
pub(crate) struct Counted {
    connections: Arc<Connections>,
    whose: Whose,
}

impl Connections {
    pub(crate) fn new(limits: Arc<Limits>) -> Arc<Connections> {
        Arc::new(Connections {
            limits,
            held: Mutex::default(),
            open: metrics::level(&CONNECTIONS),
            ended: metrics::counter(&CONNECTIONS_ENDED),
        })
    }

    pub(crate) fn limits(&self) -> &Arc<Limits> {
        &self.limits
    }

    /// Counts one from this address, if there may be one more.
    pub(crate) fn count(self: &Arc<Connections>, from: IpAddr) -> Option<Counted> {
        let whose = Whose::Address(network(from));
        let mut held = self.held();
        if held.values().sum::<usize>() >= self.limits.connections_max {
            drop(held);
            self.tell("all");
            return None;
        }
        let fits = self.add(&mut held, &whose);
        drop(held);
        if !fits {
            self.tell("one");
            return None;
        }
        self.open.add(1, &[]);
        let connections = self.clone();
        Some(Counted { connections, whose })
    }

    fn add(&self, held: &mut HashMap<Whose, usize>, whose: &Whose) -> bool {
        let own = held.get(whose).copied().unwrap_or(0);
        let fits = *whose == Whose::Service || own < self.limits.connections_of_one_max;
        if fits {
            held.insert(whose.clone(), own + 1);
        }
        fits
    }

    /// One was not taken, or is ended.
    pub(crate) fn tell(&self, reason: &'static str) {
        tracing::debug!(reason, "a connection is not kept");
        self.ended.add(1, &[KeyValue::new("reason", reason)]);
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Whose, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    /// The same, now that its other end showed a certificate that holds: it does not stand for its
    /// address any more. Nothing, where its holder has too many.
    pub(crate) fn of(mut self, certificate: &Certificate) -> Option<Counted> {
        let whose = match &certificate.holder {
            Holder::Service(_) => Whose::Service,
            _ => Whose::Holder(format!(
                "{}/{}",
                certificate.area,
                certificate.principal().caller
            )),
        };
        let mut held = self.connections.held();
        let fits = self.connections.add(&mut held, &whose);
        if fits {
            remove(&mut held, &self.whose);
        }
        drop(held);
        if !fits {
            self.connections.tell("one");
            return None;
        }
        self.whose = whose;
        Some(self)
    }

    /// Why it ends.
    pub(crate) fn tell(&self, reason: &'static str) {
        self.connections.tell(reason);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.connections.open.add(-1, &[]);
        remove(&mut self.connections.held(), &self.whose);
    }
}

fn remove(held: &mut HashMap<Whose, usize>, whose: &Whose) {
    match held.get_mut(whose) {
        Some(own) if *own > 1 => *own -= 1,
        _ => drop(held.remove(whose)),
    }
}

/// Who has one address of IPv6 has 2⁶⁴ of them.
fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(from) => {
            let [a, b, c, d, ..] = from.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::{AreaCode, Instant, InstitutionCode};

    fn connections(all: usize, of_one: usize) -> Arc<Connections> {
        Connections::new(Arc::new(Limits {
            connections_max: all,
            connections_of_one_max: of_one,
            ..Limits::default()
        }))
    }

    fn shown(holder: Holder) -> Certificate {
        Certificate {
            holder,
            area: AreaCode::parse("999999").unwrap(),
            from: Instant::from_micros(0),
            until: Instant::from_micros(0),
            thumbprint: String::new(),
        }
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_peer_has_so_many_and_all_together_so_many() {
        let connections = connections(3, 2);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(address);
        let first = connections.count(one);
        let _second = connections.count(one).expect("two of one");
        assert!(connections.count(one).is_none(), "a third of one");
        let _third = connections.count(other).expect("three in all");
        assert!(connections.count(other).is_none(), "a fourth");
        drop(first);
        assert!(connections.count(other).is_some());
    }

    #[test]
    fn who_shows_a_certificate_stands_for_itself() {
        let connections = connections(9, 1);
        let gateway = address("192.0.2.1");
        let hospital = |code| Holder::Institution(InstitutionCode::parse(code).unwrap());
        let a = shown(hospital("H99999900001"));
        let b = shown(hospital("H99999900002"));
        let first = connections.count(gateway).unwrap().of(&a);
        let second = connections.count(gateway).unwrap().of(&b);
        assert!(first.is_some() && second.is_some(), "behind one address");
        assert!(connections.count(gateway).unwrap().of(&a).is_none());
        let service = shown(Holder::Service("orchestrator".into()));
        let replicas: Vec<_> = (0..4)
            .map(|_| connections.count(gateway).unwrap().of(&service))
            .collect();
        assert!(replicas.iter().all(Option::is_some));
        drop((first, second, replicas));
        assert!(connections.held().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer() {
        let connections = connections(9, 1);
        let _first = connections.count(address("2001:db8:1:2::1")).unwrap();
        assert!(connections.count(address("2001:db8:1:2:ffff::9")).is_none());
        assert!(connections.count(address("2001:db8:1:3::1")).is_some());
        let _mapped = connections.count(address("::ffff:192.0.2.1")).unwrap();
        assert!(connections.count(address("192.0.2.1")).is_none());
    }
}
