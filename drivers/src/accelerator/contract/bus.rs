//! What a board on a bus must do beside that: leave the bus when it destroys frames, come back, and
//! share it.

use profiles::command::Fault;

use super::models;
use super::rig::Rig;
use crate::accelerator::role::Heard;
use crate::link::Pacing;
use crate::link::can::{BusFrame, CanFrame, CanId};

fn on_buses(settings: &[(&str, &str)], test: impl Fn(&mut Rig)) {
    let on_bus = models().filter(|model| matches!(model.pacing, Pacing::Can { .. }));
    for model in on_bus {
        let mut rig = Rig::with(model, "payload", settings);
        rig.power(28.0);
        rig.live(3_300);
        rig.forget();
        rig.sent.clear();
        test(&mut rig);
    }
}

#[test]
fn a_board_goes_off_the_bus_and_the_gap_is_told_when_it_is_back() {
    on_buses(&[], |rig| {
        // Reports come each 100 ms; it tries to come back as often, and is off again at once.
        rig.inject(&Fault::BusOff { millis: 1_000 });
        rig.live(990);
        let heard = std::mem::take(&mut rig.heard);
        assert!(heard.len() > 2, "{heard:?}");
        let told = |heard: &Heard| matches!(heard, Heard::Bus(error) if error.is_destroyed_frame());
        assert!(heard.iter().all(told), "{heard:?}");
        rig.live(1_000);
        let readings = rig
            .heard
            .iter()
            .filter(|heard| matches!(heard, Heard::Reading(_)));
        assert!(readings.count() > 50, "{:?}", rig.heard);
        assert!(
            rig.answers()
                .iter()
                .any(|heard| matches!(heard, Heard::Damaged(_))),
            "its counters tell what was lost"
        );
    });
}

#[test]
fn a_reset_brings_a_controller_back() {
    on_buses(&[], |rig| {
        rig.inject(&Fault::BusOff { millis: 150 });
        rig.live(120);
        rig.inject(&Fault::Reset);
        rig.forget();
        rig.live(3_100);
        assert_eq!(rig.answers(), [Heard::Booted]);
    });
}

#[test]
fn a_board_that_babbles_fills_the_bus_before_all_of_its_own_frames() {
    on_buses(&[("id_offset", "16")], |rig| {
        rig.inject(&Fault::Babble { millis: 100 });
        rig.live(500);
        let ids = rig
            .sent
            .iter()
            .filter_map(|chunk| BusFrame::from_bytes(chunk)?.id());
        let (babble, rest): (Vec<CanId>, Vec<CanId>) =
            ids.partition(|id| *id == CanId::Standard(0x10f));
        // 114 bits of each at 1 Mbit/s.
        assert!((870..=900).contains(&babble.len()), "{}", babble.len());
        assert!(
            rest.len() > 12 && rest.iter().all(|id| *id > babble[0]),
            "{rest:?}"
        );
    });
}

/// An identifier that two boards need that are wired so.
fn clash(one: &[(&str, &str)], two: &[(&str, &str)]) -> Option<CanId> {
    let needs = |settings: &[(&str, &str)]| {
        let model = models().find(|model| model.name == "dbc-can").unwrap();
        Rig::with(model, "payload", settings)
            .driver
            .bus_needs()
            .unwrap()
    };
    needs(one).clash(&needs(two))
}

#[test]
fn boards_share_a_bus_if_they_are_wired_apart() {
    let moved = |offset| [("id_offset", offset)];
    assert_eq!(clash(&moved("0"), &moved("16")), None);
    assert_eq!(
        clash(&moved("16"), &moved("17")),
        Some(CanId::Standard(0x111))
    );
    for version in ["1", "2"] {
        let csp = |offset, address| {
            [
                ("transport", "csp"),
                ("csp_version", version),
                ("id_offset", offset),
                ("csp_address", address),
            ]
        };
        assert_eq!(clash(&csp("0", "10"), &csp("16", "11")), None);
        let told = clash(&csp("0", "10"), &csp("16", "10"));
        assert!(
            matches!(told, Some(CanId::Extended(_))),
            "the same address: {told:?}"
        );
    }
}

#[test]
fn what_the_others_send_is_no_damage_to_a_filtered_driver() {
    on_buses(&[("id_offset", "16")], |rig| {
        let needs = rig.driver.bus_needs().unwrap();
        rig.live(600);
        let own = rig
            .sent
            .iter()
            .filter_map(|chunk| BusFrame::from_bytes(chunk));
        assert!(own.clone().count() > 10);
        assert!(own.clone().all(|frame| needs.wants(&frame)));
        let other = BusFrame::Data(CanFrame::new(CanId::Standard(0x100), &[]));
        assert!(!needs.wants(&other));
    });
}
