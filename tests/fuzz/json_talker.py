"""A client of an example that speaks JSON, and compares ids as well."""

import json
import re
from collections import deque
from typing import Any

from tests.blackbox.connection import Connection
from tests.fuzz.model import Client, Line
from tests.fuzz.talker import Ids, Talker
from tests.json_schema import check_sent


class JsonTalker(Talker):
    """A client that speaks JSON."""

    def __init__(self, client: Client, connection: Connection, end: str, is_terse: bool) -> None:
        super().__init__(client, connection, end, is_terse)
        self._last_ref = 0
        self._open_refs = deque[int]()
        """Those to which no answer has come yet."""
        self._last_ids: dict[str, int] = {}
        """By the name of the room."""
        self._saw_all = True
        """It was to be shown all that happens in its room, when it was compared last."""
        self._follows = False
        """It was shown all that has happened there since the last id of it."""

    def begin(self) -> None:
        self.type_line("/json")
        self.arrive()

    def typed(self, command: str, *arguments: str) -> bytes:
        match command, *arguments:
            case "say", text:
                return self._request(text=re.sub("^//", "/", text))
            case "me", text:
                return self._request(text=text, kind="action")
            case "msg", name, text:
                return self._request(text=text, to=name)
        return super().typed(command, *arguments)

    def typed_command(self, line: str) -> bytes:
        return self._request(command=line)

    def _request(self, **fields: str) -> bytes:
        self._last_ref += 1
        self._open_refs.append(self._last_ref)
        return self._encode(json.dumps({**fields, "ref": self._last_ref}))

    def _read(self, shown: str) -> list[Line]:
        fields: dict[str, Any] = json.loads(shown)
        check_sent(fields)
        kind = "again" if fields.get("again") else fields["kind"]
        # But for the answer to `/json`, which is typed.
        answers = kind in ("answer", "again") and fields.get("answer") != "json"
        if "ref" in fields or answers:
            assert fields.get("ref") == self._open_refs[0], f"answers another one: {fields}"
        if "ref" in fields and kind in ("ok", "error"):
            self._open_refs.popleft()
        room, number = "" if kind == "answer" else fields.get("room", ""), fields.get("id", 0)
        lines = _as_shown(fields).split("\n")
        return [Line(kind, line, room, id=number) for line in lines]

    def compare(self, ids: Ids) -> None:
        super().compare(ids)
        self._saw_all = self._sees_all
        self._follows = self._follows and self._sees_all

    def compare_but_presence(self, ids: Ids) -> None:
        self._saw_all = self._follows = False
        super().compare_but_presence(ids)

    def _pass_presence(self, line: Line) -> None:
        self._pass(line, line.room)

    def _compare_id(self, line: Line, expected: Line, ids: Ids) -> None:
        if not expected.room:
            assert line.id == 0, f"{line} has an id"
            return
        assert line.room == expected.room, f"{line} is not of #{expected.room}"
        if expected.enters:
            self._enter(line, expected.room, ids)
            return
        if expected.kind != "again":
            self._pass(line, expected.room)
        said = ids.setdefault((expected.room, line.id), expected.text)
        assert said == expected.text, f"{line} has the id of {said!r}"

    def _enter(self, line: Line, room: str, ids: Ids) -> None:
        """It has come into `room` behind the last message of it that there is.

        What it is told next there shows that this was the last one: see _pass.
        """
        known = max((number for name, number in ids if name == room), default=0)
        assert line.id >= known, f"{line} is not behind what was said in #{room}"
        self._last_ids[room] = line.id
        self._follows = self._sees_all and self._saw_all

    def _pass(self, line: Line, room: str) -> None:
        """It is told what happens in `room`: all of it, unless it wants less."""
        last = self._last_ids.get(room, 0)
        assert line.id > last, f"{line} has an old id"
        if self._follows and self._sees_all:
            assert line.id == last + 1, f"{line} does not follow message {last} of #{room}"
        self._last_ids[room] = line.id
        self._follows = self._sees_all and self._saw_all

    @property
    def _sees_all(self) -> bool:
        """It is to be shown all that others do in its room; what it does itself has an `ok`."""
        return self.client.presence and not self.client.ignored


def _as_shown(fields: dict[str, Any]) -> str:
    """How a person sees the same."""
    match fields["kind"]:
        case "ok":
            return ""
        case "say":
            return f"{fields['name']}: {fields['text']}"
        case "action":
            return f" ** {fields['name']} {fields['text']}"
        case "private":
            return f"{fields['name']} -> {fields['to']}: {fields['text']}"
    text: str = fields["text"]
    return "\n".join(f" * {line}" for line in text.split("\n"))
