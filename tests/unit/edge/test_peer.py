"""A connection that libdatachannel refuses is handed on to be closed: closing may take two seconds."""

import pytest

from regie.domain.errors import Invalid
from regie.edge.negotiation import Ssrcs, negotiated
from regie.edge.peer import Peer, PeerSettings
from regie.edge.sdp import offer_from_text
from tests.support.net import free_udp_port
from tests.unit.edge.test_sdp import SESSION, VIDEO, sdp


def test_what_the_library_refuses_is_not_closed_on_the_spot() -> None:
    agreed = negotiated(offer_from_text(sdp(SESSION, VIDEO)), None)
    agreed.transport.fingerprint = "sha-256 AB"
    let_go: list[Peer] = []
    with pytest.raises(Invalid, match="refused"):
        Peer(PeerSettings(free_udp_port(), "127.0.0.1"), agreed, Ssrcs(11, 12), let_go.append)
    assert len(let_go) == 1
    let_go[0].close()
