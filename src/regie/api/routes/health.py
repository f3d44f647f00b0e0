"""Is it there? Says that and nothing else, to anyone."""

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel

from regie.api.access import PUBLIC, GuardedRoute
from regie.api.routes import API

router = APIRouter(prefix=API, tags=["system"], route_class=GuardedRoute)


class Health(BaseModel):
    status: Literal["ok"] = "ok"


@router.get("/health", dependencies=[PUBLIC])
async def health() -> Health:
    """For load balancers and monitors. What is wrong in detail stands in /system, for those who may know."""
    return Health()
