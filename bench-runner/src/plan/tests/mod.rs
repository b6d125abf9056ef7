//! What is wrong is refused once, at its place, and nothing else is blamed for it.

mod cases;
mod faults;
mod firmware;
mod links;
mod lists;

use std::collections::BTreeSet;
use std::path::Path;

use profiles::command::Command;
use profiles::time::Window;
use reports::event::DeviceId;

use super::{Plan, Request, TimedCommand};
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
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
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
    let preset = phases("preset = \"iss\"");
    assert_eq!(preset, file, "the preset has the same elements");
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
        ("preset = \"iis\"", start, "expected one of: iss, "),
        ("", start, "names no orbit"),
        (
            "elements = \"iss.tle\"\neclipse = { earth = \"oblate\" }",
            start,
            "`eclipse` alone",
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
fn a_limit_may_not_be_above_what_the_chosen_output_can_do() {
    let folder = tempfile::tempdir().unwrap();
    let edits = [(
        WIRING,
        "model  = \"keysight-6633b\"\n",
        "model  = \"keysight-e3631a\"\noptions = { output = \"p6v\" }\n",
    )];
    let refusals = edited(folder.path(), &edits).unwrap_err();
    let text = refusals.render(false);
    assert!(text.contains("limit `volts` is 34"), "{text}");
    assert!(text.contains("expected at most 6"), "{text}");
}

#[test]
fn swapped_files_are_told_so() {
    let request = Request {
        campaign: embedded::wiring(),
        wiring: embedded::campaign(),
        seed: None,
        pace: Pace::Virtual,
        dictionary: None,
        firmware: Vec::new(),
        faults: None,
    };
    let refusals = Plan::new(&request).unwrap_err();
    assert_eq!(refusals.list.len(), 2, "{}", refusals.render(false));
    assert!(
        refusals
            .render(false)
            .contains("this is the wiring and not the campaign")
    );
}

/// Stations, neighbours and particles around the quickstart's orbit.
const AROUND: &str = "elements = \"iss.tle\"
radiation = { anomaly_per_day = 4000.0, seed = 3 }
[[orbit.station]]
name = \"svalbard\"
latitude = 78.23
longitude = 15.41
[[orbit.station]]
name = \"kiruna\"
latitude = 67.86
longitude = 20.96
[orbit.constellation]
satellites = 2
planes = 1
phasing = 0
altitude = \"550 km\"
inclination = 51.6
[orbit.eclipse]
earth = \"oblate\"
";

/// The quickstart with surroundings, and one check that looks `during`.
fn surrounded(folder: &Path, during: &str) -> Result<Plan, Refusals> {
    let shadow = "shadow   = { earth = \"ellipsoid\", sun = \"apparent\", atmosphere_km = 0.0 }\n";
    let start = "start    = \"2025-06-25T18:00:00Z\"     # UTC at T0; the elements' own epoch if left out\n";
    let source = AROUND.replace("elements", "start = \"2025-06-25T18:00:00Z\"\nelements");
    let edits = [
        (CAMPAIGN, shadow, ""),
        (CAMPAIGN, start, ""),
        (CAMPAIGN, SOURCE, source.as_str()),
        (CAMPAIGN, "during  = [\"two orbits\", \"umbra\"]", during),
    ];
    edited(folder, &edits)
}

fn windows_of(plan: &Plan) -> Vec<Window> {
    let named = &plan.header.checks[1].windows;
    named.iter().map(|named| named.window).collect()
}

#[test]
fn selections_are_what_their_names_say() {
    let folder = tempfile::tempdir().unwrap();
    let look = |during: &str| {
        let plan = surrounded(folder.path(), during);
        let plan = plan.unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
        windows_of(&plan)
    };
    let seconds = |windows: &[Window]| windows.iter().map(Window::seconds).sum::<f64>();
    let sunlit = look("during = [\"two orbits\", \"sunlit\"]");
    let saa = look("during = [\"two orbits\", \"saa\"]");
    let both = look("during = \"two orbits & sunlit & saa\"");
    let either = look("during = [\"two orbits\", \"sunlit | saa\"]");
    assert!(
        seconds(&saa) > 300.0 && seconds(&both) > 0.0,
        "{saa:?} {both:?}"
    );
    let sum = seconds(&sunlit) + seconds(&saa);
    assert!((seconds(&both) + seconds(&either) - sum).abs() < 1e-5);
    assert_eq!(
        look("during = [\"two orbits\", \"sunlit\", \"saa\"]"),
        either
    );
    let rest = look("during = [\"two orbits\", \"!(sunlit | saa)\"]");
    let step = look("during = \"two orbits\"");
    assert!((seconds(&rest) + seconds(&either) - seconds(&step)).abs() < 1e-5);
    let any = look("during = [\"two orbits\", \"link\"]");
    let each = look("during = [\"two orbits\", \"link:p1s1\", \"link:p1s2\"]");
    assert_eq!(any, each, "a family is all of it");
}

#[test]
fn what_never_happens_is_looked_at_by_nobody_and_said() {
    let folder = tempfile::tempdir().unwrap();
    // The ISS never rises above Svalbard's mask.
    let plan = surrounded(folder.path(), "during = \"contact:svalbard\"").unwrap();
    assert_eq!(windows_of(&plan), []);
    let warnings = plan.warnings();
    let said = "looks at nothing, so it will be inconclusive: `contact:svalbard`";
    assert!(
        warnings.iter().any(|warning| warning.contains(said)),
        "{warnings:?}"
    );
}

#[test]
fn selections_that_are_none_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    for (during, marked, said) in [
        (
            "umbra & contact:svalbart",
            "contact:svalbart",
            "did you mean `contact:svalbard`",
        ),
        ("umbra & ", "\"umbra & \"", "found the end"),
        ("(umbra | saa", "\"(umbra | saa\"", "found the end"),
        ("umbra && saa", "& saa", "found `& saa`"),
    ] {
        let written = format!("during = \"{during}\"");
        let refusals = surrounded(folder.path(), &written).unwrap_err();
        let text = refusals.render(false);
        assert_eq!(refusals.list.len(), 1, "{text}");
        let place = refusals.list[0].place.as_ref().unwrap();
        assert_eq!(refusals.sources.quoted(place), marked, "{text}");
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
}

#[test]
fn particles_hit_every_emulated_board_by_their_own_seed() {
    let folder = tempfile::tempdir().unwrap();
    let plan = surrounded(folder.path(), "during = \"saa\"").unwrap();
    let hits = |plan: &Plan| -> Vec<TimedCommand> {
        let told = plan.timeline.iter();
        let hits = told.filter(|told| matches!(told.command, Command::Inject(_)));
        hits.cloned().collect()
    };
    let found = hits(&plan);
    let boards: BTreeSet<DeviceId> = found.iter().map(|hit| hit.device).collect();
    assert_eq!(boards.len(), 2);
    let windows = windows_of(&plan);
    let inside = |hit: &&TimedCommand| windows.iter().any(|window| window.contains(hit.at));
    let anomaly = found.iter().filter(inside).count();
    assert!(
        anomaly > 10 && anomaly * 10 > found.len() * 9,
        "{anomaly} of {}",
        found.len()
    );
    let again = surrounded(folder.path(), "during = \"umbra\"").unwrap();
    assert_eq!(hits(&again), found, "the same seed, the same hits");
}

#[test]
fn rates_and_profiles_come_from_files_too() {
    let folder = tempfile::tempdir().unwrap();
    let campaigns = folder.path().join("campaigns");
    std::fs::create_dir_all(&campaigns).unwrap();
    let write = |name: &str, text: &str| std::fs::write(campaigns.join(name), text).unwrap();
    write(
        "rates.csv",
        "seconds,value\n0,0\n600,0\n601,50000\n1200,50000\n1201,0\n",
    );
    let rates =
        "elements = \"iss.tle\"\nradiation = { rates = \"rates.csv\", boards = [\"payload\"] }";
    let plan = edited(folder.path(), &[(CAMPAIGN, SOURCE, rates)]).unwrap();
    let hits: Vec<f64> = plan
        .timeline
        .iter()
        .filter(|told| matches!(told.command, Command::Inject(_)))
        .map(|told| told.at.as_secs_f64())
        .collect();
    assert!(
        (250..450).contains(&hits.len()),
        "{} of some 347",
        hits.len()
    );
    assert!(hits.iter().all(|at| (600.0..1_201.1).contains(at)));
    write("rates.csv", "seconds,value\n0,0\n600,-1\n");
    let refusals = edited(folder.path(), &[(CAMPAIGN, SOURCE, rates)]).unwrap_err();
    let place = refusals.list[0].place.as_ref().unwrap();
    assert_eq!(refusals.sources.quoted(place), "600,-1");

    let orbit = "{ device = \"chamber\", kind = \"orbit\", every = \"30 s\" }";
    let table = "{ device = \"chamber\", kind = \"table\", file = \"air.csv\", every = \"60 s\" }";
    write("air.csv", "0,10\n600,20\n20000,20\n");
    let plan = edited(folder.path(), &[(CAMPAIGN, orbit, table)]).unwrap();
    let air: Vec<(f64, f64)> = plan
        .timeline
        .iter()
        .filter_map(|told| match told.command {
            Command::Chamber { target, .. } => Some((told.at.as_secs_f64(), target.0)),
            _ => None,
        })
        .collect();
    assert_eq!(air[1..4], [(65.0, 10.0), (125.0, 11.0), (185.0, 12.0)]);
    let kept = plan.files.iter().any(|(name, _)| name == "air.csv");
    assert!(kept, "a run keeps what it was made from");
    write("air.csv", "0,10\n600,20\n");
    let refusals = edited(folder.path(), &[(CAMPAIGN, orbit, table)]).unwrap_err();
    let text = refusals.render(false);
    assert!(text.contains("the table ends at 600 s"), "{text}");
}

const FOLLOWS: &str = "{ device = \"chamber\", kind = \"orbit\", every = \"30 s\" }";

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "a campaign and what is planned of it"
)]
fn a_chamber_goes_through_cycles_whose_plateaus_checks_can_name() {
    let folder = tempfile::tempdir().unwrap();
    let cycles = |more: &str| {
        format!(
            "{{ device = \"chamber\", kind = \"cycles\", cycles = {{ hot_celsius = 40, \
             cold_celsius = 10, dwell = \"20 min\", ramp_k_per_min = 5, count = 2{more} }} }}"
        )
    };
    let good = cycles("");
    let during = (
        "during   = \"two orbits\"",
        "during = \"hot plateau & sunlit\"",
    );
    let edits = [
        (CAMPAIGN, FOLLOWS, good.as_str()),
        (CAMPAIGN, during.0, during.1),
    ];
    let plan = edited(folder.path(), &edits).unwrap();
    let of = |name: &str| {
        let windows = plan.header.windows.iter();
        windows.filter(|named| named.name == name).count()
    };
    assert_eq!([of("hot plateau"), of("cold plateau")], [2, 2]);
    assert_eq!([of("ramp up"), of("ramp down")], [3, 2]);
    let air: Vec<(f64, f64)> = plan
        .timeline
        .iter()
        .filter_map(|told| match told.command {
            Command::Chamber { target, .. } => Some((told.at.as_secs_f64(), target.0)),
            _ => None,
        })
        .collect();
    let plateau = plan
        .header
        .windows
        .iter()
        .find(|w| w.name == "hot plateau")
        .unwrap();
    let begins = plateau.window.start.as_secs_f64();
    assert!(air.contains(&(begins, 40.0)), "{begins} {air:?}");
    // No set point between a plateau's beginning and its end.
    let inside = |at: f64| at > begins && at < plateau.window.end.as_secs_f64();
    assert!(!air.iter().any(|(at, _)| inside(*at)));

    for (change, said) in [
        (cycles(", margin_kelvin = -1"), "`margin_kelvin` is -1"),
        (
            cycles("").replace("count = 2", "count = 20"),
            "the cycles take",
        ),
        (
            cycles("").replace("ramp_k_per_min = 5", "ramp_k_per_min = 0"),
            "`ramp_k_per_min` is 0",
        ),
        (
            cycles("").replace("hot_celsius = 40", "hot_celsius = 4"),
            "expected below `hot_celsius`",
        ),
        (cycles("").replace(", count = 2", ""), "`count` is missing"),
        (
            cycles("").replace("cycles = {", "cycle = {"),
            "did you mean `cycles`?",
        ),
        (
            cycles("").replace("\"chamber\"", "\"bus_supply\""),
            "goes through no thermal cycles",
        ),
        (
            FOLLOWS.replace("\"30 s\"", "\"30 s\", node = \"bord\""),
            "no lump is named `bord`",
        ),
        (
            FOLLOWS.replace("\"30 s\"", "\"30 s\", ramp_k_per_min = 0"),
            "follows at 0 K/min",
        ),
        (
            FOLLOWS.replace("\"30 s\"", "\"30 s\", cycles = 1"),
            "expected a table",
        ),
    ] {
        let refusals = edited(folder.path(), &[(CAMPAIGN, FOLLOWS, &change)]).unwrap_err();
        let told = refusals.render(false);
        assert!(told.contains(said), "{change}: {told}");
    }
}

