//! What holds for any input.

use profiles::orbit::{
    EarthShape, Elements, Ephemeris, MeanElements, ShadowModel, Spacecraft, SunDirection, Utc,
    phases, predict,
};
use profiles::physics::battery::Pack;
use profiles::physics::solar_cell::AZUR_3G30C_ADVANCED;
use profiles::shape::{Between, Table};
use profiles::time::{BenchTime, Window};
use proptest::prelude::*;

use crate::reference::{ISS, MadeUp};

fn models() -> impl Strategy<Value = ShadowModel> {
    (any::<bool>(), any::<bool>(), 0.0..30.0).prop_map(|(sphere, geometric, atmosphere_km)| {
        ShadowModel {
            earth: if sphere {
                EarthShape::Sphere
            } else {
                EarthShape::Ellipsoid
            },
            sun: if geometric {
                SunDirection::Geometric
            } else {
                SunDirection::Apparent
            },
            atmosphere_km,
        }
    })
}

fn satellites() -> impl Strategy<Value = MadeUp> {
    let angles = (0.0..180.0, 0.0..359.9, 0.0..359.9);
    (angles, 0_u32..80_000, 1.0..15.3).prop_map(
        |((inclination, node, anomaly), eccentricity, revolutions)| MadeUp {
            inclination,
            node,
            eccentricity,
            anomaly,
            revolutions,
        },
    )
}

fn packs() -> impl Strategy<Value = Pack> {
    (1_u32..30, 0.1..200.0, 0.001..1.0, 3.5..4.2).prop_map(
        |(cells_in_series, capacity_ah, resistance_ohm, end_of_charge_volts)| Pack {
            cells_in_series,
            capacity_ah,
            resistance_ohm,
            max_charge_amps: capacity_ah,
            max_discharge_amps: 3.0 * capacity_ah,
            end_of_charge_volts,
        },
    )
}

/// Pieces of which messages are made, good and bad.
const PIECES: [&str; 20] = [
    "META_START\n",
    "META_STOP\n",
    "REF_FRAME = TEME\n",
    "TIME_SYSTEM = TT\n",
    "EPOCH = ",
    "2025-06-25T18:00:00",
    "2025-06-25T18:01:00",
    "\n",
    " ",
    "{",
    "}",
    "\"",
    ":",
    ",",
    "7000.0",
    "-1e400",
    "= [",
    "é",
    "MEAN_MOTION",
    "COVARIANCE_START",
];

