"""One secret, two keys; the file is for its owner and the same for all who start together."""

import base64
import stat
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet, InvalidToken

from cgm_dash.errors import ConfigError, StoreError
from sql.vault import KEY_FILE, Vault


def test_what_is_encrypted_opens_again_after_a_restart(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path).encrypt("pässword")
    assert b"ssword" not in sealed
    assert Vault.open(tmp_path).decrypt(sealed) == "pässword"
    assert Vault.open(tmp_path).signing_key == Vault.open(tmp_path).signing_key


def test_a_changed_byte_opens_nothing(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path)
    raw = base64.urlsafe_b64decode(vault.encrypt("pässword"))
    assert raw[0] == 0x80  # Fernet's version: AES-128-CBC, then HMAC-SHA256 over all of it
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(StoreError):
            vault.decrypt(base64.urlsafe_b64encode(changed))


def test_key_file_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    Vault.open(folder)
    assert [file.name for file in folder.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((folder / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_key_file_open_to_others_is_closed_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Vault.open(tmp_path)
    (tmp_path / KEY_FILE).chmod(0o644)
    Vault.open(tmp_path)
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert "open to other users" in caplog.text


def test_all_who_start_together_get_one_key(tmp_path: Path) -> None:
    together = threading.Barrier(8)
    keys: list[bytes] = []

    def start() -> None:
        together.wait()
        keys.append(Vault.open(tmp_path).signing_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 8
    assert len(set(keys)) == 1
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def test_key_of_the_settings_needs_no_file(tmp_path: Path) -> None:
    one, two = Vault.open(tmp_path, "a" * 32), Vault.open(tmp_path, "b" * 32)
    assert list(tmp_path.iterdir()) == []
    assert one.signing_key != two.signing_key
    with pytest.raises(StoreError, match="connect the account again"):
        two.decrypt(one.encrypt("x"))


def test_two_keys_of_one_secret_differ_and_show_nowhere(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, "a" * 32)
    with pytest.raises(InvalidToken):
        Fernet(base64.urlsafe_b64encode(vault.signing_key)).decrypt(vault.encrypt("x"))
    assert vault.signing_key not in repr(vault).encode()
    assert "fernet" not in repr(vault).lower()


@pytest.mark.parametrize("content", [b"", b"short"])
def test_key_file_without_a_key_is_refused_and_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / KEY_FILE).write_bytes(content)
    with pytest.raises(ConfigError, match="holds no key"):
        Vault.open(tmp_path)
    assert (tmp_path / KEY_FILE).read_bytes() == content


def test_data_directory_that_is_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="CGM_DASH_DATA_DIR"):
        Vault.open(tmp_path / "file")
