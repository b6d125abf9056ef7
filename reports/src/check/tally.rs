//! What every check keeps: its question, the worst it saw, and how to say so.

use std::sync::Arc;

use profiles::time::{BenchTime, Window};

use super::CheckSetup;
use crate::header::{Accuracy, CheckSpec, Subject};
use crate::verdict::{Evidence, Finding, Verdict};

/// A value beside its limit.
#[derive(Clone, Copy, Debug)]
pub(in crate::check) struct Seen {
    pub(in crate::check) at: BenchTime,
    pub(in crate::check) value: f64,
    pub(in crate::check) limit: f64,
    /// Distance from the limit, positive inside.
    pub(in crate::check) margin: f64,
}

impl Seen {
    /// Whether the limit is kept; not a number is outside.
    pub(in crate::check) fn is_inside(&self) -> bool {
        self.margin >= 0.0
    }

    /// Less margin is worse; among equals the earlier, so that the order of events of one time
    /// does not matter.
    pub(in crate::check) fn is_worse_than(&self, other: &Seen) -> bool {
        let margin = |seen: &Seen| {
            if seen.margin.is_nan() {
                f64::NEG_INFINITY
            } else {
                seen.margin
            }
        };
        let order = margin(self)
            .total_cmp(&margin(other))
            .then(self.at.cmp(&other.at))
            .then(self.value.total_cmp(&other.value));
        order.is_lt()
    }
}

/// Keeps the worst of `worst` and `seen`.
pub(in crate::check) fn keep_worst(worst: &mut Option<Seen>, seen: Seen) {
    if worst.is_none_or(|worst| seen.is_worse_than(&worst)) {
        *worst = Some(seen);
    }
}

/// The question of one check, and where in the run a time lies.
#[derive(Clone)]
pub(in crate::check) struct Question {
    spec: Arc<CheckSpec>,
    places: Vec<(String, Window)>,
    pub(in crate::check) unit: String,
    /// How accurate the channel in question is, as far as anybody guarantees that, and in which unit.
    accuracy: Option<(Accuracy, String)>,
}

impl Question {
    pub(in crate::check) fn new(setup: &CheckSetup<'_>) -> Question {
        let header = setup.header;
        let phases = header.phases.iter();
        let phases = phases.map(|p| (p.phase.name().to_owned(), p.window));
        let steps = header.steps.iter().map(|s| (s.name.clone(), s.window));
        let channel = match setup.spec.subject {
            Subject::Channel { device, channel } => header.device_at(device).and_then(|device| {
                let channel = device.channels.get(usize::from(channel))?;
                Some((device, channel))
            }),
            Subject::Device { .. } | Subject::Workload { .. } => None,
        };
        Question {
            spec: Arc::clone(&setup.spec),
            // A phase says more than a step, so it is found first.
            places: phases.chain(steps).collect(),
            unit: channel.map_or(String::new(), |(_, channel)| channel.unit.to_string()),
            accuracy: channel.and_then(|(device, channel)| {
                let known = device.accuracy_of(&channel.name)?;
                Some((known.clone(), channel.unit.to_string()))
            }),
        }
    }

    pub(in crate::check) fn subject(&self) -> &str {
        &self.spec.subject_text
    }

    pub(in crate::check) fn spec(&self) -> &CheckSpec {
        &self.spec
    }

    /// A number of the spec's options, or of a duration in seconds.
    pub(in crate::check) fn option(&self, name: &str) -> Option<f64> {
        self.spec.options.number(name)
    }

    /// The phase at `at`, or the step where there is none.
    pub(in crate::check) fn place(&self, at: BenchTime) -> Option<&str> {
        let place = self.places.iter().find(|(_, window)| window.contains(at));
        place.map(|(name, _)| name.as_str())
    }

    /// `at T+00:01:02.300 in umbra`.
    pub(in crate::check) fn when(&self, at: BenchTime) -> String {
        match self.place(at) {
            Some(place) => format!("at {at} in {place}"),
            None => format!("at {at}"),
        }
    }

    /// `24.812 V`.
    pub(in crate::check) fn amount(&self, value: f64) -> String {
        spaced(&format!("{value:.3}"), &self.unit)
    }

    /// `26 V`: as the campaign wrote it.
    pub(in crate::check) fn bound(&self, value: f64) -> String {
        spaced(&format!("{value}"), &self.unit)
    }

    pub(in crate::check) fn finding(
        &self,
        verdict: Verdict,
        samples: u64,
        because: String,
    ) -> Finding {
        Finding {
            check: self.spec.name.clone(),
            kind: self.spec.kind.clone(),
            subject: self.spec.subject_text.clone(),
            during: self.spec.during.clone(),
            verdict,
            because,
            value: None,
            limit: None,
            unit: self.unit.clone(),
            margin: None,
            uncertainty: None,
            expected: None,
            at: None,
            phase: None,
            samples,
            evidence: Vec::new(),
        }
    }

    /// By how much a value that the channel told may be wrong; nothing of what is counted or worked out.
    fn uncertainty(&self, value: f64) -> Option<f64> {
        let (known, unit) = self.accuracy.as_ref()?;
        let error = known.at(value);
        (*unit == self.unit && error.is_finite()).then_some(error)
    }

    /// The same, with the worst that was seen.
    pub(in crate::check) fn finding_at(&self, found: Finding, seen: &Seen) -> Finding {
        let finite = |value: f64| value.is_finite().then_some(value);
        Finding {
            value: finite(seen.value),
            limit: finite(seen.limit),
            margin: finite(seen.margin),
            uncertainty: self.uncertainty(seen.value),
            at: Some(seen.at),
            phase: self.place(seen.at).map(str::to_owned),
            ..found
        }
    }

    /// A piece of evidence, at its time and place.
    pub(in crate::check) fn placed(&self, at: BenchTime, evidence: Evidence) -> Evidence {
        Evidence {
            at: Some(at),
            phase: self.place(at).map(str::to_owned),
            ..evidence
        }
    }

    /// Nothing was seen at all.
    pub(in crate::check) fn unseen(&self) -> Finding {
        let because = format!(
            "no sample of {} during {}",
            self.subject(),
            self.spec.during
        );
        self.finding(Verdict::Inconclusive, 0, because)
    }
}

fn spaced(number: &str, unit: &str) -> String {
    if unit.is_empty() {
        number.to_owned()
    } else {
        format!("{number} {unit}")
    }
}
