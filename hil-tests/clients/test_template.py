"""The report as a template, made a PDF by the compiler of Typst: what is in it, in which looks."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pypdf
import pytest
import typst

CAMPAIGN = Path(__file__).parent.parent / "campaigns/smoke.toml"
EVIL = '#panic("boo") \\ ] $x$ `raw` <label> @cite // *b* _i_'


def bench(*arguments):
    """Runs the program; gives what it prints."""
    command = [os.environ["BENCH"], *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of the smoke campaign, with a description that looks like code."""
    folder = tmp_path_factory.mktemp("template") / "first"
    bench("run", CAMPAIGN, "-q", "--out", folder, "--set", f"description={json.dumps(EVIL)}")
    return folder


@pytest.fixture(scope="module")
def template(run):
    folder = run.parent / "restyled"
    bench("report", run, "--template", folder)
    return folder


@pytest.fixture
def mine(template, tmp_path):
    """A copy that a test may change."""
    return Path(shutil.copytree(template, tmp_path / "mine"))


def compiled(folder):
    """The PDF and its text, without the spaces at which lines may break."""
    octets = typst.compile(
        str(folder / "report.typ"), font_paths=[str(folder / "fonts")], ignore_system_fonts=True
    )
    if kept := os.environ.get("BENCH_PICTURES"):
        (Path(kept) / "restyled.pdf").write_bytes(octets)
    pdf = pypdf.PdfReader(io.BytesIO(octets))
    text = " ".join(page.extract_text() for page in pdf.pages)
    return pdf, squeezed(text)


def squeezed(text):
    return "".join(text.replace("\u200b", "").split())


def sections(pdf):
    """Titles of the first level in the outline."""
    return [entry.title for entry in pdf.outline if not isinstance(entry, list)]


def test_the_pdf_has_verdict_checks_identities_and_hashes(run, template):
    pdf, text = compiled(template)
    summary = json.loads((run / "summary.json").read_text())
    manifest = json.loads((run / "manifest.json").read_text())
    assert squeezed(f"✓ {summary['verdict'].upper()} {summary['because']}") in text
    assert len(summary["findings"]) == 8
    for finding in summary["findings"]:
        assert squeezed(finding["check"]) in text, finding["check"]
    for identity in manifest["identities"].values():
        assert squeezed(identity["model"]) in text
    for file in [manifest["record"], *manifest["inputs"]]:
        assert file["sha256"] in text, file["path"]
    assert pdf.metadata.title == "smoke: PASS"
    assert pdf.trailer["/Root"]["/MarkInfo"]["/Marked"], "a tagged PDF"


def test_text_that_looks_like_code_is_text(template):
    _, text = compiled(template)
    assert squeezed(EVIL) in text
    for name in ["report.typ", "style.typ"]:
        assert "boo" not in (template / name).read_text()


def test_looks_are_changed_in_one_file_and_stay_for_the_next_run(run, mine):
    style = mine / "style.typ"
    before, _ = compiled(mine)
    assert len(sections(before)) > 4
    (mine / "mine.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10"/></svg>'
    )
    changed = style.read_text().replace("#let order = auto", '#let order = ("Inference", "Power")')
    changed = changed.replace("#let logo = auto", '#let logo = "mine.svg"')
    style.write_text(changed.replace('#let paper = "a4"', '#let paper = "us-letter"'))
    (mine / "figures" / "99.svg").write_text("of another run")
    told = bench("report", run, "--template", mine)
    assert "style.typ was there already and is as it was" in told and "report.typ was" not in told
    assert not (mine / "figures" / "99.svg").exists()
    pdf, _ = compiled(mine)
    assert sections(pdf) == ["Inference", "Power", "What ran on what"]
    assert pdf.pages[0].mediabox.width == 612
