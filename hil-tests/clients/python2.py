"""ESPEC's ChamberConnectLibrary is written for Python 2. `load` translates it as it is imported:
syntax by fissix (the Python 2 to 3 translator that left the standard library), and texts that were
bytes by doors to `serial`, `socket` and `struct` through which they still are. Nothing else is
changed, and nothing of it is copied here."""

import collections
import collections.abc
import importlib.abc
import importlib.machinery
import importlib.util
import socket
import struct
import sys
import types
import warnings
from pathlib import Path

import serial
from fissix.refactor import RefactoringTool, get_fixers_from_package

PACKAGE = "chamberconnectlibrary"


def to_bytes(text):
    return text.encode("latin-1") if isinstance(text, str) else text


def to_text(data):
    return data.decode("latin-1") if isinstance(data, bytes) else data


class Struct(types.ModuleType):
    @staticmethod
    def pack(form, *values):
        return to_text(struct.pack(form, *values))

    @staticmethod
    def unpack(form, text):
        return struct.unpack(form, to_bytes(text))


class Port(serial.Serial):
    def write(self, text):
        return super().write(to_bytes(text))

    def read(self, size=1):
        return to_text(super().read(size))


class Socket(socket.socket):
    def send(self, text):
        return super().send(to_bytes(text))

    def recv(self, size):
        return to_text(super().recv(size))


def door(module, **names):
    copy = types.ModuleType(module.__name__)
    copy.__dict__.update(module.__dict__)
    copy.__dict__.update(names)
    return copy


DOORS = {
    "struct": Struct("struct"),
    "serial": door(serial, Serial=Port),
    "socket": door(socket, socket=Socket),
    "collections": door(collections, Iterable=collections.abc.Iterable),
}


class Loader(importlib.machinery.SourceFileLoader):
    tool = None

    def get_code(self, fullname):
        path = self.get_filename(fullname)
        source = Path(path).read_text(encoding="utf-8-sig")
        # A text is one already.
        source = source.replace(".encode('ascii', 'ignore')", "")
        if Loader.tool is None:
            Loader.tool = RefactoringTool(get_fixers_from_package("fissix.fixes"))
        source = str(Loader.tool.refactor_string(source + "\n", path))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return compile(source, path, "exec", dont_inherit=True)

    def exec_module(self, module):
        before = {name: sys.modules.get(name) for name in DOORS}
        sys.modules.update(DOORS)
        try:
            super().exec_module(module)
        finally:
            sys.modules.update({name: kept for name, kept in before.items() if kept})


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname.split(".")[0] != PACKAGE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin is None:
            return spec
        spec.loader = Loader(fullname, spec.origin)
        return spec


def load(module):
    """A module of the library, `watlowf4t`."""
    if not any(isinstance(finder, Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, Finder())
    return importlib.import_module(f"{PACKAGE}.{module}")
