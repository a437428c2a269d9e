"""Reads a log from static files by C2SP's specifications alone: it shares no code with the project and knows no entry.

tlog-tiles for what lies where, tlog-checkpoint and signed-note for the head, RFC 6962 for the tree; and tlog-proof and
tlog-cosignature for proofs of single entries.
"""

import base64
import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey


def read_log(directory: Path, ed25519: str, ml_dsa: str) -> list[bytes]:
    """Every entry, once all of it has been verified against both of the log's verifier keys."""
    size, root, _, _ = _checkpoint((directory / "checkpoint").read_text("utf-8"), ed25519, ml_dsa)
    entries = _entries(directory, size)
    leaves = [hashlib.sha256(b"\x00" + entry).digest() for entry in entries]
    assert _root(leaves) == root, "the entries are not what was signed"
    _check_tiles(directory, leaves)
    return entries


def read_proof(data: bytes, ed25519: str, ml_dsa: str, witnesses: list[str]) -> tuple[int, bytes, list[int]]:
    """Place and bytes of the entry that a proof is of, which holds it, and when each Ed25519 witness cosigned that."""
    head, _, note = data.decode().partition("\n\n")
    title, extra, index, *path = head.split("\n")
    assert title == "c2sp.org/tlog-proof@v1"
    entry, place = base64.b64decode(extra.removeprefix("extra ")), int(index.removeprefix("index "))
    size, root, text, lines = _checkpoint(note, ed25519, ml_dsa)
    hashes = [base64.b64decode(each) for each in path]
    assert _climbed(hashlib.sha256(b"\x00" + entry).digest(), place, size, hashes) == root, "the entry isn't there"
    assert not hashes
    times = []
    for vkey in witnesses:
        cosigned = _signature(lines, vkey)
        times.append(int.from_bytes(cosigned[:8], "big"))
        message = f"cosignature/v1\ntime {times[-1]}\n{text}".encode()
        Ed25519PublicKey.from_public_bytes(_key(vkey, 0x04)).verify(cosigned[8:], message)
    return place, entry, times


def _climbed(leaf: bytes, place: int, size: int, path: list[bytes]) -> bytes:
    """PATH of RFC 6962, section 2.1.1, gone up again: takes the hashes of `path` off its end, the uppermost first."""
    if size == 1:
        return leaf
    split = 1 << (size - 1).bit_length() - 1
    sibling = path.pop()
    if place < split:
        return hashlib.sha256(b"\x01" + _climbed(leaf, place, split, path) + sibling).digest()
    return hashlib.sha256(b"\x01" + sibling + _climbed(leaf, place - split, size - split, path)).digest()


def _checkpoint(note: str, ed25519: str, ml_dsa: str) -> tuple[int, bytes, str, str]:
    """Size and root of the tree that both keys signed, the text that says so, and all signature lines."""
    text, _, lines = note.rpartition("\n\n")
    origin, size, root = text.split("\n")
    head = f"{text}\n".encode()
    Ed25519PublicKey.from_public_bytes(_key(ed25519, 0x01)).verify(_signature(lines, ed25519), head)
    signed = _signature(lines, ml_dsa)
    name = ml_dsa.partition("+")[0].encode()
    message = b"".join(
        (
            b"subtree/v1\n\x00", bytes([len(name)]), name, signed[:8], bytes([len(origin.encode())]), origin.encode(),
            bytes(8), int(size).to_bytes(8, "big"), base64.b64decode(root),
        )
    )  # fmt: skip
    MLDSA44PublicKey.from_public_bytes(_key(ml_dsa, 0x06)).verify(signed[8:], message)
    return int(size), base64.b64decode(root), head.decode(), lines


def _key(vkey: str, kind: int) -> bytes:
    data = base64.b64decode(vkey.split("+", 2)[2])
    assert data[0] == kind
    return data[1:]


def _signature(lines: str, vkey: str) -> bytes:
    name, key_id, _ = vkey.split("+", 2)
    for line in lines.splitlines():
        _, signer, encoded = line.split(" ")
        data = base64.b64decode(encoded)
        if signer == name and data[:4].hex() == key_id:
            return data[4:]
    raise AssertionError(f"not signed by {name}")


def _name(index: int) -> str:
    digits = f"{index:03d}"
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def _resource(directory: Path, level: str, count: int, index: int) -> bytes:
    width = min(256, count - 256 * index)
    partial = f".p/{width}" if width < 256 else ""
    return (directory / "tile" / level / f"{_name(index)}{partial}").read_bytes()


def _entries(directory: Path, size: int) -> list[bytes]:
    entries: list[bytes] = []
    for index in range(-(-size // 256)):
        bundle = _resource(directory, "entries", size, index)
        while bundle:
            length = int.from_bytes(bundle[:2], "big")
            entries.append(bundle[2 : 2 + length])
            bundle = bundle[2 + length :]
    assert len(entries) == size
    return entries


def _check_tiles(directory: Path, leaves: list[bytes]) -> None:
    """Each level's tiles hold the roots of 256 hashes of the level below."""
    level, hashes = 0, leaves
    while hashes:
        for index in range(-(-len(hashes) // 256)):
            held = _resource(directory, str(level), len(hashes), index)
            assert held == b"".join(hashes[256 * index : 256 * (index + 1)])
        hashes = [_root(hashes[at : at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)]
        level += 1


def _root(hashes: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, from the leaves' hashes."""
    if not hashes:
        return hashlib.sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _root(hashes[:split]) + _root(hashes[split:])).digest()
