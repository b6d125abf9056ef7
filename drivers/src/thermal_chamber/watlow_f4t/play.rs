//! A controller that plays a list of set points by itself: as a profile of steps that change at
//! once (`TestEquity` F4T manual, chapter 4), the last of which it holds.

use async_trait::async_trait;
use profiles::command::Command;
use profiles::time::Period;

use super::driver::Chamber;
use super::profile::{STRIDE, offset};
use super::{register, word};
use crate::error::DeviceError;
use crate::player::{Player, Point, Room};
use crate::thermal_chamber::options::refused;

/// The profile that is the bench's: the last. One with another name is somebody's.
const PROFILE: u16 = 40;
const NAME: &[u8; 5] = b"BENCH";
/// Most set points: a profile has fifty steps, and the last ends it.
const MOST: usize = 49;
/// How long the last step takes until the profile is over.
const LAST_STEP: Period = Period::millis(1_000);
/// How long a profile may take longer than its steps, and how often it is asked whether it is
/// over.
const GRACE: Period = Period::millis(5_000);
const LOOK: Period = Period::millis(250);
/// Registers of a step that are written: from its type to the target of the first loop.
const WRITTEN: usize = offset::TARGET as usize + 2;

impl Chamber {
    fn refused(&self, asked: &str, text: &str) -> DeviceError {
        self.session.error(refused(asked, text))
    }

    /// Empties the bench's profile, and names it.
    async fn clear(&mut self) -> Result<(), DeviceError> {
        self.order(register::EDITED, PROFILE, register::EDITED)
            .await?;
        let [steps] = self.session.read(register::EDITED_STEPS).await?;
        let name: [u16; NAME.len()] = self.session.read(register::EDITED_NAME).await?;
        let own = NAME.map(u16::from);
        if steps > 0 {
            if name != own {
                let asked = format!("a list in profile {PROFILE}");
                let text =
                    "there is another profile; delete it or move it, this one is the bench's";
                return Err(self.refused(&asked, text));
            }
            self.session.write(register::EDIT, word::DELETE).await?;
        }
        self.session.write(register::EDIT, word::ADD).await?;
        self.session.write_all(register::EDITED_NAME, &own).await
    }

    /// Writes a step, and reads it back.
    async fn step(
        &mut self,
        number: usize,
        celsius: f32,
        stays: Period,
    ) -> Result<(), DeviceError> {
        let seconds = stays.as_millis() / 1_000;
        let mut words = [0; WRITTEN];
        for (offset, value) in [
            (offset::TYPE, word::INSTANT),
            (offset::HOURS, (seconds / 3_600) as u16),
            (offset::MINUTES, (seconds / 60 % 60) as u16),
            (offset::SECONDS, (seconds % 60) as u16),
        ] {
            words[usize::from(offset)] = value;
        }
        words[usize::from(offset::TARGET)..].copy_from_slice(&self.order.words(celsius));
        let first = register::EDITED_STEP + number as u16 * STRIDE;
        self.session.write_all(first, &words).await?;
        let read: [u16; WRITTEN] = self.session.read(first).await?;
        if read == words {
            return Ok(());
        }
        let asked = format!("step {} of a profile: {celsius} °C for {stays}", number + 1);
        Err(self.not_applied(asked, format!("{read:?} from register {first}")))
    }

    /// The set points of a list, between the limits that the controller was armed with.
    async fn targets(&mut self, points: &[Point]) -> Result<Vec<f32>, DeviceError> {
        let low = self.read(register::LOW_LIMIT).await?;
        let high = self.read(register::HIGH_LIMIT).await?;
        let mut targets = Vec::new();
        for point in points {
            let Command::Chamber { target, .. } = point.command else {
                let asked = point.command.to_string();
                return Err(self.refused(&asked, "a list of a chamber has temperatures"));
            };
            let celsius = target.0 as f32;
            if !(low..=high).contains(&celsius) {
                let text = format!("outside the controller's limits, {low} to {high} °C");
                return Err(self.refused(&point.command.to_string(), &text));
            }
            targets.push(celsius);
        }
        if targets.len() > MOST {
            let asked = format!("a list of {} set points", targets.len());
            return Err(self.refused(&asked, "a profile has fifty steps"));
        }
        Ok(targets)
    }

    /// Whether it plays the bench's profile.
    async fn plays_the_list(&mut self) -> Result<bool, DeviceError> {
        let [state] = self.session.read(register::STATE).await?;
        let [running] = self.session.read(register::RUNNING_PROFILE).await?;
        Ok(state == word::RUNNING && running == PROFILE)
    }
}

#[async_trait]
impl Player for Chamber {
    fn room(&self) -> Room {
        Room {
            points: MOST,
            shortest: Period::millis(1_000),
            // 99 h.
            longest: Period::millis(356_400_000),
            grid: Period::millis(1_000),
            ahead: Period::millis(15_000),
        }
    }

    async fn upload(&mut self, points: &[Point]) -> Result<(), DeviceError> {
        let targets = self.targets(points).await?;
        if self.is_profile_running().await? {
            return Err(self.refused("a list", "a profile runs"));
        }
        self.clear().await?;
        for (number, (point, celsius)) in points.iter().zip(&targets).enumerate() {
            let stays = point.stays.unwrap_or(LAST_STEP);
            self.step(number, *celsius, stays).await?;
        }
        let end = register::EDITED_STEP + targets.len() as u16 * STRIDE;
        self.order(end, word::END, end).await?;
        let mode = end + offset::END_MODE;
        self.order(mode, word::HOLD, mode).await?;
        let [steps] = self.session.read(register::EDITED_STEPS).await?;
        if usize::from(steps) != targets.len() + 1 {
            let asked = format!("a profile of {} steps", targets.len() + 1);
            return Err(self.not_applied(asked, format!("{steps} steps")));
        }
        self.order(register::PROFILE, PROFILE, register::PROFILE)
            .await?;
        self.order(register::STEP, 1, register::STEP).await
    }

    async fn start(&mut self) -> Result<(), DeviceError> {
        self.session.write(register::START, word::START).await?;
        self.set_point = None;
        self.plays = self.plays_the_list().await?;
        if self.plays {
            return Ok(());
        }
        Err(self.not_applied("start of the profile", "another, or none, that runs"))
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
        let read = self.read(register::SET_POINT).await?;
        let [mode] = self.session.read(register::ACTIVE_MODE).await?;
        if mode == word::AUTO && read.to_bits() == (target.0 as f32).to_bits() {
            self.set_point = Some(read);
            return Ok(());
        }
        let asked = format!("a list that ends at {target:.1}");
        Err(self.not_applied(asked, format!("{read} °C, mode {mode}")))
    }
}
