"""A real server against a model: whoever does what, everybody is sent what they must be.

People, programs and programs that speak JSON do random things one after the other, or talk
all at once; vandals do worse, whom two bystanders must not notice.
"""

from collections.abc import Callable
from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.blackbox.connection import Connection
from tests.fuzz.machine import CHOICE, MOST, NAME, ROOM, STANDING, TEXT, WORDS, ChatMachine, case_of
from tests.fuzz.model import REPLAY
from tests.fuzz.rubbish import ENDINGS, MAX_LINE, RUBBISH
from tests.fuzz.standing_server import PAIR
from tests.fuzz.talker import Talker, settle

WHOM = CHOICE | NAME
"""Somebody who is there, or a name."""

QUESTIONS = (
    *(("who",), ("topic",), ("topic", "-"), ("ignore",), ("away",), ("leave",)),
    *(("history", str(count)) for count in range(1, REPLAY + 1)),
)
"""Commands with few or no arguments."""

NOT_NAMES = {
    "127.0.0.1:7878": "Names have letters, digits, - _ . and no “:”",
    "you": "The name you is reserved",
    "two words": "Names have letters, digits, - _ . and no spaces",
    "x" * 25: "Name too long (25 characters, limit 24)",
    "a\x1bb": "Names have letters, digits, - _ . and no “\\”",
    "..": "A name needs a letter or a digit",
}
"""What nobody, and no room, can be called, and why."""

MISTYPED = {
    "/": "Unknown command /",
    "/m amy x": "Unknown command /m; ",
    "/nosuch": "Unknown command /nosuch",
    "/nick": "Usage: /nick NAME",
    "/msg": "Usage: /msg NAME TEXT",
    "/msg amy": "Usage: /msg NAME TEXT",
    "/me": "Usage: /me ACTION",
    "/reply ": "Usage: /reply TEXT",
    "/join": "Usage: /join ROOM",
    "/leave now": "Usage: /leave",
    "/history x": "/history takes how many messages to show",
    "/quiet perhaps": "Usage: /quiet [on|off]",
    "/who nowhere": "There is no room nowhere",
    "/topic " + "x" * 201: "Topic too long (201 characters, limit 200)",
    **{
        f"{command} {name}": why
        for command in ("/nick", "/join", "/ignore")
        for name, why in NOT_NAMES.items()
        if (command, name) != ("/join", "you")  # a room may be called so
    },
}
"""What is refused whoever types it, and why."""


UNKNOWN = ("/", "/m amy x", "/nosuch")
"""Those of them that begin with no command."""


