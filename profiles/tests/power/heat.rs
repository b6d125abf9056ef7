//! Lumps of the satellite along real orbits: nothing is lost, and nothing is made up.

use profiles::orbit::{
    Environment, Fidelity, LoadTask, Prediction, ShadowModel, Spacecraft, ThermalCase,
    ThermalJoint, ThermalNode, predict,
};
use profiles::phase::Phase;
use profiles::selection::WindowSet;
use profiles::time::{BenchTime, Period};
use proptest::prelude::*;

use crate::reference::{ISS, SSO, seconds};

fn node(name: &str, heat_capacity_j_per_k: f64, change: impl Fn(&mut ThermalNode)) -> ThermalNode {
    let mut node = ThermalNode {
        name: name.into(),
        heat_capacity_j_per_k,
        ..ThermalNode::default()
    };
    change(&mut node);
    node
}

fn joint(a: &str, b: &str, conductance_w_per_k: f64) -> ThermalJoint {
    ThermalJoint {
        between: [a.into(), b.into()],
        conductance_w_per_k,
        radiative_m2: 0.0,
    }
}

/// A board on the baseplate, a radiator that sees the Earth, and a panel that sees the Sun.
fn satellite() -> Spacecraft {
    Spacecraft {
        nodes: vec![
            node("board", 600.0, |board| board.load_share = 0.3),
            node("radiator", 2_500.0, |radiator| {
                radiator.radiator_m2 = 0.2;
                radiator.earth_share = 0.6;
            }),
            node("panel", 1_500.0, |panel| {
                panel.radiator_m2 = 0.1;
                panel.sun_share = 0.8;
                panel.absorptivity = 0.9;
                panel.min_celsius = -60.0;
            }),
        ],
        joints: vec![
            joint("board", "baseplate", 3.0),
            joint("radiator", "baseplate", 1.5),
            joint("panel", "radiator", 0.1),
        ],
        ..Spacecraft::default()
    }
}

fn flown(spacecraft: &Spacecraft, hours: f64, millis: u32) -> Prediction {
    let fidelity = Fidelity {
        shadow: ShadowModel::default(),
        step: Period::millis(millis),
        ledger: true,
    };
    let span = seconds(0.0, hours * 3_600.0);
    predict(&ISS.orbit(), ISS.start(), span, spacecraft, fidelity).unwrap()
}

#[test]
fn one_lump_is_what_a_fine_integration_of_its_own_says() {
    // A panel that touches nothing, its temperature integrated here, step by step, from the
    // sunlight of the track.
    let panel = node("panel", 3_000.0, |panel| {
        panel.radiator_m2 = 0.5;
        panel.absorptivity = 0.7;
        panel.emissivity = 0.8;
        panel.sun_share = 0.5;
        panel.sunlit_watts = 20.0;
        panel.eclipse_watts = 12.0;
        panel.initial_celsius = 30.0;
    });
    let spacecraft = Spacecraft {
        nodes: vec![panel],
        ..Spacecraft::default()
    };
    let prediction = flown(&spacecraft, 4.0, 1_000);
    let (mut kelvin, mut worst) = (303.15_f64, 0.0_f64);
    for (point, pair) in prediction.track.windows(2).enumerate() {
        let shown = prediction.nodes.row(point)[0];
        worst = worst.max((shown - (kelvin - 273.15)).abs());
        let whole = pair[1].at.micros_since(pair[0].at) as f64 * 1e-6;
        let umbra = pair[0].light == 0.0;
        let inside = if umbra { 12.0 } else { 20.0 };
        let put_in = 0.5 * 0.7 * 0.5 * pair[0].flux_w_m2 + inside;
        for _ in 0..50 {
            let out = 0.5 * 0.8 * 5.670_374_419e-8 * (kelvin.powi(4) - 2.7_f64.powi(4));
            kelvin += whole / 50.0 * (put_in - out) / 3_000.0;
        }
    }
    println!("worst {worst:.6} K");
    assert!(worst < 2e-3, "{worst}");
    let (cold, hot) = (0..prediction.track.len())
        .map(|point| prediction.nodes.row(point)[0])
        .fold((f64::MAX, f64::MIN), |(a, b), c| (a.min(c), b.max(c)));
    assert!(
        cold < -20.0 && hot > 40.0,
        "{cold} {hot}: it does not swing"
    );
}

