//! A controller that plays a list of set points by itself: as a profile in which each set point is a
//! ramp of a second and a soak, the last of which it holds (Series F4 user's manual, chapter 4; the
//! registers as ESPEC's `ChamberConnectLibrary` writes them). Whether a ramp may take no time at
//! all, the manual does not say.

use async_trait::async_trait;
use profiles::command::Command;
use profiles::time::Period;

use super::driver::{Chamber, raw};
use super::register;
use crate::error::DeviceError;
use crate::player::{Player, Point, Room};
use crate::thermal_chamber::options::refused;

/// Name of the profile that is the bench's, which may be any; one with another name is somebody's.
const NAME: &[u8; 10] = b"BENCH     ";
/// Most set points, with which a list is told in a reasonable time. All profiles together have 256
/// steps.
const MOST: usize = 64;
/// How long a ramp takes, s.
const RAMP_SECONDS: u32 = 1;
/// How long a profile may take longer than its steps, and how often it is asked whether it is
/// over.
const GRACE: Period = Period::millis(5_000);
const LOOK: Period = Period::millis(250);
/// Profiles of which names are read at once, as many registers as a message takes.
const NAMES_AT_ONCE: u16 = 10;
const NAMES_REGISTERS: usize = NAMES_AT_ONCE as usize * NAME.len();
/// Registers of a step that are read back: from its type to guaranteed soak.
const READ: usize = (step::GUARANTEED - step::TYPE + 1) as usize;

/// What the register `ACTION` is written.
mod action {
    pub(super) const CREATE: u16 = 1;
    pub(super) const INSERT: u16 = 2;
    pub(super) const DELETE: u16 = 3;
    pub(super) const START: u16 = 5;
}

/// Registers of the step that is edited.
mod step {
    pub(super) const TYPE: u16 = 4_003;
    pub(super) const HOURS: u16 = 4_009;
    pub(super) const WAIT: u16 = 4_012;
    pub(super) const TARGET: u16 = 4_044;
    pub(super) const GUARANTEED: u16 = 4_048;
    pub(super) const END: u16 = 4_060;

    pub(super) const RAMP_TIME: u16 = 1;
    pub(super) const SOAK: u16 = 3;
    /// The last set point stays.
    pub(super) const HOLD: u16 = 0;
}

/// The profile that runs, and its set point.
const RUNNING: u16 = 4_100;
pub(super) const IN_FORCE: u16 = 4_122;
/// Steps that are free.
const FREE: u16 = 1_219;
/// Names of profiles, a character a register.
const NAMES: u16 = 3_500;

impl Chamber {
    fn refused(&self, asked: &str, text: &str) -> DeviceError {
        self.session.error(refused(asked, text))
    }

    /// The bench's profile, if there is one.
    async fn own(&mut self) -> Result<Option<u16>, DeviceError> {
        let name = NAME.map(u16::from);
        for first in (0..40).step_by(usize::from(NAMES_AT_ONCE)) {
            let register = NAMES + first * NAME.len() as u16;
            let names: [u16; NAMES_REGISTERS] = self.session.read(register).await?;
            let place = names.chunks(NAME.len()).position(|found| found == name);
            if let Some(place) = place {
                return Ok(Some(first + place as u16 + 1));
            }
        }
        Ok(None)
    }

    /// Makes a new profile that is the bench's, with an end and nothing before it.
    async fn create(&mut self) -> Result<u16, DeviceError> {
        self.session.write(register::ACTION, action::CREATE).await?;
        let [profile] = self.session.read(register::PROFILE).await?;
        let place = NAMES + profile.saturating_sub(1) * NAME.len() as u16;
        let name = NAME.map(u16::from);
        self.session.write_all(place, &name).await?;
        let [end] = self.session.read(step::END).await?;
        if end != step::HOLD {
            self.session.write(step::END, step::HOLD).await?;
        }
        Ok(profile)
    }

    /// Inserts a step, and reads it back.
    async fn insert(
        &mut self,
        number: u16,
        seconds: u32,
        target: Option<u16>,
    ) -> Result<(), DeviceError> {
        let kind = target.map_or(step::SOAK, |_| step::RAMP_TIME);
        let time = [seconds / 3_600, seconds / 60 % 60, seconds % 60].map(|part| part as u16);
        self.session
            .write_all(register::STEP, &[number, action::INSERT])
            .await?;
        self.session.write(step::TYPE, kind).await?;
        self.session.write_all(step::HOURS, &time).await?;
        if let Some(target) = target {
            self.session.write(step::TARGET, target).await?;
        }
        let read: [u16; READ] = self.session.read(step::TYPE).await?;
        let at = |register: u16| read[usize::from(register - step::TYPE)];
        let is_there = at(step::TYPE) == kind
            && (0..3).all(|part| at(step::HOURS + part) == time[usize::from(part)])
            && target.is_none_or(|target| at(step::TARGET) == target)
            && [step::WAIT, step::GUARANTEED].map(at) == [0, 0];
        if is_there {
            return Ok(());
        }
        let asked = format!("step {number} of a profile, of {seconds} s");
        Err(self.not_applied(asked, format!("{read:?} from register {}", step::TYPE)))
    }

