//! Small networks that emulated boards really run, every parameter in memory that can be upset.
//!
//! A model file is a safetensors file: the parameters, and the program as JSON among its
//! metadata; `drivers/models/README.md` describes it. Kernels are plain Rust and give the same
//! bits on every machine. How long an inference takes on a board is for the board to say.

mod error;
mod float;
mod image;
mod integer;
mod memo;
mod plan;
mod planner;
mod program;
mod run;
mod window;

#[cfg(test)]
mod tests;

pub use error::NetworkError;
pub use image::Site;
pub use memo::Memo;

use image::Image;
use plan::Plan;
use program::{Element, Program};

/// What emulated boards hold in flash: name and model file.
static BUILTIN: &[(&str, &[u8])] = &[
    (
        "eo-cloudnet-tiny",
        include_bytes!("../../../models/eo-cloudnet-tiny.safetensors"),
    ),
    (
        "mlperf-tiny-kws",
        include_bytes!("../../../models/mlperf-tiny-kws.safetensors"),
    ),
];

/// The model file of this name, where this crate brings it along.
pub fn builtin(name: &str) -> Option<&'static [u8]> {
    let found = BUILTIN.iter().find(|(builtin, _)| *builtin == name);
    found.map(|(_, file)| *file)
}

/// The names that [`builtin`] knows.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name)
}

/// A network, loaded: a checked program and a memory image of its parameters.
#[derive(Clone, Debug)]
pub struct Network {
    plan: Plan,
    image: Image,
}

impl Network {
    /// Loads a model file.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the file: all checks are made here, none is left to
    /// [`Network::infer`].
    pub fn load(bytes: &[u8]) -> Result<Network, NetworkError> {
        let (image, program) = Image::split(bytes)?;
        let program: Program = serde_json::from_str(&program)
            .map_err(|error| NetworkError::Program(error.to_string()))?;
        let plan = Plan::new(&program, &image)?;
        Ok(Network { plan, image })
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        &self.plan.name
    }

    /// Length of an input, bytes.
    pub fn input_bytes(&self) -> usize {
        self.plan.input.bytes()
    }

    /// Length of an output, bytes.
    pub fn output_bytes(&self) -> usize {
        self.plan.output.bytes()
    }

    /// Whether outputs are single-precision numbers; else they are signed bytes.
    pub fn output_is_float(&self) -> bool {
        self.plan.output.dtype == Element::F32
    }

    /// Multiply-accumulates of one inference, those with padding included.
    pub fn macs(&self) -> u64 {
        self.plan.macs
    }

    /// The parameters, as they are in memory now.
    pub fn image(&self) -> &[u8] {
        self.image.bytes()
    }

    /// Which parameter a byte of [`Network::image`] belongs to; none beyond its end.
    pub fn site(&self, byte: usize) -> Option<Site> {
        self.image.site(byte)
    }

    /// Inverts a bit of the memory image; bit 0 is the least significant. The same flip again
    /// takes it back.
    ///
    /// # Errors
    ///
    /// [`NetworkError::NoSuchBit`] beyond the end.
    pub fn flip(&mut self, byte: usize, bit: u8) -> Result<(), NetworkError> {
        self.image.flip(byte, bit)
    }

    /// One inference: the input tensor's bytes to the output tensor's, both little-endian and
    /// row-major. The same image and input give the same bytes on every machine; a NaN in the
    /// output is always the same NaN.
    ///
    /// # Errors
    ///
    /// [`NetworkError::InputLength`], and nothing else.
    pub fn infer(&self, input: &[u8]) -> Result<Vec<u8>, NetworkError> {
        let (expected, got) = (self.input_bytes(), input.len());
        if expected != got {
            return Err(NetworkError::InputLength { expected, got });
        }
        Ok(run::run(&self.plan, &self.image, input))
    }
}
