"""The mixer's pipeline as text, in named parts. Its shape never changes while it runs.

    input n ─ decoder ─┬─ bus a ─┐
                       └─ bus b ─┴─ final ─ overlays ─ black ─ encoder ─ hub pgm
    both buses ─ wiper ─ final, fed only while something is wiped: alpha costs a fifth of a core
    final ─ encoder ─ hub clean
    the bus off air ─ small ─ encoder ─ hub pvw
    sound n ─ meter ─┬─ fader ─ pan ─ mix ─ meter ─ limiter ─ meter ─┬─ opus ─ hub pgm
                     └─ monitor ─ hub mon                            └─ monitor, loudness

Each input has a pad on both buses, always: a scene is nothing but where the pads stand. A pad that is not
seen costs nothing, the compositor leaves it out.
"""

from regie.domain.production import Format
from regie.hub.paths import Stream
from regie.hub.publish import writer_text
from regie.media.encoders import Size, best_encoder, encoder_text
from regie.media.mix.clean import clean_text
from regie.media.mix.monitor import monitor_text
from regie.media.mix.parts import H264, LIMITER, RAW_SOUND, SOUND_MIXER, SPARE
from regie.media.mix.watch import look_text

BUS_LATENCY_NS = (
    90_000_000  # from a picture's time to its programme frame, at most: what is later is left out
)
FINAL_LATENCY_NS = 40_000_000
LEVEL_INTERVAL_NS = 50_000_000
LOUDNESS_BUFFERS = 250  # five seconds: the loop that measures them comes by 20 times a second
PREVIEW = (640, 360)
OVERLAYS = 8
SMALL = 64  # the side of a picture that only keeps the time, or is one colour


def mixer_text(form: Format, inputs: int, start_ns: int) -> str:
    """Everything, for a number of inputs; its first frame has the time `start_ns`."""
    parts = [_bus("a", form, start_ns), _bus("b", form, start_ns), _final(form, start_ns)]
    parts += [_wiper(form), _preview(form)]
    parts += [f"{_input(number)} {look_text(number)}" for number in range(inputs)]
    parts += [_sound(start_ns)]
    parts += [_sound_input(number) for number in range(inputs)]
    parts += [monitor_text(inputs), clean_text(form)]
    return " ".join(parts)


def raw(form: Format, width: int = 0, height: int = 0) -> str:
    return (
        f"video/x-raw,format=I420,width={width or form.width},height={height or form.height},"
        f"framerate={form.fps}/1,pixel-aspect-ratio=1/1"
    )


def _compositor(name: str, latency_ns: int) -> str:
    """It begins with the first frame it gets, its clock's: a start time it is given, it may forget (1.22)."""
    return (
        f"compositor name={name} background=black latency={latency_ns} max-threads=2 "
        "start-time-selection=first ignore-inactive-pads=true"
    )


def _clock(name: str, form: Format, pattern: str, into: str, start_ns: int) -> str:
    """A pad that always has a frame: without one the compositor would not begin."""
    return (
        f"videotestsrc name={name} pattern={pattern} timestamp-offset={start_ns} ! "
        f"{raw(form, SMALL, SMALL)},colorimetry=bt709 ! identity sync=true ! "
        f"queue max-size-buffers=3 leaky=downstream ! {into}"
    )


def _bus(bus: str, form: Format, start_ns: int) -> str:
    return (
        f"{_compositor(f'bus_{bus}', BUS_LATENCY_NS)} ! {raw(form)},colorimetry=bt709 ! "
        f"tee name=bus_{bus}_out ! queue max-size-buffers=2 max-size-bytes=0 max-size-time=0 ! "
        f"final.sink_{1 + 'ab'.index(bus)} "
        f"{_clock(f'clock_{bus}', form, 'black', f'bus_{bus}.sink_0', start_ns)}"
    )


def _final(form: Format, start_ns: int) -> str:
    size = Size(form.width, form.height, form.fps)
    encoder = encoder_text(
        best_encoder(), size, quickly=False, bitrate=form.bitrate, keyframe_s=form.keyframe_s
    )
    return (
        f"{_compositor('final', FINAL_LATENCY_NS)} ! {raw(form)},colorimetry=bt709 ! "
        f"tee name=uncovered ! {_overlays(form)} ! "
        f"queue name=encode_queue max-size-buffers=4 max-size-bytes=0 max-size-time=0 ! {encoder} ! "
        f"h264parse config-interval=-1 ! {H264} ! {writer_text(Stream.VIDEO, 'pgm')} "
        f"{_clock('colour', form, 'solid-color', 'final.sink_0', start_ns)}"
    )


def _overlays(form: Format) -> str:
    """Pictures blended over the programme, each at its own time; those that are not seen cost nothing."""
    blended = "gdkpixbufoverlay positioning-mode=pixels-absolute alpha=0"
    layers = " ! ".join(f"{blended} name=overlay_{number}" for number in range(OVERLAYS))
    return (
        f"{layers} ! {blended} name=black overlay-width={form.width} overlay-height={form.height} ! "
        "identity name=programme"
    )


