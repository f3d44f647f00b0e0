"""Overlays as pictures, and the pictures that were uploaded for them. The tools worker draws and examines."""

import asyncio
import base64
import contextlib
import re
import secrets
import time
import unicodedata
from datetime import datetime

from regie.api.picture import TOOLS, Picture
from regie.domain.edits import users_of_still
from regie.domain.errors import Conflict, Invalid
from regie.domain.overlays import TEMPLATES, Overlay, words
from regie.domain.workers import Json
from regie.engine.client import EngineClient
from regie.store.stills import Still, Stills

MAX_STILLS = 200
TIMEOUT_S = 15.0
LOOK = (960, 540)  # enough to see how it looks, and little to send
EXAMPLE = datetime(2026, 1, 1, 20, 15)


class Titles:
    def __init__(self, engine: EngineClient, picture: Picture, stills: Stills) -> None:
        self._engine = engine
        self._picture = picture
        self._stills = stills

    async def look(self, overlay: Overlay) -> bytes:
        """How an overlay looks now, as PNG."""
        return await self._drawn(overlay, datetime.now().astimezone())

    async def example(self, template: str) -> bytes:
        """How a template looks with its defaults."""
        fields = {"until": "20:20"} if template.endswith("/countdown") else {}
        return await self._drawn(Overlay("example", "Example", template, fields), EXAMPLE)

    async def _drawn(self, overlay: Overlay, now: datetime) -> bytes:
        job: Json = {
            "template": overlay.template,
            "values": dict(words(overlay, now)),
            "canvas": list(LOOK),
            "stills": str(self._stills.folder),
        }
        drawn = await self._engine.worker_call(TOOLS, "overlay", job, TIMEOUT_S)
        return base64.b64decode(drawn["png"])

    async def all_stills(self) -> list[Still]:
        return await asyncio.to_thread(self._stills.all)

    async def still(self, still_id: str) -> bytes:
        return await asyncio.to_thread(self._stills.picture, still_id)

    async def add_still(self, name: str, content: bytes) -> Still:
        if not content:
            raise Invalid("there is no picture in the request", "send the file as the body")
        if len(await self.all_stills()) >= MAX_STILLS:
            raise Conflict(f"there are {MAX_STILLS} stills already", "delete one that is not needed")
        uploaded, made = await asyncio.to_thread(self._stills.incoming, content)
        try:
            job = {"from": str(uploaded), "to": str(made)}
            size = await self._engine.worker_call(TOOLS, "still", job, TIMEOUT_S)
            still = Still(_still_id(name), name, int(size["width"]), int(size["height"]), time.time())
            await asyncio.to_thread(self._stills.keep, made, still)
        finally:
            for file in (uploaded, made):
                with contextlib.suppress(OSError):
                    file.unlink(missing_ok=True)
        return still

    async def delete_still(self, still_id: str) -> None:
        productions = self._picture.productions.values()
        if users := [user for production in productions for user in users_of_still(production, still_id)]:
            raise Conflict(f"{', '.join(users)[:200]} shows this still", "choose another picture there first")
        await asyncio.to_thread(self._stills.delete, still_id)


def all_templates() -> list[Json]:
    return [
        {
            "id": template.id, "family": template.family, "name": template.name, "kind": template.kind,
            "fields": [vars(field) for field in template.fields],
        }
        for template in TEMPLATES.values()
    ]  # fmt: skip


def _still_id(name: str) -> str:
    """From its name, and different from all others."""
    plain = unicodedata.normalize("NFKD", name.rpartition(".")[0] or name).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")[:40].strip("-")
    return f"{slug or 'still'}-{secrets.token_hex(3)}"
