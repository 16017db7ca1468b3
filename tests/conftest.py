"""What all tests share: in CI, a test that is skipped because something is not installed is a failure."""

import os
import re
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import settings

from tests.support import summary

# A time that an example takes says more about the machine than about the code: speed is for `benchmarks/`.
settings.register_profile("default", settings.get_profile("default"), deadline=None)
# A failure in CI is one of the change; to look for others is what the nightly run is for.
settings.register_profile("ci", settings.get_profile("default"), max_examples=200, derandomize=True)
settings.register_profile("nightly", settings.get_profile("default"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# The one thing that CI may be without: it is not part of this repository.
ALLOWED = "the corpus is not beside this checkout"


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Name a case by its value, without what differs from process to process (addresses, orders of sets)."""
    if isinstance(val, str | int | float | set | frozenset):
        return None
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(val))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run where a test was skipped that must not be."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("ADJOINT2RRULE_FORBID_SKIPS"):
        return
    skipped = [report for report in reporter.stats.get("skipped", []) if ALLOWED not in str(report.longrepr)]
    if skipped:
        reporter.write_line(f"{len(skipped)} tests were skipped where none may be", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the numbers that tests counted."""
    for line in summary.LINES:
        terminalreporter.write_line(line)


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Let a worker of xdist give its lines to the process that prints them."""
    done = yield
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["summary"] = summary.LINES
    return done


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """Take the lines of a worker."""
    summary.LINES.extend(getattr(node, "workeroutput", {}).get("summary", []))
