"""Merkle trees against the definitions of RFC 6962, section 2.1, written down once more here as they stand there."""

import hashlib
from collections.abc import Callable, Sequence
from functools import cache

import pymerkle
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.merkle import (
    EMPTY_ROOT,
    Frontier,
    FrontierError,
    ProofError,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_hash,
    verify_consistency,
    verify_inclusion,
)

pytestmark = pytest.mark.slow

LEAVES = [leaf_hash(index.to_bytes(2, "big")) for index in range(512)]

# The leaves and roots that implementations of Certificate Transparency have tested with since its first.
REFERENCE_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
REFERENCE_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@cache
def mth(start: int, end: int) -> bytes:
    """MTH(D[start:end]) of `LEAVES`."""
    if end - start == 0:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return LEAVES[start]
    k = largest_power_of_two_below(end - start)
    return hashlib.sha256(b"\x01" + mth(start, start + k) + mth(start + k, end)).digest()


def path(m: int, start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end])."""
    if end - start == 1:
        return []
    k = largest_power_of_two_below(end - start)
    if m < k:
        return [*path(m, start, start + k), mth(start + k, end)]
    return [*path(m - k, start + k, end), mth(start, start + k)]


def subproof(m: int, start: int, end: int, b: bool) -> list[bytes]:
    """SUBPROOF(m, D[start:end], b); PROOF(m, D[n]) is SUBPROOF(m, D[n], true)."""
    if m == end - start:
        return [] if b else [mth(start, end)]
    k = largest_power_of_two_below(end - start)
    if m <= k:
        return [*subproof(m, start, start + k, b), mth(start + k, end)]
    return [*subproof(m - k, start + k, end, False), mth(start, start + k)]


def largest_power_of_two_below(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def flipped(digest: bytes) -> bytes:
    return bytes([digest[0] ^ 1]) + digest[1:]


def tampered(proof: Sequence[bytes]) -> list[list[bytes]]:
    """The proof with every one of its hashes changed, cut, stretched, dropped or doubled, and with one more."""
    changes: list[Callable[[bytes], list[bytes]]] = [
        lambda digest: [flipped(digest)],
        lambda digest: [digest[:-1]],
        lambda digest: [digest + b"\x00"],
        lambda _: [],
        lambda digest: [digest, digest],
    ]
    return [
        [*proof[:at], *change(digest), *proof[at + 1 :]] for at, digest in enumerate(proof) for change in changes
    ] + [[*proof, bytes(32)], [bytes(32), *proof]]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_reference_trees_have_their_published_roots(size: int) -> None:
    leaves = [leaf_hash(leaf) for leaf in REFERENCE_LEAVES[:size]]
    assert root_hash(leaves).hex() == REFERENCE_ROOTS[size - 1]


def test_the_root_of_the_empty_tree_is_the_hash_of_nothing() -> None:
    assert root_hash([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


def test_a_leaf_does_not_hash_like_a_node() -> None:
    left, right = LEAVES[:2]
    assert leaf_hash(left + right) != node_hash(left, right)


def test_roots_are_those_of_the_definition_for_all_sizes_to_512() -> None:
    for size in range(513):
        assert root_hash(LEAVES[:size]) == mth(0, size)


def test_inclusion_proofs_are_those_of_the_definition_and_verify_for_all_sizes_to_256() -> None:
    for size in range(1, 257):
        for index in range(size):
            proof = inclusion_proof(LEAVES[:size], index)
            assert proof == path(index, 0, size)
            verify_inclusion(index, size, LEAVES[index], proof, mth(0, size))


def test_consistency_proofs_are_those_of_the_definition_and_verify_for_all_pairs_to_256() -> None:
    for new in range(1, 257):
        for old in range(1, new + 1):
            proof = consistency_proof(LEAVES[:new], old)
            assert proof == subproof(old, 0, new, True)
            verify_consistency(old, new, mth(0, old), mth(0, new), proof)


def test_every_tree_extends_the_empty_one() -> None:
    for new in range(9):
        assert consistency_proof(LEAVES[:new], 0) == []
        verify_consistency(0, new, EMPTY_ROOT, mth(0, new), [])
        with pytest.raises(ProofError):
            verify_consistency(0, new, flipped(EMPTY_ROOT), mth(0, new), [])


def test_an_inclusion_proof_with_anything_changed_is_refused() -> None:
    for size in range(1, 34):
        for index in range(size):
            leaf, root, proof = LEAVES[index], mth(0, size), path(index, 0, size)
            for wrong in tampered(proof):
                with pytest.raises(ProofError):
                    verify_inclusion(index, size, leaf, wrong, root)
            with pytest.raises(ProofError):
                verify_inclusion(index, size, flipped(leaf), proof, root)
            with pytest.raises(ProofError):
                verify_inclusion(index, size, leaf, proof, flipped(root))


def test_an_inclusion_proof_holds_for_its_own_index_only() -> None:
    for size in range(1, 34):
        for index in range(size):
            for other in {-1, *range(size + 2)} - {index}:
                with pytest.raises(ProofError):
                    verify_inclusion(other, size, LEAVES[index], path(index, 0, size), mth(0, size))


def test_a_consistency_proof_with_anything_changed_is_refused() -> None:
    for new in range(1, 34):
        for old in range(1, new + 1):
            old_root, new_root, proof = mth(0, old), mth(0, new), subproof(old, 0, new, True)
            for wrong in tampered(proof):
                with pytest.raises(ProofError):
                    verify_consistency(old, new, old_root, new_root, wrong)
            with pytest.raises(ProofError):
                verify_consistency(old, new, flipped(old_root), new_root, proof)
            with pytest.raises(ProofError):
                verify_consistency(old, new, old_root, flipped(new_root), proof)


def test_a_tree_does_not_extend_a_larger_or_an_impossible_one() -> None:
    for old, new in ((2, 1), (1, 0), (-1, 1), (-2, -1)):
        with pytest.raises(ProofError):
            verify_consistency(old, new, LEAVES[0], LEAVES[0], [])


@pytest.mark.parametrize("index", [-1, 3])
def test_there_is_no_proof_for_a_leaf_outside_the_tree(index: int) -> None:
    with pytest.raises(ProofError):
        inclusion_proof(LEAVES[:3], index)


@pytest.mark.parametrize("size", [-1, 4])
def test_there_is_no_proof_from_a_tree_of_an_impossible_size(size: int) -> None:
    with pytest.raises(ProofError):
        consistency_proof(LEAVES[:3], size)


def test_a_frontier_grows_with_the_tree_for_all_sizes_to_512() -> None:
    frontier = Frontier.empty()
    for size in range(512):
        assert (frontier.size, frontier.root()) == (size, mth(0, size))
        frontier = Frontier.from_bytes(size, frontier.to_bytes()).append(LEAVES[size])
    assert (frontier.size, frontier.root()) == (512, mth(0, 512))


def test_a_frontier_takes_many_leaves_as_it_takes_one_after_another() -> None:
    for start in range(40):
        before = Frontier.empty().extend(LEAVES[:start])
        for end in range(start, 80):
            after = before.extend(iter(LEAVES[start:end]))
            assert (after.size, after.root()) == (end, mth(0, end))


def test_appending_leaves_the_frontier_before_as_it_was() -> None:
    before = Frontier.empty().append(LEAVES[0])
    before.append(LEAVES[1])
    assert before.root() == LEAVES[0]


def test_a_frontier_takes_hashes_only() -> None:
    with pytest.raises(FrontierError):
        Frontier.empty().append(b"an entry instead of its hash")


@given(st.integers(-300, 300), st.binary(max_size=400))
def test_bytes_are_a_frontier_that_serialises_back_or_an_error(size: int, data: bytes) -> None:
    try:
        frontier = Frontier.from_bytes(size, data)
    except FrontierError:
        return
    assert (frontier.size, frontier.to_bytes()) == (size, data)


@given(st.integers(1, 2**12), st.data())
def test_a_frontier_of_the_right_length_is_read(size: int, data: st.DataObject) -> None:
    content = data.draw(st.binary(min_size=32 * size.bit_count(), max_size=32 * size.bit_count()))
    assert Frontier.from_bytes(size, content).to_bytes() == content


@given(st.integers(), st.integers(), st.binary(), st.lists(st.binary(max_size=40)), st.binary())
def test_verifiers_raise_nothing_but_proof_errors(
    first: int, second: int, some: bytes, proof: list[bytes], other: bytes
) -> None:
    # Neither can hold: a root is 32 bytes that SHA-256 gave, and these are not.
    with pytest.raises(ProofError):
        verify_inclusion(first, second, some, proof, other + b"!" * 33)
    with pytest.raises(ProofError):
        verify_consistency(first, second, some, some + b"!", proof)


BORDERS = (255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537)
"""Sizes where tiles of 256 hashes fill up."""


@cache
def another(size: int) -> pymerkle.InmemoryTree:
    """The same tree by another implementation, which counts leaves from one."""
    return pymerkle.InmemoryTree.init_from_entries([index.to_bytes(4, "big") for index in range(size)])


@cache
def own(size: int) -> list[bytes]:
    return [leaf_hash(index.to_bytes(4, "big")) for index in range(size)]


def require_alike(other: pymerkle.InmemoryTree, leaves: list[bytes], index: int) -> None:
    """Both implementations give the same proof of a leaf, and each other's verifier takes it."""
    theirs, size = other.prove_inclusion(index + 1, len(leaves)), len(leaves)
    proof = inclusion_proof(leaves, index)
    assert proof == theirs.path[1:]
    verify_inclusion(index, size, leaves[index], theirs.path[1:], other.get_root(size))
    theirs.path = [leaves[index], *proof]
    pymerkle.verify_inclusion(leaves[index], root_hash(leaves), theirs, index=index + 1, size=size)


