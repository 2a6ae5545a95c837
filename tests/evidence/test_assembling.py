"""How a pack is put together."""

from collections.abc import Callable, Sequence
from typing import TypeAlias

import msgspec
import pytest
from msgspec.structs import replace

from creditbridge.evidence.archive import unpack_files
from creditbridge.evidence.assembling import assemble_pack
from creditbridge.evidence.model import Manifest, PackKind, PackMaterial, PackUnready
from creditbridge.ledger.model import EventKind, Record

Write: TypeAlias = Callable[[Sequence[Record]], PackMaterial]


def test_the_same_material_gives_the_same_pack(write: Write, story: list[Record]) -> None:
    """Byte for byte: a pack is a document, not an export."""
    material = write(story)

    assert assemble_pack(material) == assemble_pack(material)


def test_a_pack_names_every_file_and_holds_no_payload(pack: bytes, profile: bytes) -> None:
    """The profile is proven by its digest alone."""
    files = unpack_files(pack)
    manifest = msgspec.json.decode(files["manifest.json"], type=Manifest)

    assert manifest.kind is PackKind.DELIVERED
    assert set(manifest.files) | {"manifest.json"} == set(files)
    assert not [name for name, content in files.items() if profile in content]


def test_a_refused_reports_pack_shows_only_the_refusal(
    write: Write, story: list[Record], refused_story: list[Record]
) -> None:
    """Whatever else the ledger knows: one entry, the request, the receipt."""
    files = unpack_files(assemble_pack(write([*story[:3], *refused_story])))

    assert sorted(files) == [
        "checkpoint",
        "entries/000000000303/inclusion.tlog-proof",
        "entries/000000000303/opening.json",
        "manifest.json",
        "receipt.json",
        "request/base",
        "request/body",
        "request/key-id",
        "request/signature",
    ]


def test_a_report_that_has_not_ended_has_no_pack(write: Write, story: list[Record]) -> None:
    """Asked, not answered yet."""
    with pytest.raises(PackUnready):
        assemble_pack(write(story[:4]))


def test_an_end_without_an_index_is_waited_for(write: Write, story: list[Record]) -> None:
    """Recorded, but the sequencer has not come to it."""
    material = write(story[:5])
    last = material.entries[4]
    waiting = replace(last, opening=replace(last.opening, index=None))

    with pytest.raises(PackUnready):
        assemble_pack(replace(material, entries=(*material.entries[:4], waiting)))


def test_an_entry_before_the_end_without_a_proof_is_waited_for(
    write: Write, story: list[Record]
) -> None:
    """Every link up to the end must be proven."""
    material = write(story)
    inclusions = {index: text for index, text in material.inclusions.items() if index != 302}

    with pytest.raises(PackUnready):
        assemble_pack(replace(material, inclusions=inclusions))


def test_entries_behind_the_end_may_come_with_a_later_pack(
    write: Write, story: list[Record]
) -> None:
    """The withdrawal is not published yet: the pack is whole without it."""
    material = write(story)
    inclusions = {index: text for index, text in material.inclusions.items() if index != 305}
    files = unpack_files(assemble_pack(replace(material, inclusions=inclusions)))

    assert "entries/000000000304/opening.json" in files
    assert "entries/000000000305/opening.json" not in files


def test_the_request_for_the_consent_is_not_the_reports(write: Write, story: list[Record]) -> None:
    """A pack shows one request: the report's."""
    requested = replace(story[1], proofs=story[3].proofs, kind=EventKind.CONSENT_REQUESTED)
    bare = replace(story[3], proofs=type(story[3].proofs)())
    files = unpack_files(assemble_pack(write([story[0], requested, story[2], bare, *story[4:]])))

    assert "request/body" not in files
