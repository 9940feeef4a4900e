//! 案例: a claim in a file of its own, with the keys of an example of the package it is for.

use crate::check;
use crate::check_example;
use crate::claim::Claim;
use crate::example::Example;
use crate::package::{Package, PackageError, Text};
use crate::shape::ExampleShape;
use toml::Spanned;

impl Package {
    /// Reads a claim that is written with the keys of an `[[example]]`; it needs no name, no source
    /// and no expectation, and may follow an example of the package.
    pub fn case(&self, file: &str, text: &str) -> Result<Claim, PackageError> {
        let text = Text::new(file, text);
        let shape: ExampleShape = check::read(&text)?;
        check_example::claim(&text, &Spanned::new(0..0, shape), self)
    }

    /// The example of this name.
    pub fn example(&self, name: &str) -> Option<&Example> {
        self.examples()
            .iter()
            .find(|example| example.name() == name)
    }
}
