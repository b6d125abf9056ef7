//! Links of the satellite as set points of an attenuator.

use profiles::command::Command;

use super::{AROUND, CAMPAIGN, SOURCE, WIRING, edited};

const CHAMBER: &str = "[device.chamber]";
const ATTENUATOR: &str = "[device.crosslink]
role   = \"attenuator\"
model  = \"mini-circuits-rcdat-6000-60\"
link   = \"memory\"
limits = { min_db = 10.0, max_db = 60.0 }

[device.chamber]";
const PROFILE: &str = "{ device = \"bus_supply\", kind = \"orbit\", every = \"10 s\" },";
const LINK: &str =
    "{ device = \"crosslink\", kind = \"link\", link = \"contact:svalbard\", every = \"7 s\" },";

/// The quickstart with stations around it, an attenuator, and this profile.
fn linked(folder: &std::path::Path, profile: &str) -> Result<super::Plan, super::Refusals> {
    let shadow = "shadow   = { earth = \"ellipsoid\", sun = \"apparent\", atmosphere_km = 0.0 }\n";
    let start = "start    = \"2025-06-25T18:00:00Z\"     # UTC at T0; the elements' own epoch if left out\n";
    let source = AROUND.replace("elements", "start = \"2025-06-25T18:00:00Z\"\nelements");
    let profiles = format!("{PROFILE} {profile}");
    let edits = [
        (CAMPAIGN, shadow, ""),
        (CAMPAIGN, start, ""),
        (CAMPAIGN, SOURCE, source.as_str()),
        (CAMPAIGN, PROFILE, profiles.as_str()),
        (WIRING, CHAMBER, ATTENUATOR),
    ];
    edited(folder, &edits)
}

#[test]
fn a_link_is_cut_between_its_windows_and_weaker_the_farther_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let profile = LINK.replace("contact:svalbard", "link:p1s2");
    let plan = linked(folder.path(), &profile)
        .unwrap_or_else(|refusals| panic!("{}", refusals.render(false)));
    let windows: Vec<_> = plan
        .header
        .windows
        .iter()
        .filter(|named| named.name == "link:p1s2")
        .map(|named| named.window)
        .collect();
    let told: Vec<_> = plan
        .timeline
        .iter()
        .filter_map(|told| match told.command {
            Command::Attenuate(loss) => Some((told.at, loss.0)),
            _ => None,
        })
        .collect();
    assert!(windows.len() > 1, "{windows:?}");
    for (at, db) in &told {
        // A window's start and end are told within the millisecond after them.
        let within = windows
            .iter()
            .any(|window| window.start <= *at && *at < window.end);
        assert_eq!(*db < 60.0, within, "{at}: {db} dB");
    }
    for window in &windows {
        let inside = told.iter().filter(|(at, _)| window.contains(*at));
        let losses: Vec<f64> = inside.map(|(_, db)| *db).collect();
        let least = losses
            .iter()
            .position(|db| losses.iter().all(|other| other >= db));
        let least = least.unwrap();
        assert!(losses[..=least].is_sorted_by(|a, b| a >= b), "{losses:?}");
        assert!(losses[least..].is_sorted(), "{losses:?}");
    }
    let open = told.iter().filter(|(_, db)| *db < 60.0);
    let nearest = open.map(|(_, db)| *db).fold(f64::MAX, f64::min);
    assert!(
        (nearest - 10.0).abs() < 1e-9,
        "the nearest is what the range allows"
    );
}

#[test]
fn wrong_links_are_refused_where_they_are_written() {
    let cases = [
        (
            "contact:svalbard",
            "contact:svalbrad",
            "did you mean `contact:svalbard`",
        ),
        ("contact:svalbard", "saa", "no link is named `saa`"),
        ("link = \"contact:svalbard\", ", "", "needs its link"),
        (
            "\"crosslink\"",
            "\"chamber\"",
            "a thermal-chamber plays no link",
        ),
        ("every", "reference_km = 0.0, every", "a link of 0 km"),
        (
            "every",
            "from = 1.0, every",
            "a profile of kind `link` has no `from`",
        ),
        (
            "kind = \"link\", link = \"contact:svalbard\"",
            "kind = \"orbit\"",
            "does not follow the orbit",
        ),
    ];
    for (old, new, said) in cases {
        let folder = tempfile::tempdir().unwrap();
        assert!(LINK.contains(old));
        let refusals = linked(folder.path(), &LINK.replacen(old, new, 1)).unwrap_err();
        let text = refusals.render(false);
        assert_eq!(refusals.list.len(), 1, "{new}:\n{text}");
        assert!(text.contains(said), "{said} is not in\n{text}");
    }
}

#[test]
fn an_attenuator_is_never_told_less_than_its_receiver_bears() {
    let folder = tempfile::tempdir().unwrap();
    let set = "{ device = \"chamber\", celsius = 17.0 },";
    let wired = |db: &str| {
        let with = format!("{set} {{ device = \"crosslink\", attenuation_db = {db} }},");
        let edits = [
            (CAMPAIGN, set, with.as_str()),
            (WIRING, CHAMBER, ATTENUATOR),
        ];
        edited(folder.path(), &edits)
    };
    wired("10.0").unwrap();
    let text = wired("9.9").unwrap_err().render(false);
    assert!(text.contains("below its limit `min_db`"), "{text}");
    let limits = ATTENUATOR.replace("min_db = 10.0", "min_db = 60.0");
    let text = edited(folder.path(), &[(WIRING, CHAMBER, limits.as_str())]).unwrap_err();
    let text = text.render(false);
    assert!(text.contains("`min_db` is not below `max_db`"), "{text}");
}
