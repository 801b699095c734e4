"""How a program is asked to end: by Ctrl-C, by SIGTERM, or by a terminal that closes."""

import signal
from collections.abc import Callable


def asked() -> tuple[signal.Signals, ...]:
    """The signals that ask for the end; a hang-up is none where nohup had it ignored."""
    told = (signal.SIGINT, signal.SIGTERM)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return told
    return (*told, signal.SIGHUP)


def on_end(do: Callable[[], object]) -> None:
    """Call `do` whenever the program is asked to end."""
    for number in asked():
        signal.signal(number, lambda *_: do())


def interrupt_once() -> None:
    """Raise KeyboardInterrupt when the program is asked to end; what comes after is ignored.

    Stopping a database, or dropping one, must not be cut short by a second, impatient Ctrl-C.
    """
    numbers = asked()

    def end(_number: int, _frame: object) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, end)
