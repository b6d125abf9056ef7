//! The first golden of a network: its inputs are the user's own, its outputs those of the network as this
//! program runs it. A person looks at it before it counts.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use drivers::accelerator::network::{Ends, Network, builtin, builtin_source};
use reports::digest::sha256_hex;
use reports::golden::{ElementType, Files, Golden, pack};

use super::inputs::samples;
use super::shelf::{Shelf, Trouble};
use crate::config::folder::read_some;
use crate::execute;
use crate::plan::axes;

/// What a first golden is made of.
#[derive(Debug, clap::Args)]
pub(super) struct First {
    /// Name of the golden
    pub(super) name: String,
    /// The network: one of the program's own, or an ONNX file
    #[arg(long, value_name = "MODEL")]
    network: String,
    /// Lengths of axes that an ONNX file only names: T=64
    #[arg(long, value_name = "AXES", default_value = "")]
    axes: String,
    /// Inputs: arrays of numpy (.npy) or a safetensors file, one or many samples in each
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    inputs: Vec<PathBuf>,
    /// What the network decides: names of classes, in the order of the output's first axis
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    classes: Vec<String>,
}

/// Makes the candidate. Gives its folder.
pub(super) fn make(shelf: &Shelf, first: &First) -> Result<PathBuf, Trouble> {
    let name = &first.name;
    let refused = |why: String| Trouble::Refused(why);
    let is_name = |it: char| it.is_ascii_alphanumeric() || "-_".contains(it);
    if name.is_empty() || !name.chars().all(is_name) {
        let why = format!("`{name}` is no name of a golden: letters, digits, - and _");
        return Err(Trouble::Refused(why));
    }
    if shelf.names()?.contains(name) {
        let why = format!(
            "there is a golden `{name}`: `bench golden record` takes what a run answered as its candidate"
        );
        return Err(Trouble::Refused(why));
    }
    let source = Source::read(first).map_err(refused)?;
    let inputs: Vec<&Path> = first.inputs.iter().map(PathBuf::as_path).collect();
    let inputs = samples(&inputs, &source.network.input()).map_err(refused)?;
    let infer = |input: &Vec<u8>| source.network.infer(input).map_err(|why| why.to_string());
    let outputs: Result<Vec<Vec<u8>>, String> = inputs.iter().map(infer).collect();
    let files = files(first, &source, [&inputs, &outputs.map_err(refused)?]).map_err(refused)?;
    let golden = Golden::from_files(name, &files)?;
    let files = golden.with_leads(&files)?;
    shelf.put(name, &files)
}

/// A network and the file that it is in.
struct Source {
    network: Network,
    name: String,
    file: String,
    sha256: String,
}

impl Source {
    fn read(first: &First) -> Result<Source, String> {
        let wanted = &first.network;
        if let (Some(ours), Some(source)) = (builtin(wanted), builtin_source(wanted)) {
            return Ok(Source {
                network: Network::load(ours).map_err(|why| why.to_string())?,
                name: wanted.clone(),
                file: format!("{wanted}.safetensors"),
                sha256: sha256_hex(source),
            });
        }
        let path = Path::new(wanted);
        let file = read_some(path).map_err(|why| {
            format!("`{wanted}` is no network of the program's own, and no file: {why}")
        })?;
        let axes = axes(&first.axes).map_err(|part| {
            format!("`{part}` is no length of an axis; expected names and whole numbers, as T=64")
        })?;
        let network = Network::from_file(path, &file, &axes);
        let network = network.map_err(|why| format!("{wanted}: {why}"))?;
        Ok(Source {
            name: network.name().to_owned(),
            file: path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned(),
            sha256: sha256_hex(&file),
            network,
        })
    }

    fn runtime(&self) -> &'static str {
        if self.network.is_portable() {
            "bench's own kernels"
        } else {
            "rten 0.27 in bench"
        }
    }
}

