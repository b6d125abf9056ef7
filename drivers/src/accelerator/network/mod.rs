//! Small networks that emulated boards really run, every parameter in memory that can be upset.
//!
//! A model file is a safetensors file: the parameters, and the program as JSON among its
//! metadata; `drivers/models/README.md` describes it. Kernels are plain Rust and give the same
//! bits on every machine. Or it is somebody's ONNX file, which they carry out where they know all of
//! it, and rten where they do not. How long an inference takes on a board is for the board to say.

mod builtin;
mod error;
mod float;
mod image;
mod integer;
mod language;
mod memo;
mod onnx;
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

use std::path::Path;
use std::sync::Arc;

use profiles::option::Options;

use image::Image;
use language::Language;
use onnx::General;
use plan::Plan;
use program::{Element, Program};
use run::Working;

/// What a language model does for one input, counted in passes of one token through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// Up to the first new token, those of the prompt.
    pub first: u32,
    /// In all.
    pub all: u32,
}

/// The network of a board with these options: the one of the `file` that they name, or one of this crate's.
pub fn of_board(options: &Options, file: Option<&Arc<Network>>) -> Option<Arc<Network>> {
    file.cloned().or_else(|| {
        let ours = options.text("network").and_then(builtin)?;
        Network::load(ours).ok().map(Arc::new)
    })
}

/// What goes into a network, or comes out of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// Type of its elements, in the words of safetensors: `F32`, `I8`, `U8`, `I32`, `I64`.
    pub dtype: &'static str,
    /// Lengths of its axes; a batch of one is none.
    pub shape: Vec<usize>,
}

