//! One output of a simulator and its settings: what feeds the bus, what trips, what is measured.

use profiles::physics::array_curve::{ArrayPoints, CurveError};
use profiles::quantity::{Amperes, Volts};
use profiles::seed::Stream;
use profiles::time::BenchTime;

use crate::plant::{Bus, Curve, Drive};
use crate::scpi::message::Domain;
use crate::scpi::status::Group;

use super::list::List;
use super::words::{LEVELS, Level};
use super::{Traits, questionable};

/// Delay of the over-current protection after `*RST`, s.
const PROTECTION_DELAY: f64 = 0.02;

/// What makes the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A plain supply.
    Fixed,
    /// The curve through four points.
    Curve,
    /// A table of points.
    Table,
}

impl Mode {
    /// As programs spell them.
    pub(super) const WORDS: [&str; 3] = ["FIXed", "SAS", "TABLe"];

    pub(super) const fn from_index(index: usize) -> Mode {
        match index {
            0 => Mode::Fixed,
            1 => Mode::Curve,
            _ => Mode::Table,
        }
    }
}

/// What `*RST` resets, and `*SAV` saves.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) mode: Mode,
    pub(super) levels: [f64; LEVELS],
    /// Switched on, whether or not it is latched off.
    pub(super) on: bool,
    pub(super) over_current_trips: bool,
    /// Points of the converter's table: 256 or 4096.
    pub(super) fine: bool,
    pub(super) list: List,
    /// The table that is taken in table mode, by name and by points.
    pub(super) table: Option<(String, Vec<(f64, f64)>)>,
}

/// One output.
pub(super) struct Channel {
    pub(super) traits: &'static Traits,
    pub(super) settings: Settings,
    /// The curve in force; the levels hold what was told last, which may have been refused.
    pub(super) points: ArrayPoints,
    /// Whether this line told a point, and whether it told one that cannot be.
    pub(super) touched: Option<Touched>,
    /// Questionable conditions that keep the output off.
    pub(super) latched: u16,
    over_since: Option<BenchTime>,
    /// The bus as it was last seen.
    pub(super) bus: Bus,
    /// Whether triggered levels wait for their trigger.
    pub(super) armed: bool,
    /// How often another table was taken.
    pub(super) changes: u32,
    /// Questionable and operation conditions.
    pub(super) conditions: (u16, u16),
    /// What was measured last, V and A.
    pub(super) measured: (f64, f64),
    pub(super) questionable: Group,
    pub(super) operation: Group,
    noise: Stream,
}

/// What a line did to the curve's points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Touched {
    Told,
    Spoilt,
}

/// What a feed follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Cause {
    feeding: bool,
    mode: Mode,
    points: ArrayPoints,
    levels: [f64; 5],
    changes: u32,
}

/// What feeds the bus.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Feed {
    Supply(Drive),
    Curve(Curve),
}

impl Settings {
    pub(super) fn reset(traits: &Traits) -> Settings {
        let mut settings = Settings {
            mode: Mode::Fixed,
            levels: [0.0; LEVELS],
            on: false,
            over_current_trips: false,
            fine: true,
            list: List::default(),
            table: None,
        };
        for level in [
            Level::Amps,
            Level::OverVoltage,
            Level::OverCurrent,
            Level::Delay,
            Level::Scale,
            Level::Isc,
            Level::Imp,
            Level::Voc,
            Level::Vmp,
        ] {
            settings.levels[level as usize] = traits.domain(level).default;
        }
        settings
    }

    pub(super) fn level(&self, level: Level) -> f64 {
        self.levels[level as usize]
    }

    /// The four points as they were told last.
    pub(super) fn points(&self) -> ArrayPoints {
        ArrayPoints {
            isc: Amperes(self.level(Level::Isc)),
            imp: Amperes(self.level(Level::Imp)),
            voc: Volts(self.level(Level::Voc)),
            vmp: Volts(self.level(Level::Vmp)),
        }
    }