class ClientsAndVandals(ChatMachine):
    """Clients do all that can be done."""

    def named(self, whom: int | str) -> str:
        return whom if isinstance(whom, str) else self.chosen(whom).client.name

    # Talking

    @rule(choice=CHOICE, text=TEXT, cut=st.integers(0, 20))
    def say_in_two_pieces(self, choice: int, text: str, cut: int) -> None:
        talker = self.chosen(choice)
        typed, seen = self.numbered(text)
        self.chat.do(talker.client, "say", seen)
        data = talker.typed("say", typed)
        talker.connection.send(data[:cut])
        self.watcher.wait()  # so that the server may have read it
        talker.connection.send(data[cut:])
        talker.wait()

    @rule(choice=CHOICE, counts=st.tuples(*[st.integers(0, 8)] * MOST), text=TEXT)
    def talk_at_once(self, choice: int, counts: tuple[int, ...], text: str) -> None:
        """All in a room talk at once but one, who sees in which order they are heard."""
        witness = self.chosen(choice)
        if witness.client.ignored:
            return
        room = witness.client.room
        crowd = [each for each in self.talkers if each.client.room is room and each is not witness]
        said: dict[str, tuple[Talker, str]] = {}
        for talker, count in zip(crowd, counts, strict=False):
            talker.client.only_talks |= talker.client.kind == "program" and count > 0
        for talker, count in zip(crowd, counts, strict=False):
            texts = [self.numbered(text) for _ in range(count)]
            said |= {f"{talker.client.name}: {seen}": (talker, seen) for _, seen in texts}
            talker.connection.send(b"".join(talker.typed("say", typed) for typed, _ in texts))
        settle(crowd)
        witness.wait()
        heard = [said[line.text] for line in witness.received if line.text in said]
        for talker in crowd:
            own = [words for words in said.values() if words[0] is talker]
            assert [words for words in heard if words[0] is talker] == own
        for talker, seen in heard:
            self.chat.do(talker.client, "say", seen)

    @rule(choice=CHOICE, is_too_long=st.booleans())
    def say_the_longest(self, choice: int, is_too_long: bool) -> None:
        talker = self.chosen(choice)
        if is_too_long or talker.client.kind == "json":
            self.chat.refuse(talker.client, f"(limit {MAX_LINE} bytes)")
            talker.client.only_talks |= talker.client.kind == "program"  # it was text all the same
            talker.type_line("x" * (MAX_LINE + 1))
        else:
            text, _ = self.numbered("hello")
            self.do(talker, "say", text.ljust(MAX_LINE, "x"))

    @precondition(lambda self: len(self.talkers) > 1)
    @rule(choice=CHOICE, text=WORDS)
    def end_input(self, choice: int, text: str) -> None:
        talker = self.chosen(choice)
        typed, seen = self.numbered(text)
        self.chat.do(talker.client, "say", seen)
        talker.connection.send(talker.typed("say", typed).rstrip(b"\r\n\0"))
        talker.connection.end_input()
        self.see_off(talker)

    # Commands

    @rule(choice=CHOICE, command=st.sampled_from(["me", "reply", "away", "topic"]), text=WORDS)
    def speak(self, choice: int, command: str, text: str) -> None:
        self.utter(self.chosen(choice), command, text=text)

    @rule(choice=CHOICE, whom=WHOM, text=WORDS)
    def msg(self, choice: int, whom: int | str, text: str) -> None:
        self.utter(self.chosen(choice), "msg", self.named(whom), text=text)

    @rule(choice=CHOICE, command=st.sampled_from(["ignore", "unignore", "whois"]), whom=WHOM)
    def ignore(self, choice: int, command: str, whom: int | str) -> None:
        self.do(self.chosen(choice), command, self.named(whom))

    @rule(choice=CHOICE, state=st.sampled_from(["on", "off"]))
    def quiet(self, choice: int, state: str) -> None:
        self.do(self.chosen(choice), "quiet", state)

    @rule(choice=CHOICE, question=st.sampled_from(QUESTIONS))
    def ask(self, choice: int, question: tuple[str, ...]) -> None:
        self.do(self.chosen(choice), *question)

    @rule(choice=CHOICE, name=ROOM)
    def ask_who_is_elsewhere(self, choice: int, name: str) -> None:
        self.do(self.chosen(choice), "who", self.room_named(name))

    @rule(choice=CHOICE, line=st.sampled_from(list(MISTYPED)))
    def mistype(self, choice: int, line: str) -> None:
        talker = self.chosen(choice)
        is_text = talker.client.only_talks or line in UNKNOWN
        if talker.client.kind == "program" and is_text:
            self.say_line(talker, line, line.replace("\x1b", r"\x1b"))
            return
        self.chat.refuse(talker.client, MISTYPED[line])
        talker.connection.send(talker.typed_command(line))
        talker.wait()

    # Mischief

    @rule(choice=CHOICE)
    def ask_as_telnet(self, choice: int) -> None:
        talker = self.chosen(choice)
        self.chat.tell(talker.client, "Yes, here", "info")
        talker.ask_as_telnet()

    @rule(rubbish=RUBBISH, end=ENDINGS)
    def vandalise(self, rubbish: list[bytes], end: Callable[[Connection], None]) -> None:
        pair = STANDING.pair
        with pair:
            vandal = STANDING.server.connect()
            vandal.say(f"/join {PAIR}", "/whois nobody")
            vandal.expect("Nobody here")  # so that it is certainly there
            with suppress(ConnectionError):  # it may have quit
                for piece in rubbish:
                    vandal.send(piece)
                end(vandal)
            vandal.close()
            self.watcher.wait_until_gone(vandal.address, PAIR)
        own = (f"{vandal.address}: ", f" ** {vandal.address} ")
        assert [line for line in pair.heard if not line.startswith(own)] == []


TestClientsAndVandals = case_of(ClientsAndVandals, examples=40, steps=100)
