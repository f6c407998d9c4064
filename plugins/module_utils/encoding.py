# Copyright (c) 2026 the leastpriv.pgsql contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names in databases of other encodings than UTF8: what can't be stored there, or would be somebody else's.

A session speaks UTF8, and the server converts, within a database, to that database's encoding. What belongs to the
whole cluster (names of roles, databases and tablespaces, comments on them, settings) it stores as the bytes that come
out: ``é`` written in a database in LATIN1 is another role than ``é`` written in one in UTF8, and not even readable
there. In SQL_ASCII nothing is converted, so that names are the same there as in UTF8.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from .errors import raise_problems

if TYPE_CHECKING:
    from .connection import Connection

AS_THEY_ARE = ("UTF8", "SQL_ASCII")
CODECS = {
    **{f"LATIN{number}": f"iso8859_{part}" for number, part in enumerate((1, 2, 3, 4, 9, 10, 13, 14, 15, 16), 1)},
    **{f"ISO_8859_{part}": f"iso8859_{part}" for part in (5, 6, 7, 8)},
    **{f"WIN{page}": f"cp{page}" for page in (866, 874, *range(1250, 1259))},
    "KOI8R": "koi8_r",
    "KOI8U": "koi8_u",
    "EUC_JP": "euc_jp",
    "EUC_KR": "euc_kr",
    "EUC_CN": "gb2312",
}

# Several encodings in one cluster make names ambiguous; template0 and whatever else is closed names nobody.
ENCODINGS = """
SELECT pg_catalog.current_setting('server_encoding'), pg_catalog.current_database()::text,
       (SELECT pg_catalog.count(DISTINCT encoding) FROM pg_catalog.pg_database WHERE datallowconn)
"""


def refuse_unstorable(connection: Connection, local: Iterable[str], shared: Iterable[str] = ()) -> None:
    """Raise an InputError for texts that the database's encoding lacks, and for the cluster's names that it changes."""
    inside, everywhere = unusual(local), unusual(shared)
    if not inside and not everywhere:
        return
    encoding, database, encodings = connection.rows(ENCODINGS)[0]
    if encoding not in AS_THEY_ARE:
        place = f"database {database} has encoding {encoding}"
        raise_problems([*lacking({*inside, *everywhere}, encoding, place), *changed(everywhere, encodings, place)])


def unusual(texts: Iterable[str]) -> list[str]:
    """Give the texts, each once, that are more than ASCII, which all encodings of servers have in common."""
    return sorted({text for text in texts if not text.isascii()})


def lacking(texts: Iterable[str], encoding: str, place: str) -> Iterator[str]:
    """Name what the encoding lacks; of one that Python doesn't know, the server says it."""
    codec = CODECS.get(encoding)
    for text in sorted(texts) if codec else ():
        if not encodes(text, str(codec)):
            yield f"{place}, which can't store {text!r}: choose another name, or a database in UTF8"


def changed(names: Iterable[str], encodings: int, place: str) -> Iterator[str]:
    """Name what belongs to the cluster and has other bytes here than in its other databases."""
    for name in names if encodings > 1 else ():
        yield (
            f"{place}, in which the name {name!r} means other bytes than in databases of another encoding, so another "
            "role, database or tablespace: use a name in ASCII, or a database in UTF8"
        )


def encodes(text: str, codec: str) -> bool:
    """Tell whether a codec of Python's has all characters of a text."""
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
