"""Read the parts of a .docx file: XML in a zip archive, linked by relationships (ECMA-376 parts 1, 2)."""

from io import BytesIO
from posixpath import dirname, join, normpath
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812  it is an exception

from lxml.etree import XMLParser, XMLSyntaxError, _Element, fromstring

from newsletter.compose.word.xml import attribute
from newsletter.pictures.prepare import LARGEST as LARGEST_PICTURE

_NO_MEMORY = 2
"""libxml2's code of a parse that ran out of memory (XML_ERR_NO_MEMORY)."""
LARGEST = 100_000_000
"""Bytes a part may unpack to."""
_DAMAGED = (BadZipFile, ZlibError, EOFError, NotImplementedError, RuntimeError, OSError, ValueError)
"""What a damaged archive raises: ValueError where it says that a part begins before the file does."""


class DamagedError(Exception):
    """The file is not a Word document, or a part of it cannot be read."""


class Package:
    """An open document."""

    def __init__(self, data: bytes) -> None:
        try:
            self._archive = ZipFile(BytesIO(data))
        except _DAMAGED as error:
            raise DamagedError from error
        self.main = next((target for kind, target in self.related("") if kind == "officeDocument"), "")
        if not self.main.startswith("word/"):
            raise DamagedError
        self.names = frozenset(self._archive.namelist())

    def related(self, part: str) -> list[tuple[str, str]]:
        """Return type and path of each part that `part` has a relationship to."""
        return [
            (str(attribute(one, "Type")).rpartition("/")[2], self._path(part, str(attribute(one, "Target"))))
            for one in self._relations(part)
            if attribute(one, "TargetMode") != "External"
        ]

    def addresses(self, part: str) -> dict[str, str]:
        """Return the URLs of the external relationships of `part`, by id."""
        return {
            str(attribute(one, "Id")): str(attribute(one, "Target"))
            for one in self._relations(part)
            if attribute(one, "TargetMode") == "External"
        }

    def read(self, path: str) -> _Element | None:
        """Parse the part `path` and return its root; None if there is no such part. Raises DamagedError."""
        try:
            if self._archive.getinfo(path).file_size > LARGEST:
                raise MemoryError
            data = self._archive.read(path)
        except KeyError:
            return None
        except _DAMAGED as error:
            raise DamagedError from error
        parser = XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
        try:
            return fromstring(data, parser)
        except XMLSyntaxError as error:
            if getattr(error, "code", None) == _NO_MEMORY:
                raise MemoryError from error
            raise DamagedError from error

    def targets(self, part: str) -> dict[str, str]:
        """Return the paths of the parts that `part` has a relationship to, by id."""
        return {
            str(attribute(one, "Id")): self._path(part, str(attribute(one, "Target")))
            for one in self._relations(part)
            if attribute(one, "TargetMode") != "External"
        }

    def content(self, path: str) -> bytes | None:
        """Return the content of a picture's part; None when there is none, or it cannot be read."""
        try:
            if self._archive.getinfo(path).file_size > LARGEST_PICTURE:
                return None
            return self._archive.read(path)
        except (KeyError, *_DAMAGED):
            return None

    def path(self, kind: str) -> str:
        """Return the path of the document's part of the type `kind`, such as `styles`."""
        return next((target for one, target in self.related(self.main) if one == kind), "")

    def part(self, kind: str) -> _Element | None:
        """Parse the document's part of the type `kind`. Raises DamagedError."""
        return self.read(self.path(kind))

    def _relations(self, part: str) -> list[_Element]:
        name = f"{dirname(part)}/_rels/{part.rpartition('/')[2]}.rels".lstrip("/")
        root = self.read(name)
        return list(root) if root is not None else []

    @staticmethod
    def _path(part: str, target: str) -> str:
        return normpath(target.lstrip("/") if target.startswith("/") else join(dirname(part), target))
