"""`run`: files go through the pipeline one by one, and what goes wrong with one stays with it."""

from __future__ import annotations

import pytest

from adjoint2rrule.convert import pipeline
from adjoint2rrule.convert.discover import MissingPathError
from adjoint2rrule.convert.model import Options, SourceFile
from adjoint2rrule.convert.run import convert_file, convert_files, convert_stream

LEGACY = b"""\
from zygoterules import adjoint


def double(x):
    return 2 * x


@adjoint
def double(x):
    return double(x), lambda dy: (2 * dy,)
"""


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make an empty directory the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_file_is_converted_and_not_written(tree):
    (tree / "a.py").write_bytes(LEGACY)
    conversion = convert_file("a.py", Options())
    assert conversion.source == SourceFile("a.py", LEGACY)
    assert b"@rrule.register(double)" in conversion.result
    assert (tree / "a.py").read_bytes() == LEGACY


def test_file_that_vanished_is_a_failure(tree):
    conversion = convert_file("gone.py", Options())
    (remark,) = conversion.diagnostics
    assert (conversion.source.path, remark.slug) == ("gone.py", "unreadable")


def test_place_that_could_not_be_read_becomes_a_failure(tree):
    (conversion,) = convert_files([MissingPathError(2, "No such file", "nope")], Options())
    assert (conversion.source.path, conversion.diagnostics[0].slug) == ("nope", "missing-path")


def test_error_in_one_file_is_told_and_the_next_is_converted(tree, monkeypatch):
    convert_source = pipeline.convert_source

    def brittle(source, options, project):
        if source.path == "a.py":
            raise RecursionError("too deep")
        return convert_source(source, options, project)

    monkeypatch.setattr(pipeline, "convert_source", brittle)
    for name in ("a.py", "b.py"):
        (tree / name).write_bytes(LEGACY)
    crash, conversion = convert_files(["a.py", "b.py"], Options())
    assert crash.failed
    assert crash.result == LEGACY
    assert [d.slug for d in crash.diagnostics] == ["internal-error"]
    assert crash.diagnostics[0].message == "RecursionError: too deep"
    assert not conversion.failed
    assert conversion.edits


def test_interrupt_is_not_taken_for_an_error(tree, monkeypatch):
    def interrupted(source, options, project):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "convert_source", interrupted)
    (tree / "a.py").write_bytes(LEGACY)
    with pytest.raises(KeyboardInterrupt):
        convert_file("a.py", Options())


def test_stream_without_a_legacy_word_is_not_parsed():
    source = SourceFile("<stdin>", b"this is no Python")
    assert convert_stream(source, Options()).result == source.content
    assert not convert_stream(source, Options()).diagnostics


def test_stream_is_converted():
    assert b"@rrule.register(double)" in convert_stream(SourceFile("<stdin>", LEGACY), Options()).result


def test_module_that_the_user_names_counts_in_a_stream():
    source = SourceFile("<stdin>", LEGACY.replace(b"zygoterules", b"lab.rules"))
    assert not convert_stream(source, Options()).edits
    assert convert_stream(source, Options(legacy_modules=("lab.rules",))).edits
