//! 现行政策: which package decides. Packages come with the suite or are activated at run time; each
//! holds for the days it names, and an activated one decides only from its instant on.
//!
//! Among the packages in force whose period contains the day the one with the latest first day
//! decides: a new policy takes over on its first day, and the days before it stay with the old one.
//! Of several with the same first day it is the one activated last, and the suite's own comes
//! before all of them: a package is corrected by activating another for the same days.

use crate::library::Library;
use crate::package::Package;
use crate::refusal::{
    PACKAGE_BUILTIN, PACKAGE_EXAMPLE_FAILED, PACKAGE_OTHER_AREA, PACKAGE_UNREADABLE,
    PACKAGE_UNUSABLE,
};
use kernel::{
    Activation, AreaCode, Canon, Day, Described, Digest, Document, Enactment, Instant, Refusal,
    Scheme, Standing,
};
use std::cmp::Ordering;
use std::sync::Arc;

/// What a text is called in the errors about it.
const FILE: &str = "text";

/// The packages an area decides by: the activated ones are all of one area.
#[derive(Clone, Debug)]
pub struct Law {
    builtin: Arc<Library>,
    activated: Vec<Activated>,
}

#[derive(Clone, Debug)]
struct Activated {
    described: Described,
    since: Option<Instant>,
    /// Nothing when this version of the suite cannot use it.
    package: Option<Arc<Package>>,
}

impl Law {
    /// The suite's own packages, and nothing activated.
    pub fn new(builtin: Arc<Library>) -> Law {
        Law {
            builtin,
            activated: Vec::new(),
        }
    }

    fn usable(&self, one: &Enactment) -> Option<Arc<Package>> {
        if let Some(known) = self.by_digest(one.described.digest) {
            return Some(known.clone());
        }
        let package = Package::parse(&one.described.name, &one.text).ok()?;
        let holds = package.digest() == one.described.digest && package.check_examples().is_empty();
        holds.then(|| Arc::new(package))
    }

    /// The package that decides for this area, scheme and day at a moment; nothing when none holds.
    pub fn select(
        &self,
        area: &AreaCode,
        scheme: &Scheme,
        day: Day,
        now: Instant,
    ) -> Result<Option<&Arc<Package>>, Refusal> {
        let builtin = self.builtin.select(area, scheme, day);
        let Some(activated) = self.latest(scheme, day, now) else {
            return Ok(builtin);
        };
        let first_day = activated.described.period.from;
        if let Some(builtin) = builtin.filter(|own| own.effective().from > first_day) {
            return Ok(Some(builtin));
        }
        let unusable = || {
            let no = PACKAGE_UNUSABLE.refuse().with("day", day);
            no.with("digest", activated.described.digest)
        };
        activated.package.as_ref().map(Some).ok_or_else(unusable)
    }

    /// Of the activated packages the one that goes before the others on a day.
    fn latest(&self, scheme: &Scheme, day: Day, now: Instant) -> Option<&Activated> {
        let holds = |one: &&Activated| {
            one.since.is_some_and(|since| since <= now)
                && one.described.series == scheme.as_str()
                && one.described.period.contains(day)
        };
        // The last of equals: no two for the same days begin at once.
        self.activated.iter().filter(holds).max_by(before)
    }

    /// The package of this digest, whether it decides, will, or once did.
    pub fn by_digest(&self, digest: Digest) -> Option<&Arc<Package>> {
        let activated = self.activated.iter();
        let mut fitting = activated.filter(|one| one.described.digest == digest);
        let activated = fitting.find_map(|one| one.package.as_ref());
        activated.or_else(|| self.builtin.by_digest(digest))
    }
}

impl Canon for Law {
    /// The law with exactly these activated packages, in the order of their activations. What this
    /// law has read already is not read again. A text that cannot be used any more decides nothing,
    /// and nothing else decides in its place.
    fn enacted(&self, all: Vec<Enactment>) -> Law {
        let mut law = Law::new(self.builtin.clone());
        for one in all {
            // A text that was activated more than once is read once.
            let package = match law.by_digest(one.described.digest) {
                Some(known) => Some(known.clone()),
                None => self.usable(&one),
            };
            law.activated.push(Activated {
                package,
                described: one.described,
                since: one.since,
            });
        }
        law
    }

    /// Activated packages that this version of the suite cannot use: where one of them would
    /// decide, nothing is decided.
    fn unusable(&self) -> impl Iterator<Item = &Described> {
        let unusable = |one: &&Activated| one.since.is_some() && one.package.is_none();
        let activated = self.activated.iter().filter(unusable);
        activated.map(|one| &one.described)
    }

