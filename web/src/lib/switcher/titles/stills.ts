/** Pictures that were uploaded for titles. */

import { get, Problem, problemFromReply, remove } from "../../api/client";

export interface Still {
  id: string;
  name: string;
  width: number;
  height: number;
}

export const KINDS = "image/png,image/jpeg,image/svg+xml";
export const MAX_BYTES = 10_000_000;

export const stillUrl = (id: string): string => `/api/v1/stills/${id}`;
export const allStills = (): Promise<Still[]> => get<Still[]>("/stills");
export const deleteStill = (id: string): Promise<void> => remove(`/stills/${id}`);

const UPLOAD_TIMEOUT_MS = 60_000;

export async function upload(file: File): Promise<Still> {
  if (file.size > MAX_BYTES) {
    throw new Problem(413, `${file.name} is larger than 10 MB.`, "Save it smaller, as a JPEG for instance.");
  }
  let response: Response;
  try {
    response = await fetch(`/api/v1/stills?name=${encodeURIComponent(file.name)}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "content-type": file.type || "application/octet-stream" },
      body: file,
      signal: AbortSignal.timeout(UPLOAD_TIMEOUT_MS),
    });
  } catch {
    throw new Problem(0, "The picture did not arrive.", "Check the network and send it again.");
  }
  const text = await response.text();
  if (!response.ok) throw problemFromReply(response.status, text);
  return JSON.parse(text) as Still;
}
