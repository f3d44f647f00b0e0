/** Speaks to the server: JSON in, JSON out, problems (RFC 9457) as errors that can be shown. */

export interface FieldError {
  field: string;
  message: string;
}

export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly hint = "",
    readonly errors: FieldError[] = [],
    readonly facts: Record<string, unknown> = {},
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 20_000;
let loggedOut: () => void = () => undefined;

/** What to do when the server no longer knows us. */
export function onLoggedOut(handler: () => void): void {
  loggedOut = handler;
}

export const get = <T>(path: string): Promise<T> => call<T>("GET", path);
export const post = <T>(path: string, body?: unknown): Promise<T> => call<T>("POST", path, body ?? {});
export const patch = <T>(path: string, body: unknown): Promise<T> => call<T>("PATCH", path, body);
export const remove = (path: string): Promise<void> => call<void>("DELETE", path);

export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await send(method, path, body);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  if (response.ok) return (text ? JSON.parse(text) : undefined) as T;
  const problem = problemFromReply(response.status, text);
  if (response.status === 401 && path !== "/session") loggedOut();
  throw problem;
}

async function send(method: string, path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(`/api/v1${path}`, {
      method,
      credentials: "same-origin",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === undefined
        ? {}
        : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
    });
  } catch {
    throw new Problem(0, "The control room does not answer.", "Check the network; this page keeps trying.");
  }
}

/** A reply that is not a problem document (a proxy's error page, say) still becomes a sentence. */
export function problemFromReply(status: number, text: string): Problem {
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed !== null && typeof parsed === "object") body = parsed as Record<string, unknown>;
  } catch {
    // not JSON: the status has to do
  }
  const message = textOf(body["detail"]) || textOf(body["title"]) || `The server answered ${status}.`;
  return new Problem(status, message, textOf(body["hint"]), fieldErrors(body["errors"]), body);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function fieldErrors(value: unknown): FieldError[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((item: unknown) => {
    if (item === null || typeof item !== "object") return [];
    const { field, message } = item as Record<string, unknown>;
    return [{ field: textOf(field), message: textOf(message) }];
  });
}

/** The problem as the page shows it, whatever was thrown. */
export function problemFrom(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, error instanceof Error ? error.message : String(error));
}
