//! The packages that come with the suite: all of them are listed, parse, and hold their examples.

use policy::{Library, Package};
use std::path::{Path, PathBuf};

fn package_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("packages");
    let areas = std::fs::read_dir(root)
        .unwrap()
        .map(|area| area.unwrap().path());
    let mut files: Vec<PathBuf> = areas
        .filter(|area| area.is_dir())
        .flat_map(|area| std::fs::read_dir(area).unwrap())
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    files
}

#[test]
fn every_example_of_every_package_holds() {
    for file in package_files() {
        let text = std::fs::read_to_string(&file).unwrap();
        let package = Package::parse(&file.display().to_string(), &text)
            .unwrap_or_else(|error| panic!("{error}"));
        let failures = package.check_examples();
        let lines: Vec<String> = failures.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "{}\n{}", file.display(), lines.join("\n"));
        assert!(!package.examples().is_empty());
    }
}

#[test]
fn every_package_is_in_the_library_under_the_name_of_its_file() {
    let library = Library::builtin().unwrap();
    let names: Vec<&str> = library.packages().map(|package| package.name()).collect();
    let files: Vec<String> = package_files()
        .iter()
        .map(|file| {
            let area = file
                .parent()
                .unwrap()
                .file_name()
                .unwrap()
                .to_string_lossy();
            format!("{area}/{}", file.file_stem().unwrap().to_string_lossy())
        })
        .collect();
    assert_eq!(names, files);
}
