"""Which calls of a rule become its test."""

import pytest

from adjoint2rrule.proof.model import Expression, Inputs, Search, Trial, Verdict
from adjoint2rrule.proof.selection import MOST_CALLS, WELL_MEANT, select_tried, select_untried
from tests.proof.building import subject_in

BRANCHING = """
def f(x, axis=0, form="plain"): ...

@rrule.register(f)
def f_rrule(f, x, axis=0, form="plain"):
    if form == "log":
        return f(x), lambda dy: (NoTangent(), 2 * dy, NoTangent(), NoTangent())
    return f(x), lambda dy: (NoTangent(), dy, NoTangent(), NoTangent())
"""


@pytest.fixture
def subject(tmp_path):
    """Return a rule that branches on `form`."""
    return subject_in(BRANCHING, tmp_path)


def call(*args: str, **keywords: str) -> Inputs:
    given = tuple((name, Expression(text)) for name, text in keywords.items())
    return Inputs(Expression("f"), tuple(map(Expression, args)), given)


def trial(verdict: Verdict, *args: str, lines: tuple[int, ...] = (1,), message: str = "") -> Trial:
    return Trial(call(*args), verdict, message, frozenset(lines))


def texts(selection) -> list[str]:
    return list(map(str, selection.calls))


# Nothing is run


def test_first_call_is_taken_and_others_by_the_options_that_the_rule_branches_on(subject):
    found = (call("2.5"), call("1.5", "1"), call("3.5", "0", "'log'"), call("4.5", form="'log'"))
    assert texts(select_untried(subject, Search(found))) == ["f(2.5)", "f(3.5, 0, 'log')"]


def test_option_at_its_default_is_the_option_left_out(subject):
    found = (call("2.5"), call("1.5", form="'plain'"))
    assert texts(select_untried(subject, Search(found))) == ["f(2.5)"]


def test_numbers_and_arrays_are_no_options(tmp_path):
    text = """
    def f(x): ...

    @rrule.register(f)
    def f_rrule(f, x):
        return f(x), lambda dy: (NoTangent(), dy if x > 0 else -dy)
    """
    found = (call("2.5"), call("-1.5"), call("np.array([2.5])"), call("None"), call("-1"))
    assert texts(select_untried(subject_in(text, tmp_path), Search(found))) == ["f(2.5)", "f(None)"]


def test_no_more_calls_are_taken_than_people_read(subject):
    found = tuple(call("2.5", "0", f"'{c}'") for c in "abcdefg")
    assert texts(select_untried(subject, Search(found))) == [str(c) for c in found[:MOST_CALLS]]


def test_nothing_found_is_a_skip_with_what_is_missing(subject):
    selection = select_untried(subject, Search(missing=("`x`: give it an annotation",)))
    assert (selection.calls, selection.reason) == (
        (),
        "no arguments are known: `x`: give it an annotation",
    )


def test_target_out_of_reach_is_a_skip_that_says_so(tmp_path):
    text = """
    def rules(f):
        @rrule.register(f)
        def f_rrule(f, x: float): ...
    """
    subject = subject_in(text, tmp_path)
    assert select_untried(subject, Search()).reason == subject.callee.problem != ""


# The calls were tried


def test_first_that_passes_is_taken_and_then_those_that_run_more_of_the_rule(subject):
    trials = [
        trial(Verdict.REJECTED, "1.5"),
        trial(Verdict.UNFIT, "2.5"),
        trial(Verdict.UNSETTLED, "3.5"),
        trial(Verdict.PASSES, "4.5", lines=(1, 2)),
        trial(Verdict.PASSES, "5.5", lines=(2,)),
        trial(Verdict.PASSES, "6.5", lines=(1, 3)),
    ]
    assert texts(select_tried(subject, Search(), trials)) == ["f(4.5)", "f(6.5)"]


