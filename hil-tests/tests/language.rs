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
