//! Contacts and links between satellites against Skyfield and Orekit.

use profiles::orbit::{Crosslink, Elements, Orbit, Station, contacts, crosslinks};
use profiles::time::Window;

use crate::reference::{ISS, MadeUp, SSO, read, seconds};

fn stations(mask_deg: f64) -> Vec<Station> {
    [
        ("svalbard", 78.2297, 15.3975, 458.0),
        ("fairbanks", 64.8587, -147.8573, 135.0),
        ("singapore", 1.3521, 103.8198, 15.0),
    ]
    .map(|(name, latitude_deg, longitude_deg, height_m)| Station {
        name: name.into(),
        latitude_deg,
        longitude_deg,
        height_m,
        mask_deg,
    })
    .into()
}

/// The largest error of an edge between windows and rows (start and end in two columns), s.
fn worst(found: &[Window], rows: &[Vec<&str>], column: usize) -> f64 {
    assert_eq!(found.len(), rows.len());
    let mut worst = 0.0_f64;
    for (window, row) in found.iter().zip(rows) {
        let expected = |at: usize| row[at].parse::<f64>().unwrap();
        worst = worst
            .max((window.start.as_secs_f64() - expected(column)).abs())
            .max((window.end.as_secs_f64() - expected(column + 1)).abs());
    }
    worst
}

#[test]
fn contacts_over_three_stations() {
    for file in ["contacts_skyfield.csv", "contacts_orekit.csv"] {
        let text = read(&format!("orbits/{file}"));
        let (mut count, mut largest) = (0, 0.0_f64);
        for reference in [ISS, SSO] {
            for mask in [5.0, 10.0] {
                let day = seconds(0.0, 86_400.0);
                let all = stations(mask);
                let found = contacts(&reference.orbit(), reference.start(), day, &all).unwrap();
                for station in &all {
                    let windows: Vec<Window> = found
                        .iter()
                        .filter(|contact| contact.station == station.name)
                        .map(|contact| contact.window)
                        .collect();
                    let heading = format!("{},{},{mask},", reference.name, station.name);
                    let rows: Vec<Vec<&str>> = text
                        .lines()
                        .filter(|line| line.starts_with(&heading))
                        .map(|line| line.split(',').collect())
                        .collect();
                    largest = largest.max(worst(&windows, &rows, 3));
                    count += rows.len();
                }
            }
        }
        println!("{file}: {count} contacts, worst {:.1} ms", largest * 1e3);
        assert!(largest < 0.020, "{file}: {largest} s");
    }
}

#[test]
fn links_between_satellites() {
    let walker = "1 91001U 99001A   25079.00000000  .00000000  00000-0  00000+0 0  9992\n\
                  2 91001  53.0000 100.0000 0001000  90.0000   0.0000 15.05491974    07";
    let cross = "1 91004U 99004A   25079.00000000  .00000000  00000-0  00000+0 0  9998\n\
                 2 91004  53.0000 160.0000 0001000  90.0000   0.0000 15.05491974    06";
    let polar = "1 91006U 99006A   25079.00000000  .00000000  00000-0  00000+0 0  9992\n\
                 2 91006  97.5930 335.2858 0001000  90.0000   0.0000 15.05491974    00";
    let orbit = |text: &str| Orbit::new(&Elements::parse(text).unwrap()).unwrap();
    let texts = ["isl_skyfield.csv", "isl_orekit.csv"].map(|file| read(&format!("orbits/{file}")));
    for (pair, other) in [("cross_plane_60deg", cross), ("walker53_vs_sso", polar)] {
        for (criterion, max_range_km) in [("los", None), ("los_and_range", Some(5_000.0))] {
            let link = Crosslink {
                max_range_km,
                ..Crosslink::default()
            };
            let found = crosslinks(
                [&orbit(walker), &orbit(other)],
                MadeUp::start(),
                seconds(0.0, 86_400.0),
                link,
            )
            .unwrap();
            let heading = format!("{pair},{criterion},");
            for text in &texts {
                let rows: Vec<Vec<&str>> = text
                    .lines()
                    .filter(|line| line.starts_with(&heading))
                    .map(|line| line.split(',').collect())
                    .collect();
                assert!(!rows.is_empty(), "{heading}");
                let worst = worst(&found, &rows, 2);
                println!(
                    "{heading} {} links, worst {:.2} ms",
                    rows.len(),
                    worst * 1e3
                );
                assert!(worst < 1e-3, "{heading} {worst} s");
            }
        }
    }
}

#[test]
fn a_link_is_told_while_it_is_open() {
    let orbits = [ISS.orbit(), SSO.orbit()];
    let pair = [&orbits[0], &orbits[0]];
    let windows = [seconds(100.0, 130.0)];
    let every = profiles::time::Period::millis(10_000);
    let points = profiles::orbit::link_points(pair, ISS.start(), &windows, every).unwrap();
    let open: Vec<bool> = points.iter().map(|point| point.open).collect();
    assert_eq!(open, [true, true, true, false]);
    assert!(points.iter().all(|point| point.range_km < 1e-9));
    assert!((profiles::orbit::light_milliseconds(299_792.458) - 1_000.0).abs() < 1e-9);
}
