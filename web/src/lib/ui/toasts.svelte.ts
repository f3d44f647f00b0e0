/** Short words at the foot of the page about what has just been done, or could not be. */

import { problemFrom } from "../api/client";

export interface Toast {
  id: number;
  tone: "good" | "bad";
  title: string;
  hint: string;
}

const SHOWN_MS = { good: 4_000, bad: 9_000 };

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  done(title: string): void {
    this.#add("good", title, "");
  }

  failed(error: unknown): void {
    const problem = problemFrom(error);
    this.#add("bad", problem.message, problem.hint);
  }

  dismiss(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(tone: Toast["tone"], title: string, hint: string): void {
    const id = this.#next++;
    this.list = [...this.list.slice(-2), { id, tone, title, hint }];
    setTimeout(() => this.dismiss(id), SHOWN_MS[tone]);
  }
}

export const toasts = new Toasts();
