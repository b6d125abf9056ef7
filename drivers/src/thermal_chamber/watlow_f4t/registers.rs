//! The registers of an F4T: what reading and writing one does. Every parameter has two registers,
//! of which whole numbers use the first; names have one for each character.

use profiles::time::BenchTime;
use rmodbus::ErrorKind;

use super::alarm::{self, ALARMS, Alarm};
use super::profile::{self, NAME, PROFILES, Profile};
use super::{Order, PART_NUMBER, REACH, register, word};
use crate::modbus::exception::ILLEGAL_ADDRESS;
use crate::thermal_chamber::calendar::Calendar;
use crate::thermal_chamber::program::Player;

/// Outputs of profiles 1 to 8.
pub(super) const EVENTS: [u16; 8] = [
    16_594, 16_596, 16_598, 16_600, 16_822, 16_824, 16_826, 16_828,
];
/// States of the four function keys; each is pressed six registers further.
pub(super) const KEYS: [u16; 4] = [6_844, 6_864, 6_884, 6_904];
pub(super) const PRESS: u16 = 6;
/// Hour, minute, second, month, day and year.
pub(super) const CLOCK: [u16; 6] = [14_664, 14_666, 14_668, 14_670, 14_672, 14_674];
/// Names of profiles, for the list.
const NAMES: u16 = 16_886;
/// Count of profiles, and their numbers.
const LIST: u16 = 48_000;
/// The message for the home page and three more, each with a word that shows it.
pub(super) const MESSAGES: u16 = 37_546;
/// Output 1 of module 1: the chamber runs.
const RUNNING_OUTPUT: u16 = 33_718;
/// The sensor itself, on the first module.
const INPUT: u16 = 27_586;

/// What a controller remembers.
#[derive(Clone, Debug)]
pub(super) struct Registers {
    pub(super) order: Order,
    pub(super) part_number: Vec<u16>,
    pub(super) serial: u32,
    pub(super) alarms: [Alarm; ALARMS],
    pub(super) now: BenchTime,
    /// What the sensor says, °C; `None` with a broken wire.
    pub(super) air: Option<f32>,
    /// Whether the contactor of heaters and compressor is closed. Key 1 toggles it.
    pub(super) is_powered: bool,
    pub(super) mode: u16,
    pub(super) set_point: f32,
    pub(super) limits: [f32; 2],
    pub(super) manual_power: f32,
    pub(super) ramp_action: u16,
    pub(super) ramp_scale: u16,
    pub(super) ramp_rate: f32,
    pub(super) events: [u16; 8],
    pub(super) keys: [u16; 4],
    pub(super) calendar: Calendar,
    pub(super) messages: Vec<u16>,
    /// A ramp or a profile.
    pub(super) player: Option<Player>,
    /// The profile that runs, counted from 0.
    pub(super) running: Option<usize>,
    pub(super) to_start: [u16; 2],
    pub(super) edited: usize,
    pub(super) profiles: Vec<Profile>,
}

impl Registers {
    pub(super) fn new(order: Order, part_number: Option<&str>, serial: u32) -> Registers {
        let part_number = part_number.unwrap_or(PART_NUMBER);
        let mut part_number: Vec<u16> = part_number.bytes().map(u16::from).collect();
        part_number.resize(16, 0);
        Registers {
            order,
            part_number,
            serial,
            alarms: [Alarm::default(); ALARMS],
            now: BenchTime::ZERO,
            air: Some(23.0),
            is_powered: true,
            mode: word::AUTO,
            set_point: 23.0,
            limits: REACH.map(|celsius| celsius as f32),
            manual_power: 0.0,
            ramp_action: word::OFF,
            ramp_scale: word::MINUTES,
            ramp_rate: 5.0,
            events: [word::OFF; 8],
            keys: [word::OFF; 4],
            calendar: Calendar::default(),
            messages: vec![0; 640],
            player: None,
            running: None,
            to_start: [1, 1],
            edited: 0,
            profiles: vec![Profile::default(); PROFILES],
        }
    }

    pub(super) fn read_all(&self, first: u16, words: &mut [u16]) -> Result<(), ErrorKind> {
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
        let before = self.clone();
        let mut register = first;
        let mut rest = words;
        let outcome = loop {
            let taken = match self.write(register, rest) {
                Ok(taken) => taken,
                Err(error) => break Err(error),
            };
            rest = &rest[taken..];
            if rest.is_empty() {
                break Ok(());
            }
            match register.checked_add(taken as u16) {
                Some(next) => register = next,
                None => break Err(ILLEGAL_ADDRESS),
            }
        };
        if outcome.is_err() {
            *self = before;
        }
        outcome
    }

    fn read(&self, register: u16) -> Option<u16> {
        let first = register & !1;
        if let Some(float) = self.float(first) {
            return Some(self.order.words(float)[usize::from(register & 1)]);
        }
        if let Some(whole) = self.whole(first) {
            return Some(self.order.words(f32::from_bits(whole))[usize::from(register & 1)]);
        }
        if let Some(character) = self.character(register) {
            return Some(character);
        }
        let number = self.number(first)?;
        Some(if register == first { number } else { 0 })
    }

