//! The emulator's words, its refusals, and who speaks on a line of several.

use profiles::option::OptionValue;

use super::checksum;
use crate::power_supply::bench::Bench;

/// What a message is answered.
fn hear(supply: &mut Bench, message: &str) -> String {
    let answer = supply.raw(&format!("{message}\r"));
    let answer = String::from_utf8(answer).unwrap();
    answer.strip_suffix('\r').unwrap_or(&answer).to_owned()
}

fn addressed() -> Bench {
    let mut supply = Bench::new("tdk-genesys");
    assert_eq!(hear(&mut supply, "ADR 06"), "OK");
    supply
}

#[track_caller]
fn all(supply: &mut Bench, conversation: &[(&str, &str)]) {
    for (message, answer) in conversation {
        assert_eq!(hear(supply, message), *answer, "{message}");
    }
}

#[test]
fn nobody_speaks_who_was_not_addressed() {
    let mut supply = Bench::new("tdk-genesys");
    all(
        &mut supply,
        &[
            ("IDN?", ""),
            ("", ""),
            ("ADR 7", ""),
            ("ADR 6", "OK"),
            ("idn?", "LAMBDA,GEN40-38"),
            ("", "OK"),
            ("ADR 12", ""),
            ("OUT 1", ""),
            ("ADR 06", "OK"),
            ("OUT?", "OFF"),
            ("ADR 31", "C05"),
            ("ADR x", "C03"),
            ("ADR", "C02"),
        ],
    );
    let other = [("address", OptionValue::Number(12.0))];
    let mut supply = Bench::with("tdk-genesys", &other);
    all(&mut supply, &[("ADR 6", ""), ("ADR 12", "OK")]);
}

#[test]
fn line_feeds_backspaces_and_repetition_are_as_in_the_manual() {
    let mut supply = addressed();
    assert_eq!(supply.raw("\nPX\x08V 12.5\n\r"), b"OK\r");
    all(
        &mut supply,
        &[
            ("PV?", "12.5"),
            ("\\", "12.5"),
            ("PV 5", "OK"),
            ("\\", "OK"),
        ],
    );
    // Two messages in one piece, and one in two.
    assert_eq!(supply.raw("PV?\rPC?\r"), b"5\r00.000\r");
    assert_eq!(supply.raw("PV"), b"");
    assert_eq!(supply.raw("?\r"), b"5\r");
}

#[test]
fn checksums_are_those_of_the_manual() {
    assert_eq!((checksum("STT?"), checksum("STAT?")), (0x3a, 0x7b));
    let mut supply = addressed();
    let sum = |text: &str| format!("{text}${:02X}", checksum(text));
    assert_eq!(hear(&mut supply, "STAT?$7B"), sum("84"));
    assert_eq!(hear(&mut supply, "STAT?$7C"), sum("C04"));
    assert_eq!(hear(&mut supply, "STAT?$7"), sum("C04"));
    assert_eq!(hear(&mut supply, &sum("PV 10")), sum("OK"));
    assert_eq!(hear(&mut supply, &sum("ADR 06")), sum("OK"));
    // Letters count as they are sent.
    assert_eq!(hear(&mut supply, &sum("pv?")), sum("10"));
}

#[test]
fn settings_are_told_again_as_they_were_told() {
    let mut supply = addressed();
    all(
        &mut supply,
        &[
            ("PV?", "00.000"),
            ("PV 12.50", "OK"),
            ("PV?", "12.50"),
            ("PC 1e1", "OK"),
            ("PC?", "1E1"),
            ("OVP?", "44.00"),
            ("OVP 15", "OK"),
            ("OVP?", "15"),
            ("OVM", "OK"),
            ("OVP?", "44.00"),
            ("UVL 5", "OK"),
            ("UVL?", "5"),
            ("FLD?", "OFF"),
            ("FLD ON", "OK"),
            ("FLD?", "ON"),
            ("FLD 0", "OK"),
            ("FBD 12", "OK"),
            ("FBD?", "12"),
            ("FBDRST", "OK"),
            ("FBD?", "0"),
            ("AST 1", "OK"),
            ("AST?", "ON"),
            ("FILTER 23", "OK"),
            ("FILTER?", "23"),
            ("RMT LLO", "OK"),
            ("RMT?", "LLO"),
            ("RMT 1", "OK"),
            ("RMT?", "REM"),
            ("SAV", "OK"),
            ("UVL 0", "OK"),
            ("PV 1", "OK"),
            ("RCL", "OK"),
            ("PV?", "12.50"),
            ("RST", "OK"),
            ("PV?", "00.000"),
            ("AST?", "OFF"),
            ("MDAV?", "1"),
            ("SN?", "0000001-0001"),
        ],
    );
}

