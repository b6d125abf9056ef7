//! An instrument that plays a list by itself: uploaded, started, and followed by read-backs. What
//! it cannot play because its line was away meanwhile is told as ever.

use drivers::error::{DeviceError, DeviceErrorKind};
use drivers::player::Point;
use profiles::command::Command;
use profiles::time::BenchTime;
use reports::event::EventKind;

use super::{InstrumentStation, TRIES};
use crate::run::station::Task;
use crate::run::way::is_gone;

/// What an instrument does with the list that it was given last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::run) enum Playing {
    /// It has none, or not any more.
    #[default]
    Nothing,
    /// It keeps one, and waits.
    Uploaded,
    /// It plays it.
    Plays,
}

impl InstrumentStation {
    /// Carries out what is due at `at`; `false` if the instrument failed.
    pub(super) async fn carry_out(&mut self, at: BenchTime, task: &Task) -> bool {
        match (task, self.playing) {
            (Task::Tell(command), _) => self.apply(at, command).await,
            (Task::Upload(points), _) => self.upload(points).await,
            (Task::Start(command), Playing::Uploaded) => self.start(at, task, command).await,
            (Task::Next(command), Playing::Plays) => self.follow(at, task, command, None).await,
            (Task::Last(command), Playing::Plays) => {
                let followed = self.follow(at, task, command, Some(command)).await;
                self.playing = Playing::Nothing;
                followed
            }
            (Task::Start(command) | Task::Next(command) | Task::Last(command), _) => {
                self.apply(at, command).await
            }
        }
    }

    /// Gives the instrument a list, once each set point in it is within its limits.
    async fn upload(&mut self, points: &[Point]) -> bool {
        let beyond = points
            .iter()
            .find_map(|point| self.is_within_limits(&point.command).err());
        let beyond = beyond.or_else(|| self.is_slow_throughout(points).err());
        let uploaded = match beyond {
            Some(error) => Err(error),
            None => match self.instrument.player() {
                Some(player) => player.upload(points).await,
                // The plan has no lists for it.
                None => return true,
            },
        };
        match uploaded {
            Ok(()) => {
                self.playing = Playing::Uploaded;
                let points = points.len() as u32;
                let event = EventKind::ListUploaded { points };
                self.reporter.tell(self.clock.now(), event);
                true
            }
            Err(error) => self.survives(&error).await,
        }
    }

    async fn start(&mut self, at: BenchTime, task: &Task, command: &Command) -> bool {
        if let Err(error) = self.is_slow_enough(at, command) {
            self.fail(&error).await;
            return false;
        }
        self.way.meter.mark();
        let started = match self.instrument.player() {
            Some(player) => player.start().await,
            None => Ok(()),
        };
        match started {
            Ok(()) => {
                self.playing = Playing::Plays;
                self.took(at, task, command);
                true
            }
            // Whether it heard the trigger, nobody knows: arming ended it, and it is told.
            Err(error) => self.survives(&error).await && self.apply(at, command).await,
        }
    }

    /// Reads back that the list plays, or with `last` how it ended.
    async fn follow(
        &mut self,
        at: BenchTime,
        task: &Task,
        command: &Command,
        last: Option<&Command>,
    ) -> bool {
        for attempt in 1..=TRIES {
            let followed = match self.instrument.player() {
                Some(player) => player.follow(last).await,
                None => Ok(()),
            };
            match followed {
                Ok(()) => {
                    self.took(at, task, command);
                    return true;
                }
                Err(error) if is_gone(&error) => {
                    return self.recover(&error).await && self.apply(at, command).await;
                }
                Err(error) if attempt < TRIES && is_unheard(&error) => {
                    let event = EventKind::Retried {
                        asked: "follow the list".into(),
                        why: error.kind.to_string(),
                    };
                    self.reporter.tell(self.clock.now(), event);
                }
                Err(error) => {
                    // If a protection tripped, that is why: measuring raises it.
                    self.measure().await;
                    self.fail(&error).await;
                    return false;
                }
            }
        }
        false
    }

    /// Whether the run goes on after an error: only if it was the line, and it came back.
    async fn survives(&mut self, error: &DeviceError) -> bool {
        if is_gone(error) {
            return self.recover(error).await;
        }
        self.fail(error).await;
        false
    }
}

/// Whether an error says nothing of the list.
fn is_unheard(error: &DeviceError) -> bool {
    matches!(
        error.kind,
        DeviceErrorKind::Silent { .. } | DeviceErrorKind::Garbled { .. }
    )
}
