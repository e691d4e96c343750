//! The configuration files of the repository load, and change nothing compared to having no files.

use std::collections::BTreeSet;

use super::*;

fn shipped(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// Returns the file with the keys of unbuilt parts uncommented: their lines begin with a `#`
/// without a space.
fn complete() -> String {
    let bring_in = |line: &str| {
        let commented = line
            .trim_start()
            .strip_prefix('#')
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with(' '));
        if commented {
            line.replacen('#', "", 1)
        } else {
            line.to_owned()
        }
    };
    shipped("configs/config.yaml")
        .lines()
        .map(bring_in)
        .collect::<Vec<_>>()
        .join("\n")
}

fn texts(place: &Place) -> Vec<(&'static str, Option<String>)> {
    let effective = place.loaded().effective;
    effective
        .values()
        .map(|value| (value.setting.name, value.text.clone()))
        .collect()
}

#[test]
fn the_shipped_file_changes_nothing() {
    let file = shipped("configs/config.yaml");
    assert_eq!(texts(&Place::new().yaml(&file)), texts(&Place::new()));
    assert_eq!(
        texts(&Place::production().yaml(&file)),
        texts(&Place::production())
    );
    assert!(
        Place::new()
            .yaml(&file)
            .loaded()
            .effective
            .set_but_not_built()
            .is_empty()
    );
}

#[test]
fn the_shipped_file_shows_every_setting_and_its_default() {
    let file = complete();
    let mut faults = Faults::default();
    let shown: BTreeSet<_> = sources::yaml_paths(&file, &mut faults)
        .into_iter()
        .collect();
    assert_eq!(faults, Faults::default());
    assert_eq!(shown, settings::all().map(|setting| setting.path).collect());

    let with_defaults = texts(&Place::new().yaml(&file));
    let differing = with_defaults
        .iter()
        .zip(texts(&Place::new()))
        .filter(|(one, other)| *one != other);
    // The value in the documents of a key that has no default here.
    assert_eq!(
        differing.map(|(one, _)| one.clone()).collect::<Vec<_>>(),
        [(
            "CUSTOMER_DATABASE_MAX_IDLE_CONNECTIONS",
            Some("25".to_owned())
        )]
    );
}

#[test]
fn the_references_of_the_shipped_file_are_read() {
    let set = [
        ("CUSTOMER_DATABASE_DSN", "postgres://u@localhost/c"),
        ("CUSTOMER_HTTP_PORT", "8007"),
    ];
    let place = Place::new().yaml(&complete()).set(&set);
    assert_eq!(place.loaded().config.server.port, 8007);
    assert!(place.loaded().config.database.url.is_some());
}
