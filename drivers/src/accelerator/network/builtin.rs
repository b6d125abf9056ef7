//! What emulated boards hold in flash: model files that this crate brings along, and what is made of
//! them: another program of the same file, or the same parameters in another precision.

use std::sync::LazyLock;

use super::image;
use super::language::{Precision, in_precision};

/// The small language model, which has two programs: one that generates, one that gives logits.
static STORIES: &[u8] = include_bytes!("../../../models/stories260k.safetensors");
static STORIES_BF16: LazyLock<Vec<u8>> = LazyLock::new(|| stories_in(Precision::Bf16));
static STORIES_INT8: LazyLock<Vec<u8>> = LazyLock::new(|| stories_in(Precision::Int8));
static LOGITS: LazyLock<Vec<u8>> = LazyLock::new(|| logits_of(STORIES));
static LOGITS_BF16: LazyLock<Vec<u8>> = LazyLock::new(|| logits_of(&STORIES_BF16));
static LOGITS_INT8: LazyLock<Vec<u8>> = LazyLock::new(|| logits_of(&STORIES_INT8));

/// Files as they are.
static FILES: &[(&str, &[u8])] = &[
    (
        "eo-cloudnet-tiny",
        include_bytes!("../../../models/eo-cloudnet-tiny.safetensors"),
    ),
    (
        "eo-shipnet-tiny",
        include_bytes!("../../../models/eo-shipnet-tiny.safetensors"),
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

/// What is made of the language model when it is first asked for.
static MADE: [(&str, &LazyLock<Vec<u8>>); 5] = [
    ("stories260k-logits", &LOGITS),
    ("stories260k-bf16", &STORIES_BF16),
    ("stories260k-bf16-logits", &LOGITS_BF16),
    ("stories260k-int8", &STORIES_INT8),
    ("stories260k-int8-logits", &LOGITS_INT8),
];

fn stories_in(precision: Precision) -> Vec<u8> {
    in_precision(STORIES, precision).expect("the file of this crate holds a language model in fp32")
}

fn logits_of(file: &[u8]) -> Vec<u8> {
    image::with_program(file, "network_logits").expect("the file of this crate has two programs")
}

/// The model file of this name, where this crate brings it along.
pub fn builtin(name: &str) -> Option<&'static [u8]> {
    let files = FILES.iter().find(|(known, _)| *known == name);
    let made = || MADE.iter().find(|(known, _)| *known == name);
    files
        .map(|(_, file)| *file)
        .or_else(|| made().map(|(_, file)| file.as_slice()))
}

/// The file in this crate that [`builtin`] has a network from: its own, or the one that it is made of.
pub fn builtin_source(name: &str) -> Option<&'static [u8]> {
    let own = FILES.iter().find(|(known, _)| *known == name);
    let made = || MADE.iter().any(|(known, _)| *known == name);
    own.map(|(_, file)| *file)
        .or_else(|| made().then_some(STORIES))
}

/// The names that [`builtin`] knows.
pub fn builtin_names() -> impl Iterator<Item = &'static str> {
    let files = FILES.iter().map(|(name, _)| *name);
    files.chain(MADE.iter().map(|(name, _)| *name))
}
