//! The registers of an F4. Temperatures are kept in tenths of a degree, whatever the register
//! shows.

use profiles::time::BenchTime;
use rmodbus::ErrorKind;

use super::alarm::{ALARMS, Alarm};
use super::profile::{NAME, PROFILES, Profiles};
use super::{HIGHEST, LOWEST, register};
use crate::modbus::exception::{ILLEGAL_ADDRESS, ILLEGAL_VALUE};
use crate::thermal_chamber::calendar::{Calendar, Moment};
use crate::thermal_chamber::program::Player;

/// Digital outputs.
pub(super) const EVENTS: usize = 8;
/// What a controller remembers.
#[derive(Clone, Debug)]
pub(super) struct Registers {
    pub(super) model: u16,
    pub(super) now: BenchTime,
    /// What the sensor says, °C; `None` with a broken wire.
    pub(super) air: Option<f64>,
    pub(super) set_points: [i16; 2],
    /// Lowest and highest set point 1.
    pub(super) limits: [i16; 2],
    pub(super) decimals: u16,
    pub(super) events: [u16; EVENTS],
    pub(super) alarms: [Alarm; 2],
    pub(super) calendar: Calendar,
    pub(super) profiles: Profiles,
    pub(super) player: Option<Player>,
    /// The profile that runs, from 1.
    pub(super) running: u16,
    /// Whether a profile has switched the outputs off, until a set point is told.
    pub(super) is_off: bool,
}

impl Registers {
    pub(super) fn new(model: u16) -> Registers {
        let alarm = Alarm {
            kind: 0,
            limits: [(LOWEST * 10.0) as i16, (HIGHEST * 10.0) as i16],
            hysteresis: 10,
            latches: 0,
            status: 0,
        };
        Registers {
            model,
            now: BenchTime::ZERO,
            air: Some(23.0),
            set_points: [230, 230],
            limits: alarm.limits,
            decimals: 1,
            events: [0; EVENTS],
            alarms: [alarm; 2],
            calendar: Calendar::default(),
            profiles: Profiles::new(),
            player: None,
            running: 0,
            is_off: false,
        }
    }

    /// Moves profiles and alarms on.
    pub(super) fn advance(&mut self) {
        if let Some(player) = &mut self.player {
            let before = player.leg();
            let air = self.air.unwrap_or(23.0);
            let plays = player.advance(self.now, air);
            let (leg, set_point) = (player.leg(), player.set_point());
            if leg != before {
                self.apply_events(leg);
            }
            if !plays {
                self.end(self.profiles.end(self.running), set_point);
            }
        }
        let (air, set_point) = (self.measured(), self.in_force());
        for alarm in &mut self.alarms {
            alarm.watch(air, set_point);
        }
    }

    /// Whether something moves by itself.
    pub(super) fn moves(&self) -> bool {
        self.player.is_some() || self.alarms.iter().any(|alarm| alarm.kind > 0)
    }

    /// Where the air is driven to, °C; `None`: nowhere.
    pub(super) fn target(&self) -> Option<f64> {
        let is_on = !self.is_off && self.air.is_some();
        is_on.then(|| f64::from(self.in_force()) / 10.0)
    }

    pub(super) fn read_all(&mut self, first: u16, words: &mut [u16]) -> Result<(), ErrorKind> {
        // Beyond the last register that an address can name there is none.
        let registers = (first..=u16::MAX).map(Some).chain(std::iter::repeat(None));
        for (register, word) in registers.zip(words) {
            *word = register
                .and_then(|register| self.read(register))
                .ok_or(ILLEGAL_ADDRESS)?;
        }
        Ok(())
    }

    /// All of them, or none.
    pub(super) fn write_all(&mut self, first: u16, words: &[u16]) -> Result<(), ErrorKind> {
        // Limits that are written together need not be in order until both are there.
        if let (register::LOW_LIMIT, &[low, high]) = (first, words) {
            return self.set_limits([self.tenths(low), self.tenths(high)]);
        }
        if let (CLOCK, &[hour, minute, second, month, day, year]) = (first, words) {
            let [hour, minute, second] = [hour, minute, second].map(i64::from);
            let [month, day, year] = [month, day, year].map(i64::from);
            let moment = Moment {
                year,
                month,
                day,
                hour,
                minute,
                second,
            };
            let is_set = self.calendar.set(self.now, moment);
            return is_set.then_some(()).ok_or(ILLEGAL_VALUE);
        }
        let before = (words.len() > 1).then(|| self.clone());
        let registers = (first..=u16::MAX).map(Some).chain(std::iter::repeat(None));
        let outcome = registers.zip(words).try_for_each(|(register, &word)| {
            let register = register.ok_or(ILLEGAL_ADDRESS)?;
            self.write(register, word)
        });
        if let (Err(_), Some(before)) = (outcome, before) {
            *self = before;
        }
        outcome
    }

