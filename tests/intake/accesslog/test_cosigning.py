"""The newest checkpoint is submitted to the witnesses of a policy; what they answer counts only if they signed it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from socket import create_server
from threading import Thread

import pytest
from sqlalchemy import delete, insert, select
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from crypto.cosignature import Algorithm, CosigningKey
from crypto.logkey import LogSigner
from crypto.merkle import consistency_proof, leaf_hash
from crypto.note import parse_note
from crypto.policy import Policy
from crypto.witness import parse_add_checkpoint
from enrolled import Members
from intake.accesslog import cosigned
from intake.accesslog.cosigning import Cosigning, Submission, cosign, places
from intake.keeper import Keeper
from intake.protocol.card import Role
from intake.settings import SettingError
from intake.storage.tables import LogCosigned, LogEntry, LogHead
from ports import free_port
from signed_head import sign_head
from witnesses import TODAY, StartWitness, policy_of, starting, witness


@pytest.fixture
def start(server: Keeper, tmp_path: Path) -> Iterator[StartWitness]:
    with ExitStack() as stack:
        yield starting(tmp_path, server.log.verifier, stack)


def asked(server: Keeper, policy: Policy) -> Cosigning:
    return cosign(server.store, server.log, policy, places(policy, ""))


def shown(server: Keeper) -> bytes | None:
    with server.store.reading() as session:
        return cosigned.newest(session)


def sizes(server: Keeper) -> list[int]:
    with server.store.reading() as session:
        return list(session.scalars(select(LogCosigned.size).order_by(LogCosigned.size)))


def says(server: Keeper, policy: Policy) -> str:
    """What came of asking, in words, of one witness."""
    (outcome,) = asked(server, policy).outcomes
    return outcome.says


def test_the_newest_checkpoint_is_cosigned_kept_and_shown_with_the_logs_own_signatures(
    server: Keeper, members_of: Members, start: StartWitness
) -> None:
    policy = policy_of(server.log.verifier, ours=start("ours"), theirs=start("theirs"))
    assert shown(server) is None
    for size in (0, 1, 2):
        done = asked(server, policy)
        assert done.is_met
        assert [outcome.says for outcome in done.outcomes] == [f"cosigned {size} entries"] * 2
        note = parse_note(shown(server) or b"")
        assert server.log.verifier.open(bytes(note)).size == size
        assert policy.cosigned(note) == {b"ours": TODAY, b"theirs": TODAY}
        members_of.enrol(f"member{size}")


def test_nothing_that_happened_is_cosigned_anew_all_the_same(server: Keeper, start: StartWitness) -> None:
    ours = start("ours")
    policy = policy_of(server.log.verifier, ours=ours)
    asked(server, policy)
    ours.clock.time += 3600
    assert asked(server, policy).is_met
    assert policy.cosigned(parse_note(shown(server) or b"")) == {b"ours": TODAY + 3600}
    assert sizes(server) == [0]


def test_a_witness_with_two_keys_is_asked_once_for_both(server: Keeper, start: StartWitness) -> None:
    ours = start("ours")
    one, other = (f"witness {name} {key.cosigner} {ours.url}\n" for name, key in zip("ab", ours.keys, strict=True))
    policy = policy_of(server.log.verifier, a=one, b=other)
    (outcome,) = asked(server, policy).outcomes
    assert outcome.place.names == (b"a", b"b")
    assert policy.cosigned(parse_note(shown(server) or b"")).keys() == {b"a", b"b"}


def test_a_witness_that_knows_more_of_the_log_than_is_remembered_here_is_asked_from_there(
    server: Keeper, members_of: Members, start: StartWitness
) -> None:
    policy = policy_of(server.log.verifier, ours=start("ours"))
    for name in ("amina", "boris", "carla"):
        members_of.enrol(name)
    asked(server, policy)
    with server.store.writing() as session:
        session.execute(delete(LogCosigned))
    members_of.enrol("dora")
    assert says(server, policy) == "cosigned 4 entries"


@pytest.fixture
def large(server: Keeper) -> list[bytes]:
    """The leaf hashes of a log of some thousand entries."""
    leaves = [leaf_hash(b"%d" % number) for number in range(9_000)]
    with server.store.writing() as session:
        rows = [{"index": place, "leaf": leaf, "body": b"", "rules": False} for place, leaf in enumerate(leaves)]
        session.execute(insert(LogEntry), rows)
    sign_head(server)
    return leaves


def test_proofs_are_those_of_the_stored_leaves_at_tile_borders_and_everywhere_else(
    server: Keeper, large: list[bytes]
) -> None:
    submission = Submission(server.store, server.log)
    assert submission.size == len(large)
    for old in (0, 1, 2, 255, 256, 257, 4095, 4096, 4097, 8191, 8192, 8193, 8999, 9000):
        request = parse_add_checkpoint(submission.request(old))
        assert (request.old, list(request.proof)) == (old, consistency_proof(large, old))


def test_one_that_is_stopped_costs_no_other_and_the_policy_says_whether_that_is_enough(
    server: Keeper, start: StartWitness
) -> None:
    ours = start("ours")
    away = f"witness away {start('away').keys[0].cosigner} http://127.0.0.1:{free_port()}\n"
    for needed, met in ((1, True), (2, False)):
        done = asked(server, policy_of(server.log.verifier, needed, ours=ours, away=away))
        assert done.is_met == met
        assert [outcome.says for outcome in done.outcomes] == [
            "cosigned 0 entries",
            "can't be reached; is it running?",
        ]


def test_as_long_as_too_few_cosign_the_last_that_enough_did_is_shown(
    server: Keeper, members_of: Members, start: StartWitness
) -> None:
    """Those who count days see how old it is; a newer one would turn everybody red at once."""
    ours, theirs = start("ours"), start("theirs")
    policy = policy_of(server.log.verifier, ours=ours, theirs=theirs)
    alone = policy_of(server.log.verifier, "all", ours=ours)
    members_of.enrol("amina")
    asked(server, policy)
    for name in ("boris", "carla", "dora"):
        members_of.enrol(name)
        cosign(server.store, server.log, policy, places(alone, ""))
        assert server.log.verifier.open(shown(server) or b"").size == 1
    assert sizes(server) == [1, 4], "the others are shown to nobody any more"
    asked(server, policy)
    assert server.log.verifier.open(shown(server) or b"").size == 4
    assert sizes(server) == [4]


def test_where_never_enough_did_the_newest_is_shown(server: Keeper, members_of: Members, start: StartWitness) -> None:
    ours = start("ours")
    away = f"witness away {start('away').keys[0].cosigner} http://127.0.0.1:{free_port()}\n"
    policy = policy_of(server.log.verifier, ours=ours, away=away)
    asked(server, policy)
    members_of.enrol("amina")
    asked(server, policy)
    assert server.log.verifier.open(shown(server) or b"").size == 1


def test_those_who_cosigned_the_same_tree_before_stay_beside_those_who_do_now(
    server: Keeper, start: StartWitness
) -> None:
    ours, theirs = start("ours"), start("theirs")
    policy = policy_of(server.log.verifier, ours=ours, theirs=theirs)
    asked(server, policy)
    ours.clock.time += 60
    cosign(server.store, server.log, policy, places(policy_of(server.log.verifier, ours=ours), ""))
    assert policy.cosigned(parse_note(shown(server) or b"")) == {b"ours": TODAY + 60, b"theirs": TODAY}


def set_back(server: Keeper, size: int) -> None:
    """As after a backup was put back."""
    with server.store.writing() as session:
        session.execute(delete(LogHead).where(LogHead.size > size))
    sign_head(server, size=size)


def test_a_log_that_was_set_back_is_contradicted_by_its_witness(
    server: Keeper, members_of: Members, start: StartWitness
) -> None:
    policy = policy_of(server.log.verifier, ours=start("ours"))
    for name in ("amina", "boris", "carla"):
        members_of.enrol(name)
    asked(server, policy)
    set_back(server, 1)
    (outcome,) = asked(server, policy).outcomes
    assert outcome.contradicts
    assert "has cosigned 3 entries of this log, which has only 1" in outcome.says
    members_of.enrol("dora")
    members_of.enrol("elias")
    (outcome,) = asked(server, policy).outcomes
    assert "has cosigned another tree of 3 entries" in outcome.says
    members_of.enrol("farid")
    done = asked(server, policy)
    assert done.outcomes[0].contradicts
    assert "what it cosigned before, 3 entries, is not the beginning of this log" in done.outcomes[0].says
    assert not done.is_met


def test_a_witness_that_does_not_know_the_log_says_so(server: Keeper, tmp_path: Path) -> None:
    for log, words in (
        (LogSigner.generate("intake-other"), "does not know this log"),
        (LogSigner.generate(server.log.origin), "does not believe the log's signatures"),
    ):
        with witness(tmp_path / log.verifier.name, log.verifier) as theirs:
            assert says(server, policy_of(server.log.verifier, theirs=theirs)).startswith(words)


@contextmanager
def answering(answer: Callable[[Request], Response]) -> Iterator[str]:
    """What answers like this where a witness is asked; its address."""
    http = make_server("127.0.0.1", 0, Request.application(answer))
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{http.server_port}"
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


KEY, OTHER = (CosigningKey.from_seed("w", Algorithm.ED25519, bytes([number]) * 32) for number in (1, 2))


def line(key: CosigningKey, request: Request, text: str | None = None) -> bytes:
    note = parse_add_checkpoint(request.get_data()).checkpoint
    return f"{key.cosign(text or note.text, TODAY)}\n".encode()


LIES: dict[str, Callable[[Request], Response]] = {
    "nothing": lambda _: Response(b""),
    "no line": lambda _: Response(b"cosigned, I promise\n"),
    "a line of a stranger": lambda request: Response(line(OTHER, request)),
    "a line of another checkpoint": lambda request: Response(
        line(KEY, request, "intake-other\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")
    ),
    "an answer without an end": lambda request: Response(line(KEY, request) * 5_000),
    "a size that is none": lambda _: Response(b"+1\n", 409, content_type="text/x.tlog.size"),
    "a size of another type": lambda _: Response(b"0\n", 409),
    "another size each time": lambda _: Response(b"0\n", 409, content_type="text/x.tlog.size"),
    "elsewhere": lambda _: Response(b"", 302, headers={"Location": "http://127.0.0.1:9/"}),
    "a fault": lambda _: Response(b"", 500),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_hostile_witness_answers_is_not_taken_for_a_cosignature(
    lie: str, server: Keeper, members_of: Members
) -> None:
    members_of.enrol("amina")
    with answering(LIES[lie]) as url:
        done = asked(server, policy_of(server.log.verifier, w=f"witness w {KEY.cosigner} {url}\n"))
    assert not done.is_met
    assert done.outcomes[0].lines == ()
    assert shown(server) is None


def test_true_lines_are_taken_from_among_others_and_of_each_key_the_latest(server: Keeper) -> None:
    def answer(request: Request) -> Response:
        note = parse_add_checkpoint(request.get_data()).checkpoint
        early, late = (f"{KEY.cosign(note.text, TODAY + second)}\n".encode() for second in (1, 2))
        return Response(line(OTHER, request) + early + late)

    with answering(answer) as url:
        policy = policy_of(server.log.verifier, w=f"witness w {KEY.cosigner} {url}/below/\n")
        assert asked(server, policy).is_met
    note = parse_note(shown(server) or b"")
    assert policy.cosigned(note) == {b"w": TODAY + 2}
    assert len(note.signatures) == 3


def test_what_a_witness_is_sent_names_nobody_and_nothing(server: Keeper, members_of: Members) -> None:
    """The log's name, its size, hashes and signatures: and in the head of the request what any program would send."""
    sent: list[bytes] = []
    member = members_of.enrol("amina-of-the-desk")
    members_of.enrol("carla-the-auditor", Role.AUDITOR)
    with create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def take() -> None:
            connection, _ = listening.accept()
            with connection:
                data = b""
                while b"\r\n\r\n" not in data or len(data.partition(b"\r\n\r\n")[2]) < length(data):
                    data += connection.recv(1 << 16)
                sent.append(data)
                connection.sendall(b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n")

        thread = Thread(target=take)
        thread.start()
        asked(server, policy_of(server.log.verifier, w=f"witness w {KEY.cosigner} http://127.0.0.1:{port}\n"))
        thread.join()
    head, _, body = sent[0].partition(b"\r\n\r\n")
    names = {each.partition(b":")[0].lower() for each in head.split(b"\r\n")[1:]}
    assert names <= {b"host", b"accept", b"accept-encoding", b"connection", b"content-length"}
    request = parse_add_checkpoint(body)
    assert request.checkpoint.text.split("\n")[:2] == [server.log.origin, "2"]
    assert server.log.origin.removeprefix("intake-").isalnum()
    assert len(server.log.origin) == len("intake-") + 8
    for secret in (b"amina", b"carla", member.card.key_id.encode(), b"desk.test", str(server.settings.data).encode()):
        assert secret not in sent[0]


def length(data: bytes) -> int:
    """How long the body of a request is, by its head."""
    head = data.lower().partition(b"content-length: ")[2]
    return int(head.partition(b"\r\n")[0])


@pytest.mark.parametrize(
    ("url", "way"),
    [
        ("http://127.0.0.1:8005", None),
        ("http://[::1]:8005", None),
        ("http://localhost:8005", None),
        ("http://abcdef.onion", "socks5h://127.0.0.1:9050"),
        ("https://witness.example/w", "socks5h://127.0.0.1:9050"),
        ("http://192.0.2.1:8005", "socks5h://127.0.0.1:9050"),
    ],
)
def test_only_this_machine_is_asked_without_the_proxy(url: str, way: str | None, server: Keeper) -> None:
    policy = policy_of(server.log.verifier, theirs=f"witness theirs {KEY.cosigner} {url}\n")
    (place,) = places(policy, "socks5h://127.0.0.1:9050")
    assert place.proxy == way
    if way is None:
        assert places(policy, "")[0].proxy is None
    else:
        with pytest.raises(SettingError, match=r"witness_proxy must be set, .* the witness theirs at"):
            places(policy, "")


@pytest.mark.parametrize("url", ["witness.example", "ftp://127.0.0.1", "http://", "http://x:99999"])
def test_an_address_that_is_none_is_named(url: str, server: Keeper) -> None:
    with pytest.raises(SettingError, match=r"log.policy: the address of the witness theirs must be one such as"):
        places(policy_of(server.log.verifier, theirs=f"witness theirs {KEY.cosigner} {url}\n"), "")


def test_a_witness_without_an_address_is_not_asked(server: Keeper) -> None:
    assert places(policy_of(server.log.verifier, theirs=f"witness theirs {KEY.cosigner}\n"), "") == []


def test_a_proxy_that_does_not_answer_or_is_none_is_told_from_a_witness_that_does_not(server: Keeper) -> None:
    policy = policy_of(server.log.verifier, theirs=f"witness theirs {KEY.cosigner} http://abcdef.onion\n")

    def through(port: int) -> str:
        (outcome,) = cosign(server.store, server.log, policy, places(policy, f"socks5h://127.0.0.1:{port}")).outcomes
        return outcome.says

    assert through(free_port()) == "can't be reached: nothing answers at witness_proxy"
    with create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(b"SSH-2.0-OpenSSH\r\n")

        thread = Thread(target=answer)
        thread.start()
        says = through(listening.getsockname()[1])
        thread.join()
    assert says == "can't be reached: what listens at witness_proxy does not speak SOCKS"
