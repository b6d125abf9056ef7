//! Orbits from mean elements, descriptions and tables of states.

use std::fmt::Write as _;

use profiles::orbit::{
    Description, EarthShape, Ephemeris, MeanElements, Orbit, Plane, ShadowModel, SunDirection, Utc,
    phases, seasons, year,
};

use crate::reference::{ISS, Reference, SSO, TWO_DAYS, read};

const OMM: &str = "\
CCSDS_OMM_VERS = 2.0
CREATION_DATE = 2025-06-25T18:00:00
OBJECT_NAME = ISS (ZARYA)
CENTER_NAME = EARTH
REF_FRAME = TEME
TIME_SYSTEM = UTC
MEAN_ELEMENT_THEORY = SGP4
EPOCH = 2025-06-25T17:34:44.245920
MEAN_MOTION = 15.50240116
ECCENTRICITY = .000199
INCLINATION = 51.639 [deg]
RA_OF_ASC_NODE = 264.718
ARG_OF_PERICENTER = 278.3788
MEAN_ANOMALY = 217.2311
BSTAR = .00014854
";

/// The largest distance to the two-line set over two days, km.
fn apart(orbit: &Orbit, reference: &Reference) -> f64 {
    let exact = reference.orbit();
    (0..96_u32)
        .map(|half_hour| {
            let at = reference
                .start()
                .plus_seconds(f64::from(half_hour) * 1_800.0);
            (orbit.position(at).unwrap() - exact.position(at).unwrap()).norm()
        })
        .fold(0.0, f64::max)
}

#[test]
fn an_omm_is_the_two_line_set() {
    let json = "[{\"OBJECT_NAME\":\"ISS (ZARYA)\",\"EPOCH\":\"2025-06-25T17:34:44.245920\",\n\
        \"MEAN_MOTION\":15.50240116,\"ECCENTRICITY\":\"0.000199\",\"INCLINATION\":51.639,\n\
        \"RA_OF_ASC_NODE\":264.718,\"ARG_OF_PERICENTER\":278.3788,\"MEAN_ANOMALY\":217.2311,\n\
        \"NORAD_CAT_ID\":25544,\"BSTAR\":0.00014854}]";
    for text in [OMM, json] {
        let elements = MeanElements::parse(text).unwrap();
        assert_eq!(elements.name, "ISS (ZARYA)");
        let worst = apart(&Orbit::from_mean(&elements).unwrap(), &ISS);
        println!("OMM: {:.3} mm", worst * 1e6);
        assert!(worst < 1e-5, "{worst} km");
    }
}

#[test]
fn a_wrong_omm_is_refused_with_its_columns() {
    let wrong = OMM.replace("T17:34", "T27:34");
    let error = MeanElements::parse(&wrong).unwrap_err();
    assert_eq!((error.line, error.columns), (8, 9..35));
    let wrong = OMM.replace("= .000199", "= 1.5");
    let error = MeanElements::parse(&wrong).unwrap_err();
    assert_eq!((error.line, error.columns), (10, 16..19));
    let error = MeanElements::parse("EPOCH = 2025-06-25T17:34:44").unwrap_err();
    assert!(error.to_string().contains("MEAN_MOTION"), "{error}");
    let error = MeanElements::parse("{\"EPOCH\": 5,\n \"BSTAR\" 3}").unwrap_err();
    assert_eq!(error.line, 2);
}

/// The samples of a reference as a message: every 300 s in GCRF.
fn oem(reference: &Reference) -> String {
    let mut text = "CCSDS_OEM_VERS = 2.0\nMETA_START\nOBJECT_NAME = X\nCENTER_NAME = EARTH\n\
        REF_FRAME = GCRF\nTIME_SYSTEM = UTC\nMETA_STOP\n"
        .to_owned();
    for row in reference.rows("samples_300s.csv") {
        let at = reference.start().plus_seconds(row[0].parse().unwrap());
        let at = at.to_string();
        writeln!(text, "{} {}", at.trim_end_matches('Z'), row[1..7].join(" ")).unwrap();
    }
    text
}

