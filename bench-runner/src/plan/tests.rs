//! What is wrong is refused once, at its place, and nothing else is blamed for it.

use std::path::Path;

use super::{Plan, Request};
use crate::config::folder::Folder;
use crate::config::refusal::Refusals;
use crate::embedded;
use crate::runtime::Pace;

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

const CAMPAIGN: &str = "campaigns/eclipse_ride_through.toml";
const WIRING: &str = "wiring/emulated.toml";
const ELEMENTS: &str = "campaigns/iss.tle";

/// File, what is replaced, by what, what is marked, and a part of what is said.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const CASES: &[Case] = &[
    // Keys and sections.
    (
        CAMPAIGN,
        "name   ",
        "nmae   ",
        "nmae",
        "did you mean `name`",
    ),
    (
        CAMPAIGN,
        "[orbit]",
        "[orbti]",
        "orbti",
        "did you mean `orbit`",
    ),
    (
        CAMPAIGN,
        "[[step]]",
        "[[stp]]",
        "stp",
        "did you mean `step`",
    ),
    (
        CAMPAIGN,
        "length =",
        "lenght =",
        "lenght",
        "did you mean `length`",
    ),
    (
        CAMPAIGN,
        "limit_amps",
        "limit_amp",
        "limit_amp",
        "`limit_amps`",
    ),
    (
        CAMPAIGN,
        "kind    =",
        "knid    =",
        "knid",
        "did you mean `kind`",
    ),
    (
        CAMPAIGN,
        "min     =",
        "mim     =",
        "mim",
        "did you mean `min`",
    ),
    (
        CAMPAIGN,
        "channel =",
        "chanel =",
        "chanel",
        "did you mean `channel`",
    ),
    (
        CAMPAIGN,
        "cells_in",
        "cels_in",
        "cels_in_series",
        "`cells_in_series`",
    ),
    (WIRING, "role   =", "rol   =", "rol", "did you mean `role`"),
    (
        WIRING,
        "[device.b",
        "[devise.b",
        "devise",
        "did you mean `device`",
    ),
    // Words.
    (
        CAMPAIGN,
        "\"in_range\"",
        "\"inrange\"",
        "\"inrange\"",
        "did you mean `in_range`",
    ),
    (
        CAMPAIGN,
        "supply.volts",
        "supply.volt",
        "volt",
        "did you mean `volts`",
    ),
    (
        CAMPAIGN,
        "\"bus_supply.v",
        "\"bus_suply.v",
        "bus_suply",
        "`bus_supply`",
    ),
    (
        CAMPAIGN,
        "\"umbra\"]",
        "\"umbre\"]",
        "\"umbre\"",
        "did you mean `umbra`",
    ),
    (CAMPAIGN, "\"on\"", "\"ON\"", "\"ON\"", "did you mean `on`"),
    (
        CAMPAIGN,
        "\"iss.tle\"",
        "\"iis.tle\"",
        "\"iis.tle\"",
        "did you mean `iss.tle`",
    ),
    (
        CAMPAIGN,
        "\"cloud-mask\"",
        "\"cloud-msk\"",
        "\"cloud-msk\"",
        "`cloud-mask`",
    ),
    (
        CAMPAIGN,
        "\"cloud-mask\"",
        "\"../x\"",
        "\"../x\"",
        "without a path",
    ),
    (
        WIRING,
        "keysight-6633b",
        "watlow-f4",
        "\"watlow-f4\"",
        "is no power-supply",
    ),
    (
        WIRING,
        "\"memory\"",
        "\"serial:/dev/x\"",
        "\"serial:/dev/x\"",
        "no `serial` links",
    ),
    (
        WIRING,
        "[device.bus_supply]\nrole   = \"power-supply\"",
        "[device.bus_supply]\nrole   = \"supply\"",
        "\"supply\"",
        "power-supply",
    ),
    // Numbers and units.
    (
        CAMPAIGN,
        "\"60 s\"",
        "\"60 sec\"",
        "\"60 sec\"",
        "did you mean `\"60 s\"`",
    ),
    (CAMPAIGN, "\"60 s\"", "60", "60", "in quotes"),
    (CAMPAIGN, "\"60 s\"", "\"0 s\"", "\"0 s\"", "from 1 ms"),
    (
        CAMPAIGN,
        "\"2 orbits\"",
        "\"1e9 orbits\"",
        "\"1e9 orbits\"",
        "to 31 days",
    ),
    (
        CAMPAIGN,
        "volts = 30.0",
        "volts = nan",
        "nan",
        "a finite number",
    ),
    (
        CAMPAIGN,
        "volts = 30.0",
        "volts = \"30 V\"",
        "\"30 V\"",
        "the number alone",
    ),
    (
        CAMPAIGN,
        "volts = 30.0",
        "volts = 40.0",
        "40.0",
        "at most 34",
    ),
    (CAMPAIGN, "= 1.8 }", "= 2.5 }", "2.5", "at most 2"),
    (
        CAMPAIGN,
        "seed        = 7",
        "seed        = -7",
        "-7",
        "from 0",
    ),
    (
        CAMPAIGN,
        "\"10 s\"",
        "\"50 ms\"",
        "\"50 ms\"",
        "at least \"100 ms\"",
    ),
    (
        CAMPAIGN,
        "series = 16",
        "series = 1.5",
        "1.5",
        "a whole number",
    ),
    (CAMPAIGN, "_ah = 9.0", "_ah = 0.0", "0.0", "above 0"),
    (
        CAMPAIGN,
        "initial_soc = 0.70",
        "initial_soc = 70",
        "70",
        "from 0 to 1",
    ),
    (CAMPAIGN, "_km = 0.0", "_km = -1.0", "-1.0", "from 0 to 200"),
    (
        CAMPAIGN,
        "min     = 26.0",
        "min     = 36.0",
        "36.0",
        "is above max",
    ),
    (
        WIRING,
        "volts = 34.0",
        "volts = 500.0",
        "500.0",
        "at most 50",
    ),
    (
        WIRING,
        "volts = 34.0",
        "volts = 30.5",
        "\"bus_supply\"",
        "at most 30.5",
    ),
    (WIRING, "\"1 s\"", "\"0 ms\"", "\"0 ms\"", "from \"1 ms\""),
    // What does not fit together.
    (
        CAMPAIGN,
        "= \"companion\"",
        "= \"payload\"",
        "\"payload\"",
        "has a workload already",
    ),
    (
        CAMPAIGN,
        "\"payload\"",
        "\"chamber\"",
        "\"chamber\"",
        "not an accelerator",
    ),
    (
        CAMPAIGN,
        "celsius = 17.0",
        "mode = \"full\"",
        "\"full\"",
        "cannot be told `mode`",
    ),
    (
        CAMPAIGN,
        "celsius = 17.0",
        "inject = \"reset\"",
        "\"reset\"",
        "no fault `reset`",
    ),
    (
        CAMPAIGN,
        "\"1 s\"",
        "\"61 s\"",
        "\"61 s\"",
        "the step is over",
    ),
    (
        CAMPAIGN,
        "during  = \"two orbits\"",
        "during  = []",
        "[]",
        "is empty",
    ),
    (
        CAMPAIGN,
        "2025-06-25T18",
        "2035-06-25T18",
        "\"2035-06-25T18:00:00Z\"",
        "30 days",
    ),
    (
        WIRING,
        "\"bus_supply\"",
        "\"bus_suply\"",
        "\"bus_suply\"",
        "`bus_supply`",
    ),
    // Text that cannot be read.
    (
        CAMPAIGN,
        "= \"in_range\"",
        "= in_range",
        "in_range",
        "without quotes",
    ),
    (
        CAMPAIGN,
        "output = \"on\" },\n]",
        "output = \"on\" },\n",
        "",
        "unclosed array",
    ),
    (
        WIRING,
        "[device.chamber]",
        "[device.bus_supply]",
        "bus_supply",
        "there twice",
    ),
    (ELEMENTS, "9994", "9995", "5", "the checksum 4"),
    (ELEMENTS, "2 25544", "2 255O4", "255O4", "five digits"),
];

#[test]
fn the_quickstart_is_allowed_and_meant() {
    let folder = tempfile::tempdir().unwrap();
    let plan = edited(folder.path(), &[]).unwrap();
    assert_eq!(plan.warnings(), Vec::<String>::new());
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
