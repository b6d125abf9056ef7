//! An instrument whose line is lost, and comes back: it must be the one that it was, and is armed
//! again before anything else is told.

use drivers::device::Identity;
use drivers::error::{DeviceError, DeviceErrorKind};
use profiles::time::{BenchTime, Period};
use reports::event::EventKind;

use super::InstrumentStation;
use super::playing::Playing;
use crate::run::way::{is_gone, keep};

/// How long a line is waited for by which an instrument is still to be made safe: within what a
/// run in a hurry leaves for it.
const TO_MAKE_SAFE: Period = Period::millis(1_000);
/// How often an instrument is asked whether it was switched off and on.
const LOOKS: Period = Period::millis(1_000);

impl InstrumentStation {
    /// Waits for a line that was lost, within the time that the wiring gives it. `false` if the
    /// instrument is given up, or is to be left safe.
    pub(super) async fn recover(&mut self, error: &DeviceError) -> bool {
        let Some(reconnect) = self.way.reconnect else {
            self.fail(error).await;
            return false;
        };
        let lost_at = self.clock.now();
        let why = error.kind.to_string();
        self.reporter.tell(lost_at, EventKind::LinkLost { why });
        let deadline = lost_at + reconnect;
        loop {
            match self.come_back(deadline).await {
                Some(Ok(())) => break,
                // It is there, and not itself yet: it may still be starting.
                Some(Err(error)) if may_pass(&error) && self.clock.now() < deadline => {
                    self.way.pause().await;
                }
                Some(Err(error)) => {
                    self.fail(&error).await;
                    return false;
                }
                None => return false,
            }
        }
        // Arming ended whatever it played: the rest is told.
        self.playing = Playing::Nothing;
        let now = self.clock.now();
        let away_us = now.micros_since(lost_at);
        self.reporter.tell(now, EventKind::LinkRestored { away_us });
        true
    }

    /// Opens the line as soon as it is there, and has the instrument say who it is and take its
    /// limits. `None` if it is to be left safe instead.
    async fn come_back(&mut self, deadline: BenchTime) -> Option<Result<(), DeviceError>> {
        if let Err(error) = self.let_go() {
            return Some(Err(error));
        }
        let link = tokio::select! {
            biased;
            () = keep(&mut self.orders, &mut self.kept) => return None,
            link = self.way.link_until(deadline) => link,
        };
        let found = match link {
            Ok(link) => self.way.instrument(link),
            Err(error) => Err(DeviceErrorKind::Link(error).of(&self.name)),
        };
        match found {
            Ok(instrument) => self.instrument = instrument,
            Err(error) => return Some(Err(error)),
        }
        if let Err(error) = self.is_itself().await {
            return Some(Err(error));
        }
        Some(self.arm().await)
    }

    /// Lets go of what is left of the line.
    fn let_go(&mut self) -> Result<(), DeviceError> {
        self.instrument = self.way.instrument(self.way.nowhere())?;
        Ok(())
    }

    /// Refuses another device than the one that was there before, and lets go of it: it is not
    /// this run's to switch off, and that it is off would say nothing about the right one.
    async fn is_itself(&mut self) -> Result<(), DeviceError> {
        let Err(error) = self.says_who_it_is().await else {
            return Ok(());
        };
        self.let_go()?;
        Err(error)
    }

    /// Asks who is there, and refuses another than the one that was there before.
    async fn says_who_it_is(&mut self) -> Result<(), DeviceError> {
        let found = self.instrument.identify().await?;
        match &self.identity {
            Some(known) if *known != found => {
                let (expected, found) = (words(known), words(&found));
                Err(DeviceErrorKind::WrongIdentity { expected, found }.of(&self.name))
            }
            _ => Ok(()),
        }
    }

    /// After an instrument was silent, or made no sense, while its line was there: `false` if it
    /// is another now, or gone.
    pub(super) async fn is_still_itself(&mut self) -> bool {
        match self.says_who_it_is().await {
            Err(error) if matches!(error.kind, DeviceErrorKind::WrongIdentity { .. }) => {
                // It is told nothing any more; without a link the drivers say so.
                let _nowhere = self.let_go();
                self.fail(&error).await;
                false
            }
            Err(error) if is_gone(&error) => self.recover(&error).await,
            // Heard again, or not: the next poll tells.
            Ok(()) | Err(_) => true,
        }
    }

    /// Whether it still has the limits that it was armed with: one whose power was away has not, and is
    /// armed again, for which it is switched off, and stays off. Makes that can tell are asked with a
    /// poll once a second, `surely` at once. `false` if the instrument failed.
    pub(in crate::run) async fn keeps_its_limits(&mut self, surely: bool) -> bool {
        let now = self.clock.now();
        if !surely && now < self.looks {
            return true;
        }
        self.looks = now + LOOKS;
        let armed = match self.instrument.has_restarted().await {
            Ok(false) if !self.bare => return true,
            Ok(_) => {
                let event = EventKind::Retried {
                    asked: "arm".into(),
                    why: "its power was away, and with it its limits and settings".into(),
                };
                self.reporter.tell(self.clock.now(), event);
                (self.playing, self.bare) = (Playing::Nothing, true);
                self.arm().await
            }
            Err(error) => Err(error),
        };
        match armed {
            Ok(()) => {
                self.bare = false;
                true
            }
            Err(error) if is_gone(&error) => self.recover(&error).await,
            Err(error) if may_pass(&error) => {
                // The next poll asks again.
                self.looks = now;
                true
            }
            Err(error) => {
                self.fail(&error).await;
                false
            }
        }
    }

    /// Before an instrument is called unsafe because its line is gone, looks whether the line has
    /// come back.
    pub(super) async fn reach_again(&mut self) -> Result<(), DeviceError> {
        self.let_go()?;
        let deadline = self.clock.now() + TO_MAKE_SAFE;
        let link = self.way.link_until(deadline).await;
        let link = link.map_err(|error| DeviceErrorKind::Link(error).of(&self.name))?;
        self.instrument = self.way.instrument(link)?;
        self.is_itself().await
    }
}

/// Whether an error may be of the time before a device has started, or of what was on the line
/// before.
pub(crate) fn may_pass(error: &DeviceError) -> bool {
    let starting = matches!(
        error.kind,
        DeviceErrorKind::Silent { .. } | DeviceErrorKind::Garbled { .. }
    );
    starting || is_gone(error)
}

/// Whether it is the one that the wiring says, where that gives a serial number.
///
/// # Errors
/// If it has another.
pub(crate) fn is_expected(
    identity: &Identity,
    serial: Option<&str>,
) -> Result<(), DeviceErrorKind> {
    match serial {
        Some(serial) if *serial != identity.serial => {
            let expected = format!("serial {serial}");
            let found = match identity.serial.as_str() {
                "" => format!("{}, which tells no serial number", words(identity)),
                _ => words(identity),
            };
            Err(DeviceErrorKind::WrongIdentity { expected, found })
        }
        _ => Ok(()),
    }
}

/// An identity as a person reads it.
fn words(identity: &Identity) -> String {
    let words = [
        &identity.maker,
        &identity.model,
        &identity.serial,
        &identity.firmware,
    ];
    let told: Vec<&str> = words
        .into_iter()
        .map(String::as_str)
        .filter(|w| !w.is_empty())
        .collect();
    told.join(", ")
}
