"""How the servers are started: whatever way, each is what it was asked for; no option and no header changes that."""

import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from commands import GUNICORN, environment, run
from intake.keeper import Keeper, initialise
from intake.serving.suited import require_suited_gunicorn
from ports import free_port
from servers import Place, Server, listening, serving
from visitor import proxy_line

pytestmark = pytest.mark.slow


def start(server: Keeper, arguments: list[str], **variables: str) -> "subprocess.CompletedProcess[str]":
    """gunicorn, as far as it comes."""
    return run([*GUNICORN, *arguments], environment=environment(server.settings.data, **variables))


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[tuple[Server, bytes]]]:
    """Source sites at a unix socket behind an onion, at a bare one, and at a port; and what comes first there."""
    directory = tmp_path_factory.mktemp("served")
    data = initialise(directory / "data", {"desk_authority": "desk.test", "limit_pages": "100000 per minute"}).data
    places: list[tuple[Place, dict[str, str], bytes]] = [
        (directory / "onion.sock", {"INTAKE_ONION": "true"}, proxy_line(1)),
        (directory / "bare.sock", {}, b""),
        (free_port(), {}, b""),
    ]
    with ExitStack() as started:
        yield [
            (started.enter_context(source_at(data, place, directory / f"{number}.log", **variables)), first)
            for number, (place, variables, first) in enumerate(places)
        ]


def source_at(data: Path, place: Place, printed: Path, **variables: str) -> AbstractContextManager[Server]:
    variables = environment(data, **listening("source", place), **variables)
    return serving([*GUNICORN, "wsgi:source"], place, printed, variables)


@pytest.mark.parametrize("path", ["/en/left", "/en/nowhere", "/", "/static/style.css"])
@pytest.mark.parametrize(
    "header",
    [
        "SCRIPT_NAME: /en",
        "Script_Name: /static",
        "Script-Name: /en",
        "PATH_INFO: /en/return",
        "REMOTE_USER: amina",
        "REMOTE_ADDR: 10.0.0.1",
        "HTTP_HOST: other.example",
        "X-Forwarded-Proto: https",
        "X-Forwarded-Protocol: ssl",
        "X-Forwarded-Ssl: on",
        "X-Forwarded-Ssl: on\r\nX-Forwarded-Proto: http",
        "X-Forwarded-For: 10.0.0.1",
        "X-Forwarded-Host: other.example",
        "X-Forwarded-Port: 8443",
        "X-Forwarded-Prefix: /prefix",
        "X_Forwarded_For: 10.0.0.1",
        "X-Real-IP: 10.0.0.1",
        "X-Scheme: https",
        "X-Original-URL: /en/return",
        "X-Rewrite-URL: /en/return",
        "X-HTTP-Method-Override: POST",
        "Forwarded: for=10.0.0.1;proto=https;host=other.example",
        "Via: 1.1 other.example",
        "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk",
    ],
)
def test_headers_of_proxies_mean_nothing(sites: list[tuple[Server, bytes]], path: str, header: str) -> None:
    for site, first in sites:
        head = first + f"GET {path} HTTP/1.1\r\nHost: x\r\n".encode()
        without, with_it = (site.ask(head + more) for more in (b"\r\n", f"{header}\r\n\r\n".encode()))
        assert re.match(rb"HTTP/1.1 (200|303|404) ", without)
        assert with_it == without


@pytest.mark.parametrize("name", ["a b%s.sock", "a,b;c{d}.sock", "'é\"$#?&.sock", "-c"])
@pytest.mark.parametrize("before", ["", "//"])
def test_a_unix_socket_is_where_its_setting_says_whatever_its_name(
    server: Keeper, tmp_path: Path, name: str, before: str
) -> None:
    with TemporaryDirectory() as directory:
        path = Path(directory, name)
        variables = environment(server.settings.data, INTAKE_SOURCE_BIND=f"unix:{before}{path}")
        with serving([*GUNICORN, "wsgi:source"], path, tmp_path / "printed", variables) as running:
            assert running.ask(b"GET /en/left HTTP/1.1\r\nHost: x\r\n\r\n").startswith(b"HTTP/1.1 200 ")
            assert path.is_socket()


def test_a_socket_that_another_server_listens_at_is_not_taken_away(server: Keeper, tmp_path: Path) -> None:
    path = tmp_path / "site.sock"
    with closing(socket.socket(socket.AF_UNIX)) as held, closing(socket.socket(socket.AF_UNIX)) as visitor:
        held.bind(str(path))
        held.listen()
        ended = start(server, ["--pid", str(tmp_path / "pid"), "wsgi:source"], **listening("source", path))
        assert (ended.returncode, (tmp_path / "pid").exists()) == (2, False)
        assert f"intake: source_bind = unix:{path} can't be listened at: it is in use" in ended.stderr
        visitor.connect(str(path))
        held.accept()[0].close()
    with source_at(server.settings.data, path, tmp_path / "printed") as running:
        assert b"200" in running.ask(b"GET /en/ HTTP/1.1\r\nHost: x\r\n\r\n")[:20]


