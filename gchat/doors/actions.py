"""What a client does, in whatever dialect it asks for it: say something, run a command."""

import logging
from collections.abc import Callable
from typing import TypeVar

from gchat import commands
from gchat.commands import Refused
from gchat.doors.waits import Waits
from gchat.hub.client import Client, Dismissed
from gchat.hub.hub import Hub, Speaker
from gchat.model.message import Ref
from gchat.protocol.voices import voice_of

What = TypeVar("What")

log = logging.getLogger(__name__)


class Actions:
    """The acts of one client; each waits for what it has to (see Waits)."""

    __slots__ = ("_refusals", "client", "hub", "waits")

    def __init__(self, hub: Hub, client: Client) -> None:
        self.hub = hub
        self.client = client
        self.waits = Waits(hub, client)
        self._refusals = 0

    def say(self, texts: list[str], speaker: Speaker | None = None) -> None:
        """Say `texts` in the client's room, as Hub.say. Raises Refused if it may not speak."""
        if texts:
            commands.check_may_speak(self.hub, self.client)
            self.hub.say(self.client, texts, speaker=speaker)

    def run(self, text: str) -> None:
        """Carry out the command in `text`. Raises Refused, or Dismissed for /quit."""
        self._carry_out(lambda: commands.read(text))

    def ask(self, verb: str, argument: str) -> None:
        """Do what `verb` says, which people cannot type. Raises Refused."""
        self._carry_out(lambda: (commands.REQUESTS[verb], argument))

    def _carry_out(self, read: Callable[[], tuple[commands.Command, str]]) -> None:
        """Carry out the command that `read` returns, with its arguments, or refuses."""
        self.waits.before_command()
        try:
            command, typed = read()
            self.waits.pay(command.cost - 1)
            if command.reads:
                self.waits.until_placed()
            with self.hub.command_gate.measured(self.client.owner):
                command.carry_out(self.hub, self.client, typed)
        except (Refused, Dismissed):
            raise
        except Exception as error:  # a mistake of ours: it costs this command, not the client
            self.hub.faults.report("cannot carry out a command of %s", self.client)
            raise Refused("Internal error; details are in the server's log", "an error") from error

    def attempt(self, do: Callable[[What], None], what: What) -> None:
        """Do it, or tell the client why it was refused."""
        try:
            do(what)
        except Refused as refused:
            self.refuse(str(refused), refused.what)

    def refuse(self, why: str, what: str, ref: Ref = None) -> None:
        """Tell the client `why` something was not done; programs and the log are told `what`."""
        voice = voice_of(self.client.display).answering(ref)
        self.hub.enqueue(self.client, voice.refusal(why, what))
        self._refusals += 1
        # A client that is refused again and again fills nobody's log.
        level = logging.INFO if self._refusals == 1 else logging.DEBUG
        log.log(level, "refuse %s: %s", self.client, what)
        self.waits.at_gate()
