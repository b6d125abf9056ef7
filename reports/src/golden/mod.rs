//! Goldens: what was expected, accepted by a person, with where it came from.

mod candidate;
mod compare;
mod decisions;
mod detections;
mod element;
mod language;
mod manifest;
pub(crate) mod measured;
mod measures;
pub mod pass;
mod tensors;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use candidate::{Files, Origin, pack, rungs};
pub use compare::{Comparison, Rung};
pub use detections::{Detection, Matched};
pub use element::ElementType;
pub use manifest::{
    Comparator, Manifest, Margins, MaskLimits, ModelIdentity, Provenance, State, TensorFile,
    Vocabulary,
};
pub use measured::{
    Band, Bin, Blocks, CONFIDENCE, Cell, Cells, Compared, Energies, Energy, FOUND, Gauge, MORE,
    Needed, POWER, Standing, ThroughputError, ThroughputGolden,
};
pub(crate) use measured::{Meter, PhaseAnswers, conditions, cuts};
pub use tensors::array_of;
use tensors::{file, samples, speechless, vocabulary};

use crate::digest::crc32;

/// The files of one workload's golden.
pub const FILES: [&str; 3] = ["golden.toml", "inputs.safetensors", "outputs.safetensors"];

/// One workload's golden: manifest, inputs and expected outputs.
#[derive(Clone, Debug)]
pub struct Golden {
    manifest: Manifest,
    inputs: Vec<Arc<[u8]>>,
    outputs: Vec<Arc<[u8]>>,
    digests: Vec<u32>,
    /// Largest magnitude in each sample's output.
    magnitudes: Vec<f64>,
    /// The texts of tokens; empty where there are none.
    vocabulary: Vec<String>,
}

/// The goldens of a campaign, by folder name.
#[derive(Clone, Debug, Default)]
pub struct Goldens {
    /// Inputs and expected outputs, by folder name.
    pub workloads: BTreeMap<String, Arc<Golden>>,
    /// Expected latencies and rates, if there are any yet.
    pub throughput: Option<ThroughputGolden>,
}

/// Why a folder is no golden.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// A file is not there.
    #[error("golden `{name}` has no file `{file}` in its folder; restore it there")]
    Missing {
        /// The golden.
        name: String,
        /// The file.
        file: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The manifest makes no sense.
    #[error("golden `{name}`: golden.toml: {why}")]
    Manifest {
        /// The golden.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// A file is not the one that the manifest vouches for.
    #[error(
        "golden `{name}`: {file} has SHA-256 {found}, but golden.toml says {expected}; restore the file, or review the change and write its SHA-256 there"
    )]
    Digest {
        /// The golden.
        name: String,
        /// The file.
        file: String,
        /// What the manifest says.
        expected: String,
        /// What the file has.
        found: String,
    },
    /// A tensor is not what the manifest describes.
    #[error("golden `{name}`: {file}: {why}")]
    Tensor {
        /// The golden.
        name: String,
        /// The file.
        file: String,
        /// What is wrong with it.
        why: String,
    },
}

impl Golden {
    /// Reads the folder `dir`, whose name is the golden's.
    ///
    /// # Errors
    /// If a file is missing or is not what the manifest vouches for.
    pub fn read(dir: &Path) -> Result<Golden, GoldenError> {
        let name = dir.file_name().unwrap_or_default().to_string_lossy();
        let mut files = BTreeMap::new();
        for file in FILES {
            let path = dir.join(file);
            match std::fs::read(&path) {
                Ok(bytes) => files.insert(file.to_owned(), bytes),
                Err(source) if source.kind() == io::ErrorKind::NotFound => None,
                Err(source) => return Err(GoldenError::Read { path, source }),
            };
        }
        Golden::from_files(&name, &files)
    }

