"""Debian's Janus, with one mountpoint of its streaming plugin: what the edge is compared with."""

import contextlib
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.support.net import free_port, free_udp_port

LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")
START_TIMEOUT_S = 10.0
_NETWORK = (
    "ip link set lo up && ip link add here type veth peer name there && "
    "ip address add 198.18.0.1/15 dev here && "  # of the range set aside for benchmarks (RFC 2544)
    "ip link set here up && ip link set there up"
)


@dataclass(frozen=True)
class Janus:
    process: subprocess.Popen[bytes]
    url: str
    video_port: int
    audio_port: int


def unusable() -> str | None:
    """Why there is nothing to compare with; None when there is."""
    if shutil.which("janus") is None:
        return "janus is not installed (apt install janus)"
    try:
        subprocess.run(in_own_network("true"), check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.SubprocessError) as error:
        said = getattr(error, "stderr", None) or str(error)
        return f"no network of its own could be made for Janus: {said.strip()}"
    return None


def in_own_network(*command: str) -> list[str]:
    """The command that runs this one in a network of its own, with one address besides the loopback one.

    Janus leaves out the loopback address, and no address of the machine shall hear of this. It takes a
    program of its own: a process that has threads may not leave its network.
    """
    return ["unshare", "--map-root-user", "--net", "sh", "-c", f'{_NETWORK} && exec "$@"', "sh", *command]


def reachable_address() -> str:
    """The address Janus offers where it runs: it leaves out the loopback one."""
    return next(
        entry.address
        for entries in psutil.net_if_addrs().values()
        for entry in entries
        if entry.family is socket.AF_INET and not entry.address.startswith("127.")
    )


@contextlib.contextmanager
def running_janus() -> Iterator[Janus]:
    http, video, audio = free_port(), free_udp_port(), free_udp_port()
    with tempfile.TemporaryDirectory(prefix="rgjanus") as directory:
        _configure(Path(directory), http, video, audio)
        with (Path(directory) / "log").open("wb") as log:
            process = subprocess.Popen(
                ["janus", "--configs-folder", directory, "--interface", "127.0.0.1", "--debug-level", "3"],
                stdout=log,
                stderr=log,
            )
        try:
            url = f"http://127.0.0.1:{http}/janus"
            _wait_for(f"{url}/info")
            yield Janus(process, url, video, audio)
        finally:
            process.kill()
            process.wait(10)


def _configure(directory: Path, http: int, video: int, audio: int) -> None:
    libraries = next(Path("/usr/lib").glob("*/janus"), LIBRARIES)
    (directory / "janus.jcfg").write_text(
        f'general: {{ configs_folder = "{directory}"; plugins_folder = "{libraries}/plugins"\n'
        f' transports_folder = "{libraries}/transports"; debug_level = 3 }}\n'
        "nat: { nice_debug = false\n full_trickle = false }\n"
        'plugins: { disable = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_lua.so,libjanus_sip.so,'
        "libjanus_nosip.so,libjanus_voicemail.so,libjanus_videoroom.so,libjanus_videocall.so,"
        'libjanus_textroom.so,libjanus_recordplay.so,libjanus_echotest.so" }\n'
        'transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,'
        'libjanus_rabbitmq.so,libjanus_websockets.so" }\n'
    )
    (directory / "janus.transport.http.jcfg").write_text(
        f'general: {{ json = "compact"\n base_path = "/janus"\n http = true\n port = {http}\n'
        ' ip = "127.0.0.1"\n'
        " https = false }\nadmin: { admin_http = false }\n"
    )
    (directory / "janus.plugin.streaming.jcfg").write_text(
        'bench: { type = "rtp"\n id = 1\n description = "bench"\n audio = true\n video = true\n'
        f' audioport = {audio}\n audiopt = 111\n audiocodec = "opus"\n audioiface = "127.0.0.1"\n'
        f' videoport = {video}\n videopt = 96\n videocodec = "h264"\n videoiface = "127.0.0.1"\n'
        ' videofmtp = "profile-level-id=42e01f;packetization-mode=1" }\n'
    )


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
