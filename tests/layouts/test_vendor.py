"""The files of others: the right version, checked before use, a page whatever goes wrong. No test needs a network."""

import gzip
import io
import re
import tarfile
import threading
from pathlib import Path

import brotli
import pytest

from layouts import vendor

VERSION = vendor.plotly_version()
SCRIPT = f"/**\n* plotly.js (basic - minified) v{VERSION}\n*/\n".encode() + b"draw();\n" * 500


def _tarball(folder: Path, script: bytes = SCRIPT, member: str = vendor.BASIC_MEMBER) -> Path:
    """Write a tarball as npm packs them, holding *script*."""
    path = folder / f"{vendor.BASIC_PACKAGE}-{VERSION}.tgz"
    with tarfile.open(path, "w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(script)
        archive.addfile(info, io.BytesIO(script))
    return path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The folder that the files go to; it does not exist yet."""
    return tmp_path / "vendor_files"


class FakeNpm:
    """Hands out one tarball and counts how often it was asked."""

    def __init__(self, tarball: Path) -> None:
        self.tarball = tarball
        self.asked: list[str] = []

    def __call__(self, package: str, into: Path) -> Path:
        self.asked.append(package)
        copy = into / self.tarball.name
        copy.write_bytes(self.tarball.read_bytes())
        return copy


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeNpm:
    """An npm that delivers, with the sum of its tarball known."""
    tarball = _tarball(tmp_path)
    monkeypatch.setitem(vendor.BASIC_INTEGRITY, VERSION, vendor.integrity(tarball.read_bytes()))
    return FakeNpm(tarball)


@pytest.fixture
def no_full_compression(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare the tests half a second each: the sums and names of the full bundle matter here, not its twins."""
    monkeypatch.setattr(vendor, "_compress", lambda file, encodings: None)


def _offline(package: str, into: Path) -> Path:
    raise vendor.VendorError(f"npm could not deliver {package} (exit 1)")


def test_a_checksum_is_known_for_the_plotly_that_is_installed() -> None:
    assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", vendor.BASIC_INTEGRITY[VERSION])


def test_basic_bundle_serves_once_it_is_there(files: Path, npm: FakeNpm) -> None:
    assert vendor.prepare(files, npm) == []
    bundle = vendor.plotly_bundle(files)
    assert (bundle.kind, bundle.version) == ("basic", VERSION)
    assert bundle.path.read_bytes() == SCRIPT
    assert npm.asked == [f"plotly.js-basic-dist-min@{VERSION}"]


def test_twins_hold_the_same_content(files: Path, npm: FakeNpm) -> None:
    vendor.prepare(files, npm)
    for file in (vendor.plotly_bundle(files), vendor.bootstrap_css(files)):
        plain = file.path.read_bytes()
        assert brotli.decompress(file.twin("br").read_bytes()) == plain
        assert gzip.decompress(file.twin("gzip").read_bytes()) == plain


def test_prepare_again_changes_nothing_and_asks_nobody(files: Path, npm: FakeNpm) -> None:
    vendor.prepare(files, npm)
    before = {path.name: path.stat().st_mtime_ns for path in files.iterdir()}
    assert vendor.prepare(files, npm) == []
    assert {path.name: path.stat().st_mtime_ns for path in files.iterdir()} == before
    assert len(npm.asked) == 1


def test_two_at_once_leave_whole_files_and_no_rest(files: Path, npm: FakeNpm) -> None:
    together = threading.Barrier(2)

    def late(package: str, into: Path) -> Path:
        together.wait(timeout=10)  # both have seen that the bundle is missing
        return npm(package, into)

    threads = [threading.Thread(target=vendor.prepare, args=(files, late)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(npm.asked) == 2
    assert vendor.plotly_bundle(files).path.read_bytes() == SCRIPT
    assert not [path.name for path in files.iterdir() if path.name.startswith(".part-")]


def test_variant_is_the_smallest_that_the_browser_takes(files: Path, npm: FakeNpm) -> None:
    vendor.prepare(files, npm)
    bundle = vendor.plotly_bundle(files)
    variants = [bundle.variant(accepted) for accepted in (["gzip", "br"], ["gzip"], [])]
    assert [variant.encoding for variant in variants] == ["br", "gzip", None]
    assert variants[2].path == bundle.path
    assert len({variant.etag for variant in variants}) == 3
    assert all(re.fullmatch(r'"[0-9a-z-]+"', variant.etag) for variant in variants)


@pytest.mark.usefixtures("no_full_compression")
def test_without_npm_the_full_bundle_of_the_same_version_serves(files: Path) -> None:
    (warning,) = vendor.prepare(files, _offline)
    bundle = vendor.plotly_bundle(files)
    assert (bundle.kind, bundle.version) == ("full", VERSION)
    assert bundle.path.stat().st_size > 4_000_000
    assert bundle.variant(["br", "gzip"]).encoding is None
    assert "\n" not in warning
    assert "full plotly.js serves" in warning


@pytest.mark.usefixtures("no_full_compression")
def test_tampered_tarball_is_refused(files: Path, npm: FakeNpm) -> None:
    npm.tarball.write_bytes(npm.tarball.read_bytes() + b"\0")
    (warning,) = vendor.prepare(files, npm)
    assert "wrong checksum" in warning
    assert vendor.plotly_bundle(files).kind == "full"


@pytest.mark.usefixtures("no_full_compression")
@pytest.mark.parametrize(
    ("script", "member", "said"),
    [
        (SCRIPT, "package/other.js", "does not hold"),
        (b"", vendor.BASIC_MEMBER, "impossible size"),
        (SCRIPT.replace(VERSION.encode(), b"1.2.3"), vendor.BASIC_MEMBER, "another plotly.js"),
        (b"/* something else */", vendor.BASIC_MEMBER, "does not say its version"),
    ],
)
def test_tarball_with_other_content_is_refused(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: bytes, member: str, said: str
) -> None:
    tarball = _tarball(tmp_path, script, member)
    monkeypatch.setitem(vendor.BASIC_INTEGRITY, VERSION, vendor.integrity(tarball.read_bytes()))
    (warning,) = vendor.prepare(files, FakeNpm(tarball))
    assert said in warning
    assert vendor.plotly_bundle(files).kind == "full"


@pytest.mark.usefixtures("no_full_compression")
def test_unknown_version_is_not_even_fetched(files: Path, npm: FakeNpm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(vendor.BASIC_INTEGRITY, VERSION)
    (warning,) = vendor.prepare(files, npm)
    assert f"no checksum is known for plotly.js-basic-dist-min {VERSION}" in warning
    assert npm.asked == []


@pytest.mark.usefixtures("no_full_compression")
def test_bundle_of_another_version_is_not_served(files: Path) -> None:
    files.mkdir()
    (files / "plotly-basic-0.0.1.min.js").write_bytes(SCRIPT)
    assert vendor.plotly_bundle(files).kind == "full"


@pytest.mark.usefixtures("no_full_compression")
def test_plotly_that_hides_its_version_serves_all_the_same(
    files: Path, npm: FakeNpm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "plotly.min.js"
    script.write_text("draw();")
    monkeypatch.setattr(vendor, "_full_bundle", lambda: script)
    (warning,) = vendor.prepare(files, npm)
    assert "does not say its version" in warning
    assert vendor.plotly_bundle(files).path == script


def test_folder_that_cannot_be_made_costs_the_twins_alone(tmp_path: Path, npm: FakeNpm) -> None:
    (tmp_path / "file").touch()
    files = tmp_path / "file" / "vendor_files"
    assert len(vendor.prepare(files, npm)) == 2
    vendor.compress(files)
    assert vendor.bootstrap_css(files).variant(["br"]).encoding is None


def test_background_makes_the_missing_twins(files: Path, npm: FakeNpm) -> None:
    vendor.prepare(files, npm)
    bundle = vendor.plotly_bundle(files)
    bundle.twin("br").unlink()
    assert bundle.variant(["br", "gzip"]).encoding == "gzip"
    vendor.compress_in_background(files).join(timeout=30)
    assert bundle.variant(["br", "gzip"]).encoding == "br"


def test_npm_that_is_missing_is_a_plain_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(vendor.VendorError, match="npm is not installed"):
        vendor.npm_pack("anything@1.0.0", tmp_path)


@pytest.mark.parametrize(
    ("script", "reason"), [("exit 7", "exit 7"), ("echo npm error code ENOTFOUND >&2; exit 1", "ENOTFOUND")]
)
def test_npm_that_fails_is_a_plain_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    program = tmp_path / "npm"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with pytest.raises(vendor.VendorError, match=rf"could not deliver anything@1\.0\.0 \({reason}\)"):
        vendor.npm_pack("anything@1.0.0", tmp_path)


def test_bootstrap_is_the_whole_stylesheet_of_its_version(files: Path) -> None:
    stylesheet = vendor.bootstrap_css(files)
    number = re.match(r"\d+\.\d+\.\d+", stylesheet.version)
    assert number is not None
    assert f"Bootstrap  v{number[0]}" in stylesheet.path.read_text(encoding="utf-8")[:200]
