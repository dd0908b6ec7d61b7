"""runtime.clock: a step of the system's clock changes no span, and is believed after an hour."""

import pytest

from gchat.runtime.clock import SLACK, TRIAL, Clock, since_boot

DAY = 86_400.0
NOON = 1_700_000_000.0


class Machine:
    """A clock that can be set, and time that passes."""

    def __init__(self) -> None:
        self.system = NOON
        self.forward = 5000.0
        self.clock = Clock(lambda: self.system, lambda: self.forward)

    def pass_by(self, seconds: float, drift: float = 0.0) -> None:
        self.forward += seconds
        self.system += seconds + drift


@pytest.fixture
def machine() -> Machine:
    return Machine()


def test_time_passes(machine: Machine) -> None:
    machine.pass_by(90)
    clock = machine.clock
    assert (clock.elapsed(), clock.steady(), clock.trusted()) == (90, NOON + 90, NOON + 90)


@pytest.mark.parametrize("step", [10 * DAY, -2 * DAY, 5.0, -5.0])
def test_a_step_changes_no_span_and_is_believed_after_an_hour(
    machine: Machine, step: float, caplog: pytest.LogCaptureFixture
) -> None:
    machine.clock.trusted()
    machine.system += step
    for _ in range(int(TRIAL / 60)):
        assert machine.clock.trusted() == machine.system - step
        machine.pass_by(60)
    assert machine.clock.trusted() == machine.system
    assert machine.clock.steady() == NOON + TRIAL
    assert machine.clock.elapsed() == TRIAL
    (told,) = caplog.messages
    assert f"was set {'ahead' if step > 0 else 'back'} by " in told


def test_a_step_that_is_undone_within_an_hour_was_none(machine: Machine) -> None:
    machine.system += 10 * DAY
    machine.clock.trusted()
    machine.pass_by(TRIAL - 1)
    machine.clock.trusted()
    machine.system -= 10 * DAY
    machine.pass_by(1)
    assert machine.clock.trusted() == machine.system == NOON + TRIAL
    machine.system += 10 * DAY
    machine.pass_by(1)
    assert machine.clock.trusted() == machine.system - 10 * DAY


def test_a_second_step_begins_the_hour_anew(machine: Machine) -> None:
    machine.system += DAY
    machine.clock.trusted()
    machine.pass_by(TRIAL - 1)
    machine.system += DAY
    machine.clock.trusted()
    machine.pass_by(TRIAL - 1)
    assert machine.clock.trusted() == machine.system - 2 * DAY
    machine.pass_by(1)
    assert machine.clock.trusted() == machine.system


def test_a_clock_that_is_corrected_slowly_is_followed(
    machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(1000):
        machine.pass_by(60, drift=SLACK / 2)
        assert machine.clock.trusted() == pytest.approx(machine.system, abs=1e-3)
    assert machine.clock.steady() == pytest.approx(machine.system - 1000 * SLACK / 2)
    assert not caplog.messages


def test_the_clock_of_the_machine_goes_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    before = since_boot()
    assert since_boot() >= before > 0
    monkeypatch.delattr("time.CLOCK_BOOTTIME", raising=False)
    before = since_boot()
    assert since_boot() >= before > 0
