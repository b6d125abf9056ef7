//! An F4 as a state machine: registers, and the air that it conditions.

use profiles::command::Fault;
use profiles::quantity::Celsius;
use profiles::seed::Stream;
use profiles::time::BenchTime;
use rmodbus::ErrorKind;

use super::{HIGHEST, LOWEST, register};
use crate::emulator::{Emulator, Outbox};
use crate::modbus::exception::{ILLEGAL_ADDRESS, ILLEGAL_VALUE};
use crate::modbus::responder::{Access, Responder};
use crate::model::EmulatorSetup;
use crate::plant::{AirId, Place, Plant};

/// Noise of the sensor, rms, K.
const NOISE: f64 = 0.02;
/// Deviation at which an output is fully on, K.
const PROPORTIONAL_BAND: f64 = 5.0;
/// Digital outputs.
const EVENTS: usize = 8;

/// A controller and its chamber.
pub(super) struct Chamber {
    responder: Responder,
    registers: Registers,
    place: Option<AirId>,
    latency_us: u64,
    muted_until: BenchTime,
}

impl Chamber {
    pub(super) fn new(setup: &EmulatorSetup) -> Chamber {
        let options = &setup.options;
        let latency = options.number("latency").unwrap_or(0.008);
        Chamber {
            responder: Responder::new(options.number("address").unwrap_or(1.0) as u8),
            registers: Registers {
                // Assumed for the single-channel ramping F4; the manual at hand has no list.
                model: options.number("model_number").unwrap_or(5_270.0) as u16,
                air: Celsius(23.0),
                set_points: [230, 230],
                limits: [(LOWEST * 10.0) as i16, (HIGHEST * 10.0) as i16],
                decimals: 1,
                events: [0; EVENTS],
                noise: setup.seed.stream(setup.device.as_str(), "noise"),
            },
            place: match setup.place {
                Place::Air(air) => Some(air),
                Place::Bus(_) | Place::Board(_) => None,
            },
            latency_us: (latency * 1e6).round() as u64,
            muted_until: BenchTime::ZERO,
        }
    }
}

impl Emulator for Chamber {
    fn receive(&mut self, at: BenchTime, chunk: &[u8], plant: &mut Plant, out: &mut Outbox) {
        if at < self.muted_until {
            return;
        }
        let registers = &mut self.registers;
        if let Some(air) = self.place {
            registers.air = plant.air(air);
        }
        let answers = self
            .responder
            .receive(at, chunk, |access| registers.access(access));
        if let Some(air) = self.place {
            let target = f64::from(registers.set_points[0]) / 10.0;
            plant.condition(air, Some(Celsius(target)));
        }
        for answer in answers {
            out.send_at(at.plus_micros(self.latency_us), answer);
        }
    }

    fn next_action(&self) -> BenchTime {
        BenchTime::MAX
    }

    fn act(&mut self, _at: BenchTime, _plant: &mut Plant, _out: &mut Outbox) {}

    fn inject(&mut self, at: BenchTime, fault: &Fault, _plant: &mut Plant) {
        match fault {
            Fault::Mute { millis } => {
                self.muted_until = at.plus_micros(u64::from(*millis) * 1_000);
                self.responder.forget();
            }
            Fault::BitFlip { .. } | Fault::OverVoltageTrip | Fault::Reset => {}
        }
    }
}

/// The registers. Temperatures are kept in tenths of a degree, whatever the register shows.
struct Registers {
    model: u16,
    air: Celsius,
    set_points: [i16; 2],
    /// Lowest and highest set point 1.
    limits: [i16; 2],
    decimals: u16,
    events: [u16; EVENTS],
    noise: Stream,
}

impl Registers {
    fn access(&mut self, access: Access<'_>) -> Result<(), ErrorKind> {
        match access {
            Access::Read(first, words) => {
                // Beyond the last register that an address can name there is none.
                let registers = (first..=u16::MAX).map(Some).chain(std::iter::repeat(None));
                for (register, word) in registers.zip(words) {
                    *word = register
                        .and_then(|register| self.read(register))
                        .ok_or(ILLEGAL_ADDRESS)?;
                }
                Ok(())
            }
            // Limits are written together or one by one; together they need not be in order until
            // both are there.
            Access::Write(register::LOW_LIMIT, &[low, high]) => {
                self.set_limits([self.tenths(low), self.tenths(high)])
            }
            Access::Write(register, &[word]) => self.write(register, word),
            Access::Write(..) => Err(ILLEGAL_ADDRESS),
        }
    }

