//! Instruments that play a list of set points by themselves.

use async_trait::async_trait;
use profiles::command::Command;
use profiles::time::Period;

use crate::error::DeviceError;

/// What a list of an instrument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// Most set points.
    pub points: usize,
    /// Shortest time from one set point to the next.
    pub shortest: Period,
    /// Longest time from one set point to the next.
    pub longest: Period,
    /// Each of these times is a whole multiple of this.
    pub grid: Period,
    /// How long before its start a list is told: what telling and reading it back may take.
    pub ahead: Period,
}

/// One set point of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What it is.
    pub command: Command,
    /// How long until the next one; `None` at the last, which stays.
    pub stays: Option<Period>,
}

impl Point {
    /// Seconds until the next one; the last has none of its own.
    pub fn seconds(&self) -> f64 {
        self.stays.map_or(0.0, Period::as_secs_f64)
    }
}

/// An instrument that plays a list of set points by itself, and can be asked whether it does.
#[async_trait]
pub trait Player: Send {
    /// What a list may be.
    fn room(&self) -> Room;

    /// Has the instrument keep a list, and reads it back. Nothing changes at its output, and what
    /// it is told until [`Player::start`] is in force as ever.
    async fn upload(&mut self, points: &[Point]) -> Result<(), DeviceError>;

    /// Starts the list that was uploaded, and reads back that it plays.
    async fn start(&mut self) -> Result<(), DeviceError>;

    /// Reads back that the list still plays; with its last set point, that it is over and that
    /// this is what it left in force. A list that ended otherwise is an error.
    async fn follow(&mut self, last: Option<&Command>) -> Result<(), DeviceError>;
}

/// Whether a list of numbers, as an instrument of SCPI answers it, is the one that it was told. Each may
/// be as far from what was told as `near` says of that.
pub(crate) fn reads_back(answer: &str, told: &[f64], near: impl Fn(f64) -> f64) -> bool {
    let read: Option<Vec<f64>> = answer
        .split(',')
        .map(|number| number.trim().parse().ok())
        .collect();
    read.is_some_and(|read| {
        let same = |(told, read): (&f64, &f64)| (told - read).abs() <= near(*told);
        read.len() == told.len() && told.iter().zip(&read).all(same)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_back_if_it_is_as_long_and_each_number_is_near() {
        let near = |told: f64| 0.01 * told;
        assert!(reads_back("1.0, 2.01,3", &[1.0, 2.0, 3.0], near));
        assert!(!reads_back("1.0, 2.03,3", &[1.0, 2.0, 3.0], near));
        assert!(!reads_back("1.0,2.0", &[1.0, 2.0, 3.0], near));
        assert!(!reads_back("1.0,2.0,3.0,", &[1.0, 2.0, 3.0], near));
        assert!(!reads_back("", &[1.0], near));
    }
}
