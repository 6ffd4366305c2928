"""The command `p1harvester`: words in, a sentence and an exit status out."""

import argparse
import atexit
import gc
import logging
import os
import signal
import sys
from contextlib import nullcontext, suppress
from functools import partial
from typing import NoReturn

from p1harvester import __version__, output
from p1harvester.errors import P1Error
from p1harvester.printable import printable
from p1harvester.settings import Settings, load

_SETTINGS = "settings: flag > environment > env file (--env-file, ./.env or /etc/p1harvester.env) > default"
_RUN = f"""{_SETTINGS}

examples:
  p1harvester check                                    what is wrong, and what mends it
  p1harvester                                          read one telegram, store one row
  p1harvester --port telegram.txt --dsn sqlite:///x.db store a saved telegram
  p1harvester read                                     show what the meter says, store nothing
"""
_READ = """examples:
  p1harvester read                                     every value with its name and unit
  p1harvester read --json | jq .net_use                one of them, for a script
  p1harvester read --raw > telegram.txt                keep the telegram; it has your meters' numbers in it
"""
_CHECK = """exit status: 0 if all is well, else 1

examples:
  p1harvester check                                    every step, from the settings to the timer
  p1harvester check -q                                 only what is not well
  p1harvester check --port /dev/ttyUSB1 --timeout 35   try another port, and longer
"""
_SETUP = """examples:
  p1harvester setup                                    after installing, and after an upgrade
  p1harvester setup -v                                 show the statements that change the table
"""

EX_SOFTWARE = 70
"""The exit status of a fault of the program itself (sysexits.h)."""
EX_IOERR = 74
"""The exit status of a command whose output could not be written (sysexits.h)."""


def main() -> NoReturn:
    """Run the command and exit with its status."""
    # Readings are private: what we create, nobody else may read.
    os.umask(0o077)
    # A run leaves no garbage worth looking for, neither on its way nor at its end.
    gc.disable()
    atexit.register(gc.freeze)
    _take_signals()
    output.open_standard_streams()
    arguments = _parser().parse_args()
    output.configure(arguments.verbose, arguments.quiet)
    try:
        status = _COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except P1Error as error:
        logging.getLogger(__name__).error(error)  # noqa: TRY400 -- a sentence, never a traceback
        sys.exit(error.status)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        output.give_up()
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 -- said in a sentence
        sys.exit(_unforeseen(error, arguments.verbose))
    sys.exit(status)


def _take_signals() -> None:
    """Let Ctrl-C end the run at once, as any other signal does, unless whoever started the run has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _unforeseen(error: Exception, verbose: bool) -> int:
    """Say what went wrong, be it our output's fault or ours; return the exit status."""
    log = logging.getLogger(__name__)
    # Databases and ports raise their own; where a file is at fault, its name is in the error.
    if isinstance(error, OSError) and error.errno in output.UNWRITABLE and not error.filename:
        output.give_up()
        log.error(f"standard output cannot be written: {error.strerror}")
        return EX_IOERR
    log.error(_own_fault(error), exc_info=verbose)
    return EX_SOFTWARE


def _own_fault(error: Exception) -> str:
    from importlib.metadata import PackageNotFoundError, version
    from platform import python_version

    versions = [f"p1harvester {__version__}", f"Python {python_version()}"]
    with suppress(PackageNotFoundError):
        versions.append(f"SQLAlchemy {version('SQLAlchemy')}")
    hint = "please report it with what -v shows"
    return f"a fault of the program itself, {type(error).__name__}: {error} ({', '.join(versions)}); {hint}"


# To ask how wide the terminal is argparse imports shutil, and all that compresses, at each argument it is told of.
_form = partial(argparse.RawDescriptionHelpFormatter, width=78)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        super().error(printable(message))


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS, formatter_class=_form)
    common.add_argument("--env-file", metavar="FILE", help="read the settings from FILE")
    common.add_argument("--port", metavar="PORT", help="tty, socket://host:port, file, - or auto (P1_PORT)")
    common.add_argument("--dsn", metavar="URL", help="the database (P1_DSN)")
    common.add_argument("--timeout", metavar="SECONDS", help="how long to wait for a telegram (P1_TIMEOUT)")
    common.add_argument("-q", "--quiet", action="store_true", help="say nothing unless something is wrong")
    common.add_argument("-v", "--verbose", action="store_true", help="say what is being done")
    common.add_argument("--version", action="version", version=f"p1harvester {__version__}")
    parser = _Parser(
        prog="p1harvester",
        description="Read one telegram from a smart meter's P1 port, store one row in a SQL database, exit.",
        epilog=_RUN,
        formatter_class=_form,
        parents=[common],
    )
    parser.set_defaults(command=None, quiet=False, verbose=False)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands (none: read and store)")

    def add(name: str, does: str, examples: str) -> argparse.ArgumentParser:
        description = f"{does[0].upper()}{does[1:]}."
        return commands.add_parser(
            name, parents=[common], help=does, description=description, epilog=examples, formatter_class=_form
        )

    reading = add("read", "show one telegram, store nothing", _READ)
    form = reading.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object; its keys are the table's columns")
    form.add_argument("--raw", action="store_true", help="the telegram's bytes as they came")
    add("check", "find what is wrong between meter and database, and what mends it; store nothing", _CHECK)
    add("setup", "create or upgrade the table and its views", _SETUP)
    return parser


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = load(vars(arguments), os.environ)
    for warning in settings.warnings:
        logging.getLogger(__name__).warning(warning)
    return settings


def _harvest(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from p1harvester.harvest import harvest

    sentence = harvest(settings)
    if arguments.verbose or output.is_watched(arguments.quiet):
        try:
            print(printable(sentence), flush=True)
        except OSError:
            # The reading is stored, whether or not that can be said.
            output.give_up()
    return 0


def _read(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from p1harvester.harvest import read
    from p1harvester.report import as_json, as_table

    telegram, reading = read(settings)
    if arguments.raw and sys.stdout.isatty():
        print(*(printable(line.decode("latin-1")) for line in telegram.splitlines()), sep="\n")
    elif arguments.raw:
        sys.stdout.buffer.write(telegram)
    else:
        print(as_json(reading) if arguments.json else as_table(reading))
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from p1harvester.check import check

    return 0 if check(vars(arguments), os.environ, arguments.quiet) else 1


def _setup(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    from p1harvester.store import SETUP_TIMEOUT, Store

    database = Store(settings.dsn, settings.password, SETUP_TIMEOUT)
    doing = nullcontext if arguments.quiet else output.alive
    statements = database.set_up(doing)
    for statement in statements if arguments.verbose else ():
        print(statement)
    if not arguments.quiet:
        print(printable(f"{database}: p1_readouts {'was brought' if statements else 'is'} up to date"))
    renewed = database.set_up_views(doing)
    if not arguments.quiet:
        print(printable(f"{database}: its views {'were made' if renewed else 'are up to date'}"))
    return 0


_COMMANDS = {None: _harvest, "read": _read, "check": _check, "setup": _setup}
