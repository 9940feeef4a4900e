//! All packages of the suite, chosen by area, scheme and day, or by the digest a decision names.

use crate::package::{Package, PackageError};
use kernel::{AreaCode, Day, Digest, Scheme};
use std::sync::Arc;

/// Reads a package's text into the program, under the path below `packages/`.
macro_rules! builtin {
    ($($file:literal,)*) => {
        &[$(($file, include_str!(concat!("../packages/", $file)))),*]
    };
}

/// The packages that come with the suite: the path below `packages/`, and the text.
const BUILTIN: &[(&str, &str)] = builtin![
    "152501/2014-01-01-380.toml",
    "152501/2014-01-01.toml",
    "152501/2016-01-01.toml",
    "152501/2017-01-01.toml",
    "330523/2020-01-01.toml",
    "500151/2021-01-01.toml",
];

/// 政策库: packages of which at most one holds for an area and scheme on a day.
#[derive(Clone, Debug)]
pub struct Library {
    packages: Vec<Arc<Package>>,
}

impl Library {
    /// The packages that come with the suite.
    pub fn builtin() -> Result<Library, PackageError> {
        let parsed = BUILTIN
            .iter()
            .map(|(file, text)| Package::parse(file, text));
        Library::new(parsed.collect::<Result<_, _>>()?)
    }

    /// A library of these packages. Refuses one with an example that does not hold, and two of one
    /// area and scheme that share a day.
    pub fn new(packages: Vec<Package>) -> Result<Library, PackageError> {
        let mut accepted: Vec<Arc<Package>> = Vec::with_capacity(packages.len());
        for package in packages {
            if let Some(failure) = package.check_examples().first() {
                return Err(package.error(failure.place, failure.to_string()));
            }
            let clashes = |other: &&Arc<Package>| {
                other.area() == package.area()
                    && other.scheme() == package.scheme()
                    && other.effective().overlaps(&package.effective())
            };
            if let Some(other) = accepted.iter().find(clashes) {
                let message = format!(
                    "expected days that no other package of this area and scheme has, but {} \
                     ({}) holds on some of them",
                    other.name(),
                    other.file
                );
                return Err(package.error(package.effective_at, message));
            }
            accepted.push(Arc::new(package));
        }
        Ok(Library { packages: accepted })
    }

    /// The package that holds for this area and scheme on this day.
    pub fn select(&self, area: &AreaCode, scheme: &Scheme, day: Day) -> Option<&Arc<Package>> {
        self.packages.iter().find(|package| {
            package.area() == area
                && package.scheme() == scheme
                && package.effective().contains(day)
        })
    }

    /// The package a decision was made by.
    pub fn by_digest(&self, digest: Digest) -> Option<&Arc<Package>> {
        self.packages
            .iter()
            .find(|package| package.digest() == digest)
    }

    /// Every package.
    pub fn packages(&self) -> impl Iterator<Item = &Arc<Package>> {
        self.packages.iter()
    }
}
