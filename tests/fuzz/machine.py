"""Clients who come, move, rename, speak and leave, on a real server and in the model.

After each step everybody compares what they were sent, and the server is asked for all that
it knows. Tests add what else can be done.
"""

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.blackbox.connection import Connection
from tests.fuzz.commands import Commands
from tests.fuzz.json_talker import JsonTalker
from tests.fuzz.model import LOBBY, NAMES, REPLAY
from tests.fuzz.standing_server import WATCH, StandingServer
from tests.fuzz.talker import Ids, Talker, settle
from tests.fuzz.watcher import Watcher

MOST = 7
"""Clients at a time."""

SPEECH = {
    "hello": "hello",
    "日本 é": "日本 é",
    "a\tb": "a\tb",
    "\x1b[2J": r"\x1b[2J",
    "a\x00\x04": r"a\x00\x04",
    "\u202eabc": r"\u202eabc",
    "\udcc3\udcff": r"\xc3\xff",
    " /quit": " /quit",
    "//who": "/who",
    "x" * 3000: "x" * 3000,
}
"""What is typed, and how it is seen. (Lone surrogates stand for bytes that are not UTF-8.)"""

SECRETS = ("/msg", "/op", "/reply", "/resume")
"""Commands that carry one: they are refused where they are no commands."""

CHOICE = st.integers(0, MOST - 1)
TEXT = st.sampled_from(list(SPEECH))
WORDS = st.sampled_from(list(SPEECH)[:-3])
"""Texts that are no longer, and not different, in a command."""
NAME = st.sampled_from(list(NAMES))
ROOM = st.sampled_from([LOBBY, "LOBBY", "one", "ONE", "two", "#Two"])
KIND = st.sampled_from(["program", "program", "json", "json", "person"])
"""A person takes a fifth of a second to be welcomed."""
END = st.sampled_from(["\n", "\r\n", "\r", "\r\0"])
"""What a client ends its lines with."""

STANDING = StandingServer()

MOST_SECONDS = 600
"""Seconds for the examples of a usual run, on a machine that is busy with other things."""


def times_as_many() -> int:
    """How many times the usual examples there are: 10 with `--hypothesis-profile long`."""
    return settings().max_examples // settings.get_profile("default").max_examples


def case_of(machine: type[RuleBasedStateMachine], examples: int, steps: int) -> Any:
    """Make a test of `machine`, with so many examples, or times_as_many(), of `steps` each."""
    test, times = machine.TestCase, times_as_many()
    test.settings = settings(
        deadline=None, max_examples=examples * times, stateful_step_count=steps
    )
    return pytest.mark.timeout(MOST_SECONDS * times)(test)


