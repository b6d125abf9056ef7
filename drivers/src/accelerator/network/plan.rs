//! The program resolved: every name a place, every shape worked out, everything checked, so that
//! carrying it out can neither fail nor reach beyond its memory.

use std::ops::Range;

use super::Form;
use super::error::NetworkError;
use super::image::Image;
use super::integer::Scales;
use super::peaks::Peaks;
use super::planner::Planner;
use super::program::{Element, FORMAT, Program, Quantisation};
use super::transposition::Transposition;
use super::window::Window;

/// A checked program.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The model's name.
    pub(super) name: String,
    /// Where the input goes, and what it must be.
    pub(super) input: Value,
    /// Where the output comes out.
    pub(super) output: Value,
    /// In order.
    pub(super) steps: Vec<Action>,
    /// How many places there are for values of floats.
    pub(super) floats: usize,
    /// How many places there are for values of bytes.
    pub(super) bytes: usize,
    /// Multiply-accumulates of one inference.
    pub(super) macs: u64,
}

/// A value's place among those of its type, and its shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    /// Among which values.
    pub(super) dtype: Element,
    /// Which of them.
    pub(super) place: usize,
    /// Lengths of its axes.
    pub(super) shape: Vec<usize>,
}

/// A step with places for names. `from` and `to` are places among floats or bytes as the
/// operation has it; `weight`, `bias` and `scale` are bytes of the memory image.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// Floats to floats.
    Conv {
        window: Window,
        from: usize,
        weight: Range<usize>,
        bias: Range<usize>,
        to: usize,
    },
    /// Bytes to bytes.
    QuantisedConv {
        window: Window,
        scales: Scales,
        from: usize,
        weight: Range<usize>,
        bias: Range<usize>,
        scale: Range<usize>,
        to: usize,
    },
    /// Floats to floats; the places may be the same.
    Relu { from: usize, to: usize },
    /// Floats to floats.
    Resize {
        columns: usize,
        factor: [usize; 2],
        from: usize,
        to: usize,
    },
    /// Floats to floats.
    Concat { from: Vec<usize>, to: usize },
    /// Floats to floats.
    Add { from: [usize; 2], to: usize },
    /// Either to the same.
    Transpose {
        transposition: Transposition,
        dtype: Element,
        from: usize,
        to: usize,
    },
    /// Floats to floats.
    Average {
        window: Window,
        from: usize,
        to: usize,
    },
    /// Bytes to floats.
    Dequantise {
        quantisation: Quantisation,
        from: usize,
        to: usize,
    },
    /// Floats to bytes.
    Quantise {
        quantisation: Quantisation,
        from: usize,
        to: usize,
    },
    /// Floats to floats; `size` is that of the map, rows and columns.
    Peaks {
        peaks: Peaks,
        size: [usize; 2],
        from: usize,
        to: usize,
    },
}

impl Value {
    /// Its size, bytes.
    pub(super) fn bytes(&self) -> usize {
        let width = match self.dtype {
            Element::F32 => 4,
            Element::I8 => 1,
        };
        self.shape.iter().product::<usize>() * width
    }

    /// It without the axis of one sample, where it has one.
    pub(super) fn form(&self) -> Form {
        let shape = match self.shape.as_slice() {
            [1, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        Form {
            dtype: match self.dtype {
                Element::F32 => "f32",
                Element::I8 => "i8",
            },
            shape: shape.to_vec(),
        }
    }
}

impl Plan {
    /// Resolves a program against its parameters.
    pub(super) fn new(program: &Program, image: &Image) -> Result<Plan, NetworkError> {
        if program.format != FORMAT {
            let found = program.format;
            return Err(NetworkError::Program(format!(
                "it has format {found}, and only {FORMAT} is known"
            )));
        }
        let mut planner = Planner::new(program, image);
        let signature = &program.input;
        let input = planner
            .place(signature.dtype, signature.shape.clone())
            .map_err(NetworkError::Program)?;
        planner.insert(&signature.value, input.clone());
        let mut steps = Vec::new();
        for (index, step) in program.steps.iter().enumerate() {
            let action = planner.step(step);
            let at = |reason| NetworkError::Step {
                step: index,
                reason,
            };
            steps.extend(action.map_err(at)?);
        }
        let signature = &program.output;
        let output = planner
            .value(&signature.value)
            .map_err(NetworkError::Program)?;
        if (output.dtype, &output.shape) != (signature.dtype, &signature.shape) {
            return Err(NetworkError::Program(format!(
                "the output is {:?} {:?} and should be {:?} {:?}",
                output.dtype, output.shape, signature.dtype, signature.shape
            )));
        }
        Ok(Plan {
            name: program.name.clone(),
            input,
            output,
            steps,
            floats: planner.floats,
            bytes: planner.bytes,
            macs: planner.macs,
        })
    }
}
