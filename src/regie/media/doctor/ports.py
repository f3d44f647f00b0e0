"""Whether the ports Regie listens on are free, or its own already."""

import asyncio
import errno
import socket
from collections.abc import Iterator
from pathlib import Path

from regie.domain.errors import RegieError
from regie.link.client import call
from regie.media.doctor.finding import Finding, good, missing
from regie.settings import Settings

PROC = Path("/proc")
_LISTENING, _UDP_BOUND = "0A", "07"


def port_findings(settings: Settings) -> Iterator[Finding]:
    ours = _own_pids(settings.run_dir / "engine.sock")
    yield _port("http_port", settings.http_host, settings.http_port, socket.SOCK_STREAM, ours)
    yield _port("webrtc_port", "0.0.0.0", settings.webrtc_port, socket.SOCK_DGRAM, ours)  # noqa: S104


def _port(key: str, host: str, port: int, kind: socket.SocketKind, ours: set[int]) -> Finding:
    protocol = "TCP" if kind == socket.SOCK_STREAM else "UDP"
    name = f"port {port}/{protocol}"
    try:
        _bind(host, port, kind)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _in_use(name, key, _holder(port, kind), ours)
        mend = {
            errno.EACCES: "ports below 1024 need CAP_NET_BIND_SERVICE (see packaging/regie.service), or root",
            errno.EADDRNOTAVAIL: "set http_host to an address of this machine, or to 0.0.0.0 for all",
        }
        return missing(name, f"cannot be used on {host}: {error.strerror}", mend.get(error.errno or 0, ""))
    return good(name, "free")


def _bind(host: str, port: int, kind: socket.SocketKind) -> None:
    family, _, _, _, address = socket.getaddrinfo(host, port, type=kind)[0]
    with socket.socket(family, kind) as probe:
        if kind == socket.SOCK_STREAM:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(address)


def _in_use(name: str, key: str, holder: int | None, ours: set[int]) -> Finding:
    if holder in ours:
        return good(name, "in use by this Regie, which is running")
    by = f"by {_program(holder)} (pid {holder})" if holder else "by another program"
    return missing(name, f"in use {by}", f"stop it, or set REGIE_{key.upper()} to another port")


def _own_pids(engine_socket: Path) -> set[int]:
    """The processes of the Regie that runs with these settings; empty when none does."""
    try:
        status = asyncio.run(call(engine_socket, "status"))
    except RegieError:
        return set()
    return {int(pid) for pid in (status["pid"], *(worker["pid"] for worker in status["workers"])) if pid}


def _holder(port: int, kind: socket.SocketKind) -> int | None:
    """The process that has the port; None when we may not see it."""
    protocol, state = ("tcp", _LISTENING) if kind == socket.SOCK_STREAM else ("udp", _UDP_BOUND)
    inodes = {
        f"socket:[{fields[9]}]"
        for table in (protocol, f"{protocol}6")
        for line in _lines(PROC / "net" / table)
        if (fields := line.split())[3] == state and int(fields[1].rpartition(":")[2], 16) == port
    }
    for process in PROC.glob("[0-9]*"):
        try:
            if any(str(fd.readlink()) in inodes for fd in (process / "fd").iterdir()):
                return int(process.name)
        except OSError:
            continue  # ended meanwhile, or somebody else's
    return None


def _lines(table: Path) -> list[str]:
    return table.read_text().splitlines()[1:] if table.exists() else []


def _program(pid: int | None) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return "a program"
