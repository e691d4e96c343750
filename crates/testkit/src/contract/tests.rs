//! Every case that is written is listed, and so is tested on each store.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Returns the cases of each slice, as its macro lists them.
fn listed() -> BTreeMap<String, Vec<String>> {
    let mut listed = BTreeMap::new();
    macro_rules! list {
        ($slice:ident { $($case:ident,)+ }) => {
            let cases = vec![$(stringify!($case).to_owned()),+];
            listed.insert(stringify!($slice).to_owned(), cases);
        };
    }
    crate::contract_slices!(list);
    listed
}

/// Returns the public functions of each file that has any, in their order.
fn defined() -> BTreeMap<String, Vec<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/contract");
    let mut defined = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            let cases = cases(&fs::read_to_string(&path).unwrap());
            let slice = path.file_stem().unwrap().to_str().unwrap();
            defined.insert(slice.to_owned(), cases);
        }
    }
    defined.retain(|_, cases| !cases.is_empty());
    defined
}

fn cases(source: &str) -> Vec<String> {
    let signatures = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub async fn "));
    let names = signatures.filter_map(|rest| rest.split_once('('));
    names.map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn every_case_is_in_the_list_once_and_in_order() {
    assert_eq!(listed(), defined());
}