class ChatMachine(RuleBasedStateMachine):
    """Clients do things in any order."""

    def __init__(self) -> None:
        super().__init__()
        STANDING.begin()
        self.chat = Commands()
        self.ids: Ids = {}
        self.talkers: list[Talker] = []
        self.number = 0
        client = self.chat.come("json", STANDING.watcher.address)
        self.watcher = Watcher(client, STANDING.watcher, "\n", is_terse=False)
        self.chat.nick(client, WATCH)
        self.chat.join(client, WATCH)
        client.lines.clear()  # it is there already

    # Who does what

    def chosen(self, choice: int) -> Talker:
        return self.talkers[choice % len(self.talkers)]

    def room_named(self, name: str) -> str:
        """The lobby, or a room of this example alone."""
        return name if name.lower() == LOBBY else f"{name}{STANDING.examples}"

    def numbered(self, text: str) -> tuple[str, str]:
        """Something that was never said before, as it is typed and as it is seen."""
        self.number += 1
        return f"{text} {self.number}", f"{SPEECH[text]} {self.number}"

    def do(self, talker: Talker, command: str, *arguments: str) -> None:
        """Somebody types a command."""
        if talker.client.only_talks and command != "say":
            self.say_line(talker, talker.line(command, *arguments))
            return
        self.chat.do(talker.client, command, *arguments)
        talker.type(command, *arguments)

    def say_line(self, talker: Talker, line: str, shown: str = "") -> None:
        """A program types a line that is no command from it, and is seen as `shown`."""
        word = line.split()[0]
        secret = next((name for name in SECRETS if word != "/" and name.startswith(word)), None)
        if secret:
            where = "before" if talker.client.only_talks else "at the very beginning"
            self.chat.refuse(
                talker.client, f"Not sent, as it may tell a secret: {secret} works only {where}"
            )
        else:
            self.chat.do(talker.client, "say", shown or line)
        talker.type_line(line)

    def utter(self, talker: Talker, command: str, *arguments: str, text: str = "hello") -> None:
        """Somebody types a command that ends with something that others see."""
        typed, seen = self.numbered(text)
        if talker.client.only_talks and command != "say":
            line = talker.line(command, *arguments)
            self.say_line(talker, f"{line} {typed}", f"{line} {seen}")
            return
        self.chat.do(talker.client, command, *arguments, seen)
        talker.type(command, *arguments, typed)

    # Coming

    @initialize(ends=st.tuples(*[END] * 5))
    def open(self, ends: tuple[str, ...]) -> None:
        for kind, end in zip(("program", "json"), ends, strict=False):
            self.arrive(self.connect(kind, end))
        self.do(self.talkers[0], "topic", "-")  # so that nothing of another example is shown
        for _ in range(REPLAY):
            self.utter(self.talkers[0], "say")
        people = []
        for end in ends[2:]:  # one after the other: each is there when it has been welcomed
            people.append(self.connect("person", end))
            self.arrive(people[-1])
        for person in people:  # which tells everybody who has come, and who has left before
            self.utter(person, "say")
        settle(self.talkers)
        for talker in self.talkers:
            talker.compare_but_presence(self.ids)
            talker.know_all()

    @precondition(lambda self: len(self.talkers) < MOST)
    @rule(kind=KIND, end=END, is_terse=st.booleans(), buffer=st.sampled_from([None, 4096]))
    def come(self, kind: str, end: str, is_terse: bool, buffer: int | None) -> None:
        self.arrive(self.connect(kind, end, is_terse, buffer))

    def connect(
        self, kind: str, end: str, is_terse: bool = False, buffer: int | None = None
    ) -> Talker:
        connection = STANDING.server.connect(buffer)
        client = self.chat.come(kind, connection.address)
        talker = (JsonTalker if kind == "json" else Talker)(client, connection, end, is_terse)
        self.talkers.append(talker)
        return talker

    def arrive(self, talker: Talker) -> None:
        client = talker.client
        if client.is_person:
            self.chat.welcome(client)
        elif client.kind == "json":
            self.chat.tell(client, "JSON is on")
        talker.begin()

    # Leaving

    @precondition(lambda self: len(self.talkers) > 1)
    @rule(choice=CHOICE)
    def quit(self, choice: int) -> None:
        talker = self.chosen(choice)
        if talker.client.only_talks:
            talker.connection.end_input()
        else:
            self.chat.confirm(talker.client, "Goodbye")
            talker.connection.send(talker.typed("quit"))
        self.see_off(talker)

    @precondition(lambda self: len(self.talkers) > 1)
    @rule(choice=CHOICE, leave=st.sampled_from([Connection.close, Connection.reset]))
    def hang_up(self, choice: int, leave: Callable[[Connection], None]) -> None:
        talker = self.chosen(choice)
        self.talkers.remove(talker)
        self.chat.go(talker.client)
        if leave is Connection.reset:
            talker.connection.send(b"never to be finished")
        leave(talker.connection)
        self.watcher.wait_until_gone(talker.client.name, talker.client.room.name)

    def see_off(self, talker: Talker) -> None:
        """The server sends somebody what they must be sent, and then ends the connection."""
        self.talkers.remove(talker)
        talker.read_rest()
        talker.compare(self.ids)
        self.chat.go(talker.client)

    # Being there

    @rule(choice=CHOICE, text=TEXT)
    def say(self, choice: int, text: str) -> None:
        self.utter(self.chosen(choice), "say", text=text)

    @rule(choice=CHOICE, name=NAME)
    def nick(self, choice: int, name: str) -> None:
        self.do(self.chosen(choice), "nick", name)

    @rule(choice=CHOICE, name=ROOM)
    def join(self, choice: int, name: str) -> None:
        self.do(self.chosen(choice), "join", self.room_named(name))

    # What must hold

    @invariant()
    def everybody_is_sent_what_they_must_be(self) -> None:
        settle(self.talkers)
        for talker in self.talkers:
            talker.compare(self.ids)

    @invariant()
    def the_server_and_the_model_agree(self) -> None:
        self.watcher.compare_all(self.chat, self.ids)

    def check_at_the_end(self) -> None:
        """What must hold when an example is over."""

    def teardown(self) -> None:
        in_order = False
        try:
            if sys.exception() is None:
                self.check_at_the_end()
                self.see_all_off()
                in_order = True
        finally:
            STANDING.end(in_order)

    def see_all_off(self) -> None:
        for talker in self.talkers:
            self.chat.go(talker.client)
            talker.connection.close()
        for talker in self.talkers:
            self.watcher.wait_until_gone(talker.client.name, talker.client.room.name)
        self.the_server_and_the_model_agree()
