//! Inference judged as a whole: what is wrong is told apart, injections are counted, energy is measured,
//! and other scenarios and boards than the usual ones run.

use hil_tests::ran::Ran;
use hil_tests::scene::Scene;
use reports::verdict::{Evidence, Verdict};

const HEAD: &str = "name   = \"work\"\nlength = \"60 s\"\n";

/// The smoke campaign with something injected into the board that spots keywords, and with what became
/// of it.
fn injected(entries: &[&str]) -> Ran {
    let entries: Vec<String> = entries
        .iter()
        .map(|entry| format!("{{ device = \"companion\", {entry} }}"))
        .collect();
    let set = format!("{HEAD}set = [{}]\n", entries.join(", "));
    let scene = Scene::of("smoke").asking(HEAD, &set);
    let also =
        "[[check]]\nname = \"injections\"\nkind = \"upsets\"\nworkload = \"keyword spotting\"\n";
    scene.asking_also(also).run()
}

fn piece<'a>(ran: &'a Ran, check: &str, what: &str) -> &'a Evidence {
    let pieces = &ran.finding(check).evidence;
    let found = pieces
        .iter()
        .find(|piece| piece.what == what && piece.at.is_some());
    found.unwrap_or_else(|| panic!("no {what} in {pieces:#?}"))
}

#[test]
fn one_flipped_bit_of_a_weight_is_told_with_time_phase_and_effect() {
    let ran = injected(&["after = \"20 s\", inject = \"bit-flip\", byte = 5000, bit = 6"]);
    let right = ran.finding("keywords are right");
    assert_eq!(right.verdict, Verdict::Fail);
    assert!(right.because.contains("repeated: "), "{}", right.because);
    let regression = piece(&ran, "keywords are right", "regression");
    assert!(
        regression.text.contains("3 the same wrong"),
        "{}",
        regression.text
    );
    let told = piece(&ran, "injections", "silent");
    assert_eq!(told.phase.as_deref(), Some("work"));
    assert!(
        (told.at.unwrap().as_secs_f64() - 45.0).abs() < 0.1,
        "{told:?}"
    );
    assert!(
        told.text
            .starts_with("flip of bit 6 of byte 5000 (element ")
            && told.text.contains(", I8), at 2"),
        "{}",
        told.text
    );
    assert!(
        told.text.contains("DEGRADED: output of input"),
        "{}",
        told.text
    );
}

/// An upset of an activation lasts for one inference: the repeat is right.
#[test]
fn a_flip_of_an_activation_is_transient_and_told_as_one() {
    let ran = injected(&["after = \"20 s\", inject = \"activation-flip\", byte = 9000, bit = 7"]);
    let right = ran.finding("keywords are right");
    assert_eq!(right.verdict, Verdict::Fail);
    let transient = piece(&ran, "keywords are right", "transient");
    assert!(
        transient.text.contains("of 3 repeats 3 are right"),
        "{}",
        transient.text
    );
    let told = piece(&ran, "injections", "silent");
    assert!(
        told.text
            .starts_with("flip of bit 7 of byte 9000 of activations, at 2"),
        "{}",
        told.text
    );
}

#[test]
fn a_flip_on_the_way_out_is_transient_and_a_latch_up_shows_in_the_current() {
    let ran = injected(&[
        "after = \"10 s\", inject = \"output-flip\", byte = 3, bit = 7",
        "after = \"30 s\", inject = \"latch-up\", amps = 0.5",
    ]);
    let transient = piece(&ran, "keywords are right", "transient");
    assert!(
        transient.text.contains("3 are right and 0 the same wrong"),
        "{}",
        transient.text
    );
    let latched = ran
        .finding("injections")
        .evidence
        .iter()
        .find(|piece| piece.text.contains("latch-up"));
    let text = &latched.unwrap().text;
    assert!(text.contains("its current rose from 0.2"), "{text}");
}

/// Of twenty inputs only one has the other value by itself: the others show that it is held.
#[test]
fn a_bit_that_is_held_at_one_is_stuck_and_told_by_its_place() {
    let ran = injected(&["after = \"10 s\", inject = \"stuck-high\", byte = 3, bit = 6"]);
    let right = ran.finding("keywords are right");
    assert!(
        right.because.ends_with("repeated: 1 stuck"),
        "{}",
        right.because
    );
    let held = &right.evidence[1];
    assert_eq!(held.what, "stuck bits");
    assert!(held.text.ends_with("byte 3 bit 6 at 1"), "{}", held.text);
    let told = piece(&ran, "keywords are right", "stuck");
    assert!(told.text.contains("byte 3 bit 6 0→1"), "{}", told.text);
}

