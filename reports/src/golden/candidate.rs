//! The life of a golden: what a run answered becomes a candidate, a person looks at the
//! difference, and accepts or rejects it. Everything that is written for people in `golden.toml`
//! stays as it is written.

use std::collections::BTreeMap;

use safetensors::tensor::TensorView;
use toml_edit::{Array, DocumentMut, Item, value};

use super::element::ElementType;
use super::manifest::TensorFile;
use super::{Comparison, FILES, Golden, GoldenError, Rung};
use crate::digest::sha256_hex;

/// Where a candidate came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Name of the run's folder.
    pub run: String,
    /// SHA-256 of its record.
    pub record_sha256: String,
    /// Maker, model, serial number and firmware of the board.
    pub board: String,
    /// The same without the serial number: whose numbers these are.
    pub kernels: String,
    /// What it was like: ranges of voltage and temperature, in words.
    pub conditions: String,
    /// Version of the bench.
    pub bench: String,
    /// On which day, `YYYY-MM-DD`.
    pub date: String,
}

/// A candidate's files: the manifest with `state = "pending"`, inputs, and the new outputs.
pub type Files = BTreeMap<String, Vec<u8>>;

impl Golden {
    /// A candidate with other outputs in place of this golden's, whose `files` are given. The
    /// comparator, with its tolerances, stays: nothing loosens it but a person.
    ///
    /// # Errors
    /// If there is not one output of the right length for each input, or the files are damaged.
    pub fn candidate(
        &self,
        files: &Files,
        outputs: &[Vec<u8>],
        origin: &Origin,
    ) -> Result<Files, GoldenError> {
        let tensor = &self.manifest.output;
        let length = tensor.shape.iter().product::<usize>() * tensor.dtype.size();
        if outputs.len() != self.sample_count() || outputs.iter().any(|o| o.len() != length) {
            let why = format!(
                "expected {} outputs of {length} bytes, found {} of {:?}",
                self.sample_count(),
                outputs.len(),
                outputs.iter().map(Vec::len).collect::<Vec<_>>()
            );
            return Err(self.tensor_error(tensor, why));
        }
        let mut document = self.document(files)?;
        let packed = pack((&tensor.tensor, tensor.dtype, &tensor.shape), outputs);
        let packed = packed.map_err(|why| self.tensor_error(tensor, why))?;
        document["state"] = value("pending");
        // The precision stays as it is; bits are equal within this board's kernels.
        let precision = self.manifest.dialect.split('/').next().unwrap_or_default();
        document["dialect"] = value(format!("{precision}/{}", origin.kernels));
        let before = document["output"]["sha256"].as_str().unwrap_or_default();
        let before = before.to_owned();
        document["output"]["sha256"] = value(sha256_hex(&packed));
        let pairs = [
            ("run", &origin.run),
            ("record_sha256", &origin.record_sha256),
            ("board", &origin.board),
            ("conditions", &origin.conditions),
            ("bench", &origin.bench),
            ("date", &origin.date),
            ("replaces", &before),
        ];
        for (key, text) in pairs {
            document["provenance"][key] = value(text.as_str());
        }
        document["provenance"]["runtime"] = value("board");
        document["provenance"]["made_by"] = value("bench golden record");
        if let Some(provenance) = document["provenance"].as_table_mut() {
            provenance.remove("version");
            provenance.remove("threads");
        }
        self.lead(&mut document, outputs);
        if let Some(provenance) = document["provenance"].as_table_mut() {
            provenance.remove("accepted_by");
            provenance.remove("accepted_on");
        }
        let mut candidate = files.clone();
        candidate.insert(FILES[0].to_owned(), document.to_string().into_bytes());
        candidate.insert(tensor.file.clone(), packed);
        Golden::from_files(self.name(), &candidate)?;
        Ok(candidate)
    }

