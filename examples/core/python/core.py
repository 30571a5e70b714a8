"""The core as a host sees it: the instance, its memory, and the numbers that the binary exports."""

import ctypes
import struct
from pathlib import Path

from wasmtime import Engine, Func, FuncType, Global, Instance, Memory, Module, Store, ValType

DIST = Path(__file__).parents[3] / "dist"


class Core:
    """The one participant of a core without threads: wasmtime's Python shares no memory with a module yet."""

    def __init__(self, mebibytes: int, binary: str):
        self._store = Store(Engine())
        module = Module.from_file(self._store.engine, str(DIST / binary))
        # The small core keeps no log, and imports nothing.
        held_back = [Func(self._store, FuncType([ValType.f64()] * 3, []), _held_back)] if module.imports else []
        instance = Instance(self._store, module, held_back)
        self._exports = instance.exports(self._store)
        if not self.call("initCore", mebibytes, 2) or not self.call("joinCore", 0, 1):
            raise MemoryError(f"{mebibytes} MiB are not to be had, or too few")
        # It has grown for the last time: where it lies stays the same from now on.
        self.memory = self._view()
        self._page = self.call("participantAddress")
        self.scratch = self.result("RESULT_SCRATCH")
        self.read_at = self.result("RESULT_READ_OFFSET")
        self.read_length = self.result("RESULT_READ_LENGTH")

    def number(self, name: str) -> int:
        """A number that both sides share, as the binary has it."""
        exported = self._exports[name]
        assert isinstance(exported, Global)
        return int(exported.value(self._store))

    def call(self, name: str, *given: int | float):
        """An address comes back as the runtime has it, signed: it is taken without its sign."""
        result = self._exports[name](self._store, *given)
        return result & 0xFFFFFFFF if isinstance(result, int) else result

    def result(self, name: str) -> int:
        """What the last call left in the participant's page."""
        return struct.unpack_from("<I", self.memory, self._page + self.number(name))[0]

    def _view(self) -> memoryview:
        memory = self._exports["memory"]
        assert isinstance(memory, Memory)
        address = ctypes.addressof(memory.data_ptr(self._store).contents)
        return memoryview((ctypes.c_ubyte * memory.data_len(self._store)).from_address(address)).cast("B")

    def write(self, at: int, octets: bytes) -> None:
        self.memory[at : at + len(octets)] = octets

    def read(self, at: int, length: int) -> bytes:
        return bytes(self.memory[at : at + length])


def _held_back(_queue: float, _from: float, _count: float) -> None:
    raise RuntimeError("nothing is logged here")
