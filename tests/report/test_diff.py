"""`diff`: what ``git apply`` makes of it is, to the byte, what the file becomes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjoint2rrule.convert.model import Conversion, Edit, SourceFile, Span
from adjoint2rrule.convert.splice import splice
from adjoint2rrule.report.diff import diff, is_passed_over


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make an empty directory the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def edited(path: str, content: bytes, *edits: tuple[int, int, bytes]) -> Conversion:
    changes = tuple(Edit(Span(start, end), new) for start, end, new in edits)
    return Conversion(SourceFile(path, content), splice(content, changes), changes)


def replaced(path: str, content: bytes, old: bytes, new: bytes) -> Conversion:
    start = content.index(old)
    return edited(path, content, (start, start + len(old), new))


def apply(patch: bytes, folder: Path | str = ".") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "apply", "-v"], input=patch, cwd=folder, capture_output=True)


def git_init(folder: Path) -> None:
    subprocess.run(["git", "init", "-q", str(folder)], check=True)


@pytest.mark.parametrize("name", ["rules.py", "two words/ȳ.py"])
@pytest.mark.parametrize("content", [b"one\ntwo\n", b"no end", b"\r\n"])
def test_diff_of_a_new_file_makes_it(tree, name, content):
    patch = diff(edited(name, b"", (0, 0, content)), is_new=True)
    assert b"\nnew file mode 100644\n--- /dev/null\n" in patch
    assert apply(patch).returncode == 0
    assert Path(name).read_bytes() == content


def test_diff_reads_as_git_writes_it(tree):
    content = b"".join(b"line %d\n" % number for number in range(1, 31))
    conversion = edited(
        "rules.py", content, (7, 13, b"LINE 2"), (content.index(b"line 20\n"), len(content), b"")
    )
    assert diff(conversion).decode().splitlines() == [
        "diff --git a/rules.py b/rules.py",
        "--- a/rules.py",
        "+++ b/rules.py",
        "@@ -1,5 +1,5 @@",
        " line 1",
        "-line 2",
        "+LINE 2",
        " line 3",
        " line 4",
        " line 5",
        "@@ -17,14 +17,3 @@",
        " line 17",
        " line 18",
        " line 19",
        *(f"-line {number}" for number in range(20, 31)),
    ]


@pytest.mark.parametrize(("gap", "hunks"), [(6, 1), (7, 2)])
def test_changes_whose_contexts_meet_share_a_hunk(tree, gap, hunks):
    content = b"a\n" + b"x\n" * gap + b"b\n"
    conversion = edited("f.py", content, (0, 1, b"A"), (len(content) - 2, len(content) - 1, b"B"))
    assert diff(conversion).count(b"\n@@") == hunks


def test_unchanged_file_has_no_diff(tree):
    assert diff(Conversion(SourceFile("f.py", b"x\n"), b"x\n")) == b""
    assert diff(edited("f.py", b"x\n", (0, 1, b"x"))) == b""


def test_lines_of_an_edit_that_stay_are_context(tree):
    patch = diff(edited("f.py", b"a\nb\nc\n", (0, 6, b"a\nB\nc\n")))
    assert patch.splitlines()[4:] == [b" a", b"-b", b"+B", b" c"]


TEXT = st.lists(
    st.sampled_from([b"a", b"b", b"\n", b"\n", b"\r\n", b"\r", b"\xff", b"\x0c", b" ", b"-"]), max_size=40
)


@st.composite
def conversions(draw: st.DrawFn) -> Conversion:
    content = b"".join(draw(TEXT))
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=8)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    return edited("f.py", content, *((start, end, b"".join(draw(TEXT))) for start, end in spans))


@settings(max_examples=100, deadline=None)
@given(conversion=conversions())
def test_git_apply_gives_the_result_to_the_byte(tmp_path_factory, conversion):
    folder = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("f.py").write_bytes(conversion.source.content)
        made = diff(conversion)
        assert bool(made) == (conversion.result != conversion.source.content)
        if made:
            applied = apply(made)
            assert applied.returncode == 0, applied.stderr
        assert Path("f.py").read_bytes() == conversion.result


@pytest.mark.parametrize(
    "name",
    [
        "plain.py",
        "with space.py",
        "sub folder/a b.py",
        'qu"ote.py',
        "back\\slash.py",
        "tab\there.py",
        "new\nline.py",
        "bell\a\x01\x7f.py",
        "naïve.py",
        "ȳ/∂x.py",
        os.fsdecode(b"not-utf8-\xff.py"),
        "trailing ",
        "-dash.py",
    ],
)
def test_git_apply_understands_the_name(tree, name):
    git_init(tree)
    path = tree / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"old\nkept\n")
    applied = apply(diff(replaced(f"./{name}", b"old\nkept\n", b"old", b"new")))
    assert applied.returncode == 0, applied.stderr
    assert path.read_bytes() == b"new\nkept\n"


def test_names_are_quoted_as_git_quotes_them(tree):
    git_init(tree)
    name = 'ȳ "tab\there" \\.py'
    Path(name).write_bytes(b"old\n")
    subprocess.run(["git", "add", "-A"], check=True)
    Path(name).write_bytes(b"new\n")
    by_git = subprocess.run(["git", "diff"], check=True, capture_output=True).stdout.splitlines()
    ours = diff(replaced(name, b"old\n", b"old", b"new")).splitlines()
    assert ours == [line for line in by_git if not line.startswith(b"index")]


def test_file_that_becomes_empty_stays(tree):
    git_init(tree)
    Path("f.py").write_bytes(b"import zygoterules\n")
    applied = apply(diff(edited("f.py", b"import zygoterules\n", (0, 19, b""))))
    assert applied.returncode == 0, applied.stderr
    assert Path("f.py").read_bytes() == b""


def test_diff_made_in_a_folder_of_the_repository_applies_there(tree, monkeypatch):
    git_init(tree)
    # Without git's own header line, git would apply the second one to lab/rules.py.
    for name in ("lab/rules.py", "lab/lab/rules.py"):
        (tree / name).parent.mkdir(exist_ok=True)
        (tree / name).write_bytes(b"old\n")
    monkeypatch.chdir(tree / "lab")
    applied = apply(diff(replaced("lab/rules.py", b"old\n", b"old", b"new")))
    assert applied.returncode == 0, applied.stderr
    assert (tree / "lab/lab/rules.py").read_bytes() == b"new\n"
    assert (tree / "lab/rules.py").read_bytes() == b"old\n"
    assert not is_passed_over("lab/rules.py")


def test_file_beside_the_current_directory_is_known_to_be_passed_over(tree, monkeypatch):
    git_init(tree)
    (tree / "here").mkdir()
    (tree / "lab").mkdir()
    (tree / "lab/rules.py").write_bytes(b"old\n")
    monkeypatch.chdir(tree / "here")
    patch = diff(replaced("../lab/rules.py", b"old\n", b"old", b"new"))
    assert apply(patch).returncode == 0
    assert (tree / "lab/rules.py").read_bytes() == b"old\n"
    assert is_passed_over("../lab/rules.py")
    assert apply(patch, tree).returncode == 0
    assert (tree / "lab/rules.py").read_bytes() == b"new\n"


@pytest.mark.parametrize("in_repository", [True, False])
def test_git_refuses_a_file_outside_aloud(tree, monkeypatch, in_repository):
    (tree / "here").mkdir()
    (tree / "rules.py").write_bytes(b"old\n")
    monkeypatch.chdir(tree / "here")
    if in_repository:
        git_init(tree / "here")
    applied = apply(diff(replaced("../rules.py", b"old\n", b"old", b"new")))
    assert applied.returncode != 0
    assert b"../rules.py" in applied.stderr
    assert not is_passed_over("../rules.py")


def test_diff_of_a_link_is_that_of_the_file(tree):
    git_init(tree)
    (tree / "src").mkdir()
    (tree / "src/rules.py").write_bytes(b"old\n")
    (tree / "link").symlink_to("src")
    (tree / "rules.py").symlink_to("link/rules.py")
    for name in ("rules.py", "link/rules.py", str(tree / "rules.py")):
        assert b"\n--- a/src/rules.py\n" in diff(replaced(name, b"old\n", b"old", b"new"))
    assert apply(diff(replaced("rules.py", b"old\n", b"old", b"new"))).returncode == 0
    assert (tree / "rules.py").is_symlink()


def test_many_edits_take_no_more_than_their_number():
    # A comparison of the whole file would take minutes.
    content = b"same\n" * 100_000
    edits = [(start, start + 4, b"new") for start in range(0, len(content), 50)]
    patch = diff(edited("f.py", content, *edits))
    assert patch.count(b"\n-same") == patch.count(b"\n+new") == len(edits)
