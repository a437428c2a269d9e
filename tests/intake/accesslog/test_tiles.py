"""Tiles come from stored hashes: they are those of the entries, and a large one takes no more memory."""

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from sqlalchemy import insert, update

from crypto.logkey import LogSigner
from crypto.merkle import leaf_hash
from crypto.tiles import TileRef, decode_bundle, hash_tile
from intake.accesslog.append import LogAppender
from intake.accesslog.tiles import entries, tile
from intake.keeper import Keeper, initialise, open_keeper
from intake.storage.tables import LogEntry, LogHead

pytestmark = pytest.mark.slow

SIZE = 2 * 65_536 + 300
BODY = 1_000


def body(index: int) -> bytes:
    return json.dumps(index).encode().ljust(BODY)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keeper]:
    """A server whose log has more entries than one tile of level 1 covers, 131 MB of them."""
    server = open_keeper(initialise(tmp_path_factory.mktemp("large") / "server", {}))
    with server.store.writing() as session:
        for start in range(0, SIZE, 4096):
            part = [(index, body(index)) for index in range(start, min(SIZE, start + 4096))]
            session.execute(
                insert(LogEntry), [{"index": index, "leaf": leaf_hash(line), "body": line} for index, line in part]
            )
        session.execute(update(LogHead).values(size=SIZE))
    yield server
    server.store.close()


@pytest.fixture(scope="module")
def leaves() -> list[bytes]:
    return [leaf_hash(body(index)) for index in range(SIZE)]


@pytest.mark.parametrize(
    "ref",
    [TileRef(0, 0), TileRef(0, 513, 44), TileRef(1, 0), TileRef(1, 1), TileRef(1, 2, 1), TileRef(2, 0, 2)],
    ids=str,
)
def test_a_tile_holds_the_hashes_of_the_entries_below_it_in_little_memory(
    ref: TileRef, large: Keeper, leaves: list[bytes]
) -> None:
    with large.store.reading() as session:
        tracemalloc.start()
        data = tile(LogAppender(LogSigner.generate("log")), session, ref)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert data == hash_tile(ref.level or 0, ref.index, ref.width, leaves)
    assert most < 2_000_000, "65,536 entries of a kilobyte were read otherwise"


def test_a_bundle_holds_its_entries(large: Keeper) -> None:
    with large.store.reading() as session:
        data = tile(LogAppender(LogSigner.generate("log")), session, TileRef(None, 3))
    assert decode_bundle(data) == [body(index) for index in range(3 * 256, 4 * 256)]


@pytest.mark.parametrize(("start", "end"), [(0, 3), (255, 257), (1000, 2000), (SIZE - 5, SIZE + 5), (SIZE, SIZE + 1)])
def test_entries_are_given_from_any_place_to_any_other_as_far_as_the_tree_reaches(
    start: int, end: int, large: Keeper
) -> None:
    with large.store.reading() as session:
        found = list(entries(LogAppender(LogSigner.generate("log")), session, start, end))
    assert found == [body(index) for index in range(start, min(end, SIZE))]
