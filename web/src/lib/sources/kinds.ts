/** Pictures for the kinds of source; one this page does not know still gets a card. */

import type { IconName } from "../ui/Icon.svelte";

const ICONS: Record<string, IconName> = {
  test: "pattern",
  file: "file",
  rtsp: "camera",
  rtp: "network",
  srt: "network",
  v4l2: "usb",
};

export function kindIcon(kind: string): IconName {
  return ICONS[kind] ?? "camera";
}
