"""runtime.loop: locks by name."""

import gevent

from gchat.runtime.loop import Locks
from tests.unit.peers import within_deadline


def test_of_those_with_one_name_one_has_its_lock_and_another_name_has_another() -> None:
    locks, holding, most = Locks(), dict[str, int](), dict[str, int]()

    def use(name: str) -> None:
        with locks.hold(name):
            holding[name] = holding.get(name, 0) + 1
            most[name] = max(most.get(name, 0), holding[name])
            most["all"] = max(most.get("all", 0), sum(holding.values()))
            gevent.sleep(0)
            holding[name] -= 1

    users = [gevent.spawn(use, name) for name in "aab"]
    with within_deadline("all are done"):
        gevent.joinall(users, raise_error=True)
    assert most == {"a": 1, "b": 1, "all": 2}
    assert not locks._locks
