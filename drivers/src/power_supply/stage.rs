//! An emulated output stage: it feeds a bus, guards itself, and measures with noise. What a make
//! calls all this is the make's own business.

use profiles::quantity::{Amperes, Volts};
use profiles::seed::Stream;
use profiles::time::BenchTime;

use crate::plant::{Bus, Drive, STEP};

/// How a level that must not be passed is guarded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Guard {
    /// Whether it is looked at.
    pub(super) armed: bool,
    /// The level, V or A.
    pub(super) level: f64,
    /// How long it may be passed, s.
    pub(super) delay: f64,
}

/// What over-current protection compares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OverCurrent {
    /// The current with a level of its own.
    Level,
    /// Whether the output is at its current limit.
    Limit,
}

/// What keeps an output off until it is cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tripped {
    pub(super) over_voltage: bool,
    pub(super) over_current: bool,
}

impl Tripped {
    pub(super) fn any(self) -> bool {
        self.over_voltage || self.over_current
    }
}

/// What an output regulates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Regulation {
    /// It is off, or tripped.
    Off,
    Voltage,
    Current,
    /// It gives all the power that it has.
    Power,
}

/// Least steps and noise of what is measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    /// Least step of voltage, V.
    pub(super) volts_step: f64,
    /// Least step of current, A.
    pub(super) amps_step: f64,
    /// Noise of one voltage measurement, V rms.
    pub(super) volts_noise: f64,
    /// Noise of one current measurement, A rms.
    pub(super) amps_noise: f64,
}

/// One output.
#[derive(Debug)]
pub(super) struct Stage {
    /// Voltage set point, V; never negative.
    pub(super) volts: f64,
    /// Current limit, A.
    pub(super) amps: f64,
    /// Most power, W.
    pub(super) most_watts: f64,
    /// Switched on, whether or not it is tripped.
    pub(super) on: bool,
    pub(super) over_voltage: Guard,
    pub(super) over_current: Guard,
    pub(super) compares: OverCurrent,
    pub(super) tripped: Tripped,
    /// The output as it was last seen.
    pub(super) bus: Bus,
    exceeded_since: Option<BenchTime>,
    noise: Stream,
}

impl Stage {
    /// An output that is off, and guarded by nothing.
    pub(super) fn new(compares: OverCurrent, noise: Stream) -> Stage {
        let guard = Guard {
            armed: false,
            level: f64::MAX,
            delay: 0.0,
        };
        Stage {
            volts: 0.0,
            amps: 0.0,
            most_watts: f64::MAX,
            on: false,
            over_voltage: guard,
            over_current: guard,
            compares,
            tripped: Tripped::default(),
            bus: Bus::default(),
            exceeded_since: None,
            noise,
        }
    }

    pub(super) fn is_feeding(&self) -> bool {
        self.on && !self.tripped.any()
    }

    pub(super) fn drive(&self) -> Drive {
        Drive {
            on: self.is_feeding(),
            volts: Volts(self.volts),
            limit: Amperes(self.limit()),
        }
    }

    /// What is at the terminals with nothing of the plant there, but a resistor perhaps.
    pub(super) fn alone(&self, load_ohm: Option<f64>) -> Bus {
        if !self.is_feeding() {
            return Bus::default();
        }
        let asked = load_ohm.map_or(0.0, |ohm| self.volts / ohm);
        let limiting = asked > self.limit();
        let amps = asked.min(self.limit());
        let volts = match load_ohm {
            Some(ohm) if limiting => amps * ohm,
            _ => self.volts,
        };
        Bus {
            volts: Volts(volts),
            amps: Amperes(amps),
            limiting,
        }
    }

    pub(super) fn regulation(&self) -> Regulation {
        match (self.is_feeding(), self.bus.limiting) {
            (false, _) => Regulation::Off,
            (true, false) => Regulation::Voltage,
            (true, true) if self.limit() < self.amps => Regulation::Power,
            (true, true) => Regulation::Current,
        }
    }

    /// The current limit, or less where the power does not suffice for it.
    fn limit(&self) -> f64 {
        self.amps.min(self.most_watts / self.volts.max(1e-3))
    }

    /// Trips, if what guards it says so.
    pub(super) fn guard(&mut self, at: BenchTime) {
        let feeding = self.is_feeding();
        if feeding && self.over_voltage.armed && self.volts > self.over_voltage.level + 1e-9 {
            self.tripped.over_voltage = true;
        }
        let too_much = match self.compares {
            OverCurrent::Level => self.bus.amps.0 > self.over_current.level + 1e-9,
            OverCurrent::Limit => self.bus.limiting,
        };
        if !(feeding && self.over_current.armed && too_much) {
            self.exceeded_since = None;
            return;
        }
        let since = *self.exceeded_since.get_or_insert(at);
        if at.micros_since(since) >= self.delay_us() {
            self.tripped.over_current = true;
            self.exceeded_since = None;
        }
    }

    /// When it wants to be looked at next, if nobody tells it anything.
    pub(super) fn looks_at(&self, at: BenchTime) -> BenchTime {
        if !(self.is_feeding() && self.over_current.armed) {
            return BenchTime::MAX;
        }
        match self.exceeded_since {
            Some(since) => since.plus_micros(self.delay_us()).max(at.plus_micros(1)),
            None => at + STEP,
        }
    }

    /// Volts at the terminals, as it measures them.
    pub(super) fn measured_volts(&mut self, meter: &Meter) -> f64 {
        let volts = self.bus.volts.0;
        self.measured(volts, meter.volts_noise, meter.volts_step)
    }

    /// Amperes out of it, as it measures them.
    pub(super) fn measured_amps(&mut self, meter: &Meter) -> f64 {
        let amps = self.bus.amps.0;
        self.measured(amps, meter.amps_noise, meter.amps_step)
    }

    fn measured(&mut self, value: f64, noise: f64, step: f64) -> f64 {
        let steps = ((value + noise * self.noise.normal()) / step).round();
        // Nobody prints a negative zero.
        steps * step + 0.0
    }

    fn delay_us(&self) -> u64 {
        (self.over_current.delay * 1e6).round() as u64
    }
}
