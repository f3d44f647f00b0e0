"""What the routes work with, made once at the start and carried by the app."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from regie.api.access import Access
    from regie.api.events import EventHub
    from regie.api.metrics import Metrics
    from regie.api.picture import Picture
    from regie.api.productions import ProductionKeeper
    from regie.api.show import ShowKeeper
    from regie.api.system import SystemFigures
    from regie.api.titles import Titles
    from regie.engine.client import EngineClient
    from regie.settings import Settings
    from regie.store.database import Database


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    engine: EngineClient
    picture: Picture
    hub: EventHub
    show: ShowKeeper
    productions: ProductionKeeper
    titles: Titles
    access: Access
    figures: SystemFigures
    metrics: Metrics
    build: str
    started_at: float


def services(connection: HTTPConnection) -> Services:
    found: Services = connection.app.state.services
    return found


ServicesDep = Annotated[Services, Depends(services)]
