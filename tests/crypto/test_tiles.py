"""Tiles and bundles of a log, with the examples of tlog-tiles."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crypto.merkle import leaf_hash, root_hash
from crypto.tiles import (
    MAX_ENTRY_SIZE,
    WIDTH,
    TileError,
    TileRef,
    decode_bundle,
    encode_bundle,
    entries_path,
    hash_tile,
    parse_tile_path,
    tile_path,
    tiles_of,
)

LEAVES = [leaf_hash(index.to_bytes(4, "big")) for index in range(70_000)]
REFS = st.one_of(
    st.builds(TileRef, st.none() | st.integers(0, 4), st.integers(0, 2**23 - 2), st.integers(1, WIDTH)),
    st.builds(TileRef, st.integers(5, 6), st.integers(0, 100), st.integers(1, WIDTH)),
)


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        ("tile/0/x001/x234/067", TileRef(0, 1_234_067)),
        ("tile/0/000", TileRef(0, 0)),
        ("tile/0/273.p/112", TileRef(0, 273, 112)),
        ("tile/1/001.p/17", TileRef(1, 1, 17)),
        ("tile/2/000.p/1", TileRef(2, 0, 1)),
        ("tile/0/999.p/255", TileRef(0, 999, 255)),
        ("tile/0/x001/000", TileRef(0, 1_000)),
        ("tile/entries/x001/x234/067", TileRef(None, 1_234_067)),
        ("tile/entries/273.p/112", TileRef(None, 273, 112)),
    ],
)
def test_paths_of_the_specification(path: str, ref: TileRef) -> None:
    assert parse_tile_path(path) == ref
    assert ref.path == path


def test_tiles_and_bundles_have_different_paths() -> None:
    assert tile_path(1, 1, 17) == "tile/1/001.p/17"
    assert entries_path(273, 112) == "tile/entries/273.p/112"
    assert tile_path(0, 5) == "tile/0/005"
    assert entries_path(5) == "tile/entries/005"


@given(REFS)
def test_every_path_is_read_as_it_is_written(ref: TileRef) -> None:
    assert parse_tile_path(ref.path) == ref


@given(
    st.text()
    | st.from_regex(re.compile(r"tile/(\d{1,2}|entries)/(x?\d{2,4}/){0,4}\d{3}(\.p/\d{1,4})?"), fullmatch=True)
)
@example("tile/0/٠٠٠")
def test_text_is_a_path_that_is_written_alike_or_an_error(text: str) -> None:
    try:
        ref = parse_tile_path(text)
    except TileError:
        return
    assert ref.path == text


@pytest.mark.parametrize(
    "path",
    [
        "",
        "checkpoint",
        "tile",
        "tile/0",
        "tile/0/",
        "/tile/0/000",
        "tile/0/000/",
        "tile/0/000\n",
        "tile/00/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/x000/x001/000",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/X001/000",
        "tile/0/000.p",
        "tile/0/000.p/",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/1000",
        "tile/entries/000.p/256",
        "tile/data/000",
        "tile/0/../000",
        "tile/0/٠٠٠",
    ],
)
def test_any_other_way_to_write_a_path_is_refused(path: str) -> None:
    with pytest.raises(TileError):
        parse_tile_path(path)


@pytest.mark.parametrize("path", ["tile/7/x001/000", "tile/8/000.p/1", "tile/63/000", "tile/0/" + "x999/" * 6 + "999"])
def test_a_tile_that_no_tree_reaches_is_refused(path: str) -> None:
    with pytest.raises(TileError):
        parse_tile_path(path)


def test_the_largest_tile_of_the_largest_tree_is_read() -> None:
    assert parse_tile_path("tile/7/000.p/127") == TileRef(7, 0, 127)
    with pytest.raises(TileError):
        parse_tile_path("tile/7/000.p/128")


@pytest.mark.parametrize(("level", "index", "width"), [(-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_an_impossible_tile_cannot_be_named(level: int, index: int, width: int) -> None:
    with pytest.raises(TileError):
        TileRef(level, index, width)


def test_a_tree_of_70_000_has_the_tiles_of_the_specification() -> None:
    assert list(tiles_of(70_000)) == [
        *(TileRef(0, index) for index in range(273)),
        TileRef(0, 273, 112),
        TileRef(1, 0),
        TileRef(1, 1, 17),
        TileRef(2, 0, 1),
        *(TileRef(None, index) for index in range(273)),
        TileRef(None, 273, 112),
    ]


def test_a_tree_of_256_has_a_full_tile_and_one_above() -> None:
    assert list(tiles_of(256)) == [TileRef(0, 0), TileRef(1, 0, 1), TileRef(None, 0)]


def test_an_empty_tree_has_no_tiles() -> None:
    assert list(tiles_of(0)) == []


@pytest.mark.parametrize("size", [-1, 2**63])
def test_an_impossible_tree_has_no_tiles(size: int) -> None:
    with pytest.raises(TileError):
        tiles_of(size)


def test_the_tiles_of_the_largest_tree_are_not_all_counted_before_the_first() -> None:
    assert next(tiles_of(2**63 - 1)) == TileRef(0, 0)


@given(st.integers(0, 300_000))
@example(65_535)
@example(65_536)
def test_tiles_have_the_widths_of_the_specification(size: int) -> None:
    refs = list(tiles_of(size))
    for level in range(4):
        widths = [ref.width for ref in refs if ref.level == level]
        assert sum(widths) == size // WIDTH**level
        assert all(width == WIDTH for width in widths[:-1])
    assert [ref.width for ref in refs if ref.level is None] == [ref.width for ref in refs if ref.level == 0]


def test_the_hashes_of_a_tile_are_those_of_the_definition() -> None:
    for ref in tiles_of(len(LEAVES)):
        if ref.level is None:
            continue
        span = WIDTH**ref.level
        expected = [
            root_hash(LEAVES[(ref.index * 256 + i) * span : (ref.index * 256 + i + 1) * span]) for i in range(ref.width)
        ]
        assert hash_tile(ref.level, ref.index, ref.width, LEAVES) == b"".join(expected)


def test_each_hash_of_a_higher_tile_is_the_root_of_a_full_tile_below() -> None:
    below = hash_tile(0, 3, 256, LEAVES)
    hashes = [below[at : at + 32] for at in range(0, len(below), 32)]
    assert hash_tile(1, 0, 256, LEAVES)[3 * 32 : 4 * 32] == root_hash(hashes)


def test_the_leaves_below_a_tile_are_all_it_takes() -> None:
    assert hash_tile(1, 0, 17, LEAVES[65_536 : 65_536 + 17 * 256]) == hash_tile(1, 1, 17, LEAVES)


def test_a_tile_beyond_the_tree_is_refused() -> None:
    with pytest.raises(TileError):
        hash_tile(0, 273, 113, LEAVES)
    with pytest.raises(TileError):
        hash_tile(7, 0, 1, LEAVES)


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=WIDTH))
def test_every_bundle_is_read_as_it_is_written(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(iter(entries))) == entries


def test_a_full_bundle_is_read_as_it_is_written() -> None:
    entries = [b"%d" % number for number in range(WIDTH)]
    assert decode_bundle(encode_bundle(entries)) == entries


def test_entries_are_preceded_by_their_length() -> None:
    assert encode_bundle([b"", b"abc"]) == b"\x00\x00\x00\x03abc"


def test_the_longest_entry_fits_and_a_longer_one_does_not() -> None:
    assert decode_bundle(encode_bundle([bytes(MAX_ENTRY_SIZE)] * 2)) == [bytes(MAX_ENTRY_SIZE)] * 2
    with pytest.raises(TileError):
        encode_bundle([bytes(MAX_ENTRY_SIZE + 1)])


@pytest.mark.parametrize("count", [0, 257])
def test_a_bundle_has_1_to_256_entries(count: int) -> None:
    with pytest.raises(TileError):
        encode_bundle([b""] * count)
    with pytest.raises(TileError):
        decode_bundle(b"\x00\x00" * count)


def test_a_bundle_cut_anywhere_inside_an_entry_is_refused() -> None:
    bundle = encode_bundle([b"first", b"second"])
    for end in set(range(len(bundle))) - {7}:
        with pytest.raises(TileError):
            decode_bundle(bundle[:end])


@given(st.binary() | st.lists(st.binary(max_size=9), min_size=1, max_size=9).map(encode_bundle))
def test_bytes_are_a_bundle_that_serialises_back_or_an_error(data: bytes) -> None:
    try:
        entries = decode_bundle(data)
    except TileError:
        return
    assert encode_bundle(entries) == data
