/** One WHEP session (RFC draft-ietf-wish-whep): offer, answer, late candidates, farewell. */

import { problemFromReply } from "../api/client";
import { candidateFragment, h264First, iceServersFromLink, type IceServer } from "./sdp";

const GATHER_MS = 120; // candidates found by then go into the offer, later ones follow by PATCH
const REQUEST_TIMEOUT_MS = 3_000;

let knownServers: Promise<IceServer[]> | null = null;

export class WhepRefusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint: string,
    readonly retryAfterMs: number | null,
  ) {
    super(message);
  }
}

export class WhepSession {
  readonly stream = new MediaStream();
  readonly peer: RTCPeerConnection;
  readonly #path: string;
  readonly #abort = new AbortController();
  #resource: string | null = null;
  #etag: string | null = null;
  #late: RTCIceCandidate[] = [];
  #offered = "";
  #closed = false;

  constructor(path: string, servers: IceServer[], video: boolean) {
    this.#path = path;
    this.peer = new RTCPeerConnection({ iceServers: servers, bundlePolicy: "max-bundle" });
    this.peer.ontrack = (event) => this.#receive(event);
    if (video) this.#askForVideo();
    this.peer.addTransceiver("audio", { direction: "recvonly" });
  }

  #askForVideo(): void {
    const video = this.peer.addTransceiver("video", { direction: "recvonly" });
    const codecs = RTCRtpReceiver.getCapabilities("video")?.codecs;
    if (codecs) video.setCodecPreferences(h264First(codecs));
  }

  /** Ends when the answer is in place; pictures follow on `stream`. */
  async open(): Promise<void> {
    const candidates: RTCIceCandidate[] = [];
    const gathered = new Promise<void>((resolve) => {
      this.peer.onicecandidate = ({ candidate }) => {
        if (candidate === null || candidate.candidate === "") return resolve();
        candidates.push(candidate);
        if (this.#offered) this.#trickle(candidate);
      };
    });
    await this.peer.setLocalDescription();
    await Promise.race([gathered, wait(GATHER_MS)]);
    if (this.#closed) return;
    this.#offered = this.peer.localDescription?.sdp ?? "";
    const answer = await this.#post(this.#offered);
    if (this.#closed) return this.#hangUp();
    await this.peer.setRemoteDescription({ type: "answer", sdp: answer });
    if (this.#late.length > 0) void this.#sendLate();
  }

  /** Ends at once for this page, and when the server knows for whoever waits. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#abort.abort();
    this.peer.ontrack = this.peer.onicecandidate = null;
    this.peer.close();
    await this.#hangUp();
  }

  /** Both tracks go into one stream. */
  #receive(event: RTCTrackEvent): void {
    this.stream.addTrack(event.track);
  }

  async #post(offer: string): Promise<string> {
    const response = await fetch(`/whep/${this.#path}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": "application/sdp" },
      body: offer,
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
    });
    const text = await response.text();
    if (!response.ok) throw refusal(response, text);
    this.#resource = response.headers.get("location");
    this.#etag = response.headers.get("etag");
    knownServers = Promise.resolve(iceServersFromLink(response.headers.get("link")));
    return text;
  }

  #trickle(candidate: RTCIceCandidate): void {
    this.#late.push(candidate);
    if (this.#resource !== null) void this.#sendLate();
  }

  async #sendLate(): Promise<void> {
    if (this.#resource === null || this.#closed) return;
    const late = this.#late.splice(0);
    const headers: Record<string, string> = { "content-type": "application/trickle-ice-sdpfrag" };
    if (this.#etag) headers["if-match"] = this.#etag;
    // A candidate that does not arrive is no disaster: the others, or the peer's own checks, find the way.
    await fetch(this.#resource, {
      method: "PATCH",
      credentials: "same-origin",
      headers,
      body: candidateFragment(this.#offered, late),
      signal: this.#abort.signal,
    }).catch(() => undefined);
  }

  /** `keepalive` lets the farewell out even while the page goes away. */
  async #hangUp(): Promise<void> {
    if (this.#resource === null) return;
    const resource = this.#resource;
    this.#resource = null;
    const signal = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    await fetch(resource, { method: "DELETE", credentials: "same-origin", keepalive: true, signal }).catch(
      () => undefined,
    );
  }
}

/** The ICE servers this house offers: asked for once, however many pictures start; refreshed by every answer. */
export function iceServers(path: string): Promise<IceServer[]> {
  knownServers ??= askedServers(path).catch(() => {
    knownServers = null; // the next one asks again
    return [];
  });
  return knownServers;
}

async function askedServers(path: string): Promise<IceServer[]> {
  const response = await fetch(`/whep/${path}`, {
    credentials: "same-origin",
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  if (!response.ok) throw refusal(response, await response.text());
  return iceServersFromLink(response.headers.get("link"));
}

function refusal(response: Response, text: string): WhepRefusal {
  const problem = problemFromReply(response.status, text);
  const after = Number(response.headers.get("retry-after"));
  return new WhepRefusal(
    response.status,
    problem.message,
    problem.hint,
    Number.isFinite(after) && after > 0 ? after * 1000 : null,
  );
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
