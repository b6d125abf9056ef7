//! Where and when particles strike.

use profiles::name::DeviceName;
use profiles::orbit::{Effect, RadiationModel, Region, injections, radiation_effects};
use profiles::seed::Seed;
use profiles::shape::{Between, Table};

use crate::reference::{ISS, Reference, SSO, seconds};

/// Share of three days in a region.
fn share(reference: &Reference, wanted: Region) -> f64 {
    let orbit = reference.orbit();
    let inside = (0..12_960_u32).filter(|step| {
        let at = reference.start().plus_seconds(f64::from(*step) * 20.0);
        Region::at(orbit.position(at).unwrap(), at) == wanted
    });
    inside.count() as f64 / 12_960.0
}

#[test]
fn the_anomaly_takes_its_share_of_an_orbit() {
    for (reference, expected) in [(ISS, 0.071), (SSO, 0.047)] {
        let found = share(&reference, Region::Anomaly);
        println!("{}: {:.2} % in the anomaly", reference.name, 100.0 * found);
        assert!((found - expected).abs() < 0.006, "{found}");
    }
    assert!(share(&SSO, Region::Polar) > 0.2);
    assert!(share(&ISS, Region::Polar) < 0.1);
}

#[test]
fn the_same_seed_is_the_same_schedule() {
    let orbit = SSO.orbit();
    let model = RadiationModel::default();
    let span = seconds(0.0, 20.0 * 86_400.0);
    let run = |seed: u64| {
        let mut stream = Seed(seed).stream("payload", "radiation");
        radiation_effects((&orbit, SSO.start()), span, &model, None, &mut stream).unwrap()
    };
    let found = run(7);
    assert_eq!(found, run(7));
    assert_ne!(found, run(8));
    let per_day = found.len() as f64 / 20.0;
    let inside = found.iter().filter(|(at, _)| {
        let at = SSO.start().plus_seconds(at.as_secs_f64());
        Region::at(orbit.position(at).unwrap(), at) == Region::Anomaly
    });
    let share = inside.count() as f64 / found.len() as f64;
    println!("{per_day} a day, {share} of them in the anomaly");
    assert!((2.5..6.0).contains(&per_day), "{per_day}");
    assert!((0.5..0.9).contains(&share), "{share}");
    let device = DeviceName::new("payload").unwrap();
    let told = injections(&found, &device, 4_096, Seed(7));
    assert_eq!(told.len(), found.len());
}

#[test]
fn a_table_of_the_user_is_followed() {
    let table = Table::parse("0,0\n86400,0\n86401,500\n172800,500", Between::Linear).unwrap();
    let model = RadiationModel {
        latch_up_share: 1.0,
        ..RadiationModel::default()
    };
    let mut stream = Seed(3).stream("payload", "radiation");
    let orbit = ISS.orbit();
    let span = seconds(0.0, 172_800.0);
    let found = radiation_effects(
        (&orbit, ISS.start()),
        span,
        &model,
        Some(&table),
        &mut stream,
    )
    .unwrap();
    assert!((400..600).contains(&found.len()), "{}", found.len());
    assert!(found.iter().all(|(at, _)| at.as_secs_f64() > 86_399.0));
    assert!(found.iter().all(|(_, effect)| *effect == Effect::LatchUp));
}