    pub(super) fn set_points(&mut self, points: ArrayPoints) {
        self.levels[Level::Isc as usize] = points.isc.0;
        self.levels[Level::Imp as usize] = points.imp.0;
        self.levels[Level::Voc as usize] = points.voc.0;
        self.levels[Level::Vmp as usize] = points.vmp.0;
    }
}

impl Traits {
    /// What a level may be. After `*RST` a curve is a hundredth of the ratings, with its knee at
    /// four fifths of them.
    pub(super) fn domain(&self, level: Level) -> Domain {
        let domain = |unit, min, max, default| Domain {
            unit,
            min,
            max,
            default,
        };
        let (volts, amps) = (self.max_voc, self.max_amps);
        match level {
            Level::Volts | Level::VoltsTriggered => domain("V", 0.0, self.max_volts, 0.0),
            Level::Amps | Level::AmpsTriggered | Level::Isc => domain("A", 0.0, amps, 0.01 * amps),
            Level::OverVoltage => domain("V", 0.0, self.max_protection, self.max_protection),
            Level::OverCurrent => domain("A", 0.0, self.max_over_current, self.max_over_current),
            Level::Delay => domain("S", 0.0, 32.767, PROTECTION_DELAY),
            Level::Imp => domain("A", 0.0, amps, 0.008 * amps),
            Level::Voc => domain("V", 0.0, volts, 0.01 * volts),
            Level::Vmp => domain("V", 0.0, volts, 0.008 * volts),
            Level::Scale => domain("PCT", 1.0, 100.0, 100.0),
            Level::VoltsOffset => domain("V", 0.0, volts, 0.0),
            Level::AmpsOffset => domain("A", 0.0, amps, 0.0),
        }
    }

    /// Whether four points are a curve that the output can make.
    ///
    /// # Errors
    /// The number of the error.
    pub(super) fn check(&self, points: &ArrayPoints) -> Result<(), i16> {
        let curve = points.curve().map_err(|error| match error {
            CurveError::VmpNotBelowVoc => self.number(320),
            CurveError::ImpAboveIsc => self.number(321),
            CurveError::NotPositive | CurveError::KneeTooSmall => self.number(322),
        })?;
        // The guide's limits are on the product of the knee's two values.
        if points.knee_watts().0 > self.max_watts {
            return Err(self.over_rating());
        }
        if curve.least_slope_ohm() < self.least_ohm - 1e-9 {
            return Err(self.number(322));
        }
        Ok(())
    }
}

impl Channel {
    pub(super) fn new(traits: &'static Traits, noise: Stream) -> Channel {
        let settings = Settings::reset(traits);
        Channel {
            traits,
            points: settings.points(),
            settings,
            touched: None,
            latched: 0,
            over_since: None,
            bus: Bus::default(),
            armed: false,
            changes: 0,
            conditions: (0, 0),
            measured: (0.0, 0.0),
            questionable: Group::default(),
            operation: Group::default(),
            noise,
        }
    }

    /// Takes other settings, as `*RST` and `*RCL` do.
    pub(super) fn take(&mut self, settings: Settings) {
        self.points = settings.points();
        self.settings = settings;
        self.touched = None;
    }

    pub(super) fn is_feeding(&self) -> bool {
        self.settings.on && self.latched == 0
    }

    /// The end of a line: all of the points that it told are taken, or none.
    ///
    /// # Errors
    /// The number of the error; the last curve stays in force.
    pub(super) fn end_line(&mut self) -> Result<(), i16> {
        let outcome = match self.touched.take() {
            None => return Ok(()),
            // What was wrong with it is told already.
            Some(Touched::Spoilt) => Ok(()),
            Some(Touched::Told) => {
                let points = self.settings.points();
                let checked = self.traits.check(&points);
                if checked.is_ok() {
                    self.points = points;
                }
                checked
            }
        };
        self.settings.set_points(self.points);
        outcome
    }

    /// The four points in force: a list's while one runs.
    fn points_now(&self) -> ArrayPoints {
        self.settings.list.now().unwrap_or(self.points)
    }

