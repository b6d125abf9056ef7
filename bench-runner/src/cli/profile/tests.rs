//! Orbits of files and presets, flown.

use super::resolve::{Flight, flight};
use super::{file, fly, output, plot, year};
use crate::config::folder::Folder;
use crate::config::load::Loader;
use crate::config::presets;

fn of(folder: &Folder, name: &str) -> Result<Flight, String> {
    let mut loader = Loader::default();
    let flight = loader.text(folder, name).and_then(|(file, text)| {
        let raw = loader
            .document(file, &text, "the orbit", file::read)
            .flatten()?;
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
        assert!(plot::svg(&flown).contains("<polyline"), "{preset}");
        let page = plot::pdf(&flown).unwrap();
        assert!(page.starts_with(b"%PDF-"), "{preset}");
        assert_eq!(page, plot::pdf(&flown).unwrap(), "the same bytes: {preset}");
        let image = plot::png(&flown).unwrap();
        assert!(image.starts_with(b"\x89PNG\r\n"), "{preset}");
        assert_eq!(
            image,
            plot::png(&flown).unwrap(),
            "the same bytes: {preset}"
        );
        let json = output::series(&flown, true).ok().unwrap();
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
            "`capacity_ah` is wrong",
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
