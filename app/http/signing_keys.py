"""The service's own keys, kept in one JWKS file that its processes share (RFC 7517).

The file holds RSA keys, newest first, and one symmetric key. The first RSA key signs access tokens and every RSA key
verifies them, so a rotation makes no token in use invalid. The symmetric key signs list cursors and never leaves.
"""

import fcntl
import json
import logging
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, OctKey, RSAKey

from app import clock

ALGORITHM = "RS256"
RSA_BITS = 2048
CURSOR_KEY_BITS = 256
CHECK_INTERVAL_SECONDS = 1.0

# Named one by one: a private member that a later library adds can then not slip into the public document.
_PUBLIC_MEMBERS = ("kty", "kid", "use", "alg", "n", "e")

_log = logging.getLogger(__name__)


class SigningKeysFault(Exception):
    """The key file cannot be used, or the change asked for would leave it unusable."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The keys of one version of the file."""

    signing: RSAKey
    verifying: Mapping[str, RSAKey]
    cursor_key: bytes
    public: dict[str, list[dict[str, Any]]]


class SigningKeys:
    """The keys of one file, made when missing and read again when it changes."""

    def __init__(self, path: Path) -> None:
        """Open the keys at `path`, creating the file (mode 0600) if there is none.

        Raises SigningKeysFault when the file is there but is not a usable key set.
        """
        self.path = path
        if not path.exists():
            with _locked(path):
                if not path.exists():
                    _write(path, [_new_signing_key(), _new_cursor_key()])
        self._stamp = _stamp(path)
        self._ring = _read(path)
        self._checked_at = clock.monotonic()
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            _log.warning("the signing key file can be read by other users of this machine")

    def ring(self) -> KeyRing:
        """The present keys. The file is looked at once a second at most; the same file gives the same object."""
        if clock.monotonic() - self._checked_at >= CHECK_INTERVAL_SECONDS:
            self._refresh()
        return self._ring

    def verifying_key(self, kid: str) -> RSAKey | None:
        """The key named `kid`, or None.

        An unknown name looks at the file at once: another process may have rotated and signed a moment ago.
        """
        key = self.ring().verifying.get(kid)
        if key is None and self._refresh():
            key = self._ring.verifying.get(kid)
        return key

    def public_jwks(self) -> dict[str, list[dict[str, Any]]]:
        """The document for `/.well-known/jwks.json`: public members of the RSA keys only."""
        return self.ring().public

    def _refresh(self) -> bool:
        """Read the file if it changed; True when it did. A broken file keeps the last good keys in service."""
        self._checked_at = clock.monotonic()
        try:
            stamp = _stamp(self.path)
            if stamp == self._stamp:
                return False
            ring = _read(self.path)
        except (SigningKeysFault, OSError):
            _log.exception("the signing key file cannot be read: the keys read before stay in use")
            return False
        self._stamp, self._ring = stamp, ring
        return True


def rotate(path: Path) -> str:
    """Put a new signing key first and keep the others for verification. Returns the new key's id."""
    with _locked(path):
        keys = _load(path)
        fresh = _new_signing_key()
        _write(path, [fresh, *keys])
    return _kid(fresh)


def retire(path: Path, kid: str) -> None:
    """Take a key that no longer signs out of the file: tokens signed with it stop working.

    Raises SigningKeysFault for an unknown key and for the key that signs (rotate first).
    """
    with _locked(path):
        keys = _load(path)
        signing = _kid(_ring_of(keys).signing)
        if kid == signing:
            raise SigningKeysFault("This key signs new tokens: rotate before retiring it.")
        kept = [key for key in keys if not (isinstance(key, RSAKey) and _kid(key) == kid)]
        if len(kept) == len(keys):
            raise SigningKeysFault("There is no key of that id.")
        _write(path, kept)


def _new_signing_key() -> RSAKey:
    return RSAKey.generate_key(RSA_BITS, {"use": "sig", "alg": ALGORITHM}, auto_kid=True)


def _new_cursor_key() -> OctKey:
    return OctKey.generate_key(CURSOR_KEY_BITS, {"use": "sig", "alg": "HS256"}, auto_kid=True)


def _kid(key: RSAKey | OctKey) -> str:
    key.ensure_kid()
    return str(key.kid)


def _read(path: Path) -> KeyRing:
    return _ring_of(_load(path))


def _load(path: Path) -> list[RSAKey | OctKey]:
    try:
        key_set = KeySet.import_key_set(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, JoseError) as fault:
        # The cause is left out on purpose: a parser's message can quote key material.
        raise SigningKeysFault(f"{path.name} is not a JWKS file ({type(fault).__name__}).") from None
    return [key for key in key_set.keys if isinstance(key, RSAKey | OctKey)]


def _ring_of(keys: list[RSAKey | OctKey]) -> KeyRing:
    rsa = [key for key in keys if isinstance(key, RSAKey)]
    symmetric = [key for key in keys if isinstance(key, OctKey)]
    if not rsa or not rsa[0].is_private:
        raise SigningKeysFault("The first RSA key of the file must be a private key.")
    if any(key.public_key.key_size < RSA_BITS for key in rsa):
        raise SigningKeysFault(f"RSA keys must have {RSA_BITS} bits or more.")
    if not symmetric or len(symmetric[0].raw_value) * 8 < CURSOR_KEY_BITS:
        raise SigningKeysFault(f"The file needs a symmetric key of {CURSOR_KEY_BITS} bits for cursors.")
    verifying = {_kid(key): key for key in rsa}
    public = [{name: key.dict_value[name] for name in _PUBLIC_MEMBERS if name in key.dict_value} for key in rsa]
    return KeyRing(rsa[0], verifying, symmetric[0].raw_value, {"keys": public})


def _write(path: Path, keys: list[RSAKey | OctKey]) -> None:
    """Replace the file in one step, so that a reader sees the old keys or the new ones, never half of either."""
    document = json.dumps({"keys": [key.as_dict(private=key.is_private) for key in keys]}, indent=1)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(document)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _stamp(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock beside the key file. The key file itself is replaced on a change, so it cannot carry the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
