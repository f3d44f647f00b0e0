"""The API's own description."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from regie.api.access import PUBLIC, GuardedRoute
from regie.api.envelope import policy_with_style
from regie.api.reference import STYLE, reference_page

router = APIRouter(route_class=GuardedRoute, include_in_schema=False)


@router.get("/openapi.json", dependencies=[PUBLIC])
async def openapi(request: Request) -> JSONResponse:
    """Public: it says what anyone can read in our source."""
    document: dict[str, Any] = request.app.openapi()
    return JSONResponse(document)


@router.get("/docs", dependencies=[PUBLIC])
async def reference(request: Request) -> HTMLResponse:
    """The same for people."""
    headers = {"Content-Security-Policy": policy_with_style(STYLE)}
    return HTMLResponse(reference_page(request.app.openapi()), headers=headers)
