"""Remember the first line of each address of a list, in 24 to 48 bytes an address instead of a dict's 110."""

from array import array

_START = 1 << 12
_BITS = (1 << 64) - 1
"""That two of a million addresses agree in 64 bits has a probability of 3 in 100 million."""


class FirstLines:
    """A hash table with open addressing: hashes in one array, 0 where there is none, lines in another."""

    def __init__(self) -> None:
        self._hashes, self._lines = _arrays(_START)
        self._room = _START // 2

    def add(self, address: str, line: int) -> int:
        """Return the line on which `address` was added first, which is `line` if that is now."""
        code = hash(address) & _BITS or 1
        place = self._place(code)
        if self._hashes[place]:
            return self._lines[place]
        self._hashes[place], self._lines[place] = code, line
        self._room -= 1
        if not self._room:
            self._grow()
        return line

    def _place(self, code: int) -> int:
        """Return where a hash is, or the empty place where it belongs."""
        hashes = self._hashes
        last = len(hashes) - 1
        place = code & last
        while (there := hashes[place]) and there != code:
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        """Double the table, which stays at most half full, so that nearly every place is found at once."""
        hashes, lines = self._hashes, self._lines
        self._hashes, self._lines = _arrays(2 * len(hashes))
        self._room = len(hashes) // 2
        for code, line in zip(hashes, lines, strict=True):
            if code:
                place = self._place(code)
                self._hashes[place], self._lines[place] = code, line


def _arrays(size: int) -> "tuple[array[int], array[int]]":
    return array("Q", bytes(8 * size)), array("I", bytes(4 * size))
