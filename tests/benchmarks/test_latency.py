"""Measuring speed: what is written and said, never how fast it was."""

from __future__ import annotations

import json

import pytest
from synthetic_clip import FRAMES, HEAD, needs_models, write_clip

from livecam.benchmarks.latency import command as latency
from livecam.benchmarks.latency import worker
from livecam.benchmarks.latency.worker import CpuReport
from livecam.errors import UserError

STAGE = {"p50_ms": 1.0, "p95_ms": 2.0, "p99_ms": 3.0}
ROW = {
    "size": 512,
    "stages": {"track": STAGE, "total": STAGE},
    "stage_cpu_ms": {"track": 1.5},
    "cpu_ms_per_frame": 12.25,
}


def text_of(table):
    from rich.console import Console

    console = Console(width=200)
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def test_the_table_shows_wall_times_and_cpu_times():
    text = text_of(latency.stage_table([ROW]))
    assert "1.0/2.0/3.0 (1.5)" in text
    assert "1.0/2.0/3.0 (12.2)" in text  # the total's CPU time is the process's


def test_stages_count_their_own_cpu_time():
    report = CpuReport()
    with report.stage("motion"):
        sum(k * k for k in range(200_000))
    with report.stage("canvas"):
        pass
    assert report.cpu_seconds["motion"] > 10 * report.cpu_seconds["canvas"]
    assert report.result()["stages"]["motion"]["p50_ms"] > 0


def test_the_refiner_is_measured_beside_the_warper_where_there_is_one(monkeypatch):
    monkeypatch.setattr(latency, "find_weights", lambda: None)
    assert "refined" not in dict(latency._modes())
    monkeypatch.setattr(latency, "find_weights", lambda: "weights")
    assert {"warper", "refined"} <= dict(latency._modes()).keys()
    rows = {"pipeline": [ROW | {"fps": 1, "wall_ratio": 1, "cpu_ratio": 1, "peak_mb": 1}]}
    rows |= {"warper": [{"p50_ms": 3.25, "cpu_ms": 3.5}], "enrolment": [{"seconds": 1, "peak_mb": 1}]}
    assert "refiner" not in text_of(latency.size_table(rows))
    networks = {"mouth": {"run_cpu_ms": 2.75, "cpu_ms": 1.25, "rested": 0.54}}
    refined = [{"p50_ms": 11.25, "cpu_ms": 11.5, "networks": networks}]
    text = text_of(latency.size_table(rows | {"refined": refined}))
    assert all(word in text for word in ("3.25", "3.50", "11.25", "11.50", "2.75", "1.25", "54%"))


def test_a_network_is_watched_run_by_run():
    """Three frames: no run, two of them, one."""

    class Busy:
        name, inputs, outputs = "busy", (), ()

        def run(self, feeds):
            return {"correction": sum(k * k for k in range(feeds["count"]))}

    watched = worker.WatchedEngine(Busy())
    assert watched.told() == {"run_cpu_ms": 0, "cpu_ms": 0, "rested": 0}
    for runs in (0, 2, 1):
        for _ in range(runs):
            assert watched.run({"count": 3}) == {"correction": 5}
            watched.run({"count": 100_000})
        watched.end_frame()
    told = watched.told()
    assert told["rested"] == pytest.approx(1 / 3, abs=1e-3)
    assert told["cpu_ms"] > told["run_cpu_ms"] > 0
    watched.forget()
    assert watched.told()["cpu_ms"] == 0


def test_without_weights_the_worker_has_no_refiner_to_measure(monkeypatch, capsys):
    monkeypatch.setattr(worker, "find_weights", lambda: None)
    assert worker.main(["refined", "portrait", "driver", "--size", "256"]) == 2
    assert "no weights are installed" in capsys.readouterr().err


def test_a_workers_reason_is_passed_on(tmp_path):
    picture, clip = tmp_path / "no.png", tmp_path / "no.mp4"
    with pytest.raises(UserError, match="no such file"):
        latency.worker("enroll", str(picture), str(clip), 256, [])


@pytest.mark.parametrize("option", ["--driver", "--portrait"])
def test_a_missing_input_is_said_before_anything_is_measured(option, tmp_path, capsys):
    both = {"--driver": str(HEAD), "--portrait": str(HEAD)} | {option: str(tmp_path / "no")}
    assert latency.main([part for pair in both.items() for part in pair]) == 2
    assert "no such file" in capsys.readouterr().err


def test_results_that_cannot_be_written_are_refused_first(tmp_path):
    with pytest.raises(UserError, match="cannot be written"):
        latency.measure_and_print(tmp_path / "no folder" / "out.json")


@needs_models
@pytest.mark.slow  # a dozen processes that each load the models
def test_everything_is_measured_and_written(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    monkeypatch.setattr(latency, "STARTS", 1)
    write_clip(tmp_path / "clip.mp4")
    arguments = ["--driver", str(tmp_path / "clip.mp4"), "--portrait", str(HEAD), "--sizes", "256"]
    arguments += ["--json", str(tmp_path / "out.json"), "--plots", str(tmp_path / "plots")]
    assert latency.main(arguments) == 0
    assert "first frame" in capsys.readouterr().out

    text = (tmp_path / "out.json").read_text("utf-8")
    result = json.loads(text)
    assert str(tmp_path) not in text
    [pipeline], [warper], [enrolment] = result["pipeline"], result["warper"], result["enrolment"]
    assert (pipeline["size"], pipeline["frames"], pipeline["engine"]) == (256, FRAMES, "cpu")
    assert set(pipeline["stages"]) == {"capture", "track", "motion", "generate", "canvas", "sink", "total"}
    assert all(s["p50_ms"] <= s["p95_ms"] <= s["p99_ms"] for s in pipeline["stages"].values())
    # The stages are parts of the whole; the clocks' grain is 1 ms at worst.
    assert 0 < sum(pipeline["stage_cpu_ms"].values()) <= pipeline["cpu_ms_per_frame"] + 1
    assert pipeline["wall_ratio"] > 0
    assert pipeline["cpu_ratio"] > 0
    assert 0 < warper["p50_ms"] <= warper["p99_ms"]
    assert min(pipeline["peak_mb"], enrolment["peak_mb"]) > 50  # Python with NumPy and OpenCV alone
    assert min(result["start"]["first_frame_s"], result["start"]["import_ms"]) > 0
    assert (tmp_path / "plots" / "latency-stages.png").stat().st_size > 1000
