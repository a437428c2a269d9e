"""Merkle trees over SHA-256 as RFC 6962, section 2.1, defines them: roots, proofs, and a tree's right edge.

A leaf is given by its hash everywhere but in `leaf_hash`. Every hash is 32 bytes. The verifiers do what
RFC 9162, sections 2.1.3.2 and 2.1.4.2, spells out and RFC 6962 leaves to the reader.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

HASH_SIZE = 32
LARGEST = 2**63 - 1
"""Leaves of a tree at most, so that C2SP's formats can say them, and numbers stay below 64 bits."""

MOST_HASHES = 63
"""Of a proof in a tree that is not larger."""

EMPTY_ROOT = hashlib.sha256().digest()

# The prefixes keep a leaf from being passed off as a node and the reverse (second preimages).
_LEAF = b"\x00"
_NODE = b"\x01"


RootOf = Callable[[int, int], bytes]
"""Gives the root of the leaves from one on up to but not including another, as if they were a tree of their own."""


class ProofError(ValueError):
    """A proof does not hold, or its index or sizes are out of bounds."""


class FrontierError(ValueError):
    """Not the right edge of a tree of this size."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return hashlib.sha256(_NODE + left + right).digest()


def root_hash(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root of the tree; that of the empty tree is the hash of nothing."""
    level = leaf_hashes
    while len(level) > 1:
        level = _parents(level)
    return level[0] if level else EMPTY_ROOT


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of the leaf at `index`, from the leaf up (section 2.1.1); `ProofError` if none."""
    if not 0 <= index < len(leaf_hashes):
        raise ProofError(f"a tree of {len(leaf_hashes)} leaves has no leaf {index}")
    proof: list[bytes] = []
    level = leaf_hashes
    while len(level) > 1:
        sibling = index ^ 1
        # The last node of an odd level has no sibling: it moves up as it is.
        if sibling < len(level):
            proof.append(level[sibling])
        level, index = _parents(level), index // 2
    return proof


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """Proof that the first `old_size` leaves never changed (section 2.1.2); `ProofError` if there are fewer.

    Empty for the empty tree, which every tree extends, and for the whole tree.
    """
    return consistency_path(lambda start, end: root_hash(leaf_hashes[start:end]), len(leaf_hashes), old_size)


def consistency_path(root_of: RootOf, size: int, old_size: int) -> list[bytes]:
    """As `consistency_proof`, of a tree of `size` leaves which nobody has to hold at once."""
    if not 0 <= old_size <= size:
        raise ProofError(f"a tree of {size} leaves extends none of {old_size}")
    return _subproof(root_of, 0, size, old_size, known=True) if old_size else []


def require_possible(number: int, proof: Sequence[bytes]) -> None:
    """Raise `ProofError` if no tree has this size or index, or no proof these hashes: what is read from outside may."""
    if not 0 <= number <= LARGEST or len(proof) > MOST_HASHES:
        raise ProofError("no tree is large enough for this proof")
    if any(len(each) != HASH_SIZE for each in proof):
        raise ProofError(f"the hashes of a proof must be {HASH_SIZE} bytes")


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raise `ProofError` unless the leaf with this hash is at `index` in the tree of this size and root."""
    if not 0 <= index < size:
        raise ProofError(f"a tree of {size} leaves has no leaf {index}")
    inner, border = _path_lengths(index, size)
    _require_hashes(proof, inner + border)
    digest = leaf
    for level, sibling in enumerate(proof[:inner]):
        digest = node_hash(sibling, digest) if index >> level & 1 else node_hash(digest, sibling)
    for sibling in proof[inner:]:
        digest = node_hash(sibling, digest)
    _require_equal(digest, root)


