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

/// Refuses a vocabulary that has no text for a token of the golden's own inputs and outputs, or for one
/// that its logits are of: a wrong answer of that token could not be told.
pub(super) fn speechless(
    manifest: &Manifest,
    vocabulary: &[String],
    [inputs, outputs]: [&[Arc<[u8]>]; 2],
) -> Result<(), GoldenError> {
    let Some(named) = &manifest.vocabulary else {
        return Ok(());
    };
    let (length, wrong) = (vocabulary.len(), |why: String| GoldenError::Tensor {
        name: manifest.name.clone(),
        file: named.file.clone(),
        why: format!("{why}; write it anew with a text for each token of the model"),
    });
    let mut tokens = vec![(&manifest.input, inputs)];
    match (&manifest.comparator, manifest.output.shape.last()) {
        (Comparator::Tokens { .. }, _) => tokens.push((&manifest.output, outputs)),
        (Comparator::TeacherForced { .. }, Some(&of)) if of > length => {
            return Err(wrong(format!(
                "has {length} texts, and the outputs are logits of {of} tokens"
            )));
        }
        _ => {}
    }
    for (tensor, samples) in tokens {
        for (sample, bytes) in samples.iter().enumerate() {
            let said = tensor.dtype.decode(bytes).into_iter().fold(-1.0, f64::max);
            if said >= length as f64 {
                let file = &tensor.file;
                return Err(wrong(format!(
                    "has {length} texts, of the tokens below {length}, and sample {sample} of {file} has \
                     the token {said}"
                )));
            }
        }
    }
    Ok(())
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
