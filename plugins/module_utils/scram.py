# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SCRAM-SHA-256 verifiers: make one, test a password against one, and tell them from passwords."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
import stringprep
import unicodedata
from dataclasses import dataclass, field
from typing import Literal

from .errors import InputError
from .secret import Secret

SALT_BYTES = 16
MAX_ITERATIONS = 2**31 - 1
_KEY_BYTES = 32
_SCRAM_PREFIX = "SCRAM-SHA-256$"
_SCRAM = re.compile(r"SCRAM-SHA-256\$([1-9][0-9]{0,9}):([^$:]+)\$([^$:]+):([^$:]+)", re.ASCII)
_MD5 = re.compile(r"md5[0-9a-f]{32}", re.ASCII)
_LIKE_MD5 = re.compile(r"md5.{32}", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class _Verifier:
    iterations: int
    salt: bytes = field(repr=False)
    stored_key: bytes = field(repr=False)
    server_key: bytes = field(repr=False)


def make_verifier(password: Secret, iterations: int, salt: bytes | None = None) -> Secret:
    """Return a new verifier of a plain password, as the server would store it (RFC 5803)."""
    if not 1 <= iterations <= MAX_ITERATIONS:
        raise InputError(f"{iterations} SCRAM iterations can't be: give a number from 1 to {MAX_ITERATIONS}")
    used = os.urandom(SALT_BYTES) if salt is None else salt
    if not used:
        raise InputError("a SCRAM verifier can't have an empty salt")
    stored_key, server_key = _keys(_prepared(password), used, iterations)
    return Secret(f"{_SCRAM_PREFIX}{iterations}:{_text(used)}${_text(stored_key)}:{_text(server_key)}")


def matches(password: Secret, stored: Secret, role: str) -> bool:
    """Tell whether the plain password is that of the verifier, or of the md5 hash of this role.

    Costs the verifier's own number of iterations. What is neither verifier nor hash matches nothing.
    """
    if _MD5.fullmatch(stored.reveal()):
        return hmac.compare_digest(_md5(password, role), stored.reveal())
    verifier = _parsed(stored.reveal())
    if verifier is None:
        return False
    stored_key, server_key = _keys(_prepared(password), verifier.salt, verifier.iterations)
    same_client = hmac.compare_digest(stored_key, verifier.stored_key)
    return hmac.compare_digest(server_key, verifier.server_key) and same_client


def classify(text: str) -> Literal["plain", "scram", "md5"]:
    """Tell what the server would take the text for; InputError if it is a damaged verifier or hash.

    The server takes those for plain passwords, silently. ``SCRAM-SHA-256$`` in any case at the start means
    a verifier; ``md5`` in any case before exactly 32 characters means a hash. Shorter and longer texts that
    start with md5 are passwords.
    """
    if text[: len(_SCRAM_PREFIX)].upper() == _SCRAM_PREFIX:
        if _parsed(text) is None:
            raise InputError("a password starts like a SCRAM-SHA-256 verifier and isn't one: copy the verifier whole")
        return "scram"
    if _MD5.fullmatch(text):
        return "md5"
    if _LIKE_MD5.fullmatch(text):
        raise InputError("a password looks like an md5 hash and isn't one: it is md5 and 32 lower-case hex digits")
    return "plain"


def saslprep(text: str) -> str | None:
    """Return the text as PostgreSQL's SASLprep makes it, None where that refuses it.

    Differs from RFC 4013 where PostgreSQL does: pure ASCII passes as it is, and prohibited, unassigned and
    bidirectional characters are looked for before normalisation, not after.
    """
    if text.isascii():
        return text
    mapped = "".join(_mapped(char) for char in text)
    if not mapped or any(_is_prohibited(char) for char in mapped) or not _is_bidi_valid(mapped):
        return None
    return unicodedata.normalize("NFKC", mapped)


def _mapped(char: str) -> str:
    if stringprep.in_table_c12(char):
        return " "
    return "" if stringprep.in_table_b1(char) else char


def _is_prohibited(char: str) -> bool:
    return (
        stringprep.in_table_a1(char)
        or stringprep.in_table_c21_c22(char)
        or stringprep.in_table_c3(char)
        or stringprep.in_table_c4(char)
        or stringprep.in_table_c5(char)
        or stringprep.in_table_c6(char)
        or stringprep.in_table_c7(char)
        or stringprep.in_table_c8(char)
        or stringprep.in_table_c9(char)
    )


def _is_bidi_valid(text: str) -> bool:
    if not any(stringprep.in_table_d1(char) for char in text):
        return True
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return ends and not any(stringprep.in_table_d2(char) for char in text)


def _prepared(password: Secret) -> bytes:
    raw = _raw(password)
    prepared = saslprep(password.reveal())
    return raw if prepared is None else prepared.encode("utf-8")


def _raw(password: Secret) -> bytes:
    text = password.reveal()
    if not text:
        raise InputError("a password is empty: the server would take that for no password")
    if "\0" in text:
        raise InputError("a password contains a NUL character, which PostgreSQL can't take")
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise InputError("a password contains half of a surrogate pair: it isn't valid Unicode") from None


def _keys(password: bytes, salt: bytes, iterations: int) -> tuple[bytes, bytes]:
    """Return StoredKey and ServerKey (RFC 5802, section 3)."""
    salted = hashlib.pbkdf2_hmac("sha256", password, salt, iterations)
    client_key = hmac.new(salted, b"Client Key", "sha256").digest()
    return hashlib.sha256(client_key).digest(), hmac.new(salted, b"Server Key", "sha256").digest()


def _md5(password: Secret, role: str) -> str:
    digest = hashlib.md5(_raw(password) + role.encode("utf-8"), usedforsecurity=False)
    return "md5" + digest.hexdigest()


def _parsed(text: str) -> _Verifier | None:
    found = _SCRAM.fullmatch(text)
    if found is None or int(found[1]) > MAX_ITERATIONS:
        return None
    salt, stored_key, server_key = (_bytes(part) for part in found.groups()[1:])
    if not salt or len(stored_key) != _KEY_BYTES or len(server_key) != _KEY_BYTES:
        return None
    return _Verifier(int(found[1]), salt, stored_key, server_key)


def _bytes(text: str) -> bytes:
    """Decode canonical base64, anything else gives no bytes."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if _text(raw) == text else b""


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
