//! `bench init`: files to start from.

use std::fs;
use std::path::{Path, PathBuf};

use super::{complain, print};
use crate::embedded;
use crate::exit::Exit;

/// Write a commented campaign and wiring to start from, with all they need
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Folder to write into
    #[arg(default_value = ".")]
    folder: PathBuf,
}

pub(super) fn main(args: &Args) -> Exit {
    match write(&args.folder) {
        Ok(written) => {
            let folder = args.folder.display();
            for path in &written {
                print(&format!("wrote {}\n", path.display()));
            }
            print(&format!(
                "\nbench plan {folder}/campaign.toml --wiring {folder}/wiring.toml\n\
                 bench run {folder}/campaign.toml --wiring {folder}/wiring.toml\n"
            ));
            Exit::Passed
        }
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            Exit::Refused
        }
    }
}

/// The embedded files as they are laid out in a folder of one's own.
fn files() -> Vec<(String, Vec<u8>)> {
    let laid_out = embedded::FILES.iter().map(|(path, bytes)| match *path {
        "campaigns/eclipse_ride_through.toml" => {
            let text = String::from_utf8_lossy(bytes).replace("\"../goldens\" ", "\"goldens\"    ");
            ("campaign.toml".to_owned(), text.into_bytes())
        }
        "wiring/emulated.toml" => ("wiring.toml".to_owned(), bytes.to_vec()),
        path => (
            path.strip_prefix("campaigns/").unwrap_or(path).to_owned(),
            bytes.to_vec(),
        ),
    });
    laid_out.collect()
}

fn write(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let files = files();
    let there = files
        .iter()
        .map(|(path, _)| folder.join(path))
        .find(|path| path.exists());
    if let Some(path) = there {
        return Err(format!(
            "{} is there already; nothing was written. Choose another folder",
            path.display()
        ));
    }
    let mut written = Vec::new();
    for (path, bytes) in files {
        let path = folder.join(path);
        let done = path
            .parent()
            .map_or(Ok(()), fs::create_dir_all)
            .and_then(|()| fs::write(&path, bytes));
        done.map_err(|error| format!("cannot write {}: {error}", path.display()))?;
        written.push(path);
    }
    Ok(written)
}