#[test]
fn a_table_of_states_gives_the_same_edges() {
    let table = Ephemeris::parse(&oem(&SSO)).unwrap();
    let orbit = Orbit::from_ephemeris(table);
    let worst = apart(&orbit, &SSO);
    println!("OEM: {:.1} m", worst * 1e3);
    assert!(worst < 5e-3, "{worst} km");
    let found = phases(&orbit, SSO.start(), TWO_DAYS, ShadowModel::default()).unwrap();
    let rows = SSO.rows("events_skyfield_obl_app.csv");
    assert_eq!(found.len(), rows.len() + 1);
    for (interval, row) in found[1..].iter().zip(&rows) {
        let error = interval.window.start.as_secs_f64() - row[1].parse::<f64>().unwrap();
        assert!(error.abs() < 0.005, "{error} s");
    }
    assert!(orbit.position(SSO.start().plus_seconds(200_000.0)).is_err());
}

#[test]
fn a_wrong_table_is_refused_with_its_columns() {
    let good = oem(&SSO);
    let error = Ephemeris::parse(&good.replace("GCRF", "ITRF")).unwrap_err();
    assert_eq!((error.line, error.columns), (5, 13..17));
    let wrong = good.replace("2025-03-20T00:05:00", "2025-03-19T00:05:00");
    let error = Ephemeris::parse(&wrong).unwrap_err();
    assert_eq!((error.line, error.columns), (9, 1..24));
}

fn sun_synchronous(altitude_km: f64, ltan_hours: f64, epoch: Utc) -> Orbit {
    let description = Description {
        altitude_km,
        plane: Plane::SunSynchronous { ltan_hours },
        phase_deg: 0.0,
    };
    Orbit::from_kepler(&description.elements(epoch).unwrap())
}

#[test]
fn a_year_of_a_description() {
    let noon = Utc::parse("2025-01-01T12:00:00Z").unwrap();
    let orbit = sun_synchronous(550.0, 10.5, noon);
    let text = read("orbits/annual_sso550_ltan1030.csv");
    for (earth, column) in [(EarthShape::Sphere, 5), (EarthShape::Ellipsoid, 7)] {
        let model = ShadowModel {
            earth,
            sun: SunDirection::Geometric,
            atmosphere_km: 0.0,
        };
        let (days, _) = year(&orbit, noon, 365, model).unwrap();
        let mut worst = [0.0_f64; 4];
        for (day, line) in days.iter().zip(text.lines().skip(2)) {
            let row: Vec<&str> = line.split(',').collect();
            let expected = |at: usize| row[at].parse::<f64>().unwrap();
            for (at, error) in [
                day.beta_deg - expected(2),
                day.flux_w_m2 - expected(4),
                day.shadow_seconds - expected(column),
                day.umbra_seconds - expected(column + 1),
            ]
            .into_iter()
            .enumerate()
            {
                worst[at] = worst[at].max(error.abs());
            }
        }
        println!("{earth:?}: beta, flux, shadow, umbra {worst:?}");
        assert!(worst[0] < 0.01 && worst[1] < 0.05, "{worst:?}");
        assert!(worst[2] < 0.5 && worst[3] < 0.5, "{worst:?}");
    }
}

#[test]
fn dawn_and_dusk_have_an_eclipse_season() {
    let noon = Utc::parse("2025-01-01T12:00:00Z").unwrap();
    let orbit = sun_synchronous(550.0, 6.0, noon);
    let (days, _) = year(&orbit, noon, 365, ShadowModel::default()).unwrap();
    let found = seasons(&days);
    let count: usize = found.iter().map(|season| season.days).sum();
    println!("{count} days in {found:?}");
    assert_eq!(found.len(), 2, "the season spans the turn of the year");
    assert!((94..=98).contains(&count), "{count} days");
    let longest = found.iter().map(|season| season.longest_seconds);
    let longest = longest.fold(0.0, f64::max);
    assert!((longest - 1_309.0).abs() < 4.0, "{longest} s");
}