    fn read(&mut self, register: u16) -> Option<u16> {
        let value = match register {
            register::MODEL => self.model,
            register::AIR => {
                let celsius = self.air.0 + NOISE * self.noise.normal();
                self.shown((celsius * 10.0).round() as i16)
            }
            // Inputs 2 and 3 are not fitted, and no profile ever runs.
            104 | 108 | register::MODE => 0,
            register::HEAT => self.effort(1.0),
            register::COOL => self.effort(-1.0),
            register::SET_POINT => self.shown(self.set_points[0]),
            register::SET_POINT_2 => self.shown(self.set_points[1]),
            register::LOW_LIMIT => self.shown(self.limits[0]),
            register::HIGH_LIMIT => self.shown(self.limits[1]),
            register::DECIMALS => self.decimals,
            // An RTD, and °C.
            register::SENSOR | register::UNITS => 1,
            _ => self.events[event(register)?],
        };
        Some(value)
    }

    fn write(&mut self, register: u16, word: u16) -> Result<(), ErrorKind> {
        let value = self.tenths(word);
        match register {
            register::SET_POINT => {
                if !(self.limits[0]..=self.limits[1]).contains(&value) {
                    return Err(ILLEGAL_VALUE);
                }
                self.set_points[0] = value;
            }
            register::SET_POINT_2 => self.set_points[1] = value,
            register::LOW_LIMIT => return self.set_limits([value, self.limits[1]]),
            register::HIGH_LIMIT => return self.set_limits([self.limits[0], value]),
            register::DECIMALS if word <= 1 => self.decimals = word,
            register::SAVE if word == 0 => {}
            register::UNITS | register::RESUME | register::HOLD | register::TERMINATE
                if word == 1 => {}
            register::DECIMALS
            | register::SAVE
            | register::UNITS
            | register::RESUME
            | register::HOLD
            | register::TERMINATE => return Err(ILLEGAL_VALUE),
            _ => {
                let event = event(register).ok_or(ILLEGAL_ADDRESS)?;
                if word > 1 {
                    return Err(ILLEGAL_VALUE);
                }
                self.events[event] = word;
            }
        }
        Ok(())
    }

    /// New limits take the set point along.
    fn set_limits(&mut self, limits: [i16; 2]) -> Result<(), ErrorKind> {
        let [low, high] = limits;
        let reach = (LOWEST * 10.0) as i16..=(HIGHEST * 10.0) as i16;
        if low > high || !reach.contains(&low) || !reach.contains(&high) {
            return Err(ILLEGAL_VALUE);
        }
        self.limits = limits;
        self.set_points[0] = self.set_points[0].clamp(low, high);
        Ok(())
    }

    /// Tenths of a degree as the registers show them.
    fn shown(&self, tenths: i16) -> u16 {
        let shown = if self.decimals == 0 {
            (f64::from(tenths) / 10.0).round() as i16
        } else {
            tenths
        };
        shown.cast_unsigned()
    }

    /// Tenths of a degree of what was written to a register.
    fn tenths(&self, word: u16) -> i16 {
        let factor = if self.decimals == 0 { 10 } else { 1 };
        word.cast_signed().saturating_mul(factor)
    }

    /// Output of the controller towards one side, in hundredths of a percent.
    fn effort(&self, side: f64) -> u16 {
        let deviation = f64::from(self.set_points[0]) / 10.0 - self.air.0;
        ((side * deviation / PROPORTIONAL_BAND).clamp(0.0, 1.0) * 10_000.0).round() as u16
    }
}

/// Which digital output a register is.
fn event(register: u16) -> Option<usize> {
    let offset = register.checked_sub(register::EVENT)?;
    let index = usize::from(offset / 10);
    (offset % 10 == 0 && index < EVENTS).then_some(index)
}
