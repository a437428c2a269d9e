"""A witness's keys: a file that only its owner can read, made at the first start."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from crypto.cosignature import Algorithm, CosigningKey
from intake.durable import write_new


class WitnessKeyError(ValueError):
    """The file holds no keys of a witness, in words for whoever starts it."""


def make_or_read(path: Path, name: str) -> list[CosigningKey]:
    """The keys in a file, one of each algorithm; new ones under this name if there is no file.

    The name of keys that are there stays, since their cosignatures bear it.
    """
    if not path.exists():
        keys = [
            CosigningKey(name, Algorithm.ED25519, Ed25519PrivateKey.generate()),
            CosigningKey(name, Algorithm.ML_DSA_44, MLDSA44PrivateKey.generate()),
        ]
        lines = [name, *(key.seed.hex() for key in keys)]
        write_new(path, "".join(f"{line}\n" for line in lines).encode())
    try:
        name, *seeds = path.read_text("utf-8").removesuffix("\n").split("\n")
        return [
            CosigningKey.from_seed(name, algorithm, bytes.fromhex(seed))
            for algorithm, seed in zip(Algorithm, seeds, strict=True)
        ]
    except ValueError:
        raise WitnessKeyError(f"{path} is damaged, or no file of a witness; put back your copy of it") from None
