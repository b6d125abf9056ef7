//! Language models: from the tokens of a prompt to those that follow, or to the logits at each.
//!
//! What a file says of its model is checked here once, so that running it can neither fail nor
//! reach beyond its memory; the arithmetic is in [`llama`].

mod llama;
mod matrix;
mod precision;

use std::ops::Range;

use safetensors::Dtype;
use serde::Deserialize;

use super::error::NetworkError;
use super::image::Image;
use super::program::FORMAT;
use super::run::Working;
use super::{Ends, Passes};
use precision::SCALE;
pub(super) use precision::{Precision, in_precision};

/// Longest axis of any tensor, and longest context; beyond it a file is taken for damaged.
const LONGEST: usize = 1 << 16;
/// Most multiply-accumulates of one inference: about a second's worth.
const MOST_MACS: u64 = 1 << 32;

/// What a language model is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Task {
    /// The likeliest token after the prompt, and so on: greedily, the lowest number of equals.
    /// Always as many as are asked: no token ends it, as in measurements of speed.
    Generate,
    /// The logits after each token given: teacher-forced.
    Logits,
}

/// The program of a language model, as the file spells it.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Spelled {
    format: u32,
    name: String,
    task: Task,
    /// Tokens that an input has room for.
    tokens: usize,
    /// Tokens to be generated; none for logits.
    #[serde(default)]
    new_tokens: usize,
    /// The token that a prompt begins with, where it is empty.
    begin: usize,
    dim: usize,
    hidden: usize,
    layers: usize,
    heads: usize,
    kv_heads: usize,
    vocabulary: usize,
    context: usize,
    epsilon: f32,
    /// What its parameters are; single precision where it is not said.
    #[serde(default)]
    precision: Precision,
}

/// Where a tensor lies, and what it is.
#[derive(Clone, Debug)]
struct Place {
    values: Range<usize>,
    /// Whether its numbers are bf16.
    halves: bool,
    /// Where the scales of its rows lie, if it is bytes.
    scale: Option<Range<usize>>,
}

/// Lengths of a model.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    dim: usize,
    hidden: usize,
    layers: usize,
    heads: usize,
    /// Heads of keys and values; each serves `heads / kv_heads` of the queries.
    kv_heads: usize,
    /// Elements of a head.
    head: usize,
    vocabulary: usize,
    epsilon: f32,
}

/// Where the parameters lie, in the order of their use.
#[derive(Clone, Debug)]
struct Places {
    embedding: Place,
    cos: Place,
    sin: Place,
    attention_norm: Place,
    query: Place,
    key: Place,
    value: Place,
    output: Place,
    feed_norm: Place,
    gate: Place,
    down: Place,
    up: Place,
    last_norm: Place,
}

/// A checked language model.
#[derive(Clone, Debug)]
pub(super) struct Language {
    pub(super) name: String,
    task: Task,
    tokens: usize,
    new_tokens: usize,
    begin: usize,
    sizes: Sizes,
    places: Places,
}

impl Language {
    /// Resolves a program against its parameters.
    pub(super) fn new(spelled: &Spelled, image: &Image) -> Result<Language, NetworkError> {
        let checked = sizes(spelled).and_then(|sizes| Ok((sizes, places(spelled, sizes, image)?)));
        let (sizes, places) = checked.map_err(NetworkError::Program)?;
        let language = Language {
            name: spelled.name.clone(),
            task: spelled.task,
            tokens: spelled.tokens,
            new_tokens: spelled.new_tokens,
            begin: spelled.begin,
            sizes,
            places,
        };
        if language.macs() > MOST_MACS {
            let why = format!("more than {MOST_MACS} multiply-accumulates");
            return Err(NetworkError::Program(why));
        }
        Ok(language)
    }

    /// How many tokens there are to say.
    pub(super) fn vocabulary(&self) -> usize {
        self.sizes.vocabulary
    }

    /// Length of an input, bytes: one signed 32-bit number for each token.
    pub(super) fn input_bytes(&self) -> usize {
        self.tokens * 4
    }

