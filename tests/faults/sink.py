"""A relay in a process of its own: it writes down whom it accepts, fails as told, and kills on order.

    python -m tests.faults.sink PORT LOG PACE [CHUNKING | LOCKSTEP] [EVENT:EVERY:ANSWER …]

The log gets a line (recipient, Message-ID) before each final 250. A message takes PACE seconds, so that, as
with a real relay, most of the time answers are awaited. With CHUNKING bodies may come by BDAT, with LOCKSTEP
nothing may be pipelined. An EVENT is MAIL, RCPT, DATA or `.`; each EVERYth gets ANSWER, as of tests.relay;
where EVERY ends in a plus sign, that one and all after it. An order is a line of standard input,
`PID EVENT COUNT DELAY`: end the process at the COUNTth EVENT from now,
before its answer, or DELAY seconds later; the event `accepted` comes after the line in the log and before the
250. The relay ends with its standard input.
"""

import asyncio
import os
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from tests.relay import Relay

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.IGNORECASE | re.MULTILINE)


class Order:
    """Ends a process when an event has come for the `count`th time."""

    def __init__(self, line: str) -> None:
        pid, self._event, count, delay = line.split()
        self._process = os.pidfd_open(int(pid))  # unlike a number, never another process's
        self._left, self._delay = int(count), float(delay)

    def see(self, event: str) -> None:
        """Count `event`, and strike when it is time."""
        self._left -= event == self._event
        if self._left == 0:
            self._left = -1
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._strike)
            else:
                self._strike()

    def _strike(self) -> None:
        signal.pidfd_send_signal(self._process, signal.SIGKILL)


class Log(list[tuple[str, str, bytes]]):
    """Keeps what is accepted in a file that outlives the process."""

    def __init__(self, path: Path, sink: "Sink") -> None:
        super().__init__()
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._sink = sink

    def append(self, message: tuple[str, str, bytes]) -> None:
        """Write one line for `message`, and let the sink know."""
        _, recipient, content = message
        found = _MESSAGE_ID.search(content)
        os.write(self._file, f"{recipient} {found[1].decode() if found else 'none'}\n".encode())
        self._sink.see("accepted")


class Sink:
    """What the relay answers, and what it was ordered to do."""

    def __init__(self, pace: float, faults: list[str]) -> None:
        self._pace = pace
        self._faults = [fault.split(":", 2) for fault in faults]
        self._seen: Counter[str] = Counter()
        self._order: Order | None = None

    def answer(self, event: str, _recipient: str) -> str | None:
        """Return the answer to an event when it is not the usual one."""
        if event == ".":
            time.sleep(self._pace)
        self.see(event)
        self._seen[event] += 1
        for verb, every, answer in self._faults:
            number, seen = int(every.removesuffix("+")), self._seen[event]
            if verb == event and (seen >= number if every.endswith("+") else seen % number == 0):
                return answer
        return None

    def see(self, event: str) -> None:
        """Carry out the order when its moment has come."""
        if self._order:
            self._order.see(event)

    def read(self) -> None:
        """Take the newest order from standard input; at its end, end."""
        lines = os.read(0, 4096).decode().splitlines()
        if lines:
            self._order = Order(lines[-1])
        else:
            asyncio.get_running_loop().stop()


async def listen(relay: Relay, sink: Sink) -> None:
    """Serve from now on."""
    await asyncio.start_server(relay.serve, "127.0.0.1", relay.port)
    asyncio.get_running_loop().add_reader(0, sink.read)
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    loop = asyncio.new_event_loop()
    port, log, pace, *faults = sys.argv[1:]
    sink = Sink(float(pace), [fault for fault in faults if ":" in fault])
    relay = Relay(
        answer=sink.answer,
        accepted=Log(Path(log), sink),
        port=int(port),
        chunking="CHUNKING" in faults,
        pipelining="LOCKSTEP" not in faults,
    )
    loop.run_until_complete(listen(relay, sink))
    loop.run_forever()
    os._exit(0)  # connections in the middle of a message end as in a crash
