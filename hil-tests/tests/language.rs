//! A language model on the bench: token by token, as likely, as fast, and what a failure shows.

use hil_tests::scene::Scene;
use reports::event::EventKind;
use reports::report::Picture;
use reports::verdict::{Evidence, Verdict};

use crate::stories;

fn numbers<'a>(evidence: &'a [Evidence], what: &str) -> &'a Evidence {
    let mut pieces = evidence.iter();
    let found = pieces.find(|piece| piece.what == what);
    found.unwrap_or_else(|| panic!("no {what} in {evidence:#?}"))
}

#[test]
fn first_token_and_tokens_per_second_are_told_by_phase() {
    let ran = stories();
    let light = ran.finding("it writes fast enough in the light");
    assert_eq!(light.verdict, Verdict::Pass, "{}", light.because);
    let told = &numbers(&light.evidence, "sunlit").numbers;
    // 96 tokens in 95 to 106 passes of 5 ms after prompts of 1 to 12 tokens.
    assert!((180.0..200.0).contains(&told["tokens_per_s"]), "{told:?}");
    assert!((4.5..70.0).contains(&told["first_p50_ms"]), "{told:?}");
    assert!((told["other_p50_ms"] - 5.0).abs() < 0.1, "{told:?}");
    let dark = ran.finding("and half as fast in the dark");
    let told = &numbers(&dark.evidence, "umbra").numbers;
    // The clock is at 0.55.
    assert!((told["other_p50_ms"] - 5.0 / 0.55).abs() < 0.2, "{told:?}");
}

/// MLPerf's rules of validity: the first texts only warm the board up, and a short run decides nothing.
#[test]
fn a_run_that_is_too_short_or_only_warms_up_is_not_valid() {
    let asked =
        "min_duration     = \"5 min\"                       # of the ten that MLPerf asks for\n";
    let with = |line: &str| {
        Scene::of("story_writing")
            .on("language")
            .asking(asked, line)
            .run()
    };
    let ran = with("min_duration = \"20 min\"\n");
    let short = ran.finding("it writes fast enough in the light");
    assert_eq!(short.verdict, Verdict::Inconclusive, "{}", short.because);
    assert!(
        short.because.starts_with("not valid: stories wrote for ")
            && short.because.ends_with("at least 1200 s asked"),
        "{}",
        short.because
    );
    assert!(!short.evidence.is_empty(), "what was seen is still told");
    let ran = with("warm_up = 100000\n");
    let cold = ran.finding("it writes fast enough in the light");
    assert_eq!(cold.verdict, Verdict::Inconclusive, "{}", cold.because);
    assert!(
        cold.because.ends_with("after a warm-up of 100000"),
        "{}",
        cold.because
    );
}

#[test]
fn probabilities_are_told() {
    let found = stories().finding("tokens are as likely");
    assert!(
        found.because.contains("mean KL divergence"),
        "{}",
        found.because
    );
    assert!(found.value.unwrap() < 1e-9, "{}", found.because);
}

#[test]
fn the_record_has_the_time_to_the_first_token() {
    let mut texts = 0;
    stories()
        .record()
        .for_each(&mut |event| {
            if let EventKind::Inferred(inferred) = &event.kind
                && let Some(first) = inferred.first_us
            {
                texts += 1;
                assert!(first < inferred.latency_us);
            }
        })
        .unwrap();
    assert!(texts > 500, "{texts}");
}

/// One flipped bit of a weight, while it writes: other words, which the report shows.
#[test]
fn a_flipped_bit_makes_it_say_something_else() {
    let step = "name   = \"into the dark\"\nlength = \"16 min\"\n";
    let short = "name   = \"into the dark\"\nlength = \"1 min\"\n\
        set = [{ device = \"payload\", after = \"30 s\", inject = \"bit-flip\", byte = 147967, bit = 5 }]\n";
    let ran = Scene::of("story_writing")
        .on("language")
        .asking(step, short)
        .run();
    let found = ran.finding("stories are the same, token by token");
    assert_eq!(found.verdict, Verdict::Fail, "{}", found.because);
    assert!(
        found.because.contains("edits from the golden's 96"),
        "{}",
        found.because
    );
    let exhibits = &ran.outcome.report.exhibits;
    assert_eq!(exhibits.len(), 2);
    let Picture::Text(text) = &exhibits[0].picture else {
        panic!("{exhibits:?}");
    };
    let (wrong, all) = (
        text.got.iter().filter(|(_, both)| !both).count(),
        text.got.len(),
    );
    assert!(wrong > 0 && all == 96, "{text:?}");
    let right: String = text
        .expected
        .iter()
        .map(|(piece, _)| piece.as_str())
        .collect();
    assert!(right.contains(' ') && right.len() > 200, "{right}");
}
