//! Other people's models, as ONNX files: the reference models of MLPerf Tiny in single precision, a
//! quantised U-Net, a language model. onnxruntime made their goldens, and none of them is built in.

use std::fs;
use std::path::PathBuf;

use bench_runner::config::folder::Folder;
use drivers::accelerator::network::Network;
use hil_tests::scene::{Scene, bench_folder};
use reports::golden::Golden;
use reports::verdict::Verdict;

fn file(model: &str) -> PathBuf {
    bench_folder().join("models").join(format!("{model}.onnx"))
}

fn load(model: &str, axes: &[(String, usize)]) -> Network {
    let file = fs::read(file(model)).expect("the model is there");
    Network::from_onnx(model, &file, axes).expect("it can be carried out")
}

fn golden(name: &str) -> Golden {
    let folder = Folder::Disk(bench_folder().join("goldens"));
    Golden::from_files(name, &folder.read_all(name).unwrap()).unwrap()
}

/// Models, their goldens, and whether kernels of our own carry them out.
const MODELS: [(&str, &str, bool); 5] = [
    ("eo-cloudnet-tiny-int8", "cloud-mask-int8", false),
    ("mlperf-tiny-ad-fp32", "anomaly-detection-fp32", false),
    ("mlperf-tiny-ic-fp32", "image-classification-fp32", false),
    ("mlperf-tiny-kws-fp32", "keyword-spotting-fp32", false),
    ("mlperf-tiny-vww-fp32", "person-detection-fp32", false),
];

#[test]
fn reference_models_agree_with_onnxruntime_within_their_goldens() {
    for (model, name, own) in MODELS {
        let network = load(model, &[]);
        assert_eq!(network.is_portable(), own, "{model}");
        let golden = golden(name);
        assert!(golden.sample_count() >= 3, "{name}");
        for (sample, input) in golden.inputs().iter().enumerate() {
            let found = golden.compare(sample, &network.infer(input).unwrap());
            assert!(found.passes(), "{name}, sample {sample}: {}", found.because);
        }
    }
}

#[test]
fn a_language_model_of_any_length_says_what_onnxruntime_says() {
    let network = load("stories260k-fp32", &[("T".to_owned(), 64)]);
    let golden = golden("story-logits");
    for (sample, tokens) in golden.inputs().iter().enumerate() {
        // The golden's tokens are of 32 bits, the model's of 64.
        let words = tokens.as_chunks().0.iter().copied();
        let wide = words.map(i32::from_le_bytes).map(i64::from);
        let input: Vec<u8> = wide.flat_map(i64::to_le_bytes).collect();
        let found = golden.compare(sample, &network.infer(&input).unwrap());
        assert!(found.passes(), "{}", found.because);
    }
    let beyond: Vec<u8> = [512_i64; 64]
        .iter()
        .flat_map(|it| it.to_le_bytes())
        .collect();
    let error = network.infer(&beyond).unwrap_err().to_string();
    assert!(error.starts_with("the network failed: "), "{error}");
}

/// The smoke test with a payload that runs a file.
fn scene(model: &str) -> Scene {
    let path = file(model);
    let path = path.to_str().expect("it is text");
    Scene::of("smoke")
        .asking("golden = \"cloud-mask\"", "golden = \"cloud-mask-int8\"")
        .wired(
            "options    = { network = \"eo-cloudnet-tiny\" }",
            &format!("options    = {{ network = \"{path}\" }}"),
        )
}

#[test]
fn a_board_runs_the_file_that_its_wiring_names() {
    let scene = scene("eo-cloudnet-tiny-int8");
    let ran = scene.run();
    let finding = ran.finding("cloud masks are right");
    assert_eq!(finding.verdict, Verdict::Pass, "{}", finding.because);
    assert_eq!(scene.run().file("record.mcap"), ran.file("record.mcap"));
    // What it ran is kept with the run, and goes into its hashes.
    let kept = ran.file("inputs/eo-cloudnet-tiny-int8.onnx");
    assert_eq!(kept, fs::read(file("eo-cloudnet-tiny-int8")).unwrap());
}

#[test]
fn a_flipped_bit_of_a_file_s_weight_is_told_with_the_tensor_s_name() {
    let ran = scene("eo-cloudnet-tiny-int8")
        .asking(
            "length = \"60 s\"\n",
            "length = \"60 s\"\nset = [{ device = \"payload\", after = \"10 s\", inject = \"bit-flip\", \
             byte = 12000, bit = 7 }]\n",
        )
        .run();
    let record = ran.record();
    let memory = &record.header().workloads[0].memory;
    assert!(
        memory
            .iter()
            .any(|it| it.dtype == "I8" && it.elements > 100),
        "{memory:?}"
    );
    let finding = ran.finding("cloud masks are right");
    assert_eq!(finding.verdict, Verdict::Fail, "{}", finding.because);
}

#[test]
fn files_that_no_board_can_run_are_refused_at_their_place() {
    let refused = |scene: Scene| scene.plan().unwrap_err().render(false);
    let with = |network: &str| {
        let network = format!("network = {network}");
        Scene::of("smoke").wired("network = \"eo-cloudnet-tiny\"", &network)
    };
    let other = refused(with("\"mine.tflite\""));
    assert!(
        other.contains("; or the path of a file that ends with .onnx or .safetensors"),
        "{other}"
    );
    let none = refused(with("\"mine.onnx\""));
    assert!(
        none.contains("the network of `payload` cannot be read: "),
        "{none}"
    );
    let scene = with("\"mine.onnx\"");
    let whole = fs::read(file("mlperf-tiny-kws-fp32")).unwrap();
    fs::write(scene.path("wiring/mine.onnx"), &whole[..20_000]).unwrap();
    let cut = refused(scene);
    assert!(cut.contains("it is no ONNX file, or is cut off"), "{cut}");
    let scene = with("\"mine.onnx\"");
    fs::write(scene.path("wiring/mine.onnx"), &whole).unwrap();
    let another = refused(scene);
    assert!(
        another.contains(
            "`payload` runs `mine`, but golden `cloud-mask` was made by `eo-cloudnet-tiny`"
        ),
        "{another}"
    );
    let axes = refused(with("\"eo-cloudnet-tiny\", axes = \"T\""));
    assert!(
        axes.contains("`axes` has `T`, which is no length of an axis"),
        "{axes}"
    );
}
