"""What is asked of productions, and what the API says of them."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from regie.api.models import Asked, Name
from regie.api.overlay_models import Overlay
from regie.domain.production import MAX_BITRATE, MAX_FROZEN_S, MAX_INPUTS
from regie.domain.scenes import FARTHEST, MAX_ITEMS, Fit
from regie.domain.sound import LOUDEST_DB, MAX_DELAY_MS, MIN_DELAY_MS, SILENT_DB
from regie.domain.transitions import MAX_MS, MIN_MS, Direction, Kind

# JSON numbers as they are: neither "1" nor true is a number

SceneId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,59}$", examples=["full-cam1"])]
SourceId = Annotated[str, Field(pattern="^[a-z0-9][a-z0-9-]{0,39}$", examples=["cam1"])]
Place = Annotated[float, Field(strict=True, ge=-FARTHEST, le=FARTHEST, description="in canvases")]
Size = Annotated[float, Field(strict=True, gt=0, le=FARTHEST, description="in canvases")]
Fraction = Annotated[float, Field(strict=True, ge=0, le=1)]
Side = Annotated[float, Field(strict=True, ge=0, lt=1, description="of the source")]
Yes = Annotated[bool, Field(strict=True)]
Milliseconds = Annotated[int, Field(strict=True, ge=MIN_MS, le=MAX_MS)]
Colour = Annotated[int, Field(strict=True, ge=0, le=0xFFFFFF, description="0xRRGGBB as a number")]
Level = Annotated[float, Field(strict=True, ge=SILENT_DB, le=LOUDEST_DB, description="dB")]
Pan = Annotated[float, Field(strict=True, ge=-1, le=1, description="-1 left, 1 right")]
Delay = Annotated[
    int,
    Field(strict=True, ge=MIN_DELAY_MS, le=MAX_DELAY_MS, description="below zero the picture is delayed"),
]

# --- asked --------------------------------------------------------------------------------------------------


class NewCrop(Asked):
    """What is cut off each side."""

    left: Side = 0.0
    top: Side = 0.0
    right: Side = 0.0
    bottom: Side = 0.0


class NewItem(Asked):
    """A source in a scene."""

    source: SourceId
    x: Place = 0.0
    y: Place = 0.0
    width: Size = 1.0
    height: Size = 1.0
    fit: Fit = Fit.FIT
    crop: NewCrop = NewCrop()
    opacity: Fraction = 1.0
    visible: Yes = True


class SceneContent(Asked):
    name: Name
    items: list[NewItem] = Field(default=[], max_length=MAX_ITEMS, description="bottom to top")


class NewScene(SceneContent):
    id: SceneId


class FormatChange(Asked):
    width: Annotated[int, Field(strict=True)] | None = None
    height: Annotated[int, Field(strict=True)] | None = None
    fps: Annotated[int, Field(strict=True, examples=[30])] | None = None
    bitrate: Annotated[int, Field(strict=True, ge=0, le=MAX_BITRATE, description="0: what suits")] | None = (
        None
    )
    keyframe_s: Annotated[float, Field(strict=True, ge=0.5, le=10)] | None = None


class TransitionChange(Asked):
    """The parts that shall be others than they are."""

    kind: Kind | None = None
    duration_ms: Milliseconds | None = None
    direction: Direction | None = Field(default=None, description="where the new picture moves to")
    colour: Colour | None = Field(default=None, description="of a dip")


class StripChange(Asked):
    """The parts that shall be others than they are."""

    level_db: Level | None = None
    muted: Yes | None = None
    pan: Pan | None = None
    delay_ms: Delay | None = None
    follows: Yes | None = Field(default=None, description="heard only while its picture is on air")


class ProductionChange(Asked):
    name: Name | None = None
    format: FormatChange | None = Field(
        default=None, description="the programme begins anew in its new format"
    )
    transition: TransitionChange | None = None
    hold_s: Annotated[float, Field(strict=True, ge=0.1, le=10)] | None = None
    frozen_s: (
        Annotated[
            float,
            Field(
                strict=True,
                ge=0,
                le=MAX_FROZEN_S,
                description="a picture that stands still for so long is warned of; 0: never",
            ),
        ]
        | None
    ) = None


class Preview(Asked):
    scene: SceneId


class Cut(Asked):
    scene: SceneId | None = Field(default=None, description="the one in preview if left out")


class Auto(Asked):
    scene: SceneId | None = Field(default=None, description="the one in preview if left out")
    transition: TransitionChange | None = Field(default=None, description="the production's if left out")


class TBar(Asked):
    way: Fraction
    transition: TransitionChange | None = Field(default=None, description="the production's if left out")


class FadeToBlack(Asked):
    on: Yes
    duration_ms: Annotated[int, Field(strict=True, ge=0, le=MAX_MS)] = 1000


class SetStrip(Asked):
    source: SourceId
    strip: StripChange


class Solo(Asked):
    sources: list[SourceId] = Field(
        max_length=MAX_INPUTS,
        description="heard on the monitor instead of the programme; none: the programme",
    )


class ResetLoudness(Asked):
    """The integrated loudness begins anew."""


class TakeOverlay(Asked):
    overlay: Annotated[str, Field(max_length=60)]
    on: Yes


class PutScene(Asked):
    scene: NewScene


class DeleteScene(Asked):
    scene: SceneId


class SetTransition(Asked):
    transition: TransitionChange


# --- said ---------------------------------------------------------------------------------------------------


class Format(BaseModel):
    width: int
    height: int
    fps: int
    bitrate: int = Field(description="bits per second; 0 is what suits the size")
    keyframe_s: float


class Input(BaseModel):
    id: str
    name: str


class Crop(BaseModel):
    left: float
    top: float
    right: float
    bottom: float


class Item(BaseModel):
    source: str
    x: float
    y: float
    width: float
    height: float
    fit: Fit
    crop: Crop
    opacity: float
    visible: bool


class Scene(BaseModel):
    id: str
    name: str
    items: list[Item] = Field(description="bottom to top; places are fractions of the canvas")


class Strip(BaseModel):
    level_db: float
    muted: bool
    pan: float
    delay_ms: int
    follows: bool


class Transition(BaseModel):
    kind: Kind
    duration_ms: int
    direction: Direction
    colour: int


class Production(BaseModel):
    """What is kept of a production. Each input also has a scene `full-<id>`, and there is `black`."""

    id: str
    name: str
    format: Format
    inputs: list[Input]
    scenes: list[Scene]
    strips: dict[str, Strip] = Field(description="by source; one that is not here has never been touched")
    overlays: list[Overlay] = Field(description="bottom to top")
    transition: Transition
    hold_s: float
    frozen_s: float
    programme: str = Field(description="where a new mixer begins")
    preview: str = Field(description="where a new mixer begins")


class RunningTransition(Transition):
    started_ns: int
    ends_ns: int
    way: float | None = Field(description="where the T-bar holds it")


class Seen(BaseModel):
    """How an input is."""

    model_config = ConfigDict(extra="allow")

    picture: str = Field(description="live, or its slate")
    sound: bool


class Desk(BaseModel):
    """What the mixer confirmed. Times are the running times of programme frames."""

    model_config = ConfigDict(extra="allow")

    at_ns: int
    programme: str
    preview: str
    air: str = Field(description="the bus that is on air, a or b")
    transition: RunningTransition | None
    black: bool
    solo: list[str] = Field(default=[], description="heard on the monitor instead of the programme")
    overlays: dict[str, bool] = Field(description="whether each is on air")
    inputs: dict[str, Seen]
    strips: dict[str, Strip]
    programme_sources: list[str] = Field(description="red tally")
    preview_sources: list[str] = Field(description="green tally")


class Warning(BaseModel):
    model_config = ConfigDict(extra="allow")

    source: str | None = Field(description="null: the programme")
    kind: str = Field(description="silence, clipping, one-sided or frozen")
    text: str
    hint: str


class ProductionState(BaseModel):
    """A production, and what its mixer does at this moment."""

    production: Production
    desk: Desk | None = Field(description="null while the mixer does not answer")
    warnings: list[Warning]


class Done(BaseModel):
    """A command is in the pipeline."""

    at_ns: int = Field(description="running time of the first programme frame that shows it")
    desk: Desk
