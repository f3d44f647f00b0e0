"""What the operator listens to: the programme, or the inputs that are soloed. Encoded while someone listens.

    programme ─ fader ─┐
    input n ─ pan ─ fader ─ mix ─ limiter ─ opus ─ hub mon

An input is heard as it comes, before its fader in the programme.
"""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from regie.domain.production import Production
from regie.domain.sound import PAN_MS, RAMP_MS
from regie.hub.clock import now_ns
from regie.hub.gst import Gst, Pipeline
from regie.hub.paths import Stream
from regie.hub.publish import Publisher, writer_text
from regie.media.mix.parts import LIMITER, RAW_SOUND, SOUND_MIXER, SPARE
from regie.media.mix.timeline import Fader

MS = 1_000_000
LATENCY_NS = 40_000_000  # beyond the programme's own
OLD_NS = 500_000_000
LONGEST_NS = 3_000_000_000  # a delayed sound waits for its time here


def monitor_text(inputs: int) -> str:
    """It takes the programme's sound from `pgm_sound` and each input's from `sound_<number>`."""
    waiting = f"queue max-size-time={LONGEST_NS} max-size-buffers=0 max-size-bytes=0 leaky=downstream"
    programme = f"pgm_sound. ! {SPARE} ! {waiting} ! volume name=mon_volume_pgm ! mon.sink_0"
    soloed = " ".join(
        f"sound_{number}. ! {SPARE} ! valve name=mon_valve_{number} drop=true ! {waiting} ! "
        f"audiopanorama name=mon_pan_{number} method=simple ! "
        f"volume name=mon_volume_{number} ! mon.sink_{number + 1}"
        for number in range(inputs)
    )
    return (
        f"{SOUND_MIXER} name=mon latency={LATENCY_NS} ! {RAW_SOUND} ! "
        f"valve name=mon_valve drop=true ! {LIMITER} limit=-1 release-time=0.1 ! "
        "audioconvert ! audio/x-raw,format=S16LE ! opusenc frame-size=20 bitrate=128000 complexity=5 ! "
        f"{writer_text(Stream.AUDIO, 'mon')} {programme} {soloed}"
    )


class Monitor:
    """The path `mon/<production>`, and who is heard there."""

    def __init__(self, run_dir: Path, production: Production, pipeline: Pipeline, inputs: int) -> None:
        self.path = f"mon/{production.id}"
        self.publisher = Publisher(run_dir, self.path, Stream.AUDIO, "mon")
        self._pipeline = pipeline
        self._valves = [pipeline["mon_valve"], *(pipeline[f"mon_valve_{n}"] for n in range(inputs))]
        self._programme = Fader(pipeline["mon_volume_pgm"], "volume", 1.0)
        self._volumes = [Fader(pipeline[f"mon_volume_{n}"], "volume", 0.0) for n in range(inputs)]
        self._pans = [Fader(pipeline[f"mon_pan_{n}"], "panorama", 0.0) for n in range(inputs)]
        self._is_open = False
        self._opened_ns = 0
        encoded = pipeline["mon_audio_in"].get_static_pad("sink")
        encoded.add_probe(Gst.PadProbeType.BUFFER, self._drop_what_is_old)

    def set(
        self, slots: Mapping[str, int], production: Production, solo: Collection[str], at_ns: int
    ) -> None:
        """Those soloed are heard alone; the programme while nobody is."""
        heard = {slots[source] for source in solo if source in slots}
        self._programme.ramp(0.0 if heard else 1.0, at_ns, RAMP_MS * MS)
        for number, volume in enumerate(self._volumes):
            volume.ramp(1.0 if number in heard else 0.0, at_ns, RAMP_MS * MS)
        for source, number in slots.items():
            self._pans[number].ramp(production.strip(source).pan, at_ns, PAN_MS * MS)

    def serve(self) -> None:
        """Let sound through while someone listens."""
        wanted = self.publisher.readers > 0
        if wanted != self._is_open:
            self._is_open, self._opened_ns = wanted, now_ns()
            for valve in self._valves:
                valve.set_property("drop", not wanted)

    def _drop_what_is_old(self, _pad: Any, info: Any) -> Any:
        """The encoder still has a rest from the last time, and gives it out first."""
        is_old = info.get_buffer().pts < self._opened_ns - OLD_NS
        return Gst.PadProbeReturn.DROP if is_old else Gst.PadProbeReturn.OK
