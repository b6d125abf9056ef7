//! SGP4 and SDP4 against the verification vectors of Vallado et al. (AIAA 2006-6753).

use profiles::orbit::{Elements, Orbit, Vector};

use crate::reference::read;

/// The vectors are printed to 1e-8 km.
const TOLERANCE_KM: f64 = 1e-6;

/// Element sets of the file that are damaged, on purpose or by age.
const REFUSED: [&str; 4] = ["11801", "33333", "33334", "33335"];

struct Expected {
    number: String,
    states: Vec<(f64, Vector)>,
}

fn expected() -> Vec<Expected> {
    let mut satellites: Vec<Expected> = Vec::new();
    for line in read("sgp4/tcppver.out").lines() {
        if let Some(number) = line.strip_suffix(" xx") {
            satellites.push(Expected {
                number: format!("{:0>5}", number.trim()),
                states: Vec::new(),
            });
        } else {
            let mut numbers = line
                .split_whitespace()
                .map_while(|word| word.parse::<f64>().ok());
            let mut next = || numbers.next().unwrap();
            let minutes = next();
            let position = Vector::new(next(), next(), next());
            satellites
                .last_mut()
                .unwrap()
                .states
                .push((minutes, position));
        }
    }
    satellites
}

/// The element sets in the order of the file, cut to the columns that belong to them.
fn element_sets() -> Vec<String> {
    let text = read("sgp4/SGP4-VER.TLE");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .collect();
    lines
        .chunks(2)
        .map(|pair| format!("{}\n{}", pair[0], &pair[1][..69]))
        .collect()
}

#[test]
fn verification_vectors() {
    let sets = element_sets();
    let satellites = expected();
    assert_eq!(sets.len(), satellites.len());
    let (mut checked, mut worst) = (0, 0.0_f64);
    for (text, satellite) in sets.iter().zip(&satellites) {
        assert_eq!(&text[2..7], satellite.number);
        if REFUSED.contains(&satellite.number.as_str()) {
            continue;
        }
        let elements = Elements::parse(text).unwrap();
        let orbit = Orbit::new(&elements).unwrap();
        for (minutes, position) in &satellite.states {
            let at = elements.epoch().plus_seconds(minutes * 60.0);
            let found = orbit.position(at).unwrap();
            let error = (found - *position).norm();
            worst = worst.max(error);
            assert!(
                error < TOLERANCE_KM,
                "{} at {minutes} min: {error} km off",
                satellite.number
            );
            checked += 1;
        }
    }
    println!("{checked} states, worst {worst:e} km");
    assert_eq!(checked, 583);
}

#[test]
fn damaged_sets_are_refused_and_no_others() {
    let refused: Vec<String> = element_sets()
        .iter()
        .filter_map(|text| Some((text, Elements::parse(text).err()?)))
        .map(|(text, error)| format!("{}: {error}", &text[2..7]))
        .collect();
    assert_eq!(
        refused,
        [
            "11801: line 1, column 63: expected an ephemeris type of one digit, found ` `",
            "33333: line 1, column 69: expected the checksum 2, found `4`",
            "33334: line 1, column 69: expected the checksum 6, found `9`",
            "33335: line 1, column 69: expected the checksum 3, found `0`",
        ]
    );
}