    /// Makes the golden `name` of its files, by file name.
    ///
    /// # Errors
    /// If a file is missing or is not what the manifest vouches for.
    pub fn from_files(
        name: &str,
        files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Golden, GoldenError> {
        let manifest = manifest::read(name, file(name, files, FILES[0])?)?;
        let vocabulary = vocabulary(files, &manifest)?;
        let inputs = samples(files, &manifest, &manifest.input)?;
        let outputs = samples(files, &manifest, &manifest.output)?;
        let wrong = |why: String| GoldenError::Tensor {
            name: name.to_owned(),
            file: manifest.output.file.clone(),
            why,
        };
        speechless(&manifest, &vocabulary, [&inputs, &outputs])?;
        let mut magnitudes = Vec::with_capacity(outputs.len());
        for (sample, output) in outputs.iter().enumerate() {
            let elements = manifest.output.dtype.decode(output);
            // A NaN equals nothing, so a golden with one could never be met.
            if let Some(place) = elements.iter().position(|value| !value.is_finite()) {
                let (value, at) = (
                    elements[place],
                    element::coordinates(place, &manifest.output.shape),
                );
                return Err(wrong(format!(
                    "output {sample} is {value} at {at:?}, and what is not finite can be met by no \
                     answer; make it anew"
                )));
            }
            magnitudes.push(elements.iter().fold(0.0, |max: f64, v| max.max(v.abs())));
        }
        Ok(Golden {
            digests: outputs.iter().map(|output| crc32(output)).collect(),
            manifest,
            inputs,
            outputs,
            magnitudes,
            vocabulary,
        })
    }

    /// The manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The workload's name.
    pub fn name(&self) -> &str {
        &self.manifest.name
    }

    /// Whether a person stands by it; a pending golden never counts.
    pub fn is_accepted(&self) -> bool {
        self.manifest.state == State::Accepted
    }

    /// How many samples there are.
    pub fn sample_count(&self) -> usize {
        self.inputs.len()
    }

    /// The inputs, one for each sample: elements row-major and little-endian.
    pub fn inputs(&self) -> &[Arc<[u8]>] {
        &self.inputs
    }

    /// The expected outputs, one for each sample: elements row-major and little-endian.
    pub fn outputs(&self) -> &[Arc<[u8]>] {
        &self.outputs
    }

    /// CRC-32 (ISO-HDLC) of each expected output's bytes.
    pub fn output_digests(&self) -> &[u32] {
        &self.digests
    }

    /// How many tokens have a text, where the golden has a vocabulary.
    pub fn vocabulary_length(&self) -> Option<usize> {
        let has = self.manifest.vocabulary.is_some();
        has.then_some(self.vocabulary.len())
    }

    /// The shape of one sample's output.
    pub fn output_shape(&self) -> &[usize] {
        &self.manifest.output.shape
    }

    /// Compares the output `actual` of sample `input` with what is expected.
    pub fn compare(&self, input: usize, actual: &[u8]) -> Comparison {
        compare::compare(self, input, actual)
    }

    /// Relative and absolute tolerance for sample `input`.
    fn tolerance(&self, input: usize) -> (f64, f64) {
        match self.manifest.comparator {
            Comparator::BitExact => (0.0, 0.0),
            Comparator::Lsb { max, .. } => (0.0, max),
            // These judge the output as a whole; elements are told, and bound by nothing.
            Comparator::Ulp { .. }
            | Comparator::Similarity { .. }
            | Comparator::TopK { .. }
            | Comparator::Psnr { .. }
            | Comparator::Tokens { .. }
            | Comparator::TeacherForced { .. }
            | Comparator::Detections { .. } => (0.0, f64::INFINITY),
            Comparator::Tolerance { rtol, atol, .. } => {
                let magnitude = self.magnitudes.get(input).copied().unwrap_or(0.0);
                // Four noise floors, since two correct runtimes already differ by one; and never
                // less than single precision loses over a few layers.
                let natural = (4.0 * self.manifest.noise_floor).max(1e-5 * magnitude);
                (rtol, atol.unwrap_or(natural))
            }
        }
    }

    /// Whether every decision of sample `input` is beyond doubt.
    fn is_decided(&self, input: usize) -> bool {
        let margins = &self.manifest.margins;
        let lead = margins.smallest.get(input);
        lead.is_none_or(|&lead| lead > margins.undecidable_up_to)
    }
}
