"""What is asked of overlays and stills, and what the API says of them."""

from typing import Annotated

from pydantic import BaseModel, Field

from regie.api.models import Asked, Name
from regie.domain.overlays import MAX_LONG_TEXT, MAX_MS, MAX_OVERLAYS, MIN_MS, Animation, FieldKind, Kind

OverlayId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,59}$", examples=["lower-third"])]
Value = Annotated[str, Field(max_length=MAX_LONG_TEXT)]


class OverlayContent(Asked):
    name: Name
    template: Annotated[str, Field(max_length=60, examples=["clean/lower-third"])]
    fields: dict[str, Value] = Field(
        default={},
        max_length=20,
        description="text by the template's field names; what is left out has its default",
        examples=[{"name": "Alex Example"}],
    )
    animation: Animation = Animation.FADE
    duration_ms: Annotated[int, Field(strict=True, ge=MIN_MS, le=MAX_MS)] = 400


class NewOverlay(OverlayContent):
    id: OverlayId


class PutOverlay(Asked):
    overlay: NewOverlay


class DeleteOverlay(Asked):
    overlay: OverlayId


class OverlayPlace(Asked):
    to: Annotated[int, Field(strict=True, ge=0, lt=MAX_OVERLAYS, description="0 is at the bottom")]


class MoveOverlay(OverlayPlace):
    overlay: OverlayId


class OverlaySwitch(Asked):
    on: Annotated[bool, Field(strict=True)]


class Overlay(BaseModel):
    id: str
    name: str
    template: str
    fields: dict[str, str]
    animation: Animation
    duration_ms: int


class TemplateField(BaseModel):
    name: str
    label: str
    kind: FieldKind
    default: str


class OverlayTemplate(BaseModel):
    """What an overlay can be made from."""

    id: str
    family: str
    name: str
    kind: Kind
    fields: list[TemplateField]


class StillState(BaseModel):
    """An uploaded picture, as the PNG it has become."""

    id: str
    name: str
    width: int
    height: int
    created_at: float
