"""What commands do in the model: each one a method, called like it.

What is in the way of it is raised as Refused, with a part of what the server says then. A
method returns the line that the room sees, if there is one.
"""

from tests.fuzz.model import LOBBY, Chat, Client, Line, Room, Said, key, listing


class Refused(Exception):
    """A command is not carried out."""


class Commands(Chat):
    """A chat, and what can be done in it. To say something in the room is a command `say` here."""

    def do(self, client: Client, command: str, *arguments: str) -> None:
        """`client` types a command."""
        room = client.room
        try:
            seen: Line | None = getattr(self, command)(client, *arguments)
        except Refused as refused:
            self.refuse(client, str(refused))
        else:
            if client.kind == "json":
                here = client.room.name
                entered = Line("ok", "", here, enters=True) if client.room is not room else None
                client.lines.append(seen._replace(kind="ok") if seen else entered or Line("ok", ""))

    # Talking

    def say(self, client: Client, text: str) -> Line:
        client.only_talks = client.kind == "program"
        return self._speak(client, Line("say", f"{client.name}: {text}", client.room.name), text)

    def me(self, client: Client, text: str) -> Line:
        line = Line("action", f" ** {client.name} {text}", client.room.name)
        return self._speak(client, line, text)

    def _speak(self, client: Client, line: Line, text: str) -> Line:
        if client.away is not None:
            client.away = None
            self.confirm(client, "You are no longer away")
        client.room.said.append(Said(client, client.name, line.text, len(text)))
        self.tell_room(client, line)
        return line

    def msg(self, client: Client, name: str, text: str) -> None:
        self._tell_one(client, self._called(name), text)

    def reply(self, client: Client, text: str) -> None:
        if client.correspondent is None:
            raise Refused("You have no direct message to reply to")
        if not client.correspondent.here:
            raise Refused("The sender of your last direct message has left")
        self._tell_one(client, client.correspondent, text)

    def _tell_one(self, client: Client, other: Client, text: str) -> None:
        if other is client:
            raise Refused("You cannot send a direct message to yourself")
        if self.hides(client, other, other.name):
            raise Refused(f"You ignore {other.name}")
        if self.hides(other, client, client.name):
            raise Refused(f"{other.name} ignores you; not sent")
        line = Line("private", f"{client.name} -> {other.name}: {text}")
        other.lines.append(line)
        other.correspondent = client
        if client.notices:
            client.lines.append(line)
        if other.away is not None and client.number not in other.told:
            other.told.add(client.number)
            self.confirm(client, f"{other.name} is {_away(other)}")

    # People

    def nick(self, client: Client, name: str) -> None:
        if (self.holder(name) or client) is not client:
            raise Refused(f"The name {name} is taken")
        before, client.name = client.name, name
        self.followed.get(key(name), set()).add(client.number)
        if client.is_person:
            client.room.names_seen.add(name)
            if name != before:
                told = f" * {before} is now {name}"
                self.tell_room(client, Line("notice", told, client.room.name))
        self.confirm(client, f"You are now {name}")

    def whois(self, client: Client, name: str) -> None:
        person = self._called(name)
        self.tell_part(client, f" * {person.name}: in #{person.room.name}, here since ")
        if person.away is not None and not self.hides(client, person, person.name):
            self.tell(client, f"{person.name} is {_away(person)}")

    def away(self, client: Client, text: str = "") -> None:
        if not text:
            if client.away is None:
                raise Refused("You are not away; /away TEXT tells others that you are")
            client.away = None
            self.confirm(client, "You are no longer away")
            return
        client.away, client.told = text, set()
        self.confirm(client, "You are away; /away or a message to the room ends that")

    def _called(self, name: str) -> Client:
        person = self.holder(name)
        if person is None:
            raise Refused(f"Nobody here is called {name}")
        return person

    # Rooms

    def join(self, client: Client, typed: str) -> None:
        name = typed.removeprefix("#").lower()
        if name == client.room.name:
            raise Refused(f"You are in #{name} already")
        self.move(client, self.rooms.setdefault(name, Room(name)))

    def leave(self, client: Client) -> None:
        if client.room.name == LOBBY:
            raise Refused(f"You are in #{LOBBY} already; /quit leaves the chat")
        self.join(client, LOBBY)

    def topic(self, client: Client, text: str = "") -> Line | None:
        room = client.room
        if not text:
            shown = self.topic_for(client, room)
            self.tell(client, f"Topic: {shown}" if shown else f"#{room.name} has no topic")
            return None
        room.topic, room.topic_by = ("", None) if text == "-" else (text, (client, client.name))
        what = f"set the topic: {text}" if room.topic else "cleared the topic"
        line = Line("notice", f" * {client.name} {what}", room.name)
        self.tell_room(client, line)
        self.confirm(client, f"You {what}")
        return line

    def who(self, client: Client, typed: str = "") -> None:
        name = typed.removeprefix("#").lower() or client.room.name
        if name not in self.rooms:
            raise Refused("There is no room")
        names = sorted(_marked(each) for each in self.rooms[name].clients)
        here = f", {len(names)} here: {listing(names)}" if names else " is empty"
        self.tell(client, f"#{name}{here}")

    def history(self, client: Client, count: str) -> None:
        said = client.room.said[-int(count) :]
        few = "The last message" if len(said) == 1 else f"The last {len(said)} messages"
        ignoring = " (ignored users left out)" if client.ignored else ""
        some = f"{few} in #{client.room.name}{ignoring}:"
        self.tell(client, some if said else f"No messages in #{client.room.name} yet")
        self.show_again(client, said)

    # Peace

    def ignore(self, client: Client, name: str = "") -> None:
        if not name:
            names = ", ".join(sorted(client.ignored.values()))
            self.tell(client, f"You ignore {names or 'nobody'}")
            return
        person = self.holder(name)
        if person is client:
            raise Refused("You cannot ignore yourself")
        name = person.name if person else name
        client.ignored[key(name)] = name
        numbers = self.followed.setdefault(key(name), set())
        if person:
            numbers.add(person.number)
        absent = "" if person else " (nobody here has that name now)"
        self.confirm(client, f"You now ignore {name}{absent}")

    def unignore(self, client: Client, name: str) -> None:
        found, holder = key(name), self.holder(name)
        if found not in client.ignored and holder:
            hiding = [each for each in client.ignored if holder.number in self.followed[each]]
            found = hiding[0] if hiding else found
        if found not in client.ignored:
            raise Refused("You do not ignore that name")
        spelled = client.ignored.pop(found)
        self.forget_followed()
        self.confirm(client, f"You no longer ignore {spelled}")

    def quiet(self, client: Client, state: str) -> None:
        how = "hidden; /quiet off shows them" if state == "on" else "shown; /quiet on hides them"
        self.confirm(client, f"Joins and leaves are {how}")
        client.presence = state == "off"
        client.notices = client.notices or client.presence


def _marked(person: Client) -> str:
    return person.name if person.away is None else f"{person.name} (away)"


def _away(person: Client) -> str:
    return f"away: {person.away}" if person.away else "away"
