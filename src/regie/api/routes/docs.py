"""The API's own description."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from regie.api.access import PUBLIC, GuardedRoute

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/openapi.json", dependencies=[PUBLIC])
async def openapi(request: Request) -> JSONResponse:
    """Public: it says what anyone can read in our source."""
    document: dict[str, Any] = request.app.openapi()
    return JSONResponse(document)
