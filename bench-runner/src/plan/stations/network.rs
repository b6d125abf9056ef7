//! Networks of boards: one of the program's own, or a file that the wiring names.

use std::path::Path;
use std::sync::Arc;

use drivers::accelerator::network::{self, Network, builtin, builtin_source};
use drivers::link::LinkSpec;
use profiles::option::Options;
use reports::digest::sha256_hex;

use super::Wired;
use crate::config::campaign::RawSetting;
use crate::config::refusal::Refusal;
use crate::config::wiring::RawDevice;
use crate::plan::Planner;

/// The network of a file.
#[derive(Clone, Debug)]
pub(crate) struct NetworkFile {
    /// Loaded.
    pub(crate) network: Arc<Network>,
    /// SHA-256 of the file.
    pub(crate) sha256: String,
}

impl Wired {
    /// The name of the network that a board runs.
    pub(in crate::plan) fn runs(&self) -> Option<&str> {
        let file = self.network.as_ref().map(|file| file.network.name());
        file.or_else(|| self.options.text("network"))
    }

    /// Which file of a network this board runs, and by what: `mine.onnx, by rten …`.
    pub(crate) fn carried_out(&self) -> Option<String> {
        let file = self.network.as_ref()?;
        let by = if file.network.is_portable() {
            "by this program's own kernels"
        } else {
            "by rten: the same bits on machines of one kind, nearly so on others"
        };
        let path = self.options.text("network").unwrap_or_default();
        let bytes = (file.network.input_bytes(), file.network.output_bytes());
        Some(format!("{path}, {} octets to {}, {by}", bytes.0, bytes.1))
    }

    /// Whether it is an emulated board, whose network this program runs.
    fn is_played(&self) -> bool {
        matches!(self.link, LinkSpec::Memory | LinkSpec::Bus(_))
    }

    /// SHA-256 of the file of the network that an emulated board runs; what a real one has, nobody
    /// knows.
    pub(in crate::plan) fn network_sha256(&self) -> Option<String> {
        let ours = || self.options.text("network").and_then(builtin_source);
        let sha256 = match &self.network {
            Some(file) => Some(file.sha256.clone()),
            None => ours().map(sha256_hex),
        };
        sha256.filter(|_| self.is_played())
    }

    /// The network that an emulated board runs, as it is in flash.
    pub(in crate::plan) fn network(&self) -> Option<Arc<Network>> {
        let file = self.network.as_ref().map(|file| &file.network);
        network::of_board(&self.options, file).filter(|_| self.is_played())
    }
}

impl Planner {
    /// The network of the file that a board's options name. Nothing where they name one of the program's
    /// own, or where it cannot be loaded, which is refused.
    pub(in crate::plan) fn network_file(
        &mut self,
        raw: &RawDevice,
        options: &Options,
    ) -> Option<NetworkFile> {
        let setting = |name: &str| raw.options.iter().find(|it| it.key.value == name);
        let axes = match options.text("axes").map(axes).transpose() {
            Ok(axes) => axes.unwrap_or_default(),
            Err(found) => {
                let place = setting("axes").map_or(&raw.place, |it| &it.place);
                let message = format!("`axes` has `{found}`, which is no length of an axis");
                let expected = "expected names and whole numbers, as \"T=64\" or \"T=64, S=8\"";
                self.refuse(Refusal::at(place, message, expected));
                return None;
            }
        };
        let path = options.text("network")?;
        if builtin(path).is_some() {
            return None;
        }
        let bytes = match self.place.read(path) {
            Ok(bytes) => bytes,
            Err(why) => {
                let help = self.place.nearest(path);
                self.unloadable(
                    raw,
                    setting("network"),
                    &format!("cannot be read: {why}"),
                    help,
                );
                return None;
            }
        };
        match Network::from_file(Path::new(path), &bytes, &axes) {
            Ok(network) => {
                let file = Path::new(path).file_name().unwrap_or_default();
                self.keep_file(&file.to_string_lossy(), &bytes);
                Some(NetworkFile {
                    network: Arc::new(network),
                    sha256: sha256_hex(&bytes),
                })
            }
            Err(why) => {
                self.unloadable(raw, setting("network"), &why.to_string(), None);
                None
            }
        }
    }

    fn unloadable(
        &mut self,
        raw: &RawDevice,
        setting: Option<&RawSetting>,
        why: &str,
        help: Option<String>,
    ) {
        let place = setting.map_or(&raw.place, |setting| &setting.place);
        let message = format!("the network of `{}` {why}", raw.name.value);
        let expected = "expected a model that the emulated board can run";
        let refusal = Refusal::at(place, message, expected);
        self.refuse(refusal.maybe_help(help));
    }
}

/// Lengths of axes from `T=64, S=8`; or the part that is none.
pub(crate) fn axes(text: &str) -> Result<Vec<(String, usize)>, &str> {
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let axis = |part| {
        let (name, length) = Option::ok_or(str::split_once(part, '='), part)?;
        let length = length.trim().parse().ok().filter(|length| *length > 0);
        Ok((name.trim().to_owned(), length.ok_or(part)?))
    };
    parts.map(axis).collect()
}
