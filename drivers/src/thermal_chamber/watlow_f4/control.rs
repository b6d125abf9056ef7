//! What an F4 does: set points, profiles and limits.

use rmodbus::ErrorKind;

use super::profile::End;
use super::registers::{EVENTS, Registers};
use super::{HIGHEST, LOWEST, register};
use crate::modbus::exception::ILLEGAL_VALUE;
use crate::thermal_chamber::cabinet::effort;
use crate::thermal_chamber::program::Player;

/// What the process value shows with a broken wire, tenths of a degree. Assumed: full scale of an
/// RTD.
const FULL_SCALE: i16 = 8_500;

impl Registers {
    /// What the register of the process value is made of, tenths of a degree.
    pub(super) fn measured(&self) -> i16 {
        self.air
            .map_or(FULL_SCALE, |celsius| (celsius * 10.0).round() as i16)
    }

    /// The set point that is in force, tenths of a degree.
    pub(super) fn in_force(&self) -> i16 {
        let player = self.player.as_ref();
        player.map_or(self.set_points[0], |player| {
            (player.set_point() * 10.0).round() as i16
        })
    }

    /// Resumes, holds or terminates a profile.
    pub(super) fn conduct(&mut self, order: u16) {
        match (&mut self.player, order) {
            (Some(player), register::HOLD) => player.hold(true),
            (Some(player), register::RESUME) => player.hold(false),
            (Some(_), _) => {
                self.player = None;
                self.running = 0;
            }
            (None, _) => {}
        }
    }

    /// Edits profiles, or starts one.
    pub(super) fn act(&mut self, action: u16) -> Result<(), ErrorKind> {
        let [profile, step] = self.profiles.selected;
        if action != 5 {
            let is_running = self.running > 0 && (self.running == profile || action == 256);
            let done = !is_running && self.profiles.edit(action);
            return done.then_some(()).ok_or(ILLEGAL_VALUE);
        }
        let scale = if self.decimals == 0 { 1.0 } else { 10.0 };
        let degrees = |word: u16| f64::from(word.cast_signed()) / scale;
        let program = self.profiles.program(degrees).ok_or(ILLEGAL_VALUE)?;
        if self.player.is_some() {
            return Err(ILLEGAL_VALUE);
        }
        let from = f64::from(self.set_points[0]) / 10.0;
        let leg = usize::from(step) - 1;
        self.player = Some(Player::new(program, leg, from, self.now));
        self.running = profile;
        self.is_off = false;
        self.apply_events(leg);
        self.advance();
        Ok(())
    }

    pub(super) fn end(&mut self, end: End, set_point: f64) {
        self.player = None;
        self.running = 0;
        let [low, high] = self.limits;
        let to = |tenths: i16| tenths.clamp(low, high);
        match end {
            End::Hold => self.set_points[0] = to((set_point * 10.0).round() as i16),
            End::Idle(word) => self.set_points[0] = to(self.tenths(word)),
            End::ControlOff => self.is_off = true,
            End::AllOff => {
                self.is_off = true;
                self.events = [0; EVENTS];
            }
        }
    }

    pub(super) fn apply_events(&mut self, leg: usize) {
        if let Some(events) = self.profiles.events(self.running, leg + 1) {
            self.events = events;
        }
    }

    /// New limits take the set point along.
    pub(super) fn set_limits(&mut self, limits: [i16; 2]) -> Result<(), ErrorKind> {
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
    pub(super) fn shown(&self, tenths: i16) -> u16 {
        let shown = if self.decimals == 0 {
            (f64::from(tenths) / 10.0).round() as i16
        } else {
            tenths
        };
        shown.cast_unsigned()
    }

    /// Tenths of a degree of what was written to a register.
    pub(super) fn tenths(&self, word: u16) -> i16 {
        let factor = if self.decimals == 0 { 10 } else { 1 };
        word.cast_signed().saturating_mul(factor)
    }

    /// Output of the controller towards one side, in hundredths of a percent.
    pub(super) fn effort(&self, side: f64) -> u16 {
        let effort = match (self.target(), self.air) {
            (Some(target), Some(air)) => effort(target, air),
            _ => 0.0,
        };
        ((side * effort).max(0.0) * 10_000.0).round() as u16
    }
}