/// The files of a golden that nobody has looked at yet.
fn files(
    first: &First,
    source: &Source,
    [inputs, outputs]: [&[Vec<u8>]; 2],
) -> Result<Files, String> {
    let (inlet, outlet) = (source.network.input(), source.network.output());
    let packed = |ends: &Ends, name: &str, samples: &[Vec<u8>]| {
        pack((name, element(ends), &ends.shape), samples)
    };
    let inputs_file = packed(&inlet, "input", inputs)?;
    let outputs_file = packed(&outlet, "output", outputs)?;
    let text = |value: &str| serde_json::Value::from(value).to_string();
    let paths = first.inputs.iter().map(|path| path.display().to_string());
    let paths = paths.collect::<Vec<_>>().join(", ");
    let precision = match outlet.dtype {
        "F32" => "fp32",
        "I8" => "int8",
        _ => "integers",
    };
    let mut toml = format!(
        "# Made by `bench golden new`: inputs of your own, outputs of the network as the bench runs it. Read each\n\
         # line, then `bench golden review`; hil-tests/goldens/README.md of the project describes the keys.\n\
         name = {}\nstate = \"pending\"\ntask = \"\"\ndialect = {}\nlicence = \"\"\nsamples = {}\n\
         # Largest difference between independent right runtimes, in the output's unit; 0 where nobody measured.\n\
         noise_floor = 0.0\n\n[model]\nname = {}\nfile = {}\nsha256 = {}\n\n[provenance]\nruntime = {}\n\
         version = {}\nmade_by = \"bench golden new\"\ndate = {}\ninputs_from = {}\n",
        text(&first.name),
        text(&format!("{precision}/{}", source.runtime())),
        inputs.len(),
        text(&source.name),
        text(&source.file),
        text(&source.sha256),
        text(source.runtime()),
        text(env!("CARGO_PKG_VERSION")),
        text(&execute::today()),
        text(&paths),
    );
    for (table, ends, file) in [
        ("input", &inlet, &inputs_file),
        ("output", &outlet, &outputs_file),
    ] {
        // Writing to a string cannot fail.
        let _always_ok = write!(
            toml,
            "\n[{table}]\nfile = \"{table}s.safetensors\"\nsha256 = {}\ntensor = \"{table}\"\ndtype = \"{}\"\nshape = {:?}\n",
            text(&sha256_hex(file)),
            element(ends).name(),
            ends.shape,
        );
    }
    toml.push_str(&decisions(first, &outlet)?);
    toml.push_str(comparator(source, &outlet, !first.classes.is_empty()));
    Ok(Files::from([
        ("golden.toml".to_owned(), toml.into_bytes()),
        ("inputs.safetensors".to_owned(), inputs_file),
        ("outputs.safetensors".to_owned(), outputs_file),
    ]))
}

/// The classes of an output, if it decides between some: the last lines of its table.
fn decisions(first: &First, outlet: &Ends) -> Result<String, String> {
    let classes = &first.classes;
    if classes.is_empty() {
        return Ok(String::new());
    }
    let planes = outlet.shape.first().copied().unwrap_or(0);
    if classes.len() != planes {
        return Err(format!(
            "{} classes are named, and the output has {planes} on its first axis: {:?}",
            classes.len(),
            outlet.shape
        ));
    }
    Ok(format!(
        "classes = {}\n",
        serde_json::Value::from(classes.as_slice())
    ))
}

/// How to compare, by what an output is.
fn comparator(source: &Source, outlet: &Ends, decides: bool) -> &'static str {
    match (outlet.dtype, decides) {
        ("I32", _) if source.network.generates() => "\n[comparator]\nkind = \"tokens\"\n",
        ("F32", true) if outlet.shape.len() > 1 => {
            "\n[comparator]\nkind = \"tolerance\"\nrtol = 0.001\n\n[comparator.mask]\n\
             min_class_agreement = 0.999\nmin_iou = 0.99\n\n[margins]\nunit = \"logit\"\nundecidable_up_to = 0.0\n"
        }
        ("F32", true) => {
            "\n[comparator]\nkind = \"tolerance\"\nrtol = 0.001\n\n[margins]\nunit = \"logit\"\nundecidable_up_to = 0.0\n"
        }
        ("F32", false) => "\n[comparator]\nkind = \"tolerance\"\nrtol = 0.001\n",
        ("I8", true) => {
            "\n# Bits are equal within a dialect; across kernels: kind = \"lsb\", max = 8, p99 = 5.\n[comparator]\n\
             kind = \"bit-exact\"\n\n[margins]\nunit = \"lsb\"\nundecidable_up_to = 0.0\n"
        }
        _ => {
            "\n# Bits are equal within a dialect; across kernels: kind = \"lsb\", max = 8, p99 = 5.\n[comparator]\n\
             kind = \"bit-exact\"\n"
        }
    }
}

fn element(ends: &Ends) -> ElementType {
    match ends.dtype {
        "F32" => ElementType::F32,
        "I8" => ElementType::I8,
        "U8" => ElementType::U8,
        "I32" => ElementType::I32,
        _ => ElementType::I64,
    }
}
