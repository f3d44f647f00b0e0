"""A connection that closes while in use must not stop the process: tried in a child with a time limit."""

import subprocess
import sys

ROUNDS = 400

CHILD = f"""
import threading
import libdatachannel as rtc
from regie.edge.negotiation import Ssrcs, negotiated
from regie.edge.peer import Peer, PeerSettings
from regie.edge.sdp import offer_from_text
from tests.support.net import free_udp_port
from tests.unit.edge.test_sdp import SESSION, VIDEO, sdp

settings = PeerSettings(free_udp_port(), "127.0.0.1")
listener = rtc.IceUdpMuxListener(settings.port, settings.bind)
for _ in range({ROUNDS}):
    agreed = negotiated(offer_from_text(sdp(SESSION, VIDEO)), None)
    peer = Peer(settings, agreed, Ssrcs(11, 12))
    closing = threading.Thread(target=peer.close)
    closing.start()
    while closing.is_alive():
        peer.connected, peer.received()
    closing.join()
print("done", flush=True)
"""


def test_looking_at_a_connection_while_it_closes_never_hangs() -> None:
    child = subprocess.run(
        [sys.executable, "-c", CHILD], check=False, capture_output=True, text=True, timeout=60
    )
    assert child.stdout == "done\n", child.stderr
