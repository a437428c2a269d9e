"""The sealed envelope: whole files beside other age programs, headers beside the bare HPKE operations."""

import io
import os
import secrets
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pyrage
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PublicKey, Suite

from bench.timing import Part, Row
from crypto.age import (
    HybridIdentity,
    HybridRecipient,
    X25519Identity,
    bech32,
    decrypt,
    encrypt,
    read_header,
    rewrap,
    seal,
)

GIB = 1 << 30
HEADERS = 10_000
_SUITE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
_INFO = b"age-encryption.org/mlkem768x25519"
_NOWHERE = Path(os.devnull)


@contextmanager
def part() -> Iterator[Part]:
    """Every row, over files that are gone afterwards."""
    with TemporaryDirectory() as directory:
        yield Part([*_files(Path(directory)), *_headers()])


def _files(directory: Path) -> list[Row]:
    identity = X25519Identity.generate()
    plain, sealed, key = directory / "plain", directory / "sealed", directory / "key"
    with plain.open("wb") as file:
        for _ in range(GIB >> 24):
            file.write(secrets.token_bytes(1 << 24))
    key.write_text(f"{identity}\n", "ascii")
    with plain.open("rb") as source, sealed.open("wb") as target:
        encrypt(source, target, [identity.recipient])

    def seal_file(threads: int) -> None:
        with plain.open("rb") as source, _NOWHERE.open("wb") as target:
            encrypt(source, target, [identity.recipient], threads=threads)

    def open_file(threads: int) -> None:
        with sealed.open("rb") as source, _NOWHERE.open("wb") as target:
            decrypt(source, target, [identity], threads=threads)

    def age(*arguments: str) -> None:
        with _NOWHERE.open("wb") as target:
            subprocess.run(["age", *arguments], stdout=target, check=True)  # noqa: S603, S607 - Debian's

    def pyrage_seals() -> None:
        with plain.open("rb") as source, _NOWHERE.open("wb") as target:
            pyrage.encrypt_io(source, target, [pyrage.x25519.Recipient.from_str(str(identity.recipient))])

    recipient = str(identity.recipient)
    return [
        Row("the AEAD alone, two threads", lambda: _aead(2), "one thread", lambda: _aead(1),
            "what the machine gives", inverse=True),
        Row("seal 1 GiB, one core", lambda: seal_file(1), "Debian's age", lambda: age("-r", recipient, str(plain)),
            "≥ 1.1 × its throughput", inverse=True, one_core=True),
        Row("open 1 GiB, one core", lambda: open_file(1), "Debian's age",
            lambda: age("-d", "-i", str(key), str(sealed)), "≥ 1.1 × its throughput", inverse=True, one_core=True),
        Row("seal 1 GiB, two threads", lambda: seal_file(2), "one thread", lambda: seal_file(1),
            "≥ 1.5 × its throughput", inverse=True),
        Row("open 1 GiB, two threads", lambda: open_file(2), "one thread", lambda: open_file(1),
            "≥ 1.5 × its throughput", inverse=True),
        Row("seal 1 GiB, one thread", lambda: seal_file(1), "pyrage.encrypt_io", pyrage_seals,
            "≥ 1.5 × its throughput", inverse=True),
    ]  # fmt: skip


def _aead(threads: int) -> None:
    """Encrypt 1 GiB of chunks in memory, on so many threads."""
    cipher, chunk = ChaCha20Poly1305(secrets.token_bytes(32)), bytes(1 << 16)

    def work() -> None:
        sealed = bytearray(len(chunk) + 16)
        for number in range(GIB // len(chunk) // threads):
            cipher.encrypt_into(number.to_bytes(12, "big"), chunk, None, sealed)

    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()


def _headers() -> list[Row]:
    identities = [HybridIdentity.generate() for _ in range(6)]
    recipients = [identity.recipient for identity in identities]
    keys = [_bare(recipient) for recipient in recipients]
    document, file_key = secrets.token_bytes(1024), secrets.token_bytes(16)
    header = read_header(io.BytesIO(seal(document, recipients[:5])))

    def wraps(count: int, times: int) -> None:
        for _ in range(times):
            for key in keys[:count]:
                _SUITE.encrypt(file_key, key, info=_INFO)

    def seals(times: int) -> None:
        for _ in range(times):
            seal(document, recipients[:5])

    private = identities[0].hpke_key
    wrapped = _SUITE.encrypt(file_key, keys[0], info=_INFO)

    def bare_rewraps() -> None:
        for _ in range(HEADERS):
            _SUITE.decrypt(wrapped, private, info=_INFO)
            wraps(6, 1)

    def rewraps() -> None:
        for _ in range(HEADERS):
            rewrap(header, identities[:1], recipients)

    return [
        Row("seal 1 KiB to five hybrid recipients, 500 times", lambda: seals(500), "five bare HPKE wraps",
            lambda: wraps(5, 500), "≤ 1.3 × their time", rounds=11, one_core=True),
        Row("rewrap 10,000 headers from 5 to 6 recipients", rewraps, "the bare HPKE operations", bare_rewraps,
            "≤ 1.3 × their time", rounds=3, one_core=True),
    ]  # fmt: skip


def _bare(recipient: HybridRecipient) -> MLKEM768X25519PublicKey:
    _, key = bech32.decode(str(recipient))
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(key[:-32]), X25519PublicKey.from_public_bytes(key[-32:])
    )