    /// The set points of a list, between the limits that the controller was armed with.
    async fn targets(&mut self, points: &[Point]) -> Result<Vec<u16>, DeviceError> {
        let scale = self.scale().await?;
        let [low, high]: [u16; 2] = self.session.read(register::LOW_LIMIT).await?;
        let limits = low.cast_signed()..=high.cast_signed();
        let mut targets = Vec::new();
        for point in points {
            let Command::Chamber { target, .. } = point.command else {
                let asked = point.command.to_string();
                return Err(self.refused(&asked, "a list of a chamber has temperatures"));
            };
            let raw = raw(target, scale);
            if !limits.contains(&raw.cast_signed()) {
                let [low, high] = [low, high].map(|raw| f64::from(raw.cast_signed()) / scale);
                let text = format!("outside the controller's limits, {low} to {high} °C");
                return Err(self.refused(&point.command.to_string(), &text));
            }
            targets.push(raw);
        }
        if targets.len() > MOST {
            let asked = format!("a list of {} set points", targets.len());
            return Err(self.refused(&asked, &format!("at most {MOST} are told")));
        }
        Ok(targets)
    }

    /// Whether it plays the bench's profile.
    async fn plays_the_list(&mut self) -> Result<bool, DeviceError> {
        let [running] = self.session.read(RUNNING).await?;
        Ok(self.is_profile_running().await? && self.profile == Some(running))
    }

    /// Selects a profile and a step of it, read back.
    async fn select(&mut self, profile: u16, number: u16) -> Result<(), DeviceError> {
        let selected = [profile, number];
        self.session.write_all(register::PROFILE, &selected).await?;
        let read: [u16; 2] = self.session.read(register::PROFILE).await?;
        if read == selected {
            return Ok(());
        }
        let asked = format!("step {number} of profile {profile}");
        Err(self.not_applied(asked, format!("step {} of profile {}", read[1], read[0])))
    }
}

#[async_trait]
impl Player for Chamber {
    fn room(&self) -> Room {
        Room {
            points: MOST,
            shortest: Period::millis(2_000),
            // 99 h.
            longest: Period::millis(356_400_000),
            grid: Period::millis(1_000),
            ahead: Period::millis(30_000),
        }
    }

    async fn upload(&mut self, points: &[Point]) -> Result<(), DeviceError> {
        let targets = self.targets(points).await?;
        if self.is_profile_running().await? {
            return Err(self.refused("a list", "a profile runs"));
        }
        if let Some(old) = self.own().await? {
            self.select(old, 1).await?;
            self.session.write(register::ACTION, action::DELETE).await?;
        }
        let [free] = self.session.read(FREE).await?;
        let needed = 2 * targets.len();
        if usize::from(free) < needed {
            let asked = format!("a list of {} set points", targets.len());
            let text = format!("it takes {needed} steps, and other profiles leave {free}");
            return Err(self.refused(&asked, &text));
        }
        let profile = self.create().await?;
        self.profile = Some(profile);
        self.select(profile, 1).await?;
        let mut number = 1;
        for (point, target) in points.iter().zip(&targets) {
            self.insert(number, RAMP_SECONDS, Some(*target)).await?;
            number += 1;
            if let Some(stays) = point.stays {
                let rest = (stays.as_millis() / 1_000).saturating_sub(RAMP_SECONDS);
                self.insert(number, rest, None).await?;
                number += 1;
            }
        }
        let [left] = self.session.read(FREE).await?;
        if usize::from(free - left.min(free)) != usize::from(number) {
            let asked = format!("a profile of {number} steps");
            return Err(self.not_applied(asked, format!("{} steps", free - left.min(free))));
        }
        self.select(profile, 1).await
    }

    async fn start(&mut self) -> Result<(), DeviceError> {
        self.session.write(register::ACTION, action::START).await?;
        self.set_point = None;
        self.plays = self.plays_the_list().await?;
        if !self.plays {
            return Err(self.not_applied("start of the profile", "another, or none, that runs"));
        }
        // Until the first ramp is over.
        let deadline = self.clock.now() + Period::millis(RAMP_SECONDS * 1_000) + LOOK;
        self.clock.sleep_until(deadline).await;
        Ok(())
    }

    async fn follow(&mut self, last: Option<&Command>) -> Result<(), DeviceError> {
        let Some(Command::Chamber { target, .. }) = last else {
            if self.plays_the_list().await? {
                return Ok(());
            }
            return Err(self.not_applied("a list", "a profile that does not run any more"));
        };
        let deadline = self.clock.now() + GRACE;
        while self.is_profile_running().await? {
            let now = self.clock.now();
            if now >= deadline {
                return Err(self.not_applied("the end of a list", "a profile that still runs"));
            }
            self.clock.sleep_until(now + LOOK).await;
        }
        self.plays = false;
        let expected = raw(*target, self.scale().await?);
        let [read] = self.session.read(register::SET_POINT).await?;
        if read == expected {
            self.set_point = Some(read);
            return Ok(());
        }
        let asked = format!("a list that ends at {target:.1}");
        Err(self.not_applied(asked, format!("set point {}", read.cast_signed())))
    }
}
