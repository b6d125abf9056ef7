//! The program as the model file spells it: JSON, checked for form only.

use serde::Deserialize;

use super::peaks::Peaks;

/// The only form known here.
pub(super) const FORMAT: u32 = 1;

/// A network's program. What else the text says, such as licence and origin, is for people.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Program {
    /// Must be [`FORMAT`].
    pub(super) format: u32,
    /// The model's name.
    pub(super) name: String,
    /// What goes in.
    pub(super) input: Signature,
    /// What comes out.
    pub(super) output: Signature,
    /// In order; each makes one value.
    pub(super) steps: Vec<Step>,
}

/// A value at the network's edge.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Signature {
    /// Its name in the steps.
    pub(super) value: String,
    /// Type of its elements.
    pub(super) dtype: Element,
    /// Lengths of its axes.
    pub(super) shape: Vec<usize>,
}

/// What values are made of.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Element {
    /// IEEE 754 single precision.
    F32,
    /// Bytes that stand for `scale * (byte - zero)`.
    I8,
}

/// One step: an operation and the name of what it makes.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Step {
    /// The value that it makes.
    pub(super) output: String,
    /// What it does.
    #[serde(flatten)]
    pub(super) operation: Operation,
}

/// What a step can do. Meanings are those of the ONNX operators of opset 13.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(super) enum Operation {
    /// `Conv` with bias.
    Conv {
        input: String,
        weight: String,
        bias: String,
        #[serde(flatten)]
        sweep: Sweep,
    },
    /// `QLinearConv` with bias; the weights are symmetric, with one scale a channel.
    QuantisedConv(Box<QuantisedConv>),
    /// `Relu`.
    Relu { input: String },
    /// `Resize`: nearest, asymmetric, floor, by whole numbers.
    ResizeNearest { input: String, factor: [usize; 2] },
    /// `Concat` along the channels.
    ConcatChannels { inputs: Vec<String> },
    /// `Add` of two values of one shape.
    Add { inputs: [String; 2] },
    /// `Transpose`: axis number `order[n]` of the input becomes axis `n`.
    Transpose { input: String, order: Vec<usize> },
    /// `AveragePool` without padding.
    AveragePool {
        input: String,
        kernel: [usize; 2],
        stride: [usize; 2],
    },
    /// `DequantizeLinear` with one scale.
    Dequantise {
        input: String,
        #[serde(flatten)]
        quantisation: Quantisation,
    },
    /// `QuantizeLinear` with one scale.
    Quantise {
        input: String,
        #[serde(flatten)]
        quantisation: Quantisation,
    },
    /// Peaks of a map as rows of boxes: `MaxPool`, `Equal` and `TopK` of the first plane, and what
    /// makes boxes of the others.
    Peaks {
        input: String,
        #[serde(flatten)]
        peaks: Peaks,
    },
    /// `Reshape` to these lengths: 0 is that of the input's same axis, -1 what is left. None: as it is.
    Reshape { input: String, shape: Vec<i64> },
}

impl Operation {
    /// The values that it reads.
    pub(super) fn inputs(&self) -> Vec<&str> {
        match self {
            Operation::QuantisedConv(conv) => vec![&conv.input],
            Operation::ConcatChannels { inputs } => inputs.iter().map(String::as_str).collect(),
            Operation::Add { inputs } => inputs.iter().map(String::as_str).collect(),
            Operation::Conv { input, .. }
            | Operation::Transpose { input, .. }
            | Operation::Relu { input }
            | Operation::ResizeNearest { input, .. }
            | Operation::AveragePool { input, .. }
            | Operation::Dequantise { input, .. }
            | Operation::Quantise { input, .. }
            | Operation::Peaks { input, .. }
            | Operation::Reshape { input, .. } => vec![input],
        }
    }
}

/// Fields of [`Operation::QuantisedConv`].
#[derive(Clone, Debug, Deserialize)]
pub(super) struct QuantisedConv {
    pub(super) input: String,
    pub(super) weight: String,
    pub(super) weight_scale: String,
    pub(super) bias: String,
    #[serde(flatten)]
    pub(super) sweep: Sweep,
    pub(super) input_scale: f32,
    pub(super) input_zero: i8,
    pub(super) output_scale: f32,
    pub(super) output_zero: i8,
}

/// How a kernel goes over an image.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Sweep {
    /// Groups of channels that do not see each other.
    pub(super) groups: usize,
    /// Down, right.
    pub(super) stride: [usize; 2],
    /// Zeros at the top, the left, the bottom and the right.
    pub(super) pad: [usize; 4],
    /// Down, right; 1 is dense.
    pub(super) dilation: [usize; 2],
}

/// What a byte stands for: `scale * (byte - zero)`.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq)]
pub(super) struct Quantisation {
    pub(super) scale: f32,
    pub(super) zero: i8,
}
