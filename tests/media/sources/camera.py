"""A network camera for the tests, in a process of its own: any pipeline behind gst-rtsp-server.

    python camera.py PORT LAUNCH [--auth basic|digest] [--transport udp|tcp] [--lose-udp]

It prints "ready" when it serves rtsp://127.0.0.1:PORT/cam.
"""

import argparse
import os
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

USER, PASSWORD = "operator", "s3cr:t p@ss"
TRANSPORTS = {"udp": GstRtsp.RTSPLowerTrans.UDP, "tcp": GstRtsp.RTSPLowerTrans.TCP}
METHODS = {"basic": GstRtsp.RTSPAuthMethod.BASIC, "digest": GstRtsp.RTSPAuthMethod.DIGEST}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("launch")
    parser.add_argument("--auth", choices=METHODS)
    parser.add_argument("--transport", choices=TRANSPORTS)
    parser.add_argument("--lose-udp", action="store_true", help="agree to UDP, and let no packet through")
    options = parser.parse_args()
    assets = Path(__file__).parents[3] / "src/regie/media/assets"
    os.environ["FONTCONFIG_FILE"] = str(assets / "fonts.conf")  # for the time strip
    Gst.init(None)
    server = GstRtspServer.RTSPServer.new()
    server.set_address("127.0.0.1")
    server.set_service(options.port)
    factory = GstRtspServer.RTSPMediaFactory.new()
    factory.set_launch(options.launch)
    factory.set_shared(True)
    if options.transport:
        factory.set_protocols(TRANSPORTS[options.transport])
    if options.lose_udp:
        factory.connect("media-configure", _lose_udp)
    if options.auth:
        _protect(server, factory, METHODS[options.auth])
    server.get_mount_points().add_factory("/cam", factory)
    server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()


def _lose_udp(_factory: object, media: GstRtspServer.RTSPMedia) -> None:
    def on_element(_pipeline: object, _bin: object, element: Gst.Element) -> None:
        if element.get_factory().get_name() == "multiudpsink":
            packets = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
            element.get_static_pad("sink").add_probe(packets, lambda *_: Gst.PadProbeReturn.DROP)

    media.get_element().get_parent().connect("deep-element-added", on_element)


def _protect(
    server: GstRtspServer.RTSPServer, factory: GstRtspServer.RTSPMediaFactory, method: object
) -> None:
    auth = GstRtspServer.RTSPAuth.new()
    auth.set_supported_methods(method)
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if method == METHODS["basic"]:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(USER, PASSWORD), token)
    else:
        auth.add_digest(USER, PASSWORD, token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


if __name__ == "__main__":
    main()
