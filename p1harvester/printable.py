"""What comes from outside, made fit for a terminal and the journal."""


def printable(text: str) -> str:
    """The text with whatever would steer a terminal, break a line or turn its direction written as an escape.

    Servers, meters, file names and the environment give the words of many messages: none may forge a line of ours.
    """
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else _escaped(each) for each in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
