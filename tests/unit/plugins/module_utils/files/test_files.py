from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.leastpriv.pgsql.plugins.module_utils.errors import AccessError
from ansible_collections.leastpriv.pgsql.plugins.module_utils.files.lock import locked
from ansible_collections.leastpriv.pgsql.plugins.module_utils.files.model import TextFile, diff_of, read_file
from ansible_collections.leastpriv.pgsql.plugins.module_utils.files.write import keep_old, sweep, touch, write_file


def found(path: Path) -> TextFile:
    file = read_file(str(path))
    assert file is not None
    return file


def test_a_file_is_written_back_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(b"one\r\ntw\xff\n")
    path.chmod(0o640)
    file = found(path)
    inode = path.stat().st_ino
    assert write_file(file).text == file.text
    assert path.read_bytes() == b"one\r\ntw\xff\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert path.stat().st_ino != inode
    assert diff_of("a", file.text, "")["before"] == "one\r\ntw?\n"


def test_a_file_that_is_not_there_is_none_and_can_be_made(tmp_path: Path) -> None:
    path = tmp_path / "new"
    assert read_file(str(path)) is None
    made = write_file(TextFile(str(path), "x\n", 0o600))
    assert (made.text, made.mode, made.owner) == ("x\n", 0o600, os.geteuid())


def test_a_link_is_followed_and_the_old_file_is_kept_beside_its_target(tmp_path: Path) -> None:
    folder = tmp_path / "real"
    folder.mkdir()
    (folder / "a").write_text("old\n")
    (tmp_path / "link").symlink_to(folder / "a")
    (folder / "a.old").symlink_to(tmp_path / "elsewhere")
    file = found(tmp_path / "link")
    assert keep_old(file) == str(folder / "a.old")
    write_file(replace(file, text="new\n"))
    assert (tmp_path / "link").read_text() == "new\n"
    assert (folder / "a.old").read_text() == "old\n"
    assert not (folder / "a.old").is_symlink()
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd"
    path.mkdir() if kind == "folder" else os.mkfifo(path)
    with pytest.raises(AccessError, match="odd isn't a regular file"):
        read_file(str(path))


def test_a_write_that_fails_leaves_no_draft(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(AccessError, match=r"/a can't be written: (is a directory|file exists)"):
        write_file(TextFile(str(tmp_path / "a"), "x"))
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(AccessError, match="no such file or directory"):
        write_file(TextFile(str(tmp_path / "no" / "a"), "x"))


def test_drafts_that_are_left_over_are_removed_for_this_file_only(tmp_path: Path) -> None:
    for name in (".leastpriv-a[1].conf.x", ".leastpriv-b.conf.x", "a[1].conf"):
        (tmp_path / name).touch()
    sweep(str(tmp_path / "a[1].conf"))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".leastpriv-b.conf.x", "a[1].conf"]


def test_a_time_in_the_future_is_set_to_now(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.touch()
    os.utime(path, (4e9, 4e9))
    assert found(path).changed == 4e9
    touch(str(path))
    assert found(path).changed < 4e9


def test_one_at_a_time_has_a_folders_lock(tmp_path: Path) -> None:
    waiting = pytest.raises(AccessError, match=f"another run holds the lock on {tmp_path}")
    with locked(str(tmp_path)), waiting, locked(str(tmp_path), 0.1):
        pass
    with locked(str(tmp_path), 0):
        assert list(tmp_path.iterdir()) == []