    /// What the feed follows from, cheap to compare.
    pub(super) fn cause(&self) -> Cause {
        let level = |level| self.settings.level(level);
        Cause {
            feeding: self.is_feeding(),
            mode: self.settings.mode,
            points: self.points_now(),
            levels: [
                level(Level::Volts),
                level(Level::Amps),
                level(Level::Scale),
                level(Level::VoltsOffset),
                level(Level::AmpsOffset),
            ],
            changes: self.changes,
        }
    }

    /// What feeds the bus.
    pub(super) fn feed(&self) -> Feed {
        let off = Feed::Supply(Drive::default());
        if !self.is_feeding() {
            return off;
        }
        let share = self.settings.level(Level::Scale) / 100.0;
        match self.settings.mode {
            Mode::Fixed => Feed::Supply(Drive {
                on: true,
                volts: Volts(self.settings.level(Level::Volts)),
                limit: Amperes(self.settings.level(Level::Amps)),
            }),
            Mode::Curve => match self.points_now().scaled(share).curve() {
                Ok(curve) => Feed::Curve(Curve::four_points(&curve)),
                Err(_) => off,
            },
            Mode::Table => match &self.settings.table {
                Some((_, points)) => {
                    let volts = self.settings.level(Level::VoltsOffset);
                    let amps = self.settings.level(Level::AmpsOffset);
                    let offset = points.iter().map(|point| {
                        // Offsets shift the whole curve down and to the left.
                        (point.0 - volts, ((point.1 - amps) * share).max(0.0))
                    });
                    let points: Vec<(f64, f64)> = offset.filter(|point| point.0 >= 0.0).collect();
                    Feed::Curve(Curve::table(&points))
                }
                None => off,
            },
        }
    }

    /// Looks at the bus at `at`: trips on over-voltage at once, and on over-current after its
    /// delay.
    pub(super) fn guard(&mut self, at: BenchTime) {
        if !self.is_feeding() {
            self.over_since = None;
            return;
        }
        let protection = self.settings.level(Level::OverVoltage);
        let told = match self.settings.mode {
            Mode::Fixed => self.settings.level(Level::Volts),
            Mode::Curve | Mode::Table => 0.0,
        };
        if self.bus.volts.0.max(told) > protection {
            self.latched |= questionable::OVER_VOLTAGE;
        }
        let over = self.settings.over_current_trips
            && self.bus.amps.0 > self.settings.level(Level::OverCurrent);
        if !over {
            self.over_since = None;
            return;
        }
        let since = *self.over_since.get_or_insert(at);
        let delay = (self.settings.level(Level::Delay) * 1e6) as u64;
        if at.micros_since(since) >= delay {
            self.latched |= questionable::OVER_CURRENT;
        }
    }

    /// Brings the conditions up to date.
    pub(super) fn settle_status(&mut self) {
        let bits = self.traits.dialect.operation();
        // On a curve the output is a current source up to the knee, a voltage source beyond.
        let current = match self.settings.mode {
            Mode::Fixed | Mode::Table => self.bus.limiting,
            Mode::Curve => self.bus.volts < self.points_now().vmp,
        };
        let mode = match (self.is_feeding(), current) {
            (false, _) => bits.off,
            (true, true) => bits.current,
            (true, false) => bits.voltage,
        };
        let list = &self.settings.list;
        let waiting = if list.is_waiting() { bits.waiting } else { 0 };
        let running = if list.is_running() { bits.running } else { 0 };
        self.conditions = (self.latched, mode | waiting | running);
        self.questionable.set_condition(self.conditions.0);
        self.operation.set_condition(self.conditions.1);
    }

    /// Measures volts and amperes at once, with noise, in steps of the converter.
    pub(super) fn measure(&mut self) {
        let (volts, amps) = (self.traits.volts_step, self.traits.amps_step);
        let mut step = |value: f64, step: f64| {
            let noisy = value + 0.1 * step * self.noise.normal();
            (noisy / step).round() * step
        };
        self.measured = (step(self.bus.volts.0, volts), step(self.bus.amps.0, amps));
    }
}
