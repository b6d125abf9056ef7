//! Programs as chamber controllers play them: ramps, soaks and loops, which can be held. What a
//! step is called, where it is kept and what is refused is each make's business.

use profiles::time::BenchTime;

/// Steps that may follow one another at one instant. A loop of steps without length would
/// otherwise never let go.
const AT_ONCE: u32 = 1_000;

/// One step: where the set point goes, and how long that takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Leg {
    /// Set point at its end, °C; `None`: it stays where it is.
    pub(super) target: Option<f64>,
    /// How it goes there.
    pub(super) way: Way,
    /// How long the step lasts, s; for [`Way::Rate`] as long as the ramp takes.
    pub(super) seconds: f64,
    /// Guaranteed soak: time counts only while air is this near to the set point, K.
    pub(super) within: Option<f64>,
    /// Whether the program holds at its end until it is told to go on.
    pub(super) pauses: bool,
}

/// How a set point goes to its target.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// At once.
    Step,
    /// Evenly over the step.
    Ramp,
    /// At so many K/min.
    Rate(f64),
}

/// A loop: after a step, back to an earlier one, so many times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Return {
    pub(super) after: usize,
    pub(super) to: usize,
    pub(super) times: u32,
}

/// Steps and loops, both counted from 0.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Program {
    pub(super) legs: Vec<Leg>,
    pub(super) returns: Vec<Return>,
}

/// A program that is being played.
#[derive(Clone, Debug)]
pub(super) struct Player {
    program: Program,
    /// The step.
    leg: usize,
    /// Set point when the step began, °C.
    from: f64,
    /// Time that counted in the step, s.
    spent: f64,
    /// How often each loop is still to be gone.
    left: Vec<u32>,
    held: bool,
    /// Until when time has been counted.
    at: BenchTime,
}

impl Player {
    /// Begins with step `leg`; the set point is at `from`, °C.
    pub(super) fn new(program: Program, leg: usize, from: f64, at: BenchTime) -> Player {
        Player {
            left: program.returns.iter().map(|back| back.times).collect(),
            program,
            leg,
            from,
            spent: 0.0,
            held: false,
            at,
        }
    }

    /// Plays on until `at`, with the air at `air`. False once the program is over; its last set
    /// point stays.
    pub(super) fn advance(&mut self, at: BenchTime, air: f64) -> bool {
        let mut seconds = at.micros_since(self.at) as f64 / 1e6;
        self.at = self.at.max(at);
        for _ in 0..AT_ONCE {
            let Some(leg) = self.program.legs.get(self.leg).copied() else {
                return false;
            };
            if self.held {
                return true;
            }
            let astray = leg
                .within
                .is_some_and(|within| (air - self.set_point()).abs() > within);
            let left = self.length(&leg) - self.spent;
            if left > 0.0 && (astray || seconds < left) {
                self.spent += if astray { 0.0 } else { seconds };
                return true;
            }
            seconds -= left.max(0.0);
            self.from = leg.target.unwrap_or(self.from);
            self.spent = 0.0;
            self.leg = self.next();
            self.held = leg.pauses;
        }
        true
    }

    /// Where the set point is now, °C.
    pub(super) fn set_point(&self) -> f64 {
        let Some(leg) = self.program.legs.get(self.leg) else {
            return self.from;
        };
        let target = leg.target.unwrap_or(self.from);
        let length = self.length(leg);
        match leg.way {
            Way::Ramp | Way::Rate(_) if length > 0.0 => {
                self.from + (target - self.from) * (self.spent / length).min(1.0)
            }
            Way::Step | Way::Ramp | Way::Rate(_) => target,
        }
    }

    /// The step that is being played.
    pub(super) fn leg(&self) -> usize {
        self.leg
    }

    /// Time left in the step, s.
    pub(super) fn seconds_left(&self) -> f64 {
        let leg = self.program.legs.get(self.leg);
        leg.map_or(0.0, |leg| (self.length(leg) - self.spent).max(0.0))
    }

    /// Time left in all steps to come, s, without what loops repeat.
    pub(super) fn seconds_to_come(&self) -> f64 {
        let rest = self.program.legs.iter().skip(self.leg + 1);
        let (_, later) = rest.fold((self.end_of_leg(), 0.0), |(from, sum), leg| {
            let seconds = length(leg, from);
            (leg.target.unwrap_or(from), sum + seconds)
        });
        self.seconds_left() + later
    }

    /// How often the loop `index` is still to be gone.
    pub(super) fn returns_left(&self, index: usize) -> u32 {
        self.left.get(index).copied().unwrap_or(0)
    }

    /// How often the first loop has been gone.
    pub(super) fn returned(&self) -> u32 {
        let first = self.program.returns.first().map_or(0, |back| back.times);
        first.saturating_sub(self.returns_left(0))
    }

