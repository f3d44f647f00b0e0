"""Whether an encoder works is found out once, and again when the machine is another."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from regie.media.verdicts import FILE, Verdicts


class Machine:
    """Its run directory and devices; counts how often an encoder was tried."""

    def __init__(self, directory: Path) -> None:
        self.tries = 0
        self.run_dir, self.devices = directory / "run", directory / "dev"
        self.run_dir.mkdir()
        self.devices.mkdir()

    def asks(self, factory: str = "x264enc", *, works: bool = False) -> bool:
        def find_out() -> bool:
            self.tries += 1
            return works

        return Verdicts(self.run_dir, self.devices).works(factory, "", find_out)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("works", [True, False])
def test_one_try_is_enough_for_all(machine: Machine, works: bool) -> None:
    assert [machine.asks(works=works) for _ in range(3)] == [works] * 3
    assert machine.tries == 1


def test_each_encoder_has_a_verdict_of_its_own(machine: Machine) -> None:
    assert [machine.asks(works=True), machine.asks("openh264enc", works=False)] == [True, False]
    assert [machine.asks(), machine.asks("openh264enc")] == [True, False]


def test_another_graphics_card_is_tried(machine: Machine) -> None:
    assert machine.asks(works=False) is False
    (machine.devices / "dri").mkdir()
    (machine.devices / "dri" / "renderD128").touch()
    assert machine.asks(works=True) is True
    assert machine.tries == 2


def test_the_doctor_has_it_tried_again(machine: Machine) -> None:
    machine.asks(works=False)
    Verdicts(machine.run_dir).forget()
    assert machine.asks(works=True) is True


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_damaged_file_is_made_anew(machine: Machine, text: str) -> None:
    (machine.run_dir / FILE).write_text(text)
    assert [machine.asks(works=True), machine.asks(works=False)] == [True, True]


def test_without_a_directory_everybody_tries(machine: Machine) -> None:
    shutil.rmtree(machine.run_dir)
    assert [machine.asks(works=True), machine.asks(works=False)] == [True, False]


def test_those_who_ask_at_the_same_time_wait_for_the_one_who_tries(machine: Machine) -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda _: machine.asks(works=True), range(8))) == [True] * 8
    assert machine.tries == 1