/// While the chamber gets hot, outputs grow with the junction.
#[test]
fn outputs_that_grow_with_temperature_are_drift_with_its_correlation() {
    let set = format!(
        "{HEAD}set = [{{ device = \"companion\", after = \"5 s\", inject = \"drift\", percent_per_k = 3.0 }}, \
         {{ device = \"chamber\", after = \"6 s\", celsius = 55.0 }}]\n"
    );
    let ran = Scene::of("smoke").asking(HEAD, &set).run();
    let right = ran.finding("keywords are right");
    assert!(right.because.contains(" drift"), "{}", right.because);
    let wrong = &right.evidence[0];
    assert_eq!(wrong.what, "wrong answers");
    assert!(
        wrong.numbers["wrong"] > 100.0 && wrong.numbers["inputs"] > 15.0,
        "{wrong:?}"
    );
    // The report's table says as many.
    let told = &ran.outcome.report.correctness;
    let told = told
        .iter()
        .find(|it| it.workload == "keyword spotting")
        .unwrap();
    assert!(
        (told.wrong as f64 - wrong.numbers["wrong"]).abs() < 0.5,
        "{told:?}"
    );
    let drift = &right.evidence[1];
    assert_eq!(drift.what, "drift with temperature");
    assert!(
        drift.numbers["rho"] > 0.7 && drift.text.contains("grow with temperature from 2"),
        "{drift:?}"
    );
}

#[test]
fn a_server_waits_for_its_queries_and_energy_is_shared() {
    let workload = "device = \"companion\"\ngolden = \"keyword-spotting\"\n";
    let scenario = format!("{workload}scenario = \"server\"\nqueries_per_s = 2.5\n");
    let also = "[[check]]\nname = \"bound\"\nkind = \"scenario\"\nworkload = \"keyword spotting\"\n\
        max_latency = \"30 s\"\npercentile = 90\nmin_duration = \"30 s\"\n\
        [[check]]\nname = \"energy\"\nkind = \"energy\"\nworkload = \"keyword spotting\"\nduring = \"work\"\n";
    let scene = Scene::of("smoke").asking(workload, &scenario);
    let ran = scene.asking_also(also).run();
    let found = ran.finding("bound");
    assert_eq!(found.verdict, Verdict::Pass, "{}", found.because);
    let server = &found.evidence[0];
    assert!(
        (server.numbers["samples_per_s"] - 2.5).abs() < 0.6,
        "{server:?}"
    );
    // Some wait for the one before them; none takes less than the board.
    assert!(
        server.numbers["p50_ms"] > 239.0 && server.numbers["p99_ms"] > 400.0,
        "{server:?}"
    );
    let energy = ran.finding("energy");
    assert_eq!(energy.verdict, Verdict::Pass, "{}", energy.because);
    let each = energy.value.unwrap();
    assert!((1.0..6.0).contains(&each), "{each} J");
}

#[test]
fn a_board_with_the_api_of_mlperf_tiny_spots_keywords() {
    let model = "model      = \"dbc-can\"                          # CAN, telemetry described by a DBC file\n";
    let fed = "powered_by = \"bus_supply\"\ninside     = \"chamber\"\noptions    = { network = \"mlperf-tiny-kws\"";
    let usb = "[device.usb]\nrole = \"power-supply\"\nmodel = \"keysight-6633b\"\nlink = \"memory\"\n\
        limits = { volts = 5.5, amps = 1.0 }\n";
    let on = "  { device = \"bus_supply\", after = \"1 s\", output = \"on\" },\n";
    let both = format!(
        "{on}  {{ device = \"usb\", volts = 5.0, limit_amps = 0.5 }},\n  {{ device = \"usb\", after = \
         \"1 s\", output = \"on\" }},\n"
    );
    let scene = Scene::of("smoke")
        .wired(model, "model      = \"mlperf-tiny\"\n")
        .wired(fed, &fed.replace("bus_supply", "usb"))
        .ending("wiring/emulated.toml", usb)
        .asking(on, &both)
        .asking(
            "[[check]]\nname   = \"no companion frame lost\"\nkind   = \"no_loss\"\ndevice = \
             \"companion\"\nduring = \"work\"\n",
            "",
        );
    let ran = scene
        .asking_also(
            "[[check]]\nname = \"energy\"\nkind = \"energy\"\nworkload = \"keyword spotting\"\n\
             during = \"work\"\nmeter = \"usb\"\n",
        )
        .run();
    let right = ran.finding("keywords are right");
    assert_eq!(right.verdict, Verdict::Pass, "{}", right.because);
    assert!(
        right.because.contains("20 equal in every byte"),
        "{}",
        right.because
    );
    // About two inferences a second: each other input goes over the line first, 1.2 kB at 115,200 baud.
    assert!((60..250).contains(&right.samples), "{}", right.samples);
    let energy = ran.finding("energy");
    assert_eq!(energy.verdict, Verdict::Pass, "{}", energy.because);
    assert!(
        (0.02..0.2).contains(&energy.value.unwrap()),
        "{}",
        energy.because
    );
}
