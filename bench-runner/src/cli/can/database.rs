//! A DBC file from the command line, and what is wrong with it.

use std::path::Path;

use drivers::telemetry::dbc::Database;

use super::super::complain;

/// Reads a file; what is wrong with it is told, by line, and the rest is read.
pub(super) fn read(path: &Path) -> Result<Database, String> {
    let place = path.display();
    let octets = std::fs::read(path).map_err(|error| format!("{place}: {error}"))?;
    let database = Database::read(&octets).map_err(|error| format!("{place}: {error}"))?;
    for flaw in database.flaws() {
        complain(&format!("Warning: {place}:{flaw}\n"));
    }
    Ok(database)
}