#[test]
fn lumps_and_tasks_of_a_campaign_are_those_of_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let lumps = "elements = \"iss.tle\"\nthermal.load_share = 0.0\nthermal.node = [{ \
                 name = \"board\", heat_capacity_j_per_k = 600, load_share = 0.2 }]\n\
                 thermal.joint = [{ between = [\"board\", \"baseplate\"], \
                 conductance_w_per_k = 2.0 }]\nenvironment = { case = \"hot\" }";
    let follows = FOLLOWS.replace("\"30 s\"", "\"30 s\", node = \"board\", ramp_k_per_min = 3");
    let edits = [
        (CAMPAIGN, SOURCE, lumps),
        (CAMPAIGN, FOLLOWS, follows.as_str()),
    ];
    let plan = edited(folder.path(), &edits).unwrap();
    let (_, prediction) = plan.orbit.as_ref().unwrap();
    assert_eq!(prediction.nodes.names, ["board"]);
    let (_, device) = plan.header.device("orbit").unwrap();
    let last = device.channels.last().unwrap();
    assert_eq!(&*last.name, "board_celsius");
    let warmest = plan.timeline.iter().filter_map(|told| match told.command {
        Command::Chamber { target, .. } => Some(target.0),
        _ => None,
    });
    let plate = prediction.track.iter().map(|point| point.baseplate_celsius);
    let most = |values: &mut dyn Iterator<Item = f64>| values.fold(f64::MIN, f64::max);
    assert!(most(&mut { warmest }) > most(&mut { plate }) + 3.0);
    let wrong = lumps.replace("\"baseplate\"", "\"basplate\"");
    let refusals = edited(folder.path(), &[(CAMPAIGN, SOURCE, &wrong)]).unwrap_err();
    let told = refusals.render(false);
    assert!(told.contains("no lump is named `basplate`"), "{told}");
}

