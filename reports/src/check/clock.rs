//! `clock`: a device's own clock keeps pace with the bench's.
//!
//! How it is held against bench time is in [`profiles::correlation`].

use profiles::correlation::{Correlation, Correlator};
use profiles::option::{OptionDefault, OptionKind, OptionSpec, Options};
use profiles::time::BenchTime;

use super::moments::{Moment, Moments};
use super::tally::Question;
use super::{Check, CheckSetup, Kind, Target};
use crate::event::Event;
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "clock",
    summary: "a device's own clock drifts no more than allowed, and is not set meanwhile",
    target: Target::Channel,
    options: &[
        OptionSpec {
            name: "max_drift",
            kind: OptionKind::Number {
                min: 0.0,
                max: 1e6,
                unit: "ppm",
            },
            default: Some(OptionDefault::Unset),
            help: "largest drift against bench time, fast or slow, in millionths",
        },
        OptionSpec {
            name: "steps",
            kind: OptionKind::Whole {
                min: 0.0,
                max: 1e6,
                unit: "",
            },
            default: Some(OptionDefault::Number(0.0)),
            help: "how often it may be set or start anew",
        },
    ],
    validate,
    build: |setup| Box::new(Clock::new(setup)),
};

fn validate(options: &Options) -> Result<(), String> {
    match options.number("max_drift") {
        Some(_) => Ok(()),
        None => Err("needs `max_drift`".to_owned()),
    }
}

#[derive(Clone)]
struct Clock {
    question: Question,
    moments: Moments,
    correlator: Correlator,
    max_drift: f64,
    steps: u64,
    last: BenchTime,
}

impl Clock {
    fn new(setup: &CheckSetup<'_>) -> Clock {
        let mut question = Question::new(setup);
        "ppm".clone_into(&mut question.unit);
        Clock {
            moments: Moments::new(&setup.spec),
            max_drift: question.option("max_drift").unwrap_or(0.0),
            steps: question.option("steps").unwrap_or(0.0) as u64,
            question,
            correlator: Correlator::new(),
            last: BenchTime::ZERO,
        }
    }

    fn take(&mut self, moment: &Moment) {
        // Of several stamps of one time the newest was delayed least.
        self.correlator.push(moment.at, moment.high);
        self.last = moment.at;
    }

    fn judged(&self, found: &Correlation) -> (Verdict, String) {
        let subject = self.question.subject();
        let Correlation {
            drift_ppm,
            drift_low_ppm,
            drift_high_ppm,
            ..
        } = *found;
        let told = format!(
            "{subject} runs {drift_ppm:.3} ppm off bench time over {:.0} s (95 %: {drift_low_ppm:.3} \
             to {drift_high_ppm:.3})",
            found.seconds
        );
        let limit = self.question.bound(self.max_drift);
        if drift_low_ppm > self.max_drift || drift_high_ppm < -self.max_drift {
            (Verdict::Fail, format!("{told}, at most {limit} allowed"))
        } else if drift_low_ppm < -self.max_drift || drift_high_ppm > self.max_drift {
            let open = format!("{told}: too short or too noisy to tell from {limit}");
            (Verdict::Inconclusive, open)
        } else {
            (Verdict::Pass, format!("{told}, at most {limit} allowed"))
        }
    }
}

impl Check for Clock {
    fn observe(&mut self, window: usize, event: &Event) {
        if let Some(moment) = self.moments.push(window, event) {
            self.take(&moment);
        }
    }

    fn failing(&self) -> bool {
        self.correlator.steps() > self.steps
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        if let Some(moment) = self.moments.last() {
            self.take(&moment);
        }
        let (question, samples) = (&self.question, self.moments.samples);
        if samples == 0 {
            return question.unseen();
        }
        let found = self.correlator.correlation();
        let steps = self.correlator.steps();
        let (mut verdict, mut because) = if let Some(found) = &found {
            self.judged(found)
        } else {
            let short = format!("{} was heard too shortly for a drift", question.subject());
            (Verdict::Inconclusive, short)
        };
        if steps > self.steps {
            verdict = Verdict::Fail;
            because = format!(
                "{} was set or started anew {steps} times, {} allowed; {because}",
                question.subject(),
                self.steps
            );
        }
        let finding = question.finding(verdict, samples, because);
        let Some(found) = found else { return finding };
        Finding {
            value: Some(found.drift_ppm),
            limit: Some(self.max_drift.copysign(found.drift_ppm)),
            margin: Some(self.max_drift - found.drift_ppm.abs()),
            at: Some(self.last),
            ..finding
        }
    }
}
