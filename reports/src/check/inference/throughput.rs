//! `throughput`: a workload's latency and rate in each phase are the throughput golden's.

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::BenchTime;

use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::event::{Event, EventKind};
use crate::golden::{Band, Cell, Meter, ThroughputGolden};
use crate::header::Subject;
use crate::verdict::{Finding, Verdict};

pub(in crate::check) const KIND: Kind = Kind {
    name: "throughput",
    summary: "latency and rate of a workload hold the throughput golden, phase by phase",
    target: Target::Workload,
    options: &[OptionSpec {
        name: "min_samples",
        kind: OptionKind::Number {
            min: 1.0,
            max: 1e9,
            unit: "",
        },
        default: Some(OptionDefault::Number(64.0)),
        help: "answers that a phase must have to be judged",
    }],
    validate: |_| Ok(()),
    build: |setup| Box::new(Throughput::new(setup)),
};

struct Throughput {
    question: Question,
    workload: String,
    golden: Option<ThroughputGolden>,
    min_samples: u64,
    meter: Meter,
}

/// One number of one phase beside the golden's.
struct Compared {
    phase: String,
    what: &'static str,
    unit: &'static str,
    value: f64,
    golden: f64,
    limit: f64,
    /// Room to the limit as a part of the golden's value; negative outside.
    room: f64,
}

impl Compared {
    /// The nearer of the slow and the fast limit.
    fn new(phase: &str, number: &Number, band: Band) -> Compared {
        let Number {
            what,
            unit,
            value,
            golden,
            more_is_faster,
        } = *number;
        let toward = |part: f64, faster: bool| {
            let sign = if faster == more_is_faster { 1.0 } else { -1.0 };
            let limit = golden * (1.0 + sign * part);
            (limit, sign * (limit - value) / golden)
        };
        let slow = toward(band.slower, false);
        let fast = band.faster.map(|part| toward(part, true));
        let (limit, room) = match fast {
            Some(fast) if fast.1 < slow.1 => fast,
            _ => slow,
        };
        Compared {
            phase: phase.to_owned(),
            what,
            unit,
            value,
            golden,
            limit,
            room,
        }
    }

    fn sentence(&self, subject: &str) -> String {
        let Compared {
            phase,
            what,
            unit,
            value,
            golden,
            limit,
            room,
        } = self;
        let kept = if *room >= 0.0 { "within" } else { "beyond" };
        format!(
            "{what} of {subject} in {phase} is {value:.3} {unit}, {kept} the limit {limit:.3} \
             {unit} (golden {golden:.3} {unit}, {:+.1} %)",
            (value / golden - 1.0) * 100.0
        )
    }
}

/// What to compare.
struct Number {
    what: &'static str,
    unit: &'static str,
    value: f64,
    golden: f64,
    more_is_faster: bool,
}

fn numbers(cell: &Cell, golden: &Cell) -> [Number; 4] {
    let latency = |what, value, golden| Number {
        what,
        unit: "ms",
        value,
        golden,
        more_is_faster: false,
    };
    [
        latency("p50 latency", cell.p50_ms, golden.p50_ms),
        latency("p90 latency", cell.p90_ms, golden.p90_ms),
        latency("p99 latency", cell.p99_ms, golden.p99_ms),
        Number {
            what: "rate",
            unit: "1/s",
            value: cell.rate,
            golden: golden.rate,
            more_is_faster: true,
        },
    ]
}

impl Throughput {
    fn new(setup: &CheckSetup<'_>) -> Throughput {
        let question = Question::new(setup);
        let workload = match setup.spec.subject {
            Subject::Workload { workload } => setup.header.workloads.get(usize::from(workload)),
            Subject::Channel { .. } | Subject::Device { .. } => None,
        };
        Throughput {
            workload: workload.map_or(String::new(), |workload| workload.name.clone()),
            golden: setup.goldens.throughput.clone(),
            min_samples: question.option("min_samples").unwrap_or(64.0) as u64,
            meter: Meter::new(setup.header, &setup.spec.windows),
            question,
        }
    }

    /// Why the cell of `phase` cannot be judged, or how it compares.
    fn judge(&self, phase: &str, cell: &Cell) -> Result<Compared, String> {
        let (subject, least) = (self.question.subject(), self.min_samples);
        let Some(golden) = &self.golden else {
            return Err(format!("no throughput golden for {subject}"));
        };
        let cells = golden.workloads.get(&self.workload);
        let Some(expected) = cells.and_then(|cells| cells.get(phase)) else {
            return Err(format!(
                "the throughput golden knows no {phase} of {subject}"
            ));
        };
        if cell.samples < least {
            let has = cell.samples;
            return Err(format!(
                "{has} answers of {subject} in {phase}, at least {least} needed"
            ));
        }
        let each = numbers(cell, expected);
        let compared = each
            .iter()
            .map(|number| Compared::new(phase, number, golden.band));
        let worst = compared.min_by(|a, b| a.room.total_cmp(&b.room));
        worst.ok_or_else(|| format!("nothing to compare in {phase}"))
    }
}

impl Check for Throughput {
    fn observe(&mut self, _window: usize, event: &Event) {
        if let EventKind::Inferred(inferred) = &event.kind {
            self.meter.observe(event.at, inferred.latency_us);
        }
    }

    fn cut_short(&mut self, reached: BenchTime) {
        self.meter.cut_short(reached);
    }

    /// Quantiles and rates are known at the end only.
    fn failing(&self) -> bool {
        false
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        let meter = std::mem::take(&mut self.meter);
        let cells = meter.cells();
        let samples = cells.iter().map(|(_, cell)| cell.samples).sum();
        if samples == 0 {
            return self.question.unseen();
        }
        let mut unknown = None;
        let mut worst: Option<Compared> = None;
        for (phase, cell) in &cells {
            match self.judge(phase, cell) {
                Ok(compared) if worst.as_ref().is_none_or(|w| compared.room < w.room) => {
                    worst = Some(compared);
                }
                Ok(_) => {}
                Err(because) => {
                    unknown.get_or_insert(because);
                }
            }
        }
        let fails = worst
            .as_ref()
            .is_some_and(|worst| worst.room < 0.0 || worst.room.is_nan());
        let subject = self.question.subject();
        let Some(compared) = worst.filter(|_| fails || unknown.is_none()) else {
            let because = unknown.unwrap_or_else(|| "nothing to compare".to_owned());
            return self
                .question
                .finding(Verdict::Inconclusive, samples, because);
        };
        let verdict = if fails { Verdict::Fail } else { Verdict::Pass };
        let found = self
            .question
            .finding(verdict, samples, compared.sentence(subject));
        Finding {
            value: Some(compared.value),
            limit: Some(compared.limit),
            unit: compared.unit.to_owned(),
            margin: Some(compared.room * compared.golden),
            phase: Some(compared.phase),
            ..found
        }
    }
}
