//! Orbits of files and presets, flown.

use super::resolve::{Flight, flight};
use super::rows::Form;
use super::{file, fly, output, plot, year};
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::orbit::presets;
use crate::plan::sky::surroundings::regions;
use profiles::phase::Phase;
use profiles::time::{BenchTime, Window};

fn of(folder: &Folder, name: &str) -> Result<Flight, String> {
    let mut loader = Loader::default();
    let flight = loader.text(folder, name).and_then(|(file, text)| {
        let raw = loader.document(file, &text, "the orbit", file::read)?;
        flight(&mut loader, folder, raw)
    });
    flight
        .filter(|_| loader.refusals.is_empty())
        .ok_or_else(|| {
            let messages = loader
                .refusals
                .iter()
                .map(|refusal| refusal.message.clone());
            messages.collect::<Vec<_>>().join("; ")
        })
}

fn of_text(text: &'static str) -> Result<Flight, String> {
    let files = Box::leak(Box::new([("x.toml", text.as_bytes())]));
    of(
        &Folder::Embedded(files, std::path::PathBuf::new()),
        "x.toml",
    )
}

#[test]
fn every_preset_flies() {
    for preset in [
        "iss",
        "starlink-53",
        "starcloud-1",
        "dawn-dusk-550",
        "sso-1030",
        "geo",
    ] {
        let (folder, name) = presets::find(preset).unwrap();
        let mut flight = of(&folder, &name).unwrap();
        flight.seconds = 7_200.0;
        let flown = fly(flight).ok().unwrap();
        assert!(output::events(&flown).starts_with("event,t_s,utc\n"));
        assert!(
            plot::svg(&plot::figure(&flown)).contains("<polyline"),
            "{preset}"
        );
        let page = plot::pdf(&plot::figure(&flown)).unwrap();
        assert!(page.starts_with(b"%PDF-"), "{preset}");
        assert_eq!(
            page,
            plot::pdf(&plot::figure(&flown)).unwrap(),
            "the same bytes: {preset}"
        );
        let image = plot::png(&plot::figure(&flown)).unwrap();
        assert!(image.starts_with(b"\x89PNG\r\n"), "{preset}");
        assert_eq!(
            image,
            plot::png(&plot::figure(&flown)).unwrap(),
            "the same bytes: {preset}"
        );
        let mut json = Vec::new();
        assert!(output::series(&flown, Form::Json, &mut json).is_ok());
        let json = String::from_utf8(json).unwrap();
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert!(first["flux_w_m2"].is_number(), "{preset}");
        assert!(year::show(&flown.flight, None).is_ok(), "{preset}");
    }
}

#[test]
fn what_is_wrong_is_told() {
    for (text, expected) in [
        (
            "start = \"2025-01-01T00:00:00Z\"",
            "the file names no orbit",
        ),
        (
            "altitude = \"550 km\"\nltan = \"6:00\"",
            "`6:00` is no time of day",
        ),
        ("altitude = \"550 km\"\nltan = \"06:00\"", "needs a `start`"),
        (
            "altitude = \"6500 km\"\nltan = \"06:00\"\nstart = \"2025-01-01T00:00:00Z\"",
            "no plane at this height",
        ),
        ("elements = \"nowhere.tle\"", "cannot read"),
        (
            "altitude = \"550 km\"\ninclination = 200.0",
            "`inclination` is 200",
        ),
        (
            "altitude = \"550 km\"\nltan = \"06:00\"\nstart = \"2025-01-01T00:00:00Z\"\n\
             [battery]\ncapacity_ah = -1.0",
            "`capacity_ah` is -1",
        ),
        (
            "altitude = \"550 km\"\nltan = \"06:00\"\nstart = \"2025-01-01T00:00:00Z\"\n\
             [array]\nfailed_strings = 21\nstrings = 20",
            "`failed_strings` is 21",
        ),
        (
            "altitude = \"550 km\"\nltan = \"06:00\"\nstart = \"2025-01-01T00:00:00Z\"\n\
             [thermal]\nmax_celsius = -10.0",
            "`min_celsius` is 0",
        ),
    ] {
        let told = of_text(text).err().unwrap();
        assert!(told.contains(expected), "{text}: {told}");
    }
}