@pytest.mark.parametrize("arguments", [[], ["-c", "python:intake.serving.gunicorn_settings"], ["-n", "wsgi:source"]])
@pytest.mark.parametrize("options", ["", "--name wsgi:source", "wsgi:source"])
def test_the_desk_is_the_desk_whatever_else_is_said(
    server: Keeper, tmp_path: Path, arguments: list[str], options: str
) -> None:
    port = free_port()
    variables = environment(server.settings.data, GUNICORN_CMD_ARGS=options, **listening("desk", port))
    with serving([*GUNICORN, *arguments, "wsgi:desk"], port, tmp_path / "printed", variables) as running:
        assert b"401" in running.ask(b"GET /v1/index HTTP/1.1\r\nHost: x\r\n\r\n")[:20]


@pytest.mark.parametrize(
    ("option", "named"),
    [
        ("--bind 127.0.0.1:8009", "bind"),
        ("--workers 4", "workers"),
        ("--threads 1", "threads"),
        ("--worker-class sync", "worker_class"),
        ("--keep-alive 5", "keepalive"),
        ("--forwarded-allow-ips *", "forwarded_allow_ips"),
        ("--forwarder-headers SCRIPT_NAME", "forwarder_headers"),
        ("--header-map dangerous", "header_map"),
        ("--access-logfile -", "accesslog"),
        ("--max-requests 10", "max_requests"),
        ("--umask 0", "umask"),
        ("--env INTAKE_DATA=/elsewhere", "raw_env"),
        ("--reload", "reload"),
        ("--limit-request-line 0", "limit_request_line"),
    ],
)
@pytest.mark.parametrize("application", ["source", "desk"])
def test_an_option_that_changes_what_is_served_is_refused_by_name(
    server: Keeper, application: str, option: str, named: str
) -> None:
    for arguments, options in ((option.split(), ""), ([], option)):
        ended = start(server, [*arguments, f"wsgi:{application}"], GUNICORN_CMD_ARGS=options)
        assert ended.returncode != 0
        assert f"intake: gunicorn's option {named} can't be given here" in ended.stderr
        assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "must name wsgi:source or wsgi:desk"),
        (["wsgi:other"], "must name wsgi:source or wsgi:desk"),
        (["-c", "/dev/null", "wsgi:desk"], "'intake serve desk'"),
        (["-c", "/dev/null", "--preload", "wsgi:source"], "'intake serve source'"),
        (["--preload", "wsgi:source"], "'intake serve source'"),
    ],
)
def test_what_is_served_with_other_settings_or_is_none_of_ours_does_not_start(
    server: Keeper, arguments: list[str], said: str
) -> None:
    ended = start(server, arguments, PORT=str(free_port()))
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_prefix_in_the_environment_means_nothing(server: Keeper, tmp_path: Path) -> None:
    with source_at(server.settings.data, free_port(), tmp_path / "printed", SCRIPT_NAME="/x") as running:
        assert b" 200 " in running.ask(b"GET /en/left HTTP/1.1\r\nHost: x\r\n\r\n")[:20]


def test_the_gunicorn_that_is_installed_is_suited() -> None:
    require_suited_gunicorn()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("gunicorn.version_info, gunicorn.__version__ = (28, 0), '28.0'", "gunicorn 28.0 can't run this"),
        ("gunicorn.version_info, gunicorn.__version__ = (26, 9), '26.9'", "gunicorn 26.9 can't run this"),
        ("del gthread.ThreadWorker.murder_pending", "ThreadWorker.murder_pending"),
        ("gthread.ThreadWorker.finish_request = lambda self, conn: None", "ThreadWorker.finish_request"),
        ("del gthread.TConn", "TConn"),
    ],
)
def test_an_unsuited_gunicorn_is_named_and_nothing_is_served(
    server: Keeper, tmp_path: Path, change: str, said: str
) -> None:
    """A start hook of Python changes the gunicorn that this process loads."""
    (tmp_path / "sitecustomize.py").write_text(f"import gunicorn\nfrom gunicorn.workers import gthread\n{change}\n")
    ended = start(server, ["wsgi:source"], PYTHONPATH=str(tmp_path))
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "pip install 'gunicorn>=27,<28'" in ended.stderr
    assert "Traceback" not in ended.stderr