def test_another_implementation_has_the_same_roots_and_inclusion_proofs_for_all_sizes_to_300() -> None:
    other = another(300)
    for size in range(1, 301):
        leaves = own(300)[:size]
        assert root_hash(leaves) == other.get_root(size)
        for index in range(size):
            require_alike(other, leaves, index)


def test_consistency_proofs_lead_to_the_roots_of_another_implementation_for_all_sizes_to_300() -> None:
    other = another(300)
    for size in range(1, 301):
        leaves = own(300)[:size]
        for old in range(1, size + 1):
            # Its own proofs name other hashes than RFC 6962 does: what they are of is compared.
            proof = consistency_proof(leaves, old)
            verify_consistency(old, size, other.get_root(old), other.get_root(size), proof)


@pytest.mark.parametrize("size", BORDERS)
def test_another_implementation_agrees_where_tiles_fill_up(size: int) -> None:
    other, leaves = another(BORDERS[-1]), own(BORDERS[-1])[:size]
    assert root_hash(leaves) == other.get_root(size)
    for index in {0, 1, 254, size - 2, size - 1, size // 2, *(each for each in BORDERS if each < size)}:
        require_alike(other, leaves, index)
    for old in (each for each in BORDERS if each <= size):
        proof = consistency_proof(leaves, old)
        verify_consistency(old, size, other.get_root(old), other.get_root(size), proof)
