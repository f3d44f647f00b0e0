/** The last minute of the machine's figures, for as long as the page is open. */

import { untrack } from "svelte";
import type { Host } from "../api/types";
import { percent } from "../format";
import { live } from "./store.svelte";

const LENGTH = 60;

class History {
  cpu = $state.raw<number[]>([]);
  memory = $state.raw<number[]>([]);

  constructor() {
    $effect.root(() => {
      $effect(() => {
        const host = live.room.host;
        if (host === null) return;
        untrack(() => this.#add(host));
      });
    });
  }

  #add({ cpu, memory }: Host): void {
    this.cpu = [...lastOf(this.cpu), cpu.percent];
    this.memory = [...lastOf(this.memory), percent(memory.total - memory.available, memory.total)];
  }
}

function lastOf(values: number[]): number[] {
  return values.slice(1 - LENGTH);
}

export const history = new History();
