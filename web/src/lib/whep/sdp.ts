/** The little one must read in session descriptions. */

export interface IceServer {
  urls: string;
  username?: string;
  credential?: string;
}

const LINK = /<([^>]+)>((?:\s*;\s*[\w-]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^";,\s]+))*)/g;
const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^";,\s]+))/g;

/** Link headers of a WHEP reply (RFC 9725, 4.6): <stun:…>; rel="ice-server"; username="…"; credential="…" */
export function iceServersFromLink(header: string | null): IceServer[] {
  if (!header) return [];
  return [...header.matchAll(LINK)].flatMap((match) => {
    const parameters = new Map(
      [...(match[2] ?? "").matchAll(PARAMETER)].map((pair) => [
        (pair[1] ?? "").toLowerCase(),
        pair[2]?.replace(/\\(.)/g, "$1") ?? pair[3] ?? "", // in quotes, a backslash stands before what is meant literally
      ]),
    );
    const urls = match[1];
    if (parameters.get("rel") !== "ice-server" || urls === undefined) return [];
    const username = parameters.get("username");
    const credential = parameters.get("credential");
    return [{ urls, ...(username ? { username } : {}), ...(credential ? { credential } : {}) }];
  });
}

/** H.264 first: it is what the house sends; the rest stays behind it so that the offer is an honest one. */
export function h264First<C extends { mimeType: string }>(codecs: C[]): C[] {
  const isH264 = (codec: C): boolean => codec.mimeType.toLowerCase() === "video/h264";
  return [...codecs.filter(isH264), ...codecs.filter((codec) => !isH264(codec))];
}

/** The fragment that carries late candidates (RFC 8840). */
export function candidateFragment(offer: string, candidates: RTCIceCandidate[]): string {
  const lines = offer.split(/\r?\n/);
  const pick = (prefix: string): string | undefined => lines.find((line) => line.startsWith(prefix));
  const byMid = new Map<string, RTCIceCandidate[]>();
  for (const candidate of candidates) {
    const mid = candidate.sdpMid ?? "0";
    byMid.set(mid, [...(byMid.get(mid) ?? []), candidate]);
  }
  const sections = [...byMid].flatMap(([mid, list]) => [
    lines.filter((line) => line.startsWith("m="))[Number(mid)] ?? "m=video 9 UDP/TLS/RTP/SAVPF 0",
    `a=mid:${mid}`,
    ...list.map((candidate) => `a=${candidate.candidate}`),
  ]);
  const head = [pick("a=ice-ufrag:"), pick("a=ice-pwd:")].filter((line) => line !== undefined);
  return [...head, ...sections, ""].join("\r\n");
}
