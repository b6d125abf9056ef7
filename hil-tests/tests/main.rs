//! Tests of the whole: campaigns from their files to their exit codes.

#![expect(
    clippy::unwrap_used,
    reason = "clippy knows tests, but not the functions that they share"
)]

mod campaigns;
mod can;
mod cli;
mod determinism;
mod devices;
mod faults;
mod firmware;
mod gate;
mod golden;
mod inference;
mod language;
mod many;
mod mesh;
mod networks;
mod processes;
mod replay;
mod safety;
mod tidy;
mod torture;
mod verdicts;

use std::sync::OnceLock;

use hil_tests::ran::Ran;
use hil_tests::scene::Scene;

/// The quickstart, run once for all tests.
fn quickstart() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Scene::of("eclipse_ride_through").run())
}

/// The smoke campaign, run once for all tests.
fn smoke() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Scene::of("smoke").run())
}

/// The smoke campaign with the octets of its lines kept, run once for all tests.
fn smoke_with_wire() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| {
        let mut plan = Scene::of("smoke").plan().unwrap();
        plan.header.wire = true;
        Ran::of(&plan)
    })
}

/// The campaign on a solar array, run once for all tests.
fn on_an_array() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Scene::of("array_ride_through").on("solar_array").run())
}

/// The campaign on a bench with a power analyser, run once for all tests.
fn measured() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Scene::of("energy_audit").on("measured").run())
}

/// The campaign with language models, run once for all tests.
fn stories() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Scene::of("story_writing").on("language").run())
}

/// The campaign of two boards that share their work, run once for all tests.
fn shared() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Scene::of("shared_work").on("neighbours").run())
}

/// The campaign with contacts and links, run once for all tests.
fn contacts() -> &'static Ran {
    static RAN: OnceLock<Ran> = OnceLock::new();
    RAN.get_or_init(|| Scene::of("contacts_and_links").on("linked").run())
}