def _wiper(form: Format) -> str:
    """Mixes the buses with a mask. At rest gaps go through it instead of frames: the final stage waits for
    nothing, whether it begins or ends."""
    gaps = "drop=true drop-mode=transform-to-gap"
    waiting = "max-size-buffers=2 max-size-bytes=0 max-size-time=0 leaky=downstream"
    buses = " ".join(
        f"bus_{bus}_out. ! {SPARE} ! valve name=wipe_{bus} {gaps} ! queue {waiting} ! "
        f"smptealpha name=mask_{bus} ! queue {waiting} ! wiper.sink_{number}"
        for number, bus in enumerate("ab")
    )
    return (
        f"{_compositor('wiper', FINAL_LATENCY_NS)} ! "
        f"video/x-raw,format=AYUV,width={form.width},height={form.height},framerate={form.fps}/1 ! "
        f"valve name=wipe_out {gaps} ! videoconvert n-threads=1 ! {raw(form)},colorimetry=bt709 ! "
        f"queue {waiting} ! final.sink_3 {buses}"
    )


def _preview(form: Format) -> str:
    """The bus off air, small: it is for the operator's eyes, and made only while someone looks."""
    width, height = PREVIEW
    encoder = encoder_text(best_encoder(), Size(width, height, form.fps), quickly=True, name="pvw_encoder")
    valves = " ".join(
        f"bus_{bus}_out. ! {SPARE} ! valve name=pvw_{bus} drop=true ! "
        f"queue max-size-buffers=1 max-size-bytes=0 max-size-time=0 leaky=downstream ! pvw."
        for bus in "ab"
    )
    return (
        "input-selector name=pvw sync-streams=false ! videoscale n-threads=1 method=nearest-neighbour ! "
        f"{raw(form, width, height)} ! {encoder} ! h264parse config-interval=-1 ! {H264} ! "
        f"{writer_text(Stream.VIDEO, 'pvw')} {valves}"
    )


def _input(number: int) -> str:
    buses = " ".join(
        f"picture_{number}. ! queue max-size-buffers=8 max-size-bytes=0 max-size-time=0 leaky=downstream ! "
        f"videocrop name=crop_{bus}_{number} ! bus_{bus}.sink_{number + 1}"
        for bus in "ab"
    )
    return (
        f"appsrc name=video_{number} is-live=true format=time do-timestamp=false block=false "
        "max-buffers=90 max-bytes=0 max-time=0 leaky-type=downstream ! "
        f"avdec_h264 name=decode_{number} max-threads=1 thread-type=slice max-errors=-1 ! "
        "videoconvert n-threads=1 ! video/x-raw,format=I420 ! "
        f"identity name=seen_{number} ! tee name=picture_{number} {buses}"
    )


def _sound(start_ns: int) -> str:
    """The clock pad is silence that never ends, so that the mix goes on when nobody speaks."""
    return (
        f"{SOUND_MIXER} name=mix latency={BUS_LATENCY_NS} ! {RAW_SOUND} ! volume name=pgm_volume ! "
        f"level name=level_sum interval={LEVEL_INTERVAL_NS} ! "
        f"{LIMITER} name=limiter limit=-1 release-time=0.1 ! "
        f"level name=level_pgm interval={LEVEL_INTERVAL_NS} ! tee name=pgm_sound ! "
        f"appsink name=loudness sync=false async=false max-buffers={LOUDNESS_BUFFERS} drop=true "
        "pgm_sound. ! queue max-size-time=200000000 ! "
        "audioconvert ! audio/x-raw,format=S16LE ! opusenc frame-size=20 bitrate=160000 complexity=8 ! "
        f"tee name=pgm_encoded ! {writer_text(Stream.AUDIO, 'pgm')} "
        f"audiotestsrc wave=silence samplesperbuffer=960 timestamp-offset={start_ns} ! {RAW_SOUND} ! "
        "identity sync=true ! queue ! mix.sink_0"
    )


def _sound_input(number: int) -> str:
    return (
        f"appsrc name=audio_{number} is-live=true format=time do-timestamp=false block=false "
        "max-buffers=150 max-bytes=0 max-time=0 leaky-type=downstream ! "
        f"opusdec name=hear_{number} ! audioconvert ! audioresample ! {RAW_SOUND} ! "
        f"level name=level_{number} interval={LEVEL_INTERVAL_NS} ! tee name=sound_{number} ! "
        "queue max-size-time=3000000000 max-size-buffers=0 max-size-bytes=0 ! "  # a delayed sound waits here
        f"volume name=volume_{number} ! audiopanorama name=pan_{number} method=simple ! mix.sink_{number + 1}"
    )
