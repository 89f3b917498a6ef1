import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";
import { budget, compress } from "./build/compress.ts";
import { slimRoslib } from "./build/slim_roslib.ts";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  plugins: [react(), tailwindcss(), slimRoslib(), budget(250), compress()],
  resolve: {
    alias: [
      { find: "@", replacement: here("./src") },
      { find: /^(bson|cbor2|fast-png|ws)$/, replacement: here("./src/ros/json_only.ts") },
    ],
  },
  build: {
    outDir: "../training_manager_ros/panel/static",
    emptyOutDir: true,
    target: "es2022",
    // The content security policy allows no data: scripts or fonts, and small files cost nothing.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    // roslib does not say that it is free of side effects; without this its URDF and TF parts stay.
    rolldownOptions: {
      treeshake: { moduleSideEffects: [{ test: /node_modules\/roslib\//, sideEffects: false }] },
    },
  },
  test: { include: ["src/**/*.test.ts", "src/**/*.test.tsx"] },
});
