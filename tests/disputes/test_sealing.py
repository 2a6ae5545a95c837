"""What people wrote is read by nobody without the house's secret."""

import pytest

from creditbridge.disputes.model import Words
from creditbridge.disputes.sealing import WordSealer, WordsUnreadable

WORDS = Words(number="PEN-1", text="金额不对。")


def test_words_come_back() -> None:
    """And lie in no clear text."""
    sealer = WordSealer(bytes(32))

    sealed = sealer.seal("dsp_1", WORDS)

    assert sealer.open("dsp_1", sealed) == WORDS
    assert b"PEN-1" not in sealed
    assert sealed != sealer.seal("dsp_1", WORDS)


@pytest.mark.parametrize(
    ("secret", "dispute_id", "cut"),
    [(bytes(31) + b"1", "dsp_1", None), (bytes(32), "dsp_2", None), (bytes(32), "dsp_1", 5)],
)
def test_other_secrets_rows_and_bytes_are_refused(
    secret: bytes, dispute_id: str, cut: int | None
) -> None:
    """Another house, another dispute, or not all of it."""
    sealed = WordSealer(bytes(32)).seal("dsp_1", WORDS)

    with pytest.raises(WordsUnreadable):
        WordSealer(secret).open(dispute_id, sealed[:cut])
