//! What the commands do (user manual, 8.7): settings, refusals, registers.

use profiles::seed::Stream;

use super::level::{Level, digits, fixed, hex, switch, whole};
use super::{SHARE_OF_PROTECTION, Traits, fault, state};
use crate::power_supply::stage::{Guard, Meter, OverCurrent, Regulation, Stage, Tripped};

/// Most of the ratings that can be programmed.
const MOST: f64 = 1.05;
/// Foldback switches off after so long in constant current, s; `FBD` adds tenths of a second.
const FOLDBACK: f64 = 0.25;
/// A supply without its line.
pub(super) struct Unit {
    traits: &'static Traits,
    pub(super) stages: [Stage; 1],
    volts: Level,
    amps: Level,
    over_voltage: Level,
    under_voltage: Level,
    remote: Panel,
    auto_restart: bool,
    fold_delay: u8,
    filter: u8,
    fault_enable: u8,
    fault_event: u8,
    status_enable: u8,
    status_event: u8,
    /// Faults and status as they were last looked at.
    seen: [u8; 2],
    saved: Option<[Level; 4]>,
    serial: String,
}

/// Who has the supply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Panel {
    Local,
    Remote,
    Lockout,
}

/// What a command comes to: an answer, or the error's letters.
type Outcome = Result<String, &'static str>;

impl Unit {
    pub(super) fn new(traits: &'static Traits, serial: &str, noise: Stream) -> Unit {
        let mut unit = Unit {
            traits,
            stages: [Stage::new(OverCurrent::Limit, noise)],
            volts: Level::of(0.0, ""),
            amps: Level::of(0.0, ""),
            over_voltage: Level::of(0.0, ""),
            under_voltage: Level::of(0.0, ""),
            remote: Panel::Local,
            auto_restart: false,
            fold_delay: 0,
            filter: 18,
            fault_enable: 0,
            fault_event: 0,
            status_enable: 0,
            status_event: 0,
            seen: [0; 2],
            saved: None,
            serial: serial.to_owned(),
        };
        unit.reset();
        unit.remote = Panel::Local;
        unit
    }

    /// `RST`: no volts, no amperes, off, foldback off, remote, safe start, protection at its
    /// highest, no under-voltage limit; faults are gone.
    fn reset(&mut self) {
        self.volts = Level::of(0.0, &digits(0.0, self.traits.volts()));
        self.amps = Level::of(0.0, &digits(0.0, self.traits.amps()));
        let most = self.traits.over_voltage[1];
        self.over_voltage = Level::of(most, &fixed(most, most, 4));
        self.under_voltage = Level::of(0.0, &fixed(0.0, most, 4));
        self.remote = Panel::Remote;
        self.auto_restart = false;
        let stage = &mut self.stages[0];
        stage.on = false;
        stage.tripped = Tripped::default();
        stage.over_current.armed = false;
        self.settle();
    }

    /// The output as the settings have it.
    fn settle(&mut self) {
        let stage = &mut self.stages[0];
        (stage.volts, stage.amps) = (self.volts.value, self.amps.value);
        stage.over_voltage = Guard {
            armed: true,
            level: self.over_voltage.value,
            delay: 0.0,
        };
        stage.over_current.delay = FOLDBACK + 0.1 * f64::from(self.fold_delay);
    }

    /// Latches what is enabled and new, and tells whether anything is: a service request.
    pub(super) fn latch(&mut self) -> bool {
        let now = [self.faults(), self.status()];
        let [faults, status] = std::array::from_fn(|index| now[index] & !self.seen[index]);
        self.seen = now;
        let (faults, status) = (faults & self.fault_enable, status & self.status_enable);
        self.fault_event |= faults;
        self.status_event |= status;
        faults | status != 0
    }

    /// What a command is answered.
    pub(super) fn carry_out(&mut self, command: &str) -> String {
        let outcome = match command.split_once(' ') {
            None => match command.strip_suffix('?') {
                Some(name) => self.ask(name),
                None => self.command(command),
            },
            Some((name, argument)) => self.set(name, argument).map(|()| "OK".to_owned()),
        };
        outcome.unwrap_or_else(str::to_owned)
    }

