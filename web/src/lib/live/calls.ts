/** Commands that wait for their reply. Pure but for its clock, so that it can be tested. */

import { Problem, problemFromReply } from "../api/client";

const TIMEOUT_MS = 6_000; // longer than the server waits for a mixer

export interface Reply {
  reply: unknown;
  ok?: unknown;
  problem?: { status?: number; detail?: string };
}

interface Waiting {
  done: (value: unknown) => void;
  failed: (problem: Problem) => void;
  limit: ReturnType<typeof setTimeout>;
}

export class Calls {
  #next = 1;
  #waiting = new Map<unknown, Waiting>();

  /** Without a way to send it, it fails at once: a command is never kept for later, when it may be the wrong one. */
  begin(message: object, send: ((text: string) => void) | null): Promise<unknown> {
    if (send === null) return Promise.reject(noConnection());
    const id = this.#next++;
    return new Promise((done, failed) => {
      const limit = setTimeout(() => this.#end(id)?.failed(noAnswer()), TIMEOUT_MS);
      this.#waiting.set(id, { done, failed, limit });
      send(JSON.stringify({ ...message, id }));
    });
  }

  ended({ reply, ok, problem }: Reply): void {
    const waiting = this.#end(reply);
    if (problem === undefined) waiting?.done(ok);
    else waiting?.failed(problemFromReply(problem.status ?? 0, JSON.stringify(problem)));
  }

  /** Nobody knows whether they were done. */
  lost(): void {
    for (const id of [...this.#waiting.keys()]) this.#end(id)?.failed(noAnswer());
  }

  #end(id: unknown): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    clearTimeout(waiting?.limit);
    return waiting;
  }
}

const noConnection = (): Problem =>
  new Problem(0, "There is no connection to the control room: nothing was done.", "This page keeps trying.");

const noAnswer = (): Problem =>
  new Problem(0, "The control room did not answer.", "Look at what is on air before you do it again.");
