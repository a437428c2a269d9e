"""Policies: what a file of tlog-policy says, and when enough witnesses have cosigned."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import Checkpoint
from crypto.cosignature import Algorithm, CosigningKey
from crypto.logkey import LogSigner, LogVerifier
from crypto.note import Note, SignatureError
from crypto.policy import Policy, PolicyError, parse_policy

LOG = LogSigner.from_seeds("example.com/log", bytes(32), bytes(32))
CHECKPOINT = Checkpoint("example.com/log", 42, bytes(32))
SIGNED = LOG.also_sign(Note(CHECKPOINT.text, (LOG.sign(CHECKPOINT.text),)))
KEYS = {
    name: CosigningKey.from_seed(f"witness.example/{name}", algorithm, bytes([number]) * 32)
    for number, (name, algorithm) in enumerate(
        zip(("X1", "X2", "X3", "Y1", "Y2", "Y3"), itertools.cycle(Algorithm), strict=False), 1
    )
}
WITNESSES = "".join(f"witness {name} {key.cosigner}\n" for name, key in KEYS.items())
LOGS = f"log {LOG.verifier.ed25519} http://log.example\nlog {LOG.verifier.ml_dsa}\n"

# The example of the specification.
EXAMPLE = f"""# Two organisations must agree.
log {LOG.verifier.ed25519}

{WITNESSES}
group X-witnesses 2 X1 X2 X3
\tgroup Y-witnesses any Y1 Y2 Y3  \n
group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def read(text: str) -> Policy:
    return parse_policy(text.encode())


def cosigned(*names: str, time: int = 7) -> Note:
    return Note(SIGNED.text, (*SIGNED.signatures, *(KEYS[name].cosign(SIGNED.text, time) for name in names)))


def test_the_example_of_the_specification_is_met_as_it_says() -> None:
    policy = read(EXAMPLE)
    for count in range(len(KEYS) + 1):
        for names in itertools.combinations(KEYS, count):
            enough = sum(name[0] == "X" for name in names) >= 2 and any(name[0] == "Y" for name in names)
            assert policy.is_met({name.encode() for name in names}) == enough


def test_cosignatures_count_with_their_times_whatever_stands_beside_them() -> None:
    policy = read(EXAMPLE)
    stranger = CosigningKey.from_seed("stranger.example", Algorithm.ED25519, bytes(32))
    note = cosigned("X1", "X2", "Y3")
    note = Note(note.text, (*note.signatures, stranger.cosign(note.text, 9)))
    assert policy.cosigned(note) == {b"X1": 7, b"X2": 7, b"Y3": 7}
    policy.require(note)
    for names in (("X1", "X2", "X3"), ("X1", "Y1", "Y2"), ()):
        with pytest.raises(SignatureError):
            policy.require(cosigned(*names))


def test_a_false_cosignature_of_a_witness_spoils_all() -> None:
    note = cosigned("X1", "X2", "Y3")
    elsewhere = KEYS["X3"].cosign(Checkpoint("example.com/log", 43, bytes(32)).text, 7)
    with pytest.raises(SignatureError):
        read(EXAMPLE).require(Note(note.text, (*note.signatures, elsewhere)))


def test_a_single_witness_can_be_the_quorum_and_nobody_too() -> None:
    one = read(f"{WITNESSES}quorum Y2\n")
    one.require(cosigned("Y2"))
    with pytest.raises(SignatureError):
        one.require(cosigned("X1", "X2", "X3", "Y1", "Y3"))
    read("quorum none\n").require(SIGNED)


def test_a_log_with_two_keys_must_sign_with_both() -> None:
    policy = read(f"{LOGS}quorum none\n")
    assert policy.log == LOG.verifier
    assert policy.logs[0].url == "http://log.example"
    assert read(f"log {LOG.verifier.ed25519}\nquorum none\n").log == LogVerifier(LOG.verifier.ed25519, None)


def test_a_policy_that_names_no_one_log_has_none_to_follow() -> None:
    other = LogSigner.generate("example.com/other").verifier
    for lines in (
        "",
        f"log {LOG.verifier.ml_dsa}\n",
        f"log {LOG.verifier.ed25519}\nlog {other.ed25519}\n",
        f"log {LOG.verifier.ed25519}\nlog {other.ml_dsa}\n",
    ):
        with pytest.raises(PolicyError):
            _ = read(f"{lines}quorum none\n").log


