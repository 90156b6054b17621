//! The conventions that are shipped do what their cases say, and each has a good and a bad one.

use std::fs;
use std::path::Path;

use forebay_policies::{Case, Conventions};

fn folder(name: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder is part of the crate")
        .map(|entry| entry.expect("the folder can be listed").path())
        .map(|path| {
            let text = fs::read_to_string(&path).expect("the file is text");
            (format!("{name}/{}", path.file_name().expect("a file has a name").display()), text)
        })
        .collect();
    files.sort();
    files
}

fn shipped() -> (Conventions, Vec<Case>) {
    let conventions = Conventions::load(&folder("conventions")).expect("they are well formed");
    let read = |(file, text): (String, String)| Case::read(&file, &text).expect("they are well formed");
    (conventions, folder("cases").into_iter().flat_map(read).collect())
}

#[test]
fn every_case_holds() {
    let (conventions, cases) = shipped();
    let broken: Vec<_> = cases.iter().filter_map(|case| case.run(&conventions).err()).collect();
    assert!(broken.is_empty(), "{}", broken.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn every_rule_has_a_good_and_a_bad_case() {
    let (conventions, cases) = shipped();
    for name in conventions.names() {
        let of_rule = || cases.iter().filter(|case| case.rule == name);
        assert!(of_rule().any(|case| case.expect.is_empty()), "{name} has no good case");
        assert!(of_rule().any(|case| !case.expect.is_empty()), "{name} has no bad case");
    }
}
