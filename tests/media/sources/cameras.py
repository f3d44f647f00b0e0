"""What a test's camera shows: the test picture, with the strip of its own clock, encoded as asked."""

from pathlib import Path

from regie.protocols.source import LaunchContext, checked_options, source_kind

H264 = "x264enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bframes=0 bitrate=3000 ! rtph264pay"
H265 = "x265enc tune=zerolatency speed-preset=ultrafast key-int-max=30 bitrate=3000 ! rtph265pay"
B_FRAMES = (
    "x264enc speed-preset=veryfast key-int-max=30 bframes=2 b-adapt=false ! "
    "video/x-h264,profile=main ! rtph264pay"
)
OPUS = "opusenc ! rtpopuspay"
AV = f"{H264} name=pay0 pt=96|{OPUS} name=pay1 pt=97"


def camera_with(encoders: str, width: int = 640, height: int = 360) -> str:
    """Launch text for gst-rtsp-server: a picture encoded and payloaded; "video|audio" for both."""
    options = checked_options("test", {"width": width, "height": height, "pattern": "ball"}, Path())
    text = source_kind("test").launch(options, LaunchContext("Camera", Path(), 0))
    picture, _, tone = text.partition("identity name=media_video")
    video, _, audio = encoders.partition("|")
    if not audio:
        return f"( {picture} {video} name=pay0 pt=96 config-interval=-1 )"
    sound = tone.partition("identity name=media_audio")[0].partition("audiotestsrc")[2]
    return f"( {picture} {video} config-interval=-1 audiotestsrc{sound} identity sync=true ! {audio} )"


def moving(caps: str, encoder: str) -> str:
    return (
        f"( videotestsrc is-live=true pattern=ball ! {caps},width=320,height=180,framerate=30/1 ! {encoder} "
        "key-int-max=30 ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
    )