def test_what_a_policy_says_can_be_written_again() -> None:
    for text in (EXAMPLE, f"{LOGS}{WITNESSES}quorum X1\n", "quorum none\n"):
        policy = read(text)
        assert parse_policy(bytes(policy)) == policy


def test_names_are_bytes_that_mean_nothing() -> None:
    kelvin = f"witness \u212a {KEYS['X1'].cosigner}\nwitness K {KEYS['X2'].cosigner}\nquorum \u212a\n"
    assert read(kelvin).quorum == b"\xe2\x84\xaa"
    odd = b"witness \xff\xfe " + str(KEYS["X1"].cosigner).encode() + b"\nquorum \xff\xfe\n"
    assert parse_policy(odd).quorum == b"\xff\xfe"


def test_as_many_as_the_specification_recommends_and_more_are_read() -> None:
    keys = [CosigningKey.from_seed("w", Algorithm.ED25519, number.to_bytes(32, "big")) for number in range(100)]
    lines = [f"witness w{number} {key.cosigner}\n" for number, key in enumerate(keys)]
    lines += [f"group g{number} 1 w{number}\n" for number in range(100)]
    assert len(read("".join(lines) + "quorum g99\n").witnesses) == 100
    more = CosigningKey.from_seed("w", Algorithm.ED25519, bytes([1]) * 32)
    with pytest.raises(PolicyError, match="more than 100"):
        read("".join(lines) + f"witness more {more.cosigner}\nquorum g99\n")


X1, X2 = (f"witness {name} {KEYS[name].cosigner}" for name in ("X1", "X2"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        X1 + "\n",  # no quorum
        "quorum none",  # its line has no end
        "quorum none\r\n",
        "quorum none\x00\n",
        "quorum none\nquorum none\n",
        "quorum\n",
        "quorum X1\n",
        f"quorum X1\n{X1}\n",  # before it is defined
        f"{X1}\nquorum x1\n",
        f"{X1}\nquorum X1 X1\n",
        f"{X1}\n{X1}\nquorum X1\n",
        f"{X1}\n{X1.replace('X1 ', 'X2 ', 1)}\nquorum X1\n",  # one key twice
        f"{X1.replace('X1 ', 'none ', 1)}\nquorum none\n",
        f"{X1} http://a http://b\nquorum X1\n",
        f"{X1[:-2]}\nquorum X1\n",
        f"witness X1 {LOG.verifier.ed25519}\nquorum X1\n",  # a key for another use
        f"log {KEYS['X1'].cosigner}\nquorum none\n",
        f"log {LOG.verifier.ed25519}\nlog {LOG.verifier.ed25519} http://again\nquorum none\n",
        "log\nquorum none\n",
        f"{X1}\ngroup g all\nquorum g\n",
        f"{X1}\ngroup g 0 X1\nquorum g\n",
        f"{X1}\ngroup g 2 X1\nquorum g\n",
        f"{X1}\ngroup g 01 X1\nquorum g\n",
        f"{X1}\ngroup g some X1\nquorum g\n",
        f"{X1}\ngroup g 1 X1 X1\nquorum g\n",
        f"{X1}\ngroup g any none\nquorum g\n",
        f"{X1}\ngroup g any X2\nquorum g\n",
        f"{X1}\ngroup g any g\nquorum g\n",
        f"{X1}\ngroup X1 any X1\nquorum X1\n",
        f"{X1}\n{X2}\ngroup a any X1 X2\ngroup b any X1\nquorum a\n",  # a member twice
        "members X1\nquorum none\n",
        "quorum none\n" + "#" * 256 * 1024 + "\n",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(PolicyError):
        read(text)


def test_a_fault_is_said_with_its_line_and_without_what_stands_there() -> None:
    with pytest.raises(PolicyError, match=r"line 2 of the policy: it names somebody") as caught:
        read(f"{X1}\nquorum somebody-else\n")
    assert "somebody-else" not in str(caught.value)


LINES = st.lists(
    st.sampled_from(
        [
            *WITNESSES.splitlines(),
            *LOGS.splitlines(),
            "quorum X1",
            "quorum g",
            "group g any X1 Y1",
            "",
            "#",
            "quorum none",
        ]
    )
    | st.text(st.characters(codec="utf-8"), max_size=20),
    max_size=12,
).map(lambda lines: "".join(f"{line}\n" for line in lines).encode())


@given(LINES | st.binary(max_size=60))
def test_bytes_are_a_policy_that_can_be_written_again_or_an_error(data: bytes) -> None:
    try:
        policy = parse_policy(data)
    except PolicyError:
        return
    assert parse_policy(bytes(policy)) == policy
