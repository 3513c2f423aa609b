"""What the benchmarks' command lines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from livecam.benchmarks import command_line
from livecam.errors import UserError


def test_errors_that_a_user_can_mend_are_one_line(capsys):
    def work(options):
        raise UserError("thing", "why", "Do this.")

    options = command_line.parser("name", None).parse_args([])
    assert command_line.run("name", options, work) == 2
    assert capsys.readouterr().err.startswith("name: thing")
    assert command_line.run("name", options, lambda options: None) == 0


def test_the_command_is_told_without_places_on_the_machine():
    parser = command_line.parser("name", "What it does.\n\nMore.")
    assert parser.description == "What it does."
    parser.add_argument("--clips", type=Path)
    parser.add_argument("--cross-frames", type=int, default=100)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256])
    parser.add_argument("--no-refine", action="store_true")
    given = ["--clips", "/home/somebody/clips", "--cross-frames", "5", "--sizes", "256", "512", "--no-refine"]
    told = command_line.line("name", parser.parse_args(given), parser)
    assert (
        told == "python -m livecam.benchmarks.name --clips clips --cross-frames 5 --sizes 256 512 --no-refine"
    )
    assert command_line.line("name", parser.parse_args([]), parser) == "python -m livecam.benchmarks.name"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seconds", "nan"], "a number of 1 to 3600"),
        (["--seconds", "0"], "1 to 3600"),
        (["--jitter", "inf"], "0 to 1000"),
        (["--rates", "30", "nan"], "1 to 240"),
        (["--load", "2.5"], "a whole number of 0 to 256"),
    ],
)
def test_a_number_outside_its_range_is_refused_with_the_range(words, said, capsys):
    from livecam.benchmarks.glass_to_glass import command as glass_to_glass

    with pytest.raises(SystemExit) as ended:
        glass_to_glass._parser().parse_args(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
