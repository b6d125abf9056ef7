//! `throughput`: a workload's latency and rate in each phase are the throughput golden's.

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::BenchTime;

use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::event::{Event, EventKind};
use crate::golden::{
    Band, Blocks, CONFIDENCE, Cell, Compared as BlocksCompared, Meter, Standing, ThroughputGolden,
};
use crate::header::Subject;
use crate::statistics::Effect;
use crate::verdict::{Evidence, Finding, Verdict};

pub(in crate::check) const KIND: Kind = Kind {
    name: "throughput",
    summary: "latency and rate of a workload hold the throughput golden, phase by phase",
    target: Target::Workload,
    options: &[OptionSpec {
        name: "min_samples",
        kind: OptionKind::Whole {
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

#[derive(Clone)]
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
    fn judge(&self, phase: &str, cell: &Cell) -> Result<Judged, String> {
        let (subject, has) = (self.question.subject(), cell.samples);
        let Some(golden) = &self.golden else {
            return Err(format!("no throughput golden for {subject}"));
        };
        let cells = golden.workloads.get(&self.workload);
        let Some(expected) = cells.and_then(|cells| cells.get(phase)) else {
            return Err(format!(
                "the throughput golden knows no {phase} of {subject}"
            ));
        };
        if has < self.min_samples {
            let least = self.min_samples;
            return Err(format!(
                "{has} answers of {subject} in {phase}, at least {least} needed"
            ));
        }
        Ok(match (&expected.blocks, &cell.blocks) {
            (Some(before), Some(now)) => Judged::blocks(phase, (before, now), golden.band),
            (Some(before), None) => {
                let needed = needed(before, golden.band);
                return Err(format!(
                    "{has} answers of {subject} in {phase} make no blocks: {needed}"
                ));
            }
            (None, _) => Judged::band(phase, (cell, expected), golden.band),
        })
    }
}

struct Judged {
    standing: Standing,
    compared: Compared,
    /// Said instead of the number's own sentence.
    words: Option<String>,
    evidence: Option<Evidence>,
}

/// How many answers it takes, in words.
fn needed(golden: &Blocks, band: Band) -> String {
    match golden.answers_needed(band) {
        Some(answers) => format!("{answers} answers are needed"),
        None => format!(
            "the golden has too few itself: it and the run need {} answers each",
            golden.answers_needed_of_both(band)
        ),
    }
}

/// The numbers of blocks against blocks, for programs.
fn block_numbers(
    (before, now): (&Blocks, &Blocks),
    effects: &[(&'static str, Effect)],
    band: Band,
) -> Vec<(&'static str, f64)> {
    let mut numbers = vec![
        ("blocks", now.count as f64),
        ("golden_blocks", before.count as f64),
    ];
    numbers.extend(
        before
            .answers_needed(band)
            .map(|answers| ("answers_needed", answers as f64)),
    );
    let names = [
        ["p50_ratio", "p50_low", "p50_high"],
        ["p90_ratio", "p90_low", "p90_high"],
        ["interval_ratio", "interval_low", "interval_high"],
    ];
    for ([ratio, low, high], (_, effect)) in names.into_iter().zip(effects) {
        numbers.extend([
            (ratio, effect.ratio),
            (low, effect.low),
            (high, effect.high),
        ]);
    }
    numbers
}

impl Judged {
    /// By the golden's band alone, where it has no blocks.
    fn band(phase: &str, (cell, golden): (&Cell, &Cell), band: Band) -> Judged {
        let each = numbers(cell, golden);
        let compared = each.iter().map(|number| Compared::new(phase, number, band));
        let worst = compared.min_by(|a, b| a.room.total_cmp(&b.room));
        let compared = worst.expect("there are four numbers");
        let inside = compared.room >= 0.0;
        Judged {
            standing: if inside {
                Standing::Holds
            } else {
                Standing::Regressed
            },
            compared,
            words: None,
            evidence: None,
        }
    }

    /// By blocks against blocks.
    fn blocks(phase: &str, (before, now): (&Blocks, &Blocks), band: Band) -> Judged {
        let BlocksCompared { standing, effects } = before.against(now, band);
        let told = |(name, effect): &(&str, Effect)| {
            format!(
                "{name} {:.4} ({:.4} to {:.4})",
                effect.ratio, effect.low, effect.high
            )
        };
        let listed: Vec<String> = effects.iter().map(told).collect();
        let needed = needed(before, band);
        let percent = CONFIDENCE * 100.0;
        let text = format!(
            "ratios to the golden at {percent:.0} % together: {}; {} blocks of {} answers, golden {}; \
             {needed}",
            listed.join(", "),
            now.count,
            now.answers,
            before.count
        );
        let evidence = Evidence::new(phase, text, &block_numbers((before, now), &effects, band));
        let slowest = effects.iter().max_by(|a, b| a.1.low.total_cmp(&b.1.low));
        let (what, ratio) = slowest.map_or(("latency", f64::NAN), |(name, e)| (*name, e.ratio));
        let limit = 1.0 + band.slower;
        Judged {
            standing,
            compared: Compared {
                phase: phase.to_owned(),
                what,
                unit: "",
                value: ratio,
                golden: 1.0,
                limit,
                room: limit - ratio,
            },
            words: Some(match standing {
                Standing::Holds => format!(
                    "within {limit} of the golden in {phase}: {}",
                    listed.join(", ")
                ),
                Standing::Regressed => {
                    format!(
                        "beyond {limit} of the golden in {phase}: {}",
                        listed.join(", ")
                    )
                }
                Standing::Undecided => format!(
                    "too few blocks to tell from {limit} in {phase}: {}; {needed}",
                    listed.join(", ")
                ),
            }),
            evidence: Some(evidence),
        }
    }

    /// Regressed is worse than undecided, and less room is worse.
    fn weight(&self) -> (u8, f64) {
        let standing = match self.standing {
            Standing::Holds => 0,
            Standing::Undecided => 1,
            Standing::Regressed => 2,
        };
        (standing, -self.compared.room)
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

    fn twin(&self) -> Box<dyn Check> {
        Box::new(self.clone())
    }

    fn conclude(mut self: Box<Self>) -> Finding {
        let meter = std::mem::take(&mut self.meter);
        let golden = self
            .golden
            .as_ref()
            .and_then(|g| g.workloads.get(&self.workload));
        let length = |phase: &str| Some(golden?.get(phase)?.blocks?.answers);
        let cells = meter.cells(length);
        let samples = cells.iter().map(|(_, cell)| cell.samples).sum();
        if samples == 0 {
            return self.question.unseen();
        }
        let mut unknown = None;
        let mut judged: Vec<Judged> = Vec::new();
        for (phase, cell) in &cells {
            match self.judge(phase, cell) {
                Ok(one) => judged.push(one),
                Err(because) => {
                    unknown.get_or_insert(because);
                }
            }
        }
        let heavier = |a: &(u8, f64), b: &(u8, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        // Of equals the first, so that the order of phases decides.
        let worst = judged
            .iter()
            .rev()
            .max_by(|a, b| heavier(&a.weight(), &b.weight()));
        let fails = worst.is_some_and(|worst| worst.standing == Standing::Regressed);
        let evidence: Vec<Evidence> = judged
            .iter()
            .filter_map(|one| one.evidence.clone())
            .collect();
        let subject = self.question.subject();
        let Some(worst) = worst.filter(|_| fails || unknown.is_none()) else {
            let because = unknown.unwrap_or_else(|| "nothing to compare".to_owned());
            let found = self
                .question
                .finding(Verdict::Inconclusive, samples, because);
            return Finding { evidence, ..found };
        };
        let verdict = match worst.standing {
            Standing::Holds => Verdict::Pass,
            Standing::Regressed => Verdict::Fail,
            Standing::Undecided => Verdict::Inconclusive,
        };
        let compared = &worst.compared;
        let because = match &worst.words {
            Some(words) => format!("{subject} is {words}"),
            None => compared.sentence(subject),
        };
        let found = self.question.finding(verdict, samples, because);
        Finding {
            value: Some(compared.value),
            limit: Some(compared.limit),
            unit: compared.unit.to_owned(),
            margin: Some(compared.room * compared.golden),
            phase: Some(compared.phase.clone()),
            evidence,
            ..found
        }
    }
}