const SUPPLY: &str = "role   = \"power-supply\"\nmodel  = \"keysight-6633b\"";
const ARRAY: &str = "role   = \"solar-array-simulator\"\nmodel  = \"keysight-e4360a\"";
const LIMITS: &str = "limits = { volts = 34.0, amps = 2.0 }";
const ARRAY_LIMITS: &str = "limits = { volts = 36.0, amps = 4.0, watts = 100.0 }";
const VALUES: &str = "volts = 30.0, limit_amps = 1.8";
/// Ten cells in a row and three strings: at most 36 V when cold.
const CELLS: (&str, &str) = ("cells_in_series = 16", "cells_in_series = 10");
const STRINGS: (&str, &str) = ("strings         = 10", "strings         = 3");

/// The quickstart with a solar-array simulator in the supply's place.
fn on_an_array(folder: &Path, curve: &str, edits: &[(&str, &str, &str)]) -> Result<Plan, Refusals> {
    let mut all = vec![
        (WIRING, SUPPLY, ARRAY),
        (WIRING, LIMITS, ARRAY_LIMITS),
        (CAMPAIGN, VALUES, curve),
        (CAMPAIGN, CELLS.0, CELLS.1),
        (CAMPAIGN, STRINGS.0, STRINGS.1),
    ];
    all.extend(edits);
    edited(folder, &all)
}