const PLAIN: &str = "altitude = \"550 km\"\nltan = \"10:30\"\nstart = \"2025-01-01T00:00:00Z\"\n";

#[test]
fn lists_that_are_wrong_are_told() {
    for (text, expected) in [
        (
            "[[thermal.node]]\nname = \"a\"",
            "`heat_capacity_j_per_k` is missing",
        ),
        (
            "[[thermal.node]]\nname = \"a b\"\nheat_capacity_j_per_k = 900",
            "cannot be the name of a column",
        ),
        (
            "[[thermal.node]]\nname = \"baseplate\"\nheat_capacity_j_per_k = 900",
            "two lumps are named `baseplate`",
        ),
        (
            "[[thermal.node]]\nname = \"a\"\nheat_capacity_j_per_k = 900\nemissivity = 1.2",
            "`emissivity` is 1.2",
        ),
        (
            "[[thermal.joint]]\nbetween = [\"a\", \"b\"]",
            "no lump is named `a`",
        ),
        (
            "[[thermal.joint]]\nbetween = [\"baseplate\"]",
            "a joint of 1 lumps",
        ),
        ("[environment]\ncase = \"warm\"", "`warm` is no `case`"),
        (
            "[[load.task]]\nname = \"t\"\nwatts = 5\nlength = \"2 h\"\nevery = \"1 h\"",
            "a task of 7200 s that begins every 3600 s",
        ),
        (
            "[[load.task]]\nname = \"t\"\nwatts = 5\nduring = \"night\"",
            "no phase, contact or link is named `night`",
        ),
        (
            "[[load.task]]\nname = \"t\"\nwatts = 5\nduring = \"umbra & contact:kirun\"\n\
             [[station]]\nname = \"kiruna\"\nlatitude = 67.86\nlongitude = 20.96",
            "is named `contact:kirun`",
        ),
        (
            "[[load.task]]\nname = \"t\"\nwatts = 5\nduring = \"umbra &\"",
            "`umbra &` selects no time: found the end",
        ),
        (
            "[thermal]\nheat_capacity_j_per_k = 1e-6",
            "`heat_capacity_j_per_k` is",
        ),
    ] {
        let text = format!("{PLAIN}{text}").leak();
        let told = of_text(text).err().unwrap_or_default();
        assert!(told.contains(expected), "{text}: {told}");
    }
}

#[test]
fn a_task_runs_while_what_it_names_goes_on() {
    let flight = of_text(
        format!(
            "{PLAIN}duration = \"4 h\"\n[[station]]\nname = \"svalbard\"\nlatitude = 78.23\n\
             longitude = 15.41\n[[load.task]]\nname = \"down-link\"\nwatts = 40.0\n\
             during = [\"contact & sunlit\", \"saa\"]\n"
        )
        .leak(),
    );
    let flight = flight.unwrap();
    let flown = (&flight.orbit, flight.start);
    let span = Window {
        start: BenchTime::ZERO,
        end: BenchTime::from_millis(4 * 3_600_000),
    };
    let contacts = flight.around.contacts(flown, span).unwrap();
    let anomaly = regions(flown, span).unwrap();
    let anomaly: Vec<Window> = anomaly
        .iter()
        .filter(|named| named.name == "saa")
        .map(|named| named.window)
        .collect();
    assert!(!contacts.is_empty() && !anomaly.is_empty());
    let load = flight.spacecraft.load.clone();
    let prediction = fly(flight).ok().unwrap().prediction;
    let (mut drawn, mut idle) = (0, 0);
    for point in prediction.track.iter().filter(|point| point.at < span.end) {
        let mut phases = prediction.phases.iter();
        let phase = phases.find(|interval| interval.window.contains(point.at));
        let phase = phase.unwrap().phase;
        let contact = contacts.iter().any(|c| c.window.contains(point.at));
        let crossing = anomaly.iter().any(|window| window.contains(point.at));
        let base = match phase {
            Phase::Sunlit | Phase::Penumbra => load.sunlit_watts,
            Phase::Umbra => load.eclipse_watts,
        };
        let runs = contact && phase == Phase::Sunlit || crossing;
        let expected = base + if runs { 40.0 } else { 0.0 };
        assert!((point.load_watts - expected).abs() < 1e-9, "{}", point.at);
        *(if runs { &mut drawn } else { &mut idle }) += 1;
    }
    assert!(drawn > 300 && idle > 3_000, "{drawn} {idle}");
}

