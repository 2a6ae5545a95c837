"""A verifier written from the formats' description: it shares no line with the product.

independent_verifier.py log FOLDER VKEY       a log's files: derive the root, compare each tile
independent_verifier.py pack PACK PINS        a pack: digests, proofs, signatures, the consent
"""

import base64
import hashlib
import itertools
import json
import sys
import zipfile
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256

Json = dict[str, object]
T = TypeVar("T")
ENDS = {"report.delivered": "DELIVERED", "report.refused": "REFUSED", "report.failed": "FAILED"}
SIGNED = (
    *("statement.json", "client-data.json", "authenticator-data"),
    *("signature", "credential-id", "public-key"),
)
Point = tuple[int, int] | None
SM2_P, SM2_N = (
    2**256 - 2**224 - 2**96 + 2**64 - 1,
    2**256 - 2**224 - 0x8DFC2094DE39FAD4AC440BF6C62ABEDD,
)
SM2_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
SM2_G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
GONE = {"credential.ended", "credential.suspended"}
NOT_LIVE = "a use without a live consent"
BROKEN = (InvalidSignature, ValueError, LookupError, OSError, zipfile.BadZipFile)


class Invalid(ValueError):
    """What does not hold."""


def demand(holds: object, what: str) -> None:
    """Go on where it holds."""
    if not holds:
        raise Invalid(what)


def sha(*parts: bytes) -> bytes:
    """SHA-256 of parts."""
    return hashlib.sha256(b"".join(parts)).digest()


