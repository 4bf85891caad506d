# SPDX-License-Identifier: LGPL-2.1-or-later
"""Packs the module for pip (PEP 517 and 660), with the standard library alone: nothing is fetched.

Called in the folder of this file.
"""

import base64
import hashlib
import io
import pathlib
import re
import tarfile
import zipfile

MODULE = "bigfile/__init__.py"
SOURCES = ["pyproject.toml", "backend.py", "README.md", MODULE]
VERSION = re.search(r'__version__ = "(.*)"', pathlib.Path(MODULE).read_text(encoding="utf-8"))[1]
NAME = f"bigfile-{VERSION}"
TAG = "py3-none-any"

METADATA = f"""\
Metadata-Version: 2.1
Name: bigfile
Version: {VERSION}
Summary: Transactions for programs that keep their data in files: commit and roll back from Python
License: LGPL-2.1-or-later
Requires-Python: >=3.7
Description-Content-Type: text/markdown

"""


def _metadata():
    return METADATA.encode() + pathlib.Path("README.md").read_bytes()


def _write_wheel(folder, files):
    info = f"{NAME}.dist-info"
    wheel = f"Wheel-Version: 1.0\nGenerator: bigfile ({VERSION})\nRoot-Is-Purelib: true\nTag: {TAG}\n"
    files = {**files, f"{info}/METADATA": _metadata(), f"{info}/WHEEL": wheel.encode()}
    record = ""
    for name, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
        record += f"{name},sha256={digest},{len(data)}\n"
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    packed = f"{NAME}-{TAG}.whl"
    with zipfile.ZipFile(pathlib.Path(folder, packed), "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o100644 << 16
            out.writestr(entry, data, zipfile.ZIP_DEFLATED)
    return packed


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, {MODULE: pathlib.Path(MODULE).read_bytes()})


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, {"bigfile.pth": f"{pathlib.Path.cwd()}\n".encode()})


def build_sdist(sdist_directory, config_settings=None):
    files = {name: pathlib.Path(name).read_bytes() for name in SOURCES}
    packed = f"{NAME}.tar.gz"
    with tarfile.open(pathlib.Path(sdist_directory, packed), "w:gz", format=tarfile.PAX_FORMAT) as out:
        for name, data in {**files, "PKG-INFO": _metadata()}.items():
            entry = tarfile.TarInfo(f"{NAME}/{name}")
            entry.size = len(data)
            out.addfile(entry, io.BytesIO(data))
    return packed
