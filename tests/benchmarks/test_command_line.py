"""What the benchmarks' command lines share."""

from __future__ import annotations

from pathlib import Path

from benchmarks import command_line
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
    assert told == "python -m benchmarks.name --clips clips --cross-frames 5 --sizes 256 512 --no-refine"
    assert command_line.line("name", parser.parse_args([]), parser) == "python -m benchmarks.name"
