"""The house of every fault: what no case can forget happens here."""

import asyncio
from collections.abc import AsyncIterator, Iterator
import logging
from typing import Any

import pytest

from .house import House, eventually, open_house

_PASSED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Iterator[Any]:
    """Keep whether the case itself went well: only then its end is worth a look."""
    report = yield
    if call.when == "call":
        item.stash[_PASSED] = report.passed
    return report


@pytest.fixture
async def house(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[House]:
    """Yield a house; then its next turn works, and nothing is left over."""
    mark = request.node.get_closest_marker("fault")
    assert mark is not None, "a case says whether the connection survives its fault"
    caplog.set_level(logging.INFO, "hpack")  # it tells of every field, at both ends
    before = asyncio.all_tasks()
    async with open_house() as house:
        yield house
        if not request.node.stash.get(_PASSED, False):
            return
        await house.works_again(survives=mark.kwargs["survives"])
    before.add(asyncio.current_task())
    await eventually(lambda: asyncio.all_tasks() <= before)
    records = [*caplog.get_records("call"), *caplog.get_records("teardown")]
    assert [record for record in records if record.levelno >= logging.ERROR] == []
