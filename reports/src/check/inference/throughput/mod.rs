//! `throughput`: a workload's latency and rate in each phase are the throughput golden's; where the board
//! tells its temperature, in each bin of ten kelvins, since on an orbit nothing comes to rest.

mod judged;

use profiles::option::{OptionDefault, OptionKind, OptionSpec};
use profiles::time::BenchTime;

use crate::check::tally::Question;
use crate::check::{Check, CheckSetup, Kind, Target};
use crate::event::Event;
use crate::golden::{Cell, Meter, PhaseAnswers, Standing, ThroughputGolden};
use crate::header::Subject;
use crate::verdict::{Evidence, Finding, Verdict};
use judged::{Judged, needed};

pub(in crate::check) const KIND: Kind = Kind {
    name: "throughput",
    summary: "latency and rate of a workload hold the throughput golden, by phase and temperature",
    target: Target::Workload,
    options: &[OptionSpec {
        name: "min_samples",
        kind: OptionKind::Whole {
            min: 1.0,
            max: 1e9,
            unit: "",
        },
        default: Some(OptionDefault::Number(64.0)),
        help: "answers that a phase or a bin of its temperatures must have to be judged",
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
            meter: Meter::new(
                setup.header,
                &setup.spec.windows,
                workload.and_then(|workload| setup.header.device_at(workload.device)),
            ),
            question,
        }
    }

    /// The cells of a phase: all of it where the golden has it whole, else one for each bin.
    fn seen(&self, phase: &PhaseAnswers) -> Result<Vec<Seen>, String> {
        let (subject, name) = (self.question.subject(), &phase.name);
        let Some(golden) = &self.golden else {
            return Err(format!("no throughput golden for {subject}"));
        };
        let cells = golden.phase(&self.workload, name);
        if cells.is_empty() {
            return Err(format!(
                "the throughput golden knows no {name} of {subject}"
            ));
        }
        let length = |expected: &Cell| expected.blocks.map(|blocks| blocks.answers);
        if let Some(expected) = cells.get(&None) {
            let cell = phase.whole(length(expected));
            return Ok(vec![self.cell(name, &cell, Some(expected))]);
        }
        let bins = phase.bins();
        if bins.is_empty() {
            return Err(format!(
                "the throughput golden has {name} of {subject} by temperature, and the board told none"
            ));
        }
        let seen = bins.into_keys().map(|bin| {
            let expected = cells.get(&Some(bin)).copied();
            let cell = phase.inside(bin, expected.and_then(length));
            self.cell(&bin.within(name), &cell, expected)
        });
        Ok(seen.collect())
    }

    /// One cell beside the golden's.
    fn cell(&self, name: &str, cell: &Cell, expected: Option<&Cell>) -> Seen {
        let judged = self.judge(name, cell, expected);
        let judged = judged.map_err(|why| {
            let evidence = Evidence::new(
                name,
                format!("not judged: {why}"),
                &[("answers", cell.samples as f64)],
            );
            (why, evidence)
        });
        Seen {
            name: name.to_owned(),
            answers: cell.samples,
            judged,
        }
    }

    /// Why a cell cannot be judged, or how it compares.
    fn judge(&self, name: &str, cell: &Cell, expected: Option<&Cell>) -> Result<Judged, String> {
        let (subject, has, least) = (self.question.subject(), cell.samples, self.min_samples);
        let (Some(golden), Some(expected)) = (&self.golden, expected) else {
            return Err(format!(
                "the throughput golden knows no {name} of {subject}"
            ));
        };
        if has < least {
            return Err(format!(
                "{has} answers of {subject} in {name}, at least {least} needed"
            ));
        }
        if expected.celsius.is_some() && expected.samples < least {
            return Err(format!(
                "the throughput golden has {} answers of {subject} in {name}, at least {least} needed",
                expected.samples
            ));
        }
        Ok(match (&expected.blocks, &cell.blocks) {
            (Some(before), Some(now)) => Judged::blocks(name, (before, now), golden.band),
            (Some(before), None) => {
                let needed = needed(before, golden.band);
                return Err(format!(
                    "{has} answers of {subject} in {name} make no blocks: {needed}"
                ));
            }
            (None, _) => Judged::band(name, (cell, expected), golden.band),
        })
    }
}

/// A cell of the run, beside the golden's if it can be.
struct Seen {
    name: String,
    answers: u64,
    judged: Result<Judged, (String, Evidence)>,
}

