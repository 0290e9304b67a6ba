"""The browser files that others make: where each comes from, how it is checked, and what is served.

Bootstrap's stylesheet and the full plotly.js come with installed packages and are served from there. The partial bundle
of plotly.js, a third of the full one, comes from npm at set-up (`make assets`) and is checked against the sum below.
Compressed twins are made once into a folder outside `assets/`, which Dash would put on every page. Whatever goes wrong
at set-up costs bytes on the wire, never the page: the full bundle serves. Importing this module touches nothing.
"""

import base64
import gzip
import hashlib
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Literal

import brotli

FOLDER = Path(__file__).with_name("vendor_files")

BASIC_PACKAGE = "plotly.js-basic-dist-min"  # draws scatter, bar and pie
BASIC_MEMBER = "package/plotly-basic.min.js"
# npm's integrity of each version's tarball, compared with a download of our own. The version is plotly.js's, the one
# the plotly package brings: a new plotly needs a new line here, and a test says so.
BASIC_INTEGRITY = {
    "4.1.1": "sha512-1oNF8PeQx2hv/y7tqEVWKD3JGwn/MGEMQ8mL9HUwsaqG9FGy/OU5FHUHvzqbqxN4mnwZGI9abTiE775C4kkjMQ==",
}

MAX_MEMBER_BYTES = 20_000_000
NPM_SECONDS = 120

Encoding = Literal["br", "gzip"]
_SUFFIXES: dict[Encoding, str] = {"br": ".br", "gzip": ".gz"}
_BANNER = re.compile(rb"plotly\.js (?:\(([a-z]+) - minified\) )?v(\d+\.\d+\.\d+)")

_compressing = threading.Lock()

Fetch = Callable[[str, Path], Path]


class VendorError(Exception):
    """A file could not be had or is not what it should be; the message is one line for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One representation to send: *encoding* None is the plain file; *etag* is strong and ready for the header."""

    path: Path
    encoding: Encoding | None
    etag: str


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file for the browser, and the place where its compressed twins are or will be."""

    path: Path
    kind: Literal["basic", "full", "css", "suite"]
    version: str
    mimetype: str
    folder: Path

    @property
    def digest(self) -> str:
        """Return a name for the content, the same on every machine."""
        return _digest(self.path, self.path.stat().st_mtime_ns)

    @property
    def etag(self) -> str:
        """Return the entity tag of the plain file."""
        return f'"{self.digest}"'

    def twin(self, encoding: Encoding) -> Path:
        """Return where the twin in *encoding* belongs; its name holds version and content, so it never goes stale."""
        return self.folder / f"{self.kind}-{self.version}-{self.digest}{self.path.suffix}{_SUFFIXES[encoding]}"

    def variant(self, accepted: Container[str]) -> Variant:
        """Return the smallest representation there is now among the *accepted* content codings."""
        for encoding in _SUFFIXES:
            if encoding in accepted and (twin := self.twin(encoding)).exists():
                return Variant(twin, encoding, f'"{self.digest}-{encoding}"')
        return Variant(self.path, None, self.etag)


def plotly_version() -> str:
    """Return the version of plotly.js that the installed plotly package brings."""
    return _banner(_full_bundle())[1]


def plotly_bundle(folder: Path = FOLDER) -> BundleFile:
    """Return plotly.js as it should be served: the basic bundle of plotly's own version, else the full one."""
    try:
        version = plotly_version()
    except VendorError:
        return BundleFile(_full_bundle(), "full", metadata.version("plotly"), "text/javascript", folder)
    basic = _basic_path(folder, version)
    if basic.exists():
        return BundleFile(basic, "basic", version, "text/javascript", folder)
    return BundleFile(_full_bundle(), "full", version, "text/javascript", folder)


def bootstrap_css(folder: Path = FOLDER) -> BundleFile:
    """Return Bootstrap's stylesheet, from the installed package."""
    path, version = _bootstrap()
    return BundleFile(path, "css", version, "text/css", folder)


def prepare(folder: Path = FOLDER, fetch: Fetch | None = None) -> list[str]:
    """Fetch what is missing and compress it; return one line for each thing that did not work, and never raise for it.

    Run again it does nothing; two at once write the same files, each whole. The brotli twin of the full bundle takes
    some seven seconds and is left to `compress_in_background`.
    """
    warnings = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _install_basic(folder, fetch or npm_pack)
    except (OSError, VendorError) as error:
        warnings.append(f"{error}; the full plotly.js serves, 0.8 MB more on a first visit")
    try:
        bundle = plotly_bundle(folder)
        _compress(bundle, ["gzip"] if bundle.kind == "full" else ["br", "gzip"])
        _compress(bootstrap_css(folder), ["br", "gzip"])
    except OSError as error:
        warnings.append(f"{error}; files are compressed while they are sent")
    return warnings


def compress(folder: Path = FOLDER) -> None:
    """Make every twin that is missing; a folder that cannot be written only means that there are none.

    Called by two threads, the second waits and then finds nothing left to do.
    """
    with _compressing:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file in (bootstrap_css(folder), plotly_bundle(folder)):
                _compress(file, ["gzip", "br"])
        except OSError:
            return


def compress_files(files: Iterable[BundleFile]) -> None:
    """Make every twin of *files* that is missing, where their folder can be written."""
    with _compressing:
        try:
            for file in files:
                file.folder.mkdir(parents=True, exist_ok=True)
                _compress(file, ["br", "gzip"])
        except OSError:
            return


