//! The throughput golden: how fast each workload answered in each phase of the orbit, and how
//! far a run may fall behind it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use profiles::time::{BenchTime, Window};
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;
use super::conditions::Bin;
use super::energy::{Energies, Energy, MORE};
use super::meter::{Meter, PhaseAnswers};
use crate::event::Event;
use crate::header::{Header, NamedWindow, Subject};

/// How fast one workload answered in one phase.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cell {
    /// How many answers it rests on.
    pub samples: u64,
    /// From where to where the board's own temperature was, °C, if it told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub celsius: Option<[i32; 2]>,
    /// Completed inferences during the phase, 1/s.
    pub rate: f64,
    /// Half of the answers took no longer, ms on the board's clock.
    pub p50_ms: f64,
    /// Nine in ten took no longer, ms.
    pub p90_ms: f64,
    /// Ninety-nine in a hundred took no longer, ms.
    pub p99_ms: f64,
    /// What blocks of them tell, if they are enough for blocks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<Blocks>,
}

impl Cell {
    /// The phase, plateau or step of a cell of this `name`, which may tell the bin too.
    pub fn phase<'a>(&self, name: &'a str) -> &'a str {
        let bin = self.bin().map(|bin| bin.within(""));
        let phase = bin.and_then(|bin| name.strip_suffix(bin.as_str()));
        phase.unwrap_or(name)
    }

    fn bin(&self) -> Option<Bin> {
        self.celsius.and_then(|[low, _]| Bin::of(f64::from(low)))
    }
}

/// Cells by workload, then by phase: `umbra`, or `umbra, 20 to 30 °C` where a phase has several.
pub type Cells = BTreeMap<String, BTreeMap<String, Cell>>;

/// How far a run may lie from the golden, as parts of the golden's value.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    /// How much slower: 0.03 for 3 %.
    pub slower: f64,
    /// How much faster, if that is judged at all: an answer that comes too soon may be none.
    pub faster: Option<f64>,
    /// How much more energy an answer may take; 5 % if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub more: Option<f64>,
}

/// Expected latencies and rates, accepted by a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThroughputGolden {
    /// The campaign that it was measured in.
    pub campaign: String,
    /// How far a run may lie from it.
    pub band: Band,
    /// What was measured.
    #[serde(rename = "workload", default)]
    pub workloads: Cells,
    /// What right answers took, where a check measured it.
    #[serde(default)]
    pub energy: Energies,
}

/// Why a text is no throughput golden.
#[derive(Debug, thiserror::Error)]
pub enum ThroughputError {
    /// It is not what the format asks for.
    #[error("throughput.toml: {0}")]
    Toml(#[from] toml::de::Error),
    /// A number cannot be.
    #[error("throughput.toml: {0}")]
    Senseless(String),
}

/// A cell's phase and its name, with how many answers decide it and how long they take at the golden's rate, s;
/// none where the golden has too few for any run.
pub type Needed<'a> = (&'a str, &'a str, Option<(u64, f64)>);

impl ThroughputGolden {
    /// Reads `throughput.toml`.
    ///
    /// # Errors
    /// If it is not what the format asks for.
    pub fn from_toml(text: &str) -> Result<ThroughputGolden, ThroughputError> {
        let golden: ThroughputGolden = toml::from_str(text)?;
        let positive = |value: f64| value > 0.0 && value.is_finite();
        for (workload, phases) in &golden.workloads {
            for (phase, cell) in phases {
                let numbers = [cell.rate, cell.p50_ms, cell.p90_ms, cell.p99_ms];
                let blocks = cell.blocks.is_none_or(|blocks| {
                    let each = [blocks.p50, blocks.p90, blocks.interval];
                    let numbers = each
                        .iter()
                        .all(|[t, d]| positive(*t) && *d >= 0.0 && d.is_finite());
                    numbers && blocks.answers >= 2 && blocks.count >= 2
                });
                if cell
                    .celsius
                    .is_some_and(|edges| cell.bin().map(Bin::edges) != Some(edges))
                {
                    let why = format!(
                        "`{workload}` in `{phase}` has a `celsius` that is no ten kelvins, such as [20, 30]"
                    );
                    return Err(ThroughputError::Senseless(why));
                }
                if !numbers.into_iter().all(positive) || !blocks {
                    let why = format!(
                        "`{workload}` in `{phase}` has a number that is not above 0, or blocks that are none"
                    );
                    return Err(ThroughputError::Senseless(why));
                }
            }
        }
        for (workload, phases) in &golden.energy {
            if let Some((phase, _)) = phases.iter().find(|(_, energy)| !energy.is_sensible()) {
                let why = format!(
                    "the energy of `{workload}` in `{phase}` has a number that cannot be: joules are above 0, \
                     and blocks at least two"
                );
                return Err(ThroughputError::Senseless(why));
            }
        }
        let Band {
            slower,
            faster,
            more,
        } = golden.band;
        let mut parts = [Some(slower), faster, more].into_iter().flatten();
        if !parts.all(|part| (0.0..1.0).contains(&part)) {
            let why = "a band is a part from 0 to below 1".to_owned();
            return Err(ThroughputError::Senseless(why));
        }
        Ok(golden)
    }