#[test]
fn a_joined_lump_settles_above_its_plate_by_its_heat() {
    // 40 W through 2 W/K: 20 K above the plate, whatever that does slowly.
    let spacecraft = Spacecraft {
        nodes: vec![node("board", 300.0, |board| {
            board.sunlit_watts = 40.0;
            board.eclipse_watts = 40.0;
        })],
        joints: vec![joint("board", "baseplate", 2.0)],
        ..Spacecraft::default()
    };
    let prediction = flown(&spacecraft, 3.0, 1_000);
    for minutes in [60, 90, 179] {
        let at = BenchTime::from_millis(minutes * 60_000);
        let above = prediction.celsius("board", at).unwrap() - prediction.at(at).baseplate_celsius;
        assert!((above - 20.0).abs() < 1.5, "{above} K");
    }
    assert_eq!(prediction.celsius("bord", BenchTime::ZERO), None);
}

#[test]
fn hot_is_warmer_than_nominal_and_cold_is_colder() {
    let coldest = |case| {
        let spacecraft = Spacecraft {
            environment: Environment {
                case,
                ..Environment::default()
            },
            ..satellite()
        };
        let prediction = flown(&spacecraft, 6.0, 1_000);
        let radiator = (0..prediction.track.len()).map(|point| prediction.nodes.row(point)[1]);
        let arrays = prediction.track.iter().map(|point| point.array_watts);
        (
            radiator.fold(f64::MAX, f64::min),
            arrays.fold(f64::MIN, f64::max),
        )
    };
    let (cold, dim) = coldest(ThermalCase::Cold);
    let (nominal, usual) = coldest(ThermalCase::Nominal);
    let (hot, _) = coldest(ThermalCase::Hot);
    // The radiator: it sees the Earth only. In June the Sun of the date is that of the cold case.
    assert!(
        hot > nominal + 0.5 && nominal > cold + 0.3,
        "{cold} {nominal} {hot}"
    );
    assert!(
        (dim - usual).abs() < 0.1,
        "the array has the Sun of the date"
    );
}

#[test]
fn a_schedule_is_drawn_on_time_and_warms_the_board() {
    let idle = flown(&satellite(), 3.0, 1_000);
    let sunlit = idle.phases.iter().filter(|i| i.phase == Phase::Sunlit);
    let sunlit = WindowSet::new(sunlit.map(|interval| interval.window));
    let mut spacecraft = satellite();
    spacecraft.load.tasks = vec![LoadTask {
        name: "inference".into(),
        watts: 60.0,
        during: Some(sunlit),
        after: BenchTime::from_millis(3_600_250),
        length: Some(Period::millis(300_000)),
        every: Some(Period::millis(3_600_000)),
    }];
    let prediction = flown(&spacecraft, 3.0, 1_000);
    let watts = |millis| prediction.at(BenchTime::from_millis(millis)).load_watts;
    let (before, during) = (watts(3_600_000), watts(3_700_000));
    assert!((before - 95.0).abs() < 1e-9 && (during - 155.0).abs() < 1e-9);
    let begins = prediction
        .track
        .iter()
        .find(|point| point.load_watts > 150.0);
    assert_eq!(begins.unwrap().at, BenchTime::from_micros(3_600_250_000));
    let ends = prediction
        .track
        .iter()
        .find(|point| point.at > BenchTime::from_millis(3_700_000) && point.load_watts < 100.0);
    assert_eq!(ends.unwrap().at, BenchTime::from_micros(3_900_250_000));
    let end = BenchTime::from_millis(3_900_000);
    let board = |of: &Prediction| of.celsius("board", end).unwrap();
    assert!(board(&prediction) > board(&idle) + 2.0);
    let drawn = prediction.total.energy.load - idle.total.energy.load;
    // The first run is in sunlight, the second in the umbra.
    assert!((drawn - 60.0 * 300.0).abs() < 1e-6, "{drawn}");
}

