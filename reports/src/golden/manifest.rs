//! The manifest of a golden: what it was made with, who answers for it, and how to compare.

use serde::{Deserialize, Serialize};

use super::GoldenError;
use super::element::ElementType;

/// The content of `golden.toml`, as far as judging and telling need it; other keys are for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The golden's name; its folder's name too.
    pub name: String,
    /// Whether a person stands by it.
    pub state: State,
    /// What the network is for.
    #[serde(default)]
    pub task: String,
    /// Precision, kernel family and version: bits are equal only within a dialect.
    pub dialect: String,
    /// How many samples there are.
    pub samples: usize,
    /// Largest difference of an output element between independent correct runtimes, in the
    /// output's unit.
    #[serde(default)]
    pub noise_floor: f64,
    /// The network.
    pub model: ModelIdentity,
    /// The last day on which it counts, `YYYY-MM-DD`; for ever if absent.
    #[serde(default, deserialize_with = "day")]
    pub expires: Option<String>,
    /// What made the outputs.
    #[serde(default)]
    pub provenance: Provenance,
    /// The inputs.
    pub input: TensorFile,
    /// The expected outputs.
    pub output: TensorFile,
    /// How to compare.
    pub comparator: Comparator,
    /// The texts of tokens, where inputs or outputs are tokens.
    #[serde(default)]
    pub vocabulary: Option<Vocabulary>,
    /// How clear the decisions are.
    #[serde(default)]
    pub margins: Margins,
}

impl Manifest {
    /// Whether its last day is before `today`, `YYYY-MM-DD`.
    pub fn is_over(&self, today: &str) -> bool {
        // Days of ISO 8601 are in order as texts, and nothing else is read.
        self.expires.as_deref().is_some_and(|day| today > day)
    }
}

/// Whether a golden counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Just made; never counts.
    Pending,
    /// Somebody has looked; does not count yet.
    Reviewed,
    /// Runs are judged by it.
    Accepted,
}

impl State {
    /// As files spell it.
    pub const fn name(self) -> &'static str {
        match self {
            State::Pending => "pending",
            State::Reviewed => "reviewed",
            State::Accepted => "accepted",
        }
    }
}

/// The network that a golden was made with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelIdentity {
    /// Its name.
    pub name: String,
    /// The file that boards load.
    pub file: String,
    /// SHA-256 of that file, hex.
    pub sha256: String,
}

/// What made the outputs, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The runtime.
    pub runtime: String,
    /// Its version.
    pub version: String,
    /// Who.
    pub made_by: String,
    /// On which day, `YYYY-MM-DD`.
    pub date: String,
    /// Who accepted it.
    pub accepted_by: String,
    /// On which day, `YYYY-MM-DD`.
    pub accepted_on: String,
    /// Name of the run's folder that answered so; empty where no run did, as for all that follow.
    pub run: String,
    /// SHA-256 of its record, hex.
    pub record_sha256: String,
    /// Maker, model, serial number and firmware of the board.
    pub board: String,
    /// What it stood in: ranges of voltage and temperature, in words.
    pub conditions: String,
    /// Version of the bench.
    pub bench: String,
    /// SHA-256 of the file of outputs that these came in place of, hex.
    pub replaces: String,
}

/// One tensor in a file of its own, the samples on its first axis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorFile {
    /// The file beside the manifest.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// The tensor's name inside the file.
    pub tensor: String,
    /// What its elements are.
    pub dtype: ElementType,
    /// The shape of one sample; for outputs, classes first.
    pub shape: Vec<usize>,
    /// What the classes of an output are called, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
}

/// The file beside the manifest with the texts of tokens: a JSON list, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vocabulary {
    /// The file.
    pub file: String,
    /// SHA-256 of the file, hex.
    pub sha256: String,
}

