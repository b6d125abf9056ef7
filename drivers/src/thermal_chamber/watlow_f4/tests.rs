//! The emulator's registers, frame by frame as published.

use profiles::time::BenchTime;

use super::MODEL;
use crate::emulator::{Emulator, Outbox};
use crate::modbus::session::hex;
use crate::plant::{Place, Plant};
use crate::rehearsal::{self, emulator_setup};

/// A chamber and its air.
struct Chamber {
    emulator: Box<dyn Emulator>,
    plant: Plant,
}

impl Chamber {
    fn new() -> Chamber {
        let mut plant = Plant::default();
        let place = Place::Air(plant.add_air());
        Chamber {
            emulator: (MODEL.emulate)(emulator_setup(MODEL.options, place)),
            plant,
        }
    }

    fn hear(&mut self, frame: &str) -> String {
        let mut out = Outbox::default();
        let bytes = rehearsal::hex(frame).unwrap();
        let plant = &mut self.plant;
        self.emulator
            .receive(BenchTime::ZERO, &bytes, plant, &mut out);
        let answers = out.take().into_iter();
        answers.map(|(_, chunk)| hex(&chunk)).collect()
    }
}

#[test]
fn writes_are_echoed() {
    let mut chamber = Chamber::new();
    for frame in [
        // 25.0 and -40.0 degrees, event 1 on, end of the profile.
        "01 06 01 2C 00 FA C9 BC",
        "01 06 01 2C FE 70 08 7B",
        "01 06 07 D0 00 01 48 87",
        "01 06 04 C1 00 01 18 C6",
    ] {
        assert_eq!(chamber.hear(frame), frame);
    }
    assert_eq!(
        chamber.hear("01 03 01 2C 00 01 44 3F"),
        "01 03 02 FE 70 F9 C0"
    );
    assert_eq!(
        chamber.hear("01 03 07 D0 00 01 84 87"),
        "01 03 02 00 01 79 84"
    );
}

#[test]
fn refusals_have_the_published_bytes() {
    let mut chamber = Chamber::new();
    // Discrete inputs are not served, register 7 is none that is emulated, and 1200.0 degrees are
    // too hot.
    assert_eq!(chamber.hear("01 02 00 01 00 02 A8 0B"), "01 82 01 81 60");
    assert_eq!(chamber.hear("01 06 00 07 2E E0 24 23"), "01 86 02 C3 A1");
    assert_eq!(chamber.hear("01 06 01 2C 2E E0 55 D7"), "01 86 03 02 61");
    // A wrong CRC and another's address.
    assert_eq!(chamber.hear("01 03 00 64 00 01 C5 D6"), "");
    assert_eq!(chamber.hear("02 03 00 64 00 01 C5 E6"), "");
}

#[test]
fn without_decimals_registers_are_whole_degrees() {
    let mut chamber = Chamber::new();
    assert_eq!(
        chamber.hear("01 06 02 5E 00 00 E9 A0"),
        "01 06 02 5E 00 00 E9 A0"
    );
    // 25 degrees.
    assert_eq!(
        chamber.hear("01 06 01 2C 00 19 88 35"),
        "01 06 01 2C 00 19 88 35"
    );
    assert_eq!(
        chamber.hear("01 03 01 2C 00 01 44 3F"),
        "01 03 02 00 19 79 8E"
    );
    assert_eq!(
        chamber.hear("01 03 00 64 00 01 C5 D5"),
        "01 03 02 00 17 F8 4A"
    );
}
