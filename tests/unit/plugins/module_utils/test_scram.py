"""SCRAM-SHA-256 verifiers, against RFC 7677 and against what a PostgreSQL 15 server stored."""

from __future__ import annotations

import base64
import copy
import hashlib
import hmac
import pickle

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import InputError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.scram import classify, make_verifier, matches, saslprep
from ansible_collections.leastpriv.pgsql.plugins.module_utils.secret import Secret

PENCIL = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ=="
    "$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)

# What a server stored after ALTER ROLE ... PASSWORD: fact, password, salt, keys; 4,096 iterations.
STORED = [
    (
        "plain ASCII",
        "pencil",
        "ClcJfCDayVwoDRsax2SCfA==",
        "TK2EIlRxi1QF6oQwKZx1T+fQ7d21dBO4PDguo+cANOA=:jbPr9FvfZAcxo6OwrA7E0OA23qks1q8sX7C8XBuzrmw=",
    ),
    (
        "ASCII with a control character",
        "tab\there\x07",
        "8DgH3gu1fMFrKVHOiUzUUQ==",
        "yjOVbUZC65dVY+PmozherYPr0XrWpBVL/zAVgkPy8fo=:1s3FqvEe0EU1JWDRQxBSPFu7Z9GIk2xliCd5DCefJ9E=",
    ),
    (
        "soft hyphen is dropped",
        "I\xadX",
        "dn4GXk586/eR2YXbPGjJGQ==",
        "8UyVyG9S466nz7FPmJ4uin+5xDSTV0bQer1+7CuIjDg=:ws9tOs5gCw1QmC4Js2ghhzxM/995CE+4obohwFIbZjI=",
    ),
    (
        "no-break space becomes a space",
        "a\xa0b",
        "+R+S7/zB4xRtQmeYNt0Gww==",
        "09nHbnkHSSEqNXVPlaDJZr3yUm5RTqArWPekMPXK+Sk=:JGNINuV+l9bNqfvNsjh0UzqqoIp/RBYFeyUl8qwcx28=",
    ),
    (
        "ª becomes a",
        "\xaa",
        "QLgA5JoHh/a6fay912hsQQ==",
        "G5OygsTzTZiVj2b7aPlTkBijK1ZcYCFuNV/z8RNfI1w=:+WlArc67WZuqE3YE6/43veUYuFMJ7GMPCGoCmf2WS1s=",
    ),
    (
        "combining accent is composed",
        "e\u0301",
        "g4mZ+9pxhfufLb5Z4zaymA==",
        "U3Mlc3H2akvmsE+fZ5H2jMMUwfwxQo3598Tte41rgU0=:Z+3c0vHSoM9/ZQ91L15Q8+Bg0tfsL00g+mkbEjEdH1k=",
    ),
    (
        "already composed",
        "\xe9",
        "qFfMkFYm4B3QkAJIUWL5iA==",
        "dQbFcmWMHthTi171hZvQCQWoyHFXyb0PzdK/OPHmVzU=:xxwNwgBq8/0iuhQLZDCsNiF3L1TjyplmFrWkZNuyPMc=",
    ),
    (
        "Roman numeral nine becomes IX",
        "\u2168",
        "+9Twfh7F5kqXrzxlZT6FXQ==",
        "7zUFfy8X8TIB1vF78+44DFEKxdWeP5BZkZ+Wh5g2DnA=:gNo7FysU0BlZbzlFikIPdfC0cMUfRTVuRtOy4ZlIt6o=",
    ),
    (
        "private use is prohibited, so raw",
        "pass\ue000\xa0",
        "wxEK/qqYj7hTPwgalhghzw==",
        "uzpbusmzzqVbukTzjKUv4XejKMFO0nc1hw9sGogRJXs=:H3dcZt9TkiIjsOHXNAZqC+Vegb2VufAL0xMkWV98fhY=",
    ),
    (
        "unassigned in Unicode 3.2, so raw",
        "\U0001f600\xaa",
        "NGX8mD++1NxrL+ZijojK0Q==",
        "yQSHIqEVaEoPzw2InYaGLuMMrYgEWlNkx0nnvDik3Qw=:eDZABHsTqg32eDSr7/Q5CsJsoWtCVFU1x8tfxuwaB9s=",
    ),
    (
        "mixed directions, so raw",
        "\u06271\xaa",
        "QM8oPY6G4Gfwg6y/tS3VCw==",
        "r5iyRUi9Cq+VqtEGGetHYVA+WaSrkQ4+U0Te/N0L/Yw=:9Xv3c21LES9fiwh9+W4kWguA3L/k8QB1DMI27ZMPlMs=",
    ),
    (
        "right to left, ends in a digit, so raw",
        "\u0627\ufb011",
        "0/hTr76mZqDbZ75HnGJi8w==",
        "hfdQFBfAudrzH/XrbtyDUmUB46cclCn55etjO9qRlN0=:a9aZCQ8OlN364siWUXN6yCO/uOHu53UQr+bH3B8KaKM=",
    ),
    (
        "right to left throughout",
        "\u0627\ufe8e\u0627",
        "rBwH3EAsxr9D14iB0kNBuA==",
        "KHnadrut1hHcfrcCCsPwRKlh3fulJ9YLWPgkhJcdm+g=:IBOyLetMbvYymoCwrIkCuNbkgRDwCUZDc9S+cILblKk=",
    ),
    (
        "nothing left, so raw",
        "\xad",
        "mJ5Z7k8YdoTiGzT9pBrc5w==",
        "PC+OXB+MUHofmNTcznZSORQpOpXsaBLNJHlZaPtd3ng=:EoekY1fa1avAdN8fhAuTqoKJkVkt36gd9nDYPy0CNbs=",
    ),
    (
        "zero-width space becomes a space",
        "x\u200by",
        "chbSCSb3AT1vyS1a2SmYPA==",
        "QQp/csh+JQzvSlShU/bInC3RF5g2x2aB41OxX6EVdgM=:E49CnbwPqwLwBM7LdnzGZJ5QJiCpMipphjf9w8lRz6g=",
    ),
]


