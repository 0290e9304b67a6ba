"""The two keys of an installation: one signs sessions, one encrypts what the database must not show."""

import base64
import logging
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cgm_dash.errors import ConfigError, StoreError

log = logging.getLogger(__name__)

KEY_FILE = "secret.key"


@dataclass(frozen=True, slots=True)
class Vault:
    """signing_key: 32 bytes for signing sessions. What it encrypts only the same secret opens again."""

    signing_key: bytes = field(repr=False)
    _fernet: Fernet = field(repr=False)

    @classmethod
    def open(cls, data_dir: Path, secret_key: str | None = None) -> "Vault":
        """Return the vault of *secret_key*, else of the key file in *data_dir*, made (0600) where it is missing.

        Two processes that start together get the same key. Raises ConfigError where the file cannot be had or read.
        """
        secret = secret_key.encode() if secret_key is not None else _kept_secret(data_dir / KEY_FILE)
        encryption_key = base64.urlsafe_b64encode(_derived(secret, b"cgm_dash stored secrets"))
        return cls(_derived(secret, b"cgm_dash session signing"), Fernet(encryption_key))

    def encrypt(self, text: str) -> bytes:
        """Return *text* encrypted and authenticated (Fernet: AES-128-CBC, HMAC-SHA256)."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, sealed: bytes) -> str:
        """Return the text that encrypt() sealed. Raises StoreError where another key sealed it."""
        try:
            return self._fernet.decrypt(sealed).decode()
        except InvalidToken as exc:
            raise StoreError(
                "stored credentials cannot be opened with this secret key; put back the CGM_DASH_SECRET_KEY or the"
                f" {KEY_FILE} they were stored with, or connect the account again"
            ) from exc


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)


def _kept_secret(path: Path) -> bytes:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            _create(path)
        secret = path.read_bytes().strip()
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            log.warning("key file=%s was open to other users; now 0600", path)
            path.chmod(0o600)
    except OSError as exc:
        raise ConfigError(f"{path}: cannot be used ({exc.strerror}); check CGM_DASH_DATA_DIR's permissions") from exc
    if len(secret) < 32:
        raise ConfigError(f"{path}: holds no key; restore it from a backup, or remove it and connect the account again")
    return secret


def _create(path: Path) -> None:
    """Write a new key whole, then give it its name; where another process was faster, its key stands."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_urlsafe(48).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        _name_once(part, path)
    finally:
        part.unlink(missing_ok=True)


def _name_once(part: Path, path: Path) -> None:
    try:
        os.link(part, path)  # unlike rename, refuses a name that is taken
    except FileExistsError:
        return
    except OSError:  # a file system without hard links: a race here needs two first starts in one millisecond
        if not path.exists():
            part.rename(path)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name itself survive power loss: without the key, stored credentials are gone."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
