"""Sending away who may no longer be here: their session or token has ended."""

import logging

from regie.api.picture import EDGE
from regie.api.services import Services
from regie.domain.errors import Unavailable

log = logging.getLogger(__name__)


async def send_away(services: Services, owner: str) -> None:
    """End the events and pictures of this session or token; with a token, those of its sessions, too."""
    services.hub.end_where(lambda identity: owner in (identity.session_id, identity.token_id))
    try:
        await services.engine.worker_call(EDGE, "hangup_owner", {"owner": owner})
    except Unavailable as error:  # an edge that does not answer is replaced, and its viewers end with it
        log.warning("who watched with %s was not hung up: %s", owner, error.message)
