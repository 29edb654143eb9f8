"""Imports Flower's SecAgg+ from a working copy, without what carries its messages.

gRPC, protobuf and the packages of Flower's command line become modules without content, and the `__init__`
of packages that would import the whole framework does not run. No line of the secure aggregation is replaced.
"""

import importlib
import importlib.abc
import importlib.machinery
import logging
import platform
import subprocess
import sys
import types
from pathlib import Path

EMPTY = {"google", "grpc", "grpc_health", "iterators", "typer", "tomli", "tomli_w", "pathspec", "rich", "yaml",
         "requests", "click", "packaging", "sqlalchemy", "alembic", "flwr.proto", "flwr.cli", "flwr.simulation"}
# Packages whose __init__ imports the whole framework: their modules are found without running it.
BARE = ["flwr", "flwr.client", "flwr.client.mod", "flwr.client.mod.secure_aggregation",
        "flwr.server", "flwr.server.workflow", "flwr.server.workflow.secure_aggregation"]


class Anything(type):
    """A class with every attribute, so that annotations and base classes of stubs can be evaluated."""

    def __getattr__(cls, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return cls

    def __or__(cls, other):
        return cls

    __ror__ = __or__


class Nothing(metaclass=Anything):
    def __class_getitem__(cls, item):
        return cls


class EmptyModule(types.ModuleType):
    __path__ = []

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return Nothing


class EmptyFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def find_spec(self, name, path=None, target=None):
        parts = name.split(".")
        if any(".".join(parts[: i + 1]) in EMPTY for i in range(len(parts))):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return EmptyModule(spec.name)

    def exec_module(self, module):
        pass


def find_pycryptodome():
    """Debian calls it Cryptodome; a Python of another origin finds Debian's copy behind all its own packages."""
    try:
        import Crypto
        return Crypto
    except ImportError:
        sys.path.append("/usr/lib/python3/dist-packages")
        import Cryptodome
        import Cryptodome.Protocol.SecretSharing
        import Cryptodome.Util.Padding
    for name in [name for name in sys.modules if name.split(".")[0] == "Cryptodome"]:
        sys.modules["Crypto" + name[len("Cryptodome"):]] = sys.modules[name]
    return Cryptodome


def import_flower(checkout):
    """The modules of a client and of the server, and what they are: versions and commit."""
    source = Path(checkout) / "framework" / "py"
    if not (source / "flwr").is_dir():
        sys.exit(f"flower.py: expected a working copy of Flower with framework/py/flwr, got {checkout}")
    sys.meta_path.insert(0, EmptyFinder())
    for name in BARE:
        package = types.ModuleType(name)
        package.__path__ = [str(source / name.replace(".", "/"))]
        sys.modules[name] = package
        parent, _, last = name.rpartition(".")
        if parent:
            setattr(sys.modules[parent], last, package)
    pycryptodome = find_pycryptodome()
    client = importlib.import_module("flwr.client.mod.secure_aggregation.secaggplus_mod")
    server = importlib.import_module("flwr.server.workflow.secure_aggregation.secaggplus_workflow")
    logging.getLogger("flwr").setLevel(logging.CRITICAL)
    return client, server, versions(Path(checkout), pycryptodome.__version__)


def versions(checkout, pycryptodome):
    import cryptography
    import numpy
    from cryptography.hazmat.backends.openssl import backend

    def git(*args):
        return subprocess.run(["git", "-C", checkout, *args], capture_output=True, text=True).stdout.strip()

    lines = (checkout / "framework" / "pyproject.toml").read_text().splitlines()
    return {
        "name": "Flower",
        "version": next(line.split('"')[1] for line in lines if line.startswith("version = ")),
        "commit": git("rev-parse", "HEAD") or None,
        "changed": git("status", "--porcelain", "--untracked-files=no", "framework/py/flwr") != "",
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "cryptography": cryptography.__version__,
        "openssl": backend.openssl_version_text().split()[1],
        "pycryptodome": pycryptodome,
    }
