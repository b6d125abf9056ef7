//! Timelines: set points in time order.

use serde::{Deserialize, Serialize};

use crate::command::Command;
use crate::name::DeviceName;
use crate::time::BenchTime;

/// One command for one device at one time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetPoint {
    /// When.
    pub at: BenchTime,
    /// Who.
    pub device: DeviceName,
    /// What.
    pub command: Command,
}

/// Set points in time order; equal times keep the order in which they were pushed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timeline {
    points: Vec<SetPoint>,
}

/// A set point came before the last one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("set point at {at} after one at {last}")]
pub struct OutOfOrder {
    /// The time that came too late.
    pub at: BenchTime,
    /// The last time that was there.
    pub last: BenchTime,
}

impl Timeline {
    /// Appends a set point.
    ///
    /// # Errors
    /// If it is earlier than the last one.
    pub fn push(&mut self, point: SetPoint) -> Result<(), OutOfOrder> {
        if let Some(last) = self.points.last().map(|last| last.at)
            && point.at < last
        {
            return Err(OutOfOrder { at: point.at, last });
        }
        self.points.push(point);
        Ok(())
    }

    /// All of `parts` in one order: by time, then by part, then as written.
    pub fn merged(parts: Vec<Timeline>) -> Timeline {
        let mut points: Vec<SetPoint> = parts.into_iter().flat_map(|part| part.points).collect();
        points.sort_by_key(|point| point.at);
        Timeline { points }
    }

    /// The set points, in order.
    pub fn iter(&self) -> impl Iterator<Item = &SetPoint> {
        self.points.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::Switch;

    fn point(millis: u64, device: &str, state: Switch) -> SetPoint {
        SetPoint {
            at: BenchTime::from_millis(millis),
            device: DeviceName::new(device).unwrap(),
            command: Command::SupplyOutput(state),
        }
    }

    #[test]
    fn a_late_set_point_is_refused() {
        let mut timeline = Timeline::default();
        timeline.push(point(5, "a", Switch::On)).unwrap();
        assert!(timeline.push(point(4, "a", Switch::Off)).is_err());
        assert_eq!(timeline.len(), 1);
    }

    #[test]
    fn equal_times_keep_the_written_order() {
        let mut first = Timeline::default();
        first.push(point(5, "b", Switch::On)).unwrap();
        first.push(point(5, "b", Switch::Off)).unwrap();
        let mut second = Timeline::default();
        second.push(point(5, "a", Switch::On)).unwrap();
        let merged = Timeline::merged(vec![first.clone(), second.clone()]);
        let expected: Vec<SetPoint> = first.iter().chain(second.iter()).cloned().collect();
        assert_eq!(merged.iter().cloned().collect::<Vec<_>>(), expected);
    }
}