/// How outputs are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Comparator {
    /// Every byte equal.
    BitExact,
    /// Every element within `atol + rtol * |golden|`, and the mask held.
    Tolerance {
        /// Relative part.
        rtol: f64,
        /// Absolute part, in the output's unit; if absent the larger of four noise floors and
        /// 1e-5 of the sample's largest golden element.
        atol: Option<f64>,
        /// What the mask must keep, where the output is one.
        mask: Option<MaskLimits>,
    },
    /// Every element of a quantised output within `max` steps, 99 % of them within `p99`, and the
    /// best class held: across kernel sets of one precision. On logits, never on softmax.
    Lsb {
        /// Most steps that any element may be off.
        max: f64,
        /// Most steps that 99 % of the elements may be off.
        p99: Option<f64>,
    },
    /// Every element within `max` units in the last place of single precision: for single
    /// operators, not for whole networks.
    Ulp {
        /// Most units.
        max: u64,
    },
    /// The output points where the golden does, and is as long: across precisions.
    Similarity {
        /// Least cosine, from 0 to 1.
        min_cosine: f64,
        /// Most mean squared error over the golden's mean square.
        max_nmse: Option<f64>,
    },
    /// The `k` best classes are the golden's, as a set, where the golden decides between them.
    TopK {
        /// How many.
        k: usize,
    },
    /// An image with no less than `min_db` of peak signal-to-noise ratio.
    Psnr {
        /// Least ratio, dB.
        min_db: f64,
    },
    /// Tokens of a language model: the same, but for `max_edits` edits.
    Tokens {
        /// Most insertions, deletions and substitutions.
        #[serde(default)]
        max_edits: usize,
    },
    /// Logits of a language model after each token of a given text, `[tokens, vocabulary]`: across
    /// precisions, where texts of its own soon part.
    TeacherForced {
        /// Most mean Kullback-Leibler divergence from the golden, nats.
        max_mean_kl: f64,
        /// Least share of tokens whose likeliest successor is the golden's, 0 to 1; ties of the
        /// golden do not count.
        min_top1: f64,
        /// Most by which the text may be less likely: of its mean negative log-probability, as a
        /// share.
        max_nll_increase: f64,
    },
    /// Boxes `class, score, left, top, right, bottom`, matched at an intersection over union of a
    /// half.
    Detections {
        /// Least F1, from 0 to 1.
        min_f1: f64,
        /// Boxes of a lower score count not; one whose score is a tie with it may be there or not.
        min_score: f64,
        /// Most by which the middle of a box may be off, pixels; without a limit if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_offset: Option<f64>,
    },
}

/// What is wrong with the numbers of a comparator of outputs of this shape: the key, what stands there,
/// and what was expected.
fn senseless(comparator: &Comparator, shape: &[usize]) -> Option<String> {
    let length = |key: &str, value: f64| {
        let wrong = value.is_nan() || value < 0.0 || value.is_infinite();
        wrong.then(|| format!("`{key}` is {value}: expected a number from 0 up"))
    };
    let share = |key: &str, value: f64| {
        let wrong = !(0.0..=1.0).contains(&value);
        wrong.then(|| format!("`{key}` is {value}: expected a share from 0 to 1"))
    };
    let maybe = |key: &str, value: Option<f64>| value.and_then(|value| length(key, value));
    let found = match comparator {
        Comparator::BitExact | Comparator::Ulp { .. } | Comparator::Tokens { .. } => None,
        Comparator::Tolerance { rtol, atol, mask } => share("rtol", *rtol)
            .or_else(|| maybe("atol", *atol))
            .or_else(|| mask.and_then(|mask| mask.senseless(shape))),
        Comparator::Lsb { max, p99 } => length("max", *max).or_else(|| maybe("p99", *p99)),
        Comparator::Similarity {
            min_cosine,
            max_nmse,
        } => share("min_cosine", *min_cosine).or_else(|| maybe("max_nmse", *max_nmse)),
        Comparator::TopK { k } => {
            // The set of all classes is always the same: nothing would be compared.
            let classes = shape
                .iter()
                .fold(1_usize, |all, axis| all.saturating_mul(*axis));
            let wrong = *k == 0 || *k >= classes;
            wrong.then(|| {
                format!("`k` is {k}: expected at least 1, and fewer than the {classes} classes")
            })
        }
        Comparator::Psnr { min_db } => length("min_db", *min_db),
        Comparator::TeacherForced {
            max_mean_kl,
            min_top1,
            max_nll_increase,
        } => length("max_mean_kl", *max_mean_kl)
            .or_else(|| share("min_top1", *min_top1))
            .or_else(|| length("max_nll_increase", *max_nll_increase)),
        Comparator::Detections {
            min_f1,
            min_score,
            max_offset,
        } => {
            let score = (!min_score.is_finite())
                .then(|| format!("`min_score` is {min_score}: expected a finite number"));
            let list = matches!(shape, [_, 6]);
            let rows = (!list).then(|| {
                format!(
                    "the comparator `detections` wants an output of shape [rows, 6] (class, score, \
                     left, top, right, bottom), and `output.shape` is {shape:?}"
                )
            });
            let offset = || maybe("max_offset", *max_offset);
            share("min_f1", *min_f1).or(score).or_else(offset).or(rows)
        }
    };
    found.map(|why| format!("[comparator]: {why}"))
}