const CURVE: &str = "isc_amps = 3.0, imp_amps = 2.8, voc_volts = 32.0, vmp_volts = 28.0";

#[test]
fn an_array_follows_the_orbit_as_curves_and_is_dark_in_the_umbra() {
    let folder = tempfile::tempdir().unwrap();
    let plan = on_an_array(folder.path(), CURVE, &[]);
    let plan = plan.unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
    let mut curves = 0;
    for told in &plan.timeline {
        let Command::Curve(points) = &told.command else {
            continue;
        };
        curves += 1;
        let phase = plan.header.phase_name(told.at).unwrap();
        if phase == "umbra" {
            assert!(points.isc.0 <= 0.0, "{}: {points}", told.at);
        } else if points.isc.0 > 0.0 {
            points.curve().unwrap();
        }
    }
    assert!(curves > 400, "{curves} curves");
    let watts = plan.worst.iter().find(|worst| worst.limit == "watts");
    assert!(watts.unwrap().margin() > 0.0);
}

#[test]
fn curves_that_cannot_be_or_must_not_be_are_refused_at_their_place() {
    let folder = tempfile::tempdir().unwrap();
    for (curve, said) in [
        (
            "isc_amps = 3.0, imp_amps = 2.8, voc_volts = 32.0",
            "told together",
        ),
        (
            "isc_amps = 3.0, imp_amps = 3.1, voc_volts = 32.0, vmp_volts = 28.0",
            "`imp` is above",
        ),
        (
            "isc_amps = 3.0, imp_amps = 2.8, voc_volts = 32.0, vmp_volts = 32.0",
            "is not below",
        ),
        (
            "isc_amps = 3.0, imp_amps = 0.5, voc_volts = 32.0, vmp_volts = 5.0",
            "too far inside",
        ),
        (
            "isc_amps = 0.0, imp_amps = 0.0, voc_volts = 32.0, vmp_volts = 28.0",
            "above 0",
        ),
        (
            "isc_amps = 3.0, imp_amps = 2.8, voc_volts = 37.0, vmp_volts = 28.0",
            "its limit `volts`",
        ),
        (
            "isc_amps = 4.5, imp_amps = 2.8, voc_volts = 32.0, vmp_volts = 28.0",
            "its limit `amps`",
        ),
        (
            "isc_amps = 3.9, imp_amps = 3.7, voc_volts = 32.0, vmp_volts = 28.0",
            "its limit `watts`",
        ),
        ("volts = 30.0, limit_amps = 1.8", "cannot be told `volts`"),
    ] {
        let refusals = on_an_array(folder.path(), curve, &[]).unwrap_err();
        let text = refusals.render(false);
        assert!(text.contains(said), "{curve}: {text}");
        assert!(text.contains("eclipse_ride_through.toml"), "{text}");
    }
    let refusals = edited(folder.path(), &[(CAMPAIGN, VALUES, CURVE)]).unwrap_err();
    let text = refusals.render(false);
    assert!(
        text.contains("a power-supply cannot be told `isc_amps`"),
        "{text}"
    );
    // An array that is too strong along the orbit.
    let strong = [(CAMPAIGN, STRINGS.1, "strings = 20")];
    let text = on_an_array(folder.path(), CURVE, &strong)
        .unwrap_err()
        .render(false);
    assert!(text.contains("`bus_supply` would be told"), "{text}");
    let broken = [(CAMPAIGN, STRINGS.1, "strings = 3\nfailed_strings = 3")];
    let text = on_an_array(folder.path(), CURVE, &broken)
        .unwrap_err()
        .render(false);
    assert!(text.contains("no curve to simulate"), "{text}");
}

