"""`discover`: which files a run looks at, in which order."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adjoint2rrule.convert.discover import NEVER_ENTERED, MissingPathError, discover


def make(root: Path, *files: str) -> None:
    for name in files:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def found(*paths: Path | str, exclude: tuple[str, ...] = ()) -> list[str]:
    """Return the files found, of which none may be an error."""
    result = list(discover([str(path) for path in paths], exclude))
    assert not [item for item in result if isinstance(item, OSError)]
    return result


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make an empty directory the current one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_walk_is_depth_first_by_name(tree):
    make(tree, "b/z.py", "b/a.py", "a.py", "c.py", "b/b/x.py", "B.py")
    assert found(".") == ["./B.py", "./a.py", "./b/a.py", "./b/b/x.py", "./b/z.py", "./c.py"]


def test_files_are_named_as_the_user_would_write_them(tree):
    make(tree, "src/pkg/a.py")
    assert found("src") == ["src/pkg/a.py"]
    assert found("src/") == ["src/pkg/a.py"]
    assert found(tree / "src") == [f"{tree}/src/pkg/a.py"]


def test_roots_keep_the_order_given(tree):
    make(tree, "a.py", "b.py")
    assert found("b.py", "a.py") == ["b.py", "a.py"]


def test_only_py_files_of_a_directory_are_taken(tree):
    make(tree, "a.py", "a.pyi", "a.txt", "py", "a.py.orig", ".hidden.py")
    assert found(".") == ["./.hidden.py", "./a.py"]


def test_named_file_is_taken_whatever_its_suffix_and_whatever_ignores_it(tree):
    make(tree, "script", "build/a.py")
    (tree / ".gitignore").write_text("*\n")
    assert found("script", "build/a.py", exclude=("script",)) == ["script", "build/a.py"]


@pytest.mark.parametrize("name", sorted(NEVER_ENTERED))
def test_folders_of_tools_are_not_entered(tree, name):
    make(tree, f"{name}/a.py", f"pkg/{name}/a.py", "pkg/b.py")
    assert found(".") == ["./pkg/b.py"]


def test_folder_of_a_tool_is_entered_if_named(tree):
    make(tree, "build/a.py", "build/build/b.py")
    assert found("build") == ["build/a.py"]


def test_overlapping_roots_give_each_file_once(tree):
    make(tree, "pkg/a.py", "pkg/b.py")
    assert found("pkg/b.py", "pkg", "./pkg", tree) == ["pkg/b.py", "pkg/a.py"]


def test_missing_path_is_told_and_the_others_are_found(tree):
    make(tree, "a.py")
    missing, not_a_folder, path = discover(["nope.py", "a.py/b.py", "a.py"])
    assert isinstance(missing, MissingPathError)
    assert missing.filename == "nope.py"
    assert isinstance(not_a_folder, MissingPathError)
    assert not_a_folder.filename == "a.py/b.py"
    assert path == "a.py"


def test_named_pipe_is_told_and_not_opened(tree):
    os.mkfifo("pipe.py")
    (error,) = discover(["pipe.py"])
    assert isinstance(error, OSError)
    assert (error.filename, error.strerror) == ("pipe.py", "Not a regular file")
    assert found(".") == []


def test_directory_called_like_a_module_is_walked(tree):
    make(tree, "odd.py/a.py")
    assert found(".") == ["./odd.py/a.py"]


def test_unreadable_directory_is_told_and_the_others_are_found(tree, monkeypatch):
    make(tree, "a/x.py", "b/x.py", "c/x.py")
    scandir = os.scandir

    def guarded(path):
        if path.endswith("b"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    first, error, last = discover(["."])
    assert (first, last) == ("./a/x.py", "./c/x.py")
    assert isinstance(error, PermissionError)
    assert error.filename == "./b"


@pytest.fixture
def deep(tree):
    """Make 1500 directories, one in the other, with a file at the bottom, and remove what `rmtree` cannot."""
    depth = 1500
    for _ in range(depth):
        os.mkdir("d")
        os.chdir("d")
    Path("a.py").touch()
    os.chdir(tree)
    yield "d/" * depth + "a.py"
    os.chdir("d/" * depth)
    os.remove("a.py")
    for _ in range(depth):
        os.chdir("..")
        os.rmdir("d")


def test_directories_may_nest_deeper_than_calls(deep):
    assert found("d") == [deep]


# Links


def test_link_to_a_directory_is_not_followed_and_loops_end(tree):
    make(tree, "pkg/a.py", "elsewhere/b.py")
    (tree / "pkg" / "loop").symlink_to(tree / "pkg")
    (tree / "pkg" / "link").symlink_to(tree / "elsewhere")
    assert found("pkg") == ["pkg/a.py"]


def test_link_that_is_named_is_followed(tree):
    make(tree, "pkg/a.py")
    (tree / "link").symlink_to("pkg")
    (tree / "file").symlink_to("pkg/a.py")
    assert found("link") == ["link/a.py"]
    assert found("file") == ["file"]


def test_link_to_a_file_is_taken_where_the_file_is_not_met_anyway(tree):
    make(tree, "pkg/a.py", "shared/b.py", "pkg/build/c.py")
    (tree / "pkg" / "same.py").symlink_to("a.py")
    (tree / "pkg" / "out.py").symlink_to("../shared/b.py")
    (tree / "pkg" / "ignored.py").symlink_to("build/c.py")
    assert found("pkg") == ["pkg/a.py", "pkg/out.py"]
    assert found("pkg", "shared") == ["pkg/a.py", "shared/b.py"]


@pytest.mark.parametrize("target", ["nowhere.py", "link.py"], ids=["dangling", "to itself"])
def test_link_to_nothing_is_passed_over_in_a_walk_and_told_if_named(tree, target):
    (tree / "link.py").symlink_to(target)
    assert found(".") == []
    (error,) = discover(["link.py"])
    assert isinstance(error, OSError)
    assert error.filename == "link.py"


# --exclude


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("b", ["./a/x.py", "./x.py"]),
        ("/b/", ["./a/b/y.py", "./a/x.py", "./x.py"]),
        ("a/b/y.py", ["./a/x.py", "./b/z.py", "./x.py"]),
        ("x.py", ["./a/b/y.py", "./b/z.py"]),
        ("/x.py", ["./a/b/y.py", "./a/x.py", "./b/z.py"]),
        ("**/[yz].py", ["./a/x.py", "./x.py"]),
    ],
)
def test_exclude_is_a_line_of_gitignore_in_the_current_directory(tree, pattern, left):
    make(tree, "x.py", "a/x.py", "a/b/y.py", "b/z.py")
    assert found(".", exclude=(pattern,)) == left
    assert found(tree, exclude=(pattern,)) == [str(tree / path) for path in left]


def test_exclude_outranks_gitignore(tree):
    make(tree, "a.py", "b.py")
    (tree / ".gitignore").write_text("a.py\n!b.py\n")
    assert found(".", exclude=("b.py",)) == []


def test_exclude_reaches_out_of_the_current_directory(tree, monkeypatch):
    make(tree, "lib/a_pb2.py", "lib/a.py", "here/x.py")
    monkeypatch.chdir(tree / "here")
    assert found("../lib", exclude=("*_pb2.py",)) == ["../lib/a.py"]


# .gitignore


def test_gitignore_counts_without_a_repository_from_the_named_directory_down(tree):
    make(tree, "pkg/a.py", "pkg/gen.py", "pkg/sub/gen.py", "pkg/top.py")
    (tree / ".gitignore").write_text("top.py\n")
    (tree / "pkg" / ".gitignore").write_text("gen.py\n")
    assert found("pkg") == ["pkg/a.py", "pkg/top.py"]


def test_gitignore_of_the_repository_counts_below_a_named_directory(tree):
    (tree / ".git").mkdir()
    make(tree, "pkg/sub/a.py", "pkg/sub/gen.py", "pkg/sub/keep.py")
    (tree / ".gitignore").write_text("gen.py\nkeep.py\n/a.py\n")
    (tree / "pkg" / ".gitignore").write_text("!keep.py\n")
    assert found("pkg/sub") == ["pkg/sub/a.py", "pkg/sub/keep.py"]


def test_named_directory_is_entered_though_it_is_ignored(tree):
    (tree / ".git").mkdir()
    make(tree, "generated/deep/a.py", "generated/deep/b.py")
    (tree / ".gitignore").write_text("generated/\n")
    (tree / "generated" / ".gitignore").write_text("b.py\n")
    assert found(".") == []
    assert found("generated") == ["generated/deep/a.py"]
    assert found("generated/deep") == ["generated/deep/a.py"]


def test_gitignore_above_the_repository_does_not_count(tree):
    (tree / ".gitignore").write_text("*.py\n")
    (tree / "repo" / ".git").mkdir(parents=True)
    make(tree, "repo/a.py")
    assert found("repo") == ["repo/a.py"]


def test_lines_that_are_no_patterns_are_passed_over(tree):
    make(tree, "a.py", "b.py")
    (tree / ".gitignore").write_bytes(b"!\nfoo\\\n[z-a]\n\xff\xfe*\nb.py\n")
    assert found(".") == ["./a.py"]


def test_unreadable_gitignore_is_told_and_the_walk_goes_on(tree, monkeypatch):
    make(tree, "a.py")
    (tree / ".gitignore").symlink_to(".gitignore")
    error, path = discover(["."])
    assert isinstance(error, OSError)
    assert error.filename == str(tree / ".gitignore")
    assert path == "./a.py"


NAMES = st.sampled_from(["a", "b", "c.py", "d.py"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
PATTERNS = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "/", "**/", "a/"]),
    st.sampled_from(["a", "b", "c.py", "d.*", "*", "*.py", "?", "[ab]", "b/*", "a/**", "a/**/c.py"]),
    st.sampled_from(["", "/"]),
)
# At the top only: below, pathspec takes a `!` for a directory to speak of all that is in it.
NEGATABLE = st.builds("{}{}".format, st.sampled_from(["", "!"]), PATTERNS)
NESTED = st.dictionaries(st.sampled_from(["a", "b", "a/b"]), st.lists(PATTERNS, max_size=3))


@settings(max_examples=60, deadline=None)
@given(files=st.sets(PATHS, max_size=12), top=st.lists(NEGATABLE, max_size=5), nested=NESTED)
def test_gitignore_is_read_as_git_reads_it(tmp_path_factory, files, top, nested):
    root = tmp_path_factory.mktemp("repo")
    make(root, *(f"{name}.py" for name in files))
    for folder, lines in {"": top, **nested}.items():
        if (root / folder).is_dir():
            (root / folder / ".gitignore").write_text("\n".join(lines) + "\n")
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    listing = [*git, "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout.split("\0")
    expected = sorted(name for name in listed if name.endswith(".py"))
    assert sorted(os.path.relpath(path, root) for path in found(root)) == expected