def test_the_example_of_rfc_7677_gives_its_server_signature() -> None:
    verifier = make_verifier(Secret("pencil"), 4096, base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")).reveal()
    server_nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    exchange = (
        f"n=user,r=rOprNGfwEbeRWgbNEkqO,r={server_nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={server_nonce}"
    )
    server_key = base64.b64decode(verifier.rsplit(":", 1)[1])
    signature = hmac.new(server_key, exchange.encode(), hashlib.sha256).digest()
    assert base64.b64encode(signature).decode() == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    assert verifier == PENCIL


@pytest.mark.parametrize(("password", "salt", "keys"), [row[1:] for row in STORED], ids=[row[0] for row in STORED])
def test_what_the_server_stored_is_made_again_and_matches(password: str, salt: str, keys: str) -> None:
    stored = Secret(f"SCRAM-SHA-256$4096:{salt}${keys}")
    assert make_verifier(Secret(password), 4096, base64.b64decode(salt)) == stored
    assert matches(Secret(password), stored, "any")
    assert not matches(Secret(password + "x"), stored, "any")


def test_passwords_that_saslprep_makes_equal_match_each_other() -> None:
    assert matches(Secret("e\u0301"), make_verifier(Secret("\u00e9"), 1), "any")
    assert saslprep("\u00aa\u00ad\u00a0") == "a "
    assert saslprep("\u0627\u0041") is None


def test_a_verifier_keeps_its_own_iterations_and_salt() -> None:
    stored = make_verifier(Secret("secret"), 17)
    assert stored.reveal().startswith("SCRAM-SHA-256$17:")
    assert matches(Secret("secret"), stored, "any")
    assert make_verifier(Secret("secret"), 17) != stored


def test_an_md5_hash_matches_for_its_own_role_only() -> None:
    stored = Secret("md5899ce07b50b6882dc35586079f54146c")
    assert matches(Secret("s\u00e9cret\u00ad"), stored, "s1")
    assert not matches(Secret("s\u00e9cret\u00ad"), stored, "s2")


@pytest.mark.parametrize("half", ["stored", "server"])
def test_a_verifier_with_one_wrong_key_does_not_match(half: str) -> None:
    head, keys = PENCIL.rsplit("$", 1)
    stored_key, server_key = keys.split(":")
    wrong = f"{server_key}:{server_key}" if half == "stored" else f"{stored_key}:{stored_key}"
    assert not matches(Secret("pencil"), Secret(f"{head}${wrong}"), "any")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (PENCIL, "scram"),
        ("md5" + "0f" * 16, "md5"),
        ("pencil", "plain"),
        ("", "plain"),
        ("md5", "plain"),
        ("md5" + "0" * 31, "plain"),
        ("SCRAM-SHA-256", "plain"),
    ],
)
def test_a_text_is_what_the_server_takes_it_for(text: str, kind: str) -> None:
    assert classify(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        "SCRAM-SHA-256$",
        PENCIL[:-1],
        PENCIL + "\n",
        PENCIL.lower(),
        PENCIL.replace("4096", "0"),
        PENCIL.replace("4096", "-5"),
        PENCIL.replace("4096", "2147483648"),
        PENCIL.replace("W22ZaJ0SNY7soEsUEjb6gQ==", ""),
        PENCIL.replace("W22Z", "W2"),
        PENCIL.replace("WG5d", ""),
        PENCIL.replace("W22Z", "\u00e922Z"),
        "md5" + "0F" * 16,
        "md5" + "g" * 32,
        "MD5" + "0" * 32,
    ],
)
def test_a_damaged_verifier_is_refused_without_quoting_it(text: str) -> None:
    with pytest.raises(InputError) as caught:
        classify(text)
    assert text not in str(caught.value) or text == "SCRAM-SHA-256$"
    assert "W22Z" not in str(caught.value)
    assert not matches(Secret("pencil"), Secret(text), "any")


@pytest.mark.parametrize("password", ["", "a\0b", "\ud800"])
def test_what_the_server_cannot_take_as_a_password_is_refused(password: str) -> None:
    with pytest.raises(InputError):
        make_verifier(Secret(password), 4096)


@pytest.mark.parametrize("iterations", [0, -1, 2**31])
def test_iterations_out_of_range_are_refused(iterations: int) -> None:
    with pytest.raises(InputError):
        make_verifier(Secret("x"), iterations)


def test_a_secret_shows_itself_nowhere_but_in_reveal() -> None:
    secret = Secret("hidden")
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r:>10}", format(secret), repr([secret])]
    assert not [text for text in shown if "hidden" in text]
    assert secret.reveal() == "hidden"


def test_secrets_are_equal_by_value_and_cannot_be_changed_or_pickled() -> None:
    secret = Secret("hidden")
    assert secret == Secret("hidden") != Secret("other")
    assert len({secret, Secret("hidden")}) == 1
    assert copy.deepcopy(secret) is secret
    with pytest.raises(AttributeError):
        secret._text = "other"
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(secret)
