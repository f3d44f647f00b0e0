"""The web application: routes, errors, headers, pages."""

from fastapi import FastAPI

from regie import __version__
from regie.api.envelope import Envelope
from regie.api.limits import BodyLimit
from regie.api.openapi import describe
from regie.api.problems import add_problem_handlers
from regie.api.routes import access, docs, events, health, paths, session, sources, system, viewers, whep
from regie.api.services import Services
from regie.api.ui import Pages


def make_app(services: Services) -> FastAPI:
    app = FastAPI(
        title="Regie",
        version=__version__,
        openapi_url=None,  # routes/docs.py serves it, with roles in it
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    for resource in (health, session, sources, paths, viewers, system, access, events, whep, docs):
        app.include_router(resource.router)
    app.router.default = Pages()
    add_problem_handlers(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Envelope, metrics=services.metrics)
    describe(app)
    return app
