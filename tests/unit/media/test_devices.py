"""Device lists are read right, on machines that have devices."""

from pathlib import Path

from regie.media.devices import AudioInput, audio_for, formats_from_caps, why_none


def test_formats_come_largest_first_with_their_rates() -> None:
    caps = (
        "video/x-raw, format=(string)YUY2, width=(int)640, height=(int)480, "
        "pixel-aspect-ratio=(fraction)1/1, framerate=(fraction){ 30/1, 15/1 }; "
        "image/jpeg, width=(int)1920, height=(int)1080, framerate=(fraction)30000/1001; "
        "video/x-raw(memory:DMABuf), format=(string){ NV12, YUY2 }, width=(int)640, height=(int)480, "
        "framerate=(fraction)[ 1/1, 60/1 ]; audio/x-raw, rate=(int)48000"
    )
    assert formats_from_caps(caps) == [
        {"format": "MJPEG", "width": 1920, "height": 1080, "fps": [29.97]},
        {"format": "NV12", "width": 640, "height": 480, "fps": [60.0, 1.0]},
        {"format": "YUY2", "width": 640, "height": 480, "fps": [60.0, 30.0, 15.0, 1.0]},
    ]


def test_a_range_of_sizes_is_offered_as_the_largest() -> None:
    caps = "video/x-raw, format=(string)UYVY, width=(int)[ 16, 3840, 2 ], height=(int)[ 16, 2160, 2 ]"
    assert formats_from_caps(caps) == [{"format": "UYVY", "width": 3840, "height": 2160, "fps": []}]


def test_the_audio_of_the_same_grabber_comes_first(tmp_path: Path) -> None:
    usb = tmp_path / "devices" / "usb1"
    for interface in ("1-2/1-2:1.0", "1-2/1-2:1.3", "1-7/1-7:1.0"):
        (usb / interface).mkdir(parents=True)
    for link, target in {
        "video4linux/video0": "1-2/1-2:1.0",
        "sound/card1": "1-7/1-7:1.0",
        "sound/card2": "1-2/1-2:1.3",
    }.items():
        (tmp_path / link).mkdir(parents=True)
        (tmp_path / link / "device").symlink_to(usb / target)
    microphone, grabber = AudioInput("hw:1,0", "Microphone"), AudioInput("hw:2,0", "Grabber")
    assert audio_for("/dev/video0", [microphone, grabber], tmp_path) == [grabber, microphone]


def test_a_machine_without_devices_says_what_to_plug_in(tmp_path: Path) -> None:
    assert "No camera or HDMI grabber is connected" in why_none(tmp_path)


def test_a_device_that_offers_nothing_is_named(tmp_path: Path) -> None:
    (tmp_path / "video4").touch()
    assert "video4 is there but offers no picture" in why_none(tmp_path)
