"""What can be seen of a process from outside."""

from pathlib import Path

from waiting import waited_for


def children(process: int) -> list[int]:
    """The processes that a process has started and that still run, as soon as there are any."""
    names = Path(f"/proc/{process}/task/{process}/children")
    return [int(name) for name in waited_for(lambda: names.read_text().split())]


def memory(process: int, what: str = "VmRSS") -> int:
    """Bytes that a process holds; as `VmHWM`, that it held at most."""
    status = Path(f"/proc/{process}/status").read_text()
    return 1024 * int(status.partition(f"{what}:")[2].split()[0])


def holds(process: int, marker: bytes) -> bool:
    """Whether a process has these bytes anywhere in its memory."""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if not rights.startswith("r") or "[v" in line:
                continue
            begin, end = (int(text, 16) for text in span.split("-"))
            memory.seek(begin)
            try:
                if marker in memory.read(end - begin):
                    return True
            except OSError:
                continue
    return False
