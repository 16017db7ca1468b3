"""Copies hold what a package needs, and nothing of the package itself is ever changed by them."""

import os
from pathlib import Path

import pytest

from adjoint2rrule.proof.copies import Copies, package_copies


@pytest.fixture
def lab(tmp_path: Path) -> Path:
    """Return a package with data, a cache, an environment, and links."""
    root = tmp_path / "project"
    for name in ("lab/sub", "lab/__pycache__", "lab/.git", "lab/env", "lab/data", "other", "shared"):
        (root / name).mkdir(parents=True)
    for name in ("lab/__init__.py", "lab/sub/films.py", "lab/data/n.csv", "lab/__pycache__/films.pyc"):
        (root / name).write_bytes(b"old")
    for name in ("lab/.git/HEAD", "lab/env/pyvenv.cfg", "other/__init__.py", "shared/tool.py", "films.py"):
        (root / name).write_bytes(b"old")
    return root


def content(copies: Copies, name: str) -> bytes:
    return Path(copies.paths[0], name).read_bytes()


def names(copies: Copies) -> set[str]:
    found = Path(copies.paths[0]).rglob("*")
    return {path.relative_to(copies.paths[0]).as_posix() for path in found if not path.is_dir()}


def test_a_copy_is_the_package_with_other_contents(lab: Path) -> None:
    film = lab / "lab" / "sub" / "films.py"
    with package_copies({film: b"new"}, [lab]) as copies:
        assert names(copies) == {"lab/__init__.py", "lab/sub/films.py", "lab/data/n.csv"}
        assert (content(copies, "lab/sub/films.py"), content(copies, "lab/__init__.py")) == (b"new", b"old")
        assert copies == Copies((copies.paths[0], str(lab)))
    assert film.read_bytes() == b"old"
    assert not Path(copies.paths[0]).exists()


def test_a_copy_goes_when_an_error_comes(lab: Path) -> None:
    with pytest.raises(KeyboardInterrupt), package_copies({lab / "films.py": b"new"}, [lab]) as copies:
        raise KeyboardInterrupt
    assert not Path(copies.paths[0]).exists()


def test_the_first_root_says_what_a_file_belongs_to(lab: Path) -> None:
    with package_copies({lab / "lab" / "sub" / "films.py": b"new"}, [lab / "lab" / "sub", lab]) as copies:
        assert content(copies, "films.py") == b"new"


def test_a_file_below_no_root_is_a_module_by_itself(lab: Path, tmp_path: Path) -> None:
    with package_copies({lab / "films.py": b"new"}, [tmp_path / "elsewhere"]) as copies:
        assert content(copies, "films.py") == b"new"


def test_data_beside_a_module_is_found_beside_its_copy(lab: Path) -> None:
    (lab / "n.csv").write_bytes(b"data")
    with package_copies({lab / "films.py": b"new"}, [lab]) as copies:
        assert content(copies, "n.csv") == b"data"
        assert not Path(copies.paths[0], "lab").exists()
    assert (lab / "n.csv").read_bytes() == b"data"


def test_two_packages_of_a_root_share_a_folder(lab: Path) -> None:
    contents = {lab / "lab" / "__init__.py": b"new", lab / "other" / "__init__.py": b"new"}
    with package_copies(contents, [lab]) as copies:
        assert len(copies.paths) == 2
        assert content(copies, "other/__init__.py") == b"new"


def test_a_file_that_is_nowhere_is_written_and_one_without_content_is_not(lab: Path) -> None:
    contents = {lab / "lab" / "was" / "here.py": b"old", lab / "lab" / "sub" / "films.py": None}
    with package_copies(contents, [lab]) as copies:
        assert content(copies, "lab/was/here.py") == b"old"
        assert "lab/sub/films.py" not in names(copies)


def test_modes_are_kept_and_owners_may_write(lab: Path) -> None:
    script, folder = lab / "lab" / "sub" / "films.py", lab / "lab" / "data"
    script.chmod(0o555)
    folder.chmod(0o555)
    with package_copies({script: b"new"}, [lab]) as copies:
        assert Path(copies.paths[0], "lab/sub/films.py").stat().st_mode & 0o777 == 0o755
        assert Path(copies.paths[0], "lab/data").stat().st_mode & 0o777 == 0o755
    assert not Path(copies.paths[0]).exists()
    folder.chmod(0o755)


def test_links_inside_stay_inside_and_others_lead_where_they_did(lab: Path) -> None:
    (lab / "lab" / "alias.py").symlink_to("sub/films.py")
    (lab / "lab" / "table.csv").symlink_to(lab / "lab" / "data" / "n.csv")
    (lab / "lab" / "shared").symlink_to("../shared")
    (lab / "lab" / "lost").symlink_to("nowhere")
    (lab / "lab" / "round").symlink_to(".")
    with package_copies({lab / "lab" / "sub" / "films.py": b"new"}, [lab]) as copies:
        copy = Path(copies.paths[0], "lab")
        assert (copy / "alias.py").read_bytes() == b"new"
        assert os.readlink(copy / "shared") == str(lab / "shared")
        assert (copy / "table.csv").read_bytes() == b"old"
        assert (copy / "round" / "alias.py").read_bytes() == b"new"
        assert copies.problems == ()


def test_no_content_is_written_through_a_link(lab: Path) -> None:
    (lab / "lab" / "shared").symlink_to("../shared")
    (lab / "lab" / "link.py").symlink_to("../shared/tool.py")
    contents = {lab / "lab" / "shared" / "tool.py": b"new", lab / "lab" / "link.py": b"newer"}
    with package_copies(contents, [lab]) as copies:
        assert content(copies, "lab/shared/tool.py") == b"new"
        assert content(copies, "lab/link.py") == b"newer"
    assert (lab / "shared" / "tool.py").read_bytes() == b"old"


def test_what_cannot_be_copied_is_told_and_the_rest_is_there(lab: Path) -> None:
    # A file where a folder should be: unlike a file without permissions, this stops whoever runs the tests.
    contents = {lab / "lab" / "__init__.py" / "films.py": b"new", lab / "lab" / "sub" / "films.py": b"new"}
    with package_copies(contents, [lab]) as copies:
        (problem,) = copies.problems
        assert problem.startswith(f"{lab / 'lab' / '__init__.py' / 'films.py'}: cannot be copied: ")
        assert content(copies, "lab/sub/films.py") == b"new"


def test_special_files_are_left_out(lab: Path) -> None:
    os.mkfifo(lab / "lab" / "pipe")
    with package_copies({lab / "lab" / "__init__.py": b"new"}, [lab]) as copies:
        assert "lab/pipe" not in names(copies)


def test_names_with_spaces_and_letters_of_all_languages_are_copied(tmp_path: Path) -> None:
    root = tmp_path / "mein Übungsordner"
    (root / "größen").mkdir(parents=True)
    with package_copies({root / "größen" / "__init__.py": b"new"}, [root]) as copies:
        assert content(copies, "größen/__init__.py") == b"new"
