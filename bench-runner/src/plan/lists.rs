//! Lists: set points that an instrument plays by itself, where the wiring asks for that.

use drivers::player::{Point, Room};
use profiles::command::Command;
use profiles::time::Period;
use reports::event::DeviceId;

use super::{Plan, Planner, TimedCommand};
use crate::config::refusal::Refusal;
use crate::config::wiring::RawDevice;

/// Set points that a device plays by itself, one after the other: at least two.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Whose.
    pub device: DeviceId,
    /// Where they are in the plan's timeline.
    pub places: Vec<usize>,
    /// What a list of the device may be.
    pub room: Room,
}

impl List {
    /// Its set points, each with the time until the next.
    pub(crate) fn points(&self, timeline: &[TimedCommand]) -> Vec<Point> {
        let at = |place: usize| timeline[place].at;
        let points = self.places.iter().enumerate().map(|(index, &place)| {
            let next = self.places.get(index + 1);
            let micros = next.map(|&next| at(next).micros_since(at(place)));
            Point {
                command: timeline[place].command.clone(),
                stays: micros.and_then(|micros| Period::from_millis((micros / 1_000) as u32)),
            }
        });
        points.collect()
    }
}

impl Plan {
    /// The lists that devices play, each device's in order of time. A list ends where the device
    /// is told something else, or the next set point does not fit in. What is alone is told.
    pub fn lists(&self) -> Vec<List> {
        let mut lists = Vec::new();
        for device in self.devices.iter().map(super::DevicePlan::wired) {
            let Some(room) = device.plays else {
                continue;
            };
            let mut list = Vec::new();
            let mut close = |list: &mut Vec<usize>| {
                let (device, places) = (device.id, std::mem::take(list));
                if places.len() > 1 {
                    lists.push(List {
                        device,
                        places,
                        room,
                    });
                }
            };
            for (place, told) in self.timeline.iter().enumerate() {
                if told.device != device.id {
                    continue;
                }
                let last = list.last().map(|&last: &usize| &self.timeline[last]);
                if !last.is_some_and(|last| list.len() < room.points && follows(last, told, room)) {
                    close(&mut list);
                }
                if is_playable(&told.command) {
                    list.push(place);
                }
            }
            close(&mut list);
        }
        lists
    }
}

/// What lists are made of. A dark curve is none that a simulator could keep: it is told, and
/// switches off.
fn is_playable(command: &Command) -> bool {
    match command {
        Command::Supply { .. } | Command::Chamber { slew: None, .. } => true,
        Command::Curve(points) => !points.is_dark(),
        _ => false,
    }
}

/// Whether `next` can follow `last` in a list.
fn follows(last: &TimedCommand, next: &TimedCommand, room: Room) -> bool {
    let micros = next.at.micros_since(last.at);
    is_playable(&next.command)
        && (room.shortest.as_micros()..=room.longest.as_micros()).contains(&micros)
        && micros.is_multiple_of(room.grid.as_micros())
}

impl Planner {
    /// What the lists of a device may be, where the wiring has it play its set points itself.
    pub(super) fn plays(
        &mut self,
        raw: &RawDevice,
        model: &str,
        room: Option<Room>,
    ) -> Option<Room> {
        let play = raw.play.as_ref()?;
        if play.value == "bench" || room.is_some() {
            return room.filter(|_| play.value == "instrument");
        }
        let message = format!("`{model}` plays no set points by itself");
        let expected = "expected `play = \"bench\"`, or a model that does";
        self.refuse(Refusal::at(&play.place, message, expected));
        None
    }
}
