import { svelte } from "@sveltejs/vite-plugin-svelte";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the pages against a Regie that runs on this machine.
const regie = loadEnv("development", ".", "REGIE_")["REGIE_URL"] ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/regie/ui",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0, // the content security policy allows no data: URLs
    modulePreload: { polyfill: false },
  },
  server: {
    host: "127.0.0.1",
    proxy: {
      "/api": { target: regie, ws: true },
      "/whep": { target: regie },
    },
  },
  test: {
    include: ["tests/**/*.test.ts"],
  },
});