#[test]
fn what_cannot_be_has_the_manuals_letters() {
    let mut supply = addressed();
    all(
        &mut supply,
        &[
            ("NONSENSE", "C01"),
            ("NONSENSE?", "C01"),
            ("NONSENSE 1", "C01"),
            ("PV", "C02"),
            ("PV ", "C02"),
            ("PV abc", "C03"),
            ("PV  5", "C03"),
            ("PV 1234567890.12", "C03"),
            ("PV -1", "C05"),
            ("OUT 2", "C03"),
            // Above 105 % of the rating, and above 95 % of the protection.
            ("PV 42.1", "E01"),
            ("PC 40", "C05"),
            ("OVP 20", "OK"),
            ("PV 19.1", "E01"),
            ("PV 19", "OK"),
            // Protection below 105 % of the volts, and beyond what there is.
            ("OVP 19.9", "E04"),
            ("OVP 19.95", "OK"),
            ("OVP 45", "C05"),
            ("UVL 18.5", "E06"),
            ("UVL 18", "OK"),
            ("PV 17", "E02"),
            ("FILTER 20", "C05"),
            ("FBD 256", "C05"),
            ("FENA 100", "C05"),
            ("FENA XY", "C03"),
        ],
    );
}

#[test]
fn going_down_goes_off_first_then_volts_then_protection() {
    let mut supply = addressed();
    all(
        &mut supply,
        &[
            ("PV 30", "OK"),
            ("OVP 10", "E04"),
            ("OUT 0", "OK"),
            ("PV 0", "OK"),
            ("OVP 10", "OK"),
            ("PV 9", "OK"),
        ],
    );
}

#[test]
fn what_is_measured_has_five_digits_and_noise() {
    let mut supply = addressed();
    all(
        &mut supply,
        &[
            ("PV 12", "OK"),
            ("PC 5", "OK"),
            ("MODE?", "OFF"),
            ("OUT 1", "OK"),
            ("OUT?", "ON"),
            ("MODE?", "CV"),
        ],
    );
    assert!((supply.volts() - 12.0).abs() < 1e-9);
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = hear(&mut supply, "MV?");
        assert_eq!(answer.len(), 6, "{answer}");
        assert!(
            (answer.parse::<f64>().unwrap() - 12.0).abs() < 0.02,
            "{answer}"
        );
        seen.insert(answer);
    }
    assert!(seen.len() > 1, "{seen:?}");
    let display = hear(&mut supply, "DVC?");
    assert!(display.ends_with(",44.00,00.00"), "{display}");
    assert_eq!(display.split(',').nth(1), Some("12.000"));
    let status = hear(&mut supply, "STT?");
    assert!(status.ends_with("PC(5),SR(05),FR(00)"), "{status}");
    // A supply of 200 A has three digits before the point.
    let unit = [("unit", OptionValue::Text("GEN6-200".to_owned()))];
    let mut supply = Bench::with("tdk-genesys", &unit);
    hear(&mut supply, "ADR 6");
    all(
        &mut supply,
        &[("PV?", "0.0000"), ("PC?", "000.00"), ("OVP?", "7.500")],
    );
}

#[test]
fn foldback_switches_off_in_constant_current_and_switching_on_clears_it() {
    let load = [("load_ohm", OptionValue::Number(2.0))];
    let mut supply = Bench::with("tdk-genesys", &load);
    hear(&mut supply, "ADR 6");
    all(
        &mut supply,
        &[
            ("FENA 08", "OK"),
            ("PV 10", "OK"),
            ("PC 1", "OK"),
            ("OUT 1", "OK"),
            ("MODE?", "CC"),
            ("STAT?", "06"),
            ("FLD 1", "OK"),
        ],
    );
    supply.pass(500);
    all(
        &mut supply,
        &[
            ("MODE?", "OFF"),
            ("OUT?", "OFF"),
            ("FLT?", "08"),
            ("STAT?", "28"),
            ("FEVE?", "08"),
            ("FEVE?", "00"),
            ("PC 8", "OK"),
            ("OUT 1", "OK"),
            ("FLT?", "00"),
            ("MODE?", "CV"),
        ],
    );
}