def b64(raw: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """The same, read back; what has another spelling is seen by the digests over it."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read_json(raw: bytes) -> Json:
    """An object whose bytes are canonical: our documents hold no fractions and no odd names."""
    value = json.loads(raw)
    again = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    demand(isinstance(value, dict) and again.encode() == raw, "canonical JSON")
    return dict(value)


def get(document: Json, name: str, kind: type[T]) -> T:
    """A member of the given type."""
    value = document.get(name)
    if not isinstance(value, kind):
        raise Invalid(name)
    return value


def tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, as it is written there: by halves."""
    if not leaves:
        return sha()
    if len(leaves) == 1:
        return leaves[0]
    half = 1 << ((len(leaves) - 1).bit_length() - 1)
    return sha(b"\x01", tree_hash(leaves[:half]), tree_hash(leaves[half:]))


def root_from(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root that an inclusion proof leads to, from the top down."""
    if size == 1:
        demand(not proof, "length of a proof")
        return leaf
    demand(proof, "length of a proof")
    half = 1 << ((size - 1).bit_length() - 1)
    rest, last = proof[:-1], proof[-1]
    if index < half:
        return sha(b"\x01", root_from(leaf, index, half, rest), last)
    return sha(b"\x01", last, root_from(leaf, index - half, size - half, rest))


def open_checkpoint(note: str, vkeys: list[str]) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint that one of the keys signed."""
    body, _, signatures = note.rpartition("\n\n")
    for vkey, line in itertools.product(vkeys, signatures.splitlines()):
        name, key_id, typed = vkey.split("+", 2)
        raw, (dash, signer, blob) = base64.b64decode(typed), line.split(" ")
        signature = base64.b64decode(blob)
        demand(sha(name.encode(), b"\n", raw)[:4].hex() == key_id, "key id")
        if (dash, signer, signature[:4].hex()) == ("\u2014", name, key_id):
            Ed25519PublicKey.from_public_bytes(raw[1:]).verify(signature[4:], f"{body}\n".encode())
            origin, size, root = body.splitlines()[:3]
            demand(origin == name, "origin")
            return origin, int(size), base64.b64decode(root)
    raise Invalid(note)


def pinned(pins: object, index: int) -> list[Json]:
    """The pins that count at an index: from their first on, before their last."""
    known = pins if isinstance(pins, list) else []
    return [p for p in known if p.get("from_index", 0) <= index < p.get("to_index", index + 1)]


def verify(pins: object, index: int, key_id: str, signature: bytes, message: bytes) -> None:
    """ES256 (raw) or SM2 with SM3 (DER), by the key of this id that is pinned at the index."""
    keys = [get(pin, "jwk", dict) for pin in pinned(pins, index) if pin["kid"] == key_id]
    demand(len(keys) == 1, f"key {key_id}")
    x, y = (int.from_bytes(unb64(keys[0][name])) for name in ("x", "y"))
    if keys[0]["crv"] == "SM2":
        return verify_sm2((x, y), signature, message)
    demand(len(signature) == 64, "length of a signature")
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return public.verify(der, message, ec.ECDSA(SHA256()))


def sm3(raw: bytes) -> bytes:
    """SM3 (GB/T 32905)."""
    return hashlib.new("sm3", raw).digest()


def add(one: Point, two: Point) -> Point:
    """The sum of two points of sm2p256v1; None is the point at infinity."""
    if one is None or two is None:
        return one or two
    (x1, y1), (x2, y2) = one, two
    if x1 == x2 and (y1 + y2) % SM2_P == 0:
        return None
    over, under = (3 * x1 * x1 + SM2_P - 3, 2 * y1) if x1 == x2 else (y2 - y1, x2 - x1)
    slope = over * pow(under, -1, SM2_P) % SM2_P
    x3 = (slope * slope - x1 - x2) % SM2_P
    return x3, (slope * (x1 - x3) - y1) % SM2_P


def multiply(number: int, point: Point) -> Point:
    """Double and add (GB/T 32918.1, annex A.3)."""
    total: Point = None
    for bit in f"{number:b}":
        total = add(total, total)
        total = add(total, point) if bit == "1" else total
    return total


def verify_sm2(key: tuple[int, int], signature: bytes, message: bytes) -> None:
    """GB/T 32918.2, section 7.1, under the usual signer id, by hand."""
    r, s = decode_dss_signature(signature)
    known = (SM2_P - 3, SM2_B, *SM2_G, *key)
    z = sm3(b"\0\x80" + b"1234567812345678" + b"".join(each.to_bytes(32) for each in known))
    t, e = (r + s) % SM2_N, int.from_bytes(sm3(z + message))
    demand(0 < r < SM2_N and 0 < s < SM2_N and t, "range")
    point = add(multiply(s, SM2_G), multiply(t, key))
    demand(point is not None and (e + point[0]) % SM2_N == r, "SM2 signature")


def verify_cose(key: bytes, signature: bytes, message: bytes) -> None:
    """RFC 9053 keys in their canonical form: P-256, Ed25519, RSA (RFC 8812)."""
    if key[:2] == b"\xa5\x01":
        point = b"\x04" + key[10:42] + key[45:77]
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        public.verify(signature, message, ec.ECDSA(SHA256()))
    elif key[:5] == b"\xa4\x01\x01\x03\x27":
        Ed25519PublicKey.from_public_bytes(key[-32:]).verify(signature, message)
    else:
        number = int.from_bytes(key[11:-5])
        RSAPublicNumbers(65537, number).public_key().verify(
            signature, message, PKCS1v15(), SHA256()
        )


def tile_path(folder: Path, level: str, number: int, width: int) -> Path:
    """C2SP tlog-tiles: groups of three digits, all but the last with an x."""
    groups = [f"{number % 1000:03}" + ("" if width == 256 else f".p/{width}")]
    while number := number // 1000:
        groups.insert(0, f"x{number % 1000:03}")
    return folder.joinpath("tile", level, *groups)


def check_log(folder: Path, vkey: str) -> None:
    """The root derived from the entries, every tile, and the signed checkpoint agree."""
    _, size, root = open_checkpoint((folder / "checkpoint").read_text("utf-8"), [vkey])
    row: list[bytes] = []
    for number in range(-(-size // 256)):
        width = min(256, size - number * 256)
        raw = tile_path(folder, "entries", number, width).read_bytes()
        entries = [raw[start : start + 35] for start in range(0, len(raw), 35)]
        right = [len(entry) == 35 and entry[:3] == b"\0\x21\x01" for entry in entries]
        demand(len(entries) == width and all(right), f"bundle {number}")
        row += [sha(b"\0", entry[2:]) for entry in entries]
    demand(tree_hash(row) == root, "the entries do not give the signed root")
    level = 0
    while row:
        tiles = [row[start : start + 256] for start in range(0, len(row), 256)]
        for number, hashes in enumerate(tiles):
            path = tile_path(folder, str(level), number, len(hashes))
            demand(path.read_bytes() == b"".join(hashes), f"tile {level}/{number}")
        row = [tree_hash(hashes) for hashes in tiles if len(hashes) == 256]
        level += 1


class Pack:
    """A pack under the eyes of its pins."""

    def __init__(self, path: Path, pins: Json) -> None:
        with zipfile.ZipFile(path) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.pins = pins
        self.manifest = read_json(self.files.pop("manifest.json"))
        named = {name: b64(sha(raw)) for name, raw in self.files.items()}
        demand(self.manifest["files"] == named, "manifest")
        self.cores: dict[int, Json] = {}
        self.salts: dict[int, Json] = {}
        self.commitments: dict[int, str] = {}
        self.erased: set[int] = set()

    def check(self) -> None:
        self.check_entries()
        subject = get(self.manifest, "subject", int)
        end, kind = self.cores[subject], self.manifest["kind"]
        terms = get(end, "terms", dict)
        said = (ENDS[str(end["kind"])], terms["report_id"])
        demand(said == (kind, self.manifest["report_id"]), "manifest")
        found = [i for i, core in self.cores.items() if core["event_id"] == terms.get("intended")]
        decided = subject if kind == "REFUSED" else found[0]
        self.check_messages(subject, decided)
        if kind != "REFUSED":
            self.check_consent(decided)
            for index, core in self.cores.items():
                self.check_text(index, get(core, "terms", dict))
            self.check_exchanges(subject, get(self.cores[decided], "terms", dict))

    def check_entries(self) -> None:
        note = self.files["checkpoint"].decode()
        log_keys = pinned(self.pins["log_keys"], int(note.splitlines()[1]) - 1)
        origin, size, root = open_checkpoint(note, [str(pin["vkey"]) for pin in log_keys])
        demand(origin == self.pins["origin"], "origin")
        for name in sorted(name for name in self.files if name.endswith("/opening.json")):
            opening, index = read_json(self.files[name]), int(name.split("/")[1])
            raw = unb64(get(opening, "core", str))
            salt = unb64(get(opening, "salt", str))
            commitment = sha(b"creditbridge-entry-v1\0", salt, raw)
            proof_file = self.files[name.replace("opening.json", "inclusion.tlog-proof")].decode()
            head, *lines = proof_file.removesuffix(f"\n\n{note}").split("\n")
            demand((head, lines[0]) == ("c2sp.org/tlog-proof@v1", f"index {index}"), "proof file")
            demand(opening.get("index") == index < size, "one index")
            proof = [base64.b64decode(line, validate=True) for line in lines[1:]]
            demand([base64.b64encode(one).decode() for one in proof] == lines[1:], "base64")
            leaf = sha(b"\0", b"\x01", commitment)
            demand(root_from(leaf, index, size, proof) == root, f"inclusion of {index}")
            core = read_json(raw)
            self.erased |= {index} if "erased" in opening else set()
            if "erased" not in opening:
                names = (unb64(get(opening, part, str)) for part in ("salt2", "personal"))
                demand(core.get("personal") == b64(sha(*names)), f"names of {index}")
            self.cores[index], self.commitments[index] = core, b64(commitment)
            self.salts[index] = get(opening, "digest_salts", dict)

    def check_messages(self, subject: int, decided: int) -> None:
        receipt = read_json(self.files["receipt.json"])
        signature = unb64(str(receipt.pop("signature")))
        unsigned = json.dumps(receipt, sort_keys=True, separators=(",", ":"))
        message = b"creditbridge-receipt-v1\0" + unsigned.encode()
        verify(self.pins["receipt_keys"], subject, get(receipt, "kid", str), signature, message)
        demand(receipt["commitment"] == self.commitments[subject], "receipt of another entry")
        base, body = self.files["request/base"], self.files["request/body"]
        self.check_digest(decided, "request", base)
        key_id = self.files["request/key-id"].decode()
        verify(self.pins["bank_keys"], decided, key_id, self.files["request/signature"], base)
        digest = f'"content-digest": sha-256=:{base64.b64encode(sha(body)).decode()}:'
        demand(digest in base.decode().split("\n"), "request body")

    def check_digest(self, index: int, name: str, raw: bytes) -> None:
        expected = b64(sha(unb64(get(self.salts[index], name, str)), raw))
        demand(get(self.cores[index], "digests", dict).get(name) == expected, f"digest {name}")

    def check_consent(self, decided: int) -> None:
        before, used = None, 0
        live: Json | None = None
        chain = sorted(index for index, core in self.cores.items() if "consent_seq" in core)
        for seq, index in enumerate(chain, 1):
            core = self.cores[index]
            terms = get(core, "terms", dict)
            demand((core["consent_seq"], core.get("consent_prev")) == (seq, before), "chain")
            demand(core["consent"] == self.cores[decided]["consent"], "one consent")
            before = self.commitments[index]
            if core["kind"] == "consent.approved":
                live = terms
                self.check_approval(index, terms)
            elif core["kind"] in {"consent.withdrawn", "consent.refused", "consent.lapsed"}:
                live = None
            elif core["kind"] == "use.returned":
                used -= 1
            elif core["kind"] == "report.intended":
                used += 1
                check_use(live, terms, used, get(core, "decided_at", str))

    def check_text(self, index: int, terms: Json) -> None:
        """The page that was read: there where the log says so, and the one that it names."""
        text = self.files.get(f"texts/{index:012d}.html")
        if "text" in get(self.cores[index], "digests", dict) and text is not None:
            self.check_digest(index, "text", text)
            demand(terms["text_digest"] == b64(sha(text)), "text")
        elif text is not None or "text" in get(self.cores[index], "digests", dict):
            demand(text is None and index in self.erased, "text")

    def check_approval(self, index: int, terms: Json) -> None:
        artefact = self.files["consent/artefact.json"]
        self.check_digest(index, "artefact", artefact)
        key_id, message = self.files["consent/key-id"], b"creditbridge-consent-v1\0" + artefact
        signature = self.files["consent/signature"]
        verify(self.pins["consent_keys"], index, key_id.decode(), signature, message)
        demand(terms["artefact_digest"] == b64(sha(artefact)), "artefact")
        version, people = get(terms, "version", int) - 1, set[object]()
        earlier = [self.cores[i] for i in sorted(self.cores) if i < index]
        self.check_yes(index, terms, version, people)
        indexes = {core["event_id"]: i for i, core in self.cores.items() if i < index}
        for event in get({"countersigned": [], **terms}, "countersigned", list):
            core = self.cores[indexes[event]]
            yes = get(core, "terms", dict)
            whose = (core["kind"], core.get("consent"))
            demand(whose == ("consent.countersigned", self.cores[index]["consent"]), "whose yes")
            same = (yes["artefact_digest"], yes["version"]) == (terms["artefact_digest"], version)
            demand(same, "one artefact")
            self.check_yes(indexes[event], yes, version, people)
        ruled = [one for core in earlier if "rules" in (one := get(core, "terms", dict))]
        counts = [count_of(str(rule), terms) for one in ruled[-1:] for rule in one["rules"]]
        needed = [1, get({"needed": 1, **terms}, "needed", int), *counts]
        demand(len(people) >= max(needed), "enough people")

    def check_yes(self, index: int, terms: Json, version: int, people: set[object]) -> None:
        core = self.cores[index]
        earlier = [one for i, one in self.cores.items() if i < index]
        enrolled = [one["person"] for one in earlier if one["kind"] == "person.enrolled"]
        demand(core["person"] in enrolled, "approver")
        people.add(core["person"])
        if "credential" in terms or "approval" in get(core, "digests", dict):
            self.check_passkey(index, terms, version)

    def check_passkey(self, index: int, terms: Json, version: int) -> None:
        """Web Authentication, section 7.2, from the bytes alone."""
        parts = [self.files[f"approvals/{index:012d}/{name}"] for name in SIGNED]
        self.check_digest(index, "approval", b"".join(len(p).to_bytes(8) + p for p in parts))
        statement, said, device, signature, credential, key = parts
        core, stated = self.cores[index], read_json(statement)
        shown = {"artefact": terms["artefact_digest"], "version": version}
        demand(shown in get(stated, "consents", list), "stated artefact")
        demand((stated["act"], stated["approver"]) == ("consent.approve", core["person"]), "stated")
        ends = datetime.fromisoformat(get(stated, "expires_at", str))
        demand(datetime.fromisoformat(get(core, "decided_at", str)) < ends, "statement in time")
        earlier = [one for i, one in self.cores.items() if i < index]
        (enrolled,) = (one for one in earlier if one["event_id"] == terms["credential"])
        kept = get(enrolled, "terms", dict)
        demand(enrolled["person"] == core["person"], "own passkey")
        demand((kept["credential"], kept["public_key"]) == (b64(sha(credential)), b64(key)), "key")
        demand(kept["approves_from"] <= get(core, "decided_at", str), "waiting time")
        ended = [get(one, "terms", dict)["credential"] for one in earlier if one["kind"] in GONE]
        demand(kept["credential"] not in ended, "ended passkey")
        client = json.loads(said)
        challenge = b64(sha(b"creditbridge-approval-v1\0", statement))
        demand((client["type"], client["challenge"]) == ("webauthn.get", challenge), "challenge")
        (party,) = pinned(self.pins["relying_parties"], index)
        demand(client["origin"] in get(party, "origins", list), "origin")
        demand(not client.get("crossOrigin") and "topOrigin" not in client, "frame")
        flags = 0x05 if kept["device_bound"] else 0x0D
        demand(len(device) == 37 and device[:32] == sha(str(party["rp_id"]).encode()), "RP")
        demand(device[32] & 0xCD == flags, "flags")
        demand(kept["device_bound"] is False or not device[32] & 0x10, "backed up")
        verify_cose(key, signature, device + sha(said))

    def check_exchanges(self, subject: int, intended: Json) -> None:
        named = sorted(name[:-13] for name in self.files if name.endswith("exchange.json"))
        demand(named, "no exchange")
        said: dict[str, list[bytes]] = {"query": [], "answer": []}
        for at in named:
            files = [self.files[at + n] for n in ("query.base", "query.signature", "answer.base")]
            self.check_exchange(at, subject, intended, *files)
            said["query"].append(files[0])
            said["answer"].append(files[2])
        for name, parts in said.items():
            self.check_digest(subject, name, b"".join(len(p).to_bytes(8) + p for p in parts))

    def check_exchange(
        self, at: str, subject: int, intended: Json, query: bytes, signature: bytes, answer: bytes
    ) -> None:
        exchange, grant = (read_json(self.files[at + n]) for n in ("exchange.json", "grant.json"))
        demand(grant["query_id"] == intended["query_id"] == exchange["query_id"], "query id")
        demand(set(get(grant, "sections", list)) <= set(get(intended, "sections", list)), "grant")
        key_id = get(exchange, "query_key_id", str)
        verify(self.pins["query_keys"], subject, key_id, signature, query)
        keys = get(self.pins, "platform_keys", dict)[exchange["platform"]]
        said = self.files[f"{at}answer.signature"]
        verify(keys, subject, get(exchange, "answer_key_id", str), said, answer)
        shown, lines = self.files[f"{at}grant.json"], query.decode().split("\n")
        if exchange.get("suite") == "SM2_MESSAGE":
            again = answer.decode().split("\n")
            demand(lines[6] == sm3(shown).hex() == again[1], "grant, bound answer")
            demand((lines[3], lines[7]) == (again[3], again[6]), "application, consent")
            demand(lines[7] == grant["consent_digest"], "consent")
        else:
            carried = base64.b64encode(shown).decode()
            demand(f'"creditbridge-consent": :{carried}:' in lines, "grant")
            bound = f":{base64.b64encode(signature).decode()}:"
            demand(bound in answer.decode(), "bound answer")


def count_of(rule: str, terms: Json) -> int:
    """How many people a rule asks for a consent: `2/5/POST_LOAN+…`; 0 where it is about others."""
    count, sections, purposes = rule.split("/")
    meant = not purposes or set(purposes.split("+")) & set(get(terms, "purposes", list))
    return int(count) if meant and len(get(terms, "sections", list)) >= int(sections) else 0


def check_use(live: Json | None, terms: Json, used: int, decided_at: str) -> None:
    """A use is covered: alive, in its term, in number, for its purpose, sections and client."""
    if live is None:
        raise Invalid(NOT_LIVE)
    now = datetime.fromisoformat(decided_at)
    begin, finish = (datetime.fromisoformat(str(live[n])) for n in ("valid_from", "valid_to"))
    demand(begin <= now < finish, "term")
    demand(used == terms["use_number"] and used <= get(live, "max_queries", int), "uses")
    demand(terms["purpose"] in get(live, "purposes", list), "purpose")
    covered = set(get(terms, "asked", list)) & set(get(live, "sections", list))
    demand(covered == set(get(terms, "sections", list)) != set(), "sections")
    demand(not live["clients"] or terms["client"] in get(live, "clients", list), "client")


def main() -> None:
    """Run one of the two checks."""
    what, path, trust = sys.argv[1:4]
    try:
        if what == "log":
            check_log(Path(path), trust)
        else:
            Pack(Path(path), json.loads(Path(trust).read_bytes())).check()
    except BROKEN as error:
        sys.exit(f"INVALID {type(error).__name__} {error}")


if __name__ == "__main__":
    main()
