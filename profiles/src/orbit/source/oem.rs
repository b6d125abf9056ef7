//! Tables of states as CCSDS Orbit Ephemeris Messages in key-value notation (CCSDS 502.0-B-3,
//! section 5), interpolated by Hermite's polynomial through positions and velocities.

use super::keys::{Piece, lines, missing};
use crate::orbit::elements::ElementsError;
use crate::orbit::frame::from_gcrs;
use crate::orbit::propagation::{EARTH_MU, PropagationError, State};
use crate::orbit::utc::Utc;
use crate::orbit::vector::Vector;

/// States around an instant that its polynomial goes through: degree 11. Five minutes apart in
/// low orbit it errs by millimetres.
const NODES: usize = 6;

/// A table of states in TEME.
#[derive(Clone, Debug, PartialEq)]
pub struct Ephemeris {
    name: String,
    states: Vec<(Utc, State)>,
}

/// The heading of a segment, as far as it matters.
#[derive(Default)]
struct Heading {
    frame: Option<Frame>,
    /// Seconds to add to a time to make it UTC, for UTC, TAI and TT.
    system: Option<System>,
}

#[derive(Clone, Copy, PartialEq)]
enum Frame {
    Teme,
    Gcrs,
}

#[derive(Clone, Copy, PartialEq)]
enum System {
    Utc,
    Tai,
    Tt,
}

impl Ephemeris {
    /// Reads one message; all its segments make one table.
    ///
    /// # Errors
    /// At the first value that cannot be, a time that is not after the last one, or what is
    /// missing. The frames TEME, GCRF, ICRF and EME2000 are known and the times UTC, TAI, TT.
    pub fn parse(text: &str) -> Result<Ephemeris, ElementsError> {
        let (mut name, mut heading) = (String::new(), Heading::default());
        let (mut in_heading, mut in_covariance) = (false, false);
        let mut states: Vec<(Utc, State)> = Vec::new();
        for line in lines(text) {
            match line.text.trim() {
                "META_START" => (in_heading, heading) = (true, Heading::default()),
                "META_STOP" => in_heading = false,
                "COVARIANCE_START" => in_covariance = true,
                "COVARIANCE_STOP" => in_covariance = false,
                _ if in_covariance => {}
                _ => match line.key() {
                    Some(("OBJECT_NAME", value)) => value.text.clone_into(&mut name),
                    Some((key, value)) if in_heading => heading.read(key, value)?,
                    Some(_) => {}
                    None => states.push(heading.state(line, states.last())?),
                },
            }
        }
        if states.len() < 2 {
            return Err(missing(text, "at least two lines of states"));
        }
        Ok(Ephemeris { name, states })
    }

    /// Name of the object.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Time of the first state.
    pub fn first(&self) -> Utc {
        self.states[0].0
    }

    /// Time of the last state.
    pub fn last(&self) -> Utc {
        self.states[self.states.len() - 1].0
    }

    /// Time of one revolution by the energy of the first state, s; a day where it is unbound.
    pub fn period_seconds(&self) -> f64 {
        let state = &self.states[0].1;
        let energy = 2.0 / state.position.norm() - state.velocity.dot(state.velocity) / EARTH_MU;
        if energy > 0.0 {
            std::f64::consts::TAU / (EARTH_MU * energy.powi(3)).sqrt()
        } else {
            86_400.0
        }
    }

    /// Position and velocity in TEME; up to one step beyond either end.
    ///
    /// # Errors
    /// If the table does not reach so far.
    pub fn state(&self, at: Utc) -> Result<State, PropagationError> {
        let (first, last) = (self.first(), self.last());
        let step = last.seconds_since(first) / (self.states.len() - 1) as f64;
        if first.seconds_since(at) > step || at.seconds_since(last) > step {
            return Err(PropagationError::Uncovered { at, first, last });
        }
        let after = self.states.partition_point(|(time, _)| *time <= at);
        let count = NODES.min(self.states.len());
        let from = after
            .saturating_sub(count / 2)
            .min(self.states.len() - count);
        Ok(hermite(&self.states[from..from + count], at))
    }
}

/// Divided differences with every node twice, the derivative carried along.
fn hermite(nodes: &[(Utc, State)], at: Utc) -> State {
    let base = nodes[0].0;
    let count = 2 * nodes.len();
    let time = |index: usize| nodes[index / 2].0.seconds_since(base);
    let mut column = [Vector::default(); 2 * NODES];
    for (index, slot) in column.iter_mut().take(count).enumerate() {
        *slot = nodes[index / 2].1.position;
    }
    for order in 1..count {
        for index in (order..count).rev() {
            column[index] = if order == 1 && index % 2 == 1 {
                nodes[index / 2].1.velocity
            } else {
                (column[index] - column[index - 1]) * (1.0 / (time(index) - time(index - order)))
            };
        }
    }
    let seconds = at.seconds_since(base);
    let (mut position, mut velocity) = (column[count - 1], Vector::default());
    for index in (0..count - 1).rev() {
        let into = seconds - time(index);
        velocity = velocity * into + position;
        position = position * into + column[index];
    }
    State { position, velocity }
}

impl Heading {
    fn read(&mut self, key: &str, value: Piece<'_>) -> Result<(), ElementsError> {
        match key {
            "CENTER_NAME" if !value.text.eq_ignore_ascii_case("EARTH") => {
                return Err(value.refuse("`EARTH`"));
            }
            "REF_FRAME" => {
                self.frame = Some(match value.text {
                    "TEME" => Frame::Teme,
                    "GCRF" | "ICRF" | "EME2000" => Frame::Gcrs,
                    _ => return Err(value.refuse("`TEME`, `GCRF`, `ICRF` or `EME2000`")),
                });
            }
            "TIME_SYSTEM" => {
                self.system = Some(match value.text {
                    "UTC" => System::Utc,
                    "TAI" => System::Tai,
                    "TT" => System::Tt,
                    _ => return Err(value.refuse("`UTC`, `TAI` or `TT`")),
                });
            }
            _ => {}
        }
        Ok(())
    }

    fn state(
        &self,
        line: Piece<'_>,
        last: Option<&(Utc, State)>,
    ) -> Result<(Utc, State), ElementsError> {
        let (Some(frame), Some(system)) = (self.frame, self.system) else {
            return Err(line.refuse("`REF_FRAME` and `TIME_SYSTEM` between META_START and here"));
        };
        let words = line.words();
        if words.len() != 7 && words.len() != 10 {
            return Err(line.refuse("a time, three km, three km/s (and three km/s2 or nothing)"));
        }
        let read = words[0].instant()?;
        // Read as UTC, a time in TAI or TT is ahead by the leap seconds, and by 32.184 s.
        let at = match system {
            System::Utc => read,
            System::Tai => read.plus_seconds(-(read.leap_seconds() as f64)),
            System::Tt => read.plus_seconds(-(read.leap_seconds() as f64) - 32.184),
        };
        if last.is_some_and(|(last, _)| at <= *last) {
            return Err(words[0].refuse("a time after the one of the line before"));
        }
        let mut numbers = [0.0; 6];
        for (number, word) in numbers.iter_mut().zip(&words[1..]) {
            *number = word.number("a number")?;
        }
        let [x, y, z, vx, vy, vz] = numbers;
        let turned = |v: Vector| match frame {
            Frame::Teme => v,
            Frame::Gcrs => from_gcrs(v, at),
        };
        let state = State {
            position: turned(Vector::new(x, y, z)),
            velocity: turned(Vector::new(vx, vy, vz)),
        };
        Ok((at, state))
    }
}