def test_options_that_the_rule_branches_on_count_where_lines_do_not_tell(subject):
    trials = [trial(Verdict.PASSES, "1.5"), trial(Verdict.PASSES, "1.5", "0", "'log'")]
    assert len(select_tried(subject, Search(), trials).calls) == 2


def test_wrong_rule_keeps_a_failing_test_and_is_told(subject):
    trials = [trial(Verdict.WRONG, "1.5", message="differs"), trial(Verdict.PASSES, "2.5")]
    selection = select_tried(subject, Search(), trials)
    assert texts(selection) == ["f(1.5)"]
    assert [t.message for t in selection.wrong] == ["differs"]


@pytest.mark.parametrize("vouched", [True, False])
def test_wrong_call_that_is_meant_is_kept_whatever_comes_before_it(vouched, subject):
    passing = [trial(Verdict.PASSES, f"{n}.5", lines=(n,)) for n in range(MOST_CALLS + 2)]
    wrong = trial(Verdict.WRONG, "9.5", lines=(1,) if vouched else (99,))
    search = Search((wrong.inputs,) if vouched else ())
    trials = [*passing, wrong]
    selection = select_tried(subject, search, trials)
    assert texts(selection) == ["f(0.5)", "f(1.5)", "f(2.5)", "f(9.5)"]
    assert len(selection.wrong) == 1


def test_far_fetched_guess_says_nothing_against_a_rule_that_passes(subject):
    passing = [trial(Verdict.PASSES, f"{n}.5", lines=(1,)) for n in range(WELL_MEANT)]
    trials = [*passing, trial(Verdict.WRONG, "1j", lines=(1,))]
    selection = select_tried(subject, Search(), trials)
    assert (texts(selection), selection.wrong) == (["f(0.5)"], ())


def test_rule_that_fits_no_call_shows_it_in_its_test(subject):
    trials = [trial(Verdict.REJECTED, "1.5"), trial(Verdict.UNFIT, "2.5"), trial(Verdict.UNFIT, "3.5")]
    selection = select_tried(subject, Search(), trials)
    assert texts(selection) == ["f(2.5)"]
    assert [t.verdict for t in selection.wrong] == [Verdict.UNFIT]


def test_rule_that_may_only_be_unfit_for_guesses_is_skipped(subject):
    trials = [trial(Verdict.UNSETTLED, "1.5", message="a kink"), trial(Verdict.UNFIT, "2.5")]
    selection = select_tried(subject, Search(), trials)
    assert (selection.calls, selection.reason) == (
        (),
        "none of 2 calls that were tried can be used: f(1.5) is unsettled: a kink",
    )


def test_call_with_nothing_to_differentiate_hides_no_failure(subject):
    empty, unfit = trial(Verdict.VACUOUS, "3"), trial(Verdict.UNFIT, "2.5")
    assert texts(select_tried(subject, Search(), [empty, unfit])) == ["f(2.5)"]
    assert texts(select_tried(subject, Search(), [empty, trial(Verdict.PASSES, "1.5")])) == ["f(1.5)"]
    assert texts(select_tried(subject, Search(), [empty, trial(Verdict.REJECTED, "1.5")])) == ["f(3)"]


@pytest.mark.parametrize(
    ("verdict", "words"), [(Verdict.HANGS, "hangs"), (Verdict.DIES, "ends the interpreter")]
)
def test_call_without_an_end_of_its_own_is_not_used_and_told(subject, verdict, words):
    only = trial(verdict, "1.5", message="after 10 s\nmore")
    selection = select_tried(subject, Search(), [only])
    assert (selection.calls, selection.reason) == ((), f"it was tried: f(1.5) {words}: after 10 s")
    assert selection.ended == (only,)
    assert select_tried(subject, Search(), [only, trial(Verdict.PASSES, "2.5")]).ended == (only,)


def test_nothing_to_try_is_a_skip_with_what_is_missing(subject):
    assert "`x`: why" in select_tried(subject, Search(missing=("`x`: why",)), []).reason