    /// Length of an output, bytes.
    pub(super) fn output_bytes(&self) -> usize {
        4 * match self.task {
            Task::Generate => self.new_tokens,
            Task::Logits => self.tokens * self.sizes.vocabulary,
        }
    }

    /// What an output is.
    pub(super) fn output(&self) -> Ends {
        match self.task {
            Task::Generate => Ends::new("I32", &[self.new_tokens]),
            Task::Logits => Ends::new("F32", &[self.tokens, self.sizes.vocabulary]),
        }
    }

    /// Whether outputs are logits; else they are tokens.
    pub(super) fn output_is_float(&self) -> bool {
        self.task == Task::Logits
    }

    /// Multiply-accumulates of the longest inference.
    pub(super) fn macs(&self) -> u64 {
        let sizes = &self.sizes;
        let kv = sizes.kv_heads * sizes.head;
        let layer = sizes.dim * (2 * sizes.dim + 2 * kv + 3 * sizes.hidden);
        let dense = (sizes.layers * layer + sizes.vocabulary * sizes.dim) as u64;
        let steps = (self.tokens + self.new_tokens) as u64;
        // Each token looks back at all before it, once for its scores and once for its sum.
        let looks = (sizes.layers * sizes.dim) as u64 * steps * (steps + 1);
        steps.saturating_mul(dense).saturating_add(looks)
    }

    /// Passes through the model for this input up to the first token that is new, and in all.
    pub(super) fn passes(&self, input: &[u8]) -> Passes {
        let first = self.prompt(input).len() as u32;
        let all = first + (self.new_tokens as u32).saturating_sub(1);
        Passes { first, all }
    }

    /// Whether it generates tokens.
    pub(super) fn generates(&self) -> bool {
        self.task == Task::Generate
    }

    /// The tokens of an input: up to the first that is negative. A number beyond the vocabulary is
    /// the unknown token, 0, as tokenizers have it.
    fn prompt(&self, input: &[u8]) -> Vec<usize> {
        let (words, _) = input.as_chunks();
        let words = words.iter().copied().map(i32::from_le_bytes);
        let known = |token: i32| {
            let token = usize::try_from(token).ok()?;
            Some(if token < self.sizes.vocabulary {
                token
            } else {
                0
            })
        };
        let mut prompt: Vec<usize> = words.map_while(known).collect();
        if prompt.is_empty() {
            prompt.push(self.begin);
        }
        prompt
    }

    /// One inference on an input of the right length.
    pub(super) fn run(&self, image: &Image, input: &[u8], working: &mut Working) -> Vec<u8> {
        let prompt = self.prompt(input);
        let weights = llama::Weights::new(&self.places, self.sizes, image);
        let mut context = llama::Context::new(self.sizes, &weights, working);
        match self.task {
            Task::Generate => {
                let mut logits = Vec::new();
                for token in prompt {
                    logits = context.pass(token);
                }
                let mut output = Vec::with_capacity(self.output_bytes());
                for place in 0..self.new_tokens {
                    let token = likeliest(&logits);
                    output.extend((token as u32).to_le_bytes());
                    if place + 1 < self.new_tokens {
                        logits = context.pass(token);
                    }
                }
                output
            }
            Task::Logits => {
                let mut output = Vec::with_capacity(self.output_bytes());
                for token in prompt {
                    let logits = context.pass(token);
                    output.extend(logits.iter().flat_map(|real| super::run::shown(*real)));
                }
                // What was not asked has no logits.
                output.resize(self.output_bytes(), 0);
                output
            }
        }
    }
}

/// The place of the largest; the first of equals, and of what is no number.
fn likeliest(logits: &[f32]) -> usize {
    let mut best = 0;
    for (token, logit) in logits.iter().enumerate() {
        if *logit > logits[best] {
            best = token;
        }
    }
    best
}