#[test]
fn halving_the_step_moves_charge_and_temperatures_little() {
    let (whole, half) = (
        flown(&satellite(), 24.0, 1_000),
        flown(&satellite(), 24.0, 500),
    );
    let (a, b) = (whole.track.last().unwrap(), half.track.last().unwrap());
    assert!((a.battery_soc / b.battery_soc - 1.0).abs() < 1e-3);
    let last = |of: &Prediction| of.nodes.row(of.track.len() - 1).to_vec();
    for (a, b) in last(&whole).iter().zip(last(&half)) {
        assert!((a - b).abs() < 0.01, "{a} {b}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn the_books_close_over_any_window(
        soc in 0.0..1.0_f64,
        watts in 0.0..250.0_f64,
        capacity in 200.0..5_000.0_f64,
        conductance in 0.0..4.0_f64,
        radiative in 0.0..0.2_f64,
        celsius in -40.0..60.0_f64,
        hot in any::<bool>(),
        ends in prop::collection::vec((0.0..1.0_f64, 0.0..1.0_f64), 64),
    ) {
        let mut spacecraft = satellite();
        spacecraft.battery.initial_soc = soc;
        spacecraft.load.sunlit_watts = watts;
        spacecraft.nodes[0].heat_capacity_j_per_k = capacity;
        spacecraft.nodes[0].initial_celsius = celsius;
        spacecraft.joints[1].conductance_w_per_k = conductance;
        spacecraft.joints[2].radiative_m2 = radiative;
        if hot {
            spacecraft.environment.case = ThermalCase::Hot;
        }
        let fidelity = Fidelity { ledger: true, ..ShadowModel::default().into() };
        let span = seconds(1_000.0, 9_000.0);
        let found = predict(&SSO.orbit(), SSO.start(), span, &spacecraft, fidelity).unwrap();
        prop_assert_eq!(found.ledger.len(), found.track.len());
        let last = found.ledger.len() - 1;
        for (from, to) in ends {
            let place = |share: f64| (share * last as f64) as usize;
            let (from, to) = (place(from.min(to)), place(from.max(to)));
            let flowed = found.ledger[to] - found.ledger[from];
            prop_assert!(flowed.energy.residual() < 1e-6, "{:?}", flowed.energy);
            prop_assert!(flowed.heat.residual() < 1e-6, "{:?}", flowed.heat);
        }
        // Each single step as well: two errors must not cancel.
        for pair in found.ledger.windows(2) {
            let flowed = pair[1] - pair[0];
            prop_assert!(flowed.energy.residual() < 1e-6, "{:?}", flowed.energy);
            prop_assert!(flowed.heat.residual() < 1e-6, "{:?}", flowed.heat);
        }
    }

    #[test]
    fn what_the_books_say_is_what_the_track_shows(start in 0.0..40_000.0_f64) {
        let spacecraft = satellite();
        let fidelity = Fidelity { ledger: true, ..ShadowModel::default().into() };
        let span = seconds(start, start + 6_000.0);
        let found = predict(&SSO.orbit(), SSO.start(), span, &spacecraft, fidelity).unwrap();
        // Summed apart from the books: the load is drawn as shown, and the array gives nearly
        // what its points say.
        let (mut load, mut array) = (0.0, 0.0);
        for pair in found.track.windows(2) {
            let step = pair[1].at.micros_since(pair[0].at) as f64 * 1e-6;
            load += pair[0].load_watts * step;
            array += 0.5 * (pair[0].array_watts + pair[1].array_watts) * step;
        }
        let energy = found.total.energy;
        prop_assert!((energy.load - load).abs() < 1e-6 * load);
        prop_assert!((energy.array - array).abs() < 2e-3 * array, "{} {array}", energy.array);
    }
}