impl MaskLimits {
    fn senseless(&self, shape: &[usize]) -> Option<String> {
        let limits = [
            ("min_class_agreement", self.min_class_agreement),
            ("min_iou", self.min_iou),
        ];
        let mut wrong = limits
            .iter()
            .filter(|(_, value)| !(0.0..=1.0).contains(value));
        if let Some((key, value)) = wrong.next() {
            return Some(format!(
                "`mask.{key}` is {value}: expected a share from 0 to 1"
            ));
        }
        let classes = shape.first().copied().unwrap_or(0);
        (classes < 2).then(|| {
            format!(
                "a mask decides between classes, which are the first axis of the output, and \
                 `output.shape` is {shape:?}"
            )
        })
    }
}

impl Margins {
    /// What is wrong with the leads of so many samples.
    fn senseless(&self, samples: usize) -> Option<String> {
        let tie = self.undecidable_up_to;
        // With an infinite one nothing would be decided, and no decision could be wrong.
        if tie.is_nan() || tie < 0.0 || tie.is_infinite() {
            return Some(format!(
                "[margins]: `undecidable_up_to` is {tie}: expected a number from 0 up"
            ));
        }
        let count = self.smallest.len();
        (count != 0 && count != samples).then(|| {
            format!(
                "[margins]: `smallest` has {count} numbers: expected one for each of the {samples} \
                 samples, or none"
            )
        })
    }
}

/// A day as a text or as a date of TOML's own; either reads as the text.
fn day<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Day(toml::value::Datetime),
    }
    Ok(Some(match Written::deserialize(deserializer)? {
        Written::Text(text) => text,
        Written::Day(day) => day.to_string(),
    }))
}

/// What a segmentation mask must keep.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct MaskLimits {
    /// Share of the pixels whose best class must be the golden's, 0 to 1.
    pub min_class_agreement: f64,
    /// Intersection over union with the golden that each class must reach, 0 to 1.
    pub min_iou: f64,
}

/// How far the best class leads the second.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Margins {
    /// `logit`, or `lsb`.
    pub unit: String,
    /// A lead of no more than this is a tie, and no decision.
    pub undecidable_up_to: f64,
    /// For each sample, the smallest lead among its decisions.
    pub smallest: Vec<f64>,
}

/// Reads and checks the manifest of the golden `name`.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Manifest, GoldenError> {
    let wrong = |why: String| GoldenError::Manifest {
        name: name.to_owned(),
        why,
    };
    let text = std::str::from_utf8(bytes).map_err(|error| wrong(error.to_string()))?;
    let manifest: Manifest = toml::from_str(text).map_err(|error| wrong(error.to_string()))?;
    if manifest.name != name {
        return Err(wrong(format!(
            "`name` is `{}`: expected `{name}`, as its folder is named",
            manifest.name
        )));
    }
    let is_day = |text: &String| {
        let day: Result<jiff::civil::Date, _> = text.parse();
        day.is_ok_and(|day| day.to_string() == *text)
    };
    if let Some(day) = manifest.expires.as_ref().filter(|day| !is_day(day)) {
        return Err(wrong(format!(
            "`expires` is `{day}`: expected a day, such as 2027-12-31"
        )));
    }
    let floor = manifest.noise_floor;
    if floor.is_nan() || floor < 0.0 || floor.is_infinite() {
        return Err(wrong(format!(
            "`noise_floor` is {floor}: expected a number from 0 up"
        )));
    }
    let senseless = senseless(&manifest.comparator, &manifest.output.shape);
    match senseless.or_else(|| manifest.margins.senseless(manifest.samples)) {
        Some(why) => Err(wrong(why)),
        None => Ok(manifest),
    }
}