    /// The smallest lead of each output's decisions, in place of those of the outputs before. What is
    /// a tie stays as a person said it; where outputs do not tell their leads, none is known.
    fn lead(&self, document: &mut DocumentMut, outputs: &[Vec<u8>]) {
        let Some(margins) = document.get_mut("margins").and_then(Item::as_table_mut) else {
            return;
        };
        margins.remove("undecidable");
        let leads = outputs.iter().map(|output| self.smallest_lead(output));
        match leads.collect::<Option<Vec<f64>>>() {
            Some(leads) => {
                // A line each, as the scripts write them: so changes are seen one by one.
                let mut list: Array = leads.into_iter().collect();
                for lead in list.iter_mut() {
                    lead.decor_mut().set_prefix("\n  ");
                }
                list.set_trailing_comma(true);
                list.set_trailing("\n");
                margins["smallest"] = value(list);
            }
            None => drop(margins.remove("smallest")),
        }
    }

    /// The files of this golden with the leads of its decisions measured, where it decides something.
    ///
    /// # Errors
    /// If the manifest is no TOML any more.
    pub fn with_leads(&self, files: &Files) -> Result<Files, GoldenError> {
        let mut document = self.document(files)?;
        let outputs: Vec<Vec<u8>> = self.outputs().iter().map(|it| it.to_vec()).collect();
        self.lead(&mut document, &outputs);
        let mut files = files.clone();
        files.insert(FILES[0].to_owned(), document.to_string().into_bytes());
        Ok(files)
    }

    /// The manifest of this golden as `who` accepts it on `date`.
    ///
    /// # Errors
    /// If the manifest is no TOML any more.
    pub fn accepted(&self, files: &Files, who: &str, date: &str) -> Result<Vec<u8>, GoldenError> {
        let mut document = self.document(files)?;
        document["state"] = value("accepted");
        document["provenance"]["accepted_by"] = value(who);
        document["provenance"]["accepted_on"] = value(date);
        Ok(document.to_string().into_bytes())
    }

    /// Each output of `other` held against this golden's, by this golden's comparator.
    pub fn against(&self, other: &Golden) -> Vec<Comparison> {
        let outputs = other.outputs().iter().enumerate();
        outputs
            .map(|(input, output)| self.compare(input, output))
            .collect()
    }

    fn document(&self, files: &Files) -> Result<DocumentMut, GoldenError> {
        let wrong = |why: String| GoldenError::Manifest {
            name: self.name().to_owned(),
            why,
        };
        let bytes = files.get(FILES[0]).map(Vec::as_slice).unwrap_or_default();
        let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
        let document: Result<DocumentMut, _> = text.parse();
        document.map_err(|error| wrong(error.to_string()))
    }

    fn tensor_error(&self, tensor: &TensorFile, why: String) -> GoldenError {
        GoldenError::Tensor {
            name: self.name().to_owned(),
            file: tensor.file.clone(),
            why,
        }
    }
}

/// The file of a tensor (its name, its elements, the shape of one sample), samples on its first axis.
///
/// # Errors
/// If the samples are not of that shape.
pub fn pack(
    (name, dtype, shape): (&str, ElementType, &[usize]),
    samples: &[Vec<u8>],
) -> Result<Vec<u8>, String> {
    let shape = [&[samples.len()], shape].concat();
    let data = samples.concat();
    let view = TensorView::new(dtype.stored(), shape, &data).map_err(|error| error.to_string())?;
    safetensors::serialize([(name, view)], None).map_err(|e| e.to_string())
}

/// How many of each rung, in order of how bad they are.
pub fn rungs(comparisons: &[Comparison]) -> Vec<(Rung, usize)> {
    let order = [
        Rung::Exact,
        Rung::Within,
        Rung::Degraded,
        Rung::Wrong,
        Rung::NonFinite,
        Rung::Structure,
        Rung::Degenerate,
    ];
    let count = |rung| comparisons.iter().filter(|c| c.rung == rung).count();
    let counted = order.map(|rung| (rung, count(rung))).into_iter();
    counted.filter(|(_, count)| *count > 0).collect()
}
