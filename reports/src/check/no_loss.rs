//! `no_loss`: everything that a device says arrives whole, and often enough.

use std::collections::BTreeMap;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::reading::DamageKind;
use profiles::time::BenchTime;

use super::tally::{Question, Seen};
use super::{Check, CheckSetup, Kind, Target};
use crate::event::{Event, EventKind};
use crate::verdict::{Finding, Verdict};

pub(super) const KIND: Kind = Kind {
    name: "no_loss",
    summary: "nothing that a device says is damaged or missing",
    target: Target::Device,
    options: &[OptionSpec {
        name: "min_rate",
        kind: OptionKind::Number {
            min: 0.0,
            max: 1e6,
            unit: "1/s",
        },
        default: Some(OptionDefault::Unset),
        help: "packets per second that must arrive at least, on average over the windows",
    }],
    validate: |_| Ok(()),
    build: |setup| Box::new(NoLoss::new(setup)),
};

#[derive(Clone)]
struct NoLoss {
    question: Question,
    min_rate: Option<f64>,
    seconds: f64,
    packets: u64,
    /// How often what went wrong; a gap counts once here.
    damage: BTreeMap<DamageKind, u64>,
    lost: u64,
    first: Option<BenchTime>,
    failed: Option<(BenchTime, String)>,
}

impl NoLoss {
    fn new(setup: &CheckSetup<'_>) -> NoLoss {
        let mut question = Question::new(setup);
        let min_rate = question.option("min_rate");
        let unit = min_rate.map_or("lost", |_| "1/s");
        unit.clone_into(&mut question.unit);
        let windows = setup.spec.windows.iter();
        NoLoss {
            min_rate,
            seconds: windows.map(|named| named.window.seconds()).sum(),
            question,
            packets: 0,
            damage: BTreeMap::new(),
            lost: 0,
            first: None,
            failed: None,
        }
    }

    fn damaged(&mut self, at: BenchTime, why: DamageKind) {
        // A gap is as many losses as packets are missing, and the same kind at any length.
        let (kind, lost) = match why {
            DamageKind::Gap { lost } => (DamageKind::Gap { lost: 0 }, u64::from(lost)),
            kind => (kind, 1),
        };
        *self.damage.entry(kind).or_default() += 1;
        self.lost += lost;
        self.first.get_or_insert(at);
    }

    fn lossy(&self, first: BenchTime) -> Finding {
        let question = &self.question;
        let name = |kind: &DamageKind| match kind {
            DamageKind::Gap { .. } => "gap in the sequence".to_owned(),
            kind => kind.to_string(),
        };
        let kinds: Vec<String> = self
            .damage
            .iter()
            .map(|(kind, count)| format!("{count} x {}", name(kind)))
            .collect();
        let because = format!(
            "{} lost {} packets beside {} whole ones, first {}: {}",
            question.subject(),
            self.lost,
            self.packets,
            question.when(first),
            kinds.join(", ")
        );
        let seen = Seen {
            at: first,
            value: self.lost as f64,
            limit: 0.0,
            margin: -(self.lost as f64),
        };
        let found = question.finding(Verdict::Fail, self.packets + self.lost, because);
        let found = question.finding_at(found, &seen);
        Finding {
            unit: "lost".to_owned(),
            ..found
        }
    }
}

impl Check for NoLoss {
    fn observe(&mut self, _window: usize, event: &Event) {
        match &event.kind {
            EventKind::Sampled { .. } => self.packets += 1,
            EventKind::Damaged { damage } => self.damaged(event.at, damage.why),
            // What was told while the line was away, nobody knows.
            EventKind::DeviceFailed { why } | EventKind::LinkLost { why } => {
                let failure = (event.at, why.clone());
                // The smallest, so that the order of failures of one time does not matter.
                self.failed = Some(
                    self.failed
                        .take()
                        .map_or(failure.clone(), |f| f.min(failure)),
                );
            }
            _ => {}
        }
    }

    fn cut_short(&mut self, reached: BenchTime) {
        let windows = &self.question.spec().windows;
        let seen = windows.iter().map(|named| {
            let end = named.window.end.min(reached);
            end.micros_since(named.window.start) as f64 * 1e-6
        });
        self.seconds = seen.sum();
    }

    fn failing(&self) -> bool {
        self.first.is_some() || self.failed.is_some()
    }

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(self: Box<Self>) -> Finding {
        let question = &self.question;
        let (subject, packets) = (question.subject(), self.packets);
        if let Some(first) = self.first {
            return self.lossy(first);
        }
        if let Some((at, why)) = &self.failed {
            let because = format!("{subject} failed {}: {why}", question.when(*at));
            return question.finding(Verdict::Fail, packets, because);
        }
        let rate = packets as f64 / self.seconds.max(1e-6);
        if packets == 0 {
            return question.unseen();
        }
        let Some(min_rate) = self.min_rate else {
            let because = format!("{packets} packets of {subject}, none damaged, none missing");
            let found = question.finding(Verdict::Pass, packets, because);
            return Finding {
                value: Some(0.0),
                limit: Some(0.0),
                margin: Some(0.0),
                ..found
            };
        };
        let (verdict, side) = if rate >= min_rate {
            (Verdict::Pass, "none damaged, at least")
        } else {
            (Verdict::Fail, "below")
        };
        let because = format!(
            "{packets} packets of {subject} in {:.1} s, {rate:.3} 1/s, {side} {min_rate} 1/s",
            self.seconds
        );
        Finding {
            value: Some(rate),
            limit: Some(min_rate),
            margin: Some(rate - min_rate),
            ..question.finding(verdict, packets, because)
        }
    }
}