#[test]
fn lumps_tasks_and_curves_are_columns_and_the_books_close() {
    let flight = of_text(
        format!(
            "{PLAIN}duration = \"2 h\"\n[[thermal.node]]\nname = \"board\"\n\
             heat_capacity_j_per_k = 600\nload_share = 0.4\n[[thermal.joint]]\n\
             between = [\"board\", \"baseplate\"]\nconductance_w_per_k = 3.0\n\
             [[load.task]]\nname = \"inference\"\nwatts = 40.0\nafter = \"10 min\"\n\
             length = \"5 min\"\nevery = \"30 min\"\n"
        )
        .leak(),
    )
    .unwrap();
    let flown = fly(Flight {
        books: true,
        update: super::period("10 s").ok(),
        ..flight
    })
    .ok()
    .unwrap();
    let text = |write: &dyn Fn(&mut Vec<u8>) -> bool| {
        let mut out = Vec::new();
        assert!(write(&mut out));
        String::from_utf8(out).unwrap()
    };
    let series = text(&|out| output::series(&flown, Form::Csv, out).is_ok());
    let heading: Vec<&str> = series.lines().next().unwrap().split(',').collect();
    let column = |name: &str| heading.iter().position(|known| *known == name).unwrap();
    let rows: Vec<Vec<&str>> = series
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    assert!(rows.iter().all(|row| row.len() == heading.len()));
    let value = |row: usize, name: &str| -> f64 { rows[row][column(name)].parse().unwrap() };
    assert!((value(650, "load_watts") - value(550, "load_watts") - 40.0).abs() < 1e-6);
    assert!(value(7_000, "board_celsius") > value(7_000, "baseplate_celsius") + 5.0);
    // Curves are as last told: the same for ten seconds, then another.
    let told = |row: usize| (rows[row][column("voc_v")], rows[row][column("isc_a")]);
    let update = |row: usize| (value(row, "t_s") / 10.0) as u32;
    let pairs = (1..rows.len()).map(|row| (update(row - 1) == update(row), row));
    let (held, anew): (Vec<_>, Vec<_>) = pairs.partition(|(same, _)| *same);
    assert!(held.iter().all(|(_, row)| told(row - 1) == told(*row)));
    assert!(
        anew.iter()
            .filter(|(_, row)| told(row - 1) != told(*row))
            .count()
            > 100
    );

    let books = text(&|out| output::books(&flown, Form::Csv, out).is_ok());
    let row = |line: usize| -> Vec<f64> {
        let cells = books.lines().nth(line).unwrap().split(',').skip(2);
        cells.map(|cell| cell.parse().unwrap()).collect()
    };
    let (from, to) = (row(1_000), row(6_000));
    let flowed: Vec<f64> = from.iter().zip(&to).map(|(a, b)| b - a).collect();
    let [array, load, shunt, unserved, loss, stored] = flowed[..6] else {
        panic!()
    };
    assert!((array + unserved - load - shunt - loss - stored).abs() < 1e-6 * load);
    let came: f64 = flowed[6..11].iter().sum();
    let went: f64 = flowed[11..].iter().sum();
    assert!((came - went).abs() < 1e-6 * came, "{came} {went}");
    let told = super::summary::text(&flown).ok().unwrap();
    assert!(
        told.contains("told anew every 10 s") || told.contains("told anew every"),
        "{told}"
    );
}

