import { expect, test } from "vitest";
import { candidateFragment, h264First, iceServersFromLink } from "../src/lib/whep/sdp";

test("ICE servers are read from Link headers", () => {
  const header =
    '<stun:stun.example.net>; rel="ice-server", ' +
    '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="anna"; credential="s,e;cret"; credential-type="password", ' +
    '</whep/session/1>; rel="self"';
  expect(iceServersFromLink(header)).toEqual([
    { urls: "stun:stun.example.net" },
    { urls: "turn:turn.example.net?transport=udp", username: "anna", credential: "s,e;cret" },
  ]);
  expect(iceServersFromLink(null)).toEqual([]);
});

test("what was escaped in a Link header is read as it was meant", () => {
  const header = String.raw`<turn:turn.example.net>; rel="ice-server"; username="a\"b,c"; credential="d\\e;\"f"; credential-type="password", <stun:stun.example.net>; rel="ice-server"`;
  expect(iceServersFromLink(header)).toEqual([
    { urls: "turn:turn.example.net", username: 'a"b,c', credential: String.raw`d\e;"f` },
    { urls: "stun:stun.example.net" },
  ]);
});

test("H.264 is offered first and nothing is left out", () => {
  const codecs = ["video/VP8", "video/H264", "video/rtx", "video/H264"].map((mimeType) => ({ mimeType }));
  expect(h264First(codecs).map(({ mimeType }) => mimeType)).toEqual([
    "video/H264",
    "video/H264",
    "video/VP8",
    "video/rtx",
  ]);
});

test("late candidates travel with the credentials and the section they belong to", () => {
  const offer =
    "v=0\r\na=ice-ufrag:abcd\r\na=ice-pwd:secret\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n";
  const candidate = { candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host", sdpMid: "0" } as RTCIceCandidate;
  expect(candidateFragment(offer, [candidate]).split("\r\n")).toEqual([
    "a=ice-ufrag:abcd",
    "a=ice-pwd:secret",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=mid:0",
    "a=candidate:1 1 udp 1 192.0.2.1 9 typ host",
    "",
  ]);
});