    /// Reads a text that is proposed for an area, or about to be activated there: it must be a
    /// package of the area whose examples all hold, and none that comes with the suite.
    fn admit(&self, area: &AreaCode, text: &str) -> Result<Described, Refusal> {
        let package = Package::parse(FILE, text).map_err(|error| {
            let no = PACKAGE_UNREADABLE.refuse().with("line", error.line);
            no.with("column", error.column)
                .with("found", error.message)
                .at("text")
        })?;
        if package.area() != area {
            let no = PACKAGE_OTHER_AREA.refuse().with("area", area).at("text");
            return Err(no.with("package_area", package.area()));
        }
        if let Some(own) = self.builtin.by_digest(package.digest()) {
            return Err(PACKAGE_BUILTIN.refuse().with("name", own.name()).at("text"));
        }
        let failures = package.check_examples();
        match failures.first() {
            None => Ok(package.described()),
            Some(failure) => Err(PACKAGE_EXAMPLE_FAILED
                .refuse()
                .at("text")
                .with("example", &failure.example)
                .with("line", failure.place.line)
                .with("what", &failure.what)
                .with("expected", &failure.expected)
                .with("actual", &failure.actual)
                .with("failures", failures.len())),
        }
    }

    fn knows(&self, digest: Digest) -> bool {
        self.by_digest(digest).is_some()
    }

    /// The area's packages that came with the suite, by digest.
    fn own(&self, area: &AreaCode) -> Vec<Document> {
        let own = self.builtin.packages().filter(|own| own.area() == area);
        let mut own: Vec<Document> = own.map(|own| document(own)).collect();
        own.sort_by_key(|own| own.described.digest);
        own
    }

    /// Where a document of the area stands at a moment.
    fn standing(&self, area: &AreaCode, document: &Document, now: Instant) -> Standing {
        let described = &document.described;
        match (&document.proposal, &document.activation) {
            (Some(_), None) => return Standing::Proposed,
            (_, Some(Activation { since, .. })) if *since > now => return Standing::Scheduled,
            _ => {}
        }
        // On its own first day no package with a later one can go before it.
        let first_day = described.period.from;
        let decides = match Scheme::parse(&described.series) {
            Some(scheme) => match self.latest(&scheme, first_day, now) {
                Some(latest) if latest.described.period.from == first_day => {
                    latest.described.digest == described.digest
                }
                _ => self
                    .builtin
                    .select(area, &scheme, first_day)
                    .is_some_and(|own| own.digest() == described.digest),
            },
            None => false,
        };
        match decides {
            true => Standing::InForce,
            false => Standing::Superseded,
        }
    }
}

/// Which of two that hold on a day goes before: first day, then instant of activation.
fn before(one: &&Activated, other: &&Activated) -> Ordering {
    let place = |one: &Activated| (one.described.period.from, one.since);
    place(one).cmp(&place(other))
}

impl Package {
    /// What the package says of itself.
    pub fn described(&self) -> Described {
        Described {
            series: self.scheme().to_string(),
            name: self.name().to_string(),
            title: self.title().to_string(),
            period: self.effective(),
            digest: self.digest(),
        }
    }
}

