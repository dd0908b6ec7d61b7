"""A parser of options, each of which may be set in the environment as well."""

import argparse
import os
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

from gchat import __version__
from gchat.config import values

DESCRIPTION = """\
A chat server that anyone joins with nothing but nc:

    nc HOST 7878

Everybody in a room sees what anyone there types. /help lists the commands."""

EPILOG = """\
`gchat export FILE` prints the messages of a history file, `gchat check FILE`
tests whether the file is sound; both have a --help of their own.

Every option can be set as an environment variable, too: GCHAT_PORT=9000 is the
same as --port 9000. The command line wins.

All users of this machine can read a command line: give a password as
GCHAT_PASSWORD or in a file instead. For the operators' password there is no
other way: set GCHAT_OP_PASSWORD, or use a file.

SIGHUP reads the password files, the motd file and the certificate again. Ctrl-C
or SIGTERM stops the server: clients are told, and still get all messages sent
before. A second one stops it at once."""

OF_KUBERNETES = (
    " (Kubernetes sets this for a service called gchat: give the service another name, or set "
    "enableServiceLinks: false in the pod)"
)
"""Why GCHAT_PORT may be `tcp://10.0.0.1:7878`."""


AnyOptions = TypeVar("AnyOptions", bound=argparse.Namespace)


class Group:
    """A titled group of options; each takes its default from its environment variable, if set."""

    def __init__(self, parser: "Parser", title: str) -> None:
        self._parser = parser
        self._group = parser.add_argument_group(title)

    def add_option(
        self, name: str, default: Any, text: str, metavar: str, kind: Callable[[str], Any]
    ) -> None:
        """Add an option that takes one value."""
        default = self._parser.from_environment(name, default, kind)
        self._group.add_argument(
            f"--{name}", default=default, help=text, metavar=metavar, type=kind
        )

    def add_list(
        self, name: str, text: str, metavar: str, kind: Callable[[str], tuple[Any, ...]]
    ) -> None:
        """Add an option that takes several values, and may be given more than once."""
        default = self._parser.from_environment(name, (), kind)
        self._group.add_argument(
            f"--{name}", default=default, help=text, metavar=metavar, type=kind, action=_Gather
        )

    def add_switch(self, name: str, text: str) -> None:
        """Add an option without a value, which is off by default."""
        default = self._parser.from_environment(name, False, values.yes_or_no)
        self._group.add_argument(f"--{name}", default=default, help=text, action="store_true")


class _Gather(argparse.Action):
    """Adds up the values of an option that is given more than once; they replace the default."""

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        _option: str | None = None,
    ) -> None:
        """Add `values`, unless it is a mistake, which `parse` finds."""
        before = getattr(namespace, self.dest)
        is_first = before is self.default or values == []
        setattr(namespace, self.dest, values if is_first else before + values)


class Parser(argparse.ArgumentParser):
    """Reads options from the command line and the environment, and reports errors in one line."""

    def __init__(self) -> None:
        super().__init__(
            prog="gchat",
            usage="%(prog)s [OPTION]...\n       %(prog)s export|check FILE",
            description=DESCRIPTION,
            epilog=EPILOG,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            add_help=False,
        )
        self.add_argument("-h", "--help", action="help", help="show this help and exit")
        self.add_argument(
            "--version",
            action="version",
            version=f"gchat {__version__}",
            help="show the version and exit",
        )

    def group(self, title: str) -> Group:
        """A titled group, which is to get options."""
        return Group(self, title)

    def read(self, arguments: Sequence[str] | None, options: AnyOptions) -> AnyOptions:
        """Parse the command line, by default the program's own, into `options`."""
        self.parse_args(arguments, options)
        for name, value in vars(options).items():
            if value == []:  # what argparse up to Python 3.12 makes of `--port=--`
                self.error(f"argument --{name.replace('_', '-')}: expected one argument")
        return options

    def error(self, message: str) -> NoReturn:
        """Exit with one line, where argparse would print the whole usage before it."""
        self.exit(2, f"{self.prog}: {message}; --help lists the options\n")

    def from_environment(self, name: str, default: Any, kind: Callable[[str], Any]) -> Any:
        """Return the value of the option's environment variable, or `default` if it is not set."""
        variable = _variable(name)
        if variable not in os.environ:
            return default
        try:
            return kind(os.environ[variable])
        except argparse.ArgumentTypeError as error:
            why = OF_KUBERNETES if os.environ[variable].startswith("tcp://") else ""
            self.error(f"environment variable {variable}: {error}{why}")


def source(name: str) -> str:
    """The environment variable or the option that has set `name`."""
    variable = _variable(name)
    return variable if variable in os.environ else f"--{name}"


def _variable(name: str) -> str:
    return f"GCHAT_{field(name).upper()}"


def field(name: str) -> str:
    """The attribute that the option is read into."""
    return name.replace("-", "_")
