//! What the loop of an F4T does: set points, ramps and profiles over time.

use rmodbus::ErrorKind;

use super::registers::Registers;
use super::word;
use crate::modbus::exception::ILLEGAL_VALUE;
use crate::thermal_chamber::cabinet::effort;
use crate::thermal_chamber::program::{Leg, Player, Program, Way};

impl Registers {
    /// Moves ramps and profiles on.
    pub(super) fn advance(&mut self) {
        self.play();
        let (air, set_point) = (self.air, self.closed_loop());
        for alarm in &mut self.alarms {
            alarm.watch(air, set_point);
        }
    }

    fn play(&mut self) {
        let Some(player) = &mut self.player else {
            return;
        };
        let before = player.leg();
        let air = f64::from(self.air.unwrap_or(self.set_point));
        let plays = player.advance(self.now, air);
        let (leg, set_point) = (player.leg(), player.set_point());
        let Some(running) = self.running else {
            if !plays {
                self.player = None;
            }
            return;
        };
        if leg != before {
            self.apply_events(running, leg);
        }
        if !plays {
            self.end(self.profiles[running].end_mode(), set_point as f32);
        }
    }

    /// Whether something moves by itself.
    pub(super) fn moves(&self) -> bool {
        self.player.is_some() || self.active_mode() == word::MANUAL
    }

    /// Where the air is driven to, °C; `None`: nowhere.
    pub(super) fn target(&self) -> Option<f64> {
        if !self.is_powered {
            return None;
        }
        match self.active_mode() {
            word::AUTO => Some(f64::from(self.closed_loop())),
            // As far beyond the air as makes the output that is told.
            word::MANUAL => {
                let air = f64::from(self.air?);
                Some(air + f64::from(self.manual_power) / 100.0 * 3.75)
            }
            _ => None,
        }
    }

    pub(super) fn active_mode(&self) -> u16 {
        match (self.air, self.running) {
            // Without a sensor there is nothing to control by.
            (None, _) => word::OFF,
            (Some(_), Some(_)) => word::AUTO,
            (Some(_), None) => self.mode,
        }
    }

    pub(super) fn closed_loop(&self) -> f32 {
        let player = self.player.as_ref();
        player.map_or(self.set_point, |player| player.set_point() as f32)
    }

    pub(super) fn power(&self) -> f32 {
        match (self.active_mode(), self.air) {
            (word::AUTO, Some(air)) if self.is_powered => {
                (effort(f64::from(self.closed_loop()), f64::from(air)) * 100.0) as f32
            }
            (word::MANUAL, _) if self.is_powered => self.manual_power,
            _ => 0.0,
        }
    }

    /// A set point that is told ramps from the process value, if that is switched on.
    pub(super) fn go_to(&mut self, set_point: f32) {
        let is_new = self.set_point.to_bits() != set_point.to_bits();
        self.set_point = set_point;
        let ramps = matches!(self.ramp_action, word::SET_POINT | word::BOTH);
        if !is_new || self.running.is_some() {
            return;
        }
        self.player = None;
        if let (true, Some(air)) = (ramps && self.ramp_rate > 0.0, self.air) {
            let hours = if self.ramp_scale == word::HOURS {
                60.0
            } else {
                1.0
            };
            let leg = Leg {
                target: Some(f64::from(set_point)),
                way: Way::Rate(f64::from(self.ramp_rate) / hours),
                seconds: 0.0,
                within: None,
                pauses: false,
            };
            let program = Program {
                legs: vec![leg],
                returns: Vec::new(),
            };
            self.player = Some(Player::new(program, 0, f64::from(air), self.now));
        }
    }

    pub(super) fn start(&mut self) -> Result<(), ErrorKind> {
        let [number, step] = self.to_start.map(|number| usize::from(number) - 1);
        let profile = &self.profiles[number];
        if self.running.is_some() || step >= usize::from(profile.steps()) {
            return Err(ILLEGAL_VALUE);
        }
        let from = f64::from(self.closed_loop());
        let program = profile.program(self.order);
        self.player = Some(Player::new(program, step, from, self.now));
        self.running = Some(number);
        self.apply_events(number, step);
        self.advance();
        Ok(())
    }

    pub(super) fn hold(&mut self, order: u16) {
        if let (Some(player), true) = (&mut self.player, self.running.is_some()) {
            match order {
                word::PAUSE => player.hold(true),
                word::RESUME => player.hold(false),
                _ => {}
            }
        }
    }

    /// Ends the profile in a mode: with the set point that it had, with the user's, or off.
    pub(super) fn end(&mut self, mode: u16, set_point: f32) {
        self.player = None;
        self.running = None;
        match mode {
            word::OFF => self.mode = word::OFF,
            word::HOLD => self.set_point = set_point.clamp(self.limits[0], self.limits[1]),
            _ => {}
        }
    }

    pub(super) fn apply_events(&mut self, profile: usize, step: usize) {
        let told = self.profiles[profile].events(step as u16);
        for (event, told) in self.events.iter_mut().zip(told) {
            if matches!(told, word::ON | word::OFF) {
                *event = told;
            }
        }
    }
}
