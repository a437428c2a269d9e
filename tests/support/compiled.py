"""Templates that are compiled once in a process of tests, and not once for each application."""

from types import CodeType

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from intake.source.text.languages import language


class Compiled(BytecodeCache):
    """What has been compiled of the source site's templates, in each language."""

    def __init__(self) -> None:
        self._code: dict[str, CodeType | None] = {}

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        return f"{language()} {super().get_cache_key(name, filename)}"

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.code


COMPILED = Compiled()
