//! Small networks that emulated boards really run, every parameter in memory that can be upset.
//!
//! A model file is a safetensors file: the parameters, and the program as JSON among its
//! metadata; `drivers/models/README.md` describes it. Kernels are plain Rust and give the same
//! bits on every machine. How long an inference takes on a board is for the board to say.

mod error;
mod float;
mod image;
mod integer;
mod language;
mod memo;
mod plan;
mod planner;
mod program;
mod run;
mod transposition;
mod window;

#[cfg(test)]
mod tests;

pub use error::NetworkError;
pub use image::Site;
pub use memo::Memo;

use std::sync::LazyLock;

use image::Image;
use language::Language;
use plan::Plan;
use program::{Element, Program};

/// The small language model, which has two programs: one that generates, one that gives logits.
static STORIES: &[u8] = include_bytes!("../../../models/stories260k.safetensors");
/// The same with its second program in place of the first.
static STORIES_LOGITS: LazyLock<Vec<u8>> = LazyLock::new(|| {
    image::with_program(STORIES, "network_logits").expect("the file of this crate has two programs")
});
/// Its name with the second program.
const LOGITS: &str = "stories260k-logits";

/// What emulated boards hold in flash: name and model file.
static BUILTIN: &[(&str, &[u8])] = &[
    (
        "eo-cloudnet-tiny",
        include_bytes!("../../../models/eo-cloudnet-tiny.safetensors"),
    ),
    (
        "mlperf-tiny-ad",
        include_bytes!("../../../models/mlperf-tiny-ad.safetensors"),
    ),
    (
        "mlperf-tiny-ic",
        include_bytes!("../../../models/mlperf-tiny-ic.safetensors"),
    ),
    (
        "mlperf-tiny-kws",
        include_bytes!("../../../models/mlperf-tiny-kws.safetensors"),
    ),
    (
        "mlperf-tiny-sww",
        include_bytes!("../../../models/mlperf-tiny-sww.safetensors"),
    ),
    (
        "mlperf-tiny-vww",
        include_bytes!("../../../models/mlperf-tiny-vww.safetensors"),
    ),
    ("stories260k", STORIES),
];

/// The model file of this name, where this crate brings it along.
pub fn builtin(name: &str) -> Option<&'static [u8]> {
    if name == LOGITS {
        return Some(&STORIES_LOGITS);
    }
    let found = BUILTIN.iter().find(|(builtin, _)| *builtin == name);
    found.map(|(_, file)| *file)
}

/// The names that [`builtin`] knows.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    BUILTIN.iter().map(|(name, _)| *name).chain([LOGITS])
}

/// What a language model does for one input, counted in passes of one token through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Up to the first new token, those of the prompt.
    pub first: u32,
    /// In all.
    pub all: u32,
}

/// A network, loaded: a checked program and a memory image of its parameters.
#[derive(Clone, Debug)]
pub struct Network {
    body: Body,
    image: Image,
}

/// What a network does.
#[derive(Clone, Debug)]
enum Body {
    /// Steps from a tensor to another.
    Graph(Plan),
    /// Tokens to tokens, or to logits.
    Language(Language),
}

impl Network {
    /// Loads a model file.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the file: all checks are made here, none is left to
    /// [`Network::infer`].
    pub fn load(bytes: &[u8]) -> Result<Network, NetworkError> {
        let (image, text) = Image::split(bytes)?;
        let wrong = |error: serde_json::Error| NetworkError::Program(error.to_string());
        let program: serde_json::Value = serde_json::from_str(&text).map_err(wrong)?;
        let body = match program
            .get("architecture")
            .map(|it| it.as_str().unwrap_or_default())
        {
            None => {
                let program: Program = serde_json::from_value(program).map_err(wrong)?;
                Body::Graph(Plan::new(&program, &image)?)
            }
            Some("llama") => {
                let spelled = serde_json::from_value(program).map_err(wrong)?;
                Body::Language(Language::new(&spelled, &image)?)
            }
            Some(other) => {
                let why = format!("its architecture is `{other}`, and only `llama` is known");
                return Err(NetworkError::Program(why));
            }
        };
        Ok(Network { body, image })
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        match &self.body {
            Body::Graph(plan) => &plan.name,
            Body::Language(language) => &language.name,
        }
    }

    /// Length of an input, bytes.
    pub fn input_bytes(&self) -> usize {
        match &self.body {
            Body::Graph(plan) => plan.input.bytes(),
            Body::Language(language) => language.input_bytes(),
        }
    }

    /// Length of an output, bytes.
    pub fn output_bytes(&self) -> usize {
        match &self.body {
            Body::Graph(plan) => plan.output.bytes(),
            Body::Language(language) => language.output_bytes(),
        }
    }

    /// Whether outputs are single-precision numbers; else they are signed bytes, or tokens.
    pub fn output_is_float(&self) -> bool {
        match &self.body {
            Body::Graph(plan) => plan.output.dtype == Element::F32,
            Body::Language(language) => language.output_is_float(),
        }
    }

    /// Multiply-accumulates of one inference, those with padding included; of a language model, of
    /// its longest.
    pub fn macs(&self) -> u64 {
        match &self.body {
            Body::Graph(plan) => plan.macs,
            Body::Language(language) => language.macs(),
        }
    }

    /// The passes that a language model makes for `input`; `None` for other networks.
    pub fn passes(&self, input: &[u8]) -> Option<Passes> {
        match &self.body {
            Body::Graph(_) => None,
            Body::Language(language) => Some(language.passes(input)),
        }
    }

    /// Whether its outputs are tokens that it generates, one after the other.
    pub fn generates(&self) -> bool {
        matches!(&self.body, Body::Language(language) if language.generates())
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
        Ok(match &self.body {
            Body::Graph(plan) => run::run(plan, &self.image, input),
            Body::Language(language) => language.run(&self.image, input),
        })
    }
}