    pub(super) fn float(&self, register: u16) -> Option<f32> {
        Some(match register {
            register::LOW_LIMIT => self.limits[0],
            register::HIGH_LIMIT => self.limits[1],
            register::SET_POINT => self.set_point,
            register::MANUAL_POWER => self.manual_power,
            register::RAMP_RATE => self.ramp_rate,
            register::POWER => self.power(),
            register::CLOSED_LOOP => self.closed_loop(),
            // Assumed: no value is told as none.
            register::AIR | INPUT => self.air.unwrap_or(f32::NAN),
            _ => {
                let (alarm, offset) = alarm::place(register)?;
                return self.alarms[alarm].float(offset);
            }
        })
    }

    /// Whole numbers of 32 bits: hardware, versions of the software, serial number, date.
    fn whole(&self, register: u16) -> Option<u32> {
        Some(match register {
            0 => 124,
            register::SOFTWARE => 5,
            6 => 0,
            8 => 1,
            register::SERIAL => self.serial,
            14 => 24_001,
            _ => return None,
        })
    }

    /// Registers that stand for themselves: names, messages and the editor.
    fn character(&self, register: u16) -> Option<u16> {
        if profile::is_editor(register) {
            return Some(self.profiles[self.edited].read(register));
        }
        let within = |first: u16, count: usize| {
            let index = usize::from(register.checked_sub(first)?);
            (index < count).then_some(index)
        };
        if let Some(index) = within(register::PART_NUMBER, self.part_number.len()) {
            return Some(self.part_number[index]);
        }
        if let Some(index) = within(MESSAGES, self.messages.len()) {
            return Some(self.messages[index]);
        }
        let index = within(NAMES, PROFILES * 40)?;
        let (number, character) = (index / 40, (index % 40) as u16);
        if character >= NAME {
            return Some(0);
        }
        Some(self.profiles[number].read(register::EDITED_NAME + character))
    }

    fn number(&self, register: u16) -> Option<u16> {
        let playing = self.player.as_ref().filter(|_| self.running.is_some());
        let left = playing.map_or(0, |player| player.seconds_left().round() as u32);
        let to_come = playing.map_or(0, |player| player.seconds_to_come().round() as u32);
        Some(match register {
            register::MODE => self.mode,
            register::ACTIVE_MODE => self.active_mode(),
            register::RAMP_ACTION => self.ramp_action,
            register::RAMP_SCALE => self.ramp_scale,
            register::PROFILE => self.to_start[0],
            register::STEP => self.to_start[1],
            register::START | register::RESUME | register::STOP => word::NONE,
            register::STATE => match playing {
                Some(player) if player.is_held() => word::PAUSE,
                Some(_) => word::RUNNING,
                None => word::NONE,
            },
            register::RUNNING_PROFILE => self.running.map_or(0, |number| number as u16 + 1),
            register::RUNNING_STEP => playing.map_or(0, |player| player.leg() as u16 + 1),
            // Minutes and hours of the profile, then seconds, minutes and hours of its step.
            16_570 => (to_come / 60 % 60) as u16,
            16_572 => (to_come / 3_600) as u16,
            16_622 => (left % 60) as u16,
            16_624 => (left / 60 % 60) as u16,
            16_626 => (left / 3_600) as u16,
            register::EDITED => self.edited as u16 + 1,
            register::EDIT => word::NONE,
            register::EDITED_STEPS => self.profiles[self.edited].steps(),
            // What the first loop is in profiles, and in which unit it is shown.
            16_536 => word::TEMPERATURE,
            14_080 | 6_730 | 1_328 => word::CELSIUS,
            // The device is well, on 50 Hz.
            90 => word::OK,
            94 => word::FIFTY_HERTZ,
            RUNNING_OUTPUT if self.is_powered => word::ON,
            RUNNING_OUTPUT => word::OFF,
            // The limit controller on module 5: its state, its error, its status.
            11_490 if self.air.is_none() => word::ERROR,
            11_490 => word::SAFE,
            11_528 => word::NONE,
            11_504 => word::OK,
            LIST.. => self.listed((register - LIST) / 2)?,
            _ => return self.other_number(register),
        })
    }

    fn other_number(&self, register: u16) -> Option<u16> {
        if let Some(index) = EVENTS.iter().position(|&event| event == register) {
            return Some(self.events[index]);
        }
        if let Some(index) = KEYS.iter().position(|&key| key == register) {
            return Some(self.keys[index]);
        }
        if KEYS.iter().any(|key| key + PRESS == register) {
            return Some(word::UP);
        }
        if let Some(index) = CLOCK.iter().position(|&part| part == register) {
            let now = self.calendar.now(self.now);
            let parts = [
                now.hour, now.minute, now.second, now.month, now.day, now.year,
            ];
            return Some(parts[index] as u16);
        }
        let (alarm, offset) = alarm::place(register)?;
        self.alarms[alarm].number(offset)
    }

    /// The list of profiles: how many there are, then their numbers.
    fn listed(&self, index: u16) -> Option<u16> {
        let there = |&number: &usize| self.profiles[number].is_there();
        let mut numbers = (0..PROFILES).filter(there);
        match index {
            0 => Some(numbers.count() as u16),
            1..=40 => Some(
                numbers
                    .nth(usize::from(index) - 1)
                    .map_or(0, |n| n as u16 + 1),
            ),
            _ => None,
        }
    }
}
