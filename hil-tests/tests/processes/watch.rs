//! Runs that are watched: as lines, on a terminal, and those that were cut off.

use std::fs;

use hil_tests::program::Program;

use crate::golden::Terminal;
use crate::smoke;

fn program(folder: &std::path::Path) -> Program {
    Program::new(env!("CARGO_BIN_EXE_bench-under-test"), folder)
}

#[test]
fn a_run_that_is_over_is_told_in_lines_and_ends_with_its_code() {
    let (_place, run) = smoke().lay_out();
    let said = program(&run).run(&["watch", "."]);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{said:?}");
    let lines: Vec<&str> = said.out.lines().collect();
    assert!(lines[0].starts_with("watching smoke in "), "{}", lines[0]);
    assert!(lines[0].ends_with("4 devices, 8 checks, virtual pace, to T+00:01:25.000"));
    assert!(
        lines.contains(&"T+00:00:25.000  step: work"),
        "{}",
        said.out
    );
    let passes = lines.iter().filter(|line| line.starts_with("PASS  "));
    assert_eq!(passes.count(), 8, "{}", said.out);
    assert_eq!(lines.last(), Some(&"PASSED (0): completed"));
    assert!(!said.out.contains('\u{1b}'), "no colours in a pipe");
}

#[test]
fn a_run_that_was_cut_off_is_told_so_and_never_a_pass() {
    let (_place, run) = smoke().lay_out();
    let record = run.join("record.mcap");
    let bytes = fs::read(&record).unwrap();
    fs::write(&record, &bytes[..bytes.len() * 2 / 3]).unwrap();
    let said = program(&run).run(&["watch", "."]);
    let last = said.out.lines().last().unwrap_or_default();
    assert_eq!(said.code, Some(5), "{said:?}");
    assert!(
        last.starts_with("INTERRUPTED (5): the record ends at T+00:0"),
        "{last}"
    );
    assert!(last.ends_with(": the run was cut off"), "{last}");
}

#[test]
fn what_is_no_run_is_refused() {
    let place = tempfile::tempdir().unwrap();
    let said = program(place.path()).run(&["watch"]);
    assert_eq!(said.code, Some(2));
    assert_eq!(
        said.err,
        "Error: there is no run in runs\n  Help: give a run's folder, or one with runs; `bench run` \
         writes into `runs`\n"
    );
    fs::write(place.path().join("record.mcap"), "time;volts\n").unwrap();
    let said = program(place.path()).run(&["watch", "."]);
    assert_eq!(
        (said.code, said.err.as_str()),
        (
            Some(7),
            "Error: ./record.mcap: is no MCAP file\n  Help: expected a record as `bench run` writes it, \
             copied whole\n"
        )
    );
    let said = program(place.path()).run(&["serve", "nowhere"]);
    assert_eq!(said.code, Some(2));
    fs::write(place.path().join("token"), "short\n").unwrap();
    let said = program(place.path()).run(&["serve", ".", "--token-file", "token"]);
    assert_eq!(said.code, Some(2));
    assert!(said.err.contains("at least 16 letters"), "{}", said.err);
}

#[test]
fn keys_lead_through_a_run_on_a_terminal_and_out_again() {
    let (_place, run) = smoke().lay_out();
    let mut command = program(&run).command(&["watch", "."]);
    let mut terminal = Terminal::of(command.env("NO_COLOR", "1").env("TERM", "xterm"));
    terminal.shows("smoke · ");
    terminal.shows("PASSED");
    terminal.shows("q leave");
    terminal.press(b'c');
    terminal.shows("all channels");
    // What is the same in both lines of keys is not sent again.
    terminal.shows("choose");
    terminal.press(b'q');
    terminal.shows("channels, ");
    terminal.press(b'h');
    terminal.shows("LOOKING BACK");
    terminal.press(b'q');
    // The terminal's own page comes back, and the cursor.
    terminal.shows("\u{1b}[?1049l");
    assert!(terminal.child.wait().unwrap().success());
}

#[test]
fn a_terminal_that_hung_up_ends_the_watching() {
    let (_place, run) = smoke().lay_out();
    let mut command = program(&run).command(&["watch", "."]);
    let mut terminal = Terminal::of(command.env("TERM", "xterm"));
    terminal.shows("q leave");
    let mut child = terminal.hang_up();
    // It looks at the record every quarter of a second; twenty times that are for a busy machine.
    let ended = (0..100).find_map(|_| {
        crate::safety::wait(50);
        child.try_wait().unwrap()
    });
    if ended.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert_eq!(ended.and_then(|status| status.code()), Some(0), "{ended:?}");
}