proptest! {
    #[test]
    fn any_message_is_read_or_refused(picks in prop::collection::vec(0_usize..20, 0..60)) {
        let text: String = picks.iter().map(|pick| PIECES[*pick]).collect();
        let errors = [MeanElements::parse(&text).err(), Ephemeris::parse(&text).err()];
        for error in errors.into_iter().flatten() {
            prop_assert!(error.line >= 1 && error.columns.start >= 1);
            prop_assert!(error.columns.start < error.columns.end);
        }
    }

    #[test]
    fn any_text_is_refused_and_not_more(text in any::<String>()) {
        prop_assert!(Elements::parse(&text).is_err());
        prop_assert!(Utc::parse(&text).is_err());
        if let Ok(table) = Table::parse(&text, Between::Linear) {
            prop_assert!(!table.rows().is_empty());
        }
    }

    /// One character of a good set replaced: refused within that line, or at its checksum.
    #[test]
    fn one_wrong_character_is_refused_where_it_is(index in 0_usize..139, wrong in any::<char>()) {
        let text = ISS.elements().lines().join("\n");
        let mut chars: Vec<char> = text.chars().collect();
        prop_assume!(chars[index] != wrong && index != 69);
        // Checksums count no letters: a letter for a letter stays unseen.
        prop_assume!(![7, 14, 15, 16].contains(&index));
        // And a sign or a zero is as good as a blank to them, and a minus as a one.
        prop_assume!(chars[index] != ' ' || wrong != '0');
        prop_assume!(!"+- 1".contains(wrong) && !"#\r\n".contains(wrong));
        chars[index] = wrong;
        let broken: String = chars.into_iter().collect();
        match Elements::parse(&broken) {
            Ok(_) => prop_assert!(false, "{broken}"),
            Err(error) => {
                let (line, column) = (index / 70 + 1, index % 70 + 1);
                let at_checksum = error.columns == (69..70);
                prop_assert!(error.line == line, "{error}");
                prop_assert!(
                    error.columns.contains(&column) || at_checksum,
                    "{error}\n{broken}"
                );
            }
        }
    }

    #[test]
    fn an_instant_survives_its_text(micros in -2_000_000_000_000_000_i64..4_000_000_000_000_000) {
        let epoch = Utc::parse("1970-01-01T00:00:00Z").unwrap();
        let at = epoch.plus_seconds(micros as f64 * 1e-6);
        prop_assert_eq!(Utc::parse(&String::from(at)), Ok(at));
    }

    #[test]
    fn current_never_rises_with_voltage(
        flux in 0.0..1_500.0,
        celsius in -150.0..120.0,
        series in 1_u32..40,
        strings in 1_u32..40,
    ) {
        let curve = AZUR_3G30C_ADVANCED.curve(flux, celsius).array(series, strings);
        let open = curve.open_circuit_volts();
        let current = |step: u32| curve.current_at(open * f64::from(step) / 200.0);
        let currents: Vec<f64> = (0..=210).map(current).collect();
        prop_assert!(currents.is_sorted_by(|a, b| a + 1e-9 >= *b), "{currents:?}");
        prop_assert!(currents[200].abs() < 1e-9);
        let (volts, amps) = curve.max_power();
        for step in 0..=200 {
            let here = open * f64::from(step) / 200.0 * currents[step as usize];
            prop_assert!(here <= volts * amps * (1.0 + 1e-9) + 1e-12);
        }
        prop_assert!((curve.current_at(volts) - amps).abs() <= 1e-6 * (1.0 + amps));
    }

    /// What goes in and out is what the state of charge says, whatever is asked for.
    #[test]
    fn charge_is_conserved(
        pack in packs(),
        start in 0.0..=1.0_f64,
        draws in prop::collection::vec((-300.0..300.0_f64, 0.01..5_000.0_f64), 1..60),
    ) {
        let mut soc = start;
        let mut coulombs = 0.0;
        for (amps, seconds) in draws {
            let (after, flowed) = pack.draw(soc, amps, seconds);
            prop_assert!((0.0..=1.0).contains(&after));
            prop_assert!(flowed.abs() <= amps.abs() * (1.0 + 1e-9) && flowed * amps >= 0.0);
            coulombs += flowed * seconds;
            soc = after;
        }
        let stored = (start - soc) * pack.capacity_ah * 3_600.0;
        prop_assert!((stored - coulombs).abs() < 1e-6 * pack.capacity_ah * 3_600.0);
    }

    /// A cycle returns less energy than it took, by the heat of the resistance.
    #[test]
    fn a_cycle_loses_the_heat_of_its_resistance(
        pack in packs(),
        start in 0.3..0.7_f64,
        rate in 0.05..1.0_f64,
    ) {
        let amps = rate * pack.capacity_ah;
        let seconds = 0.2 / rate * 3_600.0;
        let steps = 2_000_u32;
        let each = seconds / f64::from(steps);
        let (mut soc, mut joules) = (start, 0.0);
        for step in 0..2 * steps {
            let amps = if step < steps { amps } else { -amps };
            let (after, _) = pack.draw(soc, amps, each);
            let middle = 0.5 * (soc + after);
            joules += pack.terminal_volts(middle, amps) * amps * each;
            soc = after;
        }
        let heat = 2.0 * seconds * amps * amps * pack.resistance_ohm;
        prop_assert!((soc - start).abs() < 1e-9);
        prop_assert!((joules + heat).abs() < 1e-6 * heat + 1e-3, "{joules} {heat}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn phases_tile_the_span(
        satellite in satellites(),
        model in models(),
        start in 0_u64..20_000_000_000,
        length in 1_u64..20_000_000_000,
    ) {
        let span = Window {
            start: BenchTime::from_micros(start),
            end: BenchTime::from_micros(start + length),
        };
        let found = phases(&satellite.orbit(), MadeUp::start(), span, model).unwrap();
        prop_assert_eq!(found[0].window.start, span.start);
        prop_assert_eq!(found[found.len() - 1].window.end, span.end);
        for interval in &found {
            prop_assert!(interval.window.start < interval.window.end);
        }
        for pair in found.windows(2) {
            prop_assert_eq!(pair[0].window.end, pair[1].window.start);
            prop_assert!(pair[0].phase != pair[1].phase);
        }
    }

    /// Where a span begins does not move the edges inside it.
    #[test]
    fn edges_do_not_depend_on_the_span(
        satellite in satellites(),
        model in models(),
        cut in 1_000_000_u64..7_000_000_000,
    ) {
        let window = |start: u64| Window {
            start: BenchTime::from_micros(start),
            end: BenchTime::from_micros(8_000_000_000),
        };
        let edges = |start: u64| -> Vec<u64> {
            phases(&satellite.orbit(), MadeUp::start(), window(start), model)
                .unwrap()
                .iter()
                .skip(1)
                .map(|interval| interval.window.start.as_micros())
                .filter(|at| *at > cut + 1_000)
                .collect()
        };
        let (whole, part) = (edges(0), edges(cut));
        prop_assert_eq!(whole.len(), part.len());
        for (a, b) in whole.iter().zip(&part) {
            prop_assert!(a.abs_diff(*b) <= 20, "{} {}", a, b);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_energy_is_lost_over_any_window(
        start in 0.0..80_000.0_f64,
        length in 60.0..12_000.0_f64,
        soc in 0.0..1.0_f64,
        watts in 0.0..250.0_f64,
        fluence in 0.0..20.0_f64,
    ) {
        let mut spacecraft = Spacecraft::default();
        spacecraft.battery.initial_soc = soc;
        spacecraft.load.sunlit_watts = watts;
        spacecraft.solar_array.fluence_1e14_per_cm2 = fluence;
        let span = crate::reference::seconds(start, start + length);
        let model = ShadowModel::default();
        let found = predict(&ISS.orbit(), ISS.start(), span, &spacecraft, model).unwrap();
        prop_assert!(found.total.energy.residual() < 1e-6, "{:?}", found.total);
    }
}