impl Ends {
    fn new(dtype: &'static str, shape: &[usize]) -> Ends {
        let shape = match shape {
            [1, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        Ends {
            dtype,
            shape: shape.to_vec(),
        }
    }
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
    Language(Box<Language>),
    /// Whatever an ONNX file has.
    General(Box<General>),
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

    /// Loads an ONNX file under a name. `axes` has lengths, by the names that the file has for them; of
    /// a batch whose length it does not say there is one.
    ///
    /// # Errors
    ///
    /// Whatever is wrong with the file, or in it beyond what this crate's kernels and rten know.
    pub fn from_onnx(
        name: &str,
        file: &[u8],
        axes: &[(String, usize)],
    ) -> Result<Network, NetworkError> {
        let (body, image) = onnx::load(name, file, axes)?;
        Ok(Network { body, image })
    }

    /// Loads a file by its name: ONNX if it ends so, else as [`Network::load`] does. An ONNX model is called
    /// as the file is, without its end.
    ///
    /// # Errors
    ///
    /// As [`Network::load`] and [`Network::from_onnx`].
    pub fn from_file(
        path: &Path,
        file: &[u8],
        axes: &[(String, usize)],
    ) -> Result<Network, NetworkError> {
        if path.extension().is_some_and(|end| end == "onnx") {
            let name = path.file_stem().unwrap_or_default();
            return Network::from_onnx(&name.to_string_lossy(), file, axes);
        }
        Network::load(file)
    }

    /// What an input is.
    pub fn input(&self) -> Ends {
        match &self.body {
            Body::General(general) => general.input(),
            Body::Graph(plan) => plan.input.ends(),
            Body::Language(language) => Ends::new("I32", &[language.input_bytes() / 4]),
        }
    }

    /// What an output is.
    pub fn output(&self) -> Ends {
        match &self.body {
            Body::General(general) => general.output(),
            Body::Graph(plan) => plan.output.ends(),
            Body::Language(language) => language.output(),
        }
    }

    /// Whether its outputs are the same bits on every machine; else only on machines of one kind.
    pub fn is_portable(&self) -> bool {
        !matches!(&self.body, Body::General(_))
    }

    /// The model's name.
    pub fn name(&self) -> &str {
        match &self.body {
            Body::General(general) => &general.name,
            Body::Graph(plan) => &plan.name,
            Body::Language(language) => &language.name,
        }
    }

    /// Length of an input, bytes.
    pub fn input_bytes(&self) -> usize {
        match &self.body {
            Body::General(general) => general.input_bytes,
            Body::Graph(plan) => plan.input.bytes(),
            Body::Language(language) => language.input_bytes(),
        }
    }

    /// Length of an output, bytes.
    pub fn output_bytes(&self) -> usize {
        match &self.body {
            Body::General(general) => general.output_bytes,
            Body::Graph(plan) => plan.output.bytes(),
            Body::Language(language) => language.output_bytes(),
        }
    }

    /// Whether outputs are single-precision numbers; else they are signed bytes, or tokens.
    pub fn output_is_float(&self) -> bool {
        match &self.body {
            Body::General(general) => general.output_is_float(),
            Body::Graph(plan) => plan.output.dtype == Element::F32,
            Body::Language(language) => language.output_is_float(),
        }
    }

    /// Multiply-accumulates of one inference, those with padding included; of a language model, of
    /// its longest. `None` where rten carries it out.
    pub fn macs(&self) -> Option<u64> {
        match &self.body {
            Body::General(_) => None,
            Body::Graph(plan) => Some(plan.macs),
            Body::Language(language) => Some(language.macs()),
        }
    }

    /// The passes that a language model makes for `input`; `None` for other networks.
    pub fn passes(&self, input: &[u8]) -> Option<Passes> {
        match &self.body {
            Body::General(_) | Body::Graph(_) => None,
            Body::Language(language) => Some(language.passes(input)),
        }
    }

    /// Whether its outputs are tokens that it generates, one after the other.
    pub fn generates(&self) -> bool {
        matches!(&self.body, Body::Language(language) if language.generates())
    }

    /// How many tokens a language model can say; `None` for other networks.
    pub fn vocabulary(&self) -> Option<usize> {
        match &self.body {
            Body::General(_) | Body::Graph(_) => None,
            Body::Language(language) => Some(language.vocabulary()),
        }
    }

    /// The parameters, as they are in memory now.
    pub fn image(&self) -> &[u8] {
        self.image.bytes()
    }

    /// The tensors of the image, in order and without gaps.
    pub fn tensors(&self) -> Vec<Tensor> {
        self.image.tensors()
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
        self.image.flip(byte, bit)?;
        if let Body::General(general) = &mut self.body {
            general.forget();
        }
        Ok(())
    }

    /// One inference: the input tensor's bytes to the output tensor's, both little-endian and
    /// row-major. The same image and input give the same bytes, on every machine where it
    /// [is portable](Network::is_portable); a NaN in the output is always the same NaN.
    ///
    /// # Errors
    ///
    /// [`NetworkError::InputLength`]; where rten carries it out also [`NetworkError::Run`], as for an
    /// index beyond a table.
    pub fn infer(&self, input: &[u8]) -> Result<Vec<u8>, NetworkError> {
        self.compute(input, &mut Working::default())
    }

    /// One inference during which bits of what it holds in between turn over, each once: of what each step
    /// makes, of a language model's stream, keys and values. Bytes count modulo all that an inference makes. What
    /// rten holds is out of reach, so that there the bits are those of the input.
    ///
    /// # Errors
    ///
    /// As [`Network::infer`].
    pub fn infer_upset(&self, input: &[u8], flips: &[(u32, u8)]) -> Result<Vec<u8>, NetworkError> {
        let mut whole = Working::default();
        let output = self.compute(input, &mut whole)?;
        if whole.bytes() == 0 {
            return Ok(output);
        }
        let place = |(byte, bit): &(u32, u8)| (*byte as usize % whole.bytes(), bit % 8);
        self.compute(
            input,
            &mut Working::upset(flips.iter().map(place).collect()),
        )
    }

    fn compute(&self, input: &[u8], working: &mut Working) -> Result<Vec<u8>, NetworkError> {
        let (expected, got) = (self.input_bytes(), input.len());
        if expected != got {
            return Err(NetworkError::InputLength { expected, got });
        }
        Ok(match &self.body {
            Body::General(general) => {
                let mut held: Vec<i8> = input.iter().map(|byte| byte.cast_signed()).collect();
                working.octets(&mut held);
                let held: Vec<u8> = held.into_iter().map(i8::cast_unsigned).collect();
                general.run(&self.image, &held)?
            }
            Body::Graph(plan) => run::run(plan, &self.image, input, working),
            Body::Language(language) => language.run(&self.image, input, working),
        })
    }
}