    fn command(&mut self, name: &str) -> Outcome {
        match name {
            "RST" => self.reset(),
            "CLS" => (self.fault_event, self.status_event) = (0, 0),
            "OVM" => {
                let most = self.traits.over_voltage[1];
                self.over_voltage = Level::of(most, &fixed(most, most, 4));
            }
            "FBDRST" => self.fold_delay = 0,
            "SAV" => {
                let levels = [
                    &self.volts,
                    &self.amps,
                    &self.over_voltage,
                    &self.under_voltage,
                ];
                self.saved = Some(levels.map(Level::clone));
            }
            "RCL" => {
                if let Some(saved) = self.saved.clone() {
                    [self.volts, self.amps, self.over_voltage, self.under_voltage] = saved;
                }
            }
            "ADR" | "PV" | "PC" | "OUT" | "OVP" | "UVL" | "FLD" | "FBD" | "AST" | "RMT"
            | "FILTER" | "FENA" | "SENA" => return Err("C02"),
            _ => return Err("C01"),
        }
        self.settle();
        Ok("OK".to_owned())
    }

    fn set(&mut self, name: &str, argument: &str) -> Result<(), &'static str> {
        let (traits, stage) = (self.traits, &mut self.stages[0]);
        match name {
            "PV" => {
                let level = Level::read(argument)?;
                let most =
                    (MOST * traits.volts()).min(SHARE_OF_PROTECTION * self.over_voltage.value);
                level.within(most, "E01")?;
                if level.value < self.under_voltage.value {
                    return Err("E02");
                }
                self.volts = level;
            }
            "PC" => {
                let level = Level::read(argument)?;
                level.within(MOST * traits.amps(), "C05")?;
                self.amps = level;
            }
            "OVP" => {
                let level = Level::read(argument)?;
                let [least, most] = traits.over_voltage;
                level.within(most, "C05")?;
                if level.value < least.max(MOST * self.volts.value) - 1e-9 {
                    return Err("E04");
                }
                self.over_voltage = level;
            }
            "UVL" => {
                let level = Level::read(argument)?;
                level.within(traits.under_voltage, "C05")?;
                if level.value > SHARE_OF_PROTECTION * self.volts.value + 1e-9 && level.value > 0.0
                {
                    return Err("E06");
                }
                self.under_voltage = level;
            }
            "OUT" => {
                stage.on = switch(argument)?;
                if stage.on {
                    // What tripped before is cleared by switching on.
                    stage.tripped = Tripped::default();
                }
            }
            "FLD" => stage.over_current.armed = switch(argument)?,
            "AST" => self.auto_restart = switch(argument)?,
            "FBD" => self.fold_delay = whole(argument)?,
            "FILTER" => match whole(argument)? {
                filter @ (18 | 23 | 46) => self.filter = filter,
                _ => return Err("C05"),
            },
            "FENA" => self.fault_enable = hex(argument)?,
            "SENA" => self.status_enable = hex(argument)?,
            "RMT" => {
                self.remote = match argument {
                    "LOC" | "0" => Panel::Local,
                    "REM" | "1" => Panel::Remote,
                    "LLO" | "2" => Panel::Lockout,
                    _ => return Err("C03"),
                };
                return Ok(());
            }
            _ => return Err("C01"),
        }
        // Whoever is told something is told so from afar.
        if self.remote == Panel::Local {
            self.remote = Panel::Remote;
        }
        self.settle();
        Ok(())
    }

    fn ask(&mut self, name: &str) -> Outcome {
        let on_off = |on: bool| if on { "ON" } else { "OFF" }.to_owned();
        Ok(match name {
            "IDN" => format!("LAMBDA,{}", self.traits.unit),
            "REV" => "1U:4.3".to_owned(),
            "SN" => self.serial.clone(),
            "DATE" => "2020/01/31".to_owned(),
            "RMT" => match self.remote {
                Panel::Local => "LOC",
                Panel::Remote => "REM",
                Panel::Lockout => "LLO",
            }
            .to_owned(),
            "MDAV" | "MS" => "1".to_owned(),
            "PV" => self.volts.told.clone(),
            "PC" => self.amps.told.clone(),
            "OVP" => self.over_voltage.told.clone(),
            "UVL" => self.under_voltage.told.clone(),
            "MV" => self.measured_volts(),
            "MC" => self.measured_amps(),
            "OUT" => on_off(self.stages[0].is_feeding()),
            "FLD" => on_off(self.stages[0].over_current.armed),
            "AST" => on_off(self.auto_restart),
            "FBD" => self.fold_delay.to_string(),
            "FILTER" => self.filter.to_string(),
            "MODE" => match self.stages[0].regulation() {
                Regulation::Off => "OFF",
                Regulation::Voltage => "CV",
                Regulation::Current | Regulation::Power => "CC",
            }
            .to_owned(),
            "DVC" => self.display(),
            "STT" => {
                let (volts, amps) = (self.measured_volts(), self.measured_amps());
                let (program, limit) = (&self.volts.told, &self.amps.told);
                let (status, faults) = (self.status(), self.faults());
                format!(
                    "MV({volts}),PV({program}),MC({amps}),PC({limit}),SR({status:02X}),FR({faults:02X})"
                )
            }
            "FLT" => format!("{:02X}", self.faults()),
            "FENA" => format!("{:02X}", self.fault_enable),
            "FEVE" => format!("{:02X}", std::mem::take(&mut self.fault_event)),
            "STAT" => format!("{:02X}", self.status()),
            "SENA" => format!("{:02X}", self.status_enable),
            "SEVE" => format!("{:02X}", std::mem::take(&mut self.status_event)),
            _ => return Err("C01"),
        })
    }

    /// `5.9999,6.0000,010.02,010.00,7.500,0.000`
    fn display(&mut self) -> String {
        let most = self.traits.over_voltage[1];
        format!(
            "{},{},{},{},{},{}",
            self.measured_volts(),
            digits(self.volts.value, self.traits.volts()),
            self.measured_amps(),
            digits(self.amps.value, self.traits.amps()),
            fixed(self.over_voltage.value, most, 4),
            fixed(self.under_voltage.value, most, 4)
        )
    }

    fn measured_volts(&mut self) -> String {
        let volts = self.stages[0].measured_volts(&self.meter()).max(0.0);
        digits(volts, self.traits.volts())
    }

    fn measured_amps(&mut self) -> String {
        let amps = self.stages[0].measured_amps(&self.meter()).max(0.0);
        digits(amps, self.traits.amps())
    }

    /// Read-back has steps of 0.012 % of the ratings (specification of the 1.5 kW supplies); that
    /// its noise is half a step is assumed.
    fn meter(&self) -> Meter {
        let (volts_step, amps_step) = (
            0.000_12 * self.traits.volts(),
            0.000_12 * self.traits.amps(),
        );
        Meter {
            volts_step,
            amps_step,
            volts_noise: 0.5 * volts_step,
            amps_noise: 0.5 * amps_step,
        }
    }

    fn faults(&self) -> u8 {
        let tripped = self.stages[0].tripped;
        let bit = |is: bool, bit: u8| if is { bit } else { 0 };
        bit(tripped.over_voltage, fault::OVER_VOLTAGE) | bit(tripped.over_current, fault::FOLDBACK)
    }

    fn status(&self) -> u8 {
        let bit = |is: bool, bit: u8| if is { bit } else { 0 };
        let mode = match self.stages[0].regulation() {
            Regulation::Off => 0,
            Regulation::Voltage => state::VOLTAGE,
            Regulation::Current | Regulation::Power => state::CURRENT,
        };
        let fault = if self.faults() & self.fault_enable == 0 {
            state::NO_FAULT
        } else {
            state::FAULT
        };
        mode | fault
            | bit(self.auto_restart, state::AUTO_RESTART)
            | bit(self.stages[0].over_current.armed, state::FOLDBACK)
            | bit(self.remote == Panel::Local, state::LOCAL)
    }
}
