//! The down-link: bytes of results against bytes of raw data, by passes over ground stations.
//! What boards worked on since the last pass comes down in the next; results instead of raw data
//! are what such a satellite sends.

use profiles::time::BenchTime;

use crate::header::{Header, Pass};

/// One pass, and what there was to bring down in it.
#[derive(Clone, Debug, PartialEq)]
pub struct PassStory {
    /// The pass.
    pub pass: Pass,
    /// Answers since the end of the pass before.
    pub answers: u64,
    /// Bytes of the inputs that were answered.
    pub raw_bytes: u64,
    /// Bytes of the answers.
    pub result_bytes: u64,
}

impl PassStory {
    /// Whether all results fit through the pass.
    pub fn results_fit(&self) -> bool {
        self.result_bytes as f64 <= self.pass.capacity_bytes
    }

    /// Whether the raw data would have.
    pub fn raw_fits(&self) -> bool {
        self.raw_bytes as f64 <= self.pass.capacity_bytes
    }
}

/// Counts bytes by passes; each answer in constant memory.
#[derive(Debug)]
pub(super) struct PassGatherer {
    passes: Vec<PassStory>,
    /// Bytes of an input and of an answer, by workload.
    bytes: Vec<[u64; 2]>,
}

impl PassGatherer {
    pub(super) fn new(header: &Header) -> PassGatherer {
        let workloads = header.workloads.iter();
        let mut passes: Vec<PassStory> = header
            .passes
            .iter()
            .map(|pass| PassStory {
                pass: pass.clone(),
                answers: 0,
                raw_bytes: 0,
                result_bytes: 0,
            })
            .collect();
        passes.sort_by_key(|story| story.pass.window.end);
        PassGatherer {
            passes,
            bytes: workloads
                .map(|workload| [workload.input_bytes, workload.output_bytes])
                .collect(),
        }
    }

    /// A workload was answered at `at`.
    pub(super) fn answer(&mut self, at: BenchTime, workload: usize) {
        let next = self
            .passes
            .partition_point(|story| story.pass.window.end <= at);
        let (Some(story), Some([raw, result])) =
            (self.passes.get_mut(next), self.bytes.get(workload))
        else {
            return;
        };
        story.answers += 1;
        story.raw_bytes += raw;
        story.result_bytes += result;
    }

    pub(super) fn finish(self) -> Vec<PassStory> {
        self.passes
    }
}
