//! `bench serve`: runs as pages for a browser and as metrics.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;

use crate::cli::{complain, print};
use crate::exit::Exit;
use crate::runtime::{Pace, block_on};
use crate::watch::page::{self, Guard, Shelf};

/// A token that is shorter is guessed.
const SHORTEST: usize = 16;

/// Show runs as pages for a browser, and as metrics for Prometheus
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Folder of a run, or one with runs
    #[arg(default_value = "runs")]
    runs: PathBuf,
    /// Address and port to listen at; port 0 is any that is free. Beyond this machine a token is needed
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0", value_parser = address)]
    listen: SocketAddr,
    /// File with the token that who asks must know, instead of one that is drawn
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Another name under which this machine is asked, as behind a proxy
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
}

/// An address with a port; `localhost` is one.
fn address(text: &str) -> Result<SocketAddr, String> {
    let numbers = text.replacen("localhost:", "127.0.0.1:", 1);
    numbers.parse().map_err(|_| {
        "expected an address and a port, such as 127.0.0.1:8000, or 0.0.0.0:8000 for all".to_owned()
    })
}

pub(in crate::cli) fn main(args: &Args) -> Exit {
    if !args.runs.is_dir() {
        let folder = args.runs.display();
        complain(&format!(
            "Error: {folder} is no folder\n  Help: give a run's folder, or one with runs\n"
        ));
        return Exit::Refused;
    }
    let token = match args.token_file.as_deref().map(token).transpose() {
        Ok(token) => token,
        Err(why) => {
            complain(&format!("Error: {why}\n"));
            return Exit::Refused;
        }
    };
    block_on(Pace::Real, async {
        match serve(args, token).await {
            Ok(()) => Exit::Passed,
            Err(error) => {
                let address = args.listen;
                complain(&format!("Error: cannot listen at {address}: {error}\n"));
                Exit::Refused
            }
        }
    })
}

async fn serve(args: &Args, token: Option<String>) -> std::io::Result<()> {
    let listener = TcpListener::bind(args.listen).await?;
    let guard = Guard::new(listener.local_addr()?, token, &args.name)?;
    print(&format!("{}\n", guard.link()));
    if !args.listen.ip().is_loopback() {
        complain(
            "Warning: the pages go over the network as they are, and so does the token\n  \
             Help: over SSH: `ssh -L 8000:127.0.0.1:8000 HOST`, with `--listen 127.0.0.1:8000` there\n",
        );
    }
    let shelf = Shelf::new(&args.runs, Pace::Real.clock());
    page::serve(listener, guard, shelf).await
}

/// The token in a file.
fn token(path: &Path) -> Result<String, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let token = text.trim();
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
    if token.len() < SHORTEST || !token.chars().all(is_word) {
        return Err(format!(
            "{name}: a token has at least {SHORTEST} letters, digits or any of `-_.~`; make one with \
             `openssl rand -hex 16`"
        ));
    }
    Ok(token.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_port() {
        assert_eq!(
            address("localhost:8000"),
            Ok(SocketAddr::from(([127, 0, 0, 1], 8_000)))
        );
        for wrong in ["8000", "lab", "127.0.0.1", "127.0.0.1:99999", "localhost"] {
            let why = address(wrong).unwrap_err();
            assert!(why.contains("such as 127.0.0.1:8000"), "{why}");
        }
    }
}
