//! What writing a register of an F4T does, and what is refused.

use rmodbus::ErrorKind;

use super::alarm;
use super::profile::{self, Profile};
use super::registers::{CLOCK, EVENTS, KEYS, MESSAGES, PRESS, Registers};
use super::{REACH, register, word};
use crate::modbus::exception::{ILLEGAL_ADDRESS, ILLEGAL_VALUE};
use crate::thermal_chamber::calendar::Moment;

impl Registers {
    /// Writes the first of `words` and gives how many of them that took.
    pub(super) fn write(&mut self, register: u16, words: &[u16]) -> Result<usize, ErrorKind> {
        if register.is_multiple_of(2) && self.float(register).is_some() {
            let &[first, second, ..] = words else {
                return Err(ILLEGAL_ADDRESS);
            };
            self.set_float(register, self.order.float([first, second]))?;
            return Ok(2);
        }
        if profile::is_editor(register) {
            let profile = &mut self.profiles[self.edited];
            let taken = profile.write(register, words[0]);
            return taken.then_some(1).ok_or(ILLEGAL_VALUE);
        }
        if let Some(message) = register.checked_sub(MESSAGES)
            && let Some(kept) = self.messages.get_mut(usize::from(message))
        {
            *kept = words[0];
            return Ok(1);
        }
        if register % 2 == 1 {
            return Err(ILLEGAL_ADDRESS);
        }
        self.set_number(register, words[0])?;
        match words.get(1) {
            None => Ok(1),
            Some(0) => Ok(2),
            Some(_) => Err(ILLEGAL_VALUE),
        }
    }

    fn set_float(&mut self, register: u16, value: f32) -> Result<(), ErrorKind> {
        if let Some((alarm, offset)) = alarm::place(register) {
            return self.alarms[alarm].set_float(offset, value);
        }
        let [lowest, highest] = REACH.map(|celsius| celsius as f32);
        let within = |low: f32, high: f32| {
            let fits = (low..=high).contains(&value);
            fits.then_some(value).ok_or(ILLEGAL_VALUE)
        };
        match register {
            register::LOW_LIMIT => self.limits[0] = within(lowest, highest)?,
            register::HIGH_LIMIT => self.limits[1] = within(lowest, highest)?,
            register::SET_POINT => {
                let value = within(self.limits[0], self.limits[1])?;
                self.go_to(value);
                return Ok(());
            }
            register::MANUAL_POWER => self.manual_power = within(-100.0, 100.0)?,
            register::RAMP_RATE => self.ramp_rate = within(0.0, 99_999.0)?,
            _ => return Err(ILLEGAL_ADDRESS),
        }
        let [low, high] = self.limits;
        if low > high {
            return Err(ILLEGAL_VALUE);
        }
        // New limits take the set point along.
        if !(low..=high).contains(&self.set_point) {
            self.go_to(self.set_point.clamp(low, high));
        }
        Ok(())
    }

    fn set_number(&mut self, register: u16, value: u16) -> Result<(), ErrorKind> {
        let one_of = |words: &[u16]| {
            let fits = words.contains(&value);
            fits.then_some(value).ok_or(ILLEGAL_VALUE)
        };
        match register {
            register::MODE => self.mode = one_of(&[word::AUTO, word::MANUAL, word::OFF])?,
            register::RAMP_ACTION => {
                let actions = [word::OFF, word::STARTUP, word::SET_POINT, word::BOTH];
                self.ramp_action = one_of(&actions)?;
            }
            register::RAMP_SCALE => self.ramp_scale = one_of(&[word::MINUTES, word::HOURS])?,
            register::PROFILE if (1..=40).contains(&value) => self.to_start[0] = value,
            register::STEP if (1..=50).contains(&value) => self.to_start[1] = value,
            register::EDITED if (1..=40).contains(&value) => self.edited = usize::from(value) - 1,
            register::START => {
                one_of(&[word::START])?;
                return self.start();
            }
            register::RESUME => self.hold(one_of(&[word::RESUME, word::NONE])?),
            register::STOP => match one_of(&[word::PAUSE, word::TERMINATE, word::NONE])? {
                word::TERMINATE if self.running.is_some() => {
                    self.end(word::USER, self.set_point);
                }
                other => self.hold(other),
            },
            register::EDIT => match one_of(&[word::ADD, word::DELETE, word::EDIT])? {
                word::ADD => self.profiles[self.edited] = Profile::added(),
                word::DELETE if self.running == Some(self.edited) => return Err(ILLEGAL_VALUE),
                word::DELETE => self.profiles[self.edited] = Profile::default(),
                _ => {}
            },
            register::PROFILE | register::STEP | register::EDITED => return Err(ILLEGAL_VALUE),
            _ => return self.set_other(register, value),
        }
        Ok(())
    }

    fn set_other(&mut self, register: u16, value: u16) -> Result<(), ErrorKind> {
        if let Some((alarm, offset)) = alarm::place(register) {
            return self.alarms[alarm].set_number(offset, value);
        }
        if let Some(index) = EVENTS.iter().position(|&event| event == register) {
            if ![word::ON, word::OFF].contains(&value) {
                return Err(ILLEGAL_VALUE);
            }
            self.events[index] = value;
            return Ok(());
        }
        if let Some(index) = KEYS.iter().position(|key| key + PRESS == register) {
            return self.press(index, value);
        }
        let part = CLOCK.iter().position(|&part| part == register);
        let part = part.ok_or(ILLEGAL_ADDRESS)?;
        let mut moment = self.calendar.now(self.now);
        let Moment {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = &mut moment;
        let parts = [hour, minute, second, month, day, year];
        *parts.into_iter().nth(part).ok_or(ILLEGAL_ADDRESS)? = i64::from(value);
        self.calendar
            .set(self.now, moment)
            .then_some(())
            .ok_or(ILLEGAL_VALUE)
    }

    /// Key 1 closes and opens the chamber's contactor each time it is pressed, as the makers of
    /// chambers wire it; the others are on while they are held.
    fn press(&mut self, key: usize, value: u16) -> Result<(), ErrorKind> {
        match (key, value) {
            (0, word::DOWN) => {
                self.is_powered = !self.is_powered;
                self.keys[0] = if self.is_powered { word::ON } else { word::OFF };
            }
            (_, word::DOWN) => self.keys[key] = word::ON,
            (0, word::UP) => {}
            (_, word::UP) => self.keys[key] = word::OFF,
            _ => return Err(ILLEGAL_VALUE),
        }
        Ok(())
    }
}
