"""Whether a test file is still as it was generated."""

import pytest

from adjoint2rrule.proof.test_files.fingerprint import GENERATED, is_as_generated, signed

TEXT = '"""Rule tests."""\n\n\ndef test_ȳ():\n    test_rrule(f, "a\tb")\n'


def test_first_line_says_where_a_file_comes_from():
    assert signed(TEXT).decode().startswith(f"{GENERATED} Fingerprint: ")
    assert signed(TEXT).decode().partition("\n")[2] == TEXT


def test_same_text_has_the_same_fingerprint():
    assert signed(TEXT) == signed(TEXT) != signed(TEXT + "\n")


def test_git_may_change_the_ends_of_lines():
    assert is_as_generated(signed(TEXT))
    assert is_as_generated(signed(TEXT).replace(b"\n", b"\r\n"))


@pytest.mark.parametrize(
    "edit",
    [
        lambda content: content + b"\n",
        lambda content: content.replace(b"f,", b"g,"),
        lambda content: content.replace(b"    test", b"  # why\n    test"),
        lambda content: content.partition(b"\n")[2],
        lambda content: b"# ours\n" + content,
        lambda content: content.replace(b"Fingerprint: ", b"Fingerprint: 0"),
        lambda content: content.replace(b"Generated", b"Written"),
        lambda content: b"",
        lambda content: b"\xff" + content,
    ],
)
def test_anything_else_is_an_edit(edit):
    assert not is_as_generated(edit(signed(TEXT)))
