//! The alarms of an F4T: on the process value, or on its deviation from the set point (manual
//! 0600-0093-0000, chapter 6, alarm).

use rmodbus::ErrorKind;

use super::word;
use crate::modbus::exception::{ILLEGAL_ADDRESS, ILLEGAL_VALUE};

/// Alarms that the controller has.
pub(super) const ALARMS: usize = 14;
/// First register of the first alarm.
const FIRST: u16 = 1_330;
/// Registers from one alarm to the next.
const STRIDE: u16 = 100;

/// Registers of an alarm, from its first.
mod offset {
    pub(super) const TYPE: u16 = 0;
    pub(super) const SIDES: u16 = 2;
    pub(super) const HIGH: u16 = 4;
    pub(super) const LOW: u16 = 6;
    pub(super) const HYSTERESIS: u16 = 8;
    pub(super) const SILENCING: u16 = 10;
    pub(super) const LATCHING: u16 = 12;
    pub(super) const STATE: u16 = 26;
}

/// One alarm.
#[derive(Clone, Copy, Debug)]
pub(super) struct Alarm {
    kind: u16,
    sides: u16,
    high: f32,
    low: f32,
    hysteresis: f32,
    silencing: u16,
    latching: u16,
    state: u16,
}

impl Default for Alarm {
    /// As it is shipped.
    fn default() -> Alarm {
        Alarm {
            kind: word::OFF,
            sides: word::BOTH,
            high: 148.9,
            low: 0.0,
            hysteresis: 0.6,
            silencing: word::OFF,
            latching: word::NON_LATCHING,
            state: word::NONE,
        }
    }
}

/// Which alarm a register belongs to, and which of its registers it is.
pub(super) fn place(register: u16) -> Option<(usize, u16)> {
    let register = register.checked_sub(FIRST)?;
    let index = usize::from(register / STRIDE);
    (index < ALARMS).then_some((index, register % STRIDE))
}

impl Alarm {
    pub(super) fn float(&self, offset: u16) -> Option<f32> {
        Some(match offset {
            offset::HIGH => self.high,
            offset::LOW => self.low,
            offset::HYSTERESIS => self.hysteresis,
            _ => return None,
        })
    }

    pub(super) fn number(&self, offset: u16) -> Option<u16> {
        Some(match offset {
            offset::TYPE => self.kind,
            offset::SIDES => self.sides,
            offset::SILENCING => self.silencing,
            offset::LATCHING => self.latching,
            offset::STATE => self.state,
            _ => return None,
        })
    }

    pub(super) fn set_float(&mut self, offset: u16, value: f32) -> Result<(), ErrorKind> {
        let fits = match offset {
            offset::HYSTERESIS => (0.001..=5_555.0).contains(&value),
            _ => (-55_555.0..=55_555.0).contains(&value),
        };
        if !fits {
            return Err(ILLEGAL_VALUE);
        }
        match offset {
            offset::HIGH => self.high = value,
            offset::LOW => self.low = value,
            offset::HYSTERESIS => self.hysteresis = value,
            _ => return Err(ILLEGAL_ADDRESS),
        }
        Ok(())
    }

    pub(super) fn set_number(&mut self, offset: u16, value: u16) -> Result<(), ErrorKind> {
        let one_of = |words: &[u16]| {
            let fits = words.contains(&value);
            fits.then_some(value).ok_or(ILLEGAL_VALUE)
        };
        match offset {
            offset::TYPE => {
                self.kind = one_of(&[word::OFF, word::PROCESS, word::DEVIATION])?;
                // An alarm of another type begins anew.
                self.state = word::NONE;
            }
            offset::SIDES => self.sides = one_of(&[word::BOTH, word::HIGH, word::LOW])?,
            offset::SILENCING => self.silencing = one_of(&[word::ON, word::OFF])?,
            offset::LATCHING => self.latching = one_of(&[word::LATCHING, word::NON_LATCHING])?,
            _ => return Err(ILLEGAL_ADDRESS),
        }
        Ok(())
    }

    /// Looks at the air, `None` without a sensor, and at the set point that is in force.
    pub(super) fn watch(&mut self, air: Option<f32>, set_point: f32) {
        let Some(air) = air else {
            self.state = word::ERROR;
            return;
        };
        let value = match self.kind {
            word::PROCESS => air,
            word::DEVIATION => air - set_point,
            _ => {
                self.state = word::NONE;
                return;
            }
        };
        // An alarm that is there ends a hysteresis within.
        let back = |state| {
            if self.state == state {
                self.hysteresis
            } else {
                0.0
            }
        };
        let state = if self.sides != word::LOW && value > self.high - back(word::ALARM_HIGH) {
            word::ALARM_HIGH
        } else if self.sides != word::HIGH && value < self.low + back(word::ALARM_LOW) {
            word::ALARM_LOW
        } else {
            word::NONE
        };
        if state != word::NONE || self.latching != word::LATCHING {
            self.state = state;
        }
    }
}
