//! Which set points an instrument plays by itself.

use super::*;

/// The quickstart with a supply that plays, in which the supply is told `profile`
/// and what `set` says.
fn played(folder: &Path, profile: &str, set: &str) -> Plan {
    let edits = [
        (
            WIRING,
            "\"keysight-6633b\"",
            "\"keysight-n6705b\"\nplay = \"instrument\"",
        ),
        (
            CAMPAIGN,
            "{ device = \"bus_supply\", kind = \"orbit\", every = \"10 s\" }",
            profile,
        ),
        (
            CAMPAIGN,
            "length = \"2 orbits\"",
            &format!("length = \"2 orbits\"\n{set}"),
        ),
    ];
    edited(folder, &edits).unwrap_or_else(|refusals| panic!("{}", refusals.render(false)))
}

/// How many set points each list has.
fn lengths(plan: &Plan) -> Vec<usize> {
    plan.lists().iter().map(|list| list.places.len()).collect()
}

#[test]
fn lists_are_as_long_as_the_instrument_takes_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let ramp = "{ device = \"bus_supply\", kind = \"ramp\", from = 28.0, to = 29.0, \
                limit_amps = 1.0, every = \"EVERY\" }";
    let plan = played(folder.path(), &ramp.replace("EVERY", "10 s"), "");
    let lengths_10 = lengths(&plan);
    assert_eq!(lengths_10[..2], [512, 512]);
    let lists = plan.lists();
    for list in &lists {
        let points = list.points(&plan.timeline);
        let at = |place: usize| plan.timeline[place].at;
        let (last, rest) = points.split_last().unwrap();
        assert_eq!(last.stays, None);
        for (point, pair) in rest.iter().zip(list.places.windows(2)) {
            let stays = point.stays.unwrap().as_micros();
            assert_eq!(stays, at(pair[1]).micros_since(at(pair[0])));
            assert_eq!(point.command, plan.timeline[pair[0]].command);
        }
    }
    // The supply's own set points, but for those of the step before: volts, and its switch.
    let supply = lists[0].device;
    let told = plan.timeline.iter().filter(|told| told.device == supply);
    let alone = told.count() - lengths_10.iter().sum::<usize>();
    assert!((2..=3).contains(&alone), "{alone} told alone");
    // No list of a step that is longer than the instrument can wait.
    let plan = played(folder.path(), &ramp.replace("EVERY", "5 min"), "");
    assert!(lengths(&plan).iter().all(|&points| points == 2), "its end");
}

#[test]
fn whoever_is_not_asked_to_plays_nothing() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(lengths(&edited(folder.path(), &[]).unwrap()), [0; 0]);
    let bench = [(
        WIRING,
        "\"keysight-6633b\"",
        "\"keysight-6633b\"\nplay = \"bench\"",
    )];
    assert_eq!(lengths(&edited(folder.path(), &bench).unwrap()), [0; 0]);
}

#[test]
fn what_else_a_device_is_told_ends_its_list() {
    let folder = tempfile::tempdir().unwrap();
    let profile = "{ device = \"bus_supply\", kind = \"ramp\", from = 28.0, to = 29.0, \
                   limit_amps = 1.0, every = \"1 min\" }";
    let whole = played(folder.path(), profile, "");
    let places = &whole.lists()[0].places;
    let middle = whole.timeline[places[places.len() / 2]].at.as_secs_f64();
    let step = whole.header.steps[2].window.start.as_secs_f64();
    let after = middle - step;
    let on =
        format!("set = [{{ device = \"bus_supply\", after = \"{after} s\", output = \"on\" }}]");
    let parted = played(folder.path(), profile, &on);
    assert_eq!(lengths(&parted).len(), lengths(&whole).len() + 1);
    let switch = Command::SupplyOutput(profiles::command::Switch::On);
    for list in parted.lists() {
        let mut commands = list
            .places
            .iter()
            .map(|&place| &parted.timeline[place].command);
        assert!(commands.all(|command| *command != switch));
    }
}