    fn read(&mut self, register: u16) -> Option<u16> {
        let value = match register {
            register::MODEL => self.model,
            register::AIR => self.shown(self.measured()),
            register::INPUT_ERROR => u16::from(self.air.is_none()),
            // Inputs 2 and 3 are not fitted; nothing is at the digital inputs, and none is used.
            104 | 105 | 108 | 109 | 201 | 213 | 225 | 237 | 1_060..=1_067 => 0,
            register::MODE => match &self.player {
                None => 0,
                Some(player) if player.is_held() => 3,
                Some(_) => 2,
            },
            register::HEAT => self.effort(1.0),
            register::COOL => self.effort(-1.0),
            register::SET_POINT => self.shown(self.set_points[0]),
            register::SET_POINT_2 => self.shown(self.set_points[1]),
            register::LOW_LIMIT => self.shown(self.limits[0]),
            register::HIGH_LIMIT => self.shown(self.limits[1]),
            register::DECIMALS => self.decimals,
            // An RTD, and °C.
            register::SENSOR | register::UNITS => 1,
            // The input is a temperature.
            608 => 0,
            1_218 => self.profiles.free()[0],
            1_219 => self.profiles.free()[1],
            CLOCK..=1_921 => {
                let now = self.calendar.now(self.now);
                let parts = [
                    now.hour, now.minute, now.second, now.month, now.day, now.year,
                ];
                parts[usize::from(register - CLOCK)] as u16
            }
            NAMES..=3_899 => *self.profiles.name(usize::from(register - NAMES))?,
            register::PROFILE => self.profiles.selected[0],
            register::STEP => self.profiles.selected[1],
            register::ACTION => 0,
            _ if Profiles::is_step(register) => self.profiles.read(register),
            4_100..=4_128 => self.progress(register),
            _ => match self.alarm(register) {
                Some(value) => value,
                None => self.events[event(register)?],
            },
        };
        Some(value)
    }

    /// What the profile that runs does.
    fn progress(&self, register: u16) -> u16 {
        let Some(player) = &self.player else {
            return 0;
        };
        let left = player.seconds_left().round() as u32;
        match register {
            4_100 | 4_127 => self.running,
            4_101 => player.leg() as u16 + 1,
            4_119 => (left / 3_600) as u16,
            4_120 => (left / 60 % 60) as u16,
            4_121 => (left % 60) as u16,
            4_122 => self.shown(self.in_force()),
            4_126 => player.returned() as u16,
            4_128 => player.last_return().map_or(0, |step| step as u16 + 1),
            _ => 0,
        }
    }

    fn alarm(&self, register: u16) -> Option<u16> {
        ALARMS.iter().zip(&self.alarms).find_map(|(at, alarm)| {
            let [low, high] = alarm.limits;
            Some(match register.checked_sub(at.kind) {
                Some(0) => alarm.kind,
                Some(1) => self.shown(alarm.hysteresis),
                Some(2) => alarm.latches,
                _ if register == at.status => alarm.status,
                _ if register == at.low => self.shown(low),
                _ if register == at.low + 1 => self.shown(high),
                _ => return None,
            })
        })
    }

    fn write(&mut self, register: u16, word: u16) -> Result<(), ErrorKind> {
        let value = self.tenths(word);
        let check = |fits: bool| fits.then_some(()).ok_or(ILLEGAL_VALUE);
        match register {
            register::SET_POINT => {
                check((self.limits[0]..=self.limits[1]).contains(&value))?;
                self.set_points[0] = value;
                self.is_off = false;
            }
            register::SET_POINT_2 => self.set_points[1] = value,
            register::LOW_LIMIT => return self.set_limits([value, self.limits[1]]),
            register::HIGH_LIMIT => return self.set_limits([self.limits[0], value]),
            register::DECIMALS => {
                check(word <= 1)?;
                self.decimals = word;
            }
            register::SAVE => check(word == 0)?,
            register::RESUME | register::HOLD | register::TERMINATE => {
                check(word == 1)?;
                self.conduct(register);
            }
            register::UNITS | register::CLEAR_ERRORS | register::SILENCE_ALARMS => {
                check(word == 1)?;
            }
            register::CLEAR_ALARMS => {
                check(word == 1)?;
                self.alarms.iter_mut().for_each(|alarm| alarm.status = 0);
            }
            NAMES..=3_899 => {
                check((32..127).contains(&word))?;
                let character = self.profiles.name(usize::from(register - NAMES));
                *character.ok_or(ILLEGAL_ADDRESS)? = word;
            }
            register::PROFILE => {
                check((1..=PROFILES as u16).contains(&word))?;
                self.profiles.selected[0] = word;
            }
            register::STEP => {
                check((1..=256).contains(&word))?;
                self.profiles.selected[1] = word;
            }
            register::ACTION => return self.act(word),
            _ if Profiles::is_step(register) => check(self.profiles.write(register, word))?,
            _ => return self.write_other(register, word),
        }
        Ok(())
    }

    fn write_other(&mut self, register: u16, word: u16) -> Result<(), ErrorKind> {
        let value = self.tenths(word);
        let check = |fits: bool| fits.then_some(()).ok_or(ILLEGAL_VALUE);
        for (at, alarm) in ALARMS.iter().zip(&mut self.alarms) {
            match register.checked_sub(at.kind) {
                Some(0) => {
                    check(word <= 2)?;
                    (alarm.kind, alarm.status) = (word, 0);
                    return Ok(());
                }
                Some(1) => {
                    check(value > 0)?;
                    alarm.hysteresis = value;
                    return Ok(());
                }
                Some(2) => {
                    check(word <= 1)?;
                    alarm.latches = word;
                    return Ok(());
                }
                _ => {}
            }
            if let Some(side @ 0..=1) = register.checked_sub(at.low) {
                alarm.limits[usize::from(side)] = value;
                return Ok(());
            }
        }
        let event = event(register).ok_or(ILLEGAL_ADDRESS)?;
        check(word <= 1)?;
        self.events[event] = word;
        Ok(())
    }
}

/// First register of the clock: hour, minute, second, month, day, year.
const CLOCK: u16 = 1_916;
/// First character of the first profile's name.
const NAMES: u16 = 3_500;
const _: () = assert!(NAMES as usize + PROFILES * NAME == 3_900, "names end there");

/// Which digital output a register is.
fn event(register: u16) -> Option<usize> {
    let offset = register.checked_sub(register::EVENT)?;
    let index = usize::from(offset / 10);
    (offset % 10 == 0 && index < EVENTS).then_some(index)
}