def verify_consistency(old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raise `ProofError` unless the tree with `new_root` extends the one with `old_root`."""
    if not 0 <= old_size <= new_size:
        raise ProofError(f"a tree of {new_size} leaves extends none of {old_size}")
    if old_size in (0, new_size):
        _require_hashes(proof, 0)
        _require_equal(old_root, new_root if old_size else EMPTY_ROOT)
        return
    # The path starts at the root of the last full subtree of the old tree. If that subtree is the whole old
    # tree, its root is known and the proof leaves it out.
    height = (old_size & -old_size).bit_length() - 1
    inner, border = _path_lengths(old_size - 1, new_size)
    inner -= height
    whole = old_size == 1 << height
    _require_hashes(proof, inner + border + (not whole))
    start, *path = [old_root, *proof] if whole else proof
    old = new = start
    for level, sibling in enumerate(path[:inner], height):
        if (old_size - 1) >> level & 1:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
        else:
            new = node_hash(new, sibling)
    for sibling in path[inner:]:
        old, new = node_hash(sibling, old), node_hash(sibling, new)
    _require_equal(old, old_root)
    _require_equal(new, new_root)


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: what appending needs to know of the leaves before.

    `hashes` are the roots of the full subtrees that make up the tree, the largest first: one for each 1 bit
    of `size`. `FrontierError` if they cannot be.
    """

    size: int
    hashes: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise FrontierError(f"{len(self.hashes)} hashes are not the edge of a tree of {self.size} leaves")
        if any(len(digest) != HASH_SIZE for digest in self.hashes):
            raise FrontierError("a hash has a wrong length")

    @classmethod
    def empty(cls) -> Self:
        """The edge of the empty tree."""
        return cls(0, ())

    def append(self, leaf: bytes) -> Self:
        """The edge after one more leaf, given by its hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Self:
        """The edge after more leaves, given by their hashes."""
        hashes, size = list(self.hashes), self.size
        for leaf in leaves:
            size += 1
            # Every trailing 0 bit of the new size is a full subtree that the leaf completes to the next larger.
            digest, grown = leaf, size
            while not grown & 1:
                digest = node_hash(hashes.pop(), digest)
                grown >>= 1
            hashes.append(digest)
        return type(self)(size, tuple(hashes))

    def root(self) -> bytes:
        """The root of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        *larger, digest = self.hashes
        for left in reversed(larger):
            digest = node_hash(left, digest)
        return digest

    def to_bytes(self) -> bytes:
        """The hashes one after the other; the size is not in it."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Self:
        """The reverse of `to_bytes`; `FrontierError` if `data` cannot be the edge of a tree of this size."""
        return cls(size, tuple(data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)))


def _parents(level: Sequence[bytes]) -> list[bytes]:
    parents = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return [*parents, level[-1]] if len(level) % 2 else parents


def _subproof(root_of: RootOf, start: int, end: int, old_end: int, *, known: bool) -> list[bytes]:
    # SUBPROOF(m, D[start:end], b) of RFC 6962, where the old tree ends at `old_end`: `known` says that the verifier has
    # this subtree's old root already.
    if old_end == end:
        return [] if known else [root_of(start, end)]
    split = start + (1 << (end - start - 1).bit_length() - 1)
    if old_end <= split:
        return [*_subproof(root_of, start, split, old_end, known=known), root_of(split, end)]
    return [*_subproof(root_of, split, end, old_end, known=False), root_of(start, split)]


def _path_lengths(index: int, size: int) -> tuple[int, int]:
    # Up to where the paths of this leaf and of the last leaf meet, there is a sibling at every level, left or
    # right; above it only to the left, where the index has a 1 bit.
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()


def _require_hashes(proof: Sequence[bytes], length: int) -> None:
    # Before anything is hashed: 31 + 33 bytes hash like 32 + 32, and a proof too long is work for nothing.
    if len(proof) != length or any(len(digest) != HASH_SIZE for digest in proof):
        raise ProofError(f"the proof must be {length} hashes of {HASH_SIZE} bytes")


def _require_equal(computed: bytes, root: bytes) -> None:
    if computed != root:
        raise ProofError("the proof does not lead to the root")