    /// Takes what was measured in the run of `header` as what is expected from now on. Cells
    /// without an answer, and temperatures with too few, are left out: nothing can be compared with them.
    pub fn accept(header: &Header, cells: &Cells, band: Band) -> ThroughputGolden {
        ThroughputGolden::with_energy(header, cells, Energies::new(), band)
    }

    /// The same, with what answers took. How much more they may take is kept with it.
    pub fn with_energy(
        header: &Header,
        cells: &Cells,
        energy: Energies,
        band: Band,
    ) -> ThroughputGolden {
        let mut workloads = cells.clone();
        for phases in workloads.values_mut() {
            phases.retain(|name, cell| {
                // A temperature that was hardly there decides nothing; a whole phase says what it lacks.
                let decides = |blocks: Blocks| blocks.answers_needed(band).is_some();
                let kept = cell.phase(name) == name || cell.blocks.is_some_and(decides);
                kept && cell.samples > 0 && cell.rate > 0.0 && cell.p50_ms > 0.0
            });
        }
        workloads.retain(|_, phases| !phases.is_empty());
        ThroughputGolden {
            campaign: header.campaign.clone(),
            band: Band {
                more: band.more.or((!energy.is_empty()).then_some(MORE)),
                ..band
            },
            workloads,
            energy,
        }
    }

    /// The cells of one phase, by the bin that they are of; none where the board told no temperature.
    pub fn phase(&self, workload: &str, phase: &str) -> BTreeMap<Option<Bin>, &Cell> {
        let cells = self.workloads.get(workload).into_iter().flatten();
        let mine = cells.filter(|(name, cell)| cell.phase(name) == phase);
        mine.map(|(_, cell)| (cell.bin(), cell)).collect()
    }

    /// What each cell of a workload needs to be decided; only for cells whose blocks are known.
    pub fn needed(&self, workload: &str) -> Vec<Needed<'_>> {
        let phases = self.workloads.get(workload).into_iter().flatten();
        let told = phases.filter_map(|(name, cell)| {
            let blocks = cell.blocks?;
            let answers = blocks.answers_needed(self.band);
            let answers = answers.map(|answers| (answers, answers as f64 / cell.rate));
            Some((cell.phase(name), name.as_str(), answers))
        });
        told.collect()
    }

    /// The text of `throughput.toml`: the same golden, the same text.
    pub fn to_toml(&self) -> String {
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let mut text = format!("campaign = {}\n\n[band]\n", quoted(&self.campaign));
        let mut line = |key: &str, value: f64| {
            writeln!(text, "{key} = {value:?}").expect("writing to a String cannot fail");
        };
        line("slower", self.band.slower);
        if let Some(faster) = self.band.faster {
            line("faster", faster);
        }
        if let Some(more) = self.band.more {
            line("more", more);
        }
        for (workload, phases) in &self.workloads {
            for (phase, cell) in phases {
                let Cell {
                    samples,
                    celsius,
                    rate,
                    p50_ms,
                    p90_ms,
                    p99_ms,
                    blocks,
                } = cell;
                write!(
                    text,
                    "\n[workload.{}.{}]\nsamples = {samples}\n{}rate = {rate:?}\n\
                     p50_ms = {p50_ms:?}\np90_ms = {p90_ms:?}\np99_ms = {p99_ms:?}\n",
                    quoted(workload),
                    quoted(phase),
                    celsius.map_or(String::new(), |edges| format!("celsius = {edges:?}\n")),
                )
                .expect("writing to a String cannot fail");
                if let Some(blocks) = blocks {
                    let name = format!("workload.{}.{}.blocks", quoted(workload), quoted(phase));
                    text.push_str(&block_lines(&name, blocks, self.band));
                }
            }
        }
        for (workload, phases) in &self.energy {
            for (phase, energy) in phases {
                let name = format!("energy.{}.{}", quoted(workload), quoted(phase));
                text.push_str(&energy_lines(&name, energy, self.more()));
            }
        }
        text
    }

