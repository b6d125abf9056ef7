//! `bench`: parse, dispatch, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(bench_runner::cli::main() as u8)
}
