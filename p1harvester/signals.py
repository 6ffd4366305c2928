"""Signals that end a run: a reading that is in hand is kept first. And the one by which waiting ends."""

import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from p1harvester.errors import P1Error, Spooled

ENDING = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM)
"""A terminal that is closed, its two keys, and systemd or a shutdown."""

log = logging.getLogger(__name__)


@contextmanager
def kept_first(keep: Callable[[str], P1Error]) -> Iterator[None]:
    """Within, a signal calls `keep` with the reason, then ends the process: as Spooled, or else as the signal does.

    `keep` is called wherever the program happens to be: an exception might be lost on its way from there.
    """

    def end(number: int, _: object) -> None:
        _handle(signal.SIG_IGN)
        # What is given up must not ring any more.
        signal.alarm(0)
        outcome = keep(f"no answer before {signal.Signals(number).name} ended the run")
        log.error(outcome)
        if isinstance(outcome, Spooled):
            os._exit(outcome.status)
        _end_by(number)

    with _handled(end):
        yield


@contextmanager
def ignored() -> Iterator[None]:
    """Within, no signal ends the run: it is short and must be finished."""
    with _handled(signal.SIG_IGN):
        yield


@contextmanager
def held_back() -> Iterator[None]:
    """Within, a signal that would end the run waits: half a module is of no use to whom it calls."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def alarm(seconds: int, spent: float = 0) -> Iterator[None]:
    """Raise TimeoutError after so many seconds, some of which may be spent.

    A driver may wait for ever for a server that has stopped talking.
    """

    def ring(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, max(seconds - spent, 0.001))
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _handled(handler: Any) -> Iterator[None]:
    before = _handle(handler)
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)


def _handle(handler: Any) -> dict[int, Any]:
    """Give the signals this handler, but those that whoever started the run has it ignore; return what they had."""
    heard = [number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN]
    return {number: signal.signal(number, handler) for number in heard}


def _end_by(number: int) -> NoReturn:
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    # The first process of a container is immune.
    os._exit(128 + number)
