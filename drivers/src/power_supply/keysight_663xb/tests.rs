//! The emulator's words and its protection, line by line.

use profiles::quantity::{Amperes, Volts};

use crate::plant::{BusId, Place, Plant};
use crate::power_supply::MODELS;
use crate::rehearsal::Alone;

/// A 6633B on a bus.
struct Supply {
    alone: Alone,
    bus: BusId,
}

impl Supply {
    fn new() -> Supply {
        let mut plant = Plant::default();
        let bus = plant.add_bus();
        let (make, at) = (&MODELS[1], (plant, Place::Bus(bus)));
        Supply {
            alone: Alone::new(make.emulate, make.options, &[], at),
            bus,
        }
    }

    /// What the line answers; then a step of the plant passes.
    fn hear(&mut self, line: &str) -> String {
        let answer = self.alone.answer(format!("{line}\n").as_bytes());
        self.alone.pass(100_000);
        String::from_utf8(answer).unwrap().trim_end().to_owned()
    }

    fn volts(&self) -> f64 {
        self.alone.plant.bus(self.bus).volts.0
    }
}

#[test]
fn the_familys_words_are_understood() {
    let mut supply = Supply::new();
    for line in [
        "SYST:REM",
        "*RST;*CLS",
        "VOLT 5.000000e+00",
        "SOUR:VOLT 5000.000000 MV",
        "SOUR:CURR 1000.000000 MA",
        "source:voltage:level:immediate:amplitude 5 V",
        "VOLT:PROT:LEV MAX",
        "CURR:PROT:STAT ON",
        "VOLT:TRIG 6;:CURR:TRIG 0.5",
        "INIT:NAME TRAN;*TRG",
        "INIT:CONT:SEQ1 1;:INIT:CONT:SEQ1 0;:ABOR",
        "OUTP:PROT:DEL 0.2;CLE",
        "OUTP:DFI 1;:OUTP:DFI:SOUR QUES",
        "OUTP:RI:MODE LATC",
        "SENS:CURR:RANG MIN",
        "SENS:SWE:POIN 2048;TINT 15.6E-6",
        "DISP:MODE TEXT;:DISP:TEXT \"bench; test\"",
        "DIG:DATA 7;:DIG:FUNC DIG",
        "*PSC 0;*ESE 60;*SRE 32;*OPC;*WAI",
        "SYST:LOC",
    ] {
        assert_eq!(supply.hear(line), "", "{line}");
        assert_eq!(supply.hear("SYST:ERR?"), "+0,\"No error\"", "{line}");
    }
    assert_eq!(
        supply.hear("VOLT?;CURR?"),
        "+6.00000000E+00;+5.00000000E-01"
    );
    assert_eq!(
        supply.hear("VOLT? MAX;CURR? MIN"),
        "+5.11180000E+01;+0.00000000E+00"
    );
    assert_eq!(supply.hear("OUTP:DFI:SOUR?;:OUTP:RI:MODE?"), "QUES;LATC");
    assert_eq!(supply.hear("DISP:TEXT?;MODE?"), "\"bench; test\";TEXT");
}

#[test]
fn protection_latches_until_its_cause_is_gone_and_it_is_cleared() {
    let mut supply = Supply::new();
    supply.hear("VOLT:PROT 15;:VOLT 12;:CURR 1;:OUTP ON");
    assert!((supply.volts() - 12.0).abs() < 1e-9);
    supply.hear("VOLT 16");
    assert!(supply.volts().abs() < 1e-9);
    assert_eq!(supply.hear("STAT:QUES:COND?;EVEN?;EVEN?;:OUTP?"), "1;1;0;1");
    // The cause is still there: it trips again.
    supply.hear("OUTP:PROT:CLE");
    assert_eq!(supply.hear("STAT:QUES:COND?;:STAT:OPER:COND?"), "1;0");
    // The cause is gone, but the latch holds until it is cleared.
    supply.hear("VOLT 12");
    assert!(supply.volts().abs() < 1e-9);
    supply.hear("OUTP:PROT:CLE");
    assert!((supply.volts() - 12.0).abs() < 1e-9);
    assert_eq!(supply.hear("STAT:QUES:COND?;:STAT:OPER:COND?"), "0;256");
}

#[test]
fn a_reset_leaves_the_output_off() {
    let mut supply = Supply::new();
    supply.hear("VOLT 12;:CURR 1;:OUTP 1");
    supply.hear("*RST");
    assert!(supply.volts().abs() < 1e-9);
    assert_eq!(
        supply.hear("OUTP?;:VOLT?;:VOLT:PROT?;:CURR:PROT:STAT?"),
        "0;+0.00000000E+00;+5.50000000E+01;0"
    );
    assert_eq!(supply.alone.plant.bus(supply.bus).volts, Volts(0.0));
    assert_eq!(supply.alone.plant.bus(supply.bus).amps, Amperes(0.0));
}

#[test]
fn measurements_come_in_steps_of_the_converter() {
    let mut supply = Supply::new();
    supply.hear("VOLT 12.005;:CURR 1;:OUTP 1");
    for _ in 0..20 {
        let volts: f64 = supply.hear("MEAS:VOLT?").parse().unwrap();
        let steps = volts / 0.0125;
        assert!((steps - steps.round()).abs() < 1e-6, "{volts} V");
        assert!((volts - 12.005).abs() < 0.02, "{volts} V");
    }
}
