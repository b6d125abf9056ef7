//! Boards that run real firmware: what it takes, and what cannot be had with it.

use std::path::{Path, PathBuf};

use super::cases::WIRING;
use super::edited;
use crate::plan::{Firmware, Plan};

const PAYLOAD: &str = "# CCSDS packets, COBS-framed, on a serial line\nlink       = \"memory\"";

/// The quickstart with another link of its payload, beside a file that looks like firmware for a
/// processor of this code.
fn linked(folder: &Path, code: u16, link: &str) -> Result<Plan, String> {
    let mut elf = b"\x7fELF".to_vec();
    elf.resize(18, 0);
    elf.extend_from_slice(&code.to_le_bytes());
    std::fs::create_dir_all(folder.join("wiring")).unwrap();
    std::fs::write(folder.join("wiring/board.elf"), elf).unwrap();
    let new = format!("# a board\nlink = \"{link}\"");
    let plan = edited(folder, &[(WIRING, PAYLOAD, &new)]);
    plan.map_err(|refusals| refusals.render(false))
}

fn why(code: u16, link: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    linked(folder.path(), code, link).unwrap_err()
}

/// A program that is there on every machine.
const THERE: &str = "program=/bin/sh";

#[test]
fn firmware_in_lock_step_is_allowed_and_kept_with_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let link = format!("qemu:board.elf,mode=lockstep,{THERE}");
    let plan = linked(folder.path(), 40, &link).unwrap();
    let kept = plan.files.iter().find(|(path, _)| path == "board.elf");
    assert_eq!(kept.unwrap().1.len(), 20);
    let inputs = &plan.header.inputs;
    assert!(inputs.iter().any(|input| input.path == "board.elf"));
    assert_eq!(plan.warnings(), Vec::<String>::new());
}

#[test]
fn what_firmware_cannot_run_without_is_told_with_what_mends_it() {
    for (code, link, parts) in [
        (
            40,
            "qemu:none.elf,mode=lockstep",
            &["cannot read the firmware", "build.sh"][..],
        ),
        (
            40,
            "qemu:emulated.toml,mode=lockstep",
            &["is no ELF file", "the linker's output"],
        ),
        (
            62,
            "qemu:board.elf,mode=lockstep",
            &["is not for 32-bit Arm", "`program=`"],
        ),
        (
            40,
            "qemu:board.elf,mode=lockstep,program=qemu-system-none",
            &["there is no `qemu-system-none`", "apt-get install"],
        ),
        (
            40,
            "qemu:board.elf,mode=lockstep,program=/bin/sh,args=-icount 3",
            &["count instructions", "`shift=`"],
        ),
        (
            40,
            "qemu:board.elf,program=/bin/sh",
            &[
                "virtual time does not wait for it",
                "the volts and degrees of `bus_supply` do not reach it",
                "the volts and degrees of `chamber` do not reach it",
            ],
        ),
    ] {
        let text = why(code, link);
        for part in parts {
            assert!(text.contains(part), "{link}: {part} is not in\n{text}");
        }
    }
}

#[test]
fn a_board_on_a_bus_has_no_uart() {
    let folder = tempfile::tempdir().unwrap();
    let old = "described by a DBC file\nlink       = \"memory\"";
    let new = "described by a DBC file\nlink = \"qemu:board.elf,mode=lockstep\"";
    let refusals = edited(folder.path(), &[(WIRING, old, new)]).unwrap_err();
    let text = refusals.render(false);
    assert!(
        text.contains("leads to a UART, and this model has none"),
        "{text}"
    );
}

#[test]
fn firmware_is_given_to_all_boards_or_to_one() {
    let all: Firmware = "a/b.elf".parse().unwrap();
    assert_eq!((all.device, all.elf), (None, PathBuf::from("a/b.elf")));
    let one: Firmware = "payload=a/b.elf".parse().unwrap();
    assert_eq!(one.device.as_deref(), Some("payload"));
    assert!(
        "payload="
            .parse::<Firmware>()
            .unwrap_err()
            .contains("is missing")
    );
}
