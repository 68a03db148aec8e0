"""What the tests of the engine share: the counts of golden vectors, a line a topic, at the end of the run."""

import pytest

#: The name of the property under which a test of vectors records ``(topic, passed, all)``.
VECTORS = "vectors"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    counted = [
        value
        for reports in terminalreporter.stats.values()
        for report in reports
        if isinstance(report, pytest.TestReport) and report.when == "call"
        for name, value in report.user_properties
        if name == VECTORS
    ]
    if not counted:
        return
    terminalreporter.section("golden vectors")
    for topic, passed, given in sorted(tuple(one) for one in counted):
        terminalreporter.write_line(f"{topic:32} {passed:6} of {given:6}")
    terminalreporter.write_line(f"{'all':32} {sum(p for _, p, _ in counted):6} of {sum(g for _, _, g in counted):6}")
