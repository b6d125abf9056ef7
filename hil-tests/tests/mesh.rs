//! Work that two boards share over a link of the orbit.

use hil_tests::scene::Scene;
use reports::event::EventKind;
use reports::verdict::Verdict;

use crate::shared;

#[test]
fn what_waits_in_the_dark_goes_over_the_link_and_results_come_back() {
    let found = shared().finding("every picture is looked at");
    let part = |what: &str| {
        let mut pieces = found.evidence.iter();
        &pieces.find(|piece| piece.what == what).unwrap().numbers
    };
    let all = part("mesh");
    assert!((all["tasks"] - 1_150.0).abs() < 2.0, "{all:?}");
    assert!(
        (all["done"] - all["tasks"]).abs() < 0.5 && all["lost"] < 0.5,
        "{all:?}"
    );
    let (own, far) = (part("payload"), part("neighbour"));
    assert!(far["link_s"] > 1_000.0 && own["link_s"] < 0.5, "{far:?}");
    assert!(
        own["done"] > 500.0 && far["done"] > 300.0,
        "{own:?} {far:?}"
    );
    // 96 x 96 x 3 bytes up for each task that it took, 2 down for each that it did.
    assert!(
        (far["raw_bytes"] - 27_648.0 * far["taken"]).abs() < 0.5,
        "{far:?}"
    );
    assert!(
        (far["result_bytes"] - 2.0 * far["done"]).abs() < 0.5,
        "{far:?}"
    );
    // Its supply went while it worked.
    assert!(
        far["returned"] >= 1.0 && all["handed_over"] >= 1.0,
        "{found:#?}"
    );
}

/// Nobody takes a task while its link is away; raw data and result take their time over it.
#[test]
fn each_hand_over_is_in_the_record() {
    let ran = shared();
    let header = &ran.outcome.report.header;
    let (far, _) = header.device("neighbour").unwrap();
    let links: Vec<_> = header
        .windows
        .iter()
        .filter(|it| it.name == "link:p2s1")
        .collect();
    let (mut taken, mut done) = (Vec::new(), 0);
    ran.record()
        .for_each(&mut |event| match &event.kind {
            EventKind::TaskTaken { task, .. } if event.device == far => {
                let open = links.iter().any(|link| link.window.contains(event.at));
                assert!(open, "task {task} at {}", event.at);
                taken.push((*task, event.at));
            }
            EventKind::TaskDone { task, .. } if event.device == far => {
                let (last, at) = taken.last().unwrap();
                assert_eq!(task, last, "one at a time");
                // 27,648 bytes at 0.5 Mbit/s, and a quarter of a second of work.
                let seconds = event.at.micros_since(*at) as f64 * 1e-6;
                assert!((0.68..0.75).contains(&seconds), "task {task}: {seconds} s");
                done += 1;
            }
            _ => {}
        })
        .unwrap();
    assert!(done > 300, "{done}");
}

#[test]
fn what_nobody_takes_in_time_is_lost() {
    let ran = Scene::of("shared_work")
        .on("neighbours")
        .asking("lost_after = \"1 h\"", "lost_after = \"10 min\"")
        .run();
    let found = ran.finding("every picture is looked at");
    assert_eq!(found.verdict, Verdict::Fail, "{}", found.because);
    let lost = &found.evidence[0].numbers["lost"];
    // Of the 34 minutes of umbra, 26 pass before the neighbour is in sight; ten may be waited.
    assert!((120.0..260.0).contains(lost), "{lost}");
    assert!(ran.finding("the payload is right").verdict == Verdict::Pass);
}

/// A neighbour that is never in range: the plan warns, and the report says why it did nothing.
#[test]
fn a_link_that_never_comes_up_is_told() {
    let near = "link     = { max_range_km = 5000.0 }";
    let scene = Scene::of("shared_work")
        .on("neighbours")
        .asking(near, "link     = { max_range_km = 10.0 }");
    let warnings = scene.plan().unwrap().warnings();
    let told = |it: &String| {
        it.contains("`seen there` gets no task of `pictures`: `link:p2s1` does not happen")
    };
    assert!(warnings.iter().any(told), "{warnings:?}");
    let ran = scene.run();
    let found = ran.finding("every picture is looked at");
    let far = found
        .evidence
        .iter()
        .find(|piece| piece.what == "neighbour")
        .unwrap();
    let text = "took 0 tasks over link:p2s1, which was never there: 0 done";
    assert!(far.text.starts_with(text), "{}", far.text);
    assert_eq!(
        ran.finding("the neighbour is right").verdict,
        Verdict::Inconclusive
    );
}

#[test]
fn meshes_that_make_no_sense_are_refused() {
    let refused = |from: &str, to: &str| {
        let scene = Scene::of("shared_work").on("neighbours").asking(from, to);
        scene.plan().unwrap_err().render(false)
    };
    let cases = [
        (
            "\"seen here\", \"seen there\"]\nevery",
            "\"seen here\", \"seen ther\"]\nevery",
            "no workload is named `seen ther`",
        ),
        (
            "\"seen here\", \"seen there\"]\nevery",
            "\"seen here\", \"seen here\"]\nevery",
            "`seen here` is in a mesh already",
        ),
        (
            "every      = \"5 s\"",
            "every      = \"1 ms\"",
            "`every` is 0.001 s",
        ),
        (
            "rate_mbps  = 0.5",
            "rate_mbps  = 0.0",
            "`rate_mbps` is 0 Mbit/s",
        ),
        ("link:p2s1\" }", "link:p9s1\" }", "link:p9s1"),
        (
            "name       = \"pictures\"",
            "name       = \"seen here\"",
            "a workload or mesh is named `seen here` already",
        ),
        (
            "workload = \"pictures\"",
            "workload = \"seen here\"",
            "no mesh is named `seen here`",
        ),
        (
            "\"seen there\" = ",
            "\"seen where\" = ",
            "no workload of the mesh is named `seen where`",
        ),
    ];
    for (from, to, expected) in cases {
        let text = refused(from, to);
        assert!(text.contains(expected), "{to}: {text}");
    }
}