#[test]
fn a_described_supply_is_rated_by_its_description_and_wrong_lines_are_marked() {
    let folder = tempfile::tempdir().unwrap();
    let model = "model  = \"keysight-6633b\"";
    let describe = |line: &str| {
        let new = format!("model  = \"scpi\"\noptions = {{ rated_volts = 60.0, {line} }}");
        edited(folder.path(), &[(WIRING, model, &new)])
    };
    let plan = describe("set_volts = \"VSET {volts:.2}\"");
    let plan = plan.unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
    assert_eq!(
        plan.worst
            .iter()
            .filter(|worst| worst.margin() < 0.0)
            .count(),
        0
    );
    for (line, said, marked) in [
        (
            "set_volts = \"VOLT {volt:.3}\"",
            "`{volt}` is no place here",
            "{volt:.3}",
        ),
        ("set_volts = \"VOLT\"", "`{volts}` is missing", "VOLT"),
        (
            "set = \"APPL {volts},{amps\"",
            "a brace without its partner",
            "{",
        ),
        (
            "measure_volts = \"V {volts}\"",
            "nothing is filled in here",
            "{volts}",
        ),
        ("set_volts = 5", "expected a text in quotes", "5"),
        (
            "terminator = \"lfcr\"",
            "expected one of: lf, crlf, cr",
            "\"lfcr\"",
        ),
        ("rated_amps = -1.0", "expected a number from 0.001", "-1.0"),
        (
            "measure_watts = \"X\"",
            "has no setting `measure_watts`",
            "measure_watts",
        ),
    ] {
        let refusals = describe(line).unwrap_err();
        let text = refusals.render(false);
        assert!(text.contains(said), "{line}: {text}");
        assert!(text.contains("emulated.toml:"), "{text}");
        let length = marked.chars().count();
        let underline = "─".repeat((length - 1) / 2);
        assert!(text.contains(&underline), "{line}: {text}");
    }
    for key in ["output_query", "on", "set_volts"] {
        let text = describe(&format!("{key} = \"\""))
            .unwrap_err()
            .render(false);
        assert!(text.contains(&format!("`{key}` is empty")), "{text}");
    }
    let beyond = "model  = \"scpi\"\noptions = { rated_volts = 20.0 }";
    let text = edited(folder.path(), &[(WIRING, model, beyond)]).unwrap_err();
    let text = text.render(false);
    assert!(text.contains("limit `volts` is 34"), "{text}");
}

