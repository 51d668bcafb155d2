"""A report tells what happened, and nothing of whom it happened to."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from support.samples import a_clip, a_job

from wan_desktop.config.paths import Paths, find_paths
from wan_desktop.config.redact import Redaction
from wan_desktop.config.report import write_report
from wan_desktop.domain.errors import DiskProblem, RenderProcessDied
from wan_desktop.domain.job import JobState
from wan_desktop.domain.request import Lora
from wan_desktop.domain.settings import Settings
from wan_desktop.engine.prompts import cut_note

HOME = Path("/home/erika")


def redaction(**values):
    names = {"user": "erika", "computer": "erikas-pc"}
    return Redaction(**({"folders": {}, "home": HOME, "names": names} | values))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("open /home/erika/a.mp4 failed", "open ~/a.mp4 failed"),
        ("user Erika on ERIKAS-PC: erikasson", "user <user> on <computer>: erikasson"),
        ('{"path": "/media/usb/clips/x"}', '{"path": "<library>/x"}'),
        ("Authorization: Bearer abcdefghijkl", "Authorization: <secret> <secret>"),
        ("HF_TOKEN=hf_abcdefghijklmnopqrst", "HF_TOKEN=<secret>"),
        ("got hf_abcdefghijklmnopqrst there", "got <secret> there"),
        ('{"api_key": "0123456789"}', '{"api_key": "<secret>"}'),
        ("https://erika:pass1234@example.org/x", "https://<secret>@example.org/x"),
        ("mail erika.m@example.org", "mail <mail>"),
        ("step 12 of 20, 1280x704, sha256 " + "ab" * 32, "step 12 of 20, 1280x704, sha256 " + "ab" * 32),
    ],
)
def test_what_is_taken_out_and_what_stays(text, left):
    assert redaction(folders={"library": Path("/media/usb/clips")})(text) == left


@pytest.mark.parametrize("prompt", ['my "secret" cat\nsits', "我的猫在睡觉", "C:\\Users\\Erika cat"])
def test_prompts_go_however_they_are_written(prompt):
    redact = redaction(prompts=[prompt])
    for form in (prompt, json.dumps(prompt), repr(prompt), json.dumps({"p": prompt}, ensure_ascii=False)):
        left = redact(f"before {form} after")
        assert "cat" not in left
        assert "猫" not in left
        assert left.startswith("before ")
        assert left.endswith(" after")


def test_the_names_of_clips_tell_no_prompt():
    redact = redaction(prompts=["a red ball"])
    assert redact("2026-11-23_a-blue-star_abcdefghjk.mp4") == "2026-11-23_<prompt>_abcdefghjk.mp4"


def test_windows_folders_go_in_both_writings():
    redact = redaction(home=Path("C:\\Users\\Erika"), names={})
    assert redact(r"C:\Users\Erika\x") == r"~\x"
    assert redact(json.dumps({"p": "C:\\Users\\Erika\\x"})) == '{"p": "~\\\\x"}'


def test_short_and_general_names_are_no_names():
    assert redaction(names={"user": "al", "computer": "localhost"})("al localhost") == "al localhost"


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "data", tmp_path / "config", tmp_path / "cache", tmp_path / "logs").create()


@pytest.fixture
def write(paths, tmp_path):
    """Write a report of a failed job; what is in it."""

    def make(**values):
        failed = a_job(
            "my quiet holiday",
            state=JobState.FAILED,
            error=RenderProcessDied("It crashed in {place}.", place=tmp_path / "data").to_json()
            | {"log": f"Segmentation fault in {tmp_path}/data/x"},
            notes=(cut_note("prompt", "and a small dog", 512),),
        )
        (paths.logs / "host.log").write_text(f"{tmp_path}/data/x my quiet holiday\n" * 3)
        (paths.logs / "render-output.log").write_bytes(b"\xff" * 2_000_000)
        target = tmp_path / "report.zip"
        usual = {
            "settings": Settings(model_dirs=("/models/erika",)),
            "jobs": [failed, a_job("another", state=JobState.DONE)],
            "examination": {"ok": True, "folders": {"data": {"path": str(paths.data)}}},
        }
        write_report(target, paths=paths, library=tmp_path / "clips", **(usual | values))
        with zipfile.ZipFile(target) as report:
            return {name: report.read(name).decode("utf-8") for name in report.namelist()}

    return make


def test_a_report_holds_logs_doctor_and_the_last_failure(write, tmp_path):
    found = write()
    assert set(found) == {"report.json", "logs/host.log", "logs/render-output.log"}
    told = json.loads(found["report.json"])
    assert told["doctor"]["ok"] is True
    assert told["doctor"]["folders"]["data"]["path"] == "<data>"
    assert told["failed"]["error"]["code"] == "render_process_died"
    assert told["failed"]["request"]["num_frames"] == a_job().request.num_frames
    assert len(told["jobs"]) == 2
    assert told["settings"]["model_dirs"] == ["<models 1>"]
    whole = "".join(found.values())
    for secret in (str(tmp_path), "my quiet holiday", "another", "/models/erika"):
        assert secret not in whole
    assert "Segmentation fault in <data>/x" in told["failed"]["error"]["log"]
    assert len(found["logs/render-output.log"]) == 1_000_000


def test_it_holds_how_the_last_clips_were_made(write):
    clip = a_clip(job=a_job("my quiet holiday", state=JobState.DONE))
    found = write(clips=[clip])["report.json"]
    (told,) = json.loads(found)["clips"]
    assert (told["job"], told["made_by"]["device"]) == (clip.job_id, "cpu")
    assert "my quiet holiday" not in found


def test_folders_of_models_and_loras_are_not_in_it(write):
    job = a_job("another", state=JobState.DONE)
    request = dataclasses.replace(
        job.request, model="/media/erika/private/m.gguf", loras=(Lora("/mnt/mine/face.safetensors", 0.5),)
    )
    told = write(jobs=[dataclasses.replace(job, request=request)], settings=Settings(api_loras="/srv/hidden"))
    for secret in ("private", "/mnt/mine", "/srv/hidden"):
        assert secret not in told["report.json"]
    assert "face.safetensors" in told["report.json"]


def test_a_note_tells_nothing_of_the_words_that_were_cut(write):
    """They are a part of the prompt only, which looking for the whole prompt does not find."""
    told = write()["report.json"]
    assert "its last 4 words were cut" in told
    assert "small dog" not in told
    assert "small dog" in write(with_prompts=True)["report.json"]


def test_prompts_are_in_it_when_the_user_wants(write):
    assert "my quiet holiday" in write(with_prompts=True)["report.json"]


def test_a_report_that_cannot_be_written_is_told_and_leaves_nothing(write, tmp_path):
    (tmp_path / "report.zip").mkdir()
    with pytest.raises(DiskProblem):
        write()
    assert not list(tmp_path.glob(".*.part"))


def test_the_command_writes_one_even_when_the_library_cannot_be_opened(tmp_path):
    def report(*more):
        command = [sys.executable, "-m", "wan_desktop", "report", str(tmp_path), *more]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    done = report()
    assert done.returncode == 0, done.stderr
    database = find_paths().data / "wan-desktop.sqlite"
    for place in find_paths().data.glob("wan-desktop*"):
        place.unlink()
    database.mkdir()
    done = report("--with-prompts")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(done.stdout.strip()) as written:
        assert json.loads(written.read("report.json"))["problem"]


def test_redaction_reaches_every_text_in_plain_data():
    data = {"/home/erika/x": [("/home/erika", 1, None, True)], "n": dataclasses.asdict(Settings())["keep_gb"]}
    assert redaction().data(data) == {"~/x": [["~", 1, None, True]], "n": 10}
