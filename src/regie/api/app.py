"""The web application: routes, errors, headers, pages."""

from fastapi import FastAPI

from regie import __version__
from regie.api.envelope import Envelope
from regie.api.limits import BodyLimit
from regie.api.openapi import describe
from regie.api.problems import add_problem_handlers
from regie.api.routes import (
    access,
    docs,
    events,
    health,
    overlays,
    paths,
    productions,
    session,
    sources,
    system,
    viewers,
    whep,
)
from regie.api.services import Services
from regie.api.ui import Pages


def make_app(services: Services) -> FastAPI:
    app = described_app()
    app.state.services = services
    app.router.default = Pages()
    app.add_middleware(BodyLimit)
    app.add_middleware(Envelope, metrics=services.metrics)
    return app


def described_app() -> FastAPI:
    """All routes and their OpenAPI document, without anything behind them."""
    app = FastAPI(
        title="Regie",
        version=__version__,
        openapi_url=None,  # routes/docs.py serves it, with roles in it
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    for resource in (
        health,
        session,
        sources,
        productions,
        overlays,
        paths,
        viewers,
        system,
        access,
        events,
        whep,
        docs,
    ):
        app.include_router(resource.router)
    add_problem_handlers(app)
    describe(app)
    return app