#[test]
fn guards_and_calibrations_are_taken_at_their_word_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let bus = "channel = \"bus_supply.volts\"\nduring  = \"two orbits\"";
    let guarded = format!("{bus}\nguard = true");
    let supply = "[device.bus_supply]";
    let due = "[device.bus_supply]\ncalibrated = \"2026-05-01\"\ncalibration_due = \"2027-05-01\"";
    let plan = edited(
        folder.path(),
        &[(CAMPAIGN, bus, &guarded), (WIRING, supply, due)],
    );
    let plan = plan.unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
    let check = &plan.header.checks[0];
    // A 6633B reads back within 0.03 % and 6 mV: at 26 V and at 33.6 V.
    let band = |name| check.options.number(name).unwrap();
    assert!(
        (band("guard_min") - 0.0138).abs() < 1e-9,
        "{}",
        band("guard_min")
    );
    assert!(
        (band("guard_max") - 0.016_08).abs() < 1e-9,
        "{}",
        band("guard_max")
    );
    // Its certificate may say another.
    let certificate = "[device.bus_supply.accuracy]\nvolts = { percent = 0.01, offset = 0.001 }\n\
                       [device.bus_supply]";
    let edits = [(CAMPAIGN, bus, &*guarded), (WIRING, supply, certificate)];
    let by_certificate = edited(folder.path(), &edits);
    let by_certificate = by_certificate.unwrap_or_else(|error| panic!("{}", error.render(false)));
    let guard = by_certificate.header.checks[0].options.number("guard_min");
    assert!((guard.unwrap() - 0.003_6).abs() < 1e-9, "{guard:?}");
    let (_, device) = by_certificate.header.device("bus_supply").unwrap();
    assert!(device.accuracy_of("volts").unwrap().certified);
    assert!(!device.accuracy_of("amps").unwrap().certified);
    let (_, device) = plan.header.device("bus_supply").unwrap();
    let calibration = device.calibration.as_ref().unwrap();
    assert_eq!(calibration.due.as_deref(), Some("2027-05-01"));
    let wrong =
        |edits: &[(&str, &str, &str)]| edited(folder.path(), edits).unwrap_err().render(false);
    let twice =
        "[device.bus_supply]\ncalibrated = \"2027-05-01\"\ncalibration_due = \"2026-05-01\"";
    assert!(wrong(&[(WIRING, supply, twice)]).contains("due before it was done"));
    let no_day = "[device.bus_supply]\ncalibration_due = \"2026-13-01\"";
    assert!(wrong(&[(WIRING, supply, no_day)]).contains("`2026-13-01` is no day"));
    let air = "channel = \"chamber.air\"\nduring  = \"two orbits\"";
    let unknown = format!("{}\nmin = 0.0\nguard = true", air.replace("air", "target"));
    let text = wrong(&[(CAMPAIGN, bus, &unknown.replace("\nmin = 0.0", ""))]);
    assert!(
        text.contains("nobody guarantees how accurate `chamber.target` is"),
        "{text}"
    );
    let text = wrong(&[
        (CAMPAIGN, bus, &guarded),
        (CAMPAIGN, "max     = 33.6", "max     = 26.01"),
    ]);
    assert!(text.contains("leaves nothing between"), "{text}");
}
