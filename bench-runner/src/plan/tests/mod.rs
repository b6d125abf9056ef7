//! What is wrong is refused once, at its place, and nothing else is blamed for it.

mod cases;

use std::path::Path;

use super::{Plan, Request};
use crate::config::folder::Folder;
use crate::config::refusal::Refusals;
use crate::embedded;
use crate::runtime::Pace;
use cases::{CAMPAIGN, CASES, ELEMENTS, WIRING};

/// The quickstart on disk, with some of its text replaced.
fn edited(folder: &Path, edits: &[(&str, &str, &str)]) -> Result<Plan, Refusals> {
    for (path, bytes) in embedded::FILES {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    for (path, old, new) in edits {
        let path = folder.join(path);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{old} is not there");
        std::fs::write(path, text.replacen(old, new, 1)).unwrap();
    }
    Plan::new(&Request {
        campaign: (
            Folder::Disk(folder.join("campaigns")),
            "eclipse_ride_through.toml".to_owned(),
        ),
        wiring: (
            Folder::Disk(folder.join("wiring")),
            "emulated.toml".to_owned(),
        ),
        seed: None,
        pace: Pace::Virtual,
    })
}

#[test]
fn the_quickstart_is_allowed_and_meant() {
    let folder = tempfile::tempdir().unwrap();
    let plan = edited(folder.path(), &[]).unwrap();
    assert_eq!(plan.warnings(), Vec::<String>::new());
}

const SOURCE: &str = "elements = \"iss.tle\"";
/// The lines of `iss.tle`.
const LINES: &str = "tle = [\"1 25544U 98067A   25176.73245655  .00008102  00000-0  14854-3 0  9994\", \
                     \"2 25544  51.6390 264.7180 0001990 278.3788 217.2311 15.50240116516482\"]";

#[test]
fn an_orbit_comes_from_wherever_profiles_have_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let phases = |source: &str| {
        let plan = edited(folder.path(), &[(CAMPAIGN, SOURCE, source)]);
        let plan = plan.unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
        plan.header.phases
    };
    let file = phases(SOURCE);
    assert_eq!(
        phases(LINES),
        file,
        "the same elements in the campaign itself"
    );
    let circular = phases("altitude = \"420 km\"\ninclination = 51.6\nnode = 260.0\nphase = 10.0");
    let kepler = "kepler = { semi_major_km = 6798.0, eccentricity = 0.0, inclination = 51.6, \
                  node = 260.0, perigee = 0.0, anomaly = 10.0 }";
    assert_eq!(
        phases(kepler).len(),
        circular.len(),
        "nearly the same circle"
    );
    assert_ne!(circular, file);
    let late = phases("altitude = \"550 km\"\nltan = \"10:30\"");
    assert!(late.len() > 4, "two orbits with their eclipses: {late:?}");
}

#[test]
fn what_is_wrong_in_other_sources_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let start = "start    = \"2025-06-25T18:00:00Z\"";
    let broken = LINES.replace("9994", "9995");
    for (source, start_as, said) in [
        (broken.as_str(), start, "line 1, column 69: found `5`"),
        (
            LINES,
            "start = \"2027-01-01T00:00:00Z\"",
            "days from the epoch",
        ),
        (
            "altitude = \"6500 km\"\nltan = \"06:00\"",
            start,
            "no plane at this height",
        ),
        ("altitude = \"550 km\"", start, "`inclination`"),
        (
            "altitude = \"550 km\"\nltan = \"06:00\"",
            "",
            "needs a `start`",
        ),
        ("oem = \"nowhere.oem\"", start, "nowhere.oem"),
        (
            "elements = \"iss.tle\"\naltitude = \"550 km\"",
            start,
            "two sources",
        ),
        (
            "tle = \"one text\"",
            start,
            "line 1 of a two-line element set",
        ),
    ] {
        let edits = [(CAMPAIGN, SOURCE, source), (CAMPAIGN, start, start_as)];
        let refusals = edited(folder.path(), &edits).unwrap_err();
        let text = refusals.render(false);
        assert_eq!(refusals.list.len(), 1, "{source}:\n{text}");
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
}

#[test]
fn an_array_may_have_no_failed_string_or_only_those() {
    let folder = tempfile::tempdir().unwrap();
    for failed in ["0", "10"] {
        let strings = format!("strings = 10\nfailed_strings = {failed}");
        let edits = [(CAMPAIGN, "strings         = 10", &*strings)];
        edited(folder.path(), &edits).unwrap();
    }
}

#[test]
fn what_is_wrong_is_told_once_where_it_is() {
    let folder = tempfile::tempdir().unwrap();
    for (file, old, new, marked, said) in CASES {
        let refusals = edited(folder.path(), &[(file, old, new)]).unwrap_err();
        let text = refusals.render(false);
        assert_eq!(refusals.list.len(), 1, "{old} -> {new}:\n{text}");
        let place = refusals.list[0].place.as_ref().unwrap();
        assert_eq!(refusals.sources.quoted(place), *marked, "{text}");
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let edits = [
        (CAMPAIGN, "initial_soc = 0.70", "initial_soc = 7"),
        (CAMPAIGN, "volts = 30.0", "volts = 40.0"),
        (CAMPAIGN, "\"in_range\"", "\"inrange\""),
        (CAMPAIGN, "\"sunlit\"", "\"sunlight\""),
        (WIRING, "watlow-f4", "watlow"),
        (ELEMENTS, "9994", "9995"),
    ];
    let refusals = edited(folder.path(), &edits).unwrap_err();
    assert_eq!(
        refusals.list.len(),
        edits.len(),
        "{}",
        refusals.render(false)
    );
}

#[test]
fn what_is_surely_not_meant_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let edits = [
        (WIRING, "powered_by = \"bus_supply\"\n", ""),
        (WIRING, "\"1 s\"", "\"60 s\""),
        (CAMPAIGN, "sunlit_watts  = 85.0", "sunlit_watts  = 850.0"),
    ];
    let plan = edited(folder.path(), &edits).unwrap();
    let warnings = plan.warnings();
    for part in ["nobody powers `payload`", "battery is empty"] {
        let mut all = warnings.iter();
        assert!(all.any(|warning| warning.contains(part)), "{warnings:?}");
    }
}

#[test]
fn swapped_files_are_told_so() {
    let request = Request {
        campaign: embedded::wiring(),
        wiring: embedded::campaign(),
        seed: None,
        pace: Pace::Virtual,
    };
    let refusals = Plan::new(&request).unwrap_err();
    assert_eq!(refusals.list.len(), 2, "{}", refusals.render(false));
    assert!(
        refusals
            .render(false)
            .contains("this is the wiring and not the campaign")
    );
}