fn sizes(spelled: &Spelled) -> Result<Sizes, String> {
    if spelled.format != FORMAT {
        let found = spelled.format;
        return Err(format!("it has format {found}, and only {FORMAT} is known"));
    }
    let lengths = [
        ("tokens", spelled.tokens),
        ("dim", spelled.dim),
        ("hidden", spelled.hidden),
        ("layers", spelled.layers),
        ("heads", spelled.heads),
        ("kv_heads", spelled.kv_heads),
        ("vocabulary", spelled.vocabulary),
        ("context", spelled.context),
    ];
    if let Some((key, found)) = lengths.iter().find(|(_, n)| !(1..=LONGEST).contains(n)) {
        return Err(format!("`{key}` is {found} and not from 1 to {LONGEST}"));
    }
    let head = spelled.dim / spelled.heads;
    if !spelled.dim.is_multiple_of(spelled.heads)
        || !head.is_multiple_of(2)
        || !spelled.heads.is_multiple_of(spelled.kv_heads)
    {
        return Err(format!(
            "{} elements do not go into {} heads of an even length that share {} of keys and values",
            spelled.dim, spelled.heads, spelled.kv_heads
        ));
    }
    let asked = match spelled.task {
        Task::Generate => spelled.new_tokens > 0,
        Task::Logits => spelled.new_tokens == 0,
    };
    if !asked {
        let found = spelled.new_tokens;
        return Err(format!(
            "`new_tokens` is {found}, which does not go with its task"
        ));
    }
    if spelled.tokens.saturating_add(spelled.new_tokens) > spelled.context {
        return Err(format!(
            "{} tokens and {} new ones are more than its context of {}",
            spelled.tokens, spelled.new_tokens, spelled.context
        ));
    }
    if spelled.begin >= spelled.vocabulary || spelled.epsilon.is_nan() || spelled.epsilon <= 0.0 {
        return Err("`begin` is no token, or `epsilon` is not above zero".to_owned());
    }
    Ok(Sizes {
        dim: spelled.dim,
        hidden: spelled.hidden,
        layers: spelled.layers,
        heads: spelled.heads,
        kv_heads: spelled.kv_heads,
        head,
        vocabulary: spelled.vocabulary,
        epsilon: spelled.epsilon,
    })
}

fn places(spelled: &Spelled, sizes: Sizes, image: &Image) -> Result<Places, String> {
    let precision = spelled.precision;
    let find = |name: &str, shape: &[usize], dtype: Dtype| {
        let (place, found) = image.find(name, dtype)?;
        if found == shape {
            Ok(place)
        } else {
            Err(format!(
                "`{name}` has shape {found:?} and should have {shape:?}"
            ))
        }
    };
    let reals = |name: &str, shape: &[usize], halves: bool| {
        let dtype = if halves { Dtype::BF16 } else { Dtype::F32 };
        let values = find(name, shape, dtype)?;
        let scale = None;
        Ok::<Place, String>(Place {
            values,
            halves,
            scale,
        })
    };
    let angles = |name: &str, shape: &[usize]| reals(name, shape, false);
    let norm = |name: &str, shape: &[usize]| reals(name, shape, precision == Precision::Bf16);
    let matrix = |name: &str, shape: &[usize]| {
        if precision != Precision::Int8 {
            return norm(name, shape);
        }
        let rows = &shape[..shape.len() - 1];
        Ok(Place {
            values: find(name, shape, Dtype::I8)?,
            halves: false,
            scale: Some(find(&format!("{name}{SCALE}"), rows, Dtype::F32)?),
        })
    };
    let Sizes {
        dim,
        hidden,
        layers,
        vocabulary,
        head,
        ..
    } = sizes;
    let kv = sizes.kv_heads * head;
    Ok(Places {
        embedding: matrix("embedding", &[vocabulary, dim])?,
        cos: angles("cos", &[spelled.context, head / 2])?,
        sin: angles("sin", &[spelled.context, head / 2])?,
        attention_norm: norm("attention_norm", &[layers, dim])?,
        query: matrix("query", &[layers, dim, dim])?,
        key: matrix("key", &[layers, kv, dim])?,
        value: matrix("value", &[layers, kv, dim])?,
        output: matrix("output", &[layers, dim, dim])?,
        feed_norm: norm("feed_norm", &[layers, dim])?,
        gate: matrix("gate", &[layers, hidden, dim])?,
        down: matrix("down", &[layers, dim, hidden])?,
        up: matrix("up", &[layers, hidden, dim])?,
        last_norm: norm("last_norm", &[dim])?,
    })
}
