"""A long way to a server on this machine: a proxy that delivers everything later, in a process of its own.

    python -m tests.slow_line PORT TARGET SECONDS

Half of SECONDS is added there, and half back. It prints a line when it listens.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 256 * 1024  # bytes


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
    """Carry bytes one way, each `seconds` later than it came."""
    loop = asyncio.get_running_loop()
    under_way = asyncio.Queue[tuple[float, bytes]]()

    async def deliver() -> None:
        while True:
            due, data = await under_way.get()
            await asyncio.sleep(due - loop.time())
            if not data:
                writer.close()
                return
            writer.write(data)

    arriving = asyncio.create_task(deliver())
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK):
            under_way.put_nowait((loop.time() + seconds, data))
    under_way.put_nowait((loop.time() + seconds, b""))
    await arriving


async def _serve(port: int, target: int, seconds: float) -> None:
    async def connect(near_in: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far_in, far_out = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_carry(near_in, far_out, seconds / 2), _carry(far_in, near_out, seconds / 2))

    server = await asyncio.start_server(connect, "127.0.0.1", port)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await server.serve_forever()


@contextmanager
def slow_line(port: int, target: int, seconds: float) -> Iterator[None]:
    """Run the proxy from `port` to `target` until the end of the block."""
    command = [sys.executable, "-m", "tests.slow_line", str(port), str(target), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            process.kill()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
