//! Small networks that emulated boards really run, every parameter in memory that can be upset.
//!
//! A model file is a safetensors file: the parameters, and the program as JSON among its
//! metadata; `drivers/models/README.md` describes it. Kernels are plain Rust and give the same
//! bits on every machine. How long an inference takes on a board is for the board to say.

mod builtin;
mod error;
mod float;
mod image;
mod integer;
mod language;
mod memo;
mod peaks;
mod plan;
mod planner;
mod program;
mod run;
mod transposition;
mod window;

#[cfg(test)]
mod tests;

pub use builtin::{builtin, builtin_names, builtin_source};
pub use error::NetworkError;
pub use image::{Site, Tensor};
pub use memo::Memo;

use image::Image;
use language::Language;
use plan::Plan;
use program::{Element, Program};

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

/// What a tensor is, row-major and without an axis for samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Type of its elements: `f32`, `i8`, or `i32` for tokens.
    pub dtype: &'static str,
    /// Lengths of its axes.
    pub shape: Vec<usize>,
}

/// What a network does.
#[derive(Clone, Debug)]
enum Body {
    /// Steps from a tensor to another.
    Graph(Plan),
    /// Tokens to tokens, or to logits.
    Language(Box<Language>),
}

/// The tensors of a model file, in the order of its memory image and without gaps.
///
/// # Errors
///
/// If it is no model file. Its program is not looked at.
pub fn tensors(file: &[u8]) -> Result<Vec<Tensor>, NetworkError> {
    Ok(Image::split(file)?.0.tensors())
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
                Body::Language(Box::new(Language::new(&spelled, &image)?))
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

    /// What an input is.
    pub fn input(&self) -> Form {
        match &self.body {
            Body::Graph(plan) => plan.input.form(),
            Body::Language(language) => language.input(),
        }
    }

    /// What an output is; of a map of classes they are the first axis, as goldens have them.
    pub fn output(&self) -> Form {
        match &self.body {
            Body::Graph(plan) => plan.output.form(),
            Body::Language(language) => language.output(),
        }
    }

    /// How many tokens a language model can say; `None` for other networks.
    pub fn vocabulary(&self) -> Option<usize> {
        match &self.body {
            Body::Graph(_) => None,
            Body::Language(language) => Some(language.vocabulary()),
        }
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
