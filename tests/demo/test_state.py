"""Folders, locks and ports."""

from pathlib import Path
import socket

import pytest

from script.demo.failure import Failure
from script.demo.state import HOST, State, any_free


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    with state.locked():
        pass
    return state


def test_one_at_a_time(state: State) -> None:
    with state.locked(), pytest.raises(Failure, match="at work"), State(state.folder).locked():
        pass
    with State(state.folder).locked():
        pass


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="cannot be used"), State(tmp_path / "file").locked():
        pass


def test_ports_are_remembered_and_differ(state: State) -> None:
    home, server = state.port("home", None), state.port("server", None)
    assert home != server
    later = State(state.folder)
    assert (later.port("home", None), later.port("server", None)) == (home, server)


def test_a_taken_port(state: State) -> None:
    remembered = state.port("home", None)
    with socket.socket() as other:
        other.bind((HOST, remembered))
        other.listen()
        with pytest.raises(Failure, match=f"Port {remembered} is taken"):
            state.port("home", remembered)
        assert state.port("home", None) != remembered


@pytest.mark.parametrize("content", ["", "[]", '{"home": "x"}', "{"])
def test_a_damaged_note_of_the_ports(state: State, content: str) -> None:
    (state.folder / "ports.json").write_text(content)
    assert state.port("home", None) > 0
    wanted = any_free()
    assert state.port("home", wanted) == wanted
