//! Studies made up run by run.

use super::*;

fn found(margin: f64) -> Found {
    Found {
        check: "bus".to_owned(),
        verdict: if margin < 0.0 { "fail" } else { "pass" }.to_owned(),
        value: Some(26.0 + margin),
        margin: Some(margin),
        unit: "V".to_owned(),
        because: if margin < 0.0 {
            "too low".to_owned()
        } else {
            String::new()
        },
    }
}

fn study(shard: Shard) -> Study {
    let varied = vec![(
        "orbit.battery.capacity_ah".to_owned(),
        "7.5..8.5".parse().unwrap(),
    )];
    let flown = of_shard(40, shard).map(|run| {
        let margin = (run as f64 - 2.0) / 10.0;
        Flown {
            draw: draw(Seed(3), &varied, run),
            code: Some(u8::from(margin < 0.0)),
            ending: String::new(),
            findings: vec![found(margin)],
        }
    });
    Study {
        format: 1,
        campaign: "eclipse".to_owned(),
        question: "q".to_owned(),
        command: "bench run e.toml".to_owned(),
        seed: 3,
        runs: 40,
        shard,
        varied: varied
            .iter()
            .map(|(key, it)| (key.clone(), it.to_string()))
            .collect(),
        flown: flown.collect(),
    }
}

#[test]
fn a_draw_depends_on_seed_number_and_key_alone() {
    let one = [("a".to_owned(), "0.0..1.0".parse().unwrap())];
    let two = [
        ("b".to_owned(), "0.0..1.0".parse().unwrap()),
        one[0].clone(),
    ];
    let (first, both) = (draw(Seed(1), &one, 5), draw(Seed(1), &two, 5));
    assert_eq!(first.seed, both.seed);
    assert_eq!(first.set[0], both.set[1]);
    assert_ne!(first, draw(Seed(1), &one, 6));
    assert_ne!(first.set, draw(Seed(2), &one, 5).set);
    assert!(first.seed < 1 << 53);
}

#[test]
fn what_is_told_of_it() {
    insta::assert_snapshot!(text(&study(Shard::WHOLE)));
}

#[test]
fn quantiles_lie_between_the_nearest_two() {
    let spread = Spread::of((0..=100).rev().map(f64::from).collect()).unwrap();
    insta::assert_debug_snapshot!(spread, @r"
    Spread {
        min: 0.0,
        p5: 5.0,
        median: 50.0,
        p95: 95.0,
        max: 100.0,
    }
    ");
    assert!((Spread::of(vec![1.0, 2.0]).unwrap().p5 - 1.05).abs() < 1e-12);
    assert_eq!(Spread::of(Vec::new()), None);
    let all = margins(&study(Shard::WHOLE));
    assert_eq!(
        (all[0].runs, all[0].failed, all[0].worst_run),
        (40, 1, Some(1))
    );
    assert_eq!(all[0].histogram.iter().sum::<u64>(), 40);
    // One of 40 at 95 %: 0.063 to 13.16 % (Clopper and Pearson 1934).
    assert!(
        (all[0].interval[0] - 0.000_632_7).abs() < 1e-6,
        "{:?}",
        all[0].interval
    );
    assert!(
        (all[0].interval[1] - 0.131_59).abs() < 1e-4,
        "{:?}",
        all[0].interval
    );
}

#[test]
fn shards_are_the_whole_again() {
    let shard = |index| (format!("s{index}"), study(Shard { index, count: 3 }));
    let whole = Study::merge(vec![shard(3), shard(1), shard(2)]).unwrap();
    assert_eq!(whole, study(Shard::WHOLE));
    let why = |shards| Study::merge(shards).unwrap_err();
    assert!(why(vec![shard(1), shard(3)]).contains("shard 2/3 is missing"));
    assert!(why(vec![shard(1), shard(2)]).contains("shard 3/3 is missing"));
    assert!(why(vec![shard(1), shard(1)]).contains("shard 1/3 is there twice"));
    let mut other = shard(2);
    other.1.question = "r".to_owned();
    assert!(why(vec![shard(1), other]).contains("not of one study"));
    let mut short = shard(2);
    short.1.flown.pop();
    assert!(why(vec![shard(1), short, shard(3)]).contains("39 of 40 runs"));
}

#[test]
fn the_worst_of_all_is_the_code() {
    let mut study = study(Shard::WHOLE);
    assert_eq!(study.exit(), Exit::Failed);
    study.flown[5].code = Some(Exit::Damaged as u8);
    assert_eq!(study.exit(), Exit::Failed, "a failure is not hidden");
    study.flown[5].code = Some(Exit::Unsafe as u8);
    assert_eq!(study.exit(), Exit::Unsafe);
    study.flown.clear();
    assert_eq!(study.exit(), Exit::Inconclusive);
}

#[test]
fn the_report_says_what_is_spread_how_and_which_value_matters() {
    let mut study = study(Shard::WHOLE);
    // The margin is what was drawn, but for the sign.
    for flown in &mut study.flown {
        let drawn: f64 = flown.draw.set[0].value.parse().unwrap();
        flown.findings = vec![found(8.4 - drawn)];
        flown.code = Some(u8::from(drawn > 8.4));
    }
    let checks = margins(&study);
    let paper = paper::of(&study, &checks);
    let effect = &paper.effects[0];
    assert_eq!((effect.rank, effect.runs), (-1.0, 40));
    let (least, most) = paper.varied[0].drawn.split_once(" to ").unwrap();
    assert!(least.parse::<f64>().unwrap() < 7.7 && most.parse::<f64>().unwrap() > 8.4);
    let [failed, unknown, passed] = paper.checks[0].verdicts;
    assert!(failed > 0 && unknown == 0 && failed + passed == 40);
    assert_eq!(paper.checks[0].counts.iter().sum::<u64>(), 40);
    let page = paper.html();
    assert!(page.contains("−1.00") && page.contains("orbit.battery.capacity_ah"));
    assert!(
        page.contains("bench run e.toml --seed"),
        "the worst can be run alone"
    );
    let pdf = paper.pdf().unwrap();
    assert!(pdf == paper.pdf().unwrap(), "other bytes");
    if let Some(folder) = std::env::var_os("BENCH_PAGES") {
        std::fs::write(std::path::Path::new(&folder).join("study.pdf"), &pdf).unwrap();
    }
    // What goes with nothing is not said to matter.
    for (place, flown) in study.flown.iter_mut().enumerate() {
        flown.findings = vec![found([0.1, 0.3][place % 2])];
        flown.code = Some(0);
    }
    let paper = paper::of(&study, &margins(&study));
    assert_eq!(paper.effects, []);
    assert!(
        paper
            .html()
            .contains("No margin goes with any of the varied values")
    );
    // Nothing flown is no pass.
    study.flown.clear();
    let page = paper::of(&study, &[]).html();
    assert!(page.contains("INCONCLUSIVE") && page.contains("No run told a margin"));
}