def compress_in_background(folder: Path = FOLDER) -> threading.Thread:
    """Start `compress` beside the caller and return its thread; `variant` finds each twin once it is whole."""
    thread = threading.Thread(target=compress, args=(folder,), name="vendor-compress", daemon=True)
    thread.start()
    return thread


def npm_pack(package: str, into: Path) -> Path:
    """Download *package* ("name@version") with npm into *into* and return the tarball; run none of its code."""
    command = ["npm", "pack", package, "--ignore-scripts", "--loglevel=error", "--pack-destination", str(into)]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=NPM_SECONDS)
    except FileNotFoundError as error:
        raise VendorError("npm is not installed (`make assets` brings its own)") from error
    except subprocess.TimeoutExpired as error:
        raise VendorError(f"npm did not deliver {package} within {NPM_SECONDS} s") from error
    tarballs = list(into.glob("*.tgz"))
    if done.returncode or len(tarballs) != 1:
        code = re.search(rb"code (\w+)", done.stderr)
        reason = code[1].decode() if code else f"exit {done.returncode}"
        raise VendorError(f"npm could not deliver {package} ({reason})")
    return tarballs[0]


def integrity(content: bytes) -> str:
    """Return the SHA-512 of *content* as npm and browsers write it."""
    return "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()


def _install_basic(folder: Path, fetch: Fetch) -> None:
    """Put the basic bundle into *folder* unless it is there."""
    version = plotly_version()
    target = _basic_path(folder, version)
    if target.exists():
        return
    expected = BASIC_INTEGRITY.get(version)
    if expected is None:
        raise VendorError(f"no checksum is known for {BASIC_PACKAGE} {version}")
    with tempfile.TemporaryDirectory() as scratch:
        tarball = fetch(f"{BASIC_PACKAGE}@{version}", Path(scratch))
        content = _checked_member(tarball, expected)
    if _banner_of(content) != ("basic", version):
        raise VendorError(f"{BASIC_PACKAGE} {version} holds another plotly.js than its name says")
    _write_whole(target, content)


def _checked_member(tarball: Path, expected: str) -> bytes:
    """Return the script inside *tarball*, read only if the whole file has the *expected* sum; nothing is unpacked."""
    if integrity(tarball.read_bytes()) != expected:
        raise VendorError(f"{tarball.name} has a wrong checksum and was thrown away")
    try:
        with tarfile.open(tarball) as archive:
            member = archive.extractfile(BASIC_MEMBER)
            content = member.read(MAX_MEMBER_BYTES + 1) if member else b""
    except (KeyError, tarfile.TarError) as error:
        raise VendorError(f"{tarball.name} does not hold {BASIC_MEMBER}") from error
    if not 0 < len(content) <= MAX_MEMBER_BYTES:
        raise VendorError(f"{BASIC_MEMBER} in {tarball.name} has an impossible size")
    return content


def _compress(file: BundleFile, encodings: list[Encoding]) -> None:
    """Make those twins of *file* in *encodings* that are missing."""
    for encoding in encodings:
        if file.twin(encoding).exists():
            continue
        content = file.path.read_bytes()
        packed = brotli.compress(content, quality=11) if encoding == "br" else gzip.compress(content, 9, mtime=0)
        _write_whole(file.twin(encoding), packed)


def _write_whole(target: Path, content: bytes) -> None:
    """Write *target* so that no reader, whenever it looks, sees a part of it."""
    handle, scratch = tempfile.mkstemp(prefix=".part-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(scratch, 0o644)
        os.replace(scratch, target)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


@cache
def _digest(path: Path, changed_ns: int) -> str:
    """Return the name of the content that *path* has had since *changed_ns*: read once, not for every request."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:20]


@cache
def _bootstrap() -> tuple[Path, str]:
    """Return Bootstrap's stylesheet inside its installed package, and the version of that package."""
    package = metadata.distribution("bootstrap-wrapper")
    return Path(str(package.locate_file("bootstrap/css/bootstrap.min.css"))), package.version


@cache
def _full_bundle() -> Path:
    """Return the plotly.js inside the installed plotly package, found without importing it."""
    return Path(str(metadata.distribution("plotly").locate_file("plotly/package_data/plotly.min.js")))


def _basic_path(folder: Path, version: str) -> Path:
    return folder / f"plotly-basic-{version}.min.js"


def _banner(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        return _banner_of(file.read(400))


def _banner_of(content: bytes) -> tuple[str, str]:
    """Return the kind ("basic", "full") and version that a plotly.js says of itself in its first comment."""
    found = _BANNER.search(content[:400])
    if found is None:
        raise VendorError("this plotly.js does not say its version in its first lines")
    return (found[1] or b"full").decode(), found[2].decode()


def _inventory(folder: Path) -> Iterator[str]:
    """Yield a line for each file that serves: its version and its size plain and in each coding."""
    for file in (plotly_bundle(folder), bootstrap_css(folder)):
        twins = [(encoding, file.twin(encoding)) for encoding in _SUFFIXES]
        sizes = [f"{name} {twin.stat().st_size // 1000} kB" for name, twin in twins if twin.exists()]
        plain = f"plain {file.path.stat().st_size // 1000} kB"
        yield f"{file.path.name} ({file.kind}, {file.version}): {', '.join([plain, *sizes])}"


def main() -> int:
    """Prepare the files, say what serves; always 0, since every outcome serves a page."""
    for warning in prepare():
        print(f"warning: {warning}", file=sys.stderr)
    for line in _inventory(FOLDER):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