    /// How much more energy an answer may take, as a part.
    pub fn more(&self) -> f64 {
        self.band.more.unwrap_or(MORE)
    }
}

/// A table of what answers took, with how many of them it takes to be held against it.
fn energy_lines(name: &str, energy: &Energy, more: f64) -> String {
    let Energy {
        right,
        joules,
        uncertainty,
        meter,
        answers,
        count,
        each: [typical, deviation],
    } = energy;
    let needed = energy.needed(more);
    let meter = toml::Value::String(meter.clone());
    format!(
        "\n# {needed}\n[{name}]\nright = {right}\njoules = {joules:?}\nuncertainty = {uncertainty:?}\n\
         meter = {meter}\nanswers = {answers}\ncount = {count}\neach = [{typical:?}, {deviation:?}]\n"
    )
}

/// A table of a cell's blocks, with how many answers it takes to be held against them.
fn block_lines(name: &str, blocks: &Blocks, band: Band) -> String {
    let needed = if let Some(answers) = blocks.answers_needed(band) {
        format!("a run needs {answers} answers")
    } else {
        let both = blocks.answers_needed_of_both(band);
        format!("too few for any run: golden and run need {both} answers each")
    };
    let pair = |[typical, deviation]: [f64; 2]| format!("[{typical:?}, {deviation:?}]");
    format!(
        "\n# {needed}\n[{name}]\nanswers = {}\ncount = {}\np50 = {}\np90 = {}\ninterval = {}\n",
        blocks.answers,
        blocks.count,
        pair(blocks.p50),
        pair(blocks.p90),
        pair(blocks.interval)
    )
}

/// Measures the cells of a whole run: each workload inside the windows of its throughput checks,
/// or from start to end where no check asks.
#[derive(Clone, Debug)]
pub struct Gauge {
    meters: Vec<(String, crate::event::DeviceId, Meter)>,
}

impl Gauge {
    /// A gauge for the run of `header`.
    pub fn new(header: &Header) -> Gauge {
        let whole = [NamedWindow {
            name: "whole run".to_owned(),
            window: Window {
                start: BenchTime::ZERO,
                end: header.end,
            },
        }];
        let meters = header
            .workloads
            .iter()
            .enumerate()
            .map(|(place, workload)| {
                let subject = Subject::Workload {
                    workload: place as u16,
                };
                let asked = header
                    .checks
                    .iter()
                    .filter(|check| check.kind == "throughput" && check.subject == subject);
                let mut windows: Vec<NamedWindow> = asked
                    .flat_map(|check| check.windows.iter().cloned())
                    .collect();
                // Checks may share a window; each answer counts once.
                windows.sort_by_key(|named| (named.window.start, named.window.end));
                windows.dedup();
                if windows.is_empty() {
                    windows = whole.to_vec();
                }
                let meter = Meter::new(header, &windows, header.device_at(workload.device));
                (workload.name.clone(), workload.device, meter)
            });
        Gauge {
            meters: meters.collect(),
        }
    }

    /// Takes one event; times never go back.
    pub fn observe(&mut self, event: &Event) {
        for (_, device, meter) in &mut self.meters {
            if *device == event.device {
                meter.observe(event);
            }
        }
    }

    /// What was measured.
    pub fn cells(self) -> Cells {
        let each = self.meters.into_iter();
        each.map(|(name, _, meter)| (name, meter.phases().iter().flat_map(cells).collect()))
            .collect()
    }
}

/// The cells of a phase: one for each bin of temperature, or one of all where the board was in one
/// only, or told none.
fn cells(phase: &PhaseAnswers) -> Vec<(String, Cell)> {
    let bins: Vec<Bin> = phase.bins().into_keys().collect();
    match bins.as_slice() {
        [] => vec![(phase.name.clone(), phase.whole(None))],
        [bin] => vec![(phase.name.clone(), phase.inside(*bin, None))],
        several => {
            let cell = |bin: &Bin| (bin.within(&phase.name), phase.inside(*bin, None));
            several.iter().map(cell).collect()
        }
    }
}
