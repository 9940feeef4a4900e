//! 来件: the files of others that the command line reads.

use crate::{Parser, Told, of_text, words};
use store::heads::read_lines;
use yibao::files;

pub fn parsers() -> Vec<Parser> {
    vec![
        of_text!("claims", 100, |text| words(files::claims(text))),
        of_text!("rows", 64, |text| words(files::rows(text))),
        Parser {
            name: "payer-lines",
            times: 64,
            read: |bytes| words(files::payer_lines(bytes)),
        },
        Parser {
            name: "backup-list",
            times: 32,
            read: |bytes| words(files::backed_up(bytes)),
        },
        Parser {
            name: "heads-file",
            times: 64,
            read: |bytes| {
                let folder = tempfile::tempdir().expect("a folder");
                let file = folder.path().join("heads.jsonl");
                std::fs::write(&file, bytes).expect("a file");
                let lines = read_lines(&file).expect("it opens");
                let said: Vec<_> = lines.map(|line| line.expect("a line").said).collect();
                let whole = !said.is_empty() && said.iter().all(Option::is_some);
                Told::from(whole.then_some(()))
            },
        },
    ]
}
