"""What a viewer sees and hears, from the hub through a real edge to a real receiver."""

from collections.abc import Callable

from tests.media.edge.conftest import PATH
from tests.media.edge.rig import Receiver, Worker, decoded, time_of
from tests.support.wait import until

type NewReceiver = Callable[..., Receiver]


def test_a_viewer_sees_moving_pictures_with_their_time_and_hears_sound(
    edge: Worker, source: Worker, receiver: NewReceiver
) -> None:
    viewer = receiver().connect(edge, PATH)
    until(lambda: viewer.audio and len(viewer.audio.packets) > 50, what="a second of sound")
    frames = decoded(viewer.video.packets)
    times = [time_of(frame) for frame in frames]
    assert (frames[0].width, frames[0].height) == (640, 360)
    assert None not in times
    assert times == sorted(times)