fn document(package: &Package) -> Document {
    Document {
        described: package.described(),
        proposal: None,
        activation: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Text;

    const ZERO: Instant = Instant::from_micros(1_519_862_400_000_000);

    fn law() -> Law {
        Law::new(Arc::new(Library::builtin().unwrap()))
    }

    fn area() -> AreaCode {
        AreaCode::parse("152501").unwrap()
    }

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    /// A text, and after how many seconds it decides.
    fn enactment(text: &Text, after: Option<i64>) -> Enactment {
        Enactment {
            described: law().admit(&area(), &text.0).unwrap(),
            text: text.0.clone(),
            since: after.map(|seconds| ZERO.plus_millis(seconds * 1_000)),
        }
    }

    fn decides(law: &Law, on: &str, after: i64) -> Digest {
        let now = ZERO.plus_millis(after * 1_000);
        let selected = law.select(&area(), &Scheme::Resident, day(on), now);
        selected.unwrap().unwrap().digest()
    }

    #[test]
    fn the_latest_first_day_decides_and_of_equal_ones_the_latest_activation() {
        let builtin = decides(&law(), "2017-05-10", 0);
        let [a, b, later] = ["a", "b", "later"].map(Text::marked);
        let later = later.from("2017-02-01");
        let law = law().enacted(vec![
            enactment(&later, Some(10)),
            enactment(&a, Some(20)),
            enactment(&b, Some(30)),
        ]);
        let rows = [
            // Before any instant, and before the first day of all.
            ("2017-02-01", 9, builtin),
            ("2017-01-31", 10, builtin),
            ("2017-02-01", 10, later.digest()),
            // An earlier first day never goes before, however late it is activated.
            ("2017-02-01", 20, later.digest()),
            ("2017-01-31", 20, a.digest()),
            ("2017-01-31", 29, a.digest()),
            ("2017-01-31", 30, b.digest()),
            ("2019-01-01", 99, later.digest()),
        ];
        for (on, after, expected) in rows {
            assert_eq!(decides(&law, on, after), expected, "{on} after {after} s");
        }
        let nothing = law.select(&area(), &Scheme::Resident, day("2013-12-31"), ZERO);
        assert!(nothing.unwrap().is_none());
        let employees = law.select(&area(), &Scheme::Employee, day("2017-05-10"), ZERO);
        assert!(employees.unwrap().is_none());
    }

    #[test]
    fn what_was_withdrawn_decides_nothing_and_explains_what_it_decided() {
        let text = Text::marked("gone");
        let law = law().enacted(vec![enactment(&text, None)]);
        assert_ne!(decides(&law, "2017-05-10", 99), text.digest());
        assert!(law.by_digest(text.digest()).is_some());
        assert!(law.by_digest(Digest::of(b"")).is_none());
    }

    #[test]
    fn what_cannot_be_used_any_more_decides_nothing_and_nothing_else_in_its_place() {
        let mut broken = enactment(&Text::marked("broken").from("2017-02-01"), Some(0));
        broken.text = "title = 1".to_string();
        let law = law().enacted(vec![broken]);
        let select = |on| law.select(&area(), &Scheme::Resident, day(on), ZERO);
        assert!(select("2017-02-01").unwrap_err().is(&PACKAGE_UNUSABLE));
        assert_eq!(law.unusable().count(), 1);
        assert!(select("2017-01-31").unwrap().is_some());
    }

    #[test]
    fn a_text_is_admitted_or_told_what_is_wrong_and_where() {
        let admit = |text: &Text| {
            law()
                .admit(&area(), &text.0)
                .map(|described| described.digest)
        };
        let plain = Text::marked("");
        assert_eq!(admit(&plain), Ok(plain.digest()));
        let no = admit(&plain.clone().outpatient("101%")).unwrap_err();
        assert!(no.is(&PACKAGE_UNREADABLE), "{no}");
        let line: usize = no.fact("line").unwrap().parse().unwrap();
        let text = plain.clone().outpatient("101%").0;
        assert_eq!(text.lines().nth(line - 1), Some("rate = \"101%\""));
        let no = admit(&plain.clone().of("999999")).unwrap_err();
        assert!(no.is(&PACKAGE_OTHER_AREA), "{no}");
        let no = admit(&plain.failing()).unwrap_err();
        assert!(no.is(&PACKAGE_EXAMPLE_FAILED), "{no}");
        let facts = ["what", "expected", "actual", "failures"].map(|name| no.fact(name).unwrap());
        assert_eq!(facts, ["in_scope", "38,499.00", "38,500.00", "1"]);
        let own = include_str!("../packages/152501/2017-01-01.toml");
        let no = law().admit(&area(), own).unwrap_err();
        assert!(no.is(&PACKAGE_BUILTIN), "{no}");
    }

    #[test]
    fn a_document_stands_where_its_activation_says() {
        let [a, b] = ["a", "b"].map(Text::marked);
        let all = vec![enactment(&a, Some(10)), enactment(&b, Some(20))];
        let law = law().enacted(all.clone());
        let document = |one: &Enactment, activated: bool| Document {
            described: one.described.clone(),
            proposal: Some(kernel::Proposal {
                id: String::new(),
                by: "operator-1".to_string(),
                at: ZERO,
            }),
            activation: one.since.filter(|_| activated).map(|since| Activation {
                id: String::new(),
                by: "operator-2".to_string(),
                at: ZERO,
                since,
                reason: String::new(),
            }),
        };
        let mut builtin = law.own(&area()).into_iter();
        let builtin = builtin.find(|own| own.described.name == "152501/2017-01-01");
        let builtin = builtin.unwrap();
        let stands = |document: &Document, after: i64| {
            law.standing(&area(), document, ZERO.plus_millis(after * 1_000))
        };
        assert_eq!(stands(&document(&all[0], false), 0), Standing::Proposed);
        let (a, b) = (document(&all[0], true), document(&all[1], true));
        use Standing::{InForce, Scheduled, Superseded};
        for (after, expected) in [
            (9, [InForce, Scheduled, Scheduled]),
            (10, [Superseded, InForce, Scheduled]),
            (20, [Superseded, Superseded, InForce]),
        ] {
            let told = [&builtin, &a, &b].map(|one| stands(one, after));
            assert_eq!(told, expected, "after {after} s");
        }
    }
}