/// What all phases come to.
#[derive(Default)]
struct Standings {
    /// Cells that decide, each with its phase.
    judged: Vec<(String, Judged)>,
    /// Why a phase is not known, if one is not.
    unknown: Option<String>,
    /// Names of cells that have too few answers, of phases that others decide.
    aside: Vec<String>,
    evidence: Vec<Evidence>,
}

impl Standings {
    /// A phase without a cell that decides is not known. Nor is one most of whose answers are in
    /// cells that do not: a board that is hotter than it ever was must not pass by what it did before.
    fn add(&mut self, subject: &str, phase: &PhaseAnswers, seen: Vec<Seen>) {
        let (mut deciding, mut undecided, mut aside) = (0, Vec::new(), Vec::new());
        let mut first = None;
        let mut found = Vec::new();
        for Seen {
            name,
            answers,
            judged,
        } in seen
        {
            match judged {
                Ok(judged) if judged.has_too_few(answers) => {
                    self.evidence.extend(judged.evidence().cloned());
                    first.get_or_insert_with(|| judged.sentence(subject));
                    undecided.push((phase.name.clone(), judged));
                    aside.push(name);
                }
                Ok(judged) => {
                    self.evidence.extend(judged.evidence().cloned());
                    deciding += answers;
                    found.push((phase.name.clone(), judged));
                }
                Err((why, evidence)) => {
                    self.evidence.push(evidence);
                    first.get_or_insert(why);
                    aside.push(name);
                }
            }
        }
        let all = phase.answers.len() as u64;
        if found.is_empty() && !undecided.is_empty() {
            self.judged.extend(undecided);
            return;
        }
        if deciding * 2 < all || found.is_empty() {
            let why =
                first.unwrap_or_else(|| format!("the board of {subject} told no temperature"));
            self.unknown.get_or_insert(match deciding {
                0 => why,
                _ => format!(
                    "only {deciding} of {all} answers of {subject} in {} are where it can be judged: {why}",
                    phase.name
                ),
            });
        }
        self.judged.extend(found);
        self.aside.extend(aside);
    }

    /// Of equals the first, so that the order of phases decides.
    fn worst(&self) -> Option<&(String, Judged)> {
        let heavier = |a: &(u8, f64), b: &(u8, f64)| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1));
        let each = self.judged.iter().rev();
        each.max_by(|a, b| heavier(&a.1.weight(), &b.1.weight()))
    }
}

impl Check for Throughput {
    fn observe(&mut self, _window: usize, event: &Event) {
        self.meter.observe(event);
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
        let phases = std::mem::take(&mut self.meter).phases();
        let samples = phases.iter().map(|phase| phase.answers.len() as u64).sum();
        if samples == 0 {
            return self.question.unseen();
        }
        let subject = self.question.subject();
        let mut standings = Standings::default();
        for phase in &phases {
            let seen = self.seen(phase);
            match seen {
                Ok(seen) => standings.add(subject, phase, seen),
                Err(because) => {
                    standings.unknown.get_or_insert(because);
                }
            }
        }
        let worst = standings.worst();
        let fails = worst.is_some_and(|(_, worst)| worst.standing == Standing::Regressed);
        let Some((phase, worst)) = worst.filter(|_| fails || standings.unknown.is_none()) else {
            let because = standings.unknown;
            let because = because.unwrap_or_else(|| "nothing to compare".to_owned());
            let found = self
                .question
                .finding(Verdict::Inconclusive, samples, because);
            let evidence = standings.evidence;
            return Finding { evidence, ..found };
        };
        let verdict = match worst.standing {
            Standing::Holds => Verdict::Pass,
            Standing::Regressed => Verdict::Fail,
            Standing::Undecided => Verdict::Inconclusive,
        };
        let compared = &worst.compared;
        let mut because = worst.sentence(subject);
        if !standings.aside.is_empty() {
            because.push_str("; too few answers to judge: ");
            because.push_str(&standings.aside.join("; "));
        }
        let found = self.question.finding(verdict, samples, because);
        Finding {
            value: Some(compared.value),
            limit: Some(compared.limit),
            unit: compared.unit.to_owned(),
            margin: Some(compared.room * compared.golden),
            expected: Some(compared.golden),
            uncertainty: compared.uncertainty,
            phase: Some(phase.clone()),
            evidence: standings.evidence,
            ..found
        }
    }
}