#[test]
fn cycles_are_shown_without_an_orbit() {
    let text = "start = \"2026-01-01T00:00:00Z\"\n[cycles]\nstandard = \"ecss-acceptance\"\n\
                cold_celsius = -20\nhot_celsius = 50\ncount = 1\n";
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("test.toml"), text).unwrap();
    let args = |events: &str, series: &str| super::Args {
        orbit: path("test.toml").to_string_lossy().into_owned(),
        events: Some(path(events)),
        series: Some(path(series)),
        energy: None,
        update: None,
        links: None,
        plot: Some(path("plot.svg")),
        year: false,
        compare: None,
        within: None,
    };
    assert_eq!(
        super::main(&args("events.csv", "series.csv")),
        crate::exit::Exit::Passed
    );
    let events = std::fs::read_to_string(path("events.csv")).unwrap();
    let rows: Vec<&str> = events.lines().collect();
    assert_eq!(rows[0], "event,t_s,utc");
    assert_eq!(rows[1], "ramp_up_in:1,0.000000,2026-01-01T00:00:00.000000Z");
    assert_eq!(
        rows[3],
        "hot_plateau_in:1,99.000000,2026-01-01T00:01:39.000000Z"
    );
    let series = std::fs::read_to_string(path("series.csv")).unwrap();
    assert!(
        series
            .lines()
            .any(|row| row == "100.000000,hot plateau,1,55.000000,55.000000,59.000000")
    );
    let plot = std::fs::read_to_string(path("plot.svg")).unwrap();
    assert!(plot.contains("<polyline"));
    let mut year = args("a.csv", "b.csv");
    year.year = true;
    assert_eq!(super::main(&year), crate::exit::Exit::Refused);
}

#[test]
fn a_constellation_is_linked_and_a_station_hears() {
    let flight = of_text(
        "altitude = \"550 km\"\ninclination = 53.0\nstart = \"2026-03-20T00:00:00Z\"\n\
         duration = \"24 h\"\n[constellation]\nsatellites = 6\nplanes = 2\nphasing = 1\n\
         altitude = \"560 km\"\ninclination = 97.6\n[link]\nmax_range_km = 5000\n\
         [radiation]\nseed = 7\nanomaly_per_day = 1000.0\n[downlink]\nrate_mbps = 200\n[[station]]\nname = \"kiruna\"\nlatitude = 55.0\n\
         longitude = 20.2\nmask = 5.0\n",
    );
    let flown = fly(flight.unwrap()).ok().unwrap();
    let has = |kind: &str| {
        flown
            .events
            .iter()
            .any(|(event, _)| event.starts_with(kind))
    };
    assert!(has("link_in:p1s1") && has("link_out:p2s3"));
    assert!(has("upset"));
    assert!(has("contact_in:kiruna") && has("contact_out:kiruna"));
    assert!(output::links(&flown).ok().unwrap().lines().count() > 100);
    assert!(flown.downlinked_mbit > 0.0);
}

#[test]
fn a_wrong_message_is_marked_where_it_is_wrong() {
    let files = Box::leak(Box::new([
        ("x.toml", b"omm = \"x.omm\"".as_slice()),
        (
            "x.omm",
            "OBJECT_NAME = É\nEPOCH = 2025-06-25T27:00:00\n".as_bytes(),
        ),
    ]));
    let folder = Folder::Embedded(files, std::path::PathBuf::new());
    let told = of(&folder, "x.toml").err().unwrap();
    assert!(told.contains("line 2, columns 9 to 27"), "{told}");
}
