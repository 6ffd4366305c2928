"""Why a run heard no telegram, in a sentence."""

from p1harvester.listen import Cause, Heard
from p1harvester.network import ONE_CLIENT

_WHY = {
    Cause.EMPTY: "no telegram: not a single byte is in {name}",
    Cause.SILENCE: "no telegram: not a single byte came from {name}; is the cable in the meter's P1 port, and has the"
    " grid operator switched that port on?",
    Cause.UNKEYED: "the telegrams from {name} are encrypted: set P1_KEY to the key that the grid operator gives",
    Cause.WRONG_KEY: "the telegrams from {name} are encrypted, and P1_KEY does not open them: is it mistyped, or"
    " another meter's?",
    Cause.NEEDLESS_KEY: "nothing that comes from {name} is encrypted: take P1_KEY away",
    Cause.INVERTED: "no telegram: what comes from {name} is text when every bit is inverted; use a P1 cable, or an"
    " inverter in the data line",
    Cause.DAMAGED: "no valid telegram from {name}: there came {passed_over}; if this stays so, try another cable or a"
    " shorter one",
    Cause.NONSENSE: "no valid telegram from {name}: one came whole, but {nonsense}",
    Cause.UNCONFIRMED: "no telegram from {name} can be trusted: without a CRC one counts only where a second confirms"
    " it, and in {seconds:.0f} s there came {telegrams}; try a longer --timeout (P1_TIMEOUT, 35 at most), or another"
    " cable",
    Cause.CUT_OFF: "no valid telegram from {name}: there came {passed_over}; if this stays so, try a longer --timeout,"
    " or another cable",
    Cause.NOISE: "no telegram: the {received} bytes from {name} are noise, no telegram begins in them; is this the"
    " meter's port, and is P1_BAUD right (auto finds out)?",
}

_OVER_A_NETWORK = {
    Cause.SILENCE: "no telegram: {name} let us in, and sent not a single byte; is it in the meter's P1 port, and has"
    f" the grid operator switched that port on? {ONE_CLIENT}",
    Cause.DAMAGED: "no valid telegram from {name}: there came {passed_over}; is the reader set to the meter's speed,"
    " and its own cable short?",
    Cause.UNCONFIRMED: "no telegram from {name} can be trusted: without a CRC one counts only where a second confirms"
    " it, and in {seconds:.0f} s there came {telegrams}; try a longer --timeout (P1_TIMEOUT, 35 at most)",
    Cause.CUT_OFF: "no valid telegram from {name}: there came {passed_over}; if this stays so, try a longer --timeout;"
    f" {ONE_CLIENT}",
    Cause.NOISE: "no telegram: the {received} bytes from {name} are noise, no telegram begins in them; is the reader"
    " set to the meter's speed, 115200 baud, or 9600 for DSMR 2.2 and 3.0?",
    Cause.INVERTED: "no telegram: what comes from {name} is text when every bit is inverted; the reader needs an"
    " inverter in its data line",
}
"""What differs where the adapter is another machine's."""


def why_none(heard: Heard) -> str:
    """Why there is no telegram."""
    if heard.port.saved and heard.cause is Cause.UNCONFIRMED:
        return f"the telegram in {heard.port.name} has no CRC, and its lines show that it is damaged: save another one"
    words = _WHY | (_OVER_A_NETWORK if heard.port.network else {})
    return words[heard.cause].format(
        name=heard.port.name,
        received=heard.received,
        seconds=heard.seconds,
        telegrams=len(heard.telegrams),
        passed_over=heard.passed_over,
        nonsense=heard.nonsense,
    )
