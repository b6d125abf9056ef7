//! The files beside a golden's manifest: vouched for by their hashes, read within their bounds.

use std::collections::BTreeMap;
use std::sync::Arc;

use safetensors::SafeTensors;
use safetensors::tensor::Metadata;

use super::GoldenError;
use super::element::ElementType;
use super::manifest::{Comparator, Manifest, TensorFile};
use crate::digest::sha256_hex;

pub(super) fn file<'a>(
    name: &str,
    files: &'a BTreeMap<String, Vec<u8>>,
    file: &str,
) -> Result<&'a [u8], GoldenError> {
    let missing = || GoldenError::Missing {
        name: name.to_owned(),
        file: file.to_owned(),
    };
    files.get(file).map(Vec::as_slice).ok_or_else(missing)
}

/// Whether a file is the one that the manifest vouches for.
fn vouched(name: &str, file: &str, bytes: &[u8], expected: &str) -> Result<(), GoldenError> {
    let found = sha256_hex(bytes);
    if found.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(GoldenError::Digest {
        name: name.to_owned(),
        file: file.to_owned(),
        expected: expected.to_owned(),
        found,
    })
}

/// The texts of tokens, where the manifest names a file of them.
pub(super) fn vocabulary(
    files: &BTreeMap<String, Vec<u8>>,
    manifest: &Manifest,
) -> Result<Vec<String>, GoldenError> {
    let Some(vocabulary) = &manifest.vocabulary else {
        return Ok(Vec::new());
    };
    let name = &manifest.name;
    let bytes = file(name, files, &vocabulary.file)?;
    vouched(name, &vocabulary.file, bytes, &vocabulary.sha256)?;
    serde_json::from_slice(bytes).map_err(|error| GoldenError::Tensor {
        name: name.clone(),
        file: vocabulary.file.clone(),
        why: format!("is no JSON list of texts, one for each token: {error}"),
    })
}

/// The samples in the file of `tensor`, checked against what the manifest says of it.
pub(super) fn samples(
    files: &BTreeMap<String, Vec<u8>>,
    manifest: &Manifest,
    tensor: &TensorFile,
) -> Result<Vec<Arc<[u8]>>, GoldenError> {
    let bytes = file(&manifest.name, files, &tensor.file)?;
    vouched(&manifest.name, &tensor.file, bytes, &tensor.sha256)?;
    let wrong = |why: String| GoldenError::Tensor {
        name: manifest.name.clone(),
        file: tensor.file.clone(),
        why,
    };
    let tensors = read(bytes).map_err(wrong)?;
    let Ok(view) = tensors.tensor(&tensor.tensor) else {
        let names = tensors.names();
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        return Err(wrong(format!(
            "has no tensor `{}`, which golden.toml names, but {}",
            tensor.tensor,
            names.join(", ")
        )));
    };
    let dtype = view.dtype().to_string().to_lowercase();
    let shape: Vec<usize> = [&[manifest.samples], &tensor.shape[..]].concat();
    if dtype != tensor.dtype.name() || view.shape() != shape {
        let (has, says) = (view.shape(), tensor.dtype.name());
        return Err(wrong(format!(
            "is {dtype} {has:?}, but golden.toml says {says} {shape:?} (samples first); correct what \
             is wrong, or write the file anew"
        )));
    }
    if shape.contains(&0) {
        return Err(wrong("holds no sample".to_owned()));
    }
    // No more than the file has, since no axis is empty.
    let length = tensor.shape.iter().product::<usize>() * tensor.dtype.size();
    Ok(view.data().chunks_exact(length).map(Arc::from).collect())
}

/// Whether each token has its text: those of a golden's inputs and outputs, or those that its logits are of.
pub(super) fn spelled(
    manifest: &Manifest,
    vocabulary: &[String],
    samples: [&[Arc<[u8]>]; 2],
) -> Result<(), GoldenError> {
    let Some(file) = manifest.vocabulary.as_ref().map(|it| &it.file) else {
        return Ok(());
    };
    let mut most = None;
    for (tensor, samples) in [&manifest.input, &manifest.output].into_iter().zip(samples) {
        if matches!(tensor.dtype, ElementType::I32 | ElementType::I64) {
            let tokens = samples
                .iter()
                .flat_map(|sample| tensor.dtype.decode(sample));
            let largest = tokens.map(|token| token as i64).max();
            most = most.max(largest.map(|token| token + 1));
        } else if matches!(manifest.comparator, Comparator::TeacherForced { .. }) {
            let words = tensor
                .shape
                .last()
                .and_then(|words| i64::try_from(*words).ok());
            most = most.max(words);
        }
    }
    let most = most
        .and_then(|most| usize::try_from(most).ok())
        .unwrap_or(0);
    if vocabulary.len() >= most {
        return Ok(());
    }
    Err(GoldenError::Tensor {
        name: manifest.name.clone(),
        file: file.clone(),
        why: format!(
            "has {} texts, and the golden has tokens up to number {}; a text is needed for each",
            vocabulary.len(),
            most - 1
        ),
    })
}

/// The array of a safetensors file: its type, its shape, its bytes. It is the one tensor, or that named
/// `input`.
///
/// # Errors
/// If it is no such file, or holds several tensors of other names, or one of another type.
pub fn array_of(bytes: &[u8]) -> Result<(ElementType, Vec<usize>, Vec<u8>), String> {
    let tensors = read(bytes)?;
    let names = tensors.names();
    let name = match names.as_slice() {
        [only] => *only,
        names if names.contains(&"input") => "input",
        names => {
            let names = names.join(", ");
            return Err(format!("has no tensor `input`, but: {names}"));
        }
    };
    let view = tensors.tensor(name).map_err(|error| error.to_string())?;
    let dtype = view.dtype().to_string();
    let element = serde_json::from_value(serde_json::Value::from(dtype.as_str()));
    let element = element.map_err(|_| format!("holds {dtype}, which goldens do not"))?;
    Ok((element, view.shape().to_vec(), view.data().to_vec()))
}

/// The tensors of a file. The crate adds up ends of tensors unchecked, so they are looked at before.
fn read(bytes: &[u8]) -> Result<SafeTensors<'_>, String> {
    let unreadable = |error: &dyn std::fmt::Display| {
        format!("is no safetensors file, or cut off ({error}); restore it, or write it anew")
    };
    if let Some((length, rest)) = bytes.split_first_chunk::<8>() {
        let length = usize::try_from(u64::from_le_bytes(*length)).unwrap_or(usize::MAX);
        if let Some((header, data)) = rest.split_at_checked(length) {
            let metadata: Metadata =
                serde_json::from_slice(header).map_err(|error| unreadable(&error))?;
            for name in metadata.offset_keys() {
                let end = metadata.info(&name).map_or(0, |info| info.data_offsets.1);
                if end > data.len() {
                    let why = format!("`{name}` ends at byte {end} of {}", data.len());
                    return Err(unreadable(&why));
                }
            }
        }
    }
    SafeTensors::deserialize(bytes).map_err(|error| unreadable(&error))
}
