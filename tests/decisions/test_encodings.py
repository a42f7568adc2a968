"""A file in an encoding that can't be told is refused with its place, and never garbled."""

from __future__ import annotations

import pytest

from governance.decisions.encodings import decoded, encoded

CHINESE = "# 1. 使用队列\n\n状态：已接受\n"
KOREAN = "# 1. Use a queue\n\n상태: 승인\n"
RUSSIAN = "# 1. Use a queue\n\nСтатус: принято\n"
FRENCH = "# 1. Créer une clé\n\nStatut : « accepté » — déçu, elle fut créée… à l’été, où “ça” coûte 5 €.\n"
GERMAN = "# 1. „Spaß“ für „MENÜ“\n\nStatus: gültig – Größe, Maß und Äußeres.\n"


@pytest.mark.parametrize(
    "data",
    [
        CHINESE.encode("gb2312"), CHINESE.encode("big5", "replace"), KOREAN.encode("euc-kr"), RUSSIAN.encode("cp1251"),
        RUSSIAN.encode("koi8-r"), "# 1. 큐\n\n이 큐 는 한 줄 의 큐\n".encode("euc-kr"), "# 1. Вы и я\n\nя и ты, он и мы\n".encode("cp1251"),
        "# 1. Café\n".encode() + b"\n\xe9t\xe9\n", "# 1. “Keep”\n".encode() + b"\n\xff\n", "# 1. Очередь\n".encode() + b"\n\xe9\n",
    ],
)  # fmt: skip
def test_what_would_come_out_garbled_is_refused_with_place_and_remedy(data: bytes):
    with pytest.raises(ValueError, match=r"line \d is not UTF-8; save the file as UTF-8"):
        decoded(data)


def test_the_place_is_the_first_byte_that_is_wrong():
    with pytest.raises(ValueError, match="line 3 is not"):
        decoded("# 1. Café\n".encode() + b"\n\xe9t\xe9\n")


@pytest.mark.parametrize(
    "text", [FRENCH, GERMAN, "# 1. Café\n", "# 1. Naïve\n\n———————\n·······\n", "# Ñandú\n\n¿Qué? ¡Sí!\n", "élu"]
)
def test_what_windows_writes_is_read_and_given_back(text: str):
    data = text.encode("cp1252")
    assert decoded(data) == (text, "cp1252")
    assert encoded(text, "cp1252") == data