    /// The step behind which the first loop goes back, once it has.
    pub(super) fn last_return(&self) -> Option<usize> {
        let first = self.program.returns.first()?;
        (self.returned() > 0).then_some(first.after)
    }

    /// Whether it holds.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Holds, or goes on.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Goes on with the next step at once; the set point is taken as reached.
    pub(super) fn skip(&mut self) {
        self.from = self.end_of_leg();
        self.spent = 0.0;
        self.held = false;
        self.leg = self.next();
    }

    fn end_of_leg(&self) -> f64 {
        let leg = self.program.legs.get(self.leg);
        leg.and_then(|leg| leg.target).unwrap_or(self.from)
    }

    fn length(&self, leg: &Leg) -> f64 {
        length(leg, self.from)
    }

    /// The step behind this one, by the first of its loops that is not done. A loop that is gone
    /// through anew starts the loops within it again.
    fn next(&mut self) -> usize {
        let here = self.leg;
        for (index, back) in self.program.returns.iter().enumerate() {
            if back.after != here || back.to > here {
                continue;
            }
            if self.left[index] > 0 {
                self.left[index] -= 1;
                let inner = |other: &Return| other.after < here && other.to >= back.to;
                for (left, other) in self.left.iter_mut().zip(&self.program.returns) {
                    if inner(other) {
                        *left = other.times;
                    }
                }
                return back.to;
            }
        }
        here + 1
    }
}

fn length(leg: &Leg, from: f64) -> f64 {
    match (leg.way, leg.target) {
        (Way::Rate(rate), Some(target)) if rate > 0.0 => (target - from).abs() / rate * 60.0,
        (Way::Rate(_), _) => 0.0,
        _ => leg.seconds,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(target: f64, way: Way, seconds: f64) -> Leg {
        Leg {
            target: Some(target),
            way,
            seconds,
            within: None,
            pauses: false,
        }
    }

    fn seconds(seconds: u64) -> BenchTime {
        BenchTime::from_millis(seconds * 1_000)
    }

    #[test]
    fn ramps_soaks_and_rates_follow_one_another() {
        let soak = Leg {
            target: None,
            ..leg(0.0, Way::Step, 100.0)
        };
        let legs = vec![
            leg(40.0, Way::Ramp, 200.0),
            soak,
            leg(20.0, Way::Rate(6.0), 0.0),
        ];
        let program = Program {
            legs,
            returns: Vec::new(),
        };
        let mut player = Player::new(program, 0, 20.0, BenchTime::ZERO);
        let mut look = |at| (player.advance(seconds(at), 23.0), player.set_point());
        assert_eq!(look(50), (true, 25.0));
        assert_eq!(look(250), (true, 40.0));
        assert_eq!(look(400), (true, 30.0));
        assert_eq!(look(501), (false, 20.0));
        assert_eq!(player.leg(), 3);
    }

    #[test]
    fn loops_within_loops_start_again() {
        let legs = vec![leg(1.0, Way::Step, 10.0), leg(2.0, Way::Step, 10.0)];
        let returns = vec![
            Return {
                after: 0,
                to: 0,
                times: 1,
            },
            Return {
                after: 1,
                to: 0,
                times: 1,
            },
        ];
        let mut player = Player::new(Program { legs, returns }, 0, 0.0, BenchTime::ZERO);
        let played: Vec<usize> = (0..6)
            .map(|index| {
                player.advance(seconds(5 + 10 * index), 0.0);
                player.leg()
            })
            .collect();
        assert_eq!(played, [0, 0, 1, 0, 0, 1]);
        assert!(!player.advance(seconds(60), 0.0));
    }

    #[test]
    fn a_guaranteed_soak_waits_for_the_air_and_a_pause_for_a_word() {
        let soak = Leg {
            within: Some(1.0),
            pauses: true,
            ..leg(50.0, Way::Step, 10.0)
        };
        let program = Program {
            legs: vec![soak, leg(20.0, Way::Step, 10.0)],
            returns: Vec::new(),
        };
        let mut player = Player::new(program, 0, 20.0, BenchTime::ZERO);
        assert!(player.advance(seconds(100), 30.0));
        assert!(player.advance(seconds(105), 49.5));
        assert_eq!((player.leg(), player.seconds_left()), (0, 5.0));
        assert!(player.advance(seconds(200), 49.5));
        assert!(player.is_held() && player.leg() == 1);
        player.hold(false);
        assert!(player.advance(seconds(205), 49.5));
        assert!(!player.advance(seconds(211), 49.5));
    }

    #[test]
    fn a_loop_without_length_lets_go() {
        let returns = vec![Return {
            after: 0,
            to: 0,
            times: u32::MAX,
        }];
        let legs = vec![leg(1.0, Way::Step, 0.0)];
        let mut player = Player::new(Program { legs, returns }, 0, 0.0, BenchTime::ZERO);
        assert!(player.advance(seconds(1), 0.0));
    }
}
