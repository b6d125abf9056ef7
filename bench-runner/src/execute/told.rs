//! What is told of a run while it happens, or when its record is read: judged and gathered at
//! once.

use std::collections::BTreeMap;
use std::path::Path;

use profiles::time::{BenchTime, Period};
use reports::check::WRONG_ANSWERS;
use reports::event::{Event, EventKind, ObserveError, Observer};
use reports::golden::{Cell, Goldens};
use reports::header::Header;
use reports::judge::{Judge, JudgeError};
use reports::report::{Correctness, ExhibitGatherer, Gatherer, GoldenBand, Identity, Manifest};
use reports::rows::Rows;
use reports::verdict::{Ending, Finding, Verdict};

use super::Outcome;
use crate::exit::Exit;

/// Judges and gathers at once.
pub(super) struct Told {
    judge: Judge,
    gatherer: Gatherer,
    exhibits: ExhibitGatherer,
    header: Header,
    identities: BTreeMap<String, Identity>,
    names: Vec<String>,
    pub(super) ending: Option<Ending>,
    last: BenchTime,
}

impl Told {
    pub(super) fn new(header: &Header, goldens: &Goldens) -> Result<Told, JudgeError> {
        Ok(Told {
            judge: Judge::new(header, goldens)?,
            gatherer: Gatherer::new(header),
            exhibits: ExhibitGatherer::new(header, goldens),
            header: header.clone(),
            identities: BTreeMap::new(),
            names: header
                .devices
                .iter()
                .map(|device| device.name.clone())
                .collect(),
            ending: None,
            last: BenchTime::ZERO,
        })
    }

    pub(super) fn conclude(self, folder: &Path, manifest: Manifest, goldens: &Goldens) -> Outcome {
        let findings = self.judge.conclude();
        let verdict = Verdict::of(&findings);
        let exit = Exit::of(&manifest.ending, verdict);
        let manifest = Manifest {
            identities: self.identities,
            verdict,
            exit_code: exit as u8,
            sim_seconds: self.last.as_secs_f64(),
            ..manifest
        };
        let correctness = findings.iter().filter_map(correctness).collect();
        let mut report = self.gatherer.finish(findings, manifest);
        // Who closed the record knows more of its end than what is in it.
        report.ending = report.manifest.ending.clone();
        report.goldens = bands(goldens);
        report.correctness = correctness;
        report.exhibits = self.exhibits.finish();
        Outcome {
            folder: folder.to_owned(),
            report,
            exit,
            unwritten: None,
        }
    }
}

impl Observer for Told {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.last = event.at;
        match &event.kind {
            EventKind::Identified {
                maker,
                model,
                serial,
                firmware,
            } => {
                if let Some(name) = self.names.get(usize::from(event.device.0)) {
                    let identity = Identity {
                        maker: maker.clone(),
                        model: model.clone(),
                        serial: serial.clone(),
                        firmware: firmware.clone(),
                    };
                    self.identities.insert(name.clone(), identity);
                }
            }
            EventKind::RunEnded { ending } => self.ending = Some(ending.clone()),
            _ => {}
        }
        self.exhibits.observe(&self.header, event);
        self.judge.observe(event)?;
        self.gatherer.observe(event)
    }

    fn observe_rows(&mut self, rows: &Rows<'_>) -> Result<(), ObserveError> {
        self.last = rows.times().last().copied().unwrap_or(self.last);
        self.judge.observe_rows(rows)?;
        self.gatherer.observe_rows(rows)
    }
}

/// Judges, and shows what is judged so far on the way.
pub(super) struct Shown<'a> {
    pub(super) told: &'a mut Told,
    pub(super) console: &'a mut dyn Observer,
    pub(super) next: BenchTime,
}

impl Observer for Shown<'_> {
    fn observe(&mut self, event: &Event) -> Result<(), ObserveError> {
        self.told.observe(event)?;
        if event.at >= self.next {
            self.next = event.at + Period::millis(1_000);
            self.console.standing(self.told.judge.failing());
        }
        self.console.observe(event)
    }
}

/// What the throughput golden expects, for the plots: of a phase in all, whatever the temperatures that the golden
/// has it at.
fn bands(goldens: &Goldens) -> Vec<GoldenBand> {
    let Some(golden) = &goldens.throughput else {
        return Vec::new();
    };
    let mut bands = Vec::new();
    for (workload, cells) in &golden.workloads {
        let mut phases: BTreeMap<&str, Vec<&Cell>> = BTreeMap::new();
        for (name, cell) in cells {
            phases.entry(cell.phase(name)).or_default().push(cell);
        }
        bands.extend(phases.into_iter().map(|(phase, cells)| {
            let answers: f64 = cells.iter().map(|cell| cell.samples as f64).sum();
            let mean = |of: fn(&Cell) -> f64| {
                let each = cells.iter().map(|cell| of(cell) * cell.samples as f64);
                each.sum::<f64>() / answers
            };
            GoldenBand {
                workload: workload.clone(),
                phase: phase.to_owned(),
                p50_us: mean(|cell| cell.p50_ms * 1e3),
                p90_us: mean(|cell| cell.p90_ms * 1e3),
                // Answers over the time that they took in all.
                rate: mean(|cell| cell.rate.recip()).recip(),
                tolerance: golden.band.slower,
            }
        }));
    }
    bands
}

/// How many answers are wrong; of a failure that does not say it, one.
fn wrong_answers(finding: &Finding) -> u64 {
    let mut pieces = finding.evidence.iter();
    let told = pieces.find(|piece| piece.what == WRONG_ANSWERS);
    let number = told.and_then(|piece| piece.numbers.get("wrong"));
    match number {
        Some(wrong) => *wrong as u64,
        None => u64::from(finding.verdict == Verdict::Fail),
    }
}

fn correctness(finding: &Finding) -> Option<Correctness> {
    (finding.kind == "matches_golden").then(|| Correctness {
        workload: finding.subject.clone(),
        measure: "worst element".to_owned(),
        compared: finding.samples,
        wrong: wrong_answers(finding),
        worst: finding.value.unwrap_or(0.0),
        allowed: finding.limit.unwrap_or(0.0),
        unit: finding.unit.clone(),
    })
}

#[cfg(test)]
mod tests {
    use reports::golden::ThroughputGolden;

    use super::*;

    #[test]
    fn a_phase_has_one_band_whatever_its_temperatures() {
        let text = include_str!("../../../hil-tests/goldens/eclipse-ride-through/throughput.toml");
        let golden = ThroughputGolden::from_toml(text).unwrap();
        let cells = &golden.workloads["cloud mask"];
        let umbra = cells.iter().filter(|(name, _)| name.starts_with("umbra"));
        let slowest = umbra.map(|(_, cell)| cell.p50_ms).fold(0.0, f64::max);
        let goldens = Goldens {
            throughput: Some(golden),
            ..Goldens::default()
        };
        let bands = bands(&goldens);
        let named = bands
            .iter()
            .map(|band| (band.workload.as_str(), band.phase.as_str()));
        assert_eq!(
            named.collect::<Vec<_>>(),
            [
                ("cloud mask", "sunlit"),
                ("cloud mask", "umbra"),
                ("keyword spotting", "sunlit"),
                ("keyword spotting", "umbra")
            ]
        );
        let dark = &bands[1];
        assert!(
            dark.p50_us > 450_000.0 && dark.p50_us <= slowest * 1e3,
            "{dark:?}"
        );
        assert!((2.1..2.3).contains(&dark.rate), "{dark:?}");
    }
}
